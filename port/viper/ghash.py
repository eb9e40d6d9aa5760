# SPDX-License-Identifier: MIT
"""kernels/ghash.py in viper: carry-less products by integer multiplication of bits with holes, no branch or index on a secret.

Of 16-bit factors every third bit is multiplied at a time: at most six meet in a place, which the
two holes above it hold. Constant time where the processor's multiplication is (every Cortex-M0+,
M3 on its low 32 bits, M4, M33, Xtensa LX6, RISC-V with a single-cycle multiplier). Two levels of
Karatsuba make 9 word products of the 16, a third makes 3 half-word products of each.
It allocates nothing, and is right on 64-bit ports too.
"""

import micropython
from micropython import const

from mxtls.kernels.ghash_blocks import blocks

GHASH_CTX = const(108)  # words: 9 factors of the key, 9 of the block that become 9 low and 9 high words of products


@micropython.viper
def ghash_key(ctx, h):
    """Keep the hash key, the encryption of the zero block."""
    k = ptr32(ctx)
    p = ptr8(h)
    i = 0
    while i < 4:
        k[i + 9] = p[12 - 4 * i] << 24 | p[13 - 4 * i] << 16 | p[14 - 4 * i] << 8 | p[15 - 4 * i]
        i += 1
    k[0] = k[9]
    k[1] = k[10]
    k[2] = k[9] ^ k[10]
    k[3] = k[11]
    k[4] = k[12]
    k[5] = k[11] ^ k[12]
    k[6] = k[9] ^ k[11]
    k[7] = k[10] ^ k[12]
    k[8] = k[2] ^ k[5]


@micropython.viper
def ghash(ctx, y, buf, off: int, n: int):
    """y becomes (y + block) times the key, for each 16-byte block of n bytes, the last one padded with zeros."""
    k = ptr32(ctx)
    b = ptr8(ctx)
    p = ptr8(y)
    # A block is one number, its first byte on top: bit 127 is the coefficient of x^0.
    i = 0
    while i < 16:
        b[36 + i] = p[15 - i]
        i += 1
    whole = n & -16
    blocks(ctx, buf, off, whole)
    n -= whole
    if n:
        # The last block, padded, in words that are free just now.
        i = 18
        while i < 22:
            k[i] = 0
            i += 1
        q = ptr8(buf)
        i = 0
        while i < n:
            b[72 + i] = q[off + whole + i]
            i += 1
        blocks(ctx, ctx, 72, 16)
    i = 0
    while i < 16:
        p[15 - i] = b[36 + i]
        i += 1
