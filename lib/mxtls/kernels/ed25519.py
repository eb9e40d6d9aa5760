# SPDX-License-Identifier: MIT
"""Ed25519 (RFC 8032 section 5.1) without its hashes, over little-endian buffers; the pure tier. Called by mxtls.crypto.ed25519.

Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z; one sum serves all cases. Secret scalars follow one fixed sequence and
choose by a tuple index, but the time of Python's integer operations depends on the values.
"""

_P = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED
_L = 0x1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED
_D = 0x52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3
_ROOT = 0x2B8324804FC1DF0B2B4D00993DFBD7A72F431806AD2FE478C4EE1B274A0EA0B0  # of -1
_BX = 0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A
_BY = 0x6666666666666666666666666666666666666666666666666666666666666658


def _sum(P, Q):
    p = _P
    a = (P[1] - P[0]) * (Q[1] - Q[0]) % p
    b = (P[1] + P[0]) * (Q[1] + Q[0]) % p
    c = 2 * _D * P[3] * Q[3] % p
    d = 2 * P[2] * Q[2] % p
    e = b - a
    f = d - c
    g = d + c
    h = b + a
    return e * f % p, g * h % p, f * g % p, e * h % p


def _multiply(k, P):
    """k * P for 0 <= k < 2**256."""
    R = (0, 1, 1, 0)
    for i in range(255, -1, -1):
        R = _sum(R, R)
        R = (R, _sum(R, P))[k >> i & 1]
    return R


def _encode(P):
    t = pow(P[2], _P - 2, _P)
    return P[1] * t % _P | (P[0] * t % _P & 1) << 255


def _decode(buf):
    """The point that buf[:32] encodes, or None."""
    p = _P
    y = int.from_bytes(buf[:32], "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    if y >= p:
        return None
    u = y * y - 1
    v = _D * y * y + 1
    x = u * pow(v, 3, p) * pow(u * pow(v, 7, p) % p, (p - 5) // 8, p) % p
    if (v * x * x - u) % p:
        x = x * _ROOT % p
        if (v * x * x - u) % p:
            return None
    if not x and sign:
        return None
    if x & 1 != sign:
        x = p - x
    return x, y, 1, x * y % p


def ed25519_base(out, k):
    """out[:32] = the encoding of k * B, for a k of 32 or 64 bytes."""
    B = (_BX, _BY, 1, _BX * _BY % _P)
    out[:32] = _encode(_multiply(int.from_bytes(k, "little") % _L, B)).to_bytes(32, "little")


def ed25519_scalar(out, r, k, a):
    """out[:32] = (r + k * a) modulo the order of B; r and k are of 64 bytes, a of 32."""
    s = (int.from_bytes(r, "little") + int.from_bytes(k, "little") * int.from_bytes(a, "little")) % _L
    out[:32] = s.to_bytes(32, "little")


def ed25519_check(sig, k, public):
    """1 when sig = R||s with s * B = R + k * A, A being the public key of 32 bytes and k of 64, else 0. All values are public."""
    s = int.from_bytes(sig[32:64], "little")
    A = _decode(public)
    if len(sig) != 64 or len(public) != 32 or s >= _L or not A:
        return 0
    k = int.from_bytes(k, "little") % _L
    A = (_P - A[0], A[1], 1, _P - A[3])
    sum = _sum(_multiply(s, (_BX, _BY, 1, _BX * _BY % _P)), _multiply(k, A))
    return 1 if _encode(sum) == int.from_bytes(sig[:32], "little") else 0
