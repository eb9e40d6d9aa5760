/* SPDX-License-Identifier: MIT
 * GHASH (SP 800-38D section 6.4) by multiplications of masked integers: bits three apart leave room for the carries of six.
 *
 * Karatsuba's method turns a product of 128 bits into nine of 32 and each of these into three of 16; the key's nine factors
 * are computed once. Products of 32 by 32 to 32 bits, as a Cortex-M0 and M3 do them in constant time. */

#include "mxtls_native.h"

/* The carry-less product of 16 by 16 bits. */
static inline uint32_t product16(uint32_t x, uint32_t y) {
    uint32_t x0 = x & 0x9249, x1 = x & 0x2492, x2 = x & 0x4924;
    uint32_t y0 = y & 0x9249, y1 = y & 0x2492, y2 = y & 0x4924;
    uint32_t z0 = (x0 * y0) ^ (x1 * y2) ^ (x2 * y1);
    uint32_t z1 = (x0 * y1) ^ (x1 * y0) ^ (x2 * y2);
    uint32_t z2 = (x0 * y2) ^ (x1 * y1) ^ (x2 * y0);
    return (z0 & 0x49249249) | (z1 & 0x92492492) | (z2 & 0x24924924);
}

/* out[0] and out[1] become the high and the low half of x * y. */
static void product32(uint32_t *out, uint32_t x, uint32_t y) {
    uint32_t high = product16(x >> 16, y >> 16);
    uint32_t low = product16(x, y);
    uint32_t middle = product16(x ^ x >> 16, y ^ y >> 16) ^ high ^ low;
    out[0] = high ^ middle >> 16;
    out[1] = low ^ middle << 16;
}

/* Karatsuba's factors of four words: for each pair, and for the sum of both pairs, high, low and their sum. */
static void split(uint32_t *f, const uint8_t *block) {
    for (int i = 0; i < 2; i++) {
        f[i] = mxtls_be32(block + 4 * i);
        f[3 + i] = mxtls_be32(block + 8 + 4 * i);
        f[6 + i] = f[i] ^ f[3 + i];
    }
    for (int i = 0; i < 9; i += 3) {
        f[i + 2] = f[i] ^ f[i + 1];
    }
}

void mxtls_ghash_expand(mxtls_ghash_key *ctx, const uint8_t h[16]) {
    split(ctx->factor, h);
}

void mxtls_ghash(const mxtls_ghash_key *ctx, uint8_t y[16], const uint8_t *buf, size_t n) {
    uint32_t f[9], p[12], v[8];
    while (n) {
        size_t m = n < 16 ? n : 16;
        for (size_t i = 0; i < m; i++) {
            y[i] ^= buf[i];
        }
        buf += m;
        n -= m;
        split(f, y);
        for (int i = 0; i < 3; i++) {
            uint32_t *o = p + 4 * i, t[2];
            product32(o, f[3 * i], ctx->factor[3 * i]);
            product32(o + 2, f[3 * i + 1], ctx->factor[3 * i + 1]);
            product32(t, f[3 * i + 2], ctx->factor[3 * i + 2]);
            t[0] ^= o[0] ^ o[2];
            t[1] ^= o[1] ^ o[3];
            o[1] ^= t[0];
            o[2] ^= t[1];
        }
        for (int i = 0; i < 4; i++) {
            p[8 + i] ^= p[i] ^ p[4 + i];
        }
        for (int i = 0; i < 2; i++) {
            v[i] = p[i];
            v[2 + i] = p[2 + i] ^ p[8 + i];
            v[4 + i] = p[4 + i] ^ p[10 + i];
            v[6 + i] = p[6 + i];
        }
        /* The first bit is the coefficient of x^0, so the product of 255 bits moves up by one; x^128 is 1 + x + x^2 + x^7. */
        for (int i = 0; i < 7; i++) {
            v[i] = v[i] << 1 | v[i + 1] >> 31;
        }
        v[7] <<= 1;
        for (int i = 7; i > 3; i--) {
            uint32_t x = v[i];
            v[i - 4] ^= x ^ x >> 1 ^ x >> 2 ^ x >> 7;
            v[i - 3] ^= x << 31 ^ x << 30 ^ x << 25;
        }
        for (int i = 0; i < 4; i++) {
            mxtls_put_be32(y + 4 * i, v[i]);
        }
    }
}
