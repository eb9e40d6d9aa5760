# SPDX-License-Identifier: MIT
"""kernels/md5.py in viper (RFC 1321 section 3.4): no branch on a secret, no allocation.

The constants stay in flash: frozen bytes have no alignment, so they are read byte by byte, as the message is.
"""

import micropython

_K = (
    b"\x78\xa4\x6a\xd7\x56\xb7\xc7\xe8\xdb\x70\x20\x24\xee\xce\xbd\xc1\xaf\x0f\x7c\xf5\x2a\xc6\x87\x47\x13\x46\x30\xa8\x01\x95\x46\xfd"
    b"\xd8\x98\x80\x69\xaf\xf7\x44\x8b\xb1\x5b\xff\xff\xbe\xd7\x5c\x89\x22\x11\x90\x6b\x93\x71\x98\xfd\x8e\x43\x79\xa6\x21\x08\xb4\x49"
    b"\x62\x25\x1e\xf6\x40\xb3\x40\xc0\x51\x5a\x5e\x26\xaa\xc7\xb6\xe9\x5d\x10\x2f\xd6\x53\x14\x44\x02\x81\xe6\xa1\xd8\xc8\xfb\xd3\xe7"
    b"\xe6\xcd\xe1\x21\xd6\x07\x37\xc3\x87\x0d\xd5\xf4\xed\x14\x5a\x45\x05\xe9\xe3\xa9\xf8\xa3\xef\xfc\xd9\x02\x6f\x67\x8a\x4c\x2a\x8d"
    b"\x42\x39\xfa\xff\x81\xf6\x71\x87\x22\x61\x9d\x6d\x0c\x38\xe5\xfd\x44\xea\xbe\xa4\xa9\xcf\xde\x4b\x60\x4b\xbb\xf6\x70\xbc\xbf\xbe"
    b"\xc6\x7e\x9b\x28\xfa\x27\xa1\xea\x85\x30\xef\xd4\x05\x1d\x88\x04\x39\xd0\xd4\xd9\xe5\x99\xdb\xe6\xf8\x7c\xa2\x1f\x65\x56\xac\xc4"
    b"\x44\x22\x29\xf4\x97\xff\x2a\x43\xa7\x23\x94\xab\x39\xa0\x93\xfc\xc3\x59\x5b\x65\x92\xcc\x0c\x8f\x7d\xf4\xef\xff\xd1\x5d\x84\x85"
    b"\x4f\x7e\xa8\x6f\xe0\xe6\x2c\xfe\x14\x43\x01\xa3\xa1\x11\x08\x4e\x82\x7e\x53\xf7\x35\xf2\x3a\xbd\xbb\xd2\xd7\x2a\x91\xd3\x86\xeb"
)
_S = b"\x07\x0c\x11\x16\x05\x09\x0e\x14\x04\x0b\x10\x17\x06\x0a\x0f\x15"  # the rotations, four a round
_SCRATCH = bytearray(80)  # a block's words, then the hash value


@micropython.viper
def _blocks(x: uint, b: uint, state, buf, off: int, count: int):
    """x and b, called with 0, are what viper keeps in registers."""
    h = ptr8(state)
    m = ptr8(buf)
    w = ptr32(_SCRATCH)
    s = ptr8(_S)
    i = 0
    while i < 4:
        j = i << 2
        w[16 + i] = h[j] | h[j + 1] << 8 | h[j + 2] << 16 | h[j + 3] << 24
        i += 1
    while count:
        count -= 1
        i = 0
        while i < 16:
            w[i] = m[off] | m[off + 1] << 8 | m[off + 2] << 16 | m[off + 3] << 24
            off += 4
            i += 1
        k = ptr8(_K)
        a = uint(w[16])
        b = uint(w[17])
        c = uint(w[18])
        d = uint(w[19])
        i = 0
        while i < 64:
            if i < 16:
                x = d ^ b & (c ^ d)
                j = i
            elif i < 32:
                x = c ^ d & (b ^ c)
                j = 5 * i + 1 & 15
            elif i < 48:
                x = b ^ c ^ d
                j = 3 * i + 5 & 15
            else:
                x = c ^ (b | ~d)
                j = 7 * i & 15
            x += a + uint(w[j]) + uint(k[0] | k[1] << 8 | k[2] << 16 | k[3] << 24)
            k = ptr8(int(k) + 4)
            j = s[i >> 2 & 12 | i & 3]
            a = d
            d = c
            c = b
            b += x << j | x >> 32 - j
            i += 1
        w[16] += int(a)
        w[17] += int(b)
        w[18] += int(c)
        w[19] += int(d)
    i = 0
    while i < 4:
        j = i << 2
        x = uint(w[16 + i])
        h[j] = int(x)
        h[j + 1] = int(x >> 8)
        h[j + 2] = int(x >> 16)
        h[j + 3] = int(x >> 24)
        i += 1
    i = 0
    while i < 20:  # message and state may be secret
        w[i] = 0
        i += 1


@micropython.viper
def md5_blocks(state, buf, off: int, count: int):
    """Absorb count whole 64-byte blocks of buf, from off on, into state."""
    _blocks(0, 0, state, buf, off, count)
