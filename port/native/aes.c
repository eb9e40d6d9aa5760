/* SPDX-License-Identifier: MIT
 * AES (FIPS 197) with CTR and CBC: two blocks at a time, bitsliced in eight words, no table, no branch or index on a secret.
 *
 * Word i, a plane, holds bit i of every byte of the two states: at bit 8 * row + 2 * column + block. */

#include "mxtls_native.h"

/* Eight words of bytes become eight planes, and back: transpose 8x8 bits in each byte. */
static void transpose(uint32_t *q) {
#define SWAP(i, s, m) \
    t = ((q[i] >> s) ^ q[i + s]) & m; \
    q[i] ^= t << s; \
    q[i + s] ^= t
    uint32_t t;
    for (int i = 0; i < 8; i += 2) {
        SWAP(i, 1, 0x55555555);
    }
    for (int i = 0; i < 2; i++) {
        SWAP(i, 2, 0x33333333);
        SWAP(i + 4, 2, 0x33333333);
    }
    for (int i = 0; i < 4; i++) {
        SWAP(i, 4, 0x0F0F0F0F);
    }
#undef SWAP
}

static void add_key(uint32_t *q, const uint32_t *key) {
    for (int i = 0; i < 8; i += 2) {
        uint32_t even = *key & 0x55555555, odd = *key & 0xAAAAAAAA;
        q[i] ^= even | even << 1;
        q[i + 1] ^= odd | odd >> 1;
        key++;
    }
}

/* The second half of a round's turn of the rows: rows 2 and 3 by two columns; a turn by two is its own inverse. */
static inline uint32_t turn_two(uint32_t x) {
    uint32_t t = (x ^ x >> 4) & 0x0F0F0000;
    return x ^ t ^ t << 4;
}

/* Each byte becomes 2 (a + b) + b + c + d, where b, c, d are the next ones down its column. */
static void mix_columns(uint32_t *q) {
    uint32_t top = q[7] ^ mxtls_rol(q[7], 24), carry = top;
    for (int i = 0; i < 8; i++) {
        uint32_t b = mxtls_rol(q[i], 24), sum = q[i] ^ b;
        q[i] = b ^ mxtls_rol(sum, 16) ^ carry;
        carry = 0x0D & 1 << i ? sum ^ top : sum; /* x^8 is x^4 + x^3 + x + 1 */
    }
}

/* ShiftRows, and MixColumns unless it is the last round. */
static void diffuse(uint32_t *q, int mix) {
    for (int i = 0; i < 8; i++) {
        uint32_t x = turn_two(q[i]);
        q[i] = (x & 0x00FF00FF) | (x >> 2 & 0x3F003F00) | (x & 0x03000300) << 6;
    }
    if (mix) {
        mix_columns(q);
    }
}

/* The inverse of MixColumns unless it is the first round, and of ShiftRows. */
static void undiffuse(uint32_t *q, int mix) {
    if (mix) {
        /* MixColumns itself, of the bytes to which 4 (a + c) is added. */
        uint32_t u6 = q[6] ^ mxtls_rol(q[6], 16), u7 = q[7] ^ mxtls_rol(q[7], 16);
        for (int i = 7; i > 1; i--) {
            q[i] ^= q[i - 2] ^ mxtls_rol(q[i - 2], 16);
        }
        q[0] ^= u6;
        q[1] ^= u6 ^ u7;
        q[2] ^= u7;
        q[3] ^= u6;
        q[4] ^= u6 ^ u7;
        q[5] ^= u7;
        mix_columns(q);
    }
    for (int i = 0; i < 8; i++) {
        uint32_t x = q[i];
        q[i] = turn_two((x & 0x00FF00FF) | (x & 0x3F003F00) << 2 | (x >> 6 & 0x03000300));
    }
}

/* The inverse S-box is this linear map, the S-box, and the map again. */
static void unbox(uint32_t *q) {
    for (int turn = 0; turn < 2; turn++) {
        uint32_t t[8];
        for (int i = 0; i < 8; i++) {
            t[i] = q[(i + 2) & 7] ^ q[(i + 5) & 7] ^ q[(i + 7) & 7];
        }
        memcpy(q, t, sizeof(t));
        if (!turn) {
            mxtls_sbox(q);
        }
    }
}

