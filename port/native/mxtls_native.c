/* SPDX-License-Identifier: MIT
 * The MicroPython module mxtls_native: the kernels under the names and arguments of lib/mxtls/kernels.
 *
 * What is out of a buffer's bounds is a ValueError, so that no call from Python reaches past the caller's memory. Arguments that
 * overlap, or a context that no key was put into, make wrong bytes at worst: no kernel takes an address or a count from bytes that it
 * has not checked or masked itself. Nothing is allocated. port/native/<kernel>.py takes its functions from here. The one source is a part of the firmware (micropython.mk,
 * micropython.cmake) or the file mxtls_native.mpy beside it (natmod/Makefile). */

#include "mxtls_native.h"
#if MICROPY_ENABLE_DYNRUNTIME
#include "py/dynruntime.h"
#else
#include "py/runtime.h"
#endif

/* A build may name a header with its own choice of the rows of FUNCTIONS: tools/native_functions.py makes one of what the modules of a
 * profile import. The linker leaves out what no row needs (-ffunction-sections, --gc-sections: rp2, esp32 and unix have both). */
#ifdef MXTLS_FUNCTIONS
#include MXTLS_FUNCTIONS
#pragma GCC diagnostic ignored "-Wunused-function"
#endif

#define THIS_VERSION 4 /* port/native/__init__.py asks for it: raise both when a function changes what it takes or gives */

static void refuse(void) {
    mp_raise_ValueError(MP_ERROR_TEXT("mxtls_native: out of bounds"));
}

static size_t length(mp_obj_t n) {
    /* In a file mp_obj_get_int drops what is above 32 bits; what is not small is out of bounds anyway. */
    mp_int_t value = mp_obj_is_small_int(n) ? MP_OBJ_SMALL_INT_VALUE(n) : -1;
    if (value < 0 || value >= 1 << 29) { /* so that no sum of two overflows */
        refuse();
    }
    return (size_t)value;
}

/* The memory at object[off:off + n]; to write it, flags is MP_BUFFER_RW. */
static uint8_t *span(mp_obj_t object, size_t off, size_t n, mp_uint_t flags) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(object, &info, flags);
    if (off > info.len || n > info.len - off) {
        refuse();
    }
    return (uint8_t *)info.buf + off;
}

static const uint8_t *in(mp_obj_t object, size_t n) {
    return span(object, 0, n, MP_BUFFER_READ);
}

static uint8_t *out(mp_obj_t object, size_t n) {
    return span(object, 0, n, MP_BUFFER_RW);
}

/* A context, which C takes as words. */
static void *words(mp_obj_t object, size_t n) {
    uint8_t *p = out(object, n);
    if ((uintptr_t)p & 3) {
        mp_raise_ValueError(MP_ERROR_TEXT("mxtls_native: a context begins at a multiple of 4"));
    }
    return p;
}

/* Hashes: (alg, state, buf, off, count), (alg, ctx, buf, off, n), (alg, ctx, out, off, size); HMAC: (alg, ctx, keyed, start, key),
 * (ctx, keyed, at), (alg, ctx, keyed, out, off, size) */

static uint32_t hash(mp_obj_t number) {
    size_t alg = length(number);
    if (alg < 1 || alg == 3 || alg > 6) {
        refuse();
    }
    return (uint32_t)alg;
}

static size_t block_of(uint32_t alg) {
    return alg < 5 ? 64 : 128;
}

static uint8_t *hash_ctx(uint32_t alg, mp_obj_t object) {
    return out(object, MXTLS_HASH_CTX(block_of(alg)));
}

static size_t digest_size(uint32_t alg, mp_obj_t n) {
    size_t size = length(n);
    if (size > block_of(alg) / 2) {
        refuse();
    }
    return size;
}

