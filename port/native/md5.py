# SPDX-License-Identifier: MIT
"""kernels/md5.py in C: md5.c, by way of mxtls_native."""

from mxtls_native import md5_blocks  # noqa: F401
