# SPDX-License-Identifier: MIT
"""Negotiating again on an open session (self-test): both sides, resumed and full, new keys, validator and suite, data in between,
RFC 5746 and what it prevents, the legacy kind, and all of it switched off."""

import loop
import pki
import pytest

import mxtls
from mxtls import codes as c
from mxtls.handshake import codec, extensions, server_hello

VERSIONS = (c.SSL3, c.TLS1_0, c.TLS1_1, c.TLS1_2)
PSK = 0x008C
CASES = [(c.TLS1_2, 0xC02F), (c.TLS1_2, 0xCCA8), (c.TLS1_2, 0x002F)] + [(v, s) for v in VERSIONS for s in (PSK, 0x0005)] + [(c.TLS1_0, 0xC013), (c.SSL3, 0x0033)]


@pytest.fixture(scope="module")
def rsa():
    return loop.keys_of(pki.chain(key="rsa2048"))


@pytest.fixture
def psk():
    return loop.psk_keys()


@pytest.fixture
def ends(psk):
    return loop.connect(*loop.pair(psk, client={"cipher_suite": PSK}))


def raises(code, call, *args, **more):
    with pytest.raises(mxtls.Error) as caught:
        call(*args, **more)
    assert caught.value.code == code, caught.value.text
    return loop.check_text(caught.value)


def again(client, server, role, chunk=None, **arguments):
    """One more handshake that role asks for and that must succeed."""
    assert (client if role == "client" else server).session.encode_rehandshake(**arguments) == c.SUCCESS
    client.complete = server.complete = False
    before = client.session.wr, server.session.wr, client.session.client_verify
    loop.connect(client, server, chunk)
    assert client.session.wr is not before[0] and server.session.wr is not before[1], "the old keys are still in use"
    assert client.session.client_verify == server.session.client_verify != before[2]
    assert client.session.server_verify == server.session.server_verify


def talk(client, server):
    loop.carry(client, server, b"up" * 300)
    loop.carry(server, client, b"down" * 300)


@pytest.mark.parametrize("version, suite", CASES, ids=lambda v: "%04X" % v)
@pytest.mark.parametrize("role", ("client", "server"))
def test_rehandshake(rsa, psk, version, suite, role):
    keys = psk if suite == PSK else rsa
    client, server = loop.connect(*loop.pair(keys, client={"cipher_suite": suite}, server={"max_version": version}))
    talk(client, server)
    for resumed in (True, False, True, False):
        more = {} if resumed else {"cipher_suite": suite} if role == "client" else {"session_option": c.OPTION_FULL_HANDSHAKE}
        again(client, server, role, **more)
        assert client.session.resumed == server.session.resumed == resumed
        assert client.session.version == server.session.version == version and (client.session.cipher_suite == suite or role == "server")
        talk(client, server)
    client.close()
    server.close()
    loop.pump(client, server)
    assert client.alerts == server.alerts == [(1, 0)]


@pytest.mark.parametrize("chunk", (1, 7, 100))
@pytest.mark.parametrize("role", ("client", "server"))
def test_any_split(rsa, role, chunk):
    client, server = loop.connect(*loop.pair(rsa, max_record=512))
    for option in (0, c.OPTION_FULL_HANDSHAKE):
        again(client, server, role, chunk, session_option=option)
        talk(client, server)


def test_server_without_a_cache(rsa):
    """Nothing to resume: the same call leads to a full handshake."""
    rsa[1].max_sessions, rsa[1].tickets = 0, False
    try:
        client, server = loop.connect(*loop.pair(rsa))
        for role in ("client", "server"):
            again(client, server, role)
            assert not client.session.resumed
    finally:
        rsa[1].max_sessions, rsa[1].tickets = 8, True


def test_the_session_id_of_the_application(rsa):
    """A rehandshake that is full leaves its session there."""
    sid = mxtls.SessionId()
    client, server = loop.connect(*loop.pair(rsa, client={"session_id": sid}))
    first = sid.id
    again(client, server, "client")
    assert sid.id == first
    again(client, server, "client", session_option=c.OPTION_FULL_HANDSHAKE)
    assert sid.id != first
    client, _ = loop.connect(*loop.pair(rsa, client={"session_id": sid}))
    assert client.session.resumed


# What may be new


