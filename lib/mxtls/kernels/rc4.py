# SPDX-License-Identifier: MIT
"""RC4, pure Python. Called by crypto/rc4.py.

It indexes its state by secrets, as RC4 must: where another program shares the processor's cache, it may leak its key.
"""

from micropython import const

RC4_STATE = const(258)  # the permutation, i, j


def rc4_init(state, key, off, n):
    """Key the state with n bytes, 5 to 256."""
    for i in range(256):
        state[i] = i
    j = 0
    for i in range(256):
        x = state[i]
        j = (j + x + key[off + i % n]) & 255
        state[i] = state[j]
        state[j] = x
    state[256] = state[257] = 0


def rc4_xor(state, buf, off, n):
    """XOR n bytes of buf with the keystream, which goes on from call to call."""
    i = state[256]
    j = state[257]
    for k in range(off, off + n):
        i = (i + 1) & 255
        x = state[i]
        j = (j + x) & 255
        y = state[j]
        state[i] = y
        state[j] = x
        buf[k] ^= state[(x + y) & 255]
    state[256] = i
    state[257] = j
