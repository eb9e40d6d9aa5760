# SPDX-License-Identifier: MIT
"""The blocks of Poly1305 (RFC 8439 section 2.5) in viper, a file of its own so that another tier can take its place. Called by
kernels/poly1305.py, which tells how the limbs lie in the context.
"""

import micropython


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
def blocks(ctx, buf, off: int, n: int):
    """Absorb n bytes of buf, a multiple of 16."""
    _blocks(0, 0, ctx, buf, off, n)
