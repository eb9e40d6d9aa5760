# SPDX-License-Identifier: MIT
"""kernels/aes.py in viper, but for the rounds: see aes_rounds.py for the state and the keys. No branch or index on a secret, no
allocation, right on 64-bit ports too: bits above the 32nd are cut before a right shift could bring them back.
"""

import micropython
from micropython import const

from mxtls.kernels.aes_rounds import rounds

AES_CTX = const(276)  # words: 8 of state, the number of rounds, 15 round keys of 4


@micropython.viper
def _unround(x: uint, y: uint, z: uint, ctx, mixed: int):
    """One round backwards on the planes in k[0:8], behind its key. x, y and z, called with 0, are working variables: viper keeps a
    function's first three locals in registers. It is one straight line, as armv6m's jumps reach no further than 2 KB."""
    k = ptr32(ctx)
    full = 0xFFFF
    full = full << 16 | full
    q0 = uint(k[0])
    q1 = uint(k[1])
    q2 = uint(k[2])
    q3 = uint(k[3])
    q4 = uint(k[4])
    q5 = uint(k[5])
    q6 = uint(k[6])
    q7 = uint(k[7])
    if mixed:
        # The inverse of MixColumns adds 4(x + x two rows on) first.
        a0 = (q0 >> 16 | q0 << 16) & full ^ q0
        a1 = (q1 >> 16 | q1 << 16) & full ^ q1
        a2 = (q2 >> 16 | q2 << 16) & full ^ q2
        a3 = (q3 >> 16 | q3 << 16) & full ^ q3
        a4 = (q4 >> 16 | q4 << 16) & full ^ q4
        a5 = (q5 >> 16 | q5 << 16) & full ^ q5
        a6 = (q6 >> 16 | q6 << 16) & full ^ q6
        a7 = (q7 >> 16 | q7 << 16) & full ^ q7
        q0 ^= a6
        q1 ^= a7 ^ a6
        q2 ^= a0 ^ a7
        q3 ^= a1 ^ a6
        q4 ^= a2 ^ a7 ^ a6
        q5 ^= a3 ^ a7
        q6 ^= a4
        q7 ^= a5
        # Each byte plus the next of its column, from plane 7 down.
        top = (q7 >> 8 | q7 << 24) & full ^ q7
        y = top
        z = (q6 >> 8 | q6 << 24) & full ^ q6
        q7 ^= (y >> 16 | y << 16) ^ y ^ z
        y = (q5 >> 8 | q5 << 24) & full ^ q5
        q6 ^= (z >> 16 | z << 16) ^ z ^ y
        z = (q4 >> 8 | q4 << 24) & full ^ q4
        q5 ^= (y >> 16 | y << 16) ^ y ^ z
        y = (q3 >> 8 | q3 << 24) & full ^ q3
        q4 ^= (z >> 16 | z << 16) ^ z ^ y ^ top
        z = (q2 >> 8 | q2 << 24) & full ^ q2
        q3 ^= (y >> 16 | y << 16) ^ y ^ z ^ top
        y = (q1 >> 8 | q1 << 24) & full ^ q1
        q2 ^= (z >> 16 | z << 16) ^ z ^ y
        z = (q0 >> 8 | q0 << 24) & full ^ q0
        q1 ^= (y >> 16 | y << 16) ^ y ^ z ^ top
        q0 ^= (z >> 16 | z << 16) ^ z ^ top
    # The inverse S-box is this linear map, the S-box, and the map again.
    k[0] = q2 ^ q5 ^ q7
    k[1] = q3 ^ q6 ^ q0
    k[2] = q4 ^ q7 ^ q1
    k[3] = q5 ^ q0 ^ q2
    k[4] = q6 ^ q1 ^ q3
    k[5] = q7 ^ q2 ^ q4
    k[6] = q0 ^ q3 ^ q5
    k[7] = q1 ^ q4 ^ q6
    rounds(ctx, 2)
    q0 = uint(k[0])
    q1 = uint(k[1])
    q2 = uint(k[2])
    q3 = uint(k[3])
    q4 = uint(k[4])
    q5 = uint(k[5])
    q6 = uint(k[6])
    q7 = uint(k[7])
    k[0] = q2 ^ q5 ^ q7
    k[1] = q3 ^ q6 ^ q0
    k[2] = q4 ^ q7 ^ q1
    k[3] = q5 ^ q0 ^ q2
    k[4] = q6 ^ q1 ^ q3
    k[5] = q7 ^ q2 ^ q4
    k[6] = q0 ^ q3 ^ q5
    k[7] = q1 ^ q4 ^ q6
    # ShiftRows was done; twice more, it is its own inverse.
    mask = 0x0F00
    mask = mask << 16 | mask
    i = 0
    while i < 8:
        x = uint(k[i])
        y = (x >> 4 ^ x) & mask
        k[i] = x ^ y ^ y << 4
        i += 1


@micropython.viper
def _decrypt(ctx):
    """Both blocks in the state."""
    k = ptr32(ctx)
    m1 = 0x5555
    m1 = m1 << 16 | m1
    rounds(ctx, 1)
    r = int(k[8])
    while True:
        at = 9 + 4 * r
        i = 0
        while i < 4:
            x = uint(k[at + i])
            k[i] = k[i] ^ (x & m1) * 3
            k[4 + i] = k[4 + i] ^ (x >> 1 & m1) * 3
            i += 1
        if r == 0:
            break
        _unround(0, 0, 0, ctx, r ^ k[8])
        r -= 1
    rounds(ctx, 1)


