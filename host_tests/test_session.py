# SPDX-License-Identifier: MIT
"""The buffer API: the status of every call as the reference documents it, misuse, closing, and buffers that grow or are full.

The peers are our own sessions (self-test); test_openssl.py and test_tlslite.py talk to others.
"""

import contextlib
import importlib

import loop
import pki
import pytest
from hypothesis import given, settings, strategies as st

import mxtls
from mxtls import codes as c


@pytest.fixture(scope="module")
def keys():
    return loop.keys_of(pki.chain())


@pytest.fixture
def ends(keys):
    return loop.connect(*loop.pair(keys))


def put(session, data):
    """get_readbuf and received_data by hand, once."""
    view = session.get_readbuf()
    view[: len(data)] = data
    view = None
    return session.received_data(len(data))


def raises(code, call, *args):
    with pytest.raises(mxtls.Error) as caught:
        call(*args)
    assert caught.value.code == code, caught.value.text
    return loop.check_text(caught.value)


# The statuses of a handshake


def test_statuses_of_a_handshake(keys):
    client, server = (end.session for end in loop.pair(keys))
    assert len(server.get_outdata()) == 0
    hello = bytes(client.get_outdata())
    assert hello[0] == c.HANDSHAKE and client.sent_data(len(hello)) == c.SUCCESS
    assert put(server, hello[:3]) == c.REQUEST_RECV
    assert put(server, hello[3:50]) == c.REQUEST_RECV
    assert put(server, hello[50:]) == c.REQUEST_SEND
    flight = bytes(server.get_outdata())
    assert server.sent_data(10) == c.REQUEST_SEND
    assert bytes(server.get_outdata()) == flight[10:]
    assert server.sent_data(0) == c.REQUEST_SEND
    assert server.sent_data(len(flight) - 10) == c.SUCCESS
    while len(flight) > len(client.get_readbuf()):  # a buffer gives what it has; it grows as it must
        n = len(client.get_readbuf())
        assert put(client, flight[:n]) == c.REQUEST_RECV
        flight = flight[n:]
    assert put(client, flight) == c.REQUEST_SEND
    second = bytes(client.get_outdata())
    assert client.sent_data(len(second)) == c.SUCCESS  # not complete: the server's Finished is to come
    assert put(server, second) == c.REQUEST_SEND
    last = bytes(server.get_outdata())
    assert server.sent_data(len(last) - 1) == c.REQUEST_SEND
    assert server.sent_data(1) == c.HANDSHAKE_COMPLETE
    assert server.sent_data(0) == c.SUCCESS  # told once
    assert put(client, last) == c.HANDSHAKE_COMPLETE
    assert client.received_data(0) == c.REQUEST_RECV  # told once
    for s in (client, server):
        assert (s.version, s.cipher_suite, s.resumed, s.anonymous) == (c.TLS1_2, 0xC02B, False, False)
    assert server.server_name == b"localhost"


def test_plaintext_statuses(ends):
    client, server = ends
    client.send(b"one")
    wire = client.take()
    assert client.sent[-1] == c.SUCCESS
    s = server.session
    assert put(s, wire[:4]) == c.REQUEST_RECV and put(s, wire[4:-1]) == c.REQUEST_RECV
    assert put(s, wire[-1:]) == c.APP_DATA
    assert bytes(s.plaintext) == b"one" and bytes(s.input.buf[s.plain_off : s.plain_off + s.plain_len]) == b"one"
    assert s.processed_data() == c.SUCCESS
    assert len(s.plaintext) == 0


def test_a_second_record_waits_for_processed_data(ends):
    client, server = ends
    client.send(b"one").send(b"two").send(b"three")
    wire = client.take()
    s = server.session
    assert put(s, wire[:-5]) == c.APP_DATA and bytes(s.plaintext) == b"one"
    assert bytes(s.plaintext) == b"one"
    raises(c.ARG_FAIL, s.received_data, 0)
    assert bytes(s.plaintext) == b"one"  # misuse harms nothing
    assert s.processed_data() == c.APP_DATA and bytes(s.plaintext) == b"two"
    assert s.processed_data() == c.REQUEST_RECV  # part of the third
    assert put(s, wire[-5:]) == c.APP_DATA and bytes(s.plaintext) == b"three"
    assert s.processed_data() == c.SUCCESS


