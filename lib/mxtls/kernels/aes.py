# SPDX-License-Identifier: MIT
"""AES (FIPS 197) with CTR and CBC, pure Python: a bitsliced circuit over big ints, so no table is indexed by a secret.

Eight groups of k blocks are turned into eight planes: plane i holds bit i of every byte, one
byte a byte position, one bit of it a group. A big int takes time by its length alone, apart from
leading zeros. Called by crypto/gcm.py, record_cbc.py and the key decryption.
"""

from micropython import const

import mxtls_port

AES_CTX = const(241)  # 15 round keys, then the number of rounds
_ROUNDS = const(240)
# Bytes run through the circuit at once: a port with memory to spare asks for more.
_CHUNK = getattr(mxtls_port, "CHUNK", 256)


def _sbox(q):
    """SubBytes without its constant 0x63 on eight planes: the circuit of Boyar and Peralta (2011)."""
    x7, x6, x5, x4, x3, x2, x1, x0 = q
    y14 = x3 ^ x5
    y13 = x0 ^ x6
    y9 = x0 ^ x3
    y8 = x0 ^ x5
    t0 = x1 ^ x2
    y1 = t0 ^ x7
    y4 = y1 ^ x3
    y12 = y13 ^ y14
    y2 = y1 ^ x0
    y5 = y1 ^ x6
    y3 = y5 ^ y8
    t1 = x4 ^ y12
    y15 = t1 ^ x5
    y20 = t1 ^ x1
    y6 = y15 ^ x7
    y10 = y15 ^ t0
    y11 = y20 ^ y9
    y7 = x7 ^ y11
    y17 = y10 ^ y11
    y19 = y10 ^ y8
    y16 = t0 ^ y11
    y21 = y13 ^ y16
    y18 = x0 ^ y16
    # The inversion in GF(2^8) by way of GF(2^4).
    t2 = y12 & y15
    t4 = (y3 & y6) ^ t2
    t6 = (y4 & x7) ^ t2
    t7 = y13 & y16
    t9 = (y5 & y1) ^ t7
    t11 = (y2 & y7) ^ t7
    t12 = y9 & y11
    t14 = (y14 & y17) ^ t12
    t16 = (y8 & y10) ^ t12
    t21 = t4 ^ t14 ^ y20
    t22 = t6 ^ t16 ^ y19
    t23 = t9 ^ t14 ^ y21
    t24 = t11 ^ t16 ^ y18
    t25 = t21 ^ t22
    t26 = t21 & t23
    t27 = t24 ^ t26
    t29 = (t25 & t27) ^ t22
    t33 = ((t22 ^ t26) & (t23 ^ t24)) ^ t24
    t36 = t24 & (t27 ^ t33)
    t37 = t36 ^ t23 ^ t33
    t40 = t25 ^ (t29 & (t27 ^ t36))
    t41 = t40 ^ t37
    t42 = t29 ^ t33
    t43 = t29 ^ t40
    t44 = t33 ^ t37
    t45 = t42 ^ t41
    z2 = t33 & x7
    z3 = t43 & y16
    z4 = t40 & y1
    z5 = t29 & y7
    z7 = t45 & y17
    z10 = t37 & y3
    z12 = t43 & y13
    z16 = t45 & y14
    # The affine map.
    t46 = (t42 & y9) ^ z16
    t48 = z5 ^ (t40 & y5)
    t53 = (t44 & y15) ^ z3
    t57 = z2 ^ z12 ^ t53
    t58 = z4 ^ t46
    t59 = z3 ^ (t42 & y11) ^ z7
    t62 = z7 ^ (t41 & y10) ^ t58
    t63 = (t44 & y12) ^ z10 ^ t58
    t64 = z4 ^ t59
    t65 = (t29 & y2) ^ t57 ^ t62
    t66 = (t37 & y6) ^ t63
    s3 = t53 ^ t66
    q[7] = t59 ^ t63
    q[6] = t64 ^ s3
    q[5] = z16 ^ (t41 & y8) ^ t64 ^ t65
    q[4] = s3
    q[3] = z2 ^ z5 ^ t66
    q[2] = z10 ^ (t33 & y4) ^ t65
    q[1] = z12 ^ t48 ^ t62
    q[0] = t48 ^ t46 ^ t57


def _transpose(q, ones):
    """Eight groups of bytes become eight planes, and back: transpose 8x8 bits."""
    for s, m in ((1, 0x55), (2, 0x33), (4, 0x0F)):
        m *= ones
        for i in range(8):
            if not i & s:
                t = ((q[i] >> s) ^ q[i + s]) & m
                q[i] ^= t << s
                q[i + s] ^= t


def _double(x, p):
    """Every byte times 2: the planes move up by one, the top one returns as 0x1b."""
    top = x >> 7 * p
    x = (x ^ (top << 7 * p)) << p
    top |= top << p
    return x ^ top ^ (top << 3 * p)


def _mix(x, p, every, inverse):
    """MixColumns on the joined planes; the inverse adds 4(x + x two rows on) first."""
    rows01 = every * 0xFFFF0000FFFF0000FFFF0000FFFF0000
    if inverse:
        t = x & rows01
        x ^= _double(_double(x ^ ((x ^ t) << 16) ^ (t >> 16), p), p)
    t = x & (every * 0xFF000000FF000000FF000000FF000000)
    y = ((x ^ t) << 8) | (t >> 24)  # at each byte, the next of its column
    x ^= y
    t = x & rows01
    return _double(x, p) ^ y ^ ((x ^ t) << 16) ^ (t >> 16)


