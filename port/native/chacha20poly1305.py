# SPDX-License-Identifier: MIT
"""kernels/chacha20poly1305.py in C: chacha20poly1305.c, by way of mxtls_native."""

from mxtls_native import chacha20poly1305_open, chacha20poly1305_seal  # noqa: F401
