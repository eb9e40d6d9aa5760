# SPDX-License-Identifier: MIT
"""TLS 1.3's records: padding, limits, types, ChangeCipherSpec, alerts, and early data that is refused (RFC 8446 sections 4.2.10, 5 and 6)."""

import loop
import pytest
from tls13 import (
    EARLY,
    SUITES,
    added,
    client_keys,
    connect,
    exchange,
    groups,
    hello_of,
    judge,
    pair,
    pump_with,
    rewrite,
    seal,
    with_extensions,
)

from mxtls import codes as c, suites
from mxtls.handshake import schedule

# Records


@pytest.mark.parametrize("pad", (1, 2, 16, 255, 4096))
def test_padding_of_ours(pad):
    client, server = pair()
    client.session.padding = server.session.padding = pad
    connect(client, server)
    for n in (1, 15, 16, 4095, 4096, 16384):
        wire = client.send(bytes(n)).take()
        length = len(loop.records(wire)[0][2]) - 16
        assert length % pad == 0 or length == 16385
        server.feed(wire)
        assert len(server.data) == n and not server.error
        server.data.clear()
    exchange(client, server)


def test_padding_keeps_to_the_limit():
    client, server = pair(client={"max_record": 512}, server={"max_record": 600})
    client.session.padding = server.session.padding = 1000
    connect(client, server)
    for a, b, most in ((client, server, 513), (server, client, 512)):  # what the client takes itself, and what it said
        wire = a.send(bytes(1)).take()
        assert len(loop.records(wire)[0][2]) - 16 == most
        b.feed(wire)
        assert b.data == bytes(1) and not b.error


@pytest.mark.parametrize("pad", (0, 1, 100, 15000))
def test_padding_of_theirs(pad):
    client, server = connect(*pair())
    server.feed(seal(client, 23, b"data", pad))
    assert server.data == b"data"
    server.feed(seal(client, 23, b"", pad))
    assert server.data == b"data" and not server.error


@pytest.mark.parametrize("n, pad, alert", ((16384, 0, 0), (16384, 1, c.ALERT_RECORD_OVERFLOW), (16385, 0, c.ALERT_RECORD_OVERFLOW), (1, 16383, 0), (1, 16384, c.ALERT_RECORD_OVERFLOW), (16384, 300, c.ALERT_RECORD_OVERFLOW)))
def test_long_records(n, pad, alert):
    """2**14 + 1 bytes with type and padding (section 5.4)."""
    client, server = connect(*pair())
    server.feed(seal(client, 23, bytes(n), pad))
    if alert:
        loop.check_failed(server, alert)
    else:
        assert len(server.data) == n


@pytest.mark.parametrize("most, other", ((512, 16384), (600, 1000), (1000, 512)))
def test_record_size_limit(most, other):
    """It counts the content type too (RFC 8449 section 4)."""
    client, server = pair(client_keys(), client={"max_record": most}, server={"max_record": other, "cert_validator": judge})
    connect(client, server)
    for a, b, own, limit in ((client, server, most, other + 1), (server, client, other, most)):
        a.session.encode_to_outdata(bytes(5000))
        wire = a.take()
        assert max(len(r[2]) for r in loop.records(wire)) - 17 == min(own, limit - 1)
        b.feed(wire)
        assert len(b.data) == 5000


@pytest.mark.parametrize("kind, body, alert", (
    (c.HANDSHAKE, b"", c.ALERT_UNEXPECTED_MESSAGE), (c.ALERT, b"", c.ALERT_UNEXPECTED_MESSAGE), (c.ALERT, b"\x01", c.ALERT_DECODE_ERROR),
    (c.ALERT, b"\x02\x28\x02\x28", c.ALERT_DECODE_ERROR), (c.CHANGE_CIPHER_SPEC, b"\x01", c.ALERT_UNEXPECTED_MESSAGE), (24, b"x", c.ALERT_UNEXPECTED_MESSAGE),
    (255, b"x", c.ALERT_UNEXPECTED_MESSAGE), (0, b"", c.ALERT_UNEXPECTED_MESSAGE),
))
def test_encrypted_records_of_any_type(kind, body, alert):
    client, server = connect(*pair())
    server.feed(seal(client, kind, body))
    loop.check_failed(server, alert)


@pytest.mark.parametrize("n", (0, 1, 15, 16, 17, 100))
def test_records_that_do_not_open(n):
    client, server = connect(*pair())
    server.feed(loop.record(bytes(n), 23))
    loop.check_failed(server, c.ALERT_BAD_RECORD_MAC)


def test_a_record_of_nothing():
    """It opens, but has not even a content type (section 5.4)."""
    client, server = connect(*pair())
    wr = client.session.wr
    sealed = bytearray(wr.post - 1)
    wr._begin(len(sealed))
    wr._aead.seal(wr._head, sealed, 0, 0)
    server.feed(loop.record(sealed, 23))
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


