# SPDX-License-Identifier: MIT
"""SHA-1, SHA-256, SHA-384, SHA-512 (FIPS 180-4) and MD5 (RFC 1321) as running hashes that can fork. Called by transcripts, HMAC, signatures.

MicroPython's hashlib can neither fork a hash nor go on after a digest, so BlockHash is built over kernels.
A port whose hashlib can (CPython) offers a class `Hash` with the same methods instead.
"""

import mxtls_port
from mxtls.codes import ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR, DISABLED_FEATURE_FAIL as _DISABLED_FEATURE_FAIL
from mxtls.config import USE_MD5 as _USE_MD5, USE_SHA1 as _USE_SHA1, USE_SHA384 as _USE_SHA384, USE_SHA512 as _USE_SHA512
from mxtls.errors import Error
from mxtls.kernels.hash import hash_digest, hash_load, hash_update
from mxtls.kernels.mem import copy, wipe


def hash_size(alg):
    """The digest's length for a hash id of the TLS registry: 1 MD5, 2 SHA-1, 4 SHA-256, 5 SHA-384, 6 SHA-512;
    0 is MD5 with SHA-1 (md5sha1.py)."""
    return b"\x24\x10\x14\x1c\x20\x30\x40"[alg]


class BlockHash:
    """alg, size (of the digest), block (its length); and for HMAC and code that finishes a hash in constant time: start (its
    first state) and ctx (which begins with the state). It takes less than 2**29 bytes. update and digest_into allocate nothing."""

    def __init__(self, alg):
        if alg == 4:
            state = (
                b"\x6a\x09\xe6\x67\xbb\x67\xae\x85\x3c\x6e\xf3\x72\xa5\x4f\xf5\x3a\x51\x0e\x52\x7f\x9b\x05\x68\x8c\x1f\x83\xd9\xab\x5b\xe0\xcd\x19"
            )
        elif _USE_SHA1 and alg == 2:
            state = b"\x67\x45\x23\x01\xef\xcd\xab\x89\x98\xba\xdc\xfe\x10\x32\x54\x76\xc3\xd2\xe1\xf0"
        elif _USE_SHA384 and alg == 5:
            state = (
                b"\xcb\xbb\x9d\x5d\xc1\x05\x9e\xd8\x62\x9a\x29\x2a\x36\x7c\xd5\x07\x91\x59\x01\x5a\x30\x70\xdd\x17\x15\x2f\xec\xd8\xf7\x0e\x59\x39"
                b"\x67\x33\x26\x67\xff\xc0\x0b\x31\x8e\xb4\x4a\x87\x68\x58\x15\x11\xdb\x0c\x2e\x0d\x64\xf9\x8f\xa7\x47\xb5\x48\x1d\xbe\xfa\x4f\xa4"
            )
        elif _USE_SHA512 and alg == 6:
            state = (
                b"\x6a\x09\xe6\x67\xf3\xbc\xc9\x08\xbb\x67\xae\x85\x84\xca\xa7\x3b\x3c\x6e\xf3\x72\xfe\x94\xf8\x2b\xa5\x4f\xf5\x3a\x5f\x1d\x36\xf1"
                b"\x51\x0e\x52\x7f\xad\xe6\x82\xd1\x9b\x05\x68\x8c\x2b\x3e\x6c\x1f\x1f\x83\xd9\xab\xfb\x41\xbd\x6b\x5b\xe0\xcd\x19\x13\x7e\x21\x79"
            )
        elif _USE_MD5 and alg == 1:
            state = b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10"
        else:
            raise Error(
                _DISABLED_FEATURE_FAIL,
                _ALERT_INTERNAL_ERROR,
                "hash %d is not in this build; switch on its USE_ option" % alg,
            )
        self.alg = alg
        self.size = hash_size(alg)
        self.block = 128 if alg > 4 else 64
        hash_load(alg)
        self.start = state
        self.ctx = bytearray(self.block + self.block // 2 + 4)
        copy(self.ctx, 0, state, 0, len(state))

    def update(self, buf, off, n):
        """Absorb buf[off:off+n]."""
        hash_update(self.alg, self.ctx, buf, off, n)

    def digest_into(self, out, off):
        """Write the digest of all so far to out; the running hash goes on undisturbed."""
        hash_digest(self.alg, self.ctx, out, off, self.size)

    def digest(self):
        out = bytearray(self.size)
        self.digest_into(out, 0)
        return bytes(out)

    def fork(self):
        """An independent hash that goes on from here."""
        other = BlockHash(self.alg)
        copy(other.ctx, 0, self.ctx, 0, len(self.ctx))
        return other

    def wipe(self):
        """Forget all that was absorbed. The object is of no use afterwards."""
        wipe(self.ctx)


Hash = getattr(mxtls_port, "Hash", BlockHash)