static mp_obj_t hash_blocks(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    uint32_t alg = hash(a[0]);
    size_t count = length(a[4]), block = block_of(alg);
    if (count > (1 << 29) / block) {
        refuse();
    }
    size_t state = alg == 1 ? 16 : alg == 2 ? 20 : block / 2;
    mxtls_hash_blocks(alg, out(a[1], state), span(a[2], length(a[3]), count * block, MP_BUFFER_READ), count);
    return mp_const_none;
}

static mp_obj_t hash_update(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    uint32_t alg = hash(a[0]);
    size_t n = length(a[4]);
    mxtls_hash_update(alg, hash_ctx(alg, a[1]), span(a[2], length(a[3]), n, MP_BUFFER_READ), n);
    return mp_const_none;
}

static mp_obj_t hash_digest(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    uint32_t alg = hash(a[0]);
    size_t size = digest_size(alg, a[4]);
    mxtls_hash_digest(alg, hash_ctx(alg, a[1]), span(a[2], length(a[3]), size, MP_BUFFER_RW), size);
    return mp_const_none;
}

static mp_obj_t hmac_rekey(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    uint32_t alg = hash(a[0]);
    mp_buffer_info_t start, key;
    mp_get_buffer_raise(a[3], &start, MP_BUFFER_READ);
    mp_get_buffer_raise(a[4], &key, MP_BUFFER_READ);
    if (start.len > block_of(alg) / 2 || key.len > block_of(alg)) {
        refuse();
    }
    mxtls_hmac_rekey(alg, hash_ctx(alg, a[1]), out(a[2], block_of(alg)), start.buf, start.len, key.buf, key.len);
    return mp_const_none;
}

static mp_obj_t hmac_begin(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mp_buffer_info_t keyed;
    mp_get_buffer_raise(a[1], &keyed, MP_BUFFER_READ);
    uint32_t alg = keyed.len == 64 ? 4 : 6; /* of their kind */
    mxtls_hmac_begin(alg, hash_ctx(alg, a[0]), span(a[1], length(a[2]), block_of(alg) / 2, MP_BUFFER_READ));
    return mp_const_none;
}

static mp_obj_t hmac_digest(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    uint32_t alg = hash(a[0]);
    size_t size = digest_size(alg, a[5]);
    uint8_t *tag = span(a[3], length(a[4]), size, MP_BUFFER_RW);
    mxtls_hmac_digest(alg, hash_ctx(alg, a[1]), in(a[2], block_of(alg)), tag, size);
    return mp_const_none;
}

/* AES: (ctx, key, off, nbytes), then (ctx, iv, buf, off, n) */

static mp_obj_t aes_expand(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[3]);
    if (n != 16 && n != 24 && n != 32) {
        refuse();
    }
    mxtls_aes_expand(words(a[0], sizeof(mxtls_aes)), span(a[1], length(a[2]), n, MP_BUFFER_READ), n);
    return mp_const_none;
}

static const mxtls_aes *aes_of(mp_obj_t object) {
    const mxtls_aes *ctx = words(object, sizeof(mxtls_aes));
    if (ctx->rounds != 10 && ctx->rounds != 12 && ctx->rounds != 14) { /* no key, or one that was wiped */
        refuse();
    }
    return ctx;
}

static mp_obj_t aes(const mp_obj_t *a, size_t unit, void (*mode)(const mxtls_aes *, uint8_t *, uint8_t *, size_t)) {
    const mxtls_aes *ctx = aes_of(a[0]);
    size_t n = length(a[4]);
    if (n & (unit - 1)) {
        refuse();
    }
    mode(ctx, out(a[1], 16), span(a[2], length(a[3]), n, MP_BUFFER_RW), n);
    return mp_const_none;
}

static mp_obj_t aes_ctr(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    return aes(a, 1, mxtls_aes_ctr);
}

static mp_obj_t aes_cbc_encrypt(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    return aes(a, 16, mxtls_aes_cbc_encrypt);
}

static mp_obj_t aes_cbc_decrypt(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    return aes(a, 16, mxtls_aes_cbc_decrypt);
}

