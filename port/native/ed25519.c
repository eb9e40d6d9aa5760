/* SPDX-License-Identifier: MIT
 * Ed25519 (RFC 8032 section 5.1) without its hashes: see lib/mxtls/kernels/ed25519.py. Points are (X, Y, Z, T) with x = X/Z,
 * y = Y/Z, xy = T/Z; the sum is complete. Scalars are taken three bits at a time, and the table of multiples is read whole. */

#include "mxtls_native.h"

typedef uint32_t number[8];
typedef number point[4];

static const number P = {0xFFFFFFED, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x7FFFFFFF};
static const number D = {0x135978A3, 0x75EB4DCA, 0x4141D8AB, 0x00700A4D, 0x7779E898, 0x8CC74079, 0x2B6FFE73, 0x52036CEE};
static const number ROOT = {0x4A0EA0B0, 0xC4EE1B27, 0xAD2FE478, 0x2F431806, 0x3DFBD7A7, 0x2B4D0099, 0x4FC1DF0B, 0x2B832480}; /* of -1 */
static const number BX = {0x8F25D51A, 0xC9562D60, 0x9525A7B2, 0x692CC760, 0xFDD6DC5C, 0xC0A4E231, 0xCD6E53FE, 0x216936D3};
static const number BY = {0x66666658, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666};
static const number L = {0x5CF5D3ED, 0x5812631A, 0xA2F79CD6, 0x14DEF9DE, 0x00000000, 0x00000000, 0x00000000, 0x10000000};
static const number L_R2 = {0x449C0F01, 0xA40611E3, 0x68859347, 0xD00E1BA7, 0x17F5BE65, 0xCEEC73D2, 0x7C309A3D, 0x0399411B}; /* 2^512 mod L */
#define L0 0x12547E1B /* -1/L mod 2^32 */
static const number ONE = {1};

#define add mxtls_f25519_add
#define sub mxtls_f25519_sub
#define mul mxtls_f25519_mul
#define sqr mxtls_f25519_sqr

/* X, Y, Z, T of a result, of the four that its coordinates are products of: r may be what they were made of. */
static void products(point r, const number e, const number f, const number g, const number h) {
    mul(r[0], e, f);
    mul(r[1], g, h);
    mul(r[2], f, g);
    mul(r[3], e, h);
}

static void sum(point r, point p, point q) {
    number a, b, c, d;
    sub(a, p[1], p[0]);
    sub(c, q[1], q[0]);
    mul(a, a, c);
    add(b, p[1], p[0]);
    add(c, q[1], q[0]);
    mul(b, b, c);
    mul(c, p[3], q[3]);
    mul(c, c, D);
    add(c, c, c);
    mul(d, p[2], q[2]);
    add(d, d, d);
    number e, g;
    sub(e, b, a);
    add(b, b, a);
    add(g, d, c);
    sub(d, d, c);
    products(r, e, d, g, b);
}

static void twice(point r) {
    number a, b, c, e;
    sqr(a, r[0]);
    sqr(b, r[1]);
    sqr(c, r[2]);
    add(c, c, c);
    add(e, r[0], r[1]);
    sqr(e, e);
    add(r[0], a, b); /* h */
    sub(e, r[0], e);
    sub(b, a, b); /* g */
    add(c, c, b); /* f */
    memcpy(a, r[0], sizeof(a));
    products(r, e, c, b, a);
}

/* r = k * q, for k below 2^255. */
static void multiply(point r, const number k, point q) {
    point table[8];
    memset(table[0], 0, sizeof(point));
    table[0][1][0] = table[0][2][0] = 1;
    for (int i = 1; i < 8; i++) {
        sum(table[i], table[i - 1], q);
    }
    memcpy(r, table[0], sizeof(point));
    for (int at = 252; at >= 0; at -= 3) {
        point t;
        uint32_t digit = k[at >> 5] >> (at & 31);
        if ((at & 31) > 29) {
            digit |= k[(at >> 5) + 1] << (32 - (at & 31));
        }
        memset(t, 0, sizeof(t));
        for (uint32_t i = 0; i < 8; i++) {
            mxtls_words_select(t[0], table[i][0], mxtls_negative(((digit & 7) ^ i) - 1), 32);
        }
        twice(r);
        twice(r);
        twice(r);
        sum(r, r, t);
    }
    mxtls_wipe((uint8_t *)table, sizeof(table));
}

static void base(point b) {
    memcpy(b[0], BX, sizeof(number));
    memcpy(b[1], BY, sizeof(number));
    memcpy(b[2], ONE, sizeof(number));
    mul(b[3], BX, BY);
}

