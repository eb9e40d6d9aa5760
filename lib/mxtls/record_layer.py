# SPDX-License-Identifier: MIT
"""The record layer of a session (RFC 5246 section 6.2, RFC 8446 section 5): what has come is cut into records, which are opened in place, and
handed on; what goes becomes records, in place. And the end of it: alerts, and keys that are wiped. Base class of session.py's.

Handshake records that are not yet encrypted are consumed as their bytes arrive; any other record is collected whole before it is opened.
"""

from micropython import const

from mxtls.buffers import Buffer
from mxtls.codes import (
    ALERT as _ALERT,
    ALERT_CLOSE_NOTIFY as _ALERT_CLOSE_NOTIFY,
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    ALERT_LEVEL_FATAL as _FATAL,
    ALERT_NO_CERTIFICATE as _ALERT_NO_CERTIFICATE,
    ALERT_NO_RENEGOTIATION as _ALERT_NO_RENEGOTIATION,
    ALERT_NONE as _ALERT_NONE,
    ALERT_RECORD_OVERFLOW as _ALERT_RECORD_OVERFLOW,
    ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE,
    ALERT_USER_CANCELED as _ALERT_USER_CANCELED,
    APP_DATA as _APP_DATA,
    APPLICATION_DATA as _APPLICATION_DATA,
    CHANGE_CIPHER_SPEC as _CHANGE_CIPHER_SPEC,
    CLOSING_DEAD as _DEAD,
    CLOSING_GOT as _GOT,
    CLOSING_SENT as _SENT,
    HANDSHAKE as _HANDSHAKE,
    MEM_FAIL as _MEM_FAIL,
    OPEN as _OPEN,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    RECEIVED_ALERT as _RECEIVED_ALERT,
    SSL3 as _SSL3,
    TLS1_2 as _TLS1_2,
    TLS1_3 as _TLS1_3,
    WAIT_CLIENT_CERTIFICATE as _WAIT_CLIENT_CERTIFICATE,
    WAIT_FINISHED as _WAIT_FINISHED,
    WAIT_RESUMED_FINISHED as _WAIT_RESUMED_FINISHED,
    WAIT_SERVER_HELLO as _WAIT_SERVER_HELLO,
)
from mxtls.config import (
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_CLIENT_SIDE_SSL as _USE_CLIENT,
    USE_DTLS as _USE_DTLS,
    USE_EXPORTER as _USE_EXPORTER,
    USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA,
    USE_POST_HANDSHAKE_AUTH as _USE_POST_HANDSHAKE_AUTH,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
    USE_SPLIT as _USE_SPLIT,
    USE_SSL3 as _USE_SSL3,
    USE_SSL_HANDSHAKE_MSG_TRACE as _USE_SSL_HANDSHAKE_MSG_TRACE,
    USE_SSL_INFORMATIONAL_TRACE as _USE_SSL_INFORMATIONAL_TRACE,
    USE_STEPS as _USE_STEPS,
    USE_TLS_1_3 as _USE_TLS_1_3,
)
from mxtls.errors import Error
from mxtls.kernels.mem import copy, record_header, wipe

if _USE_ARENA:
    import mxtls.memory as memory
if _USE_SSL_INFORMATIONAL_TRACE or _USE_SSL_HANDSHAKE_MSG_TRACE:
    import mxtls.trace as trace

_HEADER = const(5)
_EXPANSION = const(325)  # the most that a header, an IV, a MAC and padding add to a record's plaintext
_FIRST_INPUT = const(512)  # the buffers before they grow
_FIRST_OUTPUT = const(256)
_MESSAGE = const(4096)  # a certificate of this size fits however small max_record is
_MOST_MESSAGES = const(32)
_MOST_EMPTY = const(32)  # records in a row that carry nothing, warnings included


