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
    _ghash(0, 0, 0, ctx, y, buf, off, n)


@micropython.viper
def _products(x: uint, y: uint, z: uint, k: ptr32):
    """The product of the factors in k[0:9] and k[9:18]: its seven sums of words, low halves to k[9:16], high to k[18:25].
    x, y and z are working variables: viper keeps a function's first three locals in registers."""
    full = 0xFFFF
    full = full << 16 | full
    m0 = 0x9249
    m1 = 0x2492
    m2 = 0x4924
    n1 = 0x12492492
    n2 = 0x24924924
    n0 = n2 << 1 | 1
    i = 0
    while i < 9:
        a = uint(k[i + 9])
        b = uint(k[i])
        t = a
        x = t & m0
        y = t & m1
        z = t & m2
        t = b
        b0 = t & m0
        b1 = t & m1
        b2 = t & m2
        low = (x * b0 ^ y * b2 ^ z * b1) & n0 | (x * b1 ^ y * b0 ^ z * b2) & n1 | (x * b2 ^ y * b1 ^ z * b0) & n2
        t = a >> 16
        x = t & m0
        y = t & m1
        z = t & m2
        t = b >> 16
        b0 = t & m0
        b1 = t & m1
        b2 = t & m2
        high = (x * b0 ^ y * b2 ^ z * b1) & n0 | (x * b1 ^ y * b0 ^ z * b2) & n1 | (x * b2 ^ y * b1 ^ z * b0) & n2
        t = a >> 16 ^ a
        x = t & m0
        y = t & m1
        z = t & m2
        t = b >> 16 ^ b
        b0 = t & m0
        b1 = t & m1
        b2 = t & m2
        t = (x * b0 ^ y * b2 ^ z * b1) & n0 | (x * b1 ^ y * b0 ^ z * b2) & n1 | (x * b2 ^ y * b1 ^ z * b0) & n2
        t ^= low ^ high
        k[i + 9] = (t << 16 ^ low) & full
        k[i + 18] = t >> 16 ^ high
        i += 1
    # From nine products to the seven words of the sum, first the low halves, then the high.
    i = 9
    while i < 27:
        x = uint(k[i]) ^ k[i + 1]
        y = uint(k[i + 3]) ^ k[i + 4]
        z = uint(k[i + 6]) ^ k[i + 7]
        t = x ^ k[i + 2]
        b = y ^ k[i + 5]
        a = t ^ b ^ z ^ k[i + 8]
        k[i + 2] = x ^ k[i + 3] ^ k[i + 6]
        x = y ^ k[i + 1] ^ k[i + 7]
        k[i + 6] = k[i + 4]
        k[i + 4] = x
        k[i + 1] = t
        k[i + 3] = a
        k[i + 5] = b
        i += 9


@micropython.viper
def _ghash(x: uint, y: uint, z: uint, ctx, acc, buf, off: int, n: int):
    k = ptr32(ctx)
    p = ptr8(acc)
    full = 0xFFFF
    full = full << 16 | full
    # A block is one number, its first byte on top: bit 127 is the coefficient of x^0. Word 0 is the lowest.
    w3 = uint(p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3])
    w2 = uint(p[4] << 24 | p[5] << 16 | p[6] << 8 | p[7])
    w1 = uint(p[8] << 24 | p[9] << 16 | p[10] << 8 | p[11])
    w0 = uint(p[12] << 24 | p[13] << 16 | p[14] << 8 | p[15])
    p = ptr8(buf)
    while True:  # a condition's jump would be too long for Xtensa
        if n <= 0:
            break
        if n < 16:
            # The last block, padded, in words that are free just now.
            i = 0
            while i < 4:
                k[18 + i] = 0
                i += 1
            i = 0
            q = ptr8(ctx)
            while i < n:
                q[72 + i] = p[off + i]
                i += 1
            p = q
            off = 72
        w3 ^= p[off] << 24 | p[off + 1] << 16 | p[off + 2] << 8 | p[off + 3]
        w2 ^= p[off + 4] << 24 | p[off + 5] << 16 | p[off + 6] << 8 | p[off + 7]
        w1 ^= p[off + 8] << 24 | p[off + 9] << 16 | p[off + 10] << 8 | p[off + 11]
        w0 ^= p[off + 12] << 24 | p[off + 13] << 16 | p[off + 14] << 8 | p[off + 15]
        off += 16
        n -= 16
        k[9] = w0
        k[10] = w1
        k[11] = w0 ^ w1
        k[12] = w2
        k[13] = w3
        k[14] = w2 ^ w3
        k[15] = w0 ^ w2
        k[16] = w1 ^ w3
        k[17] = w0 ^ w1 ^ w2 ^ w3
        _products(0, 0, 0, ctx)
        # All up by one bit, as the 255 bits are counted from the top; then fold the low four words, x^128 and
        # more, into the high four as 1 + x + x^2 + x^7.
        x = uint(k[9])
        y = uint(k[10]) ^ k[18]
        z = uint(k[11]) ^ k[19]
        t = uint(k[12]) ^ k[20]
        w0 = uint(k[13]) ^ k[21]
        w1 = uint(k[14]) ^ k[22]
        w2 = uint(k[15]) ^ k[23]
        w3 = uint(k[24]) << 1 | w2 >> 31
        w2 = w2 << 1 | w1 >> 31
        w1 = w1 << 1 | w0 >> 31
        w0 = w0 << 1 | t >> 31
        t = t << 1 | z >> 31
        z = (z << 1 | y >> 31) & full
        y = (y << 1 | x >> 31) & full
        x = x << 1 & full
        t = (t ^ x << 31 ^ x << 30 ^ x << 25) & full
        w0 = (w0 ^ x ^ x >> 1 ^ x >> 2 ^ x >> 7 ^ y << 31 ^ y << 30 ^ y << 25) & full
        w1 = (w1 ^ y ^ y >> 1 ^ y >> 2 ^ y >> 7 ^ z << 31 ^ z << 30 ^ z << 25) & full
        w2 = (w2 ^ z ^ z >> 1 ^ z >> 2 ^ z >> 7 ^ t << 31 ^ t << 30 ^ t << 25) & full
        w3 = (w3 ^ t ^ t >> 1 ^ t >> 2 ^ t >> 7) & full
    p = ptr8(acc)
    i = 0
    while i < 4:
        p[i] = w3 >> 24 - 8 * i
        p[i + 4] = w2 >> 24 - 8 * i
        p[i + 8] = w1 >> 24 - 8 * i
        p[i + 12] = w0 >> 24 - 8 * i
        i += 1
