/* SPDX-License-Identifier: MIT
 * Arithmetic modulo p = 2**255 - 19 for x25519.c and ed25519.c, in 8 words of any value below 2**256; d may be x or y. */

#include "mxtls_native.h"

static const uint32_t P[8] = {0xFFFFFFED, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x7FFFFFFF};

void mxtls_f25519_reduce(uint32_t d[8], const uint32_t t[16]); /* d = t */

#if defined(__thumb__) && !defined(__thumb2__)

__asm__(
    ".syntax unified\n"
    ".thumb\n"
    ".section .text.mxtls_f25519, \"ax\", %progbits\n .align 2\n"

    /* r3:r4 = r3 * r6 by halves, plus the carry r2; r6 is below 2**16, r7 is 0, r5 is lost */
    ".macro small_product\n"
    "uxth r4, r3\n lsrs r3, r3, #16\n muls r4, r6\n muls r3, r6\n"
    "lsls r5, r3, #16\n lsrs r3, r3, #16\n adds r4, r5\n adcs r3, r7\n adds r4, r2\n adcs r3, r7\n"
    ".endm\n"

    /* Two words of x at r1 and of y at r2, taken together by op, to r0 */
    ".macro two first, next\n"
    "ldmia r1!, {r3, r4}\n ldmia r2!, {r5, r6}\n \\first r3, r5\n \\next r4, r6\n stmia r0!, {r3, r4}\n"
    ".endm\n"

    ".global mxtls_f25519_reduce\n .type mxtls_f25519_reduce, %function\n .thumb_func\n"
    "mxtls_f25519_reduce:\n"
    "push {r4-r7, lr}\n"
    "movs r2, #0\n movs r6, #38\n movs r7, #0\n"
    ".rept 8\n"
    "ldr r3, [r1, #32]\n small_product\n"
    "ldmia r1!, {r5}\n adds r4, r5\n adcs r3, r7\n movs r2, r3\n stmia r0!, {r4}\n"
    ".endr\n"

    /* The number before r0 += r2 * 2**256, for r2 below 2**26. A second carry leaves a small number, that makes no third. */
    "fold:\n"
    "subs r0, #32\n movs r1, r0\n movs r7, #0\n movs r6, #38\n muls r2, r6\n"
    "ldmia r1!, {r3-r5}\n adds r3, r2\n adcs r4, r7\n adcs r5, r7\n stmia r0!, {r3-r5}\n"
    "ldmia r1!, {r3-r5}\n adcs r3, r7\n adcs r4, r7\n adcs r5, r7\n stmia r0!, {r3-r5}\n"
    "ldmia r1!, {r3, r4}\n adcs r3, r7\n adcs r4, r7\n stmia r0!, {r3, r4}\n"
    "adcs r7, r7\n muls r6, r7\n subs r0, #32\n ldr r3, [r0]\n adds r3, r6\n str r3, [r0]\n"
    "pop {r4-r7, pc}\n"

    ".global mxtls_f25519_add\n .type mxtls_f25519_add, %function\n .thumb_func\n"
    "mxtls_f25519_add:\n"
    "push {r4-r7, lr}\n"
    "two adds, adcs\n two adcs, adcs\n two adcs, adcs\n two adcs, adcs\n"
    "movs r2, #0\n adcs r2, r2\n"
    "b fold\n"

    ".global mxtls_f25519_mul_small\n .type mxtls_f25519_mul_small, %function\n .thumb_func\n"
    "mxtls_f25519_mul_small:\n"
    "push {r4-r7, lr}\n"
    "movs r6, r2\n movs r2, #0\n movs r7, #0\n"
    ".rept 8\n"
    "ldmia r1!, {r3}\n small_product\n movs r2, r3\n stmia r0!, {r4}\n"
    ".endr\n"
    "b fold\n"

    ".global mxtls_f25519_sub\n .type mxtls_f25519_sub, %function\n .thumb_func\n"
    "mxtls_f25519_sub:\n"
    "push {r4-r7, lr}\n"
    "two subs, sbcs\n two sbcs, sbcs\n two sbcs, sbcs\n two sbcs, sbcs\n"
    "sbcs r2, r2\n movs r6, #38\n ands r2, r6\n movs r7, #0\n" /* a borrow took 38 too much */
    "subs r0, #32\n movs r1, r0\n"
    "ldmia r1!, {r3-r5}\n subs r3, r2\n sbcs r4, r7\n sbcs r5, r7\n stmia r0!, {r3-r5}\n"
    "ldmia r1!, {r3-r5}\n sbcs r3, r7\n sbcs r4, r7\n sbcs r5, r7\n stmia r0!, {r3-r5}\n"
    "ldmia r1!, {r3, r4}\n sbcs r3, r7\n sbcs r4, r7\n stmia r0!, {r3, r4}\n"
    "sbcs r2, r2\n ands r2, r6\n subs r0, #32\n ldr r3, [r0]\n subs r3, r2\n str r3, [r0]\n"
    "pop {r4-r7, pc}\n"
    ".align 2\n .text\n");

