# SPDX-License-Identifier: MIT
"""What every record protection shares: the sequence number and the header that the integrity check covers
(RFC 5246 section 6.2.3.1; RFC 9146 section 5 under a connection id). Base class of record_aead.py, record_cbc.py and record_stream.py."""

from mxtls.codes import (
    ALERT_BAD_RECORD_MAC as _ALERT_BAD_RECORD_MAC,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    LIMIT_FAIL as _LIMIT_FAIL,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
)
from mxtls.config import (
    USE_3DES as _USE_3DES,
    USE_AES_CBC as _USE_AES_CBC,
    USE_ARC4 as _USE_ARC4,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA,
    USE_SEED as _USE_SEED,
    USE_SSL3 as _USE_SSL3,
)
from mxtls.errors import Error
from mxtls.kernels.mem import copy, record_header

if _USE_ARENA:
    from mxtls.memory import take


class Record:
    """One direction's protection.

    seal(kind, version, buf, off, n) -> m: the text buf[off:off+n] is sealed in place; the fragment is buf[off-pre:off-pre+m].
    open(kind, version, buf, off, n) -> m: the fragment buf[off:off+n] is opened in place; the text is buf[off+pre:off+pre+m].
    pre and post are the most bytes that come before and after the text. Over viper kernels neither call allocates.
    """

    split = 0  # length of the fragment of a one-byte text, where records must be split (CBC before TLS 1.1)

    def __init__(self, more=0):
        # sequence number (8), type, version (2), length (2), and as many bytes more
        self.header = take(13 + more) if _USE_ARENA else bytearray(13 + more)
        self._head = self.header  # what the check covers before the text, and those bytes
        if _USE_CONNECTION_ID:
            self.cid = b""  # the connection id that each record of this direction carries (DTLS 1.2)

    if _USE_SSL3:
        _covered = 13  # bytes of the header that the MAC covers, 11 in SSL 3.0

    if _USE_CONNECTION_ID:

        def carry(self, cid):
            """Records carry this connection id, 0 to 32 bytes, from the first one on. With one, the header that is covered begins with a number that no
            record has, and the text ends with its true content type."""
            n = len(cid)
            if n == 0:
                return
            self.cid = cid
            self.post += 1
            # 8 times 255, type, length of the id, type, version, epoch and number, id, length, and the bytes more
            self._head = head = bytearray(10 + n + len(self.header))
            for i in range(8):
                head[i] = 255
            head[8] = head[10] = 25
            head[9] = n
            copy(head, 21, cid, 0, n)
            copy(head, 23 + n, self.header, 13, len(self.header) - 13)

        def _carried(self):
            # The same of the header that is covered.
            head = self._head
            header = self.header
            copy(head, 11, header, 9, 2)
            copy(head, 13, header, 0, 8)
            copy(head, 21 + len(self.cid), header, 11, 2)

    if _USE_AES_CBC or _USE_3DES or _USE_SEED or _USE_ARC4:

        def _describe(self, kind, version, n):
            # The header of a record of n bytes.
            if _USE_SSL3 and self._covered == 11:
                version = n  # SSL 3.0 leaves the version out: the length stands in its place
            record_header(self.header, 8, kind, version, n)
            if _USE_CONNECTION_ID and self.cid:
                self._carried()

        def _authenticate(self, kind, version, buf, off, n):
            # The MAC of the header and buf[off:off+n], to _tag.
            self._describe(kind, version, n)
            mac = self._mac
            mac.reset()
            if _USE_SSL3 and self._covered == 11:
                mac.update(self.header, 0, 11)
            else:
                mac.update(self._head, 0, len(self._head))
            mac.update(buf, off, n)
            mac.digest_into(self._tag, 0)

    def _used_up(self):
        # A sequence number must never wrap.
        raise Error(_LIMIT_FAIL, _ALERT_INTERNAL_ERROR, "the sequence numbers are used up; connect again")

    def _refuse(self):
        # One error for every cause, so that it tells nothing.
        raise Error(_PROTOCOL_FAIL, _ALERT_BAD_RECORD_MAC, "a record failed its integrity check; connect again")