def test_get_readbuf_while_plaintext_waits(ends):
    """Reading may go on before processed_data: the plaintext stays right, through its attributes."""
    client, server = ends
    client.send(b"x" * 300).send(b"y" * 4000)
    wire = client.take()
    s = server.session
    assert put(s, wire[:400]) == c.APP_DATA
    s.get_readbuf()
    assert bytes(s.plaintext) == b"x" * 300
    assert s.processed_data() == c.REQUEST_RECV
    server.feed(wire[400:])
    assert server.data == b"y" * 4000


def test_app_data_before_handshake_complete(keys):
    """The server's Finished and its first data in one buffer: APP_DATA implies that the handshake is complete."""
    client, server = loop.pair(keys)
    server.feed(client.take())
    client.feed(server.take())
    server.feed(client.take())
    last = server.take()
    server.send(b"hi").send(b"there")
    last += server.take()
    s = client.session
    assert put(s, last) == c.APP_DATA and bytes(s.plaintext) == b"hi"
    assert s.processed_data() == c.APP_DATA and bytes(s.plaintext) == b"there"
    assert s.processed_data() == c.SUCCESS
    assert s.received_data(0) == c.REQUEST_RECV  # HANDSHAKE_COMPLETE does not come late
    client.send(b"ok")
    loop.pump(client, server)
    assert server.data == b"ok"


def test_finished_and_alert_in_one_buffer(keys):
    client, server = loop.pair(keys)
    server.feed(client.take())
    client.feed(server.take())
    server.feed(client.take())
    last = server.take() + server.close().take()
    s = client.session
    assert put(s, last) == c.RECEIVED_ALERT and tuple(s.plaintext) == (1, 0)
    assert s.processed_data() == c.SUCCESS


def test_finished_and_warning_in_one_buffer(keys):
    """HANDSHAKE_COMPLETE follows the alert that was shown first."""
    client, server = loop.pair(keys)
    server.feed(client.take())
    client.feed(server.take())
    server.feed(client.take())
    last = server.take()
    loop.send_record(server, c.ALERT, b"\x01\x5a")
    s = client.session
    assert put(s, last + server.take()) == c.RECEIVED_ALERT and tuple(s.plaintext) == (1, 90)
    assert s.processed_data() == c.HANDSHAKE_COMPLETE


def test_server_data_with_the_clients_finished(keys):
    """A client that does not wait: its Finished and data in one buffer; the server's own Finished still goes out."""
    client, server = loop.pair(keys)
    server.feed(client.take())
    client.feed(server.take())
    client.session.established, client.session.quiet = True, False  # let it write early
    client.send(b"early")
    client.session.established, client.session.quiet = False, True
    s = server.session
    assert put(s, client.take()) == c.APP_DATA and bytes(s.plaintext) == b"early"
    assert s.processed_data() == c.REQUEST_SEND
    client.feed(server.take())
    assert client.complete and not client.error


@pytest.mark.parametrize("chunk", (1, 2, 3, 7, 64, 513, None))
def test_any_split(keys, chunk):
    client, server = loop.connect(*loop.pair(keys), chunk=chunk)
    data = bytes(range(256)) * 3
    for a, b in ((client, server), (server, client)):
        a.send(data[:1]).send(data[1:700]).send(data[700:])
        loop.pump(a, b, chunk)
        assert b.data == data and b.records == 3
    client.close()
    loop.pump(client, server, chunk)
    assert server.alerts == [(1, 0)]


@settings(max_examples=12)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=30), st.integers(0, 1 << 30))
def test_random_splits(keys, sizes, seed):
    """Both directions cut at random places, in the handshake and after."""
    client, server = loop.pair(keys)
    position = [seed]

    def move(a, b):
        wire = a.take(sizes[seed % len(sizes)])
        while wire:
            n = sizes[position[0] % len(sizes)]
            position[0] += 1
            b.feed(wire[:n])
            wire = wire[n:]

    for _ in range(3):
        move(client, server)
        move(server, client)
    assert client.complete and server.complete
    for n in sizes:
        client.send(bytes([n & 255]) * n)
    move(client, server)
    assert server.data == b"".join(bytes([n & 255]) * n for n in sizes)


# Misuse


def test_received_data_arguments(ends):
    s = ends[0].session
    raises(c.ARG_FAIL, s.received_data, -1)
    raises(c.ARG_FAIL, s.received_data, len(s.get_readbuf()) + 1)
    raises(c.ARG_FAIL, s.processed_data)
    assert s.received_data(0) == c.REQUEST_RECV  # and none of it closed the session


