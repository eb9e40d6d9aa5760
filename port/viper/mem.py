# SPDX-License-Identifier: MIT
"""kernels/mem.py in viper: byte loops that allocate nothing."""

import micropython


@micropython.viper
def copy(dst, doff: int, src, soff: int, n: int):
    d = ptr8(dst)
    s = ptr8(src)
    if int(d) + doff <= int(s) + soff:
        i = 0
        while i < n:
            d[doff + i] = s[soff + i]
            i += 1
    else:
        i = n - 1
        while i >= 0:
            d[doff + i] = s[soff + i]
            i -= 1


@micropython.viper
def mix(dst, doff: int, src, soff: int, n: int):
    d = ptr8(dst)
    s = ptr8(src)
    i = 0
    while i < n:
        d[doff + i] = d[doff + i] ^ s[soff + i]
        i += 1


@micropython.viper
def wipe(buf):
    b = ptr8(buf)
    n = int(len(buf))
    i = 0
    while i < n:
        b[i] = 0
        i += 1
