# SPDX-License-Identifier: MIT
"""Session-id resumption of our client with our server (self-test): whose a SessionId is, the server's cache and its bounds, every reason
to refuse, and what ends a session for good. Each version and suite resumes in test_versions.py."""

import loop
import pki
import pytest

import mxtls
from mxtls import codes as c, tickets
from mxtls.handshake import client_hello

SUITE = 0xC02B
PSK = 0x008C


@pytest.fixture(scope="module")
def chain():
    return pki.chain(names=["localhost", "other.example"])


@pytest.fixture
def keys(chain):
    """Fresh for each test: the cache is the server keys'. It is what a server has that gives no tickets."""
    return cached(loop.keys_of(chain))


def cached(pair):
    pair[1].tickets = False
    return pair


@pytest.fixture
def psk():
    return cached(loop.psk_keys())


@pytest.fixture
def clock(monkeypatch):
    """The port's clock, in seconds."""
    now = [1000]
    monkeypatch.setattr("mxtls_port.ticks_ms", lambda: now[0] * 1000 & 0x3FFFFFFF)
    return now


def meet(keys, sid=None, name="localhost", server=None, **client):
    """A handshake that must succeed; the two ends."""
    return loop.connect(*loop.pair(keys, name=name, client=dict(client, session_id=sid), server=server))


def resumed(keys, sid, **arguments):
    """Did the next handshake resume?"""
    client, server = meet(keys, sid, **arguments)
    assert client.session.resumed == server.session.resumed
    loop.carry(client, server, b"up")
    loop.carry(server, client, b"down")
    return client.session.resumed


def session_id_of(hello):
    return hello[39 : 39 + hello[38]]


# Whose it is


def test_only_with_a_session_id(keys):
    sid = mxtls.SessionId()
    assert not resumed(keys, sid) and resumed(keys, sid)
    assert not resumed(keys, None) and not resumed(keys, mxtls.SessionId())
    assert resumed(keys, sid)


def test_clear(keys):
    sid = mxtls.SessionId()
    resumed(keys, sid)
    assert len(sid.id) == 32 and any(sid.master)
    sid.clear()
    assert sid.id == b"" and not any(sid.master)
    assert not resumed(keys, sid) and resumed(keys, sid)


def test_many_at_once(keys):
    """One SessionId may resume several sessions, one after another and side by side."""
    sid = mxtls.SessionId()
    meet(keys, sid)
    pairs = [meet(keys, sid) for _ in range(3)]
    assert all(client.session.resumed for client, _ in pairs)
    for client, server in pairs:
        loop.carry(client, server, b"each under its own keys")


def test_two_servers_two_session_ids(chain):
    one, two = loop.keys_of(chain), loop.keys_of(chain)
    a, b = mxtls.SessionId(), mxtls.SessionId()
    assert not resumed(one, a) and not resumed(two, b)
    assert resumed(one, a) and resumed(two, b)
    assert not resumed(two, a)  # another server does not know it: a full handshake, and the new session is kept
    assert resumed(two, a) and not resumed(one, a)


def test_statuses(keys):
    """The server is first: its Finished goes out with its hello, the client's ends the handshake."""
    sid = mxtls.SessionId()
    meet(keys, sid)
    client, server = (end.session for end in loop.pair(keys, client={"session_id": sid}))

    def put(session, data):
        view = session.get_readbuf()
        view[: len(data)] = data
        view = None
        return session.received_data(len(data))

    def take(session):
        data = bytes(session.get_outdata())
        return data, session.sent_data(len(data))

    hello, status = take(client)
    assert status == c.SUCCESS and put(server, hello) == c.REQUEST_SEND
    flight, status = take(server)
    assert status == c.SUCCESS
    assert [r[0] for r in loop.records(flight)] == [c.HANDSHAKE, c.CHANGE_CIPHER_SPEC, c.HANDSHAKE]
    for call in (lambda: server.get_writebuf(1), lambda: server.encode_to_outdata(b"x")):  # not before the client's Finished
        with pytest.raises(mxtls.Error):
            call()
    assert put(client, flight) == c.REQUEST_SEND
    last, status = take(client)
    assert status == c.HANDSHAKE_COMPLETE
    assert put(server, last) == c.HANDSHAKE_COMPLETE
    assert client.resumed and server.resumed


