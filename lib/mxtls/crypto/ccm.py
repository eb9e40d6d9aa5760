# SPDX-License-Identifier: MIT
"""AES-CCM (RFC 3610) with 96-bit nonces, in place, for headers below 65280 bytes and texts below 2**24 (RFC 6655, RFC 7251). Called by record_aead.py."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.aes import AES_CTX, aes_cbc_encrypt, aes_ctr, aes_expand
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe

# What every key works in: one call at a time. Zero between calls, but for the counter.
_ctr = bytearray(16)
_mac = bytearray(16)
_block = bytearray(16)

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class Ccm:
    """One key of 16, 24 or 32 bytes; tag: its length, 16 or 8. A nonce must never seal twice. Nothing is allocated after the
    constructor."""

    def __init__(self, key, tag=16):
        self.tag = tag
        self._aes = take(AES_CTX) if _USE_ARENA else bytearray(AES_CTX)
        aes_expand(self._aes, key, 0, len(key))

    def seal(self, nonce, aad, naad, buf, off, n):
        """Encrypt buf[off:off+n] in place and write the tag behind it."""
        self._authenticate(nonce, aad, naad, buf, off, n)
        self._crypt(nonce, 1, buf, off, n)
        copy(buf, off + n, _mac, 0, self.tag)
        wipe(_mac)

    def open(self, nonce, aad, naad, buf, off, n):
        """Decrypt buf[off:off+n] in place if the tag behind it is right: 1, else 0 and buf is as it was."""
        self._crypt(nonce, 1, buf, off, n)
        self._authenticate(nonce, aad, naad, buf, off, n)
        good = ct_equal(_mac, 0, buf, off + n, self.tag)
        if not good:
            self._crypt(nonce, 1, buf, off, n)
        wipe(_mac)
        return good

    def _crypt(self, nonce, count, buf, off, n):
        # Block 0 of the keystream masks the tag; the data follows from 1.
        wipe(_ctr)
        _ctr[0] = 2  # a length takes three bytes
        copy(_ctr, 1, nonce, 0, 12)
        _ctr[15] = count
        aes_ctr(self._aes, _ctr, buf, off, n)

    def _authenticate(self, nonce, aad, naad, buf, off, n):
        # The CBC-MAC of what describes the message, the header behind its length, and the text; masked, to _mac.
        _block[0] = (naad and 0x40) | (self.tag - 2) << 2 | 2
        copy(_block, 1, nonce, 0, 12)
        for i in range(3):
            _block[15 - i] = n >> 8 * i & 255
        aes_cbc_encrypt(self._aes, _mac, _block, 0, 16)
        _block[0] = naad >> 8
        _block[1] = naad & 255
        self._absorb(2, aad, 0, naad)
        self._absorb(0, buf, off, n)
        self._crypt(nonce, 0, _mac, 0, 16)

    def _absorb(self, at, buf, off, n):
        # The next n bytes to the CBC-MAC, padded with zeros to whole blocks; the first begins at `at` in its block.
        while n > 0:
            size = min(n, 16 - at)
            copy(_block, at, buf, off, size)
            at += size
            while at < 16:
                _block[at] = 0
                at += 1
            aes_cbc_encrypt(self._aes, _mac, _block, 0, 16)
            off += size
            n -= size
            at = 0
        wipe(_block)

    def wipe(self):
        """Forget the key."""
        wipe(self._aes)
