# SPDX-License-Identifier: MIT
"""The client of SSL 3.0 to TLS 1.2: its table and what it reads and writes (RFC 5246 section 7.3). Called by session.py and machine.py."""

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_LEVEL_WARNING as _WARNING,
    ALERT_NO_CERTIFICATE as _ALERT_NO_CERTIFICATE,
    ALERT_NO_RENEGOTIATION as _ALERT_NO_RENEGOTIATION,
    ALERT_NONE as _ALERT_NONE,
    ALERT_PROTOCOL_VERSION as _ALERT_PROTOCOL_VERSION,
    ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE,
    ARG_FAIL as _ARG_FAIL,
    CERTIFICATE_VERIFY as _CERTIFICATE_VERIFY,
    CLIENT_HELLO as _CLIENT_HELLO,
    CLIENT_KEY_EXCHANGE as _CLIENT_KEY_EXCHANGE,
    EXT_EXTENDED_MASTER_SECRET as _EMS,
    EXT_RENEGOTIATION_INFO as _RENEGOTIATION,
    KEY_EC as _KEY_EC,
    KEY_RSA as _KEY_RSA,
    KX_ECDHE as _KX_ECDHE,
    KX_PSK as _KX_PSK,
    KX_RSA as _KX_RSA,
    MODE_RC4 as _MODE_RC4,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SSL3 as _SSL3,
    TLS1_2 as _TLS1_2,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
    WAIT_CERTIFICATE as _WAIT_CERTIFICATE,
    WAIT_CERTIFICATE_REQUEST as _WAIT_CERTIFICATE_REQUEST,
    WAIT_PSK_HINT as _WAIT_PSK_HINT,
    WAIT_RESUMED_CHANGE_CIPHER_SPEC as _WAIT_RESUMED_CHANGE_CIPHER_SPEC,
    WAIT_SERVER_HELLO as _WAIT_SERVER_HELLO,
    WAIT_SERVER_KEY_EXCHANGE as _WAIT_SERVER_KEY_EXCHANGE,
)
from mxtls.config import (
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_DTLS as _USE_DTLS,
    USE_PSK as _USE_PSK,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SSL3 as _USE_SSL3,
    USE_X509 as _USE_X509,
)
from mxtls.crypto.drbg import random_into
from mxtls.errors import Error
from mxtls.handshake.codec import Writer
from mxtls.handshake.machine import Handshake
from mxtls_port import forget

# State, message, read, reply, next state, done: the numbers are WAIT_… and handshake types of mxtls.codes
# (0x114 is ChangeCipherSpec). See machine.py.
TABLE = (
    (1, 0, "nothing", "", 1, ""),  # HelloRequest is ignored while a handshake runs (RFC 5246 section 7.4.1.1)
    (2, 0, "nothing", "", 2, ""),
    (3, 0, "nothing", "", 3, ""),
    (4, 0, "nothing", "", 4, ""),
    (5, 0, "nothing", "", 5, ""),
    (6, 0, "nothing", "", 6, ""),
    (1, 2, "server_hello", "", 0,
     "handshake.client_hello handshake.extensions suites versions resume crypto.sign crypto.ecdh"),
    (2, 11, "certificate", "certified", 0,
     "handshake.certificates x509.chain x509.certificate x509.names x509.der x509.constraints x509.pubkey"),
    (3, 12, "server_key_exchange", "", 4,
     "handshake.signed handshake.transcript crypto.sign crypto.ecdsa crypto.rsa kernels.ec kernels.field kernels.rsa kernels.x25519 kernels.dh"),
    (6, 12, "server_key_exchange", "", 5, ""),
    (4, 13, "certificate_request", "", 5, ""),
    (4, 14, "nothing", "send_flight", 14, ""),
    (5, 14, "nothing", "send_flight", 14, ""),
    (6, 14, "nothing", "send_flight", 14, ""),
    (7, 0x114, "change_cipher_spec", "", 8, ""),  # an abbreviated handshake: the server is first
    (8, 20, "finished", "send_finished", 20,
     "handshake.derive handshake.client handshake.machine handshake.codec crypto.prf crypto.prf10"),
    (14, 0x114, "change_cipher_spec", "", 15, ""),
    (15, 20, "finished", "remember", 20,
     "handshake.derive handshake.client handshake.machine handshake.codec crypto.prf crypto.prf10 resume"),
    (20, 0, "hello_request", "", 0, "handshake.client handshake.machine handshake.codec"),
)