def test_the_validator_is_not_asked_again(keys):
    asked = []
    sid = mxtls.SessionId()
    for n in (1, 1):
        client, _ = meet(keys, sid, cert_validator=lambda s, x, a: asked.append(x) or 0)
        assert len(asked) == n and not client.session.anonymous
    assert client.session.resumed


@pytest.mark.parametrize("version", (c.TLS1_2, c.TLS1_3), ids=lambda v: "%04X" % v)
def test_anonymous_stays_anonymous(chain, version):
    """A server whose certificate the validator let pass is anonymous when resumed too."""
    keys = (loop.keys_of(pki.chain(tag="stranger"))[0], loop.keys_of(chain)[1])
    sid = mxtls.SessionId()
    for i in range(2):
        client, _ = meet(keys, sid, cert_validator=lambda s, x, a: c.ALLOW_ANON_CONNECTION, max_version=version)
        assert client.session.resumed == bool(i) and client.session.anonymous


@pytest.mark.parametrize("version", (c.TLS1_2, c.TLS1_3), ids=lambda v: "%04X" % v)
def test_anonymous_is_not_good_enough_without_a_validator(chain, version):
    """Who judges servers by their certificate does not take up a session with one that was let pass."""
    keys = (loop.keys_of(pki.chain(tag="stranger"))[0], loop.keys_of(chain)[1])
    sid = mxtls.SessionId()
    meet(keys, sid, cert_validator=lambda s, x, a: c.ALLOW_ANON_CONNECTION, max_version=version)
    client, server = loop.pair(keys, client={"session_id": sid}, max_version=version)
    loop.pump(client, server)
    assert client.error.alert == c.ALERT_UNKNOWN_CA and server.alerts == [(2, c.ALERT_UNKNOWN_CA)]


# The client's choice of a suite


def test_an_explicit_suite_clears_another(keys):
    sid = mxtls.SessionId()
    meet(keys, sid)
    assert sid.suite == SUITE
    client, _ = loop.pair(keys, client={"session_id": sid, "cipher_suite": 0xC02C})
    assert sid.id == b"" and not any(sid.master)
    assert session_id_of(loop.messages(client.take())[0]) == b""
    assert not resumed(keys, sid, cipher_suite=0xC02C) and resumed(keys, sid, cipher_suite=0xC02C) and sid.suite == 0xC02C


def test_the_same_suite_keeps_it(keys):
    sid = mxtls.SessionId()
    meet(keys, sid)
    assert resumed(keys, sid, cipher_suite=SUITE) and resumed(keys, sid)


# The server's cache


def test_cache_is_bounded(psk):
    psk[1].max_sessions = 3
    sids = [mxtls.SessionId() for _ in range(5)]
    for sid in sids:
        assert not resumed(psk, sid, cipher_suite=PSK)
        assert len(psk[1].sessions) <= 3
    assert [bytes(e.id) for e in psk[1].sessions] == [s.id for s in sids[2:]]  # the oldest made room
    assert [resumed(psk, sid, cipher_suite=PSK) for sid in sids[2:]] == [True] * 3
    first = psk[1].sessions[0]
    assert not resumed(psk, sids[0], cipher_suite=PSK)
    assert not any(first.master) and first.id == b""  # what goes is wiped


def test_cache_that_shrinks(psk):
    sids = [mxtls.SessionId() for _ in range(6)]
    for sid in sids:
        meet(psk, sid, cipher_suite=PSK)
    psk[1].max_sessions = 2
    meet(psk, mxtls.SessionId(), cipher_suite=PSK)
    assert len(psk[1].sessions) == 2 and resumed(psk, sids[5], cipher_suite=PSK)


def test_no_cache(psk):
    psk[1].max_sessions = 0
    sid = mxtls.SessionId()
    for _ in range(2):
        assert not resumed(psk, sid, cipher_suite=PSK)
        assert sid.id == b"" and psk[1].sessions == []


