/* SPDX-License-Identifier: MIT
 * Runs every C kernel, built with gcc's sanitizers, on random numbers in memory of just the bytes that it may touch, whose length, address
 * modulo 4 and contents vary. host_tests/test_native.py builds and runs it; a sanitizer ends it, or the result is a line. */

#include <stdio.h>
#include <stdlib.h>

#include "mxtls_native.h"

static uint32_t random_word(void) {
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    return x ^= x << 5;
}

static size_t below(size_t n) {
    return random_word() % n;
}

/* Memory of one turn, freed by next_turn(); its end is the end of what malloc gave. */
static void *given[64];
static size_t count;

static uint8_t *bytes(size_t n) {
    size_t shift = below(4), kind = below(8);
    uint8_t *p = (uint8_t *)malloc(n + shift) + shift;
    given[count++] = p - shift;
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)(kind > 1 ? random_word() : 0 - kind);
    }
    return p;
}

static void *words(size_t n) {
    uint32_t *p = malloc(n);
    given[count++] = p;
    for (size_t i = 0; i < n / 4; i++) {
        p[i] = random_word();
    }
    return p;
}

static void next_turn(void) {
    while (count) {
        free(given[--count]);
    }
}

static void hashes(void) {
    static const uint32_t ALGS[] = {1, 2, 4, 5, 6};
    uint32_t alg = ALGS[below(5)];
    size_t block = alg < 5 ? 64 : 128, n = below(300), blocks = below(4), size = below(block / 2 + 1), slen = below(block / 2 + 1), klen = below(block + 1);
    uint8_t *ctx = bytes(MXTLS_HASH_CTX(block)), *keyed = bytes(2 * (block / 2));
    mxtls_hash_blocks(alg, bytes(alg == 1 ? 16 : alg == 2 ? 20 : block / 2), bytes(blocks * block), blocks);
    mxtls_hash_update(alg, ctx, bytes(n), n);
    mxtls_hash_digest(alg, ctx, bytes(size), size);
    mxtls_hmac_rekey(alg, ctx, keyed, bytes(slen), slen, bytes(klen), klen);
    mxtls_hash_update(alg, ctx, bytes(n), n);
    mxtls_hmac_digest(alg, ctx, keyed, bytes(size), size);
}

static void ciphers(void) {
    size_t size = 16 + 8 * below(3), n = below(600), whole = 16 * below(9), klen = 1 + below(256);
    mxtls_aes *aes = words(sizeof(mxtls_aes));
    mxtls_aes_expand(aes, bytes(size), size);
    mxtls_aes_ctr(aes, bytes(16), bytes(n), n);
    mxtls_aes_cbc_encrypt(aes, bytes(16), bytes(whole), whole);
    mxtls_aes_cbc_decrypt(aes, bytes(16), bytes(whole), whole);
    mxtls_aes_ctr(words(sizeof(mxtls_aes)), bytes(16), bytes(40), 40); /* of no key */
    mxtls_aes_stream stream;
    mxtls_aes_stream_begin(&stream, aes, bytes(16));
    mxtls_aes_stream_xor(&stream, bytes(whole), whole);
    mxtls_aes_stream_xor(&stream, bytes(n), n);
    mxtls_des3 *des3 = words(sizeof(mxtls_des3));
    mxtls_des3_expand(des3, bytes(24));
    mxtls_des3_cbc_encrypt(des3, bytes(8), bytes(whole / 2), whole / 2);
    mxtls_des3_cbc_decrypt(des3, bytes(8), bytes(whole / 2), whole / 2);
    mxtls_seed *seed = words(sizeof(mxtls_seed));
    mxtls_seed_expand(seed, bytes(16));
    mxtls_seed_cbc_encrypt(seed, bytes(16), bytes(whole), whole);
    mxtls_seed_cbc_decrypt(seed, bytes(16), bytes(whole), whole);
    mxtls_rc4 *rc4 = (mxtls_rc4 *)bytes(sizeof(mxtls_rc4));
    mxtls_rc4_init(rc4, bytes(klen), klen);
    mxtls_rc4_xor(rc4, bytes(n), n);
    mxtls_chacha20_xor(bytes(48), bytes(n), n);
}