def start(session, cipher_suite, resume=True):
    """Write the ClientHello. resume: offer the session id that the application or an earlier handshake left."""
    from mxtls.handshake import client_hello
    from mxtls.suites import SUITES, find

    if cipher_suite and not find(cipher_suite):
        raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "cipher suite 0x%04X is not in this build; choose another or enable its USE_ option" % cipher_suite)
    name = session.server_name
    if name is not None and (not 0 < len(name) < 254 or not min(name.encode()) > 32 or max(name.encode()) > 126):
        raise Error(_ARG_FAIL, _ALERT_NONE, "server_name is not a host name; give 1 to 253 ASCII characters")
    hs = Handshake()
    hs.suite = cipher_suite
    hs.client_version = session.max_version
    if _USE_DTLS:
        from mxtls.versions import wire

        hs.client_version = wire(session, session.max_version)
    random_into(hs.random, 0, 32)
    if _USE_RESUMPTION:
        _offer_session(session, hs, resume)
    n = 200 + 2 * len(SUITES) + len(session.server_name or "") + len(hs.session_id)
    if session.extensions:
        for item in session.extensions.items:
            n += 4 + len(item[1])
    w = Writer(session)
    w.begin(_CLIENT_HELLO, n)
    w.put(hs.client_version, 2)
    w.data(hs.random, 0, 32)
    w.put(len(hs.session_id), 1)
    w.data(hs.session_id, 0, len(hs.session_id))
    if _USE_DTLS and session.dtls:
        w.put(0, 1)  # a cookie, which a HelloVerifyRequest brings
    w.put(0, 2)
    mark = w.at
    elliptic = False
    for row in SUITES:
        if row[8] and cipher_suite in (0, row[0]) and _usable(session, row):
            w.put(row[0], 2)
            elliptic = elliptic or row[1] == _KX_ECDHE
    if w.at == mark:
        raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "no cipher suite of this build fits the versions and keys; load keys or enable more USE_ options")
    bare = _USE_SSL3 and session.max_version == _SSL3 and not session.established
    if bare:
        hs.flags = _RENEGOTIATION
        w.put(0x00FF, 2)  # SSL 3.0 has no extensions; this says what renegotiation_info would (RFC 5746 section 3.3)
    if session.fallback:
        w.put(0x5600, 2)  # TLS_FALLBACK_SCSV (RFC 7507)
    w.close(mark, 2)
    w.put(0x0100, 2)
    if not bare:
        client_hello.write(session, hs, w, elliptic)
    session.hs = hs
    session.state = _WAIT_SERVER_HELLO
    w.finish()


def _usable(session, row):
    """Does the suite fit the versions and keys of the session?"""
    if row[7] > session.max_version & 255:
        return False
    if _USE_DTLS and session.dtls and row[3] == _MODE_RC4:
        return False  # RC4 carries its state from record to record (RFC 6347 section 4.1.2.2)
    if _USE_PSK and row[2] == 0:
        return session.keys.psk is not None
    return True


def _offer_session(session, hs, resume):
    sid = session.session_id
    if sid and sid.id:
        if not resume or (hs.suite and hs.suite != sid.suite):
            sid.clear()
        elif sid.fits(session):
            hs.session_id = sid.id


def nothing(session, hs, r):
    """HelloRequest and ServerHelloDone: no body."""