/* Triple DES and SEED: (ctx, key, off), then (ctx, iv, buf, off, n). RC4: (state, key, off, n), then (state, buf, off, n) */

#define CBC(name, block, nbytes) \
    static mp_obj_t name##_expand(size_t n_args, const mp_obj_t *a) { \
        (void)n_args; \
        mxtls_##name##_expand(words(a[0], sizeof(mxtls_##name)), span(a[1], length(a[2]), nbytes, MP_BUFFER_READ)); \
        return mp_const_none; \
    } \
    CBC_WAY(name, block, encrypt) \
    CBC_WAY(name, block, decrypt)
#define CBC_WAY(name, block, way) \
    static mp_obj_t name##_cbc_##way(size_t n_args, const mp_obj_t *a) { \
        (void)n_args; \
        size_t n = length(a[4]); \
        if (n & (block - 1)) { \
            refuse(); \
        } \
        mxtls_##name##_cbc_##way(words(a[0], sizeof(mxtls_##name)), out(a[1], block), span(a[2], length(a[3]), n, MP_BUFFER_RW), n); \
        return mp_const_none; \
    }

CBC(des3, 8, 24)
CBC(seed, 16, 16)

static mp_obj_t rc4_init(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[3]);
    if (n < 1 || n > 256) {
        refuse();
    }
    mxtls_rc4_init((mxtls_rc4 *)out(a[0], sizeof(mxtls_rc4)), span(a[1], length(a[2]), n, MP_BUFFER_READ), n);
    return mp_const_none;
}

static mp_obj_t rc4_xor(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[3]);
    mxtls_rc4_xor((mxtls_rc4 *)out(a[0], sizeof(mxtls_rc4)), span(a[1], length(a[2]), n, MP_BUFFER_RW), n);
    return mp_const_none;
}

/* GHASH: (ctx, h), then (ctx, y, buf, off, n) */

static mp_obj_t ghash_key(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mxtls_ghash_expand(words(a[0], sizeof(mxtls_ghash_key)), in(a[1], 16));
    return mp_const_none;
}

static mp_obj_t ghash(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[4]);
    mxtls_ghash(words(a[0], sizeof(mxtls_ghash_key)), out(a[1], 16), span(a[2], length(a[3]), n, MP_BUFFER_READ), n);
    return mp_const_none;
}

/* ChaCha20: (state, buf, off, n). Poly1305: (ctx, key), (ctx, buf, off, n), (ctx, out, off) */

static mp_obj_t chacha20_xor(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[3]);
    mxtls_chacha20_xor(out(a[0], 48), span(a[1], length(a[2]), n, MP_BUFFER_RW), n);
    return mp_const_none;
}

static mp_obj_t poly1305_key(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mxtls_poly1305_key(words(a[0], sizeof(mxtls_poly1305_ctx)), in(a[1], 32));
    return mp_const_none;
}

static mp_obj_t poly1305(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[3]);
    mxtls_poly1305(words(a[0], sizeof(mxtls_poly1305_ctx)), span(a[1], length(a[2]), n, MP_BUFFER_READ), n);
    return mp_const_none;
}

static mp_obj_t poly1305_tag(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mxtls_poly1305_tag(words(a[0], sizeof(mxtls_poly1305_ctx)), span(a[1], length(a[2]), 16, MP_BUFFER_RW));
    return mp_const_none;
}

/* AEADs: GCM (aes, key, head, buf, off, n), CCM (aes, size, head, buf, off, n), ChaCha20-Poly1305 (state, head, buf, off, n) */

typedef struct {
    const uint8_t *head;
    uint8_t *text;
    size_t naad, n;
} message;

