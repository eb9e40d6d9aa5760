/* SPDX-License-Identifier: MIT
 * GHASH (SP 800-38D section 6.4), three blocks to a reduction: ((y + a) h^3 + b h^2 + c h), with products of 128 bits that Karatsuba's
 * method turns into nine of 32. Called by gcm.c.
 *
 * Products of 32 bits add up bit after bit on a Cortex-M0. Elsewhere they are three of 16 bits, by multiplications of masked integers:
 * bits three apart leave room for the carries of six. These are of 32 by 32 to 32 bits, which a Cortex-M3 does in constant time. */

#pragma GCC optimize("O2") /* also in firmware built for size: some bytes more, a fifth of the time less */

#include "mxtls_native.h"

/* Factors of three products. products() puts the sum of the products in the place of x: the high half in x[0], the low one in x[1]. */
typedef struct {
    uint32_t x[3], y[3];
} factors;

#if MXTLS_THUMB1

/* r0 and r6 are the sum, of which r0 at first is the first x, and loses a bit of it at the top for each that comes in below. Bits of x
 * are taken inverted: a borrow of 0 - 0 is a mask. r1, r2: the other x; r3 to r5: y; r7: a mask; r8: the next factors; r9: the end. */
#define BIT(shift, y) shift "; sbcs r7, r7; ands r7, " y "; eors r6, r7\n"

__attribute__((naked)) static void products(factors f[9]) {
    (void)f;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; mov r4, r8; mov r5, r9; push {r4, r5}; mov r8, r0; adds r0, #216; mov r9, r0\n"
        "1: mov r7, r8; ldm r7!, {r0-r5}; mvns r0, r0; mvns r1, r1; mvns r2, r2; movs r6, #0\n"
        ".rept 32\n" BIT("adds r6, r6; adcs r0, r0", "r3") BIT("adds r1, r1", "r4") BIT("adds r2, r2", "r5") ".endr\n"
        "mov r7, r8; stm r7!, {r0, r6}; adds r7, #16; mov r8, r7; cmp r7, r9; beq 2f; b 1b\n"
        "2: pop {r4, r5}; mov r8, r4; mov r9, r5; pop {r4-r7, pc}\n");
}

/* spread(), below: of a block at any address whole words are read, those that hold a byte of it. */
__attribute__((naked)) static void spread(uint32_t *to, const uint8_t block[16], const uint32_t v[4]) {
    (void)to, (void)block, (void)v;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; lsls r3, r1, #30; lsrs r3, r3, #30; subs r1, r1, r3; ldm r1!, {r4-r7}; lsls r3, r3, #3; beq 1f\n"
        "mov r12, r0; mov lr, r2; ldr r1, [r1]; movs r2, #32; subs r2, r2, r3; mov r0, r5; lsls r0, r2; lsrs r4, r3; orrs r4, r0\n"
        "mov r0, r6; lsls r0, r2; lsrs r5, r3; orrs r5, r0; mov r0, r7; lsls r0, r2; lsrs r6, r3; orrs r6, r0\n"
        "lsls r1, r2; lsrs r7, r3; orrs r7, r1; mov r0, r12; mov r2, lr\n"
        "1: rev r4, r4; rev r5, r5; rev r6, r6; rev r7, r7\n"
        "ldr r1, [r2]; eors r4, r1; ldr r1, [r2, #4]; eors r5, r1; ldr r1, [r2, #8]; eors r6, r1; ldr r1, [r2, #12]; eors r7, r1\n"
        "str r4, [r0]; str r5, [r0, #24]; mov r1, r4; eors r1, r5; str r1, [r0, #48]\n"
        "str r6, [r0, #72]; str r7, [r0, #96]; mov r1, r6; eors r1, r7; str r1, [r0, #120]\n"
        "adds r0, #72; eors r4, r6; eors r5, r7; str r4, [r0, #72]; str r5, [r0, #96]; eors r4, r5; str r4, [r0, #120]\n"
        "pop {r4-r7, pc}\n");
}

#else

/* A sum of carry-less products of 16 by 16 bits, a word for each third of its bits; what lies between is carries. */
typedef struct {
    uint32_t z0, z1, z2;
} sum;

static inline sum multiply(sum s, uint32_t x, uint32_t y) {
    uint32_t x0 = x & 0x9249, x1 = x & 0x2492, x2 = x & 0x4924;
    uint32_t y0 = y & 0x9249, y1 = y & 0x2492, y2 = y & 0x4924;
    s.z0 ^= (x0 * y0) ^ (x1 * y2) ^ (x2 * y1);
    s.z1 ^= (x0 * y1) ^ (x1 * y0) ^ (x2 * y2);
    s.z2 ^= (x0 * y2) ^ (x1 * y1) ^ (x2 * y0);
    return s;
}

static inline uint32_t bits(sum s) {
    return (s.z0 & 0x49249249) | (s.z1 & 0x92492492) | (s.z2 & 0x24924924);
}

