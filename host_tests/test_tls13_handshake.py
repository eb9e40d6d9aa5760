# SPDX-License-Identifier: MIT
"""TLS 1.3 of our client with our server (self-test): every suite, group, key and signature, and what it looks like on the wire (RFC 8446
section 2). That others agree is shown by the interoperation tests; that the numbers are right by test_rfc8448.py."""

import loop
import pytest
from tls13 import (
    GROUP_LIST,
    GROUPS,
    KINDS,
    MODES,
    SHARE,
    SUITES,
    VERSIONS,
    connect,
    exchange,
    fails,
    groups,
    keys,
    name_of,
    pair,
    rewrite,
    take_apart,
)

import mxtls
from mxtls import codes as c
from mxtls.crypto import ecdh, sign
from mxtls.handshake import signed13


@pytest.mark.parametrize("suite", SUITES, ids=lambda v: "%04X" % v)
@pytest.mark.parametrize("group", GROUPS, ids=GROUPS.get)
@pytest.mark.parametrize("kind", KINDS)
def test_suite_group_key(suite, group, kind):
    with groups(group):
        client, server = connect(*pair(kind, client={"cipher_suite": suite}))
    assert client.session.cipher_suite == server.session.cipher_suite == suite
    exchange(client, server)


def test_the_table_is_covered():
    assert SUITES == [0x1301, 0x1303, 0x1302, 0x1304, 0x1305] and {row[0] for row in ecdh.GROUPS} == set(GROUPS)


@pytest.mark.parametrize("chunk", (1, 7))
def test_any_split(chunk):
    client, server = connect(*pair(), chunk=chunk)
    loop.carry(client, server, bytes(700), chunk)
    loop.carry(server, client, bytes(700), chunk)


def test_what_it_looks_like():
    """Record versions, ChangeCipherSpec of both sides once, and nothing but encrypted records behind it (appendix D.4)."""
    client, server = loop.End(mxtls.ClientSession(keys()[0], server_name="localhost")), loop.End(mxtls.ServerSession(keys()[1]))
    hello = client.take()
    (kind, version, body), = loop.records(hello)
    assert (kind, version, body[4:6], body[38]) == (c.HANDSHAKE, 0x0301, b"\x03\x03", 32)
    items = dict(take_apart(body[4:])[1])
    assert items[VERSIONS][1:3] == b"\x03\x04" and items[MODES] == b"\x01\x01" and items[SHARE][2:4] == items[GROUP_LIST][2:4]
    server.feed(hello)
    flight = server.take()
    assert [r[0] for r in loop.records(flight)[:2]] == [22, 20] and {r[0] for r in loop.records(flight)[2:]} == {23}
    assert {r[1] for r in loop.records(flight)} == {0x0303}
    answer = loop.messages(flight)[0]
    assert answer[4:6] == b"\x03\x03" and answer[38:71] == body[38:71]
    assert [k for k, _ in take_apart(answer[4:], True)[1]] == [VERSIONS, SHARE]
    client.feed(flight)
    assert client.complete or not client.error
    reply = client.take()
    assert [(r[0], r[1]) for r in loop.records(reply)] == [(20, 0x0303), (23, 0x0303)]
    assert client.complete
    server.feed(reply)
    connect(client, server)
    assert client.session.version == c.TLS1_3 and client.session.cipher_suite == 0x1301


@pytest.mark.parametrize("scheme, kind", [(row[0], kind) for row in sign.SCHEMES for kind in KINDS if row[0] >= 0x0400], ids=name_of)
def test_each_signature_scheme(monkeypatch, scheme, kind):
    keys(kind)
    with monkeypatch.context() as m:
        m.setattr(sign, "SCHEMES", tuple(r for r in sign.SCHEMES if r[0] == scheme))
        client, server = pair(kind)
    used = []
    real = signed13.sign
    monkeypatch.setattr(signed13, "sign", lambda s, k, d: (used.append(s), real(s, k, d))[1])
    if scheme in {"p256": (0x0403,), "p384": (0x0503,), "p521": (0x0603,), "rsa2048": (0x0804, 0x0805, 0x0806)}[kind]:
        connect(client, server)
        assert used == [scheme]
    else:
        fails(client, server, c.ALERT_HANDSHAKE_FAILURE, "server")
        assert not used


@pytest.mark.parametrize("scheme", (0x0401, 0x0503, 0x0201, 0x0203, 0x0809, 0x1234))
@pytest.mark.parametrize("kind", ("p256", "rsa2048"))
def test_a_signature_under_a_wrong_scheme(monkeypatch, scheme, kind):
    client, server = pair(kind)
    rewrite(monkeypatch, server, c.CERTIFICATE_VERIFY, lambda body: scheme.to_bytes(2, "big") + body[2:])
    fails(client, server, c.ALERT_ILLEGAL_PARAMETER, "client")


@pytest.mark.parametrize("kind", ("p256", "rsa2048"))
def test_a_wrong_signature(monkeypatch, kind):
    client, server = pair(kind)
    rewrite(monkeypatch, server, c.CERTIFICATE_VERIFY, lambda body: body[:-1] + bytes([body[-1] ^ 1]))
    fails(client, server, c.ALERT_DECRYPT_ERROR, "client")


def test_the_other_sides_signature(monkeypatch):
    """What a client signs is nothing that a server signs."""
    client, server = pair()
    real = signed13._digest
    monkeypatch.setattr(signed13, "_digest", lambda hs, scheme, who: real(hs, scheme, who if hs is client.session.hs else True))
    fails(client, server, c.ALERT_DECRYPT_ERROR, "client")


@pytest.mark.parametrize("by", ("server", "client"))
def test_a_wrong_finished(monkeypatch, by):
    client, server = pair()
    liar = server if by == "client" else client
    rewrite(monkeypatch, liar, c.FINISHED, lambda body: body[:-1] + bytes([body[-1] ^ 1]))
    fails(client, server, c.ALERT_DECRYPT_ERROR, by)


def test_a_client_that_closes_within_the_handshake():
    """Its close_notify is encrypted, as the server expects it; what still comes is read."""
    client, server = pair()
    server.feed(client.take())
    flight = server.take()
    n = 5 + (flight[3] << 8 | flight[4])
    client.feed(flight[:n]).close().feed(flight[n:])
    assert not client.error, client.error.text
    server.feed(client.take())
    assert not server.error and server.alerts == [(1, c.ALERT_CLOSE_NOTIFY)]
