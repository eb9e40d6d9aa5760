# SPDX-License-Identifier: MIT
"""TLS 1.3 records (RFC 8446 sections 5.2 to 5.5), and the secrets that their keys grow from. Called by session.py and handshake/schedule.py.

A fragment is the sealed text || its content type || zeros to pad it, then the tag. The nonce is the sequence number mixed
into the IV, and the record's own header is what the tag covers beside the text.
"""

from mxtls.codes import (
    ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE,
    APPLICATION_DATA as _APPLICATION_DATA,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    TLS1_2 as _TLS1_2,
)
from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA, USE_RESUMPTION as _USE_RESUMPTION
from mxtls.errors import Error
from mxtls.kernels.mem import copy, mix, record_count, record_header, wipe
from mxtls.record import Record

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class Aead13Record(Record):
    """aead: an object like crypto.gcm.Gcm; iv: 12 bytes; pad: texts are padded to a multiple of it, but not beyond most.

    kind is the content type of the record that was opened last; limit: the records that one key may seal (RFC 8446 section 5.5).
    A text counts with its type and padding (RFC 8449 section 4): most is what the peer takes, text what the last one had.
    """

    pre = 0
    limit = 0x800000

    def __init__(self, aead, iv, pad=0):
        super().__init__()
        self._aead = aead
        self._iv = take(12) if _USE_ARENA else bytearray(12)
        self._head = bytearray(17)  # the record's own header, then its nonce
        copy(self._iv, 0, iv, 0, 12)
        self._pad = pad
        self.most = 16385
        self.kind = self.text = 0  # set here already, or the first record would allocate
        self._tag = aead.tag
        self.post = self._tag + 1 + (pad - 1 if pad else 0)

    def seal(self, kind, version, buf, off, n):
        buf[off + n] = kind
        n += 1
        while self._pad and n % self._pad and n < self.most:
            buf[off + n] = 0
            n += 1
        self._begin(n + self._tag)
        self._aead.seal(self._head, buf, off, n)
        if not record_count(self.header):
            self._used_up()
        return n + self._tag

    def open(self, kind, version, buf, off, n):
        self._begin(n)
        n -= self._tag
        if kind != _APPLICATION_DATA:
            raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a record in the clear where all are encrypted; the peer is broken, or somebody put it there")
        if n < 0 or not self._aead.open(self._head, buf, off, n):
            self._refuse()
        if not record_count(self.header):
            self._used_up()
        self.text = n
        while n:
            n -= 1
            if buf[off + n]:
                self.kind = buf[off + n]
                return n
        raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a record without a content type; the peer is broken")

    def _begin(self, n):
        # The header of a record of n bytes, and the nonce.
        head = self._head
        record_header(head, 0, _APPLICATION_DATA, _TLS1_2, n)
        copy(head, 5, self._iv, 0, 12)
        mix(head, 9, self.header, 0, 8)

    def fresh(self):
        """Was nothing sealed or opened yet?"""
        header = self.header
        return header[5] | header[6] | header[7] == 0

    def spent(self):
        """Is it time for another key?"""
        header = self.header
        return header[5] << 16 | header[6] << 8 | header[7] >= self.limit

    def wipe(self):
        """Forget the key."""
        self._aead.wipe()
        wipe(self.header)
        wipe(self._iv)
        wipe(self._head)


class Secrets:
    """What an open session keeps beside its records: the traffic secrets of both directions, and what later sessions grow from. It stands here and
    not in handshake/schedule.py, because a module is alive as long as an object of one of its classes."""

    def __init__(self, size):
        self.rd = bytearray(size)
        self.wr = bytearray(size)
        self.resumption = bytearray(size) if _USE_RESUMPTION else b""

    def wipe(self):
        wipe(self.rd)
        wipe(self.wr)
        if _USE_RESUMPTION:
            wipe(self.resumption)
