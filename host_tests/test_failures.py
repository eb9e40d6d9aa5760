# SPDX-License-Identifier: MIT
"""How it must fail: each failure that a user meets gives one line, its code, its alert on the wire, and a closed session."""

import datetime
import socket
import threading

import loop
import pki
import pytest

import mxtls
import mxtls_port
import targets
from mxtls import codes as c
from mxtls.crypto import drbg, ecdh, sign
from mxtls.handshake import signed

DAY = datetime.timedelta(days=1)


def refused(keys, code, alert, words, name="localhost", **arguments):
    """The client refuses the server's certificate: its Error, and the server is told by the alert."""
    client, server = loop.pair(keys, name=name, **arguments)
    server.feed(client.take())
    client.feed(server.take())
    assert client.error, "it was accepted"
    wire = client.take()
    server.feed(wire)
    assert server.alerts == [(2, alert)]
    assert not client.complete and not server.complete
    loop.check_failed(client, alert, code, wire)
    for word in words.split("|"):
        assert word in client.error.text, client.error.text
    return client.error


@pytest.mark.parametrize("name", ("other.example", "localhost.example", "host", "127.0.0.1", "::1", "sub.localhost"))
@pytest.mark.parametrize("chunk", (None,))
def test_wrong_host(name, chunk):
    refused(pki.chain(), c.CERT_AUTH_FAIL, c.ALERT_BAD_CERTIFICATE, "is not for '%s'|connect by" % name, name=name)


def test_unknown_root():
    trust, _ = loop.keys_of(pki.chain(tag="another"))
    _, own = loop.keys_of(pki.chain())
    refused((trust, own), c.CERT_AUTH_FAIL, c.ALERT_UNKNOWN_CA, "no trusted CA|load the root")


def test_nothing_trusted():
    refused((mxtls.Keys(), loop.keys_of(pki.chain())[1]), c.CERT_AUTH_FAIL, c.ALERT_UNKNOWN_CA, "no trusted CA|load the root")


def test_expired():
    refused(pki.chain(expired=True), c.CERT_AUTH_FAIL, c.ALERT_CERTIFICATE_EXPIRED, "has expired|renew")


def test_not_yet_valid():
    refused(pki.chain(not_yet=True), c.CERT_AUTH_FAIL, c.ALERT_CERTIFICATE_EXPIRED, "not valid yet|clock")


def test_expired_intermediate():
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    chain = pki.chain(intermediate={"start": now - 9 * DAY, "end": now - DAY}, tag="old")
    refused(chain, c.CERT_AUTH_FAIL, c.ALERT_CERTIFICATE_EXPIRED, "has expired")


def test_unset_clock(monkeypatch):
    monkeypatch.setattr(mxtls_port, "unix_time", lambda: 0)
    refused(pki.chain(), c.CLOCK_FAIL, c.ALERT_CERTIFICATE_UNKNOWN, "the clock was never set|set it")


def test_weak_key():
    chain = pki.chain(key="rsa1024", ca_key="p256")
    trust = loop.keys_of(chain, 1024)[0]
    trust.min_rsa_bits = 2048
    refused((trust, loop.keys_of(chain, 1024)[1]), c.CERT_AUTH_FAIL, c.ALERT_BAD_CERTIFICATE, "RSA key is too short|min_rsa_bits")
    loop.connect(*loop.pair(loop.keys_of(chain, 1024)))  # refused unless asked for


def test_wrong_purpose():
    refused(pki.chain(eku=("client",)), c.CERT_AUTH_FAIL, c.ALERT_UNSUPPORTED_CERTIFICATE, "not for this purpose")


def test_key_usage_forbids():
    refused(pki.chain(usage=("crl_sign",)), c.CERT_AUTH_FAIL, c.ALERT_UNSUPPORTED_CERTIFICATE, "keyUsage")


