/* SPDX-License-Identifier: MIT
 * Exponentiation modulo a prime (RFC 2631 section 2.1.1), for kernels/dh.py. */

#include "mxtls_native.h"

/* 1 where x is in 2..p-2, for an odd p, else 0. */
static uint32_t inside(uint32_t *x, uint32_t *p, size_t n) {
    uint32_t more = x[0] >> 1;
    for (size_t i = 1; i < n; i++) {
        more |= x[i];
    }
    p[0] ^= 1; /* p - 1 */
    uint32_t below = mxtls_big_less(x, p, n);
    p[0] ^= 1;
    return below & (more | (0 - more)) >> 31;
}

uint32_t mxtls_dh_power(uint8_t *out, const uint8_t *base, size_t blen, const uint8_t *x, size_t xlen, const uint8_t *p, size_t size,
    uint32_t *t) {
    size_t n = MXTLS_WORDS(size);
    if (!n) {
        return 0;
    }
    uint32_t *m = t, *y = m + n, *r2 = y + n;
    t = r2 + n;
    mxtls_big_load(m, n, p, size);
    uint32_t over = mxtls_big_load(y, n, base, blen), m0 = mxtls_mont_m0(m[0]);
    if (over || !(m[0] & 1) || !inside(y, m, n)) {
        return 0;
    }
    mxtls_mont_r2(r2, m, m0, n, mxtls_big_bits(m, n), t);
    mxtls_mont_power(y, r2, x, xlen, m, m0, n, t);
    uint32_t good = inside(y, m, n);
    mxtls_big_store((uint8_t *)t, size, y);
    mxtls_ct_select(out, (const uint8_t *)t, size, good);
    return good;
}
