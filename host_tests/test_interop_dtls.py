# SPDX-License-Identifier: MIT
"""DTLS against OpenSSL, GnuTLS and MicroPython's built-in `tls` (peers.py): every suite, both versions, both roles, with data both ways, and
each feature that a peer has; our servers always ask for a cookie first. What passes is on docs/interop.md (interop_table.py)."""

import contextlib
import random
import re
import select
import socket
import threading
from pathlib import Path

import network
import peers
import pki
import pytest
from datagrams import ready
from peers import ANSWER, GNUTLS, MBEDTLS, OPENSSL, TEXT, Case
from test_interop import (  # noqa: F401
    NO_TICKET,
    RESUMING,
    asking,
    auth_case,
    check,
    finish,
    keys_for,
    name_of,
    need,
    new_keys,
    record,
    session_for,
    showing,
)

import mxtls
import targets
from mxtls import codes as c

BOTH = tuple(peers.DTLS)
PLAIN = {c.DTLS1_0: 0xC013, c.DTLS1_2: 0xC02F}
PEERS = (OPENSSL, GNUTLS)
MATRIX = [(peer, key) for key in peers.every_dtls_case() for peer in PEERS if peer.speaks(Case(*key))]


@pytest.fixture(autouse=True)
def library():
    mxtls.open()
    yield
    mxtls.set_pmtu(-1)


def ours(case, keys=None, **arguments):
    return session_for(case, keys, dtls=True, **arguments)


@pytest.mark.parametrize("peer, key", MATRIX, ids=name_of)
def test_matrix(peer, key, record):  # noqa: F811
    need(peer)
    case = Case(*key)
    with peer.run(case) as other:
        stream = other.connect(ours(case))
        check(stream, case)
        other.talk(stream)
        stream.close()
    record("matrix", peer, case)


ALL = [(peer, version) for peer in PEERS for version in BOTH]
ALONE = [key for key in peers.every_dtls_case() if not any(peer.speaks(Case(*key)) for peer in PEERS)]


@pytest.mark.parametrize("key", ALONE, ids=name_of)
def test_self(key, record):  # noqa: F811
    """Cells that no peer here speaks: our client and our server."""
    case = Case(*key)
    client, server = (network.End(ours(Case(case.version, case.suite, role))) for role in peers.ROLES)
    for a, b in ((client, server), (server, client)) * 3:
        for datagram in a.datagrams():
            b.put(datagram)
    assert client.complete and server.complete and client.session.cipher_suite == case.suite
    client.send(TEXT)
    server.put(client.datagrams()[0])
    server.send(ANSWER)
    client.put(server.datagrams()[0])
    assert (server.data, client.data) == (TEXT, ANSWER)
    record("matrix", "self", case)


EVERY = [(peer, version, role) for peer in PEERS for version in BOTH for role in peers.ROLES]
every = pytest.mark.parametrize("peer, version, role", EVERY, ids=name_of)


@pytest.mark.parametrize("version", BOTH, ids=name_of)
def test_stateless_listener(version, record):  # noqa: F811
    """OpenSSL asks for a cookie before it makes a session."""
    need(OPENSSL)
    case = Case(version, PLAIN[version], "client")
    with OPENSSL.run(case, "-listen") as other:
        stream = other.connect(ours(case))
        assert stream.session.dtls.verifies == 1
        other.talk(stream)
        stream.close()
    record("HelloVerifyRequest (-listen)", OPENSSL, case)


@pytest.mark.parametrize("mtu", (256, 512))
@every
def test_small_datagrams(peer, version, role, mtu, record):  # noqa: F811
    """Either side cuts its messages into fragments."""
    need(peer)
    case = Case(version, PLAIN[version], role)
    mxtls.set_pmtu(mtu)
    with peer.run(case, *(("--mtu", mtu) if peer is GNUTLS else ("-mtu", mtu))) as other:
        stream = other.connect(ours(case))
        other.talk(stream, TEXT[:136], ANSWER[:136])
        stream.close()
    record("fragments, PMTU 256 and 512", peer, case)


