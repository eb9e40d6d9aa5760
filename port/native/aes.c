/* SPDX-License-Identifier: MIT
 * AES (FIPS 197) with CTR and CBC: two blocks at a time, bitsliced in eight words, no table, no branch or index on a secret.
 *
 * Word i, a plane, holds bit i of every byte of the two states: at bit 8 * row + 2 * column + block. */

#include "mxtls_native.h"

#ifndef MXTLS_HARDWARE_AES

/* Eight words of bytes become eight planes, and back: transpose 8x8 bits in each byte. */
#if MXTLS_THUMB1

#define SWAP(x, y, s) "lsrs r2, " x ", #" s "; eors r2, " y "; ands r2, r1; eors " y ", r2; lsls r2, r2, #" s "; eors " x ", r2\n"

__attribute__((naked)) static void transpose(uint32_t q[8]) {
    (void)q;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; mov r3, r0; adds r3, #32\n"
        "1: ldm r0!, {r4-r7}; subs r0, #16; ldr r1, 2f\n" SWAP("r4", "r5", "1") SWAP("r6", "r7", "1")
        "ldr r1, 2f + 4\n" SWAP("r4", "r6", "2") SWAP("r5", "r7", "2") "stm r0!, {r4-r7}; cmp r0, r3; bne 1b\n"
        "subs r0, #32; ldr r1, 2f + 8\n"
        ".irp at, 0, 4, 8, 12\n"
        "ldr r4, [r0, #\\at]; ldr r5, [r0, #\\at + 16]\n" SWAP("r4", "r5", "4") "str r4, [r0, #\\at]; str r5, [r0, #\\at + 16]\n"
        ".endr\n"
        "pop {r4-r7, pc}\n"
        ".align 2\n2: .word 0x55555555, 0x33333333, 0x0F0F0F0F\n");
}

#undef SWAP
#else

__attribute__((optimize("O2"))) static void transpose(uint32_t *q) {
#define SWAP(x, y, s, m) \
    t = ((x >> s) ^ y) & m; \
    y ^= t; \
    x ^= t << s
    uint32_t t;
    for (uint32_t *p = q; p < q + 8; p += 4) {
        uint32_t a = p[0], b = p[1], c = p[2], d = p[3];
        SWAP(a, b, 1, 0x55555555);
        SWAP(c, d, 1, 0x55555555);
        SWAP(a, c, 2, 0x33333333);
        SWAP(b, d, 2, 0x33333333);
        p[0] = a;
        p[1] = b;
        p[2] = c;
        p[3] = d;
    }
    for (int i = 0; i < 4; i++, q++) {
        uint32_t a = q[0], b = q[4];
        SWAP(a, b, 4, 0x0F0F0F0F);
        q[0] = a;
        q[4] = b;
    }
#undef SWAP
}

#endif

static inline uint32_t swap(uint32_t x) {
    return (mxtls_rol(x, 8) & 0x00FF00FF) | (mxtls_rol(x, 24) & 0xFF00FF00);
}

/* The round keys of one call, each of eight planes; returns the rounds. What is no key, or is overwritten by what the call does, still
 * counts 8 to 14 of them, so that nothing is read or written behind the keys. */
static uint32_t unpack(const mxtls_aes *ctx, uint32_t keys[15][8]) {
    const uint32_t *from = ctx->key[0];
    uint32_t *to = keys[0], rounds = (ctx->rounds & 14) | 8;
    for (uint32_t n = 4 * (rounds + 1); n; n--, from++) {
        uint32_t even = *from & 0x55555555, odd = *from & 0xAAAAAAAA;
        *to++ = even | even << 1;
        *to++ = odd | odd >> 1;
    }
    return rounds;
}

static void add_key(uint32_t *q, const uint32_t *key) {
    for (int i = 0; i < 8; i++) {
        q[i] ^= key[i];
    }
}

/* A round's ShiftRows is not done: MixColumns of an odd round finds the next byte of a column one column on, and behind two rounds
 * only rows 1 and 3 are out of place, by two columns. After Adomnicai and Peyrin (2020). The keys of odd rounds are laid out so.
 * The assembly below goes on for four rounds, behind which all rows are in place; for it the keys of every second two rounds are laid out
 * with rows 1 and 3 out of place. */
#define LONG_LAG MXTLS_THUMB1

