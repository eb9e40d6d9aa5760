# SPDX-License-Identifier: MIT
"""The PRF of TLS 1.2: NIST ACVP (RFC 7627 key schedules) and OpenSSL's copy of the NIST CAVP vectors."""

import json
import sys
from binascii import unhexlify

from mxtls.crypto.prf import prf

HASHES = {"SHA2-256": 4, "SHA2-384": 5, "SHA2-512": 6, "digest:SHA256": 4, "digest:SHA384": 5, "digest:SHA512": 6}
passed = 0


def check(what, alg, secret, label, seed, want):
    """Also cut short by one byte, and with bytes on both sides."""
    global passed
    for n in (len(want), len(want) - 1):
        out = bytearray(n + 2)
        prf(alg, secret, label, seed, out, 1, n)
        if bytes(out) != b"\x00" + want[:n] + b"\x00":
            print("prf: FAIL", what, "got", out, "want", want)
            sys.exit(1)
    passed += 1


def acvp(folder):
    with open(folder + "/acvp_vectors_TLS12.json") as f:
        groups = json.load(f)[1]["testGroups"]
    with open(folder + "/acvp_expected_TLS12.json") as f:
        expected = {t["tcId"]: t for g in json.load(f)[1]["testGroups"] for t in g["tests"]}
    for group in groups:
        alg = HASHES[group["hashAlg"]]
        for t in group["tests"]:
            want = expected[t["tcId"]]
            master = unhexlify(want["masterSecret"])
            premaster = unhexlify(t["preMasterSecret"])
            check("ACVP %d" % t["tcId"], alg, premaster, b"extended master secret", unhexlify(t["sessionHash"]), master)
            seed = unhexlify(t["serverRandom"] + t["clientRandom"])
            check("ACVP %d" % t["tcId"], alg, master, b"key expansion", seed, unhexlify(want["keyBlock"]))


def openssl(path):
    seeds = []
    with open(path) as f:
        for number, line in enumerate(f):
            name, _, value = line.strip().partition(" = ")
            kind, _, text = value.partition(":")
            if name == "Ctrl.digest":
                alg = HASHES.get(value)
            elif name == "Ctrl.Secret":
                secret = unhexlify(text)
            elif kind == "seed":
                seeds.append(text.encode())
            elif kind == "hexseed":
                seeds.append(unhexlify(text))
            elif name == "Output" and alg:
                check("line %d" % number, alg, secret, seeds[0], b"".join(seeds[1:]), unhexlify(value))
            elif not name:
                seeds = []
                alg = None  # one case names no hash, and is to fail


def main(folder):
    try:
        acvp(folder + "/tls_prf")
        openssl(folder + "/tls_prf/evpkdf_tls12_prf.txt")
    except OSError:
        print("prf: skipped, no vectors")
        return
    print("prf: %d passed" % passed)


main(sys.argv[1])
