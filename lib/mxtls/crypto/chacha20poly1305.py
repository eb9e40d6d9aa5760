# SPDX-License-Identifier: MIT
"""ChaCha20-Poly1305 (RFC 8439 section 2.8) with 96-bit nonces and 128-bit tags, in place. Called by record_aead.py."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.chacha20 import chacha20_xor
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe
from mxtls.kernels.poly1305 import POLY1305_CTX, poly1305, poly1305_key, poly1305_tag

# What every key works in: one call at a time. Zero between calls.
_poly = bytearray(POLY1305_CTX)
_once = bytearray(64)  # the key of one tag, then the lengths and the tag

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class ChaCha20Poly1305:
    """One key of 32 bytes. A nonce must never seal twice. Nothing is allocated after the constructor."""

    tag = 16

    def __init__(self, key):
        self._state = take(48) if _USE_ARENA else bytearray(48)
        copy(self._state, 0, key, 0, 32)

    def seal(self, nonce, aad, naad, buf, off, n):
        """Encrypt buf[off:off+n] in place and write the tag behind it."""
        self._begin(nonce)
        chacha20_xor(self._state, buf, off, n)
        self._finish(aad, naad, buf, off, n)
        copy(buf, off + n, _once, 16, 16)
        wipe(_once)

    def open(self, nonce, aad, naad, buf, off, n):
        """Decrypt buf[off:off+n] in place if the tag behind it is right: 1, else 0 and buf is untouched."""
        self._begin(nonce)
        self._finish(aad, naad, buf, off, n)
        good = ct_equal(_once, 16, buf, off + n, 16)
        if good:
            chacha20_xor(self._state, buf, off, n)
        wipe(_once)
        return good

    def _begin(self, nonce):
        # Block 0 is the key of the tag; the data follows from block 1.
        for i in range(32, 36):
            self._state[i] = 0
        copy(self._state, 36, nonce, 0, 12)
        chacha20_xor(self._state, _once, 0, 64)
        poly1305_key(_poly, _once)
        wipe(_once)

    def _finish(self, aad, naad, buf, off, n):
        # The tag of both texts and of their lengths in bytes, to _once[16:32].
        for i in range(4):
            _once[i] = naad >> 8 * i & 255
            _once[8 + i] = n >> 8 * i & 255
        poly1305(_poly, aad, 0, naad)
        poly1305(_poly, buf, off, n)
        poly1305(_poly, _once, 0, 16)
        poly1305_tag(_poly, _once, 16)
        wipe(_poly)

    def wipe(self):
        """Forget the key."""
        wipe(self._state)
