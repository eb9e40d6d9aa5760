# SPDX-License-Identifier: MIT
"""A server of TLS 1.1 and 1.2 before a client made of raw bytes: what must be answered with which alert, and what must be borne
(RFCs 5246, 5746, 6066, 7301, 7366, 7507, 7627, 7919, 8422, 8449, 9155).

An expectation is the description of a fatal alert, or OK: the handshake goes on. Whole messages that are cut, lengthened or out of
place are in test_malformed.py.
"""

import loop
import pki
import pytest
import raw
from raw import extension, groups, numbers, schemes, vector

import mxtls
from mxtls import codes as c

OK = None
STANDARD = raw.STANDARD
RSA, DHE, ECDHE = 0x002F, 0x0033, 0xC02F
RENEGOTIATION = extension(0xFF01, b"\x00")
EMS, ETM = extension(23), extension(22)
_keys = {}


def keys(kind="rsa2048"):
    if kind not in _keys:
        _keys[kind] = loop.keys_of(pki.chain(key=kind))
    return _keys[kind]


def client(suite=RSA, version=0x0303, kind="rsa2048", **arguments):
    """A raw client before a server with such a key."""
    arguments.setdefault("max_version", c.TLS1_2)
    return raw.Client(loop.End(mxtls.ServerSession(keys(kind)[1], **arguments)), suite, version)


def expect(peer, alert):
    """The session ended with this alert, or goes on."""
    if alert is OK:
        assert not peer.end.error and not peer.alerts, (peer.alerts, peer.end.error)
    else:
        assert peer.alerts and peer.alerts[-1] == (2, alert), (peer.alerts, peer.end.error)
        loop.check_failed(peer.end, alert, wire=loop.record(bytes(peer.alerts[-1]), 21))


def named(table):
    """Rows (name, …) as the cases of a test."""
    return pytest.mark.parametrize("row", table, ids=[row[0] for row in table])


# The ClientHello's fields


def names(*pairs):
    """server_name of (type, name) pairs."""
    return STANDARD + extension(0, vector(2, b"".join(bytes([kind]) + vector(2, name) for kind, name in pairs)))


def protocols(*listed):
    return STANDARD + extension(16, vector(2, b"".join(vector(1, name) for name in listed)))


GREASE = extension(0x0A0A) + groups(0x1A1A, 29) + schemes(0x2A2A, 0x0804) + extension(0xFAFA, b"\x00") + extension(43, b"\x04\x3a\x3a\x03\x03")

