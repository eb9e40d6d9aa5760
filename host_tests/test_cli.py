# SPDX-License-Identifier: MIT
"""The `mxtls` command against openssl on loopback: what it says, as JSON and as text, and its exit codes. And the wheel that pip makes,
installed beside nothing else."""

import contextlib
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import peers
import pki
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

import targets

ROOT = targets.ROOT
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / p) for p in ("lib", "port/cpython", "cli"))}
CLIENT = {
    "host": str, "port": int, "profile": str, "ok": bool, "error": (dict, type(None)), "verdict": str, "chain": list, "resumption": (dict, type(None)),
    "bytes": dict, "memory": dict,
}
AGREED = {"version": str, "suite": str, "group": str, "alpn": (str, type(None)), "resumed": bool, "ms": int}
CERTIFICATE = {
    "kind": str, "bytes": int, "sha256": str, "refused": list, "subject": str, "issuer": str, "serial": str, "not_before": str, "not_after": str, "key": str,
    "signature": str, "ca": bool, "names": list, "key_usage": list, "purposes": list, "key_sha256": str,
}


def mxtls(*arguments, code=0, env=ENV):
    done = subprocess.run([sys.executable, "-m", "mxtls_cli", *map(str, arguments)], capture_output=True, text=True, timeout=60, env=env, stdin=subprocess.DEVNULL)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def result(*arguments, code=0):
    return json.loads(mxtls(*arguments, code=code).stdout)


def check(value, schema):
    for key, kind in schema.items():
        assert isinstance(value[key], kind), (key, value[key])


