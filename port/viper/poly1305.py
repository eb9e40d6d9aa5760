# SPDX-License-Identifier: MIT
"""kernels/poly1305.py in viper: no branch or index on a secret, constant time where the processor's multiplication is, no
allocation.

Ten limbs of 13 bits, so that a column of ten products fits a word: the key's clamped limbs, five times them for what wraps
around the prime, and a sum whose even limbs are carried once behind a block's addition.
"""

import micropython
from micropython import const

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
def _blocks(x: uint, y: uint, ctx, buf, off: int, n: int):
    """Absorb n bytes of buf, a multiple of 16. x and y, called with 0, are a column and a limb: viper keeps the first two locals in
    registers."""
    k = ptr32(ctx)
    p = ptr8(int(ptr8(buf)) + off)
    m = 0x1FFF
    while n:
        n -= 16
        y = uint(p[0] | p[1] << 8 | p[2] << 16 | p[3] << 24)
        x = (y & m) + uint(k[19])
        h0 = x & m
        h1 = (y >> 13 & m) + uint(k[20]) + (x >> 13)
        x = y >> 26
        y = uint(p[4] | p[5] << 8 | p[6] << 16 | p[7] << 24)
        x = (y << 6 & m | x) + uint(k[21])
        h2 = x & m
        h3 = (y >> 7 & m) + uint(k[22]) + (x >> 13)
        x = y >> 20
        y = uint(p[8] | p[9] << 8 | p[10] << 16 | p[11] << 24)
        x = ((y << 12 | x) & m) + uint(k[23])
        h4 = x & m
        h5 = (y >> 1 & m) + uint(k[24]) + (x >> 13)
        x = (y >> 14 & m) + uint(k[25])
        h6 = x & m
        h7 = (x >> 13) + uint(k[26])
        x = y >> 27
        y = uint(p[12] | p[13] << 8 | p[14] << 16 | p[15] << 24)
        h7 += y << 5 & m | x
        x = (y >> 8 & m) + uint(k[27])
        h8 = x & m
        h9 = (y >> 21) + uint(k[28]) + (x >> 13) + 0x800
        x = uint(0)
        i = 10
        while i:
            y = h0
            x = uint(k[9]) * y + x
            y = h1
            x = uint(k[8]) * y + x
            y = h2
            x = uint(k[7]) * y + x
            y = h3
            x = uint(k[6]) * y + x
            y = h4
            x = uint(k[5]) * y + x
            y = h5
            x = uint(k[4]) * y + x
            y = h6
            x = uint(k[3]) * y + x
            y = h7
            x = uint(k[2]) * y + x
            y = h8
            x = uint(k[1]) * y + x
            y = h9
            x = uint(k[0]) * y + x
            k[19] = int(x & m)
            x = x >> 13
            k = ptr32(int(k) + 4)
            i -= 1
        k = ptr32(int(k) - 40)
        x = x * 5 + uint(k[19])
        k[19] = int(x & m)
        k[20] = k[20] + int(x >> 13)
        p = ptr8(int(p) + 16)


@micropython.viper
def poly1305(ctx, buf, off: int, n: int):
    """Absorb n bytes of buf, padded with zeros to whole blocks (RFC 8439 section 2.8)."""
    whole = n & -16
    _blocks(0, 0, ctx, buf, off, whole)
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
        _blocks(0, 0, ctx, ctx, 132, 16)


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
