# SPDX-License-Identifier: MIT
"""Powers modulo an odd number of up to 4096 bits, in Montgomery form over kernels/field.py. Called by kernels/rsa.py and dh.py.

A number is n signed limbs of 12 bits, of 11 above 2048 bits. Slot 2 is the modulus, 3 what is computed, 4 the base, 5 R^2
modulo it; power() lays a table of the base's powers over the slots 5 to 8. Moduli, bases and exponents may be secret,
their lengths are not: the same operations follow in the same order, and a power is picked from the table by reading all.
"""

from struct import pack_into

import micropython
from micropython import const

from mxtls.kernels.field import load, run, store

_WINDOW = const(3)  # bits of the exponent a step
_MULTIPLY = b"\x01\x03\x03\x04\x00"
_STEP = b"\x01\x03\x03\x03" * _WINDOW + b"\x00"


def _limbs(size):
    """(n, w) for a modulus of so many bytes: R is at least eight times as large, of whole bytes, and the square of a square."""
    w, n = (12, 10) if size <= 256 else (11, 20)
    return ((8 * size + 2) // (n * w) + 1) * n, w


def length(size, slots):
    """Bytes of a scratch of so many slots for a modulus of so many bytes; power() needs nine."""
    return 24 + 4 * slots * _limbs(size)[0]


def begin(m, p):
    """From here on modulo p, odd, above 1 and big-endian: slot 5 becomes R^2."""
    n, w = _limbs(len(p))
    size = len(p)
    k = low = int.from_bytes(p[-2:], "big") & 0xFFF
    for _i in range(4):  # each step doubles the bits of 1 / p that are right, from three
        k = k * (2 - low * k & 0xFFF) & 0xFFF
    pack_into("<4i", m, 0, n, w, 0, -k & (1 << w) - 1)
    load(m, 2, p, size - 1, -1, size)
    i = 0
    while not p[i]:
        i += 1
    i = 8 * (size - 1 - i)
    # 2^i is less than p. It becomes 2^(j / 4) R, where R = 2^j, and squared twice R^2.
    _double(m, i // w, 1 << i % w, n * w + (n * w >> 2) - i)
    run(0, 0, m, b"\x02\x02\x02\x02\x02\x05\x05\x05\x01\x05\x05\x05\x01\x05\x05\x05\x00", 0)


@micropython.viper
def _double(scratch, limb: int, bit: int, times: int):
    """Slot 5 becomes the bit of the limb, doubled so many times modulo slot 2; no limb of either is negative."""
    m = ptr32(scratch)
    n = m[0]
    w = m[1]
    mask = (1 << w) - 1
    p = ptr32(uint(m) + 24 + (n << 3))
    a = ptr32(uint(m) + 24 + n * 20)
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


def enter(m, slot, buf):
    """The slot becomes the big-endian number, of no more than twice the modulus's size, modulo it."""
    size = len(buf)
    low = min(size, (m[0] | m[1] << 8) * m[4] >> 3)
    load(m, 3, buf, size - 1, -1, low)
    load(m, slot, buf, size - 1 - low, -1, size - low)
    program = bytearray(
        b"\x02\x03\x03\x03"  # low carried
        b"\x02\x07\x07\x07"  # high carried
        b"\x01\x03\x03\x05"  # low * R
        b"\x01\x07\x07\x05"  # high * R
        b"\x01\x07\x07\x05"  # high * R^2
        b"\x11\x07\x07\x03"
        b"\x02\x07\x07\x07"
        b"\x00"
    )
    for i in (5, 6, 13, 14, 17, 18, 21, 22, 25, 26, 27):
        program[i] = slot
    run(0, 0, m, program, 0)


def leave(m, out, p):
    """out, as long as the modulus p, becomes the number of slot 3. Slot 4 is lost."""
    size = len(p)
    load(m, 4, b"\x01", 0, 1, 1)
    run(0, 0, m, _MULTIPLY, 0)
    store(m, 3, out, size - 1, -1, size, p, size - 1)


def power(m, e):
    """Slot 3 becomes slot 4 to the power of e, big-endian and secret. Slots 4 to 8 are lost."""
    load(m, 3, b"\x01", 0, 1, 1)
    run(0, 0, m, b"\x01\x03\x03\x05\x00", 0)
    i = 0
    while True:
        _put(m, i)
        i += 1
        if i >> _WINDOW:
            break
        run(0, 0, m, _MULTIPLY, 0)
    _pick(m, 0)
    run(0, 0, m, b"\x02\x03\x04\x04\x00", 0)
    bits = 8 * len(e)
    left = bits + _WINDOW - 1 - (bits + _WINDOW - 1) % _WINDOW
    while left:
        j = 0
        for _i in range(_WINDOW):
            left -= 1
            j += j
            if left < bits:
                j |= e[-1 - (left >> 3)] >> (left & 7) & 1
        run(0, 0, m, _STEP, 0)
        _pick(m, j)
        run(0, 0, m, _MULTIPLY, 0)


def power_public(m, e):
    """Slot 3 becomes slot 4 to the power of e, big-endian and public, above 0."""
    i = 8 * len(e) - 1
    while not e[-1 - (i >> 3)] >> (i & 7) & 1:
        i -= 1
    run(0, 0, m, b"\x02\x03\x04\x04\x00", 0)
    while i:
        i -= 1
        run(0, 0, m, b"\x01\x03\x03\x03\x00", 0)
        if e[-1 - (i >> 3)] >> (i & 7) & 1:
            run(0, 0, m, _MULTIPLY, 0)


@micropython.viper
def _put(scratch, row: int):
    """The row of the table becomes slot 3: limbs of 16 bits are enough."""
    m = ptr32(scratch)
    n = m[0]
    a = ptr32(uint(m) + 24 + n * 12)
    t = ptr16(uint(m) + 24 + n * 20 + (row * n << 1))
    i = 0
    while i < n:
        t[i] = a[i]
        i += 1


@micropython.viper
def _pick(scratch, row: int):
    """Slot 4 becomes the row of the table; which one is secret."""
    m = ptr32(scratch)
    n = m[0]
    a = ptr32(uint(m) + 24 + (n << 4))
    t = ptr16(uint(m) + 24 + n * 20)
    i = 0
    while i < n:
        a[i] = 0
        i += 1
    j = 0
    while j < 1 << _WINDOW:
        mask = (j ^ row) - 1 >> 31
        i = 0
        while i < n:
            a[i] = a[i] | t[i] & mask
            i += 1
        t = ptr16(uint(t) + (n << 1))
        j += 1
    i = 0
    while i < n:
        a[i] = a[i] << 16 >> 16
        i += 1
