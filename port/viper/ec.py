# SPDX-License-Identifier: MIT
"""kernels/ec.py over the viper arithmetic of kernels/field.py: the same ladder and double-scalar sum, as programs for run().

Secret scalars take one fixed sequence of operations and exchange by masks. A call takes one scratch, which is wiped:
984 bytes for P-256, 1464 for P-384, 2184 for P-521 (440, 648 and 1064 over the thumb tier's field).
"""

import micropython

from mxtls.codes import ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE, UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL
from mxtls.config import USE_SECP256R1 as _USE_SECP256R1, USE_SECP384R1 as _USE_SECP384R1, USE_SECP521R1 as _USE_SECP521R1
from mxtls.errors import Error
from mxtls.kernels.field import begin, length, load, run, store
from mxtls.kernels.mem import wipe

# (curve, bytes, p n b Gx Gy, flag)
_CURVES = (
    (
        23,
        32,  # P-256
        b"\xff\xff\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"  # p
        b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"  # n
        b"\x5a\xc6\x35\xd8\xaa\x3a\x93\xe7\xb3\xeb\xbd\x55\x76\x98\x86\xbc\x65\x1d\x06\xb0\xcc\x53\xb0\xf6\x3b\xce\x3c\x3e\x27\xd2\x60\x4b"  # b
        b"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"  # x of G
        b"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5",  # y of G
        _USE_SECP256R1,
    ),
    (
        24,
        48,  # P-384
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"  # p
        b"\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff"
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"  # n
        b"\xc7\x63\x4d\x81\xf4\x37\x2d\xdf\x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\xec\xec\x19\x6a\xcc\xc5\x29\x73"
        b"\xb3\x31\x2f\xa7\xe2\x3e\xe7\xe4\x98\x8e\x05\x6b\xe3\xf8\x2d\x19\x18\x1d\x9c\x6e\xfe\x81\x41\x12"  # b
        b"\x03\x14\x08\x8f\x50\x13\x87\x5a\xc6\x56\x39\x8d\x8a\x2e\xd1\x9d\x2a\x85\xc8\xed\xd3\xec\x2a\xef"
        b"\xaa\x87\xca\x22\xbe\x8b\x05\x37\x8e\xb1\xc7\x1e\xf3\x20\xad\x74\x6e\x1d\x3b\x62\x8b\xa7\x9b\x98"  # x of G
        b"\x59\xf7\x41\xe0\x82\x54\x2a\x38\x55\x02\xf2\x5d\xbf\x55\x29\x6c\x3a\x54\x5e\x38\x72\x76\x0a\xb7"
        b"\x36\x17\xde\x4a\x96\x26\x2c\x6f\x5d\x9e\x98\xbf\x92\x92\xdc\x29\xf8\xf4\x1d\xbd\x28\x9a\x14\x7c"  # y of G
        b"\xe9\xda\x31\x13\xb5\xf0\xb8\xc0\x0a\x60\xb1\xce\x1d\x7e\x81\x9d\x7a\x43\x1d\x7c\x90\xea\x0e\x5f",
        _USE_SECP384R1,
    ),
    (
        25,
        66,  # P-521
        b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"  # p
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
        b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"  # n
        b"\xfa\x51\x86\x87\x83\xbf\x2f\x96\x6b\x7f\xcc\x01\x48\xf7\x09\xa5\xd0\x3b\xb5\xc9\xb8\x89\x9c\x47\xae\xbb\x6f\xb7\x1e\x91\x38\x64\x09"
        b"\x00\x51\x95\x3e\xb9\x61\x8e\x1c\x9a\x1f\x92\x9a\x21\xa0\xb6\x85\x40\xee\xa2\xda\x72\x5b\x99\xb3\x15\xf3\xb8\xb4\x89\x91\x8e\xf1\x09"  # b
        b"\xe1\x56\x19\x39\x51\xec\x7e\x93\x7b\x16\x52\xc0\xbd\x3b\xb1\xbf\x07\x35\x73\xdf\x88\x3d\x2c\x34\xf1\xef\x45\x1f\xd4\x6b\x50\x3f\x00"
        b"\x00\xc6\x85\x8e\x06\xb7\x04\x04\xe9\xcd\x9e\x3e\xcb\x66\x23\x95\xb4\x42\x9c\x64\x81\x39\x05\x3f\xb5\x21\xf8\x28\xaf\x60\x6b\x4d\x3d"  # x of G
        b"\xba\xa1\x4b\x5e\x77\xef\xe7\x59\x28\xfe\x1d\xc1\x27\xa2\xff\xa8\xde\x33\x48\xb3\xc1\x85\x6a\x42\x9b\xf9\x7e\x7e\x31\xc2\xe5\xbd\x66"
        b"\x01\x18\x39\x29\x6a\x78\x9a\x3b\xc0\x04\x5c\x8a\x5f\xb4\x2c\x7d\x1b\xd9\x98\xf5\x44\x49\x57\x9b\x44\x68\x17\xaf\xbd\x17\x27\x3e\x66"  # y of G
        b"\x2c\x97\xee\x72\x99\x5e\xf4\x26\x40\xc5\x50\xb9\x01\x3f\xad\x07\x61\x35\x3c\x70\x86\xa2\x72\xc2\x40\x88\xbe\x94\x76\x9f\xd1\x66\x50",
        _USE_SECP521R1,
    ),
)

