# SPDX-License-Identifier: MIT
"""SessionId.to_bytes and from_bytes, as a device uses them that sleeps between connections; and keying material that both ends export."""

import hashlib
import hmac
import importlib

import loop
import pki
import pytest

import mxtls
import mxtls_port
from mxtls import codes as c

VERSIONS = (c.TLS1_2, c.TLS1_3)


@pytest.fixture(scope="module")
def keys():
    return loop.keys_of(pki.chain(key="p256"))


def visit(keys, sid, version, **client):
    return loop.connect(*loop.pair(keys, client=dict(client, session_id=sid), max_version=version))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tickets", [True, False])
def test_a_session_outlives_sleep(keys, version, tickets):
    keys[1].tickets = tickets
    sid = mxtls.SessionId()
    visit(keys, sid, version)
    saved = sid.to_bytes()
    for _ in range(3):
        sid = mxtls.SessionId().from_bytes(saved)
        client, server = visit(keys, sid, version)
        assert client.session.resumed and server.session.resumed
        saved = sid.to_bytes()
    assert not visit(keys, mxtls.SessionId().from_bytes(b""), version)[0].session.resumed


def test_nothing_to_save():
    assert mxtls.SessionId().to_bytes() == b""


@pytest.mark.parametrize("clock", [True, False])
def test_age_counts_while_the_device_sleeps(keys, clock, monkeypatch):
    keys[1].tickets = True
    sid = mxtls.SessionId()
    visit(keys, sid, c.TLS1_3)
    now = mxtls_port.unix_time()
    monkeypatch.setattr(mxtls_port, "unix_time", lambda: now if clock else 0)
    saved = sid.to_bytes()
    monkeypatch.setattr(mxtls_port, "unix_time", lambda: now + 3600 if clock else 0)
    later = mxtls.SessionId().from_bytes(saved)
    assert later.id and abs(later.age() // 1000 - (3600 if clock else 0)) <= 2
    monkeypatch.setattr(mxtls_port, "unix_time", lambda: now + sid.lifetime if clock else 0)
    assert bool(mxtls.SessionId().from_bytes(saved).id) != clock


def test_bad_bytes(keys):
    sid = mxtls.SessionId()
    visit(keys, sid, c.TLS1_3)
    saved = sid.to_bytes()
    for bad in [saved[:n] for n in range(1, len(saved))] + [saved + b"x", b"\x02" + saved[1:], b"x"]:
        with pytest.raises(mxtls.Error) as raised:
            mxtls.SessionId().from_bytes(bad)
        assert raised.value.code == c.PARSE_FAIL


@pytest.mark.parametrize("version", [c.TLS1_0, c.TLS1_1, *VERSIONS])
def test_both_ends_export_the_same(keys, version):
    client, server = visit(keys, None, version)
    a, b = client.session, server.session
    for label, context, n in ((b"EXPERIMENTAL x", None, 32), (b"EXPERIMENTAL x", b"", 32), (b"EXPERIMENTAL x", b"context", 100)):
        assert a.export(label, context, n) == b.export(label, context, n)
    assert (a.export(b"l", None) == a.export(b"l", b"")) == (version == c.TLS1_3)
    assert len({a.export(b"l", b"1"), a.export(b"l", b"2"), a.export(b"m", b"1")}) == 3
    for bad in ((b"", None, 32), (b"l", None, 0), (b"l", None, 9000)):
        with pytest.raises(mxtls.Error):
            a.export(*bad)
    a.delete()
    with pytest.raises(mxtls.Error):
        a.export(b"l")


def test_the_exporter_of_tls_1_2_is_its_prf(keys):
    """RFC 5705 section 4 over hmac."""
    a = visit(keys, None, c.TLS1_2)[0].session
    master, seed = bytes(a.exporter[:48]), b"label" + bytes(a.exporter[48:]) + b"\0\3abc"
    h = lambda data: hmac.new(master, data, hashlib.sha256).digest()  # noqa: E731
    first = h(seed)
    assert a.export(b"label", b"abc", 64) == h(first + seed) + h(h(first) + seed)


@pytest.mark.parametrize("version", (c.TLS1_1, c.TLS1_2, c.TLS1_3), ids=lambda v: "%04X" % v)
def test_an_export_leaves_no_secret(monkeypatch, version):
    """But the one that it grows from, which another handshake replaces and a session's end overwrites."""
    client, server = loop.connect(*loop.pair(loop.psk_keys(), max_version=version))
    seen = []
    for module in ("prf", "hkdf"):
        module = importlib.import_module("mxtls.crypto." + module)
        monkeypatch.setattr(module, "hmac_of", lambda alg, secret, real=module.hmac_of: seen.append(secret) or real(alg, secret))
    kept = client.session.exporter
    client.session.export(b"label")
    assert seen and all(secret is kept or isinstance(secret, bytearray) and not any(secret) for secret in seen)
    if version != c.TLS1_3:
        client.session.encode_rehandshake()
        loop.pump(client, server)
        assert client.session.exporter is not kept and not any(kept)
    kept = client.session.exporter
    client.session.delete()
    assert not any(kept)


def test_no_export_before_the_handshake(keys):
    client, _ = loop.pair(keys)
    with pytest.raises(mxtls.Error):
        client.session.export(b"l")