def test_no_cache_any_more(psk):
    sid = mxtls.SessionId()
    meet(psk, sid, cipher_suite=PSK)
    psk[1].max_sessions = 0
    psk[1].sessions.clear()
    assert not resumed(psk, sid, cipher_suite=PSK) and sid.id == b""


def test_expiry(psk, clock):
    psk[1].session_lifetime = 100
    sid = mxtls.SessionId()
    assert not resumed(psk, sid, cipher_suite=PSK)
    clock[0] += 100
    assert resumed(psk, sid, cipher_suite=PSK)
    clock[0] += 1  # the age counts from the full handshake
    entry = psk[1].sessions[0]
    assert not resumed(psk, sid, cipher_suite=PSK)
    assert entry not in psk[1].sessions and not any(entry.master) and len(psk[1].sessions) == 1


@pytest.mark.parametrize("age", (0, 99, 100, 101, 5000, 30000, 500000))
def test_expiry_when_the_clock_wraps(psk, clock, age):
    """ticks_ms counts to 2**30 and begins again."""
    psk[1].session_lifetime = 100
    clock[0] = 0x3FFFFFFF // 1000 - 50
    sid = mxtls.SessionId()
    meet(psk, sid, cipher_suite=PSK)
    clock[0] += age
    assert resumed(psk, sid, cipher_suite=PSK) == (age <= 100)


def test_others_expire_on_the_way(psk, clock):
    """Any look into the cache drops all that is too old."""
    psk[1].session_lifetime = 10
    old = mxtls.SessionId()
    meet(psk, old, cipher_suite=PSK)
    clock[0] += 11
    meet(psk, mxtls.SessionId(), cipher_suite=PSK)
    assert len(psk[1].sessions) == 1 and psk[1].sessions[0].id != old.id


def test_keys_that_are_deleted(keys):
    meet(keys, mxtls.SessionId())
    entry = keys[1].sessions[0]
    assert any(entry.master)
    keys[1].delete()
    assert keys[1].sessions == [] and not any(entry.master)


# Reasons to refuse: a full handshake


def test_another_name_is_not_offered(keys):
    sid = mxtls.SessionId()
    meet(keys, sid)
    client, server = loop.pair(keys, name="other.example", client={"session_id": sid})
    hello = client.take()
    assert session_id_of(loop.messages(hello)[0]) == b""
    server.feed(hello)
    loop.connect(client, server)
    assert not client.session.resumed and sid.name == "other.example"
    assert resumed(keys, sid, name="other.example")


def test_another_name_is_refused(keys):
    """A client that offers a session under another name than its own."""
    sid = mxtls.SessionId()
    meet(keys, sid)
    sid.name = "other.example"
    before = sid.id
    assert not resumed(keys, sid, name="other.example") and sid.id != before


def test_no_name_is_another_name(psk):
    sid = mxtls.SessionId()
    meet(psk, sid, cipher_suite=PSK)
    sid.name = None
    assert not resumed(psk, sid, name=None, cipher_suite=PSK)
    assert resumed(psk, sid, name=None, cipher_suite=PSK)


def test_a_suite_that_is_not_offered_again(keys):
    """The server holds the session under a suite that this hello lacks, which RFC 5246 section 7.4.1.2 forbids."""
    sid = mxtls.SessionId()
    meet(keys, sid)
    sid.suite = 0xC02C
    client, server = loop.pair(keys, client={"session_id": sid, "cipher_suite": 0xC02C})
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_ILLEGAL_PARAMETER, c.PROTOCOL_FAIL)


def test_a_suite_that_was_switched_off(keys):
    sid = mxtls.SessionId()
    meet(keys, sid)
    client, server = loop.pair(keys, client={"session_id": sid})
    server.session.set_cipher_suite_enabled_status(SUITE, False)
    loop.connect(client, server)
    assert not client.session.resumed and client.session.cipher_suite != SUITE
    sid = mxtls.SessionId()
    meet(keys, sid)
    mxtls.set_cipher_suite_enabled_status(SUITE, False)
    try:
        assert not resumed(keys, sid)
    finally:
        mxtls.set_cipher_suite_enabled_status(SUITE, True)


