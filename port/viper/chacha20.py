# SPDX-License-Identifier: MIT
"""kernels/chacha20.py in viper: no branch or index on a secret, no allocation. The state begins at a multiple of 4.

The keystream is XORed a word at a time where the words of the buffer lie, so that any offset is as good as another: a word of
the buffer takes the end of one word of the keystream and the beginning of the next.
"""

import micropython

from mxtls.kernels.chacha20_rounds import block

_SCRATCH = bytearray(128)  # the state as 16 words, then a block of keystream


@micropython.viper
def chacha20_xor(state, buf, off: int, n: int):
    """XOR n bytes of buf with the keystream; the counter goes on by the blocks, a part of one included."""
    w = ptr32(_SCRATCH)
    s = ptr32(state)
    w[0] = int(0x61707865)
    i = 0x3320
    w[1] = i << 16 | 0x646E
    w[2] = int(0x79622D32)
    w[3] = int(0x6B206574)
    i = 0
    while i < 12:
        w[4 + i] = s[i]
        i += 1
    at = int(ptr8(buf)) + off
    left = (at & 3) << 3
    right = 31 - left
    q = ptr32(at & -4)
    rest = 0  # of the last word, what the next word of the buffer takes
    while n >= 64:
        block(0, 0, _SCRATCH)
        k = w
        i = 8
        while i:
            x = k[16]
            q[0] = q[0] ^ (x << left | rest)
            y = k[17]
            q[1] = q[1] ^ (y << left | int(uint(x) >> right >> 1))
            rest = int(uint(y) >> right >> 1)
            q = ptr32(int(q) + 8)
            k = ptr32(int(k) + 8)
            i -= 1
        w[12] = w[12] + 1
        n -= 64
    p = ptr8(q)
    while left:
        p[0] = p[0] ^ rest
        rest = rest >> 8
        p = ptr8(int(p) + 1)
        left -= 8
    if n:
        block(0, 0, _SCRATCH)
        w[12] = w[12] + 1
        k8 = ptr8(_SCRATCH)
        i = 0
        while i < n:
            p[i] = p[i] ^ k8[64 + i]
            i += 1
    s[8] = w[12]
    i = 0
    while i < 32:
        w[i] = 0
        i += 1
