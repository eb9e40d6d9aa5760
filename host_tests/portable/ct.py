# SPDX-License-Identifier: MIT
"""The constant-time byte kernels: self-tests against the plain way to write each."""

import sys

from mxtls.kernels.ct import ct_equal, ct_found, ct_hash_block, ct_padding, ct_select

STEP = 7 if sys.implementation.name == "remote" else 1
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("ct: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def equal_select():
    a = bytes(range(40))
    check("nothing is equal", ct_equal(a, 3, a, 9, 0), 1)
    for n in (1, 16, 31):
        b = bytearray(b"??" + a[3:])
        check("equal", ct_equal(a, 3, b, 2, n), 1)
        for i in range(n):
            for bit in (1, 0x80):
                b[2 + i] ^= bit
                check("unequal", ct_equal(a, 3, b, 2, n), 0)
                b[2 + i] ^= bit
        b[2 + n] ^= 1
        check("what follows", ct_equal(a, 3, b, 2, n), 1)
    for take in (0, 1):
        b = bytearray(b"\xff" * 30)
        ct_select(b, a, 20, take)
        check("select", bytes(b), (a[:20] if take else b"\xff" * 20) + b"\xff" * 10)


def padding():
    for n, size in ((32, 20), (32, 31), (16, 0), (256, 0), (272, 20), (320, 48), (16384 + 1024, 20)):
        room = n - size - 1
        for p in (0, 1, 2, 15, room - 1, room, room + 1, 254, 255):
            if 0 <= p <= 255:
                # The bytes before the padding look like it as well.
                b = bytearray(bytes([p]) * (n + 2))
                b[n + 1] = 77
                check("padding %d %d %d" % (n, size, p), ct_padding(b, 1, n, size), room - p if p <= room else 1 << 16 | room)
                if p <= room:
                    for i in range(1, p + 1, STEP):
                        b[n - i] ^= 0x40
                        check("bad padding", ct_padding(b, 1, n, size), 1 << 16 | room)
                        b[n - i] ^= 0x40
                    b[n - p - 1] ^= 0x40
                    check("not padding", ct_padding(b, 1, n, size), room - p)


def hash_block():
    head, data = bytes(range(13)), bytes([i * 3 + 1 & 255 for i in range(300)])
    for n in (64, 128):
        for most in (13, 100, 313):
            for end in range(13, most + 1, STEP):
                text = (head + data)[:end]
                blocks = (end + (n >> 3)) // n + 1
                padded = text + b"\x80" + bytes(blocks * n - end - 5) + bytes([(end + n) * 8 >> s & 255 for s in (24, 16, 8, 0)])
                for at in range(0, most + (n >> 3) + 1, n):
                    out = bytearray(b"\xa5" * n)
                    last = ct_hash_block(out, head, 13, b"?" + data, 1, at, most, end)
                    check("last", last, int(at == (blocks - 1) * n))
                    if at < blocks * n:
                        check("block", bytes(out), padded[at : at + n])


def found():
    data = bytes([i * 7 & 255 for i in range(90)])
    for size in (20, 32):
        for at in range(50):
            mac = data[3 + at : 3 + at + size]
            check("found", ct_found(mac, size, data, 3, 50, at), 1)
            check("elsewhere", ct_found(mac, size, data, 3, 50, at + 1), 0)
            check("off by a bit", ct_found(bytes([mac[0] ^ 1]) + mac[1:], size, data, 3, 50, at), 0)
            check("off at the end", ct_found(mac[:-1] + bytes([mac[-1] ^ 0x80]), size, data, 3, 50, at), 0)


equal_select()
padding()
hash_block()
found()
print("ct: %d passed" % passed)
