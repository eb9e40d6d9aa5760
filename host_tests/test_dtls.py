# SPDX-License-Identifier: MIT
"""DTLS by itself: what the reference documents of its calls, timers, fragments in any order, epochs and replays, cookies, and bad input.
Peers are in test_interop_dtls.py, lossy networks in test_dtls_network.py."""

import itertools
import random

import loop
import network
import peers
import pki
import pytest
from network import HEADER, Network

import mxtls
from mxtls import codes as c
from mxtls.buffers import Buffer
from mxtls.dtls_cookie import cookie_offset
from mxtls.dtls_window import Window

pytestmark = pytest.mark.usefixtures("datagrams")


@pytest.fixture(scope="module")
def chain():
    return loop.keys_of(pki.chain(key="p256", names=["localhost"]))


PSK = {"client": {"cipher_suite": 0x00A8}}


def connected(clock, keys, **arguments):
    client, server = network.pair(keys, **arguments)
    net = Network(clock)
    network.connect(client, server, net)
    return net, client, server


def give(end, datagrams):
    for datagram in datagrams:
        end.put(datagram)
    return end


# The calls


def test_pmtu_is_what_was_set():
    assert mxtls.get_pmtu() == 1500
    assert mxtls.set_pmtu(400) == 400 == mxtls.get_pmtu()
    for n in (0, 127, 65508, 1 << 20):
        with pytest.raises(mxtls.Error) as e:
            mxtls.set_pmtu(n)
        assert e.value.code == c.ARG_FAIL and mxtls.get_pmtu() == 400
    assert mxtls.set_pmtu(-1) == 1500 == mxtls.get_pmtu()


def test_statuses_of_a_full_and_of_a_resumed_handshake(clock, chain):
    """HANDSHAKE_COMPLETE from sent_data for who sends the last Finished, from received_data for who receives it."""
    sid = mxtls.SessionId()
    for resumed in (False, True):
        client, server = network.pair(chain, client={"session_id": sid})
        assert client.session.timeout() == 0  # something waits to be sent
        network.connect(client, server, Network(clock))
        assert client.session.resumed == resumed
        last, other = (client, server) if resumed else (server, client)
        assert last.sent[-1] == c.HANDSHAKE_COMPLETE and c.HANDSHAKE_COMPLETE not in last.statuses
        assert other.statuses[-1] == c.HANDSHAKE_COMPLETE and c.HANDSHAKE_COMPLETE not in other.sent
        assert set(last.sent[:-1] + other.sent) <= {c.SUCCESS, c.REQUEST_SEND}


def test_sent_data_follows_the_bytes(clock, psk):
    mxtls.set_pmtu(128)
    client, _ = network.pair(psk)
    s = client.session
    total = 0
    while True:
        n = len(s.get_outdata())
        if n == 0:
            break
        assert n <= 128 and len(s.get_outdata()) == n  # the same one, until it was sent
        with pytest.raises(mxtls.Error) as e:
            s.sent_data(n + 1)
        assert e.value.code == c.ARG_FAIL
        assert s.sent_data(1) == c.REQUEST_SEND
        assert len(s.get_outdata()) == n - 1  # the rest of that datagram, and nothing of the next
        status = s.sent_data(n - 1)
        total += 1
    assert status == c.SUCCESS and total > 1 and s.timeout() == 1000


def test_close_notify_closes(clock, psk):
    net, client, server = connected(clock, psk, **PSK)
    client.close()
    give(server, client.datagrams())
    assert client.sent[-1] == c.REQUEST_CLOSE and server.alerts == [(1, 0)]


def test_a_datagram_has_its_limit(clock, psk):
    net, client, server = connected(clock, psk, **PSK)
    s = client.session
    most = 1500 - 13 - 8 - 16
    assert len(s.get_writebuf(5000)) == most
    client.send(bytes(most))
    with pytest.raises(mxtls.Error) as e:
        s.encode_to_outdata(bytes(most + 1))
    assert e.value.code == c.LIMIT_FAIL
    assert [len(d) for d in client.datagrams()] == [1500]
    view = s.get_writebuf(1000)
    assert len(view) == 1000
    mxtls.set_pmtu(500)
    with pytest.raises(mxtls.Error) as e:
        s.encode_writebuf(1000)
    assert e.value.code == c.LIMIT_FAIL and not s.closing
    assert s.encode_writebuf(400) == 437
    client.send(b"more")
    assert [len(d) for d in client.datagrams()] == [437 + 41]  # as many records as fit


def test_data_before_the_last_flight_has_gone(clock, psk):
    """A server that writes at once: its Finished comes first."""
    client, server = network.pair(psk, **PSK)
    for _ in range(2):
        give(server, client.datagrams())
        if server.session.established:
            break
        give(client, server.datagrams())
    server.send(b"at once")
    give(client, server.datagrams())
    assert client.session.established and client.data == b"at once"


def test_every_datagram_fits(clock, chain):
    for pmtu in (128, 200, 256, 333, 576, 1500, 9000):
        mxtls.set_pmtu(pmtu)
        net, client, server = connected(clock, chain)  # End.datagrams checks each
        assert net.bytes > 1500


def test_needs_its_option(psk, monkeypatch):
    import mxtls.session as session

    monkeypatch.setattr(session, "_USE_DTLS", 0)
    with pytest.raises(mxtls.Error) as e:
        mxtls.ClientSession(psk[0], dtls=True)
    assert e.value.code == c.DISABLED_FEATURE_FAIL