def test_new_server_keys():
    """The client must trust them too."""
    one, two = (loop.keys_of(pki.chain(key=key, tag=key)) for key in ("p256", "rsa2048"))
    trust = mxtls.Keys()
    trust.load_rsa_keys_mem(None, None, pki.chain(key="p256", tag="p256").root_der + pki.chain(key="rsa2048", tag="rsa2048").root_der)
    client, server = loop.connect(*loop.pair((trust, one[1])))
    assert client.session.cipher_suite == 0xC02B
    again(client, server, "server", keys=two[1])
    assert client.session.cipher_suite == 0xC02F and not client.session.resumed and server.session.keys is two[1]
    talk(client, server)


def test_new_client_keys():
    chain = pki.chain()
    trust, own = loop.keys_of(chain)
    client, server = loop.connect(*loop.pair((trust, own)))
    again(client, server, "client", keys=loop.keys_of(chain)[0])
    assert not client.session.resumed
    stranger = loop.keys_of(pki.chain(tag="stranger"))[0]
    client.session.encode_rehandshake(keys=stranger)
    loop.pump(client, server)
    assert loop.check_text(client.error).alert == c.ALERT_UNKNOWN_CA and server.alerts == [(2, c.ALERT_UNKNOWN_CA)]
    assert server.session.rd is None


def test_new_validator(rsa):
    """It is asked, and only from then on."""
    asked = []
    client, server = loop.connect(*loop.pair(rsa))
    again(client, server, "client", cert_validator=lambda s, x, alert: asked.append((s, x, alert)) or 0)
    assert len(asked) == 1 and asked[0][0] is client.session and asked[0][2] == 0
    assert client.session.peer_certificate is asked[0][1]
    again(client, server, "client", session_option=c.OPTION_FULL_HANDSHAKE)
    assert len(asked) == 2


def test_new_validator_that_refuses(rsa):
    client, server = loop.connect(*loop.pair(rsa))
    client.session.encode_rehandshake(cert_validator=lambda s, x, alert: c.ALERT_ACCESS_DENIED)
    loop.pump(client, server)
    assert client.error.alert == c.ALERT_ACCESS_DENIED and server.alerts == [(2, c.ALERT_ACCESS_DENIED)]


@pytest.mark.parametrize("suite", (0xC030, 0x002F, 0x0004, 0x0033))
def test_new_suite(rsa, suite):
    client, server = loop.connect(*loop.pair(rsa))
    again(client, server, "client", cipher_suite=suite)
    assert client.session.cipher_suite == server.session.cipher_suite == suite and not client.session.resumed
    talk(client, server)
    again(client, server, "client")
    assert client.session.resumed and client.session.cipher_suite == suite
    talk(client, server)


def test_splitting_comes_and_goes(rsa):
    """1/n-1 splitting belongs to the suite that is in use."""
    client, server = loop.connect(*loop.pair(rsa, client={"cipher_suite": 0x0005, "max_version": c.TLS1_0}))
    for suite, records in ((0x002F, 2), (0x0005, 1), (0x000A, 2)):
        again(client, server, "client", cipher_suite=suite)
        client.send(b"data")
        wire = client.take()
        assert len(loop.records(wire)) == records
        server.feed(wire)
        talk(client, server)


def test_nothing_in_common_any_more(rsa):
    client, server = loop.connect(*loop.pair(rsa))
    server.session.set_cipher_suite_enabled_status(0x0004, False)
    client.session.encode_rehandshake(cipher_suite=0x0004)
    loop.pump(client, server)
    assert server.error.alert == c.ALERT_HANDSHAKE_FAILURE and client.alerts == [(2, c.ALERT_HANDSHAKE_FAILURE)]
    assert client.session.rd is None and server.session.rd is None


def test_set_session_option_full(rsa):
    """OPTION_FULL_HANDSHAKE beforehand: the client asks to resume, the server does not; once."""
    client, server = loop.connect(*loop.pair(rsa))
    server.session.set_session_option(c.OPTION_FULL_HANDSHAKE)
    again(client, server, "client")
    assert not client.session.resumed
    again(client, server, "client")
    assert client.session.resumed


# HelloRequest


def test_hello_request(ends):
    client, server = ends
    assert server.session.encode_rehandshake() == c.SUCCESS
    wire = server.take()
    assert len(loop.records(wire)) == 1
    client.feed(wire)
    assert client.statuses[-1] == c.REQUEST_SEND
    hello = client.take()
    assert loop.records(hello)[0][:2] == (c.HANDSHAKE, c.TLS1_2)
    server.feed(hello)
    loop.connect(client, server)


