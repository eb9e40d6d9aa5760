# SPDX-License-Identifier: MIT
"""kernels/ct.py in C: ct.c, by way of mxtls_native."""

from mxtls_native import ct_equal, ct_found, ct_hash_block, ct_padding, ct_select  # noqa: F401
