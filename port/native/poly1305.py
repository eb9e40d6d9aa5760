# SPDX-License-Identifier: MIT
"""kernels/poly1305.py in C: poly1305.c, by way of mxtls_native."""

from mxtls_native import POLY1305_CTX, poly1305, poly1305_key, poly1305_tag  # noqa: F401