def test_hello_requests_while_it_runs(ends):
    """A client that negotiates already ignores them (RFC 5246 section 7.4.1.1); the two sides may also ask at the same time."""
    client, server = ends
    server.session.encode_rehandshake()
    server.session.encode_rehandshake()
    client.session.encode_rehandshake()
    client.complete = server.complete = False
    loop.connect(client, server)
    talk(client, server)


def test_processed_data_starts_it(ends):
    """Data, then a HelloRequest or a ClientHello, in one buffer: processed_data says REQUEST_SEND."""
    client, server = ends
    server.send(b"before")
    server.session.encode_rehandshake()
    wire = server.take()
    s = client.session
    s.get_readbuf()[: len(wire)] = wire
    assert s.received_data(len(wire)) == c.APP_DATA and bytes(s.plaintext) == b"before"
    assert s.processed_data() == c.REQUEST_SEND
    server.feed(client.take())
    loop.connect(client, server)
    client.send(b"before")
    client.session.encode_rehandshake()
    wire = client.take()
    s = server.session
    s.get_readbuf()[: len(wire)] = wire
    assert s.received_data(len(wire)) == c.APP_DATA and bytes(s.plaintext) == b"before"
    assert s.processed_data() == c.REQUEST_SEND
    loop.connect(client, server)


# Data while it runs


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suite", (PSK, 0x0005))
@pytest.mark.parametrize("option", (0, c.OPTION_FULL_HANDSHAKE))
def test_data_in_between(rsa, psk, version, suite, option):
    """Until its own ChangeCipherSpec each side may send under the old keys, and the other takes it."""
    client, server = loop.connect(*loop.pair(psk if suite == PSK else rsa, client={"cipher_suite": suite, "max_version": version}))
    up, down = b"", b""

    def send(end, text):
        nonlocal up, down
        end.send(text)
        if end is client:
            up += text
        else:
            down += text

    server.session.encode_rehandshake(session_option=option)
    send(server, b"after the request;")
    client.feed(server.take())
    send(client, b"after the hello;")
    send(server, b"before the hello came;")
    server.feed(client.take())
    if not option:  # abbreviated: the server has sent its Finished
        raises(c.PROTOCOL_FAIL, server.session.encode_to_outdata, b"x")
        send(client, b"before the flight came;")
        client.feed(server.take())
        send(client, b"under the new keys;")
        server.feed(client.take())
    else:
        send(server, b"after the flight;")
        send(client, b"before the flight came;")
        client.feed(server.take())
        raises(c.PROTOCOL_FAIL, client.session.encode_to_outdata, b"x")  # the client has sent its Finished
        send(server, b"before the client's Finished came;")
        client.feed(server.take())
        server.feed(client.take())
        send(server, b"under the new keys;")
        client.feed(server.take())
    loop.pump(client, server)
    assert not client.error and not server.error
    assert client.session.state == server.session.state == c.OPEN and client.session.resumed == (not option)
    talk(client, server)
    assert server.data.startswith(up) and client.data.startswith(down) and len(up) > 30 and len(down) > 30


def test_data_between_change_cipher_spec_and_finished(rsa, monkeypatch):
    """There it has no place."""
    from mxtls.handshake import derive

    client, server = loop.connect(*loop.pair(rsa))
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    server.feed(client.take())

    monkeypatch.setattr(derive, "send_finished", derive._change_write)
    client.feed(server.take())
    assert not client.error, client.error.text
    loop.send_record(client, c.APPLICATION_DATA, b"early")
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


def test_a_write_buffer_that_was_given_out(ends):
    """get_writebuf, then a HelloRequest comes: the stale buffer is refused, or its data goes before."""
    client, server = ends
    client.session.get_writebuf(5)[:] = b"stale"
    server.session.encode_rehandshake()
    client.feed(server.take())
    raises(c.FAILURE, client.session.encode_writebuf, 5)
    client.complete = server.complete = False
    loop.connect(client, server)
    talk(client, server)


def test_closing_while_it_runs(ends):
    client, server = ends
    client.session.encode_rehandshake()
    client.close()
    server.feed(client.take())
    assert server.alerts == [(1, 0)]
    raises(c.ERROR, server.session.encode_rehandshake)


