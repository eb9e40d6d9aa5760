# SPDX-License-Identifier: MIT
"""kernels/rc4.py in C: rc4.c, by way of mxtls_native."""

from mxtls_native import RC4_STATE, rc4_init, rc4_xor  # noqa: F401
