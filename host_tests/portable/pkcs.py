# SPDX-License-Identifier: MIT
"""Private keys under passwords: one of each kind in vectors/keys, and PBKDF2 with few iterations (RFC 6070, RFC 7914)."""

import sys
from binascii import hexlify

import mxtls.config

for option in ("USE_PKCS5", "USE_MD5", "USE_3DES"):  # off by default; from source the modules below read these as they are imported
    setattr(mxtls.config, option, 1)
from mxtls.codes import PARSE_FAIL  # noqa: E402
from mxtls.crypto.pbkdf2 import pbkdf2  # noqa: E402
from mxtls.errors import Error  # noqa: E402
from mxtls.x509.pem import pem_object  # noqa: E402
from mxtls.x509.pkcs5 import parse_pem  # noqa: E402
from mxtls.x509.private import parse_private  # noqa: E402

# File, password, last bytes of the private number
KEYS = (
    ("Traditional_OpenSSL_Serialization/key1.pem", b"123456", b"\x48\x6e\xe5\x12"),  # 3DES
    ("Traditional_OpenSSL_Serialization/key2.pem", b"a123456", b"\x48\x6e\xe5\x12"),  # AES-128
    ("PEM_Serialization/ec_private_key_encrypted.pem", b"123456", b"\x2a\x13\x12\x4f"),  # AES-256
    ("PKCS8/enc-rsa-pkcs8.pem", b"foobar", b"\x97\xcc\xfe\x7f"),  # PBES1 with SHA-1 and 3DES
    ("PKCS8/rsa-pbewithmd5anddescbc.pem", b"hunter2", b"\xd9\x5d\x07\x06"),
    ("PKCS8/ec_private_key_encrypted.pem", b"123456", b"\x2a\x13\x12\x4f"),  # PBES2 with SHA-1 and AES-256
    ("PKCS8/rsa_pkcs8_pbes2_pbkdf2_2048_3des_sha384.pem", b"PolarSSLTest", b"\xdc\xe0\x4d\xd8"),
)
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("pkcs: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def opened(text, password):
    _label, headers, buf, _end = pem_object(text, 0)
    if headers:
        return parse_pem(headers, buf, password)
    return parse_private(buf, 0, len(buf), password)


def main(folder):
    for alg, password, salt, count, want in (
        (2, b"password", b"salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
        (2, b"password", b"salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957cae93136266537a8d7bf4b76c51094cc1ae010b19923ddc439"),
        (4, b"passwd", b"salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef31"),
        (6, b"password" * 20, b"salt" * 20, 3, "25e8f9fba341f1bbfacc5386b5c7fe1b95bd3fb54c0fb759d2e3c6f7199dd89b5cce3f128c3d16f5d6ac540b"),
    ):
        out = bytearray(len(want) // 2)
        pbkdf2(alg, password, salt, count, out)
        check("pbkdf2", hexlify(out).decode(), want)
    try:
        for name, password, tail in KEYS:
            with open(folder + "/keys/" + name, "rb") as f:
                text = f.read()
            key = opened(text, password)
            check(name, bytes((key.d or key.crt)[-4:]), tail)  # RSA: of 1/q mod p
            if name[:4] != "PKCS":  # one wrong password is quick there
                try:
                    opened(text, b"wrong")
                    check(name, "a key", "an Error")
                except Error as e:
                    check(name, e.code, PARSE_FAIL)
    except OSError:
        print("pkcs: skipped, no vectors")
        return
    print("pkcs: %d passed" % passed)


main(sys.argv[1])
