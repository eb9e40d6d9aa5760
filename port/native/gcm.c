/* SPDX-License-Identifier: MIT
 * AES in Galois/counter mode (SP 800-38D), a whole message at once. */

#include "mxtls_native.h"

/* The counter starts at 1 with the block that masks the tag; the text follows from 2. */
static void mask(mxtls_aes_stream *s, const mxtls_aes *aes, const uint8_t *nonce, uint8_t tag[16]) {
    uint8_t ctr[16];
    memcpy(ctr, nonce, 12);
    mxtls_put_be32(ctr + 12, 1);
    memset(tag, 0, 16);
    mxtls_aes_stream_begin(s, aes, ctr);
    mxtls_aes_stream_xor(s, tag, 16);
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
    mxtls_aes_stream s;
    uint8_t tag[16];
    mask(&s, aes, head + naad, tag);
    mxtls_aes_stream_xor(&s, buf, n);
    finish(key, head, naad, buf, n, tag);
    memcpy(buf + n, tag, 16);
    mxtls_forget(&s, sizeof(s));
}

uint32_t mxtls_gcm_open(const mxtls_aes *aes, const mxtls_ghash_key *key, const uint8_t *head, size_t naad, uint8_t *buf, size_t n) {
    mxtls_aes_stream s;
    uint8_t tag[16];
    mask(&s, aes, head + naad, tag);
    finish(key, head, naad, buf, n, tag);
    uint32_t good = mxtls_ct_equal(tag, buf + n, 16);
    if (good) {
        mxtls_aes_stream_xor(&s, buf, n);
    }
    mxtls_forget(&s, sizeof(s));
    return good;
}