@pytest.mark.parametrize("ticket", (False, True), ids=("id", "ticket"))
@pytest.mark.parametrize("peer, version", ALL, ids=name_of)
def test_client_resumes(peer, version, ticket, record):  # noqa: F811
    need(peer)
    case = Case(version, PLAIN[version], "client")
    keys, sid = keys_for(case), mxtls.SessionId()
    with peer.run(case, *(() if ticket else NO_TICKET[peer.name])) as other:
        for i in range(3):
            stream = other.connect(ours(case, keys, session_id=sid))
            check(stream, case)
            assert stream.session.resumed == (i > 0) and bool(sid.ticket) == ticket
            other.talk(stream, TEXT.replace(b"line", b"pass %d" % i), ANSWER)
            stream.close()
    record("resumption over DTLS", peer, case)


@contextlib.contextmanager
def serving(target, case, *options):
    """examples/server.py --dtls, which goes on until killed; its process and port."""
    port, keys = peers.free_port(), ("--cert", case.chain.chain_path, "--key", case.chain.key_path)
    argv = ["--dtls", "--listen", "127.0.0.1:%d" % port, *keys, *options]
    server = peers.Process(target.command("examples/server.py", argv), targets.ROOT, target.env())
    try:
        server.wait_for(b"listening")
        yield server, port
    except BaseException as e:
        e.add_note("the server said: %s" % server.output.decode(errors="replace"))
        raise
    finally:
        server.kill()


@pytest.fixture(scope="module")
def rsa_server():
    with serving(targets.CPYTHON, Case(c.DTLS1_2, PLAIN[c.DTLS1_2], "server")) as running:
        yield running


@pytest.mark.parametrize("ticket", (False, True), ids=("id", "ticket"))
@pytest.mark.parametrize("peer, version", ALL, ids=name_of)
def test_server_resumes(peer, version, ticket, rsa_server, record):  # noqa: F811
    """Their client connects again and again; only its last connection talks."""
    need(peer)
    server, port = rsa_server
    case, times = Case(version, PLAIN[version], "server"), 6 if peer is OPENSSL else 2
    before = len(re.findall(b"resumed=", server.output))
    client = peers.Process(peer.client(case, port, (*RESUMING[peer.name][-1:], *(() if ticket else NO_TICKET[peer.name]))))
    try:
        client.write(b"and now\n")
        client.wait_for(b"and now", peers.SECONDS)
        server.wait_for(b"(?s)(resumed=.*?ms=.*?){%d}" % (before + times), peers.SECONDS)  # it says so after it has answered
        assert re.findall(rb"resumed=(\d)", server.output)[before:] == [b"0"] + [b"1"] * (times - 1)
    finally:
        client.kill()
    record("resumption over DTLS", peer, case)


@pytest.mark.parametrize("key", ("rsa2048", "p256"))
@pytest.mark.parametrize("peer, version", ALL, ids=name_of)
def test_client_shows_its_certificate(peer, version, key, record):  # noqa: F811
    need(peer)
    case = Case(version, PLAIN[version] if key == "rsa2048" else 0xC009, "client")
    with peer.run(case, *asking(peer, case)) as other:
        stream = other.connect(ours(case, keys_for(case, auth=True)))
        check(stream, case)
        other.talk(stream)
        stream.close()
    record("client authentication over DTLS", peer, case)


@pytest.mark.parametrize("key", ("rsa2048", "p256"))
@pytest.mark.parametrize("peer, version", ALL, ids=name_of)
def test_server_asks_for_a_certificate(peer, version, key, record):  # noqa: F811
    need(peer)
    case = Case(version, PLAIN[version] if key == "rsa2048" else 0xC009, "server")
    with peer.run(case, *showing(peer, case)) as other:
        stream = other.connect(ours(case, keys_for(case, auth=True), cert_validator=lambda session, certificate, alert: alert))
        check(stream, case)
        assert not stream.session.anonymous
        other.talk(stream)
        stream.close()
    record("client authentication over DTLS", peer, case)


