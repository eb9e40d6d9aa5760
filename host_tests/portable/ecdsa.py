# SPDX-License-Identifier: MIT
"""ECDSA: RFC 6979 signatures, Wycheproof with strict DER, and encodings, digests and equations at their edges."""

import gc
import json
import sys
from binascii import hexlify, unhexlify

from mxtls.crypto.ecdsa import der_from_raw, raw_from_der, sign, verify
from mxtls.crypto.hash import Hash
from mxtls.kernels.ec import ec_public, ecdsa_sign, ecdsa_verify
from mxtls.x509.pubkey import PrivateKey

HASHES = {"SHA-256": 4, "SHA-384": 5, "SHA-512": 6}
CURVES = {"secp256r1": (23, 32), "secp384r1": (24, 48), "secp521r1": (25, 66)}
# RFC 6979 appendix A.2: curve, private key, then r||s of "sample" with SHA-256, SHA-384, SHA-512
RFC6979 = (
    ("secp256r1", "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", (
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef77194861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954",
        "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f002362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe",
    )),
    ("secp384r1", "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", (
        "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd"
        "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0",
        "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
        "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
        "ed0959d5880ab2d869ae7f6c2915c6d60f96507f9cb3e047c0046861da4a799cfe30f35cc900056d7c99cd7882433709"
        "512c8cceee3890a84058ce1e22dbc2198f42323ce8aca9135329f03c068e5112dc7cc3ef3446defceb01a45c2667fdd5",
    )),
    ("secp521r1",
     "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538", (
        "01511bb4d675114fe266fc4372b87682baecc01d3cc62cf2303c92b3526012659d16876e25c7c1e57648f23b73564d67f61c6f14d527d54972810421e7d87589e1a7"
        "004a171143a83163d6df460aaf61522695f207a58b95c0644d87e52aa1a347916e4f7a72930b1bc06dbe22ce3f58264afd23704cbb63b29b931f7de6c9d949a7ecfc",
        "01ea842a0e17d2de4f92c15315c63ddf72685c18195c2bb95e572b9c5136ca4b4b576ad712a52be9730627d16054ba40cc0b8d3ff035b12ae75168397f5d50c67451"
        "01f21a3cee066e1961025fb048bd5fe2b7924d0cd797babe0a83b66f1e35eeaf5fde143fa85dc394a7dee766523393784484bdf3e00114a1c857cde1aa203db65d61",
        "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa"
        "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a",
    )),
)  # fmt: skip
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("ecdsa: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def digest(alg, msg):
    h = Hash(alg)
    h.update(msg, 0, len(msg))
    return h.digest()


def make_key(name, d=None):
    key = PrivateKey(3)
    key.curve, size = CURVES[name]
    if d:
        key.d = bytearray(d)
        key.point = bytearray(2 * size)
        ec_public(key.curve, key.point, d)
    return key


def rfc6979():
    for name, d, answers in RFC6979:
        key = make_key(name, unhexlify(d))
        for i in range(3):
            h = digest(4 + i, b"sample")
            sig = sign(key, 4 + i, h)
            check((name, i), hexlify(raw_from_der(sig, len(key.d))), answers[i].encode())
            check((name, i, "verify"), verify(key, h, sig), True)
            sig = sign(key, 4 + i, h, b"extra")
            check((name, i, "hedged differs"), hexlify(raw_from_der(sig, len(key.d))) == answers[i].encode(), False)
            check((name, i, "hedged"), verify(key, h, sig), True)
            check((name, i, "other digest"), verify(key, h[1:] + h[:1], sig), False)


def encodings():
    """One encoding is right; every change of it is refused."""
    for r, s in ((1, 1), (127, 128), (255, 256), (1 << 255, (1 << 256) - 1), (1 << 247, 1 << 248)):
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        check(("der", r, s), raw_from_der(der_from_raw(raw), 32), raw)
    raw = b"\xff" * 132
    der = der_from_raw(raw)
    check("long form", (bytes(der[:6]), raw_from_der(der, 66)), (b"\x30\x81\x8a\x02\x43\x00", raw))
    check("too long for the curve", raw_from_der(der, 48), None)
    for bad in (
        "", "30", "3000", "30030201", "300602010102010100", "3006020101020101ff", "300702010102010100", "30060201010201",
        "31060201010201010", "300602000201010101", "3006030101020101", "3006020101030101", "3081060201010201 01",
        "300602018102010101", "30070202000102 0101", "3007020200010201 01", "30800201010201010000", "3006020101020181", "3006020181020101",
        "308200060201010201 01", "3005020101020001", "30040201010200", "3003020101", "3009020101020101020101",
    ):  # fmt: skip
        bad = bad.replace(" ", "")
        check(("bad der", bad), raw_from_der(unhexlify(bad + "0" * (len(bad) & 1)), 32), None)
    good = unhexlify("3006020101020101")
    check("good der", raw_from_der(good, 32) is not None, True)
    for i in range(8):  # any shorter one fails
        check(("cut", i), raw_from_der(good[:i], 32), None)


def equations():
    """Where u * G and v * Q meet, cancel or vanish, and where r is beyond n."""
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    b = lambda k: (k % n).to_bytes(32, "big")  # noqa: E731
    for d in (1, 2, 3, n - 1, n - 2, n - 3):  # Q is plus or minus G, 2G, 3G
        point = bytearray(64)
        ec_public(23, point, b(d))
        for k in (1, 2, 3, n - 1, n // 2):
            for z in (0, 1, d, n - 1):
                sig = bytearray(64)
                if ecdsa_sign(23, sig, b(z), b(d), b(k)):
                    check(("equation", d, k, z), ecdsa_verify(23, b(z), sig, point), 1)
                    check(("equation, other", d, k, z), ecdsa_verify(23, b(z + 1), sig, point), 0)
    # u * G + v * Q = infinity: z = -r * d
    ec_public(23, point, b(7))
    check("infinity", ecdsa_verify(23, b(-5 * 7), b(5) + b(9), point), 0)
    sig = bytearray(64)
    for r, s in ((0, 1), (1, 0), (n, 1), (1, n), (n + 1, 1)):
        sig = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        check(("range", r, s), ecdsa_verify(23, b(1), sig, point), 0)
    check("no nonce 0", ecdsa_sign(23, bytearray(64), b(1), b(1), bytes(32)), 0)
    check("no nonce n", ecdsa_sign(23, bytearray(64), b(1), b(1), n.to_bytes(32, "big")), 0)
    check("no key 0", ecdsa_sign(23, bytearray(64), b(1), bytes(32), b(1)), 0)


def wycheproof(path):
    with open(path) as f:
        groups = json.load(f)["testGroups"]
    for g in groups:
        key = make_key(g["publicKey"]["curve"])
        key.point = unhexlify(g["publicKey"]["uncompressed"][2:])
        for t in g["tests"]:
            h = digest(HASHES[g["sha"]], unhexlify(t["msg"]))
            check((path, t["tcId"]), verify(key, h, unhexlify(t["sig"])), t["result"] == "valid")


def main(folder):
    rfc6979()
    encodings()
    equations()
    names = ("secp256r1_sha256", "secp256r1_sha512", "secp384r1_sha256", "secp384r1_sha384", "secp521r1_sha512")
    try:
        open("%s/wycheproof/ecdsa_%s_test.json" % (folder, names[0])).close()
    except OSError:
        print("ecdsa: skipped, no vectors")
        return
    for name in names:
        gc.collect()
        wycheproof("%s/wycheproof/ecdsa_%s_test.json" % (folder, name))
    print("ecdsa: %d passed" % passed)


main(sys.argv[1])
