# SPDX-License-Identifier: MIT
"""A client of TLS 1.2 before a server made of raw bytes: what must be answered with which alert, and what must be borne (RFCs 5246,
5077, 5746, 6066, 7301, 7627, 8422). Whole messages that are cut, lengthened or out of place are in test_malformed.py."""

import loop
import pki
import pytest
import raw
from raw import extension, groups, numbers, vector
from test_conformance import OK, expect, named

import mxtls
from mxtls import codes as c
from mxtls.crypto.ffdhe import FFDHE2048

RSA, DHE, ECDHE = 0x002F, 0x0033, 0xC02F
CHAIN = pki.chain(key="rsa2048")
TRUST = loop.keys_of(CHAIN)[0]
ANSWER = extension(0xFF01, b"\x00") + extension(23)


def server(suite=ECDHE, **arguments):
    """A raw server before a client that has sent its hello."""
    arguments = dict({"server_name": "localhost", "max_version": c.TLS1_2}, **arguments)
    return raw.Server(loop.End(mxtls.ClientSession(TRUST, **arguments)), CHAIN, suite)


# The ServerHello


def answers(*items, **arguments):
    """More extensions than an ordinary answer has; arguments of the ClientSession."""
    return arguments, {"answer": ANSWER + b"".join(items)}


def fields(**given):
    return {}, given


H2 = {"alpn": ["h2", "http/1.1"]}
HELLOS = (
    ("an ordinary one", fields(), OK),
    ("no extensions at all", fields(answer=None), OK),
    ("no extensions", fields(answer=b""), OK),
    *[("version %04X" % v, fields(version=v), 70) for v in (0x0000, 0x0200, 0x0304, 0x0305, 0x0400, 0xFEFD, 0xFFFF)],
    *[("version %04X before a client of TLS 1.2 alone" % v, ({"min_version": c.TLS1_2}, {"version": v}), 70) for v in (0x0300, 0x0301, 0x0302)],
    *[("suite %04X" % s, fields(suite=s), 47) for s in (0x0000, 0x00FF, 0x0A0A, 0x1301, 0x5600, 0xC001)],
    ("deflate", fields(compression=1), 47),
    *[("extension %d, unasked" % k, answers(extension(k)), 110) for k in (5, 10, 13, 15, 16, 17, 18, 21, 41, 43, 44, 51, 0x0A0A, 0x3374)],
    ("a protocol of ours", answers(extension(16, b"\x00\x03\x02h2"), **H2), OK),
    ("another protocol", answers(extension(16, b"\x00\x03\x02h3"), **H2), 47),
    ("two protocols", answers(extension(16, b"\x00\x05\x02h2\x01x"), **H2), 50),
    ("no protocol", answers(extension(16, b"\x00\x00"), **H2), 50),
    ("a protocol without a name", answers(extension(16, b"\x00\x01\x00"), **H2), 50),
    ("protocols of no length", answers(extension(16), **H2), 50),
    ("all point formats", answers(extension(11, b"\x03\x00\x01\x02")), OK),
    ("compressed points alone", answers(extension(11, b"\x01\x01")), 47),
    ("no point format", answers(extension(11, b"\x00")), 50),
    ("point formats with more behind", answers(extension(11, b"\x01\x00\x00")), 50),
    ("a ticket in the hello", answers(extension(35, b"x"), session_id=mxtls.SessionId()), 50),
    ("a name", answers(extension(0, b"x")), 50),
    ("encrypt_then_mac for an AEAD", answers(extension(22)), 47),
    ("renegotiation_info that is not empty", fields(answer=extension(0xFF01, b"\x01\x00")), 40),
    ("renegotiation_info with more behind", fields(answer=extension(0xFF01, b"\x00\x00")), 50),
)


@named(HELLOS)
def test_hellos(row):
    arguments, given = row[1]
    expect(server(**arguments).hello(**given), row[2])


def test_session_ids():
    """One of 33 bytes; and that which a client of TLS 1.3 makes up, which resumes nothing (RFC 8446 section 4.1.3)."""
    peer = server()
    body = peer.hello_body(session_id=bytes(32))
    expect(peer.message(2, body[:34] + vector(1, bytes(33)) + body[67:]), 50)
    peer = server(max_version=c.TLS1_3)
    assert len(peer.offered_id) == 32
    expect(peer.hello(session_id=peer.offered_id), 47)
    expect(server(max_version=c.TLS1_3).hello(session_id=bytes(32)), OK)


