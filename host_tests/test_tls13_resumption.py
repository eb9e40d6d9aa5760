# SPDX-License-Identifier: MIT
"""TLS 1.3's sessions resumed by ticket and from the server's cache: what must fit, what ends them (RFC 8446 sections 2.2 and 4.6.1)."""

import loop
import pytest
from tls13 import (
    PSK,
    SHARE,
    SUITES,
    VERSIONS,
    client_keys,
    connect,
    exchange,
    judge,
    own_keys,
    pair,
    pump_with,
    rewrite,
    take_apart,
    with_extensions,
    without,
)

import mxtls
import mxtls_port
from mxtls import codes as c
from mxtls.handshake import client_hello13


@pytest.fixture(params=(True, False), ids=("ticket", "cache"))
def k(request):
    return own_keys(request.param)


def resume(k, sid, resumed=True, client=None, **arguments):
    ends = pair(k, client=dict(client or {}, session_id=sid), **arguments)
    connect(*ends)
    assert ends[0].session.resumed == ends[1].session.resumed == resumed
    for a, b in (ends, ends[::-1]):
        loop.carry(a, b, b"data")
    return ends


@pytest.mark.parametrize("suite", SUITES, ids=lambda v: "%04X" % v)
def test_resumption(k, suite):
    sid = mxtls.SessionId()
    for resumed in (False, True, True):
        before = bytes(sid.id)
        client, server = resume(k, sid, resumed, client={"cipher_suite": suite})
        assert client.session.cipher_suite == suite and sid.id != before and not client.session.anonymous
    assert (len(k[1].sessions) == 0) == k[1].tickets


def test_resumption_has_a_fresh_secret(k):
    """psk_dhe_ke: another key share each time."""
    sid = mxtls.SessionId()
    resume(k, sid, False)
    client, server = pair(k, client={"session_id": sid})
    server.feed(client.take())
    assert [i for i, _ in take_apart(loop.messages(server.take())[0][4:], True)[1]] == [VERSIONS, SHARE, PSK]


def test_resumption_under_another_suite_of_that_hash(k):
    sid = mxtls.SessionId()
    resume(k, sid, False)
    client, server = pair(k, client={"session_id": sid})
    server.session.set_cipher_suite_enabled_status(0x1301, False)
    connect(client, server)
    assert client.session.resumed and client.session.cipher_suite == 0x1303


def test_resumption_under_another_hash(k):
    sid = mxtls.SessionId()
    resume(k, sid, False)
    client, server = pair(k, client={"session_id": sid})
    for suite in (0x1301, 0x1303, 0x1304, 0x1305):
        server.session.set_cipher_suite_enabled_status(suite, False)
    connect(client, server)
    assert not client.session.resumed and client.session.cipher_suite == 0x1302


def test_retry_and_resumption(k):
    """The binder covers the first hello's digest and the retry."""
    sid = mxtls.SessionId()
    for resumed in (False, True):
        client, server = pair(k, client={"session_id": sid})
        pump_with(client, server, 24)
        connect(client, server)
        assert client.session.resumed == resumed
        exchange(client, server)


def test_a_ticket_that_is_not_offered_again(k, monkeypatch):
    """Nothing of it is left when the hello behind a retry comes without."""
    theirs, ours = client_keys()
    ours.tickets = k[1].tickets
    sid = mxtls.SessionId()
    connect(*pair((theirs, ours), client={"session_id": sid}, server={"cert_validator": judge}))
    client, server = pair((theirs, ours), client={"session_id": sid}, server={"cert_validator": judge})
    server.session.set_session_option(c.OPTION_DISABLE_CLIENT_AUTH)
    rewrite(monkeypatch, client, c.CLIENT_HELLO, with_extensions(without(PSK)))
    pump_with(client, server, 24)
    connect(client, server)
    assert not client.session.resumed and not server.session.resumed and server.session.anonymous


def test_a_name_that_differs(k):
    """A ticket is offered for its own name only; a server minds too."""
    sid = mxtls.SessionId()
    resume(k, sid, False)
    assert not sid.fits(pair(k, name="other")[0].session)
    sid.name = "other"
    client, server = pair(k, name="other", client={"session_id": sid, "cert_validator": lambda *a: 0})
    connect(client, server)
    assert not client.session.resumed and not server.session.resumed


@pytest.mark.parametrize("then, resumed", ((("a",), True), (("a", "b"), True), (("b",), False), ((), False)))
def test_application_protocols_that_differ(k, then, resumed):
    sid = mxtls.SessionId()
    resume(k, sid, False, alpn=("a",))
    assert sid.alpn == "a"
    client, server = pair(k, client={"session_id": sid, "alpn": then}, server={"alpn": ("a", "b")})
    connect(client, server)
    assert client.session.resumed == server.session.resumed == resumed


def test_a_version_that_differs(k):
    """A session of TLS 1.3 is no session of TLS 1.2, and the other way round."""
    sid = mxtls.SessionId()
    resume(k, sid, False)
    client, server = loop.connect(*loop.pair(k, client={"session_id": sid, "max_version": c.TLS1_2}))
    assert not client.session.resumed and sid.version == c.TLS1_2
    loop.pump(client, server)
    client, server = connect(*pair(k, client={"session_id": sid}))
    assert not client.session.resumed and sid.version == c.TLS1_3
    client, server = pair(k, client={"session_id": sid}, server={"max_version": c.TLS1_2})
    loop.connect(client, server)
    assert not client.session.resumed and client.session.version == c.TLS1_2


