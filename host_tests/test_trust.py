# SPDX-License-Identifier: MIT
"""Pinned keys, trust by fingerprint, the peer's certificate kept, OCSP responses stapled in both versions and roles: against what the
`cryptography` package and openssl make."""

import datetime
import hashlib
import shutil
import socket
import subprocess
import threading

import loop
import pki
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from peers import Process
from stream import Stream

import mxtls
from mxtls import codes as c
from mxtls.keys import Keys

CHAIN = pki.chain(key="p256", intermediates=2, ips=["127.0.0.1"], eku=("server", "client"))
OTHER = pki.chain(key="p256", tag="other")
VERSIONS = (c.TLS1_2, c.TLS1_3)
TODAY = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def spki(certificate):
    return hashlib.sha256(certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def fingerprint(certificate):
    return certificate.fingerprint(hashes.SHA256())


def keys_of(chain, trusted=CHAIN):
    trust, own = Keys(), Keys()
    if trusted:
        trust.load_rsa_keys_mem(None, None, trusted.root_der)
    own.load_rsa_keys_mem(b"".join(chain.chain_ders), chain.key_der)
    return trust, own


def connect(keys, alert=0, **arguments):
    """A handshake; with an alert it must fail with that one at the client. Returns the client's End."""
    client, server = loop.pair(keys, **arguments)
    if not alert:
        loop.connect(client, server)
    else:
        loop.pump(client, server)
        assert client.error and client.error.alert == alert, client.error
        loop.check_text(client.error)
        assert server.alerts == [(2, alert)]
    return client


# --- Pinning


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("which", range(4))
def test_a_pin_anywhere_on_the_path(version, which):
    keys = keys_of(CHAIN)
    pinned = [*CHAIN.certificates, CHAIN.root][which]
    keys[0].pin(bytes(32))
    keys[0].pin(spki(pinned))
    connect(keys, max_version=version)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_pinned_key(version):
    keys = keys_of(CHAIN)
    keys[0].pin(spki(OTHER.root).hex())
    e = connect(keys, c.ALERT_BAD_CERTIFICATE, max_version=version).error
    assert e.code == c.CERT_AUTH_FAIL and "pinned" in e.text


def test_a_pinned_key_beside_the_path_does_not_count():
    """A certificate that was sent and is on no path must not lend its key."""
    own = Keys()
    own.load_rsa_keys_mem(b"".join(CHAIN.chain_ders), CHAIN.key_der)
    for at in (1, 3):
        own.chain.insert(at, (OTHER.root_der, 0, len(OTHER.root_der)))
    trust = keys_of(CHAIN)[0]
    trust.pin(spki(OTHER.root))
    connect((trust, own), c.ALERT_BAD_CERTIFICATE)
    trust.pin(spki(CHAIN.root))
    connect((trust, own))


def test_a_pin_does_not_replace_a_ca():
    keys = keys_of(OTHER)
    keys[0].pin(spki(OTHER.certificates[0]))
    assert "pinned" not in connect(keys, c.ALERT_UNKNOWN_CA).error.text


def test_a_validator_sees_the_missing_pin():
    asked = []
    keys = keys_of(CHAIN)
    keys[0].pin(bytes(32))
    connect(keys, client={"cert_validator": lambda s, cert, alert: asked.append(alert) or 0})
    assert asked == [c.ALERT_BAD_CERTIFICATE]


def test_digests():
    keys = Keys()
    for good in (bytes(32), bytearray(32), "00" * 32, ":".join(["aB"] * 32)):
        keys.pin(good)
        keys.trust_fingerprint(good)
    assert keys.pins[3] == keys.fingerprints[3] == b"\xab" * 32
    for bad in (bytes(31), "00" * 31, "zz" * 32, b"", "", "0" * 63):
        with pytest.raises(mxtls.Error) as e:
            keys.pin(bad)
        assert e.value.code == c.ARG_FAIL
    keys.delete()
    assert not keys.pins and not keys.fingerprints


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl on this machine")
def test_what_openssl_prints():
    """The two commands of the docstrings."""

    def run(*command, data):
        return subprocess.run(["openssl", *command], input=data, capture_output=True, check=True).stdout

    leaf = pki.pem(CHAIN.certificates[0])
    keys = Keys()
    keys.trust_fingerprint(run("x509", "-fingerprint", "-sha256", "-noout", data=leaf).decode().strip().split("=")[1])
    der = run("pkey", "-pubin", "-outform", "der", data=run("x509", "-pubkey", "-noout", data=leaf))
    keys.pin(run("dgst", "-sha256", data=der).decode().split()[-1])
    assert keys.fingerprints == (fingerprint(CHAIN.certificates[0]),) and keys.pins == (spki(CHAIN.certificates[0]),)


# --- Trust by fingerprint

_old = TODAY - datetime.timedelta(days=4000)
DEVICE_KEY = pki.make_key("p256", "device")
DEVICE = pki.issue("device", DEVICE_KEY, ca=False, start=_old, end=_old + datetime.timedelta(days=10))  # no names, expired long ago
TWIN = pki.issue("device", DEVICE_KEY, ca=False, start=_old, end=_old + datetime.timedelta(days=10))


def device_keys():
    own = Keys()
    own.load_rsa_keys_mem(pki.der(DEVICE), pki.Chain(DEVICE, [DEVICE], DEVICE_KEY).key_der)
    return Keys(), own


@pytest.mark.parametrize("version", VERSIONS)
def test_a_device_that_signed_its_own(version):
    keys = device_keys()
    keys[0].trust_fingerprint(fingerprint(OTHER.root))
    connect(keys, c.ALERT_UNKNOWN_CA, max_version=version)
    keys[0].trust_fingerprint(fingerprint(DEVICE))
    connect(keys, max_version=version)
    connect(keys, name=None, max_version=version)  # nothing is left for a name to add


def test_the_clock_need_not_be_set(monkeypatch):
    import mxtls_port

    monkeypatch.setattr(mxtls_port, "unix_time", lambda: 0)
    keys = device_keys()
    keys[0].trust_fingerprint(fingerprint(DEVICE))
    connect(keys)


def test_only_that_certificate():
    """The same key and name in another certificate is not it; nor does a CA's fingerprint make the CA trusted."""
    keys = device_keys()
    keys[0].trust_fingerprint(fingerprint(TWIN))
    connect(keys, c.ALERT_UNKNOWN_CA)
    keys = keys_of(OTHER)
    for certificate in (OTHER.root, OTHER.certificates[1]):
        keys[0].trust_fingerprint(fingerprint(certificate))
    connect(keys, c.ALERT_UNKNOWN_CA)


def test_who_has_only_copied_the_certificate():
    keys = device_keys()
    keys[0].trust_fingerprint(fingerprint(DEVICE))
    keys[1].private = keys_of(OTHER)[1].private
    connect(keys, c.ALERT_DECRYPT_ERROR)


def test_others_are_judged_as_ever():
    keys = keys_of(CHAIN)
    keys[0].trust_fingerprint(fingerprint(DEVICE))
    connect(keys)
    connect(keys, c.ALERT_BAD_CERTIFICATE, name="elsewhere")
    connect(keys, c.ALERT_INTERNAL_ERROR, name=None)  # a good chain for nobody knows whom
    keys[0].pin(bytes(32))
    keys[0].trust_fingerprint(fingerprint(CHAIN.certificates[0]))
    connect(keys, c.ALERT_BAD_CERTIFICATE)


def test_a_short_key_is_refused_still():
    weak = pki.chain(key="rsa1024")
    own = Keys()
    own.min_rsa_bits = 1024
    own.load_rsa_keys_mem(b"".join(weak.chain_ders), weak.key_der)
    trust = Keys()
    trust.trust_fingerprint(fingerprint(weak.certificates[0]))
    assert "too short" in connect((trust, own), c.ALERT_BAD_CERTIFICATE).error.text


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_by_fingerprint(version, monkeypatch):
    import mxtls.handshake.server_start as server_start

    monkeypatch.setattr(server_start, "_SERVER_CAN_SEND_EMPTY_CERT_REQUEST", 0)
    trust, own = keys_of(CHAIN)
    mine = Keys()
    mine.load_rsa_keys_mem(pki.der(DEVICE), pki.Chain(DEVICE, [DEVICE], DEVICE_KEY).key_der, CHAIN.root_der)
    own.trust_fingerprint(fingerprint(DEVICE))
    asked = []
    client, server = loop.pair((mine, own), server={"cert_validator": lambda s, cert, alert: asked.append((cert.unparsed_bin, alert)) or alert}, max_version=version)
    loop.connect(client, server)
    assert asked == [(pki.der(DEVICE), 0)] and not server.session.anonymous


# --- The peer's certificate


@pytest.mark.parametrize("version", VERSIONS)
def test_the_servers_certificate_is_kept_when_asked_for(version):
    assert connect(keys_of(CHAIN), max_version=version).session.peer_der is None
    client = connect(keys_of(CHAIN), max_version=version, client={"keep_peer_certificate": True})
    assert client.session.peer_der == CHAIN.chain_ders[0]
    client = connect(keys_of(OTHER), c.ALERT_UNKNOWN_CA, max_version=version, client={"keep_peer_certificate": True})
    assert client.session.peer_der == OTHER.chain_ders[0]  # for who wants to show it and ask a person
    client.session.delete()
    assert client.session.peer_der is None


@pytest.mark.parametrize("version", VERSIONS)
def test_the_clients_certificate(version):
    keys = Keys()
    keys.load_rsa_keys_mem(b"".join(CHAIN.chain_ders), CHAIN.key_der, CHAIN.root_der)
    client, server = loop.pair((keys, keys), server={"cert_validator": lambda s, cert, alert: alert, "keep_peer_certificate": True}, max_version=version)
    loop.connect(client, server, chunk=7)
    assert server.session.peer_der == CHAIN.chain_ders[0]


# --- OCSP stapling


def response(chain=CHAIN):
    """What the issuer of the chain's first certificate says of it: good."""
    issuer, key = chain.certificates[1], pki.make_key("p256", "ca1" if len(chain.certificates) > 2 else "ca0")
    builder = ocsp.OCSPResponseBuilder().add_response(
        chain.certificates[0], issuer, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, TODAY, TODAY + datetime.timedelta(days=7), None, None
    ).responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


RESPONSE = response()


def stapling(status=RESPONSE):
    keys = keys_of(CHAIN)
    keys[1].ocsp_response = status
    return keys


@pytest.mark.parametrize("chunk", (None, 1))
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("validator", (False, True))
def test_a_stapled_response(version, validator, chunk):
    seen = []
    more = {"cert_validator": lambda s, cert, alert: seen.append(s.ocsp_response) or alert} if validator else {}
    client, server = loop.pair(stapling(), client=dict(ocsp=True, **more), max_version=version)
    loop.connect(client, server, chunk)
    assert client.session.ocsp_response == RESPONSE and seen == [RESPONSE] * validator
    assert ocsp.load_der_ocsp_response(client.session.ocsp_response).certificate_status == ocsp.OCSPCertStatus.GOOD
    loop.carry(client, server, b"hello")


@pytest.mark.parametrize("version", VERSIONS)
def test_none_where_nobody_asked_or_has_one(version):
    assert connect(stapling(), max_version=version).session.ocsp_response is None
    assert connect(stapling(None), max_version=version, client={"ocsp": True}).session.ocsp_response is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_chain_is_judged_where_a_response_came(version):
    keys = stapling()
    keys[0].anchors = keys_of(CHAIN, OTHER)[0].anchors
    connect(keys, c.ALERT_UNKNOWN_CA, max_version=version, client={"ocsp": True})


def test_resumption_has_no_certificate_and_no_response():
    keys = stapling()
    sid = mxtls.SessionId()
    connect(keys, client={"ocsp": True, "session_id": sid})
    again = connect(keys, client={"ocsp": True, "session_id": sid})
    assert again.session.resumed and again.session.ocsp_response is None


def flights(ocsp=True, status=RESPONSE):
    """A TLS 1.2 client that has said hello, and its server's answer as handshake messages."""
    client, server = loop.pair(stapling(status), client={"ocsp": ocsp})
    server.feed(client.take())
    return client, server, loop.messages(server.take())


def test_a_server_may_leave_out_what_it_announced():
    """RFC 6066 section 8: the chain is judged all the same."""
    seen = []
    client, server, sent = flights()
    client.session.cert_validator = lambda s, cert, alert: seen.append((s.ocsp_response, alert)) or alert
    assert [m[0] for m in sent] == [2, 11, 22, 12, 14]
    client.feed(loop.record(b"".join(sent[:2] + sent[3:])))
    assert not client.error and seen == [(None, 0)] and loop.records(client.take())
    client, server, sent = flights()
    client.session.keys = keys_of(CHAIN, OTHER)[0]
    client.feed(loop.record(b"".join(sent[:2] + sent[3:])))
    assert client.error.alert == c.ALERT_UNKNOWN_CA and not client.session.established


STATUS = c.CERTIFICATE_STATUS


@pytest.mark.parametrize("order, bad, alert", (
    ((0, 1, 2, 2, 3, 4), None, c.ALERT_UNEXPECTED_MESSAGE),
    ((0, 2, 1, 3, 4), None, c.ALERT_UNEXPECTED_MESSAGE),
    ((0, 1, 3, 2, 4), None, c.ALERT_UNEXPECTED_MESSAGE),
    ((0, 1, 4), None, c.ALERT_UNEXPECTED_MESSAGE),
    ((0, 1, 2), b"\x02\x00\x00\x01\x30", c.ALERT_DECODE_ERROR),
    ((0, 1, 2), b"\x01\x00\x00\x00", c.ALERT_DECODE_ERROR),
    ((0, 1, 2), b"\x01\x00\x00\x02\x30", c.ALERT_DECODE_ERROR),
    ((0, 1, 2), b"\x01\x00\x00\x01\x30\x00", c.ALERT_DECODE_ERROR),
    ((0, 1, 2), b"", c.ALERT_DECODE_ERROR),
))
def test_out_of_order_and_malformed(order, bad, alert):
    client, server, sent = flights()
    if bad is not None:
        sent[2] = loop.message(STATUS, bad)
    client.feed(b"".join(loop.record(sent[i]) for i in order))
    loop.check_failed(client, alert)


def test_a_response_nobody_asked_for():
    client, server, sent = flights()
    client, server, _ = flights(ocsp=False)
    client.feed(loop.record(sent[0]))
    loop.check_failed(client, c.ALERT_UNSUPPORTED_EXTENSION)
    client, server, plain = flights(ocsp=False)
    client.feed(loop.record(plain[0] + plain[1] + sent[2]))
    loop.check_failed(client, c.ALERT_UNEXPECTED_MESSAGE)


def test_a_response_longer_than_the_buffer():
    client, server, sent = flights()
    client.feed(loop.record(b"".join(sent[:2])))
    client.feed(loop.record(bytes([STATUS]) + (60000).to_bytes(3, "big") + bytes(100)))
    loop.check_failed(client, c.ALERT_DECODE_ERROR, c.LIMIT_FAIL)


def status_13(session, hs, chain, bodies):
    """A Certificate message of TLS 1.3 whose entries have these extensions."""
    from mxtls.handshake.codec import Writer

    w = Writer(session)
    w.begin(c.CERTIFICATE, 8000)
    w.put(0, 4)
    mark = w.at
    for (buf, off, end), body in zip(chain, bodies, strict=True):
        w.put(end - off, 3)
        w.data(buf, off, end - off)
        w.put(len(body), 2)
        w.data(body, 0, len(body))
    w.close(mark, 3)
    w.finish()


GOOD = b"\x00\x05\x00\x05\x01\x00\x00\x01\x30"


@pytest.mark.parametrize("bodies, alert", (
    ((GOOD, GOOD, b""), 0),  # the intermediates' responses are passed over
    ((b"", GOOD, b""), 0),
    ((GOOD + GOOD, b"", b""), c.ALERT_ILLEGAL_PARAMETER),
    ((b"\x00\x12\x00\x00", b"", b""), c.ALERT_UNSUPPORTED_EXTENSION),
    ((GOOD[:-1], b"", b""), c.ALERT_DECODE_ERROR),
    ((b"\x00\x05\x00\x06\x01\x00\x00\x01\x30\x00", b"", b""), c.ALERT_DECODE_ERROR),
    ((b"\x00\x05\x00\x00", b"", b""), c.ALERT_DECODE_ERROR),
    ((b"", b"\x00\x05\x00\x05\x02\x00\x00\x01\x30", b""), c.ALERT_DECODE_ERROR),
))
def test_the_extensions_of_tls_1_3(monkeypatch, bodies, alert):
    from mxtls.handshake import certificates

    monkeypatch.setattr(certificates, "write", lambda session, hs, chain: status_13(session, hs, chain, bodies))
    client, server = loop.pair(stapling(), client={"ocsp": True}, max_version=c.TLS1_3)
    loop.pump(client, server)
    if not alert:
        assert client.complete and client.session.ocsp_response == (b"\x30" if bodies[0] else None)
    else:
        assert client.error.alert == alert, client.error
        loop.check_text(client.error)
    client, server = loop.pair(stapling(), max_version=c.TLS1_3)
    loop.pump(client, server)
    assert client.error.alert in (c.ALERT_UNSUPPORTED_EXTENSION, c.ALERT_DECODE_ERROR)


def test_a_request_that_is_malformed():
    """An unknown kind is passed over, half a request is not."""
    for body, alert in ((b"\x02abc", 0), (b"\x01\x00\x00\x00\x00", 0), (b"\x01\x00\x03\x00\x01a\x00\x00", 0), (b"\x01\x00\x00", c.ALERT_DECODE_ERROR), (b"", c.ALERT_DECODE_ERROR),
                        (b"\x01\x00\x00\x00\x00\x00", c.ALERT_DECODE_ERROR)):
        extension = mxtls.HelloExtension()
        extension.load(body, 5)
        client, server = loop.pair(stapling(None), client={"extensions": extension})
        loop.pump(client, server)
        assert (server.error.alert if server.error else 0) == alert, body


needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl on this machine")


@needs_openssl
@pytest.mark.parametrize("version", ("-tls1_2", "-tls1_3"))
def test_openssl_staples(version, tmp_path):
    path = tmp_path / "status.der"
    path.write_bytes(RESPONSE)
    rest = tmp_path / "rest.pem"
    rest.write_bytes(b"".join(pki.pem(x) for x in CHAIN.certificates[1:]))
    process = Process(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", CHAIN.chain_path, "-key", CHAIN.key_path, "-cert_chain", rest, "-status_file", path, version, "-rev"])
    try:
        port = int(process.wait_for(rb"ACCEPT [^\n]*:(\d+)\s").group(1))
        seen = []
        session = mxtls.ClientSession(keys_of(CHAIN)[0], server_name="localhost", ocsp=True, cert_validator=lambda s, cert, alert: seen.append(s.ocsp_response) or alert)
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            stream = Stream(session, s)
            stream.handshake()
            stream.send(b"abc\n")
            got = bytearray()
            while len(got) < 4 and stream.receive(got.extend):
                pass
            assert got == b"cba\n"
        assert seen == [RESPONSE]
    finally:
        process.kill()


@needs_openssl
@pytest.mark.parametrize("version", ("-tls1_2", "-tls1_3"))
def test_openssl_asks(version):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        failed = []

        def serve():
            connection, _ = listener.accept()
            try:
                with connection:
                    connection.settimeout(20)
                    stream = Stream(mxtls.ServerSession(stapling()[1]), connection)
                    stream.handshake()
                    stream.close()
            except Exception as e:
                failed.append(e)

        thread = threading.Thread(target=serve)
        thread.start()
        done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % listener.getsockname()[1], "-CAfile", CHAIN.root_path, "-status", version, "-verify_return_error"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        thread.join(20)
        assert not failed, failed
        assert b"OCSP Response Status: successful" in done.stdout and b"Cert Status: good" in done.stdout, done.stdout[:3000]
        assert b"Verify return code: 0 (ok)" in done.stdout


@pytest.mark.parametrize("leave_out", (False, True))
def test_stapling_over_datagrams(monkeypatch, leave_out):
    """The response in fragments, in a network that loses and reorders."""
    import network

    seen = []
    keys = stapling()
    net = network.Network(network.Clock(monkeypatch), seed=7, loss=0.1, reorder=0.2)
    mxtls.set_pmtu(300)
    try:
        client, server = network.pair(keys, client={"ocsp": not leave_out, "cert_validator": lambda s, cert, alert: seen.append(s.ocsp_response) or alert})
        network.connect(client, server, net)
    finally:
        mxtls.set_pmtu(-1)
    assert seen == [None if leave_out else RESPONSE]