def test_an_older_version_is_not_offered(psk):
    sid = mxtls.SessionId()
    meet(psk, sid, cipher_suite=PSK)
    client, _ = loop.pair(psk, client={"session_id": sid, "max_version": c.TLS1_1})
    assert session_id_of(loop.messages(client.take())[0]) == b""
    sid.clear()
    meet(psk, sid, cipher_suite=PSK, max_version=c.TLS1_0)
    client, _ = loop.pair(psk, client={"session_id": sid, "min_version": c.TLS1_1})
    assert session_id_of(loop.messages(client.take())[0]) == b""


def test_a_session_of_an_older_version(psk):
    """The two could do better by now: the version is chosen first, and the session does not fit it."""
    sid = mxtls.SessionId()
    meet(psk, sid, cipher_suite=PSK, max_version=c.TLS1_0)
    assert not resumed(psk, sid, cipher_suite=PSK) and sid.version == c.TLS1_2


def test_a_server_of_an_older_version(psk):
    sid = mxtls.SessionId()
    meet(psk, sid, cipher_suite=PSK)
    assert not resumed(psk, sid, cipher_suite=PSK, server={"max_version": c.TLS1_1}) and sid.version == c.TLS1_1


def without_ems(monkeypatch, make):
    with monkeypatch.context() as m:
        m.setattr(client_hello, "_USE_EXTENDED_MASTER_SECRET", 0)
        return make()


def test_ems_is_gone(keys, monkeypatch):
    """A session with it, a hello without it: the server must abort (RFC 7627 section 5.3)."""
    sid = mxtls.SessionId()
    meet(keys, sid)
    assert sid.ems
    client, server = without_ems(monkeypatch, lambda: loop.pair(keys, client={"session_id": sid}))
    server.feed(client.take())
    wire = server.take()
    client.feed(wire)
    loop.check_failed(server, c.ALERT_HANDSHAKE_FAILURE, c.PROTOCOL_FAIL, wire)
    assert client.alerts == [(2, c.ALERT_HANDSHAKE_FAILURE)]


def test_ems_is_new(keys, monkeypatch):
    """A session without it, a hello with it: a full handshake."""
    sid = mxtls.SessionId()
    client, server = without_ems(monkeypatch, lambda: loop.pair(keys, client={"session_id": sid}))
    loop.connect(client, server)
    assert not sid.ems
    client, server = without_ems(monkeypatch, lambda: loop.pair(keys, client={"session_id": sid}))
    loop.connect(client, server)
    assert client.session.resumed  # neither has it: as it was
    assert not resumed(keys, sid) and sid.ems


def test_a_session_nobody_knows(keys):
    sid = mxtls.SessionId()
    meet(keys, sid)
    sid.id = bytes(32)
    assert not resumed(keys, sid) and sid.id != bytes(32)
    for n in (1, 31):
        sid.id = sid.id[:n]
        assert not resumed(keys, sid)


def test_a_wrong_master_secret(keys):
    """The id alone is worth nothing."""
    sid = mxtls.SessionId()
    meet(keys, sid)
    sid.master[7] ^= 1
    client, server = loop.pair(keys, client={"session_id": sid})
    loop.pump(client, server)
    assert not client.complete and not server.complete
    assert loop.check_text(client.error, sid.master).alert == c.ALERT_BAD_RECORD_MAC
    sid = mxtls.SessionId()
    assert not resumed(keys, sid) and resumed(keys, sid)


def test_an_impostor_leaves_the_session_alone(keys):
    """One who knows the id, which went in the clear, can neither resume the session nor end it."""
    sid, other = mxtls.SessionId(), mxtls.SessionId()
    meet(keys, sid)
    other.store(loop.pair(keys)[0].session, loop.pair(keys)[0].session.hs)
    other.id, other.suite, other.version, other.ems, other.name = sid.id, sid.suite, sid.version, sid.ems, sid.name
    client, server = loop.pair(keys, client={"session_id": other})
    server.feed(client.take())
    server.take()
    server.feed(loop.record(b"\x02\x28", c.ALERT))
    server.session.delete()
    assert resumed(keys, sid)


# What a server may not answer


