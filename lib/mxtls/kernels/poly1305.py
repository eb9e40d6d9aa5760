# SPDX-License-Identifier: MIT
"""Poly1305 (RFC 8439 section 2.5) over input whose last block is padded with zeros, pure Python with big ints.

A big int takes time by its length alone, apart from leading zeros and the digits of a remainder. Called by
crypto/chacha20poly1305.py.
"""

from micropython import const

POLY1305_CTX = const(49)  # r (16, clamped), s (16), the sum so far (17)


def poly1305_key(ctx, key):
    """Begin a message under a one-time key of 32 bytes."""
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    ctx[:] = r.to_bytes(16, "little") + bytes(key[16:32]) + bytes(17)


def poly1305(ctx, buf, off, n):
    """Absorb n bytes of buf, padded with zeros to whole blocks (RFC 8439 section 2.8)."""
    r = int.from_bytes(ctx[:16], "little")
    h = int.from_bytes(ctx[32:], "little")
    for i in range(off, off + n, 16):
        h = (h + int.from_bytes(buf[i : min(i + 16, off + n)], "little") + 0x100000000000000000000000000000000) * r
        h %= 0x3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFB
    ctx[32:] = h.to_bytes(17, "little")


def poly1305_tag(ctx, out, off):
    """Write the tag, 16 bytes."""
    h = int.from_bytes(ctx[16:32], "little") + int.from_bytes(ctx[32:], "little")
    out[off : off + 16] = h.to_bytes(17, "little")[:16]