static void encode(uint8_t out[32], point r) {
    uint8_t x[32];
    mxtls_f25519_invert(r[2], r[2]);
    mul(r[0], r[0], r[2]);
    mul(r[1], r[1], r[2]);
    mxtls_f25519_store(x, r[0]);
    mxtls_f25519_store(out, r[1]);
    out[31] |= (uint8_t)(x[0] << 7);
}

static uint32_t zero(number x) {
    uint8_t t[32], any = 0;
    mxtls_f25519_store(t, x);
    for (int i = 0; i < 32; i++) {
        any |= t[i];
    }
    return !any;
}

/* r = minus the public point that buf encodes. 0 where it encodes none. */
static uint32_t decode_minus(point r, const uint8_t buf[32]) {
    number u, v, t, w;
    uint8_t x0[32];
    mxtls_f25519_load(r[1], buf);
    memcpy(r[2], ONE, sizeof(number));
    if (!mxtls_big_less(r[1], P, 8)) {
        return 0;
    }
    sqr(u, r[1]);
    mul(v, u, D);
    sub(u, u, ONE);
    add(v, v, ONE);
    sqr(t, v);
    mul(r[0], t, v);
    mul(r[0], r[0], u); /* u v^3 */
    sqr(t, t);
    mul(t, t, r[0]); /* u v^7, to the power of 2^252 - 3 */
    memcpy(w, t, sizeof(w));
    for (int i = 250; i >= 0; i--) {
        sqr(w, w);
        if (i != 1) {
            mul(w, w, t);
        }
    }
    mul(r[0], r[0], w);
    sqr(t, r[0]);
    mul(t, t, v);
    sub(w, t, u);
    if (!zero(w)) {
        add(t, t, u);
        if (!zero(t)) {
            return 0;
        }
        mul(r[0], r[0], ROOT);
    }
    mxtls_f25519_store(x0, r[0]);
    uint32_t sign = buf[31] >> 7;
    if (sign && zero(r[0])) {
        return 0;
    }
    if ((x0[0] & 1) == sign) { /* minus */
        memset(t, 0, sizeof(t));
        sub(r[0], t, r[0]);
    }
    mul(r[3], r[0], r[1]);
    return 1;
}

static void load(number d, const uint8_t *p) {
    for (int i = 0; i < 8; i++) {
        d[i] = mxtls_le32(p + 4 * i);
    }
}

static void mul_l(number d, const number x, const number y) {
    uint32_t t[17];
    mxtls_mont_mul(d, x, y, L, L0, 8, t);
}

/* d = the number of n bytes at p, 32 or 64, modulo L. */
static void load_scalar(number d, const uint8_t *p, size_t n) {
    number high = {0};
    load(d, p);
    mul_l(d, d, L_R2);
    mul_l(d, d, ONE);
    if (n == 64) {
        load(high, p + 32);
        mul_l(high, high, L_R2);
    }
    mxtls_mod_add(d, d, high, L, 8);
}

void mxtls_ed25519_base(uint8_t out[32], const uint8_t *k, size_t n) {
    number s;
    point r, b;
    load_scalar(s, k, n);
    base(b);
    multiply(r, s, b);
    encode(out, r);
    mxtls_wipe((uint8_t *)s, sizeof(s));
}

void mxtls_ed25519_scalar(uint8_t out[32], const uint8_t r[64], const uint8_t k[64], const uint8_t a[32]) {
    number s, t;
    load_scalar(s, k, 64);
    mul_l(s, s, L_R2);
    load(t, a);
    mul_l(s, s, t);
    load_scalar(t, r, 64);
    mxtls_mod_add(s, s, t, L, 8);
    for (int i = 0; i < 8; i++) {
        mxtls_put_le32(out + 4 * i, s[i]);
    }
    mxtls_wipe((uint8_t *)s, sizeof(s));
    mxtls_wipe((uint8_t *)t, sizeof(t));
}

uint32_t mxtls_ed25519_check(const uint8_t sig[64], const uint8_t k[64], const uint8_t public[32]) {
    number s;
    point r, a, b;
    uint8_t out[32];
    load(s, sig + 32);
    if (!mxtls_big_less(s, L, 8) || !decode_minus(a, public)) {
        return 0;
    }
    base(b);
    multiply(r, s, b);
    load_scalar(s, k, 64);
    multiply(b, s, a);
    sum(r, r, b);
    encode(out, r);
    return mxtls_ct_equal(out, sig, 32);
}
