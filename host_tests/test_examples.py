# SPDX-License-Identifier: MIT
"""The switches of examples/client.py and server.py: each does what its help says, against each other, OpenSSL and nginx. A session that one
run leaves in a file resumes the next, on CPython and MicroPython alike."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import client as client_example
import datagrams as datagrams_example
import loop
import network
import peers
import pki
import pytest
import server as server_example
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, PublicFormat
from peers import Process

import mxtls
import targets

CHAIN = pki.chain(key="p256", ips=["127.0.0.1"], eku=("server", "client"))
OTHER = pki.chain(key="p384", names=("other.example",), tag="other")
TRUST = ("--ca", CHAIN.root_path)
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
SITE = """
daemon off; master_process off; pid %(folder)s/pid; error_log stderr;
events { }
http {
    access_log off;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    ssl_certificate %(cert)s;
    ssl_certificate_key %(key)s;
    client_body_temp_path %(folder)s; proxy_temp_path %(folder)s; fastcgi_temp_path %(folder)s; uwsgi_temp_path %(folder)s; scgi_temp_path %(folder)s;
    server { listen 127.0.0.1:%(port)d ssl; location / { return 200 "who asks: $ssl_client_verify\\n"; } }
    server { listen 127.0.0.1:%(strict)d ssl; ssl_verify_client on; ssl_client_certificate %(root)s; location / { return 200 "who asks: $ssl_client_verify\\n"; } }
}
"""  # the two lines of protocols and ciphers are those of Debian's nginx.conf


def get(port, *options, name="localhost", target=targets.CPYTHON, code=0, send=("--get", "/")):
    """What the client prints of one run."""
    done = targets.run(target, "examples/client.py", ("--connect", "127.0.0.1:%d" % port, "--name", name, *options, *send), timeout=60)
    assert done.returncode == code, done.stdout[-600:] + done.stderr[-600:]
    return done.stdout


@contextlib.contextmanager
def our_server(*options, count=1, shown=("--cert", CHAIN.chain_path, "--key", CHAIN.key_path)):
    port = peers.free_port()
    argv = ["--listen", "127.0.0.1:%d" % port, "--count", str(count), "--www", *shown, *options]
    process = Process(targets.CPYTHON.command("examples/server.py", argv), targets.ROOT, targets.CPYTHON.env())
    try:
        process.wait_for(b"listening on")
        yield process, port
    finally:
        process.kill()


@contextlib.contextmanager
def openssl(folder):
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    port = peers.free_port()
    process = Process(["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-cert", CHAIN.chain_path, "-cert_chain", CHAIN.chain_path, "-key", CHAIN.key_path, "-www", "-alpn", "http/1.1"])
    try:
        process.wait_for(b"ACCEPT")
        yield port, port
    finally:
        process.kill()


@contextlib.contextmanager
def nginx(folder):
    """Its ports: for all, and for those with a certificate."""
    if not os.access(NGINX, os.X_OK):
        pytest.skip("no nginx here: `make setup` installs it")
    port, strict = peers.free_port(), peers.free_port()
    site = Path(folder) / "nginx.conf"
    site.write_text(SITE % {"folder": folder, "port": port, "strict": strict, "cert": CHAIN.chain_path, "key": CHAIN.key_path, "root": CHAIN.root_path})
    process = Process([NGINX, "-p", str(folder), "-e", "stderr", "-c", str(site)])
    try:
        for p in (port, strict):
            with peers.Peer(process, p).dial():
                pass
        yield port, strict
    finally:
        process.kill()


@pytest.mark.parametrize("target", (targets.CPYTHON, targets.UNIX_32_VIPER), ids=lambda t: t.name)
@pytest.mark.parametrize("peer", (openssl, nginx), ids=lambda p: p.__name__)
def test_a_session_in_a_file(peer, target, tmp_path):
    """Another process resumes it, under TLS 1.3 and the same application protocol."""
    if target.missing():
        pytest.skip(target.missing())
    file = tmp_path / "session"
    with peer(tmp_path) as (port, _):
        for resumed in (0, 1, 1):
            text = get(port, *TRUST, "--session", file, "--alpn", "http/1.1", target=target)
            assert re.search(r"^handshake version=tls1.3 .* resumed=%d verified=1" % resumed, text, re.M), text
            assert "\nalpn http/1.1\n" in text and "200 O" in text.upper()
        kept = file.read_bytes()
        assert "resumed=0" in get(port, *TRUST, "--session", file, "--alpn", "h2,http/1.1", "--max-version", "tls1.2", target=target)
        file.write_bytes(kept[:-1])
        assert re.search("^error code=-", get(port, *TRUST, "--session", file, target=target, code=1), re.M)


def test_nginx_asks_for_a_certificate(tmp_path):
    with nginx(tmp_path) as (_, strict):
        assert "400" in get(strict, *TRUST)
        file = tmp_path / "session"
        for resumed in (0, 1):
            text = get(strict, *TRUST, "--cert", CHAIN.chain_path, "--key", CHAIN.key_path, "--session", file)
            assert "who asks: SUCCESS" in text and "resumed=%d" % resumed in text


def test_names_protocols_keying_material_and_a_stapled_response(tmp_path):
    """--sni, --alpn, --export, --staple and --ocsp."""
    (tmp_path / "response").write_bytes(bytes(321))
    more = ("--alpn", "h2,http/1.1", "--export", "EXPERIMENTAL mxtls")
    sni = ("--sni", "other.example=%s:%s,*.net=%s:%s" % (OTHER.chain_path, OTHER.key_path, CHAIN.chain_path, CHAIN.key_path))
    with our_server(*more, *sni, "--staple", tmp_path / "response", count=4) as (server, port):
        text = get(port, *TRUST, "--alpn", "http/1.1", "--export", "EXPERIMENTAL mxtls", "--ocsp")
        assert "\nalpn http/1.1\n" in text and "\nocsp 321 bytes\n" in text
        material = re.search("^export ([0-9a-f]{64})$", text, re.M).group(1).encode()
        server.wait_for(b"alpn http/1.1\nexport " + material)
        text = get(port, "--ca", OTHER.root_path, "--ocsp", name="other.example")
        assert "verified=1" in text and "\nocsp 0 bytes\n" in text
        assert "alert=unknown_ca" in get(port, "--ca", OTHER.root_path, code=1)
        assert "no_application_protocol" in get(port, *TRUST, "--alpn", "spdy/3", code=1)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_pins_fingerprints_and_a_store(tmp_path):
    leaf, root = CHAIN.certificates[0], CHAIN.certificates[-1]
    pins = [sha256(x.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)) for x in (leaf, root)]
    subprocess.run([sys.executable, str(targets.ROOT / "tools/trust_store.py"), CHAIN.root_path, "--out", str(tmp_path / "store")], check=True, capture_output=True)
    runs = (
        ((*TRUST, "--pin", pins[0]), 0), ((*TRUST, "--pin", "%s,%s" % ("00" * 32, pins[1])), 0), ((*TRUST, "--pin", "00" * 32), 1), ((*TRUST, "--pin", "short"), 1),
        (("--fingerprint", sha256(CHAIN.chain_ders[0])), 0), (("--fingerprint", "11" * 32), 1), (("--store", tmp_path / "store"), 0), (("--store", tmp_path / "none"), 1),
    )
    with our_server(count=len(runs)) as (_, port):
        for options, code in runs:
            text = get(port, *options, code=code)
            assert ("verified=1" in text) == (code == 0) and bool(re.search("^error code=-", text, re.M)) == bool(code), text


def test_an_encrypted_key_and_a_client_of_any_certificate(tmp_path):
    """--password, --insecure, and --trace from source."""
    key = tmp_path / "key.pem"
    key.write_bytes(CHAIN.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    with our_server("--password", "secret", "--trace", shown=("--cert", CHAIN.chain_path, "--key", key)) as (server, port):
        assert "verified=0" in get(port, "--insecure", name="elsewhere.example")
    done = targets.run(targets.CPYTHON, "examples/server.py", ("--listen", "127.0.0.1:0", "--cert", CHAIN.chain_path, "--key", key, "--password", "wrong"), timeout=60)
    assert done.returncode == 1 and done.stdout.startswith("error code=-")


def test_fallback_and_parameters(tmp_path):
    """--fallback is refused where it was needless; --dh serves DHE; --psk-identity has a default."""
    with our_server("--dh", peers.dh_file(), count=3) as (_, port):
        assert "inappropriate_fallback" in get(port, *TRUST, "--fallback", "--max-version", "tls1.2", code=1)
        assert "verified=1" in get(port, *TRUST, "--max-version", "tls1.2", "--max-record", "1024")
        assert "alert" in get(port, *TRUST, "--cipher", "TLS_DHE_PSK_WITH_AES_128_CBC_SHA", code=1)
    with our_server("--psk", "00112233", shown=()) as (_, port):
        assert "resumed=0" in get(port, "--psk", "00112233", "--psk-identity", "Client_identity")


def test_datagrams():
    """--dtls and --pmtu, with what is asked for printed there too."""
    more = ("--dtls", "--pmtu", "300", "--alpn", "a", "--export", "x")
    with our_server(*more) as (server, port):
        text = get(port, *TRUST, *more)
        server.wait_for(re.search("^alpn a\nexport [0-9a-f]{64}$", text, re.M).group().encode())


def test_a_certificate_later():
    """--later: OpenSSL asks after the handshake."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    port = peers.free_port()
    server = Process(["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-tls1_3", "-cert", CHAIN.chain_path, "-cert_chain", CHAIN.chain_path, "-key", CHAIN.key_path,
                      "-CAfile", CHAIN.root_path, "-verify", "3"])
    argv = ("--connect", "127.0.0.1:%d" % port, "--name", "localhost", *TRUST, "--cert", CHAIN.chain_path, "--key", CHAIN.key_path, "--later", "--send", "hello\n")
    try:
        server.wait_for(b"ACCEPT")
        ours = Process(targets.CPYTHON.command("examples/client.py", argv), targets.ROOT, targets.CPYTHON.env())
        server.wait_for(b"hello")
        server.write(b"c\n")
        server.wait_for(b"SSL_do_handshake")
        server.write(b"answer\n")
        ours.wait_for(b"answer")
        assert ours.end() == 0
        server.wait_for(b"(?s)(depth=0.*){2}")  # it asked within the handshake too
    finally:
        server.kill()


