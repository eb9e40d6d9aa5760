# SPDX-License-Identifier: MIT
"""The library against OpenSSL, GnuTLS, NSS, tlslite-ng and BearSSL (peers.py): every version, suite and role, with data both ways, and
each feature of the handshake that a peer has. Our side runs in this process, over loopback sockets; one case a suite and role runs
on MicroPython. What passes makes docs/interop.md (interop_table.py)."""

import contextlib
import os
import re

import loop
import peers
import pytest
from peers import ANSWER, BEARSSL, GNUTLS, IDENTITY, NSS, OPENSSL, PEERS, PSK, SECONDS, TEXT, Case, Process, receive

import mxtls
import targets
from mxtls import codes as c

ALL = tuple(v for v in peers.VERSIONS if v < c.TLS1_3)  # those that negotiate again; TLS 1.3 has a part of its own below
TLS = ALL[1:]
PLAIN = {0x0300: 0x002F, 0x0301: 0x002F, 0x0302: 0xC013, 0x0303: 0xC02F}  # a suite of each version for the features
MATRIX = [(peer, key) for key in peers.every_case() for peer in PEERS if peer.speaks(Case(*key))]
ALONE = [key for key in peers.every_case() if not any(peer.speaks(Case(*key)) for peer in PEERS)]


@pytest.fixture(autouse=True)
def library():
    mxtls.open()


@pytest.fixture
def record(record_property):
    """record(kind, peer, case): this test has shown it."""

    def keep(kind, peer, case):
        record_property("interop", {"kind": kind, "peer": getattr(peer, "name", peer), "version": case.version, "suite": case.suite, "role": case.role})

    return keep


def need(peer):
    if peer.missing():
        pytest.skip(peer.missing())


def name_of(value):
    if isinstance(value, tuple):
        return str(Case(*value)) if len(value) == 3 else " ".join(value)
    if isinstance(value, int):
        return peers.NAMES[value].replace(" ", "").lower()
    return getattr(value, "name", value)


def product(**versions_of):
    """(peer, version) pairs from peer=versions."""
    found = {"openssl": OPENSSL, "gnutls": GNUTLS, "nss": NSS, "bearssl": BEARSSL}
    return [(found[name], version) for name, versions in versions_of.items() for version in versions]


def over(**versions_of):
    return pytest.mark.parametrize("peer, version", product(**versions_of), ids=name_of)


def keys_for(case, auth=False):
    """Our keys: what is trusted, what is shown, what is shared. auth: a client's certificate, a server's trusted roots."""
    keys, chain = mxtls.Keys(), case.chain
    if case.psk:
        keys.load_psk(PSK, IDENTITY)
        return keys
    shown = case.role == "server" or auth
    keys.load_rsa_keys_mem(b"".join(chain.chain_ders) if shown else None, chain.key_der if shown else None, chain.root_der if case.role == "client" or auth else None)
    return keys


def session_for(case, keys=None, **arguments):
    """Our session of exactly the case's version and, as a client, suite."""
    keys = keys or keys_for(case)
    arguments.setdefault("min_version", case.version)
    arguments.setdefault("max_version", case.version)
    if case.role == "server":
        return mxtls.ServerSession(keys, **arguments)
    arguments.setdefault("cipher_suite", case.suite)
    return mxtls.ClientSession(keys, server_name="localhost", **arguments)


def check(ours, case):
    assert (ours.session.version, ours.session.cipher_suite) == (case.version, case.suite)


def finish(ours):
    """Close; the peer may have left already."""
    with contextlib.suppress(OSError):
        ours.close()


# The matrix


@pytest.mark.parametrize("peer, key", MATRIX, ids=name_of)
def test_matrix(peer, key, record):
    need(peer)
    case = Case(*key)
    with peer.run(case) as other:
        ours = other.connect(session_for(case))
        check(ours, case)
        other.talk(ours)
        ours.close()
    record("matrix", peer, case)


@pytest.mark.parametrize("key", ALONE, ids=name_of)
def test_self(key, record):
    """Cells that no peer here speaks: our client and our server."""
    case = Case(*key)
    client = loop.End(session_for(Case(case.version, case.suite, "client")))
    server = loop.End(session_for(Case(case.version, case.suite, "server")))
    loop.connect(client, server)
    assert (client.session.version, client.session.cipher_suite) == (case.version, case.suite)
    ends = (client, server) if case.role == "client" else (server, client)
    loop.carry(*ends, TEXT)
    loop.carry(*reversed(ends), ANSWER)
    record("matrix", "self", case)