# Timers


def test_a_flight_is_sent_again_and_again(clock, chain):
    """1 s, doubling to 60; each time the same messages in new records; then an error."""
    client, server = network.pair(chain)
    s = client.session
    first = client.datagrams()
    waits = []
    while not client.error:
        wait = s.timeout()
        assert wait > 0 and not s.get_outdata()
        waits.append(wait)
        clock.now += wait - 1
        assert s.timeout() == 1 and not s.get_outdata()
        clock.now += 1
        assert s.timeout() == 0
        again = client.datagrams()
        if again:
            assert network.fragments(again) == network.fragments(first)
            assert network.records(again[0])[0][3] == len(waits)
    assert waits == [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]
    loop.check_text(client.error)
    assert client.error.code == c.PROTOCOL_FAIL and s.closing and s.timeout() == -1
    s.delete()


def test_the_wait_is_kept_until_nothing_is_lost(clock, chain):
    """RFC 6347 section 4.2.4.1: a wait that grew stays for the next flight, and goes back after one that was answered at once."""
    client, server = network.pair(chain)
    client.datagrams()
    clock.now += 1000
    give(server, client.datagrams())
    give(client, server.datagrams())
    client.datagrams()
    assert client.session.timeout() == 2000
    clock.now += 2000
    give(server, client.datagrams())
    give(client, server.datagrams())
    assert client.session.established and client.session.timeout() == server.session.timeout() == -1
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    give(server, client.datagrams())
    assert client.session.timeout() == 4000
    give(client, server.datagrams())
    client.datagrams()
    assert client.session.timeout() == 1000


def test_data_does_not_put_a_flight_off(clock, psk):
    """A ClientHello that was lost goes again in its time, however much data goes meanwhile."""
    net, client, server = connected(clock, psk, **PSK)
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    client.datagrams()  # lost
    for wait in (1000, 600, 200):
        assert client.session.timeout() == wait
        clock.now += 400
        give(server, client.send(b"data").datagrams())
    assert server.data == b"data" * 3 and client.session.timeout() == 2000  # the third datagram took it along
    net.run(client, server)
    assert client.session.dtls.epoch == server.session.dtls.epoch == 2


def test_a_flight_is_cut_anew_when_the_pmtu_fell(clock, chain):
    client, server = network.pair(chain)
    give(server, client.datagrams())
    mxtls.set_pmtu(1500)
    first = server.datagrams()
    mxtls.set_pmtu(300)
    clock.now += 1000
    again = server.datagrams()
    assert len(again) > len(first) and max(map(len, again)) <= 300
    mxtls.set_pmtu(1500)
    give(client, again)
    network.connect(client, server, Network(clock))


def before_last_flight(clock, chain, resumed):
    """Client, server, and who of them has finished: its last flight waits to be sent."""
    sid = mxtls.SessionId()
    if resumed:
        connected(clock, chain, client={"session_id": sid})
    client, server = network.pair(chain, client={"session_id": sid})
    done = client if resumed else server
    while not done.session.established:
        give(server, client.datagrams())
        if not done.session.established:
            give(client, server.datagrams())
    return client, server, done


@pytest.mark.parametrize("resumed", (False, True))
def test_a_lost_last_flight_is_sent_again(clock, chain, resumed):
    client, server, done = before_last_flight(clock, chain, resumed)
    waiting = server if resumed else client
    assert not waiting.session.established
    assert done.datagrams()  # lost
    assert done.session.timeout() == -1 and waiting.session.timeout() == 1000
    for _ in range(3):
        clock.now += waiting.session.timeout()
        give(done, waiting.datagrams())
        assert done.datagrams()  # lost again
    clock.now += waiting.session.timeout()
    give(done, waiting.datagrams())
    give(waiting, done.datagrams())
    assert waiting.session.established and waiting.session.resumed == resumed
    waiting.send(b"now it is known")
    give(done, waiting.datagrams())
    assert done.data == b"now it is known" and not done.session.dtls.flight.messages.end


@pytest.mark.parametrize("resumed", (False, True))
def test_a_lost_last_flight_before_another_handshake(clock, chain, resumed):
    """Who has sent the last flight asks for the next handshake at once, and all of that is lost: both handshakes come to an end."""
    client, server, done = before_last_flight(clock, chain, resumed)
    done.session.encode_rehandshake()
    assert done.datagrams()  # lost
    Network(clock).run(client, server)
    assert client.session.dtls.epoch == server.session.dtls.epoch == 2 and client.complete and server.complete and not client.error and not server.error


@pytest.mark.parametrize("resumed", (False, True))
def test_a_last_flight_that_comes_late(clock, chain, resumed):
    """It was sent again, and comes when the next handshake runs: its Finished is under the same keys as that one's first messages, and none of them."""
    sid = mxtls.SessionId()
    if resumed:
        connected(clock, chain, client={"session_id": sid})
    net, client, server = connected(clock, chain, client={"session_id": sid})
    done, other = (client, server) if resumed else (server, client)
    done.session.dtls.flight.again()
    late = done.datagrams()
    assert late
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    began = clock.now
    if resumed:
        give(server, client.datagrams())
    give(other, late)
    net.run(client, server)
    assert client.session.dtls.epoch == server.session.dtls.epoch == 2 and not client.error and not server.error and clock.now - began < 1000


