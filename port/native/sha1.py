# SPDX-License-Identifier: MIT
"""kernels/sha1.py in C: sha1.c, by way of mxtls_native."""

from mxtls_native import sha1_blocks  # noqa: F401
