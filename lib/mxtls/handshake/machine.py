# SPDX-License-Identifier: MIT
"""Runs the handshake tables. Called by session.py with handshake bytes as they arrive.

A role is a module with a TABLE of rows (state, message, read, reply, next, done):

    state    what the session waits for (WAIT_… of mxtls.codes)
    message  the handshake type, or CCS, that is welcome in that state; what no row welcomes is answered
             with unexpected_message, before its body has arrived
    read     the function that takes the message in: read(session, hs, reader)
    reply    the function that writes what we answer, "" for nothing. The message has joined the transcript by then. Where an answer takes more
             than one long computation, it leaves in hs.then the function that goes on
    next     the state that follows; 0 when read has chosen one itself
    done     modules that the handshake will not call again: a function costs heap as long as its module is loaded,
             so the port may forget them (mxtls_port.forget). They are imported where they are called, never at the top

so that reading a table is reading the protocol. A session in steps (session.stepwise) goes back to its caller after each read, each reply and
each certificate: between two long computations there is always such a place. Certificate is the one message that is not collected whole:
its certificates are taken in one by one as they arrive (handshake/certificates.py).
"""

from micropython import const

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE,
    CERTIFICATE as _CERTIFICATE,
    CERTIFICATE_STATUS as _CERTIFICATE_STATUS,
    CLIENT_HELLO as _CLIENT_HELLO,
    EXT_EXTENDED_MASTER_SECRET as _EMS,
    HELLO_REQUEST as _HELLO_REQUEST,
    KX_DHE as _KX_DHE,
    KX_ECDHE as _KX_ECDHE,
    KX_RSA as _KX_RSA,
    LIMIT_FAIL as _LIMIT_FAIL,
    OPEN as _OPEN,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    TLS1_3 as _TLS1_3,
    WAIT_CERTIFICATE_STATUS as _WAIT_CERTIFICATE_STATUS,
    WAIT_CLIENT_HELLO as _WAIT_CLIENT_HELLO,
    WAIT_SERVER_HELLO as _WAIT_SERVER_HELLO,
)
from mxtls.config import (
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_CLIENT_SIDE_SSL as _USE_CLIENT,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_DH as _USE_DH,
    USE_DTLS as _USE_DTLS,
    USE_ECDHE as _USE_ECDHE,
    USE_EXPORTER as _USE_EXPORTER,
    USE_OCSP_STAPLING as _USE_OCSP_STAPLING,
    USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_RSA_KEY_EXCHANGE as _USE_RSA_KEY_EXCHANGE,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
    USE_SSL3 as _USE_SSL3,
    USE_SSL_HANDSHAKE_MSG_TRACE as _USE_SSL_HANDSHAKE_MSG_TRACE,
    USE_STEPS as _USE_STEPS,
    USE_TLS as _USE_TLS,
    USE_TLS_1_2 as _USE_TLS_1_2,
    USE_TLS_1_3 as _USE_TLS_1_3,
    USE_X509 as _USE_X509,
)
from mxtls.errors import Error
from mxtls.handshake.codec import Reader
from mxtls.kernels.mem import copy, wipe
from mxtls_port import forget, sweep

if _USE_ARENA:
    from mxtls.memory import give as wipe, take
if _USE_SSL_HANDSHAKE_MSG_TRACE:
    import mxtls.trace as trace

_CCS = const(0x114)  # ChangeCipherSpec's place in the tables: no handshake message has this type