def answer(sid, suite=SUITE, version=c.TLS1_2, ems=True):
    body = version.to_bytes(2, "big") + bytes(32) + bytes([len(sid.id)]) + sid.id + suite.to_bytes(2, "big") + b"\x00"
    extensions = b"\xff\x01\x00\x01\x00" + (b"\x00\x17\x00\x00" if ems else b"")
    return loop.record(loop.message(c.SERVER_HELLO, body + len(extensions).to_bytes(2, "big") + extensions), version=version)


def fresh(keys):
    sid = mxtls.SessionId()
    meet(keys, sid)
    client, _ = loop.pair(keys, client={"session_id": sid})
    client.take()
    return client, sid


@pytest.mark.parametrize("changed, alert", (
    ({"suite": 0xC02C}, c.ALERT_ILLEGAL_PARAMETER), ({"suite": 0xC009, "version": c.TLS1_1}, c.ALERT_ILLEGAL_PARAMETER), ({"ems": False}, c.ALERT_HANDSHAKE_FAILURE),
))
def test_resumed_as_something_else(keys, changed, alert):
    client, sid = fresh(keys)
    client.feed(answer(sid, **changed))
    loop.check_failed(client, alert, c.PROTOCOL_FAIL)
    assert sid.id == b"" and not any(sid.master)


