# SPDX-License-Identifier: MIT
"""Triple DES (FIPS 46-3) with CBC, pure Python: the S-boxes are a tree of selections over big ints, so no table is indexed
by a secret. Decryption runs many blocks at once, each in a 64-bit lane; encryption, whose blocks wait for each other, is slow.

A big int takes time by its length alone, apart from leading zeros. Called by crypto/des3.py.
"""

from struct import pack_into, unpack_from

from micropython import const

import mxtls_port

DES3_CTX = const(384)  # for each of 48 rounds in encryption's order, its key as two words

# Word n holds what all eight S-boxes give for row n >> 4 and column n & 15, a nibble each, the first on top.
_SBOXES = (
    0xEFA72C4D, 0x410DC1B2, 0xD89E4A28, 0x1EE31FE4, 0x266079F6, 0xFB36A20F, 0xB3F9B68B, 0x845A68D1,
    0x3911803A, 0xA7D25DC9, 0x62C83393, 0xCD75F47E, 0x5CBBDE55, 0x904C07A0, 0x0524E56C, 0x7A8F9B17,
    0x03DDEAD1, 0xFD78BF0F, 0x740B24BD, 0x4795C278, 0xEF36474A, 0x224F7C93, 0xD860D917, 0x1EA315A4,
    0xAC2456EC, 0x60870135, 0xC152FD56, 0xBAECAECB, 0x96C13020, 0x59BA9BFE, 0x3BFE8389, 0x85196862,
    0x40DA4917, 0x1E662E4B, 0xE7491FB4, 0x8B90B5D1, 0xDA8CA2C9, 0x64FBD83C, 0x2D377C7E, 0xB10D83E2,
    0xF5BFF7A0, 0xC81190F6, 0x9C23C46A, 0x76CE5A8D, 0x3955610F, 0xA3A23D53, 0x52E80B95, 0x0F74E628,
    0xFD13B462, 0xC8AF83B1, 0x8AD0C2DE, 0x21067C87, 0x436A1914, 0x9F91E54A, 0x148D2FA8, 0x7278DA7D,
    0x5B496B9F, 0xB6F4FE5C, 0x37E50109, 0xEC3B97F0, 0xA0BCA6E3, 0x05574025, 0x6E225836, 0xD9CE3DCB,
)
# The permutation behind the S-boxes: rotate right by so much, and take these bits.
_MOVES = (
    (6, 0x00011080), (7, 0x00000009), (8, 0x08880000), (10, 0x00004000), (11, 0x02000000),
    (13, 0x00000040), (15, 0x30008100), (16, 0x00020000), (17, 0x80000000), (18, 0x00100000),
    (19, 0x00000004), (20, 0x00200200), (21, 0x00000800), (22, 0x00000010), (23, 0x01000000),
    (26, 0x04000000), (27, 0x40402402), (28, 0x00040000), (29, 0x00000020),
)
# The initial permutation: half, shift, mask of the bits that go to the other half in exchange for theirs.
_INITIAL = ((0, 4, 0x0F0F0F0F), (0, 16, 0x0000FFFF), (1, 2, 0x33333333), (1, 8, 0x00FF00FF), (0, 1, 0x55555555))
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
# Bytes decrypted at once: a port with memory to spare asks for more.
_CHUNK = getattr(mxtls_port, "CHUNK", 256)


def des3_expand(ctx, key, off):
    """Write the round keys of a 24-byte key. Its parity bits do not count."""
    for i in range(3):
        k = int.from_bytes(key[off + 8 * i : off + 8 * i + 8], "big")
        bits = [k >> (63 - j) & 1 for j in _CHOICE1]
        for r in range(16):
            # What XORs with a half as it is, and with its neighbours' bits, which are the row.
            columns = rows = 0
            for j in range(0, 48, 6):
                k = 0
                for p in _CHOICE2[j : j + 6]:
                    k = k << 1 | bits[p // 28 * 28 + (p + _TURNS[r]) % 28]
                columns = columns << 4 | k >> 1 & 15
                rows = rows << 4 | k >> 5 | (k & 1) << 1
            pack_into(">2I", ctx, 128 * i + 8 * (15 - r if i == 1 else r), columns, rows)


def _permute(halves, steps):
    for i, s, mask in steps:
        t = (halves[i] >> s ^ halves[1 - i]) & mask
        halves[1 - i] ^= t
        halves[i] ^= t << s


def _crypt(ctx, x, blocks, inverse):
    """Encrypt (or decrypt) the blocks joined in the big-endian int x."""
    ones = ((1 << 64 * blocks) - 1) // 0xFFFFFFFFFFFFFFFF
    low = ones * 0xFFFFFFFF
    nibbles = ones * 0x11111111
    boxes = [c * ones for c in _SBOXES]
    moves = [(d, c * ones) for d, c in _MOVES]
    initial = [(i, s, c * ones) for i, s, c in _INITIAL]
    halves = [x >> 32 & low, x & low]
    _permute(halves, initial)
    left, right = halves
    for i in range(48):
        columns, rows = unpack_from(">2I", ctx, 8 * (47 - i if inverse else i))
        x = right ^ columns * ones
        y = right | right << 32
        rows *= ones
        t = boxes
        # The column's lowest bit, ..., its highest, the row's lowest, its highest: each halves what is left.
        for s in (x, x >> 1, x >> 2, x >> 3, y >> 31 ^ rows >> 1, y >> 4 ^ rows):
            s &= nibbles
            s *= 15
            t = [t[j] ^ s & (t[j] ^ t[j + 1]) for j in range(0, len(t), 2)]
        y = t[0] | t[0] << 32
        for d, mask in moves:
            left ^= y >> d & mask
        if i & 15 != 15:  # the end of one DES is the beginning of the next
            left, right = right, left
    halves = [left, right]
    _permute(halves, initial[::-1])
    return halves[0] << 32 | halves[1]


def des3_cbc_encrypt(ctx, iv, buf, off, n):
    """CBC in place, n a multiple of 8; iv becomes the last ciphertext block."""
    for i in range(off, off + n, 8):
        x = int.from_bytes(iv, "big") ^ int.from_bytes(buf[i : i + 8], "big")
        iv[:] = _crypt(ctx, x, 1, 0).to_bytes(8, "big")
        buf[i : i + 8] = iv


def des3_cbc_decrypt(ctx, iv, buf, off, n):
    """CBC in place, n a multiple of 8; iv becomes the last ciphertext block."""
    while n > 0:
        m = min(n, _CHUNK)
        x = int.from_bytes(buf[off : off + m], "big")
        # Each block's predecessor: everything one block down, the iv on top.
        mask = int.from_bytes(iv, "big") << (8 * m - 64) | x >> 64
        iv[:] = buf[off + m - 8 : off + m]
        buf[off : off + m] = (_crypt(ctx, x, m >> 3, 1) ^ mask).to_bytes(m, "big")
        off += m
        n -= m
