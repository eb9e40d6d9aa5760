# SPDX-License-Identifier: MIT
"""Ed25519 signatures (RFC 8032 section 5.1, the variant without context or prehash) over buffers."""

from mxtls.crypto.hash import Hash
from mxtls.kernels.ed25519 import ed25519_base, ed25519_check, ed25519_scalar
from mxtls.kernels.mem import wipe


def _hash(out, *parts):
    h = Hash(6)
    for part in parts:
        h.update(part, 0, len(part))
    out[:] = h.digest()


def _expand(seed):
    """The secret scalar and the prefix, in one buffer of 64 bytes for the caller to wipe."""
    h = bytearray(64)
    _hash(h, seed)
    h[0] &= 248
    h[31] = h[31] & 127 | 64
    return h


def public(out, seed):
    """out[:32] = the public key of a private one, the seed of 32 bytes."""
    h = _expand(seed)
    ed25519_base(out, memoryview(h)[:32])
    wipe(h)


def sign(sig, seed, key, message):
    """sig[:64] = the signature of the message under the seed, whose public key of 32 bytes is key."""
    h = _expand(seed)
    r = bytearray(64)
    k = bytearray(64)
    view = memoryview(h)
    _hash(r, view[32:], message)
    ed25519_base(sig, r)
    _hash(k, memoryview(sig)[:32], key, message)
    s = memoryview(sig)[32:64]
    ed25519_scalar(s, r, k, view[:32])
    wipe(h)
    wipe(r)


def verify(key, message, sig):
    """True when sig, 64 bytes, signs the message under the public key."""
    if len(sig) != 64 or len(key) != 32:
        return False
    k = bytearray(64)
    _hash(k, memoryview(sig)[:32], key, message)
    return bool(ed25519_check(sig, k, key))
