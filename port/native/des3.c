/* SPDX-License-Identifier: MIT
 * Triple DES (FIPS 46-3) with CBC, for TLS before 1.3 and old private keys. The S-boxes are a circuit: all eight are one
 * polynomial in the six bits that go into each, whose coefficients are words with a nibble a box. No index is a secret. */

#include "mxtls_native.h"

/* Word n belongs to the product of the bits set in n: the column's lowest first, then the row's lowest and highest. */
static const uint32_t BOXES[64] = {
    0xEFA72C4D, 0xAEAAEDFF, 0x37396665, 0x68D7B833, 0xC9C755BB, 0x73FC3606, 0xA2A0A918, 0x8222BD90,
    0xD6B6AC77, 0x3069300C, 0x6CE0D5CC, 0x59A9A22D, 0xAC6D0BD4, 0x21C83200, 0xA0E62188, 0x00000000,
    0xEC7AC69C, 0x500FB821, 0x40EFA809, 0xA5EC0B28, 0x252CF820, 0x40205801, 0xE220F929, 0x44A3F9E1,
    0x794F104A, 0x026F320B, 0x7640B01A, 0x238F1572, 0x7A63C083, 0x11CCA000, 0x202F69AA, 0x00000000,
    0xAF7D655A, 0xF0168AA3, 0x90AA30C6, 0x5AB2750A, 0x5391BE65, 0x93372BAF, 0xF288210C, 0x920AF5C0,
    0x63D312C0, 0x537B3006, 0xA2EFB0A5, 0xBC8F96A5, 0xFAD176A5, 0x665A14A3, 0xF2EFF0CC, 0x00000000,
    0x51B33BE9, 0x3B0FE8AE, 0x90BF8816, 0x09E34F9B, 0x0103BE88, 0x49AC8E25, 0x922C313D, 0x70EF31B0,
    0x6A707100, 0xB97C9011, 0xA320C959, 0x6EA0AB4A, 0x6953DDF8, 0xF74F3E2B, 0xF0306CAD, 0x00000000,
};

/* The key schedule, bits counted from 0: permuted choices 1 and 2, and how far the halves have turned. */
static const uint8_t CHOICE1[56] = {
    56, 48, 40, 32, 24, 16, 8, 0, 57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35,
    62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 60, 52, 44, 36, 28, 20, 12, 4, 27, 19, 11, 3,
};
static const uint8_t CHOICE2[48] = {
    13, 16, 10, 23, 0, 4, 2, 27, 14, 5, 20, 9, 22, 18, 11, 3, 25, 7, 15, 6, 26, 19, 12, 1,
    40, 51, 30, 36, 46, 54, 29, 39, 50, 44, 32, 47, 43, 48, 38, 55, 33, 52, 45, 41, 49, 35, 28, 31,
};
static const uint8_t TURNS[16] = {1, 2, 4, 6, 8, 10, 12, 14, 15, 17, 19, 21, 23, 25, 27, 28};

void mxtls_des3_expand(mxtls_des3 *ctx, const uint8_t key[24]) {
    for (int i = 0; i < 48; i++, key += i & 15 ? 0 : 8) {
        /* What XORs with a half as it is, and with its neighbours' bits, which are the row: the lowest at 1, the highest at 0. */
        uint32_t columns = 0, rows = 0;
        int turns = TURNS[i & 15];
        for (int j = 0; j < 48; j += 6) {
            uint32_t k = 0;
            for (int m = j; m < j + 6; m++) {
                int half = m < 24 ? 0 : 28, at = CHOICE2[m] - half + turns;
                int bit = CHOICE1[half + (at < 28 ? at : at - 28)];
                k = k << 1 | (key[bit >> 3] >> (7 - (bit & 7)) & 1);
            }
            columns = columns << 4 | (k >> 1 & 15);
            rows = rows << 4 | k >> 5 | (k & 1) << 1;
        }
        uint32_t *out = ctx->key[i >> 4 == 1 ? 47 - i : i]; /* the second DES is inverse */
        out[0] = columns;
        out[1] = rows;
    }
}

/* A bit a nibble becomes all four bits of it. */
static inline uint32_t spread(uint32_t x) {
    x &= 0x11111111;
    return (x << 4) - x;
}