# RFC 5746


def wrong(data):
    return bytes([data[0] ^ 1]) + data[1:]


@pytest.mark.parametrize("change", (wrong, lambda d: b"", lambda d: d[:-1], lambda d: d + b"\x00", lambda d: bytes(len(d))), ids=("flipped", "empty", "short", "long", "zero"))
@pytest.mark.parametrize("version", (c.SSL3, c.TLS1_0, c.TLS1_2))
def test_wrong_verify_data_of_the_client(psk, version, change):
    client, server = loop.connect(*loop.pair(psk, client={"cipher_suite": PSK}, server={"max_version": version}))
    client.session.client_verify = change(client.session.client_verify)
    client.session.encode_rehandshake()
    server.feed(client.take())
    wire = server.take()
    client.feed(wire)
    assert client.alerts == [(2, c.ALERT_HANDSHAKE_FAILURE)]
    assert "spliced" in loop.check_failed(server, c.ALERT_HANDSHAKE_FAILURE, c.PROTOCOL_FAIL, wire).text


@pytest.mark.parametrize("which, change", (("client_verify", wrong), ("server_verify", wrong), ("client_verify", lambda d: b"")), ids=("client", "server", "none"))
@pytest.mark.parametrize("option", (0, c.OPTION_FULL_HANDSHAKE))
def test_wrong_verify_data_of_the_server(ends, which, change, option):
    client, server = ends
    client.session.encode_rehandshake(session_option=option)
    hello = client.take()
    real = server_hello.write

    def write(session, hs, w):
        kept = getattr(session, which)
        setattr(session, which, change(kept))
        real(session, hs, w)
        setattr(session, which, kept)

    server_hello.write = write
    try:
        server.feed(hello)
    finally:
        server_hello.write = real
    client.feed(server.take())
    assert "spliced" in loop.check_failed(client, c.ALERT_HANDSHAKE_FAILURE, c.PROTOCOL_FAIL).text


def test_a_first_hello_inside_anothers_session(psk):
    """The attack itself: somebody opens a session and hands on the victim's first ClientHello inside it."""
    attacker, server = loop.connect(*loop.pair(psk, client={"cipher_suite": PSK}))
    victim, _ = loop.pair(psk, client={"cipher_suite": PSK})
    attacker.send(b"GET /pay HTTP/1.1\r\nX: ")
    loop.send_record(attacker, c.HANDSHAKE, loop.messages(victim.take())[0])
    server.feed(attacker.take())
    assert "spliced" in loop.check_failed(server, c.ALERT_HANDSHAKE_FAILURE, c.PROTOCOL_FAIL).text


def raw_hello(extensions=b"", suites=b"\x00\x8c"):
    return loop.message(c.CLIENT_HELLO, b"\x03\x03" + bytes(33) + len(suites).to_bytes(2, "big") + suites + b"\x01\x00" + len(extensions).to_bytes(2, "big") + extensions)


@pytest.mark.parametrize("suites", (b"\x00\x8c", b"\x00\x8c\x00\xff"))
def test_without_renegotiation_info_the_second_time(ends, suites):
    """Left out, or the number in its place, which is for first hellos only."""
    client, server = ends
    loop.send_record(client, c.HANDSHAKE, raw_hello(suites=suites))
    server.feed(client.take())
    assert "spliced" in loop.check_failed(server, c.ALERT_HANDSHAKE_FAILURE, c.PROTOCOL_FAIL).text


def test_the_number_beside_the_extension(ends):
    client, server = ends
    data = client.session.client_verify
    extension = b"\xff\x01" + (len(data) + 1).to_bytes(2, "big") + bytes([len(data)]) + data
    loop.send_record(client, c.HANDSHAKE, raw_hello(extension, b"\x00\x8c\x00\xff"))
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_HANDSHAKE_FAILURE, c.PROTOCOL_FAIL)


def test_a_server_that_forgets_it_the_second_time(ends):
    client, server = ends
    client.session.encode_rehandshake()
    hello = client.take()
    real = server_hello.write
    server_hello.write = lambda session, hs, w: (setattr(hs, "flags", hs.flags & ~c.EXT_RENEGOTIATION_INFO), real(session, hs, w))
    try:
        server.feed(hello)
    finally:
        server_hello.write = real
    client.feed(server.take())
    assert "spliced" in loop.check_failed(client, c.ALERT_HANDSHAKE_FAILURE, c.PROTOCOL_FAIL).text


