# SPDX-License-Identifier: MIT
"""TLS 1.3's Certificate, CertificateRequest and CertificateVerify, of clients too, and which alert answers a peer that lies (RFC 8446
sections 4.3.2, 4.4.2 and 4.4.3)."""

import loop
import pytest
from tls13 import KINDS, NAME, SCHEME_LIST, SHARE, client_keys, connect, exchange, extensions, fails, judge, pair, put_together, rewrite

from mxtls import codes as c

# Client certificates


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suite", (0x1301, 0x1302), ids=lambda v: "%04X" % v)
def test_client_certificates(kind, suite):
    seen = []
    client, server = pair(client_keys(kind=kind), client={"cipher_suite": suite}, server={"cert_validator": lambda s, x, a: seen.append(x) or a})
    connect(client, server)
    assert seen[0].subject.common_name == "device" and not server.session.anonymous and server.session.peer_certificate is seen[0]
    exchange(client, server)


@pytest.mark.parametrize("answer", (0, None, c.ALLOW_ANON_CONNECTION))
def test_a_client_without_a_certificate(answer):
    """A validator that answers what it is asked refuses with certificate_required (section 4.4.2.4)."""
    client, server = pair(client_keys(own=False), server={"cert_validator": lambda s, x, a: a if answer is None else answer})
    if answer:
        connect(client, server)
        assert server.session.anonymous
        exchange(client, server)
    else:
        fails(client, server, c.ALERT_CERTIFICATE_REQUIRED, "server")


def test_a_client_that_is_not_trusted():
    fails(*pair(client_keys(trusted=False), server={"cert_validator": judge}), c.ALERT_UNKNOWN_CA, "server")


def test_a_client_whose_key_fits_no_scheme(monkeypatch):
    """It shows no certificate, rather than sign with what was not asked for (section 4.4.2)."""
    client, server = pair(client_keys(), server={"cert_validator": lambda s, x, a: c.ALLOW_ANON_CONNECTION})
    rewrite(monkeypatch, server, c.CERTIFICATE_REQUEST, lambda body: body[:1] + put_together(b"", [(SCHEME_LIST, b"\x00\x02\x08\x04")]))
    connect(client, server)
    assert server.session.anonymous


@pytest.mark.parametrize("change, alert", (
    (lambda body: body[:-1] + bytes([body[-1] ^ 1]), c.ALERT_DECRYPT_ERROR),
    (lambda body: b"\x08\x04" + body[2:], c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: None, c.ALERT_UNEXPECTED_MESSAGE),
    (lambda body: [loop.message(c.CERTIFICATE_VERIFY, body)] * 2, c.ALERT_UNEXPECTED_MESSAGE),
), ids=("signature", "scheme", "missing", "twice"))
def test_a_client_that_does_not_hold_its_key(monkeypatch, change, alert):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, client, c.CERTIFICATE_VERIFY, change)
    fails(client, server, alert, "server")


@pytest.mark.parametrize("change, alert", (
    (lambda body: b"\x01\x07" + body[1:], c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: body[:1] + b"\x00\x00", c.ALERT_MISSING_EXTENSION),
    (lambda body: body[:1] + put_together(b"", [(SCHEME_LIST, b"\x00\x00")]), c.ALERT_DECODE_ERROR),
    (lambda body: body[:1] + put_together(b"", [(SCHEME_LIST, b"\x00\x03\x04\x03\x08")]), c.ALERT_DECODE_ERROR),
    (lambda body: body[:1] + put_together(b"", [(SCHEME_LIST, b"\x00\x02\x04\x03")] * 2), c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: body[:1] + put_together(b"", extensions(body[1:]) + [(SHARE, b"\x00\x17")]), c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: body[:1] + put_together(b"", extensions(body[1:]) + [(NAME, b"")]), c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: [loop.message(c.CERTIFICATE_REQUEST, body)] * 2, c.ALERT_UNEXPECTED_MESSAGE),
    (lambda body: body[:-1], c.ALERT_DECODE_ERROR),
    (lambda body: body + b"\x00", c.ALERT_DECODE_ERROR),
), ids=("context", "no schemes", "empty", "odd", "twice in it", "key_share", "server_name", "twice", "short", "long"))
def test_malformed_requests(monkeypatch, change, alert):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, server, c.CERTIFICATE_REQUEST, change)
    fails(client, server, alert, "client")


