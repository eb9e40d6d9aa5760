# SPDX-License-Identifier: MIT
"""The client of TLS 1.3, from the ServerHello on: its table and what it reads and writes (RFC 8446 sections 2 and 4, appendix A.1).
Called by client_start.py and machine.py."""

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_MISSING_EXTENSION as _ALERT_MISSING_EXTENSION,
    ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    WAIT_CERTIFICATE_OR_REQUEST as _WAIT_CERTIFICATE_OR_REQUEST,
    WAIT_ENCRYPTED_EXTENSIONS as _WAIT_ENCRYPTED_EXTENSIONS,
    WAIT_SERVER_FINISHED as _WAIT_SERVER_FINISHED,
    WAIT_SERVER_VERIFY as _WAIT_SERVER_VERIFY,
)
from mxtls.config import (
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_ECDHE as _USE_ECDHE,
    USE_POST_HANDSHAKE_AUTH as _USE_POST_HANDSHAKE_AUTH,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_X509 as _USE_X509,
)
from mxtls.crypto.hash import Hash
from mxtls.errors import Error
from mxtls.handshake import extensions as ext, schedule

# State, message, read, reply, next state, done. See machine.py.
TABLE = (
    (21, 8, "encrypted_extensions", "", 0, "handshake.client_hello"),
    (22, 13, "certificate_request", "", 23, ""),
    (22, 11, "certificate", "certified", 0, ""),
    (23, 11, "certificate", "certified", 0, ""),
    (24, 15, "certificate_verify", "", 25,
     "handshake.certificates handshake.signed13 handshake.signed x509.chain x509.certificate x509.names x509.der x509.constraints x509.store x509.pubkey"
     " crypto.sign crypto.ecdsa crypto.ed25519 crypto.rsa kernels.ec kernels.ed25519 kernels.field kernels.rsa kernels.x25519"),
    (25, 20, "finished", "send_flight", 20, "handshake.client13 handshake.extensions handshake.schedule handshake.machine handshake.codec crypto.hkdf crypto.sign"),
    (20, 4, "new_session_ticket", "", 20, "handshake.client13 handshake.extensions handshake.schedule handshake.machine handshake.codec crypto.hkdf resume"),
    (20, 13, "post_request", "", 20,
     "handshake.client13 handshake.post_auth handshake.certificates handshake.signed13 handshake.schedule handshake.machine handshake.codec"
     " crypto.hkdf crypto.sign crypto.ecdsa crypto.rsa crypto.ed25519", _USE_POST_HANDSHAKE_AUTH),
    (20, 24, "key_update", "", 20, "handshake.client13 handshake.schedule handshake.machine handshake.codec crypto.hkdf"),
)


def server_hello(session, hs, r, sid):
    """ServerHello or HelloRetryRequest, from its extensions on."""
    if sid != hs.session_id:
        ext.illegal("the ServerHello does not echo the session id")
    if hs.random[32:] == schedule.RETRY:
        _retry(session, hs, r)
        return
    if hs.retried and hs.row[0] != hs.retried:
        ext.illegal("the ServerHello has another suite than the HelloRetryRequest")
    chosen = False
    shared = False
    end = r.vector(2)
    seen = []
    while r.off < end:
        kind = r.get(2)
        stop = r.vector(2)
        ext.once(seen, kind)
        if kind == ext.SUPPORTED_VERSIONS:
            r.get(2)
        elif _USE_ECDHE and kind == ext.KEY_SHARE:
            if r.get(2) != hs.share.group:
                ext.illegal("the server's key share is of a group that was not offered")
            n = r.vector(2) - r.off
            hs.premaster = hs.share.agree(r.buf, r.off, n)
            r.off += n
            shared = True
        elif kind == ext.PRE_SHARED_KEY and hs.psk:
            if r.get(2) != 0 or hs.psk_alg != hs.alg:
                ext.illegal("the server chose a pre-shared key that was not offered")
            chosen = True
        elif kind == ext.PRE_SHARED_KEY:
            ext.unasked(kind)
        else:
            ext.placed(kind)
            ext.unasked(kind)
        r.done(stop)
    r.done(end)
    _judge(hs, chosen, shared)
    if not hs.transcript:
        hs.transcript = Hash(hs.alg)
        hs.transcript.update(hs.hello, 0, len(hs.hello))
        hs.hello = None