@pytest.mark.parametrize("example, module", (("client", client_example), ("server", server_example)))
def test_help(example, module):
    """It lists every option, and each is used by some test."""
    done = targets.run(targets.CPYTHON, "examples/%s.py" % example, ("--help",), timeout=60)
    assert done.returncode == 0 and [line.split()[0] for line in done.stdout.splitlines()[1:]] == [row[0] for row in module.OPTIONS]
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for row in module.OPTIONS:
        assert '"%s"' % row[0] in tests, row[0]
    done = targets.run(targets.CPYTHON, "examples/%s.py" % example, ("--nothing",), timeout=60)
    assert done.returncode == 1 and "option --nothing is not known" in done.stdout


class Reset:
    """A socket whose peer has said something that is no TLS, and is gone."""

    closed = False

    def recv_into(self, view, n):
        view[:5] = b"GET /"
        return 5

    def send(self, view):
        raise OSError(104, "reset by peer")

    def close(self):
        self.closed = True


def test_a_socket_that_fails_is_closed(capsys, monkeypatch):
    """The alert cannot be sent any more."""
    options = server_example.common.parse(server_example.OPTIONS, ["--echo"])
    sock = Reset()
    assert server_example.one(loop.psk_keys()[1], {}, sock, options) and sock.closed
    sock = Reset()
    monkeypatch.setattr(client_example.common, "connect", lambda *where: sock)
    options = client_example.common.parse(client_example.OPTIONS, ["--connect", "a:1"])
    with pytest.raises(OSError):
        client_example.connection(options, loop.psk_keys()[0], None, "a", 1)
    assert sock.closed and "this is not TLS" in capsys.readouterr().out


