# SPDX-License-Identifier: MIT
"""The implementations of TLS that others wrote, as data and a way to run each: what a peer speaks (versions, suites, roles), its server
and its client for one case, and how data is carried to it and back. Used by test_interop.py.

    case = Case(0x0301, 0x0005, "client")       what our side is: a client of RC4-SHA under TLS 1.0
    with NSS.run(case) as peer:                 the other side, over a loopback socket
        ours = peer.connect(session)            a Stream (examples/stream.py) whose handshake is done
        peer.talk(ours)                         data both ways

A peer process lives as long as its `with`. gnutls-serv and selfserv cannot be told an address: what they get comes from loopback only.
"""

import base64
import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pki
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from datagrams import Datagrams, ready
from stream import Stream

import mxtls
from mxtls import suite_names
from mxtls.crypto.ffdhe import FFDHE2048
from mxtls.suites import SUITES
from toolchain import BIN

SECONDS = 10  # the longest that one step of a case may take
VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
DTLS = {0xFEFF: "DTLS 1.0", 0xFEFD: "DTLS 1.2"}
NAMES = {**VERSIONS, **DTLS}
OLDEST = {row[0]: 0x0300 | row[7] for row in SUITES}
ROLES = ("client", "server")
PSK, IDENTITY = bytes(range(1, 17)), "matrix"
TEXT = b"".join(b"line %d of what crosses: %s\n" % (i, b"abcdefghij" * 4) for i in range(12))
ANSWER = TEXT.replace(b"line", b"answer")


class Case:
    """One cell of the matrix: a version, a suite, and the role that ours plays."""

    def __init__(self, version, suite, role, more="", psk=False):
        self.version, self.suite, self.role = version, suite, role
        self.dtls = version in DTLS
        self.more = more  # the end of GnuTLS's priority string
        # psk: TLS 1.3's suites do not say that a pre-shared key is used
        self.name = suite_names.name(suite)
        self.exchange, bulk = ("_WITH_" + self.name[4:]).split("_WITH_")[-2:]  # "ECDHE_RSA" (TLS 1.3: ""), "AES_128_GCM_SHA256"
        self.mac = "AEAD" if re.search("GCM|CCM|POLY", bulk) else bulk.rsplit("_", 1)[1]
        self.cipher = bulk if bulk.endswith("CCM_8") else bulk[:-7] if bulk.endswith("CCM_8_SHA256") else bulk.rsplit("_", 1)[0]  # "AES_128_GCM"
        self.psk = psk or "PSK" in self.exchange
        self.key = "p256" if "ECDSA" in self.exchange or version == 0x0304 else "rsa2048"

    @property
    def chain(self):
        return chain(self.key)

    def __str__(self):
        return "%s-%04X-%s" % (NAMES[self.version].replace(" ", "").lower(), self.suite, self.role)


def fits(version, suite):
    """TLS 1.3 has suites of its own."""
    return version >= OLDEST[suite] and (version == 0x0304) == (OLDEST[suite] == 0x0304)


def every_case():
    """(version, suite, role) of each cell."""
    return [(version, suite, role) for suite in OLDEST for version in VERSIONS if fits(version, suite) for role in ROLES]


def every_dtls_case():
    """(version, suite, role) of each cell of DTLS, which has no RC4."""
    return [(version, suite, role) for suite in OLDEST for version in DTLS if suite not in (4, 5) and OLDEST[suite] < 0x0304 and (OLDEST[suite] < 0x0303 or version == 0xFEFD) for role in ROLES]


_chains = {}


def chain(key):
    """A chain for localhost, with rest.pem (what lies between leaf and root) beside its files."""
    if key not in _chains:
        c = _chains[key] = pki.chain(key=key, ips=["127.0.0.1"], eku=("server", "client"))
        (Path(c.root_path).parent / "rest.pem").write_bytes(b"".join(pki.pem(x) for x in c.certificates[1:]))
    return _chains[key]


