# SPDX-License-Identifier: MIT
"""The server of TLS 1.3, from the ClientHello on: its table and what it reads and writes (RFC 8446 sections 2 and 4, appendix A.2).
Called by server_start.py and machine.py."""

from micropython import const

from mxtls.codes import (
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_MISSING_EXTENSION as _ALERT_MISSING_EXTENSION,
    CERTIFICATE_REQUEST as _CERTIFICATE_REQUEST,
    ENCRYPTED_EXTENSIONS as _ENCRYPTED_EXTENSIONS,
    NEW_SESSION_TICKET as _NEW_SESSION_TICKET,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SERVER_HELLO as _SERVER_HELLO,
    TLS1_2 as _TLS1_2,
    WAIT_CLIENT_CERTIFICATE_13 as _WAIT_CLIENT_CERTIFICATE_13,
    WAIT_CLIENT_FINISHED as _WAIT_CLIENT_FINISHED,
    WAIT_CLIENT_HELLO as _WAIT_CLIENT_HELLO,
    WAIT_CLIENT_VERIFY as _WAIT_CLIENT_VERIFY,
)
from mxtls.config import (
    USE_CLIENT_AUTH as _USE_CLIENT_AUTH,
    USE_ECDHE as _USE_ECDHE,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SESSION_TICKETS as _USE_SESSION_TICKETS,
    USE_X509 as _USE_X509,
)
from mxtls.crypto.drbg import random_into
from mxtls.crypto.hash import Hash
from mxtls.errors import Error
from mxtls.handshake import extensions as ext, schedule, server_hello13
from mxtls.handshake.codec import Reader, Writer, contains
from mxtls.kernels.mem import wipe

# State, message, read, reply, next state, done. See machine.py.
TABLE = (
    (26, 11, "client_certificate", "client_certified", 0, ""),
    (27, 15, "certificate_verify", "", 28,
     "handshake.certificates handshake.signed13 x509.chain x509.certificate x509.names x509.der x509.constraints x509.store x509.pubkey"
     " crypto.sign crypto.ecdsa crypto.ed25519 crypto.rsa kernels.ec kernels.ed25519 kernels.field kernels.rsa kernels.x25519"),
    (28, 20, "finished", "send_ticket", 20, "handshake.server13 handshake.schedule handshake.machine handshake.codec crypto.hkdf resume"),
    (20, 24, "key_update", "", 20, "handshake.server13 handshake.schedule handshake.machine handshake.codec crypto.hkdf"),
)


_EARLY = const(32768)  # bytes of early data, which we refuse, that are passed over


def client_hello(session, hs, r, suites, end):
    """Choose a pre-shared key, a suite, a group and a signature scheme, in this order; what cannot go on is an alert."""
    if hs.retried and (hs.early or hs.same != _constant(hs, r)):
        ext.illegal("the second ClientHello is not the first with what was asked for")
    before = hs.row
    session.server_name = hs.name
    hs.psk = hs.row = hs.entry = None
    hs.resumed = False
    hs.anonymous = True
    if (hs.groups is None) != (hs.shares is None):
        _missing("supported_groups or key_share")
    if hs.offers:
        from mxtls.handshake import server_psk

        server_psk.choose(session, hs, r, suites, end)
    if not hs.psk:
        hs.row = choose_suite(session, r.buf, suites, end, 0)
    if not hs.row:
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "no cipher suite of TLS 1.3 in common with the client; enable more on one side")
    if before and before != hs.row:
        ext.illegal("the second ClientHello has other suites than the first")
    session.cipher_suite = hs.row[0]
    hs.alg = hs.row[6]
    if not hs.transcript:
        hs.transcript = Hash(hs.alg)
    if not hs.psk or 1 in hs.modes:
        _choose_group(hs, r)
    if not hs.psk:
        _choose_scheme(session, hs)
    session.early = _EARLY if hs.early else 0
    hs.early = False
    if hs.group and not hs.share:
        hs.same = _constant(hs, r)


def _missing(text):
    raise Error(_PROTOCOL_FAIL, _ALERT_MISSING_EXTENSION, "the client sent no %s; it is broken" % text)


