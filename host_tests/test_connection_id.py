# SPDX-License-Identifier: MIT
"""Connection ids (RFC 9146) by themselves: the records as the RFC writes them, what is negotiated, what is dropped, which address is believed,
and a network that loses. mbedtls is the peer in test_interop_dtls.py."""

import hashlib
import hmac as py_hmac
import random

import loop
import network
import peers
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from hypothesis import example, given, settings, strategies as st
from network import HEADER, Network
from test_dtls import apart, connected, give, whole
from test_dtls_network import PMTUS, WEATHER, bounded, talk

import mxtls
from mxtls import codes as c
from mxtls.crypto.ccm import Ccm
from mxtls.crypto.chacha20poly1305 import ChaCha20Poly1305 as Chacha
from mxtls.crypto.gcm import Gcm
from mxtls.dtls_cid import MOST
from mxtls.errors import Error
from mxtls.handshake import extensions
from mxtls.record_aead import AeadRecord
from mxtls.record_cbc import CbcRecord

OURS, THEIRS = b"client's", b"srv"
IDS = {"client": {"connection_id": OURS}, "server": {"connection_id": THEIRS}}
PSK = {"client": {"cipher_suite": 0x00A8, "connection_id": OURS}, "server": {"connection_id": THEIRS}}
WRITE = extensions.write_connection_id
SUITES = (0xC02B, 0xC0AE, 0xCCA9, 0xC009, 0xC023)

pytestmark = pytest.mark.usefixtures("datagrams")


@pytest.fixture(scope="module")
def chain():
    return loop.keys_of(peers.chain("p256"))


def carried(a, b, data=b"some data"):
    """Data from one End to the other; the datagram that had it."""
    before = len(b.data)
    a.send(data)
    (datagram,) = a.datagrams()
    b.put(datagram)
    assert b.data[before:] == data
    return datagram


# Records, beside what RFC 9146 section 5 says and others compute


def covered(cid, number, n):
    """The header that section 5 puts under the check, of a record in epoch 1."""
    return b"\xff" * 8 + bytes([25, len(cid), 25]) + b"\xfe\xfd\0\1" + number.to_bytes(6, "big") + cid + n.to_bytes(2, "big")


AEADS = {
    "gcm": (lambda: AeadRecord(Gcm(bytes(range(16))), b"salt"), AESGCM(bytes(range(16))), 16),
    "ccm-8": (lambda: AeadRecord(Ccm(bytes(range(16)), 8), b"salt"), AESCCM(bytes(range(16)), 8), 8),
    "chacha": (lambda: AeadRecord(Chacha(bytes(range(32))), b"saltsaltsalt"), ChaCha20Poly1305(bytes(range(32))), 16),
}
TEXTS = st.binary(max_size=70)
CIDS = st.binary(min_size=1, max_size=MOST)
NUMBERS = st.integers(0, (1 << 48) - 2)


@pytest.mark.parametrize("name", AEADS)
@given(cid=CIDS, text=TEXTS, pad=st.integers(0, 20), number=NUMBERS)
@settings(max_examples=20)
def test_aead_records(name, cid, text, pad, number):
    """Sealed by us and opened by `cryptography`, and the other way round with padding."""
    make, other, tag = AEADS[name]
    inner, seq = text + b"\x17", b"\0\1" + number.to_bytes(6, "big")
    wr, rd = make(), make()
    for record in (wr, rd):
        record.carry(cid)
        record.header[:8] = seq
    nonce = b"salt" + seq if wr.pre else bytes(a ^ b for a, b in zip(b"saltsaltsalt", bytes(4) + seq, strict=True))
    buf = bytearray(wr.pre) + inner + bytes(tag)
    assert wr.seal(c.TLS12_CID, c.DTLS1_2, buf, wr.pre, len(inner)) == len(buf) and wr.post == tag + 1
    assert other.decrypt(nonce, bytes(buf[wr.pre :]), covered(cid, number, len(inner))) == inner
    inner += bytes(pad)
    buf = bytearray(seq[: rd.pre] + other.encrypt(nonce, inner, covered(cid, number, len(inner))))
    assert rd.open(c.TLS12_CID, c.DTLS1_2, buf, 0, len(buf)) == len(inner) and buf[rd.pre : rd.pre + len(inner)] == inner


