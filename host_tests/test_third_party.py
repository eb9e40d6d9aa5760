# SPDX-License-Identifier: MIT
"""Applications that others wrote for MicroPython, unchanged, over the modules tls and ssl on the 32-bit port, against servers that others wrote:
CPython's http.server and a mosquitto broker. What no package carries is in applications.py, which makes the same calls."""

import http.server
import os
import shutil
import ssl
import subprocess
import threading
from pathlib import Path

import pki
import pytest
from peers import Process, free_port

import targets
from toolchain import APPLICATIONS

PAGE = b"<p>a page of some length</p>\n" * 1000
PSK = "00112233445566778899aabbccddeeff"
SCRIPT = Path(__file__).with_name("applications.py")
TARGET = targets.UNIX_32_VIPER


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return pki.chain(key="p256", names=["localhost"], ips=["127.0.0.1"], eku=("server", "client")).write(tmp_path_factory.mktemp("pki"))


def application(*arguments, timeout=90):
    """What applications.py prints."""
    if TARGET.missing():
        pytest.skip(TARGET.missing())
    env = TARGET.env()
    env["MICROPYPATH"] += ":%s:.frozen" % APPLICATIONS
    done = subprocess.run(TARGET.command(SCRIPT, arguments, "1m"), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout.splitlines()


def needs(name):
    if not (APPLICATIONS / name).exists():
        pytest.skip("there is no build/applications/%s: `make setup` fetches it" % name)


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(PAGE)

    def do_POST(self):
        self.answer(b'{"got": "%s"}' % self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def https(request, chain):
    """The port of CPython's HTTPS server, in a thread."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain.chain_path, chain.key_path)
    context.maximum_version = ssl.TLSVersion[request.param]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_urequests(https):
    needs("urequests/__init__.py")
    first, second = application("urequests", "https://127.0.0.1:%d/page" % https)
    assert first == "200 %d <p>a page of some le" % len(PAGE) and second == "{'got': 'posted'}"


def test_what_requests_calls(https, chain):
    lines = application("requests", "127.0.0.1", https, chain.root_path)
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("200 %d 0 TLSv1." % len(PAGE))


def test_what_aiohttp_calls(https, chain):
    *steps, found = application("aiohttp", "127.0.0.1", https, chain.root_path)
    assert found == "[(200, %d), (200, %d)]" % (len(PAGE), len(PAGE))
    assert len(steps) == 2 and all(line.endswith(" steps") for line in steps), steps


def test_a_server_and_clients_of_asyncio(chain):
    [line] = application("aioserver", chain.chain_path, chain.key_path, chain.root_path, free_port())
    assert eval(line) == [[b"echo %s %d\n" % (name, i) for i in range(3)] + [20006] for name in (b"one", b"two")]


@pytest.fixture(scope="module")
def broker(chain, tmp_path_factory):
    """Ports of a mosquitto: (TLS, TLS with client certificates, TLS with pre-shared keys)."""
    program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
    if not program:
        pytest.skip("there is no mosquitto on this machine: `make setup` installs it")
    folder = tmp_path_factory.mktemp("mosquitto")
    ports = [free_port() for _ in range(3)]
    (folder / "psk").write_text("device:%s\n" % PSK)
    files = "cafile {0.root_path}\ncertfile {0.chain_path}\nkeyfile {0.key_path}\n".format(chain)
    (folder / "conf").write_text(
        "per_listener_settings true\nuser root\n"
        + "listener %d 127.0.0.1\nallow_anonymous true\n%s" % (ports[0], files)
        + "listener %d 127.0.0.1\nallow_anonymous true\nrequire_certificate true\nuse_identity_as_username true\n%s" % (ports[1], files)
        + "listener %d 127.0.0.1\nallow_anonymous true\nuse_identity_as_username true\npsk_hint here\npsk_file %s\n" % (ports[2], folder / "psk")
    )
    process = Process([program, "-c", folder / "conf"])
    process.wait_for(rb"running")
    yield dict(zip(("simple", "client", "psk"), ports, strict=True), robust=ports[0])
    process.kill()


@pytest.mark.parametrize("kind", ["simple", "robust", "client", "psk"])
def test_umqtt(kind, broker, chain):
    needs("umqtt/simple.py")
    arguments = ("device", PSK) if kind == "psk" else (chain.root_path, chain.chain_path, chain.key_path)
    topic = ("mxtls/" + kind).encode()
    assert application("mqtt", kind, broker[kind], *arguments) == [str([(topic, 3000), (topic, 1), (topic, 3000)])]