def test_a_key_for_pss_alone_encrypts_nothing(monkeypatch):
    """Whatever its certificate's keyUsage says (RFC 4055 section 1.2); it signs."""
    keys = loop.keys_of(pki.chain(key="rsa2048", ca_key="rsa2048", pss=True))
    for suite in (0xC02F, 0x002F):
        client, server = loop.pair(keys, client={"cipher_suite": suite})
        server.feed(client.take())
        flight = server.take()
        monkeypatch.setattr("mxtls.x509.pubkey.PublicKey.pss", True)
        client.feed(flight)
        monkeypatch.undo()
        assert client.error.alert == (c.ALERT_UNSUPPORTED_CERTIFICATE if suite == 0x002F else c.ALERT_ILLEGAL_PARAMETER)
    keys[1].private.pss = True
    client, server = loop.pair(keys, client={"cipher_suite": 0x002F})
    nothing_in_common(client, server, c.ALERT_HANDSHAKE_FAILURE, "in common")


def test_intermediate_is_missing():
    chain = pki.chain(intermediates=2)
    trust, own = loop.keys_of(chain)
    del own.chain[1:]
    refused((trust, own), c.CERT_AUTH_FAIL, c.ALERT_UNKNOWN_CA, "intermediates")


def test_forged_certificate():
    """One bit of the leaf's signature."""
    trust, own = loop.keys_of(pki.chain())
    buf, off, end = own.chain[0]
    forged = bytearray(buf[off:end])
    forged[-1] ^= 1
    own.chain[0] = (forged, 0, len(forged))
    refused((trust, own), c.CERT_AUTH_FAIL, c.ALERT_BAD_CERTIFICATE, "signature is wrong")


@pytest.mark.parametrize("key", ("p256", "rsa2048"))
def test_bad_signature_in_the_key_exchange(monkeypatch, key):
    real = signed.sign
    monkeypatch.setattr(signed, "sign", lambda scheme, k, digest: real(scheme, k, bytes(len(digest))))
    refused(pki.chain(key=key), c.PROTOCOL_FAIL, c.ALERT_DECRYPT_ERROR, "signature is wrong|certificate's key")


def test_the_servers_key_is_not_the_certificates():
    trust, own = loop.keys_of(pki.chain())
    other = loop.keys_of(pki.chain(key="p384"))[1]
    own.private = other.private
    refused((trust, own), c.PROTOCOL_FAIL, c.ALERT_DECRYPT_ERROR, "signature is wrong")


# Nothing in common


def nothing_in_common(client, server, alert, words):
    server.feed(client.take())
    wire = server.take()
    assert loop.last_alert(wire) == (2, alert)
    client.feed(wire)
    assert client.alerts == [(2, alert)] and not client.error
    assert client.session.closing
    loop.check_failed(server, alert, c.PROTOCOL_FAIL, wire)
    for word in words.split("|"):
        assert word in server.error.text, server.error.text


def test_no_suite_in_common():
    client, server = loop.pair(pki.chain(key="rsa2048"), client={"cipher_suite": 0xC02B})
    nothing_in_common(client, server, c.ALERT_HANDSHAKE_FAILURE, "no cipher suite|in common|enable")


def test_no_group_in_common(monkeypatch):
    with monkeypatch.context() as m:
        m.setattr(ecdh, "GROUPS", ((30, 56, 56, 1),))
        client, server = loop.pair(pki.chain())
    nothing_in_common(client, server, c.ALERT_HANDSHAKE_FAILURE, "group|in common")


def test_no_signature_in_common(monkeypatch):
    keys = loop.keys_of(pki.chain())
    with monkeypatch.context() as m:
        m.setattr(sign, "SCHEMES", ((0x0807, 9, 4, 0, 1),))
        client, server = loop.pair(keys)
    nothing_in_common(client, server, c.ALERT_HANDSHAKE_FAILURE, "signature|in common")


