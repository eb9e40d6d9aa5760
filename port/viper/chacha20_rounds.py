# SPDX-License-Identifier: MIT
"""ChaCha20's block function (RFC 8439 section 2.3) in viper, a file of its own so that another tier can take its place. Called by
kernels/chacha20.py.

The double round is one straight line over 16 locals. x and y, called with 0, are the words b and d of a quarter round, which
rotate: viper keeps a function's first two locals in registers.
"""

import micropython


@micropython.viper
def block(x: uint, y: uint, w: ptr32):
    """Write to w[16:32] the keystream of the state in w[0:16]."""
    v0 = uint(w[0])
    v1 = uint(w[1])
    v2 = uint(w[2])
    v3 = uint(w[3])
    v4 = uint(w[4])
    v5 = uint(w[5])
    v6 = uint(w[6])
    v7 = uint(w[7])
    v8 = uint(w[8])
    v9 = uint(w[9])
    v10 = uint(w[10])
    v11 = uint(w[11])
    v12 = uint(w[12])
    v13 = uint(w[13])
    v14 = uint(w[14])
    v15 = uint(w[15])
    i = 10
    while True:  # a condition's jump would be too long for Xtensa
        x = v4
        v0 = v0 + x
        y = v12
        y = v0 ^ y
        y = y << 16 | y >> 16
        v8 = v8 + y
        x = v8 ^ x
        x = x << 12 | x >> 20
        v0 = v0 + x
        y = v0 ^ y
        y = y << 8 | y >> 24
        v12 = y
        v8 = v8 + y
        x = v8 ^ x
        v4 = x << 7 | x >> 25
        x = v5
        v1 = v1 + x
        y = v13
        y = v1 ^ y
        y = y << 16 | y >> 16
        v9 = v9 + y
        x = v9 ^ x
        x = x << 12 | x >> 20
        v1 = v1 + x
        y = v1 ^ y
        y = y << 8 | y >> 24
        v13 = y
        v9 = v9 + y
        x = v9 ^ x
        v5 = x << 7 | x >> 25
        x = v6
        v2 = v2 + x
        y = v14
        y = v2 ^ y
        y = y << 16 | y >> 16
        v10 = v10 + y
        x = v10 ^ x
        x = x << 12 | x >> 20
        v2 = v2 + x
        y = v2 ^ y
        y = y << 8 | y >> 24
        v14 = y
        v10 = v10 + y
        x = v10 ^ x
        v6 = x << 7 | x >> 25
        x = v7
        v3 = v3 + x
        y = v15
        y = v3 ^ y
        y = y << 16 | y >> 16
        v11 = v11 + y
        x = v11 ^ x
        x = x << 12 | x >> 20
        v3 = v3 + x
        y = v3 ^ y
        y = y << 8 | y >> 24
        v15 = y
        v11 = v11 + y
        x = v11 ^ x
        v7 = x << 7 | x >> 25
        x = v5
        v0 = v0 + x
        y = v15
        y = v0 ^ y
        y = y << 16 | y >> 16
        v10 = v10 + y
        x = v10 ^ x
        x = x << 12 | x >> 20
        v0 = v0 + x
        y = v0 ^ y
        y = y << 8 | y >> 24
        v15 = y
        v10 = v10 + y
        x = v10 ^ x
        v5 = x << 7 | x >> 25
        x = v6
        v1 = v1 + x
        y = v12
        y = v1 ^ y
        y = y << 16 | y >> 16
        v11 = v11 + y
        x = v11 ^ x
        x = x << 12 | x >> 20
        v1 = v1 + x
        y = v1 ^ y
        y = y << 8 | y >> 24
        v12 = y
        v11 = v11 + y
        x = v11 ^ x
        v6 = x << 7 | x >> 25
        x = v7
        v2 = v2 + x
        y = v13
        y = v2 ^ y
        y = y << 16 | y >> 16
        v8 = v8 + y
        x = v8 ^ x
        x = x << 12 | x >> 20
        v2 = v2 + x
        y = v2 ^ y
        y = y << 8 | y >> 24
        v13 = y
        v8 = v8 + y
        x = v8 ^ x
        v7 = x << 7 | x >> 25
        x = v4
        v3 = v3 + x
        y = v14
        y = v3 ^ y
        y = y << 16 | y >> 16
        v9 = v9 + y
        x = v9 ^ x
        x = x << 12 | x >> 20
        v3 = v3 + x
        y = v3 ^ y
        y = y << 8 | y >> 24
        v14 = y
        v9 = v9 + y
        x = v9 ^ x
        v4 = x << 7 | x >> 25
        i -= 1
        if i == 0:
            break
    w[16] = w[0] + int(v0)
    w[17] = w[1] + int(v1)
    w[18] = w[2] + int(v2)
    w[19] = w[3] + int(v3)
    w[20] = w[4] + int(v4)
    w[21] = w[5] + int(v5)
    w[22] = w[6] + int(v6)
    w[23] = w[7] + int(v7)
    w[24] = w[8] + int(v8)
    w[25] = w[9] + int(v9)
    w[26] = w[10] + int(v10)
    w[27] = w[11] + int(v11)
    w[28] = w[12] + int(v12)
    w[29] = w[13] + int(v13)
    w[30] = w[14] + int(v14)
    w[31] = w[15] + int(v15)
