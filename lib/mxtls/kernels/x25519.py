# SPDX-License-Identifier: MIT
"""X25519 (RFC 7748 section 5) over little-endian 32-byte buffers; the pure tier. Called by the ECDHE key exchange.

The ladder runs one fixed sequence and swaps with masks, but the time of Python's integer operations depends on
their values. This tier is the specification; use it where nobody can time it closely.
"""

_P = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED


def x25519(out, k, u):
    """out = the u coordinate of k * u. k is clamped and the top bit of u ignored. Returns 0 where it is all zero."""
    p = _P
    k = int.from_bytes(k, "little") & (1 << 254) - 8 | 1 << 254
    u = int.from_bytes(u, "little") & (1 << 255) - 1
    a = d = 1  # the points a/b and c/d
    b = 0
    c = u
    last = 0
    for i in range(254, -1, -1):
        t = k >> i & 1
        last ^= t
        x = (a ^ c) & -last
        a ^= x
        c ^= x
        x = (b ^ d) & -last
        b ^= x
        d ^= x
        last = t
        x = (a + b) * (c - d) % p
        t = (a - b) * (c + d) % p
        c = x + t
        c = c * c % p
        t = x - t
        d = t * t * u % p
        x = a + b
        x = x * x % p
        t = a - b
        t = t * t % p
        a = x * t % p
        x -= t
        b = x * (t + 121666 * x) % p
    # k is a multiple of 8: the last step swapped nothing
    a = a * pow(b, p - 2, p) % p
    out[:32] = a.to_bytes(32, "little")
    return 1 if a else 0
