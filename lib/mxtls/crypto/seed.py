# SPDX-License-Identifier: MIT
"""SEED in CBC mode (RFC 4269, RFC 4162), in place and without padding. Called by record_cbc.py."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.mem import wipe
from mxtls.kernels.seed import SEED_CTX, seed_cbc_decrypt, seed_cbc_encrypt, seed_expand

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class SeedCbc:
    """One key of 16 bytes. n is a multiple of block; iv, a bytearray, becomes the last ciphertext block."""

    block = 16

    def __init__(self, key):
        self._ctx = take(SEED_CTX) if _USE_ARENA else bytearray(SEED_CTX)
        seed_expand(self._ctx, key, 0)

    def encrypt(self, iv, buf, off, n):
        seed_cbc_encrypt(self._ctx, iv, buf, off, n)

    def decrypt(self, iv, buf, off, n):
        seed_cbc_decrypt(self._ctx, iv, buf, off, n)

    def wipe(self):
        """Forget the key."""
        wipe(self._ctx)
