# SPDX-License-Identifier: MIT
"""ChaCha20-Poly1305 (RFC 8439 section 2.8) with 96-bit nonces and 128-bit tags, in place. Called by the records and by tickets.py."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.chacha20poly1305 import chacha20poly1305_open, chacha20poly1305_seal
from mxtls.kernels.mem import copy, wipe

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class ChaCha20Poly1305:
    """One key of 32 bytes. A nonce must never seal twice. Nothing is allocated after the constructor.

    head is what the tag covers beside the text, and then, its last 12 bytes, the nonce."""

    tag = 16

    def __init__(self, key):
        self._state = take(48) if _USE_ARENA else bytearray(48)
        copy(self._state, 0, key, 0, 32)

    def seal(self, head, buf, off, n):
        """Encrypt buf[off:off+n] in place and write the tag behind it."""
        chacha20poly1305_seal(self._state, head, buf, off, n)

    def open(self, head, buf, off, n):
        """Decrypt buf[off:off+n] in place if the tag behind it is right: 1, else 0 and buf is untouched."""
        return chacha20poly1305_open(self._state, head, buf, off, n)

    def wipe(self):
        """Forget the key."""
        wipe(self._state)
