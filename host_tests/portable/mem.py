# SPDX-License-Identifier: MIT
"""copy and wipe (self-test): every length and place around a word, overlaps both ways, nothing written beside."""

import sys

from mxtls.kernels.mem import copy, wipe

passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("mem: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def copied(what, buf, doff, source, soff, n):
    want = bytearray(buf)
    want[doff : doff + n] = bytes(source[soff : soff + n])
    copy(buf, doff, source, soff, n)
    check(what, buf, want)


def main():
    text = bytes(range(1, 51))
    for n in list(range(10)) + [15, 16, 17, 31, 32, 33]:
        for doff in range(4):
            for soff in range(4):
                copied(("copy", n, doff, soff), bytearray(40), doff, text, soff, n)
    for n in (0, 1, 2, 3, 4, 5, 8, 11, 16, 23):
        for doff in (0, 1, 2, 3, 4, 5, 8, 13):
            for soff in (0, 1, 2, 3, 4, 5, 8, 13):
                buf = bytearray(text)
                copied(("overlap", n, doff, soff), buf, doff, buf, soff, n)
    for n in (0, 1, 2, 3, 4, 5, 7, 8, 9, 33):
        buf = bytearray(text)
        wipe(memoryview(buf)[3 : 3 + n])
        check(("wipe", n), buf, text[:3] + bytes(n) + text[3 + n :])
        buf = bytearray(text[:n])
        wipe(buf)
        check(("wipe all", n), buf, bytes(n))
    print("mem: %d passed" % passed)


main()
