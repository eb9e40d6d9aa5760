# SPDX-License-Identifier: MIT
"""Which of a client's pre-shared keys a TLS 1.3 server takes, tickets of ours among them (RFC 8446 section 4.2.11). Called by server13.py."""

from micropython import const

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_DECRYPT_ERROR as _ALERT_DECRYPT_ERROR,
    ALERT_MISSING_EXTENSION as _ALERT_MISSING_EXTENSION,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    TLS1_3 as _TLS1_3,
)
from mxtls.config import (
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_ECDHE as _USE_ECDHE,
    USE_PSK as _USE_PSK,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SESSION_TICKETS as _USE_SESSION_TICKETS,
)
from mxtls.crypto.hash import Hash
from mxtls.errors import Error
from mxtls.handshake import extensions as ext
from mxtls.handshake.codec import Reader
from mxtls.handshake.schedule import binder
from mxtls.kernels.ct import ct_equal

_SHA256 = const(4)
_MOST = const(8)  # identities that are looked at


def choose(session, hs, r, suites, end):
    """Set hs.psk, psk_index, row and, for a ticket, entry and resumed, by the first identity that we know and that a suite of
    ours fits; its binder must be right."""
    from mxtls.handshake.server13 import choose_suite

    if not hs.modes:
        raise Error(_PROTOCOL_FAIL, _ALERT_MISSING_EXTENSION, "pre-shared keys without psk_key_exchange_modes; the client is broken")
    buf = r.buf
    ids = Reader(buf, hs.offers[0], hs.offers[1])
    ids_end = ids.vector(2)
    binders = Reader(buf, ids_end, hs.offers[1])
    if binders.vector(2) != hs.offers[1] or ids.off == ids_end or binders.off == hs.offers[1]:
        _malformed()
    count = 0
    while ids.off < ids_end:
        stop = ids.vector(2)
        off = ids.off
        ids.off = stop
        ids.take(4)
        if binders.off == hs.offers[1]:
            _mismatch()
        tag_end = binders.vector(1)
        tag = binders.off
        binders.off = tag_end
        if stop == off or tag_end - tag < 32:
            _malformed()
        if not hs.psk and count < _MOST and (_USE_ECDHE and 1 in hs.modes or 0 in hs.modes):
            alg = _find(session, hs, buf, off, stop - off)
            row = alg and choose_suite(session, buf, suites, end, alg)
            if row and (not hs.transcript or alg == hs.alg):
                _check_binder(hs, alg, buf, ids_end, tag, tag_end - tag)
                hs.row = row
                hs.psk_index = count
                if hs.entry:
                    hs.resumed = True
                    hs.anonymous = hs.entry.anonymous
            else:
                hs.psk = hs.entry = None
        count += 1
    if ids.off != ids_end:
        _malformed()
    if binders.off != hs.offers[1]:
        _mismatch()


def _malformed():
    raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "a malformed list of pre-shared keys; the client is broken")


def _mismatch():
    ext.illegal("pre-shared keys and binders differ in number")


def _find(session, hs, buf, off, n):
    """Set hs.psk (and hs.entry) for the identity; its hash, 0 for an identity that we do not know or may not take."""
    if _USE_RESUMPTION and not session.full and 1 in hs.modes:
        import mxtls.resume as resume
        from mxtls.suites import find

        entry = None
        if _USE_SESSION_TICKETS and session.keys.tickets:
            import mxtls.tickets as tickets

            entry = tickets.open(session, buf, off, n)
        entry = entry or resume.recall(session, buf, off, n)
        if entry and entry.version == _TLS1_3 and find(entry.suite) and not (
            _USE_CLIENT_AUTH and session.cert_validator and session.client_auth and entry.anonymous
        ):
            hs.entry = entry
            hs.psk = entry.master
            return find(entry.suite)[6]
    if _USE_PSK:
        hs.psk = session.keys.find_psk(buf, off, n)
        if hs.psk:
            return _SHA256
    return 0


def _check_binder(hs, alg, buf, end, tag, n):
    """The client holds the key, and nobody changed its hello (RFC 8446 section 4.2.11.2)."""
    h = hs.transcript.fork() if hs.transcript else Hash(alg)
    h.update(buf, hs.hello_at, end - hs.hello_at)
    own = binder(alg, hs.psk, hs.entry is not None, h.digest())
    if n != len(own) or not ct_equal(own, 0, buf, tag, n):
        raise Error(_PROTOCOL_FAIL, _ALERT_DECRYPT_ERROR, "the binder of a pre-shared key does not match: the key differs, or somebody changed the ClientHello")
