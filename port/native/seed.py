# SPDX-License-Identifier: MIT
"""kernels/seed.py in C: seed.c, by way of mxtls_native."""

from mxtls_native import SEED_CTX, seed_cbc_decrypt, seed_cbc_encrypt, seed_expand  # noqa: F401
