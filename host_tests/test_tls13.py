# SPDX-License-Identifier: MIT
"""TLS 1.3 of our client with our server, and of each with a peer that lies (self-test): every suite, group and key, client
certificates, pre-shared keys, resumption, HelloRetryRequest, KeyUpdate, records, and which alert answers what (RFC 8446).

That others agree is shown by the interoperation tests; that the numbers are right by test_rfc8448.py."""

import contextlib

import loop
import pki
import pytest
from hypothesis import given, settings, strategies as st

import mxtls
import mxtls_port
from mxtls import codes as c, record_aead13, suites
from mxtls.crypto import ecdh, sign
from mxtls.handshake import client_hello13, codec, schedule, signed13

SUITES = [row[0] for row in suites.SUITES if row[7] == 4]
GROUPS = {29: "x25519", 23: "p256", 24: "p384", 25: "p521"}
KINDS = ("p256", "p384", "p521", "rsa2048")
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
NAME, FRAGMENT, GROUP_LIST, SCHEME_LIST, ALPN, LIMIT, TICKET, PSK, EARLY, VERSIONS, COOKIE, MODES, SHARE = 0, 1, 10, 13, 16, 28, 35, 41, 42, 43, 44, 45, 51
_keys = {}


def name_of(value):
    """A test's name for a value, without addresses, which differ from process to process: a lambda is called by its maker, arguments by name."""
    if isinstance(value, dict):
        return " ".join(value)
    return value.__qualname__.split(".")[0] if callable(value) else str(value)


def keys(kind="p256"):
    if kind not in _keys:
        _keys[kind] = loop.psk_keys() if kind == "psk" else loop.keys_of(pki.chain(key=kind))
    return _keys[kind]


def pair(chain="p256", **arguments):
    return loop.pair(keys(chain) if isinstance(chain, str) else chain, max_version=c.TLS1_3, **arguments)


def connect(client, server, chunk=None):
    loop.connect(client, server, chunk)
    for s in (client.session, server.session):
        assert s.version == c.TLS1_3 and s.hs is None and s.rd and s.wr
    return client, server


def exchange(client, server):
    for a, b in ((client, server), (server, client)):
        loop.carry(a, b, b"x")
        loop.carry(a, b, bytes(i & 255 for i in range(1000)))
    client.close()
    server.close()
    loop.pump(client, server)
    assert client.alerts == server.alerts == [(1, 0)]


def refused(end, other, alert, code=None):
    """end failed with the alert, and the other was told."""
    wire = end.take()
    other.feed(wire)
    loop.check_failed(end, alert, code, wire)
    assert not end.complete and other.alerts and other.alerts[-1][1] in (alert if isinstance(alert, tuple) else (alert,)), (other.alerts, other.error)


def fails(client, server, alert, by):
    """The handshake fails on that side."""
    loop.pump(client, server)
    end, other = (client, server) if by == "client" else (server, client)
    assert end.error, "nobody minded"
    assert loop.check_text(end.error).alert in (alert if isinstance(alert, tuple) else (alert,)), (end.error.alert, end.error.text)
    assert other.alerts and other.alerts[-1] == (2, end.error.alert)
    assert end.session.rd is None and end.session.wr is None and end.session.hs is None


# Messages as bytes, and a way to change them before they are hashed and sealed


def take_apart(body, answer=False):
    """A hello's body: what comes before its extensions, and [(type, data)] of these."""
    at = 34
    at += 1 + body[at]
    if answer:
        at += 3
    else:
        at += 2 + (body[at] << 8 | body[at + 1])
        at += 1 + body[at]
    return body[:at], extensions(body[at:])


def extensions(data):
    found, at = [], 2
    assert len(data) == 2 + (data[0] << 8 | data[1])
    while at < len(data):
        n = data[at + 2] << 8 | data[at + 3]
        found.append((data[at] << 8 | data[at + 1], data[at + 4 : at + 4 + n]))
        at += 4 + n
    return found


def put_together(head, items):
    data = b"".join(kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body for kind, body in items)
    return head + len(data).to_bytes(2, "big") + data


def with_extensions(change, answer=False):
    """A change of a hello that changes its list of extensions; answer: it is a server's. change gets a list of pairs and returns one."""

    def apply(body):
        head, items = take_apart(body, answer)
        return put_together(head, change(items))

    return apply


def replaced(kind, data):
    return lambda items: [(k, data if k == kind else d) for k, d in items]