HELLOS = (
    ("no extensions at all", {"extensions": None}, OK),
    ("no extensions", {"extensions": b""}, OK),
    ("a session id that nobody knows", {"session_id": bytes(32)}, OK),
    ("every compression", {"compressions": bytes(range(255))}, OK),
    ("compression but no null", {"compressions": bytes(range(1, 256))}, 47),
    ("deflate alone", {"compressions": b"\x01"}, 47),
    ("no compression method", {"compressions": b""}, 50),
    *[("version %04X" % v, {"version": v, "extensions": None}, OK) for v in (0x0304, 0x03FF, 0x0400, 0x7F00, 0xFFFF)],
    *[("version %04X" % v, {"version": v, "extensions": None}, 70) for v in (0x0000, 0x0001, 0x0002, 0x0100, 0x0103, 0x0200, 0x02FF)],
    ("GREASE", {"extensions": GREASE, "suites": (0x0A0A, 0xFAFA, ECDHE)}, OK),
    ("no suite of ours", {"suites": (0x0001, 0x0017, 0xC001)}, 40),
    ("suites of TLS 1.3 alone", {"suites": (0x1301, 0x1302, 0x1303)}, 40),
    ("8000 suites", {"suites": [*range(0x0100, 0x0100 + 8000), RSA]}, OK),
    # RFC 5746
    ("both signs of RFC 5746", {"extensions": STANDARD + RENEGOTIATION}, OK),
    ("renegotiation_info of a first hello that is not empty", {"extensions": STANDARD + extension(0xFF01, b"\x01\x00")}, 40),
    ("renegotiation_info too short", {"extensions": STANDARD + extension(0xFF01, b"\x01")}, 50),
    ("renegotiation_info with more behind", {"extensions": STANDARD + extension(0xFF01, b"\x00\x00")}, 50),
    # RFC 6066 section 3
    ("a name of another type behind", {"extensions": names((0, b"localhost"), (1, bytes(24)))}, OK),
    ("a name of another type before", {"extensions": names((1, bytes(24)), (0, b"localhost"))}, OK),
    ("two host names", {"extensions": names((0, b"localhost"), (0, b"www.localhost"))}, 47),
    ("a name with NUL", {"extensions": names((0, b"localhos\x00t"))}, 47),
    ("a name with BEL", {"extensions": names((0, b"localhos\x07t"))}, 47),
    ("a name in UTF-8", {"extensions": names((0, b"localhos\xc4\x85t"))}, 47),
    ("a name that colours a terminal", {"extensions": names((0, b"localhost\x1b[31m"))}, 47),
    ("a name of 256 bytes", {"extensions": names((0, b"a" * 256))}, 47),
    ("an empty name", {"extensions": names((0, b""))}, 50),
    ("no names", {"extensions": names()}, 50),
    ("names longer than their extension", {"extensions": STANDARD + extension(0, b"\xff" * 4)}, 50),
    ("names with more behind", {"extensions": STANDARD + extension(0, b"\x00\x04\x00\x00\x01ex")}, 50),
    # RFC 8422 section 5.1.2
    ("all point formats", {"suites": (ECDHE,), "extensions": STANDARD + extension(11, b"\x03\x01\x02\x00")}, OK),
    ("compressed points alone", {"suites": (ECDHE,), "extensions": STANDARD + extension(11, b"\x01\x02")}, 47),
    ("no point format", {"suites": (ECDHE,), "extensions": STANDARD + extension(11, b"\x00")}, 50),
    ("point formats of no length", {"suites": (ECDHE,), "extensions": STANDARD + extension(11)}, 50),
    ("point formats with more behind", {"suites": (ECDHE,), "extensions": STANDARD + extension(11, b"\x01\x00\x00")}, 50),
    # Groups; RFC 7919 section 4
    ("groups that nobody knows", {"suites": (ECDHE,), "extensions": groups(11200) + schemes(0x0401)}, 40),
    ("ffdhe2048", {"suites": (DHE,), "extensions": groups(511, 257, 256) + schemes(0x0401)}, OK),
    ("ffdhe3072 alone", {"suites": (DHE,), "extensions": groups(257) + schemes(0x0401)}, 71),
    ("no finite-field group in common", {"suites": (0x0002, DHE), "extensions": groups(511) + schemes(0x0401)}, 71),
    # signature_algorithms; RFC 9155
    ("schemes of RSA-PSS keys", {"suites": (ECDHE,), "extensions": groups(23) + schemes(0x0809, 0x080A, 0x080B)}, 40),
    ("MD5 and SHA-1", {"suites": (ECDHE,), "extensions": groups(23) + schemes(0x0101, 0x0201)}, 40),
    ("schemes that nobody knows", {"suites": (ECDHE,), "extensions": groups(23) + schemes(0x0418, 0x1801, 0xFFFF)}, 40),
    ("no schemes at all", {"suites": (ECDHE,), "extensions": groups(23)}, 40),
    ("schemes mean nothing to RSA key exchange", {"extensions": schemes(0xFFFF)}, OK),
    ("4000 schemes", {"suites": (ECDHE,), "extensions": groups(23) + schemes(*[0x0A0A] * 4000, 0x0401)}, OK),
    ("an odd list of schemes", {"suites": (ECDHE,), "extensions": groups(23) + extension(13, b"\x00\x03\x04\x01\x04")}, 50),
    ("schemes with more behind", {"suites": (ECDHE,), "extensions": groups(23) + extension(13, b"\x00\x04\x02\x01\x04\x01\x04\x03")}, 50),
    # RFC 6066 sections 4 and 8, RFC 8449
    *[("max_fragment_length %d" % v, {"extensions": STANDARD + extension(1, bytes([v]))}, 47) for v in (0, 5, 255)],
    *[("record_size_limit %d" % v, {"extensions": STANDARD + extension(28, numbers(v))}, 47) for v in (0, 63)],
    ("record_size_limit of three bytes", {"extensions": STANDARD + extension(28, b"\x00\x40\x00")}, 50),
    ("record_size_limit of no bytes", {"extensions": STANDARD + extension(28)}, 50),
    ("600 responders", {"extensions": STANDARD + extension(5, b"\x01" + vector(2, vector(2, bytes(24)) * 600) + b"\x00\x00")}, OK),
    ("a status of another type", {"extensions": STANDARD + extension(5, b"\x02\x00\x00\x00\x00")}, OK),
    ("a status without its fields", {"extensions": STANDARD + extension(5, b"\x01")}, 50),
    ("a status with more behind", {"extensions": STANDARD + extension(5, bytes((1, 0, 0, 0, 0, 0)))}, 50),
)


