# SPDX-License-Identifier: MIT
"""Clients with certificates, both ways (self-test): who is asked, with what, every kind of key by every version, a client without
a certificate, signatures that lie, the validator's answers, the session options, and what resumption remembers."""

import loop
import pki
import pytest

import mxtls
from mxtls import codes as c
from mxtls.handshake import client as client_module, server as server_module, server_start, signed

VERSIONS = (c.SSL3, c.TLS1_0, c.TLS1_1, c.TLS1_2)
KINDS = ("rsa2048", "p256", "p384")
SUITES = {c.SSL3: (0x002F, 0x0005, 0x0033), c.TLS1_0: (0x002F, 0xC013), c.TLS1_1: (0x002F, 0xC013), c.TLS1_2: (0xC02F, 0xC030, 0x002F, 0x009F)}
CASES = [(version, suite, kind) for version in VERSIONS for suite in SUITES[version] for kind in KINDS]
_chains = {}


def chain(kind, tag="", **arguments):
    """A server's chain, or with a tag a client's, whose CA is another."""
    key = kind, tag, tuple(sorted(arguments))
    if key not in _chains:
        _chains[key] = pki.chain(key=kind, tag=tag, **dict({"eku": ("client",), "names": (), "subject": "device"} if tag else {}, **arguments))
    return _chains[key]


def keys(kind="p256", server="rsa2048", trusted=None, **arguments):
    """Keys of a client with a certificate (None: without) and of a server that trusts its CA."""
    theirs, ours = mxtls.Keys(), mxtls.Keys()
    root = chain(server).root_der
    if kind:
        mine = chain(kind, "client " + kind, **arguments)
        theirs.load_rsa_keys_mem(b"".join(mine.chain_ders), mine.key_der, root)
    else:
        theirs.load_rsa_keys_mem(None, None, root)
    own = chain(server)
    ours.load_rsa_keys_mem(b"".join(own.chain_ders), own.key_der, trusted if trusted is not None else chain(kind or "p256", "client " + (kind or "p256")).root_der)
    return theirs, ours


class Validator:
    """Remembers what it was asked and answers as it was told; None: as the library judges."""

    def __init__(self, answer=None):
        self.answer = answer
        self.asked = []

    def __call__(self, session, certificate, alert):
        self.asked.append((session, certificate, alert))
        return alert if self.answer is None else self.answer


def pair(keys, validator, version=0, suite=0, **server):
    return loop.pair(keys, client={"max_version": version or c.TLS1_2, "cipher_suite": suite}, server=dict(server, cert_validator=validator))


def meet(keys, validator=None, version=0, suite=0, **server):
    client, server = loop.connect(*pair(keys, validator, version, suite, **server))
    loop.carry(client, server, b"up")
    loop.carry(server, client, b"down")
    return client, server


def refused(client, server, alert, by="server"):
    """The handshake fails: an Error and its alert on one side, the alert on the other."""
    loop.pump(client, server)
    end, other = (server, client) if by == "server" else (client, server)
    assert end.error and not client.complete and not server.complete
    assert loop.check_text(end.error).alert == alert, end.error.text
    assert other.alerts[-1] == (2, alert)
    assert end.session.rd is None and end.session.wr is None and end.session.hs is None
    return end.error


# Who is asked, with what


@pytest.mark.parametrize("version, suite, kind", CASES, ids=lambda v: "%04X" % v if isinstance(v, int) else v)
def test_every_version_and_key(version, suite, kind):
    validator = Validator()
    client, server = meet(keys(kind), validator, version, suite)
    assert client.session.version == version and client.session.cipher_suite == suite
    (session, certificate, alert), = validator.asked
    assert session is server.session and alert == 0 and server.session.peer_certificate is certificate
    assert certificate.subject.common_name == "device" and certificate.next is not None
    assert not server.session.anonymous and not client.session.anonymous


@pytest.mark.parametrize("server", ("p256", "p384"))
@pytest.mark.parametrize("kind", KINDS + ("p521",))
def test_servers_with_ec_keys(server, kind):
    for suite in (0xC02B, 0xC02C, 0xC009):
        meet(keys(kind, server), Validator(), suite=suite)


def test_a_validator_means_ask():
    for validator, asked in ((None, False), (Validator(), True)):
        client, server = pair(keys(), validator)
        server.feed(client.take())
        assert (c.CERTIFICATE_REQUEST in [m[0] for m in loop.messages(server.take())]) == asked
    client, server = meet(keys())
    assert not server.session.anonymous and server.session.peer_certificate is None


