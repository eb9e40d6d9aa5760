# SPDX-License-Identifier: MIT
"""What the library needs of CPython: entropy, clocks, files."""

import os
import sys
import time
from _thread import allocate_lock

from mxtls_hashlib import Hash, Hmac  # noqa: F401  optional in a port: what mxtls/crypto takes in place of its own

CHUNK = 4096  # bytes that a pure kernel may take at once; other ports keep to their default of 256


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


def read_at(name, off, n):
    """n bytes of the file from off on, fewer where it ends; OSError where there is none. For builds with USE_TRUST_STORE."""
    with open(name, "rb") as f:
        f.seek(off)
        return f.read(n)


def lock():
    """A lock with acquire() and release(), for builds with USE_MULTITHREADING."""
    return allocate_lock()


def halt(text):
    """Stop where a failure is noticed, for builds with HALT_ON_PS_ERROR."""
    print("halt: " + text)
    breakpoint()


def forget(names):
    """Modules stay: memory is no matter here."""


def sweep():
    """Nothing to do, for the same reason."""


def _forget_random_state():
    drbg = sys.modules.get("mxtls.crypto.drbg")
    if drbg:
        drbg._drbg = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_random_state)  # or a child would repeat its parent's random bytes