def without(*kinds):
    return lambda items: [(k, d) for k, d in items if k not in kinds]


def added(kind, data, first=True):
    return lambda items: [(kind, data)] + items if first else items + [(kind, data)]


def rewrite(monkeypatch, end, kind, change, number=1):
    """From now on the number-th message of that type which end writes is change(body): another body, None for nothing at all, or a list of
    whole messages. What its transcript takes in is what goes out."""
    real = codec.Writer.finish
    seen = []

    def finish(w):
        if w.session is not end.session or w.out.buf[w.base] != kind:
            return real(w)
        seen.append(1)
        if len(seen) != number:
            return real(w)
        body = bytes(w.out.buf[w.base + 4 : w.at])
        new = change(body)
        if new is None:
            return None
        for i, message in enumerate([loop.message(kind, new)] if isinstance(new, bytes) else new):
            w.out.limit = 1 << 20
            if i:
                w.base = w.out.end + w.session.head()
            w.base -= w.out.room(len(message) + 400)
            w.out.buf[w.base : w.base + len(message)] = message
            w.at = w.base + len(message)
            real(w)
        return None

    monkeypatch.setattr(codec.Writer, "finish", finish)


def hello_of(monkeypatch, change, chain="p256", **arguments):
    """A client whose first ClientHello was changed, and a server."""
    kept = []
    real = codec.Writer.finish

    def finish(w):
        if w.out.buf[w.base] == c.CLIENT_HELLO and not kept:
            kept.append(1)
            message = loop.message(c.CLIENT_HELLO, change(bytes(w.out.buf[w.base + 4 : w.at])))
            w.out.limit = 1 << 20
            w.base -= w.out.room(len(message) + 400)
            w.out.buf[w.base : w.base + len(message)] = message
            w.at = w.base + len(message)
        real(w)

    with monkeypatch.context() as m:
        m.setattr(codec.Writer, "finish", finish)
        return pair(chain, **arguments)


@contextlib.contextmanager
def groups(*wanted):
    """The build has these groups only, in the order of GROUPS."""
    before = ecdh.GROUPS
    ecdh.GROUPS = tuple(row for row in before if row[0] in wanted)
    try:
        yield
    finally:
        ecdh.GROUPS = before


def pump_with(client, server, *wanted, chunk=None):
    """loop.pump, and the server has these groups only."""
    for _ in range(20):
        data = client.take()
        with groups(*wanted):
            server.feed(data, chunk)
        back = server.take()
        client.feed(back, chunk)
        if not data and not back:
            return
    raise AssertionError("no end")


# Handshakes


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


def test_a_hello_of_ssl_3_does_not_ask_for_tls_1_3(monkeypatch):
    fails(*hello_of(monkeypatch, lambda body: b"\x03\x00" + body[2:]), c.ALERT_PROTOCOL_VERSION, "server")


@pytest.mark.parametrize("chosen, legacy", ((0x0303, 0x0303), (0x0305, 0x0303), (0x0304, 0x0302), (0x0304, 0x0304), (0x7F1C, 0x0303)))
def test_a_server_that_chooses_a_version_wrongly(monkeypatch, chosen, legacy):
    client, server = pair()
    rewrite(monkeypatch, server, c.SERVER_HELLO, lambda b: legacy.to_bytes(2, "big") + with_extensions(replaced(VERSIONS, chosen.to_bytes(2, "big")), True)(b)[2:])
    fails(client, server, c.ALERT_ILLEGAL_PARAMETER, "client")


# Client certificates


def client_keys(own=True, kind="p256", trusted=True):
    """Keys of a client, with a certificate or without, and of a server that trusts its CA."""
    theirs, ours = mxtls.Keys(), mxtls.Keys()
    at = pki.chain(key="p256")
    mine = pki.chain(key=kind, tag="client " + kind, eku=("client",), names=(), subject="device")
    other = pki.chain(key=kind, tag="stranger", eku=("client",), names=())
    if own:
        theirs.load_rsa_keys_mem(b"".join(mine.chain_ders), mine.key_der, at.root_der)
    else:
        theirs.load_rsa_keys_mem(None, None, at.root_der)
    ours.load_rsa_keys_mem(b"".join(at.chain_ders), at.key_der, (mine if trusted else other).root_der)
    return theirs, ours


