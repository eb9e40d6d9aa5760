# SPDX-License-Identifier: MIT
"""TLS 1.3's hellos: versions, downgrades and extensions, and which alert answers a peer that lies (RFC 8446 sections 4.1 to 4.3.1)."""

import loop
import pki
import pytest
from tls13 import (
    ALPN,
    COOKIE,
    EARLY,
    GROUP_LIST,
    LIMIT,
    MODES,
    NAME,
    PSK,
    SCHEME_LIST,
    SHARE,
    SUITES,
    VERSIONS,
    added,
    connect,
    extensions,
    fails,
    hello_of,
    keys,
    name_of,
    pair,
    put_together,
    replaced,
    rewrite,
    take_apart,
    with_extensions,
    without,
)

import mxtls
from mxtls import codes as c

POINT_FORMATS = 11


# Versions


@pytest.mark.parametrize("suite", SUITES, ids=lambda v: "%04X" % v)
def test_suites_of_tls_1_3_only(suite):
    trust, own = keys()
    with pytest.raises(mxtls.Error) as caught:
        mxtls.ClientSession(trust, cipher_suite=suite, server_name="localhost", max_version=c.TLS1_2)
    assert loop.check_text(caught.value).code == c.UNSUPPORTED_FAIL
    client, server = pair((trust, own), client={"cipher_suite": suite}, server={"max_version": c.TLS1_2})
    fails(client, server, c.ALERT_PROTOCOL_VERSION, "server")


@pytest.mark.parametrize("arguments", (
    {"client": {"max_version": c.TLS1_2}, "server": {"min_version": c.TLS1_3}}, {"client": {"min_version": c.TLS1_3}, "server": {"max_version": c.TLS1_2}},
), ids=("server", "client"))
def test_only_tls_1_3(arguments):
    """A side that has TLS 1.3 alone does not meet one that lacks it."""
    fails(*pair(**arguments), c.ALERT_PROTOCOL_VERSION, "server")


@pytest.mark.parametrize("number, last", ((c.TLS1_2, 1), (c.TLS1_1, 0), (c.TLS1_0, 0)))
def test_downgrades_are_noticed(monkeypatch, number, last):
    """Somebody takes TLS 1.3 out of the hello: the server's random tells the client (section 4.1.3)."""
    client, server = pair("rsa2048")
    hello = loop.messages(client.take())[0]
    body = bytearray(with_extensions(without(VERSIONS))(hello[4:]))
    body[:2] = number.to_bytes(2, "big")
    server.feed(loop.record(loop.message(1, body)))
    flight = server.take()
    assert server.session.version == number and loop.messages(flight)[0][30:38] == b"DOWNGRD" + bytes([last])
    client.feed(flight)
    loop.check_failed(client, c.ALERT_ILLEGAL_PARAMETER, c.PROTOCOL_FAIL)


def test_no_sentinel_without_need():
    for most in (c.TLS1_2, c.TLS1_1):
        client, server = loop.connect(*pair("rsa2048", client={"max_version": c.TLS1_3}, server={"max_version": most}))
        assert client.session.version == most
    client, server = pair()
    server.feed(client.take())
    assert b"DOWNGRD" not in server.take()


@pytest.mark.parametrize("listed, alert", (
    ((0x0305, 0x7F1C), c.ALERT_PROTOCOL_VERSION), ((0x7A7A, 0x0304), 0), ((0x0302, 0x0304, 0x0303), 0), ((), c.ALERT_DECODE_ERROR),
))
def test_lists_of_versions(monkeypatch, listed, alert):
    data = b"".join(v.to_bytes(2, "big") for v in listed)
    client, server = hello_of(monkeypatch, with_extensions(replaced(VERSIONS, bytes([len(data)]) + data)))
    if alert:
        fails(client, server, alert, "server")
    else:
        connect(client, server)


def test_an_odd_list_of_versions(monkeypatch):
    fails(*hello_of(monkeypatch, with_extensions(replaced(VERSIONS, b"\x03\x03\x04\x03"))), c.ALERT_DECODE_ERROR, "server")


@pytest.mark.parametrize("legacy", (0x0301, 0x0302, 0x0304, 0x0500))
def test_the_hellos_own_version_means_nothing(monkeypatch, legacy):
    connect(*hello_of(monkeypatch, lambda body: legacy.to_bytes(2, "big") + body[2:]))


@pytest.mark.parametrize("legacy", (b"\x03\x00", b"\x02\x00", b"\x00\x02"))
def test_a_hello_of_ssl_does_not_ask_for_tls_1_3(monkeypatch, legacy):
    fails(*hello_of(monkeypatch, lambda body: legacy + body[2:]), c.ALERT_PROTOCOL_VERSION, "server")