/* A half through the eight S-boxes: a nibble each, as the permutation finds them. */
static uint32_t substitute(uint32_t half, const uint32_t key[2]) {
    uint32_t x = half ^ key[0], y = 0;
    uint32_t s0 = spread(x), s1 = spread(x >> 1), s2 = spread(x >> 2), s3 = spread(x >> 3);
    uint32_t s4 = spread(mxtls_rol(half, 1) ^ key[1] >> 1), s5 = spread(mxtls_rol(half, 28) ^ key[1]);
    uint32_t rows[4] = {0xFFFFFFFF, s4, s5, s4 & s5};
    const uint32_t *t = BOXES;
    for (int i = 0; i < 4; i++, t += 16) {
#define FOUR(t) ((t)[0] ^ ((t)[1] & s0) ^ (((t)[2] ^ ((t)[3] & s0)) & s1))
        uint32_t low = FOUR(t) ^ (FOUR(t + 4) & s2);
        y ^= (low ^ ((FOUR(t + 8) ^ (FOUR(t + 12) & s2)) & s3)) & rows[i];
#undef FOUR
    }
    return y;
}

/* The permutation P behind the S-boxes. */
static inline uint32_t permute(uint32_t x) {
#define MOVE(n, mask) (mxtls_rol(x, 32 - n) & mask)
    return MOVE(6, 0x00011080) ^ MOVE(7, 0x00000009) ^ MOVE(8, 0x08880000) ^ MOVE(10, 0x00004000) ^ MOVE(11, 0x02000000)
        ^ MOVE(13, 0x00000040) ^ MOVE(15, 0x30008100) ^ MOVE(16, 0x00020000) ^ MOVE(17, 0x80000000) ^ MOVE(18, 0x00100000)
        ^ MOVE(19, 0x00000004) ^ MOVE(20, 0x00200200) ^ MOVE(21, 0x00000800) ^ MOVE(22, 0x00000010) ^ MOVE(23, 0x01000000)
        ^ MOVE(26, 0x04000000) ^ MOVE(27, 0x40402402) ^ MOVE(28, 0x00040000) ^ MOVE(29, 0x00000020);
#undef MOVE
}

/* One block in place. */
static void crypt(const mxtls_des3 *ctx, uint8_t block[8], int inverse) {
    uint32_t a = mxtls_be32(block), b = mxtls_be32(block + 4), t;
    const uint32_t *key = ctx->key[inverse ? 47 : 0];
    /* x's bits under the mask, up by n, change places with y's: the initial permutation, and backwards the last. */
#define SWAP(x, y, n, mask) \
    t = (x >> n ^ y) & mask; \
    y ^= t; \
    x ^= t << n
    SWAP(a, b, 4, 0x0F0F0F0F);
    SWAP(a, b, 16, 0x0000FFFF);
    SWAP(b, a, 2, 0x33333333);
    SWAP(b, a, 8, 0x00FF00FF);
    SWAP(a, b, 1, 0x55555555);
    for (int i = 0; i < 48; i++, key += inverse ? -2 : 2) {
        a ^= permute(substitute(b, key));
        if ((i & 15) != 15) { /* the end of one DES is the beginning of the next */
            t = a;
            a = b;
            b = t;
        }
    }
    SWAP(a, b, 1, 0x55555555);
    SWAP(b, a, 8, 0x00FF00FF);
    SWAP(b, a, 2, 0x33333333);
    SWAP(a, b, 16, 0x0000FFFF);
    SWAP(a, b, 4, 0x0F0F0F0F);
#undef SWAP
    mxtls_put_be32(block, a);
    mxtls_put_be32(block + 4, b);
}

void mxtls_des3_cbc_encrypt(const mxtls_des3 *ctx, uint8_t iv[8], uint8_t *buf, size_t n) {
    for (; n; n -= 8, buf += 8) {
        for (int i = 0; i < 8; i++) {
            iv[i] ^= buf[i];
        }
        crypt(ctx, iv, 0);
        memcpy(buf, iv, 8);
    }
}

void mxtls_des3_cbc_decrypt(const mxtls_des3 *ctx, uint8_t iv[8], uint8_t *buf, size_t n) {
    uint8_t next[8];
    for (; n; n -= 8, buf += 8) {
        memcpy(next, buf, 8);
        crypt(ctx, buf, 1);
        for (int i = 0; i < 8; i++) {
            buf[i] ^= iv[i];
        }
        memcpy(iv, next, 8);
    }
}
