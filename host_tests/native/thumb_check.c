/* SPDX-License-Identifier: MIT
 * Runs on an emulated Cortex-M0: the kernels that have assembly for it beside their own plain C (the same files with MXTLS_THUMB1=0,
 * their names behind plain_), on random bytes and on edges of limbs. host_tests/test_native.py builds it; the result is a line. */

#include "mxtls_native.h"

#define PLAIN(name) extern __typeof__(mxtls_##name) plain_mxtls_##name
PLAIN(aes_expand);
PLAIN(aes_ctr);
PLAIN(aes_cbc_encrypt);
PLAIN(aes_cbc_decrypt);
PLAIN(seed_expand);
PLAIN(seed_cbc_encrypt);
PLAIN(seed_cbc_decrypt);
PLAIN(ghash_expand);
PLAIN(ghash);
PLAIN(poly1305_key);
PLAIN(poly1305);
PLAIN(poly1305_tag);
PLAIN(chacha20_xor);
PLAIN(sha1_blocks);
PLAIN(sha256_blocks);
PLAIN(big_sub);
PLAIN(mont_mul);
PLAIN(mont_square);

static uint8_t key[48], iv[64], iv2[64];
static uint8_t text[1100] __attribute__((aligned(4))), text2[1100] __attribute__((aligned(4)));
static const char *failed;

static uint32_t random(void) {
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    return x ^= x << 5;
}

static void fill(uint8_t *p, size_t n) {
    uint32_t kind = random() & 7;
    for (; n; n--) {
        *p++ = (uint8_t)(kind > 2 ? random() : kind == 2 ? 0 - (random() & 1) : 0 - kind);
    }
}

static void again(void) {
    fill(key, sizeof(key));
    fill(iv, sizeof(iv));
    fill(text, sizeof(text));
    memcpy(iv2, iv, sizeof(iv));
    memcpy(text2, text, sizeof(text));
}

static void same(const char *what) {
    if (!mxtls_ct_equal(iv, iv2, sizeof(iv)) || !mxtls_ct_equal(text, text2, sizeof(text))) {
        failed = what;
    }
}

static void ciphers(size_t n) {
    mxtls_aes a, b;
    mxtls_seed c, d;
    for (size_t size = 16; size <= 32; size += 8) {
        again();
        mxtls_aes_expand(&a, key, size);
        plain_mxtls_aes_expand(&b, key, size);
        mxtls_aes_ctr(&a, iv, text + (n & 3), n);
        plain_mxtls_aes_ctr(&b, iv2, text2 + (n & 3), n);
        same("aes_ctr");
        mxtls_aes_cbc_encrypt(&a, iv, text + 1, n & ~(size_t)15);
        plain_mxtls_aes_cbc_encrypt(&b, iv2, text2 + 1, n & ~(size_t)15);
        same("aes_cbc_encrypt");
        mxtls_aes_cbc_decrypt(&a, iv, text, n & ~(size_t)15);
        plain_mxtls_aes_cbc_decrypt(&b, iv2, text2, n & ~(size_t)15);
        same("aes_cbc_decrypt");
    }
    mxtls_seed_expand(&c, key);
    plain_mxtls_seed_expand(&d, key);
    mxtls_seed_cbc_encrypt(&c, iv, text, n & 48);
    plain_mxtls_seed_cbc_encrypt(&d, iv2, text2, n & 48);
    same("seed_cbc_encrypt");
    mxtls_seed_cbc_decrypt(&c, iv, text, n & 48);
    plain_mxtls_seed_cbc_decrypt(&d, iv2, text2, n & 48);
    same("seed_cbc_decrypt");
}

static void authenticators(size_t n) {
    mxtls_ghash_key a, b;
    mxtls_poly1305_ctx c, d;
    again();
    mxtls_ghash_expand(&a, key);
    plain_mxtls_ghash_expand(&b, key);
    mxtls_ghash(&a, iv, text + (n & 3), n);
    plain_mxtls_ghash(&b, iv2, text2 + (n & 3), n);
    same("ghash");
    mxtls_poly1305_key(&c, key);
    plain_mxtls_poly1305_key(&d, key);
    for (int i = 0; i < 2; i++) {
        mxtls_poly1305(&c, text + 5, n);
        plain_mxtls_poly1305(&d, text2 + 5, n);
    }
    mxtls_poly1305_tag(&c, iv);
    plain_mxtls_poly1305_tag(&d, iv2);
    same("poly1305");
}

static void streams(size_t n) {
    again();
    mxtls_chacha20_xor(iv, text + (n & 3), n);
    plain_mxtls_chacha20_xor(iv2, text2 + (n & 3), n);
    same("chacha20");
    mxtls_sha1_blocks(iv, text + (n & 3), n / 64);
    plain_mxtls_sha1_blocks(iv2, text2 + (n & 3), n / 64);
    same("sha1");
    mxtls_sha256_blocks(iv, text + (n & 3), n / 64);
    plain_mxtls_sha256_blocks(iv2, text2 + (n & 3), n / 64);
    same("sha256");
}

/* Numbers of n words, up to 16: what the assembly adds up, takes off and carries. */
static void numbers(size_t n) {
    static uint32_t m[16], x[16], y[16], t[33];
    uint32_t *a = (uint32_t *)text, *b = (uint32_t *)text2;
    again();
    fill((uint8_t *)m, sizeof(m));
    fill((uint8_t *)x, sizeof(x));
    fill((uint8_t *)y, sizeof(y));
    m[0] |= 1;
    uint32_t m0 = mxtls_mont_m0(m[0]), take = random() & 1;
    mxtls_mont_mul(a, x, y, m, m0, n, t);
    plain_mxtls_mont_mul(b, x, y, m, m0, n, t);
    mxtls_mont_square(a + 20, y, m, m0, n, t);
    plain_mxtls_mont_square(b + 20, y, m, m0, n, t);
    a[40] = mxtls_big_sub(a + 41, x, y, take, n);
    b[40] = plain_mxtls_big_sub(b + 41, x, y, take, n);
    same("mont");
}

static void semihosting(uint32_t call, const void *value) {
    register uint32_t r0 __asm__("r0") = call;
    register const void *r1 __asm__("r1") = value;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void start(void) {
    for (size_t n = 0; n < 200 && !failed; n += 1 + n / 40) {
        ciphers(n);
        authenticators(n);
        streams(n);
    }
    for (int i = 0; i < 300 && !failed; i++) {
        authenticators(random() & 127);
        numbers((random() & 15) + 1);
    }
    ciphers(1080);
    streams(1024);
    semihosting(4, failed ? failed : "thumb: the same\n");
    semihosting(0x18, (const void *)0x20026); /* ADP_Stopped_ApplicationExit */
}

__attribute__((section(".vectors"), used)) static const void *const VECTORS[] = {(const void *)0x20004000, start};