# Programs. A ladder has the slots a to g from 2 on, x and y 10 and 11; before _ENTER, b is 1 and t is R^2.
_ENTER = (
    b"\x01\x0a\x0a\x06"  # x = x * t
    b"\x01\x0b\x0b\x06"  # y = y * t
    b"\x01\x08\x03\x06"  # e = b * t
    b"\x01\x02\x02\x06"  # a = a * t
    b"\x01\x09\x0a\x0a"  # g = x * x
    b"\x01\x07\x09\x0a"  # f = g * x
    b"\x0d\x07\x07\x0a"  # f = f - 3 x
    b"\x11\x07\x07\x02"  # f = f + a
    b"\x01\x09\x0b\x0b"  # g = y * y
    b"\x0f\x09\x09\x07"  # g = g - f
    b"\x02\x09\x09\x09"  # g = g carried
    b"\x00"
)
_START = (
    b"\x01\x09\x0b\x0b"  # g = y * y
    b"\x11\x06\x09\x09"  # t = g + g
    b"\x01\x04\x0a\x06"  # c = x * t
    b"\x11\x04\x04\x04"  # c = c + c
    b"\x02\x04\x04\x04"  # c = c carried
    b"\x01\x05\x06\x06"  # d = t * t
    b"\x11\x05\x05\x05"  # d = d + d
    b"\x02\x05\x05\x05"  # d = d carried
    b"\x01\x09\x0a\x0a"  # g = x * x
    b"\x0f\x09\x09\x08"  # g = g - e
    b"\x12\x07\x09\x09"  # f = g + 2 g
    b"\x02\x07\x07\x07"  # f = f carried
    b"\x01\x02\x07\x07"  # a = f * f
    b"\x0e\x02\x02\x04"  # a = a - 2 c
    b"\x02\x02\x02\x02"  # a = a carried
    b"\x0f\x09\x04\x02"  # g = c - a
    b"\x01\x03\x07\x09"  # b = f * g
    b"\x0f\x03\x03\x05"  # b = b - d
    b"\x02\x03\x03\x03"  # b = b carried
    b"\x00"
)
_SUM = (
    b"\x03\x02\x02\x04"  # exchange a c
    b"\x03\x03\x03\x05"  # exchange b d
    b"\x0f\x06\x02\x04"  # t = a - c
    b"\x01\x06\x06\x06"  # t = t * t
    b"\x01\x04\x04\x06"  # c = c * t
    b"\x01\x02\x02\x06"  # a = a * t
    b"\x0f\x09\x02\x04"  # g = a - c
    b"\x01\x07\x05\x09"  # f = d * g
    b"\x0f\x06\x03\x05"  # t = b - d
    b"\x11\x03\x03\x05"  # b = b + d
    b"\x11\x09\x02\x04"  # g = a + c
    b"\x01\x05\x06\x06"  # d = t * t
    b"\x0f\x05\x05\x09"  # d = d - g
    b"\x02\x05\x05\x05"  # d = d carried
    b"\x01\x08\x03\x03"  # e = b * b
    b"\x0f\x08\x08\x09"  # e = e - g
    b"\x02\x08\x08\x08"  # e = e carried
    b"\x0f\x09\x04\x05"  # g = c - d
    b"\x01\x06\x06\x09"  # t = t * g
    b"\x0f\x06\x06\x07"  # t = t - f
    b"\x0f\x09\x04\x08"  # g = c - e
    b"\x01\x03\x03\x09"  # b = b * g
    b"\x11\x03\x03\x07"  # b = b + f
    b"\x0f\x07\x08\x05"  # f = e - d
    b"\x00"
)
_SCALE = (
    b"\x01\x02\x02\x0a"  # a = a * x
    b"\x01\x04\x03\x03"  # c = b * b
    b"\x01\x04\x04\x02"  # c = c * a
    b"\x01\x02\x05\x05"  # a = d * d
    b"\x01\x02\x02\x05"  # a = a * d
    b"\x01\x09\x06\x06"  # g = t * t
    b"\x0f\x02\x02\x09"  # a = a - g
    b"\x01\x09\x0b\x0b"  # g = y * y
    b"\x01\x09\x09\x02"  # g = g * a
    b"\x11\x04\x04\x09"  # c = c + g
    b"\x0e\x09\x0b\x0b"  # g = y - 2 y
    b"\x02\x09\x09\x09"  # g = g carried
    b"\x03\x09\x09\x0b"  # exchange g y
    b"\x01\x0b\x03\x0b"  # y = b * y
    b"\x01\x0b\x0b\x05"  # y = y * d
    b"\x12\x0a\x0b\x0b"  # x = y + 2 y
    b"\x02\x0a\x0a\x0a"  # x = x carried
    b"\x01\x0b\x07\x04"  # y = f * c
    b"\x00"
)
_BACK = (
    b"\x01\x04\x07\x07"  # c = f * f
    b"\x01\x02\x08\x04"  # a = e * c
    b"\x01\x04\x05\x04"  # c = d * c
    b"\x0f\x03\x03\x06"  # b = b - t
    b"\x02\x03\x03\x03"  # b = b carried
    b"\x0f\x09\x02\x04"  # g = a - c
    b"\x01\x05\x06\x09"  # d = t * g
    b"\x01\x06\x03\x03"  # t = b * b
    b"\x0f\x06\x06\x02"  # t = t - a
    b"\x0f\x06\x06\x04"  # t = t - c
    b"\x02\x02\x06\x02"  # a = t carried
    b"\x0f\x09\x04\x02"  # g = c - a
    b"\x01\x03\x03\x09"  # b = b * g
    b"\x0f\x03\x03\x05"  # b = b - d
    b"\x02\x03\x03\x03"  # b = b carried
    b"\x00"
)
_END = (
    b"\x03\x02\x02\x04"  # exchange a c
    b"\x03\x03\x03\x05"  # exchange b d
    b"\x01\x06\x0a\x09"  # t = x * g
    b"\x01\x09\x06\x06"  # g = t * t
    b"\x01\x02\x02\x09"  # a = a * g
    b"\x01\x09\x09\x06"  # g = g * t
    b"\x01\x03\x03\x09"  # b = b * g
    b"\x00"
)
# To verify: X, Y, Z from 2 on, t m u, then x and y of G and of Q.
_DOUBLE = (
    b"\x01\x05\x04\x04"  # t = Z * Z
    b"\x0f\x06\x02\x05"  # m = X - t
    b"\x11\x07\x02\x05"  # u = X + t
    b"\x01\x06\x06\x07"  # m = m * u
    b"\x12\x06\x06\x06"  # m = m + 2 m
    b"\x02\x06\x06\x06"  # m = m carried
    b"\x01\x04\x03\x04"  # Z = Y * Z
    b"\x11\x04\x04\x04"  # Z = Z + Z
    b"\x01\x07\x03\x03"  # u = Y * Y
    b"\x01\x05\x02\x07"  # t = X * u
    b"\x13\x05\x05\x05"  # t = t + 3 t
    b"\x02\x05\x05\x05"  # t = t carried
    b"\x01\x02\x06\x06"  # X = m * m
    b"\x0e\x02\x02\x05"  # X = X - 2 t
    b"\x02\x02\x02\x02"  # X = X carried
    b"\x0f\x05\x05\x02"  # t = t - X
    b"\x01\x06\x06\x05"  # m = m * t
    b"\x11\x07\x07\x07"  # u = u + u
    b"\x01\x07\x07\x07"  # u = u * u
    b"\x0e\x03\x06\x07"  # Y = m - 2 u
    b"\x02\x03\x03\x03"  # Y = Y carried
    b"\x00"
)
_ADD = (
    b"\x01\x05\x04\x04"  # t = Z * Z
    b"\x01\x06\x04\x05"  # m = Z * t
    b"\x01\x06\x09\x06"  # m = py * m
    b"\x04\x06\x03\x06"  # m = Y + arg m
    b"\x01\x05\x08\x05"  # t = px * t
    b"\x0f\x05\x05\x02"  # t = t - X
    b"\x00"
)
_ADD_ON = (
    b"\x01\x04\x04\x05"  # Z = Z * t
    b"\x01\x07\x05\x05"  # u = t * t
    b"\x01\x05\x05\x07"  # t = t * u
    b"\x01\x07\x02\x07"  # u = X * u
    b"\x01\x02\x06\x06"  # X = m * m
    b"\x0f\x02\x02\x05"  # X = X - t
    b"\x0e\x02\x02\x07"  # X = X - 2 u
    b"\x02\x02\x02\x02"  # X = X carried
    b"\x0f\x07\x02\x07"  # u = X - u
    b"\x01\x06\x06\x07"  # m = m * u
    b"\x01\x05\x03\x05"  # t = Y * t
    b"\x0f\x03\x06\x05"  # Y = m - t
    b"\x02\x03\x03\x03"  # Y = Y carried
    b"\x00"
)
_EQUAL = (
    b"\x01\x05\x05\x07"  # t = t * u
    b"\x01\x06\x04\x04"  # m = Z * Z
    b"\x01\x05\x05\x06"  # t = t * m
    b"\x0f\x05\x05\x02"  # t = t - X
    b"\x02\x05\x05\x05"  # t = t carried
    b"\x00"
)
# Modulo n: 2 is n, 3 R^2, then d r h 1 k and the inverse of k.
_ORDER = (
    b"\x01\x08\x08\x03"  # k = k * r2
    b"\x01\x05\x05\x03"  # r = r * r2
    b"\x01\x04\x04\x03"  # d = d * r2
    b"\x01\x06\x06\x03"  # h = h * r2
    b"\x01\x04\x04\x05"  # d = d * r
    b"\x11\x06\x06\x04"  # h = h + d
    b"\x01\x05\x05\x07"  # r = r * one
    b"\x00"
)