class Handshake:
    """What lives from the first hello to the last Finished, and no longer."""

    compressed = False  # a client's ec_point_formats lacks uncompressed, which TLS 1.3 does not mind

    def __init__(self):
        self.then = None  # the function that replies, or goes on with a reply
        self.done = ""  # modules that are done when it has
        self.row = None  # the suite's row
        self.suite = 0  # the one suite a client insists on
        self.client_version = 0  # as a ClientHello has it
        self.version = 0  # that was agreed on, as TLS numbers it
        self.hello = None  # the ClientHello, until the transcript's hash is known
        self.transcript = None
        self.random = take(64) if _USE_ARENA else bytearray(64)  # client_random || server_random
        self.master = take(48) if _USE_ARENA else bytearray(48)
        self.share = None  # our ephemeral key (ecdh.Share)
        self.public = None  # public values that the next function of a reply needs
        self.path = None  # the peer's chain (x509.chain.Path)
        self.schemes = None  # signature schemes the peer accepts, as it sent them
        self.scheme = 0  # the one we sign with
        self.groups = None  # named groups the peer accepts, as it sent them
        self.group = None  # the row of the one agreed on (ecdh.GROUPS)
        self.versions = None  # supported_versions, as the client sent them
        self.name = None  # server_name, as the client sent it
        self.fragment = 0  # max_fragment_length's code, as asked for
        self.limit = 0  # record_size_limit, as asked for
        self.alg = 0  # hash of the PRF and the transcript; 0 is MD5 with SHA-1
        self.session_id = b""
        self.new_ticket = b""  # that the server sent (RFC 5077)
        self.ticket_at = None  # where in the ClientHello its ticket lies
        self.protocols = None  # ALPN's list, as the client sent it
        self.resumed = False
        self.entry = None  # what a server resumes, in its cache
        self.premaster = None
        self.flags = 0  # extensions agreed on (extensions.py)
        self.next_rd = None  # protection from the next ChangeCipherSpec on
        self.next_wr = None
        self.left = 0  # bytes to come of a Certificate message
        self.list_left = -1  # and of the list in it; -1 before its length was read
        self.cert_wanted = False  # the server sent a CertificateRequest
        self.anonymous = True  # the peer has shown no certificate that was accepted
        if _USE_CONNECTION_ID:
            self.cid = b""  # what our records are to carry
        self.psk = None
        self.key = None  # the public key of the peer's certificate
        self.older = True  # a version before TLS 1.3 is possible
        self.modern = False  # TLS 1.3 is
        if _USE_TLS_1_3:
            self.rd_secret = self.wr_secret = b""  # handshake traffic secrets
            self.context = b""  # certificate_request_context, after the handshake alone
            self.retried = 0  # there was a HelloRetryRequest: of this suite
            self.cookie = b""
            self.identity = b""  # of the pre-shared key that a client offers
            self.psk_alg = 0  # its hash
            self.ticket = None  # the SessionId it is of, None for one that was loaded
            self.modes = b""  # psk_key_exchange_modes, as the client sent them
            self.shares = None  # where in the ClientHello its key shares lie, and its pre-shared keys
            self.offers = None
            self.psk_index = 0
            self.early = False  # the client sends early data, which we do not take
            self.hello_at = 0  # where the ClientHello begins in the input buffer
            self.same = b""  # digest of what a second ClientHello may not change

    def exchange(self):
        """The module of the suite's key exchange; None for a pre-shared key alone."""
        kx = self.row[1]
        if _USE_ECDHE and kx == _KX_ECDHE:
            from mxtls.handshake import kex_ecdhe as kex
        elif _USE_DH and kx == _KX_DHE:
            from mxtls.handshake import kex_dhe as kex
        elif _USE_RSA_KEY_EXCHANGE and kx == _KX_RSA:
            from mxtls.handshake import kex_rsa as kex
        else:
            kex = None
        return kex

    def wipe(self):
        wipe(self.random)
        wipe(self.master)
        if _USE_TLS_1_3 and self.rd_secret:
            wipe(self.rd_secret)
            wipe(self.wr_secret)
        if self.premaster:
            wipe(self.premaster)
        if self.share:
            self.share.wipe()
        if self.transcript:
            self.transcript.wipe()
        if self.next_rd:
            self.next_rd.wipe()
        if self.next_wr:
            self.next_wr.wipe()


def _row(session, message):
    if session.role is None:
        load_role(session)
    if _USE_OCSP_STAPLING and session.state == _WAIT_CERTIFICATE_STATUS and message != _CERTIFICATE_STATUS:
        session.role.no_status(session, session.hs)  # the server announced it and left it out
    for row in session.role.TABLE:
        if row[0] == session.state and row[1] == message:
            return row
    raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "message %d does not belong here (state %d); the peer is broken" % (message, session.state))


def load_role(session):
    """The module of the session's side, version and state."""
    if _USE_CLIENT and session.client:
        if session.state == _WAIT_SERVER_HELLO:
            import mxtls.handshake.client_start as role
        elif _USE_TLS_1_3 and session.version == _TLS1_3:
            import mxtls.handshake.client13 as role
        elif _USE_TLS_1_2 or _USE_TLS or _USE_SSL3:
            import mxtls.handshake.client as role
    elif _USE_SERVER:
        if session.state == _WAIT_CLIENT_HELLO:
            import mxtls.handshake.server_start as role
        elif _USE_TLS_1_3 and session.version == _TLS1_3:
            import mxtls.handshake.server13 as role
        elif _USE_TLS_1_2 or _USE_TLS or _USE_SSL3:
            import mxtls.handshake.server as role
    session.role = role


