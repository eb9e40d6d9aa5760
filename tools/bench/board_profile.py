# SPDX-License-Identifier: MIT
"""Run on an emulated RP2040 by `tools/bench_rp2040.py --profile`, between board_counter.py and board_mx.py: every kernel, and
every import, counts its calls and its cycles for the side that runs. What a kernel calls is part of it.
"""

import builtins
import sys

KERNELS = "aes ccm chacha20poly1305 ct dh ec gcm ghash hash mem rsa x25519"
_import = builtins.__import__
_busy = [False]


def _spend(name, function, arguments):
    """Call it, and note what that cost unless something above it does."""
    if _busy[0] or running[0] is None:
        return function(*arguments)
    _busy[0] = True
    began = cycles()
    try:
        return function(*arguments)
    finally:
        spent = cycles() - began
        _busy[0] = False
        row = running[0].profile.setdefault(name, [0, 0])
        row[0] += 1
        row[1] += spent - _CALL


def _counting(name, function):
    return lambda *arguments: _spend(name, function, arguments)


def _import_counting(name, *rest):
    module = _spend("import", _import, (name,) + rest)
    kernel = name[14:]
    if name[:14] == "mxtls.kernels." and kernel in KERNELS.split() and not hasattr(sys.modules[name], "_counted"):
        loaded = sys.modules[name]
        loaded._counted = True
        for name in dir(loaded):
            function = getattr(loaded, name)
            if callable(function) and (name.startswith(kernel) or kernel in ("mem", "hash")):  # what others import from it, not what it imports
                setattr(loaded, name, _counting(name, function))
    return module


def print_profile(side):
    """The lines for the host: what, calls, cycles; and what is left of the side's total."""
    rest = side.spent
    for name, (calls, spent) in side.profile.items():
        report(name, calls, spent)
        rest -= spent + calls * (_CALL + _AROUND)
    report("bytecode and the rest", 1, rest)


class _Nobody:
    profile = {}


def _calibrate(function, counted):
    """What counting itself costs: between the two readings, and around them."""
    function()
    counted()
    before = cycles()
    function()
    plain = cycles() - before - _OVERHEAD
    _Nobody.profile.clear()
    before = cycles()
    counted()
    whole = cycles() - before - _OVERHEAD
    inside = _Nobody.profile["nothing"][1] - plain
    return inside, whole - inside - plain


def _nothing():
    pass


_CALL = _AROUND = 0
running[0] = _Nobody
_CALL, _AROUND = _calibrate(_nothing, _counting("nothing", _nothing))
running[0] = None
builtins.__import__ = _import_counting
