# SPDX-License-Identifier: MIT
"""A session: MatrixSSL's buffer calls over the record layer and a handshake. Sans-I/O.

    get_readbuf() -> the caller's transport fills it -> received_data(n) -> a record is opened in place ->
    handshake, alert, or plaintext handed out as a view of that same buffer -> processed_data() moves on
    get_writebuf(n) -> the caller writes -> encode_writebuf(n) seals in place -> get_outdata() -> sent_data(n)

Each call that returns a view (32 bytes of heap) has a twin that allocates nothing and returns a length;
the bytes then lie in `input.buf` or `output.buf` at the offset which the twin's docstring names.
Records follow RFC 5246 section 6.2. Handshake records that are not yet encrypted are consumed as their bytes
arrive; any other record is collected whole before it is opened.
"""

from micropython import const

from mxtls.buffers import Buffer
from mxtls.codes import (
    ALERT as _ALERT,
    ALERT_CLOSE_NOTIFY as _ALERT_CLOSE_NOTIFY,
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    ALERT_LEVEL_FATAL as _FATAL,
    ALERT_LEVEL_WARNING as _WARNING,
    ALERT_NO_CERTIFICATE as _ALERT_NO_CERTIFICATE,
    ALERT_NO_RENEGOTIATION as _ALERT_NO_RENEGOTIATION,
    ALERT_NONE as _ALERT_NONE,
    ALERT_RECORD_OVERFLOW as _ALERT_RECORD_OVERFLOW,
    ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE,
    ALERT_USER_CANCELED as _ALERT_USER_CANCELED,
    APP_DATA as _APP_DATA,
    APPLICATION_DATA as _APPLICATION_DATA,
    ARG_FAIL as _ARG_FAIL,
    CHANGE_CIPHER_SPEC as _CHANGE_CIPHER_SPEC,
    DISABLED_FEATURE_FAIL as _DISABLED_FEATURE_FAIL,
    ERROR as _ERROR,
    FAILURE as _FAILURE,
    HANDSHAKE as _HANDSHAKE,
    HANDSHAKE_COMPLETE as _HANDSHAKE_COMPLETE,
    LIMIT_FAIL as _LIMIT_FAIL,
    MEM_FAIL as _MEM_FAIL,
    OPEN as _OPEN,
    OPTION_DISABLE_CLIENT_AUTH as _OPTION_DISABLE_CLIENT_AUTH,
    OPTION_ENABLE_CLIENT_AUTH as _OPTION_ENABLE_CLIENT_AUTH,
    OPTION_FULL_HANDSHAKE as _OPTION_FULL_HANDSHAKE,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    RECEIVED_ALERT as _RECEIVED_ALERT,
    REQUEST_CLOSE as _REQUEST_CLOSE,
    REQUEST_RECV as _REQUEST_RECV,
    REQUEST_SEND as _REQUEST_SEND,
    SSL3 as _SSL3,
    SUCCESS as _SUCCESS,
    TLS1_2 as _TLS1_2,
    TLS1_3 as _TLS1_3,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
    WAIT_CLIENT_CERTIFICATE as _WAIT_CLIENT_CERTIFICATE,
    WAIT_FINISHED as _WAIT_FINISHED,
    WAIT_RESUMED_FINISHED as _WAIT_RESUMED_FINISHED,
    WAIT_SERVER_HELLO as _WAIT_SERVER_HELLO,
)
from mxtls.config import (
    ENABLE_INSECURE_REHANDSHAKES as _ENABLE_INSECURE_REHANDSHAKES,
    ENABLE_SECURE_REHANDSHAKES as _ENABLE_SECURE_REHANDSHAKES,
    USE_ALPN as _USE_ALPN,
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_CLIENT_SIDE_SSL as _USE_CLIENT,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_DTLS as _USE_DTLS,
    USE_EXPORTER as _USE_EXPORTER,
    USE_HELLO_EXTENSIONS as _USE_HELLO_EXTENSIONS,
    USE_MULTITHREADING as _USE_MULTITHREADING,
    USE_OCSP_STAPLING as _USE_OCSP_STAPLING,
    USE_PEER_CERTIFICATE as _USE_PEER_CERTIFICATE,
    USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA,
    USE_POST_HANDSHAKE_AUTH as _USE_POST_HANDSHAKE_AUTH,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
    USE_SNI as _USE_SNI,
    USE_SPLIT as _USE_SPLIT,
    USE_SSL3 as _USE_SSL3,
    USE_SSL_HANDSHAKE_MSG_TRACE as _USE_SSL_HANDSHAKE_MSG_TRACE,
    USE_SSL_INFORMATIONAL_TRACE as _USE_SSL_INFORMATIONAL_TRACE,
    USE_STEPS as _USE_STEPS,
    USE_TLS_1_3 as _USE_TLS_1_3,
)
from mxtls.errors import Error
from mxtls.kernels.mem import copy, wipe

