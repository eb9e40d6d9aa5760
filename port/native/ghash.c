/* SPDX-License-Identifier: MIT
 * GHASH (SP 800-38D section 6.4) by multiplications of masked integers: bits three apart leave room for the carries of six.
 *
 * Karatsuba's method turns a product of 128 bits into nine of 32 and each of these into three of 16. Products of 32 by 32 to 32 bits,
 * as a Cortex-M0 and M3 do them in constant time. */

#pragma GCC optimize("O2") /* also in firmware built for size: some bytes more, a fifth of the time less */

#include "mxtls_native.h"

/* Two factors; then their product in their place, its low half in x. */
typedef struct {
    uint32_t x, y;
} pair;

#if MXTLS_THUMB1

/* r3 becomes the product of the low halves of r0 and r1. r8 to r10 hold the masks of a factor's bits, r11 the first of a product's. */
#define PRODUCT16 \
    "mov r3, r8; mov r4, r3; ands r3, r0; ands r4, r1; mov r5, r9; mov r6, r5; ands r5, r0; ands r6, r1; mov r2, r10; ands r0, r2\n" \
    "ands r1, r2; mov r2, r3; muls r2, r4; mov r7, r5; muls r7, r1; eors r2, r7; mov r7, r0; muls r7, r6; eors r2, r7; mov r7, r11\n" \
    "ands r2, r7; mov r12, r2; mov r2, r3; muls r2, r6; mov r7, r5; muls r7, r4; eors r2, r7; mov r7, r0; muls r7, r1; eors r2, r7\n" \
    "mov r7, r11; lsls r7, r7, #1; ands r2, r7; add r12, r2; muls r3, r1; muls r5, r6; muls r0, r4; eors r3, r5; eors r3, r0\n" \
    "lsls r7, r7, #1; ands r3, r7; add r3, r12\n"

__attribute__((naked)) static void products(pair p[9]) {
    (void)p;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; mov r4, r8; mov r5, r9; mov r6, r10; mov r7, r11; push {r4-r7}; sub sp, #12; mov lr, r0; adds r0, #72\n"
        "str r0, [sp, #8]; adr r0, 2f; ldm r0!, {r1-r4}; mov r8, r1; mov r9, r2; mov r10, r3; mov r11, r4\n"
        "1: mov r2, lr; ldm r2!, {r0, r1}\n" PRODUCT16 "str r3, [sp]\n"
        "mov r2, lr; ldm r2!, {r0, r1}; lsrs r0, r0, #16; lsrs r1, r1, #16\n" PRODUCT16 "str r3, [sp, #4]\n"
        "mov r2, lr; ldm r2!, {r0, r1}; lsrs r4, r0, #16; eors r0, r4; lsrs r4, r1, #16; eors r1, r4\n" PRODUCT16
        "ldr r0, [sp]; ldr r1, [sp, #4]; eors r3, r0; eors r3, r1; lsrs r4, r3, #16; eors r1, r4; lsls r3, r3, #16; eors r0, r3\n"
        "mov r2, lr; stm r2!, {r0, r1}; mov lr, r2; ldr r3, [sp, #8]; cmp r2, r3; beq 3f; b 1b\n"
        "3: add sp, #12; pop {r4-r7}; mov r8, r4; mov r9, r5; mov r10, r6; mov r11, r7; pop {r4-r7, pc}\n"
        ".align 2\n2: .word 0x9249, 0x2492, 0x4924, 0x49249249\n");
}

#else

/* The carry-less product of 16 by 16 bits. */
static inline uint32_t product16(uint32_t x, uint32_t y) {
    uint32_t x0 = x & 0x9249, x1 = x & 0x2492, x2 = x & 0x4924;
    uint32_t y0 = y & 0x9249, y1 = y & 0x2492, y2 = y & 0x4924;
    uint32_t z0 = (x0 * y0) ^ (x1 * y2) ^ (x2 * y1);
    uint32_t z1 = (x0 * y1) ^ (x1 * y0) ^ (x2 * y2);
    uint32_t z2 = (x0 * y2) ^ (x1 * y1) ^ (x2 * y0);
    return (z0 & 0x49249249) | (z1 & 0x92492492) | (z2 & 0x24924924);
}