def _crypt(ctx, x, k, inverse):
    """Encrypt (or decrypt) the 8k blocks of the big-endian int x; returns bytes."""
    p = 128 * k  # bits of a plane; x joins the eight, plane 0 lowest
    full = (1 << p) - 1
    ones = full // 255
    blocks = full // 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
    every = ((1 << 8 * p) - 1) // 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
    rows23 = every * 0x0000FFFF0000FFFF
    rows02 = every * 0xFF00FF00FF00FF00FF00FF00FF00FF00
    column = every * (0xFFFFFFFF if inverse else 0xFFFFFFFF000000000000000000000000)
    rounds = ctx[_ROUNDS]
    q = []  # the planes
    for r in range(rounds + 1):
        if r:
            if not inverse:
                _sbox(q)
            x = 0
            for i in range(7, -1, -1):
                x = (x << p) | q[i]
            if inverse and r > 1:
                x = _mix(x, p, every, 1)
            # ShiftRows: rows 2 and 3 turn by two columns, then rows 1 and 3 by one.
            t = (x ^ (x >> 64)) & rows23
            x ^= t ^ (t << 64)
            y = x & rows02
            x ^= y
            t = x & column
            x ^= t
            x = y | (x >> 32) | (t << 96) if inverse else y | (x << 32) | (t >> 96)
            if not inverse and r < rounds:
                x = _mix(x, p, every, 0)
        q = [(x >> p * i) & full for i in range(8)]
        if not r:
            _transpose(q, ones)
        elif inverse:
            # The inverse S-box is this linear map, the S-box, and the map again.
            q = [q[i - 6] ^ q[i - 3] ^ q[i - 1] for i in range(8)]
            _sbox(q)
            q = [q[i - 6] ^ q[i - 3] ^ q[i - 1] for i in range(8)]
        i = 16 * (rounds - r if inverse else r)
        t = int.from_bytes(ctx[i : i + 16], "big") * blocks
        for i in range(8):
            q[i] ^= ((t >> i) & ones) * 255
    _transpose(q, ones)
    x = 0
    for i in range(7, -1, -1):
        x = (x << p) | q[i]
    return x.to_bytes(p, "big")


def aes_expand(ctx, key, off, nbytes):
    """Write the round keys of a 16, 24 or 32-byte key; all but the first carry the S-box's 0x63."""
    ctx[_ROUNDS] = rounds = nbytes // 4 + 6
    for i in range(nbytes):
        ctx[i] = key[off + i]
    rcon = 1
    for i in range(nbytes, 16 * rounds + 16, 4):
        w = int.from_bytes(ctx[i - 4 : i], "big")
        turn = i % nbytes == 0
        if turn or (nbytes == 32 and i % 32 == 16):
            q = [(w >> j) & 0x01010101 for j in range(8)]
            _sbox(q)
            w = 0x63636363
            for j in range(8):
                w ^= q[j] << j
            if turn:
                w = ((w << 8) & 0xFFFFFFFF) ^ (w >> 24) ^ (rcon << 24)
                rcon = (rcon << 1) ^ (rcon >> 7) * 0x11B
        w ^= int.from_bytes(ctx[i - nbytes : i - nbytes + 4], "big")
        ctx[i : i + 4] = w.to_bytes(4, "big")
    for i in range(16, 16 * rounds + 16):
        ctx[i] ^= 0x63


def aes_ctr(ctx, ctr, buf, off, n):
    """XOR n bytes of buf with the keystream; the low 32 bits of ctr count the blocks, a part of one included."""
    while n > 0:
        c = int.from_bytes(ctr[12:], "big")
        # At most a chunk, and not beyond the counter's end.
        m = min(n, _CHUNK, (0x100000000 - c) * 16)
        blocks = (m + 15) // 16
        k = (blocks + 7) // 8
        # block, block + 1, block + 2, ... joined, the first on top.
        x = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
        each = ((1 << 128 * blocks) - 1) // x
        x = (int.from_bytes(ctr, "big") * each + (each - blocks) // x) << (1024 * k - 128 * blocks)
        x = int.from_bytes(_crypt(ctx, x, k, 0)[:m], "big")
        x ^= int.from_bytes(buf[off : off + m], "big")
        buf[off : off + m] = x.to_bytes(m, "big")
        c = (c + blocks) & 0xFFFFFFFF
        ctr[12:] = c.to_bytes(4, "big")
        off += m
        n -= m


def aes_cbc_encrypt(ctx, iv, buf, off, n):
    """CBC in place, n a multiple of 16; iv becomes the last ciphertext block."""
    x = int.from_bytes(iv, "big")
    for i in range(off, off + n, 16):
        x ^= int.from_bytes(buf[i : i + 16], "big")
        block = _crypt(ctx, x, 1, 0)[112:]
        x = int.from_bytes(block, "big")
        buf[i : i + 16] = block
    if n > 0:
        iv[:] = block


def aes_cbc_decrypt(ctx, iv, buf, off, n):
    """CBC in place, n a multiple of 16; iv becomes the last ciphertext block."""
    while n > 0:
        m = min(n, _CHUNK)
        k = (m + 127) // 128
        x = int.from_bytes(buf[off : off + m], "big")
        last = bytes(buf[off + m - 16 : off + m])
        # Each block's predecessor: everything one block down, the iv on top.
        mask = (int.from_bytes(iv, "big") << (8 * m - 128)) | (x >> 128)
        x = int.from_bytes(_crypt(ctx, x, k, 1)[128 * k - m :], "big") ^ mask
        buf[off : off + m] = x.to_bytes(m, "big")
        iv[:] = last
        off += m
        n -= m