def choose_suite(session, buf, off, end, alg):
    """The first suite of ours that the client offers, with that hash if alg is not 0; None for none."""
    import mxtls.library as library
    from mxtls.suites import SUITES

    for row in SUITES:
        if row[8] and row[7] == 4 and alg in (0, row[6]) and contains(buf, off, end, row[0]):
            if row[0] not in session.disabled and row[0] not in library.disabled:
                return row
    return None


def _choose_group(hs, r):
    """The client's first group of ours that it sent a share of; or else its first group of ours, to be asked for."""
    if not _USE_ECDHE:
        return
    if hs.groups is None:
        _missing("supported_groups and key_share")
    from mxtls.crypto.ecdh import Share, find

    asked = hs.group
    hs.group = None
    _check_shares(hs, r.buf)
    for i in range(0, len(hs.groups), 2):
        row = find(hs.groups[i] << 8 | hs.groups[i + 1])
        off = row and _share_of(hs, r.buf, row[0])
        if off and asked in (None, row):
            hs.group = row
            hs.share = Share(row)
            hs.public = bytes(r.buf[off + 4 : off + 4 + (r.buf[off + 2] << 8 | r.buf[off + 3])])
            return
        hs.group = hs.group or row
    if asked:
        ext.illegal("the second ClientHello lacks the key share that was asked for")
    if not hs.group:
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "no group in common with the client; enable more on one side")


def _check_shares(hs, buf):
    """Each share is of a group that was offered, and no group has two; in a second ClientHello there is one."""
    seen = []
    off, end = hs.shares
    while off < end:
        group = buf[off] << 8 | buf[off + 1]
        if group in seen or not contains(hs.groups, 0, len(hs.groups), group):
            ext.illegal("a key share of a group that was not offered, or two of one")
        seen.append(group)
        off += 4 + (buf[off + 2] << 8 | buf[off + 3])
    if hs.retried and len(seen) != 1:
        ext.illegal("the second ClientHello has not one key share")


def _share_of(hs, buf, group):
    """Where the client's share of the group lies, 0 for nowhere."""
    off, end = hs.shares
    while off < end:
        if buf[off] << 8 | buf[off + 1] == group:
            return off
        off += 4 + (buf[off + 2] << 8 | buf[off + 3])
    return 0


def _choose_scheme(session, hs):
    if hs.schemes is None:
        _missing("signature_algorithms")
    if _USE_X509 and session.keys.private:
        from mxtls.handshake import signed13

        hs.scheme = signed13.choose(session.keys.private, hs.schemes)
    if not hs.scheme:
        raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "no signature scheme in common with the client, or no pre-shared key; load other keys")


def _constant(hs, r):
    """A digest of the ClientHello without what a HelloRetryRequest lets change (RFC 8446 section 4.1.2)."""
    h = Hash(4)
    buf = r.buf
    r = Reader(buf, hs.hello_at + 4, r.end)
    start = r.off
    r.take(34)
    r.off = r.vector(1)
    r.off = r.vector(2)
    r.off = r.vector(1)
    h.update(buf, start, r.off - start)
    end = r.vector(2)
    while r.off < end:
        start = r.off
        kind = r.get(2)
        r.off = r.vector(2)
        if kind not in (ext.PADDING, ext.PRE_SHARED_KEY, ext.EARLY_DATA, ext.COOKIE, ext.KEY_SHARE):
            h.update(buf, start, r.off - start)
    return h.digest()


def answer_hello(session, hs):
    """ServerHello and all that follows up to Finished; or HelloRetryRequest."""
    w = Writer(session)
    if hs.group and not hs.share:
        _retry(session, hs, w)
        return
    if hs.share:
        hs.premaster = hs.share.agree(hs.public, 0, len(hs.public))
        hs.public = None
    _begin_hello(hs, w, hs.random, 32)
    server_hello13.write_hello(hs, w)
    w.finish()
    schedule.begin(hs, hs.psk)
    if _USE_SESSION_TICKETS and hs.entry and hs.entry not in session.keys.sessions:
        hs.entry.clear()  # it came in a ticket
    schedule.handshake_keys(session, hs)
    schedule.begin_write(session, hs)
    schedule.change_read(session, hs.next_rd)
    hs.next_rd = None
    w.begin(_ENCRYPTED_EXTENSIONS, server_hello13.size(session))
    server_hello13.write_encrypted(session, hs, w)
    w.finish()
    session.state = _WAIT_CLIENT_FINISHED
    if _USE_X509 and not hs.psk:
        _send_certificate(session, hs, w)
    hs.then = _end_flight


