# SPDX-License-Identifier: MIT
"""What the library needs of MicroPython's rp2 port: entropy, clocks, files.

Entropy is the RP2040's ring oscillator, sampled slowly, tested as NIST SP 800-90B sections 4.3 and 4.4 say and conditioned by SHA-256.
mxtls/crypto/drbg.py asks for 48 bytes at the first random number and mixes in as many again at every reseeding.
"""

import gc
import hashlib
import os
import sys
import time

import machine
import micropython
from micropython import const

from mxtls.config import USE_TRUST_STORE as _USE_TRUST_STORE

_PLENTY = const(65536)  # bytes free with which nothing is forgotten
_FULL = const(16384)

_RANDOM_BIT = const(0x4006001C)  # ROSC_RANDOMBIT, datasheet section 2.17.8
_STATUS = const(0x40060018)  # ROSC_STATUS
_ENABLED = const(0x1000)
# A sample is taken to hold a quarter of a bit of entropy: SHA-256 gets 512 bits for the 256 that it gives.
_RAW = const(256)  # bytes of samples behind each 32 bytes
# The chance that a good source of that entropy fails a test is 2^-30 for each sample or window.
_REPEATS = const(121)  # SP 800-90B section 4.4.1: so many equal samples
_WINDOW = const(128)  # section 4.4.2: bytes, 1024 samples
_MOST = const(928)  # so many in a window that are equal to its first

_counted = None
_short = False
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


@micropython.viper
def _healthy(raw, n: int) -> int:
    """1 when n bytes of bits pass the repetition count and the adaptive proportion test, 0 when the source is broken."""
    p = ptr8(raw)
    last = 2
    repeats = 0
    first = 0
    same = 0
    for i in range(n):
        byte = p[i]
        if i & (_WINDOW - 1) == 0:
            first = byte >> 7
            same = 0
        for j in range(8):
            bit = byte >> (7 - j) & 1
            if bit == last:
                repeats += 1
                if repeats >= _REPEATS:
                    return 0
            else:
                last = bit
                repeats = 1
            if bit == first:
                same += 1
        if same >= _MOST:
            return 0
    return 1


def unix_time():
    """Seconds since 1970, or 0 when the clock was never set: a Pico without a set clock starts in 2021."""
    now = time.time()
    return int(now) if now > 1640995200 else 0


def ticks_ms():
    """Milliseconds of a monotonic clock, any origin, modulo 2**30."""
    return time.ticks_ms()


def read_file(name):
    """The whole file as bytes; OSError where there is none."""
    with open(name, "rb") as f:
        return f.read()


if _USE_TRUST_STORE:

    def read_at(name, off, n):
        """n bytes of the file from off on, fewer where it ends; OSError where there is none."""
        with open(name, "rb") as f:
            f.seek(off)
            return f.read(n)


def lock():
    """A lock with acquire() and release(), for builds with USE_MULTITHREADING."""
    from _thread import allocate_lock

    return allocate_lock()


def halt(text):
    """Stop where a failure is noticed, for builds with HALT_ON_PS_ERROR."""
    print("halt: " + text)
    raise SystemExit(2)


def forget(names):
    """Give back the heap that these modules' functions take: a later import finds them in flash again. With heap to spare they stay,
    and the next handshake need not import them."""
    if not _tight():
        return
    for name in names.split():
        name = "mxtls." + name
        if name in sys.modules:
            del sys.modules[name]
            at = name.rfind(".")
            delattr(sys.modules[name[:at]], name[at + 1 :])
    sweep()


def sweep():
    """Before something large is allocated: a heap that is nearly full is better swept now than left in pieces."""
    if _tight() and gc.mem_free() < _FULL:
        gc.collect()


def _tight():
    """Is heap short? Looked up every other second at most: counting a Pico's whole heap takes a millisecond and more."""
    global _counted, _short
    now = time.ticks_ms()
    if _counted is None or time.ticks_diff(now, _counted) > 2000:
        _counted = now
        _short = gc.mem_free() < _PLENTY
    return _short
