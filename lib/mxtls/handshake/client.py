# SPDX-License-Identifier: MIT
"""The client of SSL 3.0 to TLS 1.2, from the ServerHello on: its table and what it reads and writes (RFC 5246 section 7.3).
Called by client_start.py and machine.py."""

from mxtls.codes import (
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_LEVEL_WARNING as _WARNING,
    ALERT_NO_CERTIFICATE as _ALERT_NO_CERTIFICATE,
    ALERT_NO_RENEGOTIATION as _ALERT_NO_RENEGOTIATION,
    ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE,
    CERTIFICATE_VERIFY as _CERTIFICATE_VERIFY,
    CLIENT_KEY_EXCHANGE as _CLIENT_KEY_EXCHANGE,
    EXT_EXTENDED_MASTER_SECRET as _EMS,
    EXT_SESSION_TICKET as _TICKET,
    KEY_EC as _KEY_EC,
    KX_PSK as _KX_PSK,
    KX_RSA as _KX_RSA,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SSL3 as _SSL3,
    WAIT_CERTIFICATE as _WAIT_CERTIFICATE,
    WAIT_CERTIFICATE_REQUEST as _WAIT_CERTIFICATE_REQUEST,
    WAIT_CERTIFICATE_STATUS as _WAIT_CERTIFICATE_STATUS,
    WAIT_PSK_HINT as _WAIT_PSK_HINT,
    WAIT_RESUMED_CHANGE_CIPHER_SPEC as _WAIT_RESUMED_CHANGE_CIPHER_SPEC,
    WAIT_SERVER_KEY_EXCHANGE as _WAIT_SERVER_KEY_EXCHANGE,
)
from mxtls.config import (
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_OCSP_STAPLING as _USE_OCSP_STAPLING,
    USE_PSK as _USE_PSK,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SSL3 as _USE_SSL3,
    USE_X509 as _USE_X509,
)
from mxtls.errors import Error
from mxtls.handshake.codec import Writer
from mxtls_port import forget

# State, message, read, reply, next state, done: the numbers are WAIT_… and handshake types of mxtls.codes
# (0x114 is ChangeCipherSpec). See machine.py.
TABLE = (
    (2, 0, "nothing", "", 2, ""),  # HelloRequest is ignored while a handshake runs (RFC 5246 section 7.4.1.1)
    (3, 0, "nothing", "", 3, ""),
    (4, 0, "nothing", "", 4, ""),
    (5, 0, "nothing", "", 5, ""),
    (6, 0, "nothing", "", 6, ""),
    (2, 11, "certificate", "certified", 0,
     "handshake.certificates x509.chain x509.certificate x509.names x509.der x509.constraints x509.store x509.pubkey"),
    (16, 22, "certificate_status", "", 0, "", _USE_OCSP_STAPLING),
    (3, 12, "server_key_exchange", "draw", 4,
     "handshake.signed handshake.transcript handshake.kept crypto.sign crypto.ecdsa crypto.ed25519 crypto.rsa kernels.ec kernels.ed25519 kernels.field kernels.rsa kernels.x25519 kernels.dh"),
    (6, 12, "server_key_exchange", "draw", 5, ""),
    (4, 13, "certificate_request", "", 5, ""),
    (4, 14, "nothing", "send_flight", 14, ""),
    (5, 14, "nothing", "send_flight", 14, ""),
    (6, 14, "nothing", "send_flight", 14, ""),
    (7, 0x114, "change_cipher_spec", "", 8, ""),  # an abbreviated handshake: the server is first
    (8, 20, "finished", "send_finished", 20,
     "handshake.derive handshake.client handshake.machine handshake.codec crypto.prf crypto.prf10"),
    (7, 4, "new_session_ticket", "", 7, "", _USE_RESUMPTION),
    (14, 4, "new_session_ticket", "", 14, "", _USE_RESUMPTION),
    (14, 0x114, "change_cipher_spec", "", 15, ""),
    (15, 20, "finished", "remember", 20,
     "handshake.derive handshake.client handshake.machine handshake.codec crypto.prf crypto.prf10 resume"),
    (20, 0, "hello_request", "", 0, "handshake.client handshake.machine handshake.codec"),
)


