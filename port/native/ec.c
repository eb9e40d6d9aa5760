/* SPDX-License-Identifier: MIT
 * ECDH and ECDSA (SEC 1, FIPS 186-4) on the curves of ec_curves.c, y**2 = x**3 - 3x + b over Montgomery's residues.
 *
 * One sum of multiples serves all of it: v * Q by windows of four digits, or by the non-adjacent form of a public v, u * G by a comb,
 * or both over the same doublings. The sum is in Jacobian coordinates (X, Y, Z) with x = X/Z**2, y = Y/Z**3, Z = 0 at infinity; what is added to it is affine.
 *
 * A scalar is made odd (n - k where k is even, and the point negated), so that it has binary digits 1 and -1 alone: digit i is 1
 * where bit i + 1 of the scalar is 1, and the last digit is 1. Windows and comb take each as many of them, none of which is 0.
 * With secret scalars the sum so far is never the point to be added nor its negative, but for the last bit: before that both
 * are other, odd and even, multiples of Q between 0 and n; for the comb, of columns between -1 and 1 times n, that differ in
 * their first tooth. At the last bit the sum may be that point, which is then doubled by masks; it is not the negative: a
 * scalar is no multiple of n. Verification meets all cases, and branches: everything there is public. */

#include "mxtls_native.h"

/* Places in the workspace, in numbers of c->words words. */
enum { X, Y, Z, PX, PY, ONE, U, V, STEPS, TABLE = STEPS + 8, T0 = TABLE + 16, T1, T2, T3, SAVED, PRODUCT = SAVED + 3, PLACES = PRODUCT + 2 };
typedef char fits[PLACES * 8 + 1 == MXTLS_EC_WORDS(8) ? 1 : -1];
#define AT(place) (w + (size_t)(place) * c->words)
#define MOD_P (c->numbers)
#define MOD_N (c->numbers + 2 * c->words)
#define SQUARE(m) ((m) + c->words) /* 2^(64 words), which follows the modulus */
#define CURVE_B (c->numbers + 4 * c->words)
#define TABLE_POINTS 8

static void mul(const mxtls_curve *c, uint32_t *w, uint32_t *d, const uint32_t *x, const uint32_t *y) {
#ifndef MXTLS_NO_P256
    if (c->words == 8) {
        mxtls_p256_mul(d, x, y);
        return;
    }
#endif
    mxtls_mont_mul(d, x, y, MOD_P, c->p0, c->words, AT(PRODUCT));
}

static void sqr(const mxtls_curve *c, uint32_t *w, uint32_t *d, const uint32_t *x) {
#ifndef MXTLS_NO_P256
    if (c->words == 8) {
        mxtls_p256_sqr(d, x);
        return;
    }
#endif
    mxtls_mont_square(d, x, MOD_P, c->p0, c->words, AT(PRODUCT));
}

static void add(const mxtls_curve *c, uint32_t *d, const uint32_t *x, const uint32_t *y) {
#ifndef MXTLS_NO_P256
    if (c->words == 8) {
        mxtls_p256_add(d, x, y);
        return;
    }
#endif
    mxtls_mod_add(d, x, y, MOD_P, c->words);
}

static void sub(const mxtls_curve *c, uint32_t *d, const uint32_t *x, const uint32_t *y) {
#ifndef MXTLS_NO_P256
    if (c->words == 8) {
        mxtls_p256_sub(d, x, y);
        return;
    }
#endif
    mxtls_mod_sub(d, x, y, MOD_P, c->words);
}

static void mul_n(const mxtls_curve *c, uint32_t *w, uint32_t *d, const uint32_t *x, const uint32_t *y) {
    mxtls_mont_mul(d, x, y, MOD_N, c->n0, c->words, AT(PRODUCT));
}

static void copy(const mxtls_curve *c, uint32_t *d, const uint32_t *x, size_t numbers) {
    memcpy(d, x, numbers * c->words * sizeof(*d));
}

static void set(const mxtls_curve *c, uint32_t *d, uint32_t x) {
    for (size_t i = 0; i < c->words; i++) {
        d[i] = i ? 0 : x;
    }
}

/* d = 1 / x mod p, as a residue, or 0 for 0. */
static void invert(const mxtls_curve *c, uint32_t *w, uint32_t *d, const uint32_t *x) {
    mxtls_small_inverse(d, x, MOD_P, c->p0, c->words, c->bits);
    mul(c, w, d, d, SQUARE(MOD_P)); /* from 1 / (x R) to 1 / x */
    mul(c, w, d, d, SQUARE(MOD_P));
}

