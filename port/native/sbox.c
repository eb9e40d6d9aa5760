/* SPDX-License-Identifier: MIT
 * The S-box of AES (FIPS 197 section 5.1.1) as a circuit on bit planes. Called by aes.c, and by seed.c, whose boxes are affine to it. */

#include "mxtls_native.h"

#if MXTLS_THUMB1

/* The circuit below, ordered so that it spills least on eight registers: r8 to r12 and the words from 64 on hold what waits. The planes
 * lie at sp, its output at sp + 32. It changes every register but lr; aes.c calls it. */
__attribute__((naked, used)) static void frame(void) {
    __asm__(
        ".syntax unified\n.global mxtls_sbox_frame\n.thumb_func\nmxtls_sbox_frame:\n"
        "ldr r0, [sp, #16]; ldr r1, [sp, #8]; mov r2, r0; eors r2, r1; ldr r3, [sp, #24]; ldr r4, [sp, #20]; eors r4, r3\n"
        "ldr r5, [sp, #28]; ldr r6, [sp, #4]; mov r7, r5; eors r7, r6; mov r8, r7; eors r7, r2; ldr r6, [sp, #12]; eors r6, r7\n"
        "eors r3, r6; eors r0, r5; eors r6, r1; mov r9, r6; eors r6, r4; eors r1, r5; mov r10, r7; ldr r7, [sp, #0]\n"
        "eors r7, r4; mov r11, r1; ands r1, r6; mov r12, r3; eors r3, r0; str r0, [sp, #64]; ands r0, r3; str r6, [sp, #68]\n"
        "eors r6, r3; str r2, [sp, #72]; ands r2, r6; eors r1, r0; eors r2, r0; eors r4, r3; mov r0, r7; eors r0, r5\n"
        "str r6, [sp, #76]; ldr r6, [sp, #0]; eors r6, r3; str r3, [sp, #80]; ldr r3, [sp, #4]; eors r3, r7; str r0, [sp, #84]\n"
        "ands r0, r6; str r6, [sp, #88]; mov r6, r11; eors r6, r3; str r3, [sp, #92]; ands r3, r7; str r6, [sp, #96]\n"
        "mov r6, r8; ands r6, r4; eors r0, r6; eors r5, r4; eors r3, r6; eors r0, r1; eors r0, r5; eors r3, r2; mov r5, r8\n"
        "eors r5, r4; ldr r6, [sp, #16]; eors r6, r7; eors r3, r5; mov r5, r10; str r4, [sp, #100]; mov r4, r9; ands r5, r4\n"
        "str r7, [sp, #104]; ldr r7, [sp, #0]; eors r4, r7; ands r7, r6; eors r7, r5; eors r7, r1; ldr r1, [sp, #96]\n"
        "ands r1, r4; eors r1, r5; eors r1, r2; ldr r2, [sp, #68]; mov r5, r11; eors r5, r2; mov r2, r12; eors r1, r2\n"
        "mov r2, r1; ands r2, r3; mov r12, r3; eors r3, r0; eors r7, r5; mov r5, r7; eors r5, r2; eors r1, r7; ands r5, r3\n"
        "eors r5, r0; eors r2, r0; mov r3, r2; eors r3, r5; ands r0, r3; mov r3, r12; eors r3, r0; eors r3, r5; eors r0, r2\n"
        "ands r2, r1; ands r4, r3; eors r2, r7; ands r0, r2; ands r6, r5; ldr r7, [sp, #96]; ands r7, r3; mov r12, r2\n"
        "eors r2, r5; str r4, [sp, #96]; ldr r4, [sp, #0]; ands r4, r5; eors r1, r0; eors r5, r3; mov r0, r9; ands r0, r5\n"
        "mov r9, r4; mov r4, r10; ands r5, r4; eors r3, r1; eors r6, r7; mov r4, r12; eors r4, r1; mov r10, r6; mov r6, r8\n"
        "ands r6, r4; mov r8, r6; ldr r6, [sp, #100]; ands r4, r6; ldr r6, [sp, #80]; ands r6, r2; eors r0, r4; eors r5, r7\n"
        "eors r4, r6; ldr r6, [sp, #68]; ands r6, r3; mov r7, r11; ands r7, r3; eors r3, r2; mov r11, r0; ldr r0, [sp, #76]\n"
        "ands r0, r3; eors r4, r0; eors r0, r6; ldr r6, [sp, #72]; ands r3, r6; ldr r6, [sp, #64]; ands r2, r6\n"
        "ldr r6, [sp, #104]; ands r6, r1; eors r2, r3; eors r3, r7; ldr r7, [sp, #92]; ands r1, r7; mov r7, r6; eors r7, r2\n"
        "eors r6, r4; eors r5, r7; eors r4, r5; str r4, [sp, #60]; ldr r4, [sp, #96]; eors r4, r5; mov r5, r11; eors r5, r4\n"
        "str r5, [sp, #48]; eors r5, r6; str r5, [sp, #56]; eors r0, r7; mov r5, r12; ldr r7, [sp, #88]; ands r7, r5\n"
        "eors r3, r6; eors r1, r7; mov r6, r9; eors r7, r6; eors r2, r1; eors r7, r4; str r7, [sp, #44]; mov r4, r8\n"
        "eors r1, r4; eors r6, r4; ldr r4, [sp, #84]; ands r5, r4; mov r4, r11; eors r6, r4; eors r5, r6; eors r5, r0\n"
        "mov r4, r10; eors r4, r5; str r4, [sp, #40]; eors r2, r6; str r2, [sp, #32]; eors r1, r0; str r1, [sp, #36]\n"
        "eors r3, r5; str r3, [sp, #52]\n"
        "bx lr\n");
}

