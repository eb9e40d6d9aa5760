# SPDX-License-Identifier: MIT
"""kernels/des3.py in viper: no branch or index on a secret, no allocation. The eight S-boxes at once are a tree of 63 selections
by masks, a nibble each of a word, so a block takes its time.

x and y, called with 0, are working variables: viper keeps a function's first two locals in registers.
"""

import micropython
from micropython import const

DES3_CTX = const(384)  # for each of 48 rounds in encryption's order, its key as two words

# Word n holds what all eight S-boxes give for row n >> 4 and column n & 15, a nibble each, the first on top. Little-endian.
_SBOXES = (
    b"\x4d\x2c\xa7\xef\xb2\xc1\x0d\x41\x28\x4a\x9e\xd8\xe4\x1f\xe3\x1e\xf6\x79\x60\x26\x0f\xa2\x36\xfb\x8b\xb6\xf9\xb3\xd1\x68\x5a\x84"
    b"\x3a\x80\x11\x39\xc9\x5d\xd2\xa7\x93\x33\xc8\x62\x7e\xf4\x75\xcd\x55\xde\xbb\x5c\xa0\x07\x4c\x90\x6c\xe5\x24\x05\x17\x9b\x8f\x7a"
    b"\xd1\xea\xdd\x03\x0f\xbf\x78\xfd\xbd\x24\x0b\x74\x78\xc2\x95\x47\x4a\x47\x36\xef\x93\x7c\x4f\x22\x17\xd9\x60\xd8\xa4\x15\xa3\x1e"
    b"\xec\x56\x24\xac\x35\x01\x87\x60\x56\xfd\x52\xc1\xcb\xae\xec\xba\x20\x30\xc1\x96\xfe\x9b\xba\x59\x89\x83\xfe\x3b\x62\x68\x19\x85"
    b"\x17\x49\xda\x40\x4b\x2e\x66\x1e\xb4\x1f\x49\xe7\xd1\xb5\x90\x8b\xc9\xa2\x8c\xda\x3c\xd8\xfb\x64\x7e\x7c\x37\x2d\xe2\x83\x0d\xb1"
    b"\xa0\xf7\xbf\xf5\xf6\x90\x11\xc8\x6a\xc4\x23\x9c\x8d\x5a\xce\x76\x0f\x61\x55\x39\x53\x3d\xa2\xa3\x95\x0b\xe8\x52\x28\xe6\x74\x0f"
    b"\x62\xb4\x13\xfd\xb1\x83\xaf\xc8\xde\xc2\xd0\x8a\x87\x7c\x06\x21\x14\x19\x6a\x43\x4a\xe5\x91\x9f\xa8\x2f\x8d\x14\x7d\xda\x78\x72"
    b"\x9f\x6b\x49\x5b\x5c\xfe\xf4\xb6\x09\x01\xe5\x37\xf0\x97\x3b\xec\xe3\xa6\xbc\xa0\x25\x40\x57\x05\x36\x58\x22\x6e\xcb\x3d\xce\xd9"
)
# The key schedule, bits counted from 0: permuted choices 1 and 2, and how far the halves have turned.
_CHOICE1 = (
    b"\x38\x30\x28\x20\x18\x10\x08\x00\x39\x31\x29\x21\x19\x11\x09\x01\x3a\x32\x2a\x22\x1a\x12\x0a\x02\x3b\x33\x2b\x23"
    b"\x3e\x36\x2e\x26\x1e\x16\x0e\x06\x3d\x35\x2d\x25\x1d\x15\x0d\x05\x3c\x34\x2c\x24\x1c\x14\x0c\x04\x1b\x13\x0b\x03"
)
_CHOICE2 = (
    b"\x0d\x10\x0a\x17\x00\x04\x02\x1b\x0e\x05\x14\x09\x16\x12\x0b\x03\x19\x07\x0f\x06\x1a\x13\x0c\x01"
    b"\x28\x33\x1e\x24\x2e\x36\x1d\x27\x32\x2c\x20\x2f\x2b\x30\x26\x37\x21\x34\x2d\x29\x31\x23\x1c\x1f"
)
_TURNS = b"\x01\x02\x04\x06\x08\x0a\x0c\x0e\x0f\x11\x13\x15\x17\x19\x1b\x1c"
_SCRATCH = bytearray(392)  # words: the S-boxes, a tree's 32, the two halves of a block


@micropython.viper
def des3_expand(ctx, key, off: int):
    """Write the round keys of a 24-byte key. Its parity bits do not count."""
    w = ptr32(ctx)
    k = ptr8(key)
    choice1 = ptr8(_CHOICE1)
    choice2 = ptr8(_CHOICE2)
    turns = ptr8(_TURNS)
    i = 0
    while i < 48:
        # What XORs with a half as it is, and with its neighbours' bits, which are the row.
        columns = 0
        rows = 0
        j = 0
        while j < 48:
            p = choice2[j]
            q = p + turns[i & 15]
            if p < 28:
                if q >= 28:
                    q -= 28
            elif q >= 56:
                q -= 28
            p = choice1[q]
            bit = k[off + (i >> 4 << 3) + (p >> 3)] >> 7 - (p & 7) & 1
            # Of six bits, the first and the last are the row: in its place, bits 1 and 0 of a nibble swapped.
            q = j
            while q >= 6:
                q -= 6
            if q == 0:
                columns = columns << 4
                rows = rows << 4 | bit
            elif q == 5:
                rows |= bit << 1
            else:
                columns |= bit << 4 - q
            j += 1
        p = i
        if i >> 4 == 1:
            p = 47 - i
        w[2 * p] = columns
        w[2 * p + 1] = rows
        i += 1


