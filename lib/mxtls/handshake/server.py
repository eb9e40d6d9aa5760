# SPDX-License-Identifier: MIT
"""The server of SSL 3.0 to TLS 1.2, from the ClientHello on: its table and what it reads and writes (RFC 5246 section 7.3).
Called by server_start.py and machine.py."""

from mxtls.codes import (
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_INSUFFICIENT_SECURITY as _ALERT_INSUFFICIENT_SECURITY,
    ALERT_LEVEL_WARNING as _WARNING,
    ALERT_NO_RENEGOTIATION as _ALERT_NO_RENEGOTIATION,
    CERTIFICATE_REQUEST as _CERTIFICATE_REQUEST,
    EXT_EXTENDED_MASTER_SECRET as _EMS,
    EXT_SERVER_NAME as _NAME,
    EXT_SESSION_TICKET as _TICKET,
    KEY_ED25519 as _KEY_ED25519,
    KX_DHE as _KX_DHE,
    KX_ECDHE as _KX_ECDHE,
    KX_PSK as _KX_PSK,
    KX_RSA as _KX_RSA,
    MODE_RC4 as _MODE_RC4,
    NEW_SESSION_TICKET as _NEW_SESSION_TICKET,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SERVER_HELLO as _SERVER_HELLO,
    SERVER_HELLO_DONE as _SERVER_HELLO_DONE,
    SERVER_KEY_EXCHANGE as _SERVER_KEY_EXCHANGE,
    TLS1_2 as _TLS1_2,
    WAIT_CERTIFICATE_VERIFY as _WAIT_CERTIFICATE_VERIFY,
    WAIT_CHANGE_CIPHER_SPEC as _WAIT_CHANGE_CIPHER_SPEC,
    WAIT_CLIENT_CERTIFICATE as _WAIT_CLIENT_CERTIFICATE,
    WAIT_CLIENT_KEY_EXCHANGE as _WAIT_CLIENT_KEY_EXCHANGE,
    WAIT_RESUMED_CHANGE_CIPHER_SPEC as _WAIT_RESUMED_CHANGE_CIPHER_SPEC,
)
from mxtls.config import (
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_DH as _USE_DH,
    USE_DTLS as _USE_DTLS,
    USE_ECDHE as _USE_ECDHE,
    USE_ED25519 as _USE_ED25519,
    USE_PSK as _USE_PSK,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SESSION_TICKETS as _USE_SESSION_TICKETS,
    USE_X509 as _USE_X509,
)
from mxtls.crypto.drbg import random_into
from mxtls.errors import Error
from mxtls.handshake.codec import Writer, contains
from mxtls_port import forget

# State, message, read, reply, next state, done: the numbers are WAIT_… and handshake types of mxtls.codes
# (0x114 is ChangeCipherSpec). See machine.py.
TABLE = (
    (11, 11, "client_certificate", "client_certified", 12,
     "handshake.certificates x509.chain x509.certificate x509.names x509.der x509.constraints x509.store x509.pubkey"),
    (12, 16, "client_key_exchange", "take_secret", 0, ""),
    (13, 15, "certificate_verify", "", 14, "handshake.signed crypto.sign crypto.ecdsa crypto.ed25519 crypto.rsa kernels.ec kernels.ed25519 kernels.field kernels.rsa"),
    (14, 0x114, "change_cipher_spec", "", 15, ""),
    (15, 20, "finished", "send_finished", 20,
     "handshake.derive handshake.server handshake.machine handshake.codec crypto.prf crypto.prf10 resume"),
    (7, 0x114, "change_cipher_spec", "", 8, ""),  # an abbreviated handshake: the client is last
    (8, 20, "finished", "resumed", 20, "handshake.derive handshake.server handshake.machine handshake.codec crypto.prf crypto.prf10"),
    (20, 1, "refuse_rehandshake", "", 20, "handshake.server handshake.machine handshake.codec"),
)


def start_again(session):
    """A ClientHello on an open session: negotiate again if this build and the application allow it."""
    if session.may_rehandshake():
        from mxtls.handshake import server_start

        server_start.start(session)


