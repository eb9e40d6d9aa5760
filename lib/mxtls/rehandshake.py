# SPDX-License-Identifier: MIT
"""Negotiating again on an open session, as the application asks for it (matrixSslEncodeRehandshake; RFC 5746). Called by session.py."""

from mxtls.codes import (
    ALERT_NONE as _ALERT_NONE,
    DISABLED_FEATURE_FAIL as _DISABLED_FEATURE_FAIL,
    ERROR as _ERROR,
    HELLO_REQUEST as _HELLO_REQUEST,
    OPEN as _OPEN,
    OPTION_FULL_HANDSHAKE as _OPTION_FULL_HANDSHAKE,
    TLS1_3 as _TLS1_3,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.config import (
    USE_CLIENT_SIDE_SSL as _USE_CLIENT,
    USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
    USE_TLS_1_3 as _USE_TLS_1_3,
)
from mxtls.errors import Error

if _USE_ARENA:
    import mxtls.memory as memory


def encode(session, keys, cert_validator, session_option, cipher_suite):
    """See Session.encode_rehandshake."""
    if _USE_ARENA:
        memory.owner = session
    if session.state != _OPEN or session.closing:
        raise Error(_ERROR, _ALERT_NONE, "the session is not open, or negotiates already; wait for HANDSHAKE_COMPLETE")
    full = bool(keys or cert_validator or cipher_suite or session_option == _OPTION_FULL_HANDSHAKE)
    if _USE_TLS_1_3 and session.version == _TLS1_3:
        if full:
            raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "TLS 1.3 cannot negotiate again, only change its keys; connect again")
        from mxtls.handshake import schedule

        schedule.send_update(session, 1)
        session.completed = True  # who waits for HANDSHAKE_COMPLETE gets it when that is sent
        return 0
    if not _USE_REHANDSHAKES:
        raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "renegotiation is not in this build; enable ENABLE_SECURE_REHANDSHAKES")
    if not session.may_rehandshake():
        raise Error(_ERROR, _ALERT_NONE, "the peer lacks RFC 5746, so renegotiation is not safe; connect again")
    if _USE_SERVER and not session.client:
        import mxtls.handshake.server_start as server_start

        server_start.check(keys or session.keys, cert_validator or session.cert_validator)
        session.rehandshakes -= 1  # the ClientHello counts
    before = session.keys, session.cert_validator, session.full
    if keys:
        session.keys = keys
    if cert_validator:
        session.cert_validator = cert_validator
        session.client_auth = True
    try:
        if _USE_CLIENT and session.client:
            import mxtls.handshake.client_start as client_start

            client_start.start(session, cipher_suite, not full)
        elif _USE_SERVER:
            from mxtls.handshake.codec import Writer

            session.full = session.full or full
            w = Writer(session)
            w.begin(_HELLO_REQUEST, 0)
            w.finish()
    except (Error, MemoryError):
        session.keys, session.cert_validator, session.full = before
        session.hs = None
        session.state = _OPEN
        raise
    return 0
