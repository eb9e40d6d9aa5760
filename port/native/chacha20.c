/* SPDX-License-Identifier: MIT
 * ChaCha20 (RFC 8439 section 2.4), a block at a time. */

#include "mxtls_native.h"

#if MXTLS_THUMB1

/* In Thumb-1: r0 to r3 are a quarter round's words, r4 to r7 its rotations; the state lies in r8 to r12 and lr, and from V6 on at sp. */
#define V0 (HIGH, "r8")
#define V1 (HIGH, "r9")
#define V2 (HIGH, "r10")
#define V3 (HIGH, "r11")
#define V4 (HIGH, "r12")
#define V5 (HIGH, "lr")
#define V6 (LOW, "0")
#define V7 (LOW, "4")
#define V8 (LOW, "8")
#define V9 (LOW, "12")
#define V10 (LOW, "16")
#define V11 (LOW, "20")
#define V12 (LOW, "24")
#define V13 (LOW, "28")
#define V14 (LOW, "32")
#define V15 (LOW, "36")
#define PAIR(...) __VA_ARGS__
#define GET(x, word) GET_(x, PAIR word)
#define GET_(...) GET_BY(__VA_ARGS__)
#define GET_BY(x, kind, place) GET_##kind(x, place)
#define GET_HIGH(x, place) "mov " x ", " place "\n"
#define GET_LOW(x, place) "ldr " x ", [sp, #" place "]\n"
#define PUT(x, word) PUT_(x, PAIR word)
#define PUT_(...) PUT_BY(__VA_ARGS__)
#define PUT_BY(x, kind, place) PUT_##kind(x, place)
#define PUT_HIGH(x, place) "mov " place ", " x "\n"
#define PUT_LOW(x, place) "str " x ", [sp, #" place "]\n"
#define TURN(x, y, z, n) "adds " x ", " y "; eors " z ", " x "; rors " z ", " n "\n"
/* Its last word stays in r3 where it is the next one's too. */
#define QUARTER(a, b, c) \
    GET("r0", a) GET("r1", b) GET("r2", c) TURN("r0", "r1", "r3", "r4") TURN("r2", "r3", "r1", "r5") \
    TURN("r0", "r1", "r3", "r6") TURN("r2", "r3", "r1", "r7") PUT("r0", a) PUT("r1", b) PUT("r2", c)
#define WHOLE(a, b, c, d) GET("r3", d) QUARTER(a, b, c) PUT("r3", d)
/* Four words of the output: r0 runs through it and r1 through the first state. */
#define SUM(a, b, c, d) \
    GET("r4", a) GET("r5", b) "ldm r1!, {r2, r3}; adds r2, r4; adds r3, r5; stm r0!, {r2, r3}\n" \
    GET("r4", c) GET("r5", d) "ldm r1!, {r2, r3}; adds r2, r4; adds r3, r5; stm r0!, {r2, r3}\n"

/* The keystream's block of a state. */
__attribute__((naked)) static void block(uint32_t out[16], const uint32_t start[16]) {
    (void)out, (void)start;
    __asm__(
        ".syntax unified\n"
        "push {r0, r1, r4-r7, lr}; mov r4, r8; mov r5, r9; mov r6, r10; mov r7, r11; push {r4-r7}; sub sp, #44\n"
        "ldm r1!, {r2-r7}; mov r8, r2; mov r9, r3; mov r10, r4; mov r11, r5; mov r12, r6; mov lr, r7\n"
        "mov r0, sp; ldm r1!, {r2-r6}; stm r0!, {r2-r6}; ldm r1!, {r2-r6}; stm r0!, {r2-r6}\n"
        "movs r4, #16; movs r5, #20; movs r6, #24; movs r7, #25; movs r0, #10; str r0, [sp, #40]\n" GET("r3", V13)
        "1:\n" QUARTER(V1, V5, V9) PUT("r3", V13) WHOLE(V0, V4, V8, V12) WHOLE(V2, V6, V10, V14) GET("r3", V15) QUARTER(V3, V7, V11)
        QUARTER(V0, V5, V10) PUT("r3", V15) WHOLE(V1, V6, V11, V12) WHOLE(V3, V4, V9, V14) GET("r3", V13) QUARTER(V2, V7, V8)
        "ldr r0, [sp, #40]; subs r0, #1; str r0, [sp, #40]; beq 2f; b 1b\n2:\n" PUT("r3", V13)
        "ldr r0, [sp, #60]; ldr r1, [sp, #64]\n" SUM(V0, V1, V2, V3) SUM(V4, V5, V6, V7) SUM(V8, V9, V10, V11) SUM(V12, V13, V14, V15)
        "add sp, #44; pop {r4-r7}; mov r8, r4; mov r9, r5; mov r10, r6; mov r11, r7; pop {r0, r1, r4-r7, pc}\n");
}

