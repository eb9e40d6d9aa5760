# SPDX-License-Identifier: MIT
"""Diffie-Hellman modulo a prime, self-test: two shares agree as the definition says, and what is out of range is refused."""

import sys

from mxtls.codes import ALERT_ILLEGAL_PARAMETER, ALERT_INSUFFICIENT_SECURITY
from mxtls.crypto.dh import DhShare
from mxtls.crypto.ffdhe import FFDHE2048
from mxtls.errors import Error
from mxtls.kernels.dh import dh_power

# The 1024-bit prime of RFC 2409 section 6.2: short, for tests
OAKLEY2 = (
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xc9\x0f\xda\xa2\x21\x68\xc2\x34\xc4\xc6\x62\x8b\x80\xdc\x1c\xd1\x29\x02\x4e\x08\x8a\x67\xcc\x74"
    b"\x02\x0b\xbe\xa6\x3b\x13\x9b\x22\x51\x4a\x08\x79\x8e\x34\x04\xdd\xef\x95\x19\xb3\xcd\x3a\x43\x1b\x30\x2b\x0a\x6d\xf2\x5f\x14\x37"
    b"\x4f\xe1\x35\x6d\x6d\x51\xc2\x45\xe4\x85\xb5\x76\x62\x5e\x7e\xc6\xf4\x4c\x42\xe9\xa6\x37\xed\x6b\x0b\xff\x5c\xb6\xf4\x06\xb7\xed"
    b"\xee\x38\x6b\xfb\x5a\x89\x9f\xa5\xae\x9f\x24\x11\x7c\x4b\x1f\xe6\x49\x28\x66\x51\xec\xe6\x53\x81\xff\xff\xff\xff\xff\xff\xff\xff"
)
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("dh: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def refused(what, alert, call, *args):
    try:
        call(*args)
    except Error as e:
        check(what, e.alert, alert)
        return
    check(what, "no error", "an error")


def number(n, size):
    return n.to_bytes(size, "big")


def main():
    for p in (OAKLEY2, FFDHE2048):
        size = len(p)
        a, b = DhShare(p, b"\x02", 1024), DhShare(b"\0\0" + p, b"\0\x02", 0)
        check("p without zeros", b.p, p)
        check("lengths", (len(a.public), len(b.public), len(a.private)), (size, size, 32))
        secret = a.agree(b"??" + b.public + b"?", 2, size)
        check("agreed", secret, b.agree(a.public, 0, size))
        check("zeros before a value", secret, b.agree(b"\0\0\0" + a.public, 0, size + 3))
        n = int.from_bytes(p, "big")
        shared = pow(int.from_bytes(b.public, "big"), int.from_bytes(a.private, "big"), n)
        check("the definition", int.from_bytes(secret, "big"), shared)
        for bad in (0, 1, n - 1, n, n + 2):
            refused("a value out of range", ALERT_ILLEGAL_PARAMETER, a.agree, number(bad, size + 1), 0, size + 1)
        refused("a value too long", ALERT_ILLEGAL_PARAMETER, a.agree, b"\1" * (size + 1), 0, size + 1)
        refused("no value", ALERT_ILLEGAL_PARAMETER, a.agree, b"", 0, 0)
        a.private = bytearray(b"\0" * 31 + b"\x08")  # 2**8 has many zeros before it: they go
        check("without leading zeros", a.agree(b"\x02", 0, 1), b"\x01\x00")
        for g in (b"", b"\0", b"\1", number(n - 1, size), p, b"\1" + p):
            refused("generator", ALERT_ILLEGAL_PARAMETER, DhShare, p, g, 1024)
        refused("an even prime", ALERT_ILLEGAL_PARAMETER, DhShare, p[:-1] + b"\xfe", b"\2", 1024)
        b.wipe()
        check("wiped", any(b.private), False)
    refused("shorter than asked for", ALERT_INSUFFICIENT_SECURITY, DhShare, OAKLEY2, b"\2", 2048)
    for short in (b"", b"\0\0", b"\x7f" + OAKLEY2[1:], OAKLEY2[1:]):
        refused("below 1024 bits", ALERT_INSUFFICIENT_SECURITY, DhShare, short, b"\2", 0)
    refused("above 4096 bits", ALERT_ILLEGAL_PARAMETER, DhShare, b"\1" + FFDHE2048 + FFDHE2048, b"\2", 2048)
    check("384 bits of exponent", len(DhShare(b"\3" + FFDHE2048, b"\2", 2048).private), 48)
    out = bytearray(128)
    for x in (b"\0", number(int.from_bytes(OAKLEY2, "big") - 1, 128)):  # to the power of the group's order: 1
        check("a result of 1", dh_power(out, b"\2", x, OAKLEY2), 0)
    for p in (b"", b"\0", b"\1", b"\2", b"\3", b"\x10"):
        check("no prime", dh_power(out, b"\2", b"\2", p), 0)
    print("dh: %d passed" % passed)


main()
