# SPDX-License-Identifier: MIT
"""The ClientHello's extensions and the ServerHello's answers, as a client writes and reads them. Called by client.py."""

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    DTLS1_2 as _DTLS1_2,
    EXT_ALPN as _ALPN,
    EXT_CONNECTION_ID as _CID,
    EXT_EC_POINT_FORMATS as _FORMATS,
    EXT_ENCRYPT_THEN_MAC as _ETM,
    EXT_EXTENDED_MASTER_SECRET as _EMS,
    EXT_MAX_FRAGMENT_LENGTH as _FRAGMENT,
    EXT_RECORD_SIZE_LIMIT as _LIMIT,
    EXT_RENEGOTIATION_INFO as _RENEGOTIATION,
    EXT_SERVER_NAME as _NAME,
    EXT_SESSION_TICKET as _TICKET,
    EXT_STATUS_REQUEST as _STATUS,
    KX_ECDHE as _KX_ECDHE,
    MODE_CCM_8 as _MODE_CCM_8,
    MODE_CHACHA as _MODE_CHACHA,
    MODE_GCM as _MODE_GCM,
    MODE_RC4 as _MODE_RC4,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SSL3 as _SSL3,
    TLS1_2 as _TLS1_2,
    TLS1_3 as _TLS1_3,
)
from mxtls.config import (
    USE_ALPN as _USE_ALPN,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_ECC as _USE_ECC,
    USE_ENCRYPT_THEN_MAC as _USE_ENCRYPT_THEN_MAC,
    USE_EXTENDED_MASTER_SECRET as _USE_EXTENDED_MASTER_SECRET,
    USE_HELLO_EXTENSIONS as _USE_HELLO_EXTENSIONS,
    USE_MAX_FRAGMENT_LENGTH as _USE_MAX_FRAGMENT_LENGTH,
    USE_OCSP_STAPLING as _USE_OCSP_STAPLING,
    USE_RECORD_SIZE_LIMIT as _USE_RECORD_SIZE_LIMIT,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_TLS_1_3 as _USE_TLS_1_3,
    USE_X509 as _USE_X509,
    USE_X25519 as _USE_X25519,
)
from mxtls.errors import Error
from mxtls.handshake import extensions as ext

# What a server may answer. Columns: type, bit of Handshake.flags; and an option where that is built on demand
_ANSWERS = (
    (0, _NAME),
    (1, _FRAGMENT),
    (5, _STATUS),
    (11, _FORMATS),
    (16, _ALPN),
    (22, _ETM),
    (23, _EMS),
    (28, _LIMIT),
    (35, _TICKET),
    (0xFF01, _RENEGOTIATION),
    (54, _CID, _USE_CONNECTION_ID),
)


def fragment_code(n):
    """max_fragment_length's code for the longest fragment that is not above n; 0 for none."""
    code = 0
    while code < 4 and 512 << code <= n:
        code += 1
    return code


def ours(session, kind):
    """Do we make an extension of this type, or has the application loaded its own?"""
    return not (_USE_HELLO_EXTENSIONS and session.extensions and session.extensions.has(kind))


def write(session, hs, w, elliptic):
    """The extensions of the ClientHello; hs.flags becomes the set that a server may answer."""
    w.put(0, 2)
    mark = w.at
    hs.flags = 0
    if hs.older:
        hs.flags = _RENEGOTIATION
        w.put(ext.RENEGOTIATION_INFO, 2)
        n = len(session.client_verify)
        w.put(n + 1, 2)
        w.put(n, 1)
        w.data(session.client_verify, 0, n)
    if session.max_version > _SSL3:
        _write_others(session, hs, w, elliptic)
    if _USE_TLS_1_3 and hs.modern:
        from mxtls.handshake import client_hello13

        client_hello13.write(session, hs, w)
    if _USE_HELLO_EXTENSIONS and session.extensions:
        for kind, data in session.extensions.items:
            w.put(kind, 2)
            w.put(len(data), 2)
            w.data(data, 0, len(data))
    if _USE_TLS_1_3 and hs.psk:
        client_hello13.write_psk(session, hs, w, mark)  # the last extension, always
    w.close(mark, 2)


