# SPDX-License-Identifier: MIT
"""Bytes (self-test): copy and wipe of every length and place around a word, overlaps both ways, nothing written beside; what each record has."""

import sys

from mxtls.kernels.mem import copy, record_count, record_header, wipe

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


def records():
    for kind, version, n in ((20, 0x0300, 0), (23, 0x0303, 255), (22, 0xFEFD, 256), (255, 0xFFFF, 0xFFFF)):
        buf = bytearray(b"\x55" * 9)
        record_header(buf, 2, kind, version, n)
        check("header", buf, b"\x55\x55" + bytes([kind, version >> 8, version & 255, n >> 8, n & 255]) + b"\x55\x55")
    for n in (0, 1, 254, 255, 256, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0x1FFFFFFFFFF, (1 << 63) - 1, (1 << 64) - 256, (1 << 64) - 2):
        number = bytearray(n.to_bytes(8, "big") + b"\xff\x00")
        check(("count", n), record_count(number), 1)
        check(("counted", n), number, (n + 1).to_bytes(8, "big") + b"\xff\x00")
    number = bytearray(b"\xff" * 8)
    check("the last number", (record_count(number), number), (0, b"\xff" * 8))


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
    records()
    print("mem: %d passed" % passed)


main()
