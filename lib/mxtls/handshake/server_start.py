# SPDX-License-Identifier: MIT
"""The server until the version is known: the ClientHello (RFC 5246 section 7.4.1.2, RFC 8446 sections 4.1.2 and 4.2.1). From there
server.py or server13.py goes on. Called by session.py and machine.py."""

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_INAPPROPRIATE_FALLBACK as _ALERT_INAPPROPRIATE_FALLBACK,
    ALERT_NO_APPLICATION_PROTOCOL as _ALERT_NO_APPLICATION_PROTOCOL,
    ALERT_NONE as _ALERT_NONE,
    ALERT_PROTOCOL_VERSION as _ALERT_PROTOCOL_VERSION,
    ARG_FAIL as _ARG_FAIL,
    EXT_ALPN as _ALPN,
    EXT_RECORD_SIZE_LIMIT as _LIMIT,
    EXT_RENEGOTIATION_INFO as _RENEGOTIATION,
    EXT_SERVER_NAME as _NAME,
    PARSE_FAIL as _PARSE_FAIL,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SSL3 as _SSL3,
    TLS1_2 as _TLS1_2,
    TLS1_3 as _TLS1_3,
    WAIT_CLIENT_HELLO as _WAIT_CLIENT_HELLO,
)
from mxtls.config import (
    SERVER_CAN_SEND_EMPTY_CERT_REQUEST as _SERVER_CAN_SEND_EMPTY_CERT_REQUEST,
    USE_ALPN as _USE_ALPN,
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_DTLS as _USE_DTLS,
    USE_PINNING as _USE_PINNING,
    USE_PSK as _USE_PSK,
    USE_SNI as _USE_SNI,
    USE_SSL3 as _USE_SSL3,
    USE_TLS as _USE_TLS,
    USE_TLS_1_2 as _USE_TLS_1_2,
    USE_TLS_1_3 as _USE_TLS_1_3,
    USE_TRUST_STORE as _USE_TRUST_STORE,
)
from mxtls.crypto.drbg import random_into
from mxtls.errors import Error
from mxtls.handshake.codec import contains
from mxtls.handshake.machine import Handshake

# State, message, read, reply, next state, done. See machine.py.
TABLE = (
    (10, 1, "client_hello", "answer_hello", 0,
     "handshake.server_start handshake.server_hello handshake.extensions handshake.certificates handshake.signed handshake.signed13"
     " handshake.transcript handshake.kept suites versions resume crypto.sign crypto.ecdsa crypto.ed25519 kernels.ed25519"),
)


def check(keys, cert_validator):
    """Can a server do with these?"""
    if not keys.private and not (_USE_PSK and keys.psk):
        raise Error(_ARG_FAIL, _ALERT_NONE, "a server needs a certificate and its private key, or a pre-shared key; load them into its Keys")
    trusted = keys.anchors
    if _USE_PINNING:
        trusted = trusted or keys.fingerprints
    if _USE_TRUST_STORE:
        trusted = trusted or keys.store
    if _USE_CLIENT_AUTH and cert_validator and not trusted and not _SERVER_CAN_SEND_EMPTY_CERT_REQUEST:
        raise Error(_ARG_FAIL, _ALERT_NONE, "no trusted CA to ask clients for certificates with; load some, or enable SERVER_CAN_SEND_EMPTY_CERT_REQUEST")


def start(session):
    """Wait for a ClientHello."""
    check(session.keys, session.cert_validator)
    session.hs = Handshake()
    session.role = None
    session.state = _WAIT_CLIENT_HELLO


