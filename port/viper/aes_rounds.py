# SPDX-License-Identifier: MIT
"""The rounds of AES (FIPS 197 section 5.1) in viper, a file of its own so that another tier can take its place. Called by kernels/aes.py.

Two blocks at a time, bitsliced in eight 32-bit words, no branch or index on a secret: in a word, bit 8 * row + 2 * column + block is
one bit of that byte of the state. A round key's planes i and i + 4 share a word, in its even and its odd bits, as both blocks take
the same key. Right on 64-bit ports too: bits above the 32nd are cut before a right shift could bring them back.

x, y and z, called with 0, are working variables: viper keeps a function's first three locals in registers. A round is one
straight line, as armv6m's jumps reach no further than 2 KB.
"""

import micropython


@micropython.viper
def _round(x: uint, y: uint, z: uint, k: ptr32, at: int, last: int):
    """One round on the planes in k[0:8] with the key at k[at:at+4]. The last one mixes no columns, and 2 adds no key either."""
    full = 0xFFFF
    full = full << 16 | full
    m1 = 0x5555
    m1 = m1 << 16 | m1
    q0 = uint(k[0])
    q1 = uint(k[1])
    q2 = uint(k[2])
    q3 = uint(k[3])
    q4 = uint(k[4])
    q5 = uint(k[5])
    q6 = uint(k[6])
    q7 = uint(k[7])
    # The circuit of Boyar and Peralta, as in the pure kernel.
    y14 = q4 ^ q2
    y13 = q7 ^ q1
    y9 = q7 ^ q4
    y8 = q7 ^ q2
    t0 = q6 ^ q5
    y1 = t0 ^ q0
    y4 = y1 ^ q4
    y12 = y13 ^ y14
    y2 = y1 ^ q7
    y5 = y1 ^ q1
    y3 = y5 ^ y8
    t1 = q3 ^ y12
    y15 = t1 ^ q2
    y20 = t1 ^ q6
    y6 = y15 ^ q0
    y10 = y15 ^ t0
    y11 = y20 ^ y9
    y7 = q0 ^ y11
    y17 = y10 ^ y11
    y19 = y10 ^ y8
    y16 = t0 ^ y11
    y21 = y13 ^ y16
    y18 = q7 ^ y16
    t2 = y12 & y15
    t4 = y3 & y6 ^ t2
    t6 = y4 & q0 ^ t2
    t7 = y13 & y16
    t9 = y5 & y1 ^ t7
    t11 = y2 & y7 ^ t7
    t12 = y9 & y11
    t14 = y14 & y17 ^ t12
    t16 = y8 & y10 ^ t12
    t21 = t4 ^ t14 ^ y20
    t22 = t6 ^ t16 ^ y19
    t23 = t9 ^ t14 ^ y21
    t24 = t11 ^ t16 ^ y18
    t25 = t21 ^ t22
    t26 = t21 & t23
    t27 = t24 ^ t26
    x = t25 & t27 ^ t22
    y = ((t22 ^ t26) & (t23 ^ t24)) ^ t24
    t36 = (t27 ^ y) & t24
    t37 = t36 ^ t23 ^ y
    z = (t27 ^ t36) & x ^ t25
    t41 = z ^ t37
    t42 = x ^ y
    t43 = x ^ z
    t44 = y ^ t37
    t45 = t42 ^ t41
    z2 = y & q0
    z3 = t43 & y16
    z4 = z & y1
    z5 = x & y7
    z7 = t45 & y17
    z10 = t37 & y3
    z12 = t43 & y13
    z16 = t45 & y14
    t46 = t42 & y9 ^ z16
    t48 = z & y5 ^ z5
    t53 = t44 & y15 ^ z3
    t57 = z2 ^ z12 ^ t53
    t58 = z4 ^ t46
    t59 = t42 & y11 ^ z3 ^ z7
    t62 = t41 & y10 ^ z7 ^ t58
    t63 = t44 & y12 ^ z10 ^ t58
    t64 = z4 ^ t59
    t65 = x & y2 ^ t57 ^ t62
    t66 = t37 & y6 ^ t63
    s3 = t53 ^ t66
    q7 = t59 ^ t63
    q6 = t64 ^ s3
    q5 = t41 & y8 ^ z16 ^ t64 ^ t65
    q4 = s3
    q3 = z2 ^ z5 ^ t66
    q2 = y & y4 ^ z10 ^ t65
    q1 = z12 ^ t48 ^ t62
    q0 = t48 ^ t46 ^ t57
    # ShiftRows: rows 2 and 3 turn by two columns, then rows 1 and 3 by one.
    rows02 = 0xFF
    rows02 = rows02 << 16 | rows02
    rows23 = 0x0F0F
    rows23 = rows23 << 16
    moved = 0x3F00
    moved = moved << 16 | moved
    turned = 0xC000
    turned = turned << 16 | turned
    x = (q0 >> 4 ^ q0) & rows23
    x = x << 4 ^ x ^ q0
    q0 = x >> 2 & moved | x << 6 & turned | x & rows02
    x = (q1 >> 4 ^ q1) & rows23
    x = x << 4 ^ x ^ q1
    q1 = x >> 2 & moved | x << 6 & turned | x & rows02
    x = (q2 >> 4 ^ q2) & rows23
    x = x << 4 ^ x ^ q2
    q2 = x >> 2 & moved | x << 6 & turned | x & rows02
    x = (q3 >> 4 ^ q3) & rows23
    x = x << 4 ^ x ^ q3
    q3 = x >> 2 & moved | x << 6 & turned | x & rows02
    x = (q4 >> 4 ^ q4) & rows23
    x = x << 4 ^ x ^ q4
    q4 = x >> 2 & moved | x << 6 & turned | x & rows02
    x = (q5 >> 4 ^ q5) & rows23
    x = x << 4 ^ x ^ q5
    q5 = x >> 2 & moved | x << 6 & turned | x & rows02
    x = (q6 >> 4 ^ q6) & rows23
    x = x << 4 ^ x ^ q6
    q6 = x >> 2 & moved | x << 6 & turned | x & rows02
    x = (q7 >> 4 ^ q7) & rows23
    x = x << 4 ^ x ^ q7
    q7 = x >> 2 & moved | x << 6 & turned | x & rows02
    if last == 0:
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
    if last < 2:
        x = uint(k[at])
        q0 ^= (x & m1) * 3
        q4 ^= (x >> 1 & m1) * 3
        x = uint(k[at + 1])
        q1 ^= (x & m1) * 3
        q5 ^= (x >> 1 & m1) * 3
        x = uint(k[at + 2])
        q2 ^= (x & m1) * 3
        q6 ^= (x >> 1 & m1) * 3
        x = uint(k[at + 3])
        q3 ^= (x & m1) * 3
        q7 ^= (x >> 1 & m1) * 3
    k[0] = q0
    k[1] = q1
    k[2] = q2
    k[3] = q3
    k[4] = q4
    k[5] = q5
    k[6] = q6
    k[7] = q7