def test_ssl_3_in_the_list_of_versions(monkeypatch):
    """It cannot be asked for in this way, whatever the server speaks."""
    fails(*hello_of(monkeypatch, with_extensions(replaced(VERSIONS, b"\x02\x03\x00")), "rsa2048", client={"max_version": c.TLS1_3}, server={"min_version": c.SSL3}), c.ALERT_PROTOCOL_VERSION, "server")


def test_a_hello_request_to_a_client_of_tls_1_3_alone():
    client = pair(client={"min_version": c.TLS1_3})[0]
    client.take()
    client.feed(loop.record(loop.message(c.HELLO_REQUEST, b"")))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)


@pytest.mark.parametrize("chosen, legacy", ((0x0303, 0x0303), (0x0305, 0x0303), (0x0304, 0x0302), (0x0304, 0x0304), (0x7F1C, 0x0303)))
def test_a_server_that_chooses_a_version_wrongly(monkeypatch, chosen, legacy):
    client, server = pair()
    rewrite(monkeypatch, server, c.SERVER_HELLO, lambda b: legacy.to_bytes(2, "big") + with_extensions(replaced(VERSIONS, chosen.to_bytes(2, "big")), True)(b)[2:])
    fails(client, server, c.ALERT_ILLEGAL_PARAMETER, "client")


# Extensions


@pytest.mark.parametrize("change, alert", (
    (without(SHARE), c.ALERT_MISSING_EXTENSION),
    (without(GROUP_LIST), c.ALERT_MISSING_EXTENSION),
    (without(GROUP_LIST, SHARE), c.ALERT_MISSING_EXTENSION),
    (without(SCHEME_LIST), c.ALERT_MISSING_EXTENSION),
    (replaced(SCHEME_LIST, b"\x00\x02\x08\x04"), c.ALERT_HANDSHAKE_FAILURE),
    (replaced(SCHEME_LIST, b"\x00\x00"), c.ALERT_DECODE_ERROR),
    (replaced(GROUP_LIST, b"\x00\x03\x00\x17\x00"), c.ALERT_DECODE_ERROR),
    (replaced(SHARE, b"\x00\x24\x00\x18\x00\x20" + bytes(32)), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(SHARE, b"\x00\x24\x00\x1d\x00\x20" + bytes(32)), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(SHARE, b"\x00\x23\x00\x1d\x00\x1f" + bytes(31)), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(SHARE, b"\x00\x45\x00\x17\x00\x41\x04" + bytes(64)), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(SHARE, b"\x00\x25\x00\x17\x00\x21\x02" + bytes(31) + b"\x05"), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(SHARE, b"\x00\x48" + (b"\x00\x1d\x00\x20\x09" + bytes(31)) * 2), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(SHARE, b"\x00\x04\x00\x1d\x00\x00"), c.ALERT_DECODE_ERROR),
    (replaced(SHARE, b"\x00\x06\x00\x1d\x00\x20\x01\x02"), c.ALERT_DECODE_ERROR),
    (replaced(SHARE, b"\x00"), c.ALERT_DECODE_ERROR),
    (replaced(MODES, b"\x00"), c.ALERT_DECODE_ERROR),
    (replaced(MODES, b"\x02\x01"), c.ALERT_DECODE_ERROR),
    (added(VERSIONS, b"\x02\x03\x04"), c.ALERT_ILLEGAL_PARAMETER),
), ids=("no share", "no groups", "neither", "no schemes", "no scheme of ours", "empty schemes", "odd groups", "a share of no offer", "zero point",
        "short point", "point off the curve", "compressed point", "two of one group", "empty share", "half a share", "half a list", "no modes",
        "half of the modes", "twice"))
def test_malformed_hellos(monkeypatch, change, alert):
    two_groups = with_extensions(lambda items: change([(k, b"\x00\x04\x00\x1d\x00\x17" if k == GROUP_LIST else d) for k, d in items]))
    fails(*hello_of(monkeypatch, two_groups), alert, "server")


