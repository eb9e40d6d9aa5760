# SPDX-License-Identifier: MIT
"""kernels/sha256.py in viper (FIPS 180-4 section 6.2): allocates nothing, and is right on 64-bit ports too."""

import micropython

from mxtls.kernels.sha256_blocks import blocks

_SCRATCH = bytearray(96)  # the last 16 words of the message schedule, then the hash value


@micropython.viper
def sha256_blocks(state, buf, off: int, count: int):
    s = ptr8(state)
    w = ptr32(_SCRATCH)
    i = 0
    while i < 8:
        j = i << 2
        w[16 + i] = s[j] << 24 | s[j + 1] << 16 | s[j + 2] << 8 | s[j + 3]
        i += 1
    blocks(_SCRATCH, buf, off, count)
    i = 0
    while i < 8:
        j = i << 2
        x = uint(w[16 + i])
        s[j] = int(x >> 24)
        s[j + 1] = int(x >> 16)
        s[j + 2] = int(x >> 8)
        s[j + 3] = int(x)
        i += 1
    i = 0
    while i < 24:  # message and state may be secret
        w[i] = 0
        i += 1