#else

/* d += top * 2**256, for a top below 2**26. */
static void fold(uint32_t d[8], uint32_t top) {
    uint64_t sum = (uint64_t)38 * top;
    for (int i = 0; i < 8; i++) {
        sum += d[i];
        d[i] = (uint32_t)sum;
        sum >>= 32;
    }
    d[0] += 38 * (uint32_t)sum; /* a carry left d small: there is no other */
}

void mxtls_f25519_add(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]) {
    fold(d, mxtls_big_add(d, x, y, 1, 8));
}

void mxtls_f25519_sub(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]) {
    uint32_t less[8] = {38 * mxtls_big_sub(d, x, y, 1, 8)}; /* a borrow took 2**256, which is 38 too much */
    d[0] -= 38 * mxtls_big_sub(d, d, less, 1, 8);
}

void mxtls_f25519_reduce(uint32_t d[8], const uint32_t t[16]) {
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) {
        sum += (uint64_t)38 * t[i + 8] + t[i];
        d[i] = (uint32_t)sum;
        sum >>= 32;
    }
    fold(d, (uint32_t)sum);
}

/* d = x * y, for a y below 2**16. */
void mxtls_f25519_mul_small(uint32_t d[8], const uint32_t x[8], uint32_t y) {
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) {
        sum += (uint64_t)x[i] * y;
        d[i] = (uint32_t)sum;
        sum >>= 32;
    }
    fold(d, (uint32_t)sum);
}

#endif

void mxtls_f25519_mul(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]) {
    uint32_t t[16];
    mxtls_mul256(t, x, y);
    mxtls_f25519_reduce(d, t);
}

void mxtls_f25519_sqr(uint32_t d[8], const uint32_t x[8]) {
    uint32_t t[16];
    mxtls_sqr256(t, x);
    mxtls_f25519_reduce(d, t);
}

/* x in the range from 0 to p - 1. */
static void normalize(uint32_t x[8]) {
    for (int turn = 0; turn < 2; turn++) { /* x < 2**256 = 2p + 38 */
        mxtls_big_sub(x, x, P, mxtls_big_less(x, P, 8) ^ 1, 8);
    }
}

/* d = 1 / x, or 0 for 0. */
void mxtls_f25519_invert(uint32_t d[8], const uint32_t x[8]) {
    uint32_t y[8];
    memcpy(y, x, sizeof(y));
    normalize(y);
    mxtls_small_inverse(d, y, P, 0x286BCA1B, 8, 255);
}

/* The little-endian number at p, without its top bit. */
void mxtls_f25519_load(uint32_t d[8], const uint8_t p[32]) {
    for (int i = 0; i < 8; i++) {
        d[i] = mxtls_le32(p + 4 * i);
    }
    d[7] &= 0x7FFFFFFF;
}

void mxtls_f25519_store(uint8_t p[32], uint32_t x[8]) {
    normalize(x);
    for (int i = 0; i < 8; i++) {
        mxtls_put_le32(p + 4 * i, x[i]);
    }
}
