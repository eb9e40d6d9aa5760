# SPDX-License-Identifier: MIT
"""kernels/rc4.py in viper: no allocation. It indexes its state by secrets, as RC4 must."""

import micropython
from micropython import const

RC4_STATE = const(258)  # the permutation, i, j


@micropython.viper
def rc4_init(state, key, off: int, n: int):
    """Key the state with n bytes, 5 to 256."""
    s = ptr8(state)
    k = ptr8(key)
    i = 0
    while i < 258:
        s[i] = i
        i += 1
    s[256] = 0
    s[257] = 0
    j = 0
    m = 0
    i = 0
    while i < 256:
        x = s[i]
        j = (j + x + k[off + m]) & 255
        s[i] = s[j]
        s[j] = x
        m += 1
        if m == n:
            m = 0
        i += 1


@micropython.viper
def rc4_xor(state, buf, off: int, n: int):
    """XOR n bytes of buf with the keystream, which goes on from call to call."""
    s = ptr8(state)
    p = ptr8(buf)
    i = s[256]
    j = s[257]
    n += off
    while off < n:
        i = (i + 1) & 255
        x = s[i]
        j = (j + x) & 255
        y = s[j]
        s[i] = y
        s[j] = x
        p[off] = p[off] ^ s[(x + y) & 255]
        off += 1
    s[256] = i
    s[257] = j
