# SPDX-License-Identifier: MIT
"""The hello extensions, both roles (RFC 5246 section 7.4.1.4). Called by client.py and server.py.

server_name (RFC 6066), supported_groups and ec_point_formats (RFC 8422), signature_algorithms (RFC 5246),
max_fragment_length (RFC 6066), record_size_limit (RFC 8449), encrypt_then_mac (RFC 7366),
extended_master_secret (RFC 7627), renegotiation_info (RFC 5746).
"""

from micropython import const
from mxtls.codes import ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR
from mxtls.codes import ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE
from mxtls.codes import ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER
from mxtls.codes import ALERT_UNSUPPORTED_EXTENSION as _ALERT_UNSUPPORTED_EXTENSION
from mxtls.codes import KX_ECDHE as _KX_ECDHE
from mxtls.codes import MODE_CBC as _MODE_CBC
from mxtls.codes import PROTOCOL_FAIL as _PROTOCOL_FAIL
from mxtls.config import USE_AES_CBC as _USE_AES_CBC
from mxtls.config import USE_CLIENT_SIDE_SSL as _USE_CLIENT
from mxtls.config import USE_ECC as _USE_ECC
from mxtls.config import USE_ENCRYPT_THEN_MAC as _USE_ENCRYPT_THEN_MAC
from mxtls.config import USE_EXTENDED_MASTER_SECRET as _USE_EXTENDED_MASTER_SECRET
from mxtls.config import USE_MAX_FRAGMENT_LENGTH as _USE_MAX_FRAGMENT_LENGTH
from mxtls.config import USE_RECORD_SIZE_LIMIT as _USE_RECORD_SIZE_LIMIT
from mxtls.config import USE_SERVER_SIDE_SSL as _USE_SERVER
from mxtls.errors import Error

_SERVER_NAME = const(0)
_MAX_FRAGMENT_LENGTH = const(1)
_SUPPORTED_GROUPS = const(10)
_EC_POINT_FORMATS = const(11)
_SIGNATURE_ALGORITHMS = const(13)
_ENCRYPT_THEN_MAC = const(22)
_EXTENDED_MASTER_SECRET = const(23)
_RECORD_SIZE_LIMIT = const(28)
_RENEGOTIATION_INFO = const(0xFF01)

# Handshake.flags, and the bit of each extension that may be answered
_EMS = const(1)
_ETM = const(2)
RENEGOTIATION = const(4)
_RENEGOTIATION = const(4)
_FRAGMENT = const(8)
_LIMIT = const(16)
_NAME = const(32)
_FORMATS = const(64)

# Columns: type, bit
_ANSWERS = (
    (0, 32),
    (1, 8),
    (11, 64),
    (22, 2),
    (23, 1),
    (28, 16),
    (0xFF01, 4),
)


def _bit(kind):
    for row in _ANSWERS:
        if row[0] == kind:
            return row[1]
    return 0


def _fragment_code(n):
    """max_fragment_length's code for the longest fragment that is not above n; 0 for none."""
    code = 0
    while code < 4 and 512 << code <= n:
        code += 1
    return code


def _illegal(text):
    raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, text + "; the peer is broken")