def cbc(key, iv, data, encrypt):
    context = Cipher(algorithms.AES(key), modes.CBC(iv))
    context = context.encryptor() if encrypt else context.decryptor()
    return context.update(data) + context.finalize()


@pytest.mark.parametrize("etm", (False, True), ids=("mac-then-encrypt", "encrypt-then-mac"))
@given(cid=CIDS, text=TEXTS, pad=st.integers(0, 20), number=NUMBERS)
@settings(max_examples=20)
def test_block_cipher_records(etm, cid, text, pad, number):
    key, mac_key, iv, seq = bytes(16), b"m" * 32, b"i" * 16, b"\0\1" + number.to_bytes(6, "big")

    def mac(n, data):
        return py_hmac.new(mac_key, covered(cid, number, n) + data, hashlib.sha256).digest()

    def padded(data):
        n = 15 - len(data) % 16
        return data + bytes([n]) * (n + 1)

    wr, rd = (CbcRecord(key, 4, mac_key, etm, 0x0303) for _ in range(2))
    for record in (wr, rd):
        record.carry(cid)
        record.header[:8] = seq
    inner = text + b"\x17"
    buf = bytearray(16) + inner + bytes(64)
    n = wr.seal(c.TLS12_CID, c.DTLS1_2, buf, 16, len(inner))
    if etm:
        assert buf[n - 32 : n] == mac(n - 32, bytes(buf[: n - 32]))
        n -= 32
    plain = cbc(key, bytes(buf[:16]), bytes(buf[16:n]), False)
    plain = plain[: -1 - plain[-1]]
    assert plain == (inner if etm else inner + mac(len(inner), inner))

    inner += bytes(pad)
    if etm:
        fragment = iv + cbc(key, iv, padded(inner), True)
        fragment += mac(len(fragment), fragment)
    else:
        fragment = iv + cbc(key, iv, padded(inner + mac(len(inner), inner)), True)
    buf = bytearray(fragment)
    assert rd.open(c.TLS12_CID, c.DTLS1_2, buf, 0, len(buf)) == len(inner) and buf[16 : 16 + len(inner)] == inner
    record.header[:8] = seq
    bad = bytearray(fragment)
    bad[number % len(bad)] ^= 1
    with pytest.raises(Error):
        rd.open(c.TLS12_CID, c.DTLS1_2, bad, 0, len(bad))


# What is negotiated


@pytest.mark.parametrize("suite", SUITES, ids=lambda s: "%04X" % s)
@pytest.mark.parametrize("mine, theirs", ((OURS, THEIRS), (OURS, b""), (b"", THEIRS), (b"", b""), (b"x", bytes(MOST)), (bytes(MOST), b"\0")), ids=str)
def test_both_ways(clock, chain, suite, mine, theirs):
    """Ids of any two lengths: in the records that are encrypted, and where they are wanted."""
    client, server = network.pair(chain, client={"cipher_suite": suite, "connection_id": mine}, server={"connection_id": theirs})
    seen = {client: [], server: []}
    for _ in range(3):
        for a, b in ((client, server), (server, client)):
            for datagram in a.datagrams():
                seen[a].append(datagram)
                b.put(datagram)
    assert client.complete and server.complete and not client.error and not server.error
    assert client.session.peer_connection_id == theirs and server.session.peer_connection_id == mine
    for _ in range(2):
        for a, b, n in ((client, server, 1), (server, client, 1000)):
            seen[a].append(carried(a, b, bytes(n)))
    for a, cid in ((client, theirs), (server, mine)):
        records = [r for datagram in seen[a] for r in network.records(datagram, cid)]
        assert {kind for kind, _, epoch, _, _ in records if epoch == 0} == {c.HANDSHAKE, c.CHANGE_CIPHER_SPEC}
        assert {kind for kind, _, epoch, _, _ in records if epoch == 1} == ({c.TLS12_CID} if cid else {c.HANDSHAKE, c.APPLICATION_DATA})
        assert a.session.dropped == 0
    client.close()
    give(server, client.datagrams())
    assert server.alerts == [(1, 0)]