@pytest.mark.parametrize("version", (0x0300, 0x0301, 0x0302))
def test_no_version_in_common(version):
    """The server's bound, and what the client offers at most."""
    client, server = loop.pair(pki.chain(key="rsa2048"), client={"max_version": version}, server={"min_version": c.TLS1_2})
    nothing_in_common(client, server, c.ALERT_PROTOCOL_VERSION, "0x%04X|min_version" % version)


@pytest.mark.parametrize("version", (0x0000, 0x0002, 0x0200, 0x02FF))
def test_version_below_all(version):
    client, server = loop.pair(pki.chain())
    hello = bytearray(client.take())
    hello[9:11] = version.to_bytes(2, "big")
    client.take = lambda: hello
    nothing_in_common(client, server, c.ALERT_PROTOCOL_VERSION, "0x%04X|min_version" % version)


@pytest.mark.parametrize("version, bounds", (
    (0x0300, {"min_version": c.TLS1_2}), (0x0301, {"min_version": c.TLS1_2}), (0x0302, {"min_version": c.TLS1_2}), (0x0300, {"min_version": c.TLS1_0}),
    (0x0303, {"max_version": c.TLS1_1}), (0x0304, {}), (0x0200, {}), (0xFEFD, {}),
))
def test_server_of_another_version(version, bounds):
    client, _ = loop.pair(pki.chain(key="rsa2048"), client=bounds)
    client.take()
    hello = loop.message(c.SERVER_HELLO, version.to_bytes(2, "big") + bytes(32) + b"\x00\xc0\x13\x00")
    client.feed(loop.record(hello, version=max(0x0300, min(version, 0x0303))))
    loop.check_failed(client, c.ALERT_PROTOCOL_VERSION, c.PROTOCOL_FAIL)


# The platform


@pytest.mark.parametrize("kind", ("raises", "repeats"))
def test_no_entropy(monkeypatch, kind):
    keys = loop.keys_of(pki.chain())
    hello = loop.pair(keys)[0].take()

    def entropy(buf):
        if kind == "raises":
            raise OSError(5, "no generator")
        buf[:] = bytes(len(buf))

    drbg_state = drbg._drbg
    monkeypatch.setattr(mxtls_port, "entropy", entropy)
    monkeypatch.setattr(drbg, "_drbg", None)
    try:
        for call in (mxtls.open, lambda: mxtls.ClientSession(keys[0], server_name="localhost")):
            with pytest.raises(mxtls.Error) as caught:
                call()
            assert loop.check_text(caught.value).code == c.PLATFORM_FAIL and "entropy" in caught.value.text
        server = loop.End(mxtls.ServerSession(keys[1]))
        server.feed(hello)
        loop.check_failed(server, c.ALERT_INTERNAL_ERROR, c.PLATFORM_FAIL)
    finally:
        monkeypatch.undo()
        drbg._drbg = drbg_state
    loop.connect(*loop.pair(keys))


# Peers that are something else


