# SPDX-License-Identifier: MIT
"""kernels/ct.py in viper: allocates nothing, no branch or index on a secret."""

import micropython


@micropython.viper
def ct_equal(a, aoff: int, b, boff: int, n: int) -> int:
    """1 when n bytes are the same, else 0."""
    p = ptr8(a)
    q = ptr8(b)
    d = 0
    i = 0
    while i < n:
        d |= p[aoff + i] ^ q[boff + i]
        i += 1
    return (d - 1) >> 8 & 1
