# SPDX-License-Identifier: MIT
"""The client until the version is known: its ClientHello, and the ServerHello that chooses (RFC 5246 section 7.4.1, RFC 8446
section 4.1). From there client.py or client13.py goes on. Called by session.py and machine.py."""

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_NONE as _ALERT_NONE,
    ALERT_PROTOCOL_VERSION as _ALERT_PROTOCOL_VERSION,
    ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE,
    ARG_FAIL as _ARG_FAIL,
    CLIENT_HELLO as _CLIENT_HELLO,
    EXT_RENEGOTIATION_INFO as _RENEGOTIATION,
    KEY_ED25519 as _KEY_ED25519,
    KX_ECDHE as _KX_ECDHE,
    MODE_RC4 as _MODE_RC4,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SSL3 as _SSL3,
    TLS1_2 as _TLS1_2,
    TLS1_3 as _TLS1_3,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
    WAIT_SERVER_HELLO as _WAIT_SERVER_HELLO,
)
from mxtls.config import (
    USE_ALPN as _USE_ALPN,
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_DTLS as _USE_DTLS,
    USE_ED25519 as _USE_ED25519,
    USE_PSK as _USE_PSK,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SSL3 as _USE_SSL3,
    USE_TLS as _USE_TLS,
    USE_TLS_1_2 as _USE_TLS_1_2,
    USE_TLS_1_3 as _USE_TLS_1_3,
)
from mxtls.crypto.drbg import random_into
from mxtls.errors import Error
from mxtls.handshake.codec import Writer
from mxtls.handshake.machine import Handshake

# State, message, read, reply, next state, done. See machine.py.
TABLE = (
    (1, 0, "nothing", "", 1, ""),  # HelloRequest is ignored while a handshake runs (RFC 5246 section 7.4.1.1)
    (1, 2, "server_hello", "go_on", 0,
     "handshake.client_start handshake.client_hello handshake.client_hello13 handshake.extensions suites versions resume crypto.sign crypto.ecdh"
     " kernels.ec kernels.field kernels.x25519"),
)


def start(session, cipher_suite, resume=True):
    """Write the ClientHello. resume: offer the session that the application or an earlier handshake left."""
    from mxtls.suites import find

    if cipher_suite and not find(cipher_suite):
        raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "cipher suite 0x%04X is not in this build; choose another or enable its USE_ option" % cipher_suite)
    name = session.server_name
    if name is not None and (not 0 < len(name) < 254 or not min(name.encode()) > 32 or max(name.encode()) > 126):
        raise Error(_ARG_FAIL, _ALERT_NONE, "server_name is not a host name; give 1 to 253 ASCII characters")
    hs = Handshake()
    hs.suite = cipher_suite
    random_into(hs.random, 0, 32)
    if _USE_RESUMPTION:
        _offer_session(session, hs, resume)
    if _USE_TLS_1_3 and session.max_version == _TLS1_3 and not session.established:
        from mxtls.handshake import client_hello13

        client_hello13.prepare(session, hs)
    write(session, hs)


def write(session, hs):
    """The ClientHello: the first one, or the one that a HelloRetryRequest asked for."""
    from mxtls.handshake import client_hello
    from mxtls.suites import SUITES

    n = 220 + 2 * len(SUITES) + len(session.server_name or "") + len(hs.session_id)
    if _USE_ALPN:
        n += len(session.protocols)
    if _USE_CONNECTION_ID:
        n += 40
    if _USE_RESUMPTION and session.session_id:
        n += len(session.session_id.ticket)
    if session.extensions:
        for item in session.extensions.items:
            n += 4 + len(item[1])
    if _USE_TLS_1_3 and hs.modern:
        from mxtls.handshake import client_hello13

        n += client_hello13.size(hs)
    hs.client_version = min(session.max_version, _TLS1_2)
    if _USE_DTLS:
        from mxtls.versions import wire

        hs.client_version = wire(session, hs.client_version)
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
    elliptic = hs.older = False
    for row in SUITES:
        if row[8] and hs.suite in (0, row[0]) and usable(session, hs, row):
            w.put(row[0], 2)
            elliptic = elliptic or row[1] == _KX_ECDHE
            hs.older = hs.older or row[7] < 4
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
    session.role = None
    session.state = _WAIT_SERVER_HELLO
    w.finish()