def judge(session, certificate, alert):
    return alert


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suite", (0x1301, 0x1302), ids=lambda v: "%04X" % v)
def test_client_certificates(kind, suite):
    seen = []
    client, server = pair(client_keys(kind=kind), client={"cipher_suite": suite}, server={"cert_validator": lambda s, x, a: seen.append(x) or a})
    connect(client, server)
    assert seen[0].subject.common_name == "device" and not server.session.anonymous and server.session.peer_certificate is seen[0]
    exchange(client, server)


@pytest.mark.parametrize("answer", (0, None, c.ALLOW_ANON_CONNECTION))
def test_a_client_without_a_certificate(answer):
    """A validator that answers what it is asked refuses with certificate_required (section 4.4.2.4)."""
    client, server = pair(client_keys(own=False), server={"cert_validator": lambda s, x, a: a if answer is None else answer})
    if answer:
        connect(client, server)
        assert server.session.anonymous
        exchange(client, server)
    else:
        fails(client, server, c.ALERT_CERTIFICATE_REQUIRED, "server")


def test_a_client_that_is_not_trusted():
    fails(*pair(client_keys(trusted=False), server={"cert_validator": judge}), c.ALERT_UNKNOWN_CA, "server")


def test_a_client_whose_key_fits_no_scheme(monkeypatch):
    """It shows no certificate, rather than sign with what was not asked for (section 4.4.2)."""
    client, server = pair(client_keys(), server={"cert_validator": lambda s, x, a: c.ALLOW_ANON_CONNECTION})
    rewrite(monkeypatch, server, c.CERTIFICATE_REQUEST, lambda body: body[:1] + put_together(b"", [(SCHEME_LIST, b"\x00\x02\x08\x04")]))
    connect(client, server)
    assert server.session.anonymous


@pytest.mark.parametrize("change, alert", (
    (lambda body: body[:-1] + bytes([body[-1] ^ 1]), c.ALERT_DECRYPT_ERROR),
    (lambda body: b"\x08\x04" + body[2:], c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: None, c.ALERT_UNEXPECTED_MESSAGE),
    (lambda body: [loop.message(c.CERTIFICATE_VERIFY, body)] * 2, c.ALERT_UNEXPECTED_MESSAGE),
), ids=("signature", "scheme", "missing", "twice"))
def test_a_client_that_does_not_hold_its_key(monkeypatch, change, alert):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, client, c.CERTIFICATE_VERIFY, change)
    fails(client, server, alert, "server")


@pytest.mark.parametrize("change, alert", (
    (lambda body: b"\x01\x07" + body[1:], c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: body[:1] + b"\x00\x00", c.ALERT_MISSING_EXTENSION),
    (lambda body: body[:1] + put_together(b"", [(SCHEME_LIST, b"\x00\x00")]), c.ALERT_DECODE_ERROR),
    (lambda body: body[:1] + put_together(b"", [(SCHEME_LIST, b"\x00\x03\x04\x03\x08")]), c.ALERT_DECODE_ERROR),
    (lambda body: body[:1] + put_together(b"", [(SCHEME_LIST, b"\x00\x02\x04\x03")] * 2), c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: [loop.message(c.CERTIFICATE_REQUEST, body)] * 2, c.ALERT_UNEXPECTED_MESSAGE),
    (lambda body: body[:-1], c.ALERT_DECODE_ERROR),
    (lambda body: body + b"\x00", c.ALERT_DECODE_ERROR),
), ids=("context", "no schemes", "empty", "odd", "twice in it", "twice", "short", "long"))
def test_malformed_requests(monkeypatch, change, alert):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, server, c.CERTIFICATE_REQUEST, change)
    fails(client, server, alert, "client")


def test_unknown_extensions_of_a_request_mean_nothing(monkeypatch):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, server, c.CERTIFICATE_REQUEST, lambda body: body[:1] + put_together(b"", extensions(body[1:]) + [(0x7A7A, b"grease"), (50, b"\x00\x02\x04\x03")]))
    connect(client, server)
    assert not server.session.anonymous


def test_a_request_that_nobody_may_send(monkeypatch):
    """A server that took a pre-shared key does not ask (section 4.3.2)."""
    client, server = pair("psk")
    rewrite(monkeypatch, server, c.ENCRYPTED_EXTENSIONS, lambda body: [
        loop.message(c.ENCRYPTED_EXTENSIONS, body), loop.message(c.CERTIFICATE_REQUEST, b"\x00" + put_together(b"", [(SCHEME_LIST, b"\x00\x02\x04\x03")]))])
    fails(client, server, c.ALERT_UNEXPECTED_MESSAGE, "client")


