# SPDX-License-Identifier: MIT
"""Run by test_native.py on a MicroPython with mxtls_native: nothing reaches past a buffer, and the sizes are those C has."""

import mxtls_native as native

b16, b15, b64, state = bytearray(16), bytearray(15), bytearray(64), bytearray(64)
ctx = bytearray(100)
aes, ghash, poly = bytearray(native.AES_CTX), bytearray(native.GHASH_CTX), bytearray(native.POLY1305_CTX)
native.aes_expand(aes, b64, 0, 16)
des3, seed, rc4 = bytearray(native.DES3_CTX), bytearray(native.SEED_CTX), bytearray(native.RC4_STATE)
broken, wiped, odd = bytearray(b"\xff" * len(aes)), bytearray(len(aes)), bytearray(b"\x0b\0\0\0") + bytearray(len(aes) - 4)
curve = bytearray(native.ec_scratch(25))
BAD = (
    (native.hash_blocks, 2, state, b64, 0, 2),
    (native.hash_blocks, 2, state, b64, 1, 1),
    (native.hash_blocks, 4, b16, b64, 0, 1),
    (native.hash_blocks, 4, state, b64, 0, -1),
    (native.hash_blocks, 4, state, b64, 0, 1 << 26),
    (native.hash_blocks, 6, state, b64, 0, 1),
    (native.hash_blocks, 1, b15, b64, 0, 1),
    (native.hash_blocks, 3, state, b64, 0, 1),
    (native.hash_update, 4, bytearray(99), b64, 0, 1),
    (native.hash_update, 5, bytearray(195), b64, 0, 1),
    (native.hash_update, 4, ctx, b64, 60, 5),
    (native.hash_update, 7, ctx, b64, 0, 1),
    (native.hash_digest, 4, ctx, b16, 0, 17),
    (native.hash_digest, 4, ctx, b64, 0, 33),
    (native.hash_digest, 5, ctx, b64, 0, 48),
    (native.hmac_rekey, 4, ctx, bytearray(63), b16, b16),
    (native.hmac_rekey, 4, ctx, b64, bytearray(33), b16),
    (native.hmac_rekey, 4, ctx, b64, b16, bytearray(65)),
    (native.hmac_begin, ctx, b64, 33),
    (native.hmac_begin, ctx, bytearray(128), 0),
    (native.hmac_digest, 4, ctx, bytearray(63), b64, 0, 32),
    (native.hmac_digest, 4, ctx, b64, b64, 33, 32),
    (native.aes_expand, aes, b64, 0, 17),
    (native.aes_expand, aes, b64, 60, 16),
    (native.aes_expand, bytearray(native.AES_CTX - 1), b64, 0, 16),
    (native.aes_expand, memoryview(bytearray(300))[1:], b64, 0, 16),
    (native.aes_ctr, aes, b15, b64, 0, 16),
    (native.aes_ctr, aes, b16, b64, 60, 5),
    (native.aes_ctr, aes, b16, b64, -1, 5),
    (native.aes_ctr, broken, b16, b64, 0, 16),
    (native.aes_ctr, wiped, b16, b64, 0, 16),
    (native.aes_cbc_encrypt, odd, b16, b64, 0, 16),
    (native.aes_ctr, aes, b16, b64, 1 << 40, 1),
    (native.aes_ctr, aes, b16, b64, 1, (1 << 32) - 1),
    (native.aes_cbc_encrypt, aes, b16, b64, 0, 17),
    (native.aes_cbc_decrypt, aes, b16, b64, 0, 80),
    (native.des3_expand, des3, b64, 41),
    (native.des3_expand, b64, b64, 0),
    (native.des3_cbc_encrypt, des3, b16, b64, 0, 12),
    (native.des3_cbc_encrypt, des3, bytearray(7), b64, 0, 8),
    (native.des3_cbc_decrypt, des3, b16, b64, 8, 64),
    (native.des3_cbc_decrypt, memoryview(bytearray(400))[1:], b16, b64, 0, 8),
    (native.seed_expand, seed, b15, 0),
    (native.seed_cbc_encrypt, seed, b16, b64, 0, 8),
    (native.seed_cbc_encrypt, b64, b16, b64, 0, 16),
    (native.seed_cbc_decrypt, seed, b15, b64, 0, 16),
    (native.rc4_init, rc4, b64, 0, 0),
    (native.rc4_init, rc4, bytearray(300), 0, 257),
    (native.rc4_init, bytearray(257), b16, 0, 16),
    (native.rc4_xor, rc4, b64, 60, 5),
    (native.ghash_key, ghash, b15),
    (native.ghash, ghash, b16, b64, 1, 64),
    (native.chacha20_xor, b16, b64, 0, 1),
    (native.chacha20_xor, state, b64, 0, 65),
    (native.poly1305_key, poly, b16),
    (native.poly1305, poly, b64, 65, 0),
    (native.poly1305_tag, poly, b16, 1),
    (native.gcm_seal, aes, ghash, bytes(11), b64, 0, 16),
    (native.gcm_seal, aes, ghash, bytes(12), b64, 0, 49),
    (native.gcm_seal, aes, b15, bytes(12), b64, 0, 16),
    (native.gcm_open, broken, ghash, bytes(12), b64, 0, 16),
    (native.gcm_open, aes, ghash, bytes(12), b64, 49, 0),
    (native.gcm_seal, wiped, ghash, bytes(12), b64, 0, 16),
    (native.ccm_open, wiped, 8, bytes(12), b64, 0, 16),
    (native.ccm_seal, aes, 12, bytes(12), b64, 0, 16),
    (native.ccm_seal, aes, 8, bytes(12), b64, 0, 57),
    (native.ccm_open, aes, 16, bytes(12 + 65280), b64, 0, 16),
    (native.chacha20poly1305_seal, bytearray(47), bytes(12), b64, 0, 16),
    (native.chacha20poly1305_seal, state, bytes(12), b64, 0, -1),
    (native.chacha20poly1305_open, state, b"", b64, 0, 16),
    (native.copy, b16, 1, b64, 0, 16),
    (native.copy, b64, 0, b16, 1, 16),
    (native.ct_equal, b16, 0, b15, 0, 16),
    (native.ct_select, b16, b15, 16, 1),
    (native.ct_padding, b64, 0, 20, 20),
    (native.ct_padding, b64, 0, 65, 20),
    (native.ct_hash_block, b16, b64, 13, b64, 0, 0, 20, 20),
    (native.ct_hash_block, state, b64, 13, b64, 0, 0, 78, 20),
    (native.ct_found, b16, 16, b64, 0, 49, 3),
    (native.ec_public, 22, b64, b64, curve),
    (native.ec_public, 23, b16, b64, curve),
    (native.ec_public, 23, b64, b64, bytearray(native.ec_scratch(23) - 1)),
    (native.ec_public, 23, b64, b64, memoryview(curve)[1:]),
    (native.ec_ecdh, 24, b15, b64, b64, curve),
    (native.ec_ecdh, 25, bytearray(66), b64, b64, b64),
    (native.ecdsa_sign, 24, b64, b64, b64, b64, curve),
    (native.ecdsa_verify, 0, b64, b64, b64, curve),
    (native.ecdsa_verify, 25, b64, b64, b64, bytearray(native.ec_scratch(24))),
    (native.x25519, b16, b64, b64),
    (native.x25519, b64, b15, b64),
    (native.x25519, b64, b64, b15),
    (native.ed25519_base, b16, b64),
    (native.ed25519_base, b64, b16),
    (native.ed25519_scalar, b64, b64, b16, b64),
    (native.ed25519_check, b64, b16, b64),
)
work = bytearray(24 * 16 + 4)  # what a modulus of 64 bytes needs
BAD += (
    (native.rsa_public, b15, b64, b64, b16, work),
    (native.rsa_public, b64, b64, b64, b16, work[1:]),
    (native.rsa_public, b64, b64, b64, b16, memoryview(bytearray(500))[1:]),
    (native.rsa_public, b64, b64, bytes((1 << 16) + 1), b16, work),
    (native.rsa_private, b15, b64, b64, b16, bytes(160), b64, bytearray(960)),
    (native.rsa_private, b64, b64, b64, b16, bytes(160), b15, bytearray(960)),
    (native.rsa_private, b64, b64, b64, b16, bytes(160), b64, bytearray(959)),
    (native.dh_power, b15, b16, b16, b64, bytearray(1412)),
    (native.dh_power, b64, b16, b16, b64, bytearray(1411)),
)
for function, *arguments in BAD:
    try:
        function(*arguments)
        print("bounds: accepted", function, arguments)
        raise SystemExit(1)
    except ValueError:
        pass
