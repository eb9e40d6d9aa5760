# SPDX-License-Identifier: MIT
"""AES-GCM and GHASH: Wycheproof, and self-tests of lengths, splits, neighbours and heap use."""

import json
import sys
from binascii import unhexlify

from micropython import heap_lock, heap_unlock

from mxtls.crypto.gcm import Gcm
from mxtls.kernels.ghash import GHASH_CTX, ghash, ghash_key

QUIET = GHASH_CTX != 16  # the pure kernels allocate
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("gcm: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def wycheproof(path):
    with open(path) as f:
        groups = json.load(f)["testGroups"]
    for group in groups:
        if group["ivSize"] != 96 or group["tagSize"] != 128:
            continue
        for t in group["tests"]:
            key, iv, aad, msg, ct, tag = [unhexlify(t[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")]
            what, n = "case %d" % t["tcId"], len(msg)
            gcm = Gcm(key)
            buf = bytearray(b"<" + ct + tag + b">")
            good = gcm.open(aad + iv, buf, 1, n)
            check(what, good, int(t["result"] == "valid"))
            check(what + " opened", bytes(buf[1 : 1 + n]), msg if good else ct)
            if good:
                gcm.seal(aad + iv, buf, 1, n)
                check(what + " sealed", bytes(buf), b"<" + ct + tag + b">")


def slow_ghash(h, data):
    """The definition, bit by bit."""
    h, y = int.from_bytes(h, "big"), 0
    for i in range(0, len(data), 16):
        y ^= int.from_bytes((data[i : i + 16] + bytes(16))[:16], "big")
        z = 0
        for j in range(128):
            if h >> (127 - j) & 1:
                z ^= y
            y = (y >> 1) ^ (0xE1 << 120 if y & 1 else 0)
        y = z
    return y.to_bytes(16, "big")


def selftest():
    data = bytes([(i * i >> 3) + 5 * i & 255 for i in range(80)])
    for h in (data[:16], b"\xff" * 16, bytes(15) + b"\x01", b"\x80" + bytes(15), bytes(16)):
        for text in (data, b"\xff" * 50, bytes(33), b"\x80" + bytes(15), bytes(15) + b"\1"):
            for n in (0, 1, 15, 16, 17, 32, 33):
                ctx = bytearray(b"\xa5" * GHASH_CTX)
                y = bytearray(16)
                ghash_key(ctx, h)
                ghash(ctx, y, text, min(3, len(text) - min(n, len(text))), min(n, len(text)))
                off = min(3, len(text) - min(n, len(text)))
                check("ghash", bytes(y), slow_ghash(h, text[off : off + min(n, len(text))]))
    y = bytearray(16)
    ghash(ctx, y, data, 0, 80)
    for i in range(0, 81, 16):
        z = bytearray(16)
        ghash(ctx, z, data, 0, i)
        ghash(ctx, z, data, i, 80 - i)
        check("ghash split", z, y)
    head = bytearray(range(32))
    for size in (16, 32):
        gcm = Gcm(data[:size])
        for n in (0, 1, 16, 31, 64):
            buf = bytearray(b"<" + data[:n] + bytes(16) + b">")
            heap_lock() if QUIET else None
            gcm.seal(head, buf, 1, n)
            heap_unlock() if QUIET else None
            sealed = bytes(buf)
            for i in range(1, n + 17):
                buf[i] ^= 1 << i % 8
                heap_lock() if QUIET else None
                good = gcm.open(head, buf, 1, n)
                heap_unlock() if QUIET else None
                buf[i] ^= 1 << i % 8
                check("forged", (good, bytes(buf)), (0, sealed))
            check("other header", gcm.open(head[1:], buf, 1, n), 0)
            heap_lock() if QUIET else None
            good = gcm.open(head, buf, 1, n)
            heap_unlock() if QUIET else None
            check("opened", (good, bytes(buf[: 1 + n]), buf[-1]), (1, b"<" + data[:n], 62))
    gcm.wipe()


def main(folder):
    selftest()
    try:
        wycheproof(folder + "/wycheproof/aes_gcm_test.json")
    except OSError:
        print("gcm: no vectors, self-tests only")
    print("gcm: %d passed" % passed)


main(sys.argv[1])