@pytest.mark.parametrize("suite", SUITES, ids=lambda v: "%04X" % v)
def test_every_byte_of_a_record_counts(suite):
    row = suites.find(suite)
    for at in range(5 + 4 + 1 + (8 if suite == 0x1305 else 16)):
        if at in (0, 1, 2):
            continue  # what they may be is tested elsewhere
        client, server = connect(*pair("psk"))
        for s, side in ((client.session, "wr"), (server.session, "rd")):
            setattr(s, side, schedule.protection(s, row, row[6], bytes(range(48))))
        wire = bytearray(client.send(b"data").take())
        wire[at] ^= 0x10 if at == 3 else 1
        server.feed(bytes(wire) + bytes(1))  # which is longer, or waits for more
        assert not server.data and (at == 3 or server.error.alert == c.ALERT_BAD_RECORD_MAC)


@pytest.mark.parametrize("version", (0x0300, 0x0301, 0x0302, 0x0304, 0x03FF))
def test_the_versions_of_records_mean_nothing(version):
    """legacy_record_version is ignored for all purposes (section 5.1), in the clear and behind."""
    client, server = pair(client_keys(), server={"cert_validator": judge})
    ends = {client: server, server: client}
    for _ in range(4):
        for end, other in ends.items():
            other.feed(b"".join(loop.record(body, kind, version) for kind, _, body in loop.records(end.take())))
    connect(client, server)
    for end, other in ends.items():
        (kind, _, body), = loop.records(end.send(b"data").take())
        other.feed(loop.record(body, kind, version))
        assert other.data == b"data" and not other.error


def test_records_twice_or_out_of_order():
    client, server = connect(*pair())
    one, two = client.send(b"one").take(), client.send(b"two").take()
    server.feed(one + one)
    assert server.data == b"one" and server.error.alert == c.ALERT_BAD_RECORD_MAC
    client, server = connect(*pair())
    one, two = client.send(b"one").take(), client.send(b"two").take()
    server.feed(two)
    assert not server.data and server.error.alert == c.ALERT_BAD_RECORD_MAC


@pytest.mark.parametrize("kind", (c.HANDSHAKE, c.ALERT, 24))
def test_records_in_the_clear(kind):
    client, server = connect(*pair())
    server.feed(loop.record(b"\x01\x00", kind))
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


def test_data_before_the_end_of_the_handshake():
    client, server = pair()
    server.feed(client.take())
    client.feed(server.take())
    client.session.output.start = client.session.output.end = 0
    server.feed(loop.record(b"x", 23))
    loop.check_failed(server, c.ALERT_BAD_RECORD_MAC)
    for who in (0, 1):  # under the keys of the handshake
        ends = pair(client_keys(), server={"cert_validator": judge})
        with pytest.MonkeyPatch.context() as m:
            rewrite(m, ends[who], c.CERTIFICATE, lambda body, end=ends[who]: loop.send_record(end, 23, b"too soon"))
            loop.pump(*ends)
        assert ends[1 - who].error.alert == c.ALERT_UNEXPECTED_MESSAGE and not ends[1 - who].data


def test_empty_records_are_bounded():
    client, server = connect(*pair())
    for _ in range(30):
        server.feed(seal(client, 23, b""))
    server.feed(seal(client, 23, b"data"))
    assert server.data == b"data" and not server.error
    for _ in range(33):
        server.feed(seal(client, 23, b"", 5))
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


# ChangeCipherSpec


CCS = loop.record(b"\x01", c.CHANGE_CIPHER_SPEC)


def test_change_cipher_specs_are_passed_over():
    """At any time between the first hello and the peer's Finished (section 5)."""
    client, server = pair()
    client.feed(CCS)
    server.feed(client.take() + CCS)
    flight = server.take()
    for kind, version, body in loop.records(flight):
        client.feed(loop.record(body, kind, version) + (CCS if not client.complete and kind != 23 else b""))
    connect(client, server)


def test_late_change_cipher_specs():
    for end in connect(*pair()):
        end.feed(CCS)
        loop.check_failed(end, c.ALERT_UNEXPECTED_MESSAGE)


def test_early_change_cipher_specs():
    """Before the first ClientHello."""
    server = pair()[1]
    server.feed(CCS)
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


@pytest.mark.parametrize("body", (b"", b"\x00", b"\x02", b"\x01\x01"))
def test_malformed_change_cipher_specs(body):
    client, server = pair()
    server.feed(client.take())
    server.take()
    server.feed(loop.record(body, c.CHANGE_CIPHER_SPEC))
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


def test_change_cipher_specs_are_bounded():
    client, server = pair()
    server.feed(client.take())
    server.take()
    server.feed(CCS * 40)
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


# Alerts


def test_warnings_are_fatal():
    """But close_notify and user_canceled (section 6)."""
    for description in (c.ALERT_NO_RENEGOTIATION, c.ALERT_HANDSHAKE_FAILURE, c.ALERT_UNRECOGNIZED_NAME):
        client, server = connect(*pair())
        server.feed(seal(client, c.ALERT, bytes((1, description))))
        assert server.alerts == [(1, description)] and server.session.rd is None and server.session.wr is None
    client, server = connect(*pair())
    server.feed(seal(client, c.ALERT, bytes((1, c.ALERT_USER_CANCELED))))
    server.feed(seal(client, 23, b"still"))
    assert server.data == b"still" and server.alerts == [(1, c.ALERT_USER_CANCELED)]


