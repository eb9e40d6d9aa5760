# SPDX-License-Identifier: MIT
"""A flight of handshake messages: kept until it is answered, cut into datagrams, sent again when the time is over
(RFC 6347 section 4.2.4). Called by dtls.py.

The messages lie here as the transcript takes them, in the clear and whole; each datagram is packed when it is asked for, so that a flight
that is sent again has new record numbers and the fragments that the PMTU of the moment asks for.
"""

from micropython import const

import mxtls_port
from mxtls.buffers import Buffer
from mxtls.codes import (
    CHANGE_CIPHER_SPEC as _CHANGE_CIPHER_SPEC,
    HANDSHAKE as _HANDSHAKE,
)
from mxtls.config import DTLS_SEND_RECORDS_INDIVIDUALLY as _DTLS_SEND_RECORDS_INDIVIDUALLY
from mxtls.kernels.mem import copy

_FIRST = const(256)  # bytes of messages before the buffer grows
_FRAGMENT = const(12)  # a fragment's header
_LEAST = const(16)  # bytes of a message that are worth a record of their own at the end of a datagram
_SLACK = const(100)  # by which one suite's records may be longer than another's
_FIRST_WAIT = const(1000)  # milliseconds
_LONGEST_WAIT = const(60000)
_TRIES = const(7)  # a flight is sent again so often before its session gives up, after 3 minutes


class Flight:
    def __init__(self, limit):
        self.messages = Buffer(_FIRST, limit)
        self.seq = 0  # message_seq of the next message
        self.change = -1  # where among the messages ChangeCipherSpec goes, -1: nowhere
        self.at = 0  # the message to send next,
        self.part = 0  # the bytes of its body that were sent,
        self.changed = False  # and whether ChangeCipherSpec was
        self.answered = True  # the next message begins another flight
        self.wait = _FIRST_WAIT
        self.tries = 0
        self.since = -1  # when it was sent, -1: not all of it has gone

    def begin(self):
        """A message follows. When the peer has answered what is here, its flight is a new one."""
        if self.answered:
            self.clear()
            self.answered = False
            if self.tries == 0:
                self.wait = _FIRST_WAIT  # one flight was answered without loss
            self.tries = 0

    def clear(self):
        m = self.messages
        for i in range(m.end):
            m.buf[i] = 0
        m.end = self.at = self.part = 0
        self.change = -1
        self.changed = False

    def pending(self):
        """Is there something of it to send?"""
        return self.at < self.messages.end or (self.change >= 0 and not self.changed)

    def size(self, session):
        """No more bytes than this are to send, if they fit one datagram."""
        m = self.messages
        at = self.at
        n = 2 * session.overhead() + m.end - at  # ChangeCipherSpec, and a protection before that may have been larger
        while at < m.end:
            n += session.overhead() + _SLACK
            at += _FRAGMENT + (m.buf[at + 1] << 16 | m.buf[at + 2] << 8 | m.buf[at + 3])
        return n + _SLACK

    def again(self):
        """Send it once more, from its beginning."""
        self.at = self.part = 0
        self.changed = False

    def sent(self):
        """All of it has gone: now the peer's time runs, whatever else goes meanwhile."""
        if self.since < 0:
            self.since = mxtls_port.ticks_ms()

    def left(self):
        """Milliseconds until it must be sent again, 0 when that is due."""
        return max(0, self.wait - (mxtls_port.ticks_ms() - self.since & 0x3FFFFFFF))

    def overdue(self):
        """The peer has not answered in time: send it again, and wait twice as long. False when that was tried often enough."""
        self.wait = min(2 * self.wait, _LONGEST_WAIT)
        self.tries += 1
        self.again()
        return self.tries <= _TRIES

    def pack(self, session, old, most):
        """Seal what fits `most` bytes behind output.end; the rest is for another datagram. old: the protection before ChangeCipherSpec."""
        out = session.output
        m = self.messages
        first = out.end
        most += first
        self.since = -1
        while self.pending():
            before = self.at < self.change or not self.changed and self.at == self.change
            wr = old if self.change >= 0 and before else session.wr
            if self.at == self.change and not self.changed:
                head = session.dtls.head(wr)
                if out.end + head + 1 + (wr.post if wr else 0) > most:
                    return
                off = out.end + head
                out.buf[off] = 1
                session.dtls.seal(session, wr, _CHANGE_CIPHER_SPEC, off, 1)
                self.changed = True
            else:
                at = self.at
                left = (m.buf[at + 1] << 16 | m.buf[at + 2] << 8 | m.buf[at + 3]) - self.part
                n = self._room(session, wr, most)
                if n < left and n < _LEAST and out.end > first:
                    return
                n = min(n, left)
                self._seal_fragment(session, wr, n)
                self.part += n
                if n == left:
                    self.at += _FRAGMENT + self.part
                    self.part = 0
            if _DTLS_SEND_RECORDS_INDIVIDUALLY:
                return

    def _room(self, session, wr, most):
        # How many bytes of a message's body fit one more record, -1 for not even an empty body.
        out = session.output
        n = most - out.end - session.dtls.head(wr) - _FRAGMENT
        if wr:
            n -= wr.post
        return min(max(n, -1), session.max_out - _FRAGMENT)

    def _seal_fragment(self, session, wr, n):
        # The next n bytes of the message, behind their header.
        out = session.output
        m = self.messages
        off = out.end + session.dtls.head(wr)
        copy(out.buf, off, m.buf, self.at, _FRAGMENT)
        out.buf[off + 6] = self.part >> 16
        out.buf[off + 7] = self.part >> 8 & 255
        out.buf[off + 8] = self.part & 255
        out.buf[off + 9] = n >> 16
        out.buf[off + 10] = n >> 8 & 255
        out.buf[off + 11] = n & 255
        copy(out.buf, off + _FRAGMENT, m.buf, self.at + _FRAGMENT + self.part, n)
        session.dtls.seal(session, wr, _HANDSHAKE, off, _FRAGMENT + n)