def nothing(session, hs, r):
    """HelloRequest and ServerHelloDone have no body. Of the first some are borne, but not for ever."""
    session.count_empty()


def server_hello(session, hs, sid):
    """What follows the ServerHello: an abbreviated handshake, or which messages."""
    row = hs.row
    if _USE_RESUMPTION and sid and sid == hs.session_id:
        _resume(session, hs)
        return
    hs.session_id = sid
    if row[2]:
        session.state = _WAIT_CERTIFICATE
    elif row[1] == _KX_PSK:
        session.state = _WAIT_PSK_HINT
    else:
        session.state = _WAIT_SERVER_KEY_EXCHANGE


def _resume(session, hs):
    """The server agrees to the session that was offered: as it was, or not at all."""
    from mxtls.handshake import derive

    sid = session.session_id
    if not sid or sid.id != hs.session_id or sid.suite != session.cipher_suite or sid.version != session.version:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server resumed a session under another suite or version; it is broken")
    if sid.ems != bool(hs.flags & _EMS):
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "the server resumed a session without its extended master secret; forget the session")
    derive.copy_master(hs, sid)
    hs.resumed = True
    hs.anonymous = sid.anonymous
    derive.keys(session, hs)
    session.state = _WAIT_RESUMED_CHANGE_CIPHER_SPEC


def certificate(session, hs, n):
    if _USE_X509:
        from mxtls.handshake import certificates

        certificates.begin(session, hs, n)


def certified(session, hs):
    """The chain is good; static RSA needs no ServerKeyExchange. Or it was not yet judged, because its OCSP response may come."""
    if _USE_OCSP_STAPLING and hs.path:
        session.state = _WAIT_CERTIFICATE_STATUS
        return
    session.state = _WAIT_CERTIFICATE_REQUEST if hs.row[1] == _KX_RSA else _WAIT_SERVER_KEY_EXCHANGE


if _USE_OCSP_STAPLING:

    def certificate_status(session, hs, r):
        """The stapled OCSP response: now the chain is judged."""
        from mxtls.handshake import certificates

        certificates.read_status(session, r, True)
        no_status(session, hs)

    def no_status(session, hs):
        """There is none or no more to come (RFC 6066 section 8): judge the chain."""
        from mxtls.handshake import certificates

        certificates.finish(session, hs, False)
        certified(session, hs)
        certificates = None
        forget("handshake.certificates")


def server_key_exchange(session, hs, r):
    if _USE_PSK and hs.row[2] == 0:
        r.off = r.vector(2)  # a hint, which identity to use; the keys that are loaded say it better
    start = r.off
    kex = hs.exchange()
    if kex:
        kex.read_params(session, hs, r)
    if _USE_X509 and hs.row[2]:
        from mxtls.handshake import signed

        end = r.off
        scheme, signature = signed.read(session, hs, r)
        signed.check(hs, scheme, signed.params_digest(hs, scheme, r.buf, start, end - start), signature)


def draw(session, hs):
    """Our ephemeral key, now that the server's is known to be its own."""
    kex = hs.exchange()
    if kex:
        kex.draw(session, hs)
        hs.then = agree


def agree(session, hs):
    hs.premaster = hs.share.agree(hs.public, 0, len(hs.public))
    hs.public = None


def certificate_request(session, hs, r):
    """The server asks who we are. Without a certificate that fits, an empty one says so (RFC 5246 section 7.4.6)."""
    if not hs.row[2]:
        raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a CertificateRequest under a pre-shared key; the server is broken")
    hs.cert_wanted = True
    end = r.vector(1)
    kinds = bytes(r.buf[r.off : end])
    r.off = end
    if hs.alg:  # TLS 1.2
        end = r.filled(2)
        hs.schemes = bytes(r.buf[r.off : end])
        while r.off < end:
            r.take(2)
        r.done(end)
    end = r.vector(2)
    while r.off < end:  # names of CAs, which are not looked at
        r.off = r.filled(2)
    r.done(end)
    if _USE_CLIENT_AUTH and session.keys.private and session.keys.chain:
        from mxtls.handshake import signed

        private = session.keys.private
        if (64 if private.suits(_KEY_EC) else 1) in kinds:
            hs.scheme = signed.choose(session, private, hs.schemes, hs.alg)


