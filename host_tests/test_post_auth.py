# SPDX-License-Identifier: MIT
"""A client that shows its certificate after a TLS 1.3 handshake, as OpenSSL's server asks for it when `c` is typed into it."""

import shutil
import socket
import subprocess
import time

import loop
import pki
import pytest

import mxtls
from mxtls import codes as c


@pytest.fixture(scope="module")
def openssl(tmp_path_factory):
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    folder = tmp_path_factory.mktemp("post-auth")
    chain = pki.chain(key="p256", eku=("server", "client")).write(folder)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    argv = ["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-tls1_3", "-cert", "chain.pem", "-cert_chain", "chain.pem", "-key", "key.pem", "-CAfile", "root.pem",
            "-verify", "3", "-num_tickets", "1"]
    with subprocess.Popen(argv, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1) as server:
        yield chain, port, server
        server.kill()


def own_keys(chain, certificate=True):
    keys = mxtls.Keys()
    if certificate:
        keys.load_rsa_keys_mem(b"".join(chain.chain_ders), chain.key_der, chain.root_der)
    else:
        keys.load_rsa_keys_mem(None, None, chain.root_der)
    return keys


class Line:
    """A session over a socket, as far as this test needs it."""

    def __init__(self, session, port):
        self.end = loop.End(session)
        for _ in range(50):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), 10)
                break
            except OSError:
                time.sleep(0.1)

    def turn(self):
        self.socket.sendall(self.end.take())
        self.end.feed(self.socket.recv(4096))
        self.socket.sendall(self.end.take())
        if self.end.error:
            raise self.end.error


    def answer(self):
        """Read until there is something to answer; tickets may come before it."""
        out = b""
        while not out:
            self.end.feed(self.socket.recv(4096))
            if self.end.error:
                raise self.end.error
            out = self.end.take()
        self.socket.sendall(out)


def until(server, text):
    seen = ""
    for line in server.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(seen)


def test_openssl_asks_later(openssl):
    chain, port, server = openssl
    line = Line(mxtls.ClientSession(own_keys(chain), server_name="localhost", post_handshake_auth=True), port)
    while not line.end.complete:
        line.turn()
    line.end.send(b"before\n")
    line.socket.sendall(line.end.take())
    until(server, "before")
    for _ in range(2):  # each request has a context of its own
        server.stdin.write("c\n")
        server.stdin.flush()
        line.answer()
        line.end.send(b"asked\n")
        line.socket.sendall(line.end.take())
        seen = until(server, "asked")
        assert "depth=0" in seen and "verify error" not in seen, seen
    line.socket.close()


def test_a_request_that_was_not_offered(openssl):
    """The running hash is not kept, and the message does not belong."""
    chain = openssl[0]
    client, server = loop.connect(*loop.pair((own_keys(chain), own_keys(chain)), max_version=c.TLS1_3))
    assert client.session.post_transcript is None
    loop.send_record(server, c.HANDSHAKE, loop.message(c.CERTIFICATE_REQUEST, b"\1\7\0\6\0\x0d\0\2\0\0"))
    client.feed(server.take())
    assert client.error.alert == c.ALERT_UNEXPECTED_MESSAGE
