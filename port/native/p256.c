/* SPDX-License-Identifier: MIT
 * Arithmetic modulo p = 2**256 - 2**224 + 2**192 + 2**96 - 1, the prime of P-256, for ec.c: sums and Montgomery's products.
 * Values are below p and stay so. d may be x or y. */

#include "mxtls_native.h"

void mxtls_p256_reduce(uint32_t d[8], uint32_t t[16]); /* d = t / 2**256; t is lost */

#if defined(__thumb__) && !defined(__thumb2__)

__asm__(
    ".syntax unified\n"
    ".thumb\n"
    ".section .text.mxtls_p256, \"ax\", %progbits\n .align 2\n"

    /* p is -1 modulo 2**96: the multiple of p that clears three words q (r2 to r4) of the number at r1 is q * p. It adds to the
     * eight words from `at` on, which follow q, the words of q and the five of q * (1 - 2**32 + 2**64). A carry belongs to the
     * word after these: there it goes in where the next turn, three words on, adds the third of its five. */
    ".macro clear at, last\n"
    "mov r12, r1\n movs r1, #0\n movs r5, r4\n movs r6, r3\n movs r7, r4\n"
    "adcs r5, r2\n adcs r6, r1\n adcs r7, r1\n"
    "movs r0, r3\n subs r0, r2\n sbcs r5, r3\n sbcs r6, r4\n sbcs r7, r1\n"
    "mov r1, r12\n mov r12, r7\n"
    "ldr r7, [r1, #4 * \\at]\n adds r7, r2\n str r7, [r1, #4 * \\at]\n"
    "ldr r7, [r1, #4 * \\at + 4]\n adcs r7, r3\n str r7, [r1, #4 * \\at + 4]\n"
    "ldr r7, [r1, #4 * \\at + 8]\n adcs r7, r4\n str r7, [r1, #4 * \\at + 8]\n"
    "ldr r7, [r1, #4 * \\at + 12]\n adcs r7, r2\n str r7, [r1, #4 * \\at + 12]\n"
    "ldr r7, [r1, #4 * \\at + 16]\n adcs r7, r0\n str r7, [r1, #4 * \\at + 16]\n"
    "ldr r7, [r1, #4 * \\at + 20]\n adcs r7, r5\n str r7, [r1, #4 * \\at + 20]\n"
    "ldr r7, [r1, #4 * \\at + 24]\n adcs r7, r6\n str r7, [r1, #4 * \\at + 24]\n"
    "mov r6, r12\n"
    ".ifc \\last, 0\n"
    "ldr r7, [r1, #4 * \\at + 28]\n adcs r7, r6\n str r7, [r1, #4 * \\at + 28]\n"
    ".endif\n"
    ".endm\n"

    ".global mxtls_p256_reduce\n .type mxtls_p256_reduce, %function\n .thumb_func\n"
    "mxtls_p256_reduce:\n"
    "push {r0, r4-r7, lr}\n"
    "ldr r2, [r1]\n ldr r3, [r1, #4]\n ldr r4, [r1, #8]\n adds r5, r2, #0\n" /* no carry */
    "clear 3, 0\n"
    "ldr r2, [r1, #12]\n ldr r3, [r1, #16]\n ldr r4, [r1, #20]\n"
    "clear 6, 0\n"
    "ldr r2, [r1, #24]\n ldr r3, [r1, #28]\n movs r4, #0\n"
    "clear 9, 1\n"
    "movs r2, #0\n adcs r2, r6\n" /* word 16 */
    "adds r1, #32\n pop {r0}\n"
    "b at_most_p\n"

    ".global mxtls_p256_add\n .type mxtls_p256_add, %function\n .thumb_func\n"
    "mxtls_p256_add:\n"
    "push {r4-r7, lr}\n"
    "ldmia r1!, {r3, r4}\n ldmia r2!, {r5, r6}\n adds r3, r5\n adcs r4, r6\n stmia r0!, {r3, r4}\n"
    ".rept 3\n"
    "ldmia r1!, {r3, r4}\n ldmia r2!, {r5, r6}\n adcs r3, r5\n adcs r4, r6\n stmia r0!, {r3, r4}\n"
    ".endr\n"
    "movs r2, #0\n adcs r2, r2\n subs r0, #32\n movs r1, r0\n"

    /* r0 = the eight words at r1, with r2 above them, less p where they reach it. */
    "at_most_p:\n"
    "movs r7, #0\n mvns r6, r7\n"
    "ldmia r1!, {r3-r5}\n subs r3, r6\n sbcs r4, r6\n sbcs r5, r6\n stmia r0!, {r3-r5}\n"
    "ldmia r1!, {r3-r5}\n sbcs r3, r7\n sbcs r4, r7\n sbcs r5, r7\n stmia r0!, {r3-r5}\n"
    "ldmia r1!, {r3, r4}\n movs r5, #1\n sbcs r3, r5\n sbcs r4, r6\n stmia r0!, {r3, r4}\n"
    "sbcs r2, r7\n subs r0, #32\n"

    /* The number at r0 += p & r2 */
    "add_p:\n"
    "movs r1, r0\n lsrs r6, r2, #31\n movs r7, #0\n"
    "ldmia r1!, {r3-r5}\n adds r3, r2\n adcs r4, r2\n adcs r5, r2\n stmia r0!, {r3-r5}\n"
    "ldmia r1!, {r3-r5}\n adcs r3, r7\n adcs r4, r7\n adcs r5, r7\n stmia r0!, {r3-r5}\n"
    "ldmia r1!, {r3, r4}\n adcs r3, r6\n adcs r4, r2\n stmia r0!, {r3, r4}\n"
    "pop {r4-r7, pc}\n"

    ".global mxtls_p256_sub\n .type mxtls_p256_sub, %function\n .thumb_func\n"
    "mxtls_p256_sub:\n"
    "push {r4-r7, lr}\n"
    "ldmia r1!, {r3, r4}\n ldmia r2!, {r5, r6}\n subs r3, r5\n sbcs r4, r6\n stmia r0!, {r3, r4}\n"
    ".rept 3\n"
    "ldmia r1!, {r3, r4}\n ldmia r2!, {r5, r6}\n sbcs r3, r5\n sbcs r4, r6\n stmia r0!, {r3, r4}\n"
    ".endr\n"
    "sbcs r2, r2\n subs r0, #32\n"
    "b add_p\n"
    ".align 2\n .text\n");

