# SPDX-License-Identifier: MIT
"""kernels/md5.py in C: md5.c, by way of mxtls_native."""

from mxtls_native import hash_blocks as _blocks


def md5_blocks(state, buf, off, count):
    _blocks(1, state, buf, off, count)
