# SPDX-License-Identifier: MIT
"""The examples as `make firmware` freezes them, on the emulated board: client and server of TLS, a client with a pre-shared key and one of
DTLS, each with openssl at the other end of a UART. And what carries them: examples/uart.py, examples/slip.py, tools/uart_bridge.py."""

import importlib
import re
import shutil
import socket
import struct
import sys
import types

import emulate
import firmware
import pki
import pytest
import slip
from hypothesis import given, strategies
from peers import Process

import targets
from steps import Failed

KEY = "000102030405060708090a0b0c0d0e0f"
BRIDGE = targets.ROOT / "tools" / "uart_bridge.py"
LINE = "FROM A BOARD\n"


class Pair:
    """An emulated board, openssl's port that UART 0 is connected to, and the port where UART 1 may be reached."""

    def __init__(self, options=None, profile="default"):
        if not shutil.which("openssl"):
            pytest.skip("there is no openssl on this machine")
        try:
            emulate.setup()
            self.image = firmware.build("RPI_PICO", profile, "native", options)
        except Failed as e:
            pytest.skip("no emulated board here: %s" % str(e).splitlines()[0])
        self.theirs, self.ours = emulate.free_port(), emulate.free_port()
        self.chain = pki.chain(key="p256", names=["localhost"], intermediates=0)
        self.board = emulate.Board(self.image, uart0=self.theirs, uart1="listen:%d" % self.ours)
        self.board.set_clock()
        files = {"root.der": self.chain.root_der, "cert.der": self.chain.chain_ders[0],
                 "key.der": self.chain.private_bytes(encoding=pki.serialization.Encoding.DER)}
        for name, data in files.items():
            self.board.put(name, data)

    def s_server(self, *options, port=None):
        process = Process(["openssl", "s_server", "-accept", "127.0.0.1:%d" % (port or self.theirs), *options])
        process.wait_for(b"ACCEPT")
        return process

    def certificate(self):
        return ["-cert", self.chain.chain_path, "-key", self.chain.key_path]

    def client(self, *options):
        """What examples/client.py prints; the line that it sends comes back reversed."""
        return self.board.exec("import client\nclient.main(%r)" % [*options, "--send", LINE], 120)


@pytest.fixture(scope="module")
def pair():
    pair = Pair()
    yield pair
    pair.board.close()


def test_client(pair):
    server = pair.s_server("-rev", *pair.certificate())
    try:
        said = pair.client("--uart", "0:1000000", "--name", "localhost", "--ca", "root.der")
    finally:
        server.kill()
    assert said.startswith("handshake version=tls1.3 ") and 'verified=1 peer="uart 0:1000000"' in said
    assert "DRAOB A MORF" in said


def flash(image):
    """What a UF2 file puts there."""
    data = image.read_bytes()
    return b"".join(data[at + 32 : at + 32 + firmware.UF2_PAYLOAD] for at in range(0, len(data), firmware.UF2_BLOCK))


def test_psk_client(pair):
    """With a firmware that has no more C than that takes: the table of P-521 is not in it."""
    default, pair = flash(pair.image), Pair(profile="psk-client")
    table = re.search(r"COMB_521\[\] = \{\s+(0x\w+), (0x\w+), (0x\w+)", (targets.ROOT / "port/native/ec_curves.c").read_text())
    p521 = struct.pack("<3I", *(int(word, 16) for word in table.groups()))
    assert p521 in default and p521 not in flash(pair.image)
    assert pair.board.exec("import mxtls_native as c\nprint([hasattr(c, name) for name in ('gcm_seal', 'rsa_public', 'x25519')])") == "[True, False, False]\n"
    server = pair.s_server("-rev", "-nocert", "-psk", KEY, "-psk_identity", "device", "-tls1_2", "-cipher", "PSK-AES128-GCM-SHA256")
    try:
        said = pair.client("--uart", "0", "--psk", KEY, "--psk-identity", "device")
    finally:
        server.kill()
        pair.board.close()
    assert said.startswith("handshake version=tls1.2 suite=TLS_PSK_WITH_AES_128_GCM_SHA256 ")
    assert "DRAOB A MORF" in said


def test_server(pair):
    pair.board.start("import server\nserver.main('--uart 1:1000000 --cert cert.der --key key.der --www --count 1'.split())", "listening on uart 1")
    client = Process(["openssl", "s_client", "-connect", "127.0.0.1:%d" % pair.ours, "-CAfile", pair.chain.root_path, "-verify_return_error",
                      "-verify_hostname", "localhost", "-ign_eof", "-brief"])
    try:
        client.write(b"GET / HTTP/1.0\r\n\r\n")
        said = pair.board.finish(120)
        client.wait_for(b"mxtls: tls1.3, suite 0x130")
        client.wait_for(b"Verification: OK")
    finally:
        client.kill()
    assert "handshake version=tls1.3 " in said and "error" not in said


