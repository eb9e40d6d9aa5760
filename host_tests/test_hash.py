# SPDX-License-Identifier: MIT
"""Hashes, HMAC, the PRF and the DRBG against Python's own hashlib and hmac, on messages that hypothesis makes up."""

import hashlib
import hmac
import os

import pytest
from hypothesis import given, strategies as st

from mxtls.crypto import drbg, prf
from mxtls.crypto.hash import BlockHash, Hash
from mxtls.crypto.hmac import BlockHmac, Hmac

ALGS = {2: "sha1", 4: "sha256", 5: "sha384", 6: "sha512"}
algs = st.sampled_from(sorted(ALGS))
hashes = st.sampled_from((Hash, BlockHash))
macs = st.sampled_from((Hmac, BlockHmac))


def test_cpython_uses_hashlib_and_the_kernels_stay_reachable():
    assert Hash is not BlockHash
    assert Hmac is not BlockHmac


@given(hashes, algs, st.lists(st.binary(max_size=300), max_size=6), st.binary(max_size=70))
def test_pieces_digests_and_forks(make, alg, pieces, tail):
    h = make(alg)
    reference = hashlib.new(ALGS[alg])
    for piece in pieces:
        h.update(b"??" + piece + b"?", 2, len(piece))
        reference.update(piece)
        assert h.digest() == reference.digest()
    fork = h.fork()
    fork.update(bytearray(tail), 0, len(tail))
    assert h.digest() == reference.digest()
    reference.update(tail)
    out = bytearray(h.size + 2)
    fork.digest_into(out, 1)
    assert bytes(out) == b"\0" + reference.digest() + b"\0"


@given(macs, algs, st.binary(max_size=300), st.lists(st.binary(max_size=200), max_size=4), st.binary(max_size=64))
def test_hmac(make, alg, key, pieces, second_key):
    mac = make(alg, key)
    out = bytearray(mac.size)
    for _ in range(2):
        for piece in pieces:
            mac.update(memoryview(piece), 0, len(piece))
        mac.digest_into(out, 0)
        assert out == hmac.digest(key, b"".join(pieces), ALGS[alg])
        mac.reset()
    mac.rekey(second_key)
    mac.digest_into(out, 0)
    assert out == hmac.digest(second_key, b"", ALGS[alg])


def p_hash(name, secret, seed, n):
    """RFC 5246 section 5, word for word."""
    a, out = seed, b""
    while len(out) < n:
        a = hmac.digest(secret, a, name)
        out += hmac.digest(secret, a + seed, name)
    return out[:n]


@given(st.sampled_from((4, 5)), st.binary(max_size=200), st.binary(max_size=30), st.binary(max_size=80), st.integers(0, 200))
def test_prf(alg, secret, label, seed, n):
    out = bytearray(n + 2)
    prf.prf(alg, secret, label, seed, out, 1, n)
    assert bytes(out) == b"\0" + p_hash(ALGS[alg], secret, label + seed, n) + b"\0"


def test_prf_over_the_kernels(monkeypatch):
    monkeypatch.setattr(prf, "hmac_of", BlockHmac)
    out = bytearray(100)
    prf.prf(5, b"secret", b"label", b"seed", out, 0, 100)
    assert out == p_hash("sha384", b"secret", b"labelseed", 100)


class Reference:
    """HMAC-DRBG as SP 800-90A section 10.1.2 writes it: a self-test's second opinion, not a vector."""

    def __init__(self, name, seed):
        self.name, size = name, hashlib.new(name).digest_size
        self.k, self.v = bytes(size), b"\x01" * size
        self.update(seed)

    def hmac(self, data):
        return hmac.digest(self.k, data, self.name)

    def update(self, data):
        self.k = self.hmac(self.v + b"\0" + data)
        self.v = self.hmac(self.v)
        if data:
            self.k = self.hmac(self.v + b"\1" + data)
            self.v = self.hmac(self.v)

    def generate(self, n):
        out = b""
        while len(out) < n:
            self.v = self.hmac(self.v)
            out += self.v
        self.update(b"")
        return out[:n]


@given(algs, macs, st.binary(min_size=1, max_size=100), st.lists(st.one_of(st.binary(min_size=1), st.integers(0, 150)), max_size=5))
def test_drbg(alg, make, seed, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drbg, "Hmac", make)
        ours = drbg.Drbg(alg, seed)
    reference = Reference(ALGS[alg], seed)
    for step in steps:
        if isinstance(step, bytes):
            ours.reseed(step)
            reference.update(step)
        else:
            out = bytearray(step)
            ours.generate(out, 0, step)
            assert out == reference.generate(step)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
def test_a_forked_child_does_not_repeat_its_parent():
    ours, theirs = bytearray(32), bytearray(32)
    drbg.random_into(ours, 0, 32)
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        drbg.random_into(theirs, 0, 32)
        os.write(w, theirs)
        os._exit(0)
    os.waitpid(child, 0)
    drbg.random_into(ours, 0, 32)
    assert os.read(r, 32) != ours
    os.close(r)
    os.close(w)