# Peers without it


@pytest.fixture
def legacy(psk, monkeypatch):
    """Two ends that have never heard of RFC 5746: the extension is passed over."""

    def pass_over(session, hs, r, stop, expected):
        r.off = stop

    monkeypatch.setattr(extensions, "check_renegotiation", pass_over)
    client, server = loop.connect(*loop.pair(psk, client={"cipher_suite": PSK}))
    assert not client.session.secure and not server.session.secure
    return client, server


@pytest.mark.parametrize("role", ("client", "server"))
@pytest.mark.parametrize("option", (0, c.OPTION_FULL_HANDSHAKE))
def test_insecure(legacy, role, option):
    """ENABLE_INSECURE_REHANDSHAKES."""
    for _ in range(3):
        again(*legacy, role, session_option=option)
        talk(*legacy)


@pytest.mark.parametrize("role", ("client", "server"))
def test_insecure_is_refused(legacy, role, monkeypatch):
    monkeypatch.setattr("mxtls.session._ENABLE_INSECURE_REHANDSHAKES", 0)
    client, server = legacy
    end, other = (client, server) if role == "client" else (server, client)
    assert "RFC 5746" in raises(c.ERROR, end.session.encode_rehandshake).text
    with monkeypatch.context() as m:
        m.setattr("mxtls.session._ENABLE_INSECURE_REHANDSHAKES", 1)
        end.session.encode_rehandshake()
    other.feed(end.take())
    assert not other.error
    end.feed(other.take())
    assert end.alerts == [(1, c.ALERT_NO_RENEGOTIATION)]
    talk(client, server)


@pytest.mark.parametrize("role", ("client", "server"))
def test_secure_becomes_insecure(ends, role, monkeypatch):
    """The extension vanishes in the second handshake: spliced, even where the legacy kind is allowed."""
    client, server = ends
    other = server if role == "client" else client

    def pass_over(session, hs, r, stop, expected):
        r.off = stop
        hs.flags |= c.EXT_RENEGOTIATION_INFO
        if session is other.session:
            hs.flags &= ~c.EXT_RENEGOTIATION_INFO

    monkeypatch.setattr(extensions, "check_renegotiation", pass_over)
    client.session.encode_rehandshake()
    loop.pump(client, server)
    assert other.error.alert == c.ALERT_HANDSHAKE_FAILURE


def test_insecure_becomes_secure(legacy, monkeypatch):
    """And the other way round (RFC 5746 sections 4.2 and 4.4)."""
    monkeypatch.undo()
    client, server = legacy
    client.session.encode_rehandshake()
    loop.pump(client, server)
    assert "spliced" in server.error.text and server.error.alert == c.ALERT_HANDSHAKE_FAILURE


@pytest.mark.parametrize("role", ("client", "server"))
def test_required(psk, role, monkeypatch):
    """REQUIRE_SECURE_REHANDSHAKES: a peer without RFC 5746 is refused at once, one with it is not."""
    monkeypatch.setattr(extensions, "_REQUIRE_SECURE_REHANDSHAKES", 1)
    loop.connect(*loop.pair(psk, client={"cipher_suite": PSK}))
    client, server = loop.pair(psk, client={"cipher_suite": PSK})
    if role == "client":
        client.take()
        client.feed(loop.record(loop.message(c.SERVER_HELLO, b"\x03\x03" + bytes(33) + b"\x00\x8c\x00")))
        end = client
    else:
        end = server.feed(loop.record(raw_hello()))
    assert "RFC 5746" in loop.check_failed(end, c.ALERT_HANDSHAKE_FAILURE, c.PROTOCOL_FAIL).text
    assert not loop.pair(psk, client={"cipher_suite": PSK})[1].feed(loop.record(raw_hello(suites=b"\x00\x8c\x00\xff"))).error


# Switched off