def test_sent_data_arguments(ends):
    client, server = ends
    raises(c.ARG_FAIL, client.session.sent_data, 1)
    raises(c.ARG_FAIL, client.session.sent_data, -1)
    client.send(b"x")
    raises(c.ARG_FAIL, client.session.sent_data, len(client.session.get_outdata()) + 1)
    loop.pump(client, server)
    assert server.data == b"x"


def test_writing_arguments(ends):
    client, server = ends
    s = client.session
    raises(c.ARG_FAIL, s.get_writebuf, 0)
    raises(c.ARG_FAIL, s.get_writebuf, -5)
    raises(c.ARG_FAIL, s.encode_writebuf, 1)  # without get_writebuf
    s.get_writebuf(10)
    raises(c.ARG_FAIL, s.encode_writebuf, 11)
    raises(c.ARG_FAIL, s.encode_writebuf, 0)
    raises(c.ARG_FAIL, s.encode_writebuf, -1)
    raises(c.ARG_FAIL, s.encode_to_outdata, b"")
    raises(c.LIMIT_FAIL, s.encode_to_outdata, bytes(16385))
    s.get_writebuf(10)[:3] = b"abc"
    assert s.encode_writebuf(3) == 5 + 8 + 3 + 16  # fewer than asked for
    raises(c.ARG_FAIL, s.encode_writebuf, 1)  # once
    loop.pump(client, server)
    assert server.data == b"abc"


def test_writing_before_the_handshake(keys):
    client, server = loop.pair(keys)
    for s in (client.session, server.session):
        raises(c.PROTOCOL_FAIL, s.get_writebuf, 1)
        raises(c.PROTOCOL_FAIL, s.encode_writebuf, 1)
        raises(c.PROTOCOL_FAIL, s.encode_to_outdata, b"x")
    loop.connect(client, server)


def test_encode_to_outdata_between(ends):
    """get_writebuf, then something else is sealed: the stale write buffer is refused, nothing is lost."""
    client, server = ends
    s = client.session
    s.get_writebuf(5)[:] = b"stale"
    s.encode_to_outdata(b"first")
    raises(c.FAILURE, s.encode_writebuf, 5)
    loop.pump(client, server)
    assert server.data == b"first"


def test_session_arguments(keys):
    trust, own = keys
    for most in (0, 63, 511, 16385, -1):
        raises(c.ARG_FAIL, lambda n=most: mxtls.ClientSession(trust, server_name="localhost", max_record=n))
    raises(c.UNSUPPORTED_FAIL, lambda: mxtls.ClientSession(trust, cipher_suite=0x1306, server_name="localhost"))
    for name in ("", "x" * 254, "b\u00fccher.example", "\u00fc" * 253):
        raises(c.ARG_FAIL, lambda n=name: mxtls.ClientSession(trust, server_name=n))
    mxtls.ClientSession(trust, server_name="x" * 253, max_record=512).delete()
    raises(c.ARG_FAIL, lambda: mxtls.ServerSession(trust))  # no private key


def test_no_name_and_no_validator(keys):
    """A client that could not check whom it talks to does not go on."""
    client, server = loop.pair(keys, name=None)
    loop.pump(client, server)
    assert loop.check_text(client.error).code == c.ARG_FAIL and not client.complete and not server.complete
    assert server.alerts == [(2, c.ALERT_INTERNAL_ERROR)]


# Writing


@pytest.mark.parametrize("n", (1, 15, 16, 511, 512, 16383, 16384))
def test_sizes(ends, n):
    client, server = ends
    for a, b in ((client, server), (server, client)):
        assert a.session.encode_to_outdata(bytearray(n)) == n + 29
        loop.pump(a, b)
        assert b.data == bytes(n) and b.records == 1


def test_get_writebuf_may_give_less(ends):
    assert len(ends[0].session.get_writebuf(20000)) == 16384


def test_encode_leaves_data_alone(ends):
    data = bytearray(b"as it was")
    ends[0].session.encode_to_outdata(data)
    assert data == b"as it was"


def test_return_values_count_what_waits(ends):
    s = ends[0].session
    assert s.encode_to_outdata(b"12345") == 34
    s.get_writebuf(5)[:] = b"abcde"
    assert s.encode_writebuf(5) == 68 == len(s.get_outdata())
    assert s.sent_data(10) == c.REQUEST_SEND
    assert s.encode_to_outdata(b"12345") == 92 == len(s.get_outdata())