def _scratch(curve, slots):
    """The curve's row and a scratch."""
    for row in _CURVES:
        if row[0] == curve and row[3]:
            return row, bytearray(length(row[1], slots))
    raise Error(_UNSUPPORTED_FAIL, _ALERT_HANDSHAKE_FAILURE, "curve %d is not in this build; switch on its USE_SECP" % curve)


def _begin(row, m, slot):
    """Numbers are modulo p from here on, and the slot is R^2."""
    begin(m, row[2], 0, row[1], row[0], slot)


def _load(row, m, slot, which):
    """Load one of the row's constants."""
    load(m, slot, row[2], (which + 1) * row[1] - 1, -1, row[1])


def _enter(row, m, point, at):
    """x and y of the slots become those at point[at:], and e 1, in Montgomery form; 1 if they are a point, else 0."""
    size = row[1]
    if not _below(point, at, row[2], 0, size) or not _below(point, at + size, row[2], 0, size):
        return 0
    _begin(row, m, 6)
    load(m, 10, point, at + size - 1, -1, size)
    load(m, 11, point, at + 2 * size - 1, -1, size)
    load(m, 3, b"\x01", 0, 1, 1)
    _load(row, m, 2, 2)
    run(m, 0, _ENTER)
    return _is_zero(row, m, 9)


