# SPDX-License-Identifier: MIT
"""kernels/ed25519.py in C: ed25519.c, by way of mxtls_native."""

from mxtls_native import ed25519_base, ed25519_check, ed25519_scalar  # noqa: F401