#else

static const uint32_t P[8] = {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0, 1, 0xFFFFFFFF};

/* p is -1 modulo 2**96: the multiple of p that clears word k of t is that word itself, which it adds to words k + 3, k + 6 and
 * k + 8 and takes from word k + 7. */
void mxtls_p256_reduce(uint32_t d[8], uint32_t t[16]) {
    int64_t sum = 0;
    for (int k = 0; k < 16; k++) {
        sum += t[k];
        if (k >= 3 && k < 11) {
            sum += t[k - 3];
        }
        if (k >= 6 && k < 14) {
            sum += t[k - 6];
        }
        if (k >= 7 && k < 15) {
            sum -= t[k - 7];
        }
        if (k >= 8) {
            sum += t[k - 8];
        }
        t[k] = (uint32_t)sum;
        sum >>= 32;
    }
    mxtls_big_fit(d, t + 8, (uint32_t)sum, P, 8);
}

void mxtls_p256_add(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]) {
    mxtls_mod_add(d, x, y, P, 8);
}

void mxtls_p256_sub(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]) {
    mxtls_mod_sub(d, x, y, P, 8);
}

#endif

void mxtls_p256_mul(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]) {
    uint32_t t[16];
    mxtls_mul256(t, x, y);
    mxtls_p256_reduce(d, t);
}

void mxtls_p256_sqr(uint32_t d[8], const uint32_t x[8]) {
    uint32_t t[16];
    mxtls_sqr256(t, x);
    mxtls_p256_reduce(d, t);
}