@pytest.mark.parametrize("role", peers.ROLES)
@pytest.mark.parametrize("suite", [s for s in peers.OLDEST if s != 0xD001], ids=lambda s: "%04X" % s)
def test_micropython(suite, role, record):
    """examples/client.py and server.py on the model of a board."""
    target, case = targets.UNIX_32_VIPER, Case(max(c.TLS1_2, peers.OLDEST[suite]), suite, role)
    if target.missing():
        pytest.skip(target.missing())
    peer = next(peer for peer in (OPENSSL, GNUTLS) if peer.speaks(case))
    need(peer)
    options = ["--psk", PSK.hex(), "--psk-identity", IDENTITY] if case.psk else ["--ca", case.chain.root_path]
    if role == "server" and not case.psk:
        options = ["--cert", case.chain.chain_path, "--key", case.chain.key_path]
    text, answer = TEXT[:204], ANSWER[:204]  # three lines; MicroPython takes no longer argument
    if role == "client":
        with peer.run(case) as other:
            other.process.wait_for(peer.ready)
            argv = ["--connect", "127.0.0.1:%d" % other.port, "--name", "localhost", "--cipher", "0x%04X" % suite, "--send", text.decode(), *options]
            ours = Process(target.command("examples/client.py", argv), targets.ROOT, target.env())
            try:
                if other.style == "pipe":
                    other.process.wait_for(re.escape(text))
                    other.process.write(answer)
                ours.wait_for(re.escape(answer if other.style == "pipe" else text))
                assert ours.end(peers.SECONDS) == 0, ours.output
            finally:
                ours.kill()
    else:
        port = peers.free_port()
        ours = Process(target.command("examples/server.py", ["--listen", "127.0.0.1:%d" % port, "--count", "1", *options]), targets.ROOT, target.env())
        try:
            ours.wait_for(b"listening")
            with peer.run(case, port=port) as other:
                other.process.write(text)
                other.process.wait_for(re.escape(text))
                ours.wait_for(b"handshake version=tls1.%d suite=" % (case.version - 0x0301) + case.name.encode())
        finally:
            ours.kill()
    record("micropython", peer, case)


MANY = [(peer, v, "server") for peer, v in product(openssl=TLS, nss=ALL)] + [(OPENSSL, v, "client") for v in TLS]


@pytest.mark.parametrize("peer, version, role", MANY, ids=name_of)
def test_many_records(peer, version, role):
    """More than a record holds, both ways, under CBC."""
    need(peer)
    case = Case(version, 0x0035, role)
    with peer.run(case) as other:
        ours = other.connect(session_for(case))
        other.talk(ours, TEXT * 40, ANSWER * 40)
        ours.close()


# Versions


@pytest.mark.parametrize("role", peers.ROLES)
@over(nss=ALL)
def test_newest_version_in_common(peer, version, role, record):
    """Ours offers or takes all versions, NSS those up to one."""
    need(peer)
    case = Case(version, 0x002F, role)
    name = {0x0300: "ssl3", 0x0301: "tls1.0", 0x0302: "tls1.1", 0x0303: "tls1.2"}[version]
    with peer.run(case, "-V", "ssl3:" + name) as other:
        ours = other.connect(session_for(case, min_version=c.SSL3, max_version=0))
        check(ours, case)
        other.talk(ours)
        ours.close()
    record("version negotiation", peer, case)


def refused(other, session, alert):
    """The handshake must end with that alert, ours or theirs."""
    with pytest.raises(mxtls.Error) as e:
        ours = other.connect(session)
        ours.receive(lambda view: None)
    assert e.value.alert == alert or "alert %d " % alert in e.value.text, e.value.text


@pytest.mark.parametrize("peer, extra", ((OPENSSL, ("-fallback_scsv",)), (NSS, ("-K",)), (BEARSSL, ("-fallback",))), ids=name_of)
def test_server_refuses_a_needless_fallback(peer, extra, record):
    need(peer)
    case = Case(c.TLS1_1, 0x002F, "server")
    with peer.run(case, *extra) as other:
        refused(other, session_for(case, max_version=c.TLS1_2), c.ALERT_INAPPROPRIATE_FALLBACK)
    with peer.run(case, *extra) as other:  # our newest version: not needless
        ours = other.connect(session_for(case))
        other.talk(ours)
        finish(ours)
    record("TLS_FALLBACK_SCSV", peer, case)


def test_client_falls_back(record):
    """The client says so; a server that speaks more refuses."""
    need(NSS)
    case = Case(c.TLS1_1, 0x002F, "client")
    with NSS.run(case, "-V", "tls1.0:tls1.2") as other:
        refused(other, session_for(case, fallback=True), c.ALERT_INAPPROPRIATE_FALLBACK)
    with NSS.run(case) as other:
        ours = other.connect(session_for(case, fallback=True))
        other.talk(ours)
        ours.close()
    record("TLS_FALLBACK_SCSV", NSS, case)


# Resumption by session id

NO_TICKET = {"openssl": ("-no_ticket",), "gnutls": ("--noticket",), "nss": (), "bearssl": ()}


@over(openssl=TLS, gnutls=TLS, nss=ALL, bearssl=TLS)
def test_client_resumes(peer, version, record):
    need(peer)
    case = Case(version, PLAIN[version], "client")
    keys, sid = keys_for(case), mxtls.SessionId()
    with peer.run(case, *NO_TICKET[peer.name]) as other:
        for i in range(3):
            ours = other.connect(session_for(case, keys, session_id=sid))
            check(ours, case)
            assert ours.session.resumed == (i > 0)
            other.talk(ours, TEXT.replace(b"line", b"pass %d" % i), ANSWER)
            ours.close()
    record("resumption", peer, case)


