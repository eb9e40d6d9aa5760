# SPDX-License-Identifier: MIT
"""What the library needs of MicroPython's QEMU port: entropy, which its host must give; a clock of virtual time; no files."""

import gc
import sys

import machine
from micropython import const

_PLENTY = const(16384)
_MACHINE = sys.implementation._machine
_source = None


def seed(source):
    """Take entropy from source(buf), which fills buf: the emulated boards have no generator of their own."""
    global _source
    _source = source


def entropy(buf):
    """Fill buf with what the host gives."""
    if _source is None:
        raise OSError("this board has no entropy: give it a source with mxtls_port.seed()")
    _source(buf)


def unix_time():
    """Seconds since 1970, or 0 when the clock was never set: here, never."""
    return 0


if _MACHINE.startswith("microbit"):  # TIMER1 of the nRF51, 32 bits of 31250 Hz
    machine.mem32[0x40009508] = 3
    machine.mem32[0x40009510] = 9
    machine.mem32[0x40009000] = 1

    def ticks_ms():
        """Milliseconds of virtual time since this module was imported, modulo 2**30."""
        machine.mem32[0x40009040] = 1
        return machine.mem32[0x40009540] * 4 // 125 & 0x3FFFFFFF

elif _MACHINE.startswith("mps2"):  # the board's counter, 25 MHz divided to 1 kHz
    machine.mem32[0x4002801C] = 24999

    def ticks_ms():
        """Milliseconds of virtual time, modulo 2**30."""
        return machine.mem32[0x40028018] & 0x3FFFFFFF

else:  # RISC-V's mtime, 64 bits of 10 MHz

    def ticks_ms():
        """Milliseconds of virtual time, modulo 2**30."""
        high = 1
        now = 0
        while high != now:
            high = machine.mem32[0x200BFFC]
            low = machine.mem32[0x200BFF8]
            now = machine.mem32[0x200BFFC]
        return (high << 32 | low) // 10000 & 0x3FFFFFFF


def read_file(name):
    """There are no files on such a board."""
    raise OSError("this board has no files: " + name)


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
