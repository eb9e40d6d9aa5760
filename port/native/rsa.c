/* SPDX-License-Identifier: MIT
 * RSA with and without the private key (RFC 8017 section 5), for kernels/rsa.py. What decides on success is a mask to the end. */

#include "mxtls_native.h"

uint32_t mxtls_rsa_public(uint8_t *out, const uint8_t *x, size_t xlen, const uint8_t *n, size_t size, const uint8_t *e, size_t elen,
    uint32_t *t) {
    size_t w = MXTLS_WORDS(size);
    if (!w) {
        return 0;
    }
    uint32_t *m = t, *r2 = m + w, *y = r2 + w;
    t = y + w;
    mxtls_big_load(m, w, n, size);
    uint32_t over = mxtls_big_load(y, w, x, xlen), m0 = mxtls_mont_m0(m[0]);
    if (over || !(m[0] & 1) || !mxtls_big_less(y, m, w)) {
        return 0;
    }
    mxtls_mont_r2(r2, m, m0, w, mxtls_big_bits(m, w), t);
    mxtls_mont_power_public(y, r2, e, elen, m, m0, w, t);
    mxtls_big_store(out, size, y);
    return 1;
}

/* d = x^e modulo m for one prime of h words and bits or more; r2 is left for more. x: 2h words. */
static void half_power(uint32_t *d, const uint32_t *x, const uint8_t *e, size_t half, const uint32_t *m, uint32_t *r2, size_t h, size_t bits,
    uint32_t *t) {
    uint32_t m0 = mxtls_mont_m0(m[0]);
    mxtls_mont_r2(r2, m, m0, h, bits, t);
    memcpy(t, x, 8 * h);
    t[2 * h] = 0;
    mxtls_mont_reduce(d, t, m, m0, h);
    mxtls_mont_mul(d, d, r2, m, m0, h, t);
    mxtls_mont_power(d, r2, e, half, m, m0, h, t);
}

/* y = x^d for x below the modulus, by Garner's way: y = yq + q ((yp - yq) / q mod p). x, y: 2h words; t: 22h + 1. A prime is
 * n over another below 2^(32 h), so it has bits or more, which the length of n tells and nothing else. */
static void crt_power(uint32_t *y, const uint32_t *x, const uint8_t *crt, size_t half, size_t bits, uint32_t *t) {
    size_t h = MXTLS_WORDS(half);
    uint32_t *m = t, *r2 = m + h, *yp = r2 + h, *yq = y;
    t = yp + h;
    mxtls_big_load(m, h, crt + half, half);
    half_power(yq, x, crt + 3 * half, half, m, r2, h, bits, t);
    mxtls_big_load(m, h, crt, half);
    half_power(yp, x, crt + 2 * half, half, m, r2, h, bits, t);
    uint32_t m0 = mxtls_mont_m0(m[0]), *rest = y + h;
    memcpy(t, yq, 4 * h);
    memset(t + h, 0, 4 * h + 4);
    mxtls_mont_reduce(rest, t, m, m0, h); /* yq may be above p */
    mxtls_mont_mul(rest, rest, r2, m, m0, h, t);
    mxtls_big_add(yp, yp, m, mxtls_big_sub(yp, yp, rest, 1, h), h);
    mxtls_big_load(rest, h, crt + 4 * half, half);
    mxtls_mont_mul(yp, yp, rest, m, m0, h, t);
    mxtls_mont_mul(yp, yp, r2, m, m0, h, t);
    mxtls_big_load(m, h, crt + half, half);
    mxtls_big_mul(t, yp, m, h);
    memset(rest, 0, 4 * h);
    mxtls_big_add(y, y, t, 1, 2 * h);
}

/* 1 where x is not 0, which it does not show. */
static uint32_t some(uint32_t x) {
    return (x | (0 - x)) >> 31;
}

uint32_t mxtls_rsa_private(uint8_t *out, const uint8_t *x, size_t xlen, const uint8_t *n, size_t size, const uint8_t *e, size_t elen,
    const uint8_t *crt, size_t half, const uint8_t *blind, uint32_t *t) {
    size_t h = MXTLS_WORDS(half), w = MXTLS_WORDS(size);
    if (w > 2 * h || w < 2 || !(n[size - 1] & 1)) {
        return 0;
    }
    uint32_t *m = t, *y = m + 2 * h, *bx = y + 2 * h, *r2 = bx + 2 * h, *b = r2 + w, bad;
    t = b + w;
    mxtls_big_load(m, 2 * h, n, size);
    uint32_t m0 = mxtls_mont_m0(m[0]);
    bad = mxtls_big_load(bx, 2 * h, x, xlen) | (mxtls_big_less(bx, m, 2 * h) ^ 1) | (~(crt[half - 1] & crt[2 * half - 1]) & 1);
    mxtls_mont_r2(r2, m, m0, w, mxtls_big_bits(m, w), t);

    mxtls_big_load(b, w, blind, size);
    mxtls_mont_power_public(b, r2, e, elen, m, m0, w, t);
    mxtls_mont_mul(bx, bx, b, m, m0, w, t);
    mxtls_mont_mul(bx, bx, r2, m, m0, w, t);
    size_t bits = mxtls_big_bits(m, w);
    crt_power(y, bx, crt, half, bits > 32 * h ? bits - 32 * h : 1, r2);
    mxtls_mont_r2(r2, m, m0, w, mxtls_big_bits(m, w), t);

    bad |= mxtls_big_less(y, m, 2 * h) ^ 1;
    memcpy(b, y, 4 * w);
    mxtls_mont_power_public(b, r2, e, elen, m, m0, w, t);
    for (size_t i = 0; i < w; i++) {
        bad |= b[i] ^ bx[i];
    }

    mxtls_big_load(b, w, blind, size);
    mxtls_mont_mul(b, b, r2, m, m0, w, t); /* below m now; and what is 1 would hide nothing */
    mxtls_mont_mul(y, y, r2, m, m0, w, t);
    memcpy(t, b, 4 * w);
    memset(t + w, 0, 4 * w + 4);
    mxtls_mont_reduce(b, t, m, m0, w);
    uint32_t more = b[0] >> 1;
    for (size_t i = 1; i < w; i++) {
        more |= b[i];
    }
    bad |= (some(more) & mxtls_big_inverse(b, b, m, w, t)) ^ 1;
    mxtls_mont_mul(y, y, b, m, m0, w, t);

    mxtls_big_store((uint8_t *)t, size, y);
    bad = some(bad);
    mxtls_ct_select(out, (const uint8_t *)t, size, bad ^ 1);
    return bad ^ 1;
}
