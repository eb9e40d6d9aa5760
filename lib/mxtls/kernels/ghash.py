# SPDX-License-Identifier: MIT
"""GHASH (SP 800-38D section 6.4), pure Python: carry-less products by big-int multiplication of spread bits.

A block is held as 128 bytes, one bit each, so that a product's sums stay below 256 and bit 0 of
each is the carry-less result. Nothing is indexed by a secret; a big int takes time by its length
alone, apart from leading zeros. Called by crypto/gcm.py.
"""

from micropython import const

GHASH_CTX = const(16)


def ghash_key(ctx, h):
    """Keep the hash key, the encryption of the zero block."""
    ctx[:] = h


def _spread(b):
    """Bytes as an int of one byte a bit; the digits '0' and '1' differ in their lowest bit."""
    x = bin(int.from_bytes(b, "big") | 1 << 8 * len(b))[3:]
    return int.from_bytes(x.encode(), "big") & (((1 << 64 * len(b)) - 1) // 255)


def ghash(ctx, y, buf, off, n):
    """y becomes (y + block) times the key, for each 16-byte block of n bytes, the last one padded with zeros."""
    bits = (1 << 1024) // 255
    low = (1 << 1016) - 1
    h = _spread(ctx)
    x = _spread(y)
    for i in range(off, off + n, 16):
        b = bytes(buf[i : min(i + 16, off + n)])
        # The first bit is the coefficient of x^0 and lies on top: byte 254 - k of the product holds x^k.
        x = ((x ^ _spread(b + bytes(16 - len(b)))) & bits) * h
        t = x & low  # x^128 and up, to be folded in times 1 + x + x^2 + x^7
        t ^= ((t & 0xFFFFFFFFFFFF) << 968) ^ ((t & 0xFF) << 1008)  # what that would push out again
        x = (x >> 1016) ^ (t << 8) ^ t ^ (t >> 8) ^ (t >> 48)
    # One bit a byte back to digits.
    x = (x & bits) | (48 * bits)
    y[:] = int(x.to_bytes(128, "big").decode(), 2).to_bytes(16, "big")
