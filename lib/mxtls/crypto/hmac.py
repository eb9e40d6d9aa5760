# SPDX-License-Identifier: MIT
"""HMAC (RFC 2104) over BlockHash. Called by the CBC records, the PRF and the DRBG.

A port whose hashlib is faster (CPython) offers a class `Hmac` with the same methods instead.
"""

import mxtls_port
from mxtls.crypto.hash import BlockHash
from mxtls.kernels.mem import copy, mix, wipe

# One 64-byte block of 0x36 and one of 0x5C
_IPAD = b"6666666666666666666666666666666666666666666666666666666666666666"
_OPAD = rb"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"


class BlockHmac:
    """size (of the tag), update(buf, off, n); and for code that checks a tag in constant time: hash, and inner and outer,
    its states after the padded key, and close. rekey, reset, update, digest_into and close allocate nothing themselves."""

    def __init__(self, alg, key):
        self.hash = BlockHash(alg)
        self.size = self.hash.size
        self.update = self.hash.update
        self.inner = bytearray(len(self.hash.state))
        self.outer = bytearray(len(self.hash.state))
        if len(key) > self.hash.block:
            self.update(key, 0, len(key))
            key = bytearray(self.size)
            self.hash.digest_into(key, 0)
            self.rekey(key)
            wipe(key)
        else:
            self.rekey(key)

    def rekey(self, key):
        """Take another key, of one block at most."""
        self._absorb(_IPAD, key, self.inner)
        self._absorb(_OPAD, key, self.outer)
        self.reset()

    def _absorb(self, pad, key, state):
        # The hash's own buffer holds the block; few locals, or the frame would lie on the heap.
        i = len(state)
        copy(state, 0, self.hash.start, 0, i)
        copy(self.hash.buffer, 0, pad, 0, 64)
        copy(self.hash.buffer, self.hash.block - 64, pad, 0, 64)
        pad = self.hash.buffer
        i = len(key)
        mix(pad, 0, key, 0, i)
        self.hash.blocks(state, pad, 0, 1)
        wipe(pad)

    def reset(self):
        """Begin another message."""
        copy(self.hash.state, 0, self.inner, 0, len(self.inner))
        self.hash.count = self.hash.block

    def digest_into(self, out, off):
        """Write the tag to out. Reset before the next message."""
        self.hash.digest_into(out, off)
        self.close(out, off)

    def close(self, out, off):
        """Turn the inner hash, which lies in out, into the tag."""
        copy(self.hash.state, 0, self.outer, 0, len(self.outer))
        self.hash.count = self.hash.block
        self.update(out, off, self.size)
        self.hash.digest_into(out, off)

    def wipe(self):
        """Forget the key."""
        self.hash.wipe()
        wipe(self.inner)
        wipe(self.outer)


Hmac = getattr(mxtls_port, "Hmac", BlockHmac)