def test_ems_that_the_session_never_had(keys, monkeypatch):
    sid = mxtls.SessionId()
    loop.connect(*without_ems(monkeypatch, lambda: loop.pair(keys, client={"session_id": sid})))
    client, _ = loop.pair(keys, client={"session_id": sid})
    client.take()
    client.feed(answer(sid, ems=True))
    loop.check_failed(client, c.ALERT_HANDSHAKE_FAILURE, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("then", (
    loop.record(loop.message(c.CERTIFICATE, b"\x00\x00\x00")), loop.record(loop.message(c.SERVER_HELLO_DONE, b"")), loop.record(loop.message(c.FINISHED, bytes(12))),
    loop.record(b"early", c.APPLICATION_DATA),
), ids=("Certificate", "ServerHelloDone", "Finished", "data"))
def test_after_a_resumed_hello(keys, then):
    """ChangeCipherSpec alone is welcome."""
    client, sid = fresh(keys)
    client.feed(answer(sid))
    assert not client.error
    client.feed(then)
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


def test_the_client_finishes_as_if_it_were_full(keys):
    client, server = loop.pair(keys, client={"session_id": fresh(keys)[1]})
    server.feed(client.take())
    assert server.session.hs.resumed
    server.take()
    server.feed(loop.record(loop.message(c.CLIENT_KEY_EXCHANGE, bytes(33))))
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


# What ends a session for good (RFC 5246 section 7.2.2)


def both(keys, again):
    """An open session of a SessionId, made by a full handshake or an abbreviated one."""
    sid = mxtls.SessionId()
    ends = meet(keys, sid)
    if again:
        ends = meet(keys, sid)
        assert ends[0].session.resumed
    return sid, keys[1].sessions[0], ends


@pytest.mark.parametrize("again", (False, True), ids=("full", "resumed"))
@pytest.mark.parametrize("role", ("client", "server"))
def test_a_bad_record(keys, role, again):
    """Who notices forgets the session, and who is told does too."""
    sid, entry, (client, server) = both(keys, again)
    a, b = (client, server) if role == "server" else (server, client)
    wire = bytearray(a.send(b"data").take())
    wire[-1] ^= 1
    b.feed(wire)
    assert b.error
    ours, theirs = (entry, sid) if role == "server" else (sid, entry)
    assert ours.id == b"" and not any(ours.master)
    assert theirs.id
    a.feed(b.take())
    assert a.alerts == [(2, c.ALERT_BAD_RECORD_MAC)] and theirs.id == b"" and not any(theirs.master)
    assert not resumed(keys, sid)


@pytest.mark.parametrize("again", (False, True), ids=("full", "resumed"))
def test_the_end_without_close(keys, again):
    sid, entry, (client, server) = both(keys, again)
    for end, kept in ((client, sid), (server, entry)):
        with pytest.raises(mxtls.Error):
            end.session.received_eof()
        assert kept.id == b""


@pytest.mark.parametrize("again", (False, True), ids=("full", "resumed"))
def test_a_proper_end_keeps_it(keys, again):
    sid, entry, (client, server) = both(keys, again)
    client.close()
    server.close()
    loop.pump(client, server)
    client.session.received_eof()
    client.session.delete()
    server.session.delete()
    assert resumed(keys, sid)


def test_a_failed_handshake_forgets_the_offer(keys):
    sid = mxtls.SessionId()
    meet(keys, sid)
    client, _ = loop.pair(keys, client={"session_id": sid})
    client.take()
    client.feed(loop.record(b"\x02\x28", c.ALERT))
    assert sid.id == b""


# Tickets (RFC 5077): the server keeps nothing


@pytest.fixture
def ticket_keys(chain):
    return loop.keys_of(chain)


@pytest.mark.parametrize("version", (c.SSL3, c.TLS1_0, c.TLS1_1, c.TLS1_2))
def test_tickets_of_every_version(version):
    keys, sid = loop.psk_keys(), mxtls.SessionId()
    assert not resumed(keys, sid, cipher_suite=PSK, max_version=version)
    assert resumed(keys, sid, cipher_suite=PSK, max_version=version) and resumed(keys, sid, cipher_suite=PSK, max_version=version)
    assert bool(keys[1].sessions) == (not sid.ticket) == (version == c.SSL3)  # which has no extensions


def test_tickets_are_bound(ticket_keys):
    """To the name, the application protocol, the version, the suite and the extended master secret."""
    sid = mxtls.SessionId()
    assert not resumed(ticket_keys, sid, cipher_suite=0xC02B) and resumed(ticket_keys, sid, cipher_suite=0xC02B)
    kept = sid.id, sid.ticket, bytes(sid.master)

    def again(**arguments):
        sid.id, sid.ticket, sid.master = kept[0], kept[1], bytearray(kept[2])
        sid.suite, sid.version, sid.name, sid.alpn = 0xC02B, c.TLS1_2, "localhost", None
        return sid

    assert resumed(ticket_keys, again(), cipher_suite=0xC02B)
    again().name = "other.example"
    assert not resumed(ticket_keys, sid, name="other.example")
    again()
    assert not resumed(ticket_keys, sid, server={"alpn": ("a",)}, alpn=("a",))
    again().suite = 0xC02C
    assert not resumed(ticket_keys, sid, cipher_suite=0xC02C)


@pytest.mark.parametrize("at", (0, 4, 16, 40, -1))
def test_a_ticket_that_was_changed(ticket_keys, at):
    sid = mxtls.SessionId()
    resumed(ticket_keys, sid)
    wrong = bytearray(sid.ticket)
    wrong[at] ^= 1
    sid.ticket = bytes(wrong)
    assert not resumed(ticket_keys, sid) and resumed(ticket_keys, sid)


def test_tickets_of_other_keys(chain, ticket_keys):
    sid = mxtls.SessionId()
    resumed(ticket_keys, sid)
    assert not resumed(loop.keys_of(chain), sid)


def test_tickets_grow_old(ticket_keys, clock):
    sid = mxtls.SessionId()
    ticket_keys[1].session_lifetime = 100
    resumed(ticket_keys, sid)
    clock[0] += 60
    assert resumed(ticket_keys, sid)
    clock[0] += 120
    assert not resumed(ticket_keys, sid)


@pytest.mark.parametrize("version", (c.TLS1_2, c.TLS1_3), ids=lambda v: "%04X" % v)
@pytest.mark.parametrize("then", ("resumed", "another name"))
def test_the_secret_of_a_ticket_is_wiped(monkeypatch, ticket_keys, version, then):
    """When the handshake has used it, or has found that it does not fit."""
    opened = []
    entry_of = tickets._entry
    monkeypatch.setattr(tickets, "_entry", lambda text: opened.append(entry_of(text)) or opened[-1])
    sid = mxtls.SessionId()
    meet(ticket_keys, sid, max_version=version)
    sid.name = "localhost" if then == "resumed" else "other"
    client, server = meet(ticket_keys, sid, name=sid.name, max_version=version, cert_validator=lambda *a: 0)
    assert client.session.resumed == (then == "resumed") and opened and not any(any(entry.master) for entry in opened)
    loop.carry(client, server, b"data")
