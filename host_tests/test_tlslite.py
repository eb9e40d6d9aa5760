# SPDX-License-Identifier: MIT
"""Both roles against tlslite-ng, another implementation in Python, in one process: suites, groups, extensions, and the record
size limit, which OpenSSL does not have; under TLS 1.3 also pre-shared keys, HelloRetryRequest, tickets, certificates of clients within the
handshake and behind it, KeyUpdate and keying material."""

import contextlib
import socket
import threading

import loop
import pki
import pytest

import mxtls
from mxtls import codes as c, suite_names

tlslite = pytest.importorskip("tlslite.api")
from tlslite.constants import KeyUpdateMessageType  # noqa: E402
from tlslite.errors import TLSLocalAlert, TLSRemoteAlert  # noqa: E402

BULK = bytes(range(256)) * 80  # more than one record
SUITES = {0xC02B: "p256", 0xC02C: "p384", 0xC02F: "rsa2048", 0xC030: "rsa2048", 0x002F: "rsa2048", 0x0035: "rsa2048"}


def settings(suite=None, curve=None, **others):
    """tlslite-ng's settings for TLS 1.2 and one suite."""
    s = tlslite.HandshakeSettings()
    s.minVersion = s.maxVersion = (3, 3)
    if suite:
        name = suite_names.name(suite)
        s.cipherNames = [("aes128" if "128" in name else "aes256") + ("gcm" if "GCM" in name else "")]
        s.macNames = ["aead"] if "GCM" in name else ["sha"]
        s.keyExchangeNames = ["rsa"] if "TLS_RSA" in name else ["ecdhe_ecdsa" if "ECDSA" in name else "ecdhe_rsa"]
    if curve:
        s.eccCurves = [curve]
        s.keyShares = []
    for name, value in others.items():
        setattr(s, name, value)
    return s


def agreed(connection):
    """Version, suite, extended master secret, encrypt-then-MAC and the longest record it may send; forgotten once it is closed."""
    return connection.version, connection.session.cipherSuite, connection.extendedMasterSecret, connection.encryptThenMAC, connection._send_record_limit


class Peer:
    """A tlslite-ng connection that runs in a thread at the other end of a socket pair; ours is driven by hand."""

    def __init__(self, run):
        self.ours, theirs = socket.socketpair()
        self.ours.settimeout(20)
        theirs.settimeout(20)
        self.connection = tlslite.TLSConnection(theirs)
        self.error = None
        self.thread = threading.Thread(target=self._run, args=(run, theirs), daemon=True)
        self.thread.start()

    def _run(self, run, sock):
        try:
            run(self.connection)
        except Exception as e:  # judged by the test
            self.error = e
        finally:
            sock.close()

    def drive(self, end, until):
        """Carry bytes until the condition holds or one side ends."""
        while not end.error:
            out = end.take()
            if out:
                self.ours.sendall(out)
            if until():
                return
            data = self.ours.recv(4096)
            if not data:
                return
            end.feed(data, 1000)
        self.ours.sendall(end.take())

    def done(self):
        self.thread.join(20)
        self.ours.close()
        assert not self.thread.is_alive()


def their_chain(chain):
    certificates = tlslite.X509CertChain()
    certificates.parsePemList(chain.chain_pem.decode())
    return certificates, tlslite.parsePEMKey(chain.key_pem.decode(), private=True)


