# SPDX-License-Identifier: MIT
"""SEED in CBC mode (RFC 4269, RFC 4162), in place and without padding. Called by record_cbc.py."""

from mxtls.kernels.mem import wipe
from mxtls.kernels.seed import SEED_CTX, seed_cbc_decrypt, seed_cbc_encrypt, seed_expand


class SeedCbc:
    """One key of 16 bytes. n is a multiple of block; iv, a bytearray, becomes the last ciphertext block."""

    block = 16

    def __init__(self, key):
        self._ctx = bytearray(SEED_CTX)
        seed_expand(self._ctx, key, 0)

    def encrypt(self, iv, buf, off, n):
        seed_cbc_encrypt(self._ctx, iv, buf, off, n)

    def decrypt(self, iv, buf, off, n):
        seed_cbc_decrypt(self._ctx, iv, buf, off, n)

    def wipe(self):
        """Forget the key."""
        wipe(self._ctx)
