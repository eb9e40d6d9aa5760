/* SPDX-License-Identifier: MIT
 * Running hashes (FIPS 180-4, RFC 1321) and HMAC (RFC 2104) over the compression functions. */

#include "mxtls_native.h"

static size_t block_of(uint32_t alg) {
    return alg < 5 ? 64 : 128;
}

void mxtls_hash_blocks(uint32_t alg, uint8_t *state, const uint8_t *buf, size_t count) {
    if (alg == 4) {
        mxtls_sha256_blocks(state, buf, count);
    } else if (alg == 2) {
        mxtls_sha1_blocks(state, buf, count);
    } else if (alg == 1) {
        mxtls_md5_blocks(state, buf, count);
    } else {
        mxtls_sha512_blocks(state, buf, count);
    }
}

void mxtls_hash_update(uint32_t alg, uint8_t *ctx, const uint8_t *buf, size_t n) {
    size_t block = block_of(alg), at, m;
    uint8_t *last = ctx + block / 2, *end = last + block;
    uint32_t count = mxtls_le32(end);
    at = count & (block - 1);
    mxtls_put_le32(end, count + (uint32_t)n);
    if (at) {
        m = n < block - at ? n : block - at;
        memcpy(last + at, buf, m);
        if (at + m < block) {
            return;
        }
        mxtls_hash_blocks(alg, ctx, last, 1);
        buf += m;
        n -= m;
    }
    m = n & (0 - block);
    if (m) {
        mxtls_hash_blocks(alg, ctx, buf, block == 64 ? m >> 6 : m >> 7);
    }
    memcpy(last, buf + m, n - m);
}

void mxtls_hash_digest(uint32_t alg, const uint8_t *ctx, uint8_t *out, size_t size) {
    uint8_t work[MXTLS_HASH_CTX(128)];
    size_t block = block_of(alg), half = block / 2;
    uint32_t count = mxtls_le32(ctx + half + block);
    uint8_t *last = work + half, *end = last + block, *p = last + (count & (block - 1));
    memcpy(work, ctx, half + block);
    *p++ = 0x80;
    memset(p, 0, (size_t)(end - p));
    if ((size_t)(end - p) < block / 8) {
        mxtls_hash_blocks(alg, work, last, 1);
        memset(last, 0, block);
    }
    if (alg == 1) {
        mxtls_put_le32(end - 8, count << 3);
    } else {
        mxtls_put_be32(end - 4, count << 3);
    }
    mxtls_hash_blocks(alg, work, last, 1);
    memcpy(out, work, size);
}

void mxtls_hmac_rekey(uint32_t alg, uint8_t *ctx, uint8_t *keyed, const uint8_t *start, size_t slen, const uint8_t *key, size_t n) {
    size_t block = block_of(alg), half = block / 2;
    for (size_t at = 0; at < block; at += half) {
        uint8_t *last = ctx + half;
        memset(last, at ? 0x5C : 0x36, block);
        mxtls_mix(last, key, n);
        memcpy(keyed + at, start, slen);
        mxtls_hash_blocks(alg, keyed + at, last, 1);
    }
    mxtls_wipe(ctx + half, block);
    mxtls_hmac_begin(alg, ctx, keyed);
}

void mxtls_hmac_begin(uint32_t alg, uint8_t *ctx, const uint8_t *state) {
    size_t block = block_of(alg);
    memcpy(ctx, state, block / 2);
    mxtls_put_le32(ctx + block / 2 + block, (uint32_t)block);
}

void mxtls_hmac_digest(uint32_t alg, uint8_t *ctx, const uint8_t *keyed, uint8_t *out, size_t size) {
    uint8_t inner[64];
    mxtls_hash_digest(alg, ctx, inner, size);
    mxtls_hmac_begin(alg, ctx, keyed + block_of(alg) / 2);
    mxtls_hash_update(alg, ctx, inner, size);
    mxtls_hash_digest(alg, ctx, out, size);
    mxtls_hmac_begin(alg, ctx, keyed);
}