def _judge(hs, chosen, shared):
    """Is what the server chose a way to a secret that we offered?"""
    if hs.share:
        hs.share.wipe()
        hs.share = None
    if not shared:
        from mxtls.handshake.client_hello13 import modes_of

        if chosen and 0 not in modes_of(hs):
            ext.illegal("the ServerHello takes a pre-shared key alone, which was not offered")
        if not chosen:
            raise Error(_PROTOCOL_FAIL, _ALERT_MISSING_EXTENSION, "the ServerHello has neither key share nor pre-shared key; it is broken")
    if chosen:
        hs.resumed = hs.ticket is not None
        hs.anonymous = hs.resumed and hs.ticket.anonymous
    else:
        hs.psk = hs.ticket = None


def _retry(session, hs, r):
    """HelloRetryRequest (RFC 8446 section 4.1.4): once, and it must change something."""
    if hs.retried:
        raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "a second HelloRetryRequest; the server is broken")
    group = 0
    seen = []
    end = r.vector(2)
    while r.off < end:
        kind = r.get(2)
        stop = r.vector(2)
        ext.once(seen, kind)
        if kind == ext.SUPPORTED_VERSIONS:
            r.get(2)
        elif _USE_ECDHE and kind == ext.KEY_SHARE:
            group = r.get(2)
        elif kind == ext.COOKIE:
            n = r.vector(2) - r.off
            if n == 0:
                raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "an empty cookie; the server is broken")
            if n > 1024:
                ext.illegal("a cookie of %d bytes" % n)
            hs.cookie = bytes(r.buf[r.off : r.off + n])
            r.off += n
        else:
            ext.placed(kind)
            ext.unasked(kind)
        r.done(stop)
    r.done(end)
    if group:
        _other_share(hs, group)
    elif not hs.cookie:
        ext.illegal("a HelloRetryRequest that changes nothing")
    hs.retried = hs.row[0]
    session.key_changed = True  # not yet, but a hello ends its record always
    if hs.psk_alg != hs.alg:
        hs.psk = hs.ticket = None
    schedule.restart(hs, hs.hello)
    hs.hello = None


def _other_share(hs, group):
    """The server wants another group of those that we offered."""
    if _USE_ECDHE:
        from mxtls.crypto.ecdh import Share, find

        row = find(group)
        if not row or group == hs.share.group:
            ext.illegal("the HelloRetryRequest asks for a group that was not offered, or was given already")
        hs.share.wipe()
        hs.share = Share(row)


def after_hello(session, hs):
    """ServerHello has joined the transcript: what follows is encrypted. Or HelloRetryRequest has: say hello again."""
    if hs.random[32:] == schedule.RETRY:
        from mxtls.handshake import client_start

        schedule.change_cipher_spec(session)
        client_start.write(session, hs)
        return
    schedule.begin(hs, hs.psk)
    schedule.handshake_keys(session, hs)
    schedule.change_read(session, hs.next_rd)
    hs.next_rd = None
    session.state = _WAIT_ENCRYPTED_EXTENSIONS
    session.role = None


def encrypted_extensions(session, hs, r):
    """Each answer at most once, and none that was not offered or belongs to older versions (RFC 8446 section 4.2)."""
    from mxtls.handshake import client_hello

    client_hello.read(session, hs, r)
    session.state = _WAIT_SERVER_FINISHED if hs.psk else _WAIT_CERTIFICATE_OR_REQUEST


def certificate_request(session, hs, r):
    """The server asks who we are (RFC 8446 section 4.3.2). Without a certificate that fits, an empty list says so."""
    end = r.vector(1)
    if end != r.off:
        ext.illegal("a certificate_request_context within the handshake")
    hs.cert_wanted = True
    read_request(session, hs, r)


