# SPDX-License-Identifier: MIT
"""TLS 1.3's pre-shared keys that were loaded, with (EC)DHE and alone, and which alert answers a peer that lies (RFC 8446 sections 4.2.9 and 4.2.11)."""

import loop
import pki
import pytest
from tls13 import (
    GROUP_LIST,
    MODES,
    PSK,
    SHARE,
    VERSIONS,
    added,
    connect,
    exchange,
    fails,
    hello_of,
    keys,
    name_of,
    pair,
    put_together,
    replaced,
    rewrite,
    take_apart,
    with_extensions,
    without,
)

import mxtls
from mxtls import codes as c
from mxtls.handshake import client_hello13, schedule


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
    (offers([b"device"], []), c.ALERT_DECODE_ERROR),
    (offers([b"device"], [bytes(31)]), c.ALERT_DECODE_ERROR),
    (offers([b"device"], [bytes(33)]), c.ALERT_DECRYPT_ERROR),
    (offers([b"unknown"] * 2, [bytes(32)]), c.ALERT_ILLEGAL_PARAMETER),
    (offers([b"unknown"], [bytes(32)] * 2), c.ALERT_ILLEGAL_PARAMETER),
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
    fails(client, server, c.ALERT_ILLEGAL_PARAMETER, "client")


@pytest.mark.parametrize("kinds", ((SHARE,), (GROUP_LIST,)), ids=("no share", "no groups"))
def test_a_key_alone_with_half_of_an_exchange(monkeypatch, kinds):
    """supported_groups and key_share come together or not at all (section 9.2)."""
    for gone, alert in ((kinds, c.ALERT_MISSING_EXTENSION), ((SHARE, GROUP_LIST), c.ALERT_DECRYPT_ERROR)):
        hello = with_extensions(lambda items, gone=gone: replaced(MODES, b"\x01\x00")(without(*gone)(items)))
        fails(*hello_of(monkeypatch, hello, "psk"), alert, "server")  # the binder is not made again
