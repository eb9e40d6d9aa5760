# SPDX-License-Identifier: MIT
"""AES, GCM and the record protections against the cryptography package, with whatever hypothesis thinks of."""

import os
import time

import pytest
from hypothesis import given, settings, strategies as st

from mxtls.crypto.gcm import Gcm
from mxtls.kernels.aes import AES_CTX, aes_cbc_decrypt, aes_cbc_encrypt, aes_ctr, aes_expand

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402

keys = st.sampled_from((16, 24, 32)).flatmap(lambda n: st.binary(min_size=n, max_size=n))
blocks = st.binary(min_size=16, max_size=16)


def expanded(key):
    ctx = bytearray(AES_CTX)
    aes_expand(ctx, key, 0, len(key))
    return ctx


@settings(max_examples=60, deadline=None)
@given(keys, blocks, st.integers(0, 9000), st.integers(0, 40))
def test_ctr(key, ctr, n, off):
    # OpenSSL counts in 128 bits: keep the counter from passing 2**32 (the portable test does that).
    ctr = ctr[:12] + b"\0" + ctr[13:]
    buf = bytearray(os.urandom(off + n + 5))
    want = buf[:off] + Cipher(algorithms.AES(key), modes.CTR(ctr)).encryptor().update(bytes(buf[off : off + n])) + buf[off + n :]
    aes_ctr(expanded(key), bytearray(ctr), buf, off, n)
    assert buf == want


@settings(max_examples=40, deadline=None)
@given(keys, blocks, st.integers(0, 600), st.integers(0, 40))
def test_cbc(key, iv, count, off):
    n = 16 * count if count < 40 else 16 * (count % 40)
    buf = bytearray(os.urandom(off + n + 5))
    text = bytes(buf)
    sealed = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor().update(text[off : off + n])
    want = text[:off] + sealed + text[off + n :]
    ctx = expanded(key)
    aes_cbc_encrypt(ctx, bytearray(iv), buf, off, n)
    assert buf == want
    chain = bytearray(iv)
    aes_cbc_decrypt(ctx, chain, buf, off, n)
    assert buf == text and chain == (sealed[-16:] or iv)


def test_cbc_decrypts_many_chunks():
    key, iv, text = os.urandom(16), os.urandom(16), os.urandom(16400)
    buf = bytearray(Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor().update(text))
    aes_cbc_decrypt(expanded(key), bytearray(iv), buf, 0, 16400)
    assert buf == text


@settings(max_examples=60, deadline=None)
@given(keys, st.binary(min_size=12, max_size=12), st.binary(max_size=70), st.binary(max_size=5000), st.integers(0, 20))
def test_gcm(key, nonce, aad, text, off):
    buf = bytearray(off + len(text) + 16 + 3)
    buf[off : off + len(text)] = text
    gcm = Gcm(key)
    gcm.seal(aad + nonce, buf, off, len(text))
    assert buf == bytes(off) + AESGCM(key).encrypt(nonce, text, aad) + bytes(3)
    assert gcm.open(aad + nonce, buf, off, len(text)) == 1
    assert buf[off : off + len(text)] == text


def test_gcm_speed():
    """The pure tier is also what CPython runs: 1.2 MB/s is the aim on an idle core; fail only far below it."""
    gcm, buf = Gcm(bytes(16)), bytearray(16384 + 16)
    best = 0
    for _ in range(5):
        start = time.perf_counter()
        gcm.seal(bytes(12), buf, 0, 16384)
        best = max(best, 16384 / (time.perf_counter() - start))
    print("AES-128-GCM, pure: %.1f MB/s" % (best / 1e6))
    assert best > 4e5
