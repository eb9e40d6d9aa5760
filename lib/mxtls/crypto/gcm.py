# SPDX-License-Identifier: MIT
"""AES in Galois/counter mode (SP 800-38D) with 96-bit nonces and 128-bit tags, in place. Called by record_aead.py."""

from micropython import const

from mxtls.kernels.aes import AES_CTX, aes_ctr, aes_expand
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.ghash import GHASH_CTX, ghash, ghash_key
from mxtls.kernels.mem import copy, wipe

TAG = const(16)


class Gcm:
    """One key of 16, 24 or 32 bytes. A nonce must never seal twice. Nothing is allocated after the constructor."""

    def __init__(self, key):
        self._aes = bytearray(AES_CTX)
        self._ghash = bytearray(GHASH_CTX)
        self._ctr = bytearray(16)
        self._y = bytearray(16)
        self._t = bytearray(16)  # the mask, then the tag
        self._bits = bytearray(16)
        aes_expand(self._aes, key, 0, len(key))
        aes_ctr(self._aes, self._ctr, self._y, 0, 16)
        ghash_key(self._ghash, self._y)

    def seal(self, nonce, aad, naad, buf, off, n):
        """Encrypt buf[off:off+n] in place and write the tag behind it."""
        self._mask(nonce)
        aes_ctr(self._aes, self._ctr, buf, off, n)
        self._tag(aad, naad, buf, off, n)
        copy(buf, off + n, self._t, 0, 16)

    def open(self, nonce, aad, naad, buf, off, n):
        """Decrypt buf[off:off+n] in place if the tag behind it is right: 1, else 0 and buf is untouched."""
        self._mask(nonce)
        self._tag(aad, naad, buf, off, n)
        if not ct_equal(self._t, 0, buf, off + n, 16):
            return 0
        aes_ctr(self._aes, self._ctr, buf, off, n)
        return 1

    def _mask(self, nonce):
        # The counter starts at 1 with the block that masks the tag; the data follows from 2.
        ctr, t = self._ctr, self._t
        copy(ctr, 0, nonce, 0, 12)
        wipe(t)
        ctr[12] = ctr[13] = ctr[14] = 0
        ctr[15] = 1
        aes_ctr(self._aes, ctr, t, 0, 16)

    def _tag(self, aad, naad, buf, off, n):
        # GHASH of both texts and of their lengths in bits, then the mask.
        y, t = self._y, self._t
        h, bits = self._ghash, self._bits  # four at once would make a tuple
        wipe(y)
        for i in range(4):
            bits[7 - i] = naad << 3 >> 8 * i & 255
            bits[15 - i] = n << 3 >> 8 * i & 255
        ghash(h, y, aad, 0, naad)
        ghash(h, y, buf, off, n)
        ghash(h, y, bits, 0, 16)
        for i in range(16):
            t[i] ^= y[i]

    def wipe(self):
        """Forget the key."""
        for b in (self._aes, self._ghash, self._ctr, self._y, self._t):
            wipe(b)
