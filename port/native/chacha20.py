# SPDX-License-Identifier: MIT
"""kernels/chacha20.py in C: chacha20.c, by way of mxtls_native."""

from mxtls_native import chacha20_xor  # noqa: F401
