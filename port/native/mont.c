/* SPDX-License-Identifier: MIT
 * Montgomery arithmetic (P. L. Montgomery 1985; the variant SOS of Koç, Acar, Kaliski 1996) on little-endian words of 32 bits,
 * for rsa.c, dh.c and the elliptic curves.
 *
 * Time and addresses depend on n alone. R is 2^(32 n). One inner loop does all the work: a row of a multiplication by two words. */

#include "mxtls_native.h"

#if MXTLS_THUMB1

/* One word x of the row. The products that stand on words are added up in e0, e1, e2, those that stand half a word higher in
 * o0, o1, o2; e0 and the low half of o0 are done then. The registers' names move on by one word, and are as before after four. */
#define STEP(e0, e1, e2, o0, o1, o2) \
    "mov r6, r12; ldmia r6!, {r7}; mov r12, r6; uxth " o2 ", r7; lsrs r7, r7, #16\n" \
    "mov r6, r8; muls r6, " o2 ", r6; adds " e0 ", " e0 ", r6; mov r6, r10; muls r6, " o2 ", r6; adcs " e1 ", r6\n" \
    "movs " e2 ", #0; adcs " e2 ", " e2 "\n" \
    "mov r6, r9; muls r6, " o2 ", r6; adds " o0 ", " o0 ", r6; mov r6, r11; muls r6, " o2 ", r6; adcs " o1 ", r6\n" \
    "movs " o2 ", #0; adcs " o2 ", " o2 "\n" \
    "mov r6, r8; muls r6, r7, r6; adds " o0 ", " o0 ", r6; mov r6, r10; muls r6, r7, r6; adcs " o1 ", r6\n" \
    "movs r6, #0; adcs " o2 ", r6\n" \
    "mov r6, lr; ldr r6, [r6]; adds " e0 ", " e0 ", r6\n" \
    "mov r6, r9; muls r6, r7, r6; adcs " e1 ", r6; mov r6, r11; muls r6, r7, r6; adcs " e2 ", r6\n" \
    "lsls r6, " o0 ", #16; lsrs " o0 ", " o0 ", #16; adds " e0 ", " e0 ", r6\n" \
    "mov r7, lr; stmia r7!, {" e0 "}; mov lr, r7\n" \
    "adcs " o0 ", " e1 "; movs " e0 ", #0; adcs " e2 ", " e0 "\n"

/* The same for cores that multiply 32 by 32 to 32 bits: 26 cycles for each product of two words. r8 to r11 hold the halves of y0
 * and y1, r12 and lr point to x and d. */
__asm__(
    ".syntax unified; .section .text.mxtls_big_row, \"ax\", %progbits; .balign 4; .global mxtls_big_row\n"
    ".type mxtls_big_row, %function; .thumb_func; mxtls_big_row:\n"
    "cmp r2, #0; bne 1f; movs r0, #0; movs r1, #0; bx lr\n"
    "1: push {r4-r7, lr}; mov r4, r8; mov r5, r9; mov r6, r10; mov r7, r11; push {r4-r7}; ldr r7, [sp, #36]\n"
    "uxth r4, r3; mov r8, r4; lsrs r3, r3, #16; mov r9, r3; uxth r4, r7; mov r10, r4; lsrs r7, r7, #16; mov r11, r7\n"
    "mov r12, r1; mov lr, r0; lsls r4, r2, #2; adds r4, r4, r1; push {r4}\n" /* the end of x */
    "negs r2, r2; movs r4, #3; ands r2, r4; movs r4, #(3f - 2f); muls r2, r4, r2\n" /* enter where n mod 4 steps are left */
    "adr r7, 2f; adds r7, r7, r2; adds r7, #1\n"
    "movs r0, #0; movs r1, #0; movs r2, #0; movs r3, #0; movs r4, #0; movs r5, #0; bx r7\n"
    ".balign 4\n"
    "2:\n" STEP("r0", "r1", "r2", "r3", "r4", "r5")
    "3:\n" STEP("r3", "r2", "r1", "r4", "r5", "r0")
    STEP("r4", "r1", "r2", "r5", "r0", "r3")
    STEP("r5", "r2", "r1", "r0", "r3", "r4")
    "ldr r6, [sp]; cmp r6, r12; beq 4f; b 2b\n"
    "4: lsls r6, r3, #16; lsrs r3, r3, #16; lsls r4, r4, #16; orrs r3, r4; adds r0, r0, r6; adcs r1, r3\n"
    "add sp, #4; pop {r4-r7}; mov r8, r4; mov r9, r5; mov r10, r6; mov r11, r7; pop {r4-r7, pc}\n"
    ".size mxtls_big_row, . - mxtls_big_row; .text\n");

