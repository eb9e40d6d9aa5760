# SPDX-License-Identifier: MIT
"""Ed25519 certificates and keys (RFC 8410) in chains, in both roles and versions, for servers and clients: beside the `cryptography` package
and against openssl."""

import os
import shutil
import socket
import subprocess

import loop
import network
import pki
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from peers import Process
from test_x509 import NOW, keys_for

import mxtls
import targets
from mxtls import codes as c
from mxtls.errors import Error
from mxtls.keys import Keys
from mxtls.x509.chain import Path
from mxtls.x509.private import parse_private
from mxtls.x509.verify import verify

WHOLE = pki.chain(key="ed25519", ca_key="ed25519", eku=("server", "client"), ips=["127.0.0.1"])
VERSIONS = (c.TLS1_2, c.TLS1_3)


def raw(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_a_private_key_is_read_and_its_public_one_found():
    key = ed25519.Ed25519PrivateKey.generate()
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    ours = parse_private(der, 0, len(der))
    assert (ours.kind, ours.bits, ours.point) == (c.KEY_ED25519, 256, raw(key))
    assert bytes(ours.d) == key.private_bytes_raw()
    ours.wipe()
    assert not any(ours.d)


def test_the_keys_of_rfc_8410():
    """Section 10.3: version 1 without, version 2 with attributes and the public key."""
    from base64 import b64decode

    one = b64decode("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC")
    two = b64decode("MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhCoB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
    public = b64decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")[12:]
    assert parse_private(one, 0, len(one)).point == public == parse_private(two, 0, len(two)).point
    wrong = bytearray(two)
    wrong[-1] ^= 1
    for bad in (bytes(wrong), one[:-1], one[:15] + b"\x1f" + one[16:], two[:-33] + two[-32:]):
        with pytest.raises(Error) as e:
            parse_private(bad, 0, len(bad))
        assert e.value.code == c.PARSE_FAIL


@pytest.mark.parametrize("key, ca_key", (("ed25519", "ed25519"), ("ed25519", "p256"), ("p256", "ed25519"), ("rsa2048", "ed25519")))
def test_chains(key, ca_key):
    chain = pki.chain(key=key, ca_key=ca_key, tag="ed")
    keys = keys_for(chain.root_der)
    assert verify(chain.chain_ders, keys, "localhost", NOW, 1).alert == 0
    for at, where in enumerate(chain.chain_ders):  # a flipped bit in what is signed, and in the signature
        for flip in (where.index(b"localhost") if not at else 40, len(where) - 9):
            ders = list(chain.chain_ders)
            ders[at] = where[:flip] + bytes([where[flip] ^ 1]) + where[flip + 1 :]
            assert verify(ders, keys, None, NOW, 1).alert, (at, flip)


def test_a_path_keeps_no_buffer():
    """The certificate's buffer is another's before the issuer comes."""
    path = Path(keys_for(WHOLE.root_der), 1, "localhost", NOW)
    buf = bytearray(4096)
    for der in WHOLE.chain_ders:
        buf[:] = bytes(4096)
        buf[7 : 7 + len(der)] = der
        path.add(buf, 7, 7 + len(der))
    assert path.finish() == 0 and path.leaf.kind == c.KEY_ED25519


def test_keys_load():
    keys = Keys()
    keys.load_rsa_keys_mem(WHOLE.chain_pem, WHOLE.key_pem, WHOLE.root_pem)
    other = pki.make_key("ed25519", "other").private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(Error) as e:
        Keys().load_rsa_keys_mem(WHOLE.chain_pem, other)
    assert e.value.code == c.CERT_AUTH_FAIL
    with pytest.raises(Error) as e:  # not in order
        Keys().load_rsa_keys_mem(WHOLE.chain_ders[0] + pki.chain(key="ed25519", ca_key="ed25519", tag="x").chain_ders[1], WHOLE.key_der)
    assert e.value.code == c.CERT_AUTH_FAIL


def both(client_kind="ed25519", server_kind="ed25519"):
    """Keys of a client and a server that trust each other's chains."""
    chains = [pki.chain(key=kind, ca_key="ed25519", eku=("server", "client"), subject=kind) for kind in (client_kind, server_kind)]
    made = []
    for mine, theirs in (chains, chains[::-1]):
        keys = Keys()
        keys.load_rsa_keys_mem(b"".join(mine.chain_ders), mine.key_der, theirs.root_der)
        made.append(keys)
    return made


def refuse_none(session, certificate, alert):
    return alert


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kinds", (("ed25519", "ed25519"), ("ed25519", "p256"), ("rsa2048", "ed25519")))
def test_handshakes_with_client_certificates(version, kinds):
    client, server = loop.pair(tuple(both(*kinds)), server={"cert_validator": refuse_none}, max_version=version)
    loop.connect(client, server)
    assert not server.session.anonymous
    loop.carry(client, server, b"hello")
    loop.carry(server, client, b"hello")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_signature_by_another_key(version):
    client_keys, server_keys = both()
    server_keys.private.d[0] ^= 1
    client, server = loop.pair((client_keys, server_keys), max_version=version)
    loop.pump(client, server)
    assert client.error.alert == c.ALERT_DECRYPT_ERROR
    client_keys, server_keys = both()
    client_keys.private.d[0] ^= 1
    client, server = loop.pair((client_keys, server_keys), server={"cert_validator": refuse_none}, max_version=version)
    loop.pump(client, server)
    assert server.error.alert == c.ALERT_DECRYPT_ERROR


def test_client_certificates_over_datagrams(monkeypatch):
    """DTLS 1.2: what is signed are the messages as one fragment each, whatever came."""
    mxtls.set_pmtu(300)
    try:
        net = network.Network(network.Clock(monkeypatch), seed=3, loss=0.1, reorder=0.2)
        client, server = network.pair(tuple(both()), server={"cert_validator": refuse_none})
        network.connect(client, server, net)
    finally:
        mxtls.set_pmtu(-1)
    assert not server.session.anonymous


def test_none_before_tls_1_2():
    """ECDSA has no place for it: the server finds no suite."""
    client, server = loop.pair(tuple(both()), max_version=c.TLS1_1, min_version=c.TLS1_0)
    loop.pump(client, server)
    assert server.error.alert == c.ALERT_HANDSHAKE_FAILURE


def test_messages_are_dropped_when_the_client_has_another_key():
    seen = []
    import mxtls.handshake.kept as kept

    class Spy(kept.Kept):
        def drop(self):
            seen.append(len(self.messages))
            super().drop()

    real, kept.Kept = kept.Kept, Spy
    try:
        loop.connect(*loop.pair(tuple(both("p256")), server={"cert_validator": refuse_none}))
        assert len(seen) == 1 and seen[0] > 1000
        loop.connect(*loop.pair(tuple(both()), server={"cert_validator": refuse_none}))
        assert len(seen) == 1
    finally:
        kept.Kept = real


def test_a_handshake_that_is_too_long_to_keep():
    from mxtls.handshake.kept import Kept

    h = Kept(4)
    h.update(bytes(16384), 0, 16384)
    assert len(h.whole()) == 16384
    h.update(b"x", 0, 1)
    with pytest.raises(Error) as e:
        h.whole()
    assert e.value.code == c.LIMIT_FAIL
    assert h.digest()


needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl on this machine")
TARGETS = (targets.CPYTHON, targets.UNIX_64)


@pytest.fixture(params=TARGETS, ids=lambda t: t.name)
def target(request):
    if request.param.missing():
        pytest.skip(request.param.missing())
    return request.param


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def rest(chain):
    path = os.path.join(os.path.dirname(chain.root_path), "rest.pem")
    with open(path, "wb") as f:
        f.write(b"".join(pki.pem(x) for x in chain.certificates[1:]))
    return path


@needs_openssl
@pytest.mark.parametrize("version", ("-tls1_2", "-tls1_3"))
def test_client_with_openssl(target, version):
    process = Process(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", WHOLE.chain_path, "-key", WHOLE.key_path, "-cert_chain", rest(WHOLE), version,
                       "-www", "-Verify", "3", "-CAfile", WHOLE.root_path, "-verify_return_error"])
    try:
        port = int(process.wait_for(rb"ACCEPT [^\n]*:(\d+)\s").group(1))
        done = targets.run(target, "examples/client.py", ("--connect", "127.0.0.1:%d" % port, "--name", "localhost", "--ca", WHOLE.root_path, "--cert", WHOLE.chain_path,
                                                         "--key", WHOLE.key_path, "--get", "/"), timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "verified=1" in done.stdout and "Client certificate" in done.stdout, done.stdout
    finally:
        process.kill()


@needs_openssl
@pytest.mark.parametrize("version", ("-tls1_2", "-tls1_3"))
def test_server_with_openssl(target, version):
    port = free_port()
    server = Process(targets_command(target, "examples/server.py", "--listen", "127.0.0.1:%d" % port, "--cert", WHOLE.chain_path, "--key", WHOLE.key_path, "--ca", WHOLE.root_path,
                                     "--verify", "--www", "--count", "1"), cwd=targets.ROOT, env=target.env())
    try:
        server.wait_for(rb"listening on \d+\n")
        done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-CAfile", WHOLE.root_path, "-cert", WHOLE.chain_path, "-key", WHOLE.key_path,
                               "-cert_chain", rest(WHOLE), "-verify_return_error", "-ign_eof", version], input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True, timeout=120)
        assert b"Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr
        assert b"peer signature type: ed25519" in done.stdout.lower(), done.stdout
        server.wait_for(rb"handshake version=[^\n]*verified=1")
    finally:
        server.kill()