@micropython.viper
def aes_expand(ctx, key, off: int, nbytes: int):
    """Write the round keys of a 16, 24 or 32-byte key; all but the first carry the S-box's 0x63."""
    k = ptr32(ctx)
    b = ptr8(ctx)
    p = ptr8(key)
    m1 = 0x5555
    m1 = m1 << 16 | m1
    c63 = 0x6363
    c63 = c63 << 16 | c63
    i = 9
    while i < 69:
        k[i] = 0
        i += 1
    i = 0
    while i < nbytes:
        b[36 + i] = p[off + i]
        i += 1
    nk = nbytes >> 2
    last = nk + 6
    k[8] = last
    rcon = 1
    i = nk
    j = nk
    while i < 4 * last + 4:
        t = uint(k[8 + i])
        if j == nk or nk + j == 12:
            # The same word in each column, so that ShiftRows moves nothing.
            w = 0
            while w < 8:
                k[w] = t
                w += 1
            rounds(ctx, 1)
            rounds(ctx, 2)
            rounds(ctx, 1)
            t = uint(k[0]) ^ c63
            if j == nk:
                t = (t >> 8 | t << 24) ^ rcon
                rcon = (rcon << 1) ^ (rcon >> 7) * 0x11B
                j = 0
        k[9 + i] = t ^ k[9 + i - nk]
        i += 1
        j += 1
    i = 9
    while i < 4 * last + 13:
        j = 0
        while j < 4:
            t = uint(k[i + j])
            if i > 9:
                t ^= c63
            k[2 * j] = t
            k[2 * j + 1] = t
            j += 1
        rounds(ctx, 1)
        j = 0
        while j < 4:
            k[i + j] = k[j] & m1 | k[j + 4] & (m1 << 1)
            j += 1
        i += 4
    i = 0
    while i < 8:
        k[i] = 0
        i += 1


@micropython.viper
def aes_ctr(ctx, ctr, buf, off: int, n: int):
    """XOR n bytes of buf with the keystream; the low 32 bits of ctr count the blocks, a part of one included."""
    k = ptr32(ctx)
    c = ptr8(ctr)
    w = ptr32(ctr)
    v = c[12] << 24 | c[13] << 16 | c[14] << 8 | c[15]
    # The keystream is XORed a word at a time where the words of the buffer lie: one takes the end of a word of the keystream and
    # the beginning of the next.
    at = int(ptr8(buf)) + off
    left = (at & 3) << 3
    right = 31 - left
    q = ptr32(at & -4)
    rest = 0
    while n > 0:
        i = 0
        while i < 3:
            k[2 * i] = w[i]
            k[2 * i + 1] = w[i]
            i += 1
        k[6] = v >> 24 & 0xFF | v >> 8 & 0xFF00 | (v & 0xFF00) << 8 | (v & 0xFF) << 24
        v += 1
        k[7] = v >> 24 & 0xFF | v >> 8 & 0xFF00 | (v & 0xFF00) << 8 | (v & 0xFF) << 24
        if n > 16:
            v += 1
        rounds(ctx, 0)
        # The first block's words lie at 0, 2, 4, 6; the second's between them.
        if n >= 32:
            s = k
            i = 2
            while i:
                x = s[0]
                q[0] = q[0] ^ (x << left | rest)
                y = s[2]
                q[1] = q[1] ^ (y << left | int(uint(x) >> right >> 1))
                x = s[4]
                q[2] = q[2] ^ (x << left | int(uint(y) >> right >> 1))
                y = s[6]
                q[3] = q[3] ^ (y << left | int(uint(x) >> right >> 1))
                rest = int(uint(y) >> right >> 1)
                q = ptr32(int(q) + 16)
                s = ptr32(int(s) + 4)
                i -= 1
        else:
            b = ptr8(ctx)
            p = ptr8(int(q) + (left >> 3))
            i = 0
            while i < n:
                p[i] = p[i] ^ b[(i & 12) << 1 | (i & 16) >> 2 | i & 3]
                i += 1
        n -= 32
    p = ptr8(q)
    while left:
        p[0] = p[0] ^ rest
        rest = rest >> 8
        p = ptr8(int(p) + 1)
        left -= 8
    c[12] = v >> 24
    c[13] = v >> 16
    c[14] = v >> 8
    c[15] = v


@micropython.viper
def aes_cbc_encrypt(ctx, iv, buf, off: int, n: int):
    """CBC in place, n a multiple of 16; iv becomes the last ciphertext block."""
    k = ptr32(ctx)
    v = ptr8(iv)
    w = ptr32(iv)
    p = ptr8(buf)
    n += off
    while off < n:
        i = 0
        while i < 16:
            v[i] = v[i] ^ p[off + i]
            i += 1
        i = 0
        while i < 4:
            k[2 * i] = w[i]
            i += 1
        rounds(ctx, 0)
        i = 0
        while i < 4:
            w[i] = k[2 * i]
            i += 1
        i = 0
        while i < 16:
            p[off + i] = v[i]
            i += 1
        off += 16


@micropython.viper
def aes_cbc_decrypt(ctx, iv, buf, off: int, n: int):
    """CBC in place, n a multiple of 16; iv becomes the last ciphertext block."""
    b = ptr8(ctx)
    v = ptr8(iv)
    p = ptr8(buf)
    n += off
    while off < n:
        # A last single block is taken for both.
        two = 16
        if n - off < 32:
            two = 0
        i = 0
        while i < 16:
            j = (i & 12) << 1 | i & 3
            b[j] = p[off + i]
            b[j + 4] = p[off + two + i]
            i += 1
        _decrypt(ctx)
        i = 0
        while i < 16:
            j = (i & 12) << 1 | i & 3
            x = p[off + two + i]
            if two:
                p[off + 16 + i] = b[j + 4] ^ p[off + i]
            p[off + i] = b[j] ^ v[i]
            v[i] = x
            i += 1
        off += 16 + two