def test_partly_sent_then_more(ends):
    client, server = ends
    s = client.session
    wire = b""
    for i in range(40):
        s.encode_to_outdata(bytes([i]) * 300)
        part = bytes(s.get_outdata()[:200])
        s.sent_data(200)
        wire += part
    server.feed(wire + client.take())
    assert server.data == b"".join(bytes([i]) * 300 for i in range(40))


@pytest.mark.parametrize("most", (512, 1000, 4096))
def test_fragments_under_max_record(keys, most):
    """Nobody sends a record longer than the smaller max_record of the two, on either side."""
    client, server = loop.connect(*loop.pair(keys, client={"max_record": most}))
    assert (client.session.max_out, server.session.max_out) == (most, most)
    for a, b in ((client, server), (server, client)):
        a.session.encode_to_outdata(bytes(3 * most + 1)) if most < 1400 else [a.session.encode_to_outdata(bytes(most)), a.session.encode_to_outdata(b"1")]
        wire = a.take()
        assert all(len(r[2]) - 24 <= most for r in loop.records(wire))
        b.feed(wire)
        assert len(b.data) >= most + 1 and len(a.session.get_writebuf(20000)) == most


def test_handshake_fragments(keys):
    """A server bound to 512-byte records cuts its Certificate message; the client joins it again."""
    client, server = loop.pair(keys, client={"max_record": 512})
    server.feed(client.take())
    flight = server.take()
    assert max(len(r[2]) for r in loop.records(flight)) <= 512 and len(loop.records(flight)) > 4
    client.feed(flight)
    loop.connect(client, server)


def test_full_output_buffer(ends):
    client, server = ends
    s = client.session
    total = 0
    while True:
        try:
            s.encode_to_outdata(bytes(5000))
            total += 5000
        except mxtls.Error as e:
            loop.check_text(e)
            assert e.code == c.MEM_FAIL
            break
    raises(c.MEM_FAIL, s.get_writebuf, 10000)
    assert total >= 16384 and len(s.output.buf) <= s.output.limit
    loop.pump(client, server)  # it was not closed by that, and nothing was lost
    assert len(server.data) == total
    client.send(b"more")
    loop.pump(client, server)
    assert bytes(server.data[-4:]) == b"more"


# Buffers


def test_buffers_grow_on_demand(ends):
    client, server = ends
    assert len(server.session.input.buf) < 4000 and len(client.session.output.buf) < 1000
    loop.carry(client, server, bytes(16384))
    assert 8192 < len(server.session.input.buf) <= server.session.input.limit == 16384 + 325


def test_input_never_beyond_max_record(keys):
    client, server = loop.connect(*loop.pair(keys, max_record=512))
    for _ in range(30):
        client.session.encode_to_outdata(bytes(512))
        server.feed(client.take(), 5)
    assert len(server.data) == 30 * 512
    assert len(server.session.input.buf) <= 4096 + 325 == server.session.input.limit


def test_a_peer_that_ignores_max_record(keys):
    client, server = loop.connect(*loop.pair(keys, client={"max_record": 512}))
    server.session.max_out = 16384
    server.session.encode_to_outdata(bytes(1000))
    client.feed(server.take())
    loop.check_failed(client, c.ALERT_RECORD_OVERFLOW, c.PROTOCOL_FAIL)


# Closing


def test_closure_both_ways(ends):
    client, server = ends
    assert client.session.encode_closure_alert() == c.SUCCESS
    raises(c.PROTOCOL_FAIL, client.session.encode_closure_alert)  # once
    for call, arg in ((client.session.get_writebuf, 1), (client.session.encode_to_outdata, b"x")):
        raises(c.PROTOCOL_FAIL, call, arg)
    wire = bytes(client.session.get_outdata())
    assert client.session.sent_data(3) == c.REQUEST_SEND
    assert client.session.sent_data(len(wire) - 3) == c.REQUEST_CLOSE
    s = server.session
    assert put(s, wire) == c.RECEIVED_ALERT and bytes(s.plaintext) == b"\x01\x00" and s.plain_len == 2
    assert s.processed_data() == c.SUCCESS
    s.received_eof()  # expected by now
    raises(c.PROTOCOL_FAIL, s.received_data, 0)
    assert s.encode_closure_alert() == c.SUCCESS
    client.feed(server.take())
    assert server.sent[-1] == c.REQUEST_CLOSE and client.alerts == [(1, 0)]
    client.session.received_eof()