/* The next byte of each column; one column on, if the rows lag. */
static inline uint32_t next(uint32_t x, int lag) {
    x = mxtls_rol(x, 24);
    return lag ? (x >> 2 & 0x3F3F3F3F) | (x & 0x03030303) << 6 : x;
}

static inline uint32_t next_but_one(uint32_t x, int lag) {
    x = mxtls_rol(x, 16);
    return lag ? (x >> 4 & 0x0F0F0F0F) | (x & 0x0F0F0F0F) << 4 : x;
}

/* Each byte becomes 2 (a + b) + b + c + d, where b, c, d are the next ones down its column. */
static inline void mix_columns(uint32_t *q, int lag) {
    uint32_t top = q[7] ^ next(q[7], lag), carry = top;
    for (int i = 0; i < 8; i++) {
        uint32_t b = next(q[i], lag), sum = q[i] ^ b;
        q[i] = b ^ next_but_one(sum, lag) ^ carry;
        carry = 0x0D & 1 << i ? sum ^ top : sum; /* x^8 is x^4 + x^3 + x + 1 */
    }
}

/* The inverse: MixColumns itself, of the bytes to which 4 (a + c) is added. */
static inline void unmix_columns(uint32_t *q, int lag) {
    uint32_t u6 = q[6] ^ next_but_one(q[6], lag), u7 = q[7] ^ next_but_one(q[7], lag);
    for (int i = 7; i > 1; i--) {
        q[i] ^= q[i - 2] ^ next_but_one(q[i - 2], lag);
    }
    q[0] ^= u6;
    q[1] ^= u6 ^ u7;
    q[2] ^= u7;
    q[3] ^= u6;
    q[4] ^= u6 ^ u7;
    q[5] ^= u7;
    mix_columns(q, lag);
}

/* Two rounds' ShiftRows, and its own inverse. */
static void shift_twice(uint32_t *q) {
    for (int i = 0; i < 8; i++) {
        uint32_t t = (q[i] ^ q[i] >> 4) & 0x0F000F00;
        q[i] ^= t ^ t << 4;
    }
}

static inline int lags(uint32_t r, uint32_t rounds) {
    return LONG_LAG && r & 2 && r < rounds;
}

/* All that follows the first round's S-box, or the second's, but for the transposition. The keys are from that of round 1 on. */
#if MXTLS_THUMB1

/* In Thumb-1, whose eight registers the compiler spills too often. The state lies at sp, the S-box's output behind it at 32 (see
 * sbox.c), at 112 q, the key, the count and masks. A plane at a time: r0 or r6 a, then a + b, and the other one the carry; r1 b and
 * the sum; r4 key, r7 top, lr top's b; r8 to r10 hold masks. */
#define NEXT(x) "movs r2, #8; mov r1, " x "; rors r1, r2\n"
#define LAG_NEXT(x) NEXT(x) "mov r3, r8; lsrs r2, r1, #2; ands r2, r3; lsls r1, r1, #6; bics r1, r3; eors r1, r2\n"
#define LAG_2_NEXT(x) NEXT(x) "mov r3, r9; lsrs r2, r1, #4; ands r2, r3; lsls r1, r1, #4; bics r1, r3; eors r1, r2\n"
#define LAG_3_NEXT(x) NEXT(x) "mov r3, r10; lsrs r2, r1, #6; ands r2, r3; lsls r1, r1, #2; bics r1, r3; eors r1, r2\n"
#define NEXT_BUT_ONE(x) "rev16 r2, " x "; rev r2, r2\n"
#define LAG_NEXT_BUT_ONE(x) NEXT_BUT_ONE(x) "mov r3, r9; lsrs r5, r2, #4; ands r5, r3; lsls r2, r2, #4; bics r2, r3; eors r2, r5\n"
#define LOAD(i, x) "ldr " x ", [sp, #32 + 4 * " #i "]\n"
#define LOAD_SHIFTED(i, x) LOAD(i, x) \
    "lsrs r2, " x ", #4; eors r2, " x "; ands r2, r3; eors " x ", r2; lsls r2, r2, #4; eors " x ", r2\n"