# ServerKeyExchange


def parameters(row):
    peer = server().hello().certificate()
    expect(peer.message(12, peer.parameters_body(**row[1])), row[2])


@named((
    ("as it should be", {}, OK),
    ("an explicit prime", {"head": b"\x01\x00\x1d"}, 47), ("an explicit binary field", {"head": b"\x02\x00\x1d"}, 47),
    *[("group %d" % g, {"head": b"\x03" + numbers(g)}, 47) for g in (0, 1, 21, 30, 256, 0xFFFF)],
    ("an empty point", {"point": b""}, 50), ("a short one", {"point": bytes(31)}, 47), ("zero", {"point": bytes(32)}, 47), ("one", {"point": b"\x01" + bytes(31)}, 47),
    *[("P-256, form %d" % p[0], {"head": b"\x03\x00\x17", "point": p}, 47) for p in (b"\x02" + b"\x01" * 32, b"\x04" + bytes(64), b"\x06" + b"\x01" * 64)],
    *[("scheme %04x" % s, {"scheme": s}, 47) for s in (0x0101, 0x0201, 0x0301, 0x0403, 0x0807, 0x0809, 0xFFFF)],
    *[("scheme %04x, which it is not" % s, {"scheme": s}, 51) for s in (0x0501, 0x0804)],
))
def test_points(row):
    parameters(row)


PRIME = int.from_bytes(FFDHE2048, "big")


