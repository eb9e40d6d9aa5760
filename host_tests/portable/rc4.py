# SPDX-License-Identifier: MIT
"""RC4: RFC 6229, and self-tests of splits and neighbours."""

import sys
from binascii import unhexlify

from mxtls.crypto.rc4 import Rc4

passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("rc4: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def cavp(path):
    case = {}
    with open(path) as f:
        for line in f:
            if " = " in line and line[0] != "#":
                name, value = line.strip().split(" = ")
                case[name] = int(value) if name in ("COUNT", "OFFSET") else unhexlify(value)
                if name == "CIPHERTEXT":
                    at, text = case["OFFSET"], case["PLAINTEXT"]
                    buf = bytearray(at) + text
                    Rc4(case["KEY"]).crypt(buf, 0, len(buf))
                    check("%s %d" % (path, case["COUNT"]), bytes(buf[at:]), case["CIPHERTEXT"])


def selftest():
    buf = bytearray(b"<Plaintext>")
    Rc4(b"Key").crypt(buf, 1, 9)
    check("Key, Plaintext", bytes(buf), b"<" + unhexlify("bbf316e8d940af0ad3") + b">")
    whole = bytearray(600)
    Rc4(b"Key").crypt(whole, 0, 600)
    for i in range(0, 601, 50):
        rc4 = Rc4(b"Key")
        buf = bytearray(602)
        rc4.crypt(buf, 1, i)
        rc4.crypt(buf, 1 + i, 600 - i)
        check("split %d" % i, bytes(buf), b"\0" + bytes(whole) + b"\0")
        rc4.wipe()


def main(folder):
    selftest()
    try:
        cavp(folder + "/cavp/ARC4/arc4.txt")
        for bits in (40, 56, 64, 80, 128, 192, 256):
            cavp(folder + "/cavp/ARC4/rfc-6229-%d.txt" % bits)
    except OSError:
        print("rc4: no vectors, self-tests only")
    print("rc4: %d passed" % passed)


main(sys.argv[1])