@pytest.mark.parametrize("version", BOTH, ids=name_of)
def test_client_negotiates_again(version, record):  # noqa: F811
    """With a full handshake, and resumed. (OpenSSL 3.0's server signs the second handshake of a DTLS session over the first one's randoms.)"""
    need(GNUTLS)
    case = Case(version, PLAIN[version], "client")
    with GNUTLS.run(case, "--noticket") as other:
        stream = other.connect(ours(case, session_id=mxtls.SessionId()))
        for option in (c.OPTION_FULL_HANDSHAKE, 0):
            with new_keys(stream):
                stream.session.encode_rehandshake(session_option=option)
                stream.handshake()
            assert stream.session.resumed == (option == 0)
            other.talk(stream, TEXT.replace(b"line", b"round %d" % option), ANSWER)
        stream.close()
    record("rehandshake over DTLS", GNUTLS, case)


@pytest.mark.parametrize("peer, version", ALL, ids=name_of)
def test_server_asks_to_negotiate_again(peer, version, record):  # noqa: F811
    need(peer)
    case = Case(version, PLAIN[version], "server")
    with peer.run(case) as other:
        stream = other.connect(ours(case))
        other.talk(stream)
        with new_keys(stream):
            stream.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
            stream.handshake()
        other.talk(stream, TEXT.replace(b"line", b"after"), ANSWER)
        stream.close()
    record("rehandshake over DTLS", peer, case)


# MicroPython's own `tls`, DTLS 1.2


class Flat(Case):
    """Its chain is a leaf right below the root: the built-in `tls` shows no more than one certificate."""

    chains = {}

    @property
    def chain(self):
        if self.key not in self.chains:
            self.chains[self.key] = pki.chain(key=self.key, names=["localhost"], ips=["127.0.0.1"], intermediates=0, eku=("server", "client"))
        return self.chains[self.key]


class Builtin(peers.Kind):
    """mbedtls in MicroPython, as builtin_dtls.py drives it."""

    name, program = "mbedtls", str(peers.BIN / "micropython-32-tls")
    dtls = (c.DTLS1_2,)
    ready = b"listening"

    def suites(self, case):
        return case.exchange in ("ECDHE_ECDSA", "RSA", "ECDHE_RSA") and case.cipher in ("AES_128_GCM", "AES_256_GCM", "AES_128_CBC")

    def _command(self, case, port, extra):
        folder = Path(case.chain.root_path).parent
        for name, der in (("root.der", case.chain.root_der), ("leaf.der", case.chain.chain_ders[0]), ("leaf.key", case.chain.key_der)):
            (folder / name).write_bytes(der)
        return [self.program, Path(__file__).parent / "builtin_dtls.py", "client" if case.role == "server" else "server", port, folder, *extra]

    def server(self, case, port, extra=()):
        return self._command(case, port, extra)

    def client(self, case, port, extra=()):
        return self._command(case, port, extra)


BUILTIN = Builtin()


@pytest.mark.parametrize("role", peers.ROLES)
@pytest.mark.parametrize("suite", (0xC02B, 0xC02C, 0xC009, 0xC02F, 0x009C), ids=lambda s: "%04X" % s)
def test_builtin(suite, role, record):  # noqa: F811
    """It echoes as a server, and says and checks as a client."""
    need(BUILTIN)
    case = Flat(c.DTLS1_2, suite, role)
    with BUILTIN.run(case, case.name.replace("_", "-")) as other:
        stream = other.connect(ours(case))
        check(stream, case)
        if role == "client":
            stream.send(b"0123456789")
            assert peers.receive(stream, 10) == b"0123456789"
        else:
            assert peers.receive(stream, 10) == b"0123456789"
            stream.send(b"9876543210")
            other.process.wait_for(b"got 9876543210")
        stream.close()
    record("matrix", BUILTIN, case)


# Connection ids (RFC 9146), with mbedtls


LONG, SHORT = "00112233445566778899aabbccddeeff" * 2, "5c"


def with_ids(case, mine, **arguments):
    return ours(case, connection_id=None if mine is None else bytes.fromhex(mine), **arguments)


def their_id(theirs):
    return () if theirs is None else ("cid=" + theirs,)


