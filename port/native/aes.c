/* SPDX-License-Identifier: MIT
 * AES (FIPS 197) with CTR and CBC: two blocks at a time, bitsliced in eight words, no table, no branch or index on a secret.
 *
 * Word i, a plane, holds bit i of every byte of the two states: at bit 8 * row + 2 * column + block. */

#include "mxtls_native.h"

#ifndef MXTLS_HARDWARE_AES

/* Eight words of bytes become eight planes, and back: transpose 8x8 bits in each byte. */
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

static inline uint32_t swap(uint32_t x) {
    return (mxtls_rol(x, 8) & 0x00FF00FF) | (mxtls_rol(x, 24) & 0xFF00FF00);
}

static void add_key(uint32_t *q, const uint32_t *key) {
    for (int i = 0; i < 8; i += 2) {
        uint32_t even = *key & 0x55555555, odd = *key & 0xAAAAAAAA;
        q[i] ^= even | even << 1;
        q[i + 1] ^= odd | odd >> 1;
        key++;
    }
}

/* A round's ShiftRows is not done: MixColumns of an odd round finds the next byte of a column one column on, and behind two rounds
 * only rows 1 and 3 are out of place, by two columns. After Adomnicai and Peyrin (2020). The keys of odd rounds are laid out so. */

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

/* All that follows the first round's S-box, but for the transposition. */
#if MXTLS_THUMB1

/* In Thumb-1, whose eight registers the compiler spills too often. The state lies at sp, the S-box's output behind it at 32 (see
 * sbox.c), at 112 q, the key, the count and masks. A plane at a time: r0 or r6 a, then a + b, and the other one the carry; r1 b and
 * the sum; r4 key, r7 top, lr top's b; r8 to r11 hold masks, r12 the key's odd bits. */
#define NEXT(x) "movs r2, #8; mov r1, " x "; rors r1, r2\n"
#define LAG_NEXT(x) NEXT(x) "mov r3, r8; lsrs r2, r1, #2; ands r2, r3; lsls r1, r1, #6; bics r1, r3; eors r1, r2\n"
#define NEXT_BUT_ONE(x) "rev16 r2, " x "; rev r2, r2\n"
#define LAG_NEXT_BUT_ONE(x) NEXT_BUT_ONE(x) "mov r3, r9; lsrs r5, r2, #4; ands r5, r3; lsls r2, r2, #4; bics r2, r3; eors r2, r5\n"
#define LOAD(i, x) "ldr " x ", [sp, #32 + 4 * " #i "]\n"
#define LOAD_SHIFTED(i, x) LOAD(i, x) \
    "lsrs r2, " x ", #4; eors r2, " x "; mov r3, r11; ands r2, r3; eors " x ", r2; lsls r2, r2, #4; eors " x ", r2\n"
#define EVEN_KEY(i) \
    "ldr r5, [r4, #2 * " #i "]; mov r3, r10; ands r3, r5; eors r5, r3; mov r12, r5; eors r1, r3; lsls r3, r3, #1; eors r1, r3\n"
#define ODD_KEY "mov r5, r12; eors r1, r5; lsrs r5, r5, #1; eors r1, r5\n"
#define SUM(x, load, next, i) load(i, x) next(x) "eors " x ", r1\n"
#define PLANE(i, x, carry, next_but_one, key) next_but_one(x) "eors r1, r2; eors r1, " carry "\n" key "str r1, [sp, #4 * " #i "]\n"
#define REDUCE(x) "eors " x ", r7\n" /* x^8 is x^4 + x^3 + x + 1 */
#define MIX_COLUMNS(load, next, twice) \
    SUM("r7", load, next, 7) "mov lr, r1\n" \
    SUM("r0", load, next, 0) PLANE(0, "r0", "r7", twice, EVEN_KEY(0)) REDUCE("r0") \
    SUM("r6", load, next, 1) PLANE(1, "r6", "r0", twice, ODD_KEY) \
    SUM("r0", load, next, 2) PLANE(2, "r0", "r6", twice, EVEN_KEY(2)) REDUCE("r0") \
    SUM("r6", load, next, 3) PLANE(3, "r6", "r0", twice, ODD_KEY) REDUCE("r6") \
    SUM("r0", load, next, 4) PLANE(4, "r0", "r6", twice, EVEN_KEY(4)) \
    SUM("r6", load, next, 5) PLANE(5, "r6", "r0", twice, ODD_KEY) \
    SUM("r0", load, next, 6) PLANE(6, "r0", "r6", twice, EVEN_KEY(6)) \
    "mov r1, lr\n" PLANE(7, "r7", "r0", twice, ODD_KEY)