@pytest.mark.parametrize("mine, theirs", ((None, THEIRS), (OURS, None), (None, None)))
def test_one_side_alone(clock, chain, mine, theirs):
    _, client, server = connected(clock, chain, client={"connection_id": mine}, server={"connection_id": theirs})
    for end in (client, server):
        assert end.session.peer_connection_id is None and end.session.rd.cid == end.session.wr.cid == b""
    assert network.records(carried(client, server))[0][0] == c.APPLICATION_DATA
    carried(server, client)


def hello_extension(datagrams):
    return b"\0\x36\0" + bytes([len(OURS) + 1, len(OURS)]) + OURS in whole(datagrams)[0][3]


def test_never_in_dtls_1_0_or_tls(clock, chain, monkeypatch):
    old = {"max_version": c.DTLS1_0}
    client, server = network.pair(chain, client=dict(old, connection_id=OURS), server={"connection_id": THEIRS})
    assert not hello_extension(client.datagrams())
    client, server = network.pair(chain, client={"connection_id": OURS}, server=dict(old, connection_id=THEIRS))
    hello = client.datagrams()
    assert hello_extension(hello)
    give(server, hello)
    network.connect(client, server, Network(clock))
    assert client.session.version == c.DTLS1_0 and client.session.peer_connection_id is None and not server.session.rd.cid
    # A server that answers it all the same
    client, server = network.pair(chain, client={"connection_id": OURS}, server=dict(old, connection_id=THEIRS))
    monkeypatch.setattr("mxtls.handshake.server_hello._DTLS1_2", c.DTLS1_0)
    give(server, client.datagrams())
    give(client, server.datagrams())
    assert client.error.alert == c.ALERT_UNSUPPORTED_EXTENSION
    for make in (lambda **a: mxtls.ClientSession(chain[0], server_name="localhost", **a), lambda **a: mxtls.ServerSession(chain[1], **a)):
        with pytest.raises(mxtls.Error) as e:
            make(connection_id=OURS)
        assert e.value.code == c.ARG_FAIL
        with pytest.raises(mxtls.Error) as e:
            make(dtls=True, connection_id=bytes(MOST + 1))
        assert e.value.code == c.ARG_FAIL
        loop.check_text(e.value)


def test_needs_its_option(chain, monkeypatch):
    monkeypatch.setattr("mxtls.session._USE_CONNECTION_ID", 0)
    with pytest.raises(mxtls.Error) as e:
        mxtls.ServerSession(chain[1], dtls=True, connection_id=OURS)
    assert e.value.code == c.DISABLED_FEATURE_FAIL


def writing(monkeypatch, role, data):
    """One role writes this as its connection_id extension."""

    def wrong(session, w):
        if session.client != (role == "client"):
            return WRITE(session, w)
        w.put(extensions.CONNECTION_ID, 2)
        w.put(len(data), 2)
        w.data(data, 0, len(data))

    monkeypatch.setattr(extensions, "write_connection_id", wrong)


@pytest.mark.parametrize("data", (b"", b"\5abcd", b"\3abcd", b"\xff" + bytes(32)), ids=repr)
@pytest.mark.parametrize("role", peers.ROLES)
def test_malformed_extensions(chain, monkeypatch, role, data):
    writing(monkeypatch, role, data)
    client, server = network.pair(chain, **IDS)
    give(server, client.datagrams())
    if not server.error:
        give(client, server.datagrams())
    assert (server if role == "client" else client).error.alert == c.ALERT_DECODE_ERROR


def test_ids_that_are_too_long_for_us(clock, chain, monkeypatch):
    """A server goes on without; a client has asked for it, and refuses."""
    writing(monkeypatch, "client", bytes([MOST + 1]) + bytes(MOST + 1))
    _, client, server = connected(clock, chain, **IDS)
    assert client.session.peer_connection_id is None and server.session.peer_connection_id is None
    writing(monkeypatch, "server", bytes([MOST + 1]) + bytes(MOST + 1))
    client, server = network.pair(chain, **IDS)
    give(server, client.datagrams())
    give(client, server.datagrams())
    assert client.error.alert == c.ALERT_ILLEGAL_PARAMETER
    loop.check_text(client.error)


