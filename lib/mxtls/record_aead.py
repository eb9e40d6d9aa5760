# SPDX-License-Identifier: MIT
"""TLS 1.2 records under an AEAD (RFC 5246 section 6.2.3.3). Called by session.py.

A fragment is nonce(8) || ciphertext || tag, and the nonce sent is the sequence number (GCM, RFC 5288 section 3; CCM,
RFC 6655 section 3), or ciphertext || tag, and the sequence number is not sent but mixed in (ChaCha20-Poly1305, RFC 7905).
"""

from micropython import const

from mxtls.config import USE_CONNECTION_ID as _USE_CONNECTION_ID, USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.mem import copy, mix, record_count, record_header, wipe
from mxtls.record import Record

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


_NUMBER = const(17)  # where the header's nonce has 8 bytes of its own


class AeadRecord(Record):
    """aead: an object like crypto.gcm.Gcm; salt: what the key block gives of a nonce, 4 bytes, or all 12 where none is sent.

    The header ends in the record's nonce, so that it is what the AEAD takes."""

    def __init__(self, aead, salt):
        super().__init__(12)
        self._aead = aead
        self._salt = take(12) if _USE_ARENA else bytearray(12)
        copy(self._salt, 0, salt, 0, len(salt))
        copy(self.header, 13, salt, 0, len(salt))
        self.pre = 12 - len(salt)
        self.post = self._tag = aead.tag  # a connection id adds to post

    def seal(self, kind, version, buf, off, n):
        header = self.header
        head = self._head
        pre = self.pre
        record_header(header, 8, kind, version, n)
        if _USE_CONNECTION_ID and self.cid:
            self._carried()
        if pre:
            copy(head, len(head) - 8 if _USE_CONNECTION_ID else _NUMBER, header, 0, 8)
            copy(buf, off - pre, header, 0, pre)
        else:
            self._mix(head)
        self._aead.seal(head, buf, off, n)
        if not record_count(header):
            self._used_up()
        return pre + n + self._tag

    def open(self, kind, version, buf, off, n):
        header = self.header
        head = self._head
        pre = self.pre
        n -= pre + self._tag
        if n < 0:
            self._refuse()
        record_header(header, 8, kind, version, n)
        if _USE_CONNECTION_ID and self.cid:
            self._carried()
        if pre:
            copy(head, len(head) - 8 if _USE_CONNECTION_ID else _NUMBER, buf, off, 8)
        else:
            self._mix(head)
        if not self._aead.open(head, buf, off + pre, n):
            self._refuse()
        if not record_count(header):
            self._used_up()
        return n

    def _mix(self, head):
        # The nonce that is not sent: the sequence number mixed into the salt.
        at = len(head) - 12
        copy(head, at, self._salt, 0, 12)
        mix(head, at + 4, self.header, 0, 8)

    def wipe(self):
        """Forget the key."""
        self._aead.wipe()
        wipe(self.header)
        if _USE_CONNECTION_ID:
            wipe(self._head)
        wipe(self._salt)
