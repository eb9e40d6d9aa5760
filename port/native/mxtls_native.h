/* SPDX-License-Identifier: MIT
 * The kernels of lib/mxtls/kernels in C: the same functions over the caller's memory, one algorithm a file.
 *
 * Freestanding C99, 32-bit arithmetic (SHA-512 adds and rotates 64 bits), no allocation, nothing of libc but memcpy and memset. Time and
 * addresses depend on lengths and offsets alone (but RC4's), given a multiplication of 32 by 32 to 32 bits in constant time. Contexts are
 * words of the caller's; they hold no pointers, so they may be copied, and are wiped with mxtls_wipe.
 */

/* A chip with engines of its own (ESP32) takes a file's place: build with MXTLS_HARDWARE_AES, _SHA1, _SHA256 or _SHA512 defined, which
 * leaves that file empty, and link the same functions over the chip's driver. A context has room for the bare key; AES's begins with
 * the number of rounds. What they promise of time and of secrets is then the chip's to keep. */

#ifndef MXTLS_NATIVE_H
#define MXTLS_NATIVE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A Cortex-M0 or M0+: eight registers for arithmetic, two operands, no carry but by the flags. Some kernels have assembly for it. */
#ifndef MXTLS_THUMB1
#if defined(__thumb__) && !defined(__thumb2__)
#define MXTLS_THUMB1 1
#else
#define MXTLS_THUMB1 0
#endif
#endif

/* Absorb count whole blocks: of 64 bytes, of 128 for SHA-512. The state is the digest so far as the standard writes it. */
void mxtls_sha1_blocks(uint8_t state[20], const uint8_t *buf, size_t count);
void mxtls_sha256_blocks(uint8_t state[32], const uint8_t *buf, size_t count);
void mxtls_sha512_blocks(uint8_t state[64], const uint8_t *buf, size_t count);
void mxtls_md5_blocks(uint8_t state[16], const uint8_t *buf, size_t count);

/* Running hashes and HMAC as lib/mxtls/kernels/hash.py has them; alg is a hash id of the TLS registry: 1 MD5, 2 SHA-1, 4 SHA-256,
 * 5 SHA-384, 6 SHA-512. A context has MXTLS_HASH_CTX(block) bytes, keyed a block's; start is a state of slen bytes, size the digest's.
 * hmac_begin goes on from a state that has absorbed one block. */
#define MXTLS_HASH_CTX(block) ((block) / 2 + (block) + 4)
void mxtls_hash_blocks(uint32_t alg, uint8_t *state, const uint8_t *buf, size_t count);
void mxtls_hash_update(uint32_t alg, uint8_t *ctx, const uint8_t *buf, size_t n);
void mxtls_hash_digest(uint32_t alg, const uint8_t *ctx, uint8_t *out, size_t size);
void mxtls_hmac_rekey(uint32_t alg, uint8_t *ctx, uint8_t *keyed, const uint8_t *start, size_t slen, const uint8_t *key, size_t n);
void mxtls_hmac_begin(uint32_t alg, uint8_t *ctx, const uint8_t *state);
void mxtls_hmac_digest(uint32_t alg, uint8_t *ctx, const uint8_t *keyed, uint8_t *out, size_t size);

/* AES over n bytes in place. CBC: n a multiple of 16, iv becomes the last ciphertext block. CTR: the low 32 bits of ctr count,
 * and are public. */
typedef struct {
    uint32_t rounds;
    uint32_t key[15][4]; /* bitsliced: planes 2i and 2i + 1 share word i, in its even and its odd bits */
} mxtls_aes;
void mxtls_aes_expand(mxtls_aes *ctx, const uint8_t *key, size_t nbytes);
void mxtls_aes_ctr(const mxtls_aes *ctx, uint8_t ctr[16], uint8_t *buf, size_t n);
void mxtls_aes_cbc_encrypt(const mxtls_aes *ctx, uint8_t iv[16], uint8_t *buf, size_t n);
void mxtls_aes_cbc_decrypt(const mxtls_aes *ctx, uint8_t iv[16], uint8_t *buf, size_t n);

/* CTR in several calls, each but the last of whole blocks. */
#ifdef MXTLS_HARDWARE_AES
typedef struct {
    const mxtls_aes *aes;
    uint8_t ctr[16];
} mxtls_aes_stream;

