/* SPDX-License-Identifier: MIT
 * Exponentiation in Montgomery form, for rsa.c and dh.c: by windows of four bits for a secret exponent, bit by bit for a public one. */

#include "mxtls_native.h"

/* d = table[i], of n words, having read all sixteen. */
static void look_up(uint32_t *d, const uint32_t *table, uint32_t i, size_t n) {
    memset(d, 0, 4 * n);
    for (uint32_t k = 0; k < 16; k++) {
        uint32_t mask = mxtls_negative((i ^ k) - 1);
        for (size_t j = 0; j < n; j++) {
            d[j] |= *table++ & mask;
        }
    }
}

/* d = x / R: out of Montgomery form, or with r2 the form of 1. */
static void leave(uint32_t *d, const uint32_t *x, const uint32_t *m, uint32_t m0, size_t n, uint32_t *t) {
    memcpy(t, x, 4 * n);
    memset(t + n, 0, 4 * n + 4);
    mxtls_mont_reduce(d, t, m, m0, n);
}

void mxtls_mont_power(uint32_t *d, const uint32_t *r2, const uint8_t *e, size_t size, const uint32_t *m, uint32_t m0, size_t n, uint32_t *t) {
    uint32_t *entry = t + 2 * n + 1, *table = entry + n;
    leave(table, r2, m, m0, n, t);
    mxtls_mont_mul(table + n, d, r2, m, m0, n, t);
    for (size_t i = 2; i < 16; i++) {
        mxtls_mont_mul(table + i * n, table + (i - 1) * n, table + n, m, m0, n, t);
    }
    memcpy(d, table, 4 * n);
    for (size_t i = 0; i < 2 * size; i++) {
        for (size_t k = i ? 4 : 0; k; k--) {
            mxtls_mont_square(d, d, m, m0, n, t);
        }
        look_up(entry, table, e[i >> 1] >> (i & 1 ? 0 : 4) & 15, n);
        mxtls_mont_mul(d, d, entry, m, m0, n, t);
    }
    leave(d, d, m, m0, n, t);
}

void mxtls_mont_power_public(uint32_t *d, const uint32_t *r2, const uint8_t *e, size_t size, const uint32_t *m, uint32_t m0, size_t n,
    uint32_t *t) {
    uint32_t *base = t + 2 * n + 1;
    mxtls_mont_mul(base, d, r2, m, m0, n, t);
    leave(d, r2, m, m0, n, t);
    size_t i = 0;
    while (i < 8 * size && !(e[i >> 3] >> (7 - (i & 7)) & 1)) {
        i++;
    }
    for (size_t first = i; i < 8 * size; i++) {
        if (i == first) {
            memcpy(d, base, 4 * n);
            continue;
        }
        mxtls_mont_square(d, d, m, m0, n, t);
        if (e[i >> 3] >> (7 - (i & 7)) & 1) {
            mxtls_mont_mul(d, d, base, m, m0, n, t);
        }
    }
    leave(d, d, m, m0, n, t);
}