# Certificate messages


@pytest.mark.parametrize("by", ("client", "server"))
@pytest.mark.parametrize("change, alert", (
    (lambda body: b"\x01\x07" + body[1:], (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_DECODE_ERROR)),
    (lambda body: body[:-2] + b"\x00\x04\x00\x05\x00\x00", c.ALERT_DECODE_ERROR),
    (lambda body: entries(body, lambda e: [(e[0][0], b"\x00\x05\x00\x04\x01\x00\x00\x00")] + e[1:]), c.ALERT_UNSUPPORTED_EXTENSION),
    (lambda body: entries(body, lambda e: [(e[0][0], b"\x00\x05\x00\x09")] + e[1:]), c.ALERT_DECODE_ERROR),
    (lambda body: entries(body, lambda e: [(e[0][0], b"\x00")] + e[1:]), c.ALERT_DECODE_ERROR),
    (lambda body: entries(body, lambda e: [(b"", b"")] + e), c.ALERT_DECODE_ERROR),
    (lambda body: body[:-1], c.ALERT_DECODE_ERROR),
    (lambda body: body + b"\x00", c.ALERT_DECODE_ERROR),
    (lambda body: b"", c.ALERT_DECODE_ERROR),
    (lambda body: [loop.message(c.CERTIFICATE, body)] * 2, c.ALERT_UNEXPECTED_MESSAGE),
), ids=("context", "lengths", "extension", "long extension", "half an extension", "no certificate", "short", "long", "empty", "twice"))
def test_malformed_certificates(monkeypatch, by, change, alert):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, server if by == "client" else client, c.CERTIFICATE, change)
    fails(client, server, alert, by)


def entries(body, change):
    """The Certificate message with another list of (certificate, extensions)."""
    found, at = [], 4
    while at < len(body):
        n = int.from_bytes(body[at : at + 3], "big")
        m = body[at + 3 + n] << 8 | body[at + 4 + n]
        found.append((body[at + 3 : at + 3 + n], body[at + 5 + n : at + 5 + n + m]))
        at += 5 + n + m
    data = b"".join(len(x).to_bytes(3, "big") + x + len(y).to_bytes(2, "big") + y for x, y in change(found))
    return b"\x00" + len(data).to_bytes(3, "big") + data


def test_a_server_without_a_certificate(monkeypatch):
    client, server = pair()
    rewrite(monkeypatch, server, c.CERTIFICATE, lambda body: bytes(4))
    fails(client, server, c.ALERT_DECODE_ERROR, "client")


# Pre-shared keys


@pytest.mark.parametrize("modes", (b"\x01\x00", b"\x01", b"\x00"), ids=("both", "dhe", "alone"))
@pytest.mark.parametrize("suite", (0, 0x1301, 0x1303, 0x1304, 0x1305), ids=lambda v: "%04X" % v)
def test_pre_shared_keys(monkeypatch, modes, suite):
    """External ones have SHA-256, so no suite of SHA-384."""
    monkeypatch.setattr(client_hello13, "modes_of", lambda hs: modes)
    client, server = pair("psk", client={"cipher_suite": suite})
    server.feed(client.take())
    flight = server.take()
    answer = [k for k, _ in take_apart(loop.messages(flight)[0][4:], True)[1]]
    assert answer == ([VERSIONS, SHARE, PSK] if 1 in modes else [VERSIONS, PSK])
    client.feed(flight)
    connect(client, server)
    assert not client.session.resumed and not client.session.anonymous and not server.session.anonymous and client.session.peer_certificate is None
    exchange(client, server)


def test_a_pre_shared_key_fits_sha_256_alone():
    fails(*pair("psk", client={"cipher_suite": 0x1302}), c.ALERT_HANDSHAKE_FAILURE, "server")


def psk_and_chain(key, identity):
    """A client with a pre-shared key and a trusted CA; a server with a certificate and the key of "device"."""
    theirs, ours = loop.keys_of(pki.chain())
    theirs.load_psk(key, identity)
    ours.load_psk(b"0123456789abcdef", "device")
    return theirs, ours