def agreed(stream, other, mine, theirs, number=1):
    """What both ends say of the ids, and that nothing was dropped."""
    found = other.process.wait_for(rb"handshake %d suite=\S+ cid=(\w*)\n" % number).group(1).decode()
    s = stream.session
    if mine is None or theirs is None:
        assert found == "none" and s.peer_connection_id is None and not s.rd.cid and not s.wr.cid
    else:
        assert found == (mine if mine or theirs else "none") and s.peer_connection_id == s.wr.cid == bytes.fromhex(theirs) and s.rd.cid == bytes.fromhex(mine)
    assert s.dropped == 0


@pytest.mark.parametrize("role", peers.ROLES)
@pytest.mark.parametrize("suite, etm", [(s, 1) for s in (0xC02B, 0xC0AE, 0xCCA9, 0xC009, 0xC023, 0x00A8)] + [(0xC009, 0), (0xC023, 0), (0x008C, 0)])
def test_connection_ids(suite, etm, role, record):  # noqa: F811
    """Each kind of record protection: AEADs, and CBC with the MAC outside and inside."""
    need(MBEDTLS)
    case = Case(c.DTLS1_2, suite, role)
    with MBEDTLS.run(case, *their_id("a1b2c3d4"), *(() if etm else ("etm=0",))) as other:
        stream = other.connect(with_ids(case, "0102030405060708"))
        check(stream, case)
        agreed(stream, other, "0102030405060708", "a1b2c3d4")
        other.talk(stream)
        assert stream.session.newest
        stream.close()
    record("connection ids", MBEDTLS, case)


@pytest.mark.parametrize("role", peers.ROLES)
@pytest.mark.parametrize("mine, theirs", ((LONG, SHORT), (SHORT, LONG), ("", LONG), (LONG, ""), ("", ""), (None, SHORT), (SHORT, None)), ids=str)
def test_connection_ids_of_any_length(mine, theirs, role, record):  # noqa: F811
    need(MBEDTLS)
    case = Case(c.DTLS1_2, 0xC02B, role)
    with MBEDTLS.run(case, *their_id(theirs)) as other:
        stream = other.connect(with_ids(case, mine))
        agreed(stream, other, mine, theirs)
        other.talk(stream)
        stream.close()
    record("connection ids", MBEDTLS, case)


@pytest.mark.parametrize("suite", (0xC02B, 0xC023), ids=lambda s: "%04X" % s)
def test_connection_ids_negotiated_again(suite):
    """Our client and mbedtls's server: a second epoch with ids; then a session that is resumed."""
    need(MBEDTLS)
    case, sid = Case(c.DTLS1_2, suite, "client"), mxtls.SessionId()
    with MBEDTLS.run(case, *their_id(SHORT)) as other:
        keys = keys_for(case)
        stream = other.connect(with_ids(case, LONG, keys=keys, session_id=sid))
        with new_keys(stream):
            stream.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
            stream.handshake()
        agreed(stream, other, LONG, SHORT)
        other.talk(stream)
        stream.close()
        stream = other.connect(with_ids(case, SHORT, keys=keys, session_id=sid))
        agreed(stream, other, SHORT, SHORT, 2)
        assert stream.session.resumed
        other.talk(stream, TEXT.replace(b"line", b"resumed"), ANSWER.replace(b"answer", b"resumed"))
        stream.close()


def test_their_client_negotiates_connection_ids_again():
    need(MBEDTLS)
    case = Case(c.DTLS1_2, 0xC02B, "server")
    with MBEDTLS.run(case, *their_id(SHORT)) as other:
        stream = other.connect(with_ids(case, LONG))
        other.talk(stream)
        other.process.write(b"!again\n")
        while stream.session.state == c.OPEN:
            stream.feed()
        stream.handshake()
        other.process.wait_for(b"again")
        assert stream.session.dtls.epoch == 2 and stream.session.rd.cid == bytes.fromhex(LONG)
        other.talk(stream, TEXT.replace(b"line", b"after"), ANSWER)
        stream.close()