@micropython.viper
def _crypt(x: uint, y: uint, ctx, inverse: int):
    """Encrypt (or decrypt) the block in the scratch."""
    w = ptr32(_SCRATCH)
    k = ptr32(ctx)
    step = 8
    if inverse:
        k = ptr32(int(k) + 376)
        step = -8
    m1 = 0x5555
    m1 = m1 << 16 | m1
    m2 = 0x3333
    m2 = m2 << 16 | m2
    m4 = 0x0F0F
    m4 = m4 << 16 | m4
    m8 = 0xFF
    m8 = m8 << 16 | m8
    nibbles = 0x1111
    nibbles = nibbles << 16 | nibbles
    left = uint(w[96])
    right = uint(w[97])
    x = (left >> 4 ^ right) & m4
    right ^= x
    left ^= x << 4
    x = (left >> 16 ^ right) & 0x0000FFFF
    right ^= x
    left ^= x << 16
    x = (right >> 2 ^ left) & m2
    left ^= x
    right ^= x << 2
    x = (right >> 8 ^ left) & m8
    left ^= x
    right ^= x << 8
    x = (left >> 1 ^ right) & m1
    right ^= x
    left ^= x << 1
    i = 0
    while i < 48:
        columns = right ^ uint(k[0])
        rows = uint(k[1])
        # The column's lowest bit, ..., its highest, the row's lowest, its highest: each halves what is left.
        t = w
        count = 32
        level = 0
        while count:
            if level < 4:
                x = columns >> level
            elif level == 4:
                x = (right << 1 | right >> 31) ^ rows >> 1
            else:
                x = (right >> 4 | right << 28) ^ rows
            x = (x & nibbles) * 15
            j = 64
            while j < 64 + count:
                y = uint(t[0])
                w[j] = int((uint(t[1]) ^ y) & x ^ y)
                t = ptr32(int(t) + 8)
                j += 1
            t = ptr32(int(w) + 256)
            count = count >> 1
            level += 1
        x = uint(t[0])
        y = x >> 6 | x << 26
        left ^= (y >> 7 & 0x221) << 7
        y = x >> 7 | x << 25
        left ^= y & 0x00000009
        y = x >> 8 | x << 24
        left ^= (y >> 19 & 0x111) << 19
        y = x >> 10 | x << 22
        left ^= y & 0x00004000
        y = x >> 11 | x << 21
        left ^= y & 0x02000000
        y = x >> 13 | x << 19
        left ^= y & 0x00000040
        y = x >> 15 | x << 17
        left ^= y & 0x8100 | (y >> 28 & 3) << 28
        y = x >> 16 | x << 16
        left ^= y & 0x00020000
        y = x >> 17 | x << 15
        left ^= y >> 31 << 31
        y = x >> 18 | x << 14
        left ^= y & 0x00100000
        y = x >> 19 | x << 13
        left ^= y & 0x00000004
        y = x >> 20 | x << 12
        left ^= (y >> 9 & 0x1001) << 9
        y = x >> 21 | x << 11
        left ^= y & 0x00000800
        y = x >> 22 | x << 10
        left ^= y & 0x00000010
        y = x >> 23 | x << 9
        left ^= y & 0x01000000
        y = x >> 26 | x << 6
        left ^= y & 0x04000000
        y = x >> 27 | x << 5
        left ^= y & 0x2402 | (y >> 22 & 0x101) << 22
        y = x >> 28 | x << 4
        left ^= y & 0x00040000
        y = x >> 29 | x << 3
        left ^= y & 0x00000020
        if i & 15 != 15:  # the end of one DES is the beginning of the next
            x = left
            left = right
            right = x
        k = ptr32(int(k) + step)
        i += 1
    x = (left >> 1 ^ right) & m1
    right ^= x
    left ^= x << 1
    x = (right >> 8 ^ left) & m8
    left ^= x
    right ^= x << 8
    x = (right >> 2 ^ left) & m2
    left ^= x
    right ^= x << 2
    x = (left >> 16 ^ right) & 0x0000FFFF
    right ^= x
    left ^= x << 16
    x = (left >> 4 ^ right) & m4
    right ^= x
    left ^= x << 4
    w[96] = int(left)
    w[97] = int(right)


@micropython.viper
def _cbc(ctx, iv, buf, off: int, n: int, inverse: int):
    w = ptr32(_SCRATCH)
    b = ptr8(_SBOXES)
    v = ptr8(iv)
    p = ptr8(int(ptr8(buf)) + off)
    i = 0
    while i < 64:
        w[i] = b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24
        b = ptr8(int(b) + 4)
        i += 1
    b = ptr8(_SCRATCH)
    while n > 0:
        i = 0
        while i < 8:  # the halves are words, their first byte on top
            x = p[i]
            if inverse == 0:
                x ^= v[i]
            b[384 + (i ^ 3)] = x
            i += 1
        _crypt(0, 0, ctx, inverse)
        i = 0
        while i < 8:
            x = b[384 + (i ^ 3)]
            if inverse:
                x ^= v[i]
                v[i] = p[i]
            else:
                v[i] = x
            p[i] = x
            i += 1
        p = ptr8(int(p) + 8)
        n -= 8
    i = 64
    while i < 98:
        w[i] = 0
        i += 1


@micropython.viper
def des3_cbc_encrypt(ctx, iv, buf, off: int, n: int):
    """CBC in place, n a multiple of 8; iv becomes the last ciphertext block."""
    _cbc(ctx, iv, buf, off, n, 0)


@micropython.viper
def des3_cbc_decrypt(ctx, iv, buf, off: int, n: int):
    """CBC in place, n a multiple of 8; iv becomes the last ciphertext block."""
    _cbc(ctx, iv, buf, off, n, 1)
