# SPDX-License-Identifier: MIT
"""HelloExtension, the callback with the server's answers, and hello_extensions_in (self-test)."""

import loop
import network
import pki
import pytest
from test_handshake import extension_types

import mxtls
from mxtls import codes as c
from mxtls.handshake import client_hello

PSK = 0x008C
# RFC 3546's, as their sections encode them
TYPES = {2: b"", 3: b"\x00\x01\x00", 4: b"", 5: b"\x01\x00\x00\x00\x00"}


@pytest.fixture(scope="module")
def keys():
    return loop.keys_of(pki.chain(names=["localhost", "other.example"]))


@pytest.fixture
def psk():
    return loop.psk_keys()


def extension(*items):
    e = mxtls.HelloExtension()
    for kind, data in items:
        e.load(data, kind)
    return e


def raises(code, call, *args, **more):
    with pytest.raises(mxtls.Error) as caught:
        call(*args, **more)
    assert caught.value.code == code, caught.value.text
    return loop.check_text(caught.value)


def sent(client):
    """{type: body} of the hello, each once."""
    hello = loop.messages(client.take())[0]
    found = extension_types(hello, False)
    at, kinds = 41 + hello[38] + (hello[39 + hello[38]] << 8 | hello[40 + hello[38]]) + 2 + 2, []
    while at < len(hello):
        kinds.append(hello[at] << 8 | hello[at + 1])
        at += 4 + (hello[at + 2] << 8 | hello[at + 3])
    assert at == len(hello) and len(kinds) == len(set(kinds)) == len(found)
    return found


def server_hello(*items, suite=b"\x00\x8c", renegotiation=True):
    """A ServerHello in a record, with these extensions."""
    items = ((0xFF01, b"\x00"),) * renegotiation + items
    body = b"".join(kind.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data for kind, data in items)
    return loop.record(loop.message(c.SERVER_HELLO, b"\x03\x03" + bytes(33) + suite + b"\x00" + len(body).to_bytes(2, "big") + body))


def psk_client(psk, **arguments):
    return loop.pair(psk, client=dict(arguments, cipher_suite=PSK))[0]


# Loading


def test_any_types(keys):
    items = list(TYPES.items()) + [(0x1234, b"of our own"), (0xFFFF, bytes(range(256))), (0x8000, b"\x00")]
    client, server = loop.pair(keys, client={"extensions": extension(*items)})
    plain = sent(loop.pair(keys)[0])
    hello = sent(client)
    assert hello == {**plain, **dict(items)}
    client, server = loop.pair(keys, client={"extensions": extension(*items)})
    loop.connect(client, server)
    loop.carry(client, server, b"unknown extensions are passed over")


def test_a_long_one(keys):
    client, server = loop.pair(keys, client={"extensions": extension((0x1234, bytes(12000)))})
    loop.connect(client, server)


def test_what_cannot_be_loaded():
    e = extension((5, b"x"))
    raises(c.ARG_FAIL, e.load, b"again", 5)
    for kind in (-1, 0x10000, 0xFF01):  # renegotiation_info stays the library's
        raises(c.ARG_FAIL, e.load, b"", kind)
    raises(c.ARG_FAIL, e.load, bytes(0x4000), 6)
    e.load(bytes(0x3FFF), 6)
    assert e.has(5) and e.has(6) and not e.has(7)


def test_delete(psk):
    e = extension((5, b"x"))
    e.delete()
    e.delete()
    assert not e.has(5) and 5 not in sent(psk_client(psk, extensions=e))
    e.load(b"y", 5)


def test_the_data_is_copied(psk):
    data = bytearray(b"as it was")
    e = extension((0x1234, data))
    data[:] = bytes(9)
    assert sent(psk_client(psk, extensions=e))[0x1234] == b"as it was"


def test_one_for_many_sessions(psk):
    e = extension((0x1234, b"x"))
    for _ in range(2):
        client, server = loop.pair(psk, client={"extensions": e, "cipher_suite": PSK})
        loop.connect(client, server)


@pytest.mark.parametrize("kind", (0, 1, 10, 11, 13, 22, 23, 28))
def test_ours_gives_way(keys, kind):
    """A type that the library makes too: the application's is sent, once."""
    ours = sent(loop.pair(keys, client={"max_record": 1024})[0])
    assert kind in ours
    hello = sent(loop.pair(keys, client={"max_record": 1024, "extensions": extension((kind, b"theirs"))})[0])
    assert hello == {**ours, kind: b"theirs"}


def test_another_server_name(keys):
    """What the server sees is the application's; what the certificate must carry is server_name."""
    name = b"other.example"
    body = (len(name) + 3).to_bytes(2, "big") + b"\x00" + len(name).to_bytes(2, "big") + name
    client, server = loop.connect(*loop.pair(keys, client={"extensions": extension((0, body))}))
    assert server.session.server_name == name


def test_ssl3_sends_none(psk):
    hello = loop.messages(psk_client(psk, extensions=extension((5, b"x")), max_version=c.SSL3).take())[0]
    assert hello.endswith(b"\x01\x00")


# Answers


def test_the_callback_sees_each(keys):
    seen = []
    client, server = loop.pair(keys, client={"extension_callback": lambda s, kind, data: seen.append((s, kind, data))})
    server.feed(client.take())
    flight = server.take()
    answered = extension_types(loop.messages(flight)[0], True)
    client.feed(flight)
    loop.connect(client, server)
    assert [s for s, _, _ in seen] == [client.session] * len(seen)
    assert [(kind, data) for _, kind, data in seen] == client.session.hello_extensions_in == list(answered.items())
    assert (23, b"") in client.session.hello_extensions_in
    assert server.session.hello_extensions_in is None


