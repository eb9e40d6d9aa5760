/* SPDX-License-Identifier: MIT
 * Products of 256 bits, for P-256 and Curve25519: r = x * y and r = x * x in 16 words. r overlaps neither x nor y.
 *
 * On a Cortex-M0, whose multiplier gives 32 bits of a product and whose C compiler keeps no carry, one step of Karatsuba's
 * method over products of 128 bits by columns, in assembly: about 1400 cycles, a square 1000. Elsewhere by columns in C. */

#include "mxtls_native.h"

#if defined(__thumb__) && !defined(__thumb2__)

/* The frame, from sp: 0 the product of the differences, 32 y's four words of a product of 128 bits, then these. */
__asm__(
    ".syntax unified\n"
    ".thumb\n"
    ".equ Y, 32\n"       /* four words of y */
    ".equ MASK, 48\n"    /* ones where the product of the differences is subtracted */
    ".equ OUT, 52\n"     /* r */
    ".equ DX, 56\n"      /* |low - high| of x, and later four words of a sum */
    ".equ DY, 72\n"      /* |low - high| of y */
    ".equ AX, 88\n"      /* x, and later a carry */
    ".equ AY, 92\n"      /* y */
    ".equ FRAME, 96\n"

    /* r3:r4 = r0 * r1 by halves; r0 to r2 are lost */
    ".macro product\n"
    "lsrs r2, r0, #16\n uxth r0, r0\n lsrs r3, r1, #16\n uxth r1, r1\n"
    "movs r4, r0\n muls r4, r1\n muls r0, r3\n muls r3, r2\n muls r1, r2\n"
    "lsls r2, r0, #16\n lsrs r0, r0, #16\n adds r4, r2\n adcs r3, r0\n"
    "lsls r2, r1, #16\n lsrs r1, r1, #16\n adds r4, r2\n adcs r3, r1\n"
    ".endm\n"

    /* r3:r4 = r0 * r0 */
    ".macro square\n"
    "lsrs r3, r0, #16\n uxth r0, r0\n movs r4, r0\n muls r4, r0\n muls r0, r3\n muls r3, r3\n"
    "lsls r2, r0, #17\n lsrs r0, r0, #15\n adds r4, r2\n adcs r3, r0\n"
    ".endm\n"

    /* c2:c1:c0 += r3:r4 */
    ".macro gather c0, c1, c2\n"
    "movs r2, #0\n adds \\c0, r4\n adcs \\c1, r3\n adcs \\c2, r2\n"
    ".endm\n"

    /* Word k of the result at lr leaves c0, and the accumulator's new top is 0. */
    ".macro store k, c0\n"
    "mov r0, lr\n str \\c0, [r0, #4 * \\k]\n movs \\c0, #0\n"
    ".endm\n"

    /* Column k of x (r8 to r11) times y (at Y). */
    ".macro column k, c0, c1, c2\n"
    ".irp i, 8, 9, 10, 11\n"
    ".if (\\k - \\i + 8 >= 0) && (\\k - \\i + 8 < 4)\n"
    "mov r0, r\\i\n ldr r1, [sp, #Y + 4 * (\\k - \\i + 8)]\n product\n gather \\c0, \\c1, \\c2\n"
    ".endif\n .endr\n"
    "store \\k, \\c0\n"
    ".endm\n"

    /* Column k of x times x: each product of two words twice. */
    ".macro double_column k, c0, c1, c2\n"
    ".irp i, 8, 9, 10, 11\n .irp j, 8, 9, 10, 11\n"
    ".if (\\i + \\j - 16 == \\k) && (\\i < \\j)\n"
    "mov r0, r\\i\n mov r1, r\\j\n product\n gather \\c0, \\c1, \\c2\n adds \\c0, r4\n adcs \\c1, r3\n adcs \\c2, r2\n"
    ".elseif (\\i + \\j - 16 == \\k) && (\\i == \\j)\n"
    "mov r0, r\\i\n square\n gather \\c0, \\c1, \\c2\n"
    ".endif\n .endr\n .endr\n"
    "store \\k, \\c0\n"
    ".endm\n"

    ".macro columns column\n"
    "movs r5, #0\n movs r6, #0\n movs r7, #0\n"
    "\\column 0, r5, r6, r7\n \\column 1, r6, r7, r5\n \\column 2, r7, r5, r6\n \\column 3, r5, r6, r7\n"
    "\\column 4, r6, r7, r5\n \\column 5, r7, r5, r6\n \\column 6, r5, r6, r7\n"
    "str r6, [r0, #28]\n"
    ".endm\n"

    /* The four words at r6 become |low - high| of the eight at r0; mask is ones where that was negative. */
    ".macro difference mask\n"
    "ldmia r0!, {r2-r5}\n"
    "ldr r1, [r0]\n subs r2, r1\n ldr r1, [r0, #4]\n sbcs r3, r1\n"
    "ldr r1, [r0, #8]\n sbcs r4, r1\n ldr r1, [r0, #12]\n sbcs r5, r1\n"
    "sbcs \\mask, \\mask\n"
    "eors r2, \\mask\n eors r3, \\mask\n eors r4, \\mask\n eors r5, \\mask\n"
    "subs r2, \\mask\n sbcs r3, \\mask\n sbcs r4, \\mask\n sbcs r5, \\mask\n"
    "stmia r6!, {r2-r5}\n"
    ".endm\n"

    /* r5:r4:r3:r2 += the words at base + off, each xor r1 where op is eors; first is adds or adcs */
    ".macro add_words base, off, first, op\n"
    "ldr r6, [\\base, #\\off]\n \\op\n \\first r2, r6\n"
    "ldr r6, [\\base, #\\off + 4]\n \\op\n adcs r3, r6\n"
    "ldr r6, [\\base, #\\off + 8]\n \\op\n adcs r4, r6\n"
    "ldr r6, [\\base, #\\off + 12]\n \\op\n adcs r5, r6\n"
    ".endm\n"
    ".macro carry\n movs r6, #0\n adcs r7, r6\n .endm\n"
    ".macro store_words base, off\n"
    "str r2, [\\base, #\\off]\n str r3, [\\base, #\\off + 4]\n str r4, [\\base, #\\off + 8]\n str r5, [\\base, #\\off + 12]\n"
    ".endm\n"

    ".macro enter\n"
    "push {r4-r7, lr}\n mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n push {r4-r7}\n sub sp, #FRAME\n"
    "str r0, [sp, #OUT]\n str r1, [sp, #AX]\n"
    ".endm\n"

    /* The 8 words at r2 = the four at r0 times the four at r1. */
    ".section .text.mxtls_mul256, \"ax\", %progbits\n .align 2\n"
    ".thumb_func\n"
    "mul128:\n"
    "mov r12, lr\n mov lr, r2\n"
    "ldmia r1!, {r4-r7}\n str r4, [sp, #Y]\n str r5, [sp, #Y + 4]\n str r6, [sp, #Y + 8]\n str r7, [sp, #Y + 12]\n"
    "ldmia r0!, {r4-r7}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n"
    "columns column\n"
    "bx r12\n"

    /* The 8 words at r2 = the four at r0 squared. */
    ".thumb_func\n"
    "sqr128:\n"
    "mov r12, lr\n mov lr, r2\n"
    "ldmia r0!, {r4-r7}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n"
    "columns double_column\n"
    "bx r12\n"

    ".global mxtls_sqr256\n .type mxtls_sqr256, %function\n .thumb_func\n"
    "mxtls_sqr256:\n"
    "enter\n"
    "add r6, sp, #DX\n movs r0, r1\n difference r7\n"
    "movs r7, #0\n mvns r7, r7\n str r7, [sp, #MASK]\n"
    "add r0, sp, #DX\n mov r2, sp\n bl sqr128\n"
    "ldr r0, [sp, #AX]\n ldr r2, [sp, #OUT]\n bl sqr128\n"
    "ldr r0, [sp, #AX]\n adds r0, #16\n ldr r2, [sp, #OUT]\n adds r2, #32\n bl sqr128\n"
    "b middle\n"

    ".global mxtls_mul256\n .type mxtls_mul256, %function\n .thumb_func\n"
    "mxtls_mul256:\n"
    "enter\n str r2, [sp, #AY]\n mov r8, r2\n"
    "add r6, sp, #DX\n movs r0, r1\n difference r7\n" /* leaves r6 at DY */
    "mov r0, r8\n difference r1\n"
    "eors r7, r1\n mvns r7, r7\n str r7, [sp, #MASK]\n"
    "add r0, sp, #DX\n add r1, sp, #DY\n mov r2, sp\n bl mul128\n"
    "ldr r0, [sp, #AX]\n ldr r1, [sp, #AY]\n ldr r2, [sp, #OUT]\n bl mul128\n"
    "ldr r0, [sp, #AX]\n adds r0, #16\n ldr r1, [sp, #AY]\n adds r1, #16\n ldr r2, [sp, #OUT]\n adds r2, #32\n bl mul128\n"

    /* low and high are in r; r += (low + high +- the product of the differences) << 128. Both halves of that share
     * low's upper words + high's lower ones, which wait at DX with their carry at AX. */
    "middle:\n"
    "ldr r0, [sp, #OUT]\n ldr r1, [sp, #MASK]\n movs r7, #0\n"
    "ldr r2, [r0, #16]\n ldr r3, [r0, #20]\n ldr r4, [r0, #24]\n ldr r5, [r0, #28]\n"
    "add_words r0, 32, adds\n carry\n"
    "store_words sp, DX\n str r7, [sp, #AX]\n"
    "add_words r0, 0, adds\n carry\n"
    "lsrs r6, r1, #1\n" /* a number subtracted: its complement and 1 */
    "add_words sp, 0, adcs, \"eors r6, r1\"\n carry\n"
    "store_words r0, 16\n"
    "ldr r2, [sp, #DX]\n ldr r3, [sp, #DX + 4]\n ldr r4, [sp, #DX + 8]\n ldr r5, [sp, #DX + 12]\n"
    "movs r6, #0\n adds r2, r7\n adcs r3, r6\n adcs r4, r6\n adcs r5, r6\n"
    "ldr r7, [sp, #AX]\n adcs r7, r6\n"
    "add_words r0, 48, adds\n carry\n"
    "add_words sp, 16, adds, \"eors r6, r1\"\n carry\n"
    "store_words r0, 32\n"
    "adds r7, r1\n asrs r6, r7, #31\n" /* the rest of the complement */
    "adds r0, #48\n ldmia r0!, {r2-r5}\n"
    "adds r2, r7\n adcs r3, r6\n adcs r4, r6\n adcs r5, r6\n"
    "subs r0, #16\n stmia r0!, {r2-r5}\n"
    "add sp, #FRAME\n pop {r4-r7}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n pop {r4-r7, pc}\n"
    ".align 2\n .text\n");

#else

void mxtls_mul256(uint32_t r[16], const uint32_t x[8], const uint32_t y[8]) {
    uint64_t sum = 0;
    for (int k = 0; k < 15; k++) {
        uint64_t top = 0;
        for (int i = k < 8 ? 0 : k - 7; i <= k && i < 8; i++) {
            uint64_t t = (uint64_t)x[i] * y[k - i];
            sum += (uint32_t)t;
            top += t >> 32;
        }
        r[k] = (uint32_t)sum;
        sum = (sum >> 32) + top;
    }
    r[15] = (uint32_t)sum;
}

void mxtls_sqr256(uint32_t r[16], const uint32_t x[8]) {
    mxtls_mul256(r, x, x);
}

#endif
