# SPDX-License-Identifier: MIT
"""AES in Galois/counter mode (SP 800-38D), a whole message a call, over the kernels of its two halves. Called by crypto/gcm.py.

aes and key are the contexts of kernels/aes.py and kernels/ghash.py. head is the additional data and then, its last 12 bytes, the
nonce. The text is buf[off:off+n], the tag the 16 bytes behind it.
"""

from mxtls.kernels.aes import aes_ctr
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.ghash import ghash
from mxtls.kernels.mem import copy, mix, wipe

# What every key works in: one call at a time. Zero between calls, but for the counter and the lengths, which are public.
_ctr = bytearray(16)
_y = bytearray(16)
_tag = bytearray(16)
_bits = bytearray(16)


def gcm_seal(aes, key, head, buf, off, n):
    """Encrypt the text in place and write the tag behind it."""
    _mask(aes, head)
    aes_ctr(aes, _ctr, buf, off, n)
    _finish(key, head, buf, off, n)
    copy(buf, off + n, _tag, 0, 16)
    wipe(_tag)


def gcm_open(aes, key, head, buf, off, n):
    """Decrypt the text in place if the tag behind it is right: 1, else 0 and buf is untouched."""
    _mask(aes, head)
    _finish(key, head, buf, off, n)
    good = ct_equal(_tag, 0, buf, off + n, 16)
    if good:
        aes_ctr(aes, _ctr, buf, off, n)
    wipe(_tag)
    return good


def _mask(aes, head):
    # The counter starts at 1 with the block that masks the tag; the text follows from 2.
    copy(_ctr, 0, head, len(head) - 12, 12)
    _ctr[12] = _ctr[13] = _ctr[14] = 0
    _ctr[15] = 1
    aes_ctr(aes, _ctr, _tag, 0, 16)


def _finish(key, head, buf, off, n):
    # Add to the mask the GHASH of both texts and of their lengths in bits.
    naad = len(head) - 12
    _bits[4] = naad >> 21
    _bits[5] = naad >> 13 & 255
    _bits[6] = naad >> 5 & 255
    _bits[7] = naad << 3 & 255
    _bits[12] = n >> 21
    _bits[13] = n >> 13 & 255
    _bits[14] = n >> 5 & 255
    _bits[15] = n << 3 & 255
    ghash(key, _y, head, 0, naad)
    ghash(key, _y, buf, off, n)
    ghash(key, _y, _bits, 0, 16)
    mix(_tag, 0, _y, 0, 16)
    wipe(_y)
