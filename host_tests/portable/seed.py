# SPDX-License-Identifier: MIT
"""SEED in CBC mode: RFC 4269, RFC 4196, and self-tests of splits and neighbours."""

import sys
from binascii import unhexlify

from mxtls.crypto.seed import SeedCbc

passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("seed: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def cavp(path):
    case = {}
    with open(path) as f:
        for line in f:
            if " = " in line and line[0] != "#":
                name, value = line.strip().split(" = ")
                case[name] = value if name == "COUNT" else unhexlify(value)
                if name == "CIPHERTEXT":
                    cbc(path + " " + case["COUNT"], case["KEY"], case.get("IV", bytes(16)), case["PLAINTEXT"], case["CIPHERTEXT"])


def cbc(what, key, iv, text, sealed):
    cipher = SeedCbc(key)
    for method, source, want in ((cipher.encrypt, text, sealed), (cipher.decrypt, sealed, text)):
        buf, chain = bytearray(b"<" + source + b">"), bytearray(iv)
        method(chain, buf, 1, len(source))
        check(what, bytes(buf), b"<" + want + b">")
        check(what + " iv", bytes(chain), sealed[-16:])


def selftest():
    # RFC 4269 appendix B.1
    cbc("zero key", bytes(16), bytes(16), bytes(range(16)), unhexlify("5ebac6e0054e166819aff1cc6d346cdb"))
    text = bytes([i * 7 & 255 for i in range(320)])
    whole = bytearray(text)
    cipher = SeedCbc(text[:16])
    cipher.encrypt(bytearray(16), whole, 0, 320)
    for i in range(0, 321, 80):
        buf = bytearray(b"<" + text + b">")
        iv = bytearray(16)
        cipher.encrypt(iv, buf, 1, i)
        cipher.encrypt(iv, buf, 1 + i, 320 - i)
        check("encrypt split %d" % i, bytes(buf), b"<" + bytes(whole) + b">")
        iv = bytearray(16)
        cipher.decrypt(iv, buf, 1, i)
        cipher.decrypt(iv, buf, 1 + i, 320 - i)
        check("decrypt split %d" % i, bytes(buf), b"<" + text + b">")
    cipher.wipe()


def main(folder):
    selftest()
    try:
        cavp(folder + "/cavp/SEED/rfc-4269.txt")
        cavp(folder + "/cavp/SEED/rfc-4196.txt")
    except OSError:
        print("seed: no vectors, self-tests only")
    print("seed: %d passed" % passed)


main(sys.argv[1])