def test_a_pre_shared_key_is_enough():
    theirs, ours = keys()
    for k in (theirs, ours):
        k.load_psk(b"0123456789abcdef", "device")
    validator = Validator()
    for suite in (0x00A8, 0xD001, 0x0090):
        client, server = meet((theirs, ours), validator, suite=suite)
        assert not server.session.anonymous
    assert validator.asked == []


def request(keys, **arguments):
    client, server = pair(keys, Validator(), **arguments)
    server.feed(client.take())
    found = [m for m in loop.messages(server.take()) if m[0] == c.CERTIFICATE_REQUEST]
    assert len(found) == 1
    return found[0][4:]


def names(*chains):
    """The subjects of the chains' roots as CertificateRequest lists them."""
    subjects = [x.root.subject.public_bytes() for x in chains]
    listed = b"".join(len(s).to_bytes(2, "big") + s for s in subjects)
    return len(listed).to_bytes(2, "big") + listed


def test_the_request_names_the_cas():
    two = chain("p256", "client p256"), chain("rsa2048", "client rsa2048")
    k = keys(trusted=two[0].root_der + two[1].root_der)
    body = request(k, suite=0xC02F)
    assert body[:3] == b"\x02\x01\x40" and body.endswith(names(*two))
    n = body[3] << 8 | body[4]
    schemes = [body[5 + i] << 8 | body[6 + i] for i in range(0, n, 2)]
    assert 5 + n == len(body) - len(names(*two))
    assert schemes == [0x0403, 0x0807, 0x0804, 0x0809, 0x0401]  # whose hash is the transcript's, or none
    body = request(k, suite=0xC030)
    n = body[3] << 8 | body[4]
    assert {body[6 + i] for i in range(0, n, 2)} <= {3, 5, 7, 10, 1} and 0x0503 in [body[5 + i] << 8 | body[6 + i] for i in range(0, n, 2)]
    for version in VERSIONS[:3]:
        assert request(k, version=version) == b"\x02\x01\x40" + names(*two)


def test_an_empty_request(monkeypatch):
    """No CA is loaded: only where SERVER_CAN_SEND_EMPTY_CERT_REQUEST allows it."""
    k = keys(trusted=b"")
    assert k[1].anchors == []
    assert request(k, version=c.TLS1_1) == b"\x02\x01\x40\x00\x00" and request(k)[-2:] == b"\x00\x00"
    validator = Validator(0)
    client, server = meet(k, validator)
    assert validator.asked[0][2] == c.ALERT_UNKNOWN_CA and not server.session.anonymous
    monkeypatch.setattr(server_start, "_SERVER_CAN_SEND_EMPTY_CERT_REQUEST", 0)
    with pytest.raises(mxtls.Error) as caught:
        mxtls.ServerSession(k[1], Validator())
    assert loop.check_text(caught.value).code == c.ARG_FAIL and "SERVER_CAN_SEND_EMPTY_CERT_REQUEST" in caught.value.text
    mxtls.ServerSession(k[1])  # without a validator there is nothing to ask
    client, server = meet(k)
    with pytest.raises(mxtls.Error) as caught:
        server.session.encode_rehandshake(cert_validator=Validator())
    assert caught.value.code == c.ARG_FAIL


def test_long_chains_and_short_records():
    client, server = loop.pair(keys("rsa2048"), client={"max_record": 512}, server={"cert_validator": Validator(), "max_record": 512})
    loop.connect(client, server, chunk=3)
    long = pki.chain(key="p256", intermediates=4, tag="client long", eku=("client",), names=())
    theirs, ours = mxtls.Keys(), mxtls.Keys()
    theirs.load_rsa_keys_mem(b"".join(long.chain_ders), long.key_der, chain("p256").root_der)
    ours.load_rsa_keys_mem(b"".join(chain("p256").chain_ders), chain("p256").key_der, long.root_der)
    validator = Validator()
    meet((theirs, ours), validator)
    seen, certificate = 0, validator.asked[0][1]
    while certificate:
        seen, certificate = seen + 1, certificate.next
    assert seen == 5


# The client's choice


