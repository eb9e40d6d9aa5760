# SPDX-License-Identifier: MIT
"""Handshakes that give way: a session in steps takes no more than one long computation a call, in every role, version and kind of key."""

import importlib

import loop
import pki
import pytest

import mxtls
from mxtls import codes as c

# What takes long, where it is called from
LONG = (
    ("mxtls.crypto.ecdsa", "ecdsa_sign"), ("mxtls.crypto.ecdsa", "ecdsa_verify"), ("mxtls.crypto.rsa", "rsa_private"), ("mxtls.crypto.rsa", "rsa_public"),
    ("mxtls.kernels.x25519", "x25519"), ("mxtls.kernels.ec", "ec_public"), ("mxtls.kernels.ec", "ec_ecdh"),
    ("mxtls.crypto.ed25519", "ed25519_check"), ("mxtls.crypto.ed25519", "ed25519_base"),
)
# What one computation is made of where that is more than one call
WHOLE = (["rsa_private", "rsa_public"], ["ed25519_base", "ed25519_base"])


class Paced(loop.End):
    """An End whose session goes in steps; steps: the long computations of each call."""

    def __init__(self, session, log):
        super().__init__(session)
        session.stepwise = True
        self.log, self.steps = log, []

    def _follow(self, call, *args):
        while not self.error:
            del self.log[:]
            super()._follow(call, *args)
            self.steps.append(list(self.log))
            if not self.session.busy:
                return
            call, args = self.session.received_data, (0,)


@pytest.fixture
def log(monkeypatch):
    """The names of the long computations, as they are called."""
    names = []

    def counted(name, function):
        def call(*args):
            names.append(name)
            return function(*args)

        return call

    for module, name in LONG:
        module = importlib.import_module(module)
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    return names


@pytest.fixture(scope="module")
def chains():
    made = {}

    def chain(key):
        if key not in made:
            made[key] = pki.chain(key=key, intermediates=1, eku=("server", "client"))
        return made[key]

    return chain


def paced(trust, own, log, client=None, server=None):
    log.clear()
    ends = Paced(mxtls.ClientSession(trust, server_name="localhost", **(client or {})), log), Paced(mxtls.ServerSession(own, **(server or {})), log)
    assert len(log) <= 1, "the ClientHello alone takes " + " ".join(log)
    return ends


def check(*ends):
    """No call took two computations; how many each end took."""
    for end in ends:
        for step in end.steps:
            assert len(step) <= 1 or step in WHOLE, end.steps
    return [sum(bool(step) for step in end.steps) for end in ends]


@pytest.mark.parametrize("version", [c.TLS1_2, c.TLS1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize("key", ["p256", "rsa2048", "ed25519"])
def test_one_computation_a_call(version, key, chains, log):
    trust, own = loop.keys_of(chains(key))
    client, server = loop.connect(*paced(trust, own, log, {"max_version": version}))
    # the client: its share (in TLS 1.3 with the ClientHello), the secret, two certificates, the server's signature; the server: share, secret, signature
    assert check(client, server) == [5 if version == c.TLS1_2 else 4, 3]
    loop.carry(client, server, b"to the server" * 1000)
    loop.carry(server, client, b"to the client" * 1000)
    check(client, server)


@pytest.mark.parametrize("chunk", [None, 1, 700])
@pytest.mark.parametrize("version", [c.TLS1_2, c.TLS1_3], ids=["1.2", "1.3"])
def test_client_certificates(version, chunk, chains, log):
    chain = chains("p256")
    both = mxtls.Keys()
    both.load_rsa_keys_mem(b"".join(chain.chain_ders), chain.key_der, chain.root_der)
    client, server = paced(both, both, log, {"max_version": version}, {"cert_validator": lambda session, certificate, alert: alert})
    loop.connect(client, server, chunk)
    assert check(client, server) == [6 if version == c.TLS1_2 else 5, 6]
    assert not server.session.anonymous


def test_a_group_that_is_asked_for(chains, log, monkeypatch):
    """HelloRetryRequest: two shares of the client's, each a step of its own."""
    from mxtls.crypto import ecdh

    trust, own = loop.keys_of(chains("p256"))
    client, server = paced(trust, own, log)
    first = client.take()
    with monkeypatch.context() as only:
        only.setattr(ecdh, "GROUPS", tuple(row for row in ecdh.GROUPS if row[0] != 29))
        server.feed(first)
    loop.connect(client, server)
    assert check(client, server) == [5, 3]


@pytest.mark.parametrize("version", [c.TLS1_2, c.TLS1_3], ids=["1.2", "1.3"])
def test_resumption_and_shared_keys(version, chains, log):
    trust, own = loop.keys_of(chains("p256"))
    again = mxtls.SessionId()
    for taken in (None, [0, 0] if version == c.TLS1_2 else [1, 2]):
        client, server = loop.connect(*paced(trust, own, log, {"max_version": version, "session_id": again}))
        loop.carry(server, client, b"so that the ticket has come")
        assert taken is None or check(client, server) == taken
    assert client.session.resumed
    ours, theirs = loop.psk_keys()
    check(*loop.connect(*paced(ours, theirs, log, {"max_version": version})))


@pytest.mark.parametrize("version", [c.TLS1_2, c.TLS1_3], ids=["1.2", "1.3"])
def test_failures_are_those_of_others(version, chains, log):
    """A stranger's root: the same alert and text as of a session that is not in steps."""
    trust, _ = loop.keys_of(chains("rsa2048"))
    _, own = loop.keys_of(chains("p256"))
    client, server = paced(trust, own, log, {"max_version": version})
    loop.pump(client, server)
    other, server2 = loop.pair((trust, own), client={"max_version": version})
    loop.pump(other, server2)
    assert client.error.alert == c.ALERT_UNKNOWN_CA and (client.error.alert, client.error.text) == (other.error.alert, other.error.text)
    assert server.alerts == [(2, c.ALERT_UNKNOWN_CA)]
    check(client, server)


def test_pacing_ends_in_the_middle(chains, log):
    """A socket that is made blocking again: the rest is done in one call."""
    trust, own = loop.keys_of(chains("p256"))
    client, server = paced(trust, own, log)
    server.feed(client.take())
    flight = server.take()
    at = 0
    while not client.session.busy:
        view = client.session.get_readbuf()
        n = min(len(view), len(flight) - at)
        view[:n] = flight[at : at + n]
        at += n
        client.session.received_data(n)
    client.session.stepwise = False
    client._follow(client.session.received_data, 0)
    assert not client.session.busy
    client.feed(flight[at:])
    loop.pump(client, server)
    assert client.complete and server.complete