static inline void mxtls_aes_stream_begin(mxtls_aes_stream *s, const mxtls_aes *ctx, const uint8_t ctr[16]) {
    s->aes = ctx;
    memcpy(s->ctr, ctr, 16);
}

static inline void mxtls_aes_stream_xor(mxtls_aes_stream *s, uint8_t *buf, size_t n) {
    mxtls_aes_ctr(s->aes, s->ctr, buf, n);
}
#else
typedef struct {
    uint32_t rounds, keys[15][8], start[3], count, fresh, lanes[8], common[8], rest[8], varied[8]; /* see aes.c */
} mxtls_aes_stream;
void mxtls_aes_stream_begin(mxtls_aes_stream *s, const mxtls_aes *ctx, const uint8_t ctr[16]);
void mxtls_aes_stream_xor(mxtls_aes_stream *s, uint8_t *buf, size_t n);
#endif

/* Triple DES and SEED, CBC over n bytes in place, n a multiple of the block; iv becomes the last ciphertext block. */
typedef struct {
    uint32_t key[48][2];
} mxtls_des3;
void mxtls_des3_expand(mxtls_des3 *ctx, const uint8_t key[24]);
void mxtls_des3_cbc_encrypt(const mxtls_des3 *ctx, uint8_t iv[8], uint8_t *buf, size_t n);
void mxtls_des3_cbc_decrypt(const mxtls_des3 *ctx, uint8_t iv[8], uint8_t *buf, size_t n);

typedef struct {
    uint32_t key[16][2];
} mxtls_seed;
void mxtls_seed_expand(mxtls_seed *ctx, const uint8_t key[16]);
void mxtls_seed_cbc_encrypt(const mxtls_seed *ctx, uint8_t iv[16], uint8_t *buf, size_t n);
void mxtls_seed_cbc_decrypt(const mxtls_seed *ctx, uint8_t iv[16], uint8_t *buf, size_t n);

/* RC4 indexes its state by secrets: see rc4.c. A key has 1 to 256 bytes. */
typedef struct {
    uint8_t s[256], i, j;
} mxtls_rc4;
void mxtls_rc4_init(mxtls_rc4 *ctx, const uint8_t *key, size_t n);
void mxtls_rc4_xor(mxtls_rc4 *ctx, uint8_t *buf, size_t n);

/* y becomes (y + block) * h for each block of 16 bytes, the last one padded with zeros, of each part. */
typedef struct {
    uint32_t h[3][4]; /* h^3, h^2, h */
} mxtls_ghash_key;
typedef struct {
    const uint8_t *p;
    size_t n;
} mxtls_part;
void mxtls_ghash_expand(mxtls_ghash_key *ctx, const uint8_t h[16]);
void mxtls_ghash(const mxtls_ghash_key *ctx, uint8_t y[16], const uint8_t *buf, size_t n);
void mxtls_ghash_parts(const mxtls_ghash_key *ctx, uint8_t y[16], const mxtls_part *part, size_t count);

/* The state is key (32), counter (4, little-endian), nonce (12). */
void mxtls_chacha20_xor(uint8_t state[48], uint8_t *buf, size_t n);

/* Each call's input is padded with zeros to whole blocks, as RFC 8439 section 2.8 wants it. */
typedef struct {
    uint32_t r[4], s[4], h[5];
} mxtls_poly1305_ctx;
void mxtls_poly1305_key(mxtls_poly1305_ctx *ctx, const uint8_t key[32]);
void mxtls_poly1305(mxtls_poly1305_ctx *ctx, const uint8_t *buf, size_t n);
void mxtls_poly1305_tag(const mxtls_poly1305_ctx *ctx, uint8_t out[16]);

/* AEADs with nonces of 96 bits: head is the additional data and then the nonce. seal encrypts n bytes in place and writes the tag
 * behind them; open decrypts them if the tag is right, and answers 1, or 0 and leaves them as they were. CCM: size is the tag's, 16 or
 * 8, naad is below 65280 and n below 2**24. Of the state of ChaCha20 the key lasts. */
