/* SPDX-License-Identifier: MIT
 * Byte work whose time and addresses do not depend on the bytes, nor on the secret lengths of CBC records. */

#include "mxtls_native.h"

uint32_t mxtls_ct_equal(const uint8_t *a, const uint8_t *b, size_t n) {
    uint32_t d = 0;
    for (size_t i = 0; i < n; i++) {
        d |= a[i] ^ b[i];
    }
    return mxtls_negative(d - 1) & 1;
}

void mxtls_ct_select(uint8_t *dst, const uint8_t *src, size_t n, uint32_t take) {
    uint32_t mask = mxtls_negative(0 - take);
    for (size_t i = 0; i < n; i++) {
        dst[i] ^= (uint8_t)((dst[i] ^ src[i]) & mask);
    }
}

/* buf[0:n] ends in a MAC of size bytes and TLS padding. The length of the text, and 1 << 16 if the padding is bad. */
uint32_t mxtls_ct_padding(const uint8_t *buf, uint32_t n, uint32_t size) {
    uint32_t room = n - size - 1, p = buf[n - 1], bad = 0;
    for (uint32_t i = 0; i <= room && i < 256; i++) {
        bad |= (buf[n - 1 - i] ^ p) & mxtls_negative(i - p - 1);
    }
    bad = (mxtls_negative(room - p) | mxtls_negative(0 - bad)) & 1;
    return bad << 16 | (room - (p & (bad - 1)));
}

/* out[0:n] becomes the block at position `at` of the padded input head | buf that ends at the secret position end. */
uint32_t mxtls_ct_hash_block(uint8_t *out, uint32_t n, const uint8_t *head, uint32_t hlen, const uint8_t *buf, uint32_t at,
    uint32_t most, uint32_t end) {
    uint32_t last = mxtls_negative((((end + (n >> 3)) & (0 - n)) ^ at) - 1);
    uint32_t bits = (end + n) * 8; /* a block of key came before */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t p = at + i, x = 0;
        if (p < hlen) {
            x = head[p];
        } else if (p < most) {
            x = buf[p - hlen];
        }
        out[i] = (uint8_t)((x & mxtls_negative(p - end)) | (0x80 & mxtls_negative((p ^ end) - 1)));
    }
    for (uint32_t i = 0; i < 4; i++) {
        out[n - 1 - i] |= (uint8_t)(bits >> 8 * i & last);
    }
    return last & 1;
}

uint32_t mxtls_ct_found(const uint8_t *mac, uint32_t size, const uint8_t *buf, uint32_t most, uint32_t at) {
    uint32_t d = 0;
    for (uint32_t i = 0; i <= most; i++) {
        uint32_t x = 0;
        for (uint32_t j = 0; j < size; j++) {
            x |= buf[i + j] ^ mac[j];
        }
        d |= x & mxtls_negative((i ^ at) - 1);
    }
    return mxtls_negative(d - 1) & 1;
}
