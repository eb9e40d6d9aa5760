# SPDX-License-Identifier: MIT
"""What TLS 1.3 adds to the ClientHello (RFC 8446 sections 4.2.1, 4.2.2, 4.2.8, 4.2.9 and 4.2.11), and which version a ServerHello
means. Called by client_start.py and client_hello.py."""

from micropython import const

from mxtls.codes import (
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    TLS1_2 as _TLS1_2,
    TLS1_3 as _TLS1_3,
)
from mxtls.config import (
    USE_ECDHE as _USE_ECDHE,
    USE_POST_HANDSHAKE_AUTH as _USE_POST_HANDSHAKE_AUTH,
    USE_PSK as _USE_PSK,
    USE_RESUMPTION as _USE_RESUMPTION,
)
from mxtls.crypto.drbg import random_into
from mxtls.crypto.hash import Hash, hash_size
from mxtls.errors import Error
from mxtls.handshake import extensions as ext

_SHA256 = const(4)  # the hash of a pre-shared key that was loaded


def prepare(session, hs):
    """Before the first ClientHello: can it be TLS 1.3, with which key share and which pre-shared key?"""
    from mxtls.suites import SUITES, find

    for row in SUITES:
        if row[8] and row[7] == 4 and hs.suite in (0, row[0]) and row[0] not in session.disabled:
            hs.modern = True
    if not hs.modern:
        return
    if not hs.session_id:
        hs.session_id = bytearray(32)  # so that middleboxes think of TLS 1.2 (section D.4)
        random_into(hs.session_id, 0, 32)
        hs.session_id = bytes(hs.session_id)
    sid = session.session_id
    if _USE_RESUMPTION and sid and sid.version == _TLS1_3 and sid.fits(session) and find(sid.suite):
        hs.ticket = sid
        hs.identity = sid.id
        hs.psk = sid.master
        hs.psk_alg = find(sid.suite)[6]
    elif _USE_PSK and session.keys.psk:
        hs.identity, hs.psk = session.keys.psk
        hs.psk_alg = _SHA256
    if _USE_ECDHE:
        from mxtls.crypto.ecdh import GROUPS, Share

        for row in GROUPS:
            if row[3]:
                hs.share = Share(row)
                break


def size(hs):
    """The most bytes that these extensions take."""
    return 100 + len(hs.cookie) + len(hs.identity) + (len(hs.share.public) if hs.share else 0)


def write(session, hs, w):
    """All but pre_shared_key, which comes last of all."""
    from mxtls.versions import VERSIONS

    w.put(ext.SUPPORTED_VERSIONS, 2)
    w.put(0, 3)
    mark = w.at
    for row in VERSIONS:
        if row[1] and session.min_version <= row[0] <= session.max_version and (hs.older or row[0] == _TLS1_3):
            w.put(row[0], 2)
    w.close(mark, 1)
    w.close(mark - 1, 2)
    if hs.cookie:
        w.put(ext.COOKIE, 2)
        w.put(len(hs.cookie) + 2, 2)
        w.put(len(hs.cookie), 2)
        w.data(hs.cookie, 0, len(hs.cookie))
    if _USE_ECDHE:
        n = len(hs.share.public)
        w.put(ext.KEY_SHARE, 2)
        w.put(n + 6, 2)
        w.put(n + 4, 2)
        w.put(hs.share.group, 2)
        w.put(n, 2)
        w.data(hs.share.public, 0, n)
    if _USE_POST_HANDSHAKE_AUTH and session.post_handshake_auth:
        w.put(ext.POST_HANDSHAKE_AUTH, 2)
        w.put(0, 2)
    if _USE_RESUMPTION or hs.psk:
        modes = modes_of(hs)
        w.put(ext.PSK_KEY_EXCHANGE_MODES, 2)
        w.put(len(modes) + 1, 2)
        w.put(len(modes), 1)
        w.data(modes, 0, len(modes))


def modes_of(hs):
    """How we use a pre-shared key: psk_dhe_ke (1); a loaded one also alone, psk_ke (0)."""
    if not _USE_ECDHE:
        return b"\x00"
    return b"\x01\x00" if hs.psk and not hs.ticket else b"\x01"


def write_psk(session, hs, w, mark):
    """pre_shared_key with one identity, and its binder over all that comes before it. mark: where the extensions begin."""
    from mxtls.handshake.schedule import binder

    size = hash_size(hs.psk_alg)
    n = len(hs.identity)
    age = hs.ticket.obfuscated_age() if hs.ticket else 0
    w.put(ext.PRE_SHARED_KEY, 2)
    w.put(n + size + 11, 2)
    w.put(n + 6, 2)
    w.put(n, 2)
    w.data(hs.identity, 0, n)
    w.put(age, 4)
    end = w.at
    w.at += size + 3
    w.close(mark, 2)
    w.close(w.base + 4, 3)
    h = hs.transcript.fork() if hs.transcript else Hash(hs.psk_alg)
    h.update(w.out.buf, w.base, end - w.base)
    w.at = end
    w.put(size + 1, 2)
    w.put(size, 1)
    w.data(binder(hs.psk_alg, hs.psk, hs.ticket is not None, h.digest()), 0, size)


def version(session, hs, r, legacy):
    """The version that the ServerHello whose extensions r stands before means: supported_versions says it for TLS 1.3 alone."""
    start = r.off
    found = 0
    end = r.vector(2) if r.off < r.end else r.off
    while r.off < end:
        kind = r.get(2)
        stop = r.vector(2)
        if kind == ext.SUPPORTED_VERSIONS:
            found = r.get(2)
            r.done(stop)
        r.off = stop
    r.off = start
    if found:
        if found != _TLS1_3 or legacy != _TLS1_2:
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server chose version 0x%04X in a wrong way; it is broken" % found)
        return found
    if legacy > _TLS1_2 or hs.retried:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server chose version 0x%04X in a wrong way; it is broken" % legacy)
    return legacy