# Fragments


def apart(datagrams):
    """Each record as a datagram of its own."""
    return [network.record(body, kind, number, epoch, version) for datagram in datagrams for kind, version, epoch, number, body in network.records(datagram)]


def cut(messages, r, least=1):
    """Fragments of these (type, length, seq, body), overlapping and doubled, in any order."""
    found = []
    for kind, length, seq, body in messages:
        at = 0
        while True:
            n = min(length - at, r.randrange(least, 90))
            back = min(at, r.randrange(20))
            found.append(network.fragment(kind, length, seq, at - back, body[at - back : at + n]))
            at += n
            if r.random() < 0.2:
                found.append(found[-1])
            if at == length:
                break
    return found


def whole(datagrams):
    """The messages of a flight in the clear: (type, length, seq, body)."""
    found = {}
    for kind, length, seq, at, body in network.fragments(datagrams):
        found.setdefault(seq, (kind, length, seq, bytearray(length)))[3][at : at + len(body)] = body
    return [(kind, length, seq, bytes(body)) for kind, length, seq, body in found.values()]


@pytest.mark.parametrize("seed", range(30))
def test_fragments_in_any_order(clock, chain, seed):
    """Gaps, overlaps, repetitions, several to a record: no timer is needed."""
    r = random.Random(seed)
    client, server = network.pair(chain)
    give(server, client.datagrams())
    pieces = cut(whole(server.datagrams()), r)
    if seed:
        r.shuffle(pieces)
    number = 50
    while pieces:
        n = r.randrange(1, 5)
        client.put(network.record(b"".join(pieces[:n]), number=number))
        number += 1
        del pieces[:n]
        kept = client.session.dtls.assembly.kept
        assert kept.end <= kept.limit
    assert client.error is None and client.session.hs.transcript
    network.connect(client, server, Network(clock))


def test_the_first_fragment_fixes_type_and_length(clock, chain):
    client, server = network.pair(chain)
    give(server, client.datagrams())
    messages = whole(server.datagrams())
    kind, length, seq, body = messages[0]
    number = 90
    s = client.session
    for wrong in (network.fragment(kind, length + 1, seq, 20, body[20:]), network.fragment(kind + 10, length, seq, 20, body[20:])):
        client.put(network.record(network.fragment(kind, length, seq, 30, body[30:40]), number=number))
        before = s.dropped
        client.put(network.record(wrong, number=number + 1))
        client.put(network.record(network.fragment(kind, length, seq, 0, body[:20]), number=number + 2))
        client.put(network.record(wrong, number=number + 3))
        assert s.dropped > before
        number += 10
    for kind, length, seq, body in messages:
        client.put(network.record(network.fragment(kind, length, seq, 0, body), number=number))
        number += 1
    network.connect(client, server, Network(clock))


def test_malformed_fragments_are_dropped(clock, chain):
    client, server = network.pair(chain)
    hello = client.datagrams()
    s = server.session
    for body in (b"", b"\1", network.fragment(1, 10, 0, 5, bytes(6)), network.fragment(1, 10, 0, 0, b""), network.fragment(1, 5, 0, 0, bytes(5))[:-1],
                 network.fragment(1, (1 << 24) - 1, 9, (1 << 24) - 2, bytes(2)), network.fragment(11, 100, 3, 50, bytes(50))):
        server.put(network.record(body))
    assert server.error is None and s.dropped >= 5 and not server.datagrams()
    give(server, hello)
    network.connect(client, server, Network(clock))


def test_what_is_kept_is_of_one_epoch(clock, chain):
    """Fragments that were forged in the clear are no part of what is encrypted: of the Finished to come, or of the next handshake."""
    client, server = network.pair(chain, client={"cipher_suite": 0xC02B})
    give(server, client.datagrams())
    give(client, server.datagrams())
    last = apart(client.datagrams())
    give(server, last[:1])
    for end in (client, server):
        for seq in range(end.session.dtls.assembly.seq + (end is client), 9):
            end.put(network.record(network.fragment(11, 600, seq, 1, bytes(99)), number=900 + seq))
    began = clock.now
    give(server, last[1:])
    give(client, apart(server.datagrams()))
    assert client.complete and server.complete
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    Network(clock).run(client, server)
    assert client.session.dtls.epoch == server.session.dtls.epoch == 2 and clock.now - began < 1000


def test_what_is_kept_is_bounded(clock, chain):
    """A flood of fragments of messages to come: as much as one message may have, and no message far ahead."""
    client, server = network.pair(chain, max_record=512)
    give(server, client.datagrams())
    flight = server.datagrams()
    kept = client.session.dtls.assembly.kept
    for i in range(400):
        client.put(network.record(network.fragment(11, 60000, 2 + i % 30, 100 * i, bytes([i & 255]) * 100), number=100 + i))
    assert kept.end <= kept.limit == 4096 + 325 and len(kept.buf) <= kept.limit and client.session.dropped > 300
    clock.now += 1000 + 2000 + 4000
    for _ in range(3):  # after some timeouts it is forgotten, as it may have been forged
        client.session.dtls.flight.since = clock.start + clock.now - client.session.dtls.flight.wait & 0x3FFFFFFF
        client.datagrams()
    assert kept.end == 0
    give(client, flight)
    network.connect(client, server, Network(clock))


