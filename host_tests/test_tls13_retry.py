# SPDX-License-Identifier: MIT
"""TLS 1.3's HelloRetryRequest, with cookies, certificates and pre-shared keys, and which alert answers a peer that lies (RFC 8446
sections 4.1.2, 4.1.4 and 4.2.2)."""

import loop
import pytest
from tls13 import (
    COOKIE,
    EARLY,
    GROUP_LIST,
    GROUPS,
    NAME,
    PSK,
    RETRY,
    SCHEME_LIST,
    SHARE,
    VERSIONS,
    added,
    client_keys,
    connect,
    exchange,
    fails,
    groups,
    hello_of,
    judge,
    name_of,
    pair,
    pump_with,
    put_together,
    replaced,
    rewrite,
    take_apart,
    with_extensions,
    without,
)

from mxtls import codes as c


@pytest.mark.parametrize("suite", (0x1301, 0x1302), ids=lambda v: "%04X" % v)
@pytest.mark.parametrize("group", (23, 24, 25), ids=GROUPS.get)
@pytest.mark.parametrize("chunk", (None, 1))
def test_retry(suite, group, chunk):
    client, server = pair(client={"cipher_suite": suite})
    pump_with(client, server, group, chunk=chunk)
    connect(client, server)
    exchange(client, server)


def test_what_a_retry_looks_like():
    """One ChangeCipherSpec of each side, and a second hello that is the first but for the share (section 4.1.2)."""
    client, server = pair()
    first = client.take()
    with groups(23):
        server.feed(first)
    retry = server.take()
    assert [r[0] for r in loop.records(retry)] == [22, 20]
    answer = loop.messages(retry)[0]
    assert answer[6:38] == RETRY and take_apart(answer[4:], True)[1] == [(VERSIONS, b"\x03\x04"), (SHARE, b"\x00\x17")]
    client.feed(retry)
    wire = client.take()
    assert [(r[0], r[1]) for r in loop.records(wire)] == [(20, 0x0303), (22, 0x0303)]
    second = loop.records(wire)[1][2]
    a, b = take_apart(loop.messages(first)[0][4:]), take_apart(second[4:])
    assert a[0] == b[0], "version, random, session id and suites"
    assert [x for x in a[1] if x[0] != SHARE] == [x for x in b[1] if x[0] != SHARE]
    share = dict(b[1])[SHARE]
    assert share[:4] == b"\x00\x45\x00\x17" and len(share) == 2 + 4 + 65
    with groups(23):
        server.feed(wire)
    flight = server.take()
    assert [r[0] for r in loop.records(flight)][:2] == [22, 23]
    client.feed(flight)
    assert [r[0] for r in loop.records(client.session.get_outdata())] == [23]
    connect(client, server)


def test_retry_and_a_pre_shared_key():
    client, server = pair("psk")
    pump_with(client, server, 23)
    connect(client, server)
    assert client.session.peer_certificate is None
    exchange(client, server)


def test_retry_and_client_certificates():
    client, server = pair(client_keys(), server={"cert_validator": judge})
    pump_with(client, server, 24)
    connect(client, server)
    assert not server.session.anonymous


def test_retry_with_a_cookie(monkeypatch):
    """It comes back as it was."""
    for cookie in (b"c", bytes(range(256)) * 4):
        client, server = pair()
        body = len(cookie).to_bytes(2, "big") + cookie
        with monkeypatch.context() as m:
            rewrite(m, server, c.SERVER_HELLO, with_extensions(added(COOKIE, body), True))
            with groups(23):
                server.feed(client.take())
            client.feed(server.take())
        wire = client.take()
        assert dict(take_apart(loop.records(wire)[1][2][4:])[1])[COOKIE] == body
        with groups(23):
            server.feed(wire)
        client.feed(server.take())
        exchange(*connect(client, server))


def retry(client, *items, suite=b"\x13\x01", sid=None, version=b"\x03\x03", compression=b"\x00"):
    """A HelloRetryRequest's record, in answer to the hello that the client sends."""
    hello = loop.messages(client.take())[0]
    echo = hello[39:71] if sid is None else sid
    return loop.record(loop.message(2, put_together(version + RETRY + bytes([len(echo)]) + echo + suite + compression, items)))