class RecordLayer:
    """input and output: the buffers. rd and wr: record protection each way, None while in the clear. closing: the CLOSING_ bits."""

    # What few sessions set costs nothing here
    split = 0  # bytes of a record that comes before each: 1/n-1 splitting
    if _USE_DTLS:
        dropped = 0  # records and fragments of datagrams that were not taken
    if _USE_TLS_1_3:
        key_changed = False  # the message that was read changed the keys: nothing may follow it in its record

    def __init__(self, max_record, dtls):
        # What each record asks for is an instance's own, as MicroPython finds that ten times as fast as what a class has
        if _USE_DTLS:
            self.dtls = None  # what is otherwise over datagrams (dtls.py)
        if _USE_STEPS:
            self.busy = False  # received_data(0) goes on with what has come, where it is stepwise
        if _USE_TLS_1_3:
            self.secrets = None  # what an open TLS 1.3 session keeps (handshake/schedule.py)
            self.early = 0  # bytes of early data that are still skipped, as we refused them
        self.wanted_record = self.max_record = max_record  # of what we receive
        self.max_out = max_record  # of what we send; the peer may ask for less
        limit = max_record + _EXPANSION
        if max_record < _MESSAGE:
            limit = _MESSAGE + _EXPANSION
        if _USE_ARENA:
            memory.owner = self
        if _USE_DTLS and dtls:
            import mxtls.dtls as datagrams

            self.dtls = datagrams.Dtls(limit)
            limit += datagrams.pmtu
            self.input = Buffer(datagrams.pmtu, limit)
        else:
            self.input = Buffer(min(_FIRST_INPUT, limit), limit)
        self.output = Buffer(min(_FIRST_OUTPUT, limit), 2 * limit)
        self.rd = None
        self.wr = None
        self.hs = None  # the handshake in progress
        self.role = None  # its module, with the TABLE
        self.state = 0  # what the handshake waits for
        self.version = 0
        self.plain_off = 0  # the plaintext or alert handed out, in input.buf
        self.plain_len = -1  # -1: none
        self.write_len = 0  # bytes that get_writebuf gave
        self._rec = 0  # input.buf: the first byte not yet read as a record
        self._hs_end = 0  # input.buf: handshake bytes wait in [input.start, _hs_end)
        self._left = 0  # bytes to come of a handshake record in the clear
        self.need = _HEADER  # bytes without which nothing can go on
        self._empty = 0  # records in a row that carried nothing
        self.closing = 0
        self.completed = False  # a handshake has completed and the caller was not yet told
        self.established = False  # one has completed, ever

    # Receiving

    def _records(self):
        """Handle records until one must be shown to the caller (its status) or bytes are short (0)."""
        inp = self.input
        if _USE_STEPS and self.busy:
            self._handshake(self._hs_end, 0)
        while True:
            if _USE_STEPS and self.busy:
                return 0
            buf = inp.buf
            rec = self._rec
            have = inp.end - rec
            if self._left:
                n = min(have, self._left)
                if n == 0:
                    self.need = min(self._left, self.need)
                    return 0
                self._left -= n
                self._rec = rec + n
                self._handshake(rec, n)
                continue
            if have < _HEADER:
                self.need = _HEADER - have
                if have == 0 and inp.start == rec:  # all is consumed: begin again at the front
                    self._rec = self._hs_end = inp.start = inp.end = 0
                return 0
            kind = buf[rec]
            n = buf[rec + 3] << 8 | buf[rec + 4]
            self._check_header(kind, buf[rec + 1] << 8 | buf[rec + 2], n)
            if kind == _HANDSHAKE and self.rd is None:
                self._left = n
                self._rec = rec + _HEADER
                if n == 0:
                    if _USE_TLS_1_3 and self.version == _TLS1_3:
                        raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "an empty fragment of a handshake message; the peer is broken")
                    self.count_empty()
                continue
            if have < _HEADER + n:
                self.need = _HEADER + n - have
                return 0
            self._rec = rec + _HEADER + n
            status = self._record(kind, rec + _HEADER, n)
            if status:
                return status

    def _check_header(self, kind, version, n):
        if kind < _CHANGE_CIPHER_SPEC or kind > _APPLICATION_DATA or version >> 8 != 3:
            raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "this is not TLS: the peer speaks another protocol; check host and port")
        wanted = self.version
        if _USE_TLS_1_3 and wanted == _TLS1_3:
            wanted = 0  # its records' version means nothing (RFC 8446 section 5.1)
        if wanted and version != wanted and (kind != _ALERT or self.rd is not None):  # who refuses our version says so in another
            raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "a record of another version than was agreed; the peer is broken")
        most = self.max_record + (256 if _USE_TLS_1_3 and self.version == _TLS1_3 else _EXPANSION - _HEADER)
        if n > (16384 if self.rd is None else most):
            raise Error(_PROTOCOL_FAIL, _ALERT_RECORD_OVERFLOW, "a record of %d bytes is too long; the peer ignores max_record=%d" % (n, self.max_record))

    def _record(self, kind, off, n):
        """One whole record at input.buf[off:off+n]: open it and act on it; the status to show, or 0."""
        buf = self.input.buf
        rd = self.rd
        if _USE_TLS_1_3 and kind == _CHANGE_CIPHER_SPEC and (self.version == _TLS1_3 or (self.hs and self.hs.modern and not self.version)):
            self._middlebox(buf, off, n)
            return 0
        if _USE_TLS_1_3 and kind == _ALERT and n == 2 and self.version == _TLS1_3 and not self.client and self.state > _OPEN and rd.fresh():
            rd = None  # of a client that has failed before it had keys
        if rd is not None or (_USE_TLS_1_3 and self.early > 0 and kind == _APPLICATION_DATA):
            m = self._open_early(kind, off, n) if _USE_TLS_1_3 and self.early else rd.open(kind, self.version, buf, off, n)
            if _USE_TLS_1_3 and m < 0:
                return 0
            off += rd.pre
            n = m
            if _USE_TLS_1_3 and self.version == _TLS1_3:
                kind = rd.kind
                if rd.text > self.max_record + 1:
                    n = rd.text
                if kind < _ALERT or kind > _APPLICATION_DATA or (n == 0 and kind != _APPLICATION_DATA):
                    raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "an encrypted record of type %d and length %d; the peer is broken" % (kind, n))
            if n > self.max_record:
                raise Error(_PROTOCOL_FAIL, _ALERT_RECORD_OVERFLOW, "a record of %d bytes is too long; the peer ignores max_record=%d" % (n, self.max_record))
        if _USE_SSL_INFORMATIONAL_TRACE:
            trace.info(self, "<- record type %d, %d bytes%s" % (kind, n, ", was encrypted" if self.rd else ""))
        if kind == _HANDSHAKE and n:
            self._handshake(off, n)
            return 0
        if self._hs_end > self.input.start or (self.hs and self.hs.left):
            raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a record cuts a handshake message in two; the peer is broken")
        if kind == _APPLICATION_DATA:
            if not self.established or self.state == _WAIT_FINISHED or self.state == _WAIT_RESUMED_FINISHED:
                raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "application data before the handshake was done; the peer is broken")
            if n:
                self._empty = self.rehandshakes = 0
                self.completed = False
                self.plain_off = self.input.start = off
                self.plain_len = n
                return _APP_DATA
        elif kind == _ALERT:
            return self._alert(buf, off, n)
        elif kind == _CHANGE_CIPHER_SPEC:
            from mxtls.handshake import machine

            machine.change_cipher_spec(self, buf, off, n)
        if n == 0:
            self.count_empty()
        self.input.start = self._hs_end = self._rec
        return 0

    def _alert(self, buf, off, n):
        if _USE_SSL_INFORMATIONAL_TRACE and n == 2:
            trace.info(self, "<- alert level %d, description %d" % (buf[off], buf[off + 1]))
        if n != 2 or not 1 <= buf[off] <= 2:
            alert = _ALERT_ILLEGAL_PARAMETER if _USE_TLS_1_3 and n == 2 and self.version == _TLS1_3 else _ALERT_DECODE_ERROR
            raise Error(_PROTOCOL_FAIL, alert, "a malformed alert; the peer is broken")
        if buf[off + 1] == _ALERT_CLOSE_NOTIFY:
            self.closing |= _GOT
        elif buf[off] == _FATAL:
            self.closing |= _GOT | _DEAD | _SENT
            self._drop_secrets()
            self._forget_session()
        elif _USE_TLS_1_3 and self.version == _TLS1_3 and buf[off + 1] != _ALERT_USER_CANCELED:
            self.closing |= _GOT | _DEAD | _SENT  # there are no warnings in TLS 1.3 (RFC 8446 section 6)
            self._drop_secrets()
            self._forget_session()
        else:
            self.count_empty()
            if _USE_SSL3 and _USE_CLIENT_AUTH and _USE_SERVER and buf[off + 1] == _ALERT_NO_CERTIFICATE and self.state == _WAIT_CLIENT_CERTIFICATE and self.version == _SSL3:
                import mxtls.handshake.machine as machine

                machine.no_certificate(self)
            if _USE_REHANDSHAKES and _USE_CLIENT and buf[off + 1] == _ALERT_NO_RENEGOTIATION and self.state == _WAIT_SERVER_HELLO and self.established:
                self.hs.wipe()  # our ClientHello was in vain; all goes on as it was
                self.hs = None
                self.state = _OPEN
        if not (_USE_DTLS and self.dtls):
            self.input.start = off
        self.plain_off = off
        self.plain_len = 2
        return _RECEIVED_ALERT

    def count_empty(self):
        """A record or message that asks for nothing came; so many in a row are too many."""
        self._empty += 1
        if self._empty > _MOST_EMPTY:
            raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "too many empty records, warnings or HelloRequests in a row; the peer is broken or hostile")

    if _USE_TLS_1_3:

        def _middlebox(self, buf, off, n):
            """A ChangeCipherSpec in TLS 1.3: passed over while a handshake runs, and only there (RFC 8446 section 5)."""
            if n != 1 or buf[off] != 1 or self.established:
                raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a malformed or late ChangeCipherSpec; the peer is broken")
            if self._hs_end > self.input.start or (self.hs and self.hs.left):
                raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a record cuts a handshake message in two; the peer is broken")
            self.count_empty()
            self.input.start = self._hs_end = self._rec

        def _open_early(self, kind, off, n):
            """Open a record where early data may come that we have refused: it does not open, and is passed over (section 4.2.10); then -1."""
            if kind != _APPLICATION_DATA:
                self.early = 0
            if self.rd:
                try:
                    m = self.rd.open(kind, self.version, self.input.buf, off, n)
                    self.early = 0
                    return m
                except Error:
                    if self.early <= n:
                        raise
            self.early -= n + _HEADER
            self.input.start = self._hs_end = self._rec
            return -1

        def _renew(self):
            """The key has sealed as many records as it may: another one (RFC 8446 section 5.5)."""
            from mxtls.handshake import schedule

            if _USE_ARENA:
                memory.owner = self
            schedule.send_update(self, 0)

        def in_record(self):
            """Are there bytes to come of a handshake record in the clear?"""
            return self._left > 0

        def count_message(self):
            """Messages that an open session takes without data between them are bounded."""
            self.rehandshakes += 1
            if self.rehandshakes > _MOST_MESSAGES:
                raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "too many tickets or key updates without data between them; the peer is broken or hostile")

    def _handshake(self, off, n):
        """n more bytes of handshake messages: join them to those that wait, and run what is whole."""
        from mxtls.handshake import machine

        inp = self.input
        if inp.start == self._hs_end:
            inp.start = off
        elif off != self._hs_end:
            copy(inp.buf, self._hs_end, inp.buf, off, n)
            off = self._hs_end
        self._hs_end = off + n
        inp.start, self.need = machine.advance(self, inp.start, self._hs_end)
        if inp.start == self._hs_end:
            inp.start = self._hs_end = self._rec

    # Sending

    def head(self):
        """Bytes that a record has before its plaintext."""
        if _USE_DTLS and self.dtls:
            return self.dtls.head(self.wr)
        return _HEADER if self.wr is None else _HEADER + self.wr.pre

    def overhead(self):
        """The most bytes that a record has beside its plaintext."""
        return self.head() if self.wr is None else self.head() + self.wr.post

    if _USE_SPLIT:

        def _seal_data(self, off, n):
            """One record; or two, the first of one byte, where CBC would chain IVs that the peer's data can predict
            (TLS 1.0 and SSL 3.0; the attack is BEAST)."""
            if self.split:
                if n == 1:
                    copy(self.output.buf, off - self.split, self.output.buf, off, 1)
                    off -= self.split
                else:
                    first = off - self.split
                    copy(self.output.buf, first, self.output.buf, off, 1)
                    self.seal(_APPLICATION_DATA, first, 1)
                    off += 1
                    n -= 1
            self.seal(_APPLICATION_DATA, off, n)

    def seal(self, kind, off, n):
        """The n bytes at output.buf[off:] become a record, in place; output.end moves behind it."""
        if _USE_DTLS and self.dtls:
            self.dtls.seal(self, self.wr, kind, off, n)
            return
        out = self.output
        buf = out.buf
        wr = self.wr
        version = self.version
        if wr is not None:
            n = wr.seal(kind, version, buf, off, n)
            off -= wr.pre
        if _USE_TLS_1_3 and version == _TLS1_3:
            version = _TLS1_2
            if wr is not None:
                kind = _APPLICATION_DATA  # the true one is inside
        elif version == 0:
            version = min(0x0301, self.max_version)
        if _USE_SSL_INFORMATIONAL_TRACE:
            trace.info(self, "-> record type %d, %d bytes%s" % (kind, n, ", encrypted" if wr else ""))
        out.end = off + n
        record_header(buf, off - _HEADER, kind, version, n)

    # Closing

    def send_alert(self, level, description):
        if _USE_TLS_1_3 and self.version == _TLS1_3 and self.hs and self.hs.next_wr:
            from mxtls.handshake import schedule

            schedule.begin_write(self, self.hs)  # the peer expects it encrypted
        out = self.output
        if _USE_DTLS and self.dtls:
            self.dtls.flush(self)
        if out.room(2 + self.overhead()) < 0:
            raise Error(_MEM_FAIL, _ALERT_NONE, "the output buffer is full; send what get_outdata returns first")
        off = out.end + self.head()
        out.buf[off] = level
        out.buf[off + 1] = description
        self.write_len = 0
        if _USE_SSL_INFORMATIONAL_TRACE:
            trace.info(self, "-> alert level %d, description %d" % (level, description))
        self.seal(_ALERT, off, 2)

    def fail(self, e):
        """Close for good: the error's alert waits in get_outdata, the keys are gone. e is None without memory."""
        try:
            if _USE_DTLS and self.dtls:
                self.dtls.flight.clear()  # the alert comes in its place
            alert = e.alert if e else _ALERT_INTERNAL_ERROR
            if alert != _ALERT_NONE and not self.closing & (_SENT | _DEAD):
                self.send_alert(_FATAL, alert)
        except (Error, MemoryError):
            pass
        self.closing |= _SENT | _GOT | _DEAD
        self._drop_secrets()
        self._forget_session()

    def _forget_session(self):
        """After a fatal alert, sent or received, nobody resumes the session (RFC 5246 section 7.2.2)."""
        if _USE_RESUMPTION and self.session_id:
            self.session_id.clear()

    def _drop_secrets(self):
        """Wipe the keys; what lies in the output buffer can still be sent."""
        self.state = 0
        if self.hs:
            self.hs.wipe()
            self.hs = None
        if self.rd:
            self.rd.wipe()
            self.rd = None
        if self.wr:
            self.wr.wipe()
            self.wr = None
        if _USE_TLS_1_3 and self.secrets:
            self.secrets.wipe()
            self.secrets = None
        if _USE_POST_HANDSHAKE_AUTH and self.post_transcript:
            self.post_transcript.wipe()
            self.post_transcript = None
        if _USE_EXPORTER and self.exporter:
            wipe(self.exporter)
            self.exporter = None
        if _USE_DTLS and self.dtls:
            self.dtls.wipe()