@over(openssl=TLS, gnutls=TLS, nss=TLS)
def test_client_resumes_with_an_old_ticket(peer, version, record):
    """RFC 5077, before TLS 1.3."""
    need(peer)
    case = Case(version, PLAIN[version], "client")
    keys, sid = keys_for(case), mxtls.SessionId()
    with peer.run(case, *(("-u",) if peer is NSS else ())) as other:
        for i in range(2):
            ours = other.connect(session_for(case, keys, session_id=sid))
            assert ours.session.resumed == (i > 0) and sid.ticket
            other.talk(ours, TEXT.replace(b"line", b"pass %d" % i), ANSWER)
            ours.close()
    record("resumption by ticket", peer, case)


@over(openssl=TLS, gnutls=TLS)
def test_server_resumes_an_old_ticket(peer, version, record):
    need(peer)
    case = Case(version, PLAIN[version], "server")
    keys = keys_for(case)
    times = 6 if peer is OPENSSL else 2
    with peer.run(case, *RESUMING[peer.name][-1:]) as other:
        for i in range(times):
            ours = other.connect(session_for(case, keys))
            assert ours.session.resumed == (i > 0) and keys.sessions == []
            if i == times - 1:
                other.talk(ours)
            finish(ours)
    record("resumption by ticket", peer, case)


RESUMING = {"openssl": ("-no_ticket", "-reconnect"), "gnutls": ("-r",)}


@over(openssl=TLS, gnutls=TLS)
def test_server_resumes(peer, version, record):
    need(peer)
    case = Case(version, PLAIN[version], "server")
    keys = keys_for(case)
    keys.tickets = False
    times = 6 if peer is OPENSSL else 2
    with peer.run(case, *RESUMING[peer.name]) as other:
        for i in range(times):
            ours = other.connect(session_for(case, keys))
            check(ours, case)
            assert ours.session.resumed == (i > 0)
            if i == times - 1:
                other.talk(ours)
            finish(ours)
    record("resumption", peer, case)


@pytest.mark.parametrize("version", ALL, ids=name_of)
def test_server_resumes_with_nss(version, record):
    need(NSS)
    case = Case(version, PLAIN[version], "server")
    keys, resumed = keys_for(case), []
    with peers.NSS_STRESS.run(case) as other:
        for _ in range(3):
            ours = other.connect(session_for(case, keys))
            check(ours, case)
            resumed.append(ours.session.resumed)
            assert peers.receive_until(ours, b"\r\n\r\n").startswith(b"GET ")
            ours.send(b"HTTP/1.0 200 OK\r\n\r\n" + ANSWER)
            finish(ours)
    assert not resumed[0] and resumed[-1]
    record("resumption", NSS, case)


# Client authentication


def asking(peer, case):
    root = case.chain.root_path
    return {
        "openssl": ("-Verify", "3", "-CAfile", root, "-verify_return_error"),
        "gnutls": ("--require-client-cert", "--verify-client-cert", "--x509cafile", root),
        "nss": ("-r", "-r"),
        "bearssl": ("-CA", root),
    }[peer.name]


def showing(peer, case):
    chain, key = case.chain.chain_path, case.chain.key_path
    rest = os.path.join(os.path.dirname(chain), "rest.pem")
    return {
        "openssl": ("-cert", chain, "-key", key, "-cert_chain", rest),
        "gnutls": ("--x509certfile", chain, "--x509keyfile", key),
        "nss": ("-n", case.key),
        "bearssl": ("-cert", chain, "-key", key),
    }[peer.name]


def auth_case(version, key, role):
    return Case(version, PLAIN[version] if key == "rsa2048" else 0xC009, role)


AUTH = product(openssl=TLS, gnutls=TLS, nss=ALL, bearssl=TLS)
AUTH = [(peer, v, "rsa2048") for peer, v in AUTH] + [(peer, v, "p256") for peer, v in AUTH if v > 0x0300]


@pytest.mark.parametrize("peer, version, key", AUTH, ids=name_of)
def test_client_shows_its_certificate(peer, version, key, record):
    need(peer)
    case = auth_case(version, key, "client")
    with peer.run(case, *asking(peer, case)) as other:
        ours = other.connect(session_for(case, keys_for(case, auth=True)))
        check(ours, case)
        other.talk(ours)
        ours.close()
    record("client authentication", peer, case)


@over(openssl=TLS, nss=ALL)
def test_client_without_a_certificate(peer, version, record):
    """Refused where one is required, welcome where it is only wished for."""
    need(peer)
    case = Case(version, PLAIN[version], "client")
    with peer.run(case, *asking(peer, case)) as other, pytest.raises((mxtls.Error, ConnectionError)):
        ours = other.connect(session_for(case))
        ours.receive(lambda view: None)
    with peer.run(case, *(("-r",) if peer is NSS else ("-verify", "3"))) as other:
        ours = other.connect(session_for(case))
        other.talk(ours)
        ours.close()
    record("client without a certificate", peer, case)


@pytest.mark.parametrize("peer, version, key", AUTH, ids=name_of)
def test_server_asks_for_a_certificate(peer, version, key, record):
    need(peer)
    case = auth_case(version, key, "server")
    seen = []

    def validator(session, certificate, alert):
        seen.append((certificate.subject.common_name, alert))
        return alert

    with peer.run(case, *showing(peer, case)) as other:
        ours = other.connect(session_for(case, keys_for(case, auth=True), cert_validator=validator))
        check(ours, case)
        assert not ours.session.anonymous and len(seen) == 1 and seen[0][1] == 0 and "leaf" in str(seen[0][0])
        other.talk(ours)
        ours.close()
    record("client authentication", peer, case)


