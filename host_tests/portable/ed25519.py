# SPDX-License-Identifier: MIT
"""Ed25519: RFC 8032 section 7.1, Wycheproof, and encodings to be refused."""

import json
import sys
from binascii import unhexlify

from mxtls.crypto.ed25519 import public, sign, verify

# seed, public key, message, signature
RFC8032 = (
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
)  # fmt: skip
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("ed25519: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def rfc8032():
    for row in RFC8032:
        seed, key, message, want = [unhexlify(x) for x in row]
        out = bytearray(32)
        public(out, seed)
        check("public key", out, key)
        sig = bytearray(64)
        sign(sig, seed, key, message)
        check("signature", sig, want)
        check("verify", verify(key, message, sig), True)
        check("other message", verify(key, message + b"x", sig), False)
        s = int.from_bytes(sig[32:], "little") + 0x1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED
        check("s beyond the order", verify(key, message, sig[:32] + s.to_bytes(32, "little")), False)
        check("short", verify(key, message, sig[:63]), False)
    for y in (b"\xed" + b"\xff" * 30 + b"\x7f", b"\x01" + bytes(30) + b"\x80", b"\x02" + bytes(31)):  # y = p, x = -0, no point
        check("bad point", verify(y, b"", sig), False)


def wycheproof(path):
    with open(path) as f:
        groups = json.load(f)["testGroups"]
    for g in groups:
        key = unhexlify((g.get("publicKey") or g["key"])["pk"])
        for t in g["tests"]:
            check(t["tcId"], verify(key, unhexlify(t["msg"]), unhexlify(t["sig"])), t["result"] == "valid")


def main(folder):
    rfc8032()
    path = folder + "/wycheproof/ed25519_test.json"
    try:
        open(path).close()
    except OSError:
        print("ed25519: skipped, no vectors")
        return
    wycheproof(path)
    print("ed25519: %d passed" % passed)


main(sys.argv[1])
