# SPDX-License-Identifier: MIT
"""kernels/hash.py in C: hash.c, by way of mxtls_native."""

from mxtls_native import hash_blocks, hash_digest, hash_update, hmac_begin, hmac_digest, hmac_rekey  # noqa: F401


def hash_load(alg):
    pass