/* Of the last four arguments: head ends in a nonce of 12 bytes, behind the text is room for a tag of `size`. */
static message message_of(const mp_obj_t *a, size_t size) {
    mp_buffer_info_t head;
    mp_get_buffer_raise(a[0], &head, MP_BUFFER_READ);
    size_t n = length(a[3]);
    if (head.len < 12 || head.len >= 1 << 29) {
        refuse();
    }
    return (message){head.buf, span(a[1], length(a[2]), n + size, MP_BUFFER_RW), head.len - 12, n};
}

static mp_obj_t gcm_seal(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    message m = message_of(a + 2, 16);
    mxtls_gcm_seal(aes_of(a[0]), words(a[1], sizeof(mxtls_ghash_key)), m.head, m.naad, m.text, m.n);
    return mp_const_none;
}

static mp_obj_t gcm_open(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    message m = message_of(a + 2, 16);
    return MP_OBJ_NEW_SMALL_INT(mxtls_gcm_open(aes_of(a[0]), words(a[1], sizeof(mxtls_ghash_key)), m.head, m.naad, m.text, m.n));
}

static size_t ccm_size(mp_obj_t object) {
    size_t n = length(object);
    if (n != 8 && n != 16) {
        refuse();
    }
    return n;
}

static message ccm_message(const mp_obj_t *a, size_t size) {
    message m = message_of(a, size);
    if (m.naad >= 65280 || m.n >= 1 << 24) {
        refuse();
    }
    return m;
}

static mp_obj_t ccm_seal(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t size = ccm_size(a[1]);
    message m = ccm_message(a + 2, size);
    mxtls_ccm_seal(aes_of(a[0]), size, m.head, m.naad, m.text, m.n);
    return mp_const_none;
}

static mp_obj_t ccm_open(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t size = ccm_size(a[1]);
    message m = ccm_message(a + 2, size);
    return MP_OBJ_NEW_SMALL_INT(mxtls_ccm_open(aes_of(a[0]), size, m.head, m.naad, m.text, m.n));
}

static mp_obj_t chacha20poly1305_seal(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    message m = message_of(a + 1, 16);
    mxtls_chacha20poly1305_seal(out(a[0], 48), m.head, m.naad, m.text, m.n);
    return mp_const_none;
}

static mp_obj_t chacha20poly1305_open(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    message m = message_of(a + 1, 16);
    return MP_OBJ_NEW_SMALL_INT(mxtls_chacha20poly1305_open(out(a[0], 48), m.head, m.naad, m.text, m.n));
}

/* Memory: (dst, doff, src, soff, n), (buf) */

static mp_obj_t copy(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[4]);
    mxtls_copy(span(a[0], length(a[1]), n, MP_BUFFER_RW), span(a[2], length(a[3]), n, MP_BUFFER_READ), n);
    return mp_const_none;
}

static mp_obj_t mix(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[4]);
    mxtls_mix(span(a[0], length(a[1]), n, MP_BUFFER_RW), span(a[2], length(a[3]), n, MP_BUFFER_READ), n);
    return mp_const_none;
}

static mp_obj_t wipe(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mp_buffer_info_t info;
    mp_get_buffer_raise(a[0], &info, MP_BUFFER_RW);
    mxtls_wipe(info.buf, info.len);
    return mp_const_none;
}

/* (buf, off, kind, version, n) */
static mp_obj_t record_header(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    uint8_t *header = span(a[0], length(a[1]), 5, MP_BUFFER_RW);
    mxtls_record_header(header, (uint32_t)length(a[2]), (uint32_t)length(a[3]), (uint32_t)length(a[4]));
    return mp_const_none;
}

/* (number) */
static mp_obj_t record_count(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    return MP_OBJ_NEW_SMALL_INT(mxtls_record_count(out(a[0], 8)));
}

/* (a, aoff, b, boff, n) */
static mp_obj_t ct_equal(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[4]);
    const uint8_t *p = span(a[0], length(a[1]), n, MP_BUFFER_READ);
    return MP_OBJ_NEW_SMALL_INT(mxtls_ct_equal(p, span(a[2], length(a[3]), n, MP_BUFFER_READ), n));
}