GOOD = (VERSIONS, b"\x03\x04")


def test_a_cookie_alone():
    """Nothing but the cookie changes, not even the share."""
    client = pair()[0]
    first = take_apart(loop.messages(bytes(client.session.get_outdata()))[0][4:])
    client.feed(retry(client, GOOD, (COOKIE, b"\x00\x04cook")))
    second = take_apart(loop.records(client.take())[1][2][4:])
    assert second[0] == first[0] and [x for x in second[1] if x[0] != COOKIE] == first[1]


@pytest.mark.parametrize("items, alert", (
    ((GOOD,), c.ALERT_ILLEGAL_PARAMETER),
    ((GOOD, (SHARE, b"\x00\x1d")), c.ALERT_ILLEGAL_PARAMETER),
    ((GOOD, (SHARE, b"\x01\x00")), c.ALERT_ILLEGAL_PARAMETER),
    ((GOOD, (SHARE, b"\x00\x17\x00")), c.ALERT_DECODE_ERROR),
    ((GOOD, (SHARE, b"")), c.ALERT_DECODE_ERROR),
    ((GOOD, (SHARE, b"\x00\x17"), (SHARE, b"\x00\x17")), c.ALERT_ILLEGAL_PARAMETER),
    (((SHARE, b"\x00\x17"),), c.ALERT_ILLEGAL_PARAMETER),
    ((GOOD, (COOKIE, b"\x00\x00")), c.ALERT_DECODE_ERROR),
    ((GOOD, (COOKIE, b"\x00\x02a")), c.ALERT_DECODE_ERROR),
    ((GOOD, (COOKIE, b"\x00\x01ab")), c.ALERT_DECODE_ERROR),
    ((GOOD, (COOKIE, b"\x08\x00" + bytes(0x800))), c.ALERT_ILLEGAL_PARAMETER),
    ((GOOD, (SHARE, b"\x00\x17"), (0x7A7A, b"")), c.ALERT_UNSUPPORTED_EXTENSION),
    ((GOOD, (SHARE, b"\x00\x17"), (NAME, b"")), (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_UNSUPPORTED_EXTENSION)),
    ((GOOD, (SHARE, b"\x00\x17"), (PSK, b"\x00\x00")), c.ALERT_ILLEGAL_PARAMETER),
), ids=name_of)
def test_malformed_retries(items, alert):
    client = pair()[0]
    client.feed(retry(client, *items))
    loop.check_failed(client, alert)


@pytest.mark.parametrize("arguments", ({"suite": b"\x13\x06"}, {"suite": b"\xc0\x2b"}, {"sid": b""}, {"sid": bytes(32)}, {"version": b"\x03\x02"}, {"compression": b"\x01"}), ids=name_of)
def test_retries_with_wrong_fields(arguments):
    client = pair()[0]
    client.feed(retry(client, GOOD, (SHARE, b"\x00\x17"), **arguments))
    loop.check_failed(client, (c.ALERT_ILLEGAL_PARAMETER,))


def test_a_second_retry():
    client = pair()[0]
    client.feed(retry(client, GOOD, (SHARE, b"\x00\x17")))
    sid = loop.records(bytes(client.session.get_outdata()))[1][2][39:71]
    client.take()
    client.feed(loop.record(loop.message(2, put_together(b"\x03\x03" + RETRY + b"\x20" + sid + b"\x13\x01\x00", [GOOD, (SHARE, b"\x00\x18")]))))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)


@pytest.mark.parametrize("suite, items", (
    (b"\x13\x02", lambda items: items), (None, replaced(SHARE, b"\x00\x1d\x00\x20" + b"\x09" + bytes(31))), (None, without(VERSIONS)),
), ids=("suite", "group", "version"))
def test_an_answer_that_does_not_keep_to_the_retry(monkeypatch, suite, items):
    client, server = pair()

    def change(body):
        body = with_extensions(items, True)(body)
        return body[:67] + suite + body[69:] if suite else body

    rewrite(monkeypatch, server, c.SERVER_HELLO, change, number=2)
    pump_with(client, server, 23)
    assert loop.check_text(client.error).alert == c.ALERT_ILLEGAL_PARAMETER