def targets_command(target, script, *args):
    return target.command(script, args)


needs_gnutls = pytest.mark.skipif(not shutil.which("gnutls-serv"), reason="there is no gnutls-bin on this machine")


def credentials(kind):
    """The options of examples/ and of GnuTLS's programs for our one chain."""
    names = ("--cert", "--key", "--ca") if kind == "ours" else ("--x509certfile", "--x509keyfile", "--x509cafile")
    return [x for pair in zip(names, (WHOLE.chain_path, WHOLE.key_path, WHOLE.root_path), strict=True) for x in pair]


@needs_gnutls
@pytest.mark.parametrize("version", ("1.2", "1.3"))
def test_client_with_gnutls(version):
    port = free_port()
    peer = Process(["gnutls-serv", "--echo", "-p", port, *credentials("gnutls"), "--require-client-cert", "--verify-client-cert", "--priority", "NORMAL:-VERS-ALL:+VERS-TLS" + version])
    try:
        peer.wait_for(rb"listening on IPv4 [^\n]*done")
        done = targets.run(targets.CPYTHON, "examples/client.py", ("--connect", "127.0.0.1:%d" % port, "--name", "localhost", *credentials("ours"), "--send", "hello\n"), timeout=60)
        assert done.returncode == 0 and "verified=1" in done.stdout and "hello" in done.stdout, done.stdout + done.stderr
        for who in (b"Server", b"Client"):
            peer.wait_for(who + b" Signature: EdDSA-Ed25519")
    finally:
        peer.kill()


@needs_gnutls
@pytest.mark.parametrize("version", ("1.2", "1.3"))
def test_server_with_gnutls(version):
    port = free_port()
    server = Process(targets.CPYTHON.command("examples/server.py", ["--listen", "127.0.0.1:%d" % port, *credentials("ours"), "--verify", "--echo", "--count", "1"]),
                     cwd=targets.ROOT, env=targets.CPYTHON.env())
    try:
        server.wait_for(rb"listening on \d+\n")
        done = subprocess.run(["gnutls-cli", "-p", str(port), *credentials("gnutls"), "--priority", "NORMAL:-VERS-ALL:+VERS-TLS" + version, "--verify-hostname", "localhost", "127.0.0.1"],
                              input=b"hello\n", capture_output=True, timeout=60)
        assert done.returncode == 0 and b"The certificate is trusted" in done.stdout, done.stdout + done.stderr
        server.wait_for(rb"handshake version=[^\n]*verified=1")
    finally:
        server.kill()
