# SPDX-License-Identifier: MIT
"""Triple DES in CBC mode (SP 800-67, SP 800-38A section 6.2), in place and without padding. Called by record_cbc.py and the key
decryption. Retired by RFC 8429."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.des3 import DES3_CTX, des3_cbc_decrypt, des3_cbc_encrypt, des3_expand
from mxtls.kernels.mem import wipe

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class Des3Cbc:
    """One key of 24 bytes. n is a multiple of block; iv, a bytearray, becomes the last ciphertext block."""

    block = 8

    def __init__(self, key):
        self._ctx = take(DES3_CTX) if _USE_ARENA else bytearray(DES3_CTX)
        des3_expand(self._ctx, key, 0)

    def encrypt(self, iv, buf, off, n):
        des3_cbc_encrypt(self._ctx, iv, buf, off, n)

    def decrypt(self, iv, buf, off, n):
        des3_cbc_decrypt(self._ctx, iv, buf, off, n)

    def wipe(self):
        """Forget the key."""
        wipe(self._ctx)
