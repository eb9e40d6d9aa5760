# SPDX-License-Identifier: MIT
"""The blocks of GHASH (SP 800-38D section 6.4) in viper, a file of its own so that another tier can take its place. Called by
kernels/ghash.py, which tells the method. The context's words are 9 factors of the key, then 9 of the block that become 9 low and
9 high words of products; between calls the value so far lies in words 9 to 12, the lowest first.
"""

import micropython


@micropython.viper
def _products(x: uint, y: uint, z: uint, k: ptr32):
    """The product of the factors in k[0:9] and k[9:18]: its seven sums of words, low halves to k[9:16], high to k[18:25].
    x, y and z are working variables: viper keeps a function's first three locals in registers."""
    full = 0xFFFF
    full = full << 16 | full
    m0 = 0x9249
    m1 = 0x2492
    m2 = 0x4924
    n2 = m1 << 16 | m2
    n1 = n2 >> 1
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
def _blocks(x: uint, y: uint, z: uint, ctx, buf, off: int, n: int):
    k = ptr32(ctx)
    full = 0xFFFF
    full = full << 16 | full
    w0 = uint(k[9])
    w1 = uint(k[10])
    w2 = uint(k[11])
    w3 = uint(k[12])
    p = ptr8(buf)
    while True:  # a condition's jump would be too long for Xtensa
        if n <= 0:
            break
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
    k[9] = w0
    k[10] = w1
    k[11] = w2
    k[12] = w3


@micropython.viper
def blocks(ctx, buf, off: int, n: int):
    """Absorb n bytes of buf, a multiple of 16, into the value so far."""
    _blocks(0, 0, 0, ctx, buf, off, n)
