# SPDX-License-Identifier: MIT
"""Powers modulo an odd number of up to 4096 bits, in Montgomery form over kernels/field.py. Called by kernels/rsa.py and dh.py.

Slot 3 is what is computed, 4 the base, 5 R^2; power() lays a table of the base's powers from slot 5 on.
Moduli, bases and exponents may be secret,
their lengths are not: the same operations follow in the same order, and a power is picked from the table by reading all.
"""

from mxtls.kernels.field import WINDOW, keep, load, pick, run, store

_MULTIPLY = b"\x01\x03\x03\x04\x00"
_STEP = b"\x01\x03\x03\x03" * WINDOW + b"\x00"


def enter(m, slot, buf):
    """The slot becomes the big-endian number, of no more than twice the modulus's size, modulo it."""
    size = len(buf)
    low = min(size, (m[0] | m[1] << 8) * m[4] >> 3)  # what is below R
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
    run(m, 0, program)


def leave(m, out, p):
    """out, as long as the modulus p, becomes the number of slot 3. Slot 4 is lost."""
    size = len(p)
    load(m, 4, b"\x01", 0, 1, 1)
    run(m, 0, _MULTIPLY)
    store(m, 3, out, size - 1, -1, size, p, size - 1)


def power(m, e):
    """Slot 3 becomes slot 4 to the power of e, big-endian and secret. Slot 4 and what lies from slot 5 on are lost."""
    load(m, 3, b"\x01", 0, 1, 1)
    run(m, 0, b"\x01\x03\x03\x05\x00")
    i = 0
    while True:
        keep(m, 3, 5, i)
        i += 1
        if i >> WINDOW:
            break
        run(m, 0, _MULTIPLY)
    pick(0, 0, m, 4, 5, 0)
    run(m, 0, b"\x02\x03\x04\x04\x00")
    bits = 8 * len(e)
    left = bits + WINDOW - 1 - (bits + WINDOW - 1) % WINDOW
    while left:
        j = 0
        for _i in range(WINDOW):
            left -= 1
            j += j
            if left < bits:
                j |= e[-1 - (left >> 3)] >> (left & 7) & 1
        run(m, 0, _STEP)
        pick(0, 0, m, 4, 5, j)
        run(m, 0, _MULTIPLY)


def power_public(m, e):
    """Slot 3 becomes slot 4 to the power of e, big-endian and public, above 0."""
    i = 8 * len(e) - 1
    while not e[-1 - (i >> 3)] >> (i & 7) & 1:
        i -= 1
    run(m, 0, b"\x02\x03\x04\x04\x00")
    while i:
        i -= 1
        run(m, 0, b"\x01\x03\x03\x03\x00")
        if e[-1 - (i >> 3)] >> (i & 7) & 1:
            run(m, 0, _MULTIPLY)