@pytest.mark.parametrize("role", ("client", "server"))
def test_switched_off(ends, monkeypatch, role):
    """The peer asks; a warning says no, and the session goes on, on both sides and as often as they like."""
    client, server = ends
    end, other = (client, server) if role == "client" else (server, client)
    for i in range(1, 4):
        end.session.encode_rehandshake()
        with monkeypatch.context() as m:
            m.setattr("mxtls.session._ENABLE_SECURE_REHANDSHAKES", 0)
            other.feed(end.take())
        assert not other.error and other.statuses[-1] == c.REQUEST_SEND
        end.feed(other.take())
        assert end.alerts == [(1, c.ALERT_NO_RENEGOTIATION)] * i and not end.error
        assert client.session.state == server.session.state == c.OPEN
        talk(client, server)
    end.alerts.clear()
    again(client, server, role)  # it is on again
    talk(client, server)


@pytest.mark.parametrize("role", ("client", "server"))
def test_our_own_call_when_off(ends, monkeypatch, role):
    monkeypatch.setattr("mxtls.session._ENABLE_SECURE_REHANDSHAKES", 0)
    raises(c.ERROR, ends[role == "server"].session.encode_rehandshake)
    talk(*ends)


# Misuse and bounds


def test_encode_rehandshake_arguments(psk, ends):
    for end in loop.pair(psk, client={"cipher_suite": PSK}):
        raises(c.ERROR, end.session.encode_rehandshake)  # nothing was negotiated yet
    client, server = ends
    raises(c.UNSUPPORTED_FAIL, client.session.encode_rehandshake, cipher_suite=0x1301)
    raises(c.UNSUPPORTED_FAIL, client.session.encode_rehandshake, keys=mxtls.Keys(), cipher_suite=PSK)  # no key for it
    assert client.session.keys is psk[0]  # a call that fails changes nothing
    raises(c.ARG_FAIL, server.session.encode_rehandshake, keys=mxtls.Keys())
    raises(c.ARG_FAIL, server.session.set_session_option, 99)
    talk(client, server)  # and the session is unharmed
    again(client, server, "client")
    client.session.encode_rehandshake()
    assert "already" in raises(c.ERROR, client.session.encode_rehandshake).text
    client.close()
    raises(c.ERROR, client.session.encode_rehandshake)


@pytest.mark.parametrize("name", ("begin", "finish"))
@pytest.mark.parametrize("role", ("client", "server"))
def test_no_memory_to_negotiate_again(psk, ends, monkeypatch, role, name):
    """All is as it was, and the call may come again."""
    client, server = ends
    session = client.session if role == "client" else server.session

    def full(*args):
        raise MemoryError("memory allocation failed, allocating 512 bytes")

    before = session.keys
    with monkeypatch.context() as m:
        m.setattr(codec.Writer, name, full)
        with pytest.raises(MemoryError):
            session.encode_rehandshake(keys=loop.psk_keys()[role == "server"])
    assert session.keys is before and not session.hs and not session.full
    again(client, server, role)


@pytest.mark.parametrize("role", ("client", "server"))
def test_sixteen_in_a_row(ends, role):
    """Without data between them; who asks too often is told."""
    client, server = ends
    end = client if role == "client" else server
    for _ in range(16):
        again(client, server, role)
    raises(c.ERROR, end.session.encode_rehandshake)
    talk(client, server)  # data both ways: 16 more
    for _ in range(16):
        again(client, server, role)
    raises(c.ERROR, end.session.encode_rehandshake)


@pytest.mark.parametrize("role", ("client", "server"))
def test_a_peer_that_asks_for_ever(ends, role):
    """The bound is each side's own: role is the hostile one."""
    client, server = ends
    end, other = (client, server) if role == "client" else (server, client)
    for _ in range(16):
        end.session.rehandshakes = 0
        again(client, server, role)
    end.session.rehandshakes = 0
    end.session.encode_rehandshake()
    other.feed(end.take())
    end.feed(other.take())
    assert end.alerts == [(1, c.ALERT_NO_RENEGOTIATION)]
    talk(client, server)


def test_another_version_the_second_time(rsa):
    """The version is the connection's."""
    client, server = loop.connect(*loop.pair(rsa, client={"cipher_suite": 0x002F}, server={"max_version": c.TLS1_1}))
    server.session.max_version = c.TLS1_2
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_PROTOCOL_VERSION, c.PROTOCOL_FAIL)


def test_a_failed_rehandshake_forgets_the_session(rsa):
    sid = mxtls.SessionId()
    client, server = loop.connect(*loop.pair(rsa, client={"session_id": sid}))
    client.session.client_verify = b""
    client.session.encode_rehandshake()
    loop.pump(client, server)
    assert server.error and sid.id == b""
