# SPDX-License-Identifier: MIT
"""Private keys under passwords, on CPython: vectors/keys beside `cryptography`, what openssl makes, Wycheproof, damage, and builds."""

import base64
import json
import subprocess
import sys
import warnings

import configure
import pki
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from hypothesis import given, settings, strategies as st

import mxtls.load_keys as load_keys
from mxtls import codes
from mxtls.crypto.cbc import AesCbc
from mxtls.crypto.pbkdf2 import pbkdf2
from mxtls.errors import Error
from mxtls.keys import Keys
from mxtls.x509 import pkcs5
from mxtls.x509.pem import pem_object
from mxtls.x509.private import parse_private

RSA = pki.chain(key="rsa2048")
EC = pki.chain(key="p256")


def opened(data, password):
    """The PrivateKey in data."""
    keys = Keys()
    load_keys._load_private(keys, data, password)
    return keys.private


def refused(data, password):
    """The code and text of the refusal, which leaves no key."""
    keys = Keys()
    with pytest.raises(Error) as e:
        load_keys._load_private(keys, data, password)
    assert keys.private is None
    return e.value.code, e.value.text


def same(private, key):
    """Is it the key that `cryptography` has?"""
    numbers = key.private_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return int.from_bytes(private.crt[: len(private.crt) // 5], "big") == numbers.p
    return int.from_bytes(private.d, "big") == numbers.private_value


# --- vectors/keys

PASSWORDS = (b"123456", b"a123456", b"password", b"PolarSSLTest", b"baz", b"foobar", b"hunter2")
# What `cryptography` opens and we do not
DIFFERENT = {
    "PKCS8/enc-ec-sha1-128-rc4.pem": "RC4",
    "PKCS8/rsa-40bitrc2.pem": "RC2",
    "PKCS8/rsa_pkcs8_pbes2_pbkdf2_2048_3des_sha224.pem": "HMAC-SHA-224",
}


def test_vectors(vectors):
    """Where the other one opens an RSA or NIST key, so do we, with the same numbers; a wrong password opens none."""
    folder = vectors / "keys"
    count, different = 0, set()
    for file in sorted(folder.rglob("*")):
        data = file.read_bytes() if file.suffix in (".pem", ".der") else b""
        name = str(file.relative_to(folder))
        load = load_pem_private_key if file.suffix == ".pem" else load_der_private_key
        for password in PASSWORDS if b"ENCRYPTED" in data or file.suffix == ".der" else ():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    other = load(data, password)
            except Exception:  # noqa: BLE001 whatever it says, it is a refusal
                other = None
            try:
                mine = opened(data, password)
            except Error as e:
                assert e.code in (codes.PARSE_FAIL, codes.UNSUPPORTED_FAIL), name
                if isinstance(other, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
                    assert e.code == codes.UNSUPPORTED_FAIL
                    different.add(name)
                continue
            if other is not None:
                assert same(mine, other)
                count += 1
            else:  # it is not encrypted, and a password that is not needed does no harm
                plain = opened(data, None)
                assert (mine.d, mine.crt) == (plain.d, plain.crt)
    assert different == set(DIFFERENT) and count > 20


@pytest.mark.parametrize(
    "file, code",
    [
        ("PKCS8/bad-encryption-oid.pem", codes.UNSUPPORTED_FAIL),
        ("PKCS8/ed25519-scrypt.pem", codes.UNSUPPORTED_FAIL),
        ("PKCS8/enc-rsa-pkcs8-pbkdf2-0iter.pem", codes.PARSE_FAIL),
        ("PKCS8/enc-unknown-algorithm.pem", codes.UNSUPPORTED_FAIL),
        ("PKCS8/enc-unknown-kdf.pem", codes.UNSUPPORTED_FAIL),
        ("PKCS8/enc-unknown-pbkdf2-prf.pem", codes.UNSUPPORTED_FAIL),
        ("PKCS8/rsa-rc2-cbc.pem", codes.UNSUPPORTED_FAIL),
        ("PEM_Serialization/dsa_private_key.pem", codes.PARSE_FAIL),  # the right password, but DSA
        ("Traditional_OpenSSL_Serialization/key1-malformed-dek-info.pem", codes.PARSE_FAIL),
        ("Traditional_OpenSSL_Serialization/key1-malformed-iv.pem", codes.PARSE_FAIL),
        ("Traditional_OpenSSL_Serialization/key1-no-dek-info.pem", codes.PARSE_FAIL),
        ("Traditional_OpenSSL_Serialization/key1-short-iv.pem", codes.PARSE_FAIL),
    ],
)
def test_refused_vectors(vectors, file, code):
    assert refused((vectors / "keys" / file).read_bytes(), b"123456")[0] == code


@pytest.mark.parametrize("alg, name", [(2, "sha1"), (4, "sha256"), (5, "sha384"), (6, "sha512")])
def test_wycheproof_pbkdf2(vectors, alg, name):
    for group in json.loads((vectors / "wycheproof" / f"pbkdf2_hmac{name}_test.json").read_text())["testGroups"]:
        for t in group["tests"]:
            out = bytearray(t["dkLen"])
            pbkdf2(alg, bytes.fromhex(t["password"]), bytes.fromhex(t["salt"]), min(t["iterationCount"], 10**6), out)
            assert (out.hex() == t["dk"]) == (t["result"] == "valid"), t["tcId"]


@pytest.mark.parametrize("size", [16, 32])
@pytest.mark.parametrize("alg, name", [(2, "sha1"), (4, "sha256")])
def test_wycheproof_pbes2(vectors, alg, name, size):
    for group in json.loads((vectors / "wycheproof" / f"pbes2_hmac{name}_aes_{size * 8}_test.json").read_text())["testGroups"]:
        for t in group["tests"]:
            key = bytearray(size)
            pbkdf2(alg, bytes.fromhex(t["password"]), bytes.fromhex(t["salt"]), t["iterationCount"], key)
            msg = bytes.fromhex(t["msg"])
            pad = 16 - len(msg) % 16
            buf = bytearray.fromhex(t["ct"])
            AesCbc(key).decrypt(bytearray.fromhex(t["iv"]), buf, 0, len(buf))
            assert (bytes(buf) == msg + bytes([pad]) * pad) == (t["result"] == "valid"), t["tcId"]


# --- What openssl and cryptography make


def openssl(*args, data):
    done = subprocess.run(["openssl", *args], input=data, capture_output=True)
    if done.returncode:
        pytest.skip("this openssl does not: " + done.stderr.decode()[:200])
    return done.stdout


LEGACY = ("-provider", "legacy", "-provider", "default")
MADE = [
    *((["rsa", "-traditional", "-" + c], c) for c in ("des3", "aes128", "aes192", "aes256")),
    *((["pkcs8", "-topk8", "-v2", c], c) for c in ("des3", "aes-128-cbc", "aes-192-cbc", "aes-256-cbc")),
    *((["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", p], p) for p in ("hmacWithSHA1", "hmacWithSHA384", "hmacWithSHA512")),
    (["pkcs8", "-topk8", "-v2", "des3", "-v2prf", "hmacWithSHA1", "-iter", "1"], "des3"),
    (["pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"], "v1"),
    (["pkcs8", "-topk8", "-v1", "PBE-MD5-DES", *LEGACY], "md5-des"),
]


@pytest.mark.parametrize("password", ["secret", "x", "pass phrase of more than sixty-four bytes, which HMAC has to hash before it", "schlüssel☂🗝"])
@pytest.mark.parametrize("args", [a for a, _ in MADE], ids=["-".join(a[:1] + [n]) for a, n in MADE])
def test_openssl(args, password, tmp_path):
    made = openssl(*args, "-passout", "pass:" + password, data=RSA.key_pem)
    assert b"ENCRYPTED" in made
    assert same(opened(made, password), RSA.key) and same(opened(made, password.encode()), RSA.key)
    assert refused(made, password + "x") == (codes.PARSE_FAIL, refused(made, "")[1])
    if args[0] == "pkcs8" and password == "secret":
        der = openssl(*args, "-outform", "DER", "-passout", "pass:" + password, data=RSA.key_pem)
        assert same(opened(der, password), RSA.key) and same(opened(bytearray(der), password), RSA.key)


@pytest.mark.parametrize("chain", [EC, RSA], ids=["p256", "rsa2048"])
def test_files_with_a_password(chain, tmp_path):
    """The whole call, and each documented failure of a password."""
    chain.write(tmp_path)
    for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
        locked = chain.private_bytes(form, Encoding.PEM, b"password")
        file = tmp_path / "locked.pem"
        file.write_bytes(locked)
        for password in ("password", b"password", bytearray(b"password")):
            keys = Keys()
            keys.load_rsa_keys(chain.chain_path, str(file), password, chain.root_path)
            assert same(keys.private, chain.key) and len(keys.chain) == 2
        keys.delete()
        for password, code in (("passwort", codes.PARSE_FAIL), ("", codes.PARSE_FAIL), (None, codes.ARG_FAIL)):
            keys = Keys()
            with pytest.raises(Error) as e:
                keys.load_rsa_keys(chain.chain_path, str(file), password)
            assert (e.value.code, e.value.alert) == (code, codes.ALERT_NONE) and "password" in e.value.text
            assert keys.private is None and not keys.loaded
        with pytest.raises(Error) as e:
            Keys().load_rsa_keys_mem(chain.chain_pem, locked)
        assert e.value.code == codes.ARG_FAIL
        keys = Keys()
        with pytest.raises(Error) as e:
            keys.load_rsa_keys((RSA if chain is EC else EC).chain_path, str(file), "password")
        assert e.value.code == codes.CERT_AUTH_FAIL and keys.private is None
    keys = Keys()
    keys.load_rsa_keys(chain.chain_path, chain.key_path, "not needed")
    assert same(keys.private, chain.key)
    key = pki.make_key("ed448").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    assert refused(key, "password")[0] == codes.UNSUPPORTED_FAIL
    assert refused(key, "wrong")[0] == codes.PARSE_FAIL


# --- Damage, bounds, wiping

PBES2 = bytes(pem_object(openssl("pkcs8", "-topk8", "-iter", "2", "-passout", "pass:p", data=EC.key_pem), 0)[2])
PBES1 = bytes(pem_object(openssl("pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-iter", "2", "-passout", "pass:p", data=EC.key_pem), 0)[2])
PEM = openssl("ec", "-aes128", "-passout", "pass:p", data=EC.key_pem)


@settings(max_examples=200)
@given(st.sampled_from([PBES2, PBES1]), st.integers(0, 400), st.integers(0, 255), st.integers(0, 3))
def test_damaged_pkcs8(der, where, what, cut):
    buf = bytearray(der[: len(der) - cut])
    buf[where % len(buf)] = what
    if int.from_bytes(buf, "big") == int.from_bytes(der, "big"):
        return
    try:
        with pytest.MonkeyPatch.context() as m:
            m.setattr("mxtls.x509.pbes._MOST", 1000)
            parse_private(bytes(buf), 0, len(buf), b"p")
    except Error as e:
        assert e.code in (codes.PARSE_FAIL, codes.UNSUPPORTED_FAIL)


@settings(max_examples=100)
@given(st.integers(0, 400), st.integers(0, 255))
def test_damaged_pem(where, what):
    buf = bytearray(PEM)
    buf[where % len(buf)] = what
    try:
        opened(bytes(buf), "p")
    except Error as e:
        assert e.code in (codes.PARSE_FAIL, codes.UNSUPPORTED_FAIL)


def test_iterations_are_bounded():
    at = PBES2.index(b"\x02\x01\x02")
    for count, code in ((0, codes.PARSE_FAIL), (-1, codes.PARSE_FAIL), (2000001, codes.UNSUPPORTED_FAIL), (2**63, codes.UNSUPPORTED_FAIL)):
        number = count.to_bytes(count.bit_length() // 8 + 1, "big", signed=True)
        more = len(number) - 1
        changed = bytearray(PBES2[: at + 1] + bytes([len(number)]) + number + PBES2[at + 3 :])
        for i in range(at):  # the lengths of what holds it
            if changed[i] == 0x30 and i < at:
                outer = 2 if changed[i + 1] == 0x81 else 1
                stop = i + 1 + outer + changed[i + outer]
                if at < stop:
                    changed[i + outer] += more
        assert refused(bytes(changed), "p")[0] == code


def test_everything_decrypted_is_wiped(monkeypatch):
    wiped = []
    real = pkcs5.wipe
    monkeypatch.setattr(pkcs5, "wipe", lambda buf: (real(buf), wiped.append(buf)))
    for data, password in ((PEM, b"p"), (PEM, b"wrong"), (PBES2, b"p"), (PBES2, b"wrong"), (PBES1, b"p")):
        wiped.clear()
        try:
            opened(data, password)
        except Error:
            assert password == b"wrong"
        assert {16, 24, 32} & {len(b) for b in wiped} and max(len(b) for b in wiped) > 100
        assert not any(any(b) for b in wiped)


# --- Builds

BUILD = """
import sys
from mxtls import codes
from mxtls.errors import Error
from mxtls.keys import Keys
chain, *locked = [open(name, "rb").read() for name in sys.argv[1:]]
found = []
for name in sys.argv[2:]:
    try:
        Keys().load_rsa_keys(sys.argv[1], name, "p")
        found.append(0)
    except Error as e:
        found.append(e.code)
print(found)
"""


@pytest.mark.parametrize(
    "asked, modules, results",
    [
        ({}, 0, [codes.UNSUPPORTED_FAIL] * 3),
        ({"USE_PKCS5": 1, "USE_MD5": 0, "USE_3DES": 0}, 3, [codes.UNSUPPORTED_FAIL, 0, codes.UNSUPPORTED_FAIL]),
        ({"USE_PKCS5": 1, "USE_PKCS8": 0}, 1, [0, codes.UNSUPPORTED_FAIL, codes.UNSUPPORTED_FAIL]),
        ({"USE_PKCS5": 1}, 3, [0, 0, 0]),
    ],
)
def test_builds(asked, modules, results, tmp_path):
    """Without USE_PKCS5 nothing of it is there; with it and without the retired algorithms it opens PBES2 with AES alone."""
    names = configure.stage(asked, "pure", "cpython", tmp_path / "build", also=["mxtls.keys"])
    assert len({"mxtls.x509.pkcs5", "mxtls.x509.pbes", "mxtls.crypto.pbkdf2"} & set(names)) == modules
    assert ("mxtls.crypto.des3" in names, "mxtls.kernels.md5" in names) == (results[2] == 0 or asked.get("USE_PKCS8") == 0, results[0] == 0)
    files = [tmp_path / n for n in ("chain.pem", "pem", "pbes2", "pbes1")]
    for file, data in zip(files, (EC.chain_pem, PEM, PBES2, PBES1), strict=True):
        file.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", BUILD, *map(str, files)], env={"PYTHONPATH": str(tmp_path / "build")}, capture_output=True, text=True
    )
    assert done.stdout.strip() == str(results), done.stderr


def test_vector_passwords_stay_out_of_the_texts():
    for data in (PEM, PBES2, b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + base64.encodebytes(PBES1) + b"-----END ENCRYPTED PRIVATE KEY-----\n"):
        assert "swordfish" not in refused(data, "swordfish")[1]
