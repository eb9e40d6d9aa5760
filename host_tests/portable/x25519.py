# SPDX-License-Identifier: MIT
"""X25519: RFC 7748 section 5.2, Wycheproof (raw, and the raw keys inside its SPKI and PKCS#8 cases)."""

import json
import sys
from binascii import hexlify, unhexlify

from mxtls.kernels.x25519 import x25519

passed = 0


def check(what, k, u, want):
    global passed
    out = bytearray(32)
    done = x25519(out, k, u)
    if out != want or done != (want != bytes(32)):
        print("x25519: FAIL", what, "got", done, hexlify(out), "want", hexlify(want))
        sys.exit(1)
    passed += 1


def wycheproof(path):
    with open(path) as f:
        tests = json.load(f)["testGroups"][0]["tests"]
    for t in tests:
        public = t["public"]
        private = t["private"]
        if len(public) == 88 and public.startswith("302a300506032b656e032100") and len(private) == 96:
            public = public[24:]
            private = private[32:]
        if len(public) == 64 and t["result"] != "invalid":  # acceptable: points of low order, of the twist, u >= p
            check("%s case %d" % (path, t["tcId"]), unhexlify(private), unhexlify(public), unhexlify(t["shared"]))


def main(folder):
    check(
        "RFC 7748, first",
        unhexlify("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
        unhexlify("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
        unhexlify("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"),
    )
    check(
        "RFC 7748, second",  # the top bit of u is set
        unhexlify("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
        unhexlify("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
        unhexlify("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"),
    )
    k = u = bytes([9]) + bytes(31)
    out = bytearray(32)
    for i in range(10):
        x25519(out, k, u)
        u = k
        k = bytes(out)
        if i == 0:
            check("RFC 7748, once", u, u, unhexlify("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"))
    check("self-test: u = 0", k, bytes(32), bytes(32))
    check("self-test: u = 1", k, b"\x01" + bytes(31), bytes(32))
    try:
        open(folder + "/wycheproof/x25519_test.json").close()
    except OSError:
        print("x25519: skipped, no vectors")
        return
    for name in ("x25519", "x25519_asn"):
        wycheproof("%s/wycheproof/%s_test.json" % (folder, name))
    print("x25519: %d passed" % passed)


main(sys.argv[1])