static uint32_t high(uint32_t x, uint32_t y) {
    uint32_t a = x & 0xffff, b = x >> 16, c = y & 0xffff, d = y >> 16;
    uint32_t low = b * c + (a * c >> 16), mid = a * d + (low & 0xffff);
    return b * d + (low >> 16) + (mid >> 16);
}

/* x - y - borrow, and the borrow after it, 0 or 1 */
static inline uint32_t minus(uint32_t x, uint32_t y, uint32_t *borrow) {
    __asm__ volatile(".syntax unified\nnegs %1, %1; sbcs %0, %2; sbcs %1, %1; negs %1, %1" : "+l"(x), "+l"(*borrow) : "l"(y) : "cc");
    return x;
}

#else

uint64_t mxtls_big_row(uint32_t *d, const uint32_t *x, size_t n, uint32_t y0, uint32_t y1) {
    uint32_t c0 = 0, c1 = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t s = (uint64_t)x[i] * y0 + d[i] + c0;
        d[i] = (uint32_t)s;
        s = (uint64_t)x[i] * y1 + c1 + (s >> 32);
        c0 = (uint32_t)s;
        c1 = (uint32_t)(s >> 32);
    }
    return (uint64_t)c1 << 32 | c0;
}

static uint32_t high(uint32_t x, uint32_t y) {
    return (uint32_t)((uint64_t)x * y >> 32);
}

/* x - y - borrow, and the borrow after it, 0 or 1 */
static inline uint32_t minus(uint32_t x, uint32_t y, uint32_t *borrow) {
    uint64_t s = (uint64_t)x - y - *borrow;
    *borrow = (uint32_t)(s >> 32) & 1;
    return (uint32_t)s;
}

#endif

uint32_t mxtls_big_add_two(uint32_t *d, uint64_t c, uint32_t carry) {
    uint64_t s = (uint64_t)d[0] + (uint32_t)c + carry;
    d[0] = (uint32_t)s;
    s = (s >> 32) + d[1] + (uint32_t)(c >> 32);
    d[1] = (uint32_t)s;
    return (uint32_t)(s >> 32);
}

uint32_t mxtls_big_sub(uint32_t *d, const uint32_t *x, const uint32_t *y, uint32_t take, size_t n) {
    uint32_t mask = mxtls_negative(take << 31), borrow = 0;
    for (size_t i = 0; i < n; i++) {
        d[i] = minus(x[i], y[i] & mask, &borrow);
    }
    return borrow;
}

uint32_t mxtls_big_less(const uint32_t *x, const uint32_t *y, size_t n) {
    uint32_t borrow = 0;
    for (size_t i = 0; i < n; i++) {
        minus(x[i], y[i], &borrow);
    }
    return borrow;
}

uint32_t mxtls_big_add(uint32_t *d, const uint32_t *x, const uint32_t *y, uint32_t take, size_t n) {
    uint32_t mask = mxtls_negative(take << 31), carry = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t s = (uint64_t)x[i] + (y[i] & mask) + carry;
        d[i] = (uint32_t)s;
        carry = (uint32_t)(s >> 32);
    }
    return carry;
}

uint32_t mxtls_big_load(uint32_t *d, size_t n, const uint8_t *buf, size_t size) {
    uint32_t over = 0;
    memset(d, 0, 4 * n);
    for (size_t i = 0; i < size; i++) {
        uint32_t byte = buf[size - 1 - i];
        if (i < 4 * n) {
            d[i >> 2] |= byte << 8 * (i & 3);
        } else {
            over |= byte;
        }
    }
    return over;
}

void mxtls_big_store(uint8_t *buf, size_t size, const uint32_t *x) {
    for (size_t i = 0; i < size; i++) {
        buf[size - 1 - i] = (uint8_t)(x[i >> 2] >> 8 * (i & 3));
    }
}

size_t mxtls_big_bits(const uint32_t *m, size_t n) {
    size_t bits = 32 * n;
    while (bits > 1 && !(m[(bits - 1) >> 5] >> ((bits - 1) & 31) & 1)) {
        bits--;
    }
    return bits;
}

uint32_t mxtls_mont_m0(uint32_t m) {
    uint32_t x = m; /* right to 3 bits, as m * m = 1 modulo 8; each step doubles them */
    for (int i = 0; i < 4; i++) {
        x *= 2 - m * x;
    }
    return 0 - x;
}

