# SPDX-License-Identifier: MIT
"""TLS 1.3's messages cut, longer, again, left out and out of turn, at every place and in both roles; and anything at all (RFC 8446
sections 4 and 5.1)."""

import loop
import pytest
from hypothesis import given, settings, strategies as st
from tls13 import RETRY, client_keys, connect, judge, pair, pump_with, rewrite, take_apart

import mxtls
from mxtls import codes as c
from mxtls.handshake import codec

# Messages: cut, longer, again, out of turn, at every place


SERVERS = (c.SERVER_HELLO, c.ENCRYPTED_EXTENSIONS, c.CERTIFICATE_REQUEST, c.CERTIFICATE, c.CERTIFICATE_VERIFY, c.FINISHED)
CLIENTS = (c.CERTIFICATE, c.CERTIFICATE_VERIFY, c.FINISHED)
BOTH = [("server", kind) for kind in SERVERS] + [("client", kind) for kind in CLIENTS]


def meet(monkeypatch, liar, kind, change):
    """A handshake with client certificates in which the liar changes a message; the one who found out."""
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, server if liar == "server" else client, kind, change)
    loop.pump(client, server)
    end = client if liar == "server" else server
    return end, server if end is client else client


@pytest.mark.parametrize("liar, kind", BOTH)
def test_every_message_cut_and_longer(monkeypatch, liar, kind):
    for cut in (1, 2, 3, 5, 20, -1, -2):
        with monkeypatch.context() as m:
            end, other = meet(m, liar, kind, lambda body, cut=cut: body[:-cut] if cut > 0 else body + bytes(-cut))
        assert end.error, (liar, kind, cut)
        assert loop.check_text(end.error).alert in (c.ALERT_DECODE_ERROR, c.ALERT_DECRYPT_ERROR, c.ALERT_ILLEGAL_PARAMETER, c.ALERT_MISSING_EXTENSION)
        assert other.alerts[-1] == (2, end.error.alert) and not end.complete


@pytest.mark.parametrize("liar, kind", BOTH)
@pytest.mark.parametrize("n", (16385, 0x20000, 0xFFFFFF))
def test_every_message_too_long(liar, kind, n):
    """Refused from its header alone; a Certificate, which streams, from its list's length."""
    client, server = pair(client_keys(), server={"cert_validator": judge})
    with pytest.MonkeyPatch.context() as m:
        end, other = (client, server) if liar == "server" else (server, client)
        rewrite(m, other, kind, lambda body: loop.send_record(other, c.HANDSHAKE, bytes([kind]) + n.to_bytes(3, "big") + body[:4]))
        loop.pump(client, server)
    assert end.error and loop.check_text(end.error).alert == c.ALERT_DECODE_ERROR
    assert other.alerts[-1] == (2, c.ALERT_DECODE_ERROR)


@pytest.mark.parametrize("liar, kind", BOTH)
def test_every_message_twice_and_left_out(monkeypatch, liar, kind):
    for change in (lambda body: [loop.message(kind, body)] * 2, lambda body: None):
        with monkeypatch.context() as m:
            end, other = meet(m, liar, kind, change)
        if not end.error:  # the last message of all is missing: nothing comes, and nothing is complete
            assert kind in (c.FINISHED, c.CERTIFICATE_REQUEST, c.SERVER_HELLO) and (kind == c.CERTIFICATE_REQUEST or not end.complete)
            continue
        assert loop.check_text(end.error).alert in (c.ALERT_UNEXPECTED_MESSAGE, c.ALERT_DECRYPT_ERROR, c.ALERT_BAD_RECORD_MAC)


@pytest.mark.parametrize("liar, kind", BOTH)
def test_every_message_in_the_place_of_another(monkeypatch, liar, kind):
    for other in (0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 24, 99, 254):
        if other == kind:
            continue
        with monkeypatch.context() as m:
            end, _ = meet(m, liar, kind, lambda body, other=other: [loop.message(other, body)])
        if kind == c.CERTIFICATE_REQUEST and other == c.CERTIFICATE or kind == c.SERVER_HELLO and other == 0:
            continue  # read as such, and malformed or without a body
        assert end.error and end.error.alert in (c.ALERT_UNEXPECTED_MESSAGE, c.ALERT_DECODE_ERROR), (liar, kind, other, end.error and end.error.text)


