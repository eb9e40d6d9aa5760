# SPDX-License-Identifier: MIT
"""kernels/x25519.py in C: x25519.c, by way of mxtls_native."""

from mxtls_native import x25519  # noqa: F401