class Process:
    """A child whose output is read as it comes, by a thread."""

    def __init__(self, command, cwd=None, env=None):
        self.child = subprocess.Popen([str(c) for c in command], cwd=cwd, env={**os.environ, **(env or {}), "PYTHONUNBUFFERED": "1"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = b""
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            data = os.read(self.child.stdout.fileno(), 65536)
            if not data:
                return
            self.output += data

    def wait_for(self, pattern, seconds=30):
        """The match of a pattern in the output."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.output)
            if found:
                return found
            if not self.thread.is_alive():
                break
            time.sleep(0.005)
        found = re.search(pattern, self.output)
        assert found, "no %r in: %s" % (pattern[:80], self.output[-1500:])
        return found

    def write(self, data):
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.write(data)
            self.child.stdin.flush()

    def end(self, seconds=30):
        """Close its input and wait; its exit code."""
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.close()
        try:
            code = self.child.wait(seconds)
        finally:
            self.kill()
        return code

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.thread.join(10)
        self.child.stdout.close()


# Our side


def receive(ours, n):
    """n bytes of plaintext that a peer sends."""
    got = bytearray()
    while len(got) < n:
        assert ours.receive(lambda view: got.extend(bytes(view))) or not ours.closed, "closed after %d of %d bytes" % (len(got), n)
    return bytes(got)


def receive_until(ours, text):
    """Plaintext up to a text in it."""
    got = bytearray()
    while text not in got:
        ours.receive(lambda view: got.extend(bytes(view)))
        assert text in got or not ours.closed, bytes(got[-300:])
    return bytes(got)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Peer:
    """A running peer. style: how it treats data: "pipe" between us and its standard streams, "echo", or "http", a page with the request in it."""

    def __init__(self, process=None, port=0, listener=None, style="pipe", ready=None):
        self.process, self.port, self.listener, self.style = process, port, listener, style
        self.ready = ready  # over datagrams: what a server says when it listens
        self.sock = None

    def dial(self):
        """A connected socket: to their server, which may still be starting, or from their client."""
        if self.ready is not None:
            self.sock = self._dial_datagrams()
            return self.sock
        if self.listener:
            self.sock = self.listener.accept()[0]
        else:
            end = time.monotonic() + SECONDS
            while True:
                try:
                    self.sock = socket.create_connection(("127.0.0.1", self.port))
                    break
                except ConnectionRefusedError:
                    if time.monotonic() > end or (self.process and self.process.child.poll() is not None):
                        raise
                    time.sleep(0.005)
        self.sock.settimeout(SECONDS)
        return self.sock

    def _dial_datagrams(self):
        if not self.listener:
            self.process.wait_for(self.ready)
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.connect(("127.0.0.1", self.port))
            return sock
        listener, sock = mxtls.Listener(), self.listener
        while True:  # until somebody has returned our cookie; what he sent stays in the socket
            assert ready(sock, 1000 * SECONDS), "nobody comes"
            data, address = sock.recvfrom(4096, socket.MSG_PEEK)
            n = listener.check(data, len(data), repr(address).encode())
            if n < 0:
                sock.connect(address)
                return sock.dup()
            sock.recvfrom(4096)
            if n:
                sock.sendto(listener.answer[:n], address)

    def connect(self, session):
        ours = (Datagrams if session.dtls else Stream)(session, self.dial())
        ours.handshake()
        return ours

    def talk(self, ours, text=TEXT, answer=ANSWER):
        """Data both ways."""
        if self.style == "http":
            ours.send(b"GET /" + text.replace(b"\n", b"\r\n") + b"\r\n")
            page = receive_until(ours, b"EOF\r\n")
            assert b"200 OK" in page and text.replace(b"\n", b"\r\n") in page
            return
        ours.send(text)
        if self.style == "echo":
            assert receive(ours, len(text)) == text
            return
        self.process.wait_for(re.escape(text), SECONDS)
        self.process.write(answer)
        assert receive(ours, len(answer)) == answer

    def end(self):
        for part in (self.sock, self.listener):
            if part:
                part.close()
        if self.process:
            self.process.kill()


class Kind:
    """What all peers share. Subclasses: name; versions; suites(case), of those which it speaks; server(case, port, extra) and client(case, port, extra) -> argv."""

    name = ""
    program = ""
    styles = {"client": "pipe", "server": "pipe"}  # by our role
    versions = (0x0301, 0x0302, 0x0303, 0x0304)
    dtls = ()  # of its versions, those over datagrams
    ready = b""  # what its server says when it listens

    def missing(self):
        return None if shutil.which(self.program) else "there is no %s on this machine: `make setup` installs it" % self.program

    def speaks(self, case):
        return case.version in self.versions + self.dtls and self.suites(case)

    @contextlib.contextmanager
    def run(self, case, *extra, port=0):
        """The peer of one case, as a context: its server for our client, its client for our server, which listens here or at that port."""
        style = self.styles[case.role]
        if case.role == "client":
            port = free_port()
            peer = Peer(Process(self.server(case, port, extra)), port, style=style, ready=self.ready if case.dtls else None)
        elif port:
            peer = Peer(Process(self.client(case, port, extra)), port, style=style)
        elif case.dtls:
            listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            listener.bind(("127.0.0.1", 0))
            peer = Peer(Process(self.client(case, listener.getsockname()[1], extra)), listener=listener, style=style, ready=b"")
        else:
            listener = socket.create_server(("127.0.0.1", 0))
            listener.settimeout(SECONDS)
            peer = Peer(Process(self.client(case, listener.getsockname()[1], extra)), listener=listener, style=style)
        try:
            yield peer
        except BaseException as e:
            e.add_note("%s said: %s" % (self.name, peer.process.output[-1500:].decode(errors="replace")))
            raise
        finally:
            peer.end()


class OpenSSL(Kind):
    """The names of its suites are its own; DHE needs parameters of its choice; what is retired needs security level 0."""

    name = program = "openssl"
    ready = b"ACCEPT"
    dtls = tuple(DTLS)
    ABSENT = ("RC4", "3DES")  # of its default build

    def suites(self, case):
        return not any(a in case.cipher for a in self.ABSENT) and case.suite != 0xD001

    def cipher(self, case):
        bulk = re.sub("^AES_", "AES", case.cipher)
        if not case.psk or "CBC" not in bulk:  # its names for CBC suites say so only under a pre-shared key
            bulk = bulk.replace("_CBC", "")
        hashed = {"AEAD": {"GCM": "-SHA256" if "128" in bulk else "-SHA384"}.get(bulk[-3:], "")}.get(case.mac, "-" + case.mac)
        exchange = "" if case.exchange == "RSA" else case.exchange + "-"
        return (exchange + bulk.replace("CCM_8", "CCM8") + hashed).replace("_", "-") + ":@SECLEVEL=0"

    def _common(self, case):
        versions = {0x0301: "-tls1", 0x0302: "-tls1_1", 0x0303: "-tls1_2", 0x0304: "-tls1_3", 0xFEFF: "-dtls1", 0xFEFD: "-dtls1_2"}
        suites = ["-ciphersuites", case.name, "-cipher", "ALL:@SECLEVEL=0"] if case.version == 0x0304 else ["-cipher", self.cipher(case)]
        argv = [versions[case.version], *suites, "-provider", "default", "-provider", "legacy"]
        return argv + (["-psk", PSK.hex()] if case.psk else [])

    def server(self, case, port, extra=()):
        c = case.chain
        argv = ["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, *self._common(case)]
        if case.psk:
            argv += ["-nocert", "-dhparam", dh_file()] if case.version != 0x0304 else ["-nocert", "-psk_identity", IDENTITY]
        else:
            argv += ["-cert", c.chain_path, "-key", c.key_path, "-cert_chain", str(Path(c.root_path).parent / "rest.pem")]
        return argv + list(extra)

    def client(self, case, port, extra=()):
        argv = ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-servername", "localhost", *self._common(case)]
        argv += ["-psk_identity", IDENTITY] if case.psk else ["-CAfile", case.chain.root_path, "-verify_return_error", "-verify_hostname", "localhost"]
        return argv + list(extra)


class GnuTLS(Kind):
    """Priorities from nothing: one version, key exchange, cipher and MAC."""

    name, program = "gnutls", "gnutls-cli"
    styles = {"client": "echo", "server": "pipe"}
    ready = b"IPv4 [^\n]*done"
    dtls = tuple(DTLS)

    def suites(self, case):
        crashes = case.role == "server" and case.exchange in ("DHE_PSK", "ECDHE_PSK")  # gnutls-cli does, with its own server too
        return "SEED" not in case.cipher and case.suite != 0xD001 and not crashes

    def priority(self, case):
        cipher = {"RC4_128": "ARCFOUR-128", "3DES_EDE_CBC": "3DES-CBC"}.get(case.cipher, case.cipher.replace("_", "-"))
        exchange = case.exchange.replace("_", "-") or ("ECDHE-PSK" if case.psk else "ECDHE-ECDSA:+ECDHE-RSA")
        parts = ("VERS-" + NAMES[case.version].replace(" ", ""), exchange, cipher, {"SHA": "SHA1"}.get(case.mac, case.mac))
        return "NONE:+COMP-NULL:+SIGN-ALL:+GROUP-ALL:+CTYPE-ALL:+" + ":+".join(parts) + case.more

    def server(self, case, port, extra=()):
        argv = ["gnutls-serv", "-p", port, "--echo", "--crlf", "--priority", self.priority(case), *extra] + ["--udp"] * case.dtls
        if "--require-client-cert" not in extra:
            argv.append("--disable-client-cert")
        if case.psk:
            return argv + ["--pskpasswd", psk_file()]
        return argv + ["--x509certfile", case.chain.chain_path, "--x509keyfile", case.chain.key_path]

    def client(self, case, port, extra=()):
        argv = ["gnutls-cli", "-p", port, "--priority", self.priority(case), *extra] + ["--udp"] * case.dtls
        if case.psk:
            argv += ["--pskusername", IDENTITY, "--pskkey", PSK.hex()]
        else:
            argv += ["--x509cafile", case.chain.root_path, "--sni-hostname=localhost", "--verify-hostname=localhost"]
        return argv + ["127.0.0.1"]


class Nss(Kind):
    """Suites by number, keys in a database that certutil and pk12util make once a test process."""

    name, program = "nss", "selfserv"
    styles = {"client": "http", "server": "pipe"}
    versions = (0x0300, 0x0301, 0x0302, 0x0303, 0x0304)

    def suites(self, case):
        return not case.psk and "CCM" not in case.cipher and not (case.version == 0x0300 and case.exchange[:2] == "EC")

    def _common(self, case):
        name = {0x0300: "ssl3", 0x0301: "tls1.0", 0x0302: "tls1.1", 0x0303: "tls1.2", 0x0304: "tls1.3"}[case.version]
        return ["-d", "sql:" + nss_database(case.key), "-V", name + ":" + name, "-c", ":%04X" % case.suite]

    def server(self, case, port, extra=()):
        return ["selfserv", "-p", port, "-n" if case.key == "rsa2048" else "-e", case.key, "-H", "1", *self._common(case), *extra]

    def client(self, case, port, extra=()):
        return ["tstclnt", "-4", "-h", "localhost", "-p", port, *self._common(case), *extra]


class NssStress(Nss):
    """NSS's other client: several connections, one after another, each resumes the first; a request and a page in each."""

    def client(self, case, port, extra=()):
        argv = ["-C" if a == "-c" else a for a in self._common(case)]
        return ["strsclnt", "-4", "-p", port, *argv, "-c", "3", "-t", "1", "-q", *extra, "localhost"]


class BearSSL(Kind):
    """Small and strict: no Diffie-Hellman modulo a prime, no SSL 3.0, no TLS 1.3, none of the weakest ciphers."""

    versions = (0x0301, 0x0302, 0x0303)

    name, program = "bearssl", str(BIN / "brssl")

    def missing(self):
        return None if os.access(self.program, os.X_OK) else "no build/bin/brssl here: `make setup` could not build it"

    def suites(self, case):
        return case.exchange in ("RSA", "ECDHE_RSA", "ECDHE_ECDSA") and not re.search("RC4|SEED", case.cipher)

    def _common(self, case):
        version = VERSIONS[case.version].replace(" ", "").lower()
        return ["-vmin", version, "-vmax", version, "-cs", case.name[4:]]

    def server(self, case, port, extra=()):
        return [self.program, "server", "-b", "127.0.0.1", "-p", port, "-cert", case.chain.chain_path, "-key", case.chain.key_path, *self._common(case), *extra]

    def client(self, case, port, extra=()):
        return [self.program, "client", "127.0.0.1:%d" % port, "-sni", "localhost", "-CA", case.chain.root_path, *self._common(case), *extra]


class Mbedtls(Kind):
    """mbedtls/dtls_peer.c: DTLS 1.2 with connection ids, over the library that MicroPython's source brings. A server of many clients, one by one."""

    name, program = "mbedtls", str(BIN / "mbedtls-dtls")
    versions, dtls = (), (0xFEFD,)
    ready = b"listening"

    def suites(self, case):
        return case.exchange in ("ECDHE_ECDSA", "PSK") and "256_CBC" not in case.cipher

    def _common(self, case, port):
        argv = ["port=%d" % port, "suite=" + case.name.replace("_", "-")]
        return argv + ["psk=" + PSK.hex(), "identity=" + IDENTITY] if case.psk else argv

    def server(self, case, port, extra=()):
        files = [] if case.psk else ["cert=" + case.chain.chain_path, "key=" + case.chain.key_path]
        return [self.program, "server", *self._common(case, port), *files, *extra]

    def client(self, case, port, extra=()):
        files = [] if case.psk else ["ca=" + case.chain.root_path]
        return [self.program, "client", *self._common(case, port), *files, *extra]


class TlsLite(Kind):
    """tlslite-ng, in a thread of this process, echoes."""

    name = "tlslite"
    versions = (0x0300, 0x0301, 0x0302, 0x0303, 0x0304)

    def missing(self):
        try:
            import tlslite.api  # noqa: F401
        except ImportError:
            return "there is no tlslite-ng in this Python: `make setup` installs it"
        return None

    def suites(self, case):
        return not case.psk and "SEED" not in case.cipher and not (case.version == 0x0300 and case.exchange[:2] == "EC")

    def settings(self, case):
        import tlslite.api as tlslite

        s = tlslite.HandshakeSettings()
        s.minVersion = s.maxVersion = (3, case.version & 255)
        s.minKeySize = 1024
        cipher = {"3DES_EDE_CBC": "3des", "RC4_128": "rc4", "CHACHA20_POLY1305": "chacha20-poly1305", "AES_128_CCM_8": "aes128ccm_8", "AES_128_CCM": "aes128ccm"}.get(case.cipher)
        s.cipherNames = [cipher or case.cipher.lower().replace("_cbc", "").replace("_", "")]
        s.macNames = [case.mac.lower()]
        if case.exchange:
            s.keyExchangeNames = [case.exchange.lower()]
        if case.version == 0x0300:
            s.useExtendedMasterSecret = s.useEncryptThenMAC = False
        return s

    @contextlib.contextmanager
    def run(self, case, *extra):
        import tlslite.api as tlslite

        ours, theirs = socket.socketpair()
        theirs.settimeout(SECONDS)
        failures = []

        def echo():
            try:
                connection = tlslite.TLSConnection(theirs)
                if case.role == "client":
                    certificates = tlslite.X509CertChain()
                    certificates.parsePemList(case.chain.chain_pem.decode())
                    key = tlslite.parsePEMKey(case.chain.key_pem.decode(), private=True)
                    connection.handshakeServer(certChain=certificates, privateKey=key, settings=self.settings(case))
                else:
                    connection.handshakeClientCert(settings=self.settings(case), serverName="localhost")
                while True:
                    data = connection.read(max=4096)
                    if not data:
                        break
                    connection.write(data)
            except Exception as e:  # told below
                failures.append(e)
            finally:
                theirs.close()

        thread = threading.Thread(target=echo, daemon=True)
        thread.start()
        peer = Peer(style="echo")
        peer.dial = lambda: ours.settimeout(SECONDS) or ours
        try:
            yield peer
        except BaseException as e:
            e.add_note("tlslite said: %r" % failures)
            raise
        finally:
            ours.close()
            thread.join(SECONDS)


OPENSSL, GNUTLS, NSS, TLSLITE, BEARSSL = OpenSSL(), GnuTLS(), Nss(), TlsLite(), BearSSL()
MBEDTLS = Mbedtls()
NSS_STRESS = NssStress()
PEERS = (OPENSSL, GNUTLS, NSS, TLSLITE, BEARSSL)
_made = {}


def _folder():
    if "folder" not in _made:
        _made["folder"] = tempfile.TemporaryDirectory(prefix="mxtls-peers-")
    return Path(_made["folder"].name)


def psk_file():
    """gnutls-serv's file of pre-shared keys."""
    path = _folder() / "psk"
    path.write_text("%s:%s\n" % (IDENTITY, PSK.hex()))
    return str(path)


def dh_file():
    """ffdhe2048, for a server whose certificate does not tell how strong a group to take."""
    path = _folder() / "dh.pem"
    if not path.exists():
        der = bytes.fromhex("308201080282010100") + FFDHE2048 + bytes.fromhex("020102")
        path.write_bytes(b"-----BEGIN DH PARAMETERS-----\n%s-----END DH PARAMETERS-----\n" % base64.encodebytes(der))
    return str(path)


def nss_database(key):
    """A database of one chain, its key under the chain's name and its root trusted. (Of two with the same subject NSS keeps one.)"""
    path = _folder() / ("nss-" + key)
    if not path.exists():
        path.mkdir()
        c, p12 = chain(key), path / "key.p12"
        p12.write_bytes(pkcs12.serialize_key_and_certificates(key.encode(), c.key, c.certificates[0], c.certificates[1:], BestAvailableEncryption(b"x")))
        for argv in (("certutil", "-N", "--empty-password"), ("pk12util", "-i", p12, "-W", "x", "-K", ""),
                     ("certutil", "-A", "-n", "root", "-t", "CT,C,C", "-a", "-i", c.root_path)):
            subprocess.run([*argv, "-d", "sql:%s" % path], check=True, capture_output=True)
    return str(path)
