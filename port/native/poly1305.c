/* SPDX-License-Identifier: MIT
 * Poly1305 (RFC 8439 section 2.5) in ten limbs of 13 bits: a column of a product fits 32 bits, so that 32-bit multiplications
 * do, and 2**130 = 5 folds the upper columns back as they arise. */

#include "mxtls_native.h"

#define MASK 0x1FFF

/* Limb i of a number of 17 bytes. */
static inline uint32_t limb(const uint8_t *p, int i) {
    int at = 13 * i;
    p += at >> 3;
    return ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16) >> (at & 7) & MASK;
}

void mxtls_poly1305_key(mxtls_poly1305_ctx *ctx, const uint8_t key[32]) {
    uint8_t r[17];
    for (int i = 0; i < 16; i++) {
        r[i] = key[i] & ((i & 3) == 3 ? 15 : i && !(i & 3) ? 252 : 255);
    }
    r[16] = 0;
    for (int i = 0; i < 10; i++) {
        ctx->r[i] = (uint16_t)limb(r, i);
        ctx->h[i] = 0;
    }
    memcpy(ctx->s, key + 16, 16);
}

void mxtls_poly1305(mxtls_poly1305_ctx *ctx, const uint8_t *buf, size_t n) {
    uint32_t r[19], h[10], x[10], carry; /* r: limbs 1 to 9 times 5, then limbs 0 to 9 */
    uint8_t block[17];
    for (int i = 0; i < 10; i++) {
        r[9 + i] = ctx->r[i];
        h[i] = ctx->h[i];
        if (i) {
            r[i - 1] = 5 * r[9 + i];
        }
    }
    block[16] = 1; /* 2**128 is added to each block */
    while (n) {
        size_t m = n < 16 ? n : 16;
        memcpy(block, buf, m);
        for (size_t i = m; i < 16; i++) {
            block[i] = 0;
        }
        buf += m;
        n -= m;
        carry = 0;
        for (int i = 0; i < 10; i++) {
            carry += h[i] + limb(block, i);
            x[i] = i < 9 ? carry & MASK : carry;
            carry >>= 13;
        }
        /* The last limb is below 1.5 * 2**13: a column is below (1 + 1.5 * 5 + 8 * 5) * 2**26 + 2**19 < 2**32. */
        carry = 0;
        for (int i = 0; i < 10; i++) {
            const uint32_t *p = r + i;
            carry += x[0] * p[9] + x[1] * p[8] + x[2] * p[7] + x[3] * p[6] + x[4] * p[5];
            carry += x[5] * p[4] + x[6] * p[3] + x[7] * p[2] + x[8] * p[1] + x[9] * p[0];
            h[i] = carry & MASK;
            carry >>= 13;
        }
        carry = h[0] + 5 * carry;
        h[0] = carry & MASK;
        h[1] += carry >> 13; /* may pass 13 bits; the next block's addition carries it on */
    }
    for (int i = 0; i < 10; i++) {
        ctx->h[i] = (uint16_t)h[i];
    }
}

void mxtls_poly1305_tag(const mxtls_poly1305_ctx *ctx, uint8_t out[16]) {
    uint32_t h[10], g[10], carry = 0, over = 5, take, sum = 0;
    for (int i = 0; i < 10; i++) {
        h[i] = ctx->h[i];
    }
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 10; i++) {
            carry += h[i];
            h[i] = carry & MASK;
            carry >>= 13;
        }
        carry *= 5;
    }
    for (int i = 0; i < 10; i++) { /* h - p is h + 5 without 2**130, where that is reached */
        over += h[i];
        g[i] = over & MASK;
        over >>= 13;
    }
    take = mxtls_negative(0 - over);
    for (int i = 0; i < 10; i++) {
        h[i] ^= (h[i] ^ g[i]) & take;
    }
    carry = 0;
    for (int i = 0, bits = 0, next = 0; i < 16; i++) {
        if (bits < 8) {
            sum |= h[next++] << bits;
            bits += 13;
        }
        carry += (sum & 255) + ctx->s[i];
        out[i] = (uint8_t)carry;
        carry >>= 8;
        sum >>= 8;
        bits -= 8;
    }
}
