/* SPDX-License-Identifier: MIT
 * SHA-256's compression function (FIPS 180-4 section 6.2): eight rounds a step, after which every word is back in its place. */

#include "mxtls_native.h"

#ifndef MXTLS_HARDWARE_SHA256

static const uint32_t K[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};

#if MXTLS_THUMB1

/* In Thumb-1: the eight words lie in r6 to r12 and lr, four low registers work on them. The rotations of a sum are nested, as those of
 * a ^ ror(a ^ ror(a, 9), 11), turned by 2. r4 runs through the message and r5 through K; at sp w, h, the end of K, and room for three. */
#define TURNS(x, n1, n2, n3) \
    "mov r2, " x "; mov r1, r2; movs r3, #" n1 "; rors r1, r3; eors r1, r2; movs r3, #" n2 "; rors r1, r3; eors r1, r2; movs r3, #" n3 "\n" \
    "rors r1, r3; adds r0, r1\n"
#define ROUND(a, b, c, d, e, f, g, h) \
    "ldm r4!, {r0}; ldm r5!, {r1}; adds r0, r1; add r0, " h "\n" TURNS(e, "14", "5", "6") \
    "mov r1, " f "; ands r1, r2; adds r0, r1; mov r1, " g "; bics r1, r2; adds r0, r1; add " d ", r0\n" TURNS(a, "9", "11", "2") \
    "mov r1, " b "; ands r1, r2; adds r0, r1; mov r1, " b "; eors r1, r2; mov r3, " c "; ands r1, r3; adds r0, r1; mov " h ", r0\n"
/* The message's word i, 16 rounds on: r3 is w, r4 to r7 the rotations' 11, 7, 2 and 17. */
#define EXTEND(i) \
    "ldr r0, [r3, #(4 * (" #i " + 1)) & 63]; mov r1, r0; rors r1, r4; eors r1, r0; rors r1, r5; lsrs r0, r0, #3; eors r1, r0\n" \
    "ldr r0, [r3, #(4 * (" #i " + 14)) & 63]; mov r2, r0; rors r2, r6; eors r2, r0; rors r2, r7; lsrs r0, r0, #10; eors r2, r0\n" \
    "adds r1, r2; ldr r0, [r3, #(4 * (" #i " + 9)) & 63]; adds r1, r0; ldr r0, [r3, #4 * " #i "]; adds r1, r0; str r1, [r3, #4 * " #i "]\n"
#define ADD(x) "ldr r1, [r0]; add r1, " x "; stm r0!, {r1}\n"

__attribute__((naked)) static void rounds(uint32_t w[16], uint32_t h[8], const uint32_t *end, const uint32_t *k) {
    (void)w, (void)h, (void)end, (void)k;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; mov r4, r8; mov r5, r9; mov r6, r10; mov r7, r11; push {r4-r7}; sub sp, #24; mov r5, r3\n"
        "str r0, [sp]; str r1, [sp, #4]; str r2, [sp, #8]; ldm r1!, {r2-r4, r6, r7}\n"
        "mov r8, r4; mov r9, r6; mov r10, r7; mov r6, r2; mov r7, r3; ldm r1!, {r2-r4}; mov r11, r2; mov r12, r3; mov lr, r4\n"
        "1: ldr r4, [sp]\n2:\n"
        ROUND("r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr") ROUND("lr", "r6", "r7", "r8", "r9", "r10", "r11", "r12")
        ROUND("r12", "lr", "r6", "r7", "r8", "r9", "r10", "r11") ROUND("r11", "r12", "lr", "r6", "r7", "r8", "r9", "r10")
        ROUND("r10", "r11", "r12", "lr", "r6", "r7", "r8", "r9") ROUND("r9", "r10", "r11", "r12", "lr", "r6", "r7", "r8")
        ROUND("r8", "r9", "r10", "r11", "r12", "lr", "r6", "r7") ROUND("r7", "r8", "r9", "r10", "r11", "r12", "lr", "r6")
        "ldr r3, [sp]; subs r0, r4, r3; cmp r0, #64; beq 3f; b 2b\n"
        "3: ldr r0, [sp, #8]; cmp r5, r0; bne 4f; b 5f\n"
        "4: add r0, sp, #12; stm r0!, {r5-r7}; movs r4, #11; movs r5, #7; movs r6, #2; movs r7, #17\n"
        EXTEND(0) EXTEND(1) EXTEND(2) EXTEND(3) EXTEND(4) EXTEND(5) EXTEND(6) EXTEND(7)
        EXTEND(8) EXTEND(9) EXTEND(10) EXTEND(11) EXTEND(12) EXTEND(13) EXTEND(14) EXTEND(15)
        "add r0, sp, #12; ldm r0!, {r5-r7}; b 1b\n"
        "5: ldr r0, [sp, #4]\n" ADD("r6") ADD("r7") ADD("r8") ADD("r9") ADD("r10") ADD("r11") ADD("r12") ADD("lr")
        "add sp, #24; pop {r4-r7}; mov r8, r4; mov r9, r5; mov r10, r6; mov r11, r7; pop {r4-r7, pc}\n");
}

#else

#define ROR(x, n) mxtls_rol(x, 32 - n)

/* One round; the caller passes the eight words turned by one from round to round. */
#define ROUND(a, b, c, d, e, f, g, h, i) \
    h += (ROR(e, 6) ^ ROR(e, 11) ^ ROR(e, 25)) + (g ^ (e & (f ^ g))) + k[i] + w[i]; \
    d += h; \
    h += (ROR(a, 2) ^ ROR(a, 13) ^ ROR(a, 22)) + ((a & b) | (c & (a | b)))

static void rounds(uint32_t ring[16], uint32_t v[8], const uint32_t *end, const uint32_t *k) {
    uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
    for (int i = 0; k < end; i += 8, k += 8) {
        uint32_t *w = ring + (i & 8);
        if (i >= 16) {
            for (int j = i; j < i + 8; j++) {
                uint32_t x = ring[(j + 1) & 15], y = ring[(j + 14) & 15];
                ring[j & 15] += (ROR(x, 7) ^ ROR(x, 18) ^ x >> 3) + ring[(j + 9) & 15] + (ROR(y, 17) ^ ROR(y, 19) ^ y >> 10);
            }
        }
        ROUND(a, b, c, d, e, f, g, h, 0);
        ROUND(h, a, b, c, d, e, f, g, 1);
        ROUND(g, h, a, b, c, d, e, f, 2);
        ROUND(f, g, h, a, b, c, d, e, 3);
        ROUND(e, f, g, h, a, b, c, d, 4);
        ROUND(d, e, f, g, h, a, b, c, 5);
        ROUND(c, d, e, f, g, h, a, b, 6);
        ROUND(b, c, d, e, f, g, h, a, 7);
    }
    v[0] += a;
    v[1] += b;
    v[2] += c;
    v[3] += d;
    v[4] += e;
    v[5] += f;
    v[6] += g;
    v[7] += h;
}

#endif

void mxtls_sha256_blocks(uint8_t state[32], const uint8_t *buf, size_t count) {
    uint32_t w[16], h[8];
    for (int i = 0; i < 8; i++) {
        h[i] = mxtls_be32(state + 4 * i);
    }
    for (; count; count--) {
        for (int i = 0; i < 16; i++, buf += 4) {
            w[i] = mxtls_be32(buf);
        }
        rounds(w, h, K + 64, K);
    }
    for (int i = 0; i < 8; i++) {
        mxtls_put_be32(state + 4 * i, h[i]);
    }
}

#endif
