# SPDX-License-Identifier: MIT
"""set_cipher_suite_enabled_status, for all server sessions and for one (self-test)."""

import loop
import pki
import pytest

import mxtls
from mxtls import codes as c, library, suites


@pytest.fixture(scope="module")
def keys():
    return loop.keys_of(pki.chain(key="rsa2048"))


@pytest.fixture(autouse=True)
def clean():
    assert library.disabled == []
    yield
    library.disabled.clear()


RSA = [row[0] for row in suites.SUITES if row[2] == c.KEY_RSA]


def chosen(keys, *disabled, **client):
    """The suite of a handshake with a server session that has these disabled."""
    client, server = loop.pair(keys, client=client)
    for suite in disabled:
        assert server.session.set_cipher_suite_enabled_status(suite, False) == c.SUCCESS
    loop.connect(client, server)
    loop.carry(client, server, b"data")
    assert client.session.cipher_suite == server.session.cipher_suite
    return client.session.cipher_suite


def refused(client, server):
    loop.pump(client, server)
    assert loop.check_text(server.error).alert == c.ALERT_HANDSHAKE_FAILURE and client.alerts == [(2, c.ALERT_HANDSHAKE_FAILURE)]


def raises(code, call, *args):
    with pytest.raises(mxtls.Error) as caught:
        call(*args)
    assert caught.value.code == code, caught.value.text
    loop.check_text(caught.value)


def test_one_session(keys):
    """The server's next choice, in its order; other sessions are not concerned."""
    for n in range(9):
        assert chosen(keys, *RSA[:n]) == RSA[n]
    assert chosen(keys) == RSA[0]


def test_all_sessions(keys):
    """In the order of preference down to the last, and back."""
    for i, suite in enumerate(RSA[:-1]):
        assert mxtls.set_cipher_suite_enabled_status(suite, False) == c.SUCCESS
        if i in (0, 5, 9, len(RSA) - 2):  # a global one has no limit
            assert chosen(keys) == RSA[i + 1]
    mxtls.set_cipher_suite_enabled_status(RSA[-1], False)
    refused(*loop.pair(keys))
    for suite in RSA:
        assert mxtls.set_cipher_suite_enabled_status(suite, True) == c.SUCCESS
    assert chosen(keys) == RSA[0] and library.disabled == []


def test_a_client_that_insists(keys):
    client, server = loop.pair(keys, client={"cipher_suite": 0xC02F})
    server.session.set_cipher_suite_enabled_status(0xC02F, False)
    refused(client, server)
    mxtls.set_cipher_suite_enabled_status(0xC02F, False)
    refused(*loop.pair(keys, client={"cipher_suite": 0xC02F}))


def test_at_most_eight(keys):
    session = mxtls.ServerSession(keys[1])
    for suite in RSA[:8]:
        session.set_cipher_suite_enabled_status(suite, False)
    raises(c.LIMIT_FAIL, session.set_cipher_suite_enabled_status, RSA[8], False)
    session.set_cipher_suite_enabled_status(RSA[0], False)  # it is already: no ninth
    session.set_cipher_suite_enabled_status(RSA[3], True)
    session.set_cipher_suite_enabled_status(RSA[8], False)
    raises(c.LIMIT_FAIL, session.set_cipher_suite_enabled_status, RSA[9], False)
    session.set_cipher_suite_enabled_status(RSA[20], True)  # it is already
    assert sorted(session.disabled) == sorted(set(RSA[:9]) - {RSA[3]})
    client, server = loop.pair(keys)
    server.session.disabled = session.disabled
    loop.connect(client, server)
    assert client.session.cipher_suite == RSA[3]


def test_the_two_are_independent(keys):
    """What is off for all cannot be on for one."""
    mxtls.set_cipher_suite_enabled_status(RSA[0], False)
    client, server = loop.pair(keys)
    server.session.set_cipher_suite_enabled_status(RSA[0], True)
    server.session.set_cipher_suite_enabled_status(RSA[1], False)
    loop.connect(client, server)
    assert client.session.cipher_suite == RSA[2]
    mxtls.set_cipher_suite_enabled_status(RSA[0], True)
    assert chosen(keys, RSA[1]) == RSA[0]


@pytest.mark.parametrize("suite", (0x0000, 0x00FF, 0x1306, 0x5600, 0xFFFF, -1, 0x10000))
def test_suites_that_do_not_exist(keys, suite):
    session = mxtls.ServerSession(keys[1])
    for call in (mxtls.set_cipher_suite_enabled_status, session.set_cipher_suite_enabled_status):
        for on in (True, False):
            raises(c.ERROR, call, suite, on)
    assert library.disabled == [] and not session.disabled


def test_suites_that_are_not_built(keys, monkeypatch):
    monkeypatch.setattr(suites, "SUITES", tuple(row[:8] + (0,) if row[0] == 0xC02F else row for row in suites.SUITES))
    raises(c.ERROR, mxtls.set_cipher_suite_enabled_status, 0xC02F, False)
    assert chosen(keys) == RSA[1]


def test_clients(keys):
    client, server = loop.pair(keys)
    for on in (True, False):
        raises(c.UNSUPPORTED_FAIL, client.session.set_cipher_suite_enabled_status, RSA[0], on)
    mxtls.set_cipher_suite_enabled_status(0xC030, False)
    assert b"\xc0\x30" in loop.messages(client.take())[0]  # a client offers what it has


def test_between_handshakes(keys):
    """An open session keeps its suite; the next handshake takes another."""
    client, server = loop.connect(*loop.pair(keys))
    server.session.set_cipher_suite_enabled_status(RSA[0], False)
    loop.carry(client, server, b"still")
    assert client.session.cipher_suite == RSA[0]
    client.session.encode_rehandshake()
    loop.pump(client, server)
    assert not client.error and not server.error
    assert not client.session.resumed and client.session.cipher_suite == RSA[1]
    loop.carry(server, client, b"under the next one")