@named(HELLOS)
def test_hellos(row):
    peer = client()
    expect(peer.hello(**row[1]), row[2])
    assert (peer.last() == 14) == (row[2] is OK)


@named((
    ("one", protocols(b"http/1.1"), OK), ("ours behind another", protocols(b"http/1.", b"http/1.1"), OK), ("of every length", protocols(b"A" * 255, b"B", b"http/1.1"), OK),
    ("16 KB of them", protocols(*[b"A" * 255] * 62, b"http/1.1"), OK), ("a prefix of ours", protocols(b"http/1."), 120), ("longer than ours", protocols(b"http/1.1x"), 120),
    ("an empty name", protocols(b"http/1.1", b""), 50), ("no names", protocols(), 50), ("nothing", STANDARD + extension(16), 50),
    ("a list too short", STANDARD + extension(16, b"\x00\x09\x08http/1.1\x06http/2"), 50), ("a list too long", STANDARD + extension(16, b"\x00\x12\x08http/1.1\x06http/2"), 50),
    ("a name too long", STANDARD + extension(16, b"\x00\x10\x08http/1.1\x07http/2"), 50), ("a name too short", STANDARD + extension(16, b"\x00\x10\x08http/1.1\x05http/2"), 50),
))
def test_application_protocols(row):
    peer = client(alpn=["http/1.1"])
    expect(peer.hello(extensions=row[1]), row[2])
    assert row[2] or peer.answer[16] == b"\x00\x09\x08http/1.1"


@pytest.mark.parametrize("version", (c.TLS1_2, c.TLS1_3), ids=lambda v: "%04X" % v)
def test_an_application_protocol_beyond_ascii(version):
    """Its length is that of its bytes."""
    ends = loop.connect(*loop.pair(keys(), alpn=["caf\u00e9"], max_version=version))
    assert [end.session.alpn for end in ends] == ["caf\u00e9"] * 2


@pytest.mark.parametrize("n", (62, 63, 64, 65, 1024, 4000))
def test_any_number_of_extensions(n):
    """That come before or behind renegotiation_info, and mean nothing."""
    many = [extension(0x4000 + i) for i in range(n)]
    for block in (many + [RENEGOTIATION], many[1:] + [RENEGOTIATION] + many[:1]):
        peer = client().hello(extensions=b"".join(block), scsv=False)
        expect(peer, OK)
        assert 0xFF01 in peer.answer
    for twice in (RENEGOTIATION, EMS, many[0]):
        expect(client().hello(extensions=b"".join(many + [RENEGOTIATION, EMS, twice])), 47)


@pytest.mark.parametrize("n, split", ((20, 1), (1024, 1), (1024, 127), (4096, 20), (16000, 16384), (16000, 1024), (16000, 2)))
def test_long_hellos_in_pieces(n, split):
    """Up to max_record, in records of any size."""
    expect(client().hello(split, extensions=STANDARD + extension(21, bytes(n))), OK)


@pytest.mark.parametrize("n", (16384, 32768, 65000))
def test_longer_hellos(n):
    expect(client().hello(extensions=extension(21, bytes(n)) + STANDARD), 50)


FIELDS = (  # where a length's last byte is, in a hello without extensions and in one with renegotiation_info alone
    ("session id", False, 38), ("session id", True, 38), ("suites", False, 40), ("suites", True, 40), ("compressions", False, 45), ("compressions", True, 43), ("extensions", True, 46),
)