def our_client(chain, wanted, **arguments):
    """Our client with their server, which echoes; returns both."""
    certificates, key = their_chain(chain)

    def serve(connection):
        connection.handshakeServer(certChain=certificates, privateKey=key, settings=wanted)
        connection.agreed = agreed(connection)
        got = connection.read(min=5, max=5)
        connection.write(got)
        got = b""
        while len(got) < len(BULK):
            got += connection.read(max=4096)
        connection.write(got)
        assert connection.read() == b""  # until close_notify
        connection.close()

    peer = Peer(serve)
    client = loop.pair(chain, client=arguments)[0]
    peer.drive(client, lambda: client.complete)
    if client.error or not client.complete:
        peer.done()
        return client, peer
    client.send(b"hello")
    peer.drive(client, lambda: client.data == b"hello")
    for at in range(0, len(BULK), 2048):
        client.send(BULK[at : at + 2048])
        peer.ours.sendall(client.take())
    peer.drive(client, lambda: client.data == b"hello" + BULK)
    client.close()
    peer.drive(client, lambda: bool(client.alerts))
    peer.done()
    if peer.error:
        raise peer.error
    assert client.alerts == [(1, 0)]
    return client, peer


def our_server(chain, wanted, **arguments):
    """Our server, which echoes, with their client."""
    got = []

    def talk(connection):
        connection.handshakeClientCert(settings=wanted, serverName="localhost")
        connection.agreed = agreed(connection)
        connection.write(b"hello")
        got.append(bytes(connection.read(min=5, max=5)))
        connection.write(BULK)
        got.append(b"")
        while len(got[1]) < len(BULK):
            got[1] += bytes(connection.read(max=4096))
        connection.close()

    peer = Peer(talk)
    server = loop.pair(chain, server=arguments)[1]
    echoed = [0]

    def echo():
        while echoed[0] < len(server.data):
            n = min(2048, len(server.data) - echoed[0])
            server.send(server.data[echoed[0] : echoed[0] + n])
            echoed[0] += n
            peer.ours.sendall(server.take())
        if server.alerts and not server.session.closing & 1:
            server.close()
            with contextlib.suppress(BrokenPipeError):  # they need not wait for ours
                peer.ours.sendall(server.take())
        return bool(server.alerts)

    peer.drive(server, echo)
    peer.done()
    if server.complete:
        if peer.error:
            raise peer.error
        assert got == [b"hello", BULK] and server.alerts == [(1, 0)]
    return server, peer


@pytest.mark.parametrize("suite", SUITES, ids=lambda s: "%04X" % s)
@pytest.mark.parametrize("role", (our_client, our_server))
def test_suites(role, suite):
    end, peer = role(pki.chain(key=SUITES[suite]), settings(suite))
    assert end.session.cipher_suite == suite
    assert peer.connection.agreed[:4] == ((3, 3), suite, True, suite in (0x002F, 0x0035))


@pytest.mark.parametrize("curve, number", (("x25519", 29), ("secp256r1", 23), ("secp384r1", 24)))
@pytest.mark.parametrize("role", (our_client, our_server))
def test_groups(role, curve, number):
    role(pki.chain(key="rsa2048"), settings(0xC02F, curve))


@pytest.mark.parametrize("role", (our_client, our_server))
@pytest.mark.parametrize("suite", (0xC02F, 0x002F, 0x0035))
def test_without_extensions(role, suite):
    """No extended master secret, no encrypt-then-MAC: MAC-then-encrypt records and the old master secret."""
    end, peer = role(pki.chain(key="rsa2048"), settings(suite, useExtendedMasterSecret=False, requireExtendedMasterSecret=False, useEncryptThenMAC=False))
    assert peer.connection.agreed[2:4] == (False, False)


@pytest.mark.parametrize("role", (our_client, our_server))
@pytest.mark.parametrize("suite", (0xC02F, 0x002F))
@pytest.mark.parametrize("ours, theirs", ((512, 2**14 + 1), (1000, 700), (600, 64), (16384, 1024), (4096, 16384)))
def test_record_size_limit(role, suite, ours, theirs):
    """Each keeps to what the other said. A client of ours at 16384 asks for nothing."""
    end, peer = role(pki.chain(key="rsa2048"), settings(suite, record_size_limit=theirs), max_record=ours)
    asked = role is our_server or ours < 16384
    assert end.session.max_out == (min(ours, theirs, 16384) if asked else 16384)
    assert peer.connection.agreed[4] == (ours if asked else 16384)


