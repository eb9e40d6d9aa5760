# SPDX-License-Identifier: MIT
"""Handshakes before TLS 1.3 of our client with our server (self-test): every suite x group x kind of key, each signature scheme, each extension on and off.

That others agree is shown by test_openssl.py and test_tlslite.py.
"""

import loop
import pki
import pytest

import mxtls
from mxtls import codes as c, suites
from mxtls.crypto import ecdh, sign
from mxtls.handshake import client_hello, signed

EC_KEYS = ("p256", "p384", "p521")
RSA_KEYS = ("rsa2048",)
GROUPS = {29: "x25519", 23: "p256", 24: "p384", 25: "p521"}
KEYS = {c.KEY_EC: EC_KEYS, c.KEY_RSA: RSA_KEYS, 0: ("psk",)}
EVERY = (0xC02B, 0xC02C, 0xC02F, 0xC030)  # each group and key with these; the other suites once
CASES = [(row[0], group, key) for row in suites.SUITES for group in GROUPS for key in KEYS[row[2]] if row[7] < 4
         and (row[0] in EVERY or (group == 29 and key == KEYS[row[2]][0]))]
CBC = (0x002F, 0x0035)
_chains = {}


def chain(key):
    if key not in _chains:
        _chains[key] = loop.psk_keys() if key == "psk" else loop.keys_of(pki.chain(key=key))
    return _chains[key]


def offer(monkeypatch, keys, module=None, name=None, value=None, **arguments):
    """A pair whose client was made while a name of the library had another value."""
    with monkeypatch.context() as m:
        if module:
            m.setattr(module, name, value)
        return loop.pair(keys, **arguments)


def exchange(client, server):
    loop.carry(client, server, b"up")
    loop.carry(server, client, b"down" * 1000)
    client.close()
    server.close()
    loop.pump(client, server)
    assert client.alerts == server.alerts == [(1, 0)]


def extension_types(hello, answered):
    """The types of a hello's extensions, from its message."""
    at = 4 + 2 + 32
    at += 1 + hello[at]
    if answered:
        at += 3
    else:
        at += 2 + (hello[at] << 8 | hello[at + 1])
        at += 1 + hello[at]
    found, at = {}, at + 2
    while at < len(hello):
        n = hello[at + 2] << 8 | hello[at + 3]
        found[hello[at] << 8 | hello[at + 1]] = hello[at + 4 : at + 4 + n]
        at += 4 + n
    return found


def test_the_table_is_covered():
    assert {row[0] for row in suites.SUITES if row[7] < 4} == {case[0] for case in CASES} and len(suites.SUITES) == 45
    assert all(row[8] for row in suites.SUITES)
    assert sorted(row[0] for row in ecdh.GROUPS) == sorted(GROUPS)


@pytest.mark.parametrize("suite, group, key", CASES, ids=lambda v: "%04X" % v if isinstance(v, int) and v > 29 else str(v))
def test_suite_group_key(monkeypatch, suite, group, key):
    client, server = offer(monkeypatch, chain(key), ecdh, "GROUPS", tuple(r for r in ecdh.GROUPS if r[0] == group), client={"cipher_suite": suite})
    seen = {}
    kept = ecdh.Share.__init__
    monkeypatch.setattr(ecdh.Share, "__init__", lambda self, row: (seen.update({row[0]: 1}), kept(self, row))[1])
    loop.connect(client, server)
    assert client.session.cipher_suite == server.session.cipher_suite == suite
    assert list(seen) == ([group] if suites.find(suite)[1] == c.KX_ECDHE else [])
    exchange(client, server)


SCHEMES = [(row[0], key) for row in sign.SCHEMES for key in RSA_KEYS + EC_KEYS if row[0] >= 0x0400]  # no others are offered


@pytest.mark.parametrize("scheme, key", SCHEMES, ids=lambda v: "%04X" % v if isinstance(v, int) else v)
def test_each_signature_scheme(monkeypatch, scheme, key):
    """One scheme offered: a key that fits signs with it, one that does not has nothing in common."""
    rows = tuple(r for r in sign.SCHEMES if r[0] == scheme)
    client, server = offer(monkeypatch, chain(key), sign, "SCHEMES", rows, client={"cipher_suite": 0xC02F if key[:3] == "rsa" else 0xC02B})
    used = []
    real = signed.sign
    monkeypatch.setattr(signed, "sign", lambda s, k, d: (used.append(s), real(s, k, d))[1])
    if sign.scheme_fits(scheme, chain(key)[1].private):
        loop.connect(client, server)
        assert used == [scheme]
    else:
        loop.pump(client, server)
        assert loop.check_text(server.error).alert == c.ALERT_HANDSHAKE_FAILURE
        assert not used and client.alerts == [(2, c.ALERT_HANDSHAKE_FAILURE)]


