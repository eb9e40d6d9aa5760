# SPDX-License-Identifier: MIT
"""HMAC: RFC 2202, RFC 4231, Wycheproof, and heap use. (A script named hmac would hide CPython's own module.)"""

import json
import sys
from binascii import unhexlify

from mxtls.crypto.hmac import BlockHmac, Hmac

try:
    from mxtls.kernels import sha256
except ImportError:  # a build over C has no file for it
    sha256 = None

try:
    from micropython import heap_lock, heap_unlock, mem_total
except ImportError:
    mem_total = None

CLASSES = (Hmac,) if Hmac is BlockHmac else (Hmac, BlockHmac)
HASHES = ((2, "sha1"), (4, "sha256"), (5, "sha384"), (6, "sha512"))
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("mac: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def tag(mac, msg):
    """In two pieces, with bytes on both sides of the tag."""
    out = bytearray(mac.size + 2)
    half = len(msg) // 2
    mac.update(msg, 0, half)
    mac.update(memoryview(msg), half, len(msg) - half)
    mac.digest_into(out, 1)
    mac.reset()
    check("nothing written outside", (out[0], out[mac.size + 1]), (0, 0))
    return bytes(out[1 : mac.size + 1])


def rfc(path, alg):
    fields = {}
    with open(path) as f:
        for line in f:
            if " = " in line and line[0] != "#":
                name, value = line.strip().split(" = ")
                fields[name] = value
                if name == "MD":
                    msg = unhexlify(fields["Msg"])[: int(fields["Len"]) // 8]
                    want = unhexlify(value)
                    for make in CLASSES:
                        mac = make(alg, unhexlify(fields["Key"]))
                        for _ in range(2):  # the second time after reset
                            check(path, tag(mac, msg)[: len(want)], want)
                        mac.wipe()


def wycheproof(path, alg):
    with open(path) as f:
        groups = json.load(f)["testGroups"]
    for group in groups:
        size = group["tagSize"] // 8
        for t in group["tests"]:
            for make in CLASSES:
                got = tag(make(alg, unhexlify(t["key"])), unhexlify(t["msg"]))[:size]
                check("%s %d" % (path, t["tcId"]), got == unhexlify(t["tag"]), t["result"] == "valid")


def rekey():
    """Self-test: a rekeyed MAC is a new MAC."""
    for alg, _ in HASHES:
        for make in CLASSES:
            mac = make(alg, b"k" * 300)
            tag(mac, b"message")
            for key in (b"", b"other key", b"x" * 64):
                mac.rekey(key)
                check("rekey", tag(mac, b"message"), tag(make(alg, key), b"message"))


def heap():
    """Over viper and C kernels nothing is allocated. (Only the pure SHA-256 unpacks its words.)"""
    if not mem_total or hasattr(sha256, "unpack_from"):
        return
    key, data, out = bytearray(32), bytearray(200), bytearray(32)
    mac = BlockHmac(4, key)
    heap_lock()
    before = mem_total()
    mac.rekey(key)
    mac.update(data, 3, 40)
    mac.update(data, 0, 200)
    mac.digest_into(out, 0)
    mac.reset()
    after = mem_total()
    heap_unlock()
    check("heap bytes", after - before, 0)


def main(folder):
    try:
        for alg, name in HASHES:
            rfc("%s/cavp/HMAC/rfc-%s-%s.txt" % (folder, "2202" if alg == 2 else "4231", name), alg)
            wycheproof("%s/wycheproof/hmac_%s_test.json" % (folder, name), alg)
    except OSError:
        print("mac: skipped, no vectors")
        return
    rekey()
    heap()
    print("mac: %d passed" % passed)


main(sys.argv[1])
