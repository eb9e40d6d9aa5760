# SPDX-License-Identifier: MIT
"""An open session of TLS 1.3: KeyUpdate, tickets, and what may not come any more (RFC 8446 sections 4.6 and 5.5)."""

import loop
import pytest
from tls13 import SUITES, connect, exchange, judge, name_of, own_keys, pair

import mxtls
from mxtls import codes as c, record_aead13
from mxtls.handshake import schedule


@pytest.mark.parametrize("suite", SUITES, ids=lambda v: "%04X" % v)
@pytest.mark.parametrize("who", ("client", "server"))
def test_key_update(suite, who):
    client, server = connect(*pair(client={"cipher_suite": suite}))
    a, b = (client, server) if who == "client" else (server, client)
    before = [bytes(x) for s in (a.session, b.session) for x in (s.secrets.rd, s.secrets.wr)]
    assert before[0] == before[3] and before[1] == before[2]
    for _ in range(3):
        assert a.session.encode_rehandshake() == c.SUCCESS
        b.feed(a.take())
        assert a.sent[-1] == c.HANDSHAKE_COMPLETE and b.statuses[-1] == c.REQUEST_SEND
        loop.pump(client, server)
        after = [bytes(x) for s in (a.session, b.session) for x in (s.secrets.rd, s.secrets.wr)]
        assert after[0] == after[3] and after[1] == after[2] and not set(before) & set(after)
        loop.carry(a, b, b"up")
        loop.carry(b, a, b"down")
        before = after
    exchange(client, server)


def test_many_key_updates_with_data():
    client, server = connect(*pair())
    for i in range(60):
        (client, server)[i & 1].session.encode_rehandshake()
        loop.pump(client, server)
        loop.carry(client, server, b"x")
        loop.carry(server, client, b"x")


def test_key_updates_without_an_answer():
    """update_not_requested changes one direction."""
    client, server = connect(*pair())
    for _ in range(5):
        schedule.send_update(client.session, 0)
        client.send(b"x")
        wr = bytes(server.session.secrets.wr)
        server.feed(client.take())
        assert not server.take() and bytes(server.session.secrets.wr) == wr
    loop.carry(server, client, b"y")
    assert server.data == b"x" * 5


def test_both_update_at_once():
    client, server = connect(*pair())
    client.session.encode_rehandshake()
    server.session.encode_rehandshake()
    loop.pump(client, server)
    exchange(client, server)


@pytest.mark.parametrize("arguments", ({"cipher_suite": 0x1301}, {"session_option": c.OPTION_FULL_HANDSHAKE}, {"keys": mxtls.Keys()}, {"cert_validator": judge}), ids=name_of)
def test_nothing_else_can_be_negotiated_again(arguments):
    for end in connect(*pair()):
        with pytest.raises(mxtls.Error) as caught:
            end.session.encode_rehandshake(**arguments)
        assert loop.check_text(caught.value).code == c.UNSUPPORTED_FAIL
        assert not end.take() and end.session.state == c.OPEN


@pytest.mark.parametrize("body, alert", ((b"", c.ALERT_DECODE_ERROR), (b"\x02", c.ALERT_ILLEGAL_PARAMETER), (b"\x00\x00", c.ALERT_DECODE_ERROR)))
def test_malformed_key_updates(body, alert):
    for i in (0, 1):
        ends = connect(*pair())
        loop.send_record(ends[i], c.HANDSHAKE, loop.message(c.KEY_UPDATE, body))
        ends[1 - i].feed(ends[i].take())
        loop.check_failed(ends[1 - i], alert)


def test_key_updates_are_bounded():
    client, server = connect(*pair())
    for _ in range(33):
        schedule.send_update(client.session, 1)
        server.feed(client.take())
        if not server.error:
            server.take()
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


def test_no_key_update_during_the_handshake():
    client, server = pair()
    server.feed(client.take())
    client.feed(server.take())
    server.feed(loop.record(loop.message(c.KEY_UPDATE, b"\x00")))
    assert server.error.alert == c.ALERT_UNEXPECTED_MESSAGE


def test_automatic_key_update(monkeypatch):
    """A key seals a bounded number of records; then comes another, in the middle of a large write too (section 5.5)."""
    monkeypatch.setattr(record_aead13.Aead13Record, "limit", 5)
    client, server = connect(*pair(max_record=512))
    for a, b in ((client, server), (server, client)):
        secret = bytes(a.session.secrets.wr)
        for i in range(40):
            a.session.encode_to_outdata(bytes([i]) * (i * 100 + 1))
            b.feed(a.take())
        assert b.data == b"".join(bytes([i]) * (i * 100 + 1) for i in range(40)) and not b.error
        assert bytes(a.session.secrets.wr) != secret and bytes(b.session.secrets.rd) == bytes(a.session.secrets.wr)
    for _ in range(20):
        loop.carry(client, server, b"x")
    exchange(client, server)


def test_the_automatic_key_update_in_time():
    """2**23 records, of 2**24.5 that AES-GCM may seal."""
    assert record_aead13.Aead13Record.limit == 1 << 23
    client, server = connect(*pair())
    for record in (client.session.wr, server.session.rd):
        record.header[5:8] = b"\x7f\xff\xff"
    loop.carry(client, server, b"the last")
    assert client.session.wr.spent()
    secret = bytes(client.session.secrets.wr)
    loop.carry(client, server, b"the first")
    assert bytes(client.session.secrets.wr) != secret