@pytest.mark.parametrize("liar, kind", BOTH)
def test_every_message_is_in_the_transcript(monkeypatch, liar, kind):
    """Whatever one side takes in and the other does not is noticed: the transcripts differ."""
    client, server = pair(client_keys(), server={"cert_validator": judge})
    end = server if liar == "server" else client
    real = codec.Writer.finish

    def finish(w):
        hit = w.session is end.session and w.out.buf[w.base] == kind
        real(w)
        if hit:
            end.session.hs.transcript.update(b"x", 0, 1)

    monkeypatch.setattr(codec.Writer, "finish", finish)
    loop.pump(client, server)
    if (liar, kind) != ("client", c.FINISHED):  # behind it only the secret of tickets grows
        assert client.error or server.error
        assert not (client.complete and server.complete)


def test_messages_and_keys_end_together():
    """Nothing may follow in the record of a message after which keys change (section 5.1)."""
    client, server = pair()
    body = loop.records(client.take())[0][2]
    server.feed(loop.record(body + b"\x01\x00"))
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)
    client, server = pair()
    server.feed(client.take())
    first, *rest = loop.records(server.take())
    client.feed(loop.record(first[2] + b"\x08\x00\x00\x02\x00\x00"))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)
    client, server = connect(*pair())
    loop.send_record(client, c.HANDSHAKE, loop.message(c.KEY_UPDATE, b"\x00") + b"\x18")
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


def test_messages_that_records_cut(monkeypatch):
    """A message may lie in several records, and several messages in one; but nothing else comes between."""
    client, server = pair()
    hello = loop.records(client.take())[0][2]
    server.feed(loop.record(hello[:10]) + loop.record(hello[10:11]) + loop.record(hello[11:]))
    client.feed(server.take())
    connect(client, server)
    for between in (loop.record(b"\x01", c.CHANGE_CIPHER_SPEC), loop.record(b"\x01\x00", c.ALERT)):
        client, server = pair()
        hello = loop.records(client.take())[0][2]
        server.feed(loop.record(hello[:10]) + between)
        assert server.error and server.error.alert == c.ALERT_UNEXPECTED_MESSAGE
    client, server = pair()
    rewrite(monkeypatch, server, c.CERTIFICATE, lambda body: loop.send_record(server, c.HANDSHAKE, loop.message(c.CERTIFICATE, body)[:8]))
    server.feed(client.take())
    flight = [loop.record(body, kind) for kind, _, body in loop.records(server.take())]
    client.feed(b"".join(flight[:4]) + loop.record(b"\x01", c.CHANGE_CIPHER_SPEC))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)
    client, server = connect(*pair())
    loop.send_record(client, c.HANDSHAKE, loop.message(c.KEY_UPDATE, b"\x00")[:3])
    client.send(b"data")
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE)


# Anything at all


@settings(max_examples=60)
@given(st.data())
def test_hellos_of_noise(data):
    """A ClientHello with bytes changed, cut and repeated: an Error with its alert, or a handshake; never anything else."""
    client, server = pair(data.draw(st.sampled_from(("p256", "psk"))))
    hello = bytearray(loop.records(client.take())[0][2])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, len(hello) - 1))
        how = data.draw(st.integers(0, 2))
        if how == 0:
            hello[at] = data.draw(st.integers(0, 255))
        elif how == 1:
            del hello[at : at + data.draw(st.integers(1, 40))]
            hello += b"\x00" if len(hello) < 6 else b""
        else:
            hello[at:at] = data.draw(st.binary(max_size=40))
    hello[1:4] = (len(hello) - 4).to_bytes(3, "big")
    server.feed(loop.record(bytes(hello)))
    if server.error:
        loop.check_text(server.error)
        assert server.error.alert != c.ALERT_INTERNAL_ERROR
        assert loop.last_alert(server.take()) == (2, server.error.alert)