/* 64 bytes of buf ^= v, a word at a time where the words of the buffer lie: each takes the end of one word of v and the beginning of
 * the next. What lies before buf in its first word is written back as it was. */
__attribute__((naked)) static void mix(uint8_t *buf, const uint32_t v[16]) {
    (void)buf, (void)v;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; movs r4, #3; ands r4, r0; subs r0, r4; lsls r2, r4, #3; movs r3, #32; subs r3, r2; movs r4, #0; movs r7, #64\n"
        "add r7, r1\n"
        "1: ldm r1!, {r5}; mov r6, r5; lsls r6, r2; orrs r6, r4; mov r4, r5; lsrs r4, r3; ldr r5, [r0]; eors r5, r6; stm r0!, {r5}\n"
        "cmp r1, r7; bne 1b\n"
        "2: cmp r2, #0; beq 3f; ldrb r5, [r0]; eors r5, r4; strb r5, [r0]; adds r0, #1; lsrs r4, r4, #8; subs r2, #8; b 2b\n"
        "3: pop {r4-r7, pc}\n");
}

#else

#define QUARTER(a, b, c, d) \
    a += b; d = mxtls_rol(d ^ a, 16); \
    c += d; b = mxtls_rol(b ^ c, 12); \
    a += b; d = mxtls_rol(d ^ a, 8); \
    c += d; b = mxtls_rol(b ^ c, 7)

static void block(uint32_t v[16], const uint32_t start[16]) {
    memcpy(v, start, 64);
    for (int i = 0; i < 10; i++) {
        QUARTER(v[0], v[4], v[8], v[12]);
        QUARTER(v[1], v[5], v[9], v[13]);
        QUARTER(v[2], v[6], v[10], v[14]);
        QUARTER(v[3], v[7], v[11], v[15]);
        QUARTER(v[0], v[5], v[10], v[15]);
        QUARTER(v[1], v[6], v[11], v[12]);
        QUARTER(v[2], v[7], v[8], v[13]);
        QUARTER(v[3], v[4], v[9], v[14]);
    }
    for (int i = 0; i < 16; i++) {
        v[i] += start[i];
    }
}

static void mix(uint8_t *buf, const uint32_t v[16]) {
    for (int i = 0; i < 16; i++) {
        mxtls_put_le32(buf + 4 * i, mxtls_le32(buf + 4 * i) ^ v[i]);
    }
}

#endif

void mxtls_chacha20_xor(uint8_t state[48], uint8_t *buf, size_t n) {
    uint32_t start[16], v[16], last[16];
    start[0] = 0x61707865;
    start[1] = 0x3320646E;
    start[2] = 0x79622D32;
    start[3] = 0x6B206574;
    for (int i = 0; i < 12; i++) {
        start[4 + i] = mxtls_le32(state + 4 * i);
    }
    for (; n >= 64; n -= 64, buf += 64, start[12]++) {
        block(v, start);
        mix(buf, v);
    }
    if (n) {
        memcpy(last, buf, n);
        block(v, start);
        mix((uint8_t *)last, v);
        memcpy(buf, last, n);
        start[12]++;
    }
    mxtls_put_le32(state + 32, start[12]);
}