def test_an_identity_that_the_server_does_not_know():
    """It goes on with its certificate, or cannot."""
    connect(*pair(psk_and_chain(b"0123456789abcdef", "another")))
    theirs = mxtls.Keys()
    theirs.load_psk(b"0123456789abcdef", "another")
    fails(*pair((theirs, keys("psk")[1])), c.ALERT_HANDSHAKE_FAILURE, "server")


def test_another_key_of_that_identity():
    fails(*pair(psk_and_chain(b"another key 1234", "device")), c.ALERT_DECRYPT_ERROR, "server")


def test_a_wrong_binder(monkeypatch):
    fails(*hello_of(monkeypatch, lambda body: body[:-1] + bytes([body[-1] ^ 1]), "psk"), c.ALERT_DECRYPT_ERROR, "server")
    fails(*hello_of(monkeypatch, lambda body: body[:2] + bytes(32) + body[34:], "psk"), c.ALERT_DECRYPT_ERROR, "server")


def offers(identities, binders):
    """The body of pre_shared_key."""
    a = b"".join(len(x).to_bytes(2, "big") + x + bytes(4) for x in identities)
    b = b"".join(bytes([len(x)]) + x for x in binders)
    return len(a).to_bytes(2, "big") + a + len(b).to_bytes(2, "big") + b


@pytest.mark.parametrize("data, alert", (
    (offers([b"device"], []), (c.ALERT_DECODE_ERROR, c.ALERT_ILLEGAL_PARAMETER)),
    (offers([b"device"], [bytes(31)]), c.ALERT_DECODE_ERROR),
    (offers([b"device"], [bytes(33)]), c.ALERT_DECRYPT_ERROR),
    (offers([b"device"], [bytes(32)] * 2), (c.ALERT_DECODE_ERROR, c.ALERT_ILLEGAL_PARAMETER, c.ALERT_DECRYPT_ERROR)),
    (offers([b"unknown"], [bytes(32)] * 2), (c.ALERT_DECODE_ERROR, c.ALERT_ILLEGAL_PARAMETER)),
    (offers([], []), c.ALERT_DECODE_ERROR),
    (offers([b""], [bytes(32)]), c.ALERT_DECODE_ERROR),
    (offers([b"device"], [bytes(32)])[:-1], c.ALERT_DECODE_ERROR),
    (offers([b"device"], [bytes(32)]) + b"\x00", c.ALERT_DECODE_ERROR),
    (b"\x00\x03\x00\x06d", c.ALERT_DECODE_ERROR),
    (b"", c.ALERT_DECODE_ERROR),
), ids=name_of)
def test_malformed_offers(monkeypatch, data, alert):
    fails(*hello_of(monkeypatch, with_extensions(replaced(PSK, data)), "psk"), alert, "server")


def test_pre_shared_key_comes_last(monkeypatch):
    fails(*hello_of(monkeypatch, with_extensions(lambda items: items[-1:] + items[:-1]), "psk"), c.ALERT_ILLEGAL_PARAMETER, "server")
    fails(*hello_of(monkeypatch, with_extensions(without(MODES)), "psk"), c.ALERT_MISSING_EXTENSION, "server")


def test_many_identities_are_not_all_looked_at(monkeypatch):
    """At most eight; and the right one among them is found by its place."""
    for n, found in ((5, True), (40, False)):
        client, server = pair(psk_and_chain(b"0123456789abcdef", "device"))

        def change(body, n=n, client=client):
            head, items = take_apart(body)
            ids = [b"unknown %d" % i for i in range(n)] + [b"device"]
            body = put_together(head, items[:-1] + [(PSK, offers(ids, [bytes(32)] * (n + 1)))])
            h = schedule.Hash(4)
            text = loop.message(1, body)[: -33 * (n + 1) - 2]
            h.update(text, 0, len(text))
            return body[:-32] + bytes(schedule.binder(4, b"0123456789abcdef", False, h.digest()))

        hello = change(loop.messages(client.take())[0][4:])
        server.feed(loop.record(loop.message(1, hello)))
        answer = dict(take_apart(loop.messages(server.take())[0][4:], True)[1])
        assert not server.error and answer.get(PSK) == (n.to_bytes(2, "big") if found else None)


