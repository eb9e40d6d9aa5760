# SPDX-License-Identifier: MIT
"""kernels/poly1305.py in viper: no branch or index on a secret, constant time where the processor's multiplication is, no
allocation.

Ten limbs of 13 bits, so that a column of ten products fits a word: the key's clamped limbs, five times them for what wraps
around the prime, and a sum whose even limbs are carried once behind a block's addition.
"""

import micropython
from micropython import const

from mxtls.kernels.poly1305_blocks import blocks

# words: 5 times the key's limbs 1 to 9, its limbs 0 to 9, the sum's, the key's second half, a last block
POLY1305_CTX = const(148)


@micropython.viper
def poly1305_key(ctx, key):
    """Begin a message under a one-time key of 32 bytes."""
    k = ptr32(ctx)
    b = ptr8(ctx)
    p = ptr8(key)
    i = 0
    while i < 16:
        b[116 + i] = p[16 + i]
        x = int(p[i])
        if i & 3 == 3:
            x &= 15
        if i & 3 == 0 and i:
            x &= 252
        b[132 + i] = x
        i += 1
    i = 0
    while i < 10:
        j = 13 * i
        x = b[132 + (j >> 3)] | b[133 + (j >> 3)] << 8
        if i < 9:
            x |= b[134 + (j >> 3)] << 16
        x = x >> (j & 7) & 0x1FFF
        if i:
            k[i - 1] = x * 5
        k[9 + i] = x
        k[19 + i] = 0
        i += 1


@micropython.viper
def poly1305(ctx, buf, off: int, n: int):
    """Absorb n bytes of buf, padded with zeros to whole blocks (RFC 8439 section 2.8)."""
    whole = n & -16
    blocks(ctx, buf, off, whole)
    n -= whole
    if n:
        b = ptr8(ctx)
        p = ptr8(int(ptr8(buf)) + off + whole)
        i = 0
        while i < 16:
            b[132 + i] = 0
            if i < n:
                b[132 + i] = p[i]
            i += 1
        blocks(ctx, ctx, 132, 16)


@micropython.viper
def poly1305_tag(ctx, out, off: int):
    """Write the tag, 16 bytes."""
    k = ptr32(ctx)
    b = ptr8(ctx)
    p = ptr8(out)
    # Carry all limbs, twice as the first takes what leaves the last, then add 5: only from the prime on does that leave bit 130.
    x = 0
    i = 0
    while i < 20:
        j = 19 + i
        if i >= 10:
            j -= 10
        if i == 10:
            x *= 5
        x += k[j]
        k[j] = x & 0x1FFF
        x = x >> 13
        i += 1
    x = 5
    i = 19
    while i < 29:
        x = (x + k[i]) >> 13
        i += 1
    # That bit: the sum less the prime is the sum plus 5, without it. Then add the key's second half, a byte at a time.
    x *= 5
    bits = 0
    limbs = 0
    carry = 0
    j = 19
    i = 0
    while i < 16:
        if bits < 8:
            x += k[j]
            limbs |= (x & 0x1FFF) << bits
            x = x >> 13
            bits += 13
            j += 1
        carry += (limbs & 255) + b[116 + i]
        p[off + i] = carry
        carry = carry >> 8
        limbs = limbs >> 8
        bits -= 8
        i += 1
