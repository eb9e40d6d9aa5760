# SPDX-License-Identifier: MIT
"""RSA: Wycheproof PKCS#1 v1.5 and PSS signatures and decryption, our own signatures, the premaster secret's mask."""

import gc
import json
import sys
from binascii import unhexlify

from mxtls.crypto.hash import Hash
from mxtls.crypto.rsa import decrypt_premaster, encrypt, private, sign, verify
from mxtls.errors import Error
from mxtls.x509.pubkey import PrivateKey, PublicKey

HASHES = {"SHA-1": 2, "SHA-256": 4, "SHA-384": 5, "SHA-512": 6}
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("rsa: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def digest(alg, msg):
    h = Hash(alg)
    h.update(msg, 0, len(msg))
    return h.digest()


def number(text):
    """Without the leading zeros."""
    raw = unhexlify("0" * (len(text) & 1) + text)
    while raw[0] == 0:
        raw = raw[1:]
    return raw


def public_key(fields):
    key = PublicKey(1)
    key.n = number(fields["modulus"])
    key.e = number(fields["publicExponent"])
    key.bits = 8 * len(key.n)
    return key


def private_key(fields):
    key = PrivateKey(1)
    key.n = number(fields["modulus"])
    key.e = number(fields["publicExponent"])
    key.bits = 8 * len(key.n)
    parts = [number(fields[name]) for name in ("prime1", "prime2", "exponent1", "exponent2", "coefficient")]
    half = max(len(part) for part in parts[:2])
    key.crt = bytearray(b"".join([bytes(half - len(part)) + part for part in parts]))
    return key


def load(folder, name):
    gc.collect()
    with open("%s/wycheproof/%s_test.json" % (folder, name)) as f:
        return json.load(f)["testGroups"]


def signatures(folder, name, pss):
    for g in load(folder, name):
        alg = HASHES.get(g["sha"])
        if not alg or (pss and g["mgfSha"] != g["sha"]):
            continue
        key = public_key(g["publicKey"] if "publicKey" in g else g["privateKey"])
        for t in g["tests"]:
            h = digest(alg, unhexlify(t["msg"]))
            good = t["result"] == "valid"
            if t["result"] == "acceptable":
                good = "MissingNull" not in t["flags"]  # else a weak hash or a small key, right all the same
            check((name, t["tcId"]), verify(key, alg, h, unhexlify(t["sig"]), g["sLen"] if pss else -1), good)


def decryption(folder, name):
    """Each ciphertext as a number, and as a premaster secret, which must come out as 48 random bytes."""
    groups = load(folder, name)
    key = private_key(groups[0]["privateKey"])
    size = len(key.n)
    out = bytearray(48)
    for g in groups:
        key = private_key(g["privateKey"])
        for t in g["tests"]:
            cipher = unhexlify(t["ct"])
            if t["result"] == "valid" and len(cipher) == size:
                em = bytearray(cipher)
                msg = unhexlify(t["msg"])
                check((name, t["tcId"]), private(key, em), 1)
                check((name, t["tcId"]), em[size - len(msg) - 1 :], b"\x00" + msg)
            seen = []
            for _ in range(2):
                decrypt_premaster(key, cipher, 0x0303, out)
                seen.append(bytes(out))
            check((name, t["tcId"], "implicit rejection"), seen[0] != seen[1], True)


def own(folder):
    key = private_key(load(folder, "rsa_pkcs1_2048")[0]["privateKey"])
    for alg, salt in ((2, -1), (4, -1), (5, -1), (6, -1), (4, 32), (6, 64), (4, 0), (4, 222)):
        h = digest(alg, b"message")
        sig = sign(key, alg, h, salt)
        check(("own", alg, salt), verify(key, alg, h, sig, salt), True)
        check(("own, other digest", alg, salt), verify(key, alg, h[1:] + h[:1], sig, salt), False)
        check(("own, other scheme", alg, salt), verify(key, alg, h, sig, 20 if salt < 0 else -1), False)
        check(("own, short", alg, salt), verify(key, alg, h, sig[1:], salt), False)
        sig[20] ^= 4
        check(("own, changed", alg, salt), verify(key, alg, h, sig, salt), False)
    try:
        sign(key, 4, digest(4, b""), 223)
        check("salt too long", 0, 1)
    except Error:
        pass
    premaster(key)
    # A fault in one half of the CRT must not leave the kernel.
    key.crt[3 * (len(key.crt) // 5) - 1] ^= 2  # the last byte of d mod p-1
    try:
        sign(key, 4, digest(4, b""))
        check("fault", 0, 1)
    except Error:
        pass
    key.crt[3 * (len(key.crt) // 5) - 1] ^= 2  # the last byte of d mod p-1
    for n, e in ((key.n[:-1] + b"\x02", key.e), (key.n[128 + 1 :], key.e), (key.n, b"\x01"), (key.n, b"\x04"), (b"\x81" + bytes(511) + b"\x01", key.e)):
        bad = PublicKey(1)
        bad.n = n
        bad.e = e
        try:
            verify(bad, 4, bytes(32), bytes(len(n)))
            check(("bad key", len(n), e), 0, 1)
        except Error:
            check("bad key", 1, 1)
    key.wipe()
    check("wiped", max(key.crt), 0)


def premaster(key):
    """The padding of RFC 8017 section 7.2.1 and the version, each wrong in one place."""
    from mxtls.kernels.rsa import rsa_public

    secret = b"\x03\x03" + bytes(range(46))
    out = bytearray(48)
    decrypt_premaster(key, encrypt(key, secret), 0x0303, out)
    check("premaster", out, secret)
    decrypt_premaster(key, encrypt(key, secret), 0x0301, out)
    check("version of the hello", out == secret, False)
    decrypt_premaster(key, encrypt(key, secret)[1:], 0x0303, out)
    check("short cipher", out == secret, False)
    size = len(key.n)
    good = bytearray(b"\x55" * size)
    good[0] = good[size - 49] = 0
    good[1] = 2
    good[size - 48 :] = secret
    for at, value in ((-1, 0), (0, 1), (1, 1), (1, 3), (2, 0), (9, 0), (100, 0), (size - 50, 0), (size - 49, 1), (size - 48, 2), (size - 47, 1)):
        em = bytearray(good)
        if at >= 0:
            em[at] = value
        rsa_public(em, em, key.n, key.e)
        decrypt_premaster(key, em, 0x0303, out)
        check(("padding", at), out == secret, at < 0)


def main(folder):
    try:
        load(folder, "rsa_signature_2048_sha256")
    except OSError:
        print("rsa: skipped, no vectors")
        return
    own(folder)
    for name in ("2048_sha256", "2048_sha384", "2048_sha512", "3072_sha256", "3072_sha384", "4096_sha256", "4096_sha384", "4096_sha512"):
        signatures(folder, "rsa_signature_" + name, 0)
    for bits in (1024, 1536, 2048, 3072, 4096):
        signatures(folder, "rsa_pkcs1_%d_sig_gen" % bits, 0)
    for name in ("2048_sha1_mgf1_20", "2048_sha256_mgf1_0", "2048_sha256_mgf1_32_params", "2048_sha256_mgf1_32", "2048_sha384_mgf1_48",
                 "3072_sha256_mgf1_32", "4096_sha256_mgf1_32", "4096_sha384_mgf1_48", "4096_sha512_mgf1_64", "misc_params", "misc"):  # fmt: skip
        signatures(folder, "rsa_pss_" + name, 1)
    for bits in (2048, 3072, 4096):
        decryption(folder, "rsa_pkcs1_%d" % bits)
    print("rsa: %d passed" % passed)


main(sys.argv[1])