/* (X, Y, Z) = 2 (X, Y, Z) */
static void twice(const mxtls_curve *c, uint32_t *w) {
    uint32_t *x = AT(X), *y = AT(Y), *z = AT(Z), *t = AT(T0), *u = AT(T1), *v = AT(T2);
    sqr(c, w, t, z);
    sub(c, u, x, t);
    add(c, t, x, t);
    mul(c, w, t, t, u);
    add(c, u, t, t);
    add(c, t, t, u); /* 3 (X - Z^2) (X + Z^2) */
    mul(c, w, z, z, y);
    add(c, z, z, z);
    sqr(c, w, u, y);
    add(c, u, u, u); /* 2 Y^2 */
    mul(c, w, v, x, u);
    add(c, v, v, v); /* 4 X Y^2 */
    sqr(c, w, x, t);
    sub(c, x, x, v);
    sub(c, x, x, v);
    sub(c, v, v, x);
    mul(c, w, v, v, t);
    sqr(c, w, u, u);
    add(c, u, u, u);
    sub(c, y, v, u);
}

/* (X, Y, Z) += (PX, PY). Leaves x's difference, by which Z grew, in T1 and y's in T0: a zero T1 makes Z zero. */
static void plus(const mxtls_curve *c, uint32_t *w) {
    uint32_t *x = AT(X), *y = AT(Y), *z = AT(Z), *r = AT(T0), *h = AT(T1), *t = AT(T2), *u = AT(T3);
    sqr(c, w, t, z);
    mul(c, w, h, AT(PX), t);
    mul(c, w, t, t, z);
    mul(c, w, r, AT(PY), t);
    sub(c, h, h, x);
    sub(c, r, r, y);
    mul(c, w, z, z, h);
    sqr(c, w, t, h);
    mul(c, w, u, t, h);
    mul(c, w, t, t, x);
    mul(c, w, y, y, u);
    sqr(c, w, x, r);
    sub(c, x, x, u);
    sub(c, x, x, t);
    sub(c, x, x, t);
    sub(c, t, t, x);
    mul(c, w, t, t, r);
    sub(c, y, t, y);
}

/* The same where (X, Y, Z) may be (PX, PY). */
static void plus_same(const mxtls_curve *c, uint32_t *w, int public) {
    copy(c, AT(SAVED), AT(X), 3);
    plus(c, w);
    uint32_t same = mxtls_words_zero(AT(T0), c->words) & mxtls_words_zero(AT(T1), c->words);
    if (public && !same) {
        return;
    }
    copy(c, AT(PX), AT(X), 2);
    copy(c, AT(T3), AT(Z), 1);
    copy(c, AT(X), AT(SAVED), 3);
    copy(c, AT(SAVED), AT(T3), 1);
    twice(c, w);
    mxtls_words_select(AT(X), AT(PX), ~same, 2u * c->words);
    mxtls_words_select(AT(Z), AT(SAVED), ~same, c->words);
}

/* d = the affine (x, y) of (X, Y, Z); infinity gives zeros. */
static void affine(const mxtls_curve *c, uint32_t *w, uint32_t *d) {
    invert(c, w, AT(T0), AT(Z));
    sqr(c, w, AT(T1), AT(T0));
    mul(c, w, d, AT(X), AT(T1));
    mul(c, w, AT(T1), AT(T1), AT(T0));
    mul(c, w, d + c->words, AT(Y), AT(T1));
}

/* TABLE = 1, 3, .. 15 times the first of its points, affine. With coordinates divided by powers of 2Q's Z, which plus() never
 * meets, both Q and 2Q are affine. Z grows by a known factor at each sum: one inverse is enough. */
static void odd_multiples(const mxtls_curve *c, uint32_t *w) {
    copy(c, AT(X), AT(TABLE), 2);
    copy(c, AT(Z), AT(ONE), 1);
    twice(c, w);
    copy(c, AT(PX), AT(X), 2);
    copy(c, AT(STEPS), AT(Z), 1);
    sqr(c, w, AT(T0), AT(Z));
    mul(c, w, AT(X), AT(TABLE), AT(T0));
    mul(c, w, AT(T0), AT(T0), AT(Z));
    mul(c, w, AT(Y), AT(TABLE + 1), AT(T0));
    copy(c, AT(Z), AT(ONE), 1);
    for (int i = 1; i < TABLE_POINTS; i++) {
        plus(c, w);
        copy(c, AT(TABLE + 2 * i), AT(X), 2);
        copy(c, AT(STEPS + i), AT(T1), 1);
    }
    mul(c, w, AT(Z), AT(Z), AT(STEPS));
    invert(c, w, AT(Z), AT(Z));
    for (int i = TABLE_POINTS - 1; i; i--) {
        sqr(c, w, AT(T0), AT(Z));
        mul(c, w, AT(TABLE + 2 * i), AT(TABLE + 2 * i), AT(T0));
        mul(c, w, AT(T0), AT(T0), AT(Z));
        mul(c, w, AT(TABLE + 2 * i + 1), AT(TABLE + 2 * i + 1), AT(T0));
        mul(c, w, AT(Z), AT(Z), AT(STEPS + i));
    }
}

