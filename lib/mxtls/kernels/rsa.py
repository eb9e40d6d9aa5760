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


def rsa_private(out, x, n, e, crt, blind):
    """out = x^d mod n by CRT, as long as n. crt: p, q, d mod p-1, d mod q-1, 1/q mod p, each of a fifth of its bytes, with
    zeros before it where it is shorter; blind: fresh random bytes, as many as n has.

    The result is checked with e before it leaves, for a fault in one half would give away a factor. Returns 1,
    or 0 for x >= n, a key whose parts disagree, or a blind without an inverse.
    """
    size = len(n)
    half = len(crt) // 5
    n = int.from_bytes(n, "big")
    p = int.from_bytes(crt[:half], "big")
    q = int.from_bytes(crt[half : 2 * half], "big")
    dp = int.from_bytes(crt[2 * half : 3 * half], "big")
    dq = int.from_bytes(crt[3 * half : 4 * half], "big")
    qinv = int.from_bytes(crt[4 * half :], "big")
    e = int.from_bytes(e, "big")
    x = int.from_bytes(x, "big")
    blind = int.from_bytes(blind, "big") % n
    if not n & p & q & 1 or x >= n or blind < 2:
        return 0
    inverse = _inverse(blind, n)
    x = x * pow(blind, e, n) % n
    y = pow(x % q, dq, q)
    y += (pow(x % p, dp, p) - y) * qinv % p * q
    if not inverse or pow(y, e, n) != x:
        return 0
    out[:size] = (y * inverse % n).to_bytes(size, "big")
    return 1
