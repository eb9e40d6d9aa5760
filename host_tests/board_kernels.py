# SPDX-License-Identifier: MIT
"""Run on an emulated board and on CPython, whose pure kernels are the specification: prints a digest of what each symmetric kernel
makes of many lengths and offsets. On the board the heap is locked meanwhile. Used by test_emulator.py."""

import hashlib

from mxtls.kernels import aes, chacha20, ghash, poly1305, sha256

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock

LENGTHS = (0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 100, 131)
data = bytearray(200)
key, iv, half = bytearray(32), bytearray(16), bytearray(16)
contexts = [bytearray(n) for n in (aes.AES_CTX, ghash.GHASH_CTX, 48, poly1305.POLY1305_CTX)]


def fill(seed):
    """The same bytes everywhere."""
    x = seed
    for buf in (data, key, iv, half):
        for i in range(len(buf)):
            x = (x * 1103 + 12345) & 0xFFFFF
            buf[i] = x >> 8 & 255


def aes_ctr(off, n):
    aes.aes_expand(contexts[0], key, 0, 16 + 8 * (n % 3))
    aes.aes_ctr(contexts[0], iv, data, off, n)


def gcm_hash(off, n):
    ghash.ghash_key(contexts[1], half)
    ghash.ghash(contexts[1], iv, data, off, n)


def chacha(off, n):
    chacha20.chacha20_xor(contexts[2], data, off, n)


def poly(off, n):
    poly1305.poly1305_key(contexts[3], key)
    poly1305.poly1305(contexts[3], data, off, n)
    poly1305.poly1305_tag(contexts[3], iv, 0)


def sha(off, n):
    sha256.sha256_blocks(key, data, off, n >> 6)


def extreme(byte):
    """All bits alike, where carries go far."""
    for buf in (data, key, iv, half):
        for i in range(len(buf)):
            buf[i] = byte


def report(name, call):
    every = hashlib.sha256()
    for off in range(5):
        for n in LENGTHS:
            if n < 63:
                fill(100 * off + n)
            else:
                extreme(255 * (n & 1) ^ off)
            heap_lock()
            call(off, n)
            heap_unlock()
            every.update(data)
            every.update(iv)
            every.update(key)
    print(name, every.digest().hex())


for name, call in (("AES-CTR", aes_ctr), ("GHASH", gcm_hash), ("ChaCha20", chacha), ("Poly1305", poly), ("SHA-256", sha)):
    report(name, call)
