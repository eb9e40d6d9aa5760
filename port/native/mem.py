# SPDX-License-Identifier: MIT
"""kernels/mem.py in C: mem.c, by way of mxtls_native."""

from mxtls_native import copy, mix, record_count, record_header, wipe  # noqa: F401
