/* SPDX-License-Identifier: MIT
 * SHA-1's compression function (FIPS 180-4 section 6.1), its message schedule a ring of sixteen words. */

#pragma GCC optimize("O2") /* also in firmware built for size: some bytes more, a fifth of the time less */

#include "mxtls_native.h"

#ifndef MXTLS_HARDWARE_SHA1

void mxtls_sha1_blocks(uint8_t state[20], const uint8_t *buf, size_t count) {
    uint32_t w[16], h[5];
    for (int i = 0; i < 5; i++) {
        h[i] = mxtls_be32(state + 4 * i);
    }
    for (; count; count--, buf += 64) {
        uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 80; i++) {
            uint32_t x;
            if (i < 16) {
                w[i] = mxtls_be32(buf + 4 * i);
            } else {
                w[i & 15] = mxtls_rol(w[i & 15] ^ w[(i + 2) & 15] ^ w[(i + 8) & 15] ^ w[(i + 13) & 15], 1);
            }
            if (i < 20) {
                x = (d ^ (b & (c ^ d))) + 0x5A827999;
            } else if (i < 40) {
                x = (b ^ c ^ d) + 0x6ED9EBA1;
            } else if (i < 60) {
                x = ((b & c) | (d & (b | c))) + 0x8F1BBCDC;
            } else {
                x = (b ^ c ^ d) + 0xCA62C1D6;
            }
            x += mxtls_rol(a, 5) + e + w[i & 15];
            e = d;
            d = c;
            c = mxtls_rol(b, 30);
            b = a;
            a = x;
        }
        h[0] += a;
        h[1] += b;
        h[2] += c;
        h[3] += d;
        h[4] += e;
    }
    for (int i = 0; i < 5; i++) {
        mxtls_put_be32(state + 4 * i, h[i]);
    }
}

#endif
