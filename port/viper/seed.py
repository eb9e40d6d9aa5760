# SPDX-License-Identifier: MIT
"""kernels/seed.py in viper: no branch or index on a secret, no allocation. The S-boxes (RFC 4269 section 2.2) are computed for four
bytes at a time, each an inverse in GF(2^8) modulo 0x163 behind a linear map, so a block takes its time.
"""

import micropython
from micropython import const

SEED_CTX = const(128)  # the keys of 16 rounds, two words each

# Linear maps, as what becomes of each bit: x^2, x^4, x^16, and what makes the first S-box and the second of an inverse.
_MAPS = (
    b"\x01\x04\x10\x40\x63\xef\x19\x64\x01\x10\x63\x19\xf3\xc7\x22\xe6\x01\xf3\xf4\xeb\xe1\xb6\xd7\x70"
    b"\x2c\xe0\x43\x94\xd6\xde\xc0\x5b\xd0\x21\x68\xdd\x25\xd5\x1a\x35"
)
_SCRATCH = bytearray(36)  # words: what _g takes and gives, its own four, a block


@micropython.viper
def _g(x: uint, a: uint):
    """G of the scratch's first word. x and a, called with 0, are what viper keeps in registers."""
    w = ptr32(_SCRATCH)
    maps = ptr8(_MAPS)
    ones = 0x0101
    ones = ones << 16 | ones
    low = 0x7F7F
    low = low << 16 | low
    # x^254 by way of x^2, x^3, x^12, x^15, x^240, x^252: a map or a product a step.
    source = uint(w[0])
    step = 0
    while step < 9:
        x = source
        a = uint(0)
        i = 0
        if step == 0 or step == 2 or step == 4 or step >= 7:
            while i < 8:
                a ^= (x >> i & ones) * maps[i]
                i += 1
            maps = ptr8(int(maps) + 8)
        else:
            other = uint(w[0])  # step 1: x^2 x
            if step == 3:
                other = uint(w[2])  # x^12 x^3
            elif step == 5:
                other = uint(w[3])  # x^240 x^12
            elif step == 6:
                other = uint(w[1])  # x^252 x^2
            while i < 8:
                a ^= (other >> i & ones) * 255 & x
                x = (x & low) << 1 ^ (x >> 7 & ones) * 0x63
                i += 1
        if step == 0:
            w[1] = int(a)  # x^2
        elif step == 1:
            w[2] = int(a)  # x^3
        elif step == 2:
            w[3] = int(a)  # x^12
        elif step == 7:
            w[4] = int(a)  # the first S-box
        if step < 7:
            source = a
        step += 1
    x = uint(w[4])
    m = uint(0xFF)
    x = (x ^ a) & (m << 16 | m) ^ a
    m = uint(0x38A9)
    x ^= m << 16 | m
    m = uint(0x3FCF)
    m = m << 16 | 0xF3FC
    a = (x & 255) * ones & m
    m = m << 24 | m >> 8
    a ^= (x >> 8 & 255) * ones & m
    m = m << 24 | m >> 8
    a ^= (x >> 16 & 255) * ones & m
    m = m << 24 | m >> 8
    a ^= (x >> 24) * ones & m
    w[0] = int(a)


@micropython.viper
def seed_expand(ctx, key, off: int):
    """Write the round keys of a 16-byte key."""
    w = ptr32(_SCRATCH)
    k = ptr32(ctx)
    p = ptr8(int(ptr8(key)) + off)
    a = uint(p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3])
    b = uint(p[4] << 24 | p[5] << 16 | p[6] << 8 | p[7])
    c = uint(p[8] << 24 | p[9] << 16 | p[10] << 8 | p[11])
    d = uint(p[12] << 24 | p[13] << 16 | p[14] << 8 | p[15])
    r = uint(0x9E37)
    r = r << 16 | 0x79B9
    i = 0
    while i < 32:
        w[0] = int(a + c - r)
        _g(0, 0)
        k[i] = w[0]
        w[0] = int(b - d + r)
        _g(0, 0)
        k[i + 1] = w[0]
        if i & 2:
            x = c
            c = c << 8 | d >> 24
            d = d << 8 | x >> 24
        else:
            x = a
            a = a >> 8 | b << 24
            b = b >> 8 | x << 24
        r = r << 1 | r >> 31
        i += 2
    i = 0
    while i < 9:
        w[i] = 0
        i += 1


@micropython.viper
def _cbc(ctx, iv, buf, off: int, n: int, inverse: int):
    w = ptr32(_SCRATCH)
    b = ptr8(_SCRATCH)
    v = ptr8(iv)
    p = ptr8(int(ptr8(buf)) + off)
    while n > 0:
        k = ptr32(ctx)
        if inverse:
            k = ptr32(int(k) + 120)
        i = 0
        while i < 16:  # words, their first byte on top
            x = p[i]
            if inverse == 0:
                x ^= v[i]
            b[20 + (i ^ 3)] = x
            i += 1
        i = 0
        while i < 16:
            x = w[7] ^ k[0]
            w[0] = x ^ w[8] ^ k[1]
            _g(0, 0)
            y = w[0]
            w[0] = x + y
            _g(0, 0)
            x = w[0]
            w[0] = x + y
            _g(0, 0)
            y = w[0]
            x = w[5] ^ x + y
            y ^= w[6]
            w[5] = w[7]
            w[6] = w[8]
            w[7] = x
            w[8] = y
            k = ptr32(int(k) + 8)
            if inverse:
                k = ptr32(int(k) - 16)
            i += 1
        i = 0
        while i < 16:  # the halves stand the other way round
            x = b[20 + (i ^ 11)]
            if inverse:
                x ^= v[i]
                v[i] = p[i]
            else:
                v[i] = x
            p[i] = x
            i += 1
        p = ptr8(int(p) + 16)
        n -= 16
    i = 0
    while i < 9:
        w[i] = 0
        i += 1


@micropython.viper
def seed_cbc_encrypt(ctx, iv, buf, off: int, n: int):
    """CBC in place, n a multiple of 16; iv becomes the last ciphertext block."""
    _cbc(ctx, iv, buf, off, n, 0)


@micropython.viper
def seed_cbc_decrypt(ctx, iv, buf, off: int, n: int):
    """CBC in place, n a multiple of 16; iv becomes the last ciphertext block."""
    _cbc(ctx, iv, buf, off, n, 1)