def answer_to(kinds, schemes, kind="p256", version=c.TLS1_2):
    """What the client sends first when a CertificateRequest says this."""
    client, server = pair(keys(kind), Validator(), version, 0xC02F if version == c.TLS1_2 else 0xC013)
    server.feed(client.take())
    flight = loop.messages(server.take())
    body = bytes([len(kinds)]) + kinds + (len(schemes).to_bytes(2, "big") + schemes if version == c.TLS1_2 else b"") + b"\x00\x00"
    flight = [loop.message(c.CERTIFICATE_REQUEST, body) if m[0] == c.CERTIFICATE_REQUEST else m for m in flight]
    client.feed(b"".join(loop.record(m, version=version) for m in flight))
    assert not client.error, client.error.text
    return loop.messages(client.take())


NONE = loop.message(c.CERTIFICATE, b"\x00\x00\x00")


@pytest.mark.parametrize("kinds, schemes, kind, fits", (
    (b"\x01\x40", b"\x04\x03\x04\x01", "p256", True), (b"\x40", b"\x04\x03", "p384", True), (b"\x01", b"\x04\x03\x04\x01", "p256", False), (b"\x01\x40", b"\x08\x04", "p256", False),
    (b"\x40\x01", b"\x04\x03\x08\x04", "rsa2048", True), (b"\x40", b"\x04\x03\x08\x04", "rsa2048", False), (b"\x01\x40", b"\x04\x03", "rsa2048", False),
    (b"\x01", b"\x02\x01\x02\x03", "rsa2048", False), (b"\x01", b"\x05\x01", "rsa2048", False), (b"", b"\x04\x03", "p256", False), (b"\x02\x03\x04", b"\x04\x01\x04\x03", "rsa2048", False),
))
def test_a_certificate_where_it_fits(kinds, schemes, kind, fits):
    """Its kind and a scheme are asked for; a client whose certificate does not fit says that it has none."""
    sent = answer_to(kinds, schemes, kind)
    assert [m[0] for m in sent] == ([c.CERTIFICATE, c.CLIENT_KEY_EXCHANGE, c.CERTIFICATE_VERIFY] if fits else [c.CERTIFICATE, c.CLIENT_KEY_EXCHANGE])
    assert (sent[0] != NONE) == fits


def test_kinds_before_schemes_existed():
    for kinds, kind, fits in ((b"\x01", "rsa2048", True), (b"\x40", "rsa2048", False), (b"\x40", "p256", True), (b"\x01", "p256", False)):
        assert (answer_to(kinds, b"", kind, c.TLS1_0)[0] != NONE) == fits


# A client without a certificate


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suite", (0x002F, 0x0033))
def test_without_a_certificate(version, suite):
    """The validator is asked about None; only ALLOW_ANON_CONNECTION lets the client in. In SSL 3.0 a warning says it."""
    for answer, alert in ((0, c.ALERT_HANDSHAKE_FAILURE), (None, c.ALERT_HANDSHAKE_FAILURE), (c.ALERT_BAD_CERTIFICATE, c.ALERT_HANDSHAKE_FAILURE), (c.ALERT_ACCESS_DENIED, c.ALERT_ACCESS_DENIED), (-1, c.ALERT_INTERNAL_ERROR)):
        validator = Validator(answer)
        client, server = pair(keys(None), validator, version, suite)
        error = refused(client, server, alert)
        assert error.code == c.CERT_AUTH_FAIL and validator.asked == [(server.session, None, c.ALERT_BAD_CERTIFICATE)]
    validator = Validator(c.ALLOW_ANON_CONNECTION)
    client, server = pair(keys(None), validator, version, suite)
    loop.pump(client, server)
    assert client.complete and server.complete and server.session.anonymous and not client.session.anonymous
    assert server.alerts == ([(1, c.ALERT_NO_CERTIFICATE)] if version == c.SSL3 else [])
    assert validator.asked == [(server.session, None, c.ALERT_BAD_CERTIFICATE)] and server.session.peer_certificate is None
    loop.carry(client, server, b"anonymous")
    loop.carry(server, client, b"anonymous")


def test_no_certificate_is_of_ssl3_alone():
    """The warning in the place of a Certificate message means nothing in TLS."""
    for version in VERSIONS[1:]:
        validator = Validator(c.ALLOW_ANON_CONNECTION)
        client, server = pair(keys(None), validator, version, 0x002F)
        server.feed(client.take())
        server.take()
        server.feed(loop.record(b"\x01\x29", c.ALERT, version))
        assert server.alerts == [(1, 41)] and validator.asked == [] and server.session.state == c.WAIT_CLIENT_CERTIFICATE
        server.feed(loop.record(loop.message(c.CLIENT_KEY_EXCHANGE, bytes(258)), version=version))
        loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


