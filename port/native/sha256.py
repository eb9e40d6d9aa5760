# SPDX-License-Identifier: MIT
"""kernels/sha256.py in C: sha256.c, by way of mxtls_native."""

from mxtls_native import sha256_blocks  # noqa: F401