/* Makes the scalar k odd: n - k where it is even. All ones if so. */
static uint32_t make_odd(const mxtls_curve *c, uint32_t *w, uint32_t *k) {
    uint32_t even = ~mxtls_negative(k[0] << 31);
    mxtls_big_sub(AT(T0), MOD_N, k, 1, c->words);
    mxtls_words_select(k, AT(T0), even, c->words);
    return even;
}

/* Digits at, at + step, .. of the odd scalar k, count of them, as a binary number: 1 is a 1, 0 a -1. */
static uint32_t digits(const mxtls_curve *c, const uint32_t *k, size_t at, size_t step, size_t count, size_t last) {
    uint32_t x = 0;
    for (size_t i = 0; i < count; i++, at += step) {
        size_t bit = at + 1;
        x |= (at == last ? 1 : bit < 32u * c->words ? k[bit >> 5] >> (bit & 31) & 1 : 0) << i;
    }
    return x;
}

/* (PX, PY) = the multiple that the count digits x stand for: of a table of those whose last digit is 1, or the negative of one;
 * negative: all ones or 0, turns the sign. */
static void pick(const mxtls_curve *c, uint32_t *w, const uint32_t *table, size_t count, uint32_t x, uint32_t negative) {
    uint32_t minus = ~mxtls_negative(x << (32 - count)), points = 1u << (count - 1);
    x = (x ^ minus) & (points - 1);
    set(c, AT(PX), 0);
    set(c, AT(PY), 0);
    for (uint32_t i = 0; i < points; i++, table += 2u * c->words) {
        mxtls_words_select(AT(PX), table, mxtls_negative((i ^ x) - 1), 2u * c->words);
    }
    mxtls_big_sub(AT(T0), MOD_P, AT(PY), 1, c->words); /* no point has y = 0 */
    mxtls_words_select(AT(PY), AT(T0), minus ^ negative, c->words);
}

enum { BASE = 1, POINT = 2, PUBLIC = 4 };

/* A public scalar's non-adjacent form, least digit first: each digit is 0, or odd and between -15 and 15, and then four that are 0
 * follow. k is lost. Returns how many digits there are, c->bits + 1 at most. */
static size_t non_adjacent(const mxtls_curve *c, uint32_t *k, int8_t *naf) {
    size_t n = 0;
    for (; !mxtls_words_zero(k, c->words); n++) {
        int digit = 0;
        uint32_t carry = 0;
        if (k[0] & 1) {
            digit = (int)(k[0] & 31);
            k[0] -= (uint32_t)digit;
            if (digit > 15) {
                digit -= 32;
                uint64_t sum = (uint64_t)k[0] + 32;
                k[0] = (uint32_t)sum;
                for (size_t i = 1; i < c->words; i++) {
                    sum = (sum >> 32) + k[i];
                    k[i] = (uint32_t)sum;
                }
                carry = (uint32_t)(sum >> 32);
            }
        }
        naf[n] = (int8_t)digit;
        for (size_t i = 0; i < c->words; i++) {
            k[i] = k[i] >> 1 | (i + 1 < c->words ? k[i + 1] : carry) << 31;
        }
    }
    return n;
}

/* (PX, PY) = digit times the first point of TABLE, for an odd digit that is public. */
static void pick_public(const mxtls_curve *c, uint32_t *w, int digit) {
    uint32_t *point = AT(TABLE + ((digit < 0 ? -digit : digit) & ~1));
    copy(c, AT(PX), point, 2);
    if (digit < 0) {
        mxtls_big_sub(AT(PY), MOD_P, point + c->words, 1, c->words);
    }
}

/* (X, Y, Z) += (PX, PY), which comes in at bit i. */
static void accumulate(const mxtls_curve *c, uint32_t *w, size_t i, int *empty, int what) {
    if (*empty || (what & PUBLIC && mxtls_words_zero(AT(Z), c->words))) {
        copy(c, AT(X), AT(PX), 2);
        copy(c, AT(Z), AT(ONE), 1);
        *empty = 0;
    } else if (!i || what & PUBLIC) {
        plus_same(c, w, what & PUBLIC);
    } else {
        plus(c, w);
    }
}

