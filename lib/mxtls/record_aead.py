# SPDX-License-Identifier: MIT
"""TLS 1.2 records under an AEAD with an explicit nonce (RFC 5288 section 3, RFC 5246 section 6.2.3.3). Called by session.py.

A fragment is nonce(8) || ciphertext || tag(16); the nonce sent is the sequence number.
"""

from mxtls.kernels.mem import copy, wipe
from mxtls.record import Record


class AeadRecord(Record):
    """aead: an object like crypto.gcm.Gcm; salt: the 4 bytes of the key block that open each nonce."""

    pre = 8
    post = 16

    def __init__(self, aead, salt):
        super().__init__()
        self._aead = aead
        self._nonce = bytearray(12)
        copy(self._nonce, 0, salt, 0, 4)

    def seal(self, kind, version, buf, off, n):
        header = self._header
        copy(self._nonce, 4, header, 0, 8)
        copy(buf, off - 8, header, 0, 8)
        self._describe(kind, version, n)
        self._aead.seal(self._nonce, header, 13, buf, off, n)
        self._count()
        return n + 24

    def open(self, kind, version, buf, off, n):
        n -= 24
        if n < 0:
            self._refuse()
        copy(self._nonce, 4, buf, off, 8)
        self._describe(kind, version, n)
        if not self._aead.open(self._nonce, self._header, 13, buf, off + 8, n):
            self._refuse()
        self._count()
        return n

    def wipe(self):
        """Forget the key."""
        self._aead.wipe()
        wipe(self._nonce)