def read_request(session, hs, r):
    """The extensions of a CertificateRequest; hs.scheme becomes what we can sign with, 0 for nothing."""
    hs.schemes = None
    seen = []
    end = r.vector(2)
    while r.off < end:
        kind = r.get(2)
        stop = r.vector(2)
        ext.once(seen, kind)
        if kind == ext.SIGNATURE_ALGORITHMS:
            if r.vector(2) != stop or r.off == stop or (stop - r.off) & 1:
                raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "malformed signature_algorithms; the server is broken")
            hs.schemes = bytes(r.buf[r.off : stop])
        elif kind != ext.CERTIFICATE_AUTHORITIES and kind != ext.STATUS_REQUEST:
            ext.placed(kind)
        r.off = stop
    r.done(end)
    if not hs.schemes:
        raise Error(_PROTOCOL_FAIL, _ALERT_MISSING_EXTENSION, "a CertificateRequest without signature_algorithms; the server is broken")
    if _USE_CLIENT_AUTH and session.keys.private and session.keys.chain:
        from mxtls.handshake import signed13

        hs.scheme = signed13.choose(session.keys.private, hs.schemes)


def certificate(session, hs, n):
    if _USE_X509:
        from mxtls.handshake import certificates

        certificates.begin(session, hs, n)


def certified(session, hs):
    session.state = _WAIT_SERVER_VERIFY


def certificate_verify(session, hs, r):
    if _USE_X509:
        from mxtls.handshake import signed13

        signed13.check(hs, r, False)


def finished(session, hs, r):
    schedule.check_finished(hs, r)


def send_flight(session, hs):
    """The server is done: Certificate and CertificateVerify when asked for, Finished; the application's keys."""
    schedule.application_secrets(session, hs)
    schedule.change_read(session, schedule.protection(session, hs.row, hs.alg, session.secrets.rd))
    if hs.next_wr:  # not if close_notify went ahead
        schedule.begin_write(session, hs)
    if _USE_CLIENT_AUTH and hs.cert_wanted:
        from mxtls.handshake import certificates

        certificates.write(session, hs, session.keys.chain if hs.scheme else ())
        if hs.scheme:
            from mxtls.handshake import signed13

            signed13.send(session, hs, True)
    schedule.send_finished(session, hs)
    schedule.resumption_secret(session, hs)
    schedule.change_write(session, schedule.protection(session, hs.row, hs.alg, session.secrets.wr))
    session.anonymous = hs.anonymous
    if _USE_POST_HANDSHAKE_AUTH and session.post_handshake_auth:
        session.post_transcript = hs.transcript.fork()


def new_session_ticket(session, hs, r):
    """What resumes the session the next time (RFC 8446 section 4.6.1); a later one takes its place. One of over 1 KB is left."""
    session.count_message()
    lifetime = r.get(2) << 16 | r.get(2)
    n = r.take(4)
    age_add = bytes(r.buf[n : n + 4])
    end = r.vector(1)
    nonce = bytes(r.buf[r.off : end])
    r.off = end
    end = r.vector(2)
    n = end - r.off
    if n == 0:
        raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "an empty session ticket; the server is broken")
    if lifetime > 604800:
        ext.illegal("a session ticket for more than seven days")
    if _USE_RESUMPTION and session.session_id is not None and lifetime and n <= 1024:
        sid = session.session_id
        sid.take_ticket(session, nonce)
        sid.id = bytes(r.buf[r.off : end])
        sid.lifetime = lifetime
        sid.age_add = age_add
    r.off = end
    seen = []
    end = r.vector(2)
    while r.off < end:
        kind = r.get(2)
        ext.once(seen, kind)
        stop = r.vector(2)
        if kind == ext.EARLY_DATA:  # how many bytes, which we send none of
            r.take(4)
            r.done(stop)
        else:
            ext.placed(kind)
        r.off = stop
    r.done(end)


if _USE_POST_HANDSHAKE_AUTH:

    def post_request(session, hs, r):
        from mxtls.handshake import post_auth

        post_auth.answer(session, r)


def key_update(session, hs, r):
    schedule.take_update(session, r)
