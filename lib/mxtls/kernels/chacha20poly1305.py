# SPDX-License-Identifier: MIT
"""ChaCha20-Poly1305 (RFC 8439 section 2.8), a whole message a call, over the kernels of its two halves. Called by
crypto/chacha20poly1305.py.

state is that of kernels/chacha20.py, of which the key lasts. head is the additional data and then, its last 12 bytes, the nonce.
The text is buf[off:off+n], the tag the 16 bytes behind it.
"""

from mxtls.kernels.chacha20 import chacha20_xor
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe
from mxtls.kernels.poly1305 import POLY1305_CTX, poly1305, poly1305_key, poly1305_tag

# What every key works in: one call at a time. Zero between calls.
_poly = bytearray(POLY1305_CTX)
_once = bytearray(64)  # the key of one tag, then the lengths and the tag


def chacha20poly1305_seal(state, head, buf, off, n):
    """Encrypt the text in place and write the tag behind it."""
    _begin(state, head)
    chacha20_xor(state, buf, off, n)
    _finish(head, buf, off, n)
    copy(buf, off + n, _once, 16, 16)
    wipe(_once)


def chacha20poly1305_open(state, head, buf, off, n):
    """Decrypt the text in place if the tag behind it is right: 1, else 0 and buf is untouched."""
    _begin(state, head)
    _finish(head, buf, off, n)
    good = ct_equal(_once, 16, buf, off + n, 16)
    if good:
        chacha20_xor(state, buf, off, n)
    wipe(_once)
    return good


def _begin(state, head):
    # Block 0 is the key of the tag; the text follows from block 1.
    state[32] = state[33] = state[34] = state[35] = 0
    copy(state, 36, head, len(head) - 12, 12)
    chacha20_xor(state, _once, 0, 64)
    poly1305_key(_poly, _once)
    wipe(_once)


def _finish(head, buf, off, n):
    # The tag of both texts and of their lengths in bytes, to _once[16:32].
    naad = len(head) - 12
    for i in range(4):
        _once[i] = naad >> 8 * i & 255
        _once[8 + i] = n >> 8 * i & 255
    poly1305(_poly, head, 0, naad)
    poly1305(_poly, buf, off, n)
    poly1305(_poly, _once, 0, 16)
    poly1305_tag(_poly, _once, 16)
    wipe(_poly)