@over(openssl=TLS, gnutls=TLS, nss=ALL, bearssl=TLS)
def test_server_meets_a_client_without_a_certificate(peer, version, record):
    need(peer)
    case = Case(version, PLAIN[version], "server")
    nobody = ("-n", "nobody") if peer is NSS else ()  # else it looks for a key that fits
    with peer.run(case, *nobody) as other:
        refused(other, session_for(case, keys_for(case, auth=True), cert_validator=lambda s, certificate, alert: alert), c.ALERT_HANDSHAKE_FAILURE)
    with peer.run(case, *nobody) as other:
        ours = other.connect(session_for(case, keys_for(case, auth=True), cert_validator=lambda s, certificate, alert: c.ALLOW_ANON_CONNECTION))
        assert ours.session.anonymous
        other.talk(ours)
        ours.close()
    record("client without a certificate", peer, case)


# Rehandshakes


@contextlib.contextmanager
def new_keys(ours, secure=True):
    """What happens inside must end in another handshake on the connection."""
    before = ours.session.client_verify, ours.session.server_verify
    yield
    assert ours.session.client_verify not in before and ours.session.server_verify not in before
    assert ours.session.secure == secure


def again(ours, **arguments):
    with new_keys(ours, ours.session.secure):
        ours.session.encode_rehandshake(**arguments)
        ours.handshake()


ALLOWING = {"openssl": ("-client_renegotiation", "-no_ticket"), "gnutls": ("--noticket",), "bearssl": ()}


@over(openssl=TLS, gnutls=TLS, bearssl=TLS)
def test_client_negotiates_again(peer, version, record):
    """As it is, with a full handshake, and with another suite where one fits; data before and after each."""
    need(peer)
    case = Case(version, PLAIN[version], "client")
    with peer.run(case, *ALLOWING[peer.name]) as other:
        ours = other.connect(session_for(case, session_id=mxtls.SessionId()))
        for i, arguments in enumerate(({}, {"session_option": c.OPTION_FULL_HANDSHAKE}, {"cipher_suite": case.suite})):
            other.talk(ours, TEXT.replace(b"line", b"pass %d" % i), ANSWER)
            again(ours, **arguments)
            assert not (i and ours.session.resumed)
        other.talk(ours)
        ours.close()
    record("secure rehandshake", peer, case)


@over(nss=ALL)
def test_client_negotiates_at_once_again(peer, version, record):
    """selfserv gives one page and closes: both handshakes come before it."""
    need(peer)
    case = Case(version, PLAIN[version], "client")
    with peer.run(case) as other:
        ours = other.connect(session_for(case))
        again(ours, session_option=c.OPTION_FULL_HANDSHAKE)
        other.talk(ours)
        ours.close()
    record("secure rehandshake", peer, case)


@over(openssl=TLS, gnutls=TLS, nss=ALL, bearssl=TLS)
def test_server_asks_to_negotiate_again(peer, version, record):
    """HelloRequest, answered with a ClientHello."""
    need(peer)
    case = Case(version, PLAIN[version], "server")
    with peer.run(case) as other:
        ours = other.connect(session_for(case))
        for i, arguments in enumerate(({}, {"session_option": c.OPTION_FULL_HANDSHAKE})):
            other.talk(ours, TEXT.replace(b"line", b"pass %d" % i), ANSWER)
            again(ours, **arguments)
            assert not (i and ours.session.resumed)
        other.talk(ours)
        ours.close()
    record("secure rehandshake", peer, case)


@over(openssl=TLS, gnutls=TLS)
def test_their_server_asks_to_negotiate_again(peer, version, record):
    """By a command to s_server, and by a line to gnutls-serv, which answers it before our hello comes. (GnuTLS fails at a ticket in its second handshake.)"""
    need(peer)
    case, said = Case(version, PLAIN[version], "client"), bytearray()
    with peer.run(case, *NO_TICKET[peer.name]) as other:
        ours = other.connect(session_for(case))
        other.talk(ours)
        with new_keys(ours):
            if peer is OPENSSL:
                other.process.write(b"r\n")
            else:
                ours.send(b"**REHANDSHAKE**\n")
            while ours.session.state == c.OPEN:
                ours.feed()
            ours.handshake(lambda view: said.extend(bytes(view)))
        assert peer is OPENSSL or said == b"Successfully executed command\n"
        other.talk(ours, TEXT.replace(b"line", b"after"))
        ours.close()
    record("secure rehandshake, asked for by the peer", peer, case)


@over(openssl=TLS)
def test_their_client_negotiates_again(peer, version, record):
    need(peer)
    case = Case(version, PLAIN[version], "server")
    with peer.run(case) as other:
        ours = other.connect(session_for(case))
        other.talk(ours)
        with new_keys(ours):
            other.process.write(b"R\n")
            other.process.wait_for(b"RENEGOTIATING")
            other.process.write(ANSWER)
            assert receive(ours, len(ANSWER)) == ANSWER
        other.talk(ours, TEXT.replace(b"line", b"after"))
        ours.close()
    record("secure rehandshake, asked for by the peer", peer, case)