@pytest.mark.parametrize("change", (
    added(0x7A7A, b""), added(0x7A7A, bytes(300), False), added(EARLY + 1000, b"x"), added(50, b"\x00\x02\x08\x04"), added(49, b""), added(21, bytes(500)),
    added(5, b"\x01\x00\x00\x00\x00"), lambda items: items[::-1], lambda items: items + [(0x7A00 + i, b"") for i in range(400)],
    replaced(POINT_FORMATS, b"\x01\x01"), replaced(POINT_FORMATS, b"\x02\x02\x01"),
    replaced(GROUP_LIST, b"\x00\x08\x7a\x7a\x00\x1d\x01\x00\x00\x17"), replaced(MODES, b"\x02\x7a\x01"), replaced(SCHEME_LIST, b"\x00\x06\x7a\x7a\x04\x03\x08\x04"),
    lambda items: [(k, (len(d) + 3).to_bytes(2, "big") + b"\x7a\x7a\x00\x01\x00" + d[2:] if k == SHARE else b"\x00\x04\x7a\x7a\x00\x1d" if k == GROUP_LIST else d) for k, d in items],
), ids=("unknown", "long", "another", "signature_algorithms_cert", "post_handshake_auth", "padding", "status_request", "reversed", "many", "compressed points", "other points", "groups", "modes", "schemes", "share"))
def test_hellos_with_what_we_do_not_know(monkeypatch, change):
    connect(*hello_of(monkeypatch, with_extensions(change)))


@pytest.mark.parametrize("methods", (b"\x02\x00\x01", b"\x01\x01"), ids=("more", "none"))
def test_compression(monkeypatch, methods):
    """Null and nothing else (section 4.1.2)."""

    def change(body):
        head, items = take_apart(body)
        assert head[-2:] == b"\x01\x00"
        return put_together(head[:-2] + methods, items)

    fails(*hello_of(monkeypatch, change), c.ALERT_ILLEGAL_PARAMETER, "server")


@pytest.mark.parametrize("sid", (b"", b"x", bytes(31)))
def test_session_ids_of_any_length(sid):
    """An empty one means that no middlebox is to be misled: no ChangeCipherSpec comes."""
    client, server = pair()
    hello = loop.messages(client.take())[0][4:]
    server.feed(loop.record(loop.message(1, hello[:34] + bytes([len(sid)]) + sid + hello[67:])))
    flight = server.take()
    assert loop.messages(flight)[0][38 : 39 + len(sid)] == bytes([len(sid)]) + sid
    assert ([r[0] for r in loop.records(flight)].count(20) == 1) == bool(sid)


@pytest.mark.parametrize("change, alert", (
    (without(SHARE), c.ALERT_MISSING_EXTENSION),
    (replaced(SHARE, b"\x00\x17\x00\x41\x04" + bytes(64)), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(SHARE, b"\x00\x1d\x00\x20" + bytes(32)), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(SHARE, b"\x00\x1d\x00\x1f" + bytes(31)), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(SHARE, b"\x00\x1d\x00\x20" + bytes(31)), c.ALERT_DECODE_ERROR),
    (replaced(SHARE, b"\x00\x1d\x00\x20\x09" + bytes(32)), c.ALERT_DECODE_ERROR),
    (replaced(SHARE, b"\x00\x1d"), c.ALERT_DECODE_ERROR),
    (added(SHARE, b"\x00\x1d\x00\x20\x09" + bytes(31)), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(VERSIONS, b"\x03\x04\x03"), c.ALERT_DECODE_ERROR),
    (added(0x7A7A, b""), c.ALERT_UNSUPPORTED_EXTENSION),
    (added(COOKIE, b"\x00\x01a"), (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_UNSUPPORTED_EXTENSION)),
    (added(NAME, b""), (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_UNSUPPORTED_EXTENSION)),
    (added(GROUP_LIST, b"\x00\x02\x00\x17"), (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_UNSUPPORTED_EXTENSION)),
    (added(0xFF01, b"\x00"), c.ALERT_UNSUPPORTED_EXTENSION),
), ids=name_of)
def test_malformed_server_hellos(monkeypatch, change, alert):
    client, server = pair()
    rewrite(monkeypatch, server, c.SERVER_HELLO, with_extensions(change, True))
    fails(client, server, alert, "client")


@pytest.mark.parametrize("at, value", ((39, 1), (66, 1), (67, 0xC0), (68, 6), (69, 1)))
def test_server_hellos_with_wrong_fields(monkeypatch, at, value):
    """Another session id, a suite that is not of TLS 1.3, none of ours, and compression."""
    client, server = pair()
    rewrite(monkeypatch, server, c.SERVER_HELLO, lambda body: body[:at] + bytes([body[at] ^ 1 if at < 67 else value]) + body[at + 1 :])
    fails(client, server, c.ALERT_ILLEGAL_PARAMETER, "client")


