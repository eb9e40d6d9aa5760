# SPDX-License-Identifier: MIT
"""P-256, P-384 and P-521: ECDH and ECDSA (SEC 1, FIPS 186-4) over big-endian buffers; the pure tier.

Called by mxtls.crypto.ecdsa and by the ECDHE key exchange. Curves are y^2 = x^3 - 3x + b, points Jacobian
triples (X, Y, Z) with x = X/Z^2, y = Y/Z^3, Z = 0 at infinity. Secret scalars follow one fixed sequence of
operations and swap by a tuple index, but the time of each of Python's integer operations depends on the values.
This tier is the specification; use it where nobody can time it closely.
"""

from mxtls.codes import ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE, UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL
from mxtls.config import USE_SECP256R1 as _USE_SECP256R1, USE_SECP384R1 as _USE_SECP384R1, USE_SECP521R1 as _USE_SECP521R1
from mxtls.errors import Error

# (curve, bytes, p, n, b, x of G, y of G, flag)
_CURVES = (
    (
        23, 32,  # P-256
        0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        _USE_SECP256R1,
    ),
    (
        24, 48,  # P-384
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        _USE_SECP384R1,
    ),
    (
        25, 66,  # P-521
        0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF,
        0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
        0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
        0x00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
        0x011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650,
        _USE_SECP521R1,
    ),
)


def _curve(curve):
    for row in _CURVES:
        if row[0] == curve and row[7]:
            return row
    raise Error(_UNSUPPORTED_FAIL, _ALERT_HANDSHAKE_FAILURE, "curve %d is not in this build; switch on its USE_SECP" % curve)


def _twice(x, y, p):
    """2 * (x, y), affine: the case that the other formulas leave out. No random scalar meets it."""
    t = 3 * (x * x - 1) * pow(2 * y % p, p - 2, p) % p
    u = (t * t - 2 * x) % p
    return u, (t * (x - u) - y) % p


def _multiply(row, k, x, y):
    """k * (x, y), affine, for a secret 0 < k < n: a ladder over co-Z points (Meloni 2007, Goundar et al. 2010).

    (a, b) and (c, d) are X and Y of two points with one Z, which nobody computes. They differ by (x, y): a step doubles
    one of them and makes the other their sum. n is added once or twice, so that k has one bit more than n.
    """
    p = row[2]
    k += row[3]
    i = min(8 * row[1], 521)
    if k < row[3] + 2 or k > 2 * row[3] - 3:  # 1, n - 2, n - 1: the ladder would meet infinity; no random scalar is there
        k -= row[3]
        a, b = (x, y) if k == 1 else (x, -y) if k == row[3] - 1 else _twice(x, -y, p)
        x = y = 1
    else:
        k = (k + row[3], k)[k >> i]
        t = 2 * y * y % p
        c = 2 * x * t % p  # Z = 2y
        d = 2 * t * t % p
        t = 3 * (x * x - 1)
        a = (t * t - 2 * c) % p
        b = (t * (c - a) - d) % p
        while i:
            i -= 1
            a, b, c, d = ((a, b, c, d), (c, d, a, b))[(k >> i ^ k >> i + 1) & 1]
            t = a - c
            t = t * t % p
            c = c * t % p
            a = a * t % p
            f = d * (a - c) % p
            b, d = b + d, b - d
            t = (d * d - a - c) % p
            d = (d * (c - t) - f) % p  # (t, d) is the sum
            a = (b * b - a - c) % p
            b = (b * (c - a) + f) % p  # (a, b) is the difference, plus or minus (x, y)
            f = a - t
            if not i:  # w = b / +-y is Z^3 by now, and the curve's equation gives Z^4 = (t^3 - d^2 + row[4] w^2) / 3t
                c = b * b % p * row[4] % p
                a = (t * t % p * t - d * d) % p
                c += y * y % p * a % p
                x = 3 * t * (b * (p - y, y)[k & 1] % p) % p
                y = f * c % p
                a = f + t
            c = f * f % p
            a = a * c % p
            c = t * c % p
            b = b - d
            d = d * (a - c) % p
            a = (b * b - a - c) % p
            b = (b * (c - a) - d) % p
        a, b = ((a, b), (c, d))[k & 1]
    t = x * pow(y, p - 2, p) % p
    c = t * t % p
    return a * c % p, b * c * t % p


def _load_point(row, point):
    """The affine (x, y) of a buffer X||Y, or None unless it is a point of the curve."""
    size = row[1]
    p = row[2]
    if len(point) != 2 * size:
        return None
    x = int.from_bytes(point[:size], "big")
    y = int.from_bytes(point[size:], "big")
    if x >= p or y >= p or (y * y - (x * x - 3) * x - row[4]) % p:
        return None
    return x, y


