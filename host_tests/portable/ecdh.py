# SPDX-License-Identifier: MIT
"""ECDH on P-256, P-384, P-521: Wycheproof, scalars at the ends of the range, points and scalars to be refused."""

import gc
import json
import sys
from binascii import hexlify, unhexlify

from mxtls.kernels.ec import ec_ecdh, ec_public

# curve, size, order, SubjectPublicKeyInfo up to the point, Wycheproof files
CURVES = (
    (23, 32, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551, "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
     ("ecdh_secp256r1", "ecdh_secp256r1_ecpoint")),
    (24, 48, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
     "3076301006072a8648ce3d020106052b8104002203620004", ("ecdh_secp384r1", "ecdh_secp384r1_ecpoint")),
    (25, 66, 0x1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
     "30819b301006072a8648ce3d020106052b810400230381860004", ("ecdh_secp521r1_ecpoint",)),
)  # fmt: skip
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("ecdh: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def wycheproof(path, curve, size, header):
    with open(path) as f:
        tests = json.load(f)["testGroups"][0]["tests"]
    for t in tests:
        public = t["public"]
        if t["result"] == "acceptable":
            continue  # other encodings of the key around the point
        if public.startswith(header):
            public = public[len(header) :]
        elif public.startswith("04"):
            public = public[2:]
        else:
            continue  # another curve, or a compressed point: refused by those who parse it
        out = bytearray(size)
        d = int(t["private"], 16).to_bytes(size, "big")
        done = ec_ecdh(curve, out, d, unhexlify(public))
        if t["result"] == "invalid":
            check((path, t["tcId"]), done, 0)
        else:
            check((path, t["tcId"]), (done, hexlify(out)), (1, t["shared"].encode()))


def ends(curve, size, n):
    """Around 0, n and the places where the ladder has special cases; each product is checked through another one."""
    g = bytearray(2 * size)
    out = bytearray(2 * size)
    x = bytearray(size)
    y = bytearray(size)
    a = n // 3
    scalar = lambda k: k.to_bytes(size, "big")  # noqa: E731
    check("1 * G", ec_public(curve, g, scalar(1)), 1)
    for k in (1, 2, 3, 4, 5, n // 2, n // 2 + 1, n - 5, n - 4, n - 3, n - 2, n - 1):
        check((curve, "public", k), ec_public(curve, out, scalar(k)), 1)
        check((curve, "ecdh", k), ec_ecdh(curve, x, scalar(k), g), 1)
        check((curve, "x of both", k), x, out[:size])
        check((curve, "a * (k * G)", k), ec_ecdh(curve, x, scalar(a), out), 1)
        ec_public(curve, out, scalar(a * k % n))
        check((curve, "a * k * G", k), x, out[:size])
    ec_public(curve, out, scalar(n - 1))
    check((curve, "-G"), out == g, False)
    check((curve, "-G"), out[:size], g[:size])
    check((curve, "no write on refusal"), y, bytearray(size))
    for k in (0, n, n + 1):
        check((curve, "scalar", k), (ec_public(curve, out, scalar(k)), ec_ecdh(curve, y, scalar(k), g)), (0, 0))
    check((curve, "short scalar"), ec_public(curve, out, scalar(1)[1:]), 0)
    check((curve, "short point"), ec_ecdh(curve, y, scalar(5), g[1:]), 0)
    check((curve, "long point"), ec_ecdh(curve, y, scalar(5), b"\x04" + g), 0)
    check((curve, "point 0,0"), ec_ecdh(curve, y, scalar(5), bytes(2 * size)), 0)
    check((curve, "coordinates >= p"), ec_ecdh(curve, y, scalar(5), b"\xff" * (2 * size)), 0)
    g[-1] ^= 1
    check((curve, "not on the curve"), ec_ecdh(curve, y, scalar(5), g), 0)
    check((curve, "no write on refusal"), y, bytearray(size))


def main(folder):
    for row in CURVES:
        ends(*row[:3])
    try:
        open(folder + "/wycheproof/ecdh_secp256r1_test.json").close()
    except OSError:
        print("ecdh: skipped, no vectors")
        return
    for curve, size, _, header, names in CURVES:
        for name in names:
            gc.collect()
            wycheproof("%s/wycheproof/%s_test.json" % (folder, name), curve, size, header)
    print("ecdh: %d passed" % passed)


main(sys.argv[1])
