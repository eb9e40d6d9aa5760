# SPDX-License-Identifier: MIT
"""Kernels against the package `cryptography` on random input and on edges of limbs and carries: the pure tier here, and the tiers
of emulated boards, which remote.py calls."""

import functools
import hashlib
import importlib
import random

import pytest
import remote

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import dh, ec, padding, rsa, utils, x25519  # noqa: E402
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305  # noqa: E402
from cryptography.hazmat.primitives.poly1305 import Poly1305  # noqa: E402

retired = pytest.importorskip("cryptography.hazmat.decrepit.ciphers.algorithms")

HASHES = {"sha1": (20, 64), "sha256": (32, 64), "sha512": (64, 128), "md5": (16, 64)}
CURVES = ((23, ec.SECP256R1()), (24, ec.SECP384R1()), (25, ec.SECP521R1()))


class Pure:
    """This interpreter's own kernels, called as a board's server is."""

    def call(self, name, given):
        module, _, name = name.partition(".")
        return getattr(importlib.import_module("mxtls.kernels." + module), name)(*given)

    def names(self, module):
        return vars(importlib.import_module("mxtls.kernels." + module))


def some(rng, n):
    """n bytes: random, or of a kind that carries far or hits the edge of a limb."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(n)
    if kind == 1:
        return bytes(rng.choices((0, 255, 254, 1, 128, 127), k=n))
    if kind == 2:
        return bytes([rng.choice((0, 255))]) * n
    return (((1 << rng.randrange(8 * n + 1)) + rng.choice((-1, 0, 1))) % (1 << 8 * n)).to_bytes(n, rng.choice(("big", "little")))


def reference(algorithm, mode, text, decrypt=False):
    cipher = Cipher(algorithm, mode)
    context = cipher.decryptor() if decrypt else cipher.encryptor()
    return context.update(text) + context.finalize()


def check_hash(server, rng, name):
    """One message by hand-made padding over the blocks kernel; the initial state is that of the empty prefix."""
    size, block = HASHES[name]
    message = some(rng, rng.choice((1, 55, 56, 63, 64, 111, 112, 128, rng.randrange(1, 500))))
    state = bytearray(importlib.import_module("mxtls.crypto.hash").BlockHash(name)._state) if False else None
    assert state is None