static void products(pair p[9]) {
    for (int i = 0; i < 9; i++) {
        uint32_t x = p[i].x, y = p[i].y;
        uint32_t high = product16(x >> 16, y >> 16), low = product16(x, y);
        uint32_t middle = product16(x ^ x >> 16, y ^ y >> 16) ^ high ^ low;
        p[i].x = low ^ middle << 16;
        p[i].y = high ^ middle >> 16;
    }
}

#endif

/* The first bit is the coefficient of x^0, so a product of integers comes out one place down: the key is divided by x, which is
 * x^127 + x^6 + x + 1 where a bit falls out. */
void mxtls_ghash_expand(mxtls_ghash_key *ctx, const uint8_t h[16]) {
    uint32_t out = mxtls_negative(mxtls_be32(h)), below = out & 1;
    for (int i = 3; i >= 0; i--) {
        uint32_t x = mxtls_be32(h + 4 * i);
        ctx->h[i] = x << 1 | below;
        below = x >> 31;
    }
    ctx->h[0] ^= out & 0xC2000000;
}

void mxtls_ghash(const mxtls_ghash_key *ctx, uint8_t y[16], const uint8_t *buf, size_t n) {
    pair p[9];
    uint32_t v[4], h0 = ctx->h[0], h1 = ctx->h[1], h2 = ctx->h[2], h3 = ctx->h[3];
    uint32_t last[4];
    for (int i = 0; i < 4; i++) {
        v[i] = mxtls_be32(y + 4 * i);
    }
    while (n) {
        size_t m = n < 16 ? n : 16;
        const uint8_t *block = buf;
        if (m < 16) {
            last[0] = last[1] = last[2] = last[3] = 0;
            memcpy(last, buf, m);
            block = (const uint8_t *)last;
        }
        buf += m;
        n -= m;
        /* Karatsuba's factors: high, low and their sum, of each pair of words and of the sum of both pairs. */
        uint32_t a = v[0] ^ mxtls_be32(block), b = v[1] ^ mxtls_be32(block + 4);
        uint32_t c = v[2] ^ mxtls_be32(block + 8), d = v[3] ^ mxtls_be32(block + 12);
#define FACTORS(i, a, b, c, d) p[i] = (pair){a, c}, p[i + 1] = (pair){b, d}, p[i + 2] = (pair){a ^ b, c ^ d}
        FACTORS(0, a, b, h0, h1);
        FACTORS(3, c, d, h2, h3);
        a ^= c;
        b ^= d;
        FACTORS(6, a, b, h0 ^ h2, h1 ^ h3);
        products(p);
        /* Each three are a product of 64 bits, of words a to d from the top; the three of these are one of 128 bits. */
#define WORDS(i, a, b, c, d) \
        uint32_t a = p[i].y, d = p[i + 1].x, t##i = p[i].x ^ p[i + 1].y; \
        uint32_t b = t##i ^ a ^ p[i + 2].y, c = t##i ^ d ^ p[i + 2].x
        WORDS(0, a0, b0, c0, d0);
        WORDS(3, a1, b1, c1, d1);
        WORDS(6, a2, b2, c2, d2);
        c0 ^= a1;
        d0 ^= b1;
        a2 ^= a0 ^ c0;
        b2 ^= b0 ^ d0;
        c2 ^= c0 ^ c1;
        d2 ^= d0 ^ d1;
        /* Of a0, b0, a2, b2, c2, d2, c1, d1 the upper four come back: x^128 is 1 + x + x^2 + x^7. */
#define FOLD(x, to, next) \
        to ^= x ^ x >> 1 ^ x >> 2 ^ x >> 7; \
        next ^= x << 31 ^ x << 30 ^ x << 25
        FOLD(d1, b2, c2);
        FOLD(c1, a2, b2);
        FOLD(d2, b0, a2);
        FOLD(c2, a0, b0);
        v[0] = a0;
        v[1] = b0;
        v[2] = a2;
        v[3] = b2;
    }
    for (int i = 0; i < 4; i++) {
        mxtls_put_be32(y + 4 * i, v[i]);
    }
}