def test_change_cipher_spec_before_its_time(clock, chain):
    """It comes ahead of the messages before it, and counts when they are there."""
    mxtls.set_pmtu(256)
    client, server = network.pair(chain, client={"cipher_suite": 0xC02B})
    give(server, client.datagrams())
    give(client, server.datagrams())
    parts = []
    for datagram in client.datagrams():
        for kind, version, epoch, number, body in network.records(datagram):
            parts.append((kind, network.record(body, kind, number, epoch, version)))
    assert [kind for kind, _ in parts] == [c.HANDSHAKE, c.CHANGE_CIPHER_SPEC, c.HANDSHAKE]
    server.put(parts[1][1])
    server.put(parts[1][1])
    assert not server.session.rd and not server.error
    server.put(parts[0][1])
    assert server.session.rd
    server.put(parts[1][1])  # that epoch is over
    server.put(parts[2][1])
    give(client, server.datagrams())
    assert client.session.established and server.session.established


@pytest.mark.parametrize("suite", (0xC02B, 0xC00A), ids=lambda s: "%04X" % s)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_a_finished_that_overtakes(clock, chain, order, suite):
    """The client's last three records in any order, and the server's two: no timer is needed, in no handshake."""
    client, server = network.pair(chain, client={"cipher_suite": suite})
    give(server, client.datagrams())
    give(client, server.datagrams())
    for _ in range(2):
        parts = apart(client.datagrams())
        assert len(parts) == 3
        give(server, [parts[i] for i in order])
        give(client, reversed(apart(server.datagrams())))
        assert client.session.hs is None and server.session.hs is None and client.session.established and not client.error and not server.error
        assert client.session.dropped == server.session.dropped == 0 and client.session.dtls.early is None
        client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
        give(server, client.datagrams())
        give(client, server.datagrams())
    network.connect(client, server, Network(clock))


def test_what_overtakes_is_bounded_and_believed_in_its_time(clock, chain):
    """Forged records of the next epoch: one is kept, a long one is not, and it fails its check later."""
    client, server = network.pair(chain, client={"cipher_suite": 0xC02B})
    for n in (40, 179, 180, 1000):
        server.put(network.record(bytes(n), number=n, epoch=1))
        client.put(network.record(bytes(n), number=n, epoch=1))
    server.put(network.record(bytes(40), epoch=2))
    server.put(network.record(bytes(40), c.APPLICATION_DATA, epoch=1))
    assert server.session.dropped == 4 and client.session.dropped == 2 and len(server.session.dtls.early) == len(client.session.dtls.early) == 192
    network.connect(client, server, Network(clock))
    assert server.session.dropped == 5 and client.session.dropped == 3 and not server.session.dtls.early
    server.session.delete()


def test_change_cipher_spec_out_of_place(clock, chain):
    client, server = network.pair(chain)
    for end in (client, server):
        for body in (b"\1", b"\2", b"", b"\1\1"):
            end.put(network.record(body, c.CHANGE_CIPHER_SPEC))
    network.connect(client, server, Network(clock))
    for end in (client, server):
        end.put(network.record(b"\1", c.CHANGE_CIPHER_SPEC, epoch=1))
        end.put(network.record(b"\1", c.CHANGE_CIPHER_SPEC))
        assert not end.error and end.session.dropped >= 2


# Records


def test_records_are_taken_once(clock, psk):
    net, client, server = connected(clock, psk, **PSK)
    for i in range(100):
        client.send(b"%02d" % i)
    datagrams = []
    for datagram in client.datagrams():
        datagrams += [network.record(body, kind, number, epoch, version) for kind, version, epoch, number, body in network.records(datagram)]
    order = list(range(40, 100))
    random.Random(1).shuffle(order)
    for i in order + order:
        server.put(datagrams[i])
    assert sorted(bytes(server.data[i : i + 2]) for i in range(0, 120, 2)) == [b"%02d" % i for i in range(40, 100)]
    dropped = server.session.dropped
    assert dropped == 60
    for i in range(36):
        server.put(datagrams[i])  # too old to tell
    assert server.session.dropped == dropped + 36 and len(server.data) == 120