def _is_zero(row, m, slot):
    """1 when the slot, other than 7, is 0 modulo p, else 0."""
    load(m, 7, b"\x01", 0, 1, 1)
    run(m, 0, bytes((1, 7, 7, slot, 0)))
    return int(not store(m, 7, bytearray(row[1]), 0, 1, row[1], row[2], row[1] - 1))


def _invert(row, m, which):
    """Slot 9 becomes the inverse of slot 8 modulo p (0) or n (1): its power by a public exponent."""
    at = (which + 1) * row[1] - 1
    n = row[2]
    run(m, 0, b"\x02\x09\x08\x08\x00")
    for i in range(min(8 * row[1], 521) - 2, -1, -1):
        j = n[at - (i >> 3)]
        if i < 8:
            j -= 2
        run(m, 0, b"\x01\x09\x09\x09\x01\x09\x09\x08\x00" if j >> (i & 7) & 1 else b"\x01\x09\x09\x09\x00")


@micropython.viper
def _below(a, at: int, b, bat: int, size: int) -> int:
    """1 when the number of size bytes at a[at:] is less than that at b[bat:], else 0."""
    p = ptr8(a)
    q = ptr8(b)
    c = 0
    while size:
        size -= 1
        c = (p[at + size] - q[bat + size] + c) >> 8
    return 0 - c


