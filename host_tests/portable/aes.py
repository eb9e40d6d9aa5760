# SPDX-License-Identifier: MIT
"""AES, CBC and CTR: CAVP, Wycheproof, SP 800-38A, and self-tests of splits, neighbours and the counter's end."""

import json
import sys
from binascii import unhexlify

from micropython import heap_lock, heap_unlock

from mxtls.crypto.cbc import AesCbc
from mxtls.kernels.aes import AES_CTX, aes_cbc_decrypt, aes_cbc_encrypt, aes_ctr, aes_expand

QUIET = AES_CTX != 241  # the pure kernels allocate
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("aes: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def expanded(key):
    ctx = bytearray(b"\xa5" * AES_CTX)  # a context need not be zero
    aes_expand(ctx, b"?" + key, 1, len(key))
    return ctx


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
                if name == ("CIPHERTEXT" if encrypt else "PLAINTEXT"):
                    cbc(path + " " + case["COUNT"], case, encrypt)


def cbc(what, case, encrypt):
    source, want = case["PLAINTEXT"], case["CIPHERTEXT"]
    if not encrypt:
        source, want = want, source
    cipher = AesCbc(case["KEY"])
    buf, iv = bytearray(b"<" + source + b">"), bytearray(case["IV"])
    (cipher.encrypt if encrypt else cipher.decrypt)(iv, buf, 1, len(source))
    check(what, bytes(buf), b"<" + want + b">")
    check(what + " iv", bytes(iv), case["CIPHERTEXT"][-16:])


def wycheproof(path):
    with open(path) as f:
        groups = json.load(f)["testGroups"]
    for group in groups:
        for t in group["tests"]:
            if t["result"] == "valid":
                msg = unhexlify(t["msg"])
                pad = 16 - len(msg) % 16
                case = {"KEY": unhexlify(t["key"]), "IV": unhexlify(t["iv"]), "CIPHERTEXT": unhexlify(t["ct"])}
                case["PLAINTEXT"] = msg + bytes([pad]) * pad
                cbc(str(t["tcId"]), case, True)
                cbc(str(t["tcId"]), case, False)


def ctr():
    # SP 800-38A F.5.1, F.5.3 and F.5.5
    text = unhexlify(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
    )
    for key, last in (
        ("2b7e151628aed2a6abf7158809cf4f3c", "1e031dda2fbe03d1792170a0f3009cee"),
        ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "4f78a7f6d29809585a97daec58c6b050"),
        ("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "dfc9c58db67aada613c2dd08457941a6"),
    ):
        buf = bytearray(text)
        at = bytearray(unhexlify("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
        aes_ctr(expanded(unhexlify(key)), at, buf, 0, 64)
        check("ctr", bytes(buf[48:]), unhexlify(last))
        check("counter", at[15], 3)


def selftest():
    ctx = expanded(bytes(range(16)))
    # Any length at any place: what one block after another gives, and nothing beside it.
    stream = bytearray(600)
    at = bytearray(b"\xff" * 15 + b"\xfd")  # the 32-bit counter turns over after three blocks; the rest stays
    for i in range(0, 600, 16):
        aes_ctr(ctx, at, stream, i, min(16, 600 - i))
    check("counter wrapped", bytes(at), b"\xff" * 12 + b"\0\0\0\x23")
    for n in list(range(70)) + [127, 128, 129, 255, 256, 257, 289, 511, 512, 513, 600]:
        off = n % 5
        buf = bytearray(off + n + 4)
        at = bytearray(b"\xff" * 15 + b"\xfd")
        aes_ctr(ctx, at, buf, off, n)
        check("ctr length %d" % n, bytes(buf), bytes(off) + bytes(stream[:n]) + bytes(4))
        check("ctr count %d" % n, (at[11], at[15]), (0xFF, (0xFD + (n + 15) // 16) & 0xFF))
    for i in range(0, 601, 48):
        buf = bytearray(600)
        at = bytearray(b"\xff" * 15 + b"\xfd")
        aes_ctr(ctx, at, buf, 0, i)
        aes_ctr(ctx, at, buf, i, 600 - i)
        check("ctr split %d" % i, buf, stream)
    text = bytes([i * 7 & 255 for i in range(400)])
    whole = bytearray(text)
    aes_cbc_encrypt(ctx, bytearray(16), whole, 0, 400)
    for i in range(0, 401, 16):
        buf = bytearray(b"<" + text + b">")
        iv = bytearray(16)
        aes_cbc_encrypt(ctx, iv, buf, 1, i)
        aes_cbc_encrypt(ctx, iv, buf, 1 + i, 400 - i)
        check("cbc encrypt split %d" % i, bytes(buf), b"<" + bytes(whole) + b">")
        iv = bytearray(16)
        aes_cbc_decrypt(ctx, iv, buf, 1, i)
        aes_cbc_decrypt(ctx, iv, buf, 1 + i, 400 - i)
        check("cbc decrypt split %d" % i, bytes(buf), b"<" + text + b">")
    if QUIET:
        buf, iv = bytearray(70), bytearray(16)
        heap_lock()
        aes_expand(ctx, text, 3, 32)
        aes_ctr(ctx, iv, buf, 1, 67)
        aes_cbc_encrypt(ctx, iv, buf, 1, 48)
        aes_cbc_decrypt(ctx, iv, buf, 1, 48)
        heap_unlock()
        check("no allocation", 0, 0)


def main(folder):
    selftest()
    ctr()
    try:
        for kind in ("GFSbox", "KeySbox", "MMT", "VarKey", "VarTxt"):
            for bits in (128, 192, 256):
                cavp("%s/cavp/AES-CBC/CBC%s%d.rsp" % (folder, kind, bits))
        wycheproof(folder + "/wycheproof/aes_cbc_pkcs5_test.json")
    except OSError:
        print("aes: no vectors, self-tests only")
    print("aes: %d passed" % passed)


main(sys.argv[1])