/* (dst, src, n, take) */
static mp_obj_t ct_select(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[2]);
    mxtls_ct_select(out(a[0], n), in(a[1], n), n, (uint32_t)mp_obj_get_int(a[3]));
    return mp_const_none;
}

/* (buf, off, n, size) */
static mp_obj_t ct_padding(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = length(a[2]), size = length(a[3]);
    if (n <= size || n > 65535) {
        refuse();
    }
    return MP_OBJ_NEW_SMALL_INT(mxtls_ct_padding(span(a[0], length(a[1]), n, MP_BUFFER_READ), (uint32_t)n, (uint32_t)size));
}

/* (out, head, hlen, buf, off, at, most, end) */
static mp_obj_t ct_hash_block(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mp_buffer_info_t block;
    mp_get_buffer_raise(a[0], &block, MP_BUFFER_RW);
    size_t hlen = length(a[2]), at = length(a[5]), most = length(a[6]);
    uint32_t end = (uint32_t)mp_obj_get_int(a[7]); /* secret: not compared */
    if ((block.len != 64 && block.len != 128) || most < hlen) {
        refuse();
    }
    const uint8_t *buf = span(a[3], length(a[4]), most - hlen, MP_BUFFER_READ);
    return MP_OBJ_NEW_SMALL_INT(mxtls_ct_hash_block(block.buf, (uint32_t)block.len, in(a[1], hlen), (uint32_t)hlen, buf, (uint32_t)at,
        (uint32_t)most, end));
}

/* (mac, size, buf, off, most, at) */
static mp_obj_t ct_found(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t size = length(a[1]), most = length(a[4]);
    const uint8_t *mac = in(a[0], size), *buf = span(a[2], length(a[3]), most + size, MP_BUFFER_READ);
    return MP_OBJ_NEW_SMALL_INT(mxtls_ct_found(mac, (uint32_t)size, buf, (uint32_t)most, (uint32_t)mp_obj_get_int(a[5])));
}

/* RSA: (out, x, n, e, work), (out, x, n, e, crt, blind, work). Diffie-Hellman: (out, base, x, p, work) */

static mp_buffer_info_t whole(mp_obj_t object) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(object, &info, MP_BUFFER_READ);
    if (info.len > 1 << 16) { /* so that no size of work overflows */
        refuse();
    }
    return info;
}

static mp_obj_t rsa_public(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mp_buffer_info_t x = whole(a[1]), n = whole(a[2]), e = whole(a[3]);
    uint32_t *work = words(a[4], 4 * MXTLS_RSA_PUBLIC_WORDS(n.len));
    return MP_OBJ_NEW_SMALL_INT(mxtls_rsa_public(out(a[0], n.len), x.buf, x.len, n.buf, n.len, e.buf, e.len, work));
}

static mp_obj_t rsa_private(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mp_buffer_info_t x = whole(a[1]), n = whole(a[2]), e = whole(a[3]), crt = whole(a[4]);
    size_t half = crt.len / 5;
    uint32_t *work = words(a[6], 4 * MXTLS_RSA_PRIVATE_WORDS(half));
    return MP_OBJ_NEW_SMALL_INT(mxtls_rsa_private(out(a[0], n.len), x.buf, x.len, n.buf, n.len, e.buf, e.len, crt.buf, half,
        in(a[5], n.len), work));
}

static mp_obj_t dh_power(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mp_buffer_info_t base = whole(a[1]), x = whole(a[2]), p = whole(a[3]);
    uint32_t *work = words(a[4], 4 * MXTLS_DH_WORDS(p.len));
    return MP_OBJ_NEW_SMALL_INT(mxtls_dh_power(out(a[0], p.len), base.buf, base.len, x.buf, x.len, p.buf, p.len, work));
}

/* Elliptic curves: (curve, .., scratch). What is not as long as the curve's numbers is answered 0, like a point off the curve. */

