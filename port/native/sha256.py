# SPDX-License-Identifier: MIT
"""kernels/sha256.py in C, for tests: sha256_blocks is sha256.c, by way of mxtls_native's hash_blocks."""

from mxtls_native import hash_blocks as _blocks


def sha256_blocks(state, buf, off, count):
    _blocks(4, state, buf, off, count)