def test_answers_of_unknown_types(psk):
    """Welcome where the application asked; otherwise unsupported_extension, whatever the callback says."""
    seen = []
    client = psk_client(psk, extensions=extension((0x1234, b"?")), extension_callback=lambda s, kind, data: seen.append((kind, data)) or 0)
    client.take()
    client.feed(server_hello((0x1234, b"!")))
    assert not client.error and seen == [(0xFF01, b"\x00"), (0x1234, b"!")] == client.session.hello_extensions_in
    for asked in (None, extension((0x1235, b"?"))):
        client = psk_client(psk, extensions=asked, extension_callback=lambda s, kind, data: 0)
        client.take()
        client.feed(server_hello((0x1234, b"!")))
        loop.check_failed(client, c.ALERT_UNSUPPORTED_EXTENSION, c.PROTOCOL_FAIL)
    client = psk_client(psk, extensions=extension((0x1234, b"?")))
    client.take()
    client.feed(server_hello((0x1234, b"!"), (0x1234, b"!")))
    loop.check_failed(client, c.ALERT_ILLEGAL_PARAMETER, c.PROTOCOL_FAIL)


def test_an_answer_that_is_the_applications(psk):
    """Its own max_fragment_length: the answer is shown, and the library draws no conclusion from it."""
    client = psk_client(psk, extensions=extension((1, b"\x01")))
    client.take()
    client.feed(server_hello((1, b"\x01")))
    assert not client.error and (1, b"\x01") in client.session.hello_extensions_in and client.session.max_out == 16384


def test_its_own_extended_master_secret(psk):
    """Given by the application, it is not the library's to agree on: the answer is only shown."""
    client = psk_client(psk, extensions=extension((23, b"")))
    client.take()
    client.feed(server_hello((23, b"")))
    assert not client.error and not client.session.hs.flags & c.EXT_EXTENDED_MASTER_SECRET


@pytest.mark.parametrize("answer", (-1, -7, -1000))
def test_the_callback_refuses(keys, answer):
    client, server = loop.pair(keys, client={"extension_callback": lambda s, kind, data: answer if kind == 23 else 0})
    loop.pump(client, server)
    assert loop.check_text(client.error).alert == c.ALERT_HANDSHAKE_FAILURE and "23" in client.error.text
    assert server.alerts == [(2, c.ALERT_HANDSHAKE_FAILURE)]


def test_the_callback_raises(keys):
    """The application's own mistake is named as such."""
    client, server = loop.pair(keys, client={"extension_callback": lambda s, kind, data: 1 // 0})
    loop.pump(client, server)
    error = loop.check_text(client.error)
    assert error.alert == c.ALERT_INTERNAL_ERROR and "extension callback raised ZeroDivisionError" in error.text
    assert server.alerts == [(2, c.ALERT_INTERNAL_ERROR)]


@pytest.mark.parametrize("answer", (None, 0, 1, True))
def test_the_callback_agrees(keys, answer):
    loop.connect(*loop.pair(keys, client={"extension_callback": lambda s, kind, data: answer}))


def test_hello_extensions_in_without_a_callback(psk):
    client, server = loop.connect(*loop.pair(psk, client={"cipher_suite": PSK}))
    assert dict(client.session.hello_extensions_in)[0xFF01] == b"\x00"


def test_in_rehandshakes(psk):
    """The extensions go into every hello; hello_extensions_in is the last ServerHello's."""
    seen = []
    client, server = loop.pair(psk, client={"cipher_suite": PSK, "extensions": extension((0x1234, b"?")), "extension_callback": lambda s, kind, data: seen.append(kind)})
    loop.connect(client, server)
    first = list(client.session.hello_extensions_in)
    for suite in (0, PSK):
        seen.clear()
        client.session.encode_rehandshake(cipher_suite=suite)
        loop.pump(client, server)
        kinds = [kind for kind, _ in client.session.hello_extensions_in]
        assert seen == kinds and [k for k in kinds if k != 35] == [k for k, _ in first if k != 35]  # a ticket comes with a full handshake
        assert len(dict(client.session.hello_extensions_in)[0xFF01]) == 25  # the verify data of both sides
    assert not client.error and not server.error


def test_switched_off(psk, monkeypatch):
    monkeypatch.setattr("mxtls.session._USE_HELLO_EXTENSIONS", 0)
    monkeypatch.setattr(client_hello, "_USE_HELLO_EXTENSIONS", 0)
    for arguments in ({"extensions": extension((5, b"x"))}, {"extension_callback": lambda s, kind, data: 0}):
        assert "USE_HELLO_EXTENSIONS" in raises(c.DISABLED_FEATURE_FAIL, mxtls.ClientSession, psk[0], cipher_suite=PSK, **arguments).text
    client, server = loop.connect(*loop.pair(psk, client={"cipher_suite": PSK}))
    assert client.session.hello_extensions_in is None


@pytest.mark.parametrize("dtls", (False, True), ids=("tls", "dtls"))
def test_the_longest_application_protocol(keys, dtls):
    """A ServerHello before TLS 1.3 with 255 bytes of it, and over DTLS the longest connection id besides."""
    name, ids = "p" * 255, {"connection_id": bytes(32)} if dtls else {}
    client, server = loop.pair(keys, max_version=c.DTLS1_2 if dtls else c.TLS1_2, dtls=dtls, alpn=(name,), **ids)
    if dtls:
        client, server = network.End(client.session), network.End(server.session)
        for a, b in ((client, server), (server, client)) * 2:
            for datagram in a.datagrams():
                b.put(datagram)
    else:
        loop.connect(client, server)
    assert client.session.alpn == server.session.alpn == name
