# SPDX-License-Identifier: MIT
"""AES in Galois/counter mode (SP 800-38D) with 96-bit nonces and 128-bit tags, in place. Called by the records and by tickets.py."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.aes import AES_CTX, aes_ctr, aes_expand
from mxtls.kernels.gcm import gcm_open, gcm_seal
from mxtls.kernels.ghash import GHASH_CTX, ghash_key
from mxtls.kernels.mem import wipe

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class Gcm:
    """One key of 16, 24 or 32 bytes. A nonce must never seal twice. Nothing is allocated after the constructor.

    head is what the tag covers beside the text, and then, its last 12 bytes, the nonce."""

    tag = 16

    def __init__(self, key):
        self._aes = take(AES_CTX) if _USE_ARENA else bytearray(AES_CTX)
        self._key = take(GHASH_CTX) if _USE_ARENA else bytearray(GHASH_CTX)
        aes_expand(self._aes, key, 0, len(key))
        h = bytearray(16)
        aes_ctr(self._aes, bytearray(16), h, 0, 16)
        ghash_key(self._key, h)
        wipe(h)

    def seal(self, head, buf, off, n):
        """Encrypt buf[off:off+n] in place and write the tag behind it."""
        gcm_seal(self._aes, self._key, head, buf, off, n)

    def open(self, head, buf, off, n):
        """Decrypt buf[off:off+n] in place if the tag behind it is right: 1, else 0 and buf is untouched."""
        return gcm_open(self._aes, self._key, head, buf, off, n)

    def wipe(self):
        """Forget the key."""
        wipe(self._aes)
        wipe(self._key)
