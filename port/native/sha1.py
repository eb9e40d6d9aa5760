# SPDX-License-Identifier: MIT
"""kernels/sha1.py in C, for tests: sha1_blocks is sha1.c, by way of mxtls_native's hash_blocks."""

from mxtls_native import hash_blocks as _blocks


def sha1_blocks(state, buf, off, count):
    _blocks(2, state, buf, off, count)