def test_resumed_with_other_ids(clock, chain):
    """The ids are of the connection, not of the session that is resumed (section 3)."""
    sid, trust, own = mxtls.SessionId(), *chain
    for tickets in (True, False):
        own.tickets = tickets
        sid.clear()
        for i, (mine, theirs) in enumerate(((OURS, THEIRS), (b"a", b"bcd"), (b"", b"x"), (None, b"y"), (b"z", bytes(MOST)))):
            _, client, server = connected(clock, (trust, own), client={"connection_id": mine, "session_id": sid}, server={"connection_id": theirs})
            assert client.session.resumed == (i > 0)
            assert client.session.peer_connection_id == (None if mine is None else theirs) and client.session.rd.cid == (mine or b"")
            carried(client, server)
            carried(server, client)
    own.tickets = True


@pytest.mark.parametrize("option", (0, c.OPTION_FULL_HANDSHAKE), ids=("resumed", "full"))
def test_negotiated_again(clock, psk, monkeypatch, option):
    """Each handshake negotiates them afresh, with data of the epoch before on its way; in two of them the server declines."""
    read = extensions.read_connection_id
    net, client, server = connected(clock, psk, **PSK)
    for i, agree in enumerate((True, False, False, True)):
        monkeypatch.setattr(extensions, "read_connection_id", lambda hs, r, stop, agree=agree: read(hs, r, stop) and agree)
        client.send(b"before")
        server.send(b"before")
        client.session.encode_rehandshake(session_option=option)
        net.run(client, server)
        assert client.session.dtls.epoch == server.session.dtls.epoch == i + 2
        assert client.session.rd.cid == (OURS if agree else b"") and server.session.rd.cid == (THEIRS if agree else b"")
        assert bytes(client.data) == bytes(server.data) == b"before"
        assert network.records(carried(client, server), THEIRS)[0][0] == (c.TLS12_CID if agree else c.APPLICATION_DATA)
        carried(server, client)
        client.data.clear()
        server.data.clear()
    assert client.session.dropped == server.session.dropped == 0


@pytest.mark.parametrize("then", (b"", b"a", bytes(MOST)), ids=len)
def test_a_peer_with_another_id(clock, psk, monkeypatch, then):
    """It may have one of another length from the next handshake on: what waits under both goes out in whole records."""
    _, client, server = connected(clock, psk, **PSK)
    writing(monkeypatch, "server", bytes([len(then)]) + then)
    client.send(b"before")
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    give(server, client.datagrams())
    client.send(b"between")
    give(client, server.datagrams())
    client.session.dtls.flush(client.session)
    mxtls.set_pmtu(128)
    sent = client.datagrams()
    for datagram in sent:
        kinds = [r[0] for r in records_of_two(datagram, THEIRS, then)]
        assert kinds
    assert len(sent) > 1 and client.session.wr.cid == then


def records_of_two(datagram, before, then):
    """Its records, those of epoch 2 with the id `then`."""
    found = []
    while datagram:
        cid = before if datagram[4] == 1 else then
        body = HEADER + (len(cid) if datagram[0] == c.TLS12_CID else 0)
        n = body + (datagram[body - 2] << 8 | datagram[body - 1])
        assert n <= len(datagram)
        found += network.records(datagram[:n], cid)
        datagram = datagram[n:]
    return found


# What is dropped


def sealed(end, inner, cid=None, kind=c.TLS12_CID):
    """A record of this End with any inner plaintext."""
    wr = end.session.wr
    number = int.from_bytes(wr.header[2:8], "big")
    buf = bytearray(wr.pre) + inner + bytes(wr.post)
    n = wr.seal(kind, c.DTLS1_2, buf, wr.pre, len(inner))
    return network.record(buf[:n], kind, number, wr.header[1], cid=wr.cid if cid is None else cid)


