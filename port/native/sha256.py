# SPDX-License-Identifier: MIT
"""kernels/sha256.py in C: sha256.c, by way of mxtls_native."""

from mxtls_native import hash_blocks as _blocks


def sha256_blocks(state, buf, off, count):
    _blocks(4, state, buf, off, count)