def client_hello(session, hs, buf, suites, end):
    """Resume the client's session, or choose a suite of those at buf[suites:end]."""
    from mxtls.handshake.transcript import transcript

    sid = hs.session_id
    hs.session_id = b""
    if _USE_RESUMPTION:
        _resume(session, hs, sid, buf, suites, end)
    if not hs.resumed:
        session.server_name = hs.name
        hs.row = _choose(session, hs, buf, suites, end)
        if _USE_SESSION_TICKETS and not session.keys.tickets:
            hs.flags &= ~_TICKET
        if _USE_RESUMPTION and session.keys.max_sessions > 0 and not hs.flags & _TICKET:  # with a ticket, the client keeps it
            hs.session_id = bytearray(32)
            random_into(hs.session_id, 0, 32)
            hs.session_id = bytes(hs.session_id)
    session.cipher_suite = hs.row[0]
    hs.alg = hs.row[6] if hs.version >= _TLS1_2 else 0
    keep = False
    if _USE_ED25519 and hs.alg:
        keep = _asks(session, hs)
    hs.transcript = transcript(hs.alg, keep)


def _resume(session, hs, sid, buf, suites, end):
    """Find the client's session in the cache and see whether it may go on."""
    import mxtls.resume as resume
    from mxtls.suites import find

    session.server_name = hs.name
    ticket = _USE_SESSION_TICKETS and session.keys.tickets and hs.ticket_at and hs.ticket_at[1]
    if _USE_SESSION_TICKETS and ticket:  # then the session id is none of ours (RFC 5077 section 3.4)
        import mxtls.tickets as tickets

        entry = tickets.open(session, buf, hs.ticket_at[0], ticket)
        if entry:
            entry.id = sid
    else:
        entry = resume.recall(session, sid, 0, len(sid))
    if entry is None or session.full or entry.version != session.version:
        return
    if not contains(buf, suites, end, entry.suite):
        if ticket:
            return
        # A client must offer it (RFC 5246 section 7.4.1.2)
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the client resumes a session without offering its cipher suite; it is broken")
    import mxtls.library as library

    if entry.suite in session.disabled or entry.suite in library.disabled or (_USE_CLIENT_AUTH and session.cert_validator and session.client_auth and entry.anonymous):
        return
    if entry.ems and not hs.flags & _EMS:
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "the client resumes a session without its extended master secret; it is broken or somebody changed its hello")
    if hs.flags & _EMS and not entry.ems:
        return
    from mxtls.handshake import derive

    hs.row = find(entry.suite)
    hs.session_id = entry.id
    hs.anonymous = entry.anonymous
    hs.resumed = True
    hs.entry = entry
    hs.flags &= ~(_TICKET | _NAME)  # the name was answered when the session was made (RFC 6066 section 3)
    derive.copy_master(hs, entry)
    if _USE_SESSION_TICKETS and ticket:
        entry.clear()


def _choose(session, hs, buf, off, end):
    """The first suite of ours that the client offers and our keys, a group and a signature scheme fit."""
    import mxtls.library as library
    from mxtls.suites import SUITES

    alert = _ALERT_HANDSHAKE_FAILURE
    for row in SUITES:
        if _USE_DTLS and session.dtls and row[3] == _MODE_RC4:
            continue  # RC4 carries its state from record to record (RFC 6347 section 4.1.2.2)
        if row[8] and row[7] <= hs.version & 255 and contains(buf, off, end, row[0]) and _fits(session, hs, row):
            if _USE_DH and row[1] == _KX_DHE and not _agree_prime(session, hs):
                alert = _ALERT_INSUFFICIENT_SECURITY
            elif row[0] not in session.disabled and row[0] not in library.disabled:
                return row
    raise Error(_PROTOCOL_FAIL, alert, "no cipher suite, group and signature in common with the client; enable more on one side")


if _USE_DH:

    def _agree_prime(session, hs):
        """A client that names finite-field groups takes no other (RFC 7919 section 4). Ours is ffdhe2048, or the application's."""
        named = False
        if hs.groups and not session.keys.dh:
            for i in range(0, len(hs.groups), 2):
                if hs.groups[i] == 1:  # 256 to 511 are finite-field groups
                    if hs.groups[i + 1] == 0:
                        return True
                    named = True
        return not named