#define KEY(i) "ldr r5, [r4, #4 * " #i "]; eors r1, r5\n"
#define SUM(x, load, next, i) load(i, x) next(x) "eors " x ", r1\n"
#define PLANE(i, x, carry, next_but_one) next_but_one(x) "eors r1, r2; eors r1, " carry "\n" KEY(i) "str r1, [sp, #4 * " #i "]\n"
#define REDUCE(x) "eors " x ", r7\n" /* x^8 is x^4 + x^3 + x + 1 */
#define MIX_COLUMNS(load, next, twice) \
    SUM("r7", load, next, 7) "mov lr, r1\n" \
    SUM("r0", load, next, 0) PLANE(0, "r0", "r7", twice) REDUCE("r0") \
    SUM("r6", load, next, 1) PLANE(1, "r6", "r0", twice) \
    SUM("r0", load, next, 2) PLANE(2, "r0", "r6", twice) REDUCE("r0") \
    SUM("r6", load, next, 3) PLANE(3, "r6", "r0", twice) REDUCE("r6") \
    SUM("r0", load, next, 4) PLANE(4, "r0", "r6", twice) \
    SUM("r6", load, next, 5) PLANE(5, "r6", "r0", twice) \
    SUM("r0", load, next, 6) PLANE(6, "r0", "r6", twice) \
    "mov r1, lr\n" PLANE(7, "r7", "r0", twice) "adds r4, #32; str r4, [sp, #116]; bl mxtls_sbox_frame\n"
#define LAST(i, load) load(i, "r1") KEY(i) "str r1, [r7, #4 * " #i "]\n"
#define ALL_LAST(load) \
    "ldr r7, [sp, #112]\n" LAST(0, load) LAST(1, load) LAST(2, load) LAST(3, load) LAST(4, load) LAST(5, load) LAST(6, load) LAST(7, load)
#define PAIR "ldr r0, [sp, #120]; subs r0, #1; str r0, [sp, #120]\n"
#define PREPARE "ldr r4, [sp, #116]; add r0, sp, #124; ldm r0, {r0-r2}; mov r8, r0; mov r9, r1; mov r10, r2\n"

__attribute__((naked)) static void encrypt(uint32_t q[8], const uint32_t *key, uint32_t pairs, int second) {
    (void)q, (void)key, (void)pairs, (void)second;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; mov r4, r8; mov r5, r9; mov r6, r10; mov r7, r11; push {r4-r7}; sub sp, #140\n"
        "add r7, sp, #112; stm r7!, {r0-r2}; adr r1, 4f; ldm r1!, {r4-r6}; stm r7!, {r4-r6}; ldr r4, [r1]; str r4, [r7]; add r1, sp, #32\n"
        "ldm r0!, {r4-r7}; stm r1!, {r4-r7}; ldm r0!, {r4-r7}; stm r1!, {r4-r7}; cmp r3, #0; beq 1f\n"
        "ldr r4, [sp, #116]; adds r4, #32; str r4, [sp, #116]; b 5f\n"
        ".align 2\n4: .word 0x3F3F3F3F, 0x0F0F0F0F, 0x03030303, 0x0F000F00\n"
        "1:" PREPARE MIX_COLUMNS(LOAD, LAG_NEXT, LAG_NEXT_BUT_ONE)
        "5:" PREPARE PAIR "beq 2f; b 3f\n"
        "2: ldr r3, [sp, #136]\n" ALL_LAST(LOAD_SHIFTED)
        "6: add sp, #140; pop {r4-r7}; mov r8, r4; mov r9, r5; mov r10, r6; mov r11, r7; pop {r4-r7, pc}\n"
        "3:" MIX_COLUMNS(LOAD, LAG_2_NEXT, NEXT_BUT_ONE)
        PREPARE MIX_COLUMNS(LOAD, LAG_3_NEXT, LAG_NEXT_BUT_ONE)
        PREPARE PAIR "bne 7f\n" ALL_LAST(LOAD) "b 6b\n"
        "7:" MIX_COLUMNS(LOAD, NEXT, NEXT_BUT_ONE)
        "b 1b\n");
}

#else

static void encrypt(uint32_t q[8], const uint32_t *key, uint32_t pairs, int second) {
    for (;; key += 16) {
        if (!second) {
            mix_columns(q, 1);
            add_key(q, key);
            mxtls_sbox(q);
        }
        second = 0;
        shift_twice(q);
        if (!--pairs) {
            break;
        }
        mix_columns(q, 0);
        add_key(q, key + 8);
        mxtls_sbox(q);
    }
    add_key(q, key + 8);
}

