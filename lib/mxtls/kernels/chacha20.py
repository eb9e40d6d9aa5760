# SPDX-License-Identifier: MIT
"""ChaCha20 (RFC 8439 section 2.4), pure Python: many blocks at once in the 64-bit lanes of big ints.

The state is 48 bytes as RFC 8439 section 2.3 lays them out behind its constants: key (32), counter (4, little-endian), nonce (12).
A big int takes time by its length alone, apart from leading zeros. Called by crypto/chacha20poly1305.py.
"""

from struct import pack_into, unpack_from

import mxtls_port

_SIGMA = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
# What a double round takes its quarter rounds of: the columns, then the diagonals.
_QUARTERS = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)
# Bytes run through the rounds at once: a port with memory to spare asks for more.
_CHUNK = getattr(mxtls_port, "CHUNK", 256)


def chacha20_xor(state, buf, off, n):
    """XOR n bytes of buf with the keystream; the counter goes on by the blocks, a part of one included."""
    while n > 0:
        size = min(n, _CHUNK)
        blocks = (size + 63) >> 6
        ones = ((1 << 64 * blocks) - 1) // 0xFFFFFFFFFFFFFFFF
        mask = ones * 0xFFFFFFFF
        start = [x * ones for x in _SIGMA + unpack_from("<12I", state, 0)]
        # 0, 1, 2, ... are added to the lanes of the counter.
        start[12] = (start[12] + ((blocks << 64 * blocks) - (ones << 64)) // 0xFFFFFFFFFFFFFFFF) & mask
        v = start[:]
        for _ in range(10):
            for i, j, k, m in _QUARTERS:
                a, b, c, d = v[i], v[j], v[k], v[m]
                # A word beside itself, shifted, holds each of its rotations.
                a = (a + b) & mask
                d ^= a
                d = (d | d << 32) >> 16 & mask
                c = (c + d) & mask
                b ^= c
                b = (b | b << 32) >> 20 & mask
                a = (a + b) & mask
                d ^= a
                d = (d | d << 32) >> 24 & mask
                c = (c + d) & mask
                b ^= c
                b = (b | b << 32) >> 25 & mask
                v[i], v[j], v[k], v[m] = a, b, c, d
        # Two words fill a lane; eight such ints, read across, are the blocks.
        v = [(v[i] + start[i]) & mask for i in range(16)]
        v = [(v[i] | v[i + 1] << 32).to_bytes(8 * blocks, "little") for i in range(0, 16, 2)]
        stream = b"".join([x[i : i + 8] for i in range(0, 8 * blocks, 8) for x in v])[:size]
        x = int.from_bytes(stream, "little") ^ int.from_bytes(buf[off : off + size], "little")
        buf[off : off + size] = x.to_bytes(size, "little")
        pack_into("<I", state, 32, (unpack_from("<I", state, 32)[0] + blocks) & 0xFFFFFFFF)
        off += size
        n -= size
