# SPDX-License-Identifier: MIT
"""The blocks of SHA-256 (FIPS 180-4 section 6.2) in viper, a file of its own so that another tier can take its place: right on 64-bit
ports too. Called by kernels/sha256.py.

The constants stay in flash: frozen bytes have no alignment, so they are read byte by byte, as the message is.
"""

import micropython

_K = (
    b"\x42\x8a\x2f\x98\x71\x37\x44\x91\xb5\xc0\xfb\xcf\xe9\xb5\xdb\xa5\x39\x56\xc2\x5b\x59\xf1\x11\xf1\x92\x3f\x82\xa4\xab\x1c\x5e\xd5"
    b"\xd8\x07\xaa\x98\x12\x83\x5b\x01\x24\x31\x85\xbe\x55\x0c\x7d\xc3\x72\xbe\x5d\x74\x80\xde\xb1\xfe\x9b\xdc\x06\xa7\xc1\x9b\xf1\x74"
    b"\xe4\x9b\x69\xc1\xef\xbe\x47\x86\x0f\xc1\x9d\xc6\x24\x0c\xa1\xcc\x2d\xe9\x2c\x6f\x4a\x74\x84\xaa\x5c\xb0\xa9\xdc\x76\xf9\x88\xda"
    b"\x98\x3e\x51\x52\xa8\x31\xc6\x6d\xb0\x03\x27\xc8\xbf\x59\x7f\xc7\xc6\xe0\x0b\xf3\xd5\xa7\x91\x47\x06\xca\x63\x51\x14\x29\x29\x67"
    b"\x27\xb7\x0a\x85\x2e\x1b\x21\x38\x4d\x2c\x6d\xfc\x53\x38\x0d\x13\x65\x0a\x73\x54\x76\x6a\x0a\xbb\x81\xc2\xc9\x2e\x92\x72\x2c\x85"
    b"\xa2\xbf\xe8\xa1\xa8\x1a\x66\x4b\xc2\x4b\x8b\x70\xc7\x6c\x51\xa3\xd1\x92\xe8\x19\xd6\x99\x06\x24\xf4\x0e\x35\x85\x10\x6a\xa0\x70"
    b"\x19\xa4\xc1\x16\x1e\x37\x6c\x08\x27\x48\x77\x4c\x34\xb0\xbc\xb5\x39\x1c\x0c\xb3\x4e\xd8\xaa\x4a\x5b\x9c\xca\x4f\x68\x2e\x6f\xf3"
    b"\x74\x8f\x82\xee\x78\xa5\x63\x6f\x84\xc8\x78\x14\x8c\xc7\x02\x08\x90\xbe\xff\xfa\xa4\x50\x6c\xeb\xbe\xf9\xa3\xf7\xc6\x71\x78\xf2"
)


@micropython.viper
def blocks(scratch, buf, off: int, count: int):
    """Absorb count blocks of 64 bytes. The scratch: the last 16 words of the message schedule, then the hash value."""
    m = ptr8(buf)
    w = ptr32(scratch)
    mask = 0xFFFF
    mask = mask << 16 | mask  # 32 ones, where ints are 64 bits wide as well
    while count:
        count -= 1
        k = ptr8(_K)
        a = uint(w[16])
        b = uint(w[17])
        c = uint(w[18])
        d = uint(w[19])
        e = uint(w[20])
        f = uint(w[21])
        g = uint(w[22])
        h = uint(w[23])
        i = 0
        while i < 64:
            if i < 16:
                x = uint(m[off] << 24 | m[off + 1] << 16 | m[off + 2] << 8 | m[off + 3])
                off += 4
            else:
                x = uint(w[i + 1 & 15])
                y = uint(w[i + 14 & 15])
                x = (x >> 7 | x << 25) ^ (x >> 18 | x << 14) ^ x >> 3
                x += (y >> 17 | y << 15) ^ (y >> 19 | y << 13) ^ y >> 10
                x += uint(w[i & 15] + w[i + 9 & 15])
            w[i & 15] = int(x)
            x += h + uint(k[0] << 24 | k[1] << 16 | k[2] << 8 | k[3])
            x += (e >> 6 | e << 26) ^ (e >> 11 | e << 21) ^ (e >> 25 | e << 7)
            x += g ^ e & (f ^ g)
            y = (a >> 2 | a << 30) ^ (a >> 13 | a << 19) ^ (a >> 22 | a << 10)
            y += a & b | c & (a | b)
            h = g
            g = f
            f = e
            e = d + x & uint(mask)
            d = c
            c = b
            b = a
            a = x + y & uint(mask)
            k = ptr8(uint(k) + 4)
            i += 1
        w[16] += int(a)
        w[17] += int(b)
        w[18] += int(c)
        w[19] += int(d)
        w[20] += int(e)
        w[21] += int(f)
        w[22] += int(g)
        w[23] += int(h)
