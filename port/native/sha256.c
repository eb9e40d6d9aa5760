/* SPDX-License-Identifier: MIT
 * SHA-256's compression function (FIPS 180-4 section 6.2): eight rounds a step, after which every word is back in its place. */

#include "mxtls_native.h"

static const uint32_t K[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};

#define ROR(x, n) mxtls_rol(x, 32 - n)

/* One round; the caller passes the eight words turned by one from round to round. */
#define ROUND(a, b, c, d, e, f, g, h, i) \
    h += (ROR(e, 6) ^ ROR(e, 11) ^ ROR(e, 25)) + (g ^ (e & (f ^ g))) + k[i] + w[i]; \
    d += h; \
    h += (ROR(a, 2) ^ ROR(a, 13) ^ ROR(a, 22)) + ((a & b) | (c & (a | b)))

void mxtls_sha256_blocks(uint8_t state[32], const uint8_t *buf, size_t count) {
    uint32_t ring[16], v[8];
    for (; count; count--, buf += 64) {
        for (int i = 0; i < 16; i++) {
            ring[i] = mxtls_be32(buf + 4 * i);
        }
        for (int i = 0; i < 8; i++) {
            v[i] = mxtls_be32(state + 4 * i);
        }
        uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
        for (int i = 0; i < 64; i += 8) {
            uint32_t *w = ring + (i & 8);
            const uint32_t *k = K + i;
            if (i >= 16) {
                for (int j = i; j < i + 8; j++) {
                    uint32_t x = ring[(j + 1) & 15], y = ring[(j + 14) & 15];
                    ring[j & 15] += (ROR(x, 7) ^ ROR(x, 18) ^ x >> 3) + ring[(j + 9) & 15] + (ROR(y, 17) ^ ROR(y, 19) ^ y >> 10);
                }
            }
            ROUND(a, b, c, d, e, f, g, h, 0);
            ROUND(h, a, b, c, d, e, f, g, 1);
            ROUND(g, h, a, b, c, d, e, f, 2);
            ROUND(f, g, h, a, b, c, d, e, 3);
            ROUND(e, f, g, h, a, b, c, d, 4);
            ROUND(d, e, f, g, h, a, b, c, 5);
            ROUND(c, d, e, f, g, h, a, b, 6);
            ROUND(b, c, d, e, f, g, h, a, 7);
        }
        mxtls_put_be32(state, v[0] + a);
        mxtls_put_be32(state + 4, v[1] + b);
        mxtls_put_be32(state + 8, v[2] + c);
        mxtls_put_be32(state + 12, v[3] + d);
        mxtls_put_be32(state + 16, v[4] + e);
        mxtls_put_be32(state + 20, v[5] + f);
        mxtls_put_be32(state + 24, v[6] + g);
        mxtls_put_be32(state + 28, v[7] + h);
    }
}
