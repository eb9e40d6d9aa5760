# SPDX-License-Identifier: MIT
"""kernels/hash.py in viper: allocates nothing, as its frames lie on the stack."""

import micropython

from mxtls.config import USE_MD5 as _USE_MD5, USE_SHA1 as _USE_SHA1, USE_SHA384 as _USE_SHA384, USE_SHA512 as _USE_SHA512
from mxtls.kernels.mem import copy

# What hash_digest works in, so that the running hash stays as it is. Zero between calls.
_last = bytearray(192 if _USE_SHA384 or _USE_SHA512 else 96)
_blocks = [None] * 7  # the kernels of each hash's blocks


def hash_load(alg):
    if _blocks[alg]:
        return
    if _USE_SHA1 and alg == 2:
        from mxtls.kernels.sha1 import sha1_blocks as blocks
    elif (_USE_SHA384 or _USE_SHA512) and alg > 4:
        from mxtls.kernels.sha512 import sha512_blocks as blocks
    elif _USE_MD5 and alg == 1:
        from mxtls.kernels.md5 import md5_blocks as blocks
    else:
        from mxtls.kernels.sha256 import sha256_blocks as blocks
    _blocks[alg] = blocks


def hash_blocks(alg, state, buf, off, count):
    _blocks[alg](state, buf, off, count)


@micropython.viper
def hash_update(alg: int, ctx, buf, off: int, n: int):
    c = ptr8(ctx)
    p = ptr8(buf)
    half = 32
    shift = 6
    if int(len(ctx)) > 100:
        half = 64
        shift = 7
    end = 3 * half
    i = half + (c[end] & 2 * half - 1)
    x = n
    j = end
    while j < end + 4:
        x += c[j]
        c[j] = x
        x = x >> 8
        j += 1
    while n > 0:
        x = n >> shift
        if i == half and x:
            _blocks[alg](ctx, buf, off, x)
            x = x << shift
            off += x
            n -= x
        else:
            c[i] = p[off]
            i += 1
            off += 1
            n -= 1
            if i == end:
                _blocks[alg](ctx, ctx, half, 1)
                i = half


@micropython.viper
def hash_digest(alg: int, ctx, out, off: int, size: int):
    c = ptr8(ctx)
    w = ptr8(_last)
    p = ptr8(out)
    half = 32
    if int(len(ctx)) > 100:
        half = 64
    end = 3 * half
    at = half + (c[end] & 2 * half - 1)
    i = 0
    while i < at:
        w[i] = c[i]
        i += 1
    w[at] = 0x80
    if at >= end - (half >> 2):
        _blocks[alg](_last, _last, half, 1)
        while i >= half:
            w[i] = 0
            i -= 1
    # The length in bits, big-endian but for MD5
    x = (c[end] | c[end + 1] << 8 | c[end + 2] << 16 | c[end + 3] << 24) << 3
    i = 0
    while i < 4:
        j = end - 1 - i
        if _USE_MD5 and alg == 1:
            j = end - 8 + i
        w[j] = x
        x = x >> 8
        i += 1
    _blocks[alg](_last, _last, half, 1)
    i = 0
    while i < size:
        p[off + i] = w[i]
        i += 1
    i = 0
    while i < end:
        w[i] = 0
        i += 1


@micropython.viper
def hmac_rekey(alg: int, ctx, keyed, start, key):
    c = ptr8(ctx)
    k = ptr8(keyed)
    s = ptr8(start)
    q = ptr8(key)
    half = int(len(keyed)) >> 1
    first = int(len(start))
    n = int(len(key))
    pad = 0x36
    at = 0
    while at < 2 * half:
        i = 0
        while i < first:
            c[i] = s[i]
            i += 1
        i = 0
        while i < 2 * half:
            x = pad
            if i < n:
                x = x ^ q[i]
            c[half + i] = x
            i += 1
        _blocks[alg](ctx, ctx, half, 1)
        i = 0
        while i < half:
            k[at + i] = c[i]
            c[half + i] = 0
            c[2 * half + i] = 0
            i += 1
        pad = 0x5C
        at += half
    hmac_begin(ctx, keyed, 0)


def hmac_begin(ctx, keyed, at):
    half = len(keyed) // 2
    copy(ctx, 0, keyed, at, half)
    half *= 3
    ctx[half] = len(keyed)
    ctx[half + 1] = ctx[half + 2] = ctx[half + 3] = 0


@micropython.viper
def hmac_digest(alg: int, ctx, keyed, out, off: int, size: int):
    hash_digest(alg, ctx, out, off, size)
    hmac_begin(ctx, keyed, int(len(keyed)) >> 1)
    hash_update(alg, ctx, out, off, size)
    hash_digest(alg, ctx, out, off, size)
    hmac_begin(ctx, keyed, 0)
