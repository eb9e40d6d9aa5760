/* SPDX-License-Identifier: MIT
 * ChaCha20 (RFC 8439 section 2.4), a block at a time. */

#include "mxtls_native.h"

#define QUARTER(a, b, c, d) \
    a += b; d = mxtls_rol(d ^ a, 16); \
    c += d; b = mxtls_rol(b ^ c, 12); \
    a += b; d = mxtls_rol(d ^ a, 8); \
    c += d; b = mxtls_rol(b ^ c, 7)

static void rounds(uint32_t *v) {
    for (int i = 0; i < 10; i++) {
        QUARTER(v[0], v[4], v[8], v[12]);
        QUARTER(v[1], v[5], v[9], v[13]);
        QUARTER(v[2], v[6], v[10], v[14]);
        QUARTER(v[3], v[7], v[11], v[15]);
        QUARTER(v[0], v[5], v[10], v[15]);
        QUARTER(v[1], v[6], v[11], v[12]);
        QUARTER(v[2], v[7], v[8], v[13]);
        QUARTER(v[3], v[4], v[9], v[14]);
    }
}

void mxtls_chacha20_xor(uint8_t state[48], uint8_t *buf, size_t n) {
    uint32_t start[16], v[16];
    uint8_t last[64];
    start[0] = 0x61707865;
    start[1] = 0x3320646E;
    start[2] = 0x79622D32;
    start[3] = 0x6B206574;
    for (int i = 0; i < 12; i++) {
        start[4 + i] = mxtls_le32(state + 4 * i);
    }
    while (n) {
        size_t m = n < 64 ? n : 64;
        uint8_t *p = buf;
        memcpy(v, start, sizeof(v));
        rounds(v);
        if (m < 64) {
            p = last;
            memcpy(p, buf, m);
        }
        for (size_t i = 0; 4 * i < m; i++) {
            mxtls_put_le32(p + 4 * i, mxtls_le32(p + 4 * i) ^ (v[i] + start[i]));
        }
        if (m < 64) {
            memcpy(buf, p, m);
        }
        start[12]++;
        buf += m;
        n -= m;
    }
    mxtls_put_le32(state + 32, start[12]);
}
