# SPDX-License-Identifier: MIT
"""kernels/x25519.py over the viper arithmetic of kernels/field.py: the same ladder, exchanging by masks.

A call takes one scratch of 900 bytes, which is wiped.
"""

from mxtls.kernels.field import begin, length, load, run, store
from mxtls.kernels.mem import wipe

_P = b"\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xed"
_START = (
    b"\x01\x08\x08\x06"  # u = u * t
    b"\x01\x02\x03\x06"  # a = b * t
    b"\x0f\x03\x02\x02"  # b = a - a
    b"\x02\x04\x08\x04"  # c = u carried
    b"\x02\x05\x02\x05"  # d = a carried
    b"\x01\x0a\x0a\x06"  # h = h * t
    b"\x00"
)
_STEP = (
    b"\x03\x02\x02\x04"  # exchange a c
    b"\x03\x03\x03\x05"  # exchange b d
    b"\x11\x07\x02\x03"  # x = a + b
    b"\x0f\x06\x02\x03"  # t = a - b
    b"\x0f\x02\x04\x05"  # a = c - d
    b"\x11\x03\x04\x05"  # b = c + d
    b"\x01\x04\x07\x02"  # c = x * a
    b"\x01\x05\x06\x03"  # d = t * b
    b"\x11\x02\x04\x05"  # a = c + d
    b"\x0f\x03\x04\x05"  # b = c - d
    b"\x01\x04\x02\x02"  # c = a * a
    b"\x01\x05\x03\x03"  # d = b * b
    b"\x01\x05\x05\x08"  # d = d * u
    b"\x01\x07\x07\x07"  # x = x * x
    b"\x01\x06\x06\x06"  # t = t * t
    b"\x01\x02\x07\x06"  # a = x * t
    b"\x0f\x07\x07\x06"  # x = x - t
    b"\x01\x03\x07\x0a"  # b = x * h
    b"\x11\x03\x06\x03"  # b = t + b
    b"\x01\x03\x07\x03"  # b = x * b
    b"\x00"
)


def x25519(out, k, u):
    """out = the u coordinate of k * u. k is clamped and the top bit of u ignored. Returns 0 where it is all zero."""
    m = bytearray(length(32, 11))
    begin(m, _P, 0, 32, 29, 6)
    s = bytearray(u)
    s[31] &= 127
    load(m, 8, s, 0, 1, 32)
    load(m, 3, b"\x01", 0, 1, 1)
    load(m, 10, b"\x42\xdb\x01", 0, 1, 3)  # 121666
    run(m, 0, _START)
    last = 0
    for i in range(254, -1, -1):
        j = 1 if i == 254 else 0 if i < 3 else k[i >> 3] >> (i & 7) & 1
        run(m, j ^ last, _STEP)
        last = j
    run(m, 0, b"\x02\x09\x03\x03\x00")
    for i in range(253, -1, -1):  # b^(p - 2): all bits but 2 and 4 are ones
        run(m, 0, b"\x01\x09\x09\x09\x00" if i == 2 or i == 4 else b"\x01\x09\x09\x09\x01\x09\x09\x03\x00")
    load(m, 6, b"\x01", 0, 1, 1)
    run(m, 0, b"\x01\x02\x02\x09\x01\x02\x02\x06\x00")
    i = store(m, 2, out, 0, 1, 32, _P, 31)
    wipe(m)
    return int(i > 0)
