/* SPDX-License-Identifier: MIT
 * Poly1305 (RFC 8439 section 2.5) in limbs of 32 bits, multiplied as halves of 16, so that products of 32 by 32 to 32 bits do. The
 * key's clamped limbs have 28 bits, and all but the lowest are multiples of 4: what passes 2**130 comes back as 5/4 of a limb. */

#include "mxtls_native.h"

/* h is a number below 2**130 + 2**128, in t are the multipliers of the columns: 5/4 of r's limbs 0 to 3 (of the first, 5 times its
 * upper 30 bits), then the limbs. */
typedef struct {
    uint32_t h[5], t[8];
} work;

#if MXTLS_THUMB1

/* Adds h's limb i times t's word j to the column in r1 and r7, but for the product of h's low and t's high half, which r8 sums. */
#define ADD(i, j) \
    "ldr r2, [r0, #4 * " #i "]; ldr r4, [r0, #20 + 4 * (" #j ")]; lsrs r3, r2, #16; uxth r2, r2; lsrs r5, r4, #16; uxth r4, r4\n" \
    "mov r6, r2; muls r6, r4; muls r4, r3; muls r3, r5; muls r5, r2; adds r1, r6; adcs r7, r3; lsls r6, r4, #16; lsrs r4, r4, #16\n" \
    "adds r1, r6; adcs r7, r4; add r8, r5\n"
/* A column, whose lower word goes to a register of its own and its upper into the next column. */
#define COLUMN(j, out) \
    ADD(0, 4 + j) ADD(1, 3 + j) ADD(2, 2 + j) ADD(3, 1 + j) \
    "mov r5, r8; lsls r6, r5, #16; lsrs r5, r5, #16; adds r1, r6; adcs r7, r5; ldr r2, [r0, #16]; ldr r4, [r0, #20 + 4 * " #j "]\n" \
    "muls r2, r4; movs r6, #0; adds r1, r2; adcs r7, r6; mov " #out ", r1; mov r1, r7; movs r7, #0; mov r8, r7\n"

/* Adds the block's word at r3 + 4 i to h's, with the carry: first it is put together in `to` of bytes, as it may lie anywhere. */
#define LOAD(i, to) \
    "ldrb " to ", [r3, #4 * " #i "]; ldrb r1, [r3, #4 * " #i " + 1]; lsls r1, r1, #8; orrs " to ", r1\n" \
    "ldrb r1, [r3, #4 * " #i " + 2]; lsls r1, r1, #16; orrs " to ", r1; ldrb r1, [r3, #4 * " #i " + 3]; lsls r1, r1, #24; orrs " to ", r1\n"

/* Absorb the blocks from p up to end, one at least. At sp: p, end. */
__attribute__((naked)) static void blocks(work *w, const uint8_t *p, const uint8_t *end) {
    (void)w, (void)p, (void)end;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; mov r4, r8; mov r5, r9; mov r6, r10; mov r7, r11; push {r4-r7}; sub sp, #8; str r1, [sp]; str r2, [sp, #4]\n"
        "1: ldr r3, [sp]\n" LOAD(0, "r4") LOAD(1, "r5") LOAD(2, "r6") LOAD(3, "r7") "adds r3, #16; str r3, [sp]\n"
        "ldr r1, [r0]; adds r4, r1; ldr r1, [r0, #4]; adcs r5, r1; ldr r1, [r0, #8]; adcs r6, r1; ldr r1, [r0, #12]; adcs r7, r1\n"
        "ldr r1, [r0, #16]; movs r2, #1; adcs r1, r2; str r1, [r0, #16]; mov r2, r0; stm r2!, {r4-r7}\n" /* 2**128 is added to each block */
        "movs r1, #0; movs r7, #0; mov r8, r1\n"
        COLUMN(0, r9) COLUMN(1, r10) COLUMN(2, r11) COLUMN(3, r12)
        "ldr r2, [r0, #16]; ldr r4, [r0, #36]; movs r7, #3; ands r4, r7; muls r2, r4; adds r1, r2\n"
        "ands r7, r1; lsrs r1, r1, #2; lsls r2, r1, #2; adds r1, r2; movs r6, #0; mov r2, r9; mov r3, r10; mov r4, r11; mov r5, r12\n"
        "adds r2, r1; adcs r3, r6; adcs r4, r6; adcs r5, r6; adcs r7, r6; stm r0!, {r2-r5, r7}\n"
        "subs r0, #20; ldr r1, [sp]; ldr r2, [sp, #4]; cmp r1, r2; beq 2f; b 1b\n"
        "2: add sp, #8; pop {r4-r7}; mov r8, r4; mov r9, r5; mov r10, r6; mov r11, r7; pop {r4-r7, pc}\n");
}