@pytest.mark.parametrize("peer, version, extra", [(GNUTLS, v, ("-e",)) for v in TLS] + [(NSS, v, ("-r", "1")) for v in ALL], ids=name_of)
def test_their_client_negotiates_at_once_again(peer, version, extra, record):
    """NSS's data comes between its hello and the rest."""
    need(peer)
    case = Case(version, PLAIN[version], "server")
    with peer.run(case, *extra) as other:
        ours = other.connect(session_for(case))
        with new_keys(ours):
            other.process.write(ANSWER)
            assert receive(ours, len(ANSWER)) == ANSWER
            if ours.session.state != c.OPEN:
                ours.handshake()
        other.talk(ours, TEXT.replace(b"line", b"after"))
        ours.close()
    record("secure rehandshake, asked for by the peer", peer, case)


INSECURE = ":%DISABLE_SAFE_RENEGOTIATION"


@pytest.mark.parametrize("version", TLS, ids=name_of)
def test_client_negotiates_insecurely_again(version, record):
    need(GNUTLS)
    case = Case(version, PLAIN[version], "client", INSECURE)
    with GNUTLS.run(case, *NO_TICKET["gnutls"]) as other:
        ours = other.connect(session_for(case))
        assert not ours.session.secure
        other.talk(ours)
        again(ours)
        other.talk(ours)
        ours.close()
    record("insecure rehandshake", GNUTLS, case)


@pytest.mark.parametrize("version", TLS, ids=name_of)
def test_their_client_negotiates_insecurely_again(version, record):
    need(GNUTLS)
    case = Case(version, PLAIN[version], "server", INSECURE)
    with GNUTLS.run(case, "-e") as other:
        ours = other.connect(session_for(case))
        with new_keys(ours, secure=False):
            other.process.write(ANSWER)
            assert receive(ours, len(ANSWER)) == ANSWER
        other.talk(ours)
        ours.close()
    record("insecure rehandshake", GNUTLS, case)


# Hello extensions and pre-shared keys

ALPN = 16


@pytest.mark.parametrize("peer, extra", ((OPENSSL, ("-alpn", "h2,http/1.1")), (GNUTLS, ("--alpn", "h2")), (BEARSSL, ("-alpn", "h2"))), ids=name_of)
def test_hello_extensions(peer, extra, record):
    """One that the library does not know, ALPN, goes out and its answer comes to the callback; one that nobody knows does no harm."""
    need(peer)
    case = Case(c.TLS1_2, 0xC02F, "client")
    extensions, seen = mxtls.HelloExtension(), []
    extensions.load(b"\x00\x03\x02h2", ALPN)
    extensions.load(b"whatever", 0xFE55)

    def callback(session, kind, data):
        seen.append((kind, bytes(data)))
        return 0

    with peer.run(case, *extra) as other:
        ours = other.connect(session_for(case, extensions=extensions, extension_callback=callback))
        assert (ALPN, b"\x00\x03\x02h2") in seen and seen == ours.session.hello_extensions_in
        other.talk(ours)
        ours.close()
        with pytest.raises(mxtls.Error) as e:
            other.connect(session_for(case, extensions=extensions, extension_callback=lambda session, kind, data: -1))
        assert e.value.alert == c.ALERT_HANDSHAKE_FAILURE
    record("hello extensions", peer, case)


@pytest.mark.parametrize("peer", (OPENSSL, GNUTLS), ids=name_of)
@pytest.mark.parametrize("role", peers.ROLES)
def test_psk_identities(peer, role, record):
    """A server has several; a client that names an unknown one, or holds another key, is refused."""
    need(peer)
    case = Case(c.TLS1_2, 0x008C, role)
    keys = mxtls.Keys()
    if role == "server":
        keys.load_psk(b"another key", "another")
        keys.load_psk(PSK, IDENTITY)
        keys.load_psk(b"a third key", "a third")
    else:
        keys.load_psk(PSK, IDENTITY)
    with peer.run(case) as other:
        ours = other.connect(session_for(case, keys))
        other.talk(ours)
        ours.close()
    strange, wrong = mxtls.Keys(), mxtls.Keys()
    strange.load_psk(PSK, "stranger")
    wrong.load_psk(PSK[::-1], IDENTITY)
    for bad in (strange, wrong):
        if bad is strange and peer is OPENSSL and role == "client":
            continue  # s_server takes any identity
        with peer.run(case) as other, pytest.raises(mxtls.Error):
            other.connect(session_for(case, bad))
    record("PSK identities", peer, case)


# TLS 1.3

MODERN = c.TLS1_3
CURVES = {29: "X25519", 23: "P-256", 24: "P-384", 25: "P-521"}
GNUTLS_GROUPS = {29: "X25519", 23: "SECP256R1", 24: "SECP384R1", 25: "SECP521R1"}
NSS_GROUPS = {29: "x25519", 23: "P256", 24: "P384", 25: "P521"}


def modern(role, suite=0x1301, **more):
    return Case(MODERN, suite, role, **more)


def with_groups(peer, case, *groups):
    """The peer's option for these groups, the first of which its client sends a share of. For GnuTLS the case changes."""
    if peer is GNUTLS:
        case.more = ":-GROUP-ALL" + "".join(":+GROUP-" + GNUTLS_GROUPS[g] for g in groups)
        return ()
    if peer is NSS:
        return ("-I", ",".join(NSS_GROUPS[g] for g in groups))
    return ("-groups", ":".join(CURVES.get(g, g) for g in groups))


