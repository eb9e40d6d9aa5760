# SPDX-License-Identifier: MIT
"""What both roles know of the hello extensions (RFC 5246 section 7.4.1.4). Called by client_hello.py and server_hello.py.

server_name, max_fragment_length and status_request (RFC 6066), supported_groups and ec_point_formats (RFC 8422), signature_algorithms
(RFC 5246), record_size_limit (RFC 8449), encrypt_then_mac (RFC 7366), extended_master_secret (RFC 7627),
renegotiation_info (RFC 5746), application_layer_protocol_negotiation (RFC 7301), session_ticket (RFC 5077), connection_id (RFC 9146); supported_versions, key_share, pre_shared_key, cookie, psk_key_exchange_modes and early_data (RFC 8446).
"""

from micropython import const

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_UNSUPPORTED_EXTENSION as _ALERT_UNSUPPORTED_EXTENSION,
    EXT_EXTENDED_MASTER_SECRET as _EMS,
    EXT_RENEGOTIATION_INFO as _RENEGOTIATION,
    PARSE_FAIL as _PARSE_FAIL,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    TLS1_3 as _TLS1_3,
)
from mxtls.config import (
    REQUIRE_SECURE_REHANDSHAKES as _REQUIRE_SECURE_REHANDSHAKES,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_TLS_1_3 as _USE_TLS_1_3,
)
from mxtls.errors import Error
from mxtls.kernels.ct import ct_equal

SERVER_NAME = const(0)
MAX_FRAGMENT_LENGTH = const(1)
STATUS_REQUEST = const(5)
SUPPORTED_GROUPS = const(10)
EC_POINT_FORMATS = const(11)
SIGNATURE_ALGORITHMS = const(13)
ALPN = const(16)
PADDING = const(21)
ENCRYPT_THEN_MAC = const(22)
EXTENDED_MASTER_SECRET = const(23)
RECORD_SIZE_LIMIT = const(28)
SESSION_TICKET = const(35)
PRE_SHARED_KEY = const(41)
EARLY_DATA = const(42)
SUPPORTED_VERSIONS = const(43)
COOKIE = const(44)
PSK_KEY_EXCHANGE_MODES = const(45)
CERTIFICATE_AUTHORITIES = const(47)
POST_HANDSHAKE_AUTH = const(49)
KEY_SHARE = const(51)
CONNECTION_ID = const(54)
RENEGOTIATION_INFO = const(0xFF01)

# Extensions that belong into some message of TLS 1.3
_KNOWN = b"\x00\x01\x05\x0a\x0d\x10\x1c\x29\x2a\x2b\x2c\x2d\x2f\x31\x33"


def illegal(text):
    raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, text + "; the peer is broken")


def unasked(kind):
    raise Error(_PROTOCOL_FAIL, _ALERT_UNSUPPORTED_EXTENSION, "the peer sent extension %d, which was not asked for; it is broken" % kind)


if _USE_TLS_1_3:

    def once(seen, kind):
        """No extension may come twice in a message; at most 64 of them."""
        if kind in seen or len(seen) == 64:
            illegal("extension %d came twice, or there are too many" % kind)
        seen.append(kind)

    def placed(kind):
        """An extension that we know from other messages of TLS 1.3 has no place in this one (RFC 8446 section 4.2)."""
        if kind < 256 and kind in _KNOWN:
            illegal("extension %d does not belong into this message" % kind)


def take_fragment(session, code):
    """max_fragment_length binds both directions."""
    session.max_out = min(session.max_out, 256 << code)
    session.max_record = min(session.max_record, 256 << code)


def take_limit(session, n):
    """record_size_limit: the longest plaintext that the peer takes."""
    if n < 64:
        illegal("record_size_limit %d is below 64" % n)
    if _USE_TLS_1_3 and session.version == _TLS1_3:
        n -= 1  # it counts the content type too
    session.max_out = min(session.max_out, n)


if _USE_CONNECTION_ID:

    def write_connection_id(session, w):
        """connection_id: what the peer's records are to carry (RFC 9146 section 3)."""
        n = len(session.dtls.cid)
        w.put(CONNECTION_ID, 2)
        w.put(n + 1, 2)
        w.put(n, 1)
        w.data(session.dtls.cid, 0, n)

    def read_connection_id(hs, r, stop):
        """What ours are to carry, to hs.cid. False when it is longer than we send."""
        if r.vector(1) != stop:
            raise Error(_PARSE_FAIL, _ALERT_DECODE_ERROR, "malformed connection_id; the peer is broken")
        hs.cid = bytes(r.buf[r.off : stop])
        r.off = stop
        return len(hs.cid) <= 32


def check_renegotiation(session, hs, r, stop, expected):
    """renegotiation_info must hold the verify data of the handshake that this one replaces (RFC 5746 section 3)."""
    end = r.vector(1)
    n = end - r.off
    if n != len(expected) or (n and not ct_equal(r.buf, r.off, expected, 0, n)):
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "renegotiation_info does not fit this connection; somebody spliced connections")
    r.off = end
    hs.flags |= _RENEGOTIATION


def check_secure(session, hs):
    """After the hello: does the peer know RFC 5746, as it must when it did before or when this build asks for it? Nor may RFC 7627 be
    forgotten on a connection that knew it."""
    secure = bool(hs.flags & _RENEGOTIATION)
    if session.established and session.secure != secure:
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "renegotiation_info came in one handshake and not in the other; somebody spliced connections")
    if _USE_REHANDSHAKES and session.extended and not hs.flags & _EMS:
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "extended_master_secret came in the last handshake and not in this one; somebody spliced connections")
    if _REQUIRE_SECURE_REHANDSHAKES and not secure:
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "the peer lacks RFC 5746, which this build requires; update it")
    session.secure = secure
