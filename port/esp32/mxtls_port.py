# SPDX-License-Identifier: MIT
"""What the library needs of MicroPython's esp32 port: entropy, clocks, files.

os.urandom is the chip's random generator. It is fed with noise while Wi-Fi or Bluetooth is on, and computes a sequence of its own state
otherwise; the boot loader's noise is off before MicroPython starts. So the first seed asks for a radio that is on. What is seeded once
stays seeded: later calls mix in what there is.
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

_RAW = const(256)  # bytes of the generator behind each 32 bytes
_WORDS = const(63)  # so many of its 64 words differ; one equal pair is chance, two have a chance of 2^-42
_SINCE_2000 = const(946684800)  # seconds from 1970

_seeded = False
_last = b""  # a digest of what the generator gave last
_pool = bytes(32)  # what all entropy so far leaves behind, so that a later call is never weaker than an earlier one


def entropy(buf):
    """Fill buf with full-entropy bytes. OSError, and buf is not to be used, where no radio feeds the generator or it fails a test."""
    global _seeded, _last, _pool
    if not _seeded and not _radio():
        raise OSError("Wi-Fi and Bluetooth are off, so the chip's generator has no noise: turn one on before the first session")
    for at in range(0, len(buf), 32):
        raw = os.urandom(_RAW)
        seen = hashlib.sha256(raw).digest()
        if seen == _last or len({raw[i : i + 4] for i in range(0, _RAW, 4)}) < _WORDS or not _healthy(raw, _RAW):
            raise OSError("the chip's random generator repeats itself")
        _last = seen
        h = hashlib.sha256(_pool)
        h.update(raw)
        h.update(b"%d %d %d %d" % (time.ticks_us(), time.ticks_cpu(), time.time_ns(), at))
        h.update(machine.unique_id())
        seed = h.digest()
        _pool = hashlib.sha256(b"pool" + seed).digest()
        n = min(32, len(buf) - at)
        buf[at : at + n] = seed[:n]
    _seeded = True


def _radio():
    """Is Bluetooth or Wi-Fi on? Bluetooth is asked first: asking Wi-Fi takes memory for its driver."""
    try:
        from bluetooth import BLE

        if BLE().active():
            return True
    except ImportError:
        pass
    try:
        import network
    except ImportError:
        return False
    return network.WLAN(network.STA_IF).active() or network.WLAN(network.AP_IF).active()


def unix_time():
    """Seconds since 1970, or 0 when the clock was never set: an ESP32 starts in 2000, which most of its firmware counts from."""
    now = int(time.time())
    if time.gmtime(0)[0] == 2000:
        now += _SINCE_2000
    return now if now > 1640995200 else 0


def ticks_ms():
    """Milliseconds of a monotonic clock, any origin, modulo 2**30."""
    return time.ticks_ms()
