# SPDX-License-Identifier: MIT
"""What the library needs of MicroPython's unix port: entropy, clocks, files."""

import gc
import os
import sys
import time

from micropython import const

from mxtls.config import USE_TRUST_STORE as _USE_TRUST_STORE

_PLENTY = const(16384)


def entropy(buf):
    """Fill buf with bytes of the operating system's generator."""
    buf[:] = os.urandom(len(buf))


def unix_time():
    """Seconds since 1970, or 0 when the clock was never set."""
    now = time.time()
    return int(now) if now > 1600000000 else 0


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
    """Give back the heap that these modules' functions take: a later import finds them in flash again."""
    for name in names.split():
        name = "mxtls." + name
        if name in sys.modules:
            del sys.modules[name]
            at = name.rfind(".")
            delattr(sys.modules[name[:at]], name[at + 1 :])
    sweep()


def sweep():
    """Before something large is allocated: a heap that is nearly full is better swept now than left in pieces."""
    if gc.mem_free() < _PLENTY:
        gc.collect()
