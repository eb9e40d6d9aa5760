# SPDX-License-Identifier: MIT
"""kernels/ct.py in viper: allocates nothing, no branch or index on a secret."""

import micropython


@micropython.viper
def ct_equal(a, aoff: int, b, boff: int, n: int) -> int:
    """1 when n bytes are the same, else 0."""
    p = ptr8(a)
    q = ptr8(b)
    d = 0
    i = 0
    while i < n:
        d |= p[aoff + i] ^ q[boff + i]
        i += 1
    return (d - 1) >> 16 & 1


@micropython.viper
def ct_select(dst, src, n: int, take: int):
    """Copy n bytes from src to dst when take is 1, none when it is 0."""
    p = ptr8(dst)
    q = ptr8(src)
    take = 0 - take
    i = 0
    while i < n:
        x = p[i]
        p[i] = (x ^ q[i]) & take ^ x
        i += 1


@micropython.viper
def ct_padding(buf, off: int, n: int, size: int) -> int:
    """Check TLS padding: the length of the text, and 1 << 16 if it is bad."""
    b = ptr8(buf)
    room = n - size - 1
    off += n - 1
    p = b[off]
    bad = 0
    most = room
    if most > 255:
        most = 255
    i = 0
    while i <= most:
        bad |= (b[off - i] ^ p) & (i - p - 1) >> 16
        i += 1
    bad = ((room - p) | (0 - bad)) >> 16 & 1
    return bad << 16 | room - (p & bad - 1)


@micropython.viper
def ct_hash_block(out, head, hlen: int, buf, off: int, at: int, most: int, end: int) -> int:
    """Write one block of a padded hash input of secret length end; 1 if it is the last."""
    o = ptr8(out)
    h = ptr8(head)
    b = ptr8(buf)
    n = int(len(out))
    last = ((((end + (n >> 3)) & (0 - n)) ^ at) - 1) >> 16
    i = 0
    while i < n:
        p = at + i
        x = 0
        if p < hlen:
            x = h[p]
        elif p < most:
            x = b[off + p - hlen]
        o[i] = x & (p - end) >> 16 | 0x80 & ((p ^ end) - 1) >> 16
        i += 1
    x = (end + n) * 8
    i = 1
    while i < 5:
        o[n - i] = o[n - i] | x & last
        x = x >> 8
        i += 1
    return last & 1


@micropython.viper
def ct_found(mac, size: int, buf, off: int, most: int, at: int) -> int:
    """1 when the size bytes of buf at the secret position off + at, of 0 to most, are mac, else 0."""
    m = ptr8(mac)
    b = ptr8(buf)
    d = 0
    i = 0
    while i <= most:
        x = 0
        j = 0
        while j < size:
            x |= b[off + j] ^ m[j]
            j += 1
        d |= x & ((i ^ at) - 1) >> 16
        off += 1
        i += 1
    return (d - 1) >> 16 & 1
