# SPDX-License-Identifier: MIT
"""What the ports of boards share: health tests of a noise source (NIST SP 800-90B section 4.4), heap that is given back, files, a lock.

Called by the mxtls_port.py of rp2 and esp32, which hand most of it on to the library.
"""

import gc
import sys
import time

import micropython
from micropython import const

from mxtls.config import USE_TRUST_STORE as _USE_TRUST_STORE

_PLENTY = const(65536)  # bytes free with which nothing is forgotten
_FULL = const(16384)

# A sample is taken to hold a quarter of a bit of entropy. The chance that a good source of that entropy fails a test is 2^-30 for each
# sample or window.
_REPEATS = const(121)  # SP 800-90B section 4.4.1: so many equal samples
_WINDOW = const(128)  # section 4.4.2: bytes, 1024 samples
_MOST = const(928)  # so many in a window that are equal to its first

pause = None  # the application's, called before each long computation of a handshake: mxtls_board.pause = watchdog.feed
_counted = None
_short = False


@micropython.viper
def healthy(raw, n: int) -> int:
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
    if pause:
        pause()
    if _tight() and gc.mem_free() < _FULL:
        gc.collect()


def _tight():
    """Is heap short? Looked up every other second at most: counting a whole heap takes a millisecond and more."""
    global _counted, _short
    now = time.ticks_ms()
    if _counted is None or time.ticks_diff(now, _counted) > 2000:
        _counted = now
        _short = gc.mem_free() < _PLENTY
    return _short