@pytest.mark.parametrize("suite, key", ((0xC02B, "p256"), (0xC02C, "p256"), (0x0035, "rsa2048")), ids=str)
@pytest.mark.parametrize("ems", (1, 0))
def test_extended_master_secret(monkeypatch, suite, key, ems):
    client, server = offer(monkeypatch, chain(key), client_hello, "_USE_EXTENDED_MASTER_SECRET", ems, client={"cipher_suite": suite})
    hello = client.take()
    server.feed(hello)
    flight = server.take()
    assert (23 in extension_types(loop.messages(hello)[0], False)) == (23 in extension_types(loop.messages(flight)[0], True)) == bool(ems)
    client.feed(flight)
    exchange(*loop.connect(client, server))


@pytest.mark.parametrize("suite", CBC)
@pytest.mark.parametrize("etm", (1, 0))
def test_encrypt_then_mac(monkeypatch, suite, etm):
    client, server = offer(monkeypatch, chain("rsa2048"), client_hello, "_USE_ENCRYPT_THEN_MAC", etm, client={"cipher_suite": suite})
    server.feed(client.take())
    flight = server.take()
    assert (22 in extension_types(loop.messages(flight)[0], True)) == bool(etm)
    client.feed(flight)
    exchange(*loop.connect(client, server))


def test_encrypt_then_mac_is_not_answered_for_gcm():
    client, server = loop.pair(chain("p256"))
    hello = client.take()
    assert 22 in extension_types(loop.messages(hello)[0], False)
    server.feed(hello)
    assert 22 not in extension_types(loop.messages(server.take())[0], True)


@pytest.mark.parametrize("most, code", ((512, 1), (1023, 1), (1024, 2), (2048, 3), (4096, 4), (16383, 4)))
@pytest.mark.parametrize("suite", (0xC02B, 0x002F))
def test_max_fragment_length(monkeypatch, most, code, suite):
    """Without record_size_limit the answer binds both sides to its power of two."""
    key = "rsa2048" if suite == 0x002F else "p256"
    client, server = offer(monkeypatch, chain(key), client_hello, "_USE_RECORD_SIZE_LIMIT", 0, client={"max_record": most, "cipher_suite": suite})
    hello = client.take()
    assert extension_types(loop.messages(hello)[0], False)[1] == bytes([code])
    server.feed(hello)
    flight = server.take()
    assert extension_types(loop.messages(flight)[0], True)[1] == bytes([code])
    client.feed(flight)
    loop.connect(client, server)
    assert client.session.max_out == server.session.max_out == 256 << code
    exchange(client, server)


@pytest.mark.parametrize("most, other", ((512, 16384), (600, 16384), (600, 1000), (1000, 600), (16383, 512)))
@pytest.mark.parametrize("suite", (0xC02B, 0x002F))
def test_record_size_limit(most, other, suite):
    """Each side says its own limit and keeps to the other's; max_fragment_length is then not answered (RFC 8449 section 5)."""
    key = "rsa2048" if suite == 0x002F else "p256"
    client, server = loop.pair(chain(key), client={"max_record": most, "cipher_suite": suite}, server={"max_record": other})
    hello = client.take()
    assert extension_types(loop.messages(hello)[0], False)[28] == most.to_bytes(2, "big")
    server.feed(hello)
    flight = server.take()
    answer = extension_types(loop.messages(flight)[0], True)
    assert answer[28] == other.to_bytes(2, "big") and 1 not in answer
    client.feed(flight)
    loop.connect(client, server)
    assert client.session.max_out == server.session.max_out == min(most, other)
    exchange(client, server)


def test_no_limit_is_asked_for_at_16384():
    client, _ = loop.pair(chain("p256"))
    assert not {1, 28} & set(extension_types(loop.messages(client.take())[0], False))


@pytest.mark.parametrize("name, sent", (("localhost", b"localhost"), ("localhost.", b"localhost"), ("127.0.0.1", None), ("::1", None)))
def test_server_name(name, sent):
    keys = loop.keys_of(pki.chain(names=["localhost"], ips=["127.0.0.1", "::1"]))
    client, server = loop.pair(keys, name=name)
    loop.connect(client, server)
    assert server.session.server_name == sent


