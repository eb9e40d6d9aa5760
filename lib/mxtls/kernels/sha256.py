# SPDX-License-Identifier: MIT
"""SHA-256's compression function (FIPS 180-4 section 6.2). Called by crypto/hash.py.

The state is the digest so far, big-endian, in a bytearray of at least 32 bytes.
"""

from struct import pack_into, unpack_from

_K = (
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
)


def sha256_blocks(state, buf, off, count):
    """Absorb count whole 64-byte blocks of buf, from off on, into state."""
    h = unpack_from(">8I", state, 0)
    for at in range(off, off + 64 * count, 64):
        w = list(unpack_from(">16I", buf, at))
        for i in range(48):
            # A word beside itself, shifted, holds each of its rotations.
            x = w[i + 1] * 0x100000001
            y = w[i + 14] * 0x100000001
            x = (x >> 7 ^ x >> 18) & 0xFFFFFFFF ^ w[i + 1] >> 3
            y = (y >> 17 ^ y >> 19) & 0xFFFFFFFF ^ w[i + 14] >> 10
            w.append((w[i] + x + w[i + 9] + y) & 0xFFFFFFFF)
        a, b, c, d, e, f, g, x = h
        for i in range(64):
            y = e * 0x100000001
            x += ((y >> 6 ^ y >> 11 ^ y >> 25) & 0xFFFFFFFF) + (g ^ e & (f ^ g)) + _K[i] + w[i]
            y = a * 0x100000001
            y = ((y >> 2 ^ y >> 13 ^ y >> 22) & 0xFFFFFFFF) + (a & b | c & (a | b))
            x, g, f, e, d, c, b, a = g, f, e, (d + x) & 0xFFFFFFFF, c, b, a, (x + y) & 0xFFFFFFFF
        w = a, b, c, d, e, f, g, x
        h = [(h[i] + w[i]) & 0xFFFFFFFF for i in range(8)]
    pack_into(">8I", state, 0, *h)