@pytest.mark.parametrize("field, extended, at", FIELDS)
def test_lengths_that_lie(field, extended, at):
    """decode_error, whatever else would be wrong with the fields that come out."""
    for value in [*range(256), *[high << 8 | low for high in (1, 2, 16, 255) for low in range(0, 256, 5)]]:
        peer = client()
        body = bytearray(peer.hello_body(extensions=RENEGOTIATION if extended else None, scsv=not extended))
        right = body[at - 4]
        if value == right or (field == "compressions" and extended and value == 8):  # that one is a hello without extensions
            continue
        if value > 255:
            if field not in ("suites", "extensions"):
                continue
            body[at - 5] = value >> 8
        body[at - 4] = value & 255
        expect(peer.message(1, body), 50)


@pytest.mark.parametrize("suites, exts, chosen", (
    ((0xC013, DHE), groups(1) + schemes(0x0401), DHE),  # no curve of ours
    ((RSA, DHE), groups(511) + schemes(0x0401), RSA),  # no prime of ours
    ((RSA, DHE), groups(23) + schemes(0x0401), DHE),  # a client that names no prime takes any
    ((RSA, 0xC02F), None, RSA),  # no signature of ours
))
def test_what_is_chosen(suites, exts, chosen):
    peer = client().hello(suites=suites, extensions=exts)
    expect(peer, OK)
    assert peer.suite == chosen


@pytest.mark.parametrize("listed, scheme", (
    ((0x0101, 0x0601, 0x0501), 0x0601), ((0x0418, 0x1801, 0x0A0A, 0x0501), 0x0501), ((0x0804,), 0x0804), ((0x0805,), 0x0805), ((0x0806,), 0x0806), ((0x0403, 0x0401), 0x0401),
))
def test_what_is_signed_with(listed, scheme):
    peer = client(ECDHE).hello(extensions=groups(23) + schemes(*listed))
    expect(peer, OK)
    at = 4 + peer.parameters[3]
    assert peer.parameters[at : at + 2] == numbers(scheme)


@pytest.mark.parametrize("version, most, alert", (
    (0x0303, c.TLS1_2, OK), (0x0302, c.TLS1_2, 86), (0x0301, c.TLS1_2, 86), (0x0302, c.TLS1_1, OK), (0x0303, c.TLS1_3, 86), (0x0304, c.TLS1_3, 86),
))
def test_fallback(version, most, alert):
    """TLS_FALLBACK_SCSV, first or last."""
    for suites in ((RSA, 0x5600), (0x5600, RSA)):
        expect(client(version=version, max_version=most).hello(suites=suites, extensions=None), alert)


@pytest.mark.parametrize("first", (bytes.fromhex("802e0100020015000000100100800300800700c0"), b"\x80\x2e\x01\x03\x03\x00\x15\x00\x00\x00\x10", b"GET / HTTP/1.0\r\n\r\n", bytes(5)), ids=("SSL 2", "a hello like SSL 2's", "HTTP", "zeros"))
def test_other_protocols(first):
    peer = client()
    peer.end.feed(first + bytes(40))
    expect(peer.pull(), 10)


# The messages after the hello


def upto(step, suite, **arguments):
    """A client that has sent its hello (0), key exchange (1), ChangeCipherSpec (2) and Finished (3)."""
    peer = client(suite, **arguments).hello()
    for act in (peer.exchange, peer.change, peer.finish)[:step]:
        act()
    return peer