for function, *arguments in ((native.aes_ctr, aes, b16, bytes(16), 0, 16), (native.gcm_open, aes, ghash, bytes(12), bytes(32), 0, 16), (native.wipe, b"constant"), (native.aes_ctr, aes, b16, 5, 0, 0)):
    try:
        function(*arguments)
        print("bounds: wrote", function)
        raise SystemExit(1)
    except TypeError:
        pass
for done in (
    native.rsa_public(b64, b64, b"", b"", work),
    native.rsa_private(b64, b64, b"", b"", b"", b"", work),
    native.rsa_private(b64, b64, b64, b16, bytes(5), b64, work),
    native.dh_power(b64, b"", b"", b"", work),
):
    if done:
        print("bounds: made something of nothing")
        raise SystemExit(1)
if [len(c) for c in (aes, des3, seed, rc4, ghash, poly)] != [244, 384, 128, 258, 48, 52]:
    print("bounds: the contexts have other sizes")
    raise SystemExit(1)
if [native.ec_scratch(c) for c in (22, 23, 24, 25)] != [0, 1316, 1972, 2792]:
    print("bounds: the curves' scratch has other sizes")
    raise SystemExit(1)
# Arguments that overlap make wrong bytes, and nothing else: here each kernel runs over its own key or state.
for function, *arguments in (
    (native.aes_ctr, aes, b16, aes, 0, len(aes)),
    (native.aes_cbc_decrypt, aes, memoryview(aes)[:16], aes, 0, 240),
    (native.ccm_open, aes, 8, aes, aes, 0, len(aes) - 8),
    (native.gcm_seal, aes, ghash, aes, aes, 0, len(aes) - 16),
    (native.gcm_seal, aes, ghash, ghash, ghash, 0, 32),
    (native.hash_update, 4, ctx, ctx, 0, 100),
    (native.rc4_xor, rc4, rc4, 0, len(rc4)),
):
    native.aes_expand(aes, b64, 0, 16)
    function(*arguments)
print("bounds: refused")
