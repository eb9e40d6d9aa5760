# SPDX-License-Identifier: MIT
"""Running hashes (FIPS 180-4, RFC 1321) and HMAC (RFC 2104) over the kernels of their blocks. Called by crypto/hash.py and hmac.py.

alg is a hash id of the TLS registry: 1 MD5, 2 SHA-1, 4 SHA-256, 5 SHA-384, 6 SHA-512; size is the digest's length. A context is the
state, in half a block's length; the block being filled; and how many bytes were absorbed (4, little-endian, below 2**29): 100 bytes,
or 196 where a block has 128.
"""

from mxtls.config import USE_MD5 as _USE_MD5, USE_SHA1 as _USE_SHA1, USE_SHA384 as _USE_SHA384, USE_SHA512 as _USE_SHA512
from mxtls.kernels.mem import copy, mix, wipe

# What hash_digest works in, so that the running hash stays as it is. Zero between calls.
_last = bytearray(196 if _USE_SHA384 or _USE_SHA512 else 100)

_blocks = [None] * 7  # the kernels of each hash's blocks

# One 64-byte block of 0x36 and one of 0x5C
_IPAD = b"6666666666666666666666666666666666666666666666666666666666666666"
_OPAD = rb"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"


def hash_load(alg):
    """Before any other call with this alg, which must be in the build."""
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
    """Absorb count whole blocks of buf, from off on, into the beginning of state."""
    _blocks[alg](state, buf, off, count)


def hash_update(alg, ctx, buf, off, n):
    """Absorb buf[off:off+n]. Whole blocks go to the kernel straight from buf."""
    end = len(ctx) - 4
    half = end // 3
    at = ctx[end] & 2 * half - 1
    x = n
    for i in range(end, end + 4):
        x += ctx[i]
        ctx[i] = x & 255
        x >>= 8
    x = 2 * half - at  # the room in the block
    if at and n >= x:
        copy(ctx, half + at, buf, off, x)
        _blocks[alg](ctx, ctx, half, 1)
        off += x
        n -= x
        at = 0
    x = n // (2 * half)
    if x and not at:
        _blocks[alg](ctx, buf, off, x)
        off += x * 2 * half
        n -= x * 2 * half
    copy(ctx, half + at, buf, off, n)


def hash_digest(alg, ctx, out, off, size):
    """Write the digest of all so far to out; the running hash goes on undisturbed."""
    end = len(ctx) - 4
    half = end // 3
    at = half + (ctx[end] & 2 * half - 1)
    copy(_last, 0, ctx, 0, at)
    _last[at] = 0x80
    if at >= end - (half >> 2):
        _blocks[alg](_last, _last, half, 1)
        for i in range(half, end):
            _last[i] = 0
    # The length in bits, big-endian but for MD5
    for i in range(4):
        at = ctx[end + i] << 3 & 255 | (ctx[end + i - 1] >> 5 if i else 0)
        if _USE_MD5 and alg == 1:
            _last[end - 8 + i] = at
        else:
            _last[end - 1 - i] = at
    _blocks[alg](_last, _last, half, 1)
    copy(out, off, _last, 0, size)
    wipe(_last)


def hmac_rekey(alg, ctx, keyed, start, key):
    """Take a key of one block at most, and begin a message: keyed, as long as a block, becomes the states behind the inner and the
    outer padded key. start is the hash's first state."""
    _absorb(alg, ctx, keyed, 0, _IPAD, start, key)
    _absorb(alg, ctx, keyed, len(keyed) // 2, _OPAD, start, key)
    hmac_begin(ctx, keyed, 0)


def _absorb(alg, ctx, keyed, at, pad, start, key):
    half = len(keyed) // 2
    copy(ctx, 0, start, 0, len(start))
    copy(ctx, half, pad, 0, 64)
    copy(ctx, 3 * half - 64, pad, 0, 64)
    mix(ctx, half, key, 0, len(key))
    _blocks[alg](ctx, ctx, half, 1)
    copy(keyed, at, ctx, 0, half)
    mix(ctx, half, ctx, half, 2 * half)


def hmac_begin(ctx, keyed, at):
    """Go on from a state of keyed: the inner one lies at 0, the outer one in its middle."""
    half = len(keyed) // 2
    copy(ctx, 0, keyed, at, half)
    ctx[3 * half] = 2 * half
    ctx[3 * half + 1] = ctx[3 * half + 2] = ctx[3 * half + 3] = 0


def hmac_digest(alg, ctx, keyed, out, off, size):
    """Write the tag to out, and begin the next message."""
    hash_digest(alg, ctx, out, off, size)
    hmac_begin(ctx, keyed, len(keyed) // 2)
    hash_update(alg, ctx, out, off, size)
    hash_digest(alg, ctx, out, off, size)
    hmac_begin(ctx, keyed, 0)
