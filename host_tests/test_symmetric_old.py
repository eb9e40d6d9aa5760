# SPDX-License-Identifier: MIT
"""ChaCha20-Poly1305, CCM and the ciphers that RFCs have retired, against the cryptography package."""

import os
import time

import pytest
from hypothesis import given, settings, strategies as st

from mxtls.crypto.ccm import Ccm
from mxtls.crypto.chacha20poly1305 import ChaCha20Poly1305
from mxtls.crypto.des3 import Des3Cbc
from mxtls.crypto.rc4 import Rc4
from mxtls.crypto.seed import SeedCbc
from mxtls.kernels.chacha20 import chacha20_xor

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives.ciphers import (  # noqa: E402
    Cipher,
    aead,  # noqa: E402
    algorithms,
    modes,
)

retired = pytest.importorskip("cryptography.hazmat.decrepit.ciphers.algorithms")


def binary(n):
    return st.binary(min_size=n, max_size=n)


@settings(max_examples=60, deadline=None)
@given(binary(32), binary(12), st.integers(0, 2**32 - 100), st.integers(0, 5000), st.integers(0, 40))
def test_chacha20(key, nonce, count, n, off):
    counter = count.to_bytes(4, "little")
    text = os.urandom(n)
    buf = bytearray(off) + text + bytes(5)
    chacha20_xor(bytearray(key + counter + nonce), buf, off, n)
    want = Cipher(algorithms.ChaCha20(key, counter + nonce), None).encryptor().update(text)
    assert buf == bytes(off) + want + bytes(5)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(((ChaCha20Poly1305, 32, 16), (Ccm, 16, 16), (Ccm, 24, 8), (Ccm, 32, 8))),
    binary(32),
    binary(12),
    st.binary(max_size=70),
    st.binary(max_size=3000),
    st.integers(0, 20),
)
def test_aead(which, key, nonce, aad, text, off):
    make, size, tag = which
    key = key[:size]
    if make is Ccm:
        ours, theirs = Ccm(key, tag), aead.AESCCM(key, tag)
    else:
        ours, theirs = make(key), aead.ChaCha20Poly1305(key)
    n = len(text)
    buf = bytearray(off) + text + bytes(tag + 3)
    ours.seal(aad + nonce, buf, off, n)
    assert buf == bytes(off) + theirs.encrypt(nonce, text, aad) + bytes(3)
    assert ours.open(aad + nonce, buf, off, n) == 1
    assert buf[off : off + n] == text


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(((Des3Cbc, "TripleDES", 24), (SeedCbc, "SEED", 16))), binary(24), binary(16), st.integers(0, 40), st.integers(0, 9))
def test_cbc(which, key, iv, count, off):
    make, name, size = which
    key, iv, text = key[:size], iv[: make.block], os.urandom(make.block * count)
    sealed = Cipher(getattr(retired, name)(key), modes.CBC(iv)).encryptor().update(text)
    cipher, buf, chain = make(key), bytearray(off) + text + bytes(3), bytearray(iv)
    cipher.encrypt(chain, buf, off, len(text))
    assert buf == bytes(off) + sealed + bytes(3) and chain == (sealed[-make.block :] or iv)
    chain = bytearray(iv)
    cipher.decrypt(chain, buf, off, len(text))
    assert buf == bytes(off) + text + bytes(3) and chain == (sealed[-make.block :] or iv)


def test_3des_decrypts_many_chunks():
    key, iv, text = os.urandom(24), os.urandom(8), os.urandom(16392)
    buf = bytearray(Cipher(retired.TripleDES(key), modes.CBC(iv)).encryptor().update(text))
    Des3Cbc(key).decrypt(bytearray(iv), buf, 0, 16392)
    assert buf == text


@settings(max_examples=30, deadline=None)
@given(st.sampled_from((5, 7, 16, 32)).flatmap(binary), st.binary(max_size=600), st.integers(0, 600))
def test_rc4(key, text, cut):
    cut = min(cut, len(text))
    buf, rc4 = bytearray(text), Rc4(key)
    rc4.crypt(buf, 0, cut)
    rc4.crypt(buf, cut, len(text) - cut)
    assert buf == Cipher(retired.ARC4(key), None).encryptor().update(text)


def test_chacha20poly1305_speed():
    """11 MB/s on an idle core; fail only far below it."""
    cipher, buf = ChaCha20Poly1305(bytes(32)), bytearray(16384 + 16)
    best = 0
    for _ in range(5):
        start = time.perf_counter()
        cipher.seal(bytes(12), buf, 0, 16384)
        best = max(best, 16384 / (time.perf_counter() - start))
    print("ChaCha20-Poly1305, pure: %.1f MB/s" % (best / 1e6))
    assert best > 2e6
