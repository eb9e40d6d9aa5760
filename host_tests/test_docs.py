# SPDX-License-Identifier: MIT
"""The documentation: the site builds and asks nothing of other hosts, every page's code runs as it stands there against real peers, commands name what
there is, and troubleshooting.md has every line that the library can say."""

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import emulate
import error_lines
import firmware
import pki
import pytest
from pages import ROOT, Desk, Page, free_port, needs
from peers import Process

import targets
from mxtls import codes
from mxtls.version import __version__
from toolchain import APPLICATIONS

DOCS = ROOT / "docs"
PAGES = {str(path.relative_to(DOCS))[:-3]: Page(path) for folder in ("start", "tasks") for path in sorted((DOCS / folder).glob("*.md"))}
README = Page(ROOT / "README.md")


# The site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    for name in ("mkdocs", "material"):
        pytest.importorskip(name, reason="there is no %s in this Python: `make setup` installs it" % name)
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", out], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_site_builds_and_has_every_page(site):
    for name in [*PAGES, "index", "troubleshooting", "configuration", "CHANGELOG", "CONTRIBUTING"]:
        assert (site / (name + ".html")).exists(), name
    assert (site / "examples" / "datagrams.py").read_text() == (ROOT / "examples" / "datagrams.py").read_text(), "which pages link to"


def test_the_site_asks_nothing_of_other_hosts(site):
    for page in site.rglob("*.html"):
        asked = re.findall(r"<(?:script|img|iframe|source)[^>]+src=\"?(?:https?:)?//[^\s>]+|<link[^>]+(?:stylesheet|icon|preconnect)[^>]*?https?://[^\s>]+", page.read_text())
        assert not asked, "%s: %s" % (page, asked)


# Lines, commands, numbers


def test_troubleshooting_has_every_line():
    """Every line that lib/ and port/ can say is a heading's or a row's, or has its pattern there; and no row is left of a line that is gone."""
    listed = re.findall(r"^[>|] `(.+?)`", (DOCS / "troubleshooting.md").read_text(), re.MULTILINE)
    assert len(listed) == len(set(listed))
    found = error_lines.lines()
    matches = {pattern: re.compile(re.escape(pattern).replace("…", ".*")).fullmatch for pattern in listed}
    lacking = ["%s: %s" % (found[line], line) for line in found if not any(match(line) for match in matches.values())]
    assert not lacking, "docs/troubleshooting.md lacks the lines\n" + "\n".join(lacking)
    gone = [pattern for pattern, match in matches.items() if not any(match(line) for line in found)]
    assert not gone, "docs/troubleshooting.md has lines that nobody says:\n" + "\n".join(gone)


def test_troubleshooting_has_every_code_and_alert():
    text = (DOCS / "troubleshooting.md").read_text()
    listed = {name: int(number) for number, name in re.findall(r"^\| (-\d+) \| (\w+) \|", text, re.MULTILINE)}
    assert listed == {name: value for name, value in vars(codes).items() if name.endswith(("FAIL", "FAILURE", "ERROR")) and isinstance(value, int) and value < 0}
    for number, name in re.findall(r"(\d+) ([a-z_]+)[,|]", text[text.index("## Alerts from") : text.index("## Codes")].replace(" |", "|")):
        assert getattr(codes, "ALERT_" + name.upper(), int(number)) == int(number), name


def test_lines_are_found_in_the_source():
    assert error_lines.lines()["max_record is out of range; give 512 to 16384"] == "lib/mxtls/session.py"


@pytest.mark.parametrize("page", [*PAGES.values(), README, *map(Page, (DOCS / "boards.md", DOCS / "configuration.md", ROOT / "CONTRIBUTING.md"))], ids=lambda p: p.path.stem)
def test_commands_name_what_there_is(page):
    """Targets of make, and tools with their options."""
    makefile = (ROOT / "Makefile").read_text()
    for line in "".join(text for language, _, text in page.blocks if language != "python").splitlines():
        for target, variables in re.findall(r"\bmake ([a-z]+)((?: [A-Z]+=)*)", line):
            assert re.search("^%s:" % target, makefile, re.MULTILINE), line
            assert all(name in makefile for name in variables.split()), line
        for tool, rest in re.findall(r"(?:^|[ =])((?:tools|examples)/\w+\.py)([^|;&]*)", line):
            text = (ROOT / tool).read_text() + (ROOT / "examples" / "common.py").read_text()
            assert all('"%s"' % option in text for option in re.findall(r"(?<= )--[a-z][a-z0-9-]*", rest)), line


