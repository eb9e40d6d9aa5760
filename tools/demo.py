#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The demo, `make demo`: 32-bit MicroPython with a 64 KB heap gets a page from OpenSSL, and refuses what it must refuse.

Everything is made for the occasion and on loopback: a root, an intermediate and a leaf with P-256 keys, and `openssl s_server -WWW`.
Exits 1 when anything is not as it should be. Without MicroPython the same runs on CPython.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "host_tests"))

import pki  # noqa: E402

HEAP = "64k"
BINARY = ROOT / "build" / "bin" / "micropython-32"
PAGE = "Hello! This page came over TLS 1.2,\nand the certificate it came with was checked up to the root.\n"
CPYTHON = ([sys.executable, str(ROOT / "examples" / "client.py")], {"PYTHONPATH": ":".join(str(ROOT / p) for p in ("lib", "port/cpython"))})


class NotAsItShould(Exception):
    """The demo failed; the text says where."""


def client_command():
    """(what it is called, argv, environment, why not MicroPython) of the client: MicroPython's if it runs here, else CPython's."""
    for binary in (BINARY, BINARY.with_name("micropython-64")):
        if binary.exists():
            name = "%s-bit MicroPython with a heap of %s" % (binary.name[-2:], HEAP.replace("k", " KB"))
            why = "" if binary == BINARY else "there is no build/bin/micropython-32: `make setup` says why"
            return name, [str(binary), "-X", "heapsize=" + HEAP, "-m", "client"], {}, why
    return "CPython", *CPYTHON, "there is no MicroPython in build/bin: `make setup` says why"


@contextlib.contextmanager
def openssl_server(folder):
    """`openssl s_server -WWW` over the files in folder (chain.pem, key.pem, page.txt); yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-cert", "chain.pem", "-cert_chain", "chain.pem", "-key", "key.pem",
               "-tls1_2", "-WWW", "-quiet"]
    with open(os.path.join(folder, "server.log"), "w") as log:
        try:
            server = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        except OSError:
            raise NotAsItShould("there is no `openssl` on this machine: install it") from None
        try:
            wait_for(server, port, folder)
            yield port
        finally:
            server.kill()
            server.wait()


def wait_for(server, port, folder):
    for _ in range(100):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise NotAsItShould("openssl s_server did not start: " + Path(folder, "server.log").read_text().strip())


class Demo:
    """The steps, numbered as they are printed."""

    def __init__(self):
        self.number = 0

    def title(self, text):
        self.number += 1
        print("\n%d. %s" % (self.number, text), flush=True)

    def run(self, command, env, *arguments):
        """Run the client and show what it prints; returns (exit code, output)."""
        print("   $ client " + " ".join(arguments), flush=True)
        try:
            done = subprocess.run(command + list(arguments), env=dict(os.environ, **env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=60)
        except subprocess.TimeoutExpired:
            raise NotAsItShould("the client did not end within a minute") from None
        text = done.stdout.decode(errors="replace").replace("\r", "")
        print("".join("   | %s\n" % line for line in text.rstrip().split("\n")[-12:]), end="", flush=True)
        return done.returncode, text

    def expect(self, condition, text):
        if not condition:
            raise NotAsItShould("step %d: %s" % (self.number, text))
        print("   ok: " + text, flush=True)

    def refused(self, result, words, text):
        """The client must have failed with one error line that holds these words, before any data crossed."""
        code, output = result
        errors = re.findall(r"^error code=-\d+ alert=.*$", output, re.M)
        self.expect(code == 1 and len(errors) == 1 and words in errors[0] and "handshake " not in output, text)


def main():
    began = time.time()
    name, command, env, why = client_command()
    print("mxtls: a verified HTTPS fetch by " + name)
    if why:
        print("(%s)" % why)
    demo = Demo()
    with tempfile.TemporaryDirectory(prefix="mxtls-demo-") as folder:
        demo.title("A fresh certificate chain: root, intermediate, and a leaf for localhost, P-256 all three")
        chain = pki.chain(key="p256", names=["localhost"]).write(folder)
        roots = {"root.der": chain.root_der, "other.der": pki.chain(key="p256", tag="of somebody else").root_der}
        for file, data in roots.items():
            Path(folder, file).write_bytes(data)
        Path(folder, "page.txt").write_text(PAGE)
        root, other = (os.path.join(folder, file) for file in roots)
        with openssl_server(folder) as port:
            print("   openssl s_server -WWW shows it on 127.0.0.1:%d" % port)
            common = ("--connect", "127.0.0.1:%d" % port, "--get", "/page.txt")

            demo.title("Get /page.txt, and trust only that root and that name")
            code, output = demo.run(command, env, *common, "--name", "localhost", "--ca", root)
            demo.expect(code == 0 and PAGE in output, "the page came over whole")
            demo.expect("verified=1" in output, "the server is verified")

            demo.title("The same server must not pass for example.org")
            demo.refused(demo.run(command, env, *common, "--name", "example.org", "--ca", root), "name", "refused")

            demo.title("Nor may a server whose root is unknown")
            demo.refused(demo.run(command, env, *common, "--name", "localhost", "--ca", other), "alert=unknown_ca", "refused")
    print("\nAll as it should be, in %.1f s. `make help` lists what else there is." % (time.time() - began))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotAsItShould as failure:
        print("\nerror: %s" % failure)
        sys.exit(1)
