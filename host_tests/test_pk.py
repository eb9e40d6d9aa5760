# SPDX-License-Identifier: MIT
"""Public-key cryptography against the package `cryptography`: either side signs, encrypts or agrees, the other checks."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa as peer_rsa, utils, x25519 as peer_x25519
from hypothesis import given, settings, strategies as st

from mxtls.codes import KEY_EC, KEY_RSA
from mxtls.crypto import ecdsa, rsa, sign
from mxtls.errors import Error
from mxtls.kernels import ec as kernel
from mxtls.kernels.x25519 import x25519
from mxtls.x509.pubkey import PrivateKey

CURVES = {23: (ec.SECP256R1(), 32), 24: (ec.SECP384R1(), 48), 25: (ec.SECP521R1(), 66)}
HASHES = {2: hashes.SHA1(), 4: hashes.SHA256(), 5: hashes.SHA384(), 6: hashes.SHA512()}
ORDERS = {row[0]: row[3] for row in kernel._CURVES}


def ec_pair(curve, d):
    """The peer's key and ours, for one scalar."""
    peer, size = CURVES[curve]
    theirs = ec.derive_private_key(d, peer)
    numbers = theirs.public_key().public_numbers()
    ours = PrivateKey(KEY_EC)
    ours.curve = curve
    ours.bits = peer.key_size
    ours.d = bytearray(d.to_bytes(size, "big"))
    ours.point = numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")
    return theirs, ours


