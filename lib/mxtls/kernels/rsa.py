# SPDX-License-Identifier: MIT
"""RSA with and without the private key (RFC 8017 section 5) over big-endian buffers; the pure tier.

Called by mxtls.crypto.rsa. The built-in pow is not constant-time: the secret exponents act on a blinded base,
so that time says little about what is signed or decrypted, but it does depend on the exponents.
"""


def _inverse(a, n):
    """1/a modulo n by Euclid, or 0 where there is none. a is random and used once: its time tells nothing of worth."""
    m = n
    x = 0
    y = 1
    while a:
        q = m // a
        m, a = a, m - q * a
        x, y = y, x - q * y
    return x % n if m == 1 else 0


def rsa_public(out, x, n, e):
    """out = x^e mod n, as long as n. Returns 1, or 0 unless n is odd and x < n."""
    size = len(n)
    n = int.from_bytes(n, "big")
    x = int.from_bytes(x, "big")
    if not n & 1 or x >= n:
        return 0
    out[:size] = pow(x, int.from_bytes(e, "big"), n).to_bytes(size, "big")
    return 1


def rsa_private(out, x, key, blind):
    """out = x^d mod n by CRT, as long as n; blind: fresh random bytes, as many as n has.

    The result is checked with e before it leaves, for a fault in one half would give away a factor. Returns 1,
    or 0 for x >= n, a key whose parts disagree, or a blind without an inverse.
    """
    size = len(key.n)
    n = int.from_bytes(key.n, "big")
    p = int.from_bytes(key.p, "big")
    q = int.from_bytes(key.q, "big")
    e = int.from_bytes(key.e, "big")
    x = int.from_bytes(x, "big")
    blind = int.from_bytes(blind, "big") % n
    if not n & p & q & 1 or x >= n or blind < 2:
        return 0
    inverse = _inverse(blind, n)
    x = x * pow(blind, e, n) % n
    y = pow(x % q, int.from_bytes(key.dq, "big"), q)
    h = (pow(x % p, int.from_bytes(key.dp, "big"), p) - y) * int.from_bytes(key.qinv, "big") % p
    y += h * q
    if not inverse or pow(y, e, n) != x:
        return 0
    out[:size] = (y * inverse % n).to_bytes(size, "big")
    return 1