if _USE_CLIENT:

    def write_client(session, hs, w, suites_ecc):
        """The ClientHello's extensions; hs.flags becomes the set that a server may answer."""
        w.put(0, 2)
        mark = w.at
        flags = _RENEGOTIATION
        w.put(_RENEGOTIATION_INFO, 2)
        w.put(1, 2)
        w.put(0, 1)
        name = session.server_name
        if name and not _is_address(name):
            name = name.rstrip(".").encode()
            flags |= _NAME
            w.put(_SERVER_NAME, 2)
            w.put(len(name) + 5, 2)
            w.put(len(name) + 3, 2)
            w.put(0, 1)
            w.put(len(name), 2)
            w.data(name, 0, len(name))
        if _USE_ECC and suites_ecc:
            from mxtls.crypto.ecdh import GROUPS

            flags |= _FORMATS
            w.put(_SUPPORTED_GROUPS, 2)
            w.put(0, 4)
            inner = w.at
            for row in GROUPS:
                if row[3]:
                    w.put(row[0], 2)
            w.close(inner, 2)
            w.close(inner - 2, 2)
            w.put(_EC_POINT_FORMATS, 2)
            w.put(2, 2)
            w.put(0x0100, 2)
        from mxtls.crypto.sign import SCHEMES

        w.put(_SIGNATURE_ALGORITHMS, 2)
        w.put(0, 4)
        inner = w.at
        for row in SCHEMES:
            if row[-1] and row[0] >> 8 != 2:  # SHA-1 is not offered
                w.put(row[0], 2)
        w.close(inner, 2)
        w.close(inner - 2, 2)
        if _USE_EXTENDED_MASTER_SECRET:
            flags |= _EMS
            w.put(_EXTENDED_MASTER_SECRET, 2)
            w.put(0, 2)
        if _USE_AES_CBC and _USE_ENCRYPT_THEN_MAC:
            flags |= _ETM
            w.put(_ENCRYPT_THEN_MAC, 2)
            w.put(0, 2)
        if session.max_record < 16384:
            code = _fragment_code(session.max_record)
            if _USE_MAX_FRAGMENT_LENGTH and code:
                flags |= _FRAGMENT
                w.put(_MAX_FRAGMENT_LENGTH, 2)
                w.put(1, 2)
                w.put(code, 1)
            if _USE_RECORD_SIZE_LIMIT:
                flags |= _LIMIT
                w.put(_RECORD_SIZE_LIMIT, 2)
                w.put(2, 2)
                w.put(session.max_record, 2)
        hs.flags = flags
        w.close(mark, 2)

    def _is_address(name):
        """An IP literal: not a name for server_name (RFC 6066 section 3)."""
        if ":" in name:
            return True
        for c in name:
            if c not in "0123456789.":
                return False
        return True

    def read_server(session, hs, r):
        """The ServerHello's extensions: each at most once, and none that was not offered."""
        offered = hs.flags
        hs.flags = 0
        if r.off == r.end:
            return
        end = r.vector(2)
        while r.off < end:
            kind = r.get(2)
            stop = r.vector(2)
            bit = _bit(kind)
            if not bit & offered:
                raise Error(_PROTOCOL_FAIL, _ALERT_UNSUPPORTED_EXTENSION, "the server answered extension %d, which was not offered; it is broken" % kind)
            if bit & hs.flags:
                _illegal("extension %d came twice" % kind)
            hs.flags |= bit
            if bit == _RENEGOTIATION:
                if r.vector(1) != r.off:
                    raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "renegotiation_info is not empty in a first handshake; somebody spliced connections")
            elif bit == _FRAGMENT:
                if r.get(1) != _fragment_code(session.max_record):
                    _illegal("max_fragment_length is not what was asked for")
                _take_fragment(session, _fragment_code(session.max_record))
            elif bit == _LIMIT:
                _take_limit(session, r.get(2))
            elif bit == _FORMATS:
                r.off = stop
            r.done(stop)
        r.done(end)
        if hs.flags & _LIMIT and hs.flags & _FRAGMENT:
            _illegal("record_size_limit and max_fragment_length were both answered")
        if hs.flags & _ETM and hs.row[3] != _MODE_CBC:
            _illegal("encrypt_then_mac was answered for an AEAD suite")


def _take_fragment(session, code):
    """max_fragment_length binds both directions."""
    session.max_out = min(session.max_out, 256 << code)
    session.max_record = min(session.max_record, 256 << code)


if _USE_RECORD_SIZE_LIMIT:

    def _take_limit(session, n):
        if n < 64:
            _illegal("record_size_limit %d is below 64" % n)
        session.max_out = min(session.max_out, n)


