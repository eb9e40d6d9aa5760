# SPDX-License-Identifier: MIT
"""kernels/sha1.py in viper (FIPS 180-4 section 6.1): no branch on a secret, no allocation.

x, y and z, always called with 0, are working variables: viper keeps a function's first three locals in registers.
"""

import micropython

_SCRATCH = bytearray(84)  # the last 16 words of the message schedule, then the hash value


@micropython.viper
def _blocks(x: uint, y: uint, z: uint, state, buf, off: int, count: int):
    s = ptr8(state)
    m = ptr8(buf)
    w = ptr32(_SCRATCH)
    k0 = uint(0x5A827999)  # objects, so not in the loop
    k1 = uint(0x6ED9EBA1)
    k2 = uint(0x8F1BBCDC)
    k3 = uint(0xCA62C1D6)
    i = 0
    while i < 5:
        j = i << 2
        w[16 + i] = s[j] << 24 | s[j + 1] << 16 | s[j + 2] << 8 | s[j + 3]
        i += 1
    while count:
        count -= 1
        x = uint(w[16])
        b = uint(w[17])
        c = uint(w[18])
        d = uint(w[19])
        e = uint(w[20])
        i = 0
        while i < 80:
            j = i & 15
            if i < 16:
                z = uint(m[off] << 24 | m[off + 1] << 16 | m[off + 2] << 8 | m[off + 3])
                off += 4
            else:
                z = uint(w[j] ^ w[i + 2 & 15] ^ w[i + 8 & 15] ^ w[i + 13 & 15])
                z = z << 1 | z >> 31
            w[j] = int(z)
            if i < 20:
                y = (d ^ b & (c ^ d)) + k0
            elif i < 40:
                y = (b ^ c ^ d) + k1
            elif i < 60:
                y = (b & c | d & (b | c)) + k2
            else:
                y = (b ^ c ^ d) + k3
            y += (x << 5 | x >> 27) + e + z
            e = d
            d = c
            c = b << 30 | b >> 2
            b = x
            x = y
            i += 1
        w[16] += int(x)
        w[17] += int(b)
        w[18] += int(c)
        w[19] += int(d)
        w[20] += int(e)
    i = 0
    while i < 5:
        j = i << 2
        x = uint(w[16 + i])
        s[j] = int(x >> 24)
        s[j + 1] = int(x >> 16)
        s[j + 2] = int(x >> 8)
        s[j + 3] = int(x)
        i += 1
    i = 0
    while i < 21:  # message and state may be secret
        w[i] = 0
        i += 1


def sha1_blocks(state, buf, off, count):
    _blocks(0, 0, 0, state, buf, off, count)