if _USE_ARENA:
    import mxtls.memory as memory
if _USE_SSL_INFORMATIONAL_TRACE or _USE_SSL_HANDSHAKE_MSG_TRACE:
    import mxtls.trace as trace

_HEADER = const(5)
_EXPANSION = const(325)  # the most that a header, an IV, a MAC and padding add to a record's plaintext
_FIRST_INPUT = const(512)  # the buffers before they grow
_FIRST_OUTPUT = const(256)
_MESSAGE = const(4096)  # a certificate of this size fits however small max_record is
_SSL_MAX_DISABLED_CIPHERS = const(8)
_MOST_REHANDSHAKES = const(16)
_MOST_MESSAGES = const(32)
_MOST_EMPTY = const(32)  # records in a row that carry nothing, warnings included

# Session.closing, bits
_SENT = const(1)  # a closure or fatal alert is on its way out: nothing more is written
_GOT = const(2)  # the peer closed or failed: nothing more is read
_DEAD = const(4)  # a fatal error on either side


class Session:
    """What ClientSession and ServerSession share.

    max_record bounds a record's plaintext, both ways (512 to 16384); a peer is asked to keep to it
    (RFC 8449, RFC 6066). cert_validator(session, certificate, alert) is the reference's callback."""

    # What few sessions set costs nothing here
    client = False
    server_name = None
    session_id = None  # a client's SessionId; a server's entry in the cache
    extensions = None  # a client's HelloExtension
    extension_callback = None
    protocols = b""  # ALPN's list of what we offer or take
    alpn = None  # the application protocol agreed on
    sni = None  # a server's Keys by host name
    if _USE_EXPORTER:
        exporter = None  # what export grows from; TLS 1.3's exporter secret, or before it the master secret and both randoms
    hello_extensions_in = None  # the server's: (type, bytes) of each
    fallback = False
    client_verify = b""  # verify data of the last handshake (RFC 5746)
    server_verify = b""
    secure = False  # the peer knows RFC 5746
    extended = False  # the last handshake had an extended master secret (RFC 7627)
    full = False  # the next handshake may not be an abbreviated one
    client_auth = True
    disabled = ()  # suites that this session does not take, or offer
    rehandshakes = 0
    if _USE_DTLS:
        dropped = 0  # records and fragments of datagrams that were not taken
    if _USE_CONNECTION_ID:
        newest = False  # the last datagram brought an authentic record that is newer than all before it: where it came from is where the peer is
        peer_connection_id = None  # what our records carry for the peer; b"": it does not want any; None: connection ids were not agreed on
    if _USE_PEER_CERTIFICATE:
        keep_peer_certificate = False
        peer_der = None  # the peer's own certificate, where it is kept; it is there before anything has judged it
    if _USE_OCSP_STAPLING:
        ocsp = False  # a client asks for OCSP responses
        ocsp_response = None  # what the server stapled to its certificate: an OCSPResponse in DER (RFC 6960), not looked into
    if _USE_STEPS:
        stepwise = False  # over TLS: received_data and processed_data return after one long computation of a handshake
        busy = False  # then this says that received_data(0) goes on with what has come
    split = 0  # bytes of a record that comes before each: 1/n-1 splitting
    if _USE_TLS_1_3:
        padding = 0  # TLS 1.3 records are padded to a multiple of it; set it before the handshake ends
        key_changed = False  # the message that was read changed the keys: nothing may follow it in its record
        post_handshake_auth = False  # a client that shows its certificate also after the handshake
        post_transcript = None  # what that needs: the handshake's running hash

    def __init__(self, keys, cert_validator=None, max_record=16384, min_version=0, max_version=0, dtls=False):
        if not 512 <= max_record <= 16384:
            raise Error(_ARG_FAIL, _ALERT_NONE, "max_record is out of range; give 512 to 16384")
        self.keys = keys
        self.cert_validator = cert_validator
        if dtls and not _USE_DTLS:
            raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "DTLS is not in this build; enable USE_DTLS")
        import mxtls.versions as versions

        versions.bound(self, min_version, max_version, dtls)
        # What each record asks for is an instance's own, as MicroPython finds that ten times as fast as what a class has
        if _USE_DTLS:
            self.dtls = None  # what is otherwise over datagrams (dtls.py)
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
        self.rd = None  # record protection, each way; None while in the clear
        self.wr = None
        self.hs = None  # the handshake in progress
        self.role = None  # its module, with the TABLE
        self.state = 0  # what the handshake waits for
        self.version = 0
        self.cipher_suite = 0
        self.resumed = False
        self.anonymous = False
        self.peer_certificate = None
        self.plain_off = 0  # the plaintext or alert handed out, in input.buf
        self.plain_len = -1  # -1: none
        self.write_off = 0  # where get_writebuf's bytes lie, in output.buf
        self.write_len = 0
        self._write_end = 0  # where output.end was then
        self._rec = 0  # input.buf: the first byte not yet read as a record
        self._hs_end = 0  # input.buf: handshake bytes wait in [input.start, _hs_end)
        self._left = 0  # bytes to come of a handshake record in the clear
        self.need = _HEADER  # bytes without which nothing can go on
        self._empty = 0  # records in a row that carried nothing
        self.closing = 0
        self.completed = False  # a handshake has completed and the caller was not yet told
        self.established = False  # one has completed, ever
        self.quiet = False  # our Finished is out, the peer's is not in: no data now

    def _keep_certificate(self):
        if not _USE_PEER_CERTIFICATE:
            raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "keeping the peer's certificate is not in this build; enable USE_PEER_CERTIFICATE")
        self.keep_peer_certificate = True

    def _offer_connection_id(self, cid):
        if not _USE_CONNECTION_ID:
            raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "connection ids are not in this build; enable USE_CONNECTION_ID")
        import mxtls.dtls_cid as ids

        ids.offer(self, cid)

    def _take_protocols(self, names):
        if not _USE_ALPN:
            raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "application protocols are not in this build; enable USE_ALPN")
        from mxtls.alpn import protocol_list

        self.protocols = protocol_list(names)

    # Receiving

    def want_input(self):
        """Make room for what must come next and return how many bytes may be put into
        input.buf at input.end."""
        inp = self.input
        if _USE_DTLS and self.dtls:
            self.need = self.dtls.expected(inp)
        elif inp.start < self._hs_end < self._rec:  # close the gap that records' headers left behind half a message
            n = inp.end - self._rec
            copy(inp.buf, self._hs_end, inp.buf, self._rec, n)
            self._rec = self._hs_end
            inp.end = self._rec + n
        moved = inp.room(self.need)
        if moved < 0:
            e = Error(_LIMIT_FAIL, _ALERT_RECORD_OVERFLOW, "the input buffer is full at %d bytes; raise max_record" % inp.limit)
            self.fail(e)
            raise e
        self._rec -= moved
        self._hs_end -= moved
        self.plain_off -= moved
        return inp.size - inp.end

    def get_readbuf(self):
        """A writable view of the free part of the input buffer; fill it from its beginning, then call
        received_data. Twin: want_input."""
        n = self.want_input()
        end = self.input.end
        return memoryview(self.input.buf)[end : end + n]

    def received_data(self, n):
        """n bytes were put into the read buffer. Returns REQUEST_SEND, REQUEST_RECV, HANDSHAKE_COMPLETE,
        APP_DATA or RECEIVED_ALERT (then see plaintext, and call processed_data)."""
        inp = self.input
        if n < 0 or n > inp.size - inp.end:
            raise Error(_ARG_FAIL, _ALERT_NONE, "received_data: more bytes than get_readbuf offered")
        if self.plain_len >= 0:
            raise Error(_ARG_FAIL, _ALERT_NONE, "received_data: call processed_data first, plaintext waits")
        if self.closing & _GOT:
            raise Error(_PROTOCOL_FAIL, _ALERT_NONE, "the session is closed; delete it")
        inp.end += n
        return self._run(_REQUEST_RECV)

    def processed_data(self):
        """The plaintext or alert was dealt with. Returns SUCCESS when nothing is left in the buffer, REQUEST_RECV
        when part of a record is, or what received_data would for the next record."""
        if self.plain_len < 0:
            raise Error(_ARG_FAIL, _ALERT_NONE, "processed_data: no plaintext was handed out")
        self.plain_len = -1
        if not (_USE_DTLS and self.dtls):  # there part of a message may wait
            self.input.start = self._hs_end = self._rec
        if self.closing & _GOT:
            self._rec = self._hs_end = self.input.start = self.input.end = 0
            return _SUCCESS
        return self._run(_SUCCESS)

    def __getattr__(self, name):
        """plaintext: a view of the record's plaintext, or of an alert's two bytes, until processed_data is called.
        Twin: input.buf from plain_off, plain_len bytes. (Beside a property, every other attribute would be stored ten times as slowly.)"""
        if name != "plaintext":
            raise AttributeError(name)
        return memoryview(self.input.buf)[self.plain_off : self.plain_off + max(self.plain_len, 0)]

    def received_eof(self):
        """The transport ended. Raises Error unless the peer had said so with close_notify: what came may
        be cut short (RFC 5246 section 7.2.1)."""
        if not self.closing & (_GOT | _DEAD):
            self.closing |= _GOT
            if not self.established:
                text = "the peer hung up during the handshake; look at its log, it may not share a version or suite"
            else:
                text = "the peer hung up without close_notify; what it sent may be cut short"
            e = Error(_PROTOCOL_FAIL, _ALERT_NONE, text)
            self.fail(e)
            raise e

    def _run(self, idle):
        """Read records, and turn whatever goes wrong into one Error and a closed session."""
        if _USE_ARENA:
            memory.owner = self
        try:
            status = self.dtls.records(self) if _USE_DTLS and self.dtls else self._records()
            if status:
                return status
            if self.output.end > self.output.start:
                return _REQUEST_SEND
            if _USE_DTLS and self.dtls and self.dtls.pending(self):
                return _REQUEST_SEND
            if self.completed:
                self.completed = False
                return _HANDSHAKE_COMPLETE
            if idle == _SUCCESS and self.input.end > self.input.start:
                return _REQUEST_RECV
            return idle
        except Error as e:
            self.fail(e)
            raise
        except MemoryError:
            self.fail(None)
            raise
        except Exception as e:
            e = Error(_FAILURE, _ALERT_INTERNAL_ERROR, "internal error, please report it: " + repr(e))
            self.fail(e)
            raise e

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
        if rd is not None or (_USE_TLS_1_3 and self.early and kind == _APPLICATION_DATA):
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
        if self._hs_end > self.input.start:
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
            raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "a malformed alert; the peer is broken")
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
            if self._hs_end > self.input.start:
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
            self.early -= n
            self.input.start = self._hs_end = self._rec
            return -1

        def _renew(self):
            """The key has sealed as many records as it may: another one (RFC 8446 section 5.5)."""
            from mxtls.handshake import schedule

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

    def get_outdata(self):
        """A view of the bytes to send, empty when there are none. Call sent_data after sending. Over DTLS it is one datagram, and
        a flight that was not answered in time begins again. Twin: output.buf from output.start to output.end, or over DTLS
        as many bytes from output.start as want_outdata says."""
        out = self.output
        if _USE_DTLS and self.dtls:
            n = self.want_outdata()
            return memoryview(out.buf)[out.start : out.start + n]
        return memoryview(out.buf)[out.start : out.end]

    def sent_data(self, n):
        """n bytes of get_outdata were sent. Returns REQUEST_SEND (there is more), REQUEST_CLOSE (that was an alert
        which ends the session), HANDSHAKE_COMPLETE or SUCCESS."""
        out = self.output
        if n < 0 or n > (self.dtls.left if _USE_DTLS and self.dtls else out.end - out.start):
            raise Error(_ARG_FAIL, _ALERT_NONE, "sent_data: more bytes than get_outdata offered")
        out.start += n
        if _USE_DTLS and self.dtls:
            self.dtls.left -= n
        if out.start < out.end:
            return _REQUEST_SEND
        if not self.write_len:
            out.start = out.end = 0
        if _USE_DTLS and self.dtls and not self.dtls.sent(self):
            return _REQUEST_SEND
        if self.closing & _SENT:
            return _REQUEST_CLOSE
        if self.completed:
            self.completed = False
            return _HANDSHAKE_COMPLETE
        return _SUCCESS

    def head(self):
        """Bytes that a record has before its plaintext."""
        if _USE_DTLS and self.dtls:
            return self.dtls.head(self.wr)
        return _HEADER if self.wr is None else _HEADER + self.wr.pre

    def overhead(self):
        """The most bytes that a record has beside its plaintext."""
        return self.head() if self.wr is None else self.head() + self.wr.post

    def want_output(self, n):
        """Make room for a record with n bytes of application data and return how many fit it, perhaps fewer;
        they go to output.buf at write_off."""
        if self.closing or self.quiet or not self.established:
            self._check_writable()
        if n <= 0:
            raise Error(_ARG_FAIL, _ALERT_NONE, "get_writebuf: ask for at least one byte")
        if n > self.max_out:
            n = self.max_out
        wr = self.wr
        if _USE_TLS_1_3 and self.secrets is not None and wr.spent():
            self._renew()
            wr = self.wr
        head = _HEADER + wr.pre  # as head() has it
        if _USE_DTLS and self.dtls:
            n = self.dtls.room(self, n)
            head = self.head()
        if _USE_SPLIT:
            head += self.split
        out = self.output
        if out.end + head + n + wr.post > out.size and out.room(head + n + wr.post) < 0:
            raise Error(_MEM_FAIL, _ALERT_NONE, "the output buffer is full; send what get_outdata returns first")
        self._write_end = out.end
        self.write_off = out.end + head
        self.write_len = n
        return n

    def get_writebuf(self, n):
        """A writable view in the output buffer for up to n bytes of plaintext; it may be shorter than n.
        Write, then call encode_writebuf. Twin: want_output."""
        n = self.want_output(n)
        return memoryview(self.output.buf)[self.write_off : self.write_off + n]

    def encode_writebuf(self, n):
        """Seal the first n bytes of the write buffer; returns how many bytes now wait in get_outdata."""
        if self.closing or self.quiet or not self.established:
            self._check_writable()
        if n <= 0 or n > self.write_len:
            raise Error(_ARG_FAIL, _ALERT_NONE, "encode_writebuf: not the bytes that get_writebuf gave")
        out = self.output
        off = self.write_off
        if _USE_DTLS and self.dtls:
            self.dtls.check(self, n + self.overhead())
            self._write_end = off - self.head()
        if out.end != self._write_end:
            raise Error(_FAILURE, _ALERT_NONE, "encode_writebuf: the output buffer moved; call get_writebuf again")
        self.write_len = 0
        if _USE_SPLIT:
            self._seal_data(off, n)
        else:
            self.seal(_APPLICATION_DATA, off, n)
        return out.end - out.start

    def encode_to_outdata(self, data):
        """Seal a copy of data, at most 16384 bytes, in as many records as the peer's limit asks for; returns
        how many bytes now wait in get_outdata. data is left as it is."""
        self._check_writable()
        left = len(data)
        if left == 0:
            raise Error(_ARG_FAIL, _ALERT_NONE, "encode_to_outdata: no data")
        if left > 16384:
            raise Error(_LIMIT_FAIL, _ALERT_NONE, "encode_to_outdata: more than 16384 bytes; send them in parts")
        if _USE_TLS_1_3 and self.secrets is not None and self.wr.spent():
            self._renew()
        out = self.output
        most = self.max_out
        n = left + (self.split + self.overhead()) * (1 + (left - 1) // most)
        if _USE_DTLS and self.dtls:
            self.dtls.check(self, n)
        if out.room(n) < 0:
            raise Error(_MEM_FAIL, _ALERT_NONE, "the output buffer is full; send what get_outdata returns first, or less at once")
        at = 0
        while left:
            n = min(left, most)
            off = out.end + (self.split + self.head() if _USE_SPLIT else self.head())
            copy(out.buf, off, data, at, n)
            if _USE_SPLIT:
                self._seal_data(off, n)
            else:
                self.seal(_APPLICATION_DATA, off, n)
            at += n
            left -= n
        return out.end - out.start

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
                kind = _APPLICATION_DATA  # the true one is inside
        if _USE_SSL_INFORMATIONAL_TRACE:
            trace.info(self, "-> record type %d, %d bytes%s" % (kind, n, ", encrypted" if wr else ""))
        if version == 0:
            version = min(0x0301, self.max_version)
        elif _USE_TLS_1_3 and version == _TLS1_3:
            version = _TLS1_2
        out.end = off + n
        off -= _HEADER
        buf[off] = kind
        buf[off + 1] = version >> 8
        buf[off + 2] = version & 255
        buf[off + 3] = n >> 8
        buf[off + 4] = n & 255

    def _check_writable(self):
        if self.closing & (_SENT | _DEAD):
            raise Error(_PROTOCOL_FAIL, _ALERT_NONE, "the session is closing; nothing more can be sent")
        if not self.established or self.quiet:
            raise Error(_PROTOCOL_FAIL, _ALERT_NONE, "the handshake is not done; wait for HANDSHAKE_COMPLETE")

    if _USE_EXPORTER:

        def export(self, label, context=None, n=32):
            """n bytes of keying material for the application, which the peer gets too for the same label and context, bytes each
            (RFC 5705; RFC 8446 section 7.5). Before TLS 1.3 only under the extended master secret."""
            import mxtls.exporter as exporter

            return exporter.export(self, label, context, n)

    # Closing

    def encode_closure_alert(self):
        """Put close_notify into get_outdata; nothing can be written after it. Returns SUCCESS."""
        if self.closing & (_SENT | _DEAD):
            raise Error(_PROTOCOL_FAIL, _ALERT_NONE, "the session is closing already; delete it")
        self.send_alert(_WARNING, _ALERT_CLOSE_NOTIFY)
        self.closing |= _SENT
        return _SUCCESS

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

    def delete(self):
        """Wipe and free what the session holds. Harmless when called twice."""
        self._drop_secrets()
        self.closing |= _SENT | _GOT | _DEAD
        self.input.free()
        self.output.free()
        if _USE_DTLS and self.dtls:
            self.dtls.free()
        if _USE_ARENA:
            memory.release(self)
        self.plain_len = -1
        self.write_len = 0
        self.keys = self.cert_validator = self.peer_certificate = None
        if _USE_PEER_CERTIFICATE:
            self.peer_der = None
        if _USE_OCSP_STAPLING:
            self.ocsp_response = None

    # Datagrams

    if _USE_DTLS:

        def timeout(self):
            """Milliseconds until get_outdata should be called, because what it returned last was not answered and is rebuilt then; 0: now; -1:
            no timer runs."""
            return self.dtls.timeout(self) if self.dtls else -1

        def want_outdata(self):
            """The next datagram lies at output.buf[output.start:]; how many bytes it has, 0 when there is none."""
            if _USE_ARENA:
                memory.owner = self
            return self.dtls.datagram(self)

    # Handshakes, once more

    if _USE_REHANDSHAKES or _USE_TLS_1_3:

        def encode_rehandshake(self, keys=None, cert_validator=None, session_option=0, cipher_suite=0):
            """Put a ClientHello, or a server's HelloRequest, into get_outdata: negotiate again on this connection. With nothing but
            defaults the session is resumed under new keys; anything else asks for a full handshake, which TLS 1.3 does not know:
            there the call means a KeyUpdate, which the peer is asked for too, and which is complete as soon as it is sent. Returns SUCCESS."""
            import mxtls.rehandshake as rehandshake

            return rehandshake.encode(self, keys, cert_validator, session_option, cipher_suite)

    if _USE_REHANDSHAKES:

        def may_rehandshake(self):
            """Does this build allow it with this peer, now? At most 16 in a row without data between them."""
            if self.closing or self.rehandshakes >= _MOST_REHANDSHAKES:
                return False
            self.rehandshakes += 1
            return bool(_ENABLE_SECURE_REHANDSHAKES if self.secure else _ENABLE_INSECURE_REHANDSHAKES)

    if _USE_SERVER:

        def set_session_option(self, option):
            """OPTION_DISABLE_CLIENT_AUTH or OPTION_ENABLE_CLIENT_AUTH: does a server with a validator ask for certificates?"""
            if option == _OPTION_DISABLE_CLIENT_AUTH or option == _OPTION_ENABLE_CLIENT_AUTH:
                self.client_auth = option == _OPTION_ENABLE_CLIENT_AUTH
            elif option == _OPTION_FULL_HANDSHAKE:
                self.full = True
            else:
                raise Error(_ARG_FAIL, _ALERT_NONE, "there is no session option %s; see OPTION_…" % option)


if _USE_CLIENT:

    class ClientSession(Session):
        """A client. The ClientHello waits in get_outdata from the start.

        keys: what is trusted, and what the client shows or shares. session_id: a SessionId, filled here and offered the next time.
        cipher_suite: 0 for all of this build, or the one to insist on; disabled: numbers of those that are not offered. server_name: the host name or address that the certificate
        must carry; None accepts any name, for a cert_validator that checks it. extensions: a HelloExtension;
        extension_callback(session, type, data) sees each of the server's, and ends the handshake with a negative number.
        min_version, max_version: TLS1_2 or, over DTLS, DTLS1_2 and so on, 0 for what the build has. fallback: this is a second try with
        an older max_version (RFC 7507). dtls: over datagrams (dtls.py). alpn: names of application protocols, the preferred first;
        the one agreed on is in alpn. ocsp: ask for a stapled OCSP response, which is in ocsp_response (bytes, None where there was none) when the
        cert_validator is called and afterwards; it is not looked into. keep_peer_certificate: keep the server's own certificate, DER, in peer_der. post_handshake_auth:
        the server may ask for the certificate of keys also later (RFC 8446 section 4.6.2). connection_id: what the server's datagrams are
        to carry (RFC 9146), bytes of at most 32; b"": nothing, but ours carry what it asks for; None: the extension is not offered."""

        def __init__(
            self, keys, session_id=None, cipher_suite=0, cert_validator=None, extensions=None, extension_callback=None,
            server_name=None, min_version=0, max_version=0, max_record=16384, fallback=False, dtls=False, alpn=(),
            ocsp=False, keep_peer_certificate=False, post_handshake_auth=False, connection_id=None, disabled=(),
        ):
            super().__init__(keys, cert_validator, max_record, min_version, max_version, dtls)
            self.client = True
            if disabled:
                self.disabled = disabled
            if post_handshake_auth:
                if not _USE_POST_HANDSHAKE_AUTH:
                    raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "authentication after the handshake is not in this build; enable USE_POST_HANDSHAKE_AUTH")
                self.post_handshake_auth = True
            if server_name is not None:
                self.server_name = server_name
            if extensions is not None or extension_callback is not None:
                if not _USE_HELLO_EXTENSIONS:
                    raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "hello extensions are not in this build; enable USE_HELLO_EXTENSIONS")
                self.extensions = extensions
                self.extension_callback = extension_callback
            if alpn:
                self._take_protocols(alpn)
            if connection_id is not None:
                self._offer_connection_id(connection_id)
            if fallback:
                self.fallback = True
            if keep_peer_certificate:
                self._keep_certificate()
            if ocsp:
                if not _USE_OCSP_STAPLING:
                    raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "OCSP stapling is not in this build; enable USE_OCSP_STAPLING")
                self.ocsp = True
            if session_id is not None:
                self.session_id = session_id
            elif _USE_RESUMPTION and _USE_REHANDSHAKES:
                import mxtls.resume as resume

                self.session_id = resume.SessionId()
            import mxtls.handshake.client_start as client_start

            client_start.start(self, cipher_suite)

        def set_cipher_suite_enabled_status(self, suite, on):
            """A server's call (the reference's PS_UNSUPPORTED_FAIL): a client names its suite when it begins."""
            raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "only a server switches suites; give a client its cipher_suite")


