/* SPDX-License-Identifier: MIT
 * Montgomery arithmetic (P. L. Montgomery 1985; the variant SOS of Koç, Acar, Kaliski 1996) on little-endian words of 32 bits,
 * for rsa.c, dh.c and the elliptic curves.
 *
 * Time and addresses depend on n alone. R is 2^(32 n). One inner loop does all the work: a row of a multiplication by two words. */

#include "mxtls_native.h"

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
        uint64_t s = (uint64_t)x[i] - (y[i] & mask) - borrow;
        d[i] = (uint32_t)s;
        borrow = (uint32_t)(s >> 32) & 1;
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

uint32_t mxtls_big_less(const uint32_t *x, const uint32_t *y, size_t n) {
    uint32_t borrow = 0;
    for (size_t i = 0; i < n; i++) {
        borrow = (uint32_t)(((uint64_t)x[i] - y[i] - borrow) >> 32) & 1;
    }
    return borrow;
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