def test_old_sessions(k, monkeypatch):
    sid = mxtls.SessionId()
    now = [mxtls_port.ticks_ms()]
    monkeypatch.setattr(mxtls_port, "ticks_ms", lambda: now[0] & 0x3FFFFFFF)
    k[1].session_lifetime = 100
    resume(k, sid, False)
    assert sid.lifetime == 100
    now[0] += 60_000
    resume(k, sid)
    assert sid.lifetime == 100
    now[0] += 99_000
    resume(k, sid)
    now[0] += 101_000
    client = pair(k, client={"session_id": sid})[0]
    assert PSK not in dict(take_apart(loop.messages(client.take())[0][4:])[1])
    sid.lifetime = 1000
    client, server = pair(k, client={"session_id": sid})
    connect(client, server)
    assert not server.session.resumed


def test_the_age_of_a_ticket(k, monkeypatch):
    sid = mxtls.SessionId()
    now = [5_000_000]
    monkeypatch.setattr(mxtls_port, "ticks_ms", lambda: now[0] & 0x3FFFFFFF)
    resume(k, sid, False)
    ages = []
    for wait in (0, 1234, 0):
        now[0] += wait
        client = pair(k, client={"session_id": sid})[0]
        data = dict(take_apart(loop.messages(client.take())[0][4:])[1])[PSK]
        n = data[2] << 8 | data[3]
        assert data[4 : 4 + n] == sid.id
        ages.append(int.from_bytes(data[4 + n : 8 + n], "big"))
    add = int.from_bytes(sid.age_add, "big")
    assert ages == [(x + add) & 0xFFFFFFFF for x in (0, 1234, 1234)]


def test_fatal_alerts_end_a_session(k):
    """Neither side resumes it: the client forgets its ticket, the server its entry."""
    sid = mxtls.SessionId()
    client, server = resume(k, sid, False)
    loop.send_record(server, c.ALERT, bytes((2, c.ALERT_INTERNAL_ERROR)))
    loop.pump(client, server)
    assert not sid.id
    client, server = resume(k, sid, False)
    loop.send_record(client, c.ALERT, bytes((2, c.ALERT_INTERNAL_ERROR)))
    loop.pump(client, server)
    assert server.alerts and not any(entry.id for entry in k[1].sessions if entry is server.session.session_id)


def test_the_cache_is_bounded():
    k = own_keys(False)
    k[1].max_sessions = 2
    sids = [mxtls.SessionId() for _ in range(3)]
    for sid in sids:
        resume(k, sid, False)
    assert len(k[1].sessions) == 2
    resume(k, sids[2])
    k[1].max_sessions = 0
    client, server = connect(*pair(k, client={"session_id": mxtls.SessionId()}))
    assert not client.session.session_id.id


def test_no_ticket_for_who_cannot_use_one(monkeypatch):
    """A client without psk_dhe_ke gets none (section 4.6.1)."""
    monkeypatch.setattr(client_hello13, "modes_of", lambda hs: b"\x00")
    sid = mxtls.SessionId()
    connect(*pair(client={"session_id": sid}))
    assert not sid.id


def test_no_session_without_a_fresh_secret(k, monkeypatch):
    """A ticket for psk_dhe_ke does not serve alone."""
    sid = mxtls.SessionId()
    resume(k, sid, False)
    monkeypatch.setattr(client_hello13, "modes_of", lambda hs: b"\x00")
    resume(k, sid, False)


def test_who_showed_a_certificate_need_not_again(k):
    theirs, ours = client_keys()
    ours.tickets = k[1].tickets
    sid = mxtls.SessionId()
    asked = []

    def validator(session, certificate, alert):
        asked.append(alert)
        return alert

    for n in (1, 1):
        client, server = connect(*pair((theirs, ours), client={"session_id": sid}, server={"cert_validator": validator}))
        assert len(asked) == n and not server.session.anonymous
    assert client.session.resumed


def test_who_showed_none_is_asked(k):
    theirs, ours = client_keys()
    ours.tickets = k[1].tickets
    sid = mxtls.SessionId()
    connect(*pair((theirs, ours), client={"session_id": sid}))
    client, server = connect(*pair((theirs, ours), client={"session_id": sid}, server={"cert_validator": judge}))
    assert not client.session.resumed and not server.session.anonymous


def test_a_ticket_of_another_lends_nothing(k):
    """Who has seen it and not its secret is nobody, although no binder was looked at: no suite that is offered fits it."""
    theirs, ours = client_keys()
    ours.tickets = k[1].tickets
    sid = mxtls.SessionId()
    connect(*pair((theirs, ours), client={"session_id": sid, "cipher_suite": 0x1302}, server={"cert_validator": judge}))
    sid.suite, sid.master = 0x1301, bytearray(32)
    client, server = pair((theirs, ours), client={"session_id": sid, "cipher_suite": 0x1301}, server={"cert_validator": judge})
    server.session.set_session_option(c.OPTION_DISABLE_CLIENT_AUTH)
    connect(client, server)
    assert not server.session.resumed and server.session.anonymous


@pytest.mark.parametrize("at", (0, 4, 16, -1))
def test_a_ticket_that_was_changed(at):
    k = own_keys(True)
    sid = mxtls.SessionId()
    resume(k, sid, False)
    wrong = bytearray(sid.id)
    wrong[at] ^= 1
    sid.id = bytes(wrong)
    resume(k, sid, False)


def test_keys_of_tickets_take_turns(monkeypatch):
    k = own_keys(True)
    now = [1000]
    monkeypatch.setattr(mxtls_port, "ticks_ms", lambda: now[0] & 0x3FFFFFFF)
    k[1].session_lifetime = 100
    sid = mxtls.SessionId()
    resume(k, sid, False)
    for _ in range(6):
        now[0] += 40_000
        resume(k, sid)
        assert len(k[1].ticket_keys) <= 2