def test_unknown_extensions_of_a_request_mean_nothing(monkeypatch):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, server, c.CERTIFICATE_REQUEST, lambda body: body[:1] + put_together(b"", extensions(body[1:]) + [(0x7A7A, b"grease"), (50, b"\x00\x02\x04\x03")]))
    connect(client, server)
    assert not server.session.anonymous


def test_a_request_that_nobody_may_send(monkeypatch):
    """A server that took a pre-shared key does not ask (section 4.3.2)."""
    client, server = pair("psk")
    rewrite(monkeypatch, server, c.ENCRYPTED_EXTENSIONS, lambda body: [
        loop.message(c.ENCRYPTED_EXTENSIONS, body), loop.message(c.CERTIFICATE_REQUEST, b"\x00" + put_together(b"", [(SCHEME_LIST, b"\x00\x02\x04\x03")]))])
    fails(client, server, c.ALERT_UNEXPECTED_MESSAGE, "client")


# Certificate messages


@pytest.mark.parametrize("by", ("client", "server"))
@pytest.mark.parametrize("change, alert", (
    (lambda body: b"\x01\x07" + body[1:], c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: body[:-2] + b"\x00\x04\x00\x05\x00\x00", c.ALERT_DECODE_ERROR),
    (lambda body: entries(body, lambda e: [(e[0][0], b"\x00\x05\x00\x04\x01\x00\x00\x00")] + e[1:]), c.ALERT_UNSUPPORTED_EXTENSION),
    (lambda body: entries(body, lambda e: [(e[0][0], b"\x7a\x7a\x00\x00")] + e[1:]), c.ALERT_UNSUPPORTED_EXTENSION),
    (lambda body: entries(body, lambda e: [(e[0][0], b"\x00\x33\x00\x00")] + e[1:]), c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: entries(body, lambda e: [(e[0][0], b"\x00\x2b\x00\x02\x03\x04")] + e[1:]), c.ALERT_ILLEGAL_PARAMETER),
    (lambda body: entries(body, lambda e: [(e[0][0], b"\x00\x05\x00\x09")] + e[1:]), c.ALERT_DECODE_ERROR),
    (lambda body: entries(body, lambda e: [(e[0][0], b"\x00")] + e[1:]), c.ALERT_DECODE_ERROR),
    (lambda body: entries(body, lambda e: [(b"", b"")] + e), c.ALERT_DECODE_ERROR),
    (lambda body: body[:-1], c.ALERT_DECODE_ERROR),
    (lambda body: body + b"\x00", c.ALERT_DECODE_ERROR),
    (lambda body: b"", c.ALERT_DECODE_ERROR),
    (lambda body: [loop.message(c.CERTIFICATE, body)] * 2, c.ALERT_UNEXPECTED_MESSAGE),
), ids=("context", "lengths", "extension", "unknown extension", "key_share", "supported_versions", "long extension", "half an extension", "no certificate", "short", "long", "empty", "twice"))
def test_malformed_certificates(monkeypatch, by, change, alert):
    client, server = pair(client_keys(), server={"cert_validator": judge})
    rewrite(monkeypatch, server if by == "client" else client, c.CERTIFICATE, change)
    fails(client, server, alert, by)


def entries(body, change):
    """The Certificate message with another list of (certificate, extensions)."""
    found, at = [], 4
    while at < len(body):
        n = int.from_bytes(body[at : at + 3], "big")
        m = body[at + 3 + n] << 8 | body[at + 4 + n]
        found.append((body[at + 3 : at + 3 + n], body[at + 5 + n : at + 5 + n + m]))
        at += 5 + n + m
    data = b"".join(len(x).to_bytes(3, "big") + x + len(y).to_bytes(2, "big") + y for x, y in change(found))
    return b"\x00" + len(data).to_bytes(3, "big") + data


def test_a_server_without_a_certificate(monkeypatch):
    client, server = pair()
    rewrite(monkeypatch, server, c.CERTIFICATE, lambda body: bytes(4))
    fails(client, server, c.ALERT_DECODE_ERROR, "client")
