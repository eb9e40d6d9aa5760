# SPDX-License-Identifier: MIT
"""kernels/rsa.py in C: rsa.c, by way of mxtls_native. It works in a buffer that is wiped: with the private key 28 bytes for each
byte of the longer prime (3.6 KB at 2048 bits), without it 6 for each byte of the modulus (1.5 KB)."""

from mxtls_native import rsa_private as _private, rsa_public as _public

from mxtls.kernels.mem import wipe


def rsa_public(out, x, n, e):
    return _public(out, x, n, e, bytearray((len(n) + 3) // 4 * 24 + 4))


def rsa_private(out, x, n, e, crt, blind):
    work = bytearray((len(crt) // 5 + 3) // 4 * 112 + 64)
    done = _private(out, x, n, e, crt, blind, work)
    wipe(work)
    return done
