/* SPDX-License-Identifier: MIT
 * ChaCha20-Poly1305 (RFC 8439 section 2.8), a whole message at once. */

#include "mxtls_native.h"

/* Block 0 is the key of the tag; the text follows from block 1. */
static void begin(uint8_t state[48], const uint8_t *nonce, mxtls_poly1305_ctx *poly) {
    uint8_t once[64] = {0};
    memset(state + 32, 0, 4);
    memcpy(state + 36, nonce, 12);
    mxtls_chacha20_xor(state, once, sizeof(once));
    mxtls_poly1305_key(poly, once);
}

static void finish(mxtls_poly1305_ctx *poly, const uint8_t *aad, size_t naad, const uint8_t *buf, size_t n, uint8_t tag[16]) {
    uint8_t lengths[16] = {0};
    mxtls_put_le32(lengths, (uint32_t)naad);
    mxtls_put_le32(lengths + 8, (uint32_t)n);
    mxtls_poly1305(poly, aad, naad);
    mxtls_poly1305(poly, buf, n);
    mxtls_poly1305(poly, lengths, 16);
    mxtls_poly1305_tag(poly, tag);
}

void mxtls_chacha20poly1305_seal(uint8_t state[48], const uint8_t *head, size_t naad, uint8_t *buf, size_t n) {
    mxtls_poly1305_ctx poly;
    begin(state, head + naad, &poly);
    mxtls_chacha20_xor(state, buf, n);
    finish(&poly, head, naad, buf, n, buf + n);
}

uint32_t mxtls_chacha20poly1305_open(uint8_t state[48], const uint8_t *head, size_t naad, uint8_t *buf, size_t n) {
    mxtls_poly1305_ctx poly;
    uint8_t tag[16];
    begin(state, head + naad, &poly);
    finish(&poly, head, naad, buf, n, tag);
    if (!mxtls_ct_equal(tag, buf + n, 16)) {
        return 0;
    }
    mxtls_chacha20_xor(state, buf, n);
    return 1;
}
