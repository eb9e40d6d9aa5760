# SPDX-License-Identifier: MIT
"""DTLS 1.0 and 1.2 (RFC 4347, RFC 6347): what a session does otherwise over datagrams. Called by session.py, handshake/codec.py and
handshake/derive.py through `session.dtls`, which is None over TLS.

    in     a datagram in input.buf -> its records, one by one -> fragments put in order (dtls_assembly.py) -> machine.advance
    out    messages -> a flight that is kept (dtls_flight.py) -> one datagram at a time in output.buf

A record that is not for this epoch, has come before or fails its check is dropped in silence and counted in session.dropped.
"""

from micropython import const

from mxtls.codes import (
    ALERT as _ALERT,
    ALERT_CLOSE_NOTIFY as _ALERT_CLOSE_NOTIFY,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    ALERT_LEVEL_FATAL as _FATAL,
    ALERT_NONE as _ALERT_NONE,
    ALERT_RECORD_OVERFLOW as _ALERT_RECORD_OVERFLOW,
    APP_DATA as _APP_DATA,
    APPLICATION_DATA as _APPLICATION_DATA,
    ARG_FAIL as _ARG_FAIL,
    CHANGE_CIPHER_SPEC as _CHANGE_CIPHER_SPEC,
    CLIENT_HELLO as _CLIENT_HELLO,
    DTLS1_0 as _DTLS1_0,
    EXT_SESSION_TICKET as _TICKET,
    FINISHED as _FINISHED,
    HANDSHAKE as _HANDSHAKE,
    HELLO_REQUEST as _HELLO_REQUEST,
    HELLO_VERIFY_REQUEST as _HELLO_VERIFY_REQUEST,
    LIMIT_FAIL as _LIMIT_FAIL,
    MEM_FAIL as _MEM_FAIL,
    OPEN as _OPEN,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SERVER_HELLO as _SERVER_HELLO,
    TLS12_CID as _TLS12_CID,
    WAIT_CHANGE_CIPHER_SPEC as _WAIT_CHANGE_CIPHER_SPEC,
    WAIT_CLIENT_HELLO as _WAIT_CLIENT_HELLO,
    WAIT_FINISHED as _WAIT_FINISHED,
    WAIT_RESUMED_CHANGE_CIPHER_SPEC as _WAIT_RESUMED_CHANGE_CIPHER_SPEC,
    WAIT_RESUMED_FINISHED as _WAIT_RESUMED_FINISHED,
    WAIT_SERVER_HELLO as _WAIT_SERVER_HELLO,
)
from mxtls.config import (
    DTLS_PMTU as _DTLS_PMTU,
    DTLS_SEND_RECORDS_INDIVIDUALLY as _DTLS_SEND_RECORDS_INDIVIDUALLY,
    USE_CLIENT_SIDE_SSL as _USE_CLIENT,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_DTLS_DEBUG_TRACE as _USE_DTLS_DEBUG_TRACE,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
)
from mxtls.dtls_assembly import Assembly, differ
from mxtls.dtls_flight import Flight
from mxtls.dtls_window import Window
from mxtls.errors import Error
from mxtls.kernels.mem import copy, record_count

if _USE_DTLS_DEBUG_TRACE:
    import mxtls.trace as trace

HEADER = const(13)  # of a record
_FRAGMENT = const(12)  # and of a fragment in it
_LEAST_PMTU = const(128)
_MOST_PMTU = const(65507)
_MOST_VERIFIES = const(4)  # HelloVerifyRequests of one handshake
_EARLY = const(192)  # bytes of a record with a Finished, whatever the suite
_FINISHING = (_WAIT_FINISHED, _WAIT_RESUMED_FINISHED)  # a Finished in any other state is one of the handshake before, sent again
_LAST_HELLO = const(8)  # the highest message_seq of a ClientHello that begins a session

pmtu = _DTLS_PMTU


def get_pmtu():
    """The largest datagram, in bytes of UDP payload, that sessions send and expect (matrixDtlsGetPmtu)."""
    return pmtu


def set_pmtu(n):
    """Choose it for all sessions, 128 to 65507; a negative n brings the default of this build back (matrixDtlsSetPmtu). Returns the new
    value. What a live session sends follows at once, also when it sends a flight again."""
    global pmtu
    if n < 0:
        n = _DTLS_PMTU
    if not _LEAST_PMTU <= n <= _MOST_PMTU:
        raise Error(_ARG_FAIL, _ALERT_NONE, "the PMTU is out of range; give %d to %d, or -1 for the default" % (_LEAST_PMTU, _MOST_PMTU))
    pmtu = n
    return n