#endif

/* The inverse S-box is this linear map, the S-box, and the map again. */
static void unbox(uint32_t *q) {
    for (int turn = 0; turn < 2; turn++) {
        uint32_t t[8];
        for (int i = 0; i < 8; i++) {
            t[i] = q[(i + 2) & 7] ^ q[(i + 5) & 7] ^ q[(i + 7) & 7];
        }
        memcpy(q, t, sizeof(t));
        if (!turn) {
            mxtls_sbox(q);
        }
    }
}

/* Encrypt or decrypt two blocks in place: word i of both at 2i and 2i + 1, the first byte lowest. */
static void crypt(uint32_t keys[15][8], uint32_t rounds, uint32_t q[8], int inverse) {
    transpose(q);
    if (inverse) {
        for (uint32_t r = rounds; r; r -= 2) {
            add_key(q, keys[r]);
            if (r < rounds) {
                unmix_columns(q, 0);
            }
            shift_twice(q);
            unbox(q);
            add_key(q, keys[r - 1]);
            unmix_columns(q, 1);
            unbox(q);
        }
        add_key(q, keys[0]);
    } else {
        add_key(q, keys[0]);
        mxtls_sbox(q);
        encrypt(q, keys[1], rounds >> 1, 0);
    }
    transpose(q);
}

/* The S-box of four bytes. */
static uint32_t substitute(uint32_t w) {
    uint32_t q[8];
    for (int i = 0; i < 8; i++) {
        q[i] = w >> i & 0x01010101;
    }
    mxtls_sbox(q);
    w = 0x63636363;
    for (int i = 0; i < 8; i++) {
        w ^= q[i] << i;
    }
    return w;
}

void mxtls_aes_expand(mxtls_aes *ctx, const uint8_t *key, size_t nbytes) {
    uint32_t *w = ctx->key[0], rcon = 1;
    int words = (int)nbytes >> 2, step = 0;
    ctx->rounds = (uint32_t)words + 6;
    for (int i = 0; i < 4 * (words + 7); i++) {
        if (i < words) {
            w[i] = mxtls_le32(key + 4 * i);
            continue;
        }
        uint32_t x = w[i - 1];
        if (step == 0) {
            x = substitute(mxtls_rol(x, 24)) ^ rcon;
            rcon = (rcon << 1) ^ (rcon >> 7) * 0x11B;
        } else if (words == 8 && step == 4) {
            x = substitute(x);
        }
        w[i] = w[i - words] ^ x;
        if (++step == words) {
            step = 0;
        }
    }
    for (int r = 0; r < words + 7; r++) {
        uint32_t q[8];
        for (int i = 0; i < 8; i++) { /* all but the first carry the S-box's 0x63 */
            q[i] = ctx->key[r][i >> 1] ^ (r ? 0x63636363 : 0);
        }
        transpose(q);
        for (int i = 0; r & 1 && i < 8; i++) { /* row n by n columns backwards: row 2 and 3 by two, then 1 and 3 by one */
            uint32_t t = (q[i] ^ q[i] >> 4) & 0x0F0F0000, x = q[i] ^ t ^ t << 4;
            q[i] = (x & 0x00FF00FF) | (x & 0x3F003F00) << 2 | (x >> 6 & 0x03000300);
        }
        if (lags((uint32_t)r, ctx->rounds)) {
            shift_twice(q);
        }
        for (int i = 0; i < 4; i++) {
            ctx->key[r][i] = (q[2 * i] & 0x55555555) | (q[2 * i + 1] & 0xAAAAAAAA);
        }
    }
}

/* Blocks in a row differ in the last byte of their counters, so 32 of them share nearly all of the first two rounds. A stream has
 *
 *   lanes   the first S-box of the last byte of all 32
 *   common  what is behind the second S-box, but for the bytes of DIAGONAL
 *   rest    what all have of these before it, in every row
 *   varied  these behind it, of eight blocks: those of pair p in their columns, p rows up */
#define DIAGONAL 0xC0300C03 /* where the last byte goes in the first round: row n, column n */

