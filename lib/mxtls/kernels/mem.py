# SPDX-License-Identifier: MIT
"""Moving, mixing and wiping bytes, and the few that each record has. Called by the buffers, the record layer and everything that holds a secret.

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


def record_header(buf, off, kind, version, n):
    """buf[off:off+5] = type, version and length of a record (RFC 5246 section 6.2.1)."""
    buf[off] = kind
    buf[off + 1] = version >> 8
    buf[off + 2] = version & 255
    buf[off + 3] = n >> 8
    buf[off + 4] = n & 255


def record_count(number):
    """One more in number[:8], a record's sequence number: 1, or 0 where it was the last one, and stays."""
    i = 7
    while number[i] == 255:
        if i == 0:
            return 0
        i -= 1
    number[i] += 1
    while i < 7:
        i += 1
        number[i] = 0
    return 1
