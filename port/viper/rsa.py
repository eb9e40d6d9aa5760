# SPDX-License-Identifier: MIT
"""kernels/rsa.py over kernels/mont.py. The time of a private operation depends on lengths only.

Its exponents are blinded: multiples of p - 1 and q - 1 by 64 random bits each are added. A call takes one scratch of
4.3 KB for 2048 bits and 9.2 KB for 4096 (1.8 and 3.6 KB over the thumb tier's field), and buffers of 4.5 times the modulus; all
are wiped. The public operation takes as large a scratch, or the built-in pow.
"""

import micropython

from mxtls.kernels.field import FAST, begin, length, run
from mxtls.kernels.mem import wipe
from mxtls.kernels.mont import enter, leave, power, power_public


def rsa_public(out, x, n, e):
    """out = x^e mod n, as long as n. Returns 1, or 0 unless n is odd and x < n. All values are public: where the built-in pow
    is faster than the field, it does the work."""
    size = len(n)
    if not n[-1] & 1 or _compare(x, len(x), n, size) >= 0:
        return 0
    if not FAST:
        out[:size] = pow(int.from_bytes(x, "big"), int.from_bytes(e, "big"), int.from_bytes(n, "big")).to_bytes(size, "big")
        return 1
    m = bytearray(length(max(size, 128), 6))
    begin(m, n, 0, size, 1, 5)
    enter(m, 4, x)
    power_public(m, e)
    leave(m, out, n)
    return 1


def rsa_private(out, x, n, e, crt, blind):
    """out = x^d mod n by CRT, as long as n. crt: p, q, d mod p-1, d mod q-1, 1/q mod p, each of a fifth of its bytes, with
    zeros before it where it is shorter; blind: fresh random bytes, 16 or more.

    The result is checked with e before it leaves, for a fault in one half would give away a factor. Returns 1,
    or 0 for x >= n or a key whose parts disagree.
    """
    size = len(n)
    half = len(crt) // 5
    if not n[-1] & crt[half - 1] & crt[2 * half - 1] & 1 or _compare(x, len(x), n, size) >= 0:
        return 0
    p = crt[:half]
    q = crt[half : 2 * half]
    m = bytearray(max(length(half, 5, 1), length(size, 6)))
    y = bytearray(size)
    r = bytearray(half)  # x^d mod q
    t = bytearray(half)  # x^d mod p
    h = bytearray(half + 9)
    begin(m, q, 0, half, 1, 5)
    enter(m, 4, x)
    _blind(h, crt, 3 * half, q, half, blind, 0)
    power(m, h)
    leave(m, r, q)
    begin(m, p, 0, half, 1, 5)
    enter(m, 4, x)
    _blind(h, crt, 2 * half, p, half, blind, 8)
    power(m, h)
    leave(m, t, p)
    begin(m, p, 0, half, 1, 5)
    enter(m, 6, t)
    enter(m, 4, r)
    run(m, 0, b"\x0f\x06\x06\x04\x02\x06\x06\x06\x00")
    enter(m, 4, crt[4 * half :])
    run(m, 0, b"\x01\x03\x04\x06\x00")
    leave(m, h, p)  # (x^d - r) / q mod p
    _product(y, size, h, q, half, r)
    begin(m, n, 0, size, 1, 5)
    enter(m, 4, y)
    power_public(m, e)
    z = bytearray(size)
    leave(m, z, n)
    done = _compare(x, len(x), z, size) == 0
    if done:
        out[:size] = y
    for secret in (m, p, q, y, r, t, h, z):
        wipe(secret)
    return int(done)


@micropython.viper
def _compare(a, size: int, b, bsize: int) -> int:
    """The sign of a - b, big-endian numbers."""
    p = ptr8(a)
    q = ptr8(b)
    c = 0
    every = 0
    while size + bsize > 0:
        size -= 1
        bsize -= 1
        if size >= 0:
            c += p[size]
        if bsize >= 0:
            c -= q[bsize]
        every |= c & 255
        c = c >> 8
    return c | (0 - every >> 31 & 1)


@micropython.viper
def _blind(out, d, at: int, p, size: int, random, rat: int):
    """out = the number of size bytes at d[at:], plus (p - 1) times the 64 bits at random[rat:]; out is longer than p by 9."""
    o = ptr8(out)
    x = ptr8(d)
    y = ptr8(p)
    b = ptr8(random)
    i = 0
    while i < size:
        o[i + 9] = x[at + i]
        i += 1
    i = 0
    while i < 9:
        o[i] = 0
        i += 1
    k = size + 8
    while k > size:
        r = b[rat] | b[rat + 1] << 8
        rat += 2
        c = 0 - r
        i = 0
        while i <= k:
            if i < size:
                c += r * y[size - 1 - i]
            c += o[k - i]
            o[k - i] = c
            c = c >> 8
            i += 1
        k -= 2


@micropython.viper
def _product(out, size: int, a, b, half: int, c):
    """out = a * b + c, of size bytes; the others have half as many, more or less."""
    o = ptr8(out)
    x = ptr8(a)
    y = ptr8(b)
    z = ptr8(c)
    i = 0
    while i < size:
        i += 1
        o[size - i] = z[half - i] if i <= half else 0
    k = 0
    while k < half:
        r = x[half - 1 - k]
        t = 0
        i = 0
        while i < size - k:
            if i < half:
                t += r * y[half - 1 - i]
            t += o[size - 1 - k - i]
            o[size - 1 - k - i] = t
            t = t >> 8
            i += 1
        k += 1
