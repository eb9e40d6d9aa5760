# SPDX-License-Identifier: MIT
"""AES in CBC mode (SP 800-38A section 6.2), in place and without padding. Called by record_cbc.py and the key decryption."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.aes import AES_CTX, aes_cbc_decrypt, aes_cbc_encrypt, aes_expand
from mxtls.kernels.mem import wipe

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class AesCbc:
    """One key of 16, 24 or 32 bytes. n is a multiple of block; iv, a bytearray, becomes the last ciphertext block."""

    block = 16

    def __init__(self, key):
        self._ctx = take(AES_CTX) if _USE_ARENA else bytearray(AES_CTX)
        aes_expand(self._ctx, key, 0, len(key))

    def encrypt(self, iv, buf, off, n):
        aes_cbc_encrypt(self._ctx, iv, buf, off, n)

    def decrypt(self, iv, buf, off, n):
        aes_cbc_decrypt(self._ctx, iv, buf, off, n)

    def wipe(self):
        """Forget the key."""
        wipe(self._ctx)