def test_no_certificate_too_early():
    client, server = pair(keys(None), Validator(c.ALLOW_ANON_CONNECTION), c.SSL3)
    server.feed(loop.record(b"\x01\x29", c.ALERT, c.SSL3))
    server.feed(client.take())
    assert server.session.state == c.WAIT_CLIENT_CERTIFICATE


def test_a_request_that_nobody_answers():
    """ClientKeyExchange where a Certificate message is due."""
    client, server = pair(keys(), Validator(), suite=0xC02F)
    server.feed(client.take())
    flight = [m for m in loop.messages(server.take()) if m[0] != c.CERTIFICATE_REQUEST]
    client.feed(b"".join(loop.record(m) for m in flight))
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


def test_a_certificate_that_nobody_asked_for(monkeypatch):
    monkeypatch.setattr(server_module, "_request_certificate", lambda session, hs, w: None)
    client, server = pair(keys(), None, suite=0xC02F)
    server.feed(client.take())
    flight = loop.messages(server.take())
    request = loop.message(c.CERTIFICATE_REQUEST, b"\x01\x40\x00\x02\x04\x03\x00\x00")
    client.feed(b"".join(loop.record(m) for m in flight[:-1] + [request, flight[-1]]))
    server.feed(client.take())
    loop.check_failed(server, c.ALERT_UNEXPECTED_MESSAGE, c.PROTOCOL_FAIL)


# CertificateVerify


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_signature(monkeypatch, version, kind):
    client, server = pair(keys(kind), Validator(), version, 0x002F)
    server.feed(client.take())
    real = signed.sign
    with monkeypatch.context() as m:
        m.setattr(signed, "sign", lambda scheme, key, digest: real(scheme, key, bytes([digest[0] ^ 1]) + digest[1:]))
        client.feed(server.take())
    assert refused(client, server, c.ALERT_DECRYPT_ERROR).code == c.PROTOCOL_FAIL


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_is_not_the_certificates(version, kind):
    k = keys(kind)
    k[0].private = loop.keys_of(pki.chain(key={"rsa2048": "rsa3072", "p256": "p384", "p384": "p256"}[kind], tag="other key"))[1].private
    refused(*pair(k, Validator(0), version, 0x002F), c.ALERT_DECRYPT_ERROR)


@pytest.mark.parametrize("scheme, alert", ((0x0503, c.ALERT_ILLEGAL_PARAMETER), (0x0603, c.ALERT_ILLEGAL_PARAMETER), (0x0203, c.ALERT_ILLEGAL_PARAMETER), (0x0401, c.ALERT_ILLEGAL_PARAMETER)))
def test_a_scheme_that_was_not_asked_for(monkeypatch, scheme, alert):
    real = signed.make

    def make(session, used, digest):
        body = real(session, used, digest)
        return scheme.to_bytes(2, "big") + body[2:] if session.client else body

    monkeypatch.setattr(signed, "make", make)
    refused(*pair(keys(), Validator(), suite=0xC02F), alert)


def test_no_certificate_verify(monkeypatch):
    """Whoever shows a certificate must prove that the key is his."""
    monkeypatch.setattr(client_module, "_send_verify", lambda session, hs: None)
    for version in VERSIONS:
        refused(*pair(keys(), Validator(), version, 0x002F), c.ALERT_UNEXPECTED_MESSAGE)


def test_certificate_verify_without_a_certificate(monkeypatch):
    def send(session, hs):
        hs.scheme = 0
        real(session, hs)
        hs.scheme = 0x0403

    real = client_module._send_certificate
    monkeypatch.setattr(client_module, "_send_certificate", send)
    refused(*pair(keys(), Validator(c.ALLOW_ANON_CONNECTION), suite=0xC02F), c.ALERT_UNEXPECTED_MESSAGE)


# What the validator says


def stranger():
    """A client whose CA the server does not know."""
    k = keys("p256")
    return k[0], keys("rsa2048", trusted=chain("rsa2048", "client rsa2048").root_der)[1]


BAD = {
    "stranger": (stranger, c.ALERT_UNKNOWN_CA),
    "expired": (lambda: keys("p256", expired=True, trusted=chain("p256", "client p256", expired=True).root_der), c.ALERT_BAD_CERTIFICATE),
    "purpose": (lambda: keys("p256", eku=("server",), trusted=chain("p256", "client p256", eku=("server",)).root_der), c.ALERT_BAD_CERTIFICATE),
}