/* (X, Y, Z) = U * G (BASE), V * Q (POINT), whose affine residues are the first of TABLE, or the sum of both. U and V are lost.
 * What is PUBLIC gives V's non-adjacent form instead of V. */
static void multiply(const mxtls_curve *c, uint32_t *w, int what, const int8_t *naf, size_t length) {
    const size_t windows = (c->bits + 3u) / 4, spread = (size_t)c->columns * c->tables, all = spread * c->teeth;
    int empty = 1;
    set(c, AT(T0), 1);
    mul(c, w, AT(ONE), SQUARE(MOD_P), AT(T0));
    if (what & POINT) {
        odd_multiples(c, w);
    }
    uint32_t u_sign = make_odd(c, w, AT(U)), v_sign = what & PUBLIC ? 0 : make_odd(c, w, AT(V));
    for (size_t i = what & PUBLIC ? (length > c->columns ? length : c->columns) : what & POINT ? 4 * windows : c->columns; i-- > 0;) {
        if (!empty) {
            twice(c, w);
        }
        if (i < length && naf[i]) {
            pick_public(c, w, naf[i]);
            accumulate(c, w, i, &empty, what);
        } else if (what & POINT && !(what & PUBLIC) && !(i & 3)) {
            pick(c, w, AT(TABLE), 4, digits(c, AT(V), i, 1, 4, 4 * windows - 1), v_sign);
            accumulate(c, w, i, &empty, what);
        }
        for (size_t j = 0; what & BASE && i < c->columns && j < c->tables; j++) {
            const uint32_t *table = c->comb + j * (2u * c->words << (c->teeth - 1));
            pick(c, w, table, c->teeth, digits(c, AT(U), i + j * c->columns, spread, c->teeth, all - 1), u_sign);
            accumulate(c, w, i, &empty, what);
        }
    }
}

/* The scalar of c->bytes bytes at p; where it is not in 1 .. n - 1, it becomes 1. All ones if it is. */
static uint32_t load_scalar(const mxtls_curve *c, uint32_t *w, uint32_t *k, const uint8_t *p) {
    mxtls_big_load(k, c->words, p, c->bytes);
    uint32_t good = mxtls_negative(mxtls_big_less(k, MOD_N, c->words) << 31) & ~mxtls_words_zero(k, c->words);
    set(c, AT(T0), 1);
    mxtls_words_select(k, AT(T0), ~good, c->words);
    return good;
}

/* The first point of TABLE = the one at p. 0 unless it is on the curve. */
static uint32_t load_point(const mxtls_curve *c, uint32_t *w, const uint8_t *p) {
    uint32_t *x = AT(TABLE), *y = AT(TABLE + 1), *t = AT(T0), *u = AT(T1);
    mxtls_big_load(x, c->words, p, c->bytes);
    mxtls_big_load(y, c->words, p + c->bytes, c->bytes);
    if (!mxtls_big_less(x, MOD_P, c->words) || !mxtls_big_less(y, MOD_P, c->words)) {
        return 0;
    }
    mul(c, w, x, x, SQUARE(MOD_P));
    mul(c, w, y, y, SQUARE(MOD_P));
    sqr(c, w, t, x);
    mul(c, w, t, t, x);
    sub(c, t, t, x);
    sub(c, t, t, x);
    sub(c, t, t, x);
    add(c, t, t, CURVE_B);
    sqr(c, w, u, y);
    sub(c, t, t, u);
    return mxtls_words_zero(t, c->words);
}

/* d = numbers residues at x as plain numbers. */
static void from_residues(const mxtls_curve *c, uint32_t *w, uint32_t *d, size_t numbers) {
    set(c, AT(T0), 1);
    for (size_t i = 0; i < numbers; i++) {
        mul(c, w, d + i * c->words, d + i * c->words, AT(T0));
    }
}

/* p = x, where good is all ones; p stays where it is 0. */
static void store(const mxtls_curve *c, uint8_t *p, const uint32_t *x, uint32_t good) {
    for (size_t i = 0; i < c->bytes; i++) {
        uint8_t *to = p + c->bytes - 1 - i;
        *to ^= (uint8_t)((*to ^ x[i >> 2] >> (8 * (i & 3))) & good);
    }
}

static uint32_t finish(const mxtls_curve *c, uint32_t *w, uint32_t good) {
    mxtls_wipe((uint8_t *)w, MXTLS_EC_WORDS((size_t)c->words) * sizeof(*w));
    return good & 1;
}