void mxtls_gcm_seal(const mxtls_aes *aes, const mxtls_ghash_key *key, const uint8_t *head, size_t naad, uint8_t *buf, size_t n);
uint32_t mxtls_gcm_open(const mxtls_aes *aes, const mxtls_ghash_key *key, const uint8_t *head, size_t naad, uint8_t *buf, size_t n);
void mxtls_ccm_seal(const mxtls_aes *aes, size_t size, const uint8_t *head, size_t naad, uint8_t *buf, size_t n);
uint32_t mxtls_ccm_open(const mxtls_aes *aes, size_t size, const uint8_t *head, size_t naad, uint8_t *buf, size_t n);
void mxtls_chacha20poly1305_seal(uint8_t state[48], const uint8_t *head, size_t naad, uint8_t *buf, size_t n);
uint32_t mxtls_chacha20poly1305_open(uint8_t state[48], const uint8_t *head, size_t naad, uint8_t *buf, size_t n);

void mxtls_copy(uint8_t *dst, const uint8_t *src, size_t n); /* the two may overlap */
void mxtls_mix(uint8_t *dst, const uint8_t *src, size_t n);  /* dst ^= src */
void mxtls_wipe(uint8_t *buf, size_t n);
void mxtls_record_header(uint8_t header[5], uint32_t kind, uint32_t version, uint32_t n);
int mxtls_record_count(uint8_t number[8]); /* 0: it was the last */

/* Constant-time comparing, choosing, padding: see lib/mxtls/kernels/ct.py. Lengths are below 2**30. */
uint32_t mxtls_ct_equal(const uint8_t *a, const uint8_t *b, size_t n);
void mxtls_ct_select(uint8_t *dst, const uint8_t *src, size_t n, uint32_t take);
uint32_t mxtls_ct_padding(const uint8_t *buf, uint32_t n, uint32_t size);
uint32_t mxtls_ct_hash_block(uint8_t *out, uint32_t n, const uint8_t *head, uint32_t hlen, const uint8_t *buf, uint32_t at,
    uint32_t most, uint32_t end);
uint32_t mxtls_ct_found(const uint8_t *mac, uint32_t size, const uint8_t *buf, uint32_t most, uint32_t at);

/* RSA and Diffie-Hellman: see lib/mxtls/kernels/rsa.py and dh.py. Numbers are big-endian; n, p and out have size bytes, crt and blind
 * 5 half and size. t are words of the caller's, as many as the macros say, that are secret after it. Without success out stays. */
#define MXTLS_WORDS(size) (((size) + 3) / 4)
#define MXTLS_RSA_PUBLIC_WORDS(size) (6 * MXTLS_WORDS(size) + 1)
#define MXTLS_RSA_PRIVATE_WORDS(half) (28 * MXTLS_WORDS(half) + 16)
#define MXTLS_DH_WORDS(size) (22 * MXTLS_WORDS(size) + 1)
uint32_t mxtls_rsa_public(uint8_t *out, const uint8_t *x, size_t xlen, const uint8_t *n, size_t size, const uint8_t *e, size_t elen,
    uint32_t *t);
uint32_t mxtls_rsa_private(uint8_t *out, const uint8_t *x, size_t xlen, const uint8_t *n, size_t size, const uint8_t *e, size_t elen,
    const uint8_t *crt, size_t half, const uint8_t *blind, uint32_t *t);
uint32_t mxtls_dh_power(uint8_t *out, const uint8_t *base, size_t blen, const uint8_t *x, size_t xlen, const uint8_t *p, size_t size,
    uint32_t *t);

/* Numbers of n little-endian words; d may be x or y. take is 0 or 1, and secret: where it is 0, y counts as 0. */
uint64_t mxtls_big_row(uint32_t *d, const uint32_t *x, size_t n, uint32_t y0, uint32_t y1); /* d += x (y0 + 2^32 y1); the 2 words after it */
uint32_t mxtls_big_add_two(uint32_t *d, uint64_t c, uint32_t carry);                        /* the two words d += c + carry; the carry */
uint32_t mxtls_big_add(uint32_t *d, const uint32_t *x, const uint32_t *y, uint32_t take, size_t n); /* the carry */
uint32_t mxtls_big_sub(uint32_t *d, const uint32_t *x, const uint32_t *y, uint32_t take, size_t n); /* the borrow */
uint32_t mxtls_big_less(const uint32_t *x, const uint32_t *y, size_t n);                    /* 1 where x < y, else 0 */
void mxtls_big_fit(uint32_t *d, const uint32_t *x, uint32_t carry, const uint32_t *m, size_t n); /* d = carry:x, below 2 m, mod m */
void mxtls_big_mul(uint32_t *t, const uint32_t *x, const uint32_t *y, size_t n);            /* t: 2n + 1 words, apart from x and y */
size_t mxtls_big_bits(const uint32_t *m, size_t n);                                          /* the bit length, of what is public and not 0 */
uint32_t mxtls_big_load(uint32_t *d, size_t n, const uint8_t *buf, size_t size);            /* from big-endian; not 0 where it is too long */
void mxtls_big_store(uint8_t *buf, size_t size, const uint32_t *x);                         /* the low size bytes, big-endian */