ORDER = (
    ("ChangeCipherSpec first", 0, lambda p: p.send(20, b"\x01"), 10),
    ("ChangeCipherSpec twice", 2, lambda p: p.send(20, b"\x01"), 10),
    ("ChangeCipherSpec of two bytes", 1, lambda p: p.send(20, b"\x01\x01"), 10),
    ("ChangeCipherSpec of none", 1, lambda p: p.send(20, b""), 10),
    ("ChangeCipherSpec 2", 1, lambda p: p.send(20, b"\x02"), 10),
    ("ChangeCipherSpec in the middle of a message", 0, lambda p: p.send(22, b"\x10\x00").send(20, b"\x01"), 10),
    ("a warning in the middle of a message", 0, lambda p: p.send(22, b"\x10\x00").send(21, b"\x01\x5a"), 10),
    ("a warning between messages", 1, lambda p: p.send(21, b"\x01\x5a").change().finish(), OK),
    ("Finished without ChangeCipherSpec", 1, lambda p: p.finish(), 10),
    ("Finished in pieces", 2, lambda p: p.finish(split=1), OK),
    ("Finished with one byte less", 2, lambda p: p.finish(p.verify_data()[:-1]), 50),
    ("Finished with one byte more", 2, lambda p: p.finish(p.verify_data() + b"\x00"), 50),
    ("Finished of another handshake", 2, lambda p: p.finish(bytes(12)), 51),
    ("data before Finished", 2, lambda p: p.send(23, b"GET"), 10),
    ("empty data before the key exchange", 0, lambda p: p.send(23, b""), 10),
    ("heartbeat before the key exchange", 0, lambda p: p.send(24, b"x"), 10),
    ("heartbeat before Finished", 2, lambda p: p.send(24, b"x"), 10),
    ("heartbeat", 3, lambda p: p.send(24, b"x"), 10),
    ("an empty fragment in the middle of a message", 2, lambda p: p.send(22, loop.message(20, p.verify_data())[:3]), OK),
    ("a key exchange when open", 3, lambda p: p.message(16, bytes(258)), 10),
    ("Finished when open", 3, lambda p: p.message(20, bytes(12)), 10),
    ("ChangeCipherSpec when open", 3, lambda p: p.send(20, b"\x01"), 10),
    ("HelloRequest from a client", 3, lambda p: p.send(22, bytes(4)), 10),
    ("an alert in two records", 3, lambda p: p.send(21, b"\x01\x5a", 1), 50),
    ("two alerts in one record", 3, lambda p: p.send(21, b"\x01\x5a\x01\x5a"), 50),
    ("an alert of no level", 3, lambda p: p.send(21, b"\x03\x5a"), 50),
    ("data of no length", 3, lambda p: p.send(23, b"").send(23, b"x").send(23, b""), OK),
)


@named(ORDER)
@pytest.mark.parametrize("suite", (RSA, ECDHE))
def test_order(row, suite):
    peer = upto(row[1], suite)
    row[2](peer)
    expect(peer, row[3])


def points(*bodies):
    return [vector(1, body) for body in bodies]


P256 = groups(23) + schemes(*raw.SCHEMES)
SHARES = (  # of X25519 and P-256; finite fields below
    *[("X25519 of %d bytes" % len(p), STANDARD, vector(1, p), 47) for p in (bytes(31), bytes(33), bytes(65))],
    *[("X25519 of small order %d" % p[0], STANDARD, vector(1, p), 47) for p in (bytes(32), b"\x01" + bytes(31))],
    ("X25519 with its high bit", STANDARD, vector(1, b"\x09" + bytes(30) + b"\x80"), OK),
    ("an empty point", STANDARD, b"\x00", 50),
    ("a point longer than its message", STANDARD, b"\x20" + bytes(31), 50),
    ("a point with more behind", STANDARD, b"\x20" + b"\x09" * 33, 50),
    *[("P-256, form %d" % p[0], P256, vector(1, p), 47) for p in (b"\x00", b"\x02" + b"\x01" * 32, b"\x03" + b"\x01" * 32, b"\x05" + b"\x01" * 64, b"\x06" + b"\x01" * 64, b"\x07" + b"\x01" * 64)],
    ("P-256 without a form", P256, vector(1, b"\x01" * 64), 47),
    ("P-256, (0, 0)", P256, vector(1, b"\x04" + bytes(64)), 47),
    ("P-256, (0, 1)", P256, vector(1, b"\x04" + bytes(63) + b"\x01"), 47),
    ("P-256, beyond the field", P256, vector(1, b"\x04" + b"\xff" * 64), 47),
    ("P-256, an empty point", P256, b"\x00", 50),
)


@named(SHARES)
def test_points(row):
    expect(client(ECDHE).hello(extensions=row[1]).message(16, row[2]), row[3])


@pytest.mark.parametrize("value, alert", ((0, 47), (1, 47), (-1, 47), (b"", 50), (1 << 2100, 47), (b"\x00" * 10 + b"\x05", OK), ("p", 47)), ids=lambda v: str(v)[:12])
def test_finite_field_values(value, alert):
    peer = client(DHE).hello()
    peer.shared()
    if not isinstance(value, bytes):
        value = peer.prime if value == "p" else peer.prime - 1 if value == -1 else value
        value = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    expect(peer.message(16, vector(2, value)), alert)


