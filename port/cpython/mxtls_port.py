# SPDX-License-Identifier: MIT
"""What the library needs of CPython: entropy, clocks, files."""

import os
import time


def entropy(buf):
    """Fill buf with bytes of the operating system's generator."""
    buf[:] = os.urandom(len(buf))


def unix_time():
    """Seconds since 1970, or 0 when the clock was never set."""
    now = int(time.time())
    return now if now > 1600000000 else 0


def ticks_ms():
    """Milliseconds of a monotonic clock, any origin."""
    return time.monotonic_ns() // 1000000


def read_file(name):
    """The whole file as bytes; OSError where there is none."""
    with open(name, "rb") as f:
        return f.read()