/* Encrypt or decrypt two blocks in place. */
static void crypt(const mxtls_aes *ctx, uint8_t *two, int inverse) {
    uint32_t q[8];
    int rounds = (int)ctx->rounds;
    for (int i = 0; i < 8; i++) {
        q[i] = mxtls_le32(two + 4 * (i >> 1) + 16 * (i & 1));
    }
    transpose(q);
    add_key(q, ctx->key[inverse ? rounds : 0]);
    for (int r = 1; r <= rounds; r++) {
        if (inverse) {
            undiffuse(q, r > 1);
            unbox(q);
            add_key(q, ctx->key[rounds - r]);
        } else {
            mxtls_sbox(q);
            diffuse(q, r < rounds);
            add_key(q, ctx->key[r]);
        }
    }
    transpose(q);
    for (int i = 0; i < 8; i++) {
        mxtls_put_le32(two + 4 * (i >> 1) + 16 * (i & 1), q[i]);
    }
}

/* The S-box of four bytes. */
static uint32_t substitute(uint32_t w) {
    uint32_t q[8];
    for (int i = 0; i < 8; i++) {
        q[i] = w >> i & 0x01010101;
    }
    mxtls_sbox(q);
    w = 0x63636363;
    for (int i = 0; i < 8; i++) {
        w ^= q[i] << i;
    }
    return w;
}

void mxtls_aes_expand(mxtls_aes *ctx, const uint8_t *key, size_t nbytes) {
    uint32_t *w = ctx->key[0], rcon = 1;
    int words = (int)nbytes >> 2, step = 0;
    ctx->rounds = (uint32_t)words + 6;
    for (int i = 0; i < 4 * (words + 7); i++) {
        if (i < words) {
            w[i] = mxtls_le32(key + 4 * i);
            continue;
        }
        uint32_t x = w[i - 1];
        if (step == 0) {
            x = substitute(mxtls_rol(x, 24)) ^ rcon;
            rcon = (rcon << 1) ^ (rcon >> 7) * 0x11B;
        } else if (words == 8 && step == 4) {
            x = substitute(x);
        }
        w[i] = w[i - words] ^ x;
        if (++step == words) {
            step = 0;
        }
    }
    for (int r = 0; r < words + 7; r++) {
        uint32_t q[8];
        for (int i = 0; i < 8; i++) { /* all but the first carry the S-box's 0x63 */
            q[i] = ctx->key[r][i >> 1] ^ (r ? 0x63636363 : 0);
        }
        transpose(q);
        for (int i = 0; i < 4; i++) {
            ctx->key[r][i] = (q[2 * i] & 0x55555555) | (q[2 * i + 1] & 0xAAAAAAAA);
        }
    }
}

void mxtls_aes_ctr(const mxtls_aes *ctx, uint8_t ctr[16], uint8_t *buf, size_t n) {
    uint8_t two[32];
    uint32_t count = mxtls_be32(ctr + 12);
    while (n) {
        size_t m = n < 32 ? n : 32;
        memcpy(two, ctr, 16);
        memcpy(two + 16, ctr, 16);
        mxtls_put_be32(two + 28, count + 1);
        crypt(ctx, two, 0);
        for (size_t i = 0; i < m; i++) {
            buf[i] ^= two[i];
        }
        count += m > 16 ? 2 : 1;
        mxtls_put_be32(ctr + 12, count);
        buf += m;
        n -= m;
    }
}

void mxtls_aes_cbc_encrypt(const mxtls_aes *ctx, uint8_t iv[16], uint8_t *buf, size_t n) {
    uint8_t two[32] = {0};
    memcpy(two, iv, 16);
    for (; n; n -= 16, buf += 16) {
        for (int i = 0; i < 16; i++) {
            two[i] ^= buf[i];
        }
        crypt(ctx, two, 0);
        memcpy(buf, two, 16);
    }
    memcpy(iv, two, 16);
}

void mxtls_aes_cbc_decrypt(const mxtls_aes *ctx, uint8_t iv[16], uint8_t *buf, size_t n) {
    uint8_t two[32] = {0}, before[48]; /* the block before, and the one or two of ciphertext */
    while (n) {
        size_t m = n < 32 ? 16 : 32;
        memcpy(before, iv, 16);
        memcpy(before + 16, buf, m);
        memcpy(two, buf, m);
        crypt(ctx, two, 1);
        for (size_t i = 0; i < m; i++) {
            buf[i] = two[i] ^ before[i];
        }
        memcpy(iv, before + m, 16);
        buf += m;
        n -= m;
    }
}
