# SPDX-License-Identifier: MIT
"""Keys on CPython: files and buffers, PEM and DER, each documented failure with its code, and the private keys of vectors/keys."""

import base64
import subprocess
import warnings

import pki
import pytest
from cryptography.hazmat.primitives.asymmetric import dh, ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    load_der_parameters,
    load_der_private_key,
    load_pem_private_key,
)

import mxtls.load_keys as load_keys
from mxtls import codes
from mxtls.crypto.dh import DhShare
from mxtls.crypto.ffdhe import FFDHE2048
from mxtls.errors import Error
from mxtls.keys import Keys
from mxtls.x509.pem import pem_object
from mxtls.x509.private import parse_private

CHAIN = pki.chain(key="p256", intermediates=2)
RSA = pki.chain(key="rsa2048")


def load(*args, code=None, mem=False):
    """New Keys with these loaded; with code, the text of the Error that has it."""
    keys = Keys()
    call = keys.load_rsa_keys_mem if mem else keys.load_rsa_keys
    if code is None:
        call(*args)
        return keys
    with pytest.raises(Error) as e:
        call(*args)
    assert e.value.code == code and e.value.alert == codes.ALERT_NONE, e.value.text
    assert keys.chain == [] and keys.anchors == [] and keys.private is None
    return e.value.text


def whole(keys):
    return [bytes(buf[off:end]) for buf, off, end in keys.chain]


@pytest.mark.parametrize("chain", [CHAIN, RSA], ids=["p256", "rsa2048"])
def test_every_form(chain, tmp_path):
    chain.write(tmp_path)
    keys = load(chain.chain_path, chain.key_path, None, chain.root_path)
    assert whole(keys) == chain.chain_ders and len(keys.anchors) == 1
    for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
        for encoding in (Encoding.PEM, Encoding.DER):
            key = chain.private_bytes(form, encoding)
            for certs in (chain.chain_pem, b"".join(chain.chain_ders), chain.chain_pem.replace(b"\n", b"\r\n")):
                keys = load(certs, key, chain.root_pem, mem=True)
                assert whole(keys) == chain.chain_ders
                private, numbers = keys.private, chain.key.private_numbers()
                if private.kind == codes.KEY_EC:
                    assert int.from_bytes(private.d, "big") == numbers.private_value
                else:
                    half = len(private.crt) // 5
                    parts = [private.n, private.e] + [private.crt[i * half : (i + 1) * half] for i in range(5)]
                    public = numbers.public_numbers
                    assert [int.from_bytes(x, "big") for x in parts] == [
                        public.n,
                        public.e,
                        numbers.p,
                        numbers.q,
                        numbers.dmp1,
                        numbers.dmq1,
                        numbers.iqmp,
                    ]


def test_der_is_not_copied():
    certs = b"".join(CHAIN.chain_ders)
    keys = load(certs, CHAIN.key_der, CHAIN.root_der, mem=True)
    assert all(buf is certs for buf, _, _ in keys.chain)
    assert keys.anchors[0][0] is CHAIN.root_der


def test_lists_of_files(tmp_path):
    names = []
    for i, der in enumerate(CHAIN.chain_ders):
        name = tmp_path / ("c%d.der" % i)
        name.write_bytes(der)
        names.append(str(name))
    roots = tmp_path / "roots.pem"
    roots.write_bytes(b"some text\n" + CHAIN.root_pem + b"between\r\n" + RSA.root_pem)
    key = tmp_path / "key.pem"
    key.write_bytes(b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + CHAIN.private_bytes())
    keys = load(";".join(names), str(key), None, "%s;%s" % (roots, RSA.root_path))
    assert whole(keys) == CHAIN.chain_ders and len(keys.anchors) == 3