def test_records_that_are_dropped(clock, psk):
    """Wrong and missing ids, no true type, a type that is none; none of it closes a session, and each is counted."""
    _, client, server = connected(clock, psk, **PSK)
    s = server.session
    for datagram in (sealed(client, b"data\x17", b"svr"), sealed(client, b"data\x17", b"sr"), sealed(client, b"data\x17", b""), sealed(client, b"data\x17", b"srvx"),
                     sealed(client, b"data\x17", b"", c.APPLICATION_DATA), sealed(client, bytes(30)), sealed(client, b""), sealed(client, b"data\x18"),
                     sealed(client, b"data\x19"), sealed(client, b"data\x13"), network.record(bytes(40), c.TLS12_CID, 99, 1, cid=THEIRS),
                     network.record(bytes(40), c.TLS12_CID, 99, 0, cid=THEIRS), b"\x19\xfe\xfd", b"\x19\xfe\xfd\0\1" + bytes(8)):
        before = s.dropped
        server.put(datagram)
        assert s.dropped > before, datagram
    assert not server.error and not server.data and not server.alerts
    for pad in (0, 1, 100):
        server.put(sealed(client, b"padded\x17" + bytes(pad)))
    server.put(sealed(client, b"\x17\0\0"))  # nothing in it
    assert bytes(server.data) == b"padded" * 3
    server.put(sealed(client, b"\1\0\x15"))  # an alert, close_notify
    assert server.alerts == [(1, 0)]


def test_an_id_where_none_is_expected(clock, psk):
    """A session that wants no ids, or agreed on none, takes no record with one."""
    for ids in (b"", None):
        _, client, server = connected(clock, psk, client=PSK["client"], server={"connection_id": ids})
        datagram = carried(client, server)
        body = network.records(datagram)[0][4]
        before = server.session.dropped
        server.put(network.record(body, c.TLS12_CID, 7, 1))
        server.put(network.record(body, c.TLS12_CID, 8, 1, cid=THEIRS))
        assert server.session.dropped == before + 2 and not server.error
        carried(client, server)


@given(data=st.data())
@settings(max_examples=150)
def test_garbage(data):
    """Whatever looks like a record with an id, before and after the handshake, alone or in front of a good record."""
    state = _garbage_pair()
    before, client, server = state
    garbage = data.draw(st.one_of(
        st.binary(max_size=80).map(lambda b: b"\x19\xfe\xfd\0\1" + b),
        st.builds(lambda cid, body, number: network.record(body, c.TLS12_CID, number, 1, cid=cid), st.sampled_from((THEIRS, OURS, b"", b"srw")), st.binary(max_size=60),
                  st.integers(0, (1 << 48) - 1)),
    ))
    end = data.draw(st.sampled_from((before, server)))
    dropped = end.session.dropped
    end.put(garbage)
    kept = end is before and end.session.dtls.early  # what may be a Finished that overtakes
    assert not end.error and (kept or end.session.dropped > dropped) and not end.session.newest
    end.put(garbage + b"\x19")
    assert not end.error
    carried(client, server, b"good")
    assert server.session.newest


_state = []


def _garbage_pair():
    if not _state:
        keys = loop.psk_keys()
        client, server = network.pair(keys, **PSK)
        for a, b in ((client, server), (server, client)) * 3:
            give(b, a.datagrams())
        _state.extend((network.pair(keys, **PSK)[1], client, server))
    return _state


# Which session, and which address


@given(cid=CIDS, body=st.binary(max_size=40), cut=st.integers(0, 60), size=st.integers(0, MOST))
@example(cid=b"abc", body=b"", cut=60, size=3)
def test_the_id_of_a_datagram(cid, body, cut, size):
    datagram = bytearray(network.record(body, c.TLS12_CID, 5, 1, cid=cid)[:cut])
    found = mxtls.connection_id(datagram, len(datagram), len(cid))
    assert found == (cid if len(datagram) >= HEADER + len(cid) else None)
    other = mxtls.connection_id(datagram, len(datagram), size)
    assert other is None if not size or len(datagram) < HEADER + size else other == bytes(datagram[11 : 11 + size])
    for kind in (20, 21, 22, 23, 26, 0):
        assert mxtls.connection_id(network.record(body, kind, 5, 1), HEADER + len(body), 1) is None


