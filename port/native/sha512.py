# SPDX-License-Identifier: MIT
"""kernels/sha512.py in C: sha512.c, by way of mxtls_native."""

from mxtls_native import sha512_blocks  # noqa: F401