@contextlib.contextmanager
def s_server(*more, key="p256", psk=False):
    """openssl's server; yields HOST:PORT."""
    chain = peers.chain(key)
    port = peers.free_port()
    certificate = ["-nocert"] if psk else ["-cert", chain.chain_path, "-key", chain.key_path, "-cert_chain", Path(chain.root_path).parent / "rest.pem"]
    process = peers.Process(["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, *certificate, *more])
    try:
        process.wait_for(b"ACCEPT")
        yield "localhost:%d" % port
    finally:
        process.kill()


@pytest.fixture(scope="module")
def chain():
    return peers.chain("p256")


def test_client(chain):
    """Two versions, a chain that is good, and the session that resumes."""
    for version, more in (("tls1.3", ()), ("tls1.2", ("-no_ticket",))):
        with s_server("-alpn", "http/1.1", *more) as server:
            shown = result("client", server, "--ca", chain.root_path, "--alpn", "h2,http/1.1", "--max-version", version)
        check(shown, CLIENT | AGREED)
        assert (shown["version"], shown["group"], shown["alpn"], shown["verdict"], shown["ok"]) == (version, "x25519", "http/1.1", "trusted", True)
        assert [c["verdict"] for c in shown["chain"]] == ["good"] * len(shown["chain"]) and len(shown["chain"]) > 1
        for item in shown["chain"]:
            check(item, CERTIFICATE)
        assert "localhost" in shown["chain"][0]["names"] and not shown["chain"][0]["refused"]
        assert shown["resumption"]["resumed"] and shown["resumption"]["ticket"] == (version == "tls1.3")
        assert shown["bytes"]["received"] > 800 > shown["resumption"]["bytes"]["received"]
        assert 512 <= shown["memory"]["input"] < 5000


def test_client_refuses(chain, tmp_path):
    """No root, another name, a build that has less, nobody there: one reason each, and exit code 1."""
    other = pki.chain(key="p384")
    with s_server() as server:
        shown = result("client", server, "--ca", other.root_path, code=1)
        assert shown["error"]["alert"] == "unknown_ca" and shown["error"]["text"].startswith("no trusted CA") and not shown["ok"]
        check(shown, CLIENT)
        shown = result("client", server, "--ca", chain.root_path, "--name", "elsewhere.test", code=1)
        assert "not for 'elsewhere.test'" in shown["error"]["text"]
        shown = result("client", server, "--ca", other.root_path, "--insecure", "--no-resume")
        assert shown["ok"] and shown["verdict"] == "unknown_ca" and shown["resumption"] is None
        shown = result("client", server, "--ca", chain.root_path, "--as", "psk-client", "--psk", "00" * 16, code=1)
        assert "handshake_failure" in shown["error"]["text"] and shown["profile"] == "psk-client"
        shown = result("client", server, "--ca", chain.root_path, "--as", "one-suite")
        assert (shown["version"], shown["suite"], shown["group"]) == ("tls1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "secp256r1")
    shown = result("client", "127.0.0.1:%d" % peers.free_port(), "--ca", chain.root_path, code=1)
    assert "refused" in shown["error"]["text"]


def test_client_with_a_pre_shared_key():
    with s_server("-psk", "00112233445566778899aabbccddeeff", "-tls1_2", psk=True) as server:
        shown = result("client", server, "--psk", "00112233445566778899aabbccddeeff", "--as", "psk-client")
    assert (shown["suite"], shown["verdict"], shown["chain"]) == ("TLS_PSK_WITH_AES_128_GCM_SHA256", "pre-shared key", [])


def test_text_and_colour(chain):
    """Text has no escapes but on a terminal, and there none with NO_COLOR."""
    with s_server() as server:
        arguments = ["client", server, "--ca", chain.root_path, "--no-resume"]
        plain = mxtls(*arguments, "--text").stdout
        assert re.search("^verdict +trusted$", plain, re.M) and re.search(r"^handshake +tls1\.3 ", plain, re.M) and "\x1b" not in plain

        def on_terminal(**env):
            ours, theirs = pty.openpty()
            with subprocess.Popen([sys.executable, "-m", "mxtls_cli", *arguments], stdout=theirs, stderr=theirs, stdin=theirs, env={**ENV, "TERM": "xterm", **env}) as child:
                os.close(theirs)
                said = b""
                with contextlib.suppress(OSError):  # the terminal's end
                    while data := os.read(ours, 4096):
                        said += data
                os.close(ours)
                assert child.wait(30) == 0, said
            return said.decode()

        env = {k: v for k, v in ENV.items() if k != "NO_COLOR"}
        ENV.clear()
        ENV.update(env)
        assert "\x1b[32mtrusted" in on_terminal() and "connecting" in on_terminal()
        assert "\x1b[32m" not in on_terminal(NO_COLOR="1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("client", "localhost:port"), ("client", "localhost:1", "--cipher", "NO_SUCH"), ("client", "localhost:1", "--psk", "0x"),
        ("client", "localhost:1", "--ca", "/no/such/file"), ("server", "0"), ("x509", "/no/such/file"), ("trust", "/etc/hostname"),
        ("trust", "localhost:1"), ("nothing",), (),
    ],
    ids=" ".join,
)
def test_what_cannot_be_asked(arguments):
    """Exit code 2, and the reason is one line, the last."""
    done = mxtls(*arguments, code=2)
    assert not done.stdout and re.match(r"mxtls[ a-z0-9]*: .{8,}", done.stderr.strip().splitlines()[-1])
    assert "Traceback" not in done.stderr


def test_server(chain):
    """openssl's client and our own, echoed and answered."""
    port = peers.free_port()
    server = peers.Process([sys.executable, "-m", "mxtls_cli", "server", "127.0.0.1:%d" % port, "--cert", chain.chain_path, "--key", chain.key_path, "--www", "--count", "2"], env=ENV)
    try:
        server.wait_for(b'"listening": %d' % port)
        client = ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-CAfile", chain.root_path, "-verify_return_error", "-ign_eof", "-tls1_2"]
        done = subprocess.run(client, input="GET / HTTP/1.0\r\n\r\n", capture_output=True, text=True, timeout=30)
        assert "200 OK" in done.stdout and "Verify return code: 0" in done.stdout, done.stdout + done.stderr
        page = mxtls("client", "localhost:%d" % port, "--ca", chain.root_path, "--get", "/", "--no-resume")
        assert "tls1.3 TLS_AES_128_GCM_SHA256" in page.stderr and json.loads(page.stdout)["page_bytes"] > len(page.stderr)
        assert server.child.wait(20) == 0
    finally:
        server.kill()
    shown = [json.loads(line) for line in server.output.decode().splitlines()]
    assert [s.get("version") for s in shown] == [None, "tls1.2", "tls1.3"] and not any(s.get("error") for s in shown)
    check(shown[1], AGREED | {"client": str, "bytes": dict, "memory": dict, "data": int})


def test_x509(chain, tmp_path):
    """Every kind of object, and what a board would refuse."""
    key = pki.make_key("p256")
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "device 7")])).sign(key, hashes.SHA256())
    (tmp_path / "all.pem").write_bytes(chain.chain_pem + chain.key_pem + csr.public_bytes(serialization.Encoding.PEM))
    shown = result("x509", tmp_path / "all.pem")["objects"]
    assert [o["kind"] for o in shown] == ["certificate"] * len(chain.chain_ders) + ["private key", "request"]
    assert all(o["key"] == "P-256" for o in shown) and shown[-1]["subject"] == "CN=device 7"
    check(shown[0], CERTIFICATE)
    for name, data, kind in (("cert.der", chain.chain_ders[0], "certificate"), ("key.der", chain.key_der, "private key"), ("csr.der", csr.public_bytes(serialization.Encoding.DER), "request")):
        (tmp_path / name).write_bytes(data)
        assert result("x509", tmp_path / name)["objects"][0]["kind"] == kind
    weak = pki.chain(key="rsa1024")
    (tmp_path / "weak.pem").write_bytes(weak.chain_pem)
    assert "1024 bits" in str(result("x509", tmp_path / "weak.pem", code=1)["objects"][0]["refused"])
    big = pki.chain(key="p521")
    (tmp_path / "p521.pem").write_bytes(big.chain_pem)
    assert not result("x509", tmp_path / "p521.pem")["objects"][0]["refused"]
    assert result("x509", tmp_path / "p521.pem", "--as", "one-suite", code=1)["objects"][0]["refused"]
    (tmp_path / "cut.der").write_bytes(chain.chain_ders[0][:-3])
    mxtls("x509", tmp_path / "cut.der", code=2)