static void authenticators(void) {
    size_t naad = below(60), n = below(200), size = 8 + 8 * below(2);
    mxtls_aes *aes = words(sizeof(mxtls_aes));
    mxtls_ghash_key *h = words(sizeof(mxtls_ghash_key));
    mxtls_poly1305_ctx *poly = words(sizeof(mxtls_poly1305_ctx));
    mxtls_aes_expand(aes, bytes(16), 16);
    mxtls_ghash_expand(h, bytes(16));
    mxtls_ghash(h, bytes(16), bytes(n), n);
    mxtls_poly1305_key(poly, bytes(32));
    mxtls_poly1305(poly, bytes(n), n);
    mxtls_poly1305_tag(poly, bytes(16));
    uint8_t *head = bytes(naad + 12), *text = bytes(n + 16), *state = bytes(48);
    mxtls_gcm_seal(aes, h, head, naad, text, n);
    uint32_t opened = mxtls_gcm_open(aes, h, head, naad, text, n);
    text = bytes(n + size);
    mxtls_ccm_seal(aes, size, head, naad, text, n);
    opened += mxtls_ccm_open(aes, size, head, naad, text, n);
    text = bytes(n + 16);
    mxtls_chacha20poly1305_seal(state, head, naad, text, n);
    opened += mxtls_chacha20poly1305_open(state, head, naad, text, n);
    text[below(n + 16)] ^= 1;
    if (opened != 3 || mxtls_chacha20poly1305_open(state, head, naad, text, n)) {
        puts("an AEAD is wrong");
        exit(1);
    }
}

static void memory(void) {
    size_t n = below(100), block = 64 << below(2), hlen = below(14), most = hlen + below(200), size = below(33);
    uint8_t *p = bytes(n + 5);
    mxtls_copy(p, p + 5, n);
    mxtls_copy(p + 5, p, n);
    mxtls_mix(p, bytes(n), n);
    mxtls_wipe(p, n + 5);
    mxtls_ct_equal(bytes(n), bytes(n), n);
    mxtls_ct_select(bytes(n), bytes(n), n, random_word() & 1);
    mxtls_ct_padding(bytes(size + 1 + n), (uint32_t)(size + 1 + n), (uint32_t)size);
    mxtls_ct_hash_block(bytes(block), (uint32_t)block, bytes(hlen), (uint32_t)hlen, bytes(most - hlen), (uint32_t)below(400), (uint32_t)most, random_word());
    mxtls_ct_found(bytes(size), (uint32_t)size, bytes(most + size), (uint32_t)most, (uint32_t)below(300));
}

/* Keys are random, and so are none: what matters is that nonsense is borne. */
static void numbers(void) {
    size_t size = below(34), elen = below(4), xlen = below(40), half = below(18);
    uint8_t *n = bytes(size), *e = bytes(elen), *x = bytes(xlen);
    if (size) {
        n[size - 1] |= below(4) > 0;
    }
    mxtls_rsa_public(bytes(size), x, xlen, n, size, e, elen, words(4 * MXTLS_RSA_PUBLIC_WORDS(size)));
    mxtls_rsa_private(bytes(size), x, xlen, n, size, e, elen, bytes(5 * half), half, bytes(size), words(4 * MXTLS_RSA_PRIVATE_WORDS(half)));
    mxtls_dh_power(bytes(size), x, xlen, e, elen, n, size, words(4 * MXTLS_DH_WORDS(size)));
}

static void curves(uint32_t number) {
    const mxtls_curve *c = mxtls_curve_of(number);
    size_t n = c->bytes, hlen = below(70);
    uint8_t *d = bytes(n), *k = bytes(n), *point = bytes(2 * n), *sig = bytes(2 * n), *digest = bytes(hlen);
    d[0] = k[0] = 0;
    for (int right = 0; right < 2; right++) {
        if (right) {
            mxtls_ec_public(c, point, d, words(4 * MXTLS_EC_WORDS(c->words)));
            mxtls_ecdsa_sign(c, sig, digest, hlen, d, k, words(4 * MXTLS_EC_WORDS(c->words)));
        }
        mxtls_ec_ecdh(c, bytes(n), d, point, words(4 * MXTLS_EC_WORDS(c->words)));
        mxtls_ecdsa_verify(c, digest, hlen, sig, point, words(4 * MXTLS_EC_WORDS(c->words)));
    }
}

static void curve25519(void) {
    size_t n = 32 << below(2);
    uint8_t *public = bytes(32);
    mxtls_x25519(bytes(32), bytes(32), bytes(32));
    mxtls_ed25519_scalar(bytes(32), bytes(64), bytes(64), bytes(32));
    mxtls_ed25519_check(bytes(64), bytes(64), public);
    mxtls_ed25519_base(public, bytes(n), n);
    mxtls_ed25519_check(bytes(64), bytes(64), public);
}

int main(void) {
    static void (*const CHEAP[])(void) = {hashes, ciphers, authenticators, memory, numbers};
    for (int turn = 0; turn < 400; turn++, next_turn()) {
        CHEAP[turn % 5]();
    }
    for (uint32_t turn = 0; turn < 12; turn++, next_turn()) {
        curves(23 + turn % 3);
        curve25519();
    }
    puts("edges: kept");
    return 0;
}