@pytest.mark.parametrize("schemes", (["sha256"], ["sha384"], ["sha512"]))
@pytest.mark.parametrize("padding", (["pss"], ["pkcs1"]))
@pytest.mark.parametrize("role", (our_client, our_server))
def test_rsa_signatures(role, schemes, padding):
    role(pki.chain(key="rsa2048"), settings(0xC02F, rsaSigHashes=schemes, rsaSchemes=padding))


@pytest.mark.parametrize("key", ("p256", "p384", "p521"))
@pytest.mark.parametrize("role", (our_client, our_server))
def test_ecdsa_keys(role, key):
    role(pki.chain(key=key), settings(0xC02B))


@pytest.mark.parametrize("versions", (((3, 1), (3, 1)), ((3, 2), (3, 2)), ((3, 4), (3, 4))))
def test_no_version_in_common(versions):
    for role in (our_client, our_server):
        end, peer = role(pki.chain(key="rsa2048"), settings(minVersion=versions[0], maxVersion=versions[1]), min_version=c.TLS1_2)
        assert not end.complete and isinstance(peer.error, (TLSLocalAlert, TLSRemoteAlert))
        if end.error:
            assert loop.check_text(end.error).alert in (c.ALERT_PROTOCOL_VERSION, c.ALERT_HANDSHAKE_FAILURE)
        else:
            assert end.alerts[-1] in ((2, c.ALERT_PROTOCOL_VERSION), (2, c.ALERT_HANDSHAKE_FAILURE))


def test_tls13_client_and_server_agree_on_tls12():
    """A peer that also speaks TLS 1.3, with key shares and its hello's many extensions."""
    for role in (our_client, our_server):
        end, peer = role(pki.chain(key="rsa2048"), settings(maxVersion=(3, 4)))
        assert end.session.version == c.TLS1_2 and peer.connection.agreed[0] == (3, 3)


def test_they_refuse_a_changed_finished():
    """Their server notices when our client's hello was changed on its way."""
    chain = pki.chain(key="rsa2048")
    certificates, key = their_chain(chain)
    peer = Peer(lambda connection: connection.handshakeServer(certChain=certificates, privateKey=key, settings=settings(0xC02F)))
    client = loop.pair(chain)[0]
    hello = bytearray(client.take())
    hello[20] ^= 1  # its random
    peer.ours.sendall(hello)
    peer.drive(client, lambda: client.complete)
    peer.done()
    assert not client.complete and loop.check_text(client.error).alert == c.ALERT_DECRYPT_ERROR
    assert isinstance(peer.error, TLSRemoteAlert) and peer.error.description == c.ALERT_DECRYPT_ERROR
    mxtls.open()


# TLS 1.3

SECRET, IDENTITY = b"0123456789abcdef", b"device"
CURVES = {29: "x25519", 23: "secp256r1", 24: "secp384r1", 25: "secp521r1"}
ROLES = ("client", "server")


def modern(**others):
    """Settings for TLS 1.3. Nothing is compressed: their client would do so unasked."""
    return settings(minVersion=(3, 4), maxVersion=(3, 4), certificate_compression_send=[], **others)


def answer(connection):
    """Five bytes back and forth."""
    connection.write(connection.read(min=5, max=5))


def meet(role, chain, wanted, script=answer, theirs=None, keys=None, kept=None, until=b"hello", **arguments):
    """Ours in that role with theirs, which runs script(connection) after its handshake. keys: of both of ours; theirs: arguments of its handshake; kept:
    a list for its session. Ours says hello and waits for that text. Both, connected."""
    certificates, key = their_chain(chain)

    def run(connection):
        if role == "client":
            connection.handshakeServer(**{"certChain": certificates, "privateKey": key, "settings": wanted, **(theirs or {})})
        else:
            connection.handshakeClientCert(**{"settings": wanted, "serverName": "localhost", **(theirs or {})})
        script(connection)
        if kept is not None:
            kept[:] = [connection.session]
        connection.read(min=1, max=1)  # what ends it

    peer = Peer(run)
    ends = loop.pair((keys, keys) if keys else chain, min_version=c.TLS1_3, max_version=c.TLS1_3, **{role: arguments})
    end = ends[0] if role == "client" else ends[1]
    peer.drive(end, lambda: end.complete)
    if end.complete:
        end.send(b"hello")
        peer.drive(end, lambda: until in end.data)
    return end, peer


