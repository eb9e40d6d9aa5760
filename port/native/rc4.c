/* SPDX-License-Identifier: MIT
 * RC4, for TLS before 1.3 where a peer knows nothing better. Prohibited by RFC 7465.
 *
 * It indexes its state by secrets, as RC4 must: the one kernel here whose addresses tell about its key, where another program
 * shares the processor's cache. A microcontroller's RAM takes the same time at each address. */

#include "mxtls_native.h"

void mxtls_rc4_init(mxtls_rc4 *ctx, const uint8_t *key, size_t n) {
    uint8_t *s = ctx->s;
    uint32_t j = 0;
    for (uint32_t i = 0; i < 256; i++) {
        s[i] = (uint8_t)i;
    }
    for (size_t i = 0, k = 0; i < 256; i++) {
        uint8_t x = s[i];
        j = (j + x + key[k]) & 255;
        s[i] = s[j];
        s[j] = x;
        k = k + 1 < n ? k + 1 : 0;
    }
    ctx->i = ctx->j = 0;
}

void mxtls_rc4_xor(mxtls_rc4 *ctx, uint8_t *buf, size_t n) {
    uint8_t *s = ctx->s;
    uint32_t i = ctx->i, j = ctx->j;
    while (n--) {
        i = (i + 1) & 255;
        uint32_t x = s[i];
        j = (j + x) & 255;
        uint32_t y = s[j];
        s[i] = (uint8_t)y;
        s[j] = (uint8_t)x;
        *buf++ ^= s[(x + y) & 255];
    }
    ctx->i = (uint8_t)i;
    ctx->j = (uint8_t)j;
}
