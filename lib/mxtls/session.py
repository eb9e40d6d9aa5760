# SPDX-License-Identifier: MIT
"""A session: MatrixSSL's buffer calls over the record layer and a handshake. Sans-I/O.

    get_readbuf() -> the caller's transport fills it -> received_data(n) -> a record is opened in place ->
    handshake, alert, or plaintext handed out as a view of that same buffer -> processed_data() moves on
    get_writebuf(n) -> the caller writes -> encode_writebuf(n) seals in place -> get_outdata() -> sent_data(n)

Each call that returns a view (32 bytes of heap) has a twin that allocates nothing and returns a length;
the bytes then lie in `input.buf` or `output.buf` at the offset which the twin's docstring names.
What records are is in record_layer.py.
"""

from micropython import const

from mxtls.codes import (
    ALERT_CLOSE_NOTIFY as _ALERT_CLOSE_NOTIFY,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    ALERT_LEVEL_WARNING as _WARNING,
    ALERT_NONE as _ALERT_NONE,
    ALERT_RECORD_OVERFLOW as _ALERT_RECORD_OVERFLOW,
    APPLICATION_DATA as _APPLICATION_DATA,
    ARG_FAIL as _ARG_FAIL,
    CLOSING_DEAD as _DEAD,
    CLOSING_GOT as _GOT,
    CLOSING_SENT as _SENT,
    DISABLED_FEATURE_FAIL as _DISABLED_FEATURE_FAIL,
    ERROR as _ERROR,
    FAILURE as _FAILURE,
    HANDSHAKE_COMPLETE as _HANDSHAKE_COMPLETE,
    LIMIT_FAIL as _LIMIT_FAIL,
    MEM_FAIL as _MEM_FAIL,
    OPTION_DISABLE_CLIENT_AUTH as _OPTION_DISABLE_CLIENT_AUTH,
    OPTION_ENABLE_CLIENT_AUTH as _OPTION_ENABLE_CLIENT_AUTH,
    OPTION_FULL_HANDSHAKE as _OPTION_FULL_HANDSHAKE,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    REQUEST_CLOSE as _REQUEST_CLOSE,
    REQUEST_RECV as _REQUEST_RECV,
    REQUEST_SEND as _REQUEST_SEND,
    SUCCESS as _SUCCESS,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.config import (
    ENABLE_INSECURE_REHANDSHAKES as _ENABLE_INSECURE_REHANDSHAKES,
    ENABLE_SECURE_REHANDSHAKES as _ENABLE_SECURE_REHANDSHAKES,
    USE_ALPN as _USE_ALPN,
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
    USE_SSL_HANDSHAKE_MSG_TRACE as _USE_SSL_HANDSHAKE_MSG_TRACE,
    USE_SSL_INFORMATIONAL_TRACE as _USE_SSL_INFORMATIONAL_TRACE,
    USE_STEPS as _USE_STEPS,
    USE_TLS_1_3 as _USE_TLS_1_3,
)
from mxtls.errors import Error
from mxtls.kernels.mem import copy
from mxtls.record_layer import RecordLayer

if _USE_ARENA:
    import mxtls.memory as memory
if _USE_SSL_INFORMATIONAL_TRACE or _USE_SSL_HANDSHAKE_MSG_TRACE:
    pass

_HEADER = const(5)  # of a record
_SSL_MAX_DISABLED_CIPHERS = const(8)
_MOST_REHANDSHAKES = const(16)


class Session(RecordLayer):
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
    etm = False  # the last handshake with CBC had encrypt-then-MAC (RFC 7366)
    full = False  # the next handshake may not be an abbreviated one
    client_auth = True
    disabled = ()  # suites that this session does not take, or offer
    rehandshakes = 0
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
    if _USE_TLS_1_3:
        padding = 0  # TLS 1.3 records are padded to a multiple of it; set it before the handshake ends
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
        super().__init__(max_record, dtls)
        self.cipher_suite = 0
        self.resumed = False
        self.anonymous = False
        self.peer_certificate = None
        self.write_off = 0  # where get_writebuf's bytes lie, in output.buf
        self._write_end = 0  # where output.end was then
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
            moved = self.dtls.input_room(self)
        else:
            if inp.start < self._hs_end < self._rec:  # close the gap that records' headers left behind half a message
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

    def can_close(self):
        """Is there a connection to say goodbye on: may encode_closure_alert be called, under the keys of a handshake?"""
        return self.established and not self.closing & (_SENT | _DEAD)

    def encode_closure_alert(self):
        """Put close_notify into get_outdata; nothing can be written after it. Returns SUCCESS."""
        if self.closing & (_SENT | _DEAD):
            raise Error(_PROTOCOL_FAIL, _ALERT_NONE, "the session is closing already; delete it")
        self.send_alert(_WARNING, _ALERT_CLOSE_NOTIFY)
        self.closing |= _SENT
        return _SUCCESS

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

    guard(Session, "want_input received_data processed_data received_eof want_output encode_writebuf encode_to_outdata encode_closure_alert encode_rehandshake export delete")
    if _USE_DTLS:
        guard(Session, "get_outdata want_outdata sent_data")  # they seal
    if _USE_CLIENT:
        guard(ClientSession, "__init__")
    if _USE_SERVER:
        guard(ServerSession, "__init__")
