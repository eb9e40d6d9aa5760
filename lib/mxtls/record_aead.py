# SPDX-License-Identifier: MIT
"""TLS 1.2 records under an AEAD (RFC 5246 section 6.2.3.3). Called by session.py.

A fragment is nonce(8) || ciphertext || tag, and the nonce sent is the sequence number (GCM, RFC 5288 section 3; CCM,
RFC 6655 section 3), or ciphertext || tag, and the sequence number is not sent but mixed in (ChaCha20-Poly1305, RFC 7905).
"""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.mem import copy, mix, wipe
from mxtls.record import Record

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class AeadRecord(Record):
    """aead: an object like crypto.gcm.Gcm; salt: what the key block gives of a nonce, 4 bytes, or all 12 where none is sent."""

    def __init__(self, aead, salt):
        super().__init__()
        self._aead = aead
        self._salt = take(12) if _USE_ARENA else bytearray(12)
        self._nonce = take(12) if _USE_ARENA else bytearray(12)
        copy(self._salt, 0, salt, 0, len(salt))
        self.pre = 12 - len(salt)
        self.post = aead.tag

    def seal(self, kind, version, buf, off, n):
        pre = self.pre
        copy(buf, off - pre, self.header, 0, pre)
        self._mix(self.header, 0)
        self._describe(kind, version, n)
        self._aead.seal(self._nonce, self._head, len(self._head), buf, off, n)
        self._count()
        return pre + n + self._aead.tag

    def open(self, kind, version, buf, off, n):
        pre = self.pre
        n -= pre + self._aead.tag
        if n < 0:
            self._refuse()
        if pre:
            self._mix(buf, off)
        else:
            self._mix(self.header, 0)
        self._describe(kind, version, n)
        if not self._aead.open(self._nonce, self._head, len(self._head), buf, off + pre, n):
            self._refuse()
        self._count()
        return n

    def _mix(self, seq, off):
        # The nonce: the salt with 8 bytes mixed in at its end; a short salt is zero there.
        copy(self._nonce, 0, self._salt, 0, 12)
        mix(self._nonce, 4, seq, off, 8)

    def wipe(self):
        """Forget the key."""
        self._aead.wipe()
        wipe(self.header)
        wipe(self._salt)
        wipe(self._nonce)