def test_every_program_of_a_page_has_a_name():
    for name, page in PAGES.items():
        assert all(title for language, title, _ in page.blocks if language == "python"), name
        assert set(page.prints) <= {*page.files, *page.commands}, name


def test_the_version_has_its_changes():
    assert re.search(r"^## %s\b" % re.escape(__version__), (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_profiles_are_as_large_as_the_page_says():
    """Within a tenth of what was measured: its numbers are round."""
    measured = {name: int(number.replace(" ", "")) for name, number in re.findall(r"^\| `([\w-]+)` \| \d+ \| ([\d ]+) \|", (DOCS / "configuration.md").read_text(), re.MULTILINE)}
    said = dict(re.findall(r"^\|.*\| `([\w-]+)` \| (\d+) \|", PAGES["tasks/profiles"].text, re.MULTILINE))
    assert set(said) == set(measured)
    for name, number in said.items():
        assert abs(1000 * int(number) - measured[name]) < measured[name] / 10, name


# The pages


@pytest.fixture
def desk_of(tmp_path):
    """A function of a page's name: the page on a desk."""
    if missing := targets.UNIX_32.missing():
        pytest.skip(missing)
    desks = []

    def open_page(name):
        desks.append(Desk(PAGES[name], tmp_path))
        return desks[-1]

    yield open_page
    for desk in desks:
        desk.close()


def chain_for(*names):
    return pki.chain(names=list(names), intermediates=0)


class Website:
    """An HTTP server over TLS by CPython's ssl, which answers as many clients as are expected."""

    def __init__(self, chain, clients=1):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain.chain_path, chain.key_path)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(20)
        self.port = self.listener.getsockname()[1]
        self.requests = []
        self.thread = threading.Thread(target=self._serve, args=(context, clients), daemon=True)
        self.thread.start()

    def _serve(self, context, clients):
        for _ in range(clients):
            try:
                with context.wrap_socket(self.listener.accept()[0], server_side=True) as client:
                    client.settimeout(20)
                    request = b""
                    while not request.endswith(b"\r\n\r\n"):
                        request += client.recv(4096) or b"\r\n\r\n"
                    self.requests.append(request)
                    client.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello\n")
            except OSError:
                self.requests.append(b"")  # who refuses us


def test_start_on_this_computer(desk_of):
    desk = desk_of("start/host")
    chain = chain_for("example.org")
    desk.put(roots_pem=chain.root_pem)
    site = Website(chain, 2)
    table = {"example.org:443": site.port}
    desk.printed("get.py", desk.run("get.py", table, host=True))
    desk.printed("refused.py", desk.run("refused.py", table, host=True))
    assert site.requests[0] == b"GET / HTTP/1.0\r\nHost: example.org\r\n\r\n"


def test_what_a_board_would_see(desk_of):
    desk = desk_of("start/host")
    chain = chain_for("example.org")
    desk.put(roots_pem=chain.root_pem)
    desk.install("mxtls", "mxtls_cli.__main__", {"example.org:443": Website(chain, 2).port}, "--text")
    desk.printed("see", desk.sh("see"))


def test_start_on_a_pico(desk_of):
    desk = desk_of("start/pico")
    desk.printed("hello.py", desk.run("hello.py"))
    chain = chain_for("example.org")
    desk.put(roots_der=chain.root_der)
    desk.printed("get.py", desk.run("get.py", {"example.org:443": Website(chain).port}))


def test_start_on_an_emulated_pico():
    """With the firmware that the page builds, and the kernels in C."""
    try:
        emulate.setup()
        image = firmware.build("RPI_PICO", "default", "native")
    except emulate.Failed as e:
        pytest.skip("no emulated board here: %s" % str(e).splitlines()[0])
    page = PAGES["start/pico"]
    with emulate.Board(image) as board:
        assert board.exec(page.files["hello.py"], 120).strip() == page.prints["hello.py"].strip()


def test_start_on_an_esp32(desk_of):
    desk = desk_of("start/esp32")
    chain = chain_for("example.org")
    desk.put(roots_der=chain.root_der)
    desk.printed("main.py", desk.run("main.py", {"example.org:443": Website(chain).port}))


def umqtt(desk):
    """micropython-lib's umqtt.simple as it is today: PyPI's has another line where TLS begins."""
    path = APPLICATIONS / "umqtt" / "simple.py"
    if not path.exists():
        pytest.skip("there is no %s: `make setup` fetches it" % path)
    text = path.read_text().replace("import ussl\n", "pass\n")
    text, n = re.subn(r"ussl\.wrap_socket\(self\.sock, .*\)", "self.ssl.wrap_socket(self.sock, server_hostname=self.server)", text)
    assert n == 1
    (desk.folder / "umqtt").mkdir()
    (desk.folder / "umqtt" / "simple.py").write_text(text)


@pytest.fixture
def broker(desk_of, tmp_path):
    """(desk, ports) of a mosquitto: with passwords, with client certificates, and in the clear."""
    program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
    if not program:
        pytest.skip("there is no mosquitto on this machine: `make setup` installs it")
    desk = desk_of("tasks/mqtt")
    server, device = chain_for("broker.example.org"), pki.chain(names=(), eku=("client",), intermediates=0, tag=" of devices")
    desk.put(roots_der=server.root_der, devices_pem=device.root_pem, cert_der=device.chain_ders[0], key_der=device.key_der)
    subprocess.run(["mosquitto_passwd", "-b", "-c", tmp_path / "passwords", "board7", "secret"], check=True, capture_output=True)
    ports = [free_port() for _ in range(3)]
    own = "certfile %s\nkeyfile %s\n" % (server.chain_path, server.key_path)
    (tmp_path / "conf").write_text(
        "per_listener_settings true\nuser root\n"
        + "listener %d 127.0.0.1\nallow_anonymous false\npassword_file %s\n%s" % (ports[0], tmp_path / "passwords", own)
        + "listener %d 127.0.0.1\nallow_anonymous true\nrequire_certificate true\ncafile %s\n%s" % (ports[1], tmp_path / "devices.pem", own)
        + "listener %d 127.0.0.1\nallow_anonymous true\n" % ports[2]
    )
    process = Process([program, "-c", tmp_path / "conf"])
    process.wait_for(b"running")
    yield desk, ports
    process.kill()


def test_mqtt(broker):
    desk, ports = broker
    umqtt(desk)
    with socket.create_connection(("127.0.0.1", ports[2]), 10) as somebody:
        somebody.sendall(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01s" + b"\x31\x0e\x00\x0aboard7/set" + b"on")  # kept for who subscribes
        assert somebody.recv(4) == b"\x20\x02\x00\x00"
    table = {"broker.example.org:8883": ports[0], "broker.example.org:8884": ports[1]}
    desk.printed("main.py", desk.run("main.py", table))
    desk.printed("certificate.py", desk.run("certificate.py", table))


@pytest.fixture
def https(desk_of):
    """(desk, a function that starts a program of the page and returns it with its port)."""
    needs("openssl")
    desk = desk_of("tasks/https-server")
    desk.sh("once")
    desk.put(cert_der=(desk.folder / "pico" / "cert.der").read_bytes(), key_der=(desk.folder / "pico" / "key.der").read_bytes())

    def start(name):
        port = free_port()
        server = desk.start(name, {"0.0.0.0:443": port})
        server.wait_for(b"ready")
        return server, port

    return desk, start


def speak_plainly(port):
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(10)[:1] == b"\x15", "an alert"


def test_https_server_for_several(https):
    desk, start = https
    server, port = start("several.py")
    context = ssl.create_default_context(cafile=desk.folder / "ca.pem")
    clients = [context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname="pico.local") for _ in range(2)]
    for client in reversed(clients):
        with client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b"hello from a Pico\n" in b"".join(iter(lambda client=client: client.recv(4096), b""))
    speak_plainly(port)
    server.wait_for(b"refused: .*\n")
    desk.printed("several.py", server.output.decode())


def test_https_server(https):
    desk, start = https
    server, port = start("main.py")
    context = ssl.create_default_context(cafile=desk.folder / "ca.pem")
    session = None
    for resumed in (False, True):
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname="pico.local", session=session) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            page = b"".join(iter(lambda client=client: client.recv(4096), b""))
            assert page.endswith(b"\r\n\r\nhello from a Pico\n")
            assert client.session_reused is resumed
            session = client.session
    speak_plainly(port)
    server.wait_for(b"refused: .*\n")
    desk.printed("main.py", server.output.decode())


