# SPDX-License-Identifier: MIT
"""kernels/dh.py in C: dh.c, by way of mxtls_native. It works in a buffer that is wiped: 22 bytes for each byte of the prime
(5.6 KB at 2048 bits)."""

from mxtls_native import dh_power as _power

from mxtls.kernels.mem import wipe


def dh_power(out, base, x, p):
    work = bytearray((len(p) + 3) // 4 * 88 + 4)
    done = _power(out, base, x, p, work)
    wipe(work)
    return done