static size_t size(mp_obj_t object) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(object, &info, MP_BUFFER_READ);
    return info.len;
}

static size_t scratch_bytes(const mxtls_curve *c) {
    return c ? MXTLS_EC_WORDS((size_t)c->words) * sizeof(uint32_t) : 0;
}

/* How many bytes of scratch a curve's functions take; 0 where it is not in the build. */
static mp_obj_t ec_scratch(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    return MP_OBJ_NEW_SMALL_INT(scratch_bytes(mxtls_curve_of((uint32_t)mp_obj_get_int(a[0]))));
}

static const mxtls_curve *curve(mp_obj_t number) {
    const mxtls_curve *c = mxtls_curve_of((uint32_t)mp_obj_get_int(number));
    if (!c) {
        refuse();
    }
    return c;
}

/* (curve, out, d, scratch) */
static mp_obj_t ec_public(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    const mxtls_curve *c = curve(a[0]);
    uint8_t *xy = out(a[1], 2u * c->bytes);
    void *w = words(a[3], scratch_bytes(c));
    return MP_OBJ_NEW_SMALL_INT(size(a[2]) == c->bytes ? mxtls_ec_public(c, xy, in(a[2], c->bytes), w) : 0);
}

/* (curve, out_x, d, point, scratch) */
static mp_obj_t ec_ecdh(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    const mxtls_curve *c = curve(a[0]);
    uint8_t *x = out(a[1], c->bytes);
    void *w = words(a[4], scratch_bytes(c));
    int fit = size(a[2]) == c->bytes && size(a[3]) == 2u * c->bytes;
    return MP_OBJ_NEW_SMALL_INT(fit ? mxtls_ec_ecdh(c, x, in(a[2], c->bytes), in(a[3], 2u * c->bytes), w) : 0);
}

/* (curve, sig, digest, d, k, scratch) */
static mp_obj_t ecdsa_sign(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    const mxtls_curve *c = curve(a[0]);
    uint8_t *sig = out(a[1], 2u * c->bytes);
    void *w = words(a[5], scratch_bytes(c));
    size_t hlen = size(a[2]);
    int fit = size(a[3]) >= c->bytes && size(a[4]) >= c->bytes;
    return MP_OBJ_NEW_SMALL_INT(fit ? mxtls_ecdsa_sign(c, sig, in(a[2], hlen), hlen, in(a[3], c->bytes), in(a[4], c->bytes), w) : 0);
}

/* (curve, digest, sig, point, scratch) */
static mp_obj_t ecdsa_verify(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    const mxtls_curve *c = curve(a[0]);
    void *w = words(a[4], scratch_bytes(c));
    size_t hlen = size(a[1]), n = 2u * c->bytes;
    int fit = size(a[2]) == n && size(a[3]) == n;
    return MP_OBJ_NEW_SMALL_INT(fit ? mxtls_ecdsa_verify(c, in(a[1], hlen), hlen, in(a[2], n), in(a[3], n), w) : 0);
}

/* (out, k, u) */
static mp_obj_t x25519(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    return MP_OBJ_NEW_SMALL_INT(mxtls_x25519(out(a[0], 32), in(a[1], 32), in(a[2], 32)));
}

/* (out, k) */
static mp_obj_t ed25519_base(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    size_t n = size(a[1]);
    if (n != 32 && n != 64) {
        refuse();
    }
    mxtls_ed25519_base(out(a[0], 32), in(a[1], n), n);
    return mp_const_none;
}

/* (out, r, k, a) */
static mp_obj_t ed25519_scalar(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    mxtls_ed25519_scalar(out(a[0], 32), in(a[1], 64), in(a[2], 64), in(a[3], 32));
    return mp_const_none;
}

/* (sig, k, public) */
static mp_obj_t ed25519_check(size_t n_args, const mp_obj_t *a) {
    (void)n_args;
    const uint8_t *k = in(a[1], 64);
    int fit = size(a[0]) == 64 && size(a[2]) == 32;
    return MP_OBJ_NEW_SMALL_INT(fit ? mxtls_ed25519_check(in(a[0], 64), k, in(a[2], 32)) : 0);
}