/* Modulo an odd m of n words, with R = 2^(32 n), m0 = mxtls_mont_m0(m[0]) and t, 2n + 1 words of the caller's that are secret after
 * it. mul: d = x y / R, square: d = x x / R, both below m, if x y < m R; reduce: d = t / R, if t < m R, where t[2n] is 0. d may be
 * x or y. r2: d = R R mod m; the bit length of m may be given less than it is, down to 1, which costs time and hides it. */
uint32_t mxtls_mont_m0(uint32_t m);
void mxtls_mont_mul(uint32_t *d, const uint32_t *x, const uint32_t *y, const uint32_t *m, uint32_t m0, size_t n, uint32_t *t);
void mxtls_mont_square(uint32_t *d, const uint32_t *x, const uint32_t *m, uint32_t m0, size_t n, uint32_t *t);
void mxtls_mont_reduce(uint32_t *d, uint32_t *t, const uint32_t *m, uint32_t m0, size_t n);
uint64_t mxtls_mont_quotient(const uint32_t *x, const uint32_t *m, uint32_t m0, size_t n); /* the q with x + q m = 0 modulo 2^64, or 2^32 if n is 1 */
void mxtls_mont_r2(uint32_t *d, const uint32_t *m, uint32_t m0, size_t n, size_t bits, uint32_t *t);

/* d = d^e mod m, with e big-endian, r2 as above. power hides e and has 19n + 1 words in t; power_public, 3n + 1, shows it. */
void mxtls_mont_power(uint32_t *d, const uint32_t *r2, const uint8_t *e, size_t size, const uint32_t *m, uint32_t m0, size_t n, uint32_t *t);
void mxtls_mont_power_public(uint32_t *d, const uint32_t *r2, const uint8_t *e, size_t size, const uint32_t *m, uint32_t m0, size_t n,
    uint32_t *t);

/* d = 1/x mod an odd m, for x below m, of 2 words at least. Returns 1, or 0 where there is none. t: 6n + 12 words. d may be x. */
uint32_t mxtls_big_inverse(uint32_t *d, const uint32_t *x, const uint32_t *m, size_t n, uint32_t *t);

/* X25519 (RFC 7748): out = the u coordinate of k * u, little-endian. 0 where it is all zero. */
uint32_t mxtls_x25519(uint8_t out[32], const uint8_t k[32], const uint8_t u[32]);

/* Ed25519 (RFC 8032) as lib/mxtls/kernels/ed25519.py has it; n is 32 or 64. */
void mxtls_ed25519_base(uint8_t out[32], const uint8_t *k, size_t n);
void mxtls_ed25519_scalar(uint8_t out[32], const uint8_t r[64], const uint8_t k[64], const uint8_t a[32]);
uint32_t mxtls_ed25519_check(const uint8_t sig[64], const uint8_t k[64], const uint8_t public[32]);

/* Elliptic curves of lib/mxtls/kernels/ec.py. Each function works in w, MXTLS_EC_WORDS(c->words) words that it wipes. Points are
 * x and y, scalars and coordinates c->bytes big-endian bytes; 1 is success, and a refusal writes nothing. */
