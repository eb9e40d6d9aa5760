# SPDX-License-Identifier: MIT
"""Run on an emulated RP2040 by tools/bench_rp2040.py, before the other board_*.py: the cycle counter."""

import gc  # noqa: F401  for those that follow

from machine import mem32


def cycles():
    """Processor cycles since the start."""
    low = mem32[0x40070000]
    return mem32[0x40070004] << 32 | low & 0xFFFFFFFF


def _overhead():
    began = cycles()
    return cycles() - began


_OVERHEAD = min(_overhead() for _ in range(5))
running = [None]  # the side whose calls board_profile.py counts


def read(name):
    """A file of the board."""
    with open(name, "rb") as f:
        return f.read()


def report(name, *numbers):
    """A line for the host."""
    print(name + ":", *numbers)