def client_hello(session, hs, r):
    from mxtls.handshake import extensions, server_hello
    from mxtls.versions import choose

    if _USE_TLS_1_3:
        hs.hello_at = r.off - 4
    offered = hs.client_version = r.get(2)
    off = r.take(32)
    hs.random[:32] = r.buf[off : off + 32]
    end = r.vector(1)
    sid = r.off
    if end - sid > 32:
        raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "the client's session id is too long; it is broken")
    r.off = end
    if _USE_DTLS and session.dtls:
        r.off = r.vector(1)  # the cookie was looked at before there was a session (dtls_cookie.py)
    end = r.vector(2)
    suites = r.off
    if end == suites or (end - suites) & 1:
        raise Error(_PARSE_FAIL, _ALERT_DECODE_ERROR, "malformed list of cipher suites; the client is broken")
    r.off = end
    stop = r.vector(1)
    compressions = bytes(r.buf[r.off : stop])
    if not compressions:
        raise Error(_PARSE_FAIL, _ALERT_DECODE_ERROR, "malformed list of compressions; the client is broken")
    r.off = stop
    server_hello.read(session, hs, r)
    if 0 not in compressions:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the client does not offer null compression; it is broken")
    if contains(r.buf, suites, end, 0x00FF):  # TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746)
        if session.established:
            raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "the client says it negotiates first when it does so again; somebody spliced connections")
        hs.flags |= _RENEGOTIATION
    _choose_version(session, hs, offered, choose)
    if contains(r.buf, suites, end, 0x5600) and session.max_version > hs.version:  # TLS_FALLBACK_SCSV (RFC 7507)
        raise Error(_PROTOCOL_FAIL, _ALERT_INAPPROPRIATE_FALLBACK, "the client fell back to an older version without need; somebody may have forced it")
    if _USE_SNI and session.sni and hs.name:
        _choose_keys(session, hs)
    if _USE_ALPN and session.protocols and hs.protocols:
        _choose_protocol(session, hs)
    if hs.flags & _LIMIT:
        extensions.take_limit(session, hs.limit)
    session.role = None
    hs.session_id = bytes(r.buf[sid : sid + r.buf[sid - 1]])
    random_into(hs.random, 32, 32)
    if _USE_TLS_1_3 and session.version == _TLS1_3:
        from mxtls.handshake import server13

        if len(compressions) > 1:
            extensions.illegal("a TLS 1.3 client that offers compression")
        if offered <= _SSL3:
            raise Error(_PROTOCOL_FAIL, _ALERT_PROTOCOL_VERSION, "a hello of SSL 3.0 that asks for TLS 1.3 (RFC 8446 section D.5); the client is broken")
        server13.client_hello(session, hs, r, suites, end)
    elif _USE_TLS_1_2 or _USE_TLS or _USE_SSL3:
        from mxtls.handshake import server

        if _USE_TLS_1_3 and hs.retried:
            extensions.illegal("the second ClientHello does not ask for TLS 1.3 any more")
        if hs.compressed:
            extensions.illegal("ec_point_formats lacks uncompressed")
        extensions.check_secure(session, hs)
        if hs.version < session.max_version >= _TLS1_2 and not session.established:
            hs.random[56:] = b"DOWNGRD\x01" if hs.version == _TLS1_2 else b"DOWNGRD\x00"  # RFC 8446 section 4.1.3
        server.client_hello(session, hs, r.buf, suites, end)


def _choose_version(session, hs, offered, choose):
    """The newest version in common. A client that lists its versions (RFC 8446 section 4.2.1) means just those."""
    if _USE_DTLS:
        from mxtls.versions import wire
    version = choose(session, offered if _USE_DTLS and session.dtls else min(offered, _TLS1_2))
    if hs.versions is not None:
        version = 0
        for i in range(0, len(hs.versions), 2):
            number = hs.versions[i] << 8 | hs.versions[i + 1]
            mine = choose(session, number)
            if mine > max(version, _SSL3) and number == (wire(session, mine) if _USE_DTLS else mine):
                version = mine
    number = version
    if _USE_DTLS and version:
        number = wire(session, version)
    if not version or (session.established and number != session.version):
        raise Error(_PROTOCOL_FAIL, _ALERT_PROTOCOL_VERSION, "the client offers no version that is allowed here (0x%04X at most); update it or widen min_version" % offered)
    hs.version = version
    session.version = number
    if _USE_SSL3 and version == _SSL3:
        hs.flags &= _RENEGOTIATION


def _choose_keys(session, hs):
    """The keys for the name that the client asks for (RFC 6066 section 3)."""
    name = hs.name.decode().lower()
    if callable(session.sni):
        found = session.sni(name)
    else:
        found = session.sni.get(name) or session.sni.get("*" + name[max(name.find("."), 0) :])
    if found:
        check(found, session.cert_validator)
        session.keys = found
        hs.flags |= _NAME


def _choose_protocol(session, hs):
    """Our first application protocol that the client offers; strict (RFC 7301 section 3.2)."""
    from mxtls.alpn import has_protocol

    ours = session.protocols
    at = 0
    while at < len(ours):
        name = ours[at + 1 : at + 1 + ours[at]]
        if has_protocol(hs.protocols, name):
            session.alpn = name.decode()
            hs.flags |= _ALPN
            return
        at += 1 + len(name)
    raise Error(_PROTOCOL_FAIL, _ALERT_NO_APPLICATION_PROTOCOL, "the client offers none of our application protocols; offer one of them")


def answer_hello(session, hs):
    """The ClientHello has joined the transcript."""
    if _USE_TLS_1_3 and session.version == _TLS1_3:
        from mxtls.handshake import server13

        server13.answer_hello(session, hs)
    elif _USE_TLS_1_2 or _USE_TLS or _USE_SSL3:
        from mxtls.handshake import server

        server.answer_hello(session, hs)
