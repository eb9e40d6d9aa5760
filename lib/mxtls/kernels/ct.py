# SPDX-License-Identifier: MIT
"""Byte work whose time and addresses do not depend on the bytes. Called by crypto/, record_cbc.py and the handshake.

Masks come from the sign of a difference: x >> 16 is -1 for a small negative x and 0 for a small positive one.
"""


def ct_equal(a, aoff, b, boff, n):
    """1 when n bytes are the same, else 0."""
    d = 0
    for i in range(n):
        d |= a[aoff + i] ^ b[boff + i]
    return (d - 1) >> 16 & 1


def ct_select(dst, src, n, take):
    """Copy n bytes from src to dst when take is 1, none when it is 0."""
    for i in range(n):
        dst[i] ^= (dst[i] ^ src[i]) & -take


def ct_padding(buf, off, n, size):
    """Check TLS padding at the end of a record of n bytes that holds a MAC of size bytes, 1 at least.

    Returns the length of the text in the low 16 bits (that without any padding, if it is bad), and 1 << 16 if it is bad.
    """
    room = n - size - 1
    off += n - 1
    p = buf[off]
    bad = 0
    for i in range(min(room, 255) + 1):
        bad |= (buf[off - i] ^ p) & (i - p - 1) >> 16
    bad = ((room - p) | -bad) >> 16 & 1
    return bad << 16 | room - (p & bad - 1)


def ct_hash_block(out, head, hlen, buf, off, at, most, end):
    """Write to out the block, from position at on, of a padded hash input that ends at the secret position end.

    The input is head[0:hlen] and then buf from off on, most bytes at most; a whole block of key was absorbed before it.
    Returns 1 if this is the input's last block, else 0.
    """
    n = len(out)
    last = ((((end + (n >> 3)) & -n) ^ at) - 1) >> 16
    for i in range(n):
        p = at + i
        x = 0
        if p < hlen:
            x = head[p]
        elif p < most:
            x = buf[off + p - hlen]
        out[i] = x & (p - end) >> 16 | 0x80 & ((p ^ end) - 1) >> 16
    for i in range(4):
        out[n - 1 - i] |= (end + n) * 8 >> 8 * i & 255 & last
    return last & 1


def ct_found(mac, size, buf, off, most, at):
    """1 when the size bytes of buf at the secret position off + at, of 0 to most, are mac, else 0."""
    d = 0
    for i in range(most + 1):
        x = 0
        for j in range(size):
            x |= buf[off + i + j] ^ mac[j]
        d |= x & ((i ^ at) - 1) >> 16
    return (d - 1) >> 16 & 1