def test_documented_failures(tmp_path):
    chain, key, root = CHAIN.chain_pem, CHAIN.key_pem, CHAIN.root_pem
    good = (CHAIN.chain_path, CHAIN.key_path, None, CHAIN.root_path)
    for i in (0, 1, 3):
        args = list(good)
        args[i] = str(tmp_path / "none.pem")
        assert "none.pem" in load(*args, code=codes.PLATFORM_FAIL)
    load(code=codes.ARG_FAIL)
    load(CHAIN.chain_path, code=codes.ARG_FAIL)
    load(None, CHAIN.key_path, code=codes.ARG_FAIL)
    load(CHAIN.chain_path, CHAIN.key_path + ";" + CHAIN.key_path, code=codes.ARG_FAIL)
    keys = load(*good)
    with pytest.raises(Error) as e:
        keys.load_rsa_keys(*good)
    assert e.value.code == codes.ARG_FAIL and len(keys.chain) == 3
    load(chain, RSA.key_pem, mem=True, code=codes.CERT_AUTH_FAIL)
    load(chain, pki.chain(key="p256", tag="k").key_pem + b"x", mem=True)  # the leaves share a key
    parts = [pki.pem(c) for c in CHAIN.certificates]
    for order in ((1, 0, 2), (0, 2, 1), (0, 2), (2, 1, 0), (0, 0)):
        load(b"".join(parts[i] for i in order), key, mem=True, code=codes.CERT_AUTH_FAIL)
    forged = pki.chain(key="p384", intermediates=2)
    load(parts[0] + pki.pem(forged.certificates[1]), key, mem=True, code=codes.CERT_AUTH_FAIL)
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    load(None, None, None, str(empty), code=codes.PARSE_FAIL)
    load(b"nothing", key, mem=True, code=codes.PARSE_FAIL)
    load(key, key, mem=True, code=codes.PARSE_FAIL)
    load(chain, chain, mem=True, code=codes.PARSE_FAIL)
    load(chain, key + key, mem=True, code=codes.PARSE_FAIL)
    load(chain[:-30], key, mem=True, code=codes.PARSE_FAIL)
    load(chain, key[:60] + key[61:], mem=True, code=codes.PARSE_FAIL)
    load(chain, key.replace(b"END PRIVATE", b"END EC PRIVATE"), mem=True, code=codes.PARSE_FAIL)
    load(CHAIN.chain_ders[0] + b"\x30", CHAIN.key_der, mem=True, code=codes.PARSE_FAIL)
    load(None, None, root.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"), mem=True, code=codes.PARSE_FAIL)
    load(None, None, pki.chain(ca_key="rsa1024").root_pem, mem=True, code=codes.UNSUPPORTED_FAIL)
    weak = pki.chain(key="rsa1024", ca_key="rsa2048")
    load(weak.chain_pem, weak.key_pem, mem=True, code=codes.UNSUPPORTED_FAIL)
    for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
        locked = CHAIN.private_bytes(form, Encoding.PEM, b"password")
        assert "encrypted" in load(chain, locked, mem=True, code=codes.ARG_FAIL)
    locked = CHAIN.private_bytes(PrivateFormat.PKCS8, Encoding.DER, b"password")
    assert "encrypted" in load(chain, locked, mem=True, code=codes.ARG_FAIL)
    edwards = pki.chain(key="ed448")
    load(edwards.chain_pem, edwards.key_pem, mem=True, code=codes.UNSUPPORTED_FAIL)


EMPTY = b"\x30\x27\x02\x01\x01\x04\x20" + bytes(31) + b"\x01\xa0\x00"  # an ECPrivateKey whose last field is an empty [0]


@pytest.mark.parametrize("key", [EMPTY, b"-----BEGIN \xffPRIVATE KEY-----\nMAA=\n-----END \xffPRIVATE KEY-----\n"], ids=["empty curve", "label not ASCII"])
def test_odd_private_keys(key):
    load(CHAIN.chain_pem, key, mem=True, code=codes.PARSE_FAIL)


def test_bundle_skips_one_by_one():
    bad = pki.pem(pki.issue("short", pki.make_key("rsa1024"), ca=True))
    broken = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    edwards = pki.pem(pki.issue("edwards", pki.make_key("ed448"), ca=True))
    keys = load(None, None, bad + CHAIN.root_pem + broken + RSA.root_pem + edwards, mem=True)
    assert (len(keys.anchors), keys.skipped) == (2, 3) and "kind of key" in keys.skip_reason


def test_public_roots(vectors):
    keys = load(None, None, None, str(vectors / "roots" / "ca-certificates.pem"))
    assert (len(keys.anchors), keys.skipped) == (148, 0)


def test_delete_wipes():
    keys = load(RSA.chain_pem, RSA.key_pem, RSA.root_pem, mem=True)
    private = keys.private
    keys.delete()
    assert len(private.crt) == 5 * 128 and not any(private.crt)
    assert keys.private is None and keys.chain == [] and keys.anchors == []
    keys.delete()


def test_a_failed_load_leaves_nothing_of_itself_and_all_of_the_rest():
    keys = Keys()
    keys.load_psk(b"secret", "me")
    keys.load_dh_params_mem(group(2048))
    with pytest.raises(Error):
        keys.load_rsa_keys_mem(CHAIN.chain_pem, CHAIN.key_pem, b"junk")
    assert (keys.private, keys.chain, keys.anchors, keys.loaded) == (None, [], [], False)
    assert keys.find_psk(b"me", 0, 2) == b"secret" and keys.dh
    keys.load_rsa_keys_mem(CHAIN.chain_pem, CHAIN.key_pem, CHAIN.root_pem)
    assert keys.private and keys.loaded


# --- Diffie-Hellman parameters

SHORT_OF = 105  # below the power of two: odd, and that it is prime nobody tests


def group(bits, g=2, encoding=Encoding.DER):
    """DH parameters; the modulus is odd and of that length."""

    def integer(n):
        data = n.to_bytes(n.bit_length() // 8 + 1, "big")
        return b"\x02" + length(data) + data

    def length(data):
        n = len(data)
        return bytes([n] if n < 128 else [0x81, n] if n < 256 else [0x82, n >> 8, n & 255])

    data = integer(2**bits - SHORT_OF) + integer(g)
    der = b"\x30" + length(data) + data
    if encoding == Encoding.DER:
        return der
    return b"-----BEGIN DH PARAMETERS-----\n" + base64.encodebytes(der) + b"-----END DH PARAMETERS-----\n"


def load_dh(data, code=None, min_bits=None):
    keys = Keys()
    if min_bits:
        keys.min_dh_bits = min_bits
    if code is None:
        keys.load_dh_params_mem(data)
        return keys.dh
    with pytest.raises(Error) as e:
        keys.load_dh_params_mem(data)
    assert (e.value.code, e.value.alert, keys.dh) == (code, codes.ALERT_NONE, None), e.value.text
    return e.value.text


def test_dh_params(tmp_path):
    prime = (2**2048 - SHORT_OF).to_bytes(256, "big")
    for data in (group(2048), group(2048, encoding=Encoding.PEM), b"text\n" + CHAIN.chain_pem + group(2048, encoding=Encoding.PEM)):
        assert load_dh(data) == (prime, b"\x02")
    (tmp_path / "dh.pem").write_bytes(group(2048, 5, Encoding.PEM))
    keys = Keys()
    keys.load_dh_params(str(tmp_path / "dh.pem"))
    assert keys.dh == (prime, b"\x05")
    with pytest.raises(Error) as e:
        keys.load_dh_params_mem(group(2048))
    assert e.value.code == codes.ARG_FAIL and keys.dh == (prime, b"\x05")
    keys.delete()
    assert keys.dh is None
    assert len(load_dh(group(1024), min_bits=1024)[0]) == 128
    assert len(load_dh(group(4096))[0]) == 512


def test_dh_params_that_openssl_makes():
    made = subprocess.run(["openssl", "dhparam", "-dsaparam", "-outform", "DER", "2048"], capture_output=True)
    if made.returncode:
        pytest.skip("no openssl")
    numbers = load_der_parameters(made.stdout).parameter_numbers()
    assert [int.from_bytes(x, "big") for x in load_dh(made.stdout)] == [numbers.p, numbers.g]
    given = subprocess.run(["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"], capture_output=True)
    assert load_dh(given.stdout) == (FFDHE2048, b"\x02")


def test_dh_failures(tmp_path):
    assert "1016 bits" in load_dh(group(1016), codes.UNSUPPORTED_FAIL, 1024)
    assert "1024 bits" in load_dh(group(1024), codes.UNSUPPORTED_FAIL)
    load_dh(group(2047), codes.UNSUPPORTED_FAIL)
    load_dh(group(4104), codes.UNSUPPORTED_FAIL)
    load_dh(group(2048), codes.ARG_FAIL, 1000)
    for nothing in (b"", None):
        load_dh(nothing, codes.ARG_FAIL)
    for g in (0, 1, 2**2048 - SHORT_OF - 1, 2**2048 - SHORT_OF, 2**2049):
        load_dh(group(2048, g), codes.PARSE_FAIL)
    der, pem = group(2048), group(2048, encoding=Encoding.PEM)
    even = bytearray(der)
    even[-4] ^= 1
    for bad in (bytes(even), der[:-1], der[:-3], der + b"\0", der + der, pem + pem, pem[:-40], CHAIN.chain_pem, CHAIN.root_der, b"junk"):
        load_dh(bad, codes.PARSE_FAIL)
    with pytest.raises(Error) as e:
        Keys().load_dh_params(str(tmp_path / "none.pem"))
    assert e.value.code == codes.PLATFORM_FAIL and "none.pem" in e.value.text
    with pytest.raises(Error) as e:
        Keys().load_dh_params(None)
    assert e.value.code == codes.ARG_FAIL


def test_a_share_agrees_with_another_implementation():
    numbers = dh.DHParameterNumbers(int.from_bytes(FFDHE2048, "big"), 2)
    theirs = numbers.parameters().generate_private_key()
    ours = DhShare(FFDHE2048, b"\x02", 2048)
    value = theirs.public_key().public_numbers().y.to_bytes(256, "big")
    mine = dh.DHPublicNumbers(int.from_bytes(ours.public, "big"), numbers).public_key()
    assert ours.agree(value, 0, 256) == theirs.exchange(mine).lstrip(b"\0")


def test_a_generator_whose_powers_vanish():
    """Such a group comes from a peer too, who may not even have signed it (DHE_PSK): one draw, then an Error."""
    with pytest.raises(Error) as e:
        DhShare((3**1293).to_bytes(257, "big"), b"\x03", 2048)
    assert e.value.alert == codes.ALERT_ILLEGAL_PARAMETER and "unfit" in e.value.text


# --- Pre-shared keys


def test_psk():
    keys = Keys()
    assert keys.psk is None and keys.find_psk(b"a", 0, 1) is None
    keys.load_psk(b"first", "ümlaut")
    keys.load_psk(b"k" * 64, b"i" * 128)
    keys.load_psk(bytearray(1), b"\0")
    assert keys.psk == ("ümlaut".encode(), b"first")
    assert keys.find_psk(b"??" + "ümlaut".encode() + b"?", 2, 7) == b"first"
    assert keys.find_psk(b"i" * 128, 0, 128) == b"k" * 64
    assert keys.find_psk(b"\0", 0, 1) == b"\0"
    for other in (b"", b"i" * 127, "ümlaut".encode()[:6], b"Umlaut!"):
        assert keys.find_psk(other, 0, len(other)) is None
    for key, identity in ((b"", b"x"), (b"k" * 65, b"x"), (b"k", b""), (b"k", b"x" * 129), (b"k", "ü" * 65), ("k", b"x"), (b"again", "ümlaut")):
        with pytest.raises(Error) as e:
            keys.load_psk(key, identity)
        assert e.value.code == codes.ARG_FAIL and len(keys.psks) == 3
    held = [key for _, key in keys.psks]
    keys.delete()
    assert not any(b"".join(held)) and keys.psk is None and keys.psks == []


@pytest.mark.parametrize("curve", ["p256", "p384", "p521"])
def test_ec_key_without_its_point(curve):
    key = pki.make_key(curve)
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, pki.serialization.NoEncryption())
    short = subprocess.run(["openssl", "ec", "-inform", "DER", "-outform", "DER", "-no_public"], input=der, capture_output=True)
    if short.returncode:
        pytest.skip("no openssl")
    assert len(short.stdout) < len(der)
    numbers = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    private = parse_private(short.stdout, 0, len(short.stdout))
    assert private.point == numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")


# Where `cryptography` and we disagree about vectors/keys, and why
DIFFERENT = {
    **{
        "EC/secp%sr1-explicit-%s.pem" % (n, s): "curves are named, never given by parameters"
        for n in (256, 384, 521)
        for s in ("seed", "no-seed")
    },
    **{
        "PKCS8/rsa_pss_2048_%s.pem" % s: "PSS keys without restrictions only"
        for s in ("hash", "hash_mask", "hash_mask_diff", "hash_mask_salt")
    },
    "PKCS8/invalid-version.der": "version 1 is RFC 5958's; the public key that it allows may be absent",
    "PKCS8/wrong-pem-delimiter-rsa.pem": "what a private key is, its DER says",
}


def test_vectors(vectors):
    """Where the other one loads an unencrypted RSA or NIST key, so do we, with the same numbers; else an Error, never more."""
    folder = vectors / "keys"
    taken, different = set(), set()
    for file in sorted(folder.rglob("*")):
        if file.is_dir() or file.suffix not in (".pem", ".der"):
            continue
        data = file.read_bytes()
        name = str(file.relative_to(folder))
        other = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                other = (load_pem_private_key if file.suffix == ".pem" else load_der_private_key)(
                    data, None, unsafe_skip_rsa_key_validation=False
                )
        except Exception:  # noqa: BLE001, S110 whatever it says, it is a refusal
            pass
        try:
            keys = Keys()
            load_keys._load_private(keys, data, None)
            mine = keys.private
            taken.add(name)
        except Error as e:
            assert e.code in (codes.PARSE_FAIL, codes.UNSUPPORTED_FAIL, codes.ARG_FAIL)
            if isinstance(other, rsa.RSAPrivateKey) or (
                isinstance(other, ec.EllipticCurvePrivateKey) and other.curve.name in ("secp256r1", "secp384r1", "secp521r1")
            ):
                different.add(name)
            continue
        if isinstance(other, rsa.RSAPrivateKey):
            assert int.from_bytes(mine.crt[: len(mine.crt) // 5], "big") == other.private_numbers().p
        elif other is not None:
            assert int.from_bytes(mine.d, "big") == other.private_numbers().private_value
        else:
            different.add(name)
    assert len(taken) > 10
    assert different == set(DIFFERENT)


def test_pem_edges():
    body = base64.b64encode(b"\x30\x03\x02\x01\x05")
    good = b"-----BEGIN X-----\n" + body + b"\n-----END X-----"
    assert pem_object(b"junk\n" + good, 0)[:3] == ("X", b"", bytearray(b"\x30\x03\x02\x01\x05"))
    assert pem_object(b"-----BEGIN X-----\r\nProc-Type: 4,ENCRYPTED\r\nB: c\r\n\r\n" + body + b"\r\n-----END X-----", 0)[1].startswith(
        b"\r\nProc"
    )
    assert pem_object(b"", 0) is None and pem_object(good, len(good)) is None
    for bad in (
        good[:-1],
        good[:20],
        good.replace(b"=", b""),
        good.replace(body, b""),
        good.replace(body, b"!!!!"),
        good.replace(body, body[:3]),
        good.replace(body, b"MA=A"),
        good.replace(b"\n", b"\nA: b\n", 1),
    ):
        with pytest.raises(Error):
            pem_object(bad, 0)