static void begin_32(mxtls_aes_stream *s, uint32_t count) {
    static const uint32_t COUNTERS[8] = {0xAAAAAAAA, 0xCCCCCCCC, 0xF0F0F0F0, 0xFF00FF00, 0xFFFF0000};
    uint32_t *q = s->common;
    for (int i = 0; i < 3; i++) {
        q[2 * i] = q[2 * i + 1] = s->start[i];
    }
    q[6] = q[7] = swap(count & ~(uint32_t)31);
    transpose(q);
    add_key(q, s->keys[0]);
    for (int i = 0; i < 8; i++) {
        s->lanes[i] = (0 - (q[i] >> 31)) ^ COUNTERS[i];
    }
    mxtls_sbox(q);
    mxtls_sbox(s->lanes);
    for (int i = 0; i < 8; i++) {
        q[i] &= 0x3FFFFFFF;
    }
    mix_columns(q, 1);
    add_key(q, s->keys[1]);
    for (int i = 0; i < 8; i++) {
        uint32_t x = q[i] & DIAGONAL;
        x |= mxtls_rol(x, 8);
        s->rest[i] = x | mxtls_rol(x, 16);
    }
    mxtls_sbox(q);
    for (int i = 0; i < 8; i++) {
        q[i] &= ~DIAGONAL;
    }
}

/* A plane of eight last bytes, for all of the diagonal. */
static inline uint32_t spread(uint32_t x) {
    x &= 0xFF;
    uint32_t twice = x * 0x101;
    return x | (twice << 2 & 0xFF00) | (twice << 12 & 0xFF0000) | (twice << 22 & 0xFF000000);
}

/* MixColumns puts the last byte once into rows 0 and 1, three times into row 2 and twice into row 3. */
static void begin_8(mxtls_aes_stream *s, uint32_t count) {
    uint32_t *q = s->varied, top = spread(s->lanes[7] >> (count & 24)), carry = top;
    for (int i = 0; i < 8; i++) {
        uint32_t x = spread(s->lanes[i] >> (count & 24));
        q[i] = (x & 0x3F3F3F3F) ^ (carry & 0xF0F0F0F0) ^ s->rest[i];
        carry = 0x0D & 1 << i ? x ^ top : x;
    }
    mxtls_sbox(q);
}

/* The keystream of two blocks: of count and, where it is even, the next. */
static void keystream(const mxtls_aes_stream *s, uint32_t q[8], uint32_t count) {
    uint32_t turn = (count & 6) << 2;
    for (int i = 0; i < 8; i++) {
        uint32_t x = s->varied[i];
        q[i] = s->common[i] | ((x << turn | x >> ((32 - turn) & 31)) & DIAGONAL);
    }
    encrypt(q, s->keys[1], s->rounds >> 1, 1);
    transpose(q);
}

void mxtls_aes_stream_begin(mxtls_aes_stream *s, const mxtls_aes *ctx, const uint8_t ctr[16]) {
    s->rounds = unpack(ctx, s->keys);
    for (int i = 0; i < 3; i++) {
        s->start[i] = mxtls_le32(ctr + 4 * i);
    }
    s->count = mxtls_be32(ctr + 12);
    s->fresh = 1;
}

/* Adds to two blocks at any address q, in which their words alternate. */
#if MXTLS_THUMB1

/* By whole words, but for the first and the last; r3, r4: how far the words of q are shifted, and what is left of them goes into the
 * next, in r5. */
#define WORD(at) \
    "ldr r2, [r1, #" #at "]; mov r6, r2; lsls r6, r3; orrs r6, r5; ldr r7, [r0]; eors r7, r6; stm r0!, {r7}; mov r5, r2; lsrs r5, r4\n"
#define BYTES "ldrb r6, [r0]; eors r6, r2; strb r6, [r0]; adds r0, #1; lsrs r2, r2, #8; subs r7, #1; bne 1b\n"

__attribute__((naked)) static void mix_blocks(uint8_t *p, const uint32_t q[8]) {
    (void)p, (void)q;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; movs r3, #0; movs r4, #32; movs r5, #0; lsls r7, r0, #30; beq 2f\n"
        "lsrs r3, r7, #27; subs r4, r4, r3; lsrs r7, r4, #3; ldr r2, [r1]; mov r5, r2; lsrs r5, r4\n"
        "1:" BYTES "b 3f\n"
        "2:" WORD(0)
        "3:" WORD(8) WORD(16) WORD(24) WORD(4) WORD(12) WORD(20) WORD(28)
        "mov r2, r5; lsrs r7, r3, #3; beq 4f\n"
        "1:" BYTES
        "4: pop {r4-r7, pc}\n");
}