@pytest.mark.parametrize("role", ("client", "server"))
@pytest.mark.parametrize("text", (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"220 mail.example ESMTP\r\n",
                                  b"\x00" * 40, b"\xff" * 40, b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"))
def test_plain_text_peer(role, text):
    ends = dict(zip(("client", "server"), loop.pair(pki.chain()), strict=True))
    end = ends[role]
    end.take()
    end.feed(text, 7)
    e = loop.check_failed(end, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)
    assert "not TLS" in e.text and "host and port" in e.text


@pytest.mark.parametrize("role", ("client", "server"))
def test_truncated_peer(role):
    """The peer hangs up at any place of the handshake: an Error without an alert, for nobody would hear it."""
    client, server = loop.pair(pki.chain())
    hello = client.take()
    server.feed(hello)
    flight = server.take()
    keys = loop.keys_of(pki.chain())
    for n in (0, 1, 4, 5, 6, 40, 100, len(hello) - 1) if role == "server" else (0, 1, 5, 9, 60, 300, 1000, len(flight) - 1):
        end = loop.pair(keys)[role == "server"]
        end.take()
        if role == "client":
            end.session.hs.random[:32], end.session.hs.hello = client.session.hs.random[:32], loop.messages(hello)[0]
        end.feed((hello if role == "server" else flight)[:n])
        assert not end.error
        with pytest.raises(mxtls.Error) as caught:
            end.session.received_eof()
        end.error = caught.value
        assert "hung up" in end.error.text
        assert end.take() == b""
        loop.check_failed(end, c.ALERT_NONE, c.PROTOCOL_FAIL)


# A heap too small, for real


HEAP = """
import gc, sys
import mxtls
from engine_certs import CHAIN, KEY, ROOT

def run():
    keys = mxtls.Keys()
    keys.load_rsa_keys_mem(None, None, ROOT)
    own = mxtls.Keys()
    own.load_rsa_keys_mem(CHAIN, KEY)
    hold = []
    failed = 0
    for spare in range(int(sys.argv[1]), 200, -int(sys.argv[2])):
        client = server = None
        try:
            client = mxtls.ClientSession(keys, server_name="localhost")
            server = mxtls.ServerSession(own)
            gc.collect()
            while gc.mem_free() > spare + 2000:
                hold.append(bytearray(1024))
            while gc.mem_free() > spare + 200:
                hold.append(bytearray(64))
            for step in range(4):
                a, b = (client, server) if step % 2 == 0 else (server, client)
                out = a.get_outdata()
                at = 0
                while at < len(out):
                    view = b.get_readbuf()
                    n = min(len(view), len(out) - at)
                    view[:n] = out[at:at + n]
                    b.received_data(n)
                    at += n
                a.sent_data(len(out))
        except MemoryError:
            failed += 1
        hold = []
        for session in (client, server):
            if session:
                session.delete()
                session.delete()
        client = server = out = view = a = b = session = None
        gc.collect()
    print("failed %d times" % failed)

run()
"""


@pytest.mark.parametrize("target", (targets.UNIX_32_VIPER, targets.UNIX_32), ids=lambda t: t.name)
def test_heap_too_small(target, tmp_path):
    """Sessions that run out of memory at many different places: MemoryError and nothing else, and they can be deleted."""
    if target.missing():
        pytest.skip(target.missing())
    script = tmp_path / "heap.py"
    script.write_text("import sys\nsys.path.append(%r)\n" % str(targets.ROOT / "host_tests" / "portable") + HEAP)
    done = targets.run(target, script, (16000, 800), heap="400k", timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[1]) >= 5, done.stdout


def test_heap_too_small_says_so(target):
    """The example's line: what happened and what to do."""
    if target.variable != "MICROPYPATH":
        pytest.skip("CPython's heap is not bounded")
    chain = pki.chain()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(90)  # longer than a client may take

    def serve():
        while True:
            try:
                sock = listener.accept()[0]
                server = loop.End(mxtls.ServerSession(loop.keys_of(chain)[1]))
                data = sock.recv(4096)
                while data:
                    server.feed(data)
                    sock.sendall(server.take())
                    data = sock.recv(4096)
            except TimeoutError:
                return
            except OSError:
                if listener.fileno() < 0:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    seen = []
    for heap in ("60k", "100k", "140k", "180k", "220k", "260k"):
        done = targets.run(target, "examples/client.py", ("--connect", "127.0.0.1:%d" % listener.getsockname()[1], "--name", "localhost", "--ca", chain.root_path), heap=heap, timeout=60)
        last = (done.stdout.strip().splitlines() or [""])[-1]
        if done.returncode == 1 and last.startswith("error code=-8 alert=none : out of memory"):
            seen.append(heap)
            assert "--max-record" in last
        if done.returncode == 0:
            break
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)
    assert seen, (done.stdout[-500:], done.stderr[-500:])