#define LAST(i, key) LOAD_SHIFTED(i, "r1") key "str r1, [r7, #4 * " #i "]\n"
#define PREPARE "ldr r4, [sp, #116]; add r0, sp, #124; ldm r0, {r0-r3}; mov r8, r0; mov r9, r1; mov r10, r2; mov r11, r3\n"

__attribute__((naked)) static void encrypt(uint32_t q[8], const uint32_t *key, uint32_t pairs) {
    (void)q, (void)key, (void)pairs;
    __asm__(
        ".syntax unified\n"
        "push {r4-r7, lr}; mov r4, r8; mov r5, r9; mov r6, r10; mov r7, r11; push {r4-r7}; sub sp, #140\n"
        "add r3, sp, #112; stm r3!, {r0-r2}; adr r1, 4f; ldm r1!, {r4-r7}; stm r3!, {r4-r7}; add r1, sp, #32\n"
        "ldm r0!, {r4-r7}; stm r1!, {r4-r7}; ldm r0!, {r4-r7}; stm r1!, {r4-r7}\n"
        "1:" PREPARE MIX_COLUMNS(LOAD, LAG_NEXT, LAG_NEXT_BUT_ONE)
        "bl mxtls_sbox_frame\n" PREPARE
        "adds r4, #16; ldr r0, [sp, #120]; subs r0, #1; str r0, [sp, #120]; beq 2f; b 3f\n"
        "2: ldr r7, [sp, #112]\n"
        LAST(0, EVEN_KEY(0)) LAST(1, ODD_KEY) LAST(2, EVEN_KEY(2)) LAST(3, ODD_KEY)
        LAST(4, EVEN_KEY(4)) LAST(5, ODD_KEY) LAST(6, EVEN_KEY(6)) LAST(7, ODD_KEY)
        "add sp, #140; pop {r4-r7}; mov r8, r4; mov r9, r5; mov r10, r6; mov r11, r7; pop {r4-r7, pc}\n"
        ".align 2\n4: .word 0x3F3F3F3F, 0x0F0F0F0F, 0x55555555, 0x0F000F00\n5: b 1b\n"
        "3:" MIX_COLUMNS(LOAD_SHIFTED, NEXT, NEXT_BUT_ONE)
        "adds r4, #16; str r4, [sp, #116]; bl mxtls_sbox_frame; b 5b\n");
}

#else

