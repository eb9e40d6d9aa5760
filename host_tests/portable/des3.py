# SPDX-License-Identifier: MIT
"""Triple DES in CBC mode: CAVP, and self-tests of splits, neighbours and parity bits."""

import sys
from binascii import unhexlify

from mxtls.crypto.des3 import Des3Cbc
from mxtls.kernels.des3 import DES3_CTX, des3_cbc_decrypt, des3_cbc_encrypt, des3_expand

passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("des3: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def cavp(path):
    encrypt, case = True, {}
    with open(path) as f:
        for line in f:
            line = line.strip()
            if line[:1] == "[":
                encrypt = line == "[ENCRYPT]"
            elif " = " in line and line[0] != "#":
                name, value = line.split(" = ")
                case[name] = value if name == "COUNT" else unhexlify(value)
                if name == "KEYs":
                    case["KEY1"] = case["KEY2"] = case["KEY3"] = case[name]
                if name == ("CIPHERTEXT" if encrypt else "PLAINTEXT"):
                    cbc(path + " " + case["COUNT"], case, encrypt)


def cbc(what, case, encrypt):
    source, want = case["PLAINTEXT"], case["CIPHERTEXT"]
    if not encrypt:
        source, want = want, source
    cipher = Des3Cbc(case["KEY1"] + case["KEY2"] + case["KEY3"])
    buf, iv = bytearray(b"<" + source + b">"), bytearray(case["IV"])
    (cipher.encrypt if encrypt else cipher.decrypt)(iv, buf, 1, len(source))
    check(what, bytes(buf), b"<" + want + b">")
    check(what + " iv", bytes(iv), case["CIPHERTEXT"][-8:])


def selftest():
    ctx, other = bytearray(b"\xa5" * DES3_CTX), bytearray(DES3_CTX)
    des3_expand(ctx, b"?" + bytes(range(0, 240, 10)), 1)
    des3_expand(other, bytes([i ^ 1 for i in range(0, 240, 10)]), 0)
    check("parity", ctx, other)
    text = bytes([i * 7 & 255 for i in range(320)])
    whole = bytearray(text)
    des3_cbc_encrypt(ctx, bytearray(8), whole, 0, 320)
    for i in range(0, 321, 40):
        buf = bytearray(b"<" + text + b">")
        iv = bytearray(8)
        des3_cbc_encrypt(ctx, iv, buf, 1, i)
        des3_cbc_encrypt(ctx, iv, buf, 1 + i, 320 - i)
        check("encrypt split %d" % i, bytes(buf), b"<" + bytes(whole) + b">")
        iv = bytearray(8)
        des3_cbc_decrypt(ctx, iv, buf, 1, i)
        des3_cbc_decrypt(ctx, iv, buf, 1 + i, 320 - i)
        check("decrypt split %d" % i, bytes(buf), b"<" + text + b">")
        check("iv", bytes(iv), bytes(whole[312:]))


def main(folder):
    selftest()
    try:
        for kind in ("MMT1", "MMT2", "MMT3", "invperm", "permop", "subtab", "varkey", "vartext"):
            cavp("%s/cavp/3DES-CBC/TCBC%s.rsp" % (folder, kind))
    except OSError:
        print("des3: no vectors, self-tests only")
    print("des3: %d passed" % passed)


main(sys.argv[1])