@pytest.mark.parametrize("role", peers.ROLES)
@pytest.mark.parametrize("group", CURVES, ids=CURVES.get)
@pytest.mark.parametrize("peer", (OPENSSL, GNUTLS, NSS), ids=name_of)
def test_groups(peer, group, role, record):
    """A server's one group: our client sends a share of X25519 and is asked for another. A client's: ours takes its share."""
    need(peer)
    case = modern(role)
    with peer.run(case, *with_groups(peer, case, group)) as other:
        ours = other.connect(session_for(case))
        other.talk(ours)
        finish(ours)
    record("TLS 1.3: group " + CURVES[group], peer, case)
    if role == "client" and group != 29:
        record("TLS 1.3: HelloRetryRequest", peer, case)


@pytest.mark.parametrize("peer, group", ((OPENSSL, ("-groups", "X448:P-256")), (GNUTLS, "GROUP-FFDHE2048:+GROUP-SECP384R1"), (NSS, ("-I", "FF2048,P256"))), ids=name_of)
def test_their_client_is_asked_for_another_group(peer, group, record):
    """With a certificate of theirs, too."""
    need(peer)
    case = modern("server")
    if peer is GNUTLS:
        case.more, group = ":-GROUP-ALL:+" + group, ("--single-key-share",)
    for extra in (group, (*group, *showing(peer, case))):
        with peer.run(case, *extra) as other:
            ours = other.connect(session_for(case, keys_for(case, auth=True), cert_validator=lambda s, x, alert: c.ALLOW_ANON_CONNECTION))
            other.talk(ours)
            finish(ours)
    record("TLS 1.3: HelloRetryRequest", peer, case)


@pytest.mark.parametrize("peer", (OPENSSL, GNUTLS), ids=name_of)
@pytest.mark.parametrize("role", peers.ROLES)
@pytest.mark.parametrize("key, scheme", (
    ("p384", "ecdsa_secp384r1_sha384"), ("p521", "ecdsa_secp521r1_sha512"), ("rsa2048", "rsa_pss_rsae_sha256"),
    ("rsa2048", "rsa_pss_rsae_sha384"), ("rsa2048", "rsa_pss_rsae_sha512"),
))
def test_signatures(key, scheme, role, peer, record):
    """The scheme of either side's CertificateVerify, client certificates too."""
    need(peer)
    case = modern(role)
    case.key = key
    extra = asking(peer, case) if role == "client" else showing(peer, case)
    chained = "RSA" if key == "rsa2048" else "ECDSA"  # with SHA-256
    if peer is OPENSSL:
        extra += ("-sigalgs", "%s:%s+SHA256" % (scheme, chained))
    else:
        case.more = ":-SIGN-ALL:+SIGN-%s:+SIGN-%s-SHA256" % (scheme.upper().replace("_", "-"), chained)
    with peer.run(case, *extra) as other:
        ours = other.connect(session_for(case, keys_for(case, auth=True), cert_validator=None if role == "client" else lambda s, x, alert: alert))
        other.talk(ours)
        ours.close()
    record("TLS 1.3: signatures", peer, case)


@pytest.mark.parametrize("peer", (OPENSSL, GNUTLS, NSS), ids=name_of)
@pytest.mark.parametrize("role", peers.ROLES)
def test_client_certificates(peer, role, record):
    need(peer)
    case = modern(role)
    seen = []
    with peer.run(case, *(asking if role == "client" else showing)(peer, case)) as other:
        validator = None if role == "client" else lambda s, x, alert: seen.append(x) or alert
        ours = other.connect(session_for(case, keys_for(case, auth=True), cert_validator=validator))
        assert role == "client" or len(seen) == 1
        other.talk(ours)
        ours.close()
    if role == "server":
        with peer.run(case, *(("-n", "nobody") if peer is NSS else ())) as other:
            refused(other, session_for(case, keys_for(case, auth=True), cert_validator=lambda s, x, alert: alert), c.ALERT_CERTIFICATE_REQUIRED)
    record("client authentication", peer, case)


@pytest.mark.parametrize("alone", (False, True), ids=("with ECDHE", "alone"))
@pytest.mark.parametrize("role", peers.ROLES)
@pytest.mark.parametrize("peer", (OPENSSL, GNUTLS), ids=name_of)
def test_pre_shared_keys(peer, role, alone, monkeypatch, record):
    need(peer)
    case = modern(role, psk=True, more=":-ECDHE-PSK:+PSK" if alone else "")
    if alone and role == "client":
        from mxtls.handshake import client_hello13

        monkeypatch.setattr(client_hello13, "modes_of", lambda hs: b"\x00")
    if alone and role == "server" and peer is OPENSSL:
        pytest.skip("not a case: s_client offers it together with (EC)DHE, which is then taken")
    with peer.run(case, *(("-allow_no_dhe_kex",) if alone and peer is OPENSSL else ())) as other:
        ours = other.connect(session_for(case))
        assert ours.session.peer_certificate is None
        other.talk(ours)
        finish(ours)
    wrong = mxtls.Keys()
    wrong.load_psk(PSK[::-1], IDENTITY)
    with peer.run(case, *(("-allow_no_dhe_kex",) if alone and peer is OPENSSL else ())) as other, pytest.raises((mxtls.Error, ConnectionError)):
        other.connect(session_for(case, wrong))
    record("TLS 1.3: PSK " + ("alone" if alone else "with ECDHE"), peer, case)


