/* SPDX-License-Identifier: MIT
 * SEED (RFC 4269) with CBC, for RFC 4162's suites. Both S-boxes are affine maps of an inversion in GF(2^8), and so is AES's:
 * they are computed by its circuit between two changes of the basis. No table, no index on a secret. */

#include "mxtls_native.h"

/* What each bit behind the circuit adds to the S-box: to the first, to the second. */
static const uint8_t OUT[8][2] = {
    {0x7C, 0x0C}, {0xA4, 0x4B}, {0x1B, 0x44}, {0xB0, 0xFD}, {0x5F, 0x2E}, {0x69, 0x2A}, {0xFF, 0x7E}, {0x8A, 0x12},
};

/* The function G (section 2.2) of four bytes: the first S-box takes the even ones, the second the odd. */
static uint32_t g(uint32_t x) {
    uint32_t b1 = x >> 1, b2 = x >> 2, b3 = x >> 3, b4 = x >> 4, b5 = x >> 5, b6 = x >> 6, b7 = x >> 7, b45 = b4 ^ b5, b23 = b2 ^ b3;
    /* SEED's field in AES's: its x is the root 0x19 of its polynomial there. Bit 0 of each byte counts, the others are noise. */
    uint32_t q[8] = {x ^ b1 ^ b3, b23 ^ b6 ^ b7, b45 ^ b7, b23 ^ b1 ^ b5, b1 ^ b2 ^ b4, b3 ^ b4, b23 ^ b45, b45 ^ b6};
    uint32_t z = 0x38A938A9;
    mxtls_sbox(q);
    for (int i = 0; i < 8; i++) {
        z ^= (q[i] & 0x00010001) * OUT[i][0] ^ (q[i] & 0x01000100) * OUT[i][1];
    }
    /* Each box's byte goes to all four, with two bits masked in each. */
    return (z & 0xCFFCCFFC) ^ (mxtls_rol(z, 8) & 0xF33FF33F) ^ (mxtls_rol(z, 16) & 0xFCCFFCCF) ^ (mxtls_rol(z, 24) & 0x3FF33FF3);
}

void mxtls_seed_expand(mxtls_seed *ctx, const uint8_t key[16]) {
    uint32_t a = mxtls_be32(key), b = mxtls_be32(key + 4), c = mxtls_be32(key + 8), d = mxtls_be32(key + 12), k = 0x9E3779B9, t;
    for (int i = 0; i < 16; i++, k = mxtls_rol(k, 1)) {
        ctx->key[i][0] = g(a + c - k);
        ctx->key[i][1] = g(b - d + k);
        if (i & 1) {
            t = c >> 24;
            c = c << 8 | d >> 24;
            d = d << 8 | t;
        } else {
            t = a << 24;
            a = a >> 8 | b << 24;
            b = b >> 8 | t;
        }
    }
}

/* One block in place. */
static void crypt(const mxtls_seed *ctx, uint8_t block[16], int inverse) {
    uint32_t a = mxtls_be32(block), b = mxtls_be32(block + 4), c = mxtls_be32(block + 8), d = mxtls_be32(block + 12);
    for (int i = 0; i < 16; i++) {
        const uint32_t *key = ctx->key[inverse ? 15 - i : i];
        uint32_t x = c ^ key[0], y = g(x ^ d ^ key[1]);
        x = g(x + y);
        y = g(x + y);
        x += y;
        x ^= a;
        y ^= b;
        a = c;
        b = d;
        c = x;
        d = y;
    }
    mxtls_put_be32(block, c);
    mxtls_put_be32(block + 4, d);
    mxtls_put_be32(block + 8, a);
    mxtls_put_be32(block + 12, b);
}

void mxtls_seed_cbc_encrypt(const mxtls_seed *ctx, uint8_t iv[16], uint8_t *buf, size_t n) {
    for (; n; n -= 16, buf += 16) {
        for (int i = 0; i < 16; i++) {
            iv[i] ^= buf[i];
        }
        crypt(ctx, iv, 0);
        memcpy(buf, iv, 16);
    }
}

void mxtls_seed_cbc_decrypt(const mxtls_seed *ctx, uint8_t iv[16], uint8_t *buf, size_t n) {
    uint8_t next[16];
    for (; n; n -= 16, buf += 16) {
        memcpy(next, buf, 16);
        crypt(ctx, buf, 1);
        for (int i = 0; i < 16; i++) {
            buf[i] ^= iv[i];
        }
        memcpy(iv, next, 16);
    }
}
