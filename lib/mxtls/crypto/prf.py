# SPDX-License-Identifier: MIT
"""TLS 1.2's pseudorandom function, P_hash over HMAC (RFC 5246 section 5). Called by the key schedule and Finished."""

from mxtls.crypto.hmac import hmac_of
from mxtls.kernels.mem import copy, wipe


def prf(alg, secret, label, seed, out, off, n):
    """Write n bytes of PRF(secret, label, seed) to out[off:off+n]."""
    mac = hmac_of(alg, secret)
    a = bytearray(mac.size)
    part = bytearray(mac.size)
    first = True
    while n > 0:
        # A(1) = HMAC(label + seed), A(i) = HMAC(A(i-1))
        if first:
            mac.update(label, 0, len(label))
            mac.update(seed, 0, len(seed))
        else:
            mac.update(a, 0, len(a))
        mac.digest_into(a, 0)
        first = False
        mac.update(a, 0, len(a))
        mac.update(label, 0, len(label))
        mac.update(seed, 0, len(seed))
        mac.digest_into(part, 0)
        copy(out, off, part, 0, min(n, len(part)))
        off += len(part)
        n -= len(part)
    wipe(a)
    wipe(part)
    mac.wipe()
