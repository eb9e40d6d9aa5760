/* SPDX-License-Identifier: MIT
 * Runs every C kernel under valgrind's memcheck with its keys and data marked undefined: a branch or an address that depends on
 * one of them is then an error. host_tests/test_constant_time.py builds and runs it.
 *
 * RC4 is left out: its state is indexed by its own secret bytes, and no other way of computing it is worth having.
 * ct_check [KERNEL]: all, or one of them; "leak" breaks the rule on purpose, to show that the check would see it. */

#include <stdio.h>
#include <valgrind/memcheck.h>

#include "mxtls_native.h"

#define SECRET(x) VALGRIND_MAKE_MEM_UNDEFINED(&(x), sizeof(x))
#define PUBLIC(x) VALGRIND_MAKE_MEM_DEFINED(&(x), sizeof(x))

static uint8_t key[32], iv[16], data[300], digest[64];

static void hashes(void) {
    SECRET(digest);
    mxtls_sha1_blocks(digest, data, 2);
    mxtls_sha256_blocks(digest, data + 1, 2);
    mxtls_sha512_blocks(digest, data + 2, 2);
    mxtls_md5_blocks(digest, data + 3, 2);
    for (uint32_t alg = 4; alg < 7; alg += 2) {
        static uint8_t ctx[MXTLS_HASH_CTX(128)], keyed[128];
        mxtls_hmac_rekey(alg, ctx, keyed, digest, 32, key, sizeof(key));
        mxtls_hash_update(alg, ctx, data, 77);
        mxtls_hash_update(alg, ctx, data, 200);
        mxtls_hmac_digest(alg, ctx, keyed, digest, 32);
    }
}

static void aes(void) {
    for (size_t size = 16; size <= 32; size += 8) {
        mxtls_aes ctx;
        mxtls_aes_expand(&ctx, key, size);
        uint32_t count = 0x1E000000; /* how far a record has got is public */
        SECRET(iv);
        memcpy(iv + 12, &count, sizeof(count));
        mxtls_aes_ctr(&ctx, iv, data, 77);
        mxtls_aes_cbc_encrypt(&ctx, iv, data, 48);
        mxtls_aes_cbc_decrypt(&ctx, iv, data, 48);
    }
}

static void des3(void) {
    mxtls_des3 ctx;
    mxtls_des3_expand(&ctx, key);
    SECRET(iv);
    mxtls_des3_cbc_encrypt(&ctx, iv, data, 32);
    mxtls_des3_cbc_decrypt(&ctx, iv, data, 32);
}

static void seed(void) {
    mxtls_seed ctx;
    mxtls_seed_expand(&ctx, key);
    SECRET(iv);
    mxtls_seed_cbc_encrypt(&ctx, iv, data, 48);
    mxtls_seed_cbc_decrypt(&ctx, iv, data, 48);
}

static void ghash(void) {
    mxtls_ghash_key ctx;
    mxtls_ghash_expand(&ctx, key);
    mxtls_ghash(&ctx, iv, data, 77);
}

static void chacha20(void) {
    uint8_t state[48];
    SECRET(state);
    mxtls_put_le32(state + 32, 1); /* how many blocks there were is public: a loop may end at one */
    mxtls_chacha20_xor(state, data, 200);
}

static void poly1305(void) {
    mxtls_poly1305_ctx ctx;
    mxtls_poly1305_key(&ctx, key);
    mxtls_poly1305(&ctx, data, 77);
    mxtls_poly1305_tag(&ctx, digest);
}

/* Whether a record's tag is right shows in what follows: the linker puts this in the place of mxtls_ct_equal for the kernels. */
uint32_t __real_mxtls_ct_equal(const uint8_t *a, const uint8_t *b, size_t size);
uint32_t __wrap_mxtls_ct_equal(const uint8_t *a, const uint8_t *b, size_t size);
uint32_t __wrap_mxtls_ct_equal(const uint8_t *a, const uint8_t *b, size_t size) {
    uint32_t same = __real_mxtls_ct_equal(a, b, size);
    PUBLIC(same);
    return same;
}

/* Each opens what it sealed, and then what it did not. */
static void aeads(void) {
    static uint8_t head[25], state[48];
    mxtls_aes ctx;
    mxtls_ghash_key h;
    iv[0] = 5; /* GHASH under zero would be zero */
    SECRET(iv);
    mxtls_aes_expand(&ctx, key, 32);
    mxtls_ghash_expand(&h, iv);
    memcpy(state, key, sizeof(key));
    uint32_t opened = 0;
    mxtls_gcm_seal(&ctx, &h, head, 13, data, 77);
    opened += mxtls_gcm_open(&ctx, &h, head, 13, data, 77);
    opened += mxtls_gcm_open(&ctx, &h, head, 13, data, 77);
    mxtls_ccm_seal(&ctx, 8, head, 13, data, 77);
    opened += mxtls_ccm_open(&ctx, 8, head, 13, data, 77);
    opened += mxtls_ccm_open(&ctx, 8, head, 13, data, 77);
    mxtls_chacha20poly1305_seal(state, head, 13, data, 77);
    opened += mxtls_chacha20poly1305_open(state, head, 13, data, 77);
    opened += mxtls_chacha20poly1305_open(state, head, 13, data, 77);
    PUBLIC(state);
    if (opened != 3) {
        puts("an AEAD is wrong");
    }
}

