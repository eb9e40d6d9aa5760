/* SPDX-License-Identifier: MIT
 * AES in Galois/counter mode (SP 800-38D), a whole message at once. */

#include "mxtls_native.h"

/* The counter starts at 1 with the block that masks the tag; the text follows from 2, where ctr is left. */
static void mask(const mxtls_aes *aes, const uint8_t *nonce, uint8_t ctr[16], uint8_t tag[16]) {
    memcpy(ctr, nonce, 12);
    mxtls_put_be32(ctr + 12, 1);
    memset(tag, 0, 16);
    mxtls_aes_ctr(aes, ctr, tag, 16);
}

/* Adds to the mask the GHASH of both texts and of their lengths in bits, which are below 2**32. */
static void finish(const mxtls_ghash_key *key, const uint8_t *aad, size_t naad, const uint8_t *buf, size_t n, uint8_t tag[16]) {
    uint8_t y[16] = {0}, bits[16] = {0};
    mxtls_put_be32(bits + 4, (uint32_t)naad << 3);
    mxtls_put_be32(bits + 12, (uint32_t)n << 3);
    mxtls_ghash_parts(key, y, (const mxtls_part[]){{aad, naad}, {buf, n}, {bits, 16}}, 3);
    mxtls_mix(tag, y, 16);
}

void mxtls_gcm_seal(const mxtls_aes *aes, const mxtls_ghash_key *key, const uint8_t *head, size_t naad, uint8_t *buf, size_t n) {
    uint8_t ctr[16], tag[16];
    mask(aes, head + naad, ctr, tag);
    mxtls_aes_ctr(aes, ctr, buf, n);
    finish(key, head, naad, buf, n, tag);
    memcpy(buf + n, tag, 16);
}

uint32_t mxtls_gcm_open(const mxtls_aes *aes, const mxtls_ghash_key *key, const uint8_t *head, size_t naad, uint8_t *buf, size_t n) {
    uint8_t ctr[16], tag[16];
    mask(aes, head + naad, ctr, tag);
    finish(key, head, naad, buf, n, tag);
    if (!mxtls_ct_equal(tag, buf + n, 16)) {
        return 0;
    }
    mxtls_aes_ctr(aes, ctr, buf, n);
    return 1;
}