class Dtls:
    """One session's epochs, flight and fragments. limit: bytes that its messages may take, each way."""

    def __init__(self, limit):
        self.flight = Flight(2 * limit)
        self.assembly = Assembly(limit)
        self.window = Window()
        self.epoch = 0  # of the records that may come
        self.clear = bytearray(8)  # epoch and number of the next record in the clear, as wr.header has those of others
        self.old = None  # the protection before the flight's ChangeCipherSpec; None: in the clear
        self.due = False  # the peer's ChangeCipherSpec has come, perhaps before its time
        self.early = None  # a record of the next epoch, which has overtaken the ChangeCipherSpec
        self.idle = True  # no message of a handshake has come since the last one was complete
        self.longest = 0  # the longest datagram that the peer was seen to send, where the PMTU was too short for it
        self.asked = False  # a HelloRequest was sent: it has message_seq 0, and what follows counts on from it
        self.left = 0  # bytes of the datagram at output.start that are still to send
        self.verifies = 0
        self.record = 0  # where in input.buf the record that is being read begins
        if _USE_CONNECTION_ID:
            self.settled = True  # what comes next is another datagram
            self.cid = None  # the connection id that we offer, in each handshake of the session; None: we offer none
            self.skip = 0  # bytes of the peer's in the records that we send,
            self.skip_before = 0  # and in those of another epoch than
            self.skip_epoch = 0  # this one's last byte

    # Receiving

    def records(self, session):
        """Handle the datagram's records until one must be shown to the caller (its status) or all are read (0)."""
        inp = session.input
        while True:
            rec = off = session._rec
            if _USE_CONNECTION_ID:
                if self.settled:
                    self.settled = session.newest = False
                if rec < inp.end and inp.buf[rec] == _TLS12_CID and self.cid:
                    off += len(self.cid)
            off += HEADER
            left = inp.end - off
            n = inp.buf[off - 2] << 8 | inp.buf[off - 1] if left >= 0 else 0
            if n > left:
                break
            session._rec = off + n
            status = self._record(session, rec, off, n)
            if status:
                return status
        if inp.end > rec:
            if inp.end == len(inp.buf) and left >= 0:
                self.longest = min(off + n - session._hs_end, inp.limit)  # the peer's datagrams are longer than our PMTU
            self._drop(session, "half a record")
        self._settle(session)
        while session.hs and self._catch_up(session):
            self._settle(session)
        if self.early and self.early[3] << 8 | self.early[4] == self.epoch:
            return self._take_early(session)
        return 0

    def _settle(self, session):
        # The datagram is read: only handshake bytes that wait for more are kept.
        inp = session.input
        if inp.start == session._hs_end:
            inp.start = session._hs_end = 0
        inp.end = session._rec = session._hs_end
        if _USE_CONNECTION_ID:
            self.settled = True

    def _drop(self, session, why):
        session.dropped += 1
        if _USE_DTLS_DEBUG_TRACE:
            trace.info(session, "dtls: dropped " + why)
        return 0

    def _record(self, session, rec, off, n):
        buf = session.input.buf
        rd = session.rd
        kind = buf[rec]
        self.record = rec
        if session.hs and (kind == _HANDSHAKE or (_USE_CONNECTION_ID and kind == _TLS12_CID)) and buf[rec + 3] << 8 | buf[rec + 4] == self.epoch + 1:
            if off + n - rec > _EARLY:
                return self._drop(session, "a record before its time")
            self.early = bytes(memoryview(buf)[rec : off + n])  # one: the peer repeats what is lost
            return 0
        if _USE_CONNECTION_ID and rd and rd.cid:
            if kind != _TLS12_CID or differ(buf, rec + 11, rd.cid, 0, len(rd.cid)):
                return self._drop(session, "a record without our connection id")
            kind = _APPLICATION_DATA  # the true one is inside
        if kind < _CHANGE_CIPHER_SPEC or kind > _APPLICATION_DATA or buf[rec + 1] != 0xFE or buf[rec + 3] << 8 | buf[rec + 4] != self.epoch:
            return self._drop(session, "a record of another protocol or epoch")
        if rd:
            if not self.window.is_new(buf, rec + 5) or buf[rec + 2] != session.version & 255:
                return self._drop(session, "a record that came before")
            try:
                copy(rd.header, 0, buf, rec + 3, 8)
                n = rd.open(kind, session.version, buf, off, n)
            except (Error, MemoryError):
                return self._drop(session, "a record that fails its check")
            off += rd.pre
            new = self.window.mark(buf, rec + 5)
            if _USE_CONNECTION_ID and new:
                session.newest = True
            if _USE_CONNECTION_ID and rd.cid:
                while n and buf[off + n - 1] == 0:  # padding
                    n -= 1
                n -= 1
                kind = buf[off + n] if n >= 0 else 0
                if kind < _CHANGE_CIPHER_SPEC or kind > _APPLICATION_DATA:
                    return self._drop(session, "a record of no type")
        if rd and n > session.max_record:  # what is in the clear is bounded by its datagram (RFC 8449 section 4)
            raise Error(_PROTOCOL_FAIL, _ALERT_RECORD_OVERFLOW, "a record of %d bytes is too long; the peer ignores max_record=%d" % (n, session.max_record))
        if kind == _HANDSHAKE:
            return self._fragments(session, off, off + n)
        if kind == _CHANGE_CIPHER_SPEC:
            if n != 1 or buf[off] != 1 or not session.hs:
                return self._drop(session, "a ChangeCipherSpec")
            self.due = True
            self._change_read(session)
            return 0
        if kind == _ALERT:
            if n != 2 or not 1 <= buf[off] <= _FATAL or (not rd and buf[off] != _FATAL and buf[off + 1] != _ALERT_CLOSE_NOTIFY):
                return self._drop(session, "an alert")
            return session._alert(buf, off, n)
        if not rd or not session.established or session.state in _FINISHING:
            return self._drop(session, "data before its time")
        session._empty = session.rehandshakes = 0
        if session.hs is None and self.flight.messages.end and not self.flight.pending():
            self._release(session)  # the peer has our last flight
        if n == 0:
            return 0
        session.completed = False
        session.plain_off = off
        session.plain_len = n
        return _APP_DATA

    def _fragments(self, session, off, end):
        # A handshake record's fragments, one after another.
        while off < end:
            n = self._fragment(session, off, end)
            if n < 0:
                return self._drop(session, "a malformed fragment")
            off += n
        return 0

    def _fragment(self, session, off, end):
        # One fragment at input.buf[off:]; how long it is with its header, -1 when it is malformed.
        buf = session.input.buf
        if end - off < _FRAGMENT:
            return -1
        kind = buf[off]
        length = buf[off + 1] << 16 | buf[off + 2] << 8 | buf[off + 3]
        seq = buf[off + 4] << 8 | buf[off + 5]
        at = buf[off + 6] << 16 | buf[off + 7] << 8 | buf[off + 8]
        n = buf[off + 9] << 16 | buf[off + 10] << 8 | buf[off + 11]
        if n > end - off - _FRAGMENT or at + n > length or (n == 0 and length):
            return -1
        if kind == _HELLO_REQUEST or kind == _HELLO_VERIFY_REQUEST:
            if n == length:
                self._out_of_turn(session, kind, off, n)
            return _FRAGMENT + n
        a = self.assembly
        self._first(session, kind, seq, at)
        if seq == a.seq - 1:
            # The last message again: our answer was lost. One that the peer has begun to answer was not.
            if at + n == length and not self.flight.answered and not self.flight.pending():
                self._again(session)
        elif seq < a.seq or (session.hs is None and self.idle) or (kind == _FINISHED and session.state not in _FINISHING):
            self._drop(session, "a message that came before")
        elif seq > a.seq or at > a.done:
            if not a.keep(buf, off, _FRAGMENT + n):
                self._drop(session, "a fragment before its time")
        elif not a.agrees(buf, off):
            self._drop(session, "a fragment that contradicts another")
        elif at + n > a.done or length == 0:
            self._deliver(session, off, at + n - a.done)
        return _FRAGMENT + n

    def _first(self, session, kind, seq, at):
        # Does a handshake begin here? Its first message says which number it has: ours or a stateless server may have sent a HelloVerifyRequest.
        a = self.assembly
        if at or a.done:
            return
        if _USE_SERVER and kind == _CLIENT_HELLO and not session.client:
            if session.state == _WAIT_CLIENT_HELLO and self.idle and seq <= _LAST_HELLO:
                a.restart(seq)
                self.flight.seq = seq
                if self.epoch == 0:
                    copy(self.clear, 2, session.input.buf, self.record + 5, 6)  # on from the HelloVerifyRequest's number
                self.idle = False
            elif session.state == _OPEN and seq == 0:
                a.restart(0)
                if not self.asked:
                    self.flight.seq = 0
                self.asked = False
                self.idle = False
        elif _USE_CLIENT and kind == _SERVER_HELLO and session.client and session.state == _WAIT_SERVER_HELLO:
            if seq > a.seq and seq <= _LAST_HELLO:
                a.restart(seq)
            self.idle = False

    def _out_of_turn(self, session, kind, off, n):
        # The two messages that no transcript has, and that have no place in the order.
        if _USE_CLIENT and session.client:
            if kind == _HELLO_VERIFY_REQUEST and session.state == _WAIT_SERVER_HELLO and not self.assembly.done:  # no part of a ServerHello has come
                self._verify(session, off, n)
            elif kind == _HELLO_REQUEST and session.state == _OPEN and n == 0:
                session._handshake(off, _FRAGMENT)

    def _deliver(self, session, off, n):
        # The last n bytes of the fragment at `off` are the next of the message that is due: on with them, the first behind the message's header.
        buf = session.input.buf
        a = self.assembly
        kind = buf[off]
        length = buf[off + 1] << 16 | buf[off + 2] << 8 | buf[off + 3]
        if a.done:
            off += _FRAGMENT + (buf[off + 9] << 16 | buf[off + 10] << 8 | buf[off + 11]) - n
            size = n
        else:
            size = _FRAGMENT + n
            for i in range(6, 9):  # as the transcript takes it: one fragment, of the whole length
                buf[off + i] = 0
                buf[off + i + 3] = buf[off + i - 5]
        a.advance(kind, length, n)
        self.flight.answered = True
        session._handshake(off, size)
        self._change_read(session)
        if session.hs is None and a.done == 0:
            self.idle = True
            if self.flight.answered:
                self._release(session)

    def _catch_up(self, session):
        # Take one fragment whose turn has come from those that were kept. False when there is none.
        a = self.assembly
        at = a.due()
        if at < 0:
            return False
        n = a.size(at)
        inp = session.input
        moved = inp.room(n)
        if moved < 0:
            raise Error(_LIMIT_FAIL, _ALERT_INTERNAL_ERROR, "the input buffer is full at %d bytes; raise max_record" % inp.limit)
        session._hs_end -= moved
        off = inp.end
        copy(inp.buf, off, a.kept.buf, at, n)
        a.remove(at, n)
        inp.end = session._rec = off + n
        self._fragment(session, off, inp.end)
        return True

    def _take_early(self, session):
        # Its epoch has come: read the record that was kept as if it came now. The datagram before it brought nothing of it.
        record = self.early
        self.early = None
        inp = session.input
        moved = inp.room(len(record))
        if moved < 0 or session.hs is None:
            return self._drop(session, "a record before its time")
        session._hs_end -= moved
        session._rec = inp.end
        copy(inp.buf, inp.end, record, 0, len(record))
        inp.end += len(record)
        if _USE_CONNECTION_ID:
            newest = session.newest
        status = self.records(session)
        if _USE_CONNECTION_ID:
            session.newest = newest
        return status

    def _change_read(self, session):
        # ChangeCipherSpec is not numbered: one that came early waits until the handshake does for it, and a client until the ticket
        # has come that the server announced.
        if _USE_RESUMPTION and self.due and session.client and session.hs and session.hs.flags & _TICKET:
            return
        if self.due and (session.state == _WAIT_CHANGE_CIPHER_SPEC or session.state == _WAIT_RESUMED_CHANGE_CIPHER_SPEC):
            from mxtls.handshake import machine

            self.due = False
            machine.change_cipher_spec(session, b"\x01", 0, 1)
            self.epoch += 1
            self.window.reset()
            self.assembly.kept.end = 0  # it is of the epoch before: forged, as all that was due there has come

    if _USE_CLIENT:

        def _verify(self, session, off, n):
            # HelloVerifyRequest (RFC 6347 section 4.2.1): our ClientHello again, with the cookie in it and the next number.
            buf = session.input.buf
            size = buf[off + 14] if n > 2 else 0
            hello = session.hs.hello
            at = 47 + hello[46]  # where its cookie is, behind the session id
            if n != 3 + size or size == 0 or hello[at + 1 : at + 1 + hello[at]] == bytes(buf[off + 15 : off + 15 + size]):
                return  # what it says is in our ClientHello already
            self.verifies += 1
            if self.verifies > _MOST_VERIFIES:
                return
            f = self.flight
            f.answered = True
            f.begin()
            seq = f.seq
            m = f.messages
            size = len(hello) - hello[at] + size
            if m.room(size) < 0:
                raise Error(_LIMIT_FAIL, _ALERT_INTERNAL_ERROR, "the ClientHello with its cookie is too long; raise max_record")
            copy(m.buf, 0, hello, 0, at)
            copy(m.buf, at, buf, off + 14, 1 + buf[off + 14])
            copy(m.buf, at + 1 + buf[off + 14], hello, at + 1 + hello[at], len(hello) - at - 1 - hello[at])
            m.end = size
            self.finish(0, size, seq)
            session.hs.hello = bytes(m.buf[:size])
            self.assembly.restart((buf[off + 4] << 8 | buf[off + 5]) + 1)

    # Sending

    def begin(self, session, kind, most):
        """Room in the flight for a message of at most `most` body bytes; where it begins in flight.messages.buf."""
        f = self.flight
        if kind == _HELLO_REQUEST or (_USE_CLIENT and kind == _CLIENT_HELLO):
            f.answered = f.answered or f.change < 0  # behind a last flight that may be lost: it goes again with it
            f.seq = 0
            self.verifies = 0
            self.idle = True
            self.asked = kind == _HELLO_REQUEST
            if not self.asked:
                self.assembly.restart(0)
        if f.answered and self.old:
            self.old.wipe()
            self.old = None
        f.begin()
        if f.messages.room(_FRAGMENT + most) < 0:
            raise Error(_LIMIT_FAIL, _ALERT_INTERNAL_ERROR, "a flight of messages does not fit its buffer; raise max_record")
        f.messages.buf[f.messages.end] = kind
        return f.messages.end

    def finish(self, base, end, seq=-1):
        """The message flight.messages.buf[base:end] is written: its header, as the transcript takes it."""
        f = self.flight
        buf = f.messages.buf
        n = end - base - _FRAGMENT
        if seq < 0:
            seq = f.seq
        for i in (1, 9):
            buf[base + i] = n >> 16
            buf[base + i + 1] = n >> 8 & 255
            buf[base + i + 2] = n & 255
        buf[base + 4] = seq >> 8
        buf[base + 5] = seq & 255
        buf[base + 6] = buf[base + 7] = buf[base + 8] = 0
        f.messages.end = end
        f.seq = seq + 1

    def change_write(self, session, wr):
        """ChangeCipherSpec has its place here in the flight, and what follows is under wr."""
        f = self.flight
        if f.answered and self.old:
            self.old.wipe()
        f.begin()
        f.change = f.messages.end
        epoch = self.clear if session.wr is None else session.wr.header
        wr.header[1] = epoch[1] + 1 & 255
        wr.header[0] = epoch[0] + (wr.header[1] == 0) & 255
        self.old = session.wr
        if _USE_CONNECTION_ID:
            self.skip_before = self.skip
            self.skip = len(wr.cid)
            self.skip_epoch = wr.header[1]

    def head(self, wr):
        """Bytes that a record under wr has before its text."""
        n = HEADER
        if wr:
            n += wr.pre
            if _USE_CONNECTION_ID:
                n += len(wr.cid)
        return n

    def seal(self, session, wr, kind, off, n):
        """The n bytes at output.buf[off:] become a record under wr, in place; output.end moves behind it."""
        out = session.output
        buf = out.buf
        header = wr.header if wr else self.clear
        version = session.version or _DTLS1_0
        head = off - self.head(wr)
        if _USE_CONNECTION_ID and wr and wr.cid:
            buf[off + n] = kind
            n += 1
            kind = _TLS12_CID
            copy(buf, head + 11, wr.cid, 0, len(wr.cid))
        buf[head] = kind
        buf[head + 1] = version >> 8
        buf[head + 2] = version & 255
        if header[2] & header[3] & header[4] & header[5] & header[6] & header[7] == 255:
            e = Error(_LIMIT_FAIL, _ALERT_NONE, "the sequence numbers are used up; connect again")
            session.fail(e)
            raise e
        copy(buf, head + 3, header, 0, 8)
        if wr:
            n = wr.seal(kind, version, buf, off, n)
            off -= wr.pre
        else:
            record_count(header)
        buf[off - 2] = n >> 8
        buf[off - 1] = n & 255
        out.end = off + n

    def input_room(self, session):
        """Room for the next datagram, of the PMTU or what is left of the input buffer; by how much the bytes in it moved, as Buffer.room says."""
        inp = session.input
        session.need = min(max(pmtu, self.longest), inp.limit - inp.end + inp.start)
        try:
            return inp.room(session.need)
        except (Error, MemoryError):
            if not self.longest:
                raise
            self.longest = 0  # it may have been forged
            return self.input_room(session)

    def room(self, session, n):
        """How many of n bytes of plaintext fit one datagram."""
        self.flush(session)
        return min(n, pmtu - session.overhead())

    def check(self, session, n):
        """Records of n bytes must fit one datagram, and come after what waits of a flight."""
        if n > pmtu:
            raise Error(_LIMIT_FAIL, _ALERT_NONE, "%d bytes do not fit a datagram of %d; send less at once, or raise the PMTU" % (n, pmtu))
        self.flush(session)

    def pending(self, session):
        """Does anything wait to be sent?"""
        return session.output.end > session.output.start or self.flight.pending()

    def datagram(self, session):
        """The next datagram lies at output.buf[output.start:]: how long it is, 0 when there is none. A flight that was not answered
        in time begins again."""
        out = session.output
        if self.left:
            return self.left
        f = self.flight
        if out.end == out.start:
            if not f.pending() and self.timeout(session) == 0:
                self._overdue(session)
            if f.pending():
                if out.room(min(pmtu, f.size(session))) < 0:
                    raise Error(_MEM_FAIL, _ALERT_NONE, "the output buffer is full at %d bytes; raise max_record or lower the PMTU" % out.limit)
                f.pack(session, self.old, min(pmtu, len(session.output.buf) - session.output.end))
        at = out.start
        while at < out.end:  # as many whole records as fit, at least one
            n = HEADER
            if _USE_CONNECTION_ID and out.buf[at] == _TLS12_CID:
                n += self.skip if out.buf[at + 4] == self.skip_epoch else self.skip_before
            n += out.buf[at + n - 2] << 8 | out.buf[at + n - 1]
            if self.left and (_DTLS_SEND_RECORDS_INDIVIDUALLY or self.left + n > pmtu):
                break
            self.left += n
            at += n
        return self.left

    def flush(self, session):
        """Seal what waits of the flight before anything that must come after it."""
        f = self.flight
        while f.pending():
            if session.output.room(min(pmtu, f.size(session))) < 0:
                raise Error(_MEM_FAIL, _ALERT_NONE, "the output buffer is full; send what get_outdata returns first")
            f.pack(session, self.old, min(pmtu, len(session.output.buf) - session.output.end))

    def sent(self, session):
        """What was sealed has gone: False when more of the flight waits, else the peer's time to answer begins."""
        if self.flight.pending():
            return False
        if self.flight.messages.end:
            self.flight.sent()
        return True

    def timeout(self, session):
        """Milliseconds until a flight must be sent again; 0: now, or something waits to be sent; -1: no timer runs."""
        if self.pending(session):
            return 0
        if session.hs is None or session.closing or not self.flight.messages.end:
            return -1
        return self.flight.left()

    def _overdue(self, session):
        if not self.flight.overdue():
            e = Error(_PROTOCOL_FAIL, _ALERT_NONE, "the peer does not answer; look whether it runs, and whether datagrams reach it")
            session.fail(e)
            raise e
        if self.flight.tries > 2:
            self.assembly.kept.end = 0  # a forged fragment may be among them
            self.early = None
        if _USE_DTLS_DEBUG_TRACE:
            trace.info(session, "dtls: no answer, the flight goes again; next wait %d ms" % self.flight.wait)

    def _again(self, session):
        self.flight.again()
        if _USE_DTLS_DEBUG_TRACE:
            trace.info(session, "dtls: the peer repeats itself, the flight goes again")

    def _release(self, session):
        # The flight has arrived, and no other follows: its messages and the keys that only it needed are gone.
        self.flight.clear()
        self.flight.answered = True
        if self.old:
            self.old.wipe()
            self.old = None

    def wipe(self):
        """Forget the flight and what was kept; what is sealed can still be sent."""
        self.flight.clear()
        if self.old:
            self.old.wipe()
            self.old = None
        self.assembly.kept.end = 0
        self.early = None

    def free(self):
        """Wipe and give back the buffers."""
        self.wipe()
        self.left = 0
        self.flight.messages.free()
        self.assembly.kept.free()