@micropython.viper
def _recode(out, d, n, size: int, top: int) -> int:
    """out, lowest byte first, becomes d + n or d + 2n, the one that has bit top as its highest. Returns 1; 2, 3, 4 when d is
    1, n - 1, n - 2; 0 unless 0 < d < n."""
    o = ptr8(out)
    p = ptr8(d)
    q = ptr8(n)
    one = 0
    less = 0
    zero = 0
    full = 0
    two = 0
    b = 0
    c = 0
    s = 1
    i = 0
    while i < size:
        x = p[size - 1 - i]
        y = q[size + size - 1 - i]
        c += x + y
        o[i] = c
        c = c >> 8
        zero |= x
        one |= x ^ s
        b += y - x
        y = b & 255
        b = b >> 8
        full |= y
        less |= y ^ s
        two |= y ^ s + s
        s = 0
        i += 1
    o[i] = c
    s = (o[top >> 3] >> (top & 7) & 1) - 1
    c = 0
    i = 0
    while i < size:
        c += o[i] + (q[size + size - 1 - i] & s)
        o[i] = c
        c = c >> 8
        i += 1
    o[i] = o[i] + c
    if b:
        return 0
    if zero == 0:
        return 0
    if full == 0:
        return 0
    if one == 0:
        return 2
    if less == 0:
        return 3
    if two == 0:
        return 4
    return 1


def _multiply(row, m, k, out, both, point, at):
    """out = the affine product of the scalar k and the point at point[at:], or its x alone. Returns 1 or 0."""
    size = row[1]
    if len(k) != size or not _enter(row, m, point, at):
        return 0
    i = min(8 * size, 521)
    s = bytearray(size + 1)
    kind = _recode(s, k, row[2], size, i)
    if not kind:
        return 0
    run(m, 0, _START)
    last = 1
    if kind > 1:  # the ladder would meet infinity; no random scalar is there. The points are P and 2P, Z = 2y.
        run(m, 0, b"\x02\x0a\x08\x08\x11\x0b\x0b\x0b\x00")
        last = int(kind < 4)
    else:
        while i:
            i -= 1
            j = s[i >> 3] >> (i & 7) & 1
            run(m, j ^ last, _SUM)
            last = j
            if not i:
                _load(row, m, 2, 2)
                _begin(row, m, 10)
                run(m, 1 - j, _SCALE)
            run(m, 0, _BACK)
    wipe(s)
    run(m, 0, b"\x02\x08\x0b\x0b\x00")
    _invert(row, m, 0)
    run(m, last, _END)
    load(m, 4, b"\x01", 0, 1, 1)
    if kind > 2:
        run(m, 0, b"\x0e\x03\x03\x03\x00")  # -P
    run(m, 0, b"\x01\x02\x02\x04\x01\x03\x03\x04\x00")
    store(m, 2, out, size - 1, -1, size, row[2], size - 1)
    if both:
        store(m, 3, out, 2 * size - 1, -1, size, row[2], size - 1)
    return 1


def ec_public(curve, out, d):
    """out = X||Y of d * G. Returns 1, or 0 unless 0 < d < n."""
    row, m = _scratch(curve, 12)
    done = _multiply(row, m, d, out, 1, row[2], 3 * row[1])
    wipe(m)
    return done


def ec_ecdh(curve, out_x, d, point):
    """out_x = the x coordinate of d * point. Returns 1, or 0 for a bad scalar or a point not on the curve."""
    row, m = _scratch(curve, 12)
    done = _multiply(row, m, d, out_x, 0, point, 0) if len(point) == 2 * row[1] else 0
    wipe(m)
    return done


