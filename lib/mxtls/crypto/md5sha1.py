# SPDX-License-Identifier: MIT
"""MD5 and SHA-1 side by side: the transcript and the RSA signatures of the versions before TLS 1.2 (RFC 2246 section 7.4.3).

It has the interface of crypto.hash.Hash. Called by handshake/transcript.py.
"""

from mxtls.crypto.hash import Hash


class Md5Sha1:
    """The digest is MD5's 16 bytes, then SHA-1's 20."""

    alg = 0
    size = 36

    def __init__(self, md5=None, sha1=None):
        self.md5 = md5 or Hash(1)
        self.sha1 = sha1 or Hash(2)

    def update(self, buf, off, n):
        self.md5.update(buf, off, n)
        self.sha1.update(buf, off, n)

    def digest_into(self, out, off):
        self.md5.digest_into(out, off)
        self.sha1.digest_into(out, off + 16)

    def digest(self):
        return self.md5.digest() + self.sha1.digest()

    def fork(self):
        return Md5Sha1(self.md5.fork(), self.sha1.fork())

    def wipe(self):
        self.md5.wipe()
        self.sha1.wipe()