def _fits(session, hs, row):
    private = session.keys.private
    if row[2] == 0:
        if not (_USE_PSK and session.keys.psk):
            return False
    elif not private or not private.suits(row[2], row[1] == _KX_RSA):
        return False
    if _USE_ECDHE and row[1] == _KX_ECDHE and not _agree_group(hs):
        return False
    if row[2] and row[1] != _KX_RSA:
        from mxtls.handshake import signed

        hs.scheme = signed.choose(session, private, hs.schemes, 0)
        return hs.scheme
    return True


def _agree_group(hs):
    """The client's first group that we have. One that names none takes P-256 (RFC 8422 section 4)."""
    from mxtls.crypto import ecdh

    groups = b"\x00\x17" if hs.groups is None else hs.groups
    i = 0
    while i < len(groups) and not hs.group:
        hs.group = ecdh.find(groups[i] << 8 | groups[i + 1])
        i += 2
    return hs.group


def answer_hello(session, hs):
    """ServerHello; then an abbreviated handshake's end, or Certificate, ServerKeyExchange, CertificateRequest and ServerHelloDone."""
    from mxtls.handshake import server_hello

    w = Writer(session)
    w.begin(_SERVER_HELLO, 240 + len((session.alpn or "").encode()))
    w.put(session.version, 2)
    w.data(hs.random, 32, 32)
    w.put(len(hs.session_id), 1)
    w.data(hs.session_id, 0, len(hs.session_id))
    w.put(hs.row[0], 2)
    w.put(0, 1)
    server_hello.write(session, hs, w)
    w.finish()
    if hs.resumed:
        from mxtls.handshake import derive

        derive.keys(session, hs)
        derive.send_finished(session, hs)
        session.quiet = True
        session.state = _WAIT_RESUMED_CHANGE_CIPHER_SPEC
        return
    if _USE_X509 and hs.row[2]:
        from mxtls.handshake import certificates

        certificates.write(session, hs, session.keys.chain)
    if hs.row[1] != _KX_RSA and hs.row[1] != _KX_PSK:
        hs.public = hs.exchange().params(session, hs)
    hs.then = _end_flight


def _end_flight(session, hs):
    """ServerKeyExchange, CertificateRequest, both where they are due, and ServerHelloDone."""
    w = Writer(session)
    if hs.public:
        _send_params(session, hs, w)
    session.state = _WAIT_CLIENT_KEY_EXCHANGE
    if _asks(session, hs):
        _request_certificate(session, hs, w)
        session.state = _WAIT_CLIENT_CERTIFICATE
    w.begin(_SERVER_HELLO_DONE, 0)
    w.finish()


def _asks(session, hs):
    """Do we ask for the client's certificate?"""
    if not _USE_CLIENT_AUTH:
        return False
    return hs.row[2] and not hs.resumed and session.cert_validator and session.client_auth


def _send_params(session, hs, w):
    """ServerKeyExchange: an empty hint under a pre-shared key; the ephemeral key; its signature under a certificate."""
    params = hs.public
    hs.public = None
    signature = b""
    if _USE_X509 and hs.row[2]:
        from mxtls.handshake import signed

        signature = signed.make(session, hs.scheme, signed.params_digest(hs, hs.scheme, params, 0, len(params)))
    w.begin(_SERVER_KEY_EXCHANGE, 2 + len(params) + len(signature))
    if not hs.row[2]:
        w.put(0, 2)
    w.data(params, 0, len(params))
    w.data(signature, 0, len(signature))
    w.finish()


def _request_certificate(session, hs, w):
    """CertificateRequest: the kinds of key, the schemes whose hash is the transcript's or that need none, the names of our CAs."""
    from mxtls.crypto.sign import SCHEMES

    size = 0
    for anchor in session.keys.anchors:
        size += 2 + anchor[4] - anchor[3]
    w.begin(_CERTIFICATE_REQUEST, 8 + 2 * len(SCHEMES) + size)
    w.put(0x020140, 3)  # rsa_sign and ecdsa_sign
    if hs.alg:  # TLS 1.2
        w.put(0, 2)
        mark = w.at
        for row in SCHEMES:
            if row[-1] and row[0] >= 0x0400 and row[2] in (hs.alg, 8):
                w.put(row[0], 2)
        w.close(mark, 2)
    w.put(size, 2)
    for buf, _, _, off, end in session.keys.anchors:
        w.put(end - off, 2)
        w.data(buf, off, end - off)
    w.finish()