@pytest.mark.parametrize("level", (0, 3, 255))
def test_levels_that_no_alert_has(level):
    """Well-formed, and no value of the enumeration: illegal_parameter (section 6)."""
    client, server = connect(*pair())
    server.feed(seal(client, c.ALERT, bytes((level, c.ALERT_HANDSHAKE_FAILURE))))
    loop.check_failed(server, c.ALERT_ILLEGAL_PARAMETER)


def test_closing_one_direction():
    """close_notify ends what its sender writes; the other may go on (section 6.1)."""
    client, server = connect(*pair())
    client.close()
    server.feed(client.take())
    assert server.alerts == [(1, 0)]
    server.send(b"not done yet")
    client.feed(server.take())
    assert client.data == b"not done yet" and not client.error


def test_alerts_of_a_client_without_keys():
    """It fails at the ServerHello: its alert comes in the clear."""
    client, server = pair()
    server.feed(client.take())
    server.feed(loop.record(b"\x02\x2f", c.ALERT))
    assert server.alerts == [(2, 47)] and server.session.rd is None


def test_alerts_in_the_clear_behind_keys():
    """A client knows that its server has keys; and a server, once an encrypted record has come, that its client has."""
    client, server = pair()
    server.feed(client.take())
    flight = server.take()
    first = 5 + (flight[3] << 8 | flight[4])
    client.feed(flight[:first])
    client.feed(loop.record(b"\x02\x28", c.ALERT))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)
    client, server = pair(client_keys(), server={"cert_validator": judge})
    server.feed(client.take())
    client.feed(server.take())
    wire = loop.records(client.take())
    server.feed(loop.record(wire[0][2], wire[0][0]) + loop.record(wire[1][2], wire[1][0]))
    server.feed(loop.record(b"\x02\x28", c.ALERT))
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


# Early data


def early(monkeypatch):
    """A client that says early data comes, and its hello."""
    return hello_of(monkeypatch, with_extensions(added(EARLY, b"")))


@pytest.mark.parametrize("sizes", ((), (100,), (1, 17, 300), (16384,), (8000, 8000, 8000)))
@pytest.mark.parametrize("wanted", ((29,), (23,)), ids=("at once", "after a retry"))
def test_early_data_is_passed_over(monkeypatch, sizes, wanted):
    client, server = early(monkeypatch)
    noise = b"".join(loop.record(bytes(n), 23) for n in sizes)
    hello = client.take()
    with groups(*wanted):
        server.feed(hello + noise)
    client.feed(server.take())
    pump_with(client, server, *wanted)
    exchange(*connect(client, server))
    assert server.session.early == 0


def test_no_early_data_behind_the_second_hello(monkeypatch):
    """Whoever was told to say hello again has stopped (section 4.2.10)."""
    client, server = early(monkeypatch)
    with groups(23):
        server.feed(client.take() + loop.record(bytes(100), 23))
    client.feed(server.take())
    with groups(23):
        server.feed(client.take())
    server.take()
    server.feed(loop.record(bytes(100), 23))
    loop.check_failed(server, c.ALERT_BAD_RECORD_MAC)


def test_early_data_is_bounded(monkeypatch):
    client, server = early(monkeypatch)
    server.feed(client.take())
    server.take()
    server.feed(loop.record(bytes(16000), 23) * 3)
    loop.check_failed(server, c.ALERT_BAD_RECORD_MAC)


@pytest.mark.parametrize("wanted, alert", ((29, c.ALERT_BAD_RECORD_MAC), (23, c.ALERT_UNEXPECTED_MESSAGE)), ids=("at once", "after a retry"))
@pytest.mark.parametrize("size", (16000, 100, 0))
def test_all_early_data_is_bounded(monkeypatch, wanted, alert, size):
    """Also where there are no keys yet, and in records of nothing."""
    client, server = early(monkeypatch)
    with groups(wanted):
        server.feed(client.take())
    server.take()
    server.feed(loop.record(bytes(size), 23) * (40000 // (size + 5) + 2))
    loop.check_failed(server, alert)


@pytest.mark.parametrize("kind, alert", ((c.HANDSHAKE, c.ALERT_UNEXPECTED_MESSAGE), (24, c.ALERT_UNEXPECTED_MESSAGE)))
def test_nothing_else_passes_for_early_data(monkeypatch, kind, alert):
    client, server = early(monkeypatch)
    server.feed(client.take())
    server.take()
    server.feed(loop.record(bytes(100), kind))
    loop.check_failed(server, alert)


def test_no_early_data_without_a_word():
    client, server = pair()
    server.feed(client.take())
    server.take()
    server.feed(loop.record(bytes(100), 23))
    loop.check_failed(server, c.ALERT_BAD_RECORD_MAC)


def test_no_early_data_in_a_second_hello(monkeypatch):
    client, server = early(monkeypatch)
    rewrite(monkeypatch, client, c.CLIENT_HELLO, with_extensions(added(EARLY, b"")))
    pump_with(client, server, 23)
    assert server.error.alert == c.ALERT_ILLEGAL_PARAMETER