if _USE_SERVER:

    class ServerSession(Session):
        """A server with the certificate chain and private key of keys, or pre-shared keys. A cert_validator means that
        clients are asked for certificates. alpn: names of application protocols, the preferred first; a client that offers some but
        none of them is refused (RFC 7301). sni: other Keys by the host name that the client asks for: a dictionary ("*.example.org" stands for
        one more label) or a function of the name; what they do not know has the server's own keys.
        keep_peer_certificate: keep a client's own certificate, DER, in peer_der. connection_id: what the client's datagrams are to carry, as
        a client has it; all sessions on one socket take ids of one length."""

        def __init__(self, keys, cert_validator=None, min_version=0, max_version=0, max_record=16384, dtls=False, alpn=(), sni=None, keep_peer_certificate=False, connection_id=None):
            super().__init__(keys, cert_validator, max_record, min_version, max_version, dtls)
            if alpn:
                self._take_protocols(alpn)
            if keep_peer_certificate:
                self._keep_certificate()
            if connection_id is not None:
                self._offer_connection_id(connection_id)
            if sni:
                if not _USE_SNI:
                    raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "keys by host name are not in this build; enable USE_SNI")
                self.sni = sni
            import mxtls.handshake.server_start as server_start

            server_start.start(self)

        def set_cipher_suite_enabled_status(self, suite, on):
            """Disable a suite for this session, 8 at most, or enable it again. Returns SUCCESS."""
            from mxtls.suites import find

            if not find(suite):
                raise Error(_ERROR, _ALERT_NONE, "cipher suite 0x%04X is not in this build; nothing to switch" % suite)
            if not self.disabled:
                self.disabled = []
            if on and suite in self.disabled:
                self.disabled.remove(suite)
            elif not on and suite not in self.disabled:
                if len(self.disabled) >= _SSL_MAX_DISABLED_CIPHERS:
                    raise Error(_LIMIT_FAIL, _ALERT_NONE, "a session can disable %d suites; disable others for all sessions" % _SSL_MAX_DISABLED_CIPHERS)
                self.disabled.append(suite)
            return _SUCCESS


if _USE_ARENA:
    if _USE_CLIENT:
        ClientSession.__init__ = memory.owned(ClientSession.__init__)
    if _USE_SERVER:
        ServerSession.__init__ = memory.owned(ServerSession.__init__)

if _USE_MULTITHREADING:
    from mxtls.lock import guard

    guard(Session, "received_data processed_data encode_writebuf encode_to_outdata encode_closure_alert encode_rehandshake delete")
    if _USE_DTLS:
        guard(Session, "get_outdata want_outdata sent_data")  # they seal
    if _USE_CLIENT:
        guard(ClientSession, "__init__")
    if _USE_SERVER:
        guard(ServerSession, "__init__")