/* Every function, with how many arguments it takes. */
#ifndef FUNCTIONS
#define FUNCTIONS(F) \
    F(hash_blocks, 5) F(hash_update, 5) F(hash_digest, 5) F(hmac_rekey, 5) F(hmac_begin, 3) F(hmac_digest, 6) \
    F(aes_expand, 4) F(aes_ctr, 5) F(aes_cbc_encrypt, 5) F(aes_cbc_decrypt, 5) \
    F(des3_expand, 3) F(des3_cbc_encrypt, 5) F(des3_cbc_decrypt, 5) F(seed_expand, 3) F(seed_cbc_encrypt, 5) F(seed_cbc_decrypt, 5) \
    F(rc4_init, 4) F(rc4_xor, 4) \
    F(ghash_key, 2) F(ghash, 5) F(chacha20_xor, 4) F(poly1305_key, 2) F(poly1305, 4) F(poly1305_tag, 3) \
    F(gcm_seal, 6) F(gcm_open, 6) F(ccm_seal, 6) F(ccm_open, 6) F(chacha20poly1305_seal, 5) F(chacha20poly1305_open, 5) \
    F(copy, 5) F(mix, 5) F(wipe, 1) F(record_header, 5) F(record_count, 1) F(ct_equal, 5) F(ct_select, 4) F(ct_padding, 4) F(ct_hash_block, 8) F(ct_found, 6) \
    F(rsa_public, 5) F(rsa_private, 7) F(dh_power, 5) \
    F(ec_scratch, 1) F(ec_public, 4) F(ec_ecdh, 5) F(ecdsa_sign, 6) F(ecdsa_verify, 5) F(x25519, 3) \
    F(ed25519_base, 2) F(ed25519_scalar, 4) F(ed25519_check, 3)
#endif

/* Every number: the VERSION, and the bytes of each context. */
#define NUMBERS(N) \
    N(VERSION, THIS_VERSION) N(AES_CTX, sizeof(mxtls_aes)) N(DES3_CTX, sizeof(mxtls_des3)) N(SEED_CTX, sizeof(mxtls_seed)) \
    N(RC4_STATE, sizeof(mxtls_rc4)) N(GHASH_CTX, sizeof(mxtls_ghash_key)) N(POLY1305_CTX, sizeof(mxtls_poly1305_ctx))

#define OBJECT(name, n) static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(name##_obj, n, n, name);
FUNCTIONS(OBJECT)

#if MICROPY_ENABLE_DYNRUNTIME

/* A file has no libc: what the compiler makes of assignments and loops. */
void *memcpy(void *dst, const void *src, size_t n) {
    return mp_fun_table.memmove_(dst, src, n);
}

void *memset(void *dst, int c, size_t n) {
    return mp_fun_table.memset_(dst, c, n);
}

#define STORE(name, n) mp_store_global(MP_QSTR_##name, MP_OBJ_FROM_PTR(&name##_obj));
#define STORE_NUMBER(name, value) mp_store_global(MP_QSTR_##name, MP_OBJ_NEW_SMALL_INT(value));

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    (void)n_args, (void)n_kw, (void)args;
    MP_DYNRUNTIME_INIT_ENTRY
    NUMBERS(STORE_NUMBER)
    FUNCTIONS(STORE)
    MP_DYNRUNTIME_INIT_EXIT
}

#else

#define ROW(name, n) {MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_PTR(&name##_obj)},
#define ROW_NUMBER(name, value) {MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_INT(value)},

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_mxtls_native)},
    NUMBERS(ROW_NUMBER)
    FUNCTIONS(ROW)
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t mxtls_native_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};

MP_REGISTER_MODULE(MP_QSTR_mxtls_native, mxtls_native_module);

#endif