uint32_t mxtls_ec_public(const mxtls_curve *c, uint8_t *out, const uint8_t *d, uint32_t *w) {
    uint32_t good = load_scalar(c, w, AT(U), d);
    set(c, AT(V), 1);
    multiply(c, w, BASE, 0, 0);
    affine(c, w, AT(PX));
    from_residues(c, w, AT(PX), 2);
    store(c, out, AT(PX), good);
    store(c, out + c->bytes, AT(PY), good);
    return finish(c, w, good);
}

uint32_t mxtls_ec_ecdh(const mxtls_curve *c, uint8_t *out_x, const uint8_t *d, const uint8_t *point, uint32_t *w) {
    uint32_t good = load_scalar(c, w, AT(V), d);
    if (!load_point(c, w, point)) {
        return finish(c, w, 0);
    }
    set(c, AT(U), 1);
    multiply(c, w, POINT, 0, 0);
    affine(c, w, AT(PX));
    from_residues(c, w, AT(PX), 1);
    store(c, out_x, AT(PX), good);
    return finish(c, w, good);
}

/* d = the digest's leftmost bytes times 2**(32 words) modulo n. */
static void load_digest(const mxtls_curve *c, uint32_t *w, uint32_t *d, const uint8_t *digest, size_t hlen) {
    mxtls_big_load(d, c->words, digest, hlen < c->bytes ? hlen : c->bytes);
    mul_n(c, w, d, d, SQUARE(MOD_N));
}

uint32_t mxtls_ecdsa_sign(const mxtls_curve *c, uint8_t *sig, const uint8_t *digest, size_t hlen, const uint8_t *d, const uint8_t *k,
    uint32_t *w) {
    uint32_t good = load_scalar(c, w, AT(U), k), *key = AT(TABLE), *s = AT(TABLE + 1), *t = AT(TABLE + 2), *r = AT(PX);
    good &= load_scalar(c, w, key, d);
    set(c, AT(V), 1);
    mxtls_small_inverse(s, AT(U), MOD_N, c->n0, c->words, c->bits);
    multiply(c, w, BASE, 0, 0);
    affine(c, w, r);
    from_residues(c, w, r, 1);
    mxtls_big_fit(r, r, 0, MOD_N, c->words); /* p < 2n */
    load_digest(c, w, t, digest, hlen);
    mul_n(c, w, key, key, SQUARE(MOD_N));
    mul_n(c, w, key, key, r);
    mul_n(c, w, key, key, SQUARE(MOD_N));
    mxtls_mod_add(t, t, key, MOD_N, c->words);
    mul_n(c, w, s, s, t);
    good &= ~mxtls_words_zero(r, c->words) & ~mxtls_words_zero(s, c->words);
    store(c, sig, r, good);
    store(c, sig + c->bytes, s, good);
    return finish(c, w, good);
}

uint32_t mxtls_ecdsa_verify(const mxtls_curve *c, const uint8_t *digest, size_t hlen, const uint8_t *sig, const uint8_t *point,
    uint32_t *w) {
    int8_t naf[32 * 17 + 1]; /* of P-521 */
    uint32_t good = load_scalar(c, w, AT(V), sig), *s = AT(PX);
    good &= load_scalar(c, w, s, sig + c->bytes);
    if (!good || !load_point(c, w, point)) {
        return finish(c, w, 0);
    }
    mxtls_small_inverse(s, s, MOD_N, c->n0, c->words, c->bits);
    load_digest(c, w, AT(U), digest, hlen);
    mul_n(c, w, AT(U), AT(U), s);
    mul_n(c, w, AT(V), AT(V), SQUARE(MOD_N));
    mul_n(c, w, AT(V), AT(V), s);
    size_t length = non_adjacent(c, AT(V), naf);
    multiply(c, w, BASE | POINT | PUBLIC, naf, length);
    if (mxtls_words_zero(AT(Z), c->words)) {
        return finish(c, w, 0);
    }
    /* x modulo n is r: x is r, or r + n where that is below p; and X = x Z**2 */
    sqr(c, w, AT(Z), AT(Z));
    mxtls_big_load(AT(T1), c->words, sig, c->bytes);
    good = 0;
    for (int i = 0; i < 2; i++) {
        mul(c, w, AT(T0), AT(T1), SQUARE(MOD_P));
        mul(c, w, AT(T0), AT(T0), AT(Z));
        sub(c, AT(T0), AT(T0), AT(X));
        good |= mxtls_words_zero(AT(T0), c->words);
        if (mxtls_big_add(AT(T1), AT(T1), MOD_N, 1, c->words) || !mxtls_big_less(AT(T1), MOD_P, c->words)) {
            break;
        }
    }
    return finish(c, w, good);
}
