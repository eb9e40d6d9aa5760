# SPDX-License-Identifier: MIT
"""SSL 3.0 to TLS 1.2 of our client with our server (self-test): every version x suite x resumption, negotiation and its bounds, rollback,
record versions, 1/n-1 splitting, padding. That others agree is shown by the interoperation tests."""

import itertools

import loop
import pki
import pytest

import mxtls
from mxtls import codes as c, suite_names, suites, versions
from mxtls.handshake import client_hello
from mxtls.kernels.mem import record_count

VERSIONS = (c.SSL3, c.TLS1_0, c.TLS1_1, c.TLS1_2)
KEYS = {c.KEY_EC: "p256", c.KEY_RSA: "rsa2048", 0: "psk"}
BLOCK = {c.MODE_CBC: 16, c.MODE_SEED: 16, c.MODE_3DES: 8}
PSK = 0x008C  # a suite of every version whose handshake costs next to nothing
CELLS = [(version, row[0]) for version in VERSIONS for row in suites.SUITES if row[7] <= version & 255]
_keys = {}


def keys(kind):
    if kind not in _keys:
        _keys[kind] = loop.psk_keys() if kind == "psk" else loop.keys_of(pki.chain(key=kind))
    return _keys[kind]


def keys_for(suite):
    return keys(KEYS[suites.find(suite)[2]])


def name(value):
    return suite_names.name(value)[4:] if value in [row[0] for row in suites.SUITES] else "%04X" % value


def psk_pair(suite=PSK, **arguments):
    arguments["client"] = dict(arguments.get("client", {}), cipher_suite=suite)
    return loop.pair(keys("psk"), **arguments)


def exchange(client, server, n=700):
    for a, b in ((client, server), (server, client)):
        loop.carry(a, b, b"x")
        loop.carry(a, b, bytes(i & 255 for i in range(n)))
        a.session.encode_to_outdata(b"copied" * 100)
        loop.pump(a, b)
        assert b.data[-600:] == b"copied" * 100


@pytest.mark.parametrize("version, suite", CELLS, ids=name)
def test_version_suite_resumption(version, suite):
    """A full handshake, then an abbreviated one; data both ways under each."""
    sid = mxtls.SessionId()
    for resumed in (False, True):
        client, server = loop.pair(keys_for(suite), client={"session_id": sid, "cipher_suite": suite, "max_version": version})
        loop.connect(client, server)
        for s in (client.session, server.session):
            assert (s.version, s.cipher_suite, s.resumed) == (version, suite, resumed)
        exchange(client, server)
        client.close()
        server.close()
        loop.pump(client, server)
        assert client.alerts == server.alerts == [(1, 0)]


@pytest.mark.parametrize("version", VERSIONS, ids=name)
@pytest.mark.parametrize("suite", (PSK, 0x0005), ids=name)
def test_long_data(version, suite):
    exchange(*loop.connect(*loop.pair(keys_for(suite), client={"cipher_suite": suite, "max_version": version})), n=40000)


@pytest.mark.parametrize("version", VERSIONS, ids=name)
@pytest.mark.parametrize("chunk", (1, 17))
def test_any_split(version, chunk):
    for suite in (0x0033 if version < c.TLS1_2 else 0xC02F, PSK):
        client, server = loop.connect(*loop.pair(keys_for(suite), client={"cipher_suite": suite, "max_version": version}), chunk=chunk)
        loop.carry(client, server, bytes(700), chunk)
        loop.carry(server, client, bytes(700), chunk)


# Negotiation


@pytest.mark.parametrize("client_most, server_most", itertools.product(VERSIONS, VERSIONS), ids=name)
def test_the_newest_in_common(client_most, server_most):
    client, server = loop.connect(*psk_pair(client={"max_version": client_most}, server={"max_version": server_most}))
    assert client.session.version == server.session.version == min(client_most, server_most)


RANGES = [(least, most) for least in VERSIONS for most in VERSIONS if least <= most]


def test_every_pair_of_ranges():
    for (a, b), (x, y) in itertools.product(RANGES, RANGES):
        client, server = psk_pair(client={"min_version": a, "max_version": b}, server={"min_version": x, "max_version": y})
        loop.pump(client, server)
        if max(a, x) <= min(b, y):
            assert client.complete and server.complete and client.session.version == min(b, y)
            continue
        assert not client.complete and not server.complete
        failed = server if b < x else client  # the server sees what is offered, the client what was chosen
        assert loop.check_text(failed.error).alert == c.ALERT_PROTOCOL_VERSION and failed.error.code == c.PROTOCOL_FAIL
        assert (server if failed is client else client).alerts == [(2, c.ALERT_PROTOCOL_VERSION)]


