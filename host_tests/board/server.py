# SPDX-License-Identifier: MIT
"""Runs on a board: calls its kernels for host_tests/remote.py, over lines of text. Ends at an empty line.

    ?aes                        -> AES_CTX=244 aes_ctr aes_expand …    the module's public names
    aes.aes_ctr 5               -> None 1:BBBB… 2:CCCC…                the result, and the buffers that changed
    aes.aes_ctr 5 timed         -> None@1234 …                         the same, with the timer's ticks that it took
    what raises                 -> !ValueError text

A call is followed by so many arguments, a line each: a number, the length of a buffer (+n) that follows in lines of
base64, the n-th buffer of the last call as it was left (=n), or the n-th argument of this call once more (*n). The board's own
text, before this one, defines readline(), and stamp() for timed calls.
"""

import gc
import sys
from array import array
from binascii import a2b_base64, b2a_base64

held = []  # the last call's arguments
began, ended = array("I", [0]), array("I", [0])

# A call with its arguments written out allocates nothing; f(*arguments) does, in a time that depends on the heap.
timers = []
for n in range(9):
    exec("def timer(f, a):\n stamp(began)\n r = f(%s)\n stamp(ended)\n return r" % ", ".join("a[%d]" % i for i in range(n)))
    timers.append(timer)  # noqa: F821


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


def call(path, count, timed=None):
    global held
    module, name = path.split(".")
    kernel = getattr(sys.modules["mxtls.kernels." + module], name)
    given = []
    for _ in range(int(count)):
        given.append(argument(readline(), given))  # noqa: F821
    held = given
    before = [a if isinstance(a, int) else bytes(a) for a in given]
    if timed:
        # Once on copies: the interpreter's cache of names is then warm, whatever ran before.
        timers[len(given)](kernel, [a if isinstance(a, int) else bytearray(a) for a in given])
        gc.collect()
        result = timers[len(given)](kernel, given)
    else:
        result = kernel(*given)
    sys.stdout.write("%s@%d" % (result, ended[0] - began[0]) if timed else str(result))
    for i in range(len(given)):
        if given[i] != before[i]:
            sys.stdout.write(" %d:" % i)
            sys.stdout.write(b2a_base64(given[i])[:-1])
    print()


def names(module):
    __import__("mxtls.kernels." + module)
    space = sys.modules["mxtls.kernels." + module].__dict__
    print(*["%s=%d" % (n, v) if isinstance(v, int) else n for n, v in space.items() if n[0] != "_"])


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
                call(*line.split())
        except Exception as e:
            print("!%s %s" % (type(e).__name__, " ".join(str(a) for a in (e.code, e.alert, e.text)) if hasattr(e, "alert") else e))


serve()