#else

static inline uint64_t product(uint32_t x, uint32_t y) {
    uint32_t x0 = x & 0xFFFF, x1 = x >> 16, y0 = y & 0xFFFF, y1 = y >> 16;
    return ((uint64_t)(x1 * y1) << 32 | x0 * y0) + ((uint64_t)(x0 * y1) << 16) + ((uint64_t)(x1 * y0) << 16);
}

/* h becomes h * r, reduced but for a little. */
static void multiply(work *w) {
    uint32_t *h = w->h, out[4];
    uint64_t sum = 0; /* of a column: below 4 * 5/4 * 2**60 + 2**33 */
    for (int j = 0; j < 4; j++) {
        const uint32_t *t = w->t + j;
        sum += product(h[0], t[4]) + product(h[1], t[3]) + product(h[2], t[2]) + product(h[3], t[1]) + h[4] * t[0];
        out[j] = (uint32_t)sum;
        sum >>= 32;
    }
    uint32_t top = (uint32_t)sum + h[4] * (w->t[4] & 3);
    sum = (top >> 2) * 5;
    for (int j = 0; j < 4; j++) {
        sum += out[j];
        h[j] = (uint32_t)sum;
        sum >>= 32;
    }
    h[4] = (top & 3) + (uint32_t)sum;
}

/* Absorb the blocks from p up to end. */
static void blocks(work *w, const uint8_t *p, const uint8_t *end) {
    while (p < end) {
        uint64_t sum = 0;
        for (int i = 0; i < 4; i++, p += 4) {
            sum += (uint64_t)w->h[i] + mxtls_le32(p);
            w->h[i] = (uint32_t)sum;
            sum >>= 32;
        }
        w->h[4] += (uint32_t)sum + 1; /* 2**128 is added to each block */
        multiply(w);
    }
}

#endif

void mxtls_poly1305_key(mxtls_poly1305_ctx *ctx, const uint8_t key[32]) {
    for (int i = 0; i < 4; i++) {
        ctx->r[i] = mxtls_le32(key + 4 * i) & (i ? 0x0FFFFFFC : 0x0FFFFFFF);
        ctx->s[i] = mxtls_le32(key + 16 + 4 * i);
        ctx->h[i] = 0;
    }
    ctx->h[4] = 0;
}

void mxtls_poly1305(mxtls_poly1305_ctx *ctx, const uint8_t *buf, size_t n) {
    uint8_t last[16] = {0};
    work w;
    memcpy(w.h, ctx->h, sizeof(w.h));
    w.t[0] = 5 * (ctx->r[0] >> 2);
    w.t[4] = ctx->r[0];
    for (int i = 1; i < 4; i++) {
        w.t[i] = ctx->r[i] + (ctx->r[i] >> 2);
        w.t[4 + i] = ctx->r[i];
    }
    size_t whole = n & ~(size_t)15;
    if (whole) {
        blocks(&w, buf, buf + whole);
    }
    if (n - whole) {
        memcpy(last, buf + whole, n - whole);
        blocks(&w, last, last + 16);
    }
    memcpy(ctx->h, w.h, sizeof(w.h));
}

void mxtls_poly1305_tag(const mxtls_poly1305_ctx *ctx, uint8_t out[16]) {
    uint64_t sum = 5; /* h + 5 reaches 2**130 where h, which is below twice the prime, reaches it; then the 5 stay */
    uint32_t top = 0;
    for (int i = 0; i < 5; i++) {
        sum += ctx->h[i];
        top = (uint32_t)sum;
        sum >>= 32;
    }
    sum = (top >> 2) * 5;
    for (int i = 0; i < 4; i++, sum >>= 32) {
        sum += (uint64_t)ctx->h[i] + ctx->s[i];
        mxtls_put_le32(out + 4 * i, (uint32_t)sum);
    }
}
