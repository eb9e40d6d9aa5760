# SPDX-License-Identifier: MIT
"""DTLS handshakes over a network that loses, doubles, reorders, delays and damages datagrams, thousands of them, the schedule from a seed.
After twenty virtual seconds the network heals: every handshake must succeed, whatever happened before. Memory stays bounded throughout."""

import loop
import network
import pki
import pytest
from network import Network

import mxtls
from mxtls import codes as c

WEATHER = {
    "fair": {},
    "loss": {"loss": 0.25},
    "doubles": {"double": 0.5},
    "reordered": {"reorder": 0.4},
    "damage": {"damage": 0.4},
    "storm": {"loss": 0.2, "double": 0.2, "reorder": 0.3, "damage": 0.15},
}
PMTUS = (256, 400, 576, 1000, 1500)


pytestmark = pytest.mark.usefixtures("datagrams")


@pytest.fixture(scope="module")
def chain():
    return loop.keys_of(pki.chain(key="p256", names=["localhost"], intermediates=1))


def bounded(end):
    """No buffer is beyond what its limits say."""
    s = end.session
    for buffer in (s.input, s.output, s.dtls.flight.messages, s.dtls.assembly.kept):
        assert buffer.end <= len(buffer.buf) <= buffer.limit or buffer.limit == 0


def talk(net, client, server):
    """Data both ways, sent until it arrives: nobody sends data again but the application."""
    for end, other, text in ((client, server, b"a question"), (server, client, b"an answer")):
        before = len(other.data)
        for _ in range(60):
            end.send(text)
            net.run(client, server)
            if len(other.data) > before:
                break
        assert other.data[before:].startswith(text) and len(other.data[before:]) % len(text) == 0


def handshake(clock, keys, seed, pmtu, weather, **arguments):
    mxtls.set_pmtu(pmtu)
    net = Network(clock, seed=seed, **WEATHER[weather])
    client, server = network.pair(keys, **arguments)
    net.run(client, server, look=bounded)
    for end in (client, server):
        if end.error:
            raise end.error
    # Who received the last flight may be alone in knowing; what it sends next tells the other.
    talk(net, client, server)
    assert client.session.established and server.session.established and not client.alerts and not server.alerts
    return net, client, server


@pytest.mark.parametrize("pmtu", PMTUS)
@pytest.mark.parametrize("weather", WEATHER)
def test_pre_shared_key(clock, psk, weather, pmtu):
    """2400 handshakes under a pre-shared key."""
    for seed in range(80):
        keys = psk
        handshake(clock, keys, seed, pmtu, weather, client={"cipher_suite": 0x00A8})


@pytest.mark.parametrize("version", (c.DTLS1_2, c.DTLS1_0), ids=("dtls1.2", "dtls1.0"))
@pytest.mark.parametrize("weather", WEATHER)
def test_certificates(clock, chain, weather, version):
    """Longer flights: a chain of two certificates, in many fragments."""
    for pmtu in PMTUS:
        for seed in range(4):
            handshake(clock, chain, seed, pmtu, weather, min_version=version, max_version=version)


@pytest.mark.parametrize("weather", WEATHER)
def test_resumed_and_again(clock, chain, weather):
    """Resumption, then rehandshakes from either side on the same session: new epochs, old records on their way."""
    sid = mxtls.SessionId()
    handshake(clock, chain, 1, 1000, weather, client={"session_id": sid})
    for seed in range(4):
        net, client, server = handshake(clock, chain, seed, 400, weather, client={"session_id": sid})
        assert client.session.resumed
        for option in (0, c.OPTION_FULL_HANDSHAKE):
            client.session.encode_rehandshake(session_option=option)
            talk(net, client, server)
            assert client.session.hs is None and server.session.hs is None
            assert client.session.resumed == (option == 0)
