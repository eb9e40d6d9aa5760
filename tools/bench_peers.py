# SPDX-License-Identifier: MIT
"""What the measured programs talk to: OpenSSL through Python's ssl, TLS 1.2, with a fresh P-256 chain; and the programs themselves.

Program runs one frozen script of tools/bench in one binary: the client scripts against echo_server(), the server scripts
against a client in this process. Used by bench_heap.py and bench_speed.py.
"""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import configure

import toolchain
from steps import ROOT

sys.path.insert(0, str(ROOT / "host_tests"))
import pki  # noqa: E402

BENCH = ROOT / "tools" / "bench"
TIMEOUT = 60
PATTERN = bytes(i & 255 for i in range(1024))


def build(name, scripts, tls=False, profile="default", options=None, apart=False):
    """A 32-bit MicroPython with these scripts of tools/bench frozen in, and with mxtls (viper kernels) or the built-in `tls`. apart: scripts
    that look into mxtls find each module by itself."""
    folder = toolchain.STAGED / name
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    constants = {"mxtls.codes": configure.constants_of((ROOT / "lib/mxtls/codes.py").read_text()), "mxtls.config": {}}
    if not tls:
        configure.stage(options or {}, "viper", "unix", folder / "mxtls", profile, apart=apart)
        lines.append('include("%s")' % (folder / "mxtls" / "manifest.py"))
    for script in scripts:
        text = configure.fold((BENCH / script).read_text(), script, constants)
        if not (folder / script).exists() or (folder / script).read_text() != text:
            (folder / script).write_text(text)
        lines.append('freeze("%s", "%s", opt=3)' % (folder, script))
    (folder / "manifest.py").write_text("\n".join(lines) + "\n")
    return toolchain.build_unix(32, folder / "manifest.py", name, tls=tls)


def add_arguments(parser):
    """The choice of a configuration, on a command line."""
    parser.add_argument("--profile", default="default", help="of tools/configure.py")
    parser.add_argument("options", nargs="*", metavar="USE_X=0|1", help="of tools/configure.py")


def choices(given):
    """What build() wants of them."""
    return {"profile": given.profile, "options": {name: int(number) for name, number in (pair.split("=") for pair in given.options)}}


def write_files(folder):
    """root.der, cert.der, key.der: for servers under test, a leaf right below the root, as the built-in `tls` takes only one
    certificate in DER; chain.pem, key.pem and ca.der: the same root with an intermediate, for the server that clients talk to."""
    deep = pki.chain(key="p256", names=["localhost"], intermediates=1)
    flat = pki.chain(key="p256", names=["localhost"], intermediates=0)
    deep.write(folder)
    for file, data in (("ca.der", deep.root_der), ("root.der", flat.root_der), ("cert.der", flat.chain_ders[0]),
                       ("key.der", flat.private_bytes(encoding=pki.serialization.Encoding.DER))):
        Path(folder, file).write_bytes(data)


def _narrow(context):
    """One suite and one group, so that all programs do the same work."""
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    context.set_ecdh_curve("prime256v1")


def _talk(sock):
    """Serve one client: `get N` wants N bytes, `put N` sends N bytes and wants "ok"; everything else it gets back."""
    data = sock.recv(1024)
    if data[:4] in (b"get ", b"put "):
        n = int(data[4:].split(b"\n")[0])
        if data[:4] == b"get ":
            sock.sendall(bytes(n))
        else:
            n -= len(data.split(b"\n", 1)[1])
            while n > 0 and (data := sock.recv(65536)):
                n -= len(data)
            sock.sendall(b"ok")
    else:
        while data:
            sock.sendall(data)
            data = sock.recv(4096)
    sock.recv(1)  # its close_notify


@contextlib.contextmanager
def echo_server(folder):
    """Serves any number of clients, one after the other; yields the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _narrow(context)
    context.load_cert_chain(Path(folder, "chain.pem"), Path(folder, "key.pem"))

    def serve():
        while True:
            try:
                sock = listener.accept()[0]
            except OSError:
                return
            sock.settimeout(TIMEOUT)
            with contextlib.suppress(OSError, ValueError), context.wrap_socket(sock, server_side=True) as tls:
                _talk(tls)
            sock.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def own_server(folder, *options):
    """examples/server.py with everything that is built, in CPython; yields the port."""
    staged = toolchain.configure("everything", "pure", "cpython").parent
    command = [sys.executable, "-m", "server", "--listen", "127.0.0.1:0", *options]
    server = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(staged), "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE)
    try:
        port = int(server.stdout.readline().split()[-1])
        threading.Thread(target=server.stdout.read, daemon=True).start()
        yield port
    finally:
        server.kill()
        server.wait()


class Program:
    """A frozen client or server script in a binary."""

    def __init__(self, binary, script, folder, max_record=16384):
        self.binary, self.script, self.folder, self.max_record = binary, script, folder, max_record

    def _command(self, heap, *arguments):
        return [str(self.binary), "-X", "heapsize=%d" % heap, "-m", self.script] + [str(a) for a in arguments]

    def client(self, heap, port, *what, root="ca.der"):
        """Run the client against echo_server; what it printed as numbers, None when it failed. root: a file, or "psk"."""
        root = os.path.join(self.folder, root) if root != "psk" else root
        command = self._command(heap, port, root, self.max_record, *what)
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return None
        return list(map(int, done.stdout.split())) if done.returncode == 0 else None

    def server(self, heap):
        """Run the server for one client of ours, which sends 1 KB and wants it back; its milliseconds, None when it failed."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = self._command(heap, os.path.join(self.folder, "cert.der"), os.path.join(self.folder, "key.der"), self.max_record, port)
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            if server.stdout.readline() != b"listening\n" or not self._echo(port):
                return None
            out = server.communicate(timeout=TIMEOUT)[0]
            return list(map(int, out.split())) if server.returncode == 0 else None
        except (subprocess.TimeoutExpired, OSError):
            return None
        finally:
            server.kill()
            server.communicate()

    def _echo(self, port):
        context = ssl.create_default_context(cadata=Path(self.folder, "root.der").read_bytes())
        _narrow(context)
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as sock:
            with context.wrap_socket(sock, server_hostname="localhost") as tls:
                tls.sendall(PATTERN)
                got = b""
                while len(got) < 1024 and (data := tls.recv(1024)):
                    got += data
        return got == PATTERN