void mxtls_big_fit(uint32_t *d, const uint32_t *x, uint32_t carry, const uint32_t *m, size_t n) {
    mxtls_big_sub(d, x, m, carry | (mxtls_big_less(x, m, n) ^ 1), n);
}

uint64_t mxtls_mont_quotient(const uint32_t *x, const uint32_t *m, uint32_t m0, size_t n) {
    uint32_t q0 = x[0] * m0, q1 = 0;
    if (n > 1) { /* x[0] + q0 m[0] is 0 in its low word, and carries unless x[0] is 0 */
        q1 = (x[1] + high(q0, m[0]) + ((x[0] | (0 - x[0])) >> 31) + q0 * m[1]) * m0;
    }
    return (uint64_t)q1 << 32 | q0;
}

void mxtls_mont_reduce(uint32_t *d, uint32_t *t, const uint32_t *m, uint32_t m0, size_t n) {
    uint32_t carry = 0;
    for (size_t i = 0; i < n; i += 2) {
        uint64_t q = mxtls_mont_quotient(t + i, m, m0, i + 1 < n ? n : 1); /* of an odd n the last word stands alone */
        uint64_t c = mxtls_big_row(t + i, m, n, (uint32_t)q, (uint32_t)(q >> 32));
        carry = mxtls_big_add_two(t + i + n, c, carry);
    }
    mxtls_big_fit(d, t + n, carry | t[2 * n], m, n); /* the carry of an odd n has its own word */
}

void mxtls_big_mul(uint32_t *t, const uint32_t *x, const uint32_t *y, size_t n) {
    memset(t, 0, 4 * n);
    t[2 * n] = 0;
    for (size_t i = 0; i < n; i += 2) {
        uint64_t c = mxtls_big_row(t + i, x, n, y[i], i + 1 < n ? y[i + 1] : 0);
        t[i + n] = (uint32_t)c;
        t[i + n + 1] = (uint32_t)(c >> 32);
    }
}

/* The products of different words once, doubled, then the squares of pairs of words. */
static void square(uint32_t *t, const uint32_t *x, size_t n) {
    memset(t, 0, 4 * n);
    t[2 * n - 1] = t[2 * n] = 0;
    for (size_t i = 0; i + 2 < n; i += 2) {
        uint64_t c = mxtls_big_row(t + 2 * i + 2, x + i + 2, n - i - 2, x[i], x[i + 1]);
        t[n + i] = (uint32_t)c;
        t[n + i + 1] = (uint32_t)(c >> 32);
    }
    if (!(n & 1)) {
        t[2 * n - 2] = 0;
    }
    uint32_t carry = 0;
    for (size_t i = 0; i < 2 * n; i++) {
        uint32_t w = t[i];
        t[i] = w << 1 | carry;
        carry = w >> 31;
    }
    carry = 0;
    for (size_t i = 0; i < n; i += 2) {
        size_t pair = i + 1 < n ? 2 : 1;
        carry = mxtls_big_add_two(t + 2 * i, 0, carry);
        carry = mxtls_big_add_two(t + 2 * i + pair, mxtls_big_row(t + 2 * i, x + i, pair, x[i], pair == 2 ? x[i + 1] : 0), carry);
    }
}

void mxtls_mont_mul(uint32_t *d, const uint32_t *x, const uint32_t *y, const uint32_t *m, uint32_t m0, size_t n, uint32_t *t) {
    mxtls_big_mul(t, x, y, n);
    mxtls_mont_reduce(d, t, m, m0, n);
}

void mxtls_mont_square(uint32_t *d, const uint32_t *x, const uint32_t *m, uint32_t m0, size_t n, uint32_t *t) {
    square(t, x, n);
    mxtls_mont_reduce(d, t, m, m0, n);
}

/* d = 2 d mod m */
static void twice(uint32_t *d, const uint32_t *m, size_t n) {
    mxtls_big_fit(d, d, mxtls_big_add(d, d, d, 1, n), m, n);
}

void mxtls_mont_r2(uint32_t *d, const uint32_t *m, uint32_t m0, size_t n, size_t bits, uint32_t *t) {
    memset(d, 0, 4 * n);
    d[(bits - 1) >> 5] = (uint32_t)1 << ((bits - 1) & 31);
    for (size_t i = bits - 1; i <= 32 * n; i++) {
        twice(d, m, n); /* to 2 R */
    }
    size_t bit = 1;
    while (bit <= 16 * n) {
        bit += bit;
    }
    while (bit >>= 1) { /* from 2^k R to 2^(2k) R, and k bit by bit to 32 n */
        mxtls_mont_square(d, d, m, m0, n, t);
        if (32 * n & bit) {
            twice(d, m, n);
        }
    }
}