__attribute__((naked)) void mxtls_sbox(uint32_t q[8]) {
    (void)q;
    __asm__(
        ".syntax unified\n"
        "push {r0, r4-r7, lr}; mov r4, r8; mov r5, r9; mov r6, r10; mov r7, r11; push {r4-r7}; sub sp, #112; mov r1, sp\n"
        "ldm r0!, {r4-r7}; stm r1!, {r4-r7}; ldm r0!, {r4-r7}; stm r1!, {r4-r7}\n"
        "bl mxtls_sbox_frame; ldr r0, [sp, #128]; add r1, sp, #32\n"
        "ldm r1!, {r4-r7}; stm r0!, {r4-r7}; ldm r1!, {r4-r7}; stm r0!, {r4-r7}\n"
        "add sp, #112; pop {r4-r7}; mov r8, r4; mov r9, r5; mov r10, r6; mov r11, r7; pop {r0, r4-r7, pc}\n");
}

#else

/* SubBytes without its constant 0x63: the circuit of Boyar and Peralta (2011). */
void mxtls_sbox(uint32_t q[8]) {
    uint32_t x0 = q[7], x1 = q[6], x2 = q[5], x3 = q[4], x4 = q[3], x5 = q[2], x6 = q[1], x7 = q[0];
    uint32_t y14 = x3 ^ x5;
    uint32_t y13 = x0 ^ x6;
    uint32_t y9 = x0 ^ x3;
    uint32_t y8 = x0 ^ x5;
    uint32_t t0 = x1 ^ x2;
    uint32_t y1 = t0 ^ x7;
    uint32_t y4 = y1 ^ x3;
    uint32_t y12 = y13 ^ y14;
    uint32_t y2 = y1 ^ x0;
    uint32_t y5 = y1 ^ x6;
    uint32_t y3 = y5 ^ y8;
    uint32_t t1 = x4 ^ y12;
    uint32_t y15 = t1 ^ x5;
    uint32_t y20 = t1 ^ x1;
    uint32_t y6 = y15 ^ x7;
    uint32_t y10 = y15 ^ t0;
    uint32_t y11 = y20 ^ y9;
    uint32_t y7 = x7 ^ y11;
    uint32_t y17 = y10 ^ y11;
    uint32_t y19 = y10 ^ y8;
    uint32_t y16 = t0 ^ y11;
    uint32_t y21 = y13 ^ y16;
    uint32_t y18 = x0 ^ y16;
    /* The inversion in GF(2^8) by way of GF(2^4). */
    uint32_t t2 = y12 & y15;
    uint32_t t4 = (y3 & y6) ^ t2;
    uint32_t t6 = (y4 & x7) ^ t2;
    uint32_t t7 = y13 & y16;
    uint32_t t9 = (y5 & y1) ^ t7;
    uint32_t t11 = (y2 & y7) ^ t7;
    uint32_t t12 = y9 & y11;
    uint32_t t14 = (y14 & y17) ^ t12;
    uint32_t t16 = (y8 & y10) ^ t12;
    uint32_t t21 = t4 ^ t14 ^ y20;
    uint32_t t22 = t6 ^ t16 ^ y19;
    uint32_t t23 = t9 ^ t14 ^ y21;
    uint32_t t24 = t11 ^ t16 ^ y18;
    uint32_t t25 = t21 ^ t22;
    uint32_t t26 = t21 & t23;
    uint32_t t27 = t24 ^ t26;
    uint32_t t29 = (t25 & t27) ^ t22;
    uint32_t t33 = ((t22 ^ t26) & (t23 ^ t24)) ^ t24;
    uint32_t t36 = t24 & (t27 ^ t33);
    uint32_t t37 = t36 ^ t23 ^ t33;
    uint32_t t40 = t25 ^ (t29 & (t27 ^ t36));
    uint32_t t41 = t40 ^ t37;
    uint32_t t42 = t29 ^ t33;
    uint32_t t43 = t29 ^ t40;
    uint32_t t44 = t33 ^ t37;
    uint32_t t45 = t42 ^ t41;
    uint32_t z2 = t33 & x7;
    uint32_t z3 = t43 & y16;
    uint32_t z4 = t40 & y1;
    uint32_t z5 = t29 & y7;
    uint32_t z7 = t45 & y17;
    uint32_t z10 = t37 & y3;
    uint32_t z12 = t43 & y13;
    uint32_t z16 = t45 & y14;
    /* The affine map. */
    uint32_t t46 = (t42 & y9) ^ z16;
    uint32_t t48 = z5 ^ (t40 & y5);
    uint32_t t53 = (t44 & y15) ^ z3;
    uint32_t t57 = z2 ^ z12 ^ t53;
    uint32_t t58 = z4 ^ t46;
    uint32_t t59 = z3 ^ (t42 & y11) ^ z7;
    uint32_t t62 = z7 ^ (t41 & y10) ^ t58;
    uint32_t t63 = (t44 & y12) ^ z10 ^ t58;
    uint32_t t64 = z4 ^ t59;
    uint32_t t65 = (t29 & y2) ^ t57 ^ t62;
    uint32_t t66 = (t37 & y6) ^ t63;
    uint32_t s3 = t53 ^ t66;
    q[7] = t59 ^ t63;
    q[6] = t64 ^ s3;
    q[5] = z16 ^ (t41 & y8) ^ t64 ^ t65;
    q[4] = s3;
    q[3] = z2 ^ z5 ^ t66;
    q[2] = z10 ^ (t33 & y4) ^ t65;
    q[1] = z12 ^ t48 ^ t62;
    q[0] = t48 ^ t46 ^ t57;
}

#endif