static void mem(void) {
    mxtls_copy(data + 3, data, 50);
    mxtls_copy(data, data + 3, 50);
    mxtls_wipe(data, 10);
    SECRET(data);
}

static void ct(void) {
    uint32_t secret = 20;
    uint8_t block[64];
    mxtls_ct_equal(data, data + 100, 50);
    SECRET(secret);
    mxtls_ct_select(data, key, 32, secret);
    secret = mxtls_ct_padding(data, 290, 20);
    mxtls_ct_hash_block(block, 64, key, 13, data, 64, 280, secret);
    secret = mxtls_ct_found(digest, 20, data, 200, secret);
}

/* Numbers whose top and low bits are what those of a modulus are, and the public ones shown. */
static uint8_t n[128], e[3] = {1, 0, 1}, x[128], crt[320], blind[128], p[128];
static uint32_t work[28 * 16 + 16];

static void rsa(void) {
    for (size_t i = 0; i < sizeof(crt); i++) {
        crt[i] = (uint8_t)(i * 151 | 129);
    }
    for (size_t i = 0; i < sizeof(n); i++) {
        n[i] = (uint8_t)(i * 73 | 129);
        x[i] = blind[i] = (uint8_t)(i * 99 & 127);
    }
    mxtls_rsa_public(x, x, sizeof(x), n, sizeof(n), e, sizeof(e), work);
    SECRET(crt);
    SECRET(x);
    SECRET(blind);
    mxtls_rsa_private(x, x, sizeof(x), n, sizeof(n), e, sizeof(e), crt, sizeof(crt) / 5, blind, work);
}

static void dh(void) {
    static uint32_t t[MXTLS_DH_WORDS(128)];
    for (size_t i = 0; i < sizeof(p); i++) {
        p[i] = (uint8_t)(i * 73 | 129);
        x[i] = (uint8_t)(i * 99 & 127);
    }
    PUBLIC(x);
    mxtls_dh_power(x, x, sizeof(x), key, sizeof(key), p, sizeof(p), t);
}

static void x25519(void) {
    mxtls_x25519(digest, key, data);
}

/* Secret are the scalars and what is made of them; the point of a peer is public. */
static void ec(void) {
    static uint8_t point[132], out[132], d[66], k[66];
    static uint32_t w[MXTLS_EC_WORDS(17)];
    for (uint32_t number = 23; number <= 25; number++) {
        const mxtls_curve *c = mxtls_curve_of(number);
        memset(d, 0x35, sizeof(d));
        memset(k, 0x5A, sizeof(k));
        d[0] = k[0] = 0;
        mxtls_ec_public(c, point, d, w);
        SECRET(d);
        SECRET(k);
        mxtls_ec_public(c, out, d, w);
        mxtls_ec_ecdh(c, out, d, point, w);
        mxtls_ecdsa_sign(c, out, point, 32, d, k, w);
        PUBLIC(d);
        PUBLIC(k);
        PUBLIC(w);
    }
}

static void ed25519(void) {
    mxtls_ed25519_base(digest, data, 64);
    mxtls_ed25519_scalar(digest, data, data + 64, key);
}

/* A table indexed by a secret, and a branch on one. */
static void leak(void) {
    if (data[key[0]] > 7) {
        puts("leak");
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} KERNELS[] = {
    {"hashes", hashes}, {"aes", aes}, {"des3", des3}, {"seed", seed}, {"ghash", ghash}, {"chacha20", chacha20},
    {"poly1305", poly1305}, {"aeads", aeads}, {"mem", mem}, {"ct", ct}, {"rsa", rsa}, {"dh", dh}, {"x25519", x25519}, {"ec", ec}, {"ed25519", ed25519},
    {"leak", leak},
};

int main(int argc, char **argv) {
    unsigned found = 0;
    for (size_t i = 0; i < sizeof(KERNELS) / sizeof(*KERNELS); i++) {
        if (argc > 1 ? strcmp(argv[1], KERNELS[i].name) : KERNELS[i].run == leak) {
            continue;
        }
        unsigned before = VALGRIND_COUNT_ERRORS;
        SECRET(key);
        SECRET(iv);
        SECRET(data);
        KERNELS[i].run();
        unsigned errors = VALGRIND_COUNT_ERRORS - before;
        found += errors;
        printf("%s: %s\n", KERNELS[i].name, !RUNNING_ON_VALGRIND ? "not under valgrind" : errors ? "depends on secrets" : "constant time");
        fflush(stdout);
        PUBLIC(key);
        PUBLIC(iv);
        PUBLIC(data);
    }
    return found || !RUNNING_ON_VALGRIND;
}