@pytest.mark.parametrize("which", BAD)
@pytest.mark.parametrize("version", (c.SSL3, c.TLS1_2))
def test_the_validators_answers(which, version):
    """Its alert is one of two; it has the last word."""
    make, alert = BAD[which]
    validator = Validator()
    refused(*pair(make(), validator, version, 0x002F), alert)
    assert [a[2] for a in validator.asked] == [alert]
    for answer, expected in ((c.ALERT_CERTIFICATE_REVOKED, c.ALERT_CERTIFICATE_REVOKED), (-7, c.ALERT_INTERNAL_ERROR)):
        assert refused(*pair(make(), Validator(answer), version, 0x002F), expected).code == c.CERT_AUTH_FAIL
    client, server = meet(make(), Validator(0), version, 0x002F)
    assert not server.session.anonymous
    client, server = meet(make(), Validator(c.ALLOW_ANON_CONNECTION), version, 0x002F)
    assert server.session.anonymous


def test_a_validator_that_raises():
    def validator(session, certificate, alert):
        raise KeyError("the application's own")

    refused(*pair(keys(), validator), c.ALERT_INTERNAL_ERROR)


# Options, later handshakes


def test_disable_and_enable():
    validator = Validator()
    client, server = pair(keys(), validator)
    server.session.set_session_option(c.OPTION_DISABLE_CLIENT_AUTH)
    loop.connect(client, server)
    assert validator.asked == []
    client.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    loop.pump(client, server)
    assert validator.asked == [] and client.session.state == c.OPEN
    server.session.set_session_option(c.OPTION_ENABLE_CLIENT_AUTH)
    server.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    loop.pump(client, server)
    assert len(validator.asked) == 1 and not server.session.anonymous and server.session.state == c.OPEN
    loop.carry(client, server, b"known by now")
    server.session.set_session_option(c.OPTION_DISABLE_CLIENT_AUTH)
    server.session.encode_rehandshake(session_option=c.OPTION_FULL_HANDSHAKE)
    loop.pump(client, server)
    assert len(validator.asked) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_ask_later(version):
    """A rehandshake with a validator asks, with whatever the client has got in the meantime."""
    k = keys(None)
    client, server = meet(k, None, version, 0x002F)
    validator = Validator()
    client.session.keys = keys()[0]
    server.session.encode_rehandshake(cert_validator=validator)
    loop.pump(client, server)
    assert not client.error and not server.error
    assert len(validator.asked) == 1 and validator.asked[0][1] is not None and not server.session.anonymous
    assert client.session.state == server.session.state == c.OPEN
    loop.carry(client, server, b"under a name")


def test_a_rehandshake_that_is_refused():
    client, server = meet(keys(None))
    server.session.encode_rehandshake(cert_validator=Validator())
    loop.pump(client, server)
    assert server.error.alert == c.ALERT_HANDSHAKE_FAILURE and client.alerts == [(2, c.ALERT_HANDSHAKE_FAILURE)]


# Resumption


def meet_again(k, sid, validator, disable=False):
    client, server = loop.pair(k, client={"session_id": sid}, server={"cert_validator": validator})
    if disable:
        server.session.set_session_option(c.OPTION_DISABLE_CLIENT_AUTH)
    loop.connect(client, server)
    loop.carry(client, server, b"data")
    return server.session


def test_resumption_keeps_authentication():
    k, sid, validator = keys(), mxtls.SessionId(), Validator()
    assert not meet_again(k, sid, validator).resumed
    for _ in range(2):
        session = meet_again(k, sid, validator)
        assert session.resumed and not session.anonymous and len(validator.asked) == 1


def test_who_was_not_asked_is_asked():
    """A session without a certificate is not resumed where one is wanted."""
    k, sid, validator = keys(), mxtls.SessionId(), Validator()
    meet_again(k, sid, None)
    assert meet_again(k, sid, None).resumed
    session = meet_again(k, sid, validator)
    assert not session.resumed and len(validator.asked) == 1 and not session.anonymous
    assert meet_again(k, sid, None).resumed  # the stronger session does where nobody asks


@pytest.mark.parametrize("kind", (None, "p256"))
def test_the_anonymous_are_asked_again(kind):
    k, sid, validator = keys(kind), mxtls.SessionId(), Validator(c.ALLOW_ANON_CONNECTION)
    for i in range(1, 3):
        session = meet_again(k, sid, validator)
        assert not session.resumed and session.anonymous and len(validator.asked) == i
    assert meet_again(k, sid, validator, disable=True).resumed