def _write_others(session, hs, w, elliptic):
    """What SSL 3.0 does not know."""
    name = session.server_name
    if name and not _is_address(name) and ours(session, ext.SERVER_NAME):
        name = name.rstrip(".").encode()
        hs.flags |= _NAME
        w.put(ext.SERVER_NAME, 2)
        w.put(len(name) + 5, 2)
        w.put(len(name) + 3, 2)
        w.put(0, 1)
        w.put(len(name), 2)
        w.data(name, 0, len(name))
    if (_USE_ECC or _USE_X25519) and (elliptic or hs.modern):
        _write_groups(session, hs, w)
    if _USE_X509 and session.max_version >= _TLS1_2 and ours(session, ext.SIGNATURE_ALGORITHMS):
        _write_schemes(w)
    if _USE_OCSP_STAPLING and session.ocsp and ours(session, ext.STATUS_REQUEST):
        hs.flags |= _STATUS
        w.put(ext.STATUS_REQUEST, 2)
        w.put(5, 2)
        w.put(1, 1)  # ocsp, of any responder, with no extensions
        w.put(0, 4)
    if _USE_EXTENDED_MASTER_SECRET and hs.older and ours(session, ext.EXTENDED_MASTER_SECRET):
        hs.flags |= _EMS
        w.put(ext.EXTENDED_MASTER_SECRET, 2)
        w.put(0, 2)
    if _USE_ENCRYPT_THEN_MAC and hs.older and ours(session, ext.ENCRYPT_THEN_MAC):
        hs.flags |= _ETM
        w.put(ext.ENCRYPT_THEN_MAC, 2)
        w.put(0, 2)
    if _USE_ALPN and session.protocols and ours(session, ext.ALPN):
        hs.flags |= _ALPN
        w.put(ext.ALPN, 2)
        w.put(len(session.protocols) + 2, 2)
        w.put(len(session.protocols), 2)
        w.data(session.protocols, 0, len(session.protocols))
    if _USE_RESUMPTION and hs.older and session.session_id is not None and ours(session, ext.SESSION_TICKET):
        ticket = session.session_id.ticket if session.session_id.id == hs.session_id else b""
        hs.flags |= _TICKET
        w.put(ext.SESSION_TICKET, 2)
        w.put(len(ticket), 2)
        w.data(ticket, 0, len(ticket))
    if _USE_CONNECTION_ID and session.dtls and session.dtls.cid is not None and session.max_version >= _TLS1_2 and ours(session, ext.CONNECTION_ID):
        hs.flags |= _CID
        ext.write_connection_id(session, w)
    if session.wanted_record < 16384:
        _write_sizes(session, hs, w)


if _USE_ECC or _USE_X25519:

    def _write_groups(session, hs, w):
        from mxtls.crypto.ecdh import GROUPS

        if ours(session, ext.SUPPORTED_GROUPS):
            w.put(ext.SUPPORTED_GROUPS, 2)
            w.put(0, 4)
            inner = w.at
            for row in GROUPS:
                if row[3]:
                    w.put(row[0], 2)
            w.close(inner, 2)
            w.close(inner - 2, 2)
        if hs.older and ours(session, ext.EC_POINT_FORMATS):
            hs.flags |= _FORMATS
            w.put(ext.EC_POINT_FORMATS, 2)
            w.put(2, 2)
            w.put(0x0100, 2)


if _USE_X509:

    def _write_schemes(w):
        from mxtls.crypto.sign import SCHEMES

        w.put(ext.SIGNATURE_ALGORITHMS, 2)
        w.put(0, 4)
        inner = w.at
        for row in SCHEMES:
            if row[-1] and row[0] >= 0x0400:  # neither SHA-1 nor what came before schemes had numbers
                w.put(row[0], 2)
        w.close(inner, 2)
        w.close(inner - 2, 2)


def _write_sizes(session, hs, w):
    code = fragment_code(session.wanted_record)
    if _USE_MAX_FRAGMENT_LENGTH and code and ours(session, ext.MAX_FRAGMENT_LENGTH):
        hs.flags |= _FRAGMENT
        w.put(ext.MAX_FRAGMENT_LENGTH, 2)
        w.put(1, 2)
        w.put(code, 1)
    if _USE_RECORD_SIZE_LIMIT and ours(session, ext.RECORD_SIZE_LIMIT):
        hs.flags |= _LIMIT
        w.put(ext.RECORD_SIZE_LIMIT, 2)
        w.put(2, 2)
        w.put(session.wanted_record, 2)


