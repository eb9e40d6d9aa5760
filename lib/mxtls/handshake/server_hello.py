# SPDX-License-Identifier: MIT
"""The ClientHello's extensions and our answers to them, as a server reads and writes them. Called by server.py."""

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
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
    MODE_3DES as _MODE_3DES,
    MODE_CBC as _MODE_CBC,
    MODE_SEED as _MODE_SEED,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SSL3 as _SSL3,
    TLS1_3 as _TLS1_3,
)
from mxtls.config import (
    USE_ALPN as _USE_ALPN,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_ENCRYPT_THEN_MAC as _USE_ENCRYPT_THEN_MAC,
    USE_EXTENDED_MASTER_SECRET as _USE_EXTENDED_MASTER_SECRET,
    USE_MAX_FRAGMENT_LENGTH as _USE_MAX_FRAGMENT_LENGTH,
    USE_OCSP_STAPLING as _USE_OCSP_STAPLING,
    USE_RECORD_SIZE_LIMIT as _USE_RECORD_SIZE_LIMIT,
    USE_SESSION_TICKETS as _USE_SESSION_TICKETS,
    USE_TLS_1_3 as _USE_TLS_1_3,
)
from mxtls.errors import Error
from mxtls.handshake import extensions as ext

# pre_shared_key, early_data, cookie, psk_key_exchange_modes, key_share
_MODERN = (41, 42, 44, 45, 51)


def malformed(text):
    raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "malformed " + text + "; the peer is broken")


def read(session, hs, r):
    """The extensions of the ClientHello; hs.flags becomes the set that is answered."""
    end = r.off
    if r.off < r.end:
        end = r.vector(2)
    _no_repeats(r, end)
    if _USE_TLS_1_3:
        from mxtls.handshake import server_hello13
    while r.off < end:
        kind = r.get(2)
        stop = r.vector(2)
        if kind == ext.SERVER_NAME:
            _read_name(hs, r, stop)
        elif kind == ext.SUPPORTED_GROUPS:
            hs.groups = _numbers(r, stop, "supported_groups")
        elif kind == ext.SIGNATURE_ALGORITHMS:
            hs.schemes = _numbers(r, stop, "signature_algorithms")
        elif kind == ext.SUPPORTED_VERSIONS:
            if r.vector(1) != stop or r.off == stop or (stop - r.off) & 1:
                malformed("supported_versions")
            hs.versions = bytes(r.buf[r.off : stop])
            r.off = stop
        elif kind == ext.EC_POINT_FORMATS:
            if r.vector(1) != stop or r.off == stop:
                malformed("ec_point_formats")
            hs.compressed = 0 not in bytes(r.buf[r.off : stop])
            hs.flags |= _FORMATS
            r.off = stop
        elif kind == ext.RENEGOTIATION_INFO:
            ext.check_renegotiation(session, hs, r, stop, session.client_verify)
        elif kind == ext.EXTENDED_MASTER_SECRET and _USE_EXTENDED_MASTER_SECRET:
            hs.flags |= _EMS
        elif kind == ext.ENCRYPT_THEN_MAC and _USE_ENCRYPT_THEN_MAC:
            hs.flags |= _ETM
        elif kind == ext.MAX_FRAGMENT_LENGTH and _USE_MAX_FRAGMENT_LENGTH:
            hs.fragment = r.get(1)
            if not 1 <= hs.fragment <= 4:
                ext.illegal("max_fragment_length has an unknown code")
            hs.flags |= _FRAGMENT
        elif kind == ext.RECORD_SIZE_LIMIT and _USE_RECORD_SIZE_LIMIT:
            hs.limit = r.get(2)
            hs.flags |= _LIMIT
        elif kind == ext.STATUS_REQUEST and _USE_OCSP_STAPLING:
            if r.get(1) == 1:  # ocsp
                hs.flags |= _STATUS
                r.off = r.vector(2)  # responders that the client trusts, extensions for them: we have one response
                r.off = r.vector(2)
            else:
                r.off = stop
        elif kind == ext.ALPN and _USE_ALPN:
            if r.vector(2) != stop or r.off == stop:
                malformed("application protocols")
            hs.protocols = bytes(r.buf[r.off : stop])
            while r.off < stop:
                end_of_name = r.vector(1)
                if end_of_name == r.off:
                    malformed("application protocols")
                r.off = end_of_name
        elif kind == ext.SESSION_TICKET and _USE_SESSION_TICKETS:
            hs.flags |= _TICKET
            hs.ticket_at = (r.off, stop - r.off)
            r.off = stop
        elif _USE_CONNECTION_ID and kind == ext.CONNECTION_ID and session.dtls and session.dtls.cid is not None:
            if ext.read_connection_id(hs, r, stop):
                hs.flags |= _CID
        elif _USE_TLS_1_3 and kind in _MODERN:
            server_hello13.read(hs, kind, r, stop, end)
        else:
            r.off = stop
        r.done(stop)
    r.done(end)
    if hs.flags & _LIMIT:
        hs.flags &= ~_FRAGMENT
    elif hs.flags & _FRAGMENT:
        ext.take_fragment(session, hs.fragment)