def server_hello(session, hs, r):
    from mxtls.handshake import client_hello
    from mxtls.handshake.transcript import transcript
    from mxtls.suites import find

    number = version = r.get(2)
    if _USE_DTLS and session.dtls:
        from mxtls.versions import level

        version = level(number) if number >> 8 == 0xFE else 0
    if not session.min_version <= version <= session.max_version or (session.established and number != session.version):
        raise Error(_PROTOCOL_FAIL, _ALERT_PROTOCOL_VERSION, "the server chose version 0x%04X, which is not allowed here; widen min_version or update the server" % number)
    session.version = number
    off = r.take(32)
    hs.random[32:] = r.buf[off : off + 32]
    end = r.vector(1)
    sid = bytes(r.buf[r.off : end])
    if len(sid) > 32:
        raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "the server's session id is too long; it is broken")
    r.off = end
    suite = r.get(2)
    hs.row = row = find(suite)
    if not row or hs.suite not in (0, suite) or not _usable(session, row) or row[7] > version & 255 or r.get(1) != 0:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server chose a suite or compression that was not offered; it is broken")
    session.cipher_suite = suite
    client_hello.read(session, hs, r)
    hs.alg = row[6] if version >= _TLS1_2 else 0
    hs.transcript = transcript(hs.alg)
    hs.transcript.update(hs.hello, 0, len(hs.hello))
    hs.hello = None
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
    if sid.suite != session.cipher_suite or sid.version != session.version:
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
    """The chain is good; static RSA needs no ServerKeyExchange."""
    session.state = _WAIT_CERTIFICATE_REQUEST if hs.row[1] == _KX_RSA else _WAIT_SERVER_KEY_EXCHANGE


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


def certificate_request(session, hs, r):
    """The server asks who we are. Without a certificate that fits, an empty one says so (RFC 5246 section 7.4.6)."""
    if not hs.row[2]:
        raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a CertificateRequest under a pre-shared key; the server is broken")
    hs.cert_wanted = True
    end = r.vector(1)
    kinds = bytes(r.buf[r.off : end])
    r.off = end
    if hs.alg:  # TLS 1.2
        end = r.vector(2)
        hs.schemes = bytes(r.buf[r.off : end])
        r.off = end
    r.off = r.vector(2)
    if _USE_CLIENT_AUTH and session.keys.private and session.keys.chain:
        from mxtls.handshake import signed

        kind = session.keys.private.kind
        if (kind == _KEY_RSA and 1 in kinds) or (kind == _KEY_EC and 64 in kinds):
            hs.scheme = signed.choose(session, session.keys.private, hs.schemes, hs.alg)


def send_flight(session, hs):
    """Certificate when asked for, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished."""
    if hs.cert_wanted:
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
    forget("handshake.certificates handshake.kex_ecdhe handshake.kex_dhe handshake.kex_rsa handshake.kex_psk crypto.ecdh crypto.dh crypto.rsa kernels.ec kernels.field kernels.x25519 kernels.rsa kernels.dh")
    from mxtls.handshake import derive

    derive.secrets(session, hs)
    if _USE_CLIENT_AUTH and hs.scheme and hs.cert_wanted:
        _send_verify(session, hs)
    derive.send_finished(session, hs)
    session.quiet = True


def _send_certificate(session, hs):
    from mxtls.handshake import certificates

    if hs.scheme:
        certificates.write(session, hs, session.keys.chain)
    elif _USE_SSL3 and session.version == _SSL3:
        session.send_alert(_WARNING, _ALERT_NO_CERTIFICATE)
    else:
        certificates.write(session, hs, ())


def _send_verify(session, hs):
    from mxtls.handshake import signed

    body = signed.make(session, hs.scheme, signed.messages_digest(session, hs, hs.scheme))
    w = Writer(session)
    w.begin(_CERTIFICATE_VERIFY, len(body))
    w.data(body, 0, len(body))
    w.finish()
    signed = None
    forget("handshake.signed crypto.sign crypto.ecdsa crypto.rsa kernels.ec kernels.field kernels.rsa")


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


def remember(session, hs):
    """The end of a full handshake: keep what resumes the session."""
    session.anonymous = hs.anonymous and hs.row[2] != 0
    if _USE_RESUMPTION and session.session_id is not None:
        session.session_id.store(session, hs)


def hello_request(session, hs, r):
    """The server wants to negotiate again; this build and the application decide."""
    if _USE_REHANDSHAKES and session.may_rehandshake():
        start(session, 0)
    else:
        session.send_alert(_WARNING, _ALERT_NO_RENEGOTIATION)
