# SPDX-License-Identifier: MIT
"""SHA-1, SHA-256, SHA-384, SHA-512 (FIPS 180-4) and MD5 (RFC 1321) as running hashes that can fork. Called by transcripts, HMAC, signatures.

MicroPython's hashlib can neither fork a hash nor go on after a digest, so BlockHash is built over the block kernels.
A port whose hashlib can (CPython) offers a class `Hash` with the same methods instead.
"""

import mxtls_port
from mxtls.codes import ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR, DISABLED_FEATURE_FAIL as _DISABLED_FEATURE_FAIL
from mxtls.config import USE_MD5 as _USE_MD5, USE_SHA1 as _USE_SHA1, USE_SHA384 as _USE_SHA384, USE_SHA512 as _USE_SHA512
from mxtls.errors import Error
from mxtls.kernels.mem import copy, wipe

# What digest_into works in, so that the running hash stays as it is. The last block is zero between calls.
_state = bytearray(64 if _USE_SHA384 or _USE_SHA512 else 32)
_last = bytearray(128 if _USE_SHA384 or _USE_SHA512 else 64)


def hash_size(alg):
    """The digest's length for a hash id of the TLS registry: 1 MD5, 2 SHA-1, 4 SHA-256, 5 SHA-384, 6 SHA-512;
    0 is MD5 with SHA-1 (md5sha1.py)."""
    return b"\x24\x10\x14\x1c\x20\x30\x40"[alg]


class BlockHash:
    """alg, size (of the digest), block (its length); and for code that finishes a hash in constant time: blocks (the
    kernel), start (its first state), state, buffer (the block being filled), count (bytes absorbed so far, below
    2**29). update and digest_into allocate nothing themselves."""

    def __init__(self, alg):
        if alg == 4:
            from mxtls.kernels.sha256 import sha256_blocks as blocks

            state = (
                b"\x6a\x09\xe6\x67\xbb\x67\xae\x85\x3c\x6e\xf3\x72\xa5\x4f\xf5\x3a\x51\x0e\x52\x7f\x9b\x05\x68\x8c\x1f\x83\xd9\xab\x5b\xe0\xcd\x19"
            )
        elif _USE_SHA1 and alg == 2:
            from mxtls.kernels.sha1 import sha1_blocks as blocks

            state = b"\x67\x45\x23\x01\xef\xcd\xab\x89\x98\xba\xdc\xfe\x10\x32\x54\x76\xc3\xd2\xe1\xf0"
        elif _USE_SHA384 and alg == 5:
            from mxtls.kernels.sha512 import sha512_blocks as blocks

            state = (
                b"\xcb\xbb\x9d\x5d\xc1\x05\x9e\xd8\x62\x9a\x29\x2a\x36\x7c\xd5\x07\x91\x59\x01\x5a\x30\x70\xdd\x17\x15\x2f\xec\xd8\xf7\x0e\x59\x39"
                b"\x67\x33\x26\x67\xff\xc0\x0b\x31\x8e\xb4\x4a\x87\x68\x58\x15\x11\xdb\x0c\x2e\x0d\x64\xf9\x8f\xa7\x47\xb5\x48\x1d\xbe\xfa\x4f\xa4"
            )
        elif _USE_SHA512 and alg == 6:
            from mxtls.kernels.sha512 import sha512_blocks as blocks

            state = (
                b"\x6a\x09\xe6\x67\xf3\xbc\xc9\x08\xbb\x67\xae\x85\x84\xca\xa7\x3b\x3c\x6e\xf3\x72\xfe\x94\xf8\x2b\xa5\x4f\xf5\x3a\x5f\x1d\x36\xf1"
                b"\x51\x0e\x52\x7f\xad\xe6\x82\xd1\x9b\x05\x68\x8c\x2b\x3e\x6c\x1f\x1f\x83\xd9\xab\xfb\x41\xbd\x6b\x5b\xe0\xcd\x19\x13\x7e\x21\x79"
            )
        elif _USE_MD5 and alg == 1:
            from mxtls.kernels.md5 import md5_blocks as blocks

            state = b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10"
        else:
            raise Error(
                _DISABLED_FEATURE_FAIL,
                _ALERT_INTERNAL_ERROR,
                "hash %d is not in this build; switch on its USE_ option" % alg,
            )
        self.alg = alg
        self.size = hash_size(alg)
        self.block = 64 if len(state) < 64 else 128
        self.blocks = blocks
        self.start = state
        self.state = bytearray(state)
        self.buffer = bytearray(self.block)
        self.count = 0

    def update(self, buf, off, n):
        """Absorb buf[off:off+n]. Whole blocks go to the kernel straight from buf."""
        at = self.block - (self.count & (self.block - 1))  # the room in buffer
        self.count += n
        if n < at:
            copy(self.buffer, self.block - at, buf, off, n)
            return
        if at < self.block:
            copy(self.buffer, self.block - at, buf, off, at)
            self.blocks(self.state, self.buffer, 0, 1)
            off += at
            n -= at
        at = n // self.block
        if at:
            self.blocks(self.state, buf, off, at)
            off += at * self.block
            n -= at * self.block
        copy(self.buffer, 0, buf, off, n)

    def digest_into(self, out, off):
        """Write the digest of all so far to out; the running hash goes on undisturbed."""
        at = self.count & (self.block - 1)
        copy(_state, 0, self.state, 0, len(self.state))
        copy(_last, 0, self.buffer, 0, at)
        _last[at] = 0x80
        if at >= self.block - (self.block >> 3):
            self.blocks(_state, _last, 0, 1)
            wipe(_last)
        # The length in bits, big-endian but for MD5
        at = self.block
        if _USE_MD5 and self.alg == 1:
            _last[56] = (self.count & 31) << 3
            _last[57] = self.count >> 5 & 255
            _last[58] = self.count >> 13 & 255
            _last[59] = self.count >> 21
        else:
            _last[at - 1] = (self.count & 31) << 3
            _last[at - 2] = self.count >> 5 & 255
            _last[at - 3] = self.count >> 13 & 255
            _last[at - 4] = self.count >> 21
        self.blocks(_state, _last, 0, 1)
        copy(out, off, _state, 0, self.size)
        wipe(_state)
        wipe(_last)

    def digest(self):
        out = bytearray(self.size)
        self.digest_into(out, 0)
        return bytes(out)

    def fork(self):
        """An independent hash that goes on from here."""
        other = BlockHash(self.alg)
        copy(other.state, 0, self.state, 0, len(self.state))
        copy(other.buffer, 0, self.buffer, 0, self.block)
        other.count = self.count
        return other

    def wipe(self):
        """Forget all that was absorbed. The object is of no use afterwards."""
        wipe(self.state)
        wipe(self.buffer)


Hash = getattr(mxtls_port, "Hash", BlockHash)