@pytest.mark.parametrize("bounds", (
    {"min_version": 0x0305}, {"max_version": 0x0200}, {"min_version": c.TLS1_2, "max_version": c.TLS1_1}, {"min_version": c.DTLS1_2},
))
def test_bounds_without_a_version(bounds):
    for make in (lambda: mxtls.ClientSession(keys("psk")[0], **bounds), lambda: mxtls.ServerSession(keys("psk")[1], **bounds)):
        with pytest.raises(mxtls.Error) as caught:
            make()
        assert loop.check_text(caught.value).code == c.ARG_FAIL and "min_version" in caught.value.text


def test_versions_that_are_not_built(monkeypatch):
    """A hole in the middle: TLS 1.1 is not built, so a client of TLS 1.1 at most gets TLS 1.0."""
    client = loop.End(mxtls.ClientSession(keys("psk")[0], cipher_suite=PSK, max_version=c.TLS1_1))
    with monkeypatch.context() as m:
        m.setattr(versions, "VERSIONS", tuple((v, int(v != c.TLS1_1)) for v, _ in versions.VERSIONS))
        server = loop.End(mxtls.ServerSession(keys("psk")[1]))
        loop.connect(client, server)
        assert client.session.version == c.TLS1_0
        assert mxtls.ClientSession(keys("psk")[0], max_version=c.TLS1_1).max_version == c.TLS1_0


@pytest.mark.parametrize("listed, version", (
    ((0x0304, 0x0303), c.TLS1_2), ((0x0304, 0x0302), c.TLS1_1), ((0x0301, 0x0303, 0x0302), c.TLS1_2), ((0x0304,), 0), ((0x0304, 0x7A7A), 0), ((0xFEFD,), 0),
))
def test_supported_versions(listed, version):
    """A client that lists its versions means just those (RFC 8446 section 4.2.1)."""
    extensions = mxtls.HelloExtension()
    body = b"".join(v.to_bytes(2, "big") for v in listed)
    extensions.load(bytes([len(body)]) + body, 43)
    client, server = psk_pair(client={"extensions": extensions})
    server.feed(client.take())
    if version:
        assert not server.error and server.session.version == version
        loop.pump(client, server)
        if version < c.TLS1_2:  # this one could do better, and the server says that it can too (RFC 8446 section 4.1.3)
            assert client.error.alert == c.ALERT_ILLEGAL_PARAMETER
        else:
            assert client.complete and server.complete
    else:
        loop.check_failed(server, c.ALERT_PROTOCOL_VERSION, c.PROTOCOL_FAIL)


def test_newer_hellos_are_answered_with_our_newest():
    """Version tolerance: 3.4 and above in the hello's own field."""
    for number in (0x0304, 0x03FF, 0x0400, 0x7F00):
        client, server = psk_pair()
        hello = bytearray(client.take())
        hello[9:11] = number.to_bytes(2, "big")
        server.feed(hello)
        assert not server.error and server.session.version == c.TLS1_2


@pytest.mark.parametrize("suite", [row[0] for row in suites.SUITES if 0 < row[7] < 4], ids=name)
def test_suites_of_newer_versions(suite):
    """A suite that begins with a version is not offered, not chosen and not accepted below it."""
    oldest = suites.find(suite)[7]
    below = 0x0300 | (oldest - 1)
    trust, own = keys_for(suite)
    with pytest.raises(mxtls.Error) as caught:
        mxtls.ClientSession(trust, cipher_suite=suite, server_name="localhost", max_version=below)
    assert loop.check_text(caught.value).code == c.UNSUPPORTED_FAIL
    hello = loop.messages(loop.End(mxtls.ClientSession(trust, server_name="localhost", max_version=below)).take())[0]
    n = hello[39] << 8 | hello[40]
    assert suite not in [hello[41 + i] << 8 | hello[42 + i] for i in range(0, n, 2)]
    client, server = loop.pair((trust, own), client={"cipher_suite": suite}, server={"max_version": below})
    loop.pump(client, server)
    assert loop.check_text(server.error).alert == c.ALERT_HANDSHAKE_FAILURE
    client = loop.pair((trust, own), client={"cipher_suite": suite})[0]
    client.take()
    client.feed(loop.record(loop.message(c.SERVER_HELLO, below.to_bytes(2, "big") + bytes(33) + suite.to_bytes(2, "big") + b"\x00"), version=below))
    loop.check_failed(client, c.ALERT_ILLEGAL_PARAMETER, c.PROTOCOL_FAIL)