def _is_address(name):
    """An IP literal: not a name for server_name (RFC 6066 section 3)."""
    if ":" in name:
        return True
    for c in name:
        if c not in "0123456789.":
            return False
    return True


def _bit(kind):
    for row in _ANSWERS:
        if row[0] == kind:
            return row[1]
    return 0


def read(session, hs, r):
    """The answers in the ServerHello, or in TLS 1.3's EncryptedExtensions: each at most once, and none that was not offered."""
    offered = hs.flags
    modern = _USE_TLS_1_3 and session.version == _TLS1_3
    if modern:
        offered &= _NAME | _FRAGMENT | _LIMIT | _ALPN
    if _USE_CONNECTION_ID and session.version != _DTLS1_2:
        offered &= ~_CID  # DTLS 1.0 has none
    hs.flags = 0
    if _USE_HELLO_EXTENSIONS:
        session.hello_extensions_in = None
    seen = []
    end = r.off
    if r.off < r.end or modern:
        end = r.vector(2)
    while r.off < end:
        kind = r.get(2)
        stop = r.vector(2)
        if kind in seen:
            ext.illegal("extension %d came twice" % kind)
        seen.append(kind)
        if _USE_HELLO_EXTENSIONS:
            _show(session, kind, r, stop)
        bit = _bit(kind)
        if bit & offered:
            hs.flags |= bit
            _answer(session, hs, bit, r, stop)
        elif not ours(session, kind) or (modern and kind == ext.SUPPORTED_GROUPS):
            r.off = stop
        else:
            if modern and kind not in (ext.SERVER_NAME, ext.MAX_FRAGMENT_LENGTH, ext.ALPN, ext.RECORD_SIZE_LIMIT, ext.EARLY_DATA):
                ext.placed(kind)
            ext.unasked(kind)
        r.done(stop)
    r.done(end)
    if hs.flags & _LIMIT and hs.flags & _FRAGMENT:
        ext.illegal("record_size_limit and max_fragment_length were both answered")
    if hs.flags & _ETM and hs.row[3] in (_MODE_GCM, _MODE_CHACHA, _MODE_CCM_8, _MODE_RC4):
        ext.illegal("encrypt_then_mac was answered for a suite without CBC")
    if hs.flags & _STATUS and not hs.row[2]:
        ext.illegal("status_request was answered for a suite without certificates")
    if not modern:
        ext.check_secure(session, hs)


def _answer(session, hs, bit, r, stop):
    if bit == _RENEGOTIATION:
        ext.check_renegotiation(session, hs, r, stop, session.client_verify + session.server_verify)
    elif bit == _FRAGMENT:
        if r.get(1) != fragment_code(session.wanted_record):
            ext.illegal("max_fragment_length is not what was asked for")
        ext.take_fragment(session, fragment_code(session.wanted_record))
    elif _USE_ALPN and bit == _ALPN:
        if r.vector(2) != stop or r.vector(1) != stop or r.off == stop:
            raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "a malformed application protocol; the server is broken")
        from mxtls.alpn import has_protocol

        name = bytes(r.buf[r.off : stop])
        if not has_protocol(session.protocols, name):
            ext.illegal("the server chose an application protocol that was not offered")
        session.alpn = name.decode()
        r.off = stop
    elif bit == _LIMIT:
        ext.take_limit(session, r.get(2))
    elif _USE_CONNECTION_ID and bit == _CID:
        if not ext.read_connection_id(hs, r, stop):
            ext.illegal("a connection id of more than 32 bytes")
    elif bit == _FORMATS:
        end = r.filled(1)
        if hs.row[1] == _KX_ECDHE and 0 not in bytes(r.buf[r.off : end]):
            ext.illegal("ec_point_formats lacks uncompressed")
        r.off = end


def _show(session, kind, r, stop):
    """Keep the extension for the application, and ask its callback."""
    data = bytes(r.buf[r.off : stop])
    if session.hello_extensions_in is None:
        session.hello_extensions_in = []
    session.hello_extensions_in.append((kind, data))
    if not session.extension_callback:
        return
    try:
        answer = session.extension_callback(session, kind, data) or 0
    except (Error, MemoryError):
        raise
    except Exception as e:
        raise Error(_PROTOCOL_FAIL, _ALERT_INTERNAL_ERROR, "the extension callback raised %r; mend it" % e)
    if answer < 0:
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "the extension callback refused the server's extension %d; see what it checks" % kind)
