# SPDX-License-Identifier: MIT
"""AES-CCM (RFC 3610), a whole message a call, over kernels/aes.py. Called by crypto/ccm.py.

aes is the context of kernels/aes.py, size the tag's length, 16 or 8. head is the additional data, below 65280 bytes, and then, its
last 12 bytes, the nonce. The text is buf[off:off+n], below 2**24 bytes, the tag the `size` bytes behind it.
"""

from mxtls.kernels.aes import aes_cbc_encrypt, aes_ctr
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe

# What every key works in: one call at a time. Zero between calls, but for the counter.
_ctr = bytearray(16)
_mac = bytearray(16)
_block = bytearray(16)


def ccm_seal(aes, size, head, buf, off, n):
    """Encrypt the text in place and write the tag behind it."""
    _authenticate(aes, size, head, buf, off, n)
    _crypt(aes, head, 1, buf, off, n)
    copy(buf, off + n, _mac, 0, size)
    wipe(_mac)


def ccm_open(aes, size, head, buf, off, n):
    """Decrypt the text in place if the tag behind it is right: 1, else 0 and buf is as it was."""
    _crypt(aes, head, 1, buf, off, n)
    _authenticate(aes, size, head, buf, off, n)
    good = ct_equal(_mac, 0, buf, off + n, size)
    if not good:
        _crypt(aes, head, 1, buf, off, n)
    wipe(_mac)
    return good


def _crypt(aes, head, count, buf, off, n):
    # Block 0 of the keystream masks the tag; the text follows from 1.
    wipe(_ctr)
    _ctr[0] = 2  # a length takes three bytes
    copy(_ctr, 1, head, len(head) - 12, 12)
    _ctr[15] = count
    aes_ctr(aes, _ctr, buf, off, n)


def _authenticate(aes, size, head, buf, off, n):
    # The CBC-MAC of what describes the message, the header behind its length, and the text; masked, to _mac.
    naad = len(head) - 12
    _block[0] = (naad and 0x40) | (size - 2) << 2 | 2
    copy(_block, 1, head, naad, 12)
    for i in range(3):
        _block[15 - i] = n >> 8 * i & 255
    aes_cbc_encrypt(aes, _mac, _block, 0, 16)
    _block[0] = naad >> 8
    _block[1] = naad & 255
    _absorb(aes, 2, head, 0, naad)
    _absorb(aes, 0, buf, off, n)
    _crypt(aes, head, 0, _mac, 0, 16)


def _absorb(aes, at, buf, off, n):
    # The next n bytes to the CBC-MAC, padded with zeros to whole blocks; the first begins at `at` in its block.
    while n > 0:
        size = min(n, 16 - at)
        copy(_block, at, buf, off, size)
        at += size
        while at < 16:
            _block[at] = 0
            at += 1
        aes_cbc_encrypt(aes, _mac, _block, 0, 16)
        off += size
        n -= size
        at = 0
    wipe(_block)