def ecdsa_sign(curve, sig, digest, d, k):
    """sig = r||s with the secret nonce k. Returns 1, or 0 when the caller must choose another k."""
    row, m = _scratch(curve, 12)
    size = row[1]
    n = row[2]
    x = bytearray(size)
    s = bytearray(size + 1)
    done = len(d) == size and _recode(s, d, n, size, 0)  # only whether it is in range
    wipe(s)
    done = done and _multiply(row, m, k, x, 0, n, 3 * size)
    if done:
        begin(m, n, size, size, 0, 3)  # from here on modulo n
        load(m, 4, d, size - 1, -1, size)
        load(m, 5, x, size - 1, -1, size)
        at = min(size, len(digest))
        load(m, 6, digest, at - 1, -1, at)
        load(m, 7, b"\x01", 0, 1, 1)
        load(m, 8, k, size - 1, -1, size)
        run(m, 0, _ORDER)
        _invert(row, m, 1)
        run(m, 0, b"\x01\x06\x06\x09\x01\x06\x06\x07\x00")
        done = store(m, 5, x, size - 1, -1, size, n, 2 * size - 1)
        if done:
            sig[:size] = x
            done = store(m, 6, x, size - 1, -1, size, n, 2 * size - 1)
            if done:
                sig[size : 2 * size] = x
    wipe(m)
    return int(done > 0)


def _scalars(row, digest, sig):
    """3u, u, 3v and v for u * G + v * Q, the sum whose x must be r; None unless r and s are in range. Public values."""
    size = row[1]
    if len(sig) != 2 * size or not (_below(sig, 0, row[2], size, size) and _below(sig, size, row[2], size, size)):
        return None
    n = int.from_bytes(row[2][size : 2 * size], "big")
    a = int.from_bytes(sig[size:], "big")
    r = int.from_bytes(sig[:size], "big")
    if not a or not r:
        return None
    b = n
    u = 1
    v = 0
    while a != 1:  # u = 1 / s
        a, b, u, v = b % a, a, v - b // a * u, u
    v = r * u % n
    u = int.from_bytes(digest[:size], "big") * u % n  # no hash is longer than the n of P-521
    size += 1
    return (3 * u).to_bytes(size, "big"), u.to_bytes(size, "big"), (3 * v).to_bytes(size, "big"), v.to_bytes(size, "big")


def _add(row, m, x, minus, some, care):
    """Add the point in slots x and x + 1, or subtract it; some: X, Y, Z are a point. Returns whether they are one then."""
    if some:
        add = bytearray(_ADD)
        add[10] = x + 1
        add[18] = x
        run(m, 1 if minus else -1, add)
        if not care or not _is_zero(row, m, 5):
            run(m, 0, _ADD_ON)
            return 1
        if not _is_zero(row, m, 6):
            return 0  # a point and its negative
    _begin(row, m, 4)
    load(m, 5, b"\x01", 0, 1, 1)
    run(m, -2 if minus else 0, bytes((2, 2, x, x, 4, 3, x + 1, x + 1, 2, 3, 3, 3, 1, 4, 4, 5, 0)))
    if some:
        run(m, 0, _DOUBLE)  # a point and itself
    return 1


def ecdsa_verify(curve, digest, sig, point):
    """1 when sig = r||s signs the digest under the point, else 0. All values are public.

    u * G + v * Q in non-adjacent form: digit i of u is bit i + 1 of 3u less bit i + 1 of u. A sum that meets its equal or
    its negative leaves Z = 0, which no further step changes: then all is done again with care.
    """
    row, m = _scratch(curve, 12)
    size = row[1]
    w = _scalars(row, digest, sig)
    if not w or len(point) != 2 * size or not _enter(row, m, point, 0):
        return 0
    _load(row, m, 8, 3)
    _load(row, m, 9, 4)
    run(m, 0, b"\x01\x08\x08\x06\x01\x09\x09\x06\x00")
    for care in range(2):
        some = 0
        for i in range(8 * size + 1, 0, -1):
            if some:
                run(m, 0, _DOUBLE)
            for j in range(0, 4, 2):
                at = size - (i >> 3)
                if (w[j][at] ^ w[j + 1][at]) >> (i & 7) & 1:
                    some = _add(row, m, 8 + j, w[j + 1][at] >> (i & 7) & 1, some, care)
        if some and not _is_zero(row, m, 4):
            break
    else:
        return 0
    n = int.from_bytes(row[2][size : 2 * size], "big")
    r = int.from_bytes(sig[:size], "big")
    for x in (r, r + n):  # x of the sum, modulo p, may be either
        if x < int.from_bytes(row[2][:size], "big"):
            load(m, 5, x.to_bytes(size, "big"), size - 1, -1, size)
            _begin(row, m, 7)
            run(m, 0, _EQUAL)
            if _is_zero(row, m, 5):
                return 1
    return 0
