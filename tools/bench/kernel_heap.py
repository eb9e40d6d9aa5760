# SPDX-License-Identifier: MIT
"""Frozen by tools/heap_profile.py, which bisects the heap it needs: one call of one kernel, or with 0 all but the call.

-m kernel_heap NAME 0|1
"""

import sys
from binascii import unhexlify

_G = (
    b"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    b"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def prepare(name):
    """(function, arguments) of a call that does the kernel's whole work."""
    out = bytearray(64)
    scalar = b"\x77" * 32
    if name[:2] == "ec":
        from mxtls.kernels import ec

        arguments = {
            "ecdsa_verify": (23, scalar, scalar + scalar, unhexlify(_G)),
            "ecdsa_sign": (23, out, scalar, scalar, scalar),
            "ec_public": (23, out, scalar),
            "ec_ecdh": (23, out, scalar, unhexlify(_G)),
        }[name]
        return getattr(ec, name), arguments
    if name == "x25519":
        from mxtls.kernels.x25519 import x25519

        return x25519, (bytearray(32), scalar, b"\x09" + bytes(31))
    if name == "rsa_public":
        from mxtls.kernels.rsa import rsa_public

        return rsa_public, (bytearray(256), b"\x55" * 256, b"\xaa" * 255 + b"\xab", b"\x01\x00\x01")
    if name == "ghash":
        from mxtls.kernels import ghash

        ctx = bytearray(ghash.GHASH_CTX)
        ghash.ghash_key(ctx, scalar[:16])
        return ghash.ghash, (ctx, bytearray(16), bytes(1024), 0, 1024)
    if name == "aes":
        from mxtls.kernels import aes

        ctx = bytearray(aes.AES_CTX)
        aes.aes_expand(ctx, scalar, 0, 16)
        return aes.aes_ctr, (ctx, bytearray(16), bytearray(1024), 0, 1024)
    if name == "sha256" or name == "sha384":
        from mxtls.crypto.hash import Hash

        return Hash(4 if name == "sha256" else 5).update, (bytes(1024), 0, 1024)
    if name == "drbg":
        from mxtls.crypto.drbg import random_into

        return random_into, (out, 0, 32)
    from mxtls.crypto.prf import prf

    return prf, (4, scalar, b"key expansion", out, out, 0, 64)


function, arguments = prepare(sys.argv[1])
if sys.argv[2] == "1":
    function(*arguments)