def test_half_close(ends):
    """After the peer's close_notify we may still send; after our own we may still receive."""
    client, server = ends
    client.close()
    server.feed(client.take())
    server.send(b"the rest")
    client.feed(server.take())
    assert client.data == b"the rest" and server.alerts == [(1, 0)]
    server.close()
    client.feed(server.take())
    assert client.alerts == [(1, 0)]


def test_data_then_close_in_one_buffer(ends):
    client, server = ends
    client.send(b"bye").close()
    s = server.session
    assert put(s, client.take() + b"trailing bytes are not read") == c.APP_DATA
    assert s.processed_data() == c.RECEIVED_ALERT
    assert s.processed_data() == c.SUCCESS


def test_eof_without_close(ends):
    client, server = ends
    e = raises(c.PROTOCOL_FAIL, client.session.received_eof)
    assert e.alert == c.ALERT_NONE and "cut short" in e.text
    client.session.received_eof()  # told once
    client.error = e
    assert client.take() == b""
    loop.check_failed(client)


def test_eof_in_the_handshake(keys):
    client, server = loop.pair(keys)
    server.feed(client.take())
    for end in (client, server):
        end.error = raises(c.PROTOCOL_FAIL, end.session.received_eof)
        loop.check_failed(end)


@pytest.mark.parametrize("alert", (c.ALERT_HANDSHAKE_FAILURE, c.ALERT_BAD_RECORD_MAC, c.ALERT_INTERNAL_ERROR))
def test_fatal_alert(ends, alert):
    client, server = ends
    loop.send_record(server, c.ALERT, bytes([2, alert]))
    s = client.session
    assert put(s, server.take()) == c.RECEIVED_ALERT and bytes(s.plaintext) == bytes([2, alert])
    assert s.processed_data() == c.SUCCESS
    assert s.rd is None and s.wr is None
    for call in (lambda: s.received_data(0), lambda: s.get_writebuf(1), s.encode_closure_alert):
        raises(c.PROTOCOL_FAIL, call)
    s.received_eof()


def test_warning_alert_goes_on(ends):
    client, server = ends
    loop.send_record(server, c.ALERT, b"\x01\x5a")
    server.send(b"still here")
    client.feed(server.take())
    assert client.alerts == [(1, 90)] and client.data == b"still here"


NO_REHANDSHAKES = ("mxtls.handshake.machine._USE_REHANDSHAKES", "mxtls.handshake.client._USE_REHANDSHAKES")


@pytest.mark.parametrize("options", (NO_REHANDSHAKES, ("mxtls.session._ENABLE_SECURE_REHANDSHAKES",)), ids=("any", "secure"))
def test_rehandshake_is_refused(ends, monkeypatch, options):
    """Switched off: HelloRequest and a second ClientHello get no_renegotiation, a warning, and the session goes on."""
    for option in options:
        monkeypatch.setattr(option, 0)
    client, server = ends
    loop.send_record(server, c.HANDSHAKE, loop.message(c.HELLO_REQUEST, b""))
    assert put(client.session, server.take()) == c.REQUEST_SEND
    server.feed(client.take())
    assert server.alerts == [(1, c.ALERT_NO_RENEGOTIATION)]
    loop.send_record(client, c.HANDSHAKE, loop.message(c.CLIENT_HELLO, bytes(100)))
    assert put(server.session, client.take()) == c.REQUEST_SEND
    client.feed(server.take())
    assert client.alerts == [(1, c.ALERT_NO_RENEGOTIATION)]
    loop.carry(client, server, b"and on")


# Deleting, opening


def test_delete_twice_and_use_after(ends):
    client, server = ends
    client.send(b"secret text")
    output = client.session.output.buf
    s = client.session
    s.delete()
    s.delete()
    assert not any(output), "the buffer was not wiped"
    assert s.rd is None and s.keys is None
    for call in (s.get_readbuf, lambda: s.received_data(0), lambda: s.received_data(1), s.processed_data, lambda: s.get_writebuf(1),
                 lambda: s.encode_writebuf(1), lambda: s.encode_to_outdata(b"x"), s.encode_closure_alert, lambda: s.sent_data(1)):
        with pytest.raises(mxtls.Error) as caught:
            call()
        loop.check_text(caught.value)
    assert len(s.get_outdata()) == 0 and len(s.plaintext) == 0
    s.received_eof()