@pytest.mark.parametrize("change, alert", (
    (replaced(PSK, b"\x00\x01"), c.ALERT_ILLEGAL_PARAMETER),
    (replaced(PSK, b"\x00"), c.ALERT_DECODE_ERROR),
    (replaced(PSK, b"\x00\x00\x00"), c.ALERT_DECODE_ERROR),
    (without(PSK, SHARE), c.ALERT_MISSING_EXTENSION),
), ids=("number", "short", "long", "neither"))
def test_a_server_that_takes_a_key_wrongly(monkeypatch, change, alert):
    client, server = pair("psk")
    rewrite(monkeypatch, server, c.SERVER_HELLO, with_extensions(change, True))
    fails(client, server, alert, "client")


def test_a_key_with_a_suite_of_another_hash(monkeypatch):
    client, server = pair("psk")
    rewrite(monkeypatch, server, c.SERVER_HELLO, lambda body: body[:67] + b"\x13\x02" + body[69:])
    fails(client, server, c.ALERT_ILLEGAL_PARAMETER, "client")


def test_a_key_that_was_not_offered(monkeypatch):
    client, server = pair()
    rewrite(monkeypatch, server, c.SERVER_HELLO, with_extensions(added(PSK, bytes(2)), True))
    fails(client, server, c.ALERT_UNSUPPORTED_EXTENSION, "client")


def test_a_key_alone_that_was_not_offered_alone(monkeypatch):
    monkeypatch.setattr(client_hello13, "modes_of", lambda hs: b"\x01")
    client, server = pair("psk")
    rewrite(monkeypatch, server, c.SERVER_HELLO, with_extensions(without(SHARE), True))
    fails(client, server, (c.ALERT_MISSING_EXTENSION, c.ALERT_ILLEGAL_PARAMETER), "client")


# Resumption


def own_keys(tickets, kind="p256"):
    """Fresh keys: what others have left in their cache does not matter."""
    found = loop.keys_of(pki.chain(key=kind))
    found[1].tickets = tickets
    return found


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


# HelloRetryRequest


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


def test_retry_and_resumption(k):
    """The binder covers the first hello's digest and the retry."""
    sid = mxtls.SessionId()
    for resumed in (False, True):
        client, server = pair(k, client={"session_id": sid})
        pump_with(client, server, 24)
        connect(client, server)
        assert client.session.resumed == resumed
        exchange(client, server)


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
    ((GOOD, (COOKIE, b"\x00\x00")), (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_DECODE_ERROR)),
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
    with_extensions(added(0x7A7A, b"new")),
    with_extensions(added(EARLY, b"")),
    with_extensions(replaced(NAME, b"\x00\x08\x00\x00\x05other")),
    with_extensions(replaced(GROUP_LIST, b"\x00\x02\x00\x17")),
    with_extensions(replaced(SCHEME_LIST, b"\x00\x02\x04\x03")),
), ids=("random", "session id", "suites", "old share", "no share", "another extension", "early data", "name", "groups", "schemes"))
def test_a_second_hello_that_differs(monkeypatch, change):
    client, server = pair()
    rewrite(monkeypatch, client, c.CLIENT_HELLO, change)  # the first was written when the client was made
    pump_with(client, server, 23)
    assert loop.check_text(server.error).alert == c.ALERT_ILLEGAL_PARAMETER
    assert client.alerts == [(2, c.ALERT_ILLEGAL_PARAMETER)]


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
    (lambda items: items + [(0x7A00 + i, b"") for i in range(80)], c.ALERT_ILLEGAL_PARAMETER),
), ids=("no share", "no groups", "neither", "no schemes", "no scheme of ours", "empty schemes", "odd groups", "a share of no offer", "zero point",
        "short point", "point off the curve", "compressed point", "two of one group", "empty share", "half a share", "half a list", "no modes",
        "half of the modes", "twice", "too many"))
def test_malformed_hellos(monkeypatch, change, alert):
    two_groups = with_extensions(lambda items: change([(k, b"\x00\x04\x00\x1d\x00\x17" if k == GROUP_LIST else d) for k, d in items]))
    fails(*hello_of(monkeypatch, two_groups), alert, "server")