def _end_flight(session, hs):
    """CertificateVerify, where we have shown a certificate, and Finished; what we send from now on is under the application's keys."""
    if _USE_X509 and not hs.psk:
        from mxtls.handshake import signed13

        signed13.send(session, hs, False)
    schedule.send_finished(session, hs)
    schedule.application_secrets(session, hs)
    schedule.change_write(session, schedule.protection(session, hs.row, hs.alg, session.secrets.wr))
    session.quiet = True


def _begin_hello(hs, w, random, off):
    w.begin(_SERVER_HELLO, 300)
    w.put(_TLS1_2, 2)
    w.data(random, off, 32)
    w.put(len(hs.session_id), 1)
    w.data(hs.session_id, 0, len(hs.session_id))
    w.put(hs.row[0], 2)
    w.put(0, 1)


def _retry(session, hs, w):
    schedule.restart(hs, None)
    _begin_hello(hs, w, schedule.RETRY, 0)
    server_hello13.write_retry(hs, w)
    w.finish()
    if hs.session_id:
        schedule.change_cipher_spec(session)
    hs.retried = hs.row[0]
    session.key_changed = True  # not yet, but a hello ends its record always
    hs.shares = hs.offers = None
    session.state = _WAIT_CLIENT_HELLO
    session.role = None


def _send_certificate(session, hs, w):
    """CertificateRequest where we want one, and our Certificate."""
    from mxtls.handshake import certificates

    if _USE_CLIENT_AUTH and session.cert_validator and session.client_auth:
        session.state = _WAIT_CLIENT_CERTIFICATE_13
        w.begin(_CERTIFICATE_REQUEST, server_hello13.request_size(session))
        server_hello13.write_request(session, w)
        w.finish()
    certificates.write(session, hs, session.keys.chain)


def client_certificate(session, hs, n):
    if _USE_CLIENT_AUTH:
        from mxtls.handshake import certificates

        certificates.begin(session, hs, n)


def client_certified(session, hs):
    session.state = _WAIT_CLIENT_VERIFY if hs.key else _WAIT_CLIENT_FINISHED


def certificate_verify(session, hs, r):
    if _USE_CLIENT_AUTH:
        from mxtls.handshake import signed13

        signed13.check(hs, r, True)


def finished(session, hs, r):
    schedule.check_finished(hs, r)


def send_ticket(session, hs):
    """The handshake is done: the application's keys, and a ticket to resume with."""
    schedule.change_read(session, schedule.protection(session, hs.row, hs.alg, session.secrets.rd))
    session.anonymous = bool(_USE_CLIENT_AUTH and session.cert_validator) and hs.anonymous
    session.full = False
    if _USE_RESUMPTION:
        schedule.resumption_secret(session, hs)
        if 1 in hs.modes and (session.keys.max_sessions > 0 or (_USE_SESSION_TICKETS and session.keys.tickets)):
            _new_session_ticket(session, hs)


def _new_session_ticket(session, hs):
    """One ticket (RFC 8446 section 4.6.1): the session sealed, or the number of an entry in our cache."""
    import mxtls.resume as resume

    entry = resume.SessionId()
    entry.take_ticket(session, b"\x00")
    entry.lifetime = min(session.keys.session_lifetime, 604800)
    entry.anonymous = hs.key is None or hs.anonymous
    if _USE_SESSION_TICKETS and session.keys.tickets:
        import mxtls.tickets as tickets

        entry.id = tickets.seal(session.keys, entry)
        wipe(entry.master)
    else:
        entry.id = bytearray(32)
        random_into(entry.id, 0, 32)
        resume.add(session, hs, entry)
    entry.age_add = bytearray(4)
    random_into(entry.age_add, 0, 4)
    n = len(entry.id)
    w = Writer(session)
    w.begin(_NEW_SESSION_TICKET, 14 + n)
    w.put(entry.lifetime, 4)
    w.data(entry.age_add, 0, 4)
    w.put(0x0100, 2)
    w.put(n, 2)
    w.data(entry.id, 0, n)
    w.put(0, 2)
    w.finish()


def key_update(session, hs, r):
    schedule.take_update(session, r)
