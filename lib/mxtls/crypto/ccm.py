# SPDX-License-Identifier: MIT
"""AES-CCM (RFC 3610) with 96-bit nonces, in place (RFC 6655, RFC 7251). Called by the records."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.aes import AES_CTX, aes_expand
from mxtls.kernels.ccm import ccm_open, ccm_seal
from mxtls.kernels.mem import wipe

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class Ccm:
    """One key of 16, 24 or 32 bytes; tag: its length, 16 or 8. A nonce must never seal twice. Nothing is allocated after the
    constructor.

    head is what the tag covers beside the text, below 65280 bytes, and then, its last 12 bytes, the nonce."""

    def __init__(self, key, tag=16):
        self.tag = tag
        self._aes = take(AES_CTX) if _USE_ARENA else bytearray(AES_CTX)
        aes_expand(self._aes, key, 0, len(key))

    def seal(self, head, buf, off, n):
        """Encrypt buf[off:off+n] in place and write the tag behind it."""
        ccm_seal(self._aes, self.tag, head, buf, off, n)

    def open(self, head, buf, off, n):
        """Decrypt buf[off:off+n] in place if the tag behind it is right: 1, else 0 and buf is as it was."""
        return ccm_open(self._aes, self.tag, head, buf, off, n)

    def wipe(self):
        """Forget the key."""
        wipe(self._aes)