@pytest.mark.parametrize("change", (
    added(0x7A7A, b""), added(0x7A7A, bytes(300), False), added(EARLY + 1000, b"x"), added(50, b"\x00\x02\x08\x04"), added(49, b""), added(21, bytes(500)),
    added(5, b"\x01\x00\x00\x00\x00"), lambda items: items[::-1], lambda items: items + [(0x7A00 + i, b"") for i in range(40)],
    replaced(GROUP_LIST, b"\x00\x08\x7a\x7a\x00\x1d\x01\x00\x00\x17"), replaced(MODES, b"\x02\x7a\x01"), replaced(SCHEME_LIST, b"\x00\x06\x7a\x7a\x04\x03\x08\x04"),
    lambda items: [(k, (len(d) + 3).to_bytes(2, "big") + b"\x7a\x7a\x00\x01\x00" + d[2:] if k == SHARE else b"\x00\x04\x7a\x7a\x00\x1d" if k == GROUP_LIST else d) for k, d in items],
), ids=("unknown", "long", "another", "signature_algorithms_cert", "post_handshake_auth", "padding", "status_request", "reversed", "many", "groups", "modes", "schemes", "share"))
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


# Messages: cut, longer, again, out of turn, at every place


SERVERS = (c.SERVER_HELLO, c.ENCRYPTED_EXTENSIONS, c.CERTIFICATE_REQUEST, c.CERTIFICATE, c.CERTIFICATE_VERIFY, c.FINISHED)
CLIENTS = (c.CERTIFICATE, c.CERTIFICATE_VERIFY, c.FINISHED)
BOTH = [("server", kind) for kind in SERVERS] + [("client", kind) for kind in CLIENTS]


def meet(monkeypatch, liar, kind, change):
    """A handshake with client certificates in which the liar changes a message; the one who found out."""
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, server if liar == "server" else client, kind, change)
    loop.pump(client, server)
    end = client if liar == "server" else server
    return end, server if end is client else client


@pytest.mark.parametrize("liar, kind", BOTH)
def test_every_message_cut_and_longer(monkeypatch, liar, kind):
    for cut in (1, 2, 3, 5, 20, -1, -2):
        with monkeypatch.context() as m:
            end, other = meet(m, liar, kind, lambda body, cut=cut: body[:-cut] if cut > 0 else body + bytes(-cut))
        assert end.error, (liar, kind, cut)
        assert loop.check_text(end.error).alert in (c.ALERT_DECODE_ERROR, c.ALERT_DECRYPT_ERROR, c.ALERT_ILLEGAL_PARAMETER, c.ALERT_MISSING_EXTENSION)
        assert other.alerts[-1] == (2, end.error.alert) and not end.complete


@pytest.mark.parametrize("liar, kind", BOTH)
def test_every_message_twice_and_left_out(monkeypatch, liar, kind):
    for change in (lambda body: [loop.message(kind, body)] * 2, lambda body: None):
        with monkeypatch.context() as m:
            end, other = meet(m, liar, kind, change)
        if not end.error:  # the last message of all is missing: nothing comes, and nothing is complete
            assert kind in (c.FINISHED, c.CERTIFICATE_REQUEST, c.SERVER_HELLO) and (kind == c.CERTIFICATE_REQUEST or not end.complete)
            continue
        assert loop.check_text(end.error).alert in (c.ALERT_UNEXPECTED_MESSAGE, c.ALERT_DECRYPT_ERROR, c.ALERT_BAD_RECORD_MAC)


@pytest.mark.parametrize("liar, kind", BOTH)
def test_every_message_in_the_place_of_another(monkeypatch, liar, kind):
    for other in (0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 24, 99, 254):
        if other == kind:
            continue
        with monkeypatch.context() as m:
            end, _ = meet(m, liar, kind, lambda body, other=other: [loop.message(other, body)])
        if kind == c.CERTIFICATE_REQUEST and other == c.CERTIFICATE or kind == c.SERVER_HELLO and other == 0:
            continue  # read as such, and malformed or without a body
        assert end.error and end.error.alert in (c.ALERT_UNEXPECTED_MESSAGE, c.ALERT_DECODE_ERROR), (liar, kind, other, end.error and end.error.text)


@pytest.mark.parametrize("liar, kind", BOTH)
def test_every_message_is_in_the_transcript(monkeypatch, liar, kind):
    """Whatever one side takes in and the other does not is noticed: the transcripts differ."""
    client, server = pair(client_keys(), server={"cert_validator": judge})
    end = server if liar == "server" else client
    real = codec.Writer.finish

    def finish(w):
        hit = w.session is end.session and w.out.buf[w.base] == kind
        real(w)
        if hit:
            end.session.hs.transcript.update(b"x", 0, 1)

    monkeypatch.setattr(codec.Writer, "finish", finish)
    loop.pump(client, server)
    if (liar, kind) != ("client", c.FINISHED):  # behind it only the secret of tickets grows
        assert client.error or server.error
        assert not (client.complete and server.complete)