def client_certificate(session, hs, n):
    if _USE_CLIENT_AUTH:
        from mxtls.handshake import certificates

        certificates.begin(session, hs, n)


def client_certified(session, hs):
    session.state = _WAIT_CLIENT_KEY_EXCHANGE
    if _USE_ED25519 and hs.alg and not (hs.key and hs.key.kind == _KEY_ED25519):
        hs.transcript.drop()


def client_key_exchange(session, hs, r):
    if _USE_PSK and hs.row[2] == 0:
        from mxtls.handshake import kex_psk

        hs.psk = kex_psk.read_identity(session, hs, r)
    kex = hs.exchange()
    if kex:
        kex.read_public(session, hs, r)


def take_secret(session, hs):
    if _USE_PSK and hs.psk:
        from mxtls.handshake import kex_psk

        kex_psk.mix(hs, hs.psk)
        hs.psk = kex_psk = None
    forget("handshake.kex_ecdhe handshake.kex_dhe handshake.kex_rsa handshake.kex_psk crypto.ecdh crypto.dh crypto.rsa"
           " kernels.ec kernels.ed25519 kernels.field kernels.rsa kernels.x25519 kernels.dh")
    from mxtls.handshake import derive

    derive.secrets(session, hs)
    session.state = _WAIT_CERTIFICATE_VERIFY if hs.key else _WAIT_CHANGE_CIPHER_SPEC


def certificate_verify(session, hs, r):
    """The client holds the key of its certificate."""
    if _USE_CLIENT_AUTH:
        from mxtls.handshake import signed

        scheme, signature = signed.read(session, hs, r)
        if hs.alg and signed.hash_of(scheme) not in (hs.alg, 8):
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the client signed with scheme 0x%04X, which was not asked for; it is broken" % scheme)
        signed.check(hs, scheme, signed.messages_digest(session, hs, scheme), signature)


def change_cipher_spec(session, hs, r):
    from mxtls.handshake import derive

    derive.change_read(session, hs)


def finished(session, hs, r):
    from mxtls.handshake import derive

    derive.check_finished(session, hs, r)


def send_finished(session, hs):
    """The end of a full handshake."""
    from mxtls.handshake import derive

    if _USE_SESSION_TICKETS and hs.flags & _TICKET:
        _send_ticket(session, hs)
    derive.send_finished(session, hs)
    session.anonymous = bool(_USE_CLIENT_AUTH and session.cert_validator and hs.row[2]) and hs.anonymous
    session.full = False
    if _USE_RESUMPTION:
        import mxtls.resume as resume

        resume.remember(session, hs)


def _send_ticket(session, hs):
    """NewSessionTicket (RFC 5077 section 3.3)."""
    import mxtls.resume as resume
    import mxtls.tickets as tickets

    entry = resume.SessionId()
    entry.store(session, hs)
    entry.anonymous = hs.key is None or hs.anonymous  # only who has shown a certificate may skip it the next time
    ticket = tickets.seal(session.keys, entry)
    entry.clear()
    w = Writer(session)
    w.begin(_NEW_SESSION_TICKET, 6 + len(ticket))
    w.put(session.keys.session_lifetime, 4)
    w.put(len(ticket), 2)
    w.data(ticket, 0, len(ticket))
    w.finish()


def resumed(session, hs):
    """The end of an abbreviated handshake."""
    session.anonymous = session.cert_validator is not None and hs.anonymous
    session.session_id = hs.entry  # a fatal error clears it, from now on: the client holds its secret


def refuse_rehandshake(session, hs, r):
    r.off = r.end
    session.count_empty()
    session.send_alert(_WARNING, _ALERT_NO_RENEGOTIATION)