def whole(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


@named((
    ("as it should be", (FFDHE2048, b"\x02", whole(pow(2, 99, PRIME))), OK),
    *[("public value %s" % name, (FFDHE2048, b"\x02", y), 47) for name, y in (("0", b"\x00"), ("1", b"\x01"), ("p - 1", whole(PRIME - 1)), ("p", FFDHE2048))],
    *[("generator %s" % name, (FFDHE2048, g, b"\x05"), 47) for name, g in (("0", b"\x00"), ("1", b"\x01"), ("p - 1", whole(PRIME - 1)))],
    ("a prime of 512 bits", (whole(1 << 511 | 1), b"\x02", b"\x05"), 71), ("a prime of 1024 bits", (whole(1 << 1023 | 1), b"\x02", b"\x05"), 71),
    ("a prime of 8192 bits", (whole(1 << 8191 | 1), b"\x02", b"\x05"), 47), ("an even prime", (whole(PRIME - 1), b"\x02", b"\x05"), 47),
    ("no prime", (b"", b"\x02", b"\x05"), 50), ("no generator", (FFDHE2048, b"", b"\x05"), 50), ("no public value", (FFDHE2048, b"\x02", b""), 50),
))
def test_finite_fields(row):
    peer = server(DHE).hello().certificate()
    body = b"".join(vector(2, part) for part in row[1])
    expect(peer.message(12, body + peer.sign(peer.client_random + peer.server_random + body)), row[2])


# CertificateRequest

OWN = mxtls.Keys()
OWN.load_rsa_keys_mem(b"".join(CHAIN.chain_ders), CHAIN.key_der, CHAIN.root_der)


@named((
    ("as it should be", vector(1, b"\x01\x40") + vector(2, numbers(0x0401, 0x0403)) + vector(2, b""), OK), ("with names of CAs", b"\x01\x01" + vector(2, numbers(0x0401)) + vector(2, vector(2, b"\x30\x00") * 2), OK),
    ("a scheme that is cut", b"\x01\x01" + vector(2, numbers(0x0201) + b"\x04") + vector(2, b""), 50), ("half a scheme", b"\x01\x01" + vector(2, b"\x04") + vector(2, b""), 50),
    ("no scheme", b"\x01\x01" + vector(2, b"") + vector(2, b""), 50), ("no kind of key, which asks for nothing", b"\x00" + vector(2, numbers(0x0401)) + vector(2, b""), OK),
    ("an empty name", b"\x01\x01" + vector(2, numbers(0x0401)) + vector(2, b"\x00\x00"), 50), ("a name that is cut", b"\x01\x01" + vector(2, numbers(0x0401)) + vector(2, b"\x00\x03\x30\x00"), 50),
    ("half a name's length", b"\x01\x01" + vector(2, numbers(0x0401)) + vector(2, b"\x00"), 50), ("more behind", b"\x01\x01" + vector(2, numbers(0x0401)) + vector(2, b"") + b"\x00", 50),
))
def test_certificate_requests(row):
    """Before a client that has a key to sign with."""
    peer = raw.Server(loop.End(mxtls.ClientSession(OWN, server_name="localhost", max_version=c.TLS1_2)), CHAIN).hello().certificate()
    exchange(peer)
    expect(peer.message(13, row[1]), row[2])


# The order of messages


def hello(peer):
    peer.hello()


def certificate(peer):
    peer.certificate()


def exchange(peer):
    peer.message(12, peer.parameters_body())


def done(peer):
    peer.message(14, b"")


def request(peer):
    """HelloRequest."""
    peer.send(22, bytes(4))


def send(kind, body):
    return lambda peer: peer.message(kind, body)


ORDER = (  # name, suite, what comes, alert
    ("HelloRequests during the handshake", ECDHE, (request, hello, request, certificate, request, exchange, request, done), OK),
    ("forty HelloRequests before the hello", ECDHE, (request,) * 40, 10),
    ("forty HelloRequests behind it", ECDHE, (hello,) + (request,) * 40, 10),
    ("HelloRequest with a body", ECDHE, (lambda p: p.send(22, b"\x00\x00\x00\x01\x00"),), 50),
    ("two hellos", ECDHE, (hello, hello), 10),
    ("no certificate", ECDHE, (hello, exchange), 10),
    ("an empty list of certificates", ECDHE, (hello, send(11, b"\x00\x00\x00")), 50),
    ("no key exchange", ECDHE, (hello, certificate, done), 10),
    ("a key exchange under RSA", RSA, (hello, certificate, exchange), 10),
    ("a status that was not asked for", ECDHE, (hello, certificate, send(22, b"\x01\x00\x00\x01\x00")), 10),
    ("ServerHelloDone with a body", ECDHE, (hello, certificate, exchange, send(14, b"\x00")), 50),
    ("a ticket too early", ECDHE, (hello, certificate, exchange, send(4, bytes(6))), 10),
    ("a ticket that was not announced", ECDHE, (hello, certificate, exchange, done, send(4, bytes(6))), 10),
    ("a client's hello", ECDHE, (send(1, b""),), 10),
    ("a client's key exchange", ECDHE, (hello, send(16, b"")), 10),
)


@named(ORDER)
def test_order(row):
    peer = server(row[1])
    for act in row[2]:
        act(peer)
    expect(peer, row[3])


@pytest.mark.parametrize("cut", (4, 7, 10 + len(CHAIN.chain_ders[0])), ids=("header", "length", "certificate"))
def test_a_warning_within_certificates(cut):
    """Also where what has come of them was taken in."""
    peer = server().hello()
    peer.send(22, loop.message(11, raw.certificates(CHAIN.chain_ders))[:cut])
    expect(peer.send(21, b"\x01\x5a"), 10)


OPEN = (
    ("a hello", hello, 10), ("certificates", certificate, 10), ("Finished", send(20, bytes(12)), 10), ("a ticket", send(4, bytes(6)), 10), ("KeyUpdate", send(24, b"\x00"), 10),
    ("ChangeCipherSpec", lambda p: p.send(20, b"\x01"), 10), ("heartbeat", lambda p: p.send(24, b"x"), 10), ("HelloRequest with a body", lambda p: p.send(22, b"\x00\x00\x00\x01\x00"), 50),
    ("four warnings", lambda p: [p.send(21, b"\x01\x5a") for _ in range(4)], OK), ("forty warnings", lambda p: [p.send(21, b"\x01\x5a") for _ in range(40)], 10),
    ("data behind close_notify", lambda p: p.send(21, b"\x01\x00").send(23, b"x"), OK),
)


@named(OPEN)
def test_messages_when_open(row):
    peer = server().connect()
    row[1](peer)
    expect(peer, row[2])
    assert not peer.end.data


@pytest.mark.parametrize("split", (1, 2, 100, 16384))
def test_a_flight_in_pieces(split):
    peer = server()
    peer.message(2, peer.hello_body(answer=peer.standard()), split).message(11, raw.certificates(CHAIN.chain_ders), split)
    peer.message(12, peer.parameters_body(), split).message(14, b"", split).change().finish(split=split)
    assert peer.end.complete


def test_a_flight_in_one_record():
    """And a byte of one more message, before ChangeCipherSpec."""
    for more in (b"", b"\x14"):
        peer = server()
        flight = b"".join(loop.message(kind, body) for kind, body in (
            (2, peer.hello_body(answer=peer.standard())), (11, raw.certificates(CHAIN.chain_ders)), (12, peer.parameters_body()), (14, b"")))
        peer.transcript += flight
        peer.send(22, flight + more)
        if more:
            expect(peer.send(20, b"\x01"), 10)
        else:
            assert peer.change().finish().end.complete


# Tickets and sessions


@named((
    ("a ticket", bytes(4) + vector(2, b"ticket"), 1, b"ticket", OK), ("an empty one", bytes(4) + vector(2, b""), 1, b"", OK), ("one that is too long to keep", bytes(4) + vector(2, bytes(3000)), 1, b"", OK),
    ("no ticket", bytes(4), 1, b"", 50), ("a ticket with more behind", bytes(4) + vector(2, b"x") + b"\x00", 1, b"", 50), ("two", bytes(4) + vector(2, b"x"), 2, b"", 10),
))
def test_new_session_ticket(row):
    sid = mxtls.SessionId()
    peer = server(session_id=sid).hello(answer=ANSWER + extension(35)).certificate()
    exchange(peer)
    done(peer)
    for _ in range(row[2]):
        peer.message(4, row[1])
    expect(peer, row[4])
    if row[4] is OK:
        assert peer.change().finish().end.complete and sid.ticket == row[3]


@named((
    ("as it was", {}, OK), ("under another suite", {"suite": 0x009C}, 47), ("under an older version", {"version": 0x0302, "suite": RSA}, 47), ("without the extended master secret", {"answer": extension(0xFF01, b"\x00")}, 40),
    ("another session", {"session_id": bytes(32)}, OK),
))
def test_resumption(row):
    """A session is resumed as it was, or not at all."""
    sid = mxtls.SessionId()
    server(RSA, session_id=sid).connect(session_id=b"\x07" * 32)
    peer = server(RSA, session_id=sid)
    assert peer.offered_id == b"\x07" * 32
    expect(peer.hello(**dict({"session_id": peer.offered_id}, **row[1])), row[2])


# Negotiating again


def test_hello_request():
    peer = server().connect()
    request(peer)
    assert peer.last() == 1 and peer.asked[0xFF01] == vector(1, peer.peer_verify)
    for answer, alert in (
        (lambda p: p.standard(), OK), (lambda p: extension(23), 40), (lambda p: ANSWER, 40), (lambda p: extension(0xFF01, vector(1, p.peer_verify)) + extension(23), 40),
        (lambda p: p.standard()[:-4], 40),  # the extended master secret is left out
    ):
        peer = server().connect()
        request(peer)
        expect(peer.hello(answer=answer(peer)), alert)


def test_hello_request_is_refused(monkeypatch):
    """As builds are unless asked otherwise: no_renegotiation, a warning, and all goes on."""
    monkeypatch.setattr("mxtls.session._ENABLE_SECURE_REHANDSHAKES", 0)
    peer = server().connect()
    request(peer)
    assert peer.alerts == [(1, c.ALERT_NO_RENEGOTIATION)]
    peer.send(23, b"x")
    peer.end.send(b"y")
    assert peer.end.data == b"x" and peer.pull().data == b"y"
    for _ in range(40):
        request(peer)
    expect(peer, 10)


def test_what_an_ordinary_hello_has():
    """No group of finite fields, no scheme of SHA-1, one name, nothing twice."""
    peer = server(max_version=c.TLS1_3)
    assert groups(29, 23, 24, 25)[4:] == peer.asked[10]
    listed = peer.asked[13][2:]
    assert {listed[i] << 8 | listed[i + 1] for i in range(0, len(listed), 2)}.isdisjoint((0x0101, 0x0201, 0x0203, 0x0202))
    assert peer.asked[0] == vector(2, b"\x00" + vector(2, b"localhost"))