def advance(session, off, end):
    """Take in the handshake bytes input.buf[off:end]. Returns where the unread ones begin, and how many more
    bytes are needed to go on. A session in steps comes back after one of them and is busy, as it might go on at once."""
    head = 12 if _USE_DTLS and session.dtls else 4  # a message's header: over DTLS, that of a fragment that is whole
    if _USE_STEPS:
        session.busy = False
    while True:
        if _USE_TLS_1_3 and session.key_changed:
            session.key_changed = False
            if off != end or session.in_record():
                raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a record goes on behind a change of keys; the peer is broken")
        sweep()
        if _USE_STEPS and session.stepwise and head == 4:
            if session.busy:
                return off, 1
            session.busy = True
        hs = session.hs
        if hs and hs.then:
            reply(session, hs)
            continue
        buf = session.input.buf
        have = end - off
        if _USE_X509 and hs and hs.left:
            from mxtls.handshake import certificates

            n = certificates.take(session, hs, buf, off, end)
            if n < 0:
                need = -n
                break
            hs.transcript.update(buf, off, n)
            off += n
            hs.left -= n
            hs.then = _look
            certificates = None
            continue
        need = head - have
        if need > 0:
            break
        kind = buf[off]
        if _USE_SERVER and _USE_REHANDSHAKES and kind == _CLIENT_HELLO and session.state == _OPEN and not session.client and session.version != _TLS1_3:
            load_role(session)
            session.role.start_again(session)
            hs = session.hs
        row = _row(session, kind)
        n = (buf[off + 1] << 16 | buf[off + 2] << 8 | buf[off + 3]) + head
        if _USE_SSL_HANDSHAKE_MSG_TRACE and (kind == _CERTIFICATE or have >= n):
            trace.message(session, "<-", kind, n - head)
        if _USE_X509 and kind == _CERTIFICATE:
            getattr(session.role, row[2])(session, hs, n - head)
            hs.transcript.update(buf, off, head)
            hs.left = n - head
            off += head
            continue
        if n > session.input.limit - 325:
            raise Error(_LIMIT_FAIL, _ALERT_DECODE_ERROR, "a handshake message of %d bytes is too long; raise max_record" % n)
        need = n - have
        if need > 0:
            break
        run(session, row, Reader(buf, off + head, off + n), off, n)
        off += n
    if _USE_STEPS:
        session.busy = False
    return off, need


def run(session, row, reader, off, n):
    """One message: read, join the transcript, go on to the next state; the reply, where there is one, is next."""
    hs = session.hs
    role = session.role
    getattr(role, row[2])(session, hs, reader)
    reader.done(reader.end)
    if row[4]:
        session.state = row[4]
    if hs:
        if hs.transcript and n and row[1] != _HELLO_REQUEST:
            hs.transcript.update(reader.buf, off, n)
        if row[3]:
            hs.then = getattr(role, row[3])
            hs.done = row[5]
            return
        if session.state == _OPEN:
            complete(session, hs)
    forget(row[5])


def reply(session, hs):
    """Reply, or go on with it; when that is all, the message is dealt with."""
    then = hs.then
    hs.then = None
    then(session, hs)
    if hs.then:
        return
    then = None
    if session.state == _OPEN:
        complete(session, hs)
    forget(hs.done)


if _USE_X509:

    def _look(session, hs):
        """A certificate, or the length of their list, has been taken in: does a trust anchor end the path?"""
        hs.done = ""
        if hs.path:
            hs.path.look()
        if hs.left == 0:
            hs.then = _certified

    def _certified(session, hs):
        """The Certificate message has been taken in: judge it."""
        from mxtls.handshake import certificates

        row = _row(session, _CERTIFICATE)
        hs.done = row[5]
        certificates.finish(session, hs, True)
        getattr(session.role, row[3])(session, hs)


def complete(session, hs):
    """The last message has come or gone: only what records need is kept."""
    session.resumed = hs.resumed
    if _USE_REHANDSHAKES:
        session.extended = session.extended or bool(hs.flags & _EMS)
        if not session.client:
            session.max_version = hs.version  # negotiating again keeps to it (RFC 8446 section 4.1.2)
    if _USE_EXPORTER and session.version != _TLS1_3 and hs.flags & _EMS:
        if session.exporter:
            wipe(session.exporter)
        session.exporter = bytearray(112)
        copy(session.exporter, 0, hs.master, 0, 48)
        copy(session.exporter, 48, hs.random, 0, 64)
    hs.wipe()
    session.hs = session.role = None
    session.completed = session.established = True
    session.quiet = False


def change_cipher_spec(session, buf, off, n):
    """A ChangeCipherSpec record (RFC 5246 section 7.1)."""
    row = _row(session, _CCS)
    reader = Reader(buf, off, off + n)
    if n != 1 or reader.get(1) != 1:
        raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a malformed ChangeCipherSpec; the peer is broken")
    if _USE_SSL_HANDSHAKE_MSG_TRACE:
        trace.message(session, "<-", _CCS, 1)
    run(session, row, reader, 0, 0)


if _USE_SSL3 and _USE_CLIENT_AUTH and _USE_SERVER:

    def no_certificate(session):
        """SSL 3.0's warning in the place of an empty Certificate (RFC 6101 section 5.6.6)."""
        _certified(session, session.hs)
