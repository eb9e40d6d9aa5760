# SPDX-License-Identifier: MIT
"""SHA-1's compression function (FIPS 180-4 section 6.1). Called by crypto/hash.py.

The state is the digest so far, big-endian, in a bytearray of at least 20 bytes.
"""

from struct import pack_into, unpack_from


def sha1_blocks(state, buf, off, count):
    """Absorb count whole 64-byte blocks of buf, from off on, into state."""
    h = unpack_from(">5I", state, 0)
    for at in range(off, off + 64 * count, 64):
        w = list(unpack_from(">16I", buf, at))
        for i in range(64):
            x = w[i] ^ w[i + 2] ^ w[i + 8] ^ w[i + 13]
            w.append((x << 1 | x >> 31) & 0xFFFFFFFF)
        a, b, c, d, e = h
        for i in range(80):
            if i < 20:
                x = (d ^ b & (c ^ d)) + 0x5A827999
            elif i < 40:
                x = (b ^ c ^ d) + 0x6ED9EBA1
            elif i < 60:
                x = (b & c | d & (b | c)) + 0x8F1BBCDC
            else:
                x = (b ^ c ^ d) + 0xCA62C1D6
            x += (a << 5 | a >> 27) + e + w[i]
            e, d, c, b, a = d, c, (b << 30 | b >> 2) & 0xFFFFFFFF, a, x & 0xFFFFFFFF
        w = a, b, c, d, e
        h = [(h[i] + w[i]) & 0xFFFFFFFF for i in range(5)]
    pack_into(">5I", state, 0, *h)