def _no_repeats(r, end):
    """No extension may come twice (RFC 5246 section 7.4.1.4). Of those that we do not know the first 64 are remembered, and
    any number passed over."""
    start = r.off
    seen = []
    while r.off < end:
        kind = r.get(2)
        r.off = r.vector(2)
        if kind in seen:
            ext.illegal("extension %d came twice" % kind)
        if kind < 64 or kind == ext.RENEGOTIATION_INFO or len(seen) < 64:
            seen.append(kind)
    r.done(end)
    r.off = start


def _numbers(r, stop, name):
    """A list of 16-bit numbers, as it was sent."""
    if r.vector(2) != stop or stop == r.off or (stop - r.off) & 1:
        malformed(name)
    numbers = bytes(r.buf[r.off : stop])
    r.off = stop
    return numbers


def _read_name(hs, r, stop):
    """The one host_name of a server_name list, in ASCII (RFC 6066 section 3)."""
    if r.vector(2) != stop or r.off == stop:
        malformed("server_name")
    hs.name = None  # of a first hello that asked for another try
    while r.off < stop:
        kind = r.get(1)
        end = r.vector(2)
        if kind == 0:
            if end == r.off:
                malformed("server_name")
            name = bytes(r.buf[r.off : end])
            if hs.name is not None or len(name) > 255 or min(name) < 33 or max(name) > 126:
                ext.illegal("server_name has two host names, or one that is none")
            hs.name = name
        r.off = end


def write(session, hs, w):
    """The extensions of the ServerHello: the answers in hs.flags. Nothing at all when there is none."""
    if hs.row[3] not in (_MODE_CBC, _MODE_3DES, _MODE_SEED) or session.version == _SSL3:
        hs.flags &= ~_ETM
    if hs.row[1] != _KX_ECDHE:
        hs.flags &= ~_FORMATS
    if _USE_OCSP_STAPLING and (hs.resumed or not hs.row[2] or not session.keys.ocsp_response):
        hs.flags &= ~_STATUS
    if _USE_CONNECTION_ID and session.version != _DTLS1_2:
        hs.flags &= ~_CID
    if not hs.flags:
        return
    w.put(0, 2)
    mark = w.at
    if hs.flags & _RENEGOTIATION:
        w.put(ext.RENEGOTIATION_INFO, 2)
        n = len(session.client_verify)
        w.put(2 * n + 1, 2)
        w.put(2 * n, 1)
        w.data(session.client_verify, 0, n)
        w.data(session.server_verify, 0, n)
    if hs.flags & _EMS:
        w.put(ext.EXTENDED_MASTER_SECRET, 2)
        w.put(0, 2)
    if hs.flags & _ETM:
        w.put(ext.ENCRYPT_THEN_MAC, 2)
        w.put(0, 2)
    if _USE_SESSION_TICKETS and hs.flags & _TICKET:
        w.put(ext.SESSION_TICKET, 2)
        w.put(0, 2)
    if _USE_OCSP_STAPLING and hs.flags & _STATUS:
        w.put(ext.STATUS_REQUEST, 2)
        w.put(0, 2)
    if _USE_CONNECTION_ID and hs.flags & _CID:
        ext.write_connection_id(session, w)
    write_common(session, hs, w)
    if hs.flags & _FORMATS:
        w.put(ext.EC_POINT_FORMATS, 2)
        w.put(2, 2)
        w.put(0x0100, 2)
    w.close(mark, 2)


def write_common(session, hs, w):
    """The answers that every version has; TLS 1.3 has them in EncryptedExtensions."""
    if hs.flags & _NAME:
        w.put(ext.SERVER_NAME, 2)
        w.put(0, 2)
    if hs.flags & _FRAGMENT:
        w.put(ext.MAX_FRAGMENT_LENGTH, 2)
        w.put(1, 2)
        w.put(hs.fragment, 1)
    if hs.flags & _LIMIT:
        w.put(ext.RECORD_SIZE_LIMIT, 2)
        w.put(2, 2)
        n = session.wanted_record
        if _USE_TLS_1_3 and session.version == _TLS1_3:
            n += 1  # it counts the content type too
        w.put(n, 2)
    if _USE_ALPN and hs.flags & _ALPN:
        name = session.alpn.encode()
        n = len(name)
        w.put(ext.ALPN, 2)
        w.put(n + 3, 2)
        w.put(n + 1, 2)
        w.put(n, 1)
        w.data(name, 0, n)