@pytest.mark.parametrize("target", (targets.CPYTHON, targets.UNIX_32_VIPER), ids=lambda t: t.name)
def test_clients_that_move(target, record):  # noqa: F811
    """examples/server.py follows clients to other ports: ours, whose late datagrams from an old one change nothing, and mbedtls's, which then
    resumes its session."""
    for missing in (target.missing(), MBEDTLS.missing()):
        if missing:
            pytest.skip(missing)
    case, socks = Case(c.DTLS1_2, 0xC02B, "client"), []
    with serving(target, case, "--connection-id", "c1d0") as (server, port):
        stream = peers.Peer(server, port, ready=b"listening").connect(ours(case, connection_id=b""))
        assert stream.session.peer_connection_id == b"\xc1\xd0\0"
        for i in range(3):
            socks.append(stream.transport)
            stream.session.encode_to_outdata(b"late %d" % i)
            late = bytes(stream.session.get_outdata())
            stream.session.sent_data(len(late))
            stream.transport = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            stream.transport.connect(("127.0.0.1", port))
            stream.send(b"line %d" % i)
            assert peers.receive(stream, 6) == b"line %d" % i
            socks[-1].send(late)
            assert peers.receive(stream, 6) == b"late %d" % i  # taken, and answered where the client is
        client = peers.Process(MBEDTLS.client(case, port, ("cid=" + SHORT,)))
        try:
            client.wait_for(b"handshake 1 suite=.* cid=c1d001", peers.SECONDS)
            for i in range(3):
                client.write(b"!move\n")
                client.wait_for(rb"(?s)(moved\n.*){%d}" % (i + 1), peers.SECONDS)
                client.write(b"from port %d\n" % i)
                client.wait_for(b"from port %d" % i, peers.SECONDS)
            server.wait_for(b"(?s)(resumed=0 .*){2}", peers.SECONDS)
            client.write(b"!resume\n")
            client.wait_for(b"handshake 2 suite=.* cid=c1d0", peers.SECONDS)
            client.write(b"once more\n")
            client.wait_for(b"once more", peers.SECONDS)
            server.wait_for(b"resumed=1", peers.SECONDS)
            assert server.output.count(b"handshake version=dtls1.2") == 3
        finally:
            client.kill()
        stream.close()
    for sock in socks:
        sock.close()
    record("connection ids, a client that moves", MBEDTLS, Case(c.DTLS1_2, 0xC02B, "server"))


# MicroPython, and many clients on one socket


@pytest.mark.parametrize("suite", (0xC02B, 0x00A8), ids=lambda s: "%04X" % s)
def test_client_on_micropython(suite, record):  # noqa: F811
    """examples/client.py on the model of a board; s_server asks for a cookie."""
    target, case = targets.UNIX_32_VIPER, Case(c.DTLS1_2, suite, "client")
    if target.missing():
        pytest.skip(target.missing())
    need(OPENSSL)
    text, answer = TEXT[:68], ANSWER[:70]
    with OPENSSL.run(case, "-listen") as other:
        other.process.wait_for(other.ready)
        options = ["--psk", peers.PSK.hex(), "--psk-identity", peers.IDENTITY] if case.psk else ["--ca", case.chain.root_path]
        argv = ["--dtls", "--connect", "127.0.0.1:%d" % other.port, "--name", "localhost", "--cipher", "0x%04X" % suite, "--send", text.decode(), *options]
        process = peers.Process(target.command("examples/client.py", argv), targets.ROOT, target.env())
        try:
            other.process.wait_for(re.escape(text.strip()))
            other.process.write(answer)
            process.wait_for(re.escape(answer.strip()))
            assert process.end(peers.SECONDS) == 0, process.output
        finally:
            process.kill()
    record("MicroPython, unix-32, DTLS", OPENSSL, case)