@settings(max_examples=60)
@given(st.sampled_from((c.SERVER_HELLO, c.ENCRYPTED_EXTENSIONS, c.CERTIFICATE_REQUEST, c.CERTIFICATE, c.CERTIFICATE_VERIFY)), st.integers(0, 3000), st.binary(max_size=40), st.integers(0, 40))
def test_servers_of_noise(kind, at, noise, cut):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    with pytest.MonkeyPatch.context() as m:
        rewrite(m, server, kind, lambda body: body[: at % len(body)] + noise + body[at % len(body) + cut :])
        loop.pump(client, server)
    if client.error:
        loop.check_text(client.error)
        assert client.error.alert != c.ALERT_INTERNAL_ERROR, client.error.text
    else:
        assert client.complete


@settings(max_examples=25)
@given(st.sampled_from((c.CERTIFICATE, c.CERTIFICATE_VERIFY, c.FINISHED)), st.integers(0, 3000), st.binary(max_size=40), st.integers(0, 40))
def test_clients_of_noise(kind, at, noise, cut):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    with pytest.MonkeyPatch.context() as m:
        rewrite(m, client, kind, lambda body: body[: at % len(body)] + noise + body[at % len(body) + cut :])
        loop.pump(client, server)
    if server.error:
        loop.check_text(server.error)
        assert server.error.alert != c.ALERT_INTERNAL_ERROR, server.error.text
        assert client.alerts[-1] == (2, server.error.alert)
    else:
        assert server.complete


@settings(max_examples=40)
@given(st.binary(max_size=60), st.integers(0, 60), st.booleans())
def test_retries_of_noise(noise, at, whole):
    """A HelloRetryRequest with anything among its extensions, or all of them."""
    client = pair()[0]
    hello = loop.messages(client.take())[0]
    good = b"\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x00\x17"
    data = noise if whole else good[: at % 13] + noise + good[at % 13 :]
    client.feed(loop.record(loop.message(2, b"\x03\x03" + RETRY + b"\x20" + hello[39:71] + b"\x13\x01\x00" + len(data).to_bytes(2, "big") + data)))
    if client.error:
        loop.check_failed(client, (c.ALERT_ILLEGAL_PARAMETER, c.ALERT_DECODE_ERROR, c.ALERT_UNSUPPORTED_EXTENSION, c.ALERT_PROTOCOL_VERSION))
    else:
        assert take_apart(loop.records(client.take())[1][2][4:])


@settings(max_examples=60)
@given(st.booleans(), st.sampled_from((4, 13, 24, 0, 1, 20)), st.binary(max_size=80), st.integers(0, 90))
def test_open_sessions_of_noise(to_client, kind, body, length):
    """Any message, with any length in its header: an Error with its alert, or nothing happened."""
    client, server = connect(*pair("psk", client={"post_handshake_auth": True}))
    liar, end = (server, client) if to_client else (client, server)
    loop.send_record(liar, c.HANDSHAKE, bytes([kind]) + (len(body) if length > 80 else length).to_bytes(3, "big") + body)
    end.feed(liar.take())
    if end.error:
        loop.check_failed(end)
        assert end.error.alert in (c.ALERT_UNEXPECTED_MESSAGE, c.ALERT_DECODE_ERROR, c.ALERT_ILLEGAL_PARAMETER, c.ALERT_MISSING_EXTENSION)
    else:
        assert end.session.state == c.OPEN


@pytest.mark.parametrize("chunk", (1, 3))
def test_a_byte_at_a_time(chunk):
    """Certificates of both sides, a retry, a resumed session, a pre-shared key."""
    sid, keys = mxtls.SessionId(), client_keys()
    keys[1].tickets = True
    for resumed in (False, True):
        client, server = pair(keys, client={"session_id": sid}, server={"cert_validator": judge})
        pump_with(client, server, 23, chunk=chunk)
        connect(client, server, chunk)
        assert client.session.resumed == resumed and not server.session.anonymous
        loop.carry(client, server, bytes(100), chunk)
        loop.carry(server, client, bytes(100), chunk)
    connect(*pair("psk"), chunk=chunk)