class Air:
    """A socket that serves one client in memory, and hears of others first."""

    def __init__(self, client, first):
        self.client = client
        self.waiting = list(first)

    def fetch(self):
        self.waiting += [(datagram, CLIENT) for datagram in self.client.datagrams()]
        return bool(self.waiting)

    def recvfrom(self, n):
        return self.waiting.pop(0)

    def sendto(self, view, address):
        if address != CLIENT:
            raise OSError(22, "nobody can be sent to there")
        self.client.put(bytes(view))
        if self.client.session.established and not self.client.sent_hello:
            self.client.sent_hello = True
            self.client.send(b"hello")
        elif self.client.data == b"hello" and not self.client.session.closing:
            self.client.close()
        return len(view)


CLIENT = ("127.0.0.1", 5)


def test_a_server_of_datagrams_outlives_who_comes(monkeypatch, capsys, datagrams):
    """A hello from where nothing can be sent to, as port 0 is, ends nothing, nor does one that finds no memory."""
    example = datagrams_example
    example.common._asked = dict.fromkeys(("alpn", "export"))
    ours, theirs = loop.psk_keys()
    client = network.End(mxtls.ClientSession(ours, cipher_suite=0x00A8, dtls=True))
    client.sent_hello = False
    full = [MemoryError()]

    def session(cid):
        if full:
            client.session.dtls.flight.again()
            raise full.pop()
        return mxtls.ServerSession(theirs, dtls=True)

    air = Air(client, [(client.session.get_outdata().tobytes(), ("127.0.0.1", 0)), (b"", ("127.0.0.1", 0))])
    monkeypatch.setattr(example, "ready", lambda sock, wait: sock.fetch())
    assert example.serve(air, session, 1, None, False) == 0 and not full
    assert client.data == b"hello" and "handshake version=dtls1.2" in capsys.readouterr().out