@pytest.mark.parametrize("target", (targets.CPYTHON, targets.UNIX_32_VIPER), ids=lambda t: t.name)
def test_many_clients_on_one_socket(target, record):  # noqa: F811
    """examples/server.py --dtls with clients of OpenSSL and GnuTLS at once, all of whom talk before any of them leaves."""
    if target.missing():
        pytest.skip(target.missing())
    need(OPENSSL)
    case, port = Case(c.DTLS1_2, 0xC02B, "server"), peers.free_port()
    argv = ["--dtls", "--listen", "127.0.0.1:%d" % port, "--count", "5", "--cert", case.chain.chain_path, "--key", case.chain.key_path]
    server = peers.Process(target.command("examples/server.py", argv), targets.ROOT, target.env())
    clients = []
    try:
        server.wait_for(b"listening")
        who = [OPENSSL, OPENSSL, OPENSSL, OPENSSL] if GNUTLS.missing() else [OPENSSL, GNUTLS, OPENSSL, GNUTLS]
        clients = [peers.Process(peer.client(case, port)) for peer in who]
        for turn in range(3):
            for i, client in enumerate(clients):
                client.write(b"client %d, turn %d\n" % (i, turn))
            for i, client in enumerate(clients):
                client.wait_for(b"client %d, turn %d\n" % (i, turn), 20)
        assert server.output.count(b"handshake version=dtls1.2") == 4
        for client in clients:
            client.end()
        with peers.Peer(server, port, ready=b"listening").dial() as sock:  # a fifth, that fails: its line is its own
            client, hello = ours(Case(c.DTLS1_2, 0xC02B, "client")), None
            for _ in range(2):
                hello = bytes(client.get_outdata())
                sock.send(hello)
                client.sent_data(len(hello))
                assert ready(sock, 5000)
                if client.dtls.verifies == 0:
                    data = sock.recv(2000)
                    client.get_readbuf()[: len(data)] = data
                    client.received_data(len(data))
            sock.send(network.record(b"\2\x28", c.ALERT, 9))
            server.end()
        for line in server.output.decode().strip().splitlines():
            assert line.startswith(("listening on", "handshake ", "error code=")), line
    finally:
        for process in (server, *clients):
            process.kill()
    for peer in {id(peer): peer for peer in who}.values():
        record("many clients on one socket", peer, case)


# A network that loses


class Proxy:
    """Between our client and a server: it loses, doubles and holds back datagrams, as a seed says, the first `bad` of them."""

    def __init__(self, port, seed, bad=14):
        self.random, self.left = random.Random(seed), bad
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.connect(("127.0.0.1", port))
        self.port = self.front.getsockname()[1]
        self.client = None
        self.held = []
        self.open = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.open:
            for sock in select.select([self.front, self.back], [], [], 0.05)[0]:
                try:
                    if sock is self.front:
                        data, self.client = sock.recvfrom(65536)
                        self.carry(self.back.send, data)
                    else:
                        self.carry(lambda d: self.front.sendto(d, self.client), sock.recv(65536))
                except OSError:
                    pass

    def carry(self, send, data):
        fate = self.random.random() if self.left > 0 else 1
        self.left -= 1
        if fate < 0.25:
            return
        if fate < 0.4:
            self.held.append((send, data))
            return
        send(data)
        if fate < 0.5:
            send(data)
        for send, data in self.held:
            send(data)
        self.held = []

    def close(self):
        self.open = False
        self.thread.join(5)
        self.front.close()
        self.back.close()


@pytest.mark.parametrize("peer", PEERS, ids=name_of)
def test_through_a_proxy(peer, record, monkeypatch):  # noqa: F811
    """Some dozens of handshakes with real servers over a network that loses, doubles and reorders; our timer runs ten times as fast."""
    need(peer)
    import mxtls.dtls_flight as flights

    monkeypatch.setattr(flights, "_FIRST_WAIT", 100)
    for version in BOTH:
        case = Case(version, PLAIN[version], "client")
        mxtls.set_pmtu(576)
        for seed in range(7):
            with peer.run(case, *(("--mtu", 576) if peer is GNUTLS else ("-mtu", 576))) as other:
                other.process.wait_for(other.ready)
                proxy = Proxy(other.port, seed)
                try:
                    through = peers.Peer(other.process, proxy.port, style=other.style, ready=other.ready)
                    stream = through.connect(ours(case))
                    check(stream, case)
                    proxy.left = 0
                    stream.close()
                finally:
                    proxy.close()
        record("a lossy network", peer, case)