if _USE_SERVER:

    def read_client(session, hs, r):
        """The ClientHello's extensions; hs.flags becomes the set that is answered."""
        hs.flags = 0
        if r.off == r.end:
            return
        end = r.vector(2)
        _no_repeats(r, end)
        while r.off < end:
            kind = r.get(2)
            stop = r.vector(2)
            if kind == _SERVER_NAME:
                _read_name(session, r, stop)
            elif kind == _SUPPORTED_GROUPS and _USE_ECC:
                if r.vector(2) != stop or stop == r.off or (stop - r.off) & 1:
                    raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "a malformed supported_groups; the peer is broken")
                hs.groups = bytes(r.buf[r.off : stop])
                r.off = stop
            elif kind == _EC_POINT_FORMATS:
                if r.vector(1) != stop or 0 not in bytes(r.buf[r.off : stop]):
                    _illegal("ec_point_formats lacks uncompressed")
                hs.flags |= _FORMATS
                r.off = stop
            elif kind == _SIGNATURE_ALGORITHMS:
                if r.vector(2) != stop or stop == r.off or (stop - r.off) & 1:
                    raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "malformed signature_algorithms; the peer is broken")
                hs.schemes = bytes(r.buf[r.off : stop])
                r.off = stop
            elif kind == _RENEGOTIATION_INFO:
                if r.vector(1) != r.off:
                    raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "renegotiation_info is not empty in a first handshake; somebody spliced connections")
                hs.flags |= _RENEGOTIATION
            elif kind == _EXTENDED_MASTER_SECRET and _USE_EXTENDED_MASTER_SECRET:
                hs.flags |= _EMS
            elif kind == _ENCRYPT_THEN_MAC and _USE_AES_CBC and _USE_ENCRYPT_THEN_MAC:
                hs.flags |= _ETM
            elif kind == _MAX_FRAGMENT_LENGTH and _USE_MAX_FRAGMENT_LENGTH:
                hs.fragment = r.get(1)
                if not 1 <= hs.fragment <= 4:
                    _illegal("max_fragment_length has an unknown code")
                hs.flags |= _FRAGMENT
            elif kind == _RECORD_SIZE_LIMIT and _USE_RECORD_SIZE_LIMIT:
                _take_limit(session, r.get(2))
                hs.flags |= _LIMIT
            else:
                r.off = stop
            r.done(stop)
        r.done(end)
        if hs.flags & _LIMIT:
            hs.flags &= ~_FRAGMENT
        elif hs.flags & _FRAGMENT:
            _take_fragment(session, hs.fragment)

    def _no_repeats(r, end):
        """No extension may come twice (RFC 5246 section 7.4.1.4); at most 64 of them."""
        start = r.off
        seen = []
        while r.off < end:
            kind = r.get(2)
            r.off = r.vector(2)
            if kind in seen or len(seen) == 64:
                _illegal("extension %d came twice, or there are too many" % kind)
            seen.append(kind)
        r.done(end)
        r.off = start

    def _read_name(session, r, stop):
        """The first host_name of a server_name list (RFC 6066 section 3)."""
        if r.vector(2) != stop or r.off == stop:
            raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "a malformed server_name; the peer is broken")
        while r.off < stop:
            kind = r.get(1)
            end = r.vector(2)
            if kind == 0 and session.server_name is None:
                if end == r.off or end - r.off > 255 or 0 in bytes(r.buf[r.off : end]):
                    raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "a malformed server_name; the peer is broken")
                session.server_name = bytes(r.buf[r.off : end])
            r.off = end

    def write_server(session, hs, w):
        """The ServerHello's extensions: the answers in hs.flags. Nothing at all when there is none."""
        if hs.row[3] != _MODE_CBC:
            hs.flags &= ~_ETM
        if hs.row[1] != _KX_ECDHE:
            hs.flags &= ~_FORMATS
        if not hs.flags:
            return
        w.put(0, 2)
        mark = w.at
        if hs.flags & _RENEGOTIATION:
            w.put(_RENEGOTIATION_INFO, 2)
            w.put(1, 2)
            w.put(0, 1)
        if hs.flags & _EMS:
            w.put(_EXTENDED_MASTER_SECRET, 2)
            w.put(0, 2)
        if hs.flags & _ETM:
            w.put(_ENCRYPT_THEN_MAC, 2)
            w.put(0, 2)
        if hs.flags & _FRAGMENT:
            w.put(_MAX_FRAGMENT_LENGTH, 2)
            w.put(1, 2)
            w.put(hs.fragment, 1)
        if hs.flags & _LIMIT:
            w.put(_RECORD_SIZE_LIMIT, 2)
            w.put(2, 2)
            w.put(session.max_record, 2)
        if hs.flags & _FORMATS:
            w.put(_EC_POINT_FORMATS, 2)
            w.put(2, 2)
            w.put(0x0100, 2)
        w.close(mark, 2)
