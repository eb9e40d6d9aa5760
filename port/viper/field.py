# SPDX-License-Identifier: MIT
"""Arithmetic modulo the primes of elliptic curves, their orders and the moduli of RSA and Diffie-Hellman, in viper.

Called by kernels/ec.py, x25519.py and mont.py. A number is n signed limbs of w bits, in Montgomery form with R = 2^(n w), in
a slot of n words of one scratch. Before the slots come six words: n, w, the prime by its curve's number (0 a curve's order
and 1 any other modulus, in slot 2), -1 / modulus mod 2^w and two to work with. Products take slots 0 and 1.

Sums are not carried. A product or a carried number weighs 1: its limbs are at most 2^(w-1), and it is at most about
the prime. The weights of sums add up, and those of two factors may multiply to 4; to 1 above 66 bytes.
run() interprets a public program, so that a curve's whole formula is one call from Python. No branch or index depends
on a number, and nothing allocates.
"""

import micropython
from micropython import const

FAST = 0  # whether a power by 65537 takes less time than the built-in pow
WINDOW = const(3)  # bits of a row's number in the table of keep() and pick()


def _limbs(size, prime):
    """(n, w) for a modulus of so many bytes: R is eight times as large and more, and of whole bytes for mont.py."""
    if size > 66 or prime == 1:
        w = 12 if size <= 256 else 11
        return ((8 * size + 2) // (10 * w) + 1) * 10, w
    return (20, 13) if size <= 32 else (30, 13) if size <= 48 else (45, 12)


def length(size, slots, table=0):
    """Bytes of a scratch of so many slots, and perhaps the table, for a modulus of so many bytes."""
    return 24 + _limbs(size, 0)[0] * (4 * slots + (2 * table << WINDOW))


def begin(m, p, at, size, prime, slot):
    """From here on modulo the number at p[at:at+size], odd, above 1 and big-endian; the slot, not 0 or 1, becomes R^2."""
    n, w = _limbs(size, prime)
    _header(m, p, at + size - 1, size, n, w, prime)
    load(m, 1, p, at + size - 1, -1, size)
    if prime < 2:
        load(m, 2, p, at + size - 1, -1, size)
        run(m, 0, b"\x02\x02\x02\x02\x00")
    i = 0
    while not p[at + i]:
        i += 1
    i = 8 * (size - 1 - i)
    # 2^i is less than the modulus. It becomes 2^(j / 2) R, where R = 2^j, and squared R^2.
    _double(m, slot, i // w, 1 << i % w, n * w + (n * w >> 1) - i)
    run(m, 0, bytes((2, slot, slot, slot, 1, slot, slot, slot, 0)))


@micropython.viper
def _header(scratch, p, low: int, size: int, n: int, w: int, prime: int):
    """The first four words, for the modulus that has its lowest byte at p[low] and may be secret."""
    m = ptr32(scratch)
    b = ptr8(p)
    x = int(b[low])
    if size > 1:
        x |= b[low - 1] << 8
    k = x
    i = 0
    while i < 3:  # each step doubles the bits of 1 / x that are right, from three
        k = k * (2 - x * k)
        i += 1
    m[0] = n
    m[1] = w
    m[2] = prime
    m[3] = (0 - k) & (1 << w) - 1


@micropython.viper
def _double(scratch, slot: int, limb: int, bit: int, times: int):
    """The slot becomes the bit of the limb, doubled so many times modulo slot 1; no limb of either is negative."""
    m = ptr32(scratch)
    n = m[0]
    w = m[1]
    mask = (1 << w) - 1
    p = ptr32(uint(m) + 24 + (n << 2))
    a = ptr32(uint(m) + 24 + (slot * n << 2))
    i = 0
    while i < n:
        a[i] = 0
        i += 1
    a[limb] = bit
    while times:
        times -= 1
        less = 0
        i = 0
        while i < n:
            less = (a[i] << 1) - p[i] + less >> w
            i += 1
        less = less ^ -1
        c = 0
        i = 0
        while i < n:
            c = (a[i] << 1) - (p[i] & less) + c
            a[i] = c & mask
            c = c >> w
            i += 1


@micropython.viper
def keep(scratch, slot: int, first: int, row: int):
    """The row of the table that begins at the slot `first` becomes the slot: limbs of 16 bits are enough."""
    m = ptr32(scratch)
    n = m[0]
    a = ptr32(uint(m) + 24 + (slot * n << 2))
    t = ptr16(uint(m) + 24 + (first * n << 2) + (row * n << 1))
    i = 0
    while i < n:
        t[i] = a[i]
        i += 1


@micropython.viper
def pick(t: ptr16, mask: int, scratch, slot: int, first: int, row: int):
    """The slot becomes the row of the table; which one is secret. t and mask, always called with 0, are working variables:
    viper keeps a function's first two locals in registers."""
    m = ptr32(scratch)
    n = m[0]
    a = ptr32(uint(m) + 24 + (slot * n << 2))
    i = 0
    while i < n:
        x = 0
        j = 0
        t = ptr16(uint(m) + 24 + (first * n << 2) + (i << 1))
        while j < 1 << WINDOW:
            mask = (j ^ row) - 1 >> 31
            x |= t[0] & mask
            t = ptr16(uint(t) + (n << 1))
            j += 1
        a[i] = x << 16 >> 16
        i += 1


@micropython.viper
def _product(y: ptr32):
    """Columns of the products of limbs, into slots 0 and 1 of the scratch at 4 y, five by five limbs at a time; in a square,
    each pair once, with the doubles that lie in slot 1 until its columns come."""
    x = 0
    m = ptr32(uint(y) << 2)
    n = m[0]
    z = ptr32(uint(m) + 24)
    first = m[4]
    last = m[5]
    square = int(first == last)
    twice = first
    if square:
        y = ptr32(first)
        twice = int(z) + (n << 2)
        a = ptr32(twice)
        i = n
        while i:
            x = y[0]
            a[0] = x + x
            x = y[1]
            a[1] = x + x
            x = y[2]
            a[2] = x + x
            x = y[3]
            a[3] = x + x
            x = y[4]
            a[4] = x + x
            y = ptr32(uint(y) + 20)
            a = ptr32(uint(a) + 20)
            i -= 5
    n = n << 2
    t0 = 0
    t1 = 0
    t2 = 0
    t3 = 0
    i = 0
    while True:
        j = i + 20 - n
        if j < 0:
            j = 0
        k = i - j
        low = j
        t4 = 0
        t5 = 0
        t6 = 0
        t7 = 0
        t8 = 0
        while True:
            a = ptr32(twice + j)
            if square:
                low = j + 20
                if j == k:
                    a = ptr32(first + j)
            y = ptr32(last + k)
            x = a[0]
            t0 = y[0] * x + t0
            t1 = y[1] * x + t1
            t2 = y[2] * x + t2
            t3 = y[3] * x + t3
            t4 = y[4] * x + t4
            x = a[1]
            t1 = y[0] * x + t1
            t2 = y[1] * x + t2
            t3 = y[2] * x + t3
            t4 = y[3] * x + t4
            t5 = y[4] * x + t5
            x = a[2]
            t2 = y[0] * x + t2
            t3 = y[1] * x + t3
            t4 = y[2] * x + t4
            t5 = y[3] * x + t5
            t6 = y[4] * x + t6
            x = a[3]
            t3 = y[0] * x + t3
            t4 = y[1] * x + t4
            t5 = y[2] * x + t5
            t6 = y[3] * x + t6
            t7 = y[4] * x + t7
            x = a[4]
            t4 = y[0] * x + t4
            t5 = y[1] * x + t5
            t6 = y[2] * x + t6
            t7 = y[3] * x + t7
            t8 = y[4] * x + t8
            j += 20
            k -= 20
            if k < low:
                break
        z[0] = t0
        z[1] = t1
        z[2] = t2
        z[3] = t3
        z[4] = t4
        z = ptr32(uint(z) + 20)
        t0 = t5
        t1 = t6
        t2 = t7
        t3 = t8
        i += 20
        if i >= n + n - 20:
            break
    z[0] = t0
    z[1] = t1
    z[2] = t2
    z[3] = t3
    z[4] = 0
    n = m[0]
    w = m[1]
    prime = m[2]
    half = 1 << w - 1
    mask = (1 << w) - 1
    y = ptr32(uint(m) + 24)
    i = n
    # For each of the lower columns, add the multiple of the modulus, x times, that clears it.
    while i:
        if prime == 23:
            i -= 5
            x = y[0] + half
            y[1] = (x >> w) + y[1]
            x = (x & mask) - half
            y[7] = (x << 5) + y[7]
            y[14] = (x << 10) + y[14]
            y[17] = y[17] - (x << 3)
            y[19] = (x << 9) + y[19]
            x = y[1] + half
            y[2] = (x >> w) + y[2]
            x = (x & mask) - half
            y[8] = (x << 5) + y[8]
            y[15] = (x << 10) + y[15]
            y[18] = y[18] - (x << 3)
            y[20] = (x << 9) + y[20]
            x = y[2] + half
            y[3] = (x >> w) + y[3]
            x = (x & mask) - half
            y[9] = (x << 5) + y[9]
            y[16] = (x << 10) + y[16]
            y[19] = y[19] - (x << 3)
            y[21] = (x << 9) + y[21]
            x = y[3] + half
            y[4] = (x >> w) + y[4]
            x = (x & mask) - half
            y[10] = (x << 5) + y[10]
            y[17] = (x << 10) + y[17]
            y[20] = y[20] - (x << 3)
            y[22] = (x << 9) + y[22]
            x = y[4] + half
            y[5] = (x >> w) + y[5]
            x = (x & mask) - half
            y[11] = (x << 5) + y[11]
            y[18] = (x << 10) + y[18]
            y[21] = y[21] - (x << 3)
            y[23] = (x << 9) + y[23]
            y = ptr32(uint(y) + 20)
        else:
            i -= 1
            x = ((y[0] * m[3] + half) & mask) - half
            op = y[0] - x
            if prime == 24:
                y[2] = (x << 6) + y[2]
                y[7] = y[7] - (x << 5)
                y[9] = y[9] - (x << 11)
                y[29] = (x << 7) + y[29]
            elif prime == 25:
                y[43] = (x << 5) + y[43]
            elif prime == 29:
                op -= x * 18
                y[19] = (x << 8) + y[19]
            else:
                here = uint(y)
                a = ptr32(uint(m) + 24 + (n << 3))
                j = n
                while j:
                    j -= 5
                    y[0] = x * a[0] + y[0]
                    y[1] = x * a[1] + y[1]
                    y[2] = x * a[2] + y[2]
                    y[3] = x * a[3] + y[3]
                    y[4] = x * a[4] + y[4]
                    y = ptr32(uint(y) + 20)
                    a = ptr32(uint(a) + 20)
                y = ptr32(here)
                op = y[0]
            y[1] = (op >> w) + y[1]
            y = ptr32(uint(y) + 4)


@micropython.viper
def run(y: ptr32, x: int, program):
    """run(scratch, arg, program) does operations of four bytes (code, d, a, b), up to a code of 0:
    1 d = a * b   2 d = a, carried   3 exchange a and b if arg is 1   4 d = a + arg * b   16 + s: d = a + s * b
    The first two parameters become working variables: viper keeps a function's first two locals in registers."""
    m = y
    arg = x
    p = ptr8(program)
    product = _product
    n = m[0]
    w = m[1]
    prime = m[2]
    half = 1 << w - 1
    mask = (1 << w) - 1
    while True:
        op = int(p[0])
        if op == 0:
            break
        d = ptr32(uint(m) + 24 + (p[1] * n << 2))
        a = ptr32(uint(m) + 24 + (p[2] * n << 2))
        y = ptr32(uint(m) + 24 + (p[3] * n << 2))
        p = ptr8(uint(p) + 4)
        i = n
        if op > 3:
            op -= 16
            if op < -11:
                op = arg
            while i:
                i -= 5
                x = y[0]
                d[0] = x * op + a[0]
                x = y[1]
                d[1] = x * op + a[1]
                x = y[2]
                d[2] = x * op + a[2]
                x = y[3]
                d[3] = x * op + a[3]
                x = y[4]
                d[4] = x * op + a[4]
                d = ptr32(uint(d) + 20)
                a = ptr32(uint(a) + 20)
                y = ptr32(uint(y) + 20)
            continue
        if op == 3:
            op = 0 - arg
            while i:
                i -= 1
                x = (y[0] ^ a[0]) & op
                a[0] = a[0] ^ x
                y[0] = y[0] ^ x
                a = ptr32(uint(a) + 4)
                y = ptr32(uint(y) + 4)
            continue
        if op == 2:
            y = a
            if prime == 23:  # take out what is above 2^256
                x = y[19] >> 9
                y[19] = y[19] & 511
                y[17] = (x << 3) + y[17]
                y[14] = y[14] - (x << 10)
                y[7] = y[7] - (x << 5)
                y[0] = y[0] + x
        else:
            m[4] = int(a)
            m[5] = int(y)
            product(uint(m) >> 2)  # a small int, where an address above 2^30 would be an object on the heap
            y = ptr32(uint(m) + 24 + (n << 2))
        x = half
        while i:
            i -= 5
            x = y[0] + x
            d[0] = (x & mask) - half
            x = (x >> w) + half
            x = y[1] + x
            d[1] = (x & mask) - half
            x = (x >> w) + half
            x = y[2] + x
            d[2] = (x & mask) - half
            x = (x >> w) + half
            x = y[3] + x
            d[3] = (x & mask) - half
            x = (x >> w) + half
            x = y[4] + x
            d[4] = (x & mask) - half
            x = (x >> w) + half
            y = ptr32(uint(y) + 20)
            d = ptr32(uint(d) + 20)
        d = ptr32(uint(d) - 4)
        d[0] = (x - half << w) + d[0]


@micropython.viper
def load(scratch, slot: int, buf, at: int, step: int, size: int):
    """The slot becomes the number of size bytes, the lowest at buf[at], the next at buf[at + step]. It weighs 2."""
    m = ptr32(scratch)
    p = ptr8(buf)
    n = m[0]
    w = m[1]
    d = ptr32(uint(m) + 24 + (slot * n << 2))
    x = 0
    bits = 0
    i = 0
    while i < n:
        while bits < w:
            if size > 0:
                x |= p[at] << bits
                at += step
                size -= 1
            bits += 8
        d[i] = x & (1 << w) - 1
        x = x >> w
        bits -= w
        i += 1


@micropython.viper
def store(scratch, slot: int, out, at: int, step: int, size: int, prime, low: int) -> int:
    """The number less than the prime, which has its lowest byte at prime[low], of a product with 1; the OR of its bytes."""
    m = ptr32(scratch)
    o = ptr8(out)
    p = ptr8(prime)
    n = m[0]
    w = m[1]
    a = ptr32(uint(m) + 24 + (slot * n << 2))
    minus = 0
    i = 0
    while i < n:
        minus = minus + a[i] >> w
        i += 1
    x = 0
    bits = 0
    c = 0
    every = 0
    i = 0
    while size:
        size -= 1
        if bits < 8:
            x += a[i] << bits
            i += 1
            bits += w
        c += (x & 255) + (p[low] & minus)
        o[at] = c
        every |= c & 255
        c = c >> 8
        x = x >> 8
        bits -= 8
        at += step
        low -= 1
    return every
