# SPDX-License-Identifier: MIT
"""The pseudorandom function of TLS 1.0 and 1.1: P_MD5 xor P_SHA1 over the halves of the secret (RFC 2246 section 5).

Called by handshake/derive.py.
"""

from mxtls.crypto.prf import prf
from mxtls.kernels.mem import wipe


def prf10(secret, label, seed, out, off, n):
    """Write n bytes of PRF(secret, label, seed) to out[off:off+n]."""
    half = (len(secret) + 1) // 2
    part = bytearray(secret[:half])
    other = bytearray(n)
    prf(1, part, label, seed, out, off, n)
    wipe(part)
    part = bytearray(secret[len(secret) - half :])
    prf(2, part, label, seed, other, 0, n)
    wipe(part)
    for i in range(n):
        out[off + i] ^= other[i]
    wipe(other)
