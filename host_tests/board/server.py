# SPDX-License-Identifier: MIT
"""Runs on a board: calls its kernels for host_tests/remote.py, over lines of text. Ends at an empty line.

    ?aes                        -> AES_CTX=244 aes_ctr aes_expand …    the module's public names
    aes.aes_ctr 5               -> None 1:BBBB… 2:CCCC…                the result, and the buffers that changed
    aes.aes_ctr 5 3             -> None,1234 None,1234 None,1234       of three calls, the result and the timer's ticks that it took
    what raises                 -> !ValueError text

A call is followed by so many arguments, a line each: a number, the length of a buffer (+n) that follows in lines of
base64, the n-th buffer of the last call as it was left (=n), or the n-th argument of this call once more (*n). The board's own
text, before this one, defines readline(), and for timed calls TIMER, disable_irq() and enable_irq() (tools/qemu.py).
"""

import gc
import sys
from array import array
from binascii import a2b_base64, b2a_base64

import micropython  # noqa: F401  for what exec() compiles

held = ()  # the last call's arguments

# For each number of arguments: the timer is read by viper right before and after, for a count may be an object on the heap.
TIMED = """
@micropython.viper
def timed(f, a, took: ptr32, i: int):
    t = ptr32(uint(%d))
    %s
    %s
    began = %s
    result = f(%s)
    %s
    took[i] = %s - began
    return result
"""
timers = []
for n in range(9):
    names = ["a%d" % i for i in range(n)]
    loads = ["a%d = a[%d]" % (i, i) for i in range(n)]
    place, touch, read = TIMER  # noqa: F821
    exec(TIMED % (place, "; ".join(loads) or "pass", touch, read, ", ".join(names), touch, read))
    timers.append(timed)  # noqa: F821


def argument(line, given):
    if line[:1] == b"+":
        buf, at = bytearray(int(line[1:])), 0
        while at < len(buf):
            piece = a2b_base64(readline())  # noqa: F821
            buf[at : at + len(piece)] = piece
            at += len(piece)
        return buf
    if line[:1] == b"=":
        return held[int(line[1:])]
    return given[int(line[1:])] if line[:1] == b"*" else int(line)


def arguments(count):
    given = []
    for _ in range(count):
        given.append(argument(readline(), given))  # noqa: F821
    return given


def call(kernel, given):
    before = [a if isinstance(a, int) else bytes(a) for a in given]
    sys.stdout.write(str(kernel(*given)))
    for i in range(len(given)):
        if given[i] != before[i]:
            sys.stdout.write(" %d:" % i)
            sys.stdout.write(b2a_base64(given[i])[:-1])
    print()


def measure(kernel, cases):
    """Calls of the same lengths, in the same buffers and with nothing else in between: each finds the heap as the one before found
    it, but for the first two, so that what it allocates takes as long."""
    timer = timers[len(cases[0])]
    given = [bytearray(len(a)) if isinstance(a, bytearray) else a for a in cases[0]]
    results, took = [None] * len(cases), array("I", bytes(4 * len(cases)))
    for i in range(len(cases)):
        for j in range(len(given)):
            a = cases[i][j]
            if isinstance(a, int):
                given[j] = a
                continue
            buf = given[j]
            for k in range(len(buf)):
                buf[k] = a[k]
        gc.collect()
        state = disable_irq()  # noqa: F821
        results[i] = timer(kernel, given, took, i)
        enable_irq(state)  # noqa: F821
    print(*["%s,%d" % (results[i], took[i]) for i in range(len(cases))])


def names(module):
    __import__("mxtls.kernels." + module)
    space = sys.modules["mxtls.kernels." + module].__dict__
    print(*["%s=%d" % (n, v) if isinstance(v, int) else n for n, v in space.items() if n[0] != "_"])


def ask(path, count, times=None):
    global held
    module, name = path.split(".")
    kernel = getattr(sys.modules["mxtls.kernels." + module], name)
    if times:
        held = ()
        measure(kernel, [arguments(int(count)) for _ in range(int(times))])
    else:
        held = arguments(int(count))
        call(kernel, held)


def serve():
    print("ready")
    while True:
        line = str(readline(), "ascii")  # noqa: F821
        if len(line) < 2:
            return
        try:
            if line[0] == "?":
                names(line[1:-1])
            else:
                ask(*line.split())
        except Exception as e:
            print("!%s %s" % (type(e).__name__, " ".join(str(a) for a in (e.code, e.alert, e.text)) if hasattr(e, "alert") else e))


serve()
