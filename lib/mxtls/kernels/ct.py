# SPDX-License-Identifier: MIT
"""Comparisons whose time does not depend on the bytes compared. Called by crypto/, the record layer and the handshake."""


def ct_equal(a, aoff, b, boff, n):
    """1 when n bytes are the same, else 0."""
    d = 0
    for i in range(n):
        d |= a[aoff + i] ^ b[boff + i]
    return (d - 1) >> 8 & 1