def test_delete_at_every_point(keys):
    """In the middle of each flight."""
    for stop in range(1, 5):
        client, server = loop.pair(keys)
        for step in range(stop):
            a, b = ((client, server), (server, client))[step & 1]
            wire = a.take()
            b.feed(wire[: len(wire) // 2 if step == stop - 1 else len(wire)])
        client.session.delete()
        server.session.delete()


def test_open_twice():
    assert mxtls.open() == c.SUCCESS
    assert mxtls.open() == c.SUCCESS
    mxtls.close()
    mxtls.close()
    assert mxtls.open() == c.SUCCESS


def test_sessions_share_keys(keys):
    one, two = loop.pair(keys), loop.pair(keys)
    loop.connect(*one)
    loop.connect(*two)
    one[0].session.delete()
    loop.carry(*two, b"unharmed")


class NoMemory:
    """Stands where a session allocates; raises MemoryError at its n-th call."""

    def __init__(self, real, at):
        self.real, self.left = real, at

    def __call__(self, *args):
        self.left -= 1
        if self.left == 0:
            raise MemoryError("memory allocation failed, allocating 512 bytes")
        return self.real(*args)


@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize("name", ("mxtls.buffers.copy", "mxtls.handshake.derive._prf", "mxtls.crypto.ecdh.Share", "mxtls.handshake.transcript.Hash"))
def test_memory_error_leaves_it_deletable(keys, monkeypatch, name, at):
    module, attribute = name.rsplit(".", 1)
    __import__(module)
    import sys

    client, server = loop.pair(keys)
    spy = NoMemory(getattr(sys.modules[module], attribute), at)
    monkeypatch.setattr(sys.modules[module], attribute, spy)
    failed = None
    for a, b in ((client, server), (server, client), (client, server), (server, client)):
        wire = a.take()
        try:
            b.feed(wire)
        except MemoryError:
            failed = b.session
            break
    monkeypatch.undo()
    if failed and not failed.closing:  # it was get_readbuf: nothing is lost, and it may be called again
        assert name == "mxtls.buffers.copy" and not b.error
        b.feed(wire[b.fed :])
        loop.connect(client, server)
        return
    if failed is None:
        assert spy.left > 0
        return
    assert failed.rd is None and failed.wr is None and failed.hs is None
    raises(c.PROTOCOL_FAIL, failed.received_data, 0)
    failed.delete()
    failed.delete()


@pytest.mark.parametrize("version", (c.TLS1_2, c.TLS1_3), ids=lambda v: "%04X" % v)
@pytest.mark.parametrize("name", ("derive._prf", "derive._record", "schedule.expand_label", "schedule.extract", "schedule.hmac_of", "schedule._aead", "schedule.Aead13Record"))
def test_memory_error_leaves_no_secret(keys, monkeypatch, name, version):
    """Wherever it comes, what was at work is overwritten."""
    module = importlib.import_module("mxtls.handshake." + name.split(".")[0])
    real = getattr(module, name.split(".")[1])
    left = at = 0
    while left == 0:  # until there is no such call any more
        at += 1
        left = at
        secrets = []

        def call(*args, secrets=secrets):
            nonlocal left
            left -= 1
            if left == 0:
                secrets.extend(arg for arg in args if isinstance(arg, bytearray))
                raise MemoryError("memory allocation failed, allocating 512 bytes")
            return real(*args)

        with monkeypatch.context() as m:
            m.setattr(module, name.split(".")[1], call)
            with contextlib.suppress(MemoryError):
                loop.pump(*loop.pair(keys, max_version=version))
        assert not any(any(secret) for secret in secrets), at
    assert at > 1 or (name[:6] == "derive") != (version == c.TLS1_2)


def test_memory_error_in_get_readbuf(ends):
    client, server = ends
    client.send(bytes(10000))
    wire = client.take()
    s = server.session
    put(s, wire[:20])
    s.input.limit = 16709

    class Full:
        def __getattr__(self, name):
            raise MemoryError("memory allocation failed, allocating 10037 bytes")

    s.input, kept = Full(), s.input
    with pytest.raises(MemoryError):
        s.get_readbuf()
    s.input = kept
    s.delete()
