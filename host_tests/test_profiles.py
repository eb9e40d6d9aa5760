# SPDX-License-Identifier: MIT
"""Profiles frozen into the 32-bit port: each holds only what it needs, and completes a handshake with openssl."""

import contextlib
import os
import re
import select
import shutil
import socket
import subprocess
import time

import configure
import pki
import pytest

import toolchain

# For each profile: what no module of it may be called (the last part of its name).
RETIRED = r"\w*cbc|record_stream|des3|rc4|seed|md5\w*|sha1|ssl3\w*|prf10|kex_rsa|kex_dhe|dh|ffdhe|load_dh|ccm|pkcs5|pbes|pbkdf2|trace|lock|memory"
FORBIDDEN = {
    "default": RETIRED + "|store",
    "client": RETIRED + r"|server\w*",
    "server": RETIRED + r"|client\w*|constraints|hello_extension",
    "one-suite": RETIRED + r"|server\w*|\w*rsa|ed25519|kept|store|sha512|x25519|kex_psk|chacha20\w*|poly1305",
    "everything": r"verify|trace|lock|memory",  # config is there for the examples' --trace alone
}
# frozen only where an application imports them
ON_DEMAND = {"mxtls.config", "mxtls.suite_names", "mxtls.x509.verify", "mxtls.crypto.ed25519", "mxtls.kernels.ed25519"}


@pytest.fixture(scope="module", params=[*FORBIDDEN, "client native"])
def frozen(request):
    """(profile, the modules staged for it, the binary they are frozen in), over viper kernels or those in C."""
    profile, tier = (request.param + " viper").split()[:2]
    if not (toolchain.OBJ / "base-32").exists() or not shutil.which("openssl"):
        pytest.skip("needs the 32-bit port and openssl: run `make setup`")
    place = {"tier": tier, "platform": "unix", "profile": profile, "examples": True}
    folder = configure.folder_for({}, **place)
    modules = configure.stage({}, out=folder, **place)
    name = "micropython-32-" + request.param.replace(" ", "-")
    binary = toolchain.build_unix(32, folder / "manifest.py", name, c_module=tier == "native")
    return profile, modules, binary


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return pki.chain(key="p256", names=["localhost"]).write(tmp_path_factory.mktemp("pki"))


@contextlib.contextmanager
def running(*command):
    process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process.said = ""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(process, pattern, seconds=20):
    """Wait until the process says so; fails with all that it said instead."""
    end = time.monotonic() + seconds
    while not re.search(pattern, process.said, re.M):
        ready = select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0]
        more = os.read(process.stdout.fileno(), 4096) if ready else b""
        assert more, f"nothing like {pattern!r} in: {process.said}"
        process.said += more.decode(errors="replace")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_only_what_the_profile_needs_is_frozen(frozen):
    profile, modules, binary = frozen
    library = {m for m in modules if m.startswith("mxtls.")}
    unneeded = {m for m in library if re.fullmatch(FORBIDDEN[profile], m.split(".")[-1])}
    assert not unneeded, f"{profile} freezes what it does not need"
    said = subprocess.run([binary, "-c", "help('modules')"], capture_output=True, text=True).stdout.split()
    names = {name.replace("/", ".").removesuffix(".__init__") for name in said}
    assert {m for m in names if m.startswith("mxtls")} - {"mxtls_native"} == library | {"mxtls", "mxtls_port"}


def test_everything_has_every_module_of_the_library():
    every = {o.name: max(1, o.least) for o in configure.OPTIONS.values() if o.state == "built" and o.name != "DISABLE_SSLV3"}
    staged = configure.staged_texts(configure.resolve("everything", every))
    ours = {name for name in configure.module_names(configure.ROOT / "lib") if name.startswith("mxtls")}
    assert ours - set(staged) - ON_DEMAND == set(), "no configuration would freeze these"


def test_a_client_fetches_a_page_from_openssl(frozen, chain, tmp_path):
    profile, _, binary = frozen
    if profile == "server":
        return
    port = free_port()
    (tmp_path / "page.txt").write_text("hello from openssl\n")
    server = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-WWW", "-tls1_2"]
    server += ["-cert", chain.chain_path, "-cert_chain", chain.chain_path, "-key", chain.key_path]
    with contextlib.chdir(tmp_path), running(*server) as openssl:
        wait_for(openssl, "^ACCEPT")
        command = [binary, "-m", "client", "--connect", f"127.0.0.1:{port}", "--ca", chain.root_path, "--get", "/page.txt"]
        done = subprocess.run([*command, "--name", "localhost"], capture_output=True, text=True, timeout=50)
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"^handshake version=tls1\.2 suite=\S+ .*verified=1", done.stdout, re.M), done.stdout
        assert "hello from openssl" in done.stdout
        if profile == "one-suite":
            assert "suite=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" in done.stdout
        done = subprocess.run([*command, "--name", "elsewhere.test"], capture_output=True, text=True, timeout=50)
        assert done.returncode == 1
        assert re.search("^error code=", done.stdout, re.M), done.stdout


def test_a_server_answers_openssl(frozen, chain):
    profile, _, binary = frozen
    if profile in ("client", "one-suite"):
        return
    port = free_port()
    command = [binary, "-m", "server", "--listen", f"127.0.0.1:{port}", "--cert", chain.chain_path, "--key", chain.key_path]
    with running(*command, "--www", "--count", "1") as server:
        wait_for(server, r"^listening on \d+")
        client = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", chain.root_path, "-ign_eof"]
        client += ["-verify_return_error", "-verify_hostname", "localhost", "-tls1_2"]
        done = subprocess.run(client, input="GET / HTTP/1.0\r\n\r\n", capture_output=True, text=True, timeout=50)
        wait_for(server, r"^handshake version=tls1\.2 ")
        assert "Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr
        assert "200 OK" in done.stdout, done.stdout + done.stderr
        assert server.wait(20) == 0


def test_the_modules_tls_and_ssl(frozen):
    """Frozen where they were asked for, which everything does."""
    profile, _, binary = frozen
    done = subprocess.run([binary, "-c", "import tls, ssl, ussl\nprint(ussl.create_default_context().verify_mode == tls.CERT_REQUIRED)"], capture_output=True, text=True, timeout=50)
    assert (done.stdout == "True\n") == (profile == "everything"), done.stderr


def test_a_feature_that_is_off_is_refused_by_name(frozen):
    profile, _, binary = frozen
    missing = {"client": "ServerSession", "one-suite": "ServerSession", "server": "ClientSession"}.get(profile)
    if missing:
        code = f"import mxtls\ntry:\n    mxtls.{missing}(mxtls.Keys())\nexcept Exception as e:\n    print(type(e).__name__, e)"
        said = subprocess.run([binary, "-c", code], capture_output=True, text=True)
        assert re.match("(Error|AttributeError) .", said.stdout), said.stdout + said.stderr
