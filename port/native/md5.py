# SPDX-License-Identifier: MIT
"""kernels/md5.py in C, for tests: md5_blocks is md5.c, by way of mxtls_native's hash_blocks."""

from mxtls_native import hash_blocks as _blocks


def md5_blocks(state, buf, off, count):
    _blocks(1, state, buf, off, count)
