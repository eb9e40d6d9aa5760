# SPDX-License-Identifier: MIT
"""Exponentiation modulo a prime over big-endian buffers (RFC 2631 section 2.1.1); the pure tier. Called by mxtls.crypto.dh.

The built-in pow is not constant-time: its time depends on the secret exponent, which therefore serves one handshake only.
"""


def dh_power(out, base, x, p):
    """out = base^x mod p, as long as p. Returns 1, or 0 unless p is odd and the base and the result are in 2..p-2."""
    size = len(p)
    base = int.from_bytes(base, "big")
    x = int.from_bytes(x, "big")
    p = int.from_bytes(p, "big")
    if not p & 1 or not 1 < base < p - 1:
        return 0
    base = pow(base, x, p)
    if not 1 < base < p - 1:
        return 0
    out[:size] = base.to_bytes(size, "big")
    return 1
