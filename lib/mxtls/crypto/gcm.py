# SPDX-License-Identifier: MIT
"""AES in Galois/counter mode (SP 800-38D) with 96-bit nonces and 128-bit tags, in place. Called by record_aead.py."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.aes import AES_CTX, aes_ctr, aes_expand
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.ghash import GHASH_CTX, ghash, ghash_key
from mxtls.kernels.mem import copy, mix, wipe

# What every key works in: one call at a time. Zero between calls, but for the counter.
_ctr = bytearray(16)
_y = bytearray(16)
_tag = bytearray(16)
_bits = bytearray(16)

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class Gcm:
    """One key of 16, 24 or 32 bytes. A nonce must never seal twice. Nothing is allocated after the constructor."""

    tag = 16

    def __init__(self, key):
        self._aes = take(AES_CTX) if _USE_ARENA else bytearray(AES_CTX)
        self._ghash = take(GHASH_CTX) if _USE_ARENA else bytearray(GHASH_CTX)
        aes_expand(self._aes, key, 0, len(key))
        wipe(_ctr)
        aes_ctr(self._aes, _ctr, _y, 0, 16)
        ghash_key(self._ghash, _y)
        wipe(_y)

    def seal(self, nonce, aad, naad, buf, off, n):
        """Encrypt buf[off:off+n] in place and write the tag behind it."""
        self._mask(nonce)
        aes_ctr(self._aes, _ctr, buf, off, n)
        self._finish(aad, naad, buf, off, n)
        copy(buf, off + n, _tag, 0, 16)
        wipe(_tag)

    def open(self, nonce, aad, naad, buf, off, n):
        """Decrypt buf[off:off+n] in place if the tag behind it is right: 1, else 0 and buf is untouched."""
        self._mask(nonce)
        self._finish(aad, naad, buf, off, n)
        good = ct_equal(_tag, 0, buf, off + n, 16)
        if good:
            aes_ctr(self._aes, _ctr, buf, off, n)
        wipe(_tag)
        return good

    def _mask(self, nonce):
        # The counter starts at 1 with the block that masks the tag; the data follows from 2.
        copy(_ctr, 0, nonce, 0, 12)
        _ctr[12] = _ctr[13] = _ctr[14] = 0
        _ctr[15] = 1
        aes_ctr(self._aes, _ctr, _tag, 0, 16)

    def _finish(self, aad, naad, buf, off, n):
        # Add to the mask the GHASH of both texts and of their lengths in bits.
        _bits[4] = naad >> 21
        _bits[5] = naad >> 13 & 255
        _bits[6] = naad >> 5 & 255
        _bits[7] = naad << 3 & 255
        _bits[12] = n >> 21
        _bits[13] = n >> 13 & 255
        _bits[14] = n >> 5 & 255
        _bits[15] = n << 3 & 255
        ghash(self._ghash, _y, aad, 0, naad)
        ghash(self._ghash, _y, buf, off, n)
        ghash(self._ghash, _y, _bits, 0, 16)
        mix(_tag, 0, _y, 0, 16)
        wipe(_y)

    def wipe(self):
        """Forget the key."""
        wipe(self._aes)
        wipe(self._ghash)
