/* SPDX-License-Identifier: MIT
 * Numbers of n words for the elliptic curves: masks, and sums and differences modulo m. */

#include "mxtls_native.h"

void mxtls_words_select(uint32_t *d, const uint32_t *x, uint32_t mask, size_t n) {
    for (size_t i = 0; i < n; i++) {
        d[i] ^= (d[i] ^ x[i]) & mask;
    }
}

uint32_t mxtls_words_zero(const uint32_t *x, size_t n) {
    uint32_t d = 0;
    for (size_t i = 0; i < n; i++) {
        d |= x[i];
    }
    return ~mxtls_negative(d | (0 - d)); /* a number or its negative has the top bit, but for 0 */
}

void mxtls_mod_add(uint32_t *d, const uint32_t *x, const uint32_t *y, const uint32_t *m, size_t n) {
    uint32_t carry = mxtls_big_add(d, x, y, 1, n);
    mxtls_big_fit(d, d, carry, m, n);
}

void mxtls_mod_sub(uint32_t *d, const uint32_t *x, const uint32_t *y, const uint32_t *m, size_t n) {
    uint32_t borrow = mxtls_big_sub(d, x, y, 1, n);
    mxtls_big_add(d, d, m, borrow, n);
}