def _load_scalar(row, buf, off):
    """The scalar at buf[off:], or 0 where it is not in 1 .. n - 1."""
    k = int.from_bytes(buf[off : off + row[1]], "big")
    return k if k < row[3] and off + row[1] <= len(buf) else 0


def ec_public(curve, out, d):
    """out = X||Y of d * G. Returns 1, or 0 unless 0 < d < n."""
    row = _curve(curve)
    size = row[1]
    k = _load_scalar(row, d, 0)
    if not k or len(d) != size:
        return 0
    x, y = _multiply(row, k, row[5], row[6])
    out[:size] = x.to_bytes(size, "big")
    out[size : 2 * size] = y.to_bytes(size, "big")
    return 1


def ec_ecdh(curve, out_x, d, point):
    """out_x = the x coordinate of d * point. Returns 1, or 0 for a bad scalar or a point not on the curve."""
    row = _curve(curve)
    size = row[1]
    k = _load_scalar(row, d, 0)
    P = _load_point(row, point)
    if not k or not P or len(d) != size:
        return 0
    out_x[:size] = _multiply(row, k, P[0], P[1])[0].to_bytes(size, "big")
    return 1


def ecdsa_sign(curve, sig, digest, d, k):
    """sig = r||s with the secret nonce k. Returns 1, or 0 when the caller must choose another k."""
    row = _curve(curve)
    size = row[1]
    n = row[3]
    d = _load_scalar(row, d, 0)
    k = _load_scalar(row, k, 0)
    if not d or not k:
        return 0
    r = _multiply(row, k, row[5], row[6])[0] % n
    s = pow(k, n - 2, n) * ((int.from_bytes(digest[:size], "big") + r * d) % n) % n
    if not r or not s:
        return 0
    sig[:size] = r.to_bytes(size, "big")
    sig[size : 2 * size] = s.to_bytes(size, "big")
    return 1


def _sums(row, Q):
    """The affine (nothing, Q, G - Q, G, G + Q), for Q other than G and -G: both slopes have one denominator."""
    p = row[2]
    x = Q[0]
    t = pow((row[5] - x) % p, p - 2, p)
    sums = []
    for y in (-Q[1], Q[1]):
        m = (row[6] - y) * t % p
        u = (m * m - x - row[5]) % p
        sums.append((u, (m * (x - u) - y) % p))
    return None, Q, sums[0], row[5:7], sums[1]


def ecdsa_verify(curve, digest, sig, point):
    """1 when sig = r||s signs the digest under the point, else 0. All values are public.

    u * G + v * Q, both scalars in non-adjacent form: digit i of u is bit i + 1 of 3u less bit i + 1 of u. A pair of
    digits stands for one of nine sums: nothing, Q, G - Q, G, G + Q, and the negatives of these.
    """
    row = _curve(curve)
    p = row[2]
    n = row[3]
    x = _load_scalar(row, sig, 0)
    v = _load_scalar(row, sig, row[1])
    P = _load_point(row, point)
    if not x or not v or not P or len(sig) != 2 * row[1]:
        return 0
    v = pow(v, n - 2, n)
    u = int.from_bytes(digest[: row[1]], "big") * v % n  # no hash is longer than the n of P-521
    v = x * v % n
    if P[0] == row[5]:  # Q is G or -G, and the sum a multiple of G
        u = (u + v if P[1] == row[6] else u - v) % n
        v = 0
    table = _sums(row, P)
    x, y, z = 1, 1, 0
    for i in range(8 * row[1] + 1, 0, -1):
        t = z * z % p
        m = 3 * (x - t) * (x + t) % p
        z = 2 * y * z % p
        y = y * y % p
        t = 4 * x * y % p
        x = (m * m - 2 * t) % p
        y = (m * (t - x) - 8 * y * y) % p
        j = 3 * ((3 * u >> i & 1) - (u >> i & 1)) + (3 * v >> i & 1) - (v >> i & 1)
        if not j:
            continue
        P = table[abs(j)]
        t = z * z % p
        m = (P[1] if j > 0 else -P[1]) * z % p * t
        if not z:
            x, y, z = P[0], P[1] if j > 0 else p - P[1], 1
            continue
        m = (m - y) % p
        t = (P[0] * t - x) % p
        if not t:
            if m:
                z = 0
            else:
                x, y = _twice(P[0], P[1] if j > 0 else -P[1], p)
                z = 1
            continue
        z = z * t % p
        j = t * t % p
        t = t * j % p
        j = x * j % p
        x = (m * m - t - 2 * j) % p
        y = (m * (j - x) - y * t) % p
    if not z:
        return 0
    z = z * z % p
    t = int.from_bytes(sig[: row[1]], "big")
    if (t * z - x) % p == 0:
        return 1
    return 1 if t + n < p and ((t + n) * z - x) % p == 0 else 0