static void products(factors f[9]) {
    for (int i = 0; i < 9; i++, f++) {
        const uint32_t *x = f->x, *y = f->y;
        sum s = {0, 0, 0};
#define PRODUCT(half) bits(multiply(multiply(multiply(s, half(x[0]), half(y[0])), half(x[1]), half(y[1])), half(x[2]), half(y[2])))
#define LOW(w) (w)
#define HIGH(w) (w >> 16)
#define BOTH(w) (w ^ w >> 16)
        uint32_t low = PRODUCT(LOW), high = PRODUCT(HIGH), middle = low ^ high ^ PRODUCT(BOTH);
        f->x[0] = high ^ middle >> 16;
        f->x[1] = low ^ middle << 16;
    }
}

/* Karatsuba's factors of the block + v, from the top: high, low and their sum, of each pair of words and of the sum of both pairs. */
static void spread(uint32_t *to, const uint8_t block[16], const uint32_t v[4]) {
    enum { NEXT = sizeof(factors) / sizeof(uint32_t) };
    uint32_t a = v[0] ^ mxtls_be32(block), b = v[1] ^ mxtls_be32(block + 4);
    uint32_t c = v[2] ^ mxtls_be32(block + 8), d = v[3] ^ mxtls_be32(block + 12);
    to[0] = a;
    to[NEXT] = b;
    to[2 * NEXT] = a ^ b;
    to[3 * NEXT] = c;
    to[4 * NEXT] = d;
    to[5 * NEXT] = c ^ d;
    a ^= c;
    b ^= d;
    to[6 * NEXT] = a;
    to[7 * NEXT] = b;
    to[8 * NEXT] = a ^ b;
}

#endif

/* v is the sum of the products. */
__attribute__((noinline)) static void collect(uint32_t v[4], const factors f[9]) {
    /* Each three are a product of 64 bits, of words a to d from the top; the three of these are one of 128 bits. */
#define WORDS(i, a, b, c, d) \
    uint32_t a = f[i].x[0], d = f[i + 1].x[1], t##i = f[i].x[1] ^ f[i + 1].x[0]; \
    uint32_t b = t##i ^ a ^ f[i + 2].x[0], c = t##i ^ d ^ f[i + 2].x[1]
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

void mxtls_ghash_parts(const mxtls_ghash_key *ctx, uint8_t y[16], const mxtls_part *part, size_t count) {
    static const uint32_t NOTHING[4];
    factors f[9];
    uint32_t v[4];
    uint8_t last[16];
    size_t left = 0;
    for (int i = 0; i < 3; i++) {
        spread(f[0].y + i, (const uint8_t *)NOTHING, ctx->h[i]);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = mxtls_be32(y + 4 * i);
    }
    for (size_t i = 0; i < count; i++) {
        left += (part[i].n + 15) >> 4;
    }
    const uint8_t *buf = part->p;
    size_t n = part->n;
    while (left) {
        const uint32_t *before = v;
        size_t at = left < 3 ? 3 - left : 0;
        for (int i = 0; at && i < 9; i++) {
            f[i].x[0] = f[i].x[1] = 0;
        }
        for (; at < 3; at++, left--) {
            while (!n) {
                part++;
                buf = part->p;
                n = part->n;
            }
            const uint8_t *block = buf;
            size_t m = 16;
            if (n < 16) {
                m = n;
                memset(last, 0, 16);
                memcpy(last, buf, m);
                block = last;
            }
            spread(f[0].x + at, block, before);
            before = NOTHING;
            buf += m;
            n -= m;
        }
        products(f);
        collect(v, f);
    }
    for (int i = 0; i < 4; i++) {
        mxtls_put_be32(y + 4 * i, v[i]);
    }
    mxtls_forget(f, sizeof(f));
}

void mxtls_ghash(const mxtls_ghash_key *ctx, uint8_t y[16], const uint8_t *buf, size_t n) {
    const mxtls_part part = {buf, n};
    mxtls_ghash_parts(ctx, y, &part, 1);
}

/* The first bit is the coefficient of x^0, so a product of integers comes out one place down: the key is divided by x, which is
 * x^127 + x^6 + x + 1 where a bit falls out. h becomes its powers in turn. */
void mxtls_ghash_expand(mxtls_ghash_key *ctx, const uint8_t h[16]) {
    uint8_t power[16];
    memcpy(power, h, 16);
    memset(ctx, 0, sizeof(*ctx));
    for (int k = 2; k >= 0; k--) {
        uint32_t out = mxtls_negative(mxtls_be32(power)), below = out & 1;
        for (int i = 3; i >= 0; i--) {
            uint32_t x = mxtls_be32(power + 4 * i);
            ctx->h[k][i] = x << 1 | below;
            below = x >> 31;
        }
        ctx->h[k][0] ^= out & 0xC2000000;
        if (k) {
            uint8_t y[16] = {0};
            mxtls_ghash(ctx, y, power, 16);
            memcpy(power, y, 16);
        }
    }
}
