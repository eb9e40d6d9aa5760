# SPDX-License-Identifier: MIT
"""AES-CCM: Wycheproof, and self-tests of lengths, neighbours, forgeries and heap use."""

import json
import sys
from binascii import unhexlify

from micropython import heap_lock, heap_unlock

from mxtls.crypto.ccm import Ccm
from mxtls.kernels.aes import AES_CTX

QUIET = AES_CTX != 241  # the pure kernels allocate
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("ccm: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def wycheproof(path):
    with open(path) as f:
        groups = json.load(f)["testGroups"]
    for group in groups:
        if group["ivSize"] != 96 or group["tagSize"] not in (64, 128):
            continue
        for t in group["tests"]:
            key, nonce, aad, msg, ct, tag = [unhexlify(t[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")]
            what, n = "case %d" % t["tcId"], len(msg)
            ccm = Ccm(key, group["tagSize"] // 8)
            buf = bytearray(b"<" + ct + tag + b">")
            good = ccm.open(aad + nonce, buf, 1, n)
            check(what, good, int(t["result"] == "valid"))
            check(what + " opened", bytes(buf[1 : 1 + n]), msg if good else ct)
            if good:
                ccm.seal(aad + nonce, buf, 1, n)
                check(what + " sealed", bytes(buf), b"<" + ct + tag + b">")


def selftest():
    data = bytes([(i * i >> 3) + 5 * i & 255 for i in range(80)])
    head = bytearray(range(32))
    for size, tag in ((16, 16), (32, 8)):
        ccm = Ccm(data[:size], tag)
        for n in (0, 1, 16, 31, 64):
            buf = bytearray(b"<" + data[:n] + bytes(tag) + b">")
            heap_lock() if QUIET else None
            ccm.seal(head, buf, 1, n)
            heap_unlock() if QUIET else None
            sealed = bytes(buf)
            for i in range(1, n + tag + 1):
                buf[i] ^= 1 << i % 8
                heap_lock() if QUIET else None
                good = ccm.open(head, buf, 1, n)
                heap_unlock() if QUIET else None
                buf[i] ^= 1 << i % 8
                check("forged", (good, bytes(buf)), (0, sealed))
            for naad in (0, 13, 14, 19):
                check("other header", ccm.open(head[20 - naad :], buf, 1, n), 0)
            check("opened", (ccm.open(head, buf, 1, n), bytes(buf[: 1 + n]), buf[-1]), (1, b"<" + data[:n], 62))
        ccm.wipe()


def main(folder):
    selftest()
    try:
        wycheproof(folder + "/wycheproof/aes_ccm_test.json")
    except OSError:
        print("ccm: no vectors, self-tests only")
    print("ccm: %d passed" % passed)


main(sys.argv[1])