@pytest.fixture(scope="module", params=(1024, 1025, 1032, 2048))
def rsa_pair(request):
    theirs = peer_rsa.generate_private_key(65537, request.param)
    n = theirs.private_numbers()
    ours = PrivateKey(KEY_RSA)
    ours.bits = request.param
    half = (n.p.bit_length() + 7) // 8
    ours.n = n.public_numbers.n.to_bytes((request.param + 7) // 8, "big")
    ours.e = b"\x01\x00\x01"
    ours.crt = bytearray(b"".join(x.to_bytes(half, "big") for x in (n.p, n.q, n.dmp1, n.dmq1, n.iqmp)))
    return theirs, ours


def peer_accepts(verify, *args):
    try:
        verify(*args)
        return True
    except InvalidSignature:
        return False


scalars = st.sampled_from(sorted(CURVES)).flatmap(lambda c: st.tuples(st.just(c), st.integers(1, ORDERS[c] - 1), st.integers(1, ORDERS[c] - 1)))


@given(scalars)
@settings(max_examples=60, deadline=None)
def test_ecdh_agrees(case):
    curve, a, b = case
    theirs, ours = ec_pair(curve, a)
    other, _ = ec_pair(curve, b)
    size = CURVES[curve][1]
    public = bytearray(2 * size)
    shared = bytearray(size)
    assert kernel.ec_public(curve, public, ours.d) == 1
    assert public == ours.point
    assert kernel.ec_ecdh(curve, shared, b.to_bytes(size, "big"), public) == 1
    assert shared == other.exchange(ec.ECDH(), theirs.public_key())


@given(scalars, st.sampled_from((4, 5, 6)), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_ecdsa_both_ways(case, alg, message):
    curve, d, _ = case
    theirs, ours = ec_pair(curve, d)
    digest = hashlib.new(HASHES[alg].name, message).digest()
    deterministic = ecdsa.sign(ours, alg, digest)
    if int.from_bytes(digest, "big") < ORDERS[curve] or len(digest) > len(ours.d):  # see the docstring of ecdsa.sign
        assert deterministic == theirs.sign(message, ec.ECDSA(HASHES[alg], deterministic_signing=True))
    for sig in (deterministic, sign.sign(alg << 8 | 3, ours, digest)):
        assert peer_accepts(theirs.public_key().verify, bytes(sig), message, ec.ECDSA(HASHES[alg]))
    sig = theirs.sign(message, ec.ECDSA(HASHES[alg]))
    assert sign.verify(alg << 8 | 3, ours, digest, sig)
    r, s = utils.decode_dss_signature(sig)
    assert not ecdsa.verify(ours, digest, utils.encode_dss_signature(r, (s + 1) % ORDERS[curve]))


@given(st.binary(max_size=150) | st.tuples(st.integers(0, 1 << 260), st.integers(0, 1 << 260)).map(lambda v: utils.encode_dss_signature(*v)))
@settings(max_examples=400, deadline=None)
def test_der_is_strict(data):
    raw = ecdsa.raw_from_der(data, 32)
    if raw is None:
        try:
            r, s = utils.decode_dss_signature(data)
        except ValueError:
            return
        assert not (0 < r < 1 << 256 and 0 < s < 1 << 256) or utils.encode_dss_signature(r, s) != data
    else:
        assert ecdsa.der_from_raw(raw) == data


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
@settings(max_examples=60, deadline=None)
def test_x25519_agrees(a, b):
    theirs = peer_x25519.X25519PrivateKey.from_private_bytes(a)
    public = bytearray(32)
    shared = bytearray(32)
    assert x25519(public, b, (9).to_bytes(32, "little")) == 1
    assert x25519(shared, a, public) == 1
    assert shared == theirs.exchange(peer_x25519.X25519PublicKey.from_public_bytes(bytes(public)))
    assert shared == peer_x25519.X25519PrivateKey.from_private_bytes(b).exchange(theirs.public_key())


def test_rsa_both_ways(rsa_pair):
    theirs, ours = rsa_pair
    for scheme in (0x0201, 0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806):
        alg = sign.hash_of(scheme)
        digest = hashlib.new(HASHES[alg].name, b"message").digest()
        pad = padding.PSS(padding.MGF1(HASHES[alg]), len(digest)) if scheme >> 8 == 8 else padding.PKCS1v15()
        if not sign.scheme_fits(scheme, ours):
            assert scheme == 0x0806 and ours.bits < 1040
            with pytest.raises(Error):
                sign.sign(scheme, ours, digest)
            continue
        for _ in range(3):
            sig = sign.sign(scheme, ours, digest)
            assert peer_accepts(theirs.public_key().verify, bytes(sig), b"message", pad, HASHES[alg])
            sig = theirs.sign(b"message", pad, HASHES[alg])
            assert sign.verify(scheme, ours, digest, sig)
            assert not sign.verify(scheme, ours, digest, sig[:-1] + bytes((sig[-1] ^ 1,)))


def test_premaster_both_ways(rsa_pair):
    theirs, ours = rsa_pair
    secret = b"\x03\x01" + bytes(range(46))
    out = bytearray(48)
    rsa.decrypt_premaster(ours, theirs.public_key().encrypt(secret, padding.PKCS1v15()), 0x0301, out)
    assert out == secret
    assert theirs.decrypt(bytes(rsa.encrypt(ours, secret)), padding.PKCS1v15()) == secret
    rsa.decrypt_premaster(ours, theirs.public_key().encrypt(secret[1:], padding.PKCS1v15()), 0x0301, out)
    assert out != secret


def test_schemes_fit_their_keys():
    ours = ec_pair(23, 5)[1]
    assert sign.scheme_fits(0x0403, ours) and sign.scheme_fits(0x0603, ours)
    assert not sign.scheme_fits(0x0401, ours) and not sign.scheme_fits(0x0804, ours) and not sign.scheme_fits(0x9999, ours)
    key = PrivateKey(KEY_RSA)
    key.bits = 2048
    assert sign.scheme_fits(0x0401, key) and sign.scheme_fits(0x0806, key) and not sign.scheme_fits(0x0809, key)
    key.pss = True
    assert not sign.scheme_fits(0x0401, key) and not sign.scheme_fits(0x0804, key) and sign.scheme_fits(0x0809, key)
    assert not sign.verify(0x0401, key, bytes(32), bytes(256))
    with pytest.raises(Error):
        sign.hash_of(0x0101)
    with pytest.raises(Error):
        sign.sign(0x0403, ours, bytes(31))