@micropython.viper
def rounds(ctx, what: int):
    """Both blocks in ctx's first eight words, in turn a word of each. 0 encrypts them. 1 turns them into planes, and planes into them;
    2 does SubBytes, without its constant, and ShiftRows to planes."""
    x = uint(0)
    k = ptr32(ctx)
    if what == 2:
        _round(0, 0, 0, ctx, 0, 2)
        return
    m1 = 0x5555
    m1 = m1 << 16 | m1
    m2 = 0x3333
    m2 = m2 << 16 | m2
    m4 = 0x0F0F
    m4 = m4 << 16 | m4
    last = int(k[8])
    r = what
    at = 9
    while True:
        # Transpose 8x8 bits: from bytes to planes, and at the end back.
        q0 = uint(k[0])
        q1 = uint(k[1])
        q2 = uint(k[2])
        q3 = uint(k[3])
        q4 = uint(k[4])
        q5 = uint(k[5])
        q6 = uint(k[6])
        q7 = uint(k[7])
        x = (q0 >> 1 ^ q1) & m1
        q0 ^= x << 1
        q1 ^= x
        x = (q2 >> 1 ^ q3) & m1
        q2 ^= x << 1
        q3 ^= x
        x = (q4 >> 1 ^ q5) & m1
        q4 ^= x << 1
        q5 ^= x
        x = (q6 >> 1 ^ q7) & m1
        q6 ^= x << 1
        q7 ^= x
        x = (q0 >> 2 ^ q2) & m2
        q0 ^= x << 2
        q2 ^= x
        x = (q1 >> 2 ^ q3) & m2
        q1 ^= x << 2
        q3 ^= x
        x = (q4 >> 2 ^ q6) & m2
        q4 ^= x << 2
        q6 ^= x
        x = (q5 >> 2 ^ q7) & m2
        q5 ^= x << 2
        q7 ^= x
        x = (q0 >> 4 ^ q4) & m4
        q0 ^= x << 4
        q4 ^= x
        x = (q1 >> 4 ^ q5) & m4
        q1 ^= x << 4
        q5 ^= x
        x = (q2 >> 4 ^ q6) & m4
        q2 ^= x << 4
        q6 ^= x
        x = (q3 >> 4 ^ q7) & m4
        q3 ^= x << 4
        q7 ^= x
        k[0] = q0
        k[1] = q1
        k[2] = q2
        k[3] = q3
        k[4] = q4
        k[5] = q5
        k[6] = q6
        k[7] = q7
        if r:
            break
        while r < 4:
            x = uint(k[9 + r])
            k[r] = k[r] ^ (x & m1) * 3
            k[4 + r] = k[4 + r] ^ (x >> 1 & m1) * 3
            r += 1
        r = 1
        while r < last:
            at += 4
            _round(0, 0, 0, ctx, at, 0)
            r += 1
        _round(0, 0, 0, ctx, at + 4, 1)