def test_messages_and_keys_end_together():
    """Nothing may follow in the record of a message after which keys change (section 5.1)."""
    client, server = pair()
    body = loop.records(client.take())[0][2]
    server.feed(loop.record(body + b"\x01\x00"))
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)
    client, server = pair()
    server.feed(client.take())
    first, *rest = loop.records(server.take())
    client.feed(loop.record(first[2] + b"\x08\x00\x00\x02\x00\x00"))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)
    client, server = connect(*pair())
    loop.send_record(client, c.HANDSHAKE, loop.message(c.KEY_UPDATE, b"\x00") + b"\x18")
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


def test_messages_that_records_cut():
    """A message may lie in several records, and several messages in one; but nothing else comes between."""
    client, server = pair()
    hello = loop.records(client.take())[0][2]
    server.feed(loop.record(hello[:10]) + loop.record(hello[10:11]) + loop.record(hello[11:]))
    client.feed(server.take())
    connect(client, server)
    for between in (loop.record(b"\x01", c.CHANGE_CIPHER_SPEC), loop.record(b"\x01\x00", c.ALERT)):
        client, server = pair()
        hello = loop.records(client.take())[0][2]
        server.feed(loop.record(hello[:10]) + between)
        assert server.error and server.error.alert == c.ALERT_UNEXPECTED_MESSAGE
    client, server = connect(*pair())
    loop.send_record(client, c.HANDSHAKE, loop.message(c.KEY_UPDATE, b"\x00")[:3])
    client.send(b"data")
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


# Records


def seal(end, kind, body, pad=0, data=None):
    """A record under the keys of end, with any inner type and padding; data: the whole inner text."""
    wr = end.session.wr
    text = bytes(body) + bytes([kind]) + bytes(pad) if data is None else data
    buf = bytearray(text + bytes(16))
    wr._begin(len(text) + wr._aead.tag)
    wr._aead.seal(wr._head, buf, 0, len(text))
    wr._count()
    return loop.record(buf[: len(text) + wr._aead.tag], 23)


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
    for a, b, own, limit in ((client, server, most, other), (server, client, other, most)):
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


def test_early_data_is_bounded(monkeypatch):
    client, server = early(monkeypatch)
    server.feed(client.take())
    server.take()
    server.feed(loop.record(bytes(16000), 23) * 3)
    loop.check_failed(server, c.ALERT_BAD_RECORD_MAC)


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


# KeyUpdate and what else comes later


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
), ids=("eight days", "empty", "no extensions", "long", "half an extension", "short"))
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


# Anything at all


@settings(max_examples=60)
@given(st.data())
def test_hellos_of_noise(data):
    """A ClientHello with bytes changed, cut and repeated: an Error with its alert, or a handshake; never anything else."""
    client, server = pair(data.draw(st.sampled_from(("p256", "psk"))))
    hello = bytearray(loop.records(client.take())[0][2])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, len(hello) - 1))
        how = data.draw(st.integers(0, 2))
        if how == 0:
            hello[at] = data.draw(st.integers(0, 255))
        elif how == 1:
            del hello[at : at + data.draw(st.integers(1, 40))]
            hello += b"\x00" if len(hello) < 6 else b""
        else:
            hello[at:at] = data.draw(st.binary(max_size=40))
    hello[1:4] = (len(hello) - 4).to_bytes(3, "big")
    server.feed(loop.record(bytes(hello)))
    if server.error:
        loop.check_text(server.error)
        assert server.error.alert != c.ALERT_INTERNAL_ERROR
        assert loop.last_alert(server.take()) == (2, server.error.alert)


@settings(max_examples=60)
@given(st.sampled_from((c.SERVER_HELLO, c.ENCRYPTED_EXTENSIONS, c.CERTIFICATE_REQUEST, c.CERTIFICATE, c.CERTIFICATE_VERIFY)), st.integers(0, 3000), st.binary(max_size=40), st.integers(0, 40))
def test_servers_of_noise(kind, at, noise, cut):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    with pytest.MonkeyPatch.context() as m:
        rewrite(m, server, kind, lambda body: body[: at % len(body)] + noise + body[at % len(body) + cut :])
        loop.pump(client, server)
    if client.error:
        loop.check_text(client.error)
        assert client.error.alert != c.ALERT_INTERNAL_ERROR, client.error.text
    else:
        assert client.complete
