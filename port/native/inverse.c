/* SPDX-License-Identifier: MIT
 * The inverse modulo an odd number in constant time: division steps (D. J. Bernstein, B.-Y. Yang 2019, with delta from 1/2), 62 at
 * a time on the low words, whose sum is a matrix that then acts on the whole numbers. For rsa.c's blinding. */

#include "mxtls_native.h"

static uint64_t wide(uint32_t mask) {
    return 0 - (uint64_t)(mask & 1);
}

/* x and y become, where swap and odd are masks of all bits, 2 y and y - x for both; 2 x and y + x for odd alone; else 2 x and y. */
static void step(uint64_t *x, uint64_t *y, uint64_t swap, uint64_t odd) {
    uint64_t old = *x;
    *x = (old ^ ((old ^ *y) & swap)) << 1;
    *y += ((old ^ swap) - swap) & odd;
}

/* 62 steps on the low words of f and g: a = (u, v, q, r) with 2^62 f' = u f + v g, 2^62 g' = q f + r g. Returns delta - 1/2. */
static uint32_t steps(uint32_t delta, uint64_t f, uint64_t g, uint64_t a[4]) {
    a[0] = a[3] = 1;
    a[1] = a[2] = 0;
    for (int i = 0; i < 62; i++) {
        uint32_t odd32 = mxtls_negative((uint32_t)g << 31), swap32 = odd32 & ~mxtls_negative(delta);
        uint64_t odd = wide(odd32), swap = wide(swap32);
        delta = ((delta ^ swap32) - swap32) + 1 + swap32; /* -delta, or delta + 1 */
        step(&f, &g, swap, odd);
        f >>= 1;
        g >>= 1;
        step(&a[0], &a[2], swap, odd);
        step(&a[1], &a[3], swap, odd);
    }
    return delta;
}

/* d += a x modulo 2^(32 n), where a is minus its complement to 2^64 if its top bit is set. */
static void add_product(uint32_t *d, uint64_t a, const uint32_t *x, size_t n) {
    mxtls_big_row(d, x, n, (uint32_t)a, (uint32_t)(a >> 32));
    mxtls_big_sub(d + 2, d + 2, x, (uint32_t)(a >> 32) >> 31, n - 2);
}

/* d = a x + b y modulo 2^(32 n) */
static void combine(uint32_t *d, uint64_t a, const uint32_t *x, uint64_t b, const uint32_t *y, size_t n) {
    memset(d, 0, 4 * n);
    add_product(d, a, x, n);
    add_product(d, b, y, n);
}

/* d = x / 2^62, for x with a sign */
static void shift(uint32_t *d, const uint32_t *x, size_t n) {
    uint32_t sign = mxtls_negative(x[n - 1]);
    for (size_t i = 0; i < n; i++) {
        d[i] = (i + 1 < n ? x[i + 1] : sign) >> 30 | (i + 2 < n ? x[i + 2] : sign) << 2;
    }
}

/* d = x / 2^62 mod m, for x from -2^62 m to 2^62 m; both of n + 2 words. */
static void divide(uint32_t *d, uint32_t *x, const uint32_t *m, uint32_t m0, size_t n) {
    uint64_t q = mxtls_mont_quotient(x, m, m0, n);
    mxtls_big_add_two(x + n, mxtls_big_row(x, m, n, (uint32_t)q, (uint32_t)(q >> 32) & 0x3fffffff), 0);
    shift(d, x, n + 2); /* from -m to 2 m */
    d[n] += mxtls_big_add(d, d, m, d[n + 1] >> 31, n);
    mxtls_big_fit(d, d, d[n], m, n);
    d[n] = d[n + 1] = 0;
}

uint32_t mxtls_big_inverse(uint32_t *out, const uint32_t *x, const uint32_t *m, size_t n, uint32_t *t) {
    size_t w = n + 2;
    uint32_t *f = t, *g = f + w, *d = g + w, *e = d + w, *p = e + w, *q = p + w, delta = 0, m0 = mxtls_mont_m0(m[0]);
    uint64_t a[4];
    memset(t, 0, 24 * w);
    memcpy(f, m, 4 * n);
    memcpy(g, x, 4 * n);
    e[0] = 1; /* d x = f and e x = g modulo m, always */
    for (size_t i = n + (n >> 2) + 1; i; i--) { /* at least (45907 * 32 n + 26313) / 19929 / 62 */
        delta = steps(delta, (uint64_t)f[1] << 32 | f[0], (uint64_t)g[1] << 32 | g[0], a);
        combine(p, a[0], f, a[1], g, w);
        combine(q, a[2], f, a[3], g, w);
        shift(f, p, w);
        shift(g, q, w);
        combine(p, a[0], d, a[1], e, w);
        combine(q, a[2], d, a[3], e, w);
        divide(d, p, m, m0, n);
        divide(e, q, m, m0, n);
    }
    uint32_t sign = mxtls_negative(f[w - 1]), rest = (f[0] ^ sign) + (sign & 1) - 1; /* 0 where f is 1 or -1 */
    for (size_t i = 1; i < w; i++) {
        rest |= f[i] ^ sign;
    }
    mxtls_big_sub(e, m, d, 1, n);
    mxtls_ct_select((uint8_t *)d, (const uint8_t *)e, 4 * n, sign & 1);
    memcpy(out, d, 4 * n);
    return 1 ^ (rest | (0 - rest)) >> 31;
}
