# SPDX-License-Identifier: MIT
"""MD5's compression function (RFC 1321 section 3.4). Called by crypto/hash.py.

The state is the digest so far, little-endian as MD5 writes it, in a bytearray of at least 16 bytes.
"""

from struct import pack_into, unpack_from

_K = (
    0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
    0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
    0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
    0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
    0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
    0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
    0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
    0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391,
)
_S = b"\x07\x0c\x11\x16\x05\x09\x0e\x14\x04\x0b\x10\x17\x06\x0a\x0f\x15"  # the rotations, four a round


def md5_blocks(state, buf, off, count):
    """Absorb count whole 64-byte blocks of buf, from off on, into state."""
    h = unpack_from("<4I", state, 0)
    for at in range(off, off + 64 * count, 64):
        w = unpack_from("<16I", buf, at)
        a, b, c, d = h
        for i in range(64):
            if i < 16:
                x = (d ^ b & (c ^ d)) + w[i]
            elif i < 32:
                x = (c ^ d & (b ^ c)) + w[5 * i + 1 & 15]
            elif i < 48:
                x = (b ^ c ^ d) + w[3 * i + 5 & 15]
            else:
                x = (c ^ (b | d ^ 0xFFFFFFFF)) + w[7 * i & 15]
            x = (x + a + _K[i]) & 0xFFFFFFFF
            s = _S[i >> 2 & 12 | i & 3]
            a, d, c, b = d, c, b, (b + (x << s | x >> 32 - s)) & 0xFFFFFFFF
        w = a, b, c, d
        h = [(h[i] + w[i]) & 0xFFFFFFFF for i in range(4)]
    pack_into("<4I", state, 0, *h)
