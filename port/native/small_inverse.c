/* SPDX-License-Identifier: MIT
 * inverse.c's inverse for the numbers of elliptic curves, of 46 to 521 bits: the division steps (D. J. Bernstein, B.-Y. Yang 2019,
 * theorem 11.2) 14 at a time over limbs of 14 bits. A sum of four products fits 32 bits, which halves the time on a 32-bit core. */

#include "mxtls_native.h"

#define W 14
#define MASK 0x3FFF
#define LIMBS 38 /* 521 bits, a sign, and room for twice m */

typedef int32_t number[LIMBS]; /* limbs of 0 to 2**14 - 1, the last one signed */

static inline int32_t sign(int32_t x) {
    return (int32_t)mxtls_negative((uint32_t)x);
}

/* The words of x (n of them) in limbs. */
static void split(int32_t *d, size_t limbs, const uint32_t *x, size_t n) {
    for (size_t i = 0; i < limbs; i++) {
        size_t at = W * i & 31, k = W * i >> 5;
        uint32_t low = k < n ? x[k] : 0, high = k + 1 < n ? x[k + 1] : 0;
        d[i] = (int32_t)(low >> at | high << 1 << (31 - at)) & MASK;
    }
}

/* One division step W times on the last limbs of f and g: the matrix m with f, g = (m0 f + m1 g, m2 f + m3 g) / 2**W. */
static int32_t steps(int32_t delta, int32_t f, int32_t g, int32_t m[4]) {
    int32_t u = 1, v = 0, q = 0, r = 1;
    for (int i = 0; i < W; i++) {
        int32_t swap = sign(-delta), odd = sign((int32_t)((uint32_t)g << 31));
        g += ((f ^ swap) - swap) & odd;
        q += ((u ^ swap) - swap) & odd;
        r += ((v ^ swap) - swap) & odd;
        swap &= odd;
        delta = (delta ^ swap) - swap + 1;
        f += g & swap;
        u += q & swap;
        v += r & swap;
        g >>= 1;
        u *= 2;
        v *= 2;
    }
    m[0] = u;
    m[1] = v;
    m[2] = q;
    m[3] = r;
    return delta;
}

/* x, y = (u x + v y + a m, q x + r y + b m) / 2**W, which is exact. */
static void update(int32_t *x, int32_t *y, const int32_t t[4], const int32_t *m, int32_t a, int32_t b, size_t limbs) {
    int32_t u = t[0], v = t[1], q = t[2], r = t[3], cx = 0, cy = 0;
    for (size_t i = 0; i < limbs; i++) {
        int32_t xi = x[i], yi = y[i], mi = m[i];
        cx += u * xi + v * yi + a * mi;
        cy += q * xi + r * yi + b * mi;
        if (i) {
            x[i - 1] = cx & MASK;
            y[i - 1] = cy & MASK;
        }
        cx >>= W;
        cy >>= W;
    }
    x[limbs - 1] = cx;
    y[limbs - 1] = cy;
}

/* x += m & mask, then x = -x where negate is all ones: mask is for x before that. */
static void adjust(int32_t *x, const int32_t *m, int32_t mask, int32_t negate, size_t limbs) {
    int32_t carry = 0;
    for (size_t i = 0; i < limbs; i++) {
        carry += ((x[i] + (m[i] & mask)) ^ negate) - negate;
        x[i] = i + 1 < limbs ? carry & MASK : carry;
        carry >>= W;
    }
}

/* d = 1 / x mod m, both of n words, or 0 for x = 0; bits is the length of m, of 46 to 521, and m0 is -1 / m mod 2**32. */
void mxtls_small_inverse(uint32_t *d, const uint32_t *x, const uint32_t *m, uint32_t m0, size_t n, size_t bits) {
    number f, g, a, b, modulus; /* f = a x and g = b x modulo m */
    int32_t delta = 1, t[4];
    size_t limbs = 4;
    while (W * limbs < bits + 2) { /* a sign, and twice m */
        limbs++;
    }
    split(modulus, limbs, m, n);
    split(f, limbs, m, n);
    split(g, limbs, x, n);
    for (size_t i = 0; i < limbs; i++) {
        a[i] = 0;
        b[i] = i == 0;
    }
    for (size_t done = 0; done < (93 * bits >> 5) + 4; done += W) { /* theorem 11.2: (49 bits + 57) / 17 steps do */
        delta = steps(delta, f[0], g[0], t);
        update(f, g, t, modulus, 0, 0, limbs);
        /* a and b are above -2m and below m: with m added where they are negative, their size is below m. */
        int32_t sa = sign(a[limbs - 1]), sb = sign(b[limbs - 1]);
        int32_t ka = (t[0] & sa) + (t[1] & sb), kb = (t[2] & sa) + (t[3] & sb);
        /* k m makes the sum a multiple of 2**W; less than 2**W is added to k, downwards, so that the bounds hold. */
        uint32_t low = (uint32_t)(t[0] * a[0] + t[1] * b[0] + ka * modulus[0]);
        ka -= (int32_t)((0 - m0 * low) & MASK);
        low = (uint32_t)(t[2] * a[0] + t[3] * b[0] + kb * modulus[0]);
        kb -= (int32_t)((0 - m0 * low) & MASK);
        update(a, b, t, modulus, ka, kb, limbs);
    }
    /* f is 1 or -1 (m where x is 0), and its sign is that of a */
    adjust(a, modulus, sign(a[limbs - 1]), sign(f[limbs - 1]), limbs);
    adjust(a, modulus, sign(a[limbs - 1]), 0, limbs);
    for (size_t i = 0; i < n; i++) {
        d[i] = 0;
    }
    for (size_t i = 0; i < limbs; i++) {
        size_t at = W * i & 31, k = W * i >> 5;
        uint32_t limb = (uint32_t)a[i];
        if (k < n) {
            d[k] |= limb << at;
        }
        if (k + 1 < n) {
            d[k + 1] |= limb >> 1 >> (31 - at);
        }
    }
}
