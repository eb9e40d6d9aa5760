/* SPDX-License-Identifier: MIT
 * X25519 (RFC 7748 section 5) over field25519.c: the ladder, with masked exchanges. */

#include "mxtls_native.h"

typedef uint32_t number[8];

static void exchange(uint32_t *x, uint32_t *y, uint32_t mask, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t t = (x[i] ^ y[i]) & mask;
        x[i] ^= t;
        y[i] ^= t;
    }
}

uint32_t mxtls_x25519(uint8_t out[32], const uint8_t k[32], const uint8_t point[32]) {
    number s[4], u, t, v; /* the points a/b and c/d */
    uint32_t *a = s[0], *b = s[1], *c = s[2], *d = s[3], last = 0;
    mxtls_f25519_load(u, point);
    for (int i = 0; i < 8; i++) {
        a[i] = d[i] = i == 0;
        b[i] = 0;
        c[i] = u[i];
    }
    for (int i = 254; i >= 0; i--) {
        uint32_t bit = i == 254 ? 1 : i < 3 ? 0 : k[i >> 3] >> (i & 7) & 1; /* clamped */
        exchange(s[0], s[2], mxtls_negative((last ^ bit) << 31), 16);
        last = bit;
        mxtls_f25519_add(t, a, b);
        mxtls_f25519_sub(v, a, b);
        mxtls_f25519_sub(a, c, d);
        mxtls_f25519_add(b, c, d);
        mxtls_f25519_mul(a, a, t); /* DA */
        mxtls_f25519_mul(b, b, v); /* CB */
        mxtls_f25519_add(c, a, b);
        mxtls_f25519_sqr(c, c);
        mxtls_f25519_sub(d, a, b);
        mxtls_f25519_sqr(d, d);
        mxtls_f25519_mul(d, d, u);
        mxtls_f25519_sqr(t, t); /* AA */
        mxtls_f25519_sqr(v, v); /* BB */
        mxtls_f25519_mul(a, t, v);
        mxtls_f25519_sub(v, t, v); /* E */
        mxtls_f25519_mul_small(b, v, 24333);
        mxtls_f25519_mul_small(b, b, 5); /* 121665 */
        mxtls_f25519_add(b, b, t);
        mxtls_f25519_mul(b, b, v);
    }
    /* k is a multiple of 8: the last step exchanged nothing */
    mxtls_f25519_invert(b, b);
    mxtls_f25519_mul(a, a, b);
    mxtls_f25519_store(out, a);
    uint32_t any = 0;
    for (int i = 0; i < 32; i++) {
        any |= out[i];
    }
    mxtls_wipe((uint8_t *)s, sizeof(s));
    mxtls_wipe((uint8_t *)t, sizeof(t));
    mxtls_wipe((uint8_t *)v, sizeof(v));
    return mxtls_negative(0 - any) & 1;
}
