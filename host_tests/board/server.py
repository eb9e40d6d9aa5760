# SPDX-License-Identifier: MIT
"""Runs on a board: calls its kernels for host_tests/remote.py, over lines of text. Ends at an empty line.

    ?aes                        -> AES_CTX=244 aes_ctr aes_expand …    the module's public names
    aes.aes_ctr 5               -> None 1:BBBB… 2:CCCC…                the result, and the buffers that changed
    aes.aes_ctr 5 timed         -> None 1234                           the result, and the timer's ticks that the call took
    what raises                 -> !ValueError text

A call is followed by so many arguments, a line each: a number, the length of a buffer (+n) that follows in lines of
base64, the n-th buffer of the last call as it was left (=n), or the n-th argument of this call once more (*n). The board's own
text, before this one, defines readline(), and for timed calls TIMER, disable_irq() and enable_irq() (tools/qemu.py).

A timed call fills the buffers of the last one in place where it can, and nothing else outlives a line. A call like the last one
then finds the heap as that one found it, and what it allocates takes as long.
"""

import gc
import sys
from array import array
from binascii import a2b_base64, b2a_base64

import micropython  # noqa: F401  for what exec() compiles

held = []  # the last call's arguments
slots = []  # the last timed call's
took = array("I", [0])

# For each number of arguments: the timer is read by viper right before and after, for a count may be an object on the heap.
TIMED = """
@micropython.viper
def timed(f, a, took: ptr32):
    t = ptr32(uint(%d))
    %s
    %s
    began = %s
    result = f(%s)
    %s
    took[0] = %s - began
    return result
"""
timers = []
for n in range(9):
    names = ["a%d" % i for i in range(n)]
    loads = ["%s = a[%d]" % pair for pair in zip(names, range(n))]
    place, touch, read = TIMER  # noqa: F821
    exec(TIMED % (place, "; ".join(loads) or "pass", touch, read, ", ".join(names), touch, read))
    timers.append(timed)  # noqa: F821


def argument(line, given, last):
    """The value of an argument's line; a buffer's may be written to `last`, if that is one of its length."""
    if line[:1] == b"+":
        n = int(line[1:])
        buf = last if isinstance(last, bytearray) and len(last) == n else bytearray(n)
        at = 0
        while at < n:
            piece = a2b_base64(readline())  # noqa: F821
            buf[at : at + len(piece)] = piece
            at += len(piece)
        return buf
    if line[:1] == b"=":
        return held[int(line[1:])]
    return given[int(line[1:])] if line[:1] == b"*" else int(line)


def call(path, count, timed=None):
    global held, slots
    module, name = path.split(".")
    kernel = getattr(sys.modules["mxtls.kernels." + module], name)
    count = int(count)
    given = slots if timed and len(slots) == count else [None] * count
    for i in range(count):
        given[i] = argument(readline(), given, given[i])  # noqa: F821
    held = [] if timed else given
    slots = given if timed else []
    if timed:
        gc.collect()
        state = disable_irq()  # noqa: F821
        result = timers[count](kernel, given, took)
        enable_irq(state)  # noqa: F821
        print(result, took[0])
        return
    before = [a if isinstance(a, int) else bytes(a) for a in given]
    sys.stdout.write(str(kernel(*given)))
    for i in range(count):
        if given[i] != before[i]:
            sys.stdout.write(" %d:" % i)
            sys.stdout.write(b2a_base64(given[i])[:-1])
    print()


def names(module):
    __import__("mxtls.kernels." + module)
    space = sys.modules["mxtls.kernels." + module].__dict__
    print(*["%s=%d" % (n, v) if isinstance(v, int) else n for n, v in space.items() if n[0] != "_"])


def answer():
    """To one line; returns whether there was one."""
    line = str(readline(), "ascii")  # noqa: F821
    try:
        if line[0] == "?":
            names(line[1:-1])
        elif len(line) > 1:
            call(*line.split())
    except Exception as e:
        print("!%s %s" % (type(e).__name__, " ".join(str(a) for a in (e.code, e.alert, e.text)) if hasattr(e, "alert") else e))
    return len(line) > 1


print("ready")
while answer():
    gc.collect()