@pytest.mark.parametrize("change", (
    lambda body: body[:2] + bytes(32) + body[34:],
    lambda body: body[:35] + bytes(32) + body[67:],
    lambda body: body[:69] + body[71:73] + body[69:71] + body[73:],
    with_extensions(lambda items: [x for x in items if x[0] != SHARE] + [(SHARE, b"\x00\x24\x00\x1d\x00\x20\x09" + bytes(31))]),
    with_extensions(replaced(SHARE, b"\x00\x00")),
    with_extensions(replaced(VERSIONS, b"\x02\x03\x03")),
    with_extensions(without(VERSIONS)),
    with_extensions(lambda items: items[::-1]),
    with_extensions(added(0x7A7A, b"new")),
    with_extensions(added(EARLY, b"")),
    with_extensions(replaced(NAME, b"\x00\x08\x00\x00\x05other")),
    with_extensions(replaced(GROUP_LIST, b"\x00\x02\x00\x17")),
    with_extensions(replaced(SCHEME_LIST, b"\x00\x02\x04\x03")),
), ids=("random", "session id", "suites", "old share", "no share", "older version", "no version", "order", "another extension", "early data", "name", "groups", "schemes"))
def test_a_second_hello_that_differs(monkeypatch, change):
    client, server = pair()
    rewrite(monkeypatch, client, c.CLIENT_HELLO, change)  # the first was written when the client was made
    pump_with(client, server, 23)
    assert loop.check_text(server.error).alert == c.ALERT_ILLEGAL_PARAMETER
    assert client.alerts == [(2, c.ALERT_ILLEGAL_PARAMETER)]


def test_no_hello_request_behind_a_retry():
    """TLS 1.3, which has none, is settled."""
    client = pair()[0]
    client.feed(retry(client, GOOD, (SHARE, b"\x00\x17")))
    client.take()
    client.feed(loop.record(loop.message(c.HELLO_REQUEST, b"")))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)


def test_nothing_lies_behind_a_retry_in_its_record():
    """Nor behind the hello that it answers (section 5.1)."""
    client, server = pair()
    hello = loop.records(client.take())[0][2]
    with groups(23):
        server.feed(loop.record(hello + b"\x01"))
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)
    client = pair()[0]
    client.feed(loop.record(loop.records(retry(client, GOOD, (SHARE, b"\x00\x17")))[0][2] + b"\x02"))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)


def test_an_empty_fragment_behind_a_retry():
    client = pair()[0]
    client.feed(retry(client, GOOD, (SHARE, b"\x00\x17")))
    client.take()
    client.feed(loop.record(b""))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)


def test_two_shares_in_the_second_hello(monkeypatch):
    client, server = pair()
    rewrite(monkeypatch, client, c.CLIENT_HELLO, with_extensions(lambda items: [
        (k, (len(d) + 34).to_bytes(2, "big") + d[2:] + b"\x00\x1d\x00\x20\x09" + bytes(31)) if k == SHARE else (k, d) for k, d in items]))
    pump_with(client, server, 23)
    assert server.error.alert == c.ALERT_ILLEGAL_PARAMETER


def test_padding_and_no_binder_may_change(monkeypatch):
    """What section 4.1.2 allows: padding comes or goes, and so may the pre-shared key."""
    client, server = pair()
    rewrite(monkeypatch, client, c.CLIENT_HELLO, with_extensions(added(21, bytes(100))))
    pump_with(client, server, 23)
    connect(client, server)


def test_no_group_in_common(monkeypatch):
    client, server = hello_of(monkeypatch, with_extensions(lambda items: [(k, {GROUP_LIST: b"\x00\x02\x01\x00", SHARE: b"\x00\x00"}.get(k, d)) for k, d in items]))
    fails(client, server, c.ALERT_HANDSHAKE_FAILURE, "server")
