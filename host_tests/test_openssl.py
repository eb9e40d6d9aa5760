# SPDX-License-Identifier: MIT
"""Both roles against the real OpenSSL: examples/client.py with `openssl s_server`, examples/server.py with `openssl s_client`, on each
interpreter. Every suite, group, kind of key, signature and extension that the two share; data both ways; both ways to close."""

import contextlib
import os
import re
import shutil
import socket
import threading

import pki
import pytest
from peers import Process

import targets

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl on this machine")

TARGETS = (targets.CPYTHON, targets.UNIX_64, targets.UNIX_32_VIPER)
SUITES = {
    0xC02B: ("p256", "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    0xC02C: ("p256", "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    0xC02F: ("rsa2048", "ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    0xC030: ("rsa2048", "ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    0x002F: ("rsa2048", "AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
    0x0035: ("rsa2048", "AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
}
SIGNATURES = (("p256", "ECDSA+SHA256"), ("p256", "ECDSA+SHA512"), ("p384", "ECDSA+SHA384"), ("rsa2048", "RSA+SHA256"), ("rsa2048", "RSA+SHA512"),
              ("rsa2048", "RSA-PSS+SHA256"), ("rsa2048", "RSA-PSS+SHA384"), ("rsa2048", "RSA-PSS+SHA512"))
NO_EMS = "openssl_conf=a\n[a]\nssl_conf=b\n[b]\nsystem_default=c\n[c]\nOptions=-ExtendedMasterSecret\n"
_chains = {}


@pytest.fixture(params=TARGETS, ids=lambda t: t.name)
def target(request):
    if request.param.missing():
        pytest.skip(request.param.missing())
    return request.param


@pytest.fixture
def no_ems(tmp_path):
    """An environment in which openssl does without the extended master secret."""
    path = tmp_path / "no_ems.cnf"
    path.write_text(NO_EMS)
    return {"OPENSSL_CONF": str(path)}


def chain(key):
    if key not in _chains:
        c = _chains[key] = pki.chain(key=key, ips=["127.0.0.1"])
        with open(os.path.join(os.path.dirname(c.root_path), "rest.pem"), "wb") as f:
            f.write(b"".join(pki.pem(x) for x in c.certificates[1:]))
    return _chains[key]


def letters(n):
    """n lower-case letters, none of which is a command of s_client's or begins a line."""
    return ("abcdefghijklmnop" * (n // 16 + 1))[:n]


def with_others(algorithm):
    """A list of signature algorithms, the handshake's first; the others are the certificates'."""
    return ":".join([algorithm] + [a for a in ("RSA+SHA256", "ECDSA+SHA256") if a != algorithm])


@contextlib.contextmanager
def s_server(c, *options, cwd=None, env=None, version="-tls1_2"):
    folder = os.path.dirname(c.root_path)
    process = Process(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", c.chain_path, "-key", c.key_path, "-cert_chain", os.path.join(folder, "rest.pem"), version, *options], cwd, env)
    try:
        yield process, int(process.wait_for(rb"ACCEPT [^\n]*:(\d+)\s").group(1))
    finally:
        process.kill()


def get(target, c, port, n, *options, code=0):
    """Get a file of n letters; the handshake line's fields, or the last line of a failure."""
    done = targets.run(target, "examples/client.py", ("--connect", "127.0.0.1:%d" % port, "--name", "localhost", "--ca", c.root_path, "--get", "/%d.txt" % n, *options), timeout=60)
    assert done.returncode == code, done.stdout[-1000:] + done.stderr[-1000:]
    if code:
        return done.stdout.strip().splitlines()[-1]
    assert letters(n) in done.stdout, done.stdout[:500]
    line = re.search(r"^handshake version=tls1.2 suite=(\S+) resumed=0 verified=1 peer=\"(\S+)\" ms=\d+ heap_peak=\d+$", done.stdout, re.M)
    assert line, done.stdout[:500]
    return line.group(1)


@pytest.fixture(scope="module")
def www(tmp_path_factory):
    """A folder of files that s_server serves."""
    folder = tmp_path_factory.mktemp("www")
    for n in (1, 100, 16384, 30000, 102400):
        (folder / ("%d.txt" % n)).write_text(letters(n))
    return folder


# Our client


@pytest.mark.parametrize("suite", SUITES, ids=lambda s: "%04X" % s)
def test_client_suites(target, www, suite):
    key, name, iana = SUITES[suite]
    with s_server(chain(key), "-WWW", "-cipher", name + ":@SECLEVEL=0", cwd=www) as (server, port):
        assert get(target, chain(key), port, 100, "--cipher", "0x%04X" % suite) == iana
        assert get(target, chain(key), port, 30000, "--cipher", iana) == iana


@pytest.mark.parametrize("n", (1, 16384, 102400))
def test_client_gets(target, www, n):
    with s_server(chain("p256"), "-WWW", cwd=www) as (server, port):
        get(target, chain("p256"), port, n)


@pytest.mark.parametrize("group", ("X25519", "P-256", "P-384", "P-521"))
def test_client_groups(target, www, group):
    with s_server(chain("rsa2048"), "-WWW", "-groups", group, cwd=www) as (server, port):
        get(target, chain("rsa2048"), port, 100)


@pytest.mark.parametrize("key", ("p384", "p521", "rsa3072"))
def test_client_keys(target, www, key):
    with s_server(chain(key), "-WWW", cwd=www) as (server, port):
        get(target, chain(key), port, 100)


@pytest.mark.parametrize("key, algorithm", SIGNATURES, ids=str)
def test_client_signatures(target, www, key, algorithm):
    with s_server(chain(key), "-WWW", "-sigalgs", with_others(algorithm), "-cipher", "ECDHE:@SECLEVEL=0", cwd=www) as (server, port):
        get(target, chain(key), port, 100)


@pytest.mark.parametrize("most", (512, 1024, 2048, 4096, 5000))
@pytest.mark.parametrize("suite", (0xC02F, 0x002F))
def test_client_max_fragment(target, www, most, suite):
    """OpenSSL answers max_fragment_length; a record above it would be a record_overflow."""
    key, name, _ = SUITES[suite]
    with s_server(chain(key), "-WWW", "-cipher", name, cwd=www) as (server, port):
        get(target, chain(key), port, 16384, "--max-record", str(most), "--cipher", "0x%04X" % suite)


@pytest.mark.parametrize("suite", (0x002F, 0x0035))
def test_client_without_encrypt_then_mac(target, www, suite):
    with s_server(chain("rsa2048"), "-WWW", "-no_etm", "-cipher", SUITES[suite][1], cwd=www) as (server, port):
        get(target, chain("rsa2048"), port, 16384, "--cipher", "0x%04X" % suite)


@pytest.mark.parametrize("suite", (0xC02C, 0x002F))
def test_client_without_extended_master_secret(target, www, suite, no_ems):
    key, name, _ = SUITES[suite]
    with s_server(chain(key), "-WWW", "-cipher", name, cwd=www, env=no_ems) as (server, port):
        get(target, chain(key), port, 100, "--cipher", "0x%04X" % suite)


def test_client_is_asked_for_a_certificate(target, www):
    with s_server(chain("p256"), "-WWW", "-verify", "2", cwd=www) as (server, port):
        get(target, chain("p256"), port, 100)


UPLOAD = """
import sys
import common
import mxtls
from stream import Stream

keys = mxtls.Keys()
keys.load_rsa_keys(None, None, None, sys.argv[2])
stream = Stream(mxtls.ClientSession(keys, server_name="localhost"), common.connect("127.0.0.1", int(sys.argv[1])))
stream.handshake()
stream.send(b"abcdefghijklmnop" * 6400)
stream.receive(common.print_bytes)
stream.close()
"""


def test_client_sends_100_kb(target, tmp_path):
    """Up, in records of 16 KB; the answer comes when all is there. Then the client closes."""
    script = tmp_path / "upload.py"
    script.write_text(UPLOAD)
    with s_server(chain("p256")) as (server, port):
        client = Process(target.command(script, (port, chain("p256").root_path)), targets.ROOT, target.env())
        server.wait_for(letters(102400).encode())
        server.write(b"thanks, all of it\n")
        assert client.end() == 0, client.output[-500:]
        assert b"thanks, all of it\n" in client.output
        server.wait_for(rb"DONE|shut down|CONNECTION CLOSED", 5)


def test_client_and_data_with_the_finished(target):
    """s_server sends at once, with its Finished: the client takes the data."""
    with s_server(chain("p256")) as (server, port):
        server.write(b"a greeting\n")
        done = targets.run(target, "examples/client.py", ("--connect", "127.0.0.1:%d" % port, "--name", "localhost", "--ca", chain("p256").root_path, "--send", "x"), timeout=60)
        assert done.returncode == 0 and "a greeting" in done.stdout, done.stdout + done.stderr


def test_client_refuses(target, www):
    """One line each, exit code 1, and OpenSSL hears the alert."""
    with s_server(chain("p256"), "-WWW", cwd=www) as (server, port):
        assert "alert=bad_certificate" in get(target, chain("p256"), port, 1, "--name", "elsewhere.example", code=1)
        server.wait_for(rb"alert bad certificate")
        assert "alert=unknown_ca" in get(target, chain("p256"), port, 1, "--ca", pki.chain(tag="stranger").root_path, code=1)
        server.wait_for(rb"alert unknown ca")
        assert "handshake_failure" in get(target, chain("p256"), port, 1, "--cipher", "0xC02F", code=1)


@pytest.mark.parametrize("version", ("-tls1_1", "-tls1_3"))
def test_client_and_server_of_another_version(target, www, version):
    with s_server(chain("rsa2048"), "-WWW", "-cipher", "ALL:@SECLEVEL=0", cwd=www, version=version) as (server, port):
        line = get(target, chain("rsa2048"), port, 1, "--min-version", "tls1.2", "--max-version", "tls1.2", code=1)
        assert line.startswith("error code=-12") and ("protocol_version" in line), line


@pytest.mark.parametrize("options", ((), ("-groups", "P-384"), ("-num_tickets", "1", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256")), ids=("plain", "retry", "chacha"))
def test_client_of_tls_1_3_resumes(target, www, options):
    """Any server of today: TLS 1.3, and each later connection with the ticket of the one before."""
    with s_server(chain("p256"), "-WWW", *options, cwd=www, version="-no_ssl3") as (server, port):
        argv = ("--connect", "127.0.0.1:%d" % port, "--name", "localhost", "--ca", chain("p256").root_path, "--get", "/30000.txt", "--resume", "2")
        done = targets.run(target, "examples/client.py", argv, timeout=60)
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-1000:]
        assert re.findall(r"version=(\S+) suite=\S+ resumed=(\d)", done.stdout) == [("tls1.3", "0"), ("tls1.3", "1"), ("tls1.3", "1")]
        assert done.stdout.count(letters(30000)) == 3


def test_client_of_tls_1_3_changes_its_keys(target, www):
    with s_server(chain("p256"), "-WWW", cwd=www, version="-tls1_3") as (server, port):
        argv = ("--connect", "127.0.0.1:%d" % port, "--name", "localhost", "--ca", chain("p256").root_path, "--get", "/100.txt", "--rehandshake")
        done = targets.run(target, "examples/client.py", argv, timeout=60)
        assert done.returncode == 0 and letters(100) in done.stdout, done.stdout[-500:] + done.stderr[-1000:]


# Our server


@contextlib.contextmanager
def our_server(target, c, *options, count=1):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = Process(target.command("examples/server.py", ("--listen", "127.0.0.1:%d" % port, "--cert", c.chain_path, "--key", c.key_path, "--count", str(count), *options)), targets.ROOT, target.env())
    try:
        process.wait_for(rb"listening on")
        yield process, port
    finally:
        process.kill()


def s_client(port, c, *options, env=None, version="-tls1_2"):
    return Process(["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-servername", "localhost", "-CAfile", c.root_path, "-verify_return_error", "-verify_hostname", "localhost",
                    version, "-quiet", "-no_ign_eof", *options], env=env)


def echo(server, port, c, n, *options, env=None):
    """n letters up and back; s_client closes first, and both are content. The suite."""
    client = s_client(port, c, *options, env=env)
    text = letters(n).encode()
    writer = threading.Thread(target=client.write, args=(text,), daemon=True)
    writer.start()
    try:
        client.wait_for(text)
    finally:
        writer.join(10)
        code = client.end()
    assert code == 0, client.output[-500:]
    line = server.wait_for(rb"handshake version=tls1.2 suite=(\S+) resumed=0 verified=0")
    return line.group(1).decode()


@pytest.mark.parametrize("suite", SUITES, ids=lambda s: "%04X" % s)
def test_server_suites(target, suite):
    key, name, iana = SUITES[suite]
    with our_server(target, chain(key)) as (server, port):
        assert echo(server, port, chain(key), 20000, "-cipher", name + ":@SECLEVEL=0") == iana
        assert server.end() == 0, server.output


@pytest.mark.parametrize("n", (1, 16384, 102400))
def test_server_echoes(target, n):
    with our_server(target, chain("p256")) as (server, port):
        echo(server, port, chain("p256"), n)
        assert server.end() == 0, server.output


@pytest.mark.parametrize("group", ("X25519", "P-256", "P-384", "P-521", "X448:P-256"))
def test_server_groups(target, group):
    with our_server(target, chain("rsa2048")) as (server, port):
        echo(server, port, chain("rsa2048"), 100, "-groups", group)
        assert server.end() == 0, server.output


@pytest.mark.parametrize("key", ("p384", "p521", "rsa3072"))
def test_server_keys(target, key):
    with our_server(target, chain(key)) as (server, port):
        echo(server, port, chain(key), 100)
        assert server.end() == 0, server.output


@pytest.mark.parametrize("key, algorithm", SIGNATURES, ids=str)
def test_server_signatures(target, key, algorithm):
    with our_server(target, chain(key)) as (server, port):
        echo(server, port, chain(key), 100, "-sigalgs", with_others(algorithm), "-cipher", "ECDHE:@SECLEVEL=0")
        assert server.end() == 0, server.output


@pytest.mark.parametrize("most", (512, 1024, 2048, 4096))
@pytest.mark.parametrize("suite", (0xC02F, 0x002F))
def test_server_max_fragment(target, most, suite):
    with our_server(target, chain("rsa2048")) as (server, port):
        echo(server, port, chain("rsa2048"), 16384, "-maxfraglen", str(most), "-cipher", SUITES[suite][1])
        assert server.end() == 0, server.output


@pytest.mark.parametrize("suite", (0x002F, 0x0035))
def test_server_without_encrypt_then_mac(target, suite):
    """s_client has no switch against it, but its options have."""
    with our_server(target, chain("rsa2048")) as (server, port):
        echo(server, port, chain("rsa2048"), 16384, "-no_etm", "-cipher", SUITES[suite][1])
        assert server.end() == 0, server.output


@pytest.mark.parametrize("suite", (0xC02C, 0x002F))
def test_server_without_extended_master_secret(target, suite, no_ems):
    key, name, _ = SUITES[suite]
    with our_server(target, chain(key)) as (server, port):
        echo(server, port, chain(key), 100, "-cipher", name, env=no_ems)
        assert server.end() == 0, server.output


def test_server_closes_first(target):
    """--www: the server answers and closes; s_client sees close_notify and ends."""
    with our_server(target, chain("p256"), "--www") as (server, port):
        client = s_client(port, chain("p256"), "-ign_eof", "-nocommands")
        client.write(b"GET / HTTP/1.0\r\n\r\n")
        client.wait_for(rb"200 OK")
        assert client.child.wait(20) == 0, client.output
        client.kill()
        assert server.end() == 0, server.output


def test_server_after_failures(target):
    """One client after another, good ones between bad ones; each failure is one line."""
    with our_server(target, chain("p256"), "--min-version", "tls1.2", "--max-version", "tls1.2", count=7) as (server, port):
        for options, version, words in ((("-cipher", "ECDHE-RSA-AES128-GCM-SHA256"), "-tls1_2", rb"alert=handshake_failure : no cipher suite"),
                                        (("-cipher", "ALL:@SECLEVEL=0"), "-tls1_1", rb"alert=protocol_version : [^\n]*0x0302"),
                                        ((), "-tls1_3", rb"alert=protocol_version : [^\n]*0x0303"),
                                        (("-CAfile", chain("p384").root_path), "-tls1_2", rb"error code=-12 alert=none : [^\n]*unknown_ca")):
            client = s_client(port, chain("p256"), *options, version=version)
            server.wait_for(words)
            assert client.end() != 0, client.output
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert sock.recv(100)[0] == 21
        server.wait_for(rb"this is not TLS")
        socket.create_connection(("127.0.0.1", port)).close()
        server.wait_for(rb"hung up during the handshake")
        echo(server, port, chain("p256"), 100)
        assert server.end() == 0, server.output
        for line in server.output.decode().strip().splitlines():
            assert line.startswith(("listening on", "handshake ", "error code=")), line
