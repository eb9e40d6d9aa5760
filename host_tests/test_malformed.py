# SPDX-License-Identifier: MIT
"""Broken and hostile peers: whatever comes, an Error of one line, its alert on the wire, the session closed. Never another
exception, never a hang, never a handshake that completes over bytes that somebody changed.

A flight of a real handshake is recorded once; its messages are then cut, joined and changed, and handed to a fresh session that
is given the recorded hello. Where keys are needed, a real session is the broken peer.
"""

import itertools
import signal

import loop
import pki
import pytest
from hypothesis import example, given, settings, strategies as st

import mxtls
from mxtls import codes as c
from mxtls.crypto import ecdh
from mxtls.handshake import derive

SH, CERT, SKE, SHD = 0, 1, 2, 3


@pytest.fixture(autouse=True)
def no_hang():
    """A test that takes a minute hangs."""

    def late(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class Recorded:
    """One handshake: its keys, the hello, the server's messages and the client's."""

    def __init__(self, key, suite):
        self.keys = loop.keys_of(pki.chain(key=key))
        self.suite = suite
        client, server = self.pair()
        self.random = bytes(client.session.hs.random[:32])
        wire = client.take()
        self.hello = loop.messages(wire)[0]
        server.feed(wire)
        self.flight = loop.messages(server.take())
        client.feed(b"".join(loop.record(m) for m in self.flight))
        self.answer = loop.messages(client.take())

    def pair(self, **arguments):
        return loop.pair(self.keys, client=dict(arguments, cipher_suite=self.suite))

    def client(self):
        """A client that sent the recorded hello."""
        client, _ = self.pair()
        client.take()
        client.session.hs.random[:32] = self.random
        client.session.hs.hello = self.hello
        return client

    def server(self):
        """A server that was greeted and sent its flight."""
        server = self.pair()[1]
        server.feed(loop.record(self.hello))
        assert len(loop.messages(server.take())) == len(self.flight)
        return server


@pytest.fixture(scope="module")
def ecdsa():
    return Recorded("p256", 0xC02B)


def flight(*messages, at=16384):
    """Messages in records of their own, each cut at `at` bytes."""
    return b"".join(loop.record(m[i : i + at]) for m in messages for i in range(0, len(m), at))


def failed(end, data, alert=None, code=None, chunk=None):
    end.feed(data, chunk)
    return loop.check_failed(end, alert, code)


def replaced(messages, index, *others):
    return messages[:index] + list(others) + messages[index + 1 :]


def body_of(message):
    return message[4:]


# Whole messages: cut, extended, repeated, left out, out of order


@pytest.mark.parametrize("index", range(4), ids=("ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone"))
@pytest.mark.parametrize("at", (16384, 1))
def test_server_message_truncated(ecdsa, index, at):
    """At every length, the header's length with it."""
    body = body_of(ecdsa.flight[index])
    step = 1 if at > 1 else 7
    for n in range(0, len(body), step):
        cut = loop.message(ecdsa.flight[index][0], body[:n])
        client = ecdsa.client()
        client.feed(flight(*replaced(ecdsa.flight, index, cut), at=at))
        if index == SH and n == 38 + body[34]:  # a hello without extensions is well-formed; Finished will not match
            assert not client.error and not client.complete
            continue
        loop.check_failed(client, (c.ALERT_DECODE_ERROR, c.ALERT_ILLEGAL_PARAMETER, c.ALERT_DECRYPT_ERROR) if index == SKE else c.ALERT_DECODE_ERROR, c.PARSE_FAIL if index != SKE else None)


@pytest.mark.parametrize("index", range(4), ids=("ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone"))
@pytest.mark.parametrize("more", (b"\x00", b"\x00\x00", b"\xff" * 3, bytes(300)), ids=len)
def test_server_message_extended(ecdsa, index, more):
    long = loop.message(ecdsa.flight[index][0], body_of(ecdsa.flight[index]) + more)
    failed(ecdsa.client(), flight(*replaced(ecdsa.flight, index, long)), c.ALERT_DECODE_ERROR)


def test_client_messages_truncated(ecdsa):
    for n in range(0, len(body_of(ecdsa.hello))):
        server = ecdsa.pair()[1]
        failed(server, flight(loop.message(c.CLIENT_HELLO, body_of(ecdsa.hello)[:n])), (c.ALERT_DECODE_ERROR, c.ALERT_HANDSHAKE_FAILURE))
    for n in range(0, len(body_of(ecdsa.answer[0]))):
        failed(ecdsa.server(), flight(loop.message(c.CLIENT_KEY_EXCHANGE, body_of(ecdsa.answer[0])[:n])), (c.ALERT_DECODE_ERROR, c.ALERT_ILLEGAL_PARAMETER))


@pytest.mark.parametrize("more", (b"\x00", b"\x00\x00", bytes(300)), ids=len)
def test_client_messages_extended(ecdsa, more):
    failed(ecdsa.pair()[1], flight(loop.message(c.CLIENT_HELLO, body_of(ecdsa.hello) + more)), c.ALERT_DECODE_ERROR)
    failed(ecdsa.server(), flight(loop.message(c.CLIENT_KEY_EXCHANGE, body_of(ecdsa.answer[0]) + more)), c.ALERT_DECODE_ERROR)


def test_server_flight_out_of_order(ecdsa):
    """Every order but the right one, every message missing, every message twice."""
    orders = [p for p in itertools.permutations(range(4)) if p != (0, 1, 2, 3)]
    orders += [tuple(i for i in range(4) if i != gone) for gone in range(3)]
    orders += [tuple(sorted([0, 1, 2, 3, twice])) for twice in range(4)]
    for order in orders:
        failed(ecdsa.client(), flight(*[ecdsa.flight[i] for i in order]), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


def test_client_flight_out_of_order(ecdsa):
    for first in (ecdsa.answer[0], loop.message(c.FINISHED, bytes(12)), loop.message(c.CERTIFICATE, b"\x00\x00\x00")):
        failed(ecdsa.pair()[1], flight(first), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    for message in (ecdsa.hello, loop.message(c.FINISHED, bytes(12)), loop.message(c.CERTIFICATE_VERIFY, bytes(70)), loop.message(c.CERTIFICATE, bytes(3))):
        failed(ecdsa.server(), flight(message), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    failed(ecdsa.server(), flight(ecdsa.answer[0], ecdsa.answer[0]), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("role", ("client", "server"))
def test_message_types_that_do_not_exist(ecdsa, role):
    for kind in range(256):
        if kind in ((0, 2) if role == "client" else (1,)):
            continue
        end = ecdsa.client() if role == "client" else ecdsa.pair()[1]
        failed(end, loop.record(loop.message(kind, b"")[:4]), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("role", ("client", "server"))
def test_message_too_long(ecdsa, role):
    """A length of up to 16 MB is refused from its header alone: nothing is collected."""
    kind = c.SERVER_HELLO if role == "client" else c.CLIENT_HELLO
    for n in (16385, 65536, 0xFFFFFF):
        end = ecdsa.client() if role == "client" else ecdsa.pair()[1]
        failed(end, loop.record(bytes([kind]) + n.to_bytes(3, "big")), c.ALERT_DECODE_ERROR, c.LIMIT_FAIL)


# Every byte of the hellos: a handshake over changed bytes never completes


@pytest.mark.parametrize("mask", (0x01, 0xFF))
def test_client_hello_flipped(ecdsa, mask):
    for at in range(len(ecdsa.hello)):
        client, server = ecdsa.pair()
        wire = bytearray(client.take())
        wire[5 + at] ^= mask
        server.feed(wire)
        loop.pump(client, server)
        check_not_completed(client, server, at)


@pytest.mark.parametrize("mask", (0x01, 0xFF))
def test_server_hello_flipped(ecdsa, mask):
    for at in range(len(ecdsa.flight[SH])):
        client, server = ecdsa.pair()
        server.feed(client.take())
        wire = bytearray(server.take())
        wire[5 + at] ^= mask
        client.feed(wire)
        loop.pump(client, server)
        check_not_completed(client, server, at)


def check_not_completed(client, server, at):
    assert not client.complete and not server.complete, "byte %d was changed and nobody noticed" % at
    for end in (client, server):
        if end.error:
            loop.check_text(end.error)
            assert end.session.rd is None and end.session.wr is None
    if not client.error and not server.error:  # a length that grew: both wait, until one hangs up
        for end in (client, server):
            with pytest.raises(mxtls.Error) as caught:
                end.session.received_eof()
            loop.check_text(caught.value)


# Records


@pytest.mark.parametrize("role", ("client", "server"))
def test_unknown_content_types_and_versions(ecdsa, role):
    for kind in range(256):
        if not 20 <= kind <= 23:
            end = ecdsa.pair()[role == "server"]
            end.take()
            failed(end, loop.record(b"\x00", kind), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    for version in (0x0000, 0x0002, 0x0200, 0x0400, 0xFEFD, 0xFFFF):
        end = ecdsa.pair()[role == "server"]
        end.take()
        failed(end, loop.record(ecdsa.flight[SH] if role == "client" else ecdsa.hello, version=version), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


def test_record_version_changes(ecdsa):
    """Any 3.x before the version is agreed, only that one after."""
    for version in (0x0300, 0x0301, 0x0302, 0x0303, 0x0304):
        client = ecdsa.client()
        client.feed(loop.record(ecdsa.flight[SH], version=version))
        assert not client.error
        data = loop.record(ecdsa.flight[CERT], version=version)
        if version == 0x0303:
            assert not client.feed(data).error
        else:
            failed(client, data, code=c.PROTOCOL_FAIL)


@pytest.mark.parametrize("role", ("client", "server"))
@pytest.mark.parametrize("n", (16385, 18433, 65535))
@pytest.mark.parametrize("kind", (c.HANDSHAKE, c.ALERT, c.CHANGE_CIPHER_SPEC, c.APPLICATION_DATA))
def test_oversize_records(ecdsa, role, n, kind):
    end = ecdsa.pair()[role == "server"]
    end.take()
    failed(end, bytes([kind, 3, 3, n >> 8, n & 255]), c.ALERT_RECORD_OVERFLOW, c.PROTOCOL_FAIL)


def test_oversize_protected_record(ecdsa):
    client, server = loop.connect(*ecdsa.pair())
    failed(client, bytes([23, 3, 3]) + (16384 + 400).to_bytes(2, "big"), c.ALERT_RECORD_OVERFLOW, c.PROTOCOL_FAIL)
    client, server = loop.connect(*ecdsa.pair())
    loop.send_record(server, c.APPLICATION_DATA, bytes(16385), 20000)
    failed(client, server.take(), c.ALERT_RECORD_OVERFLOW, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("between", (loop.record(b"\x01", c.CHANGE_CIPHER_SPEC), loop.record(b"\x01\x5a", c.ALERT), loop.record(b"data", c.APPLICATION_DATA)),
                         ids=("ccs", "alert", "data"))
@pytest.mark.parametrize("index", (SH, SKE))
def test_interleaved_records(ecdsa, between, index):
    """A handshake message cut in two by another kind of record."""
    wire = flight(*ecdsa.flight[:index])
    m = ecdsa.flight[index]
    failed(ecdsa.client(), wire + loop.record(m[:20]) + between + loop.record(m[20:]), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("role", ("client", "server"))
@pytest.mark.parametrize("body", (b"\x01", b"", b"\x00", b"\x02", b"\x01\x01"), ids=bytes.hex)
def test_change_cipher_spec_early(ecdsa, role, body):
    end = ecdsa.pair()[role == "server"]
    end.take()
    failed(end, loop.record(body, c.CHANGE_CIPHER_SPEC), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    if role == "client":
        for n in range(1, 4):
            failed(ecdsa.client(), flight(*ecdsa.flight[:n]) + loop.record(body, c.CHANGE_CIPHER_SPEC), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    else:
        failed(ecdsa.server(), loop.record(body, c.CHANGE_CIPHER_SPEC), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("role", ("client", "server"))
@pytest.mark.parametrize("body", (b"", b"\x00", b"\x02", b"\x01\x01", bytes(100)), ids=len)
def test_change_cipher_spec_malformed(ecdsa, role, body):
    """Where it is due, but with another body."""
    if role == "client":
        end = ecdsa.client().feed(flight(*ecdsa.flight))
        end.take()
    else:
        end = ecdsa.server().feed(flight(ecdsa.answer[0]))
    failed(end, loop.record(body, c.CHANGE_CIPHER_SPEC), (c.ALERT_UNEXPECTED_MESSAGE, c.ALERT_DECODE_ERROR))


def test_change_cipher_spec_with_half_a_message_before(ecdsa):
    end = ecdsa.server().feed(flight(ecdsa.answer[0]))
    failed(end, loop.record(b"\x14\x00") + loop.record(b"\x01", c.CHANGE_CIPHER_SPEC), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("role", ("client", "server"))
def test_change_cipher_spec_twice_and_late(ecdsa, role):
    ends = loop.connect(*ecdsa.pair())
    a, b = ends if role == "server" else reversed(ends)
    loop.send_record(a, c.CHANGE_CIPHER_SPEC, b"\x01")
    failed(b, a.take(), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    with_finished_of(ecdsa, role, lambda a, data: (loop.send_record(a, c.CHANGE_CIPHER_SPEC, b"\x01"), loop.send_record(a, c.HANDSHAKE, loop.message(20, data))), c.ALERT_UNEXPECTED_MESSAGE)


@pytest.mark.parametrize("role", ("client", "server"))
def test_application_data_before_finished(ecdsa, role):
    data = loop.record(b"early", c.APPLICATION_DATA)
    end = ecdsa.pair()[role == "server"]
    end.take()
    failed(end, data, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    if role == "client":
        for n in range(1, 5):
            failed(ecdsa.client(), flight(*ecdsa.flight[:n]) + data, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    else:
        failed(ecdsa.server(), data, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    with_finished_of(ecdsa, role, lambda a, data: loop.send_record(a, c.APPLICATION_DATA, b"early"), c.ALERT_UNEXPECTED_MESSAGE)


# Finished


def with_finished_of(recorded, role, send, alert, code=None):
    """A handshake in which role's peer sends, in place of its Finished, what send(end, verify_data) writes."""
    client, server = recorded.pair()
    peer, victim = (server, client) if role == "client" else (client, server)
    real, kept = derive.send_finished, []

    def fake(session, hs):
        if session is not peer.session:
            return real(session, hs)
        out = session.output
        out.room(6)
        out.buf[out.end + 5] = 1
        session.seal(c.CHANGE_CIPHER_SPEC, out.end + 5, 1)
        session.wr = hs.next_wr
        hs.next_wr = None
        kept.append(bytes(derive._verify_data(session, hs, session.client)))

    derive.send_finished = fake
    try:
        server.feed(client.take())
        client.feed(server.take())
        if role == "client":
            server.feed(client.take())
    finally:
        derive.send_finished = real
    assert len(kept) == 1 and not peer.error
    send(peer, kept[0])
    victim.feed(peer.take())
    if alert is None:
        assert not victim.error
        return victim
    return loop.check_failed(victim, alert, code)


@pytest.mark.parametrize("role", ("client", "server"))
def test_finished_wrong(ecdsa, role):
    def finished(body):
        return lambda a, data: loop.send_record(a, c.HANDSHAKE, loop.message(c.FINISHED, body(data)))

    with_finished_of(ecdsa, role, finished(lambda d: d), None)  # the rig itself is right
    for at in range(12):
        with_finished_of(ecdsa, role, finished(lambda d, at=at: d[:at] + bytes([d[at] ^ 1]) + d[at + 1 :]), c.ALERT_DECRYPT_ERROR, c.PROTOCOL_FAIL)
    for n in (0, 1, 11):
        with_finished_of(ecdsa, role, finished(lambda d, n=n: d[:n]), c.ALERT_DECODE_ERROR)
    with_finished_of(ecdsa, role, finished(lambda d: d + b"\x00"), c.ALERT_DECODE_ERROR)
    with_finished_of(ecdsa, role, finished(lambda d: d + d), c.ALERT_DECODE_ERROR)


@pytest.mark.parametrize("role", ("client", "server"))
def test_finished_twice_or_replaced(ecdsa, role):
    def send(*messages):
        return lambda a, data: loop.send_record(a, c.HANDSHAKE, b"".join(m or loop.message(c.FINISHED, data) for m in messages))

    with_finished_of(ecdsa, role, send(None, None), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    with_finished_of(ecdsa, role, send(ecdsa.answer[0]), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    with_finished_of(ecdsa, role, send(loop.message(c.SERVER_HELLO_DONE, b"")), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("role", ("client", "server"))
def test_finished_in_the_clear(ecdsa, role):
    """Right bytes, but not protected: a record too short, then one that fails its check."""
    client, server = ecdsa.pair()
    server.feed(client.take())
    client.feed(server.take())
    wire = client.take()
    if role == "client":
        server.feed(wire)
        wire = server.take()
        victim = client
    else:
        victim = server
    head = b"".join(loop.record(r[2], r[0], r[1]) for r in loop.records(wire)[:-1])
    failed(victim, head + loop.record(loop.message(c.FINISHED, bytes(12))), c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("role", ("client", "server"))
def test_finished_in_pieces(ecdsa, role):
    """Handshake bytes may be cut anywhere, protected ones too."""
    with_finished_of(ecdsa, role, lambda a, d: loop.send_record(a, c.HANDSHAKE, loop.message(c.FINISHED, d), 1), None)


# Floods


@pytest.mark.parametrize("role", ("client", "server"))
def test_floods_in_the_clear(ecdsa, role):
    for body, kind in ((b"", c.HANDSHAKE), (b"\x01\x5a", c.ALERT)):
        end = ecdsa.pair()[role == "server"]
        end.take()
        failed(end, loop.record(body, kind) * 1000, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
        assert len(end.alerts) < 100
    end = ecdsa.pair()[role == "server"]
    end.take()
    failed(end, loop.record(b"", c.ALERT), code=c.PROTOCOL_FAIL)


def test_hello_request_flood(ecdsa):
    """While it waits for ServerHello a client ignores HelloRequest, but not for ever."""
    client = ecdsa.client()
    client.feed(loop.record(loop.message(0, b"")) * 5 + flight(*ecdsa.flight))
    assert not client.error and client.statuses[-1] == c.REQUEST_SEND


@pytest.mark.parametrize("role", ("client", "server"))
@pytest.mark.parametrize("kind, body", ((c.APPLICATION_DATA, b""), (c.HANDSHAKE, b""), (c.ALERT, b"\x01\x5a")))
def test_protected_floods(ecdsa, role, kind, body):
    ends = loop.connect(*ecdsa.pair())
    a, b = ends if role == "server" else reversed(ends)
    wire = b""
    for _ in range(200):
        loop.send_record(a, kind, body)
        wire += a.take()
    failed(b, wire, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    assert len(b.alerts) < 100


def test_a_few_empty_records_are_fine(ecdsa):
    client, server = loop.connect(*ecdsa.pair())
    for i in range(100):
        loop.send_record(client, c.APPLICATION_DATA, b"" if i % 10 else b"x")
        server.feed(client.take())
    assert server.data == b"x" * 10 and not server.error


@pytest.mark.parametrize("role", ("client", "server"))
def test_rehandshake_flood(ecdsa, role):
    """Many requests to start again in one record: a bounded answer or an Error."""
    ends = loop.connect(*ecdsa.pair())
    a, b = ends if role == "server" else reversed(ends)
    one = loop.message(c.HELLO_REQUEST, b"") if role == "client" else loop.message(c.CLIENT_HELLO, bytes(40))
    for _ in range(4):
        loop.send_record(a, c.HANDSHAKE, one * (16000 // len(one)))
    b.feed(a.take())
    assert len(b.session.output.buf) <= b.session.output.limit
    if b.error:
        loop.check_text(b.error)
        assert b.session.rd is None


@pytest.mark.parametrize("body", (b"", b"\x02", b"\x00\x00", b"\x03\x00", b"\x02\x00\x00", b"\x01\x00\x01\x00"), ids=bytes.hex)
def test_malformed_alerts(ecdsa, body):
    failed(ecdsa.client(), loop.record(body, c.ALERT), c.ALERT_DECODE_ERROR, c.PROTOCOL_FAIL)
    client, server = loop.connect(*ecdsa.pair())
    loop.send_record(client, c.ALERT, body)
    failed(server, client.take(), c.ALERT_DECODE_ERROR, c.PROTOCOL_FAIL)


# What a server may not answer


def server_hello(recorded, suite=None, compression=0, session_id=b"", extensions=b"", version=0x0303):
    body = version.to_bytes(2, "big") + bytes(32) + bytes([len(session_id)]) + session_id
    body += (recorded.suite if suite is None else suite).to_bytes(2, "big") + bytes([compression])
    return loop.record(loop.message(c.SERVER_HELLO, body + (len(extensions).to_bytes(2, "big") + extensions if extensions else b"")))


def ext(kind, body=b""):
    return kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body


def test_server_hello_is_well_formed(ecdsa):
    assert not ecdsa.client().feed(server_hello(ecdsa, session_id=bytes(32), extensions=ext(0xFF01, b"\x00") + ext(23))).error


@pytest.mark.parametrize("suite", (0, 0x00FF, 0x002F, 0xC02C, 0xC02F, 0x1301, 0x5600, 0xFFFF))
def test_suite_not_offered(ecdsa, suite):
    failed(ecdsa.client(), server_hello(ecdsa, suite), c.ALERT_ILLEGAL_PARAMETER, c.PROTOCOL_FAIL)


def test_server_hello_values(ecdsa):
    failed(ecdsa.client(), server_hello(ecdsa, compression=1), c.ALERT_ILLEGAL_PARAMETER, c.PROTOCOL_FAIL)
    failed(ecdsa.client(), server_hello(ecdsa, session_id=bytes(33)), (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_DECODE_ERROR))


@pytest.mark.parametrize("kind", (1, 5, 10, 13, 16, 18, 28, 36, 43, 51, 0x3374, 0xFFFF))
def test_answers_to_what_was_not_asked(ecdsa, kind):
    failed(ecdsa.client(), server_hello(ecdsa, extensions=ext(kind)), c.ALERT_UNSUPPORTED_EXTENSION, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("kind, body", ((0, b""), (11, b"\x01\x00"), (23, b""), (0xFF01, b"\x00")))
def test_answers_twice(ecdsa, kind, body):
    failed(ecdsa.client(), server_hello(ecdsa, extensions=ext(kind, body) * 2), c.ALERT_ILLEGAL_PARAMETER, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("body, alert", (
    (ext(22), c.ALERT_ILLEGAL_PARAMETER),  # encrypt_then_mac with an AEAD
    (ext(0xFF01, b"\x01\x00"), c.ALERT_HANDSHAKE_FAILURE),
    (ext(0xFF01, b""), c.ALERT_DECODE_ERROR),
    (ext(23, b"\x00"), c.ALERT_DECODE_ERROR),
    (ext(0, b"\x00"), c.ALERT_DECODE_ERROR),
    (ext(23)[:3], c.ALERT_DECODE_ERROR),
    (b"\x00\x17\x00\x05", c.ALERT_DECODE_ERROR),
))
def test_malformed_answers(ecdsa, body, alert):
    failed(ecdsa.client(), server_hello(ecdsa, extensions=body), alert)


@pytest.mark.parametrize("body, alert", (
    (ext(1, b"\x01"), None), (ext(28, b"\x02\x00"), None),
    (ext(1, b"\x02"), 47), (ext(1, b"\x00"), 47), (ext(1, b""), 50), (ext(1, b"\x01\x01"), 50),
    (ext(28, b"\x00\x3f"), 47), (ext(28, b"\x00"), 50), (ext(28, b"\x02\x00\x00"), 50),
    (ext(1, b"\x01") + ext(28, b"\x02\x00"), 47),
))
def test_limits_answered(ecdsa, body, alert):
    client = ecdsa.pair(max_record=512)[0]
    client.take()
    client.feed(server_hello(ecdsa, extensions=body))
    if alert:
        loop.check_failed(client, alert)
    else:
        assert not client.error


@pytest.mark.parametrize("offset, new, alert", (
    (0, b"\x01", 47),  # explicit curve parameters
    (0, b"\x02", 47),
    (1, b"\x00\x1e", 47),  # X448: not offered
    (1, b"\x00\x00", 47),
    (1, b"\xff\xff", 47),
    (3, b"\x00", (47, 50)),
))
def test_key_exchange_parameters(ecdsa, offset, new, alert):
    body = bytearray(body_of(ecdsa.flight[SKE]))
    body[offset : offset + len(new)] = new
    failed(ecdsa.client(), flight(*replaced(ecdsa.flight, SKE, loop.message(c.SERVER_KEY_EXCHANGE, body))), alert)


def test_key_exchange_schemes(ecdsa):
    """A scheme that was not offered, that does not fit the key, or that is not the signature's."""
    body = body_of(ecdsa.flight[SKE])
    at = 4 + body[3]
    for scheme, alert in ((0x0203, 47), (0x0201, 47), (0x0101, 47), (0x0401, 47), (0x0804, 47), (0x0809, 47), (0x0807, 47), (0x0000, 47), (0xFFFF, 47), (0x0503, 51), (0x0603, 51)):
        changed = body[:at] + scheme.to_bytes(2, "big") + body[at + 2 :]
        failed(ecdsa.client(), flight(*replaced(ecdsa.flight, SKE, loop.message(c.SERVER_KEY_EXCHANGE, changed))), alert)


def test_key_exchange_flipped(ecdsa):
    """The signature covers every byte; a byte of the signature itself counts too."""
    body = body_of(ecdsa.flight[SKE])
    for at in range(4, len(body), 3):
        changed = bytearray(body)
        changed[at] ^= 0x40
        failed(ecdsa.client(), flight(*replaced(ecdsa.flight, SKE, loop.message(c.SERVER_KEY_EXCHANGE, changed))), (47, 50, 51))


class BadShare:
    """An ephemeral key whose public value is given."""

    def __init__(self, public):
        self.public = public

    def __call__(self, row):
        return self

    def agree(self, buf, off, n):
        return bytearray(32)

    def wipe(self):
        pass


BAD_POINTS = {23: (bytes(65), b"\x04" + bytes(64), b"\x04" + b"\x01" * 64, b"\x02" + b"\x01" * 32, b"\x04" + b"\xff" * 64, b"\x04", b"\x00"), 29: (bytes(32), bytes(31), bytes(33), b"\x01" + bytes(31))}
POINTS = [(g, p) for g, points in BAD_POINTS.items() for p in points]


@pytest.mark.parametrize("group, point", POINTS, ids=lambda v: str(v) if isinstance(v, int) else "%d-%s" % (len(v), v[:2].hex()))
def test_bad_points_that_are_signed(ecdsa, monkeypatch, group, point):
    """X25519's points of small order and P-256 points off the curve, under a good signature."""
    with monkeypatch.context() as m:
        m.setattr(ecdh, "GROUPS", tuple(r for r in ecdh.GROUPS if r[0] == group))
        client, server = ecdsa.pair()
    with monkeypatch.context() as m:
        m.setattr(ecdh, "Share", BadShare(point))
        server.feed(client.take())
    failed(client, server.take(), (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_DECODE_ERROR))


def test_bad_points_of_the_client(ecdsa):
    for point in (bytes(32), bytes(31), bytes(33), b"\x01" + bytes(31), bytes(65), bytes(255)):
        failed(ecdsa.server(), flight(loop.message(c.CLIENT_KEY_EXCHANGE, bytes([len(point)]) + point)), c.ALERT_ILLEGAL_PARAMETER, c.PROTOCOL_FAIL)


def test_certificate_request(ecdsa):
    """A client without a certificate answers with an empty one; what is malformed is refused."""
    good = b"\x01\x40" + b"\x00\x02\x04\x03" + b"\x00\x00"
    client = ecdsa.client()
    client.feed(flight(*ecdsa.flight[:3], loop.message(c.CERTIFICATE_REQUEST, good), ecdsa.flight[3]))
    assert not client.error
    assert loop.messages(client.take())[0] == loop.message(c.CERTIFICATE, b"\x00\x00\x00")
    for bad in [good[:n] for n in range(len(good))] + [good + b"\x00"]:
        failed(ecdsa.client(), flight(*ecdsa.flight[:3], loop.message(c.CERTIFICATE_REQUEST, bad)), c.ALERT_DECODE_ERROR)
    request = loop.message(c.CERTIFICATE_REQUEST, good)
    failed(ecdsa.client(), flight(*ecdsa.flight[:3], request, request), c.ALERT_UNEXPECTED_MESSAGE)
    failed(ecdsa.client(), flight(*ecdsa.flight[:2], request), c.ALERT_UNEXPECTED_MESSAGE)


# Certificates


def certificate(*ders, total=None):
    listed = b"".join(len(d).to_bytes(3, "big") + d for d in ders)
    return loop.message(c.CERTIFICATE, (len(listed) if total is None else total).to_bytes(3, "big") + listed)


def test_certificate_lists(ecdsa):
    leaf, ca = (bytes(b[o:e]) for b, o, e in ecdsa.keys[1].chain)
    hello = ecdsa.flight[SH]

    def refused(message, alert=None):
        failed(ecdsa.client(), flight(hello, message, *ecdsa.flight[2:]), alert)

    refused(certificate(), c.ALERT_DECODE_ERROR)
    refused(certificate(b""), c.ALERT_DECODE_ERROR)
    refused(certificate(leaf, b"", ca), c.ALERT_DECODE_ERROR)
    refused(certificate(leaf, ca, total=1), c.ALERT_DECODE_ERROR)
    refused(certificate(leaf, ca, total=0), c.ALERT_DECODE_ERROR)
    refused(certificate(leaf, ca, total=0xFFFFFF), c.ALERT_DECODE_ERROR)
    refused(loop.message(c.CERTIFICATE, (len(leaf) + 3).to_bytes(3, "big") + (len(leaf) + 1).to_bytes(3, "big") + leaf), c.ALERT_DECODE_ERROR)
    refused(certificate(b"\x30"))
    refused(certificate(bytes(500)))
    refused(certificate(b"\xff" * 500))
    refused(certificate(leaf[:-1], ca))
    refused(certificate(leaf + b"\x00", ca))
    refused(certificate(ca, leaf))
    refused(certificate(leaf), c.ALERT_UNKNOWN_CA)
    refused(certificate(ca, ca, ca))


def test_certificate_too_long(ecdsa):
    client = ecdsa.pair(max_record=512)[0]
    client.take()
    failed(client, flight(ecdsa.flight[SH], certificate(bytes(5000)), at=512), c.ALERT_BAD_CERTIFICATE, c.LIMIT_FAIL)


def test_endless_chain(ecdsa):
    """More certificates than any chain has: refused at the end, in bounded memory."""
    leaf, ca = (bytes(b[o:e]) for b, o, e in ecdsa.keys[1].chain)
    client = ecdsa.client()
    wire = flight(ecdsa.flight[SH], certificate(leaf, *[leaf] * 200), at=16384)
    failed(client, wire, code=c.CERT_AUTH_FAIL)


def test_certificate_flipped(ecdsa):
    """Any byte of the chain."""
    body = body_of(ecdsa.flight[CERT])
    for at in range(0, len(body), 5):
        changed = bytearray(body)
        changed[at] ^= 0x10
        client = ecdsa.client()
        client.feed(flight(*replaced(ecdsa.flight, CERT, loop.message(c.CERTIFICATE, changed))))
        loop.check_failed(client)


# What a client may not offer


def client_hello(version=0x0303, session_id=b"", suites=b"\xc0\x2b", compressions=b"\x00", extensions=None):
    if extensions is None:
        extensions = ext(10, b"\x00\x02\x00\x1d") + ext(13, b"\x00\x02\x04\x03")
    body = version.to_bytes(2, "big") + bytes(32) + bytes([len(session_id)]) + session_id + len(suites).to_bytes(2, "big") + suites
    body += bytes([len(compressions)]) + compressions
    return loop.record(loop.message(c.CLIENT_HELLO, body + (len(extensions).to_bytes(2, "big") + extensions if extensions else b"")))


BASE = ext(10, b"\x00\x02\x00\x1d") + ext(13, b"\x00\x02\x04\x03")


def test_client_hello_is_well_formed(ecdsa):
    many = b"".join(ext(0x4000 + i) for i in range(300))
    for wire in (client_hello(), client_hello(0x0304, bytes(32), b"\x13\x01\x00\xff\xc0\x2b", b"\x01\x00"), client_hello(extensions=BASE + many),
                 client_hello(extensions=ext(13, b"\x00\x04\x02\x03\x04\x03")), client_hello(extensions=BASE + ext(0, b"\x00\x06\x00\x00\x03abc"))):
        server = ecdsa.pair()[1].feed(wire)
        assert not server.error, server.error.text


@pytest.mark.parametrize("wire, alert", (
    (client_hello(compressions=b"\x01"), 47), (client_hello(compressions=b""), (47, 50)),
    (client_hello(session_id=bytes(33)), (47, 50)), (client_hello(suites=b""), 50), (client_hello(suites=b"\xc0\x2b\x00"), 50),
    (client_hello(suites=b"\x13\x01\x56\x00"), 40), (client_hello(extensions=b""), 40),
    (client_hello(extensions=ext(13, b"\x00\x02\x02\x03")), 40),  # SHA-1 only
    (client_hello(extensions=BASE + ext(23) + ext(23)), 47), (client_hello(extensions=BASE + ext(0x4000) * 2), 47),
    (client_hello(extensions=BASE + ext(0xFF01, b"\x01\x00")), 40), (client_hello(extensions=BASE + ext(0xFF01)), 50),
    (client_hello(extensions=BASE + ext(1, b"\x00")), 47), (client_hello(extensions=BASE + ext(1, b"\x05")), 47), (client_hello(extensions=BASE + ext(1, b"\x01\x01")), 50),
    (client_hello(extensions=BASE + ext(1)), 50), (client_hello(extensions=BASE + ext(28, b"\x00\x3f")), 47), (client_hello(extensions=BASE + ext(28, b"\x40")), 50),
    (client_hello(extensions=BASE + ext(11, b"\x01\x01")), 47), (client_hello(extensions=BASE + ext(11, b"\x00")), (47, 50)), (client_hello(extensions=BASE + ext(11, b"\x05\x00")), (47, 50)),
    (client_hello(extensions=BASE + ext(23, b"\x00")), 50), (client_hello(extensions=BASE + ext(22, b"\x00")), 50),
    (client_hello(extensions=BASE + ext(0)), 50), (client_hello(extensions=BASE + ext(0, b"\x00\x00")), 50), (client_hello(extensions=BASE + ext(0, b"\x00\x03\x00\x00\x00")), 50),
    (client_hello(extensions=BASE + ext(0, b"\x00\x06\x00\x00\x03a\x00c")), 47), (client_hello(extensions=BASE + ext(0, b"\x00\x06\x00\x00\x09abc")), 50),
    (client_hello(extensions=BASE + ext(0, b"\x00\x05\x00\x00\x03abc")), 50), (client_hello(extensions=BASE + ext(0, b"\x01\x03\x00\x01\x00" + b"a" * 256)), 47),
    (client_hello(extensions=ext(10, b"\x00\x00") + ext(13, b"\x00\x02\x04\x03")), 50), (client_hello(extensions=ext(10, b"\x00\x01\x00") + ext(13, b"\x00\x02\x04\x03")), 50),
    (client_hello(extensions=ext(10, b"\x00\x03\x00\x1d\x00") + ext(13, b"\x00\x02\x04\x03")), 50), (client_hello(extensions=ext(13, b"\x00\x00")), 50),
    (client_hello(extensions=ext(13, b"\x00\x04\x04\x03")), 50), (client_hello(extensions=ext(13)), 50), (client_hello(extensions=BASE + b"\x00"), 50),
))
def test_client_hellos_refused(ecdsa, wire, alert):
    server = ecdsa.pair()[1].feed(wire)
    loop.check_failed(server, alert)


# Protected records


@pytest.mark.parametrize("role", ("client", "server"))
def test_protected_records_changed(ecdsa, role):
    """Any bit of a record, its header's type, a replay, a gap, another order: bad_record_mac, the same for every cause."""

    def fresh():
        ends = loop.connect(*ecdsa.pair())
        a, b = ends if role == "server" else reversed(ends)
        return a, b

    a, b = fresh()
    wire = a.send(b"sixteen bytes ok").take()
    texts = set()
    for at in list(range(0, len(wire), 6)) + [len(wire) - 1]:
        if at in (1, 2, 3, 4):
            continue
        a, b = fresh()
        wire = bytearray(a.send(b"sixteen bytes ok").take())
        wire[at] ^= 1
        texts.add(failed(b, wire, c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL).text)
        assert not b.data
    for change in (lambda w, x: w + w, lambda w, x: x, lambda w, x: x + w, lambda w, x: loop.record(w[5:-1], 23), lambda w, x: loop.record(w[5:28], 23), lambda w, x: loop.record(b"", 23),
                   lambda w, x: loop.record(w[5:] + b"\x00", 23), lambda w, x: loop.record(b"plain", 23), lambda w, x: loop.record(b"\x01\x00", 21)):
        a, b = fresh()
        texts.add(failed(b, change(a.send(b"one").take(), a.send(b"two").take()), c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL).text)
    assert len(texts) == 1


def test_reflected_record(ecdsa):
    client, server = loop.connect(*ecdsa.pair())
    failed(client, client.send(b"mirror").take(), c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL)


# Anything at all


def survives(end, data, chunk):
    end.feed(data, chunk)
    assert not end.complete and not end.data
    if end.error:
        loop.check_failed(end)
    else:
        end.session.delete()


@settings(max_examples=150)
@given(st.binary(max_size=600), st.integers(1, 50), st.booleans())
@example(b"\x16\x03\x03\x00\x00" * 40, 5, True)
@example(b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", 1, False)
def test_garbage(ecdsa, data, chunk, server):
    end = ecdsa.pair()[server]
    end.take()
    survives(end, data, chunk)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from((20, 21, 22, 22, 22, 23)), st.binary(max_size=80)), max_size=8), st.integers(1, 50), st.booleans())
def test_garbage_in_records(ecdsa, parts, chunk, server):
    end = ecdsa.pair()[server]
    end.take()
    survives(end, b"".join(loop.record(b, k) for k, b in parts), chunk)


@settings(max_examples=150)
@given(st.integers(0, 3), st.binary(max_size=120), st.integers(0, 2000), st.integers(0, 40))
def test_garbage_in_messages(ecdsa, index, new, at, gone):
    """A slice of any message replaced by anything, its header made to fit."""
    body = body_of(ecdsa.flight[index])
    at %= len(body) + 1
    changed = body[:at] + new + body[at + gone :]
    client = ecdsa.client()
    client.feed(flight(*replaced(ecdsa.flight, index, loop.message(ecdsa.flight[index][0], changed))))
    assert not client.complete
    if client.error:
        loop.check_failed(client)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from((20, 21, 22, 23)), st.binary(max_size=60)), min_size=1, max_size=6), st.booleans())
def test_garbage_under_the_right_keys(ecdsa, parts, role):
    """A peer that holds the keys and goes mad."""
    a, b = loop.connect(*ecdsa.pair())
    if role:
        a, b = b, a
    for kind, body in parts:
        loop.send_record(a, kind, body)
    b.feed(a.take())
    if b.error:
        loop.check_failed(b)


# RSA key exchange: no oracle


@pytest.fixture(scope="module")
def rsa():
    return Recorded("rsa2048", 0x002F)


def test_rsa_key_exchange_tells_nothing(rsa):
    """Whatever the encrypted secret is, the server goes on, and fails at Finished, in the same way and the same words."""
    body = body_of(rsa.answer[0])
    texts = set()
    for cipher in (body[2:], bytes(256), b"\xff" * 256, b"\x00" * 255 + b"\x01", body[3:] + b"\x00", b"\x02" * 256, b"", b"\x01", body[2:-1]):
        server = rsa.server()
        server.feed(flight(loop.message(c.CLIENT_KEY_EXCHANGE, len(cipher).to_bytes(2, "big") + cipher)) + loop.record(b"\x01", c.CHANGE_CIPHER_SPEC))
        assert not server.error, server.error.text
        texts.add(failed(server, loop.record(bytes(64)), c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL).text)
    assert len(texts) == 1


def test_rsa_flight_out_of_order(rsa):
    assert [m[0] for m in rsa.flight] == [2, 11, 14]
    for order in ((0, 2), (1, 0, 2), (0, 1, 1, 2), (0, 0), (2,), (0, 2, 1), (0, 1, 2, 2)):
        failed(rsa.client(), flight(*[rsa.flight[i] for i in order]), c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    for more in (b"\x00", bytes(100)):
        failed(rsa.server(), flight(loop.message(c.CLIENT_KEY_EXCHANGE, body_of(rsa.answer[0]) + more)), c.ALERT_DECODE_ERROR)


@pytest.mark.parametrize("role", ("client", "server"))
def test_cbc_records_changed(rsa, role):
    """Every cause of failure, MAC, padding or length, looks the same."""
    texts = set()
    ends = loop.connect(*rsa.pair())
    n = len(ends[0].send(b"sixteen bytes ok").take())
    for at in list(range(5, n, 5)) + [n - 1, n - 2]:
        a, b = loop.connect(*rsa.pair()) if role == "server" else reversed(loop.connect(*rsa.pair()))
        wire = bytearray(a.send(b"sixteen bytes ok").take())
        wire[at] ^= 1
        texts.add(failed(b, wire, c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL).text)
    for cut in (1, 16, 32, n - 5):
        a, b = loop.connect(*rsa.pair()) if role == "server" else reversed(loop.connect(*rsa.pair()))
        texts.add(failed(b, loop.record(a.send(b"sixteen bytes ok").take()[5 : n - cut], 23), c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL).text)
    assert len(texts) == 1