def end_of(end, peer, ok=True):
    if ok:
        if not end.error:
            end.send(b"!")
        with contextlib.suppress(BrokenPipeError):
            peer.ours.sendall(end.take())
    peer.done()
    if ok and (peer.error or end.error):
        raise peer.error or end.error


@pytest.mark.parametrize("role, shares", (("client", True), ("server", True), ("server", False)))
@pytest.mark.parametrize("group", CURVES)
def test_modern_groups(role, group, shares):
    """Their server's one group makes ours say hello again unless it is X25519; their client without a share is asked for one."""
    wanted = modern(eccCurves=[CURVES[group]], keyShares=[CURVES[group]] if shares else [], dhGroups=[])
    end_of(*meet(role, pki.chain(), wanted))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("key, scheme", (
    ("p256", {"ecdsaSigHashes": ["sha256"]}), ("p384", {"ecdsaSigHashes": ["sha384", "sha256"]}), ("p521", {"ecdsaSigHashes": ["sha512", "sha256"]}),
    ("rsa2048", {"rsaSigHashes": ["sha256"]}), ("rsa2048", {"rsaSigHashes": ["sha384"]}), ("rsa2048", {"rsaSigHashes": ["sha512"]}),
), ids=lambda v: v if isinstance(v, str) else next(iter(v.values()))[0])
def test_modern_signatures(role, key, scheme):
    """Of the server and of a client that shows a certificate."""
    chain = pki.chain(key=key, eku=("server", "client"))
    keys = mxtls.Keys()
    keys.load_rsa_keys_mem(b"".join(chain.chain_ders), chain.key_der, chain.root_der)
    certificates, private = their_chain(chain)
    theirs = {"reqCert": True} if role == "client" else {"certChain": certificates, "privateKey": private}
    kept, seen = [], []
    arguments = {"cert_validator": lambda s, x, a: seen.append(x) or a} if role == "server" else {}
    end_of(*meet(role, chain, modern(**scheme), theirs=theirs, keys=keys, kept=kept, **arguments))
    assert len(seen) == 1 if role == "server" else bytes(kept[0].clientCertChain.x509List[0].bytes) == chain.chain_ders[0]


def psk_keys(secret=SECRET):
    keys = mxtls.Keys()
    keys.load_psk(secret, IDENTITY.decode())
    return keys


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("mode, retry", (("psk_dhe_ke", False), ("psk_dhe_ke", True), ("psk_ke", False)))  # alone there is no group to ask for
def test_modern_pre_shared_keys(role, mode, retry):
    group = "secp256r1" if role == "client" else "x25519"
    wanted = modern(pskConfigs=[(IDENTITY, SECRET, "sha256")], psk_modes=[mode], **({"eccCurves": [group], "keyShares": [], "dhGroups": []} if retry else {}))
    theirs = {"certChain": None, "privateKey": None} if role == "client" else {}
    end, peer = meet(role, pki.chain(), wanted, theirs=theirs, keys=psk_keys())
    assert end.session.peer_certificate is None and not end.session.anonymous
    end_of(end, peer)


@pytest.mark.parametrize("role", ROLES)
def test_modern_pre_shared_keys_that_differ(role):
    wanted = modern(pskConfigs=[(IDENTITY, SECRET, "sha256")])
    end, peer = meet(role, pki.chain(), wanted, theirs={"certChain": None, "privateKey": None} if role == "client" else {}, keys=psk_keys(SECRET[::-1]))
    end_of(end, peer, ok=False)
    assert not end.complete and (end.error.alert == c.ALERT_DECRYPT_ERROR if role == "server" else isinstance(peer.error, TLSLocalAlert))