def test_dtls_client():
    pair = Pair({"USE_DTLS": 1})
    port = emulate.free_port()
    server = pair.s_server("-dtls1_2", *pair.certificate(), port=port)
    bridge = Process([sys.executable, BRIDGE, "socket://127.0.0.1:%d" % pair.ours, "udp", "127.0.0.1:%d" % port])
    try:
        bridge.wait_for(b"connected")
        pair.board.start("import client\nclient.main(%r)" % ["--uart", "1:1000000", "--dtls", "--name", "localhost", "--ca", "root.der", "--send", LINE],
                         "handshake version=dtls1.2 ")
        server.wait_for(LINE.strip().encode())
        server.write(b"FROM OPENSSL\n")
        assert "verified=1" in (said := pair.board.finish(60)) and "FROM OPENSSL" in said
    finally:
        for what in (server, bridge):
            what.kill()
        pair.board.close()


@given(strategies.lists(strategies.text(alphabet="\xc0\xdb\xdc\xdda", min_size=1), max_size=5), strategies.integers(1, 9))
def test_frames(texts, piece):
    datagrams = [text.encode("latin-1") for text in texts]
    line = b"".join(map(slip.frame, datagrams))
    assert all(slip.END not in slip.frame(each)[1:-1] for each in datagrams)
    frames = slip.Frames()
    assert [each for at in range(0, len(line), piece) for each in frames.take(line[at : at + piece])] == datagrams


def test_noise_is_bounded_and_ends_with_the_next_frame():
    frames = slip.Frames()
    for _ in range(20):
        assert frames.take(bytes(1000)) == [] and len(frames.rest) <= slip.LONGEST
    assert frames.take(slip.frame(b"after"))[-1] == b"after"


class Wire:
    """A machine.UART of which what was written comes back."""

    def __init__(self, number, bauds, **_):
        self.number, self.bauds, self.data = number, bauds, b""

    def any(self):
        return len(self.data)

    def write(self, data):
        self.data += bytes(data[:7])
        return min(len(data), 7)

    def read(self, n=None):
        taken, self.data = self.data[:n], self.data[len(self.data) if n is None else n :]
        return taken

    def readinto(self, view, n):
        view[:n] = self.read(n)
        return n

    def flush(self):
        pass


@pytest.fixture
def uart(monkeypatch):
    monkeypatch.setitem(sys.modules, "machine", types.SimpleNamespace(UART=Wire))
    monkeypatch.setattr("time.ticks_ms", lambda: 0, raising=False)
    monkeypatch.setattr("time.sleep_ms", lambda _: None, raising=False)
    monkeypatch.delitem(sys.modules, "uart", raising=False)
    yield importlib.import_module("uart")
    sys.modules.pop("uart", None)


def test_a_uart_is_a_socket(uart):
    line = uart.Uart("1:9600")
    assert (line.uart.number, line.uart.bauds, uart.Uart("0").uart.bauds) == (1, 9600, 115200)
    assert line.send(b"0123456789") == 7
    view = memoryview(bytearray(4))
    assert line.accept()[0].recv_into(view) == 4 and bytes(view) == b"0123"
    assert line.recv_into(view) == 3
    line.send(b"late")
    line.close()
    assert not line.uart.any()


def test_a_uart_carries_datagrams(uart):
    line = uart.Datagrams("0")
    assert line.send(b"one") == 3
    line.sendto(b"two \xc0\xdb" * 9, line.PEER)
    assert line.ioctl(3, 1) == 1 and line.ioctl(3, 4) == 0
    assert line.recv(100) == b"one" and line.recvfrom(50) == ((b"two \xc0\xdb" * 9)[:50], line.PEER)
    assert line.ioctl(3, 1) == 0


def test_without_a_uart_one_line_says_so(monkeypatch):
    import common

    import mxtls

    monkeypatch.setitem(sys.modules, "machine", None)
    with pytest.raises(mxtls.Error, match="--uart is for boards"):
        common.on_uart("0", False)


def test_the_bridge_over_tcp_both_ways():
    """A serial line, here a socket, to a peer that listens, and to one that connects."""
    with socket.create_server(("127.0.0.1", 0)) as line, socket.create_server(("127.0.0.1", 0)) as far:
        for sock in (line, far):
            sock.settimeout(30)
        for kind in ("tcp", "tcp-listen"):
            here = emulate.free_port()
            place = "127.0.0.1:%d" % far.getsockname()[1] if kind == "tcp" else "%d" % here
            bridge = Process([sys.executable, BRIDGE, "socket://127.0.0.1:%d" % line.getsockname()[1], kind, place])
            try:
                board = line.accept()[0]
                bridge.wait_for(b"connected")
                peer = socket.create_connection(("127.0.0.1", here), 30) if kind == "tcp-listen" else None
                if peer:
                    peer.sendall(b"to the board")
                    assert board.recv(100) == b"to the board"
                board.sendall(b"to the peer")
                peer = peer or far.accept()[0]
                peer.settimeout(30)
                assert peer.recv(100) == b"to the peer"
                peer.close()
                board.close()
                assert bridge.child.wait(30) == 1, "the line is gone"
            finally:
                bridge.kill()
