# SPDX-License-Identifier: MIT
"""kernels/mem.py in viper: byte loops that allocate nothing. A store takes the low eight bits."""

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


@micropython.viper
def record_header(buf, off: int, kind: int, version: int, n: int):
    b = ptr8(buf)
    b[off] = kind
    b[off + 1] = version >> 8
    b[off + 2] = version
    b[off + 3] = n >> 8
    b[off + 4] = n


@micropython.viper
def record_count(number) -> int:
    b = ptr8(number)
    i = 7
    while b[i] == 255:
        if i == 0:
            return 0
        i -= 1
    b[i] = b[i] + 1
    while i < 7:
        i += 1
        b[i] = 0
    return 1