def send_flight(session, hs):
    """Certificate when asked for, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished."""
    if _USE_X509 and hs.cert_wanted:
        _send_certificate(session, hs)
    identity = b""
    if _USE_PSK and hs.row[2] == 0:
        from mxtls.handshake import kex_psk

        name, key = kex_psk.identity(session)
        identity = len(name).to_bytes(2, "big") + name
    kex = hs.exchange()
    body = kex.public(session, hs) if kex else b""
    w = Writer(session)
    w.begin(_CLIENT_KEY_EXCHANGE, len(identity) + len(body))
    w.data(identity, 0, len(identity))
    w.data(body, 0, len(body))
    w.finish()
    if identity:
        kex_psk.mix(hs, key)
    body = kex = kex_psk = None
    forget("handshake.certificates handshake.kex_ecdhe handshake.kex_dhe handshake.kex_rsa handshake.kex_psk handshake.transcript handshake.kept crypto.ecdh crypto.dh crypto.rsa"
           " kernels.ec kernels.ed25519 kernels.field kernels.x25519 kernels.rsa kernels.dh")
    from mxtls.handshake import derive

    derive.secrets(session, hs)
    hs.then = _end_flight


def _end_flight(session, hs):
    from mxtls.handshake import derive

    if _USE_CLIENT_AUTH and hs.scheme and hs.cert_wanted:
        _send_verify(session, hs)
    derive.send_finished(session, hs)
    session.quiet = True


if _USE_X509:

    def _send_certificate(session, hs):
        from mxtls.handshake import certificates

        if hs.scheme:
            certificates.write(session, hs, session.keys.chain)
        elif _USE_SSL3 and session.version == _SSL3:
            session.send_alert(_WARNING, _ALERT_NO_CERTIFICATE)
        else:
            certificates.write(session, hs, ())


if _USE_CLIENT_AUTH:

    def _send_verify(session, hs):
        from mxtls.handshake import signed

        body = signed.make(session, hs.scheme, signed.messages_digest(session, hs, hs.scheme))
        w = Writer(session)
        w.begin(_CERTIFICATE_VERIFY, len(body))
        w.data(body, 0, len(body))
        w.finish()
        signed = None
        forget("handshake.signed crypto.sign crypto.ecdsa crypto.ed25519 crypto.rsa kernels.ec kernels.ed25519 kernels.field kernels.rsa")


def new_session_ticket(session, hs, r):
    """What resumes the session without the server's keeping it (RFC 5077 section 3.3): once, and only as agreed. One of over 1 KB is left."""
    if not hs.flags & _TICKET:
        raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a session ticket that was not announced, or a second one; the server is broken")
    hs.flags &= ~_TICKET
    r.take(4)  # how long it may be of use; the server knows
    end = r.vector(2)
    if end - r.off <= 1024:
        hs.new_ticket = bytes(r.buf[r.off : end])
    r.off = end


def change_cipher_spec(session, hs, r):
    from mxtls.handshake import derive

    derive.change_read(session, hs)


def finished(session, hs, r):
    from mxtls.handshake import derive

    derive.check_finished(session, hs, r)


def send_finished(session, hs):
    """The end of an abbreviated handshake."""
    from mxtls.handshake import derive

    derive.send_finished(session, hs)
    session.anonymous = hs.anonymous
    if _USE_RESUMPTION and hs.new_ticket:
        session.session_id.ticket = hs.new_ticket


def remember(session, hs):
    """The end of a full handshake: keep what resumes the session."""
    session.anonymous = hs.anonymous and hs.row[2] != 0
    if _USE_RESUMPTION and session.session_id is not None:
        session.session_id.store(session, hs)


def hello_request(session, hs, r):
    """The server wants to negotiate again; this build and the application decide."""
    if _USE_REHANDSHAKES and session.may_rehandshake():
        from mxtls.handshake import client_start

        client_start.start(session, 0)
    else:
        session.count_empty()
        session.send_alert(_WARNING, _ALERT_NO_RENEGOTIATION)