def test_pre_shared_keys_with_nss(record):
    """tstclnt offers one; selfserv takes none, not of tstclnt either."""
    need(NSS)
    case, keys = modern("server"), mxtls.Keys()
    keys.load_psk(PSK, IDENTITY)
    with NSS.run(case, "-z", "0x%s:%s" % (PSK.hex(), IDENTITY)) as other:
        ours = other.connect(session_for(case, keys))
        assert ours.session.peer_certificate is None and not ours.session.anonymous
        other.talk(ours)
        finish(ours)
    record("TLS 1.3: PSK with ECDHE", NSS, case)


@pytest.mark.parametrize("suite", (0x1301, 0x1302), ids=lambda s: "%04X" % s)
@pytest.mark.parametrize("peer", (OPENSSL, GNUTLS, NSS), ids=name_of)
def test_client_resumes_with_a_ticket(peer, suite, record):
    need(peer)
    case = modern("client", suite)
    keys, sid = keys_for(case), mxtls.SessionId()
    with peer.run(case, *(("-u",) if peer is NSS else ())) as other:
        for i in range(3):
            ours = other.connect(session_for(case, keys, session_id=sid))
            assert ours.session.resumed == (i > 0)
            other.talk(ours, TEXT.replace(b"line", b"pass %d" % i), ANSWER)
            ours.close()
    record("resumption", peer, case)


@pytest.mark.parametrize("tickets", (True, False), ids=("ticket", "cache"))
def test_their_client_resumes_in_another_process(tickets, tmp_path, record):
    """s_client writes the session to a file; so may a retry come before it is taken."""
    need(OPENSSL)
    case = modern("server")
    keys = keys_for(case)
    keys.tickets = tickets
    for i, extra in enumerate((("-sess_out", tmp_path / "session"), ("-sess_in", tmp_path / "session"), ("-sess_in", tmp_path / "session", "-groups", "X448:P-256"))):
        with OPENSSL.run(case, *extra) as other:
            ours = other.connect(session_for(case, keys))
            assert ours.session.resumed == (i > 0)
            other.talk(ours)
            ours.close()
            other.process.end(10)
    record("resumption", OPENSSL, case)


@pytest.mark.parametrize("peer", (GNUTLS,), ids=name_of)
def test_their_client_resumes(peer, record):
    need(peer)
    case = modern("server")
    keys = keys_for(case)
    with peer.run(case, "-r") as other:
        for i in range(2):
            ours = other.connect(session_for(case, keys))
            assert ours.session.resumed == (i > 0)
            if i:
                other.talk(ours)
            finish(ours)
    record("resumption", peer, case)


def test_nss_resumes(record):
    need(NSS)
    case = modern("server")
    keys, resumed = keys_for(case), []
    with peers.NSS_STRESS.run(case) as other:
        for _ in range(3):
            ours = other.connect(session_for(case, keys))
            resumed.append(ours.session.resumed)
            assert peers.receive_until(ours, b"\r\n\r\n").startswith(b"GET ")
            ours.send(b"HTTP/1.0 200 OK\r\n\r\n" + ANSWER)
            finish(ours)
    assert not resumed[0] and resumed[-1]
    record("resumption", NSS, case)


@pytest.mark.parametrize("role", peers.ROLES)
@pytest.mark.parametrize("suite", (0x1301, 0x1302, 0x1303), ids=lambda s: "%04X" % s)
def test_key_update(role, suite, record):
    """Ours, theirs without and with a wish for ours (k and K typed into s_client and s_server), data between them."""
    need(OPENSSL)
    case = modern(role, suite)
    with OPENSSL.run(case) as other:
        ours = other.connect(session_for(case))
        other.talk(ours)
        for key in (None, b"k\n", b"K\n", None, None):
            before = bytes(ours.session.secrets.rd), bytes(ours.session.secrets.wr)
            if key:
                other.process.write(key)
                if role == "server":  # s_server says nothing, but reads its input before it reads ours
                    other.process.wait_for(b"KEYUPDATE", SECONDS)
                other.process.output = b""
            else:
                ours.session.encode_rehandshake()
            other.talk(ours, TEXT, ANSWER)
            other.talk(ours, TEXT, ANSWER)
            after = bytes(ours.session.secrets.rd), bytes(ours.session.secrets.wr)
            assert after[0] != before[0] and (after[1] != before[1]) == (key != b"k\n")
            other.process.output = b""
        ours.close()
    record("TLS 1.3: KeyUpdate", OPENSSL, case)


