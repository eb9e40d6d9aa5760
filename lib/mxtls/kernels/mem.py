# SPDX-License-Identifier: MIT
"""Moving, mixing and wiping bytes. Called by the buffers, the record layer and everything that holds a secret.

The pure tier's slices cost a few heap objects; viper's and C's loops cost none.
"""


def copy(dst, doff, src, soff, n):
    """dst[doff:doff+n] = src[soff:soff+n]; the two may overlap."""
    if n:
        memoryview(dst)[doff : doff + n] = memoryview(src)[soff : soff + n]


def mix(dst, doff, src, soff, n):
    """dst[doff:doff+n] ^= src[soff:soff+n]"""
    for i in range(n):
        dst[doff + i] ^= src[soff + i]


def wipe(buf):
    """Zero a bytearray."""
    for i in range(len(buf)):
        buf[i] = 0