@pytest.mark.parametrize("change, alert", (
    (added(0x7A7A, b""), c.ALERT_UNSUPPORTED_EXTENSION),
    (added(ALPN, b"\x00\x03\x02h2"), c.ALERT_UNSUPPORTED_EXTENSION),
    (added(EARLY, b""), c.ALERT_UNSUPPORTED_EXTENSION),
    (added(LIMIT, b"\x40\x01"), c.ALERT_UNSUPPORTED_EXTENSION),
    (added(SHARE, b"\x00\x1d\x00\x20\x09" + bytes(31)), c.ALERT_ILLEGAL_PARAMETER),
    (added(VERSIONS, b"\x03\x04"), c.ALERT_ILLEGAL_PARAMETER),
    (added(PSK, b"\x00\x00"), c.ALERT_ILLEGAL_PARAMETER),
    (added(COOKIE, b"\x00\x01a"), c.ALERT_ILLEGAL_PARAMETER),
    (added(SCHEME_LIST, b"\x00\x02\x04\x03"), c.ALERT_ILLEGAL_PARAMETER),
    (added(MODES, b"\x01\x01"), c.ALERT_ILLEGAL_PARAMETER),
    (added(47, b"\x00\x03\x00\x01x"), c.ALERT_ILLEGAL_PARAMETER),
    (added(49, b""), c.ALERT_ILLEGAL_PARAMETER),
    (added(23, b""), (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_UNSUPPORTED_EXTENSION)),
    (added(0xFF01, b"\x00"), (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_UNSUPPORTED_EXTENSION)),
    (lambda items: [(NAME, b""), (NAME, b"")], c.ALERT_ILLEGAL_PARAMETER),
    (added(NAME, b"x"), c.ALERT_DECODE_ERROR),
), ids=name_of)
def test_malformed_encrypted_extensions(monkeypatch, change, alert):
    client, server = pair()
    rewrite(monkeypatch, server, c.ENCRYPTED_EXTENSIONS, lambda body: put_together(b"", change(extensions(body))))
    fails(client, server, alert, "client")


def test_groups_in_encrypted_extensions_mean_nothing(monkeypatch):
    client, server = pair()
    rewrite(monkeypatch, server, c.ENCRYPTED_EXTENSIONS, lambda body: put_together(b"", [(GROUP_LIST, b"\x00\x04\x7a\x7a\x00\x17"), (NAME, b"")]))
    connect(client, server)


@pytest.mark.parametrize("theirs, ours, chosen", ((("h2", "http/1.1"), ("http/1.1", "h2"), "http/1.1"), (("a",), ("b", "a"), "a"), (("a",), (), None), ((), ("a",), None), (("a",), ("b",), 0)))
def test_application_protocols(theirs, ours, chosen):
    client, server = pair(client={"alpn": theirs}, server={"alpn": ours})
    if chosen == 0:
        fails(client, server, c.ALERT_NO_APPLICATION_PROTOCOL, "server")
        return
    connect(client, server)
    assert client.session.alpn == server.session.alpn == chosen


@pytest.mark.parametrize("data, alert", ((b"\x00\x02\x01b", c.ALERT_ILLEGAL_PARAMETER), (b"\x00\x04\x01a\x01a", c.ALERT_DECODE_ERROR), (b"\x00\x00", c.ALERT_DECODE_ERROR)))
def test_a_protocol_that_was_not_offered(monkeypatch, data, alert):
    client, server = pair(alpn=("a",))
    rewrite(monkeypatch, server, c.ENCRYPTED_EXTENSIONS, lambda body: put_together(b"", replaced(ALPN, data)(extensions(body))))
    fails(client, server, alert, "client")


def test_keys_by_name():
    """SNI chooses certificates; RSA for one name, ECDSA for another."""
    one, two = pki.chain(key="p256", names=("one",)), pki.chain(key="rsa2048", names=("x.two.example",))
    trust = mxtls.Keys()
    trust.load_rsa_keys_mem(None, None, one.root_der + two.root_der)
    found = {"one": loop.keys_of(one)[1], "*.two.example": loop.keys_of(two)[1]}
    for name in ("one", "x.two.example"):
        connect(*pair((trust, keys()[1]), name=name, server={"sni": found}))
    client, server = pair((trust, keys()[1]), name="three", server={"sni": found})
    fails(client, server, c.ALERT_UNKNOWN_CA if client.error and client.error.alert == c.ALERT_UNKNOWN_CA else (c.ALERT_UNKNOWN_CA, c.ALERT_BAD_CERTIFICATE, c.ALERT_CERTIFICATE_UNKNOWN), "client")