typedef struct {
    uint8_t number, bytes, words; /* a coordinate's */
    uint16_t bits;
    uint8_t teeth, tables, columns;
    uint32_t p0, n0; /* -1/p and -1/n mod 2^32 */
    const uint32_t *numbers, *comb;
} mxtls_curve;
#define MXTLS_EC_WORDS(words) (41 * (words) + 1)
const mxtls_curve *mxtls_curve_of(uint32_t number);
uint32_t mxtls_ec_public(const mxtls_curve *c, uint8_t *out, const uint8_t *d, uint32_t *w);
uint32_t mxtls_ec_ecdh(const mxtls_curve *c, uint8_t *out_x, const uint8_t *d, const uint8_t *point, uint32_t *w);
uint32_t mxtls_ecdsa_sign(const mxtls_curve *c, uint8_t *sig, const uint8_t *digest, size_t hlen, const uint8_t *d, const uint8_t *k,
    uint32_t *w);
uint32_t mxtls_ecdsa_verify(const mxtls_curve *c, const uint8_t *digest, size_t hlen, const uint8_t *sig, const uint8_t *point,
    uint32_t *w);

/* Numbers of n little-endian words again; masks are all ones or 0. mod: of values below m, d may be x or y. */
void mxtls_words_select(uint32_t *d, const uint32_t *x, uint32_t mask, size_t n); /* d = x where the mask is ones, else d stays */
uint32_t mxtls_words_zero(const uint32_t *x, size_t n);                           /* ones where x is 0 */
void mxtls_mod_add(uint32_t *d, const uint32_t *x, const uint32_t *y, const uint32_t *m, size_t n);
void mxtls_mod_sub(uint32_t *d, const uint32_t *x, const uint32_t *y, const uint32_t *m, size_t n);

/* d = 1/x mod an odd m of that many bits, 46 to 521, or 0 for 0; m0 is -1/m mod 2^32. d may be x. */
void mxtls_small_inverse(uint32_t *d, const uint32_t *x, const uint32_t *m, uint32_t m0, size_t n, size_t bits);

/* Products of 256 bits: r is neither x nor y. Modulo the primes of P-256 (Montgomery's products) and of Curve25519 d may be. */
void mxtls_mul256(uint32_t r[16], const uint32_t x[8], const uint32_t y[8]);
void mxtls_sqr256(uint32_t r[16], const uint32_t x[8]);
void mxtls_f25519_add(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]);
void mxtls_f25519_sub(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]);
void mxtls_f25519_mul(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]);
void mxtls_f25519_sqr(uint32_t d[8], const uint32_t x[8]);
void mxtls_f25519_mul_small(uint32_t d[8], const uint32_t x[8], uint32_t y);
void mxtls_f25519_invert(uint32_t d[8], const uint32_t x[8]);
void mxtls_f25519_load(uint32_t d[8], const uint8_t p[32]);
void mxtls_f25519_store(uint8_t p[32], uint32_t x[8]);
void mxtls_p256_add(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]);
void mxtls_p256_sub(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]);
void mxtls_p256_mul(uint32_t d[8], const uint32_t x[8], const uint32_t y[8]);
void mxtls_p256_sqr(uint32_t d[8], const uint32_t x[8]);

/* For the kernels themselves. */

void mxtls_sbox(uint32_t q[8]); /* AES's S-box of eight bit planes, without its constant 0x63 */

static inline uint32_t mxtls_rol(uint32_t x, int n) {
    return x << n | x >> (32 - n);
}

static inline uint32_t mxtls_be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t mxtls_le32(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline void mxtls_put_be32(uint8_t *p, uint32_t x) {
    p[0] = (uint8_t)(x >> 24);
    p[1] = (uint8_t)(x >> 16);
    p[2] = (uint8_t)(x >> 8);
    p[3] = (uint8_t)x;
}

static inline void mxtls_put_le32(uint8_t *p, uint32_t x) {
    p[0] = (uint8_t)x;
    p[1] = (uint8_t)(x >> 8);
    p[2] = (uint8_t)(x >> 16);
    p[3] = (uint8_t)(x >> 24);
}

/* Wipes what lies on the stack and holds keys: the compiler must believe that it is read. */
static inline void mxtls_forget(void *p, size_t n) {
    memset(p, 0, n);
    __asm__ volatile("" : : "r"(p) : "memory");
}

/* All ones where x, below 2**31 in size, is negative, else 0. The compiler cannot see what it computes, so it makes no branch of it. */
static inline uint32_t mxtls_negative(uint32_t x) {
    x >>= 31;
    __asm__("" : "+r"(x));
    return 0 - x;
}

#endif