#else

static void mix_blocks(uint8_t *p, const uint32_t q[8]) {
    for (int i = 0; i < 4; i++) {
        mxtls_put_le32(p + 4 * i, mxtls_le32(p + 4 * i) ^ q[2 * i]);
        mxtls_put_le32(p + 16 + 4 * i, mxtls_le32(p + 16 + 4 * i) ^ q[2 * i + 1]);
    }
}

#endif

__attribute__((optimize("O2"))) void mxtls_aes_stream_xor(mxtls_aes_stream *s, uint8_t *buf, size_t n) {
    uint32_t q[8], count = s->count;
    while (n) {
        uint8_t last[32], *p = buf;
        size_t odd = (count & 1) << 4, m = n < 32 - odd ? n : 32 - odd;
        if (s->fresh || !(count & 31)) {
            begin_32(s, count);
        }
        if (s->fresh || !(count & 7)) {
            begin_8(s, count);
        }
        s->fresh = 0;
        keystream(s, q, count);
        if (m < 32) {
            p = last;
            memcpy(last + odd, buf, m);
        }
        mix_blocks(p, q);
        if (p == last) {
            memcpy(buf, last + odd, m);
        }
        count += (uint32_t)(m + 15) >> 4;
        buf += m;
        n -= m;
    }
    s->count = count;
}

void mxtls_aes_ctr(const mxtls_aes *ctx, uint8_t ctr[16], uint8_t *buf, size_t n) {
    mxtls_aes_stream s;
    mxtls_aes_stream_begin(&s, ctx, ctr);
    mxtls_aes_stream_xor(&s, buf, n);
    mxtls_put_be32(ctr + 12, s.count);
    mxtls_forget(&s, sizeof(s));
}

void mxtls_aes_cbc_encrypt(const mxtls_aes *ctx, uint8_t iv[16], uint8_t *buf, size_t n) {
    uint32_t q[8];
    uint32_t keys[15][8], rounds = unpack(ctx, keys);
    for (int i = 0; i < 4; i++) {
        q[2 * i] = mxtls_le32(iv + 4 * i);
    }
    for (; n; n -= 16, buf += 16) {
        for (int i = 0; i < 4; i++) {
            q[2 * i] ^= mxtls_le32(buf + 4 * i);
            q[2 * i + 1] = 0; /* the second block is nobody's */
        }
        crypt(keys, rounds, q, 0);
        for (int i = 0; i < 4; i++) {
            mxtls_put_le32(buf + 4 * i, q[2 * i]);
        }
    }
    for (int i = 0; i < 4; i++) {
        mxtls_put_le32(iv + 4 * i, q[2 * i]);
    }
    mxtls_forget(keys, sizeof(keys));
}

void mxtls_aes_cbc_decrypt(const mxtls_aes *ctx, uint8_t iv[16], uint8_t *buf, size_t n) {
    uint32_t q[8], before[4];
    uint32_t keys[15][8], rounds = unpack(ctx, keys);
    for (uint32_t r = 0; r < rounds; r++) {
        if (lags(r, rounds)) {
            shift_twice(keys[r]);
        }
    }
    for (int i = 0; i < 4; i++) {
        before[i] = mxtls_le32(iv + 4 * i);
    }
    while (n) {
        size_t second = n < 32 ? 0 : 16; /* an odd last block is decrypted twice */
        for (int i = 0; i < 4; i++) {
            q[2 * i] = mxtls_le32(buf + 4 * i);
            q[2 * i + 1] = mxtls_le32(buf + second + 4 * i);
        }
        crypt(keys, rounds, q, 1);
        for (int i = 0; i < 4; i++) {
            uint32_t x = q[2 * i] ^ before[i], y = mxtls_le32(buf + 4 * i);
            before[i] = mxtls_le32(buf + second + 4 * i);
            mxtls_put_le32(buf + second + 4 * i, q[2 * i + 1] ^ y);
            mxtls_put_le32(buf + 4 * i, x);
        }
        buf += 16 + second;
        n -= 16 + second;
    }
    for (int i = 0; i < 4; i++) {
        mxtls_put_le32(iv + 4 * i, before[i]);
    }
    mxtls_forget(keys, sizeof(keys));
}

#endif
