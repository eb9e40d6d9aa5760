# SPDX-License-Identifier: MIT
"""kernels/ghash.py in C: ghash.c, by way of mxtls_native."""

from mxtls_native import GHASH_CTX, ghash, ghash_key  # noqa: F401