def test_streams(desk_of):
    desk = desk_of("tasks/streams")
    desk.printed("modem.py", desk.run("modem.py"))
    chain = chain_for("example.org")
    desk.put(roots_der=chain.root_der)
    desk.printed("client.py", desk.run("client.py", {"example.org:443": Website(chain, 2).port}))


def test_lora_packets(desk_of):
    desk = desk_of("tasks/lora")
    ports = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    gateway = desk.start("gateway.py", host=True, LORA="%d:%d" % ports)
    gateway.wait_for(b"ready")
    desk.printed("sensor.py", desk.run("sensor.py", LORA="%d:%d" % ports[::-1]))
    gateway.wait_for(b"21.6 C")
    desk.printed("gateway.py", gateway.output.decode())


def test_lora_serial_line(desk_of):
    needs("openssl")
    desk = desk_of("tasks/lora")
    port = free_port()
    desk.serve("server", p4433=port).wait_for(b"ACCEPT")
    desk.printed("uart.py", desk.run("uart.py", UART1=str(port)))


def test_coap_client(desk_of):
    needs("coap-server-openssl")
    desk = desk_of("tasks/coap")
    port = free_port(socket.SOCK_DGRAM)
    desk.serve("server", p5683=port)  # and the next one for DTLS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
        somebody.connect(("127.0.0.1", port))
        somebody.settimeout(0.2)
        for _ in range(100):  # until it answers an empty message
            with contextlib.suppress(OSError):
                somebody.send(b"\x40\x00\x00\x01")
                somebody.recv(16)
                break
    desk.printed("client.py", desk.run("client.py", {"coap.example.org:5684": port + 1}))