def test_trust(chain, tmp_path):
    """The root that a server needs, out of many; as DER and as a store that the client takes."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(pki.chain(key="p384").root_pem + chain.root_pem)
    with s_server() as server:
        shown = result("trust", server, "--roots", bundle, "--out", tmp_path / "root.der")
        assert (tmp_path / "root.der").read_bytes() == chain.root_der and shown["bytes"] == len(chain.root_der)
        only = hashes.Hash(hashes.SHA256())
        only.update(chain.root_der)
        shown = result("trust", bundle, "--root", only.finalize().hex(), "--out", tmp_path / "root.mxt")
        check(shown["roots"][0], CERTIFICATE)
        for file in ("root.der", "root.mxt"):
            assert result("client", server, "--ca", tmp_path / file, "--no-resume")["verdict"] == "trusted"
    assert len(result("trust", bundle)["roots"]) == 2
    mxtls("trust", bundle, "--root", "nobody of that name", code=2)


def test_wheel(chain, tmp_path):
    """pip makes it offline; installed alone it works, and brings no module beside its own two packages."""
    tree = tmp_path / "tree"
    for name in ("lib", "cli", "port/cpython", "tools"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    try:
        import setuptools

        if int(setuptools.__version__.split(".")[0]) < 77:
            pytest.skip("setuptools is too old: `make setup` installs another")
    except ImportError:
        pytest.skip("there is no setuptools here: `make setup` installs it")
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    done = subprocess.run([*pip, "wheel", ".", "--no-deps", "--no-index", "--no-build-isolation", "-w", tmp_path], cwd=tree, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = tmp_path.glob("mxtls-*.whl")
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, timeout=60, env=env)
    python = venv / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True, timeout=60, env=env)
    [site] = venv.glob("lib/python*/site-packages")
    assert sorted(p.name for p in site.iterdir() if not p.name.endswith(".dist-info")) == ["mxtls", "mxtls_cli"]
    check_all = "import importlib, pkgutil, sys, mxtls\nfor m in pkgutil.walk_packages(mxtls.__path__, 'mxtls.'):\n" \
        "    if m.name not in ('mxtls.__main__', 'mxtls.kernels.p256'): importlib.import_module(m.name)\n" \
        "assert not {'micropython', 'mxtls_port', 'mxtls_hashlib'} & set(sys.modules)\nprint(mxtls.__version__)"
    done = subprocess.run([python, "-I", "-c", check_all], capture_output=True, text=True, timeout=60, env=env, cwd=tmp_path)
    assert done.returncode == 0 and wheel.name.startswith("mxtls-%s-" % done.stdout.strip()), done.stdout + done.stderr
    with s_server() as server:
        for command in ([venv / "bin" / "mxtls"], [python, "-m", "mxtls"]):
            done = subprocess.run([*command, "client", server, "--ca", chain.root_path, "--no-resume", "--as", "client"], capture_output=True, text=True, timeout=60, env=env, cwd=tmp_path)
            assert done.returncode == 0 and json.loads(done.stdout)["verdict"] == "trusted", done.stdout + done.stderr
