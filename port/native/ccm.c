/* SPDX-License-Identifier: MIT
 * AES-CCM (RFC 3610), a whole message at once; a length takes three bytes. */

#include "mxtls_native.h"

/* Block 0 of the keystream masks the tag; the text follows from 1. */
static void crypt(const mxtls_aes *aes, const uint8_t *nonce, uint8_t count, uint8_t *buf, size_t n) {
    uint8_t ctr[16] = {2};
    memcpy(ctr + 1, nonce, 12);
    ctr[15] = count;
    mxtls_aes_ctr(aes, ctr, buf, n);
}

enum { SOME = 64 }; /* bytes for one call of CBC, which encrypts in place */

/* The next n bytes to the CBC-MAC, padded with zeros to whole blocks, by way of some; the first `at` bytes are there. */
static void absorb(const mxtls_aes *aes, uint8_t mac[16], uint8_t some[SOME], size_t at, const uint8_t *buf, size_t n) {
    while (n) {
        size_t m = n < SOME - at ? n : SOME - at;
        memcpy(some + at, buf, m);
        memset(some + at + m, 0, SOME - at - m);
        mxtls_aes_cbc_encrypt(aes, mac, some, (at + m + 15) & ~(size_t)15);
        buf += m;
        n -= m;
        at = 0;
    }
}

/* The CBC-MAC of what describes the message, the header behind its length, and the text; masked. */
static void authenticate(const mxtls_aes *aes, size_t size, const uint8_t *head, size_t naad, const uint8_t *buf, size_t n, uint8_t mac[16]) {
    uint8_t block[SOME];
    block[0] = (uint8_t)((naad ? 0x40 : 0) | (size - 2) << 2 | 2);
    memcpy(block + 1, head + naad, 12);
    block[13] = (uint8_t)(n >> 16);
    block[14] = (uint8_t)(n >> 8);
    block[15] = (uint8_t)n;
    memset(mac, 0, 16);
    mxtls_aes_cbc_encrypt(aes, mac, block, 16);
    block[0] = (uint8_t)(naad >> 8);
    block[1] = (uint8_t)naad;
    absorb(aes, mac, block, 2, head, naad);
    absorb(aes, mac, block, 0, buf, n);
    crypt(aes, head + naad, 0, mac, 16);
}

void mxtls_ccm_seal(const mxtls_aes *aes, size_t size, const uint8_t *head, size_t naad, uint8_t *buf, size_t n) {
    uint8_t mac[16];
    authenticate(aes, size, head, naad, buf, n, mac);
    crypt(aes, head + naad, 1, buf, n);
    memcpy(buf + n, mac, size);
}

uint32_t mxtls_ccm_open(const mxtls_aes *aes, size_t size, const uint8_t *head, size_t naad, uint8_t *buf, size_t n) {
    uint8_t mac[16];
    crypt(aes, head + naad, 1, buf, n);
    authenticate(aes, size, head, naad, buf, n, mac);
    if (!mxtls_ct_equal(mac, buf + n, size)) {
        crypt(aes, head + naad, 1, buf, n);
        return 0;
    }
    return 1;
}