def test_coap_server(desk_of):
    needs("coap-client-openssl")
    desk = desk_of("tasks/coap")
    port = free_port(socket.SOCK_DGRAM)
    server = desk.start("server.py", {"0.0.0.0:5684": port})
    server.wait_for(b"ready")
    desk.printed("client", desk.sh("client", p5684=port))


def test_mutual_tls(desk_of):
    needs("openssl")
    desk = desk_of("tasks/mutual-tls")
    desk.sh("once")
    port = free_port()
    server = desk.start("server.py", {"0.0.0.0:8443": port}, host=True)
    server.wait_for(b"ready")
    desk.printed("client.py", desk.run("client.py", {"server.example.org:8443": port}))
    context = ssl.create_default_context(cafile=desk.folder / "ca.pem")
    with pytest.raises(OSError), context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname="server.example.org") as client:
        client.sendall(b"hello\n")
        if not client.recv(10):
            raise OSError("closed")
    server.wait_for(b"refused: .*\n")
    desk.printed("server.py", server.output.decode())


def test_pinning(desk_of):
    needs("openssl")
    desk = desk_of("tasks/pinning")
    chain = chain_for("server.example.org")
    desk.put(roots_der=chain.root_der, server_pem=chain.chain_pem)
    table = {"server.example.org:443": Website(chain, 3).port}
    desk.set("pinned.py", PIN=desk.sh("pin").split()[0], SPARE="5a" * 32)
    desk.printed("pinned.py", desk.run("pinned.py", table))
    desk.set("fingerprint.py", FINGERPRINT=desk.sh("fingerprint").strip().partition("=")[2])
    desk.printed("fingerprint.py", desk.run("fingerprint.py", table))


def test_deep_sleep(desk_of):
    needs("openssl")
    desk = desk_of("tasks/deep-sleep")
    chain = chain_for("server.example.org")
    desk.put(roots_der=chain.root_der, server_pem=chain.chain_pem, server_key=chain.key_pem)
    port = free_port()
    desk.serve("server", p8443=port).wait_for(b"ACCEPT")
    said = ""
    for memory in (None, None, b"something else"):
        if memory:
            desk.put(rtc_bin=memory)
        said += desk.run("main.py", {"server.example.org:8443": port})
    desk.printed("main.py", said)


def test_profiles(desk_of):
    desk = desk_of("tasks/profiles")
    desk.printed("look", desk.sh("look"))
    assert Path(desk.folder, "mine", "mxtls", "session.py").exists()
    desk.printed("ask.py", desk.run("ask.py"))


def test_readme(tmp_path):
    chain = chain_for("example.org")
    desk = Desk(README, tmp_path)
    desk.put(roots_pem=chain.root_pem)
    assert desk.run("get.py", {"example.org:443": Website(chain).port}, host=True) == "b'HTTP/1.0 200 OK\\r\\n'\n"