def test_the_servers_own_preference():
    """Suites by the server's order, which both share: GCM and 128 bits first."""
    for key, suite in (("p256", 0xC02B), ("rsa2048", 0xC02F)):
        client, server = loop.connect(*loop.pair(chain(key)))
        assert client.session.cipher_suite == suite


@pytest.mark.parametrize("intermediates", (0, 1, 3, 7))
def test_chain_lengths(intermediates):
    loop.connect(*loop.pair(pki.chain(intermediates=intermediates, tag="long")), chunk=100)


def test_chain_of_mixed_keys():
    exchange(*loop.connect(*loop.pair(pki.chain(key="p256", ca_key="rsa2048"))))
    exchange(*loop.connect(*loop.pair(pki.chain(key="rsa2048", ca_key="p384"))))


def test_long_rsa_keys():
    exchange(*loop.connect(*loop.pair(pki.chain(key="rsa3072", ca_key="p256"))))


def test_a_certificate_larger_than_max_record():
    """The chain may be longer than the buffers; each certificate must fit."""
    names = ["host%d.example.org" % i for i in range(90)]
    client, server = loop.pair(pki.chain(names=names + ["localhost"], intermediates=3, tag="large"), max_record=512)
    loop.connect(client, server)
    assert len(client.session.input.buf) <= client.session.input.limit == 4096 + 325


def test_validator_sees_the_certificate():
    seen = []

    def validator(session, certificate, alert):
        seen.append((session, certificate, alert))
        return 0

    client, server = loop.connect(*loop.pair(chain("p256"), client={"cert_validator": validator}))
    assert len(seen) == 1 and seen[0][0] is client.session and seen[0][2] == 0
    assert client.session.peer_certificate is seen[0][1] and not client.session.anonymous


def test_validator_allows_anonymous():
    _, own = chain("p256")
    trust, _ = loop.keys_of(pki.chain(tag="stranger"))
    alerts = []
    client, server = loop.pair((trust, own), client={"cert_validator": lambda s, x, a: alerts.append(a) or c.ALLOW_ANON_CONNECTION})
    loop.connect(client, server)
    assert client.session.anonymous and alerts == [c.ALERT_UNKNOWN_CA]


@pytest.mark.parametrize("answer, alert", ((c.ALERT_CERTIFICATE_REVOKED, 44), (c.ALERT_ACCESS_DENIED, 49), (-1, 80)))
def test_validator_refuses(answer, alert):
    client, server = loop.pair(chain("p256"), client={"cert_validator": lambda s, x, a: answer})
    loop.pump(client, server)
    assert loop.check_text(client.error).alert == alert and server.alerts == [(2, alert)]


def test_validator_that_raises():
    """An application's own exception closes the session and is not swallowed."""

    def validator(session, certificate, alert):
        raise KeyError("the application's own")

    client, server = loop.pair(chain("p256"), client={"cert_validator": validator})
    server.feed(client.take())
    try:
        client.feed(server.take())
        raised = client.error
    except KeyError as e:
        raised = e
    assert raised is not None and client.session.rd is None and client.session.hs is None
    client.session.delete()


def test_randoms_and_shares_are_fresh():
    hellos = set()
    for _ in range(4):
        client, server = loop.pair(chain("p256"))
        wire = client.take()
        server.feed(wire)
        flight = loop.messages(server.take())
        hellos.add(loop.messages(wire)[0][6:38])
        hellos.add(flight[0][6:38])
        hellos.add(flight[2][8:40])
    assert len(hellos) == 12
    mxtls.open()


def objects_of(value, found):
    """The objects of mxtls that a value is made of: {id: its class's module}."""
    if id(value) not in found and type(value).__module__.startswith("mxtls"):
        found[id(value)] = type(value).__module__
        for part in vars(value).values():
            objects_of(part, found)
    return found


@pytest.mark.parametrize("version", [c.TLS1_2, c.TLS1_3], ids="%x".__mod__)
def test_an_open_session_is_made_of_no_class_of_the_handshake(version):
    """Or that class's module, and all that it names, would stay on a board's heap."""
    for end in loop.connect(*loop.pair(chain("p256"), max_version=version)):
        found = set(objects_of(end.session, {}).values())
        assert {"mxtls.session", "mxtls.buffers", "mxtls.keys", "mxtls.crypto.gcm"} <= found
        assert not {name for name in found if name.split(".")[1] in ("handshake", "suites", "versions")}