def usable(session, hs, row):
    """Does the suite fit the versions and keys of the session?"""
    if row[0] in session.disabled:
        return False
    if row[7] == 4:
        return _USE_TLS_1_3 and hs.modern
    if row[7] > session.max_version & 255 or session.min_version > _TLS1_2:
        return False
    if _USE_DTLS and session.dtls and row[3] == _MODE_RC4:
        return False  # RC4 carries its state from record to record (RFC 6347 section 4.1.2.2)
    if _USE_PSK and row[2] == 0:
        return session.keys.psk is not None
    return True


def _offer_session(session, hs, resume):
    sid = session.session_id
    if sid and sid.id:
        if not resume or (hs.suite and hs.suite != sid.suite) or sid.suite in session.disabled:
            sid.clear()
        elif sid.version != _TLS1_3 and sid.fits(session):
            hs.session_id = sid.id


def nothing(session, hs, r):
    """HelloRequest has no body, and TLS 1.3 has no HelloRequest (RFC 8446 section 4)."""
    if _USE_TLS_1_3 and (hs.retried or session.min_version == _TLS1_3):
        raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a HelloRequest in TLS 1.3; the server is broken")
    session.count_empty()


def server_hello(session, hs, r):
    from mxtls.handshake import client_hello
    from mxtls.suites import find

    number = version = r.get(2)
    if _USE_DTLS and session.dtls:
        from mxtls.versions import level

        version = level(number) if number >> 8 == 0xFE else 0
    off = r.take(32)
    hs.random[32:] = r.buf[off : off + 32]
    end = r.vector(1)
    sid = bytes(r.buf[r.off : end])
    if len(sid) > 32:
        raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "the server's session id is too long; it is broken")
    r.off = end
    suite = r.get(2)
    compression = r.get(1)
    if _USE_TLS_1_3 and hs.modern:
        from mxtls.handshake import client_hello13

        number = version = client_hello13.version(session, hs, r, version)
    if not session.min_version <= version <= session.max_version or (session.established and number != session.version):
        raise Error(_PROTOCOL_FAIL, _ALERT_PROTOCOL_VERSION, "the server chose version 0x%04X, which is not allowed here; widen min_version or update the server" % number)
    top = _TLS1_3 if hs.modern else min(session.max_version, _TLS1_2)
    if _TLS1_2 <= top > version and hs.random[56:63] == b"DOWNGRD" and hs.random[63] < 2:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server knows a newer version than it chose; somebody changed the ClientHello on its way")
    hs.row = row = find(suite)
    if not row or hs.suite not in (0, suite) or not usable(session, hs, row) or row[7] > version & 255 or (row[7] == 4) != (version == _TLS1_3) or compression:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server chose a suite or compression that was not offered; it is broken")
    hs.version = version
    session.version = number
    session.cipher_suite = suite
    session.role = None
    hs.alg = row[6] if version >= _TLS1_2 else 0
    if _USE_TLS_1_3 and version == _TLS1_3:
        from mxtls.handshake import client13

        client13.server_hello(session, hs, r, sid)
    elif _USE_TLS_1_2 or _USE_TLS or _USE_SSL3:
        from mxtls.handshake import client

        client_hello.read(session, hs, r)
        _begin_transcript(session, hs)
        client.server_hello(session, hs, sid)


def _begin_transcript(session, hs):
    """The hash of the suite is known: take in the ClientHello."""
    from mxtls.handshake.transcript import transcript

    if not hs.transcript:
        keep = False
        if _USE_ED25519 and _USE_CLIENT_AUTH:
            private = session.keys.private
            keep = private and private.kind == _KEY_ED25519
        hs.transcript = transcript(hs.alg, keep)
        hs.transcript.update(hs.hello, 0, len(hs.hello))
        hs.hello = None


def go_on(session, hs):
    """After ServerHello has joined the transcript."""
    if _USE_TLS_1_3 and session.version == _TLS1_3:
        from mxtls.handshake import client13

        client13.after_hello(session, hs)
