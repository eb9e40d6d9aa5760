/* SPDX-License-Identifier: MIT
 * MD5's compression function (RFC 1321 section 3.4), for TLS before 1.2. */

#pragma GCC optimize("O2") /* also in firmware built for size: some bytes more, a fifth of the time less */

#include "mxtls_native.h"

static const uint32_t K[64] = {
    0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
    0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
    0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
    0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
    0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
    0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
    0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
    0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391,
};

static const uint8_t TURN[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21}; /* four a round */

void mxtls_md5_blocks(uint8_t state[16], const uint8_t *buf, size_t count) {
    uint32_t h[4];
    for (int i = 0; i < 4; i++) {
        h[i] = mxtls_le32(state + 4 * i);
    }
    for (; count; count--, buf += 64) {
        uint32_t a = h[0], b = h[1], c = h[2], d = h[3];
        for (int i = 0; i < 64; i++) {
            uint32_t x;
            int word;
            if (i < 16) {
                x = d ^ (b & (c ^ d));
                word = i;
            } else if (i < 32) {
                x = c ^ (d & (b ^ c));
                word = 5 * i + 1;
            } else if (i < 48) {
                x = b ^ c ^ d;
                word = 3 * i + 5;
            } else {
                x = c ^ (b | ~d);
                word = 7 * i;
            }
            x += a + K[i] + mxtls_le32(buf + 4 * (word & 15));
            a = d;
            d = c;
            c = b;
            b += mxtls_rol(x, TURN[(i >> 2 & 12) | (i & 3)]);
        }
        h[0] += a;
        h[1] += b;
        h[2] += c;
        h[3] += d;
    }
    for (int i = 0; i < 4; i++) {
        mxtls_put_le32(state + 4 * i, h[i]);
    }
}
