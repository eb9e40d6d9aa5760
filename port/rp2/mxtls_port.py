# SPDX-License-Identifier: MIT
"""What the library needs of MicroPython's rp2 port: entropy, clocks, files.

Entropy is the RP2040's ring oscillator, sampled slowly, tested as NIST SP 800-90B sections 4.3 and 4.4 say and conditioned by SHA-256.
mxtls/crypto/drbg.py asks for 48 bytes at the first random number and mixes in as many again at every reseeding.
"""

import hashlib
import os
import time

import machine
from micropython import const

from mxtls.config import USE_TRUST_STORE as _USE_TRUST_STORE
from mxtls_board import forget, halt, healthy as _healthy, lock, read_file, sweep  # noqa: F401  the library's, but for one

if _USE_TRUST_STORE:
    from mxtls_board import read_at  # noqa: F401

_RANDOM_BIT = const(0x4006001C)  # ROSC_RANDOMBIT, datasheet section 2.17.8
_STATUS = const(0x40060018)  # ROSC_STATUS
_ENABLED = const(0x1000)
# A sample is taken to hold a quarter of a bit of entropy: SHA-256 gets 512 bits for the 256 that it gives.
_RAW = const(256)  # bytes of samples behind each 32 bytes

_pool = bytes(32)  # what all entropy so far leaves behind, so that a later call is never weaker than an earlier one


def entropy(buf):
    """Fill buf with full-entropy bytes. OSError, and buf is not to be used, where the oscillator stands still or fails a test."""
    global _pool
    raw = bytearray(_RAW)
    for at in range(0, len(buf), 32):
        _sample(raw)
        if not _healthy(raw, _RAW):
            raise OSError("the ring oscillator's bits fail the health tests")
        h = hashlib.sha256(_pool)
        h.update(raw)
        h.update(os.urandom(32))  # more samples, taken close together
        h.update(b"%d %d %d %d" % (time.ticks_us(), time.ticks_cpu(), time.time_ns(), at))
        h.update(machine.unique_id())
        seed = h.digest()
        _pool = hashlib.sha256(b"pool" + seed).digest()
        n = min(32, len(buf) - at)
        buf[at : at + n] = seed[:n]
    for i in range(_RAW):
        raw[i] = 0


def _sample(raw):
    """Fill raw with bits of the oscillator, some ten microseconds apart: its jitter against the crystal has to add up."""
    mem32 = machine.mem32
    if not mem32[_STATUS] & _ENABLED:
        raise OSError("the ring oscillator is off")
    for i in range(len(raw)):
        byte = 0
        for _ in range(8):
            byte = byte << 1 | mem32[_RANDOM_BIT] & 1
        raw[i] = byte


def unix_time():
    """Seconds since 1970, or 0 when the clock was never set: a Pico without a set clock starts in 2021."""
    now = time.time()
    return int(now) if now > 1640995200 else 0


def ticks_ms():
    """Milliseconds of a monotonic clock, any origin, modulo 2**30."""
    return time.ticks_ms()