def test_newest(clock, psk):
    """True for a datagram that brings an authentic record newer than all before it (section 6); so for the first of a new epoch."""
    net, client, server = connected(clock, psk, **PSK)
    s = server.session
    first, second, third = (sealed(client, b"%d\x17" % i) for i in range(3))
    for datagram, newest in ((second, True), (first, False), (second, False), (b"", False), (third[:-1] + b"\0", False), (third, True), (third, False)):
        server.put(datagram)
        assert s.newest == newest
    fourth, fifth = sealed(client, b"4\x17"), sealed(client, b"5\x17")
    server.put(fifth + fourth)  # the newest first, data after it
    assert s.newest
    for datagrams in (fourth + first, fourth + network.record(b"\2\x28", c.ALERT, 9)):
        server.put(datagrams)
        assert not s.newest
    server.put(first + sealed(client, b"\x17"))
    assert s.newest
    client.session.encode_rehandshake()
    for datagram in client.datagrams():
        server.put(datagram)
        assert s.newest
    give(client, server.datagrams())
    for datagram in client.datagrams():
        server.put(datagram)
        assert s.newest
    net.run(client, server)
    assert s.dtls.epoch == 2


def test_what_was_kept_moves_nobody(clock, chain):
    """A Finished that overtook its ChangeCipherSpec came from where it came from; the ChangeCipherSpec, in the clear, may be anybody's."""
    client, server = network.pair(chain, **IDS)
    give(server, client.datagrams())
    give(client, server.datagrams())
    flight = client.datagrams()
    parts = []
    for datagram in flight:
        for kind, version, epoch, number, body in network.records(datagram, THEIRS):
            parts.append(network.record(body, kind, number, epoch, version, THEIRS if kind == c.TLS12_CID else b""))
    *rest, change, finished = parts
    give(server, (*rest, finished, change))
    assert server.session.hs is None and not server.session.newest and server.session.dropped == 0
    give(client, server.datagrams())
    carried(client, server)
    assert server.session.newest


# Networks


def test_in_the_smallest_datagrams(clock, chain):
    """PMTU 128, the longest ids, the records with the largest overhead: a Finished that has to be cut in two."""
    mxtls.set_pmtu(128)
    for suite in (0xC023, 0xC02B):
        ids = {"connection_id": bytes(MOST)}
        _, client, server = connected(clock, chain, client=dict(ids, cipher_suite=suite), server=ids)
        carried(client, server, b"12345")
        client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
        Network(clock).run(client, server)
        assert client.session.dtls.epoch == server.session.dtls.epoch == 2


@pytest.mark.parametrize("weather", WEATHER)
def test_a_network_that_loses(clock, psk, weather):
    """As test_dtls_network.py has it, with ids of any lengths, and a rehandshake."""
    r = random.Random(weather)
    for seed in range(12):
        mxtls.set_pmtu(PMTUS[seed % len(PMTUS)])
        net = Network(clock, seed=seed, **WEATHER[weather])
        mine, theirs = (r.randbytes(r.randrange(12)) for _ in range(2))
        client, server = network.pair(psk, client={"cipher_suite": 0x00A8, "connection_id": mine}, server={"connection_id": theirs})
        net.run(client, server, look=bounded)
        for end in (client, server):
            if end.error:
                raise end.error
        talk(net, client, server)
        assert client.session.peer_connection_id == theirs and server.session.peer_connection_id == mine
        client.session.encode_rehandshake(session_option=seed & 1)
        talk(net, client, server)
        assert client.session.hs is None and server.session.hs is None and client.session.rd.cid == mine


def test_each_record_alone(clock, chain, monkeypatch):
    """DTLS_SEND_RECORDS_INDIVIDUALLY and records out of order: the boundaries in the output buffer are right."""
    for module in ("dtls", "dtls_flight"):
        monkeypatch.setattr("mxtls.%s._DTLS_SEND_RECORDS_INDIVIDUALLY" % module, 1)
    _, client, server = connected(clock, chain, **IDS)
    for i in range(5):
        client.send(b"%d" % i)
    datagrams = client.datagrams()
    assert len(datagrams) == 5 and [len(network.records(d, THEIRS)) for d in datagrams] == [1] * 5
    give(server, datagrams[::-1])
    assert bytes(server.data) == b"43210"
    assert apart([]) == []
