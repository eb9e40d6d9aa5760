# SPDX-License-Identifier: MIT
"""kernels/dh.py over kernels/mont.py: the exponent is secret, the base and the prime are not.

A call takes one scratch, which is wiped: 6.5 KB for 2048 bits, 13.7 KB for 4096 (3.6 and 7.2 KB over the
thumb tier's field).
"""

import micropython

from mxtls.kernels.field import begin, length
from mxtls.kernels.mem import wipe
from mxtls.kernels.mont import enter, leave, power


def dh_power(out, base, x, p):
    """out = base^x mod p, as long as p. Returns 1, or 0 unless p is odd and the base and the result are in 2..p-2."""
    size = len(p)
    top = int.from_bytes(p, "big") - 1
    if top & 1 or not 1 < int.from_bytes(base, "big") < top:
        return 0
    m = bytearray(length(max(size, 128), 5, 1))
    begin(m, p, 0, size, 1, 5)
    enter(m, 4, base)
    power(m, x)
    result = bytearray(size)
    leave(m, result, p)
    wipe(m)
    done = _between(result, p, size)
    if done:
        out[:size] = result
    wipe(result)
    return done


@micropython.viper
def _between(a, p, size: int) -> int:
    """1 where a is in 2..p-2, for an a below p, else 0."""
    x = ptr8(a)
    y = ptr8(p)
    size -= 1
    small = x[size] >> 1
    large = x[size] ^ y[size] ^ 1
    while size:
        size -= 1
        small |= x[size]
        large |= x[size] ^ y[size]
    return (0 - small & 0 - large) >> 31 & 1