static void encrypt(uint32_t q[8], const uint32_t *key, uint32_t pairs) {
    for (;; key += 8) {
        mix_columns(q, 1);
        add_key(q, key);
        mxtls_sbox(q);
        shift_twice(q);
        if (!--pairs) {
            break;
        }
        mix_columns(q, 0);
        add_key(q, key + 4);
        mxtls_sbox(q);
    }
    add_key(q, key + 4);
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
static void crypt(const mxtls_aes *ctx, uint32_t q[8], int inverse) {
    uint32_t rounds = ctx->rounds;
    transpose(q);
    if (inverse) {
        for (uint32_t r = rounds; r; r -= 2) {
            add_key(q, ctx->key[r]);
            if (r < rounds) {
                unmix_columns(q, 0);
            }
            shift_twice(q);
            unbox(q);
            add_key(q, ctx->key[r - 1]);
            unmix_columns(q, 1);
            unbox(q);
        }
        add_key(q, ctx->key[0]);
    } else {
        add_key(q, ctx->key[0]);
        mxtls_sbox(q);
        encrypt(q, ctx->key[1], rounds >> 1);
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
        for (int i = 0; i < 4; i++) {
            ctx->key[r][i] = (q[2 * i] & 0x55555555) | (q[2 * i + 1] & 0xAAAAAAAA);
        }
    }
}

/* 32 blocks in a row differ in the last byte alone: the first S-box of the others is computed once for all of them, in `common`, and
 * that of the last byte for all 32 at once, in `lanes`. */
static void start(const mxtls_aes *ctx, const uint8_t ctr[16], uint32_t count, uint32_t common[8], uint32_t lanes[8]) {
    static const uint32_t COUNTERS[8] = {0xAAAAAAAA, 0xCCCCCCCC, 0xF0F0F0F0, 0xFF00FF00, 0xFFFF0000};
    for (int i = 0; i < 3; i++) {
        common[2 * i] = common[2 * i + 1] = mxtls_le32(ctr + 4 * i);
    }
    common[6] = common[7] = swap(count & ~(uint32_t)31);
    transpose(common);
    add_key(common, ctx->key[0]);
    for (int i = 0; i < 8; i++) {
        lanes[i] = (0 - (common[i] >> 31)) ^ COUNTERS[i];
    }
    mxtls_sbox(common);
    mxtls_sbox(lanes);
    for (int i = 0; i < 8; i++) {
        common[i] &= 0x3FFFFFFF;
    }
}

__attribute__((optimize("O2"))) void mxtls_aes_ctr(const mxtls_aes *ctx, uint8_t ctr[16], uint8_t *buf, size_t n) {
    uint32_t q[8], common[8], lanes[8], count = mxtls_be32(ctr + 12);
    int fresh = 0;
    while (n) {
        uint8_t last[32];
        uint32_t lane = count & 31;
        size_t m = lane < 31 ? 32 : 16;
        uint8_t *p = buf;
        if (!fresh || !lane) {
            start(ctx, ctr, count, common, lanes);
            fresh = 1;
        }
        for (int i = 0; i < 8; i++) {
            q[i] = common[i] | lanes[i] >> lane << 30;
        }
        encrypt(q, ctx->key[1], ctx->rounds >> 1);
        transpose(q);
        if (n < 32 || m < 32) {
            m = n < m ? n : m;
            p = last;
            memcpy(p, buf, m);
        }
        for (int i = 0; i < 4; i++) {
            mxtls_put_le32(p + 4 * i, mxtls_le32(p + 4 * i) ^ q[2 * i]);
            mxtls_put_le32(p + 16 + 4 * i, mxtls_le32(p + 16 + 4 * i) ^ q[2 * i + 1]);
        }
        if (p == last) {
            memcpy(buf, p, m);
        }
        count += m > 16 ? 2 : 1;
        buf += m;
        n -= m;
    }
    mxtls_put_be32(ctr + 12, count);
}

void mxtls_aes_cbc_encrypt(const mxtls_aes *ctx, uint8_t iv[16], uint8_t *buf, size_t n) {
    uint32_t q[8];
    for (int i = 0; i < 4; i++) {
        q[2 * i] = mxtls_le32(iv + 4 * i);
    }
    for (; n; n -= 16, buf += 16) {
        for (int i = 0; i < 4; i++) {
            q[2 * i] ^= mxtls_le32(buf + 4 * i);
            q[2 * i + 1] = 0; /* the second block is nobody's */
        }
        crypt(ctx, q, 0);
        for (int i = 0; i < 4; i++) {
            mxtls_put_le32(buf + 4 * i, q[2 * i]);
        }
    }
    for (int i = 0; i < 4; i++) {
        mxtls_put_le32(iv + 4 * i, q[2 * i]);
    }
}

void mxtls_aes_cbc_decrypt(const mxtls_aes *ctx, uint8_t iv[16], uint8_t *buf, size_t n) {
    uint32_t q[8], before[4];
    for (int i = 0; i < 4; i++) {
        before[i] = mxtls_le32(iv + 4 * i);
    }
    while (n) {
        size_t second = n < 32 ? 0 : 16; /* an odd last block is decrypted twice */
        for (int i = 0; i < 4; i++) {
            q[2 * i] = mxtls_le32(buf + 4 * i);
            q[2 * i + 1] = mxtls_le32(buf + second + 4 * i);
        }
        crypt(ctx, q, 1);
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
}

#endif