def test_a_forged_record_moves_nothing(clock, psk):
    net, client, server = connected(clock, psk, **PSK)
    client.send(b"good")
    good = client.datagrams()[0]
    for number in (2, 1000, (1 << 48) - 1):
        server.put(network.record(bytes(40), c.APPLICATION_DATA, number, 1))
    for at in range(len(good)):
        server.put(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        server.put(good[:at])
    assert not server.error and not server.data and server.session.dropped >= 2 * len(good)
    server.put(good + b"what follows is no record")
    assert server.data == b"good"


@pytest.mark.parametrize("seed", range(5))
def test_window(seed):
    """Against a set of numbers."""
    r = random.Random(seed)
    window, come, top = Window(), set(), -1
    base = r.choice((0, (1 << 24) - 40, (1 << 48) - 3000, 1 << 30))
    for _ in range(3000):
        number = min(base + max(0, top - base + r.choice((1, 1, 1, 2, 5, 70, -1, -3, -20, -63, -64, -65, -200))), (1 << 48) - 1)
        at = number.to_bytes(6, "big")
        new = number > top or (top - number < 64 and number not in come)
        assert window.is_new(at, 0) == new
        if new:
            window.mark(at, 0)
            come.add(number)
            top = max(top, number)
    window.reset()
    assert window.is_new(bytes(6), 0)


def test_epochs(clock, psk):
    """Records of the epoch before, and of one to come, are dropped; rehandshakes go on counting."""
    net, client, server = connected(clock, psk, **PSK)
    client.send(b"old")
    old = client.datagrams()
    for i in range(3):
        client.session.encode_rehandshake(session_option=i & 1)
        net.run(client, server)
        assert client.session.dtls.epoch == server.session.dtls.epoch == i + 2
    give(server, old)
    server.put(network.record(bytes(40), c.APPLICATION_DATA, 1, 9))
    assert not server.data and server.session.dropped == 2
    client.send(b"new")
    datagram = client.datagrams()
    assert network.records(datagram[0])[0][2] == 4
    assert give(server, datagram).data == b"new"


def test_data_while_a_handshake_runs(clock, psk):
    net, client, server = connected(clock, psk, **PSK)
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    hello = client.datagrams()
    client.send(b"in between")
    give(server, client.datagrams())
    give(server, hello)
    flight = server.datagrams()
    server.send(b"and back")
    give(client, server.datagrams())
    give(client, flight)
    net.run(client, server)
    assert server.data == b"in between" and client.data == b"and back" and client.session.dtls.epoch == 2


def test_the_numbers_end(clock, psk):
    net, client, server = connected(clock, psk, **PSK)
    for i in range(2, 8):
        client.session.wr.header[i] = 255
    with pytest.raises(mxtls.Error) as e:
        client.send(b"one too many")
    assert e.value.code == c.LIMIT_FAIL and client.session.closing and client.session.timeout() == -1
    client, server = network.pair(psk, **PSK)
    hello = bytearray(client.datagrams()[0])
    hello[5:11] = b"\xff" * 6  # the server counts on from there
    give(server, [bytes(hello)]).datagrams()
    assert server.error.code == c.LIMIT_FAIL and server.session.closing and server.session.timeout() == -1


# Alerts


def test_alerts_in_the_clear(clock, chain):
    """Before there are keys a fatal one is believed, as nobody can tell; a warning is not, nor anything afterwards."""
    client, server = network.pair(chain)
    client.put(network.record(b"\1\x5a", c.ALERT))
    client.put(network.record(b"\2", c.ALERT))
    client.put(network.record(b"\3\x28", c.ALERT))
    assert not client.alerts and client.session.dropped == 3
    net = Network(clock)
    network.connect(client, server, net)
    client.put(network.record(b"\2\x28", c.ALERT))
    client.put(network.record(b"\2\x28", c.ALERT, epoch=1))
    assert not client.alerts and not client.session.closing
    client, server = network.pair(chain)
    client.put(network.record(b"\2\x28", c.ALERT))
    assert client.alerts == [(2, 40)] and client.session.closing


def test_warnings_are_counted_between_data(clock, psk):
    """32 in a row are too many, not 32 in a session's life."""
    net, client, server = connected(clock, psk, **PSK)
    for i in range(2 * 32 + 1):
        server.session.send_alert(1, c.ALERT_USER_CANCELED)
        if i < 32:
            server.send(b"data")
        give(client, server.datagrams())
        assert bool(client.error) == (i == 2 * 32)


def test_a_failure_sends_its_alert(clock, chain):
    """Somebody who shares no suite: the alert goes in the flight's place, and the session is closed."""
    client, server = network.pair(chain, client={"cipher_suite": 0xC02B}, server={"max_version": c.DTLS1_0})
    give(server, client.datagrams())
    assert server.error.alert == c.ALERT_HANDSHAKE_FAILURE
    out = server.datagrams() if not server.error else [bytes(server.session.get_outdata())]
    assert network.records(out[0])[0][4] == bytes([2, c.ALERT_HANDSHAKE_FAILURE])
    assert server.session.sent_data(len(out[0])) == c.REQUEST_CLOSE and server.session.timeout() == -1
    give(client, out)
    assert client.alerts == [(2, c.ALERT_HANDSHAKE_FAILURE)]
    for end in (client, server):
        end.session.delete()
        end.session.delete()


def test_data_before_the_handshake_is_done(clock, psk):
    client, server = network.pair(psk, **PSK)
    server.put(network.record(b"hello", c.APPLICATION_DATA))
    assert server.session.dropped == 1
    for call in (lambda: client.session.get_writebuf(1), lambda: client.session.encode_to_outdata(b"x")):
        with pytest.raises(mxtls.Error) as e:
            call()
        assert e.value.code == c.PROTOCOL_FAIL
    network.connect(client, server, Network(clock))


# Versions, suites, features


@pytest.mark.parametrize("version", peers.DTLS)
def test_versions(clock, chain, version):
    for client, server in (({"max_version": version}, {}), ({}, {"max_version": version}), ({"min_version": version, "max_version": version}, {})):
        _, a, b = connected(clock, chain, client=client, server=server)
        assert a.session.version == b.session.version == version


def test_versions_apart(clock, chain):
    client, server = network.pair(chain, client={"max_version": c.DTLS1_0}, server={"min_version": c.DTLS1_2})
    give(server, client.datagrams())
    assert server.error.alert == c.ALERT_PROTOCOL_VERSION
    client, server = network.pair(chain, client={"min_version": c.DTLS1_2}, server={"max_version": c.DTLS1_0})
    give(server, client.datagrams())
    if not server.error:
        give(client, server.datagrams())
    assert (server.error or client.error).alert == c.ALERT_PROTOCOL_VERSION


def keys_of(case):
    if case.psk:
        return loop.psk_keys()
    chain = peers.chain(case.key)
    return loop.keys_of(chain)


@pytest.mark.parametrize("key", peers.every_dtls_case()[::2], ids=lambda key: "%04X-%s" % (key[1], peers.DTLS[key[0]].replace(" ", "")))
def test_every_suite(clock, key):
    version, suite, _ = key
    net, client, server = connected(clock, keys_of(peers.Case(*key)), min_version=version, max_version=version, client={"cipher_suite": suite})
    assert (client.session.version, client.session.cipher_suite) == (version, suite)
    for a, b in ((client, server), (server, client)):
        for n in (1, 100, 1300):
            a.send(bytes([n & 255]) * n)
            net.run(a, b)
        assert len(b.data) == 1401
    assert not client.session.dropped and not server.session.dropped


def test_no_stream_cipher():
    """RC4 is not offered, not chosen and cannot be insisted on."""
    trust, own = loop.keys_of(peers.chain("rsa2048"))
    for suite in (4, 5):
        with pytest.raises(mxtls.Error) as e:
            mxtls.ClientSession(trust, server_name="localhost", cipher_suite=suite, dtls=True)
        assert e.value.code == c.UNSUPPORTED_FAIL
    client, server = network.pair((trust, own))
    kind, length, seq, body = whole(client.datagrams())[0]
    at = 35 + body[34] + 1
    n = int.from_bytes(body[at : at + 2], "big")
    assert b"\0\4" not in {body[i : i + 2] for i in range(at + 2, at + 2 + n, 2)}
    body = body[:at] + b"\0\4\0\5\0\4" + body[at + 2 + n :]  # length 4, both suites of RC4
    server.put(network.record(network.fragment(kind, len(body), seq, 0, body)))
    assert server.error.alert == c.ALERT_HANDSHAKE_FAILURE


def test_client_authentication(clock):
    chain = peers.chain("p256")
    keys = mxtls.Keys()
    keys.load_rsa_keys_mem(b"".join(chain.chain_ders), chain.key_der, chain.root_der)
    for version in peers.DTLS:
        _, client, server = connected(clock, (keys, keys), min_version=version, max_version=version, server={"cert_validator": lambda s, x, alert: alert})
        assert not server.session.anonymous and not client.session.anonymous


def test_sessions_of_tls_and_dtls_are_apart(clock, chain):
    sid = mxtls.SessionId()
    tls = loop.pair(chain, client={"session_id": sid})
    loop.connect(*tls)
    for resumed in (False, True):
        _, client, _ = connected(clock, chain, client={"session_id": sid})
        assert client.session.resumed == resumed
    client, server = loop.pair(chain, client={"session_id": sid})
    loop.connect(client, server)
    assert not client.session.resumed


def test_extended_master_secret_and_small_records(clock, chain):
    net, client, server = connected(clock, chain, max_record=512)
    assert client.session.max_out == server.session.max_out == 512
    assert len(client.session.get_writebuf(2000)) == 512
    client.session.encode_writebuf(512)
    net.run(client, server)
    assert len(server.data) == 512


@pytest.mark.parametrize("limit", (64, 100, 200))
def test_records_that_are_far_smaller_than_a_datagram(clock, chain, limit):
    """A peer whose record_size_limit is tiny: many records to a datagram, and no more than the output buffer holds."""
    client, server = network.pair(chain)
    server.session.max_out = limit
    network.connect(client, server, Network(clock))
    client.session.max_out = limit
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    Network(clock).run(client, server)
    assert client.session.dtls.epoch == server.session.dtls.epoch == 2


def test_records_in_the_clear_know_no_limit(clock, chain):
    """record_size_limit is for protected records: a flight in one record of a thousand bytes is welcome to who wants 512."""
    client, server = network.pair(chain, client={"max_record": 512})
    give(server, client.datagrams())
    flight = b"".join(network.fragment(kind, length, seq, 0, body) for kind, length, seq, body in whole(server.datagrams()))
    assert len(flight) > 1000
    client.put(network.record(flight, number=60))
    network.connect(client, server, Network(clock))
    assert client.session.dropped == 0


def test_a_refused_hello_in_fragments(clock, chain):
    """No rehandshake here, whichever way it is asked for."""
    net, client, server = connected(clock, chain)
    server.session.rehandshakes = 99
    mxtls.set_pmtu(140)
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    hello = client.datagrams()
    assert len(hello) > 1
    give(server, hello)
    give(client, server.datagrams())
    assert client.alerts == [(1, c.ALERT_NO_RENEGOTIATION)] and server.session.input.end == 0


def test_a_request_that_waits_survives_data(clock, chain):
    net, client, server = connected(clock, chain)
    server.session.encode_rehandshake()
    client.send(b"meanwhile")
    give(server, client.datagrams())
    net.run(client, server)
    assert server.data == b"meanwhile" and client.session.dtls.epoch == 2


@pytest.mark.parametrize("role", peers.ROLES)
def test_rehandshake_refused(clock, chain, role):
    """A build or an application that does not want it says so, and all goes on."""
    net, client, server = connected(clock, chain)
    asks, other = (client, server) if role == "client" else (server, client)
    other.session.rehandshakes = 99
    asks.session.encode_rehandshake()
    net.run(client, server)
    assert asks.alerts == [(1, c.ALERT_NO_RENEGOTIATION)] and not asks.error and not other.error
    for a, b in ((client, server), (server, client)):
        a.send(b"still here")
        net.run(a, b)
        assert b.data == b"still here"


# Cookies


def hello_of(keys, **arguments):
    client = network.End(mxtls.ClientSession(keys, server_name="localhost", dtls=True, **arguments))
    return client, client.datagrams()[0]


def test_listener(clock, chain):
    """Nothing is kept before the cookie; the handshake goes on with the numbers of the datagram that had it."""
    listener = mxtls.Listener()
    sid = mxtls.SessionId()
    for round_ in range(3):
        client, hello = hello_of(chain[0], session_id=sid)
        size = len(hello)
        for _ in range(3):
            n = listener.check(hello, size, b"10.0.0.1:1")
            assert 0 < n < size and n == 60  # shorter than what asked for it
        answer = bytes(listener.answer[:n])
        client.put(answer)
        client.put(answer)  # doubled on its way
        again = client.datagrams()
        assert len(again) == 1 and whole(again)[0][2] == 1
        assert whole(again)[0][3][:34] == whole([hello])[0][3][:34]  # version and random
        assert listener.check(again[0], len(again[0]), b"10.0.0.2:1") > 0  # somebody else's
        assert listener.check(again[0], len(again[0]), b"10.0.0.1:1") < 0
        server = network.End(mxtls.ServerSession(chain[1], dtls=True))
        give(server, again)
        flight = server.datagrams()
        assert network.records(flight[0])[0][3] == 1 and network.fragments(flight)[0][2] == 1
        give(client, flight)
        network.connect(client, server, Network(clock))
        assert client.session.resumed == (round_ > 0)


def test_cookies_grow_old(clock, chain):
    listener = mxtls.Listener()
    client, hello = hello_of(chain[0])
    client.put(bytes(listener.answer[: listener.check(hello, len(hello), b"a")]))
    again = client.datagrams()[0]
    for wait, verdict in ((59000, True), (50000, True), (61000, False)):
        clock.now += wait
        n = listener.check(again, len(again), b"a")
        assert (n < 0) == verdict
    client.put(bytes(listener.answer[:n]))  # another cookie
    again = client.datagrams()[0]
    assert listener.check(again, len(again), b"a") < 0
    clock.now += 130000  # nobody came for long
    n = listener.check(again, len(again), b"a")
    assert n > 0
    client.put(bytes(listener.answer[:n]))
    again = client.datagrams()[0]
    assert listener.check(again, len(again), b"a") < 0
    listener.delete()


def test_a_hello_in_fragments(clock, chain):
    """The first fragment has all that the cookie needs."""
    mxtls.set_pmtu(140)
    listener = mxtls.Listener()
    client = network.End(mxtls.ClientSession(chain[0], server_name="localhost", dtls=True))
    first = client.datagrams()
    assert len(first) > 1 and [listener.check(d, len(d), b"a") for d in first] == [60] + [0] * (len(first) - 1)
    client.put(bytes(listener.answer[: listener.check(first[0], len(first[0]), b"a")]))
    again = client.datagrams()
    assert listener.check(again[0], len(again[0]), b"a") < 0
    server = network.End(mxtls.ServerSession(chain[1], dtls=True))
    give(server, again)
    network.connect(client, server, Network(clock))


def test_listener_drops_the_rest(clock, chain):
    listener = mxtls.Listener()
    client, hello = hello_of(chain[0])
    at = cookie_offset(hello, len(hello))
    assert at == 25 + 35 and hello[at] == 0
    for n in range(len(hello)):
        assert listener.check(hello, n, b"a") == 0
    for i in (0, 1, 3, 4, 13, 19, 20, 21, 25):
        bad = bytearray(hello)
        bad[i] ^= 0x55
        assert listener.check(bad, len(bad), b"a") == 0, i
    r = random.Random(7)
    for _ in range(3000):
        bad = bytearray(hello)
        for _ in range(r.randrange(1, 4)):
            bad[r.randrange(len(bad))] = r.randrange(256)
        assert listener.check(bad, r.randrange(len(bad) + 1), b"a") in (0, 60)


def test_hello_verify_requests_have_an_end(clock, chain):
    """A server, or somebody between, that is never content; a malformed one; one that comes too late."""
    client, hello = hello_of(chain[0])
    for body in (b"", b"\xfe\xff", b"\xfe\xff\0", b"\xfe\xff\5abcd", b"\xfe\xff\3abcd"):
        client.put(network.record(network.fragment(3, len(body), 0, 0, body)))
        assert not client.datagrams()
    sent = 0
    for i in range(10):
        body = b"\xfe\xff\4abc%d" % i
        client.put(network.record(network.fragment(3, len(body), i, 0, body)))
        sent += len(client.datagrams())
    assert sent == 4 and not client.error
    late = network.record(network.fragment(3, 7, 0, 0, b"\xfe\xff\4abcd"), number=99)
    client, server = network.pair(chain)
    give(server, client.datagrams())
    kind, length, seq, body = whole(server.datagrams())[0]
    client.put(network.record(network.fragment(kind, length, seq, 0, body[:20]), number=50))
    assert not client.put(late).datagrams()  # it is between the parts of a ServerHello
    network.connect(client, server, Network(clock))
    client.put(late)
    assert not client.error and not client.datagrams()


# Bad input


def bad_versions(r, body):
    yield body[:-1]
    yield body[: len(body) // 2]
    yield body[:1]
    yield body + b"\0"
    yield body + bytes(300)
    for _ in range(6):
        at = r.randrange(len(body))
        yield body[:at] + bytes([body[at] ^ 1 << r.randrange(8)]) + body[at + 1 :]


def flights(clock, chain):
    """Each flight in the clear of a handshake: (who takes it, its messages), one at a time, from a fresh pair."""
    for turn in (1, 2):
        client, server = network.pair(chain)
        flight = client.datagrams()
        if turn == 2:
            give(server, flight)
            flight = server.datagrams()
            yield client, server, whole(flight), client
        else:
            yield client, server, whole(flight), server


def test_messages_truncated_extended_and_changed(clock, chain):
    """Each ends in an Error with an alert, or waits for more; never in anything else, nor in a handshake."""
    r = random.Random(3)
    count = 0
    for turn, messages in ((i, m) for i, (_, _, m, _) in enumerate(flights(clock, chain))):
        for which in range(len(messages)):
            kind, length, seq, body = messages[which]
            for bad in bad_versions(r, body) if body else (b"\0",):
                client, server, fresh, taker = list(flights(clock, chain))[turn]
                number = 30
                for i, (k, _, s, b) in enumerate(fresh):
                    b = bad if i == which else b
                    taker.put(network.record(network.fragment(k, len(b), s, 0, b), number=number))
                    number += 1
                if taker.error:
                    loop.check_text(taker.error)
                    assert taker.session.closing
                else:
                    net = Network(clock)
                    net.run(client, server)
                    assert not (client.session.established and server.session.established) or bad == b""
                count += 1
    assert count > 40


def test_messages_in_another_order(clock, chain):
    """Their numbers say where they belong: swapped numbers are a protocol error, at once or at the end."""
    client, server = network.pair(chain)
    give(server, client.datagrams())
    messages = whole(server.datagrams())
    (k1, n1, s1, b1), (k2, n2, s2, b2) = messages[1:3]
    messages[1:3] = [(k2, n2, s1, b2), (k1, n1, s2, b1)]
    for i, (kind, length, seq, body) in enumerate(messages):
        client.put(network.record(network.fragment(kind, length, seq, 0, body), number=40 + i))
    assert client.error.alert == c.ALERT_UNEXPECTED_MESSAGE
    loop.check_text(client.error)


@pytest.mark.parametrize("seed", range(4))
def test_garbage(clock, psk, seed):
    """Before, during and after a handshake: dropped, counted, and nothing grows."""
    r = random.Random(seed)
    client, server = network.pair(psk, **PSK)

    def throw(end):
        for _ in range(100):
            data = bytearray(r.randrange(256) for _ in range(r.randrange(0, 200)))
            if r.random() < 0.8 and len(data) > HEADER:
                data[0] = r.choice((20, 21, 23, 24, 25))
                data[1], data[3], data[4] = 0xFE, 0, r.choice((0, 1, 2))
                data[11:13] = (len(data) - HEADER).to_bytes(2, "big")
                if data[0] == 21 and data[4] == 0:
                    data[0] = 23
            end.put(bytes(data))
            assert end.error is None

    throw(server)
    give(server, client.datagrams())
    throw(client)
    give(client, server.datagrams())
    throw(server)
    network.connect(client, server, Network(clock))
    throw(client)
    throw(server)
    server.send(b"unharmed")
    give(client, server.datagrams())
    assert client.data == b"unharmed" and client.session.dropped > 100
    assert len(client.session.input.buf) <= 2100


@pytest.mark.parametrize("error", (MemoryError(), mxtls.Error(c.MEM_FAIL, 255, "the arena is spent")), ids=("heap", "arena"))
def test_a_long_datagram_and_little_memory(clock, psk, monkeypatch, error):
    """Half a record that fills the buffer says that the peer's datagrams are longer. Whoever forged it has not ended the session."""
    net, client, server = connected(clock, psk, **PSK)
    room = Buffer.room

    def little(buffer, n):
        if n > 2000:
            raise error
        return room(buffer, n)

    monkeypatch.setattr(Buffer, "room", little)
    forged = network.record(bytes(5000), c.APPLICATION_DATA, 9, 1)
    give(server, [forged, *client.send(b"good").datagrams(), forged, *client.send(b" and more").datagrams()])
    assert server.data == b"good and more" and not server.error


def test_nothing_is_left_after_delete(clock, chain):
    client, server = network.pair(chain)
    give(server, client.datagrams())
    clock.now += 1000
    flight = server.session.dtls.flight.messages.buf
    assert any(flight)
    server.session.delete()
    assert not any(flight) and server.session.timeout() == -1
    server.session.delete()
    assert client.session.want_outdata()  # a datagram that nobody took
    client.session.delete()
    assert not client.session.want_outdata()