@pytest.mark.parametrize("name", ("update", "protection", "_aead", "Writer"))
@pytest.mark.parametrize("call", (lambda s: s.encode_rehandshake(), lambda s: s.encode_to_outdata(b"x"), lambda s: s.get_writebuf(1)), ids=("encode_rehandshake", "encode_to_outdata", "get_writebuf"))
def test_no_memory_for_another_key(monkeypatch, call, name):
    """All is as it was, and the call may come again."""
    monkeypatch.setattr(record_aead13.Aead13Record, "limit", 1)
    client, server = connect(*pair())
    loop.carry(client, server, b"a")

    def full(*args):
        raise MemoryError("memory allocation failed, allocating 512 bytes")

    with monkeypatch.context() as m:
        m.setattr(schedule, name, full)
        with pytest.raises(MemoryError):
            call(client.session)
    call(client.session)
    monkeypatch.setattr(record_aead13.Aead13Record, "limit", 99)
    server.feed(client.take())
    loop.carry(client, server, b"b")
    loop.carry(server, client, b"c")


def ticket(lifetime=3600, nonce=b"\x00", identity=b"ticket", more=b"\x00\x00"):
    return loop.message(c.NEW_SESSION_TICKET, lifetime.to_bytes(4, "big") + b"\x01\x02\x03\x04" + bytes([len(nonce)]) + nonce + len(identity).to_bytes(2, "big") + identity + more)


@pytest.mark.parametrize("body, kept", (
    (ticket(), True), (ticket(nonce=b""), True), (ticket(nonce=bytes(255)), True), (ticket(identity=bytes(1024)), True), (ticket(identity=bytes(1025)), False),
    (ticket(lifetime=0), False), (ticket(lifetime=604800), True), (ticket(more=b"\x00\x08\x00\x2a\x00\x04\x00\x00\x40\x00"), True), (ticket(more=b"\x00\x04\x7a\x7a\x00\x00"), True),
), ids=("plain", "no nonce", "long nonce", "long", "too long", "no lifetime", "seven days", "early data", "unknown"))
def test_tickets(body, kept):
    sid = mxtls.SessionId()
    k = own_keys(False)
    k[1].max_sessions = 0
    client, server = connect(*pair(k, client={"session_id": sid}))
    loop.send_record(server, c.HANDSHAKE, body)
    loop.pump(client, server)
    assert not client.error and bool(sid.id) == kept


@pytest.mark.parametrize("body, alert", (
    (ticket(lifetime=604801), c.ALERT_ILLEGAL_PARAMETER), (ticket(identity=b""), c.ALERT_DECODE_ERROR), (ticket(more=b""), c.ALERT_DECODE_ERROR),
    (ticket(more=b"\x00\x00\x00"), c.ALERT_DECODE_ERROR), (ticket(more=b"\x00\x03\x00\x2a\x00"), c.ALERT_DECODE_ERROR), (loop.message(c.NEW_SESSION_TICKET, bytes(3)), c.ALERT_DECODE_ERROR),
    (ticket(more=b"\x00\x06\x00\x2a\x00\x02\x40\x00"), c.ALERT_DECODE_ERROR),
    (ticket(more=b"\x00\x08\x7a\x7a\x00\x00\x7a\x7a\x00\x00"), c.ALERT_ILLEGAL_PARAMETER), (ticket(more=b"\x00\x06\x00\x33\x00\x02\x00\x17"), c.ALERT_ILLEGAL_PARAMETER),
), ids=("eight days", "empty", "no extensions", "long", "half an extension", "short", "early data", "twice", "key_share"))
def test_malformed_tickets(body, alert):
    client, server = connect(*pair())
    loop.send_record(server, c.HANDSHAKE, body)
    client.feed(server.take())
    loop.check_failed(client, alert)


def test_tickets_are_bounded():
    client, server = connect(*pair())
    for i in range(40):
        loop.send_record(server, c.HANDSHAKE, ticket(nonce=bytes([i])) * 2)
    client.feed(server.take())
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)


@pytest.mark.parametrize("kind", (0, 1, 2, 5, 8, 11, 12, 14, 15, 16, 20, 22, 99, 254))
def test_messages_that_do_not_belong_after_the_handshake(kind):
    for i in (0, 1):
        ends = connect(*pair())
        loop.send_record(ends[i], c.HANDSHAKE, loop.message(kind, bytes(40)))
        ends[1 - i].feed(ends[i].take())
        loop.check_failed(ends[1 - i], c.ALERT_UNEXPECTED_MESSAGE)


def test_a_client_sends_no_tickets():
    client, server = connect(*pair())
    loop.send_record(client, c.HANDSHAKE, ticket())
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


def test_secrets_are_wiped():
    client, server = connect(*pair())
    for end in (client, server):
        secrets = end.session.secrets
        kept = [x for x in (secrets.rd, secrets.wr, secrets.resumption, end.session.exporter) if x]
        assert len(kept) >= 3 and all(any(x) for x in kept)
        end.session.delete()
        assert not any(any(x) for x in kept)