# Records


@pytest.mark.parametrize("suite, version", ((RSA, 0x0303), (RSA, 0x0302), (0x0035, 0x0303), (0x003C, 0x0303)))
def test_cbc(suite, version):
    """Every MAC, padding and length that is wrong: one alert, one text. Padding up to 256 bytes is right."""
    mac = 32 if suite == 0x003C else 20
    text = b"a" * (64 - mac)
    peer = client(suite, version).connect()
    for n in (16, 32, 48, 256):
        peer.send(23, text, pad=bytes([n - 1]) * n)
    assert peer.end.data == text * 4
    texts = set()

    def refuses(etm, act):
        bad = client(suite, version).connect(extensions=STANDARD + (ETM if etm else b""))
        assert bad.etm == etm
        act(bad)
        expect(bad, 20)
        texts.add(bad.end.error.text)

    for pad in (b"\x0f" * 15 + b"\x0e", b"\x0e" + b"\x0f" * 15, b"\xff" * 255 + b"\xfe", b"\xfe" + b"\xff" * 255, b"\x10" * 16, b"\xff" * 16, bytes(16)):
        refuses(False, lambda p, pad=pad: p.send(23, text, pad=pad))
    for at in (0, mac // 2, mac - 1):
        for etm in (False, True):
            for body in (text, b""):
                refuses(etm, lambda p, at=at, body=body: p.send(23, body, mac=lambda tag: tag[:at] + bytes([tag[at] ^ 1]) + tag[at + 1 :]))
    for n in (0, 1, 15, 16, 17, 32, 33, 48):  # nothing of whole blocks, or too few
        for etm in (False, True):
            refuses(etm, lambda p, n=n: p.end.feed(loop.record(bytes(n), 23, version)) and p.pull())
    for plain in (b"\xff" * 256, b"\x1f" * 32, bytes(32), b"\x41" * 32, b"\xff" * 640):  # padding all through
        refuses(False, lambda p, plain=plain: p.end.feed(loop.record(p.wr.encrypt(plain), 23, version)) and p.pull())
    assert len(texts) == 1


@pytest.mark.parametrize("suite", (RSA, 0x009C, 0xCCA8))
def test_record_lengths(suite):
    peer = client(suite).connect()
    for n in (1, 15, 16, 17, 16383, 16384):
        peer.end.data.clear()
        assert len(peer.send(23, bytes(n)).end.data) == n
    expect(peer.send(23, bytes(16385), 20000), 22)


@pytest.mark.parametrize("code", (1, 4))
def test_max_fragment_length(code):
    """Both directions keep to it, from the ServerHello on."""
    most = 256 << code
    peer = client().connect(extensions=STANDARD + extension(1, bytes([code])))
    assert peer.answer[1] == bytes([code]) and max(len(body) for _, body in peer.records) <= most
    before = len(peer.records)
    peer.end.session.encode_to_outdata(bytes(2 * most + 7))
    assert [len(body) for _, body in peer.pull().records[before:]] == [most, most, 7]
    expect(peer.send(23, bytes(most)), OK)
    expect(peer.send(23, bytes(most + 1)), 22)


@pytest.mark.parametrize("limit, sizes", ((64, [64] * 10 + [60]), (512, [512, 188]), (16385, [700]), (65535, [700])))
def test_record_size_limit(limit, sizes):
    """It takes the place of max_fragment_length (RFC 8449 section 5)."""
    for more in (b"", extension(1, b"\x01")):
        peer = client().connect(extensions=STANDARD + extension(28, numbers(limit)) + more)
        assert peer.answer[28] == numbers(16384) and 1 not in peer.answer
        before = len(peer.records)
        peer.end.session.encode_to_outdata(bytes(700))
        assert [len(body) for _, body in peer.pull().records[before:]] == sizes


@pytest.mark.parametrize("suite, etm", ((RSA, True), (0x009C, False)))
def test_encrypt_then_mac_is_for_cbc(suite, etm):
    assert (22 in client(suite).hello(extensions=STANDARD + ETM).answer) == etm


def test_extended_master_secret_that_was_not_agreed_on():
    peer = client().hello()
    expect(peer.exchange(ems=True).change().finish(), 20)


# Resumption (RFC 5246 section 7.4.1.2, RFC 7627 section 5.3, RFC 5077)


def resumed(peer):
    """A handshake that goes on, to its end; was it abbreviated?"""
    short = peer.last() == 20
    if not short:
        peer.offered = None
        peer.exchange()
    peer.change().finish()
    assert peer.send(23, b"x").end.data == b"x" and peer.end.session.resumed == short
    return short


@pytest.fixture
def without_tickets(monkeypatch):
    monkeypatch.setattr(keys()[1], "tickets", False)


@pytest.mark.parametrize("suite, version", ((RSA, 0x0303), (RSA, 0x0302), (0x009D, 0x0303), (ECDHE, 0x0303)))
def test_resumption_and_the_extended_master_secret(without_tickets, suite, version):
    for first, then, expected in ((EMS, EMS, True), (b"", b"", True), (b"", EMS, False), (EMS, b"", 40)):
        old = client(suite, version).connect(extensions=STANDARD + first)
        assert len(old.session_id) == 32
        new = client(suite, version).again(old, extensions=STANDARD + then)
        if expected == 40:
            expect(new, 40)
        else:
            assert resumed(new) == expected


RESUMPTIONS = (
    ("another suite first", {"suites": (0x0035, RSA)}, True),
    ("another suite alone", {"suites": (0x0035,)}, 47),
    ("a suite of no encryption", {"suites": (0x0002,)}, 47),
    ("an older version", {"version": 0x0302}, False),
    ("an id that nobody knows", {"session_id": bytes(32)}, False),
    ("another host name", {"extensions": names((0, b"other"))}, False),
)


@named(RESUMPTIONS)
def test_resumption(without_tickets, row):
    old = client().connect()
    new = client().again(old, **row[1])
    if row[2] == 47:
        expect(new, 47)
    else:
        assert resumed(new) == row[2]


def test_tickets(monkeypatch):
    """One that does not open costs a full handshake, and nothing else."""
    monkeypatch.setattr(keys()[1], "tickets", True)
    old = client().connect(extensions=STANDARD + EMS + extension(35))
    ticket, sid = old.ticket, bytes(range(32))
    assert old.session_id == b""
    for session_id in (sid, b""):
        assert resumed(client().again(old, session_id=session_id, extensions=STANDARD + EMS + extension(35, ticket)))
    expect(client().again(old, session_id=sid, extensions=STANDARD + extension(35, ticket)), 40)
    changed = [ticket[:at] + bytes([ticket[at] ^ 1]) + ticket[at + 1 :] for at in range(0, len(ticket), 7)]
    for bad in changed + [b"", ticket[:-1], ticket + b"\x00", ticket[:20], bytes(3000)]:
        assert not resumed(client().again(old, session_id=sid, extensions=STANDARD + EMS + extension(35, bad)))
    for fields in ({"suites": (0x0035,)}, {"version": 0x0302}):
        assert not resumed(client().again(old, session_id=sid, extensions=STANDARD + EMS + extension(35, ticket), **fields))


def test_a_session_id_beside_a_ticket(monkeypatch):
    """It says only what to answer a good ticket with (RFC 5077 section 3.4)."""
    monkeypatch.setattr(keys()[1], "tickets", True)
    old = client().connect()
    assert len(old.session_id) == 32
    for ticket, short in ((bytes(100), False), (b"", True)):
        assert resumed(client().again(old, extensions=STANDARD + extension(35, ticket))) == short


@pytest.mark.parametrize("ticket", (False, True))
def test_a_resumed_session_does_not_answer_the_name(monkeypatch, ticket):
    """As it did the first time (RFC 6066 section 3)."""
    monkeypatch.setattr(keys()[1], "tickets", ticket)
    hello = names((0, b"localhost"))
    old = client(sni={"localhost": keys()[1]}).connect(extensions=hello + extension(35))
    assert 0 in old.answer
    peer = client(sni={"localhost": keys()[1]}).again(old, session_id=old.session_id or b"x", extensions=hello + extension(35, old.ticket if ticket else b""))
    assert resumed(peer) and 0 not in peer.answer


# Negotiating again (RFC 5746 section 3.7)


def again(peer, info=None, **fields):
    """A hello on an open connection; info: what is in its renegotiation_info."""
    info = vector(1, peer.own_verify) if info is None else info
    fields = dict({"scsv": False, "extensions": STANDARD + (extension(0xFF01, info) if info else b"")}, **fields)
    return peer.hello(**fields)


AGAINS = (
    ("as it should be", {}, OK), ("without renegotiation_info", {"info": b""}, 40), ("with an empty one", {"info": b"\x00"}, 40), ("with another's", {"info": vector(1, bytes(12))}, 40),
    ("with both sides'", {"info": vector(1, bytes(24))}, 40), ("with the sign of a first hello", {"scsv": True}, 40), ("for an older version", {"version": 0x0302}, 70), ("for a newer version", {"version": 0x0304}, OK),
    ("in pieces", {"split": 1}, OK),
)


@named(AGAINS)
def test_negotiating_again(row):
    peer = again(client().connect(), **row[1])
    expect(peer, row[2])
    if row[2] is OK:
        assert peer.exchange().change().finish().last() == 20 and peer.send(23, b"x").end.data == b"x"


@pytest.mark.parametrize("first, then, alert", ((b"", b"", OK), (b"", EMS, OK), (EMS, EMS, OK), (EMS, b"", 40)))
def test_negotiating_again_and_the_extended_master_secret(first, then, alert):
    """It may come later, but not be left out."""
    peer = client().connect(extensions=STANDARD + first)
    again(peer, extensions=STANDARD + then + extension(0xFF01, vector(1, peer.own_verify)))
    expect(peer, alert)
    if alert is OK:
        assert peer.exchange().change().finish().last() == 20


@pytest.mark.parametrize("first, then, suite, alert", ((b"", ETM, RSA, OK), (ETM, ETM, RSA, OK), (ETM, b"", RSA, 40), (ETM, b"", 0x009C, OK)))
def test_negotiating_again_and_encrypt_then_mac(first, then, suite, alert):
    """It may come later, but not be left out where it means something (RFC 7366 section 3.1)."""
    peer = client().connect(extensions=STANDARD + first)
    again(peer, suites=(suite,), extensions=STANDARD + then + extension(0xFF01, vector(1, peer.own_verify))).exchange()
    expect(peer, alert)
    if alert is OK:
        assert peer.change().finish().last() == 20 and peer.send(23, b"x").end.data == b"x"


@pytest.mark.parametrize("versions", ((0x0304, 0x0303), (0x0303,), (0x0304,)))
def test_negotiating_again_keeps_the_version(versions):
    """Though the client has a newer one by now (RFC 8446 section 4.1.2)."""
    peer = client(max_version=c.TLS1_3).connect()
    again(peer, extensions=STANDARD + extension(0xFF01, vector(1, peer.own_verify)) + extension(43, vector(1, numbers(*versions))))
    expect(peer, OK if 0x0303 in versions else 70)
    if 0x0303 in versions:
        assert peer.exchange().change().finish().last() == 20


def test_data_while_negotiating_again():
    """Until ChangeCipherSpec, and between messages."""
    peer = again(client().connect()).send(23, b"A").exchange().send(23, b"B").change().finish()
    assert peer.end.data == b"AB" and peer.last() == 20
    expect(again(client().connect()).exchange().change().send(23, b"C"), 10)
    peer = client().connect()
    peer.send(22, loop.message(1, peer.hello_body())[:30])
    expect(peer.send(23, b"D"), 10)


@pytest.mark.parametrize("secure", (True, False))
def test_negotiating_again_is_refused(monkeypatch, secure):
    """As builds are unless asked otherwise: no_renegotiation, a warning, and all goes on."""
    monkeypatch.setattr("mxtls.session._ENABLE_SECURE_REHANDSHAKES", 0)
    monkeypatch.setattr("mxtls.session._ENABLE_INSECURE_REHANDSHAKES", 0)
    for split in (16384, 50):
        peer = client().connect(scsv=secure)
        again(peer, info=None if secure else b"", split=split)
        assert peer.alerts == [(1, c.ALERT_NO_RENEGOTIATION)]
        assert peer.send(23, b"x").end.data == b"x"
        peer.end.send(b"y")
        assert peer.pull().data == b"y"
    for _ in range(40):
        peer.message(1, peer.hello_body())
    expect(peer, 10)