def test_their_keys_change(record):
    """gnutls-cli's own key, then both; and gnutls-serv answers ours."""
    need(GNUTLS)
    case = modern("server")
    with GNUTLS.run(case, "--inline-commands") as other:
        ours = other.connect(session_for(case))
        other.talk(ours)
        for command, both in ((b"^rekey1^\n", False), (b"^rekey^\n", True), (None, True)):
            before, other.process.output = (bytes(ours.session.secrets.rd), bytes(ours.session.secrets.wr)), b""
            if command:
                other.process.write(command)
            else:
                ours.session.encode_rehandshake()
            other.talk(ours)
            other.talk(ours, TEXT.replace(b"line", b"again"))
            assert bytes(ours.session.secrets.rd) != before[0] and (bytes(ours.session.secrets.wr) != before[1]) == both
        finish(ours)
    record("TLS 1.3: KeyUpdate", GNUTLS, case)
    case = modern("client")
    with GNUTLS.run(case) as other:
        ours = other.connect(session_for(case))
        for _ in range(3):
            before = bytes(ours.session.secrets.rd)
            ours.session.encode_rehandshake()
            other.talk(ours)
            assert bytes(ours.session.secrets.rd) != before
        finish(ours)
    record("TLS 1.3: KeyUpdate", GNUTLS, case)


@pytest.mark.parametrize("role", peers.ROLES)
def test_their_padding(role, record):
    need(OPENSSL)
    case = modern(role)
    with OPENSSL.run(case, "-record_padding", "256") as other:
        ours = other.connect(session_for(case))
        other.talk(ours)
        assert ours.session.rd.text and ours.session.rd.text % 256 == 0
        ours.close()
    record("TLS 1.3: padded records", OPENSSL, case)


LABEL = "EXPERIMENTAL mxtls"
MATERIAL = rb"(?i)key(?:ing)? material:\s+((?:[0-9a-f]{2}[:\s]*){40})\s"
EXPORTS = (  # gnutls-serv and tstclnt print none
    (OPENSSL, "client", ("-keymatexport", LABEL, "-keymatexportlen", "40")), (OPENSSL, "server", ("-keymatexport", LABEL, "-keymatexportlen", "40")),
    (GNUTLS, "server", ("--keymatexport", LABEL, "--keymatexportsize", "40")), (NSS, "client", ("-x", LABEL + ":40", "-v")),
)


@pytest.mark.parametrize("peer, role, extra", EXPORTS, ids=lambda v: "" if isinstance(v, tuple) else name_of(v))
@pytest.mark.parametrize("version", (c.TLS1_2, MODERN), ids=name_of)
def test_keying_material(peer, role, extra, version, record):
    """RFC 5705 and RFC 8446 section 7.5: both ends export the same."""
    need(peer)
    case = Case(version, 0xC02F if version == c.TLS1_2 else 0x1302, role)
    with peer.run(case, *extra) as other:
        ours = other.connect(session_for(case))
        ours_has = ours.session.export(LABEL.encode(), None, 40)
        other.talk(ours)
        theirs = other.process.wait_for(MATERIAL, SECONDS).group(1)
        assert bytes.fromhex(theirs.decode().replace(":", "")) == ours_has
        finish(ours)
    record("keying material", peer, case)


def test_gnutls_asks_later(record):
    """Whoever writes REAUTH to gnutls-serv is asked for his certificate again."""
    need(GNUTLS)
    case = modern("client")
    with GNUTLS.run(case, *asking(GNUTLS, case)) as other:
        ours = other.connect(session_for(case, keys_for(case, auth=True), post_handshake_auth=True))
        other.talk(ours)
        for _ in range(2):
            other.process.output = b""
            ours.send(b"**REAUTH**\n")
            peers.receive_until(ours, b"Successfully executed")
            other.talk(ours)
        finish(ours)
    record("TLS 1.3: authentication behind the handshake", GNUTLS, case)


def test_nss_asks_later(record):
    need(NSS)
    case = modern("client")
    with NSS.run(case, "-E", "-r", "-r", "-r", "-v") as other:
        ours = other.connect(session_for(case, keys_for(case, auth=True), post_handshake_auth=True))
        other.talk(ours)
        finish(ours)
        other.process.wait_for(b"Subject: CN=leaf(?s:.*)Certificate Validated", SECONDS)
    record("TLS 1.3: authentication behind the handshake", NSS, case)


@pytest.mark.parametrize("peer", (OPENSSL, GNUTLS, NSS), ids=name_of)
@pytest.mark.parametrize("role", peers.ROLES)
def test_many_modern_records(peer, role):
    need(peer)
    if peer is NSS and role == "client":
        pytest.skip("not a case: selfserv answers one request")
    case = modern(role, 0x1303)
    with peer.run(case) as other:
        ours = other.connect(session_for(case))
        other.talk(ours, TEXT * 40, ANSWER * 40)
        finish(ours)


@pytest.mark.parametrize("role", peers.ROLES)
@pytest.mark.parametrize("peer, versions", ((OPENSSL, ("-no_tls1_3",)), (NSS, ("-V", "tls1.0:tls1.2"))), ids=name_of)
def test_who_lacks_tls_1_3_gets_tls_1_2(peer, versions, role, record):
    need(peer)
    case = Case(c.TLS1_2, 0xC02F, role)
    argv = versions if peer is NSS else ()
    with peer.run(case, *argv) as other:
        ours = other.connect(session_for(case, min_version=c.TLS1_2, max_version=0, **({"cipher_suite": 0} if role == "client" else {})))
        assert ours.session.version == c.TLS1_2
        other.talk(ours)
        finish(ours)
    record("version negotiation", peer, case)
