# SPDX-License-Identifier: MIT
"""kernels/sha512.py in C, for tests: sha512_blocks is sha512.c, by way of mxtls_native's hash_blocks."""

from mxtls_native import hash_blocks as _blocks


def sha512_blocks(state, buf, off, count):
    _blocks(6, state, buf, off, count)
