# SPDX-License-Identifier: MIT
"""A client's SessionId as bytes, to outlive deep sleep or a reset. Called by SessionId.to_bytes and from_bytes.

The bytes hold the session's secret: keep them where keys are kept. They are a head (format, version, suite, flags, lifetime, age and
the time of saving, in seconds), then id, ticket, secret, age_add, host name and application protocol, each behind two bytes of length.
"""

from struct import pack_into, unpack_from

from micropython import const

import mxtls_port
from mxtls.codes import ALERT_NONE as _ALERT_NONE, PARSE_FAIL as _PARSE_FAIL
from mxtls.config import USE_ALPN as _USE_ALPN, USE_TLS_1_3 as _USE_TLS_1_3
from mxtls.errors import Error
from mxtls.kernels.mem import copy

_HEAD = ">BHHBIII"
_SIZE = const(18)
_FORMAT = const(1)
_FOREVER = const(1000000)  # seconds that ticks_ms cannot tell apart from less


def save(sid):
    """The bytes of a SessionId; b"" of one that resumes nothing."""
    if not sid.id:
        return b""
    lifetime = sid.lifetime if _USE_TLS_1_3 else 0
    age_add = sid.age_add if _USE_TLS_1_3 else b""
    alpn = sid.alpn if _USE_ALPN else None
    parts = (sid.id, sid.ticket, sid.master, age_add, (sid.name or "").encode(), (alpn or "").encode())
    out = bytearray(_SIZE + sum(2 + len(part) for part in parts))
    age = ((mxtls_port.ticks_ms() - sid.born) & 0x3FFFFFFF) // 1000
    pack_into(_HEAD, out, 0, _FORMAT, sid.version, sid.suite, sid.ems | sid.anonymous << 1, lifetime, age, mxtls_port.unix_time())
    at = _SIZE
    for part in parts:
        out[at] = len(part) >> 8
        out[at + 1] = len(part) & 255
        copy(out, at + 2, part, 0, len(part))
        at += 2 + len(part)
    return bytes(out)


def restore(sid, data):
    """Make sid what was saved. One that is too old by now resumes nothing, as does b""."""
    sid.clear()
    if not data:
        return sid
    parts = []
    at = _SIZE
    while at + 2 <= len(data):
        end = at + 2 + (data[at] << 8 | data[at + 1])
        parts.append(bytes(data[at + 2 : end]))
        at = end
    if at != len(data) or len(parts) != 6 or data[0] != _FORMAT or not parts[0] or len(parts[2]) not in (32, 48):
        raise Error(_PARSE_FAIL, _ALERT_NONE, "these bytes are no saved session: they were cut short, or another version wrote them; begin without")
    _format, sid.version, sid.suite, flags, lifetime, age, then = unpack_from(_HEAD, data, 0)
    now = mxtls_port.unix_time()
    if now and then:
        age += now - then
    if not 0 <= age < min(lifetime or _FOREVER, _FOREVER):
        return sid
    sid.id, sid.ticket = parts[:2]
    sid.master = bytearray(parts[2])
    sid.ems = bool(flags & 1)
    sid.anonymous = bool(flags & 2)
    sid.name = parts[4].decode() or None
    sid.born = (mxtls_port.ticks_ms() - 1000 * age) & 0x3FFFFFFF
    if _USE_ALPN:
        sid.alpn = parts[5].decode() or None
    if _USE_TLS_1_3:
        sid.lifetime = lifetime
        sid.age_add = parts[3]
    return sid