def test_a_server_of_older_versions_takes_an_older_suite():
    for most, suite in ((c.TLS1_1, 0xC013), (c.TLS1_0, 0xC013), (c.SSL3, 0x0033)):
        client, _ = loop.connect(*loop.pair(keys("rsa2048"), client={"max_version": c.TLS1_2}, server={"max_version": most}))
        assert client.session.cipher_suite == suite


# Rollback


@pytest.mark.parametrize("version", VERSIONS, ids=name)
@pytest.mark.parametrize("suite", (0x002F, 0x0005, 0x000A), ids=name)
def test_the_premaster_secret_says_what_was_offered(version, suite):
    """RSA key exchange: a server takes the premaster secret only with the version of the ClientHello, whatever was agreed; a wrong one
    looks like any other wrong message."""
    client, server = loop.pair(keys("rsa2048"), client={"cipher_suite": suite}, server={"max_version": version})
    loop.connect(client, server)
    for wrong in (0x0304, 0x0302, version if version < c.TLS1_2 else 0x0301):
        client, server = loop.pair(keys("rsa2048"), client={"cipher_suite": suite}, server={"max_version": version})
        server.feed(client.take())
        client.session.hs.client_version = wrong
        client.feed(server.take())
        server.feed(client.take())
        loop.check_failed(server, c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("suite", (0x002F, 0x0033, 0xC013, PSK), ids=name)
@pytest.mark.parametrize("forced", VERSIONS[:3], ids=name)
@pytest.mark.parametrize("ems", (1, 0))
@pytest.mark.parametrize("older", (0, 1))
def test_a_hello_made_older_on_its_way(monkeypatch, suite, forced, ems, older):
    """A server that can do better says so in its random; with one that cannot, the Finished tells."""
    if suites.find(suite)[7] > forced & 255:
        return
    monkeypatch.setattr(client_hello, "_USE_EXTENDED_MASTER_SECRET", ems)
    client, server = loop.pair(keys_for(suite), client={"cipher_suite": suite}, server={"max_version": forced if older else c.TLS1_2})
    hello = bytearray(client.take())
    hello[9:11] = forced.to_bytes(2, "big")
    server.feed(hello)
    assert server.session.version == forced
    loop.pump(client, server)
    assert not client.complete and not server.complete and (client.error or server.error)
    alerts = {e.alert for e in (client.error, server.error) if e}
    assert alerts <= ({c.ALERT_BAD_RECORD_MAC, c.ALERT_DECRYPT_ERROR} if older else {c.ALERT_ILLEGAL_PARAMETER})


@pytest.mark.parametrize("client_most, server_most", itertools.product(VERSIONS, VERSIONS), ids=name)
def test_fallback(client_most, server_most):
    """TLS_FALLBACK_SCSV (RFC 7507): refused exactly where the server could do better."""
    client, server = psk_pair(client={"max_version": client_most, "fallback": True}, server={"max_version": server_most})
    hello = client.take()
    body = loop.messages(hello)[0]
    assert b"\x56\x00" in body[41 : 41 + (body[39] << 8 | body[40])]
    server.feed(hello)
    if server_most <= client_most:
        loop.connect(client, server)
        return
    wire = server.take()
    client.feed(wire)
    loop.check_failed(server, c.ALERT_INAPPROPRIATE_FALLBACK, c.PROTOCOL_FAIL, wire)
    assert client.alerts == [(2, c.ALERT_INAPPROPRIATE_FALLBACK)] and not client.complete


def test_no_fallback_without_being_asked():
    hello = loop.messages(psk_pair()[0].take())[0]
    assert b"\x56\x00" not in hello[41 : 41 + (hello[39] << 8 | hello[40])]


# Records


@pytest.mark.parametrize("version", VERSIONS, ids=name)
def test_record_versions(version):
    """3.1 at most for the ClientHello, 3.0 where that is the newest; the agreed version from ServerHello on, in both directions."""
    client, server = psk_pair(server={"max_version": version})
    hello = client.take()
    assert [r[1] for r in loop.records(hello)] == [0x0301]
    flights = []
    for a, b, data in ((client, server, hello), (server, client, None), (client, server, None), (server, client, None)):
        data = data or a.take()
        flights.append(data)
        b.feed(data)
    client.send(b"x").close()
    flights.append(client.take())
    assert {r[1] for f in flights[1:] for r in loop.records(f)} == {version}
    assert loop.records(psk_pair(client={"max_version": c.SSL3})[0].take())[0][1] == c.SSL3
    assert loop.messages(hello)[0][4:6] == b"\x03\x03"


def test_alerts_before_a_version_is_agreed():
    server = psk_pair(server={"min_version": c.TLS1_2})[1]
    server.feed(psk_pair(client={"max_version": c.TLS1_0})[0].take())
    assert loop.records(server.take()) == [(c.ALERT, 0x0301, b"\x02\x46")]


@pytest.mark.parametrize("version", VERSIONS, ids=name)
def test_records_of_another_version(version):
    for other in VERSIONS:
        client, server = loop.connect(*psk_pair(server={"max_version": version}))
        wire = bytearray(client.send(b"data").take())
        wire[1:3] = other.to_bytes(2, "big")
        server.feed(wire)
        if other != version:
            loop.check_failed(server, c.ALERT_DECODE_ERROR, c.PROTOCOL_FAIL)
        else:
            assert server.data == b"data"


# 1/n-1 splitting

CHAINED = [(version, row[0], etm) for version in (c.SSL3, c.TLS1_0) for row in suites.SUITES for etm in (1, 0)
           if row[0] in (0x002F, 0x0035, 0x000A, 0x0096, PSK, 0xC009) and row[7] <= version & 255 and not (etm and version == c.SSL3)]


def connected(monkeypatch, version, suite, etm=1, **arguments):
    with monkeypatch.context() as m:
        m.setattr(client_hello, "_USE_ENCRYPT_THEN_MAC", etm)
        client, server = loop.pair(keys_for(suite), client=dict(arguments, cipher_suite=suite, max_version=version))
    server.feed(client.take())
    if suites.find(suite)[3] in BLOCK:
        assert bool(server.session.hs.flags & c.EXT_ENCRYPT_THEN_MAC) == bool(etm and version > c.SSL3)
    return loop.connect(client, server)


def fragment(suite, n, etm):
    """Length of the fragment of n bytes, without an IV."""
    block, mac = BLOCK[suites.find(suite)[3]], 20
    if etm:
        return (n // block + 1) * block + mac
    return ((n + mac) // block + 1) * block


@pytest.mark.parametrize("version, suite, etm", CHAINED, ids=name)
@pytest.mark.parametrize("how", ("in place", "copied"))
def test_splitting(monkeypatch, version, suite, etm, how):
    """Where CBC chains IVs from record to record, a record of one byte goes first."""
    for n in (1, 2, 15, 16, 17, 300, 16384 if suite == PSK else 1000):
        for a, b in (connected(monkeypatch, version, suite, etm), reversed(connected(monkeypatch, version, suite, etm))):
            data = bytes(i & 255 for i in range(n))
            if how == "in place":
                view = a.session.get_writebuf(n)
                assert len(view) == n
                view[:] = data
                view = None
                waits = a.session.encode_writebuf(n)
            else:
                waits = a.session.encode_to_outdata(data)
            wire = a.take()
            assert waits == len(wire)
            assert [len(r[2]) for r in loop.records(wire)] == [fragment(suite, m, etm) for m in (1, n - 1) if m]
            b.feed(wire)
            assert b.data == data and b.records == 1 + (n > 1) and not b.error


@pytest.mark.parametrize("version, suite, etm", CHAINED, ids=name)
def test_splitting_of_many_records(monkeypatch, version, suite, etm):
    """Each record is split, whatever the limit; several wait at once."""
    client, server = connected(monkeypatch, version, suite, etm, max_record=512)
    server.session.max_out = 512
    data = bytes(range(250)) * 5
    server.session.encode_to_outdata(data)
    server.session.get_writebuf(10)[:3] = b"abc"
    server.session.encode_writebuf(3)
    wire = server.take()
    assert [len(r[2]) for r in loop.records(wire)] == [fragment(suite, n, etm) for n in (1, 511, 1, 511, 1, 225, 1, 2)]
    client.feed(wire)
    assert client.data == data + b"abc"


@pytest.mark.parametrize("version, suite", ((c.TLS1_1, 0x002F), (c.TLS1_2, 0x002F), (c.TLS1_1, 0x000A), (c.TLS1_0, 0x0005), (c.SSL3, 0x0004), (c.TLS1_2, 0xC02F)), ids=name)
def test_no_splitting_without_need(monkeypatch, version, suite):
    client, server = connected(monkeypatch, version, suite)
    assert client.session.split == 0
    client.session.encode_to_outdata(bytes(100))
    assert len(loop.records(client.take())) == 1


def test_alerts_and_handshakes_are_not_split(monkeypatch):
    client, server = connected(monkeypatch, c.TLS1_0, 0x002F)
    client.close()
    assert len(loop.records(client.take())) == 1


# Padding


def padded(end, text, padding):
    """A record of text with padding of our choice, MAC before it, under the end's keys; for versions without an IV in the record."""
    s = end.session
    wr = s.wr
    buf = bytearray(text)
    wr._authenticate(c.APPLICATION_DATA, s.version, buf, 0, len(buf))
    buf += bytes(wr._tag) + padding
    wr._cipher.encrypt(wr._iv, buf, 0, len(buf))
    record_count(wr.header)
    return loop.record(buf, c.APPLICATION_DATA, s.version)


@pytest.mark.parametrize("suite", (0x002F, 0x000A, 0x0096), ids=name)
def test_ssl3_padding(monkeypatch, suite):
    """Any bytes, less than a block, and a last byte that counts them (RFC 6101 section 5.2.3.2)."""
    block = BLOCK[suites.find(suite)[3]]
    for extra in range(block):
        text = bytes(2 * block + extra)
        pad = block - (len(text) + 20) % block
        client, server = connected(monkeypatch, c.SSL3, suite)
        server.feed(padded(client, text, b"\xa5" * (pad - 1) + bytes([pad - 1])))
        assert server.data == text and not server.error
        for bad in (bytes([pad - 1]) * pad + bytes([pad - 1 + block]) * block,  # a block too much
                    bytes([pad]) * pad, bytes(pad - 1) + b"\xff", bytes([pad - 2 & 255]) * pad):
            client, server = connected(monkeypatch, c.SSL3, suite)
            server.feed(padded(client, text, bad))
            loop.check_failed(server, c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL)


@pytest.mark.parametrize("suite", (0x002F, 0x000A), ids=name)
def test_tls10_padding(monkeypatch, suite):
    """Up to 255 bytes, each the count."""
    block = BLOCK[suites.find(suite)[3]]
    text = bytes(21)
    short = block - (len(text) + 20) % block
    for pad in range(short, 257, block):
        client, server = connected(monkeypatch, c.TLS1_0, suite, 0)
        server.feed(padded(client, text, bytes([pad - 1]) * pad))
        assert server.data == text and not server.error
        bad = bytearray([pad - 1]) * pad
        bad[0] ^= 1
        client, server = connected(monkeypatch, c.TLS1_0, suite, 0)
        server.feed(padded(client, text, bad))
        loop.check_failed(server, c.ALERT_BAD_RECORD_MAC, c.PROTOCOL_FAIL)


def test_ssl3_pads_less_than_a_block(monkeypatch):
    """What we send: the shortest padding."""
    for n in range(1, 40):
        client, _ = connected(monkeypatch, c.SSL3, PSK)
        client.send(bytes(n))
        assert [len(r[2]) for r in loop.records(client.take())] == [fragment(PSK, m, 0) for m in (1, n - 1) if m]


# Extensions of old versions


def test_ssl3_knows_no_extensions():
    """Only the number that stands for renegotiation_info; a server that chooses SSL 3.0 answers nothing else."""
    hello = loop.messages(psk_pair(client={"max_version": c.SSL3})[0].take())[0]
    n = hello[39] << 8 | hello[40]
    assert hello[41 : 41 + n] == b"\x00\x8c\x00\xff" and hello[41 + n :] == b"\x01\x00"
    client, server = psk_pair(server={"max_version": c.SSL3})
    server.feed(client.take())
    assert server.session.hs.flags == c.EXT_RENEGOTIATION_INFO
    loop.connect(client, server)
    loop.carry(client, server, b"data")


def test_no_signature_algorithms_below_tls12():
    for most in (c.TLS1_0, c.TLS1_1):
        hello = loop.messages(loop.pair(keys("rsa2048"), client={"max_version": most})[0].take())[0]
        assert b"\x00\x0d\x00" not in hello[-120:]


def test_wiped_when_done(monkeypatch):
    """No old protection is left after a failure, in any version."""
    for version in VERSIONS:
        client, server = connected(monkeypatch, version, PSK)
        wire = bytearray(client.send(b"x").take())
        wire[-1] ^= 1
        server.feed(wire)
        loop.check_failed(server, c.ALERT_BAD_RECORD_MAC)