@pytest.mark.parametrize("suite", (0x1301, 0x1302), ids=lambda s: "%04X" % s)
def test_modern_client_resumes(suite):
    wanted, sid = modern(ticketKeys=[bytearray(32)]), mxtls.SessionId()
    for resumed in (False, True, True):
        end, peer = meet("client", pki.chain(), wanted, session_id=sid, cipher_suite=suite)
        assert end.session.resumed == resumed
        end_of(end, peer)


@pytest.mark.parametrize("tickets", (True, False), ids=("ticket", "cache"))
def test_modern_server_resumes(tickets):
    keys, kept = loop.keys_of(pki.chain())[1], []
    keys.tickets = tickets
    for resumed in (False, True):
        end, peer = meet("server", pki.chain(), modern(), keys=keys, kept=kept, theirs={"session": kept[0]} if kept else {})
        assert end.session.resumed == resumed
        end_of(end, peer)
        assert kept[0].tickets


@pytest.mark.parametrize("role", ROLES)
def test_modern_key_update(role):
    """Theirs, which wants ours; then ours, which wants theirs."""

    def script(connection):
        for kind in (KeyUpdateMessageType.update_requested, KeyUpdateMessageType.update_not_requested):
            assert connection.read(min=5, max=5) == b"hello"
            for _ in connection.send_keyupdate_request(kind):
                pass
            connection.write(b"after")
        answer(connection)

    end, peer = meet(role, pki.chain(), modern(), script, until=b"after")
    before = bytes(end.session.secrets.rd), bytes(end.session.secrets.wr)
    end.data.clear()
    end.send(b"hello")
    peer.drive(end, lambda: end.data == b"after")
    assert bytes(end.session.secrets.rd) != before[0] and bytes(end.session.secrets.wr) == before[1]
    end.session.encode_rehandshake()
    end.send(b"again")
    peer.drive(end, lambda: end.data == b"afteragain")
    assert bytes(end.session.secrets.wr) != before[1]
    end_of(end, peer)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("suite", ("aes128gcm", "aes256gcm"))
def test_modern_keying_material(role, suite):
    got = []

    def script(connection):
        got.append(bytes(connection.keyingMaterialExporter(bytearray(b"EXPERIMENTAL mxtls"), 40)))
        answer(connection)

    end, peer = meet(role, pki.chain(), modern(cipherNames=[suite]), script)
    assert got == [end.session.export(b"EXPERIMENTAL mxtls", None, 40)]
    end_of(end, peer)


def test_modern_authentication_behind_the_handshake():
    """Their server asks twice, each time with another context."""
    chain, kept = pki.chain(eku=("server", "client")), []
    keys = mxtls.Keys()
    keys.load_rsa_keys_mem(b"".join(chain.chain_ders), chain.key_der, chain.root_der)

    def script(connection):
        for _ in range(2):
            connection.session.clientCertChain = None
            for _ in connection.request_post_handshake_auth(modern()):
                pass
            answer(connection)

    end, peer = meet("client", chain, modern(), script, keys=keys, kept=kept, post_handshake_auth=True)
    end.send(b"twice")
    peer.drive(end, lambda: b"twice" in end.data)
    end_of(end, peer)
    assert bytes(kept[0].clientCertChain.x509List[0].bytes) == chain.chain_ders[0]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("ours, theirs", ((512, 2**14 + 1), (1000, 700), (16384, 64)))
def test_modern_record_size_limit(role, ours, theirs):
    """It counts the content type here; our servers answer, our clients ask below 16384."""
    end, peer = meet(role, pki.chain(), modern(record_size_limit=theirs), max_record=ours)
    if role == "server" or ours < 16384:
        assert end.session.max_out == min(ours, theirs - 1)
    end_of(end, peer)
