# SPDX-License-Identifier: MIT
"""X.509 on CPython beside the `cryptography` package: odd certificates, made chains, fuzzed DER. Only Error may come out."""

import datetime
import hashlib
import ipaddress
import pathlib
import re
import time
from unittest.mock import Mock

import pki
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings, strategies as st

from mxtls import codes
from mxtls.errors import Error
from mxtls.keys import Keys
from mxtls.x509.certificate import Cert
from mxtls.x509.certinfo import Certificate
from mxtls.x509.chain import Path
from mxtls.x509.constraints import allowed
from mxtls.x509.names import dn_match, host_match
from mxtls.x509.pem import pem_object
from mxtls.x509.private import parse_private
from mxtls.x509.verify import verify

NOW = int(time.time())
DAY = datetime.timedelta(days=1)
TODAY = datetime.datetime.now(datetime.timezone.utc)


def certificates(data):
    """The DER certificates in the contents of a file."""
    if data[:1] == b"\x30":
        yield data
        return
    pos = 0
    while (found := pem_object(data, pos)) is not None:
        pos = found[3]
        if found[0] in ("CERTIFICATE", "X509 CERTIFICATE"):
            yield bytes(found[2])


def keys_for(*anchors):
    keys = Keys()
    keys.load_rsa_keys_mem(trusted_ca=b"".join(anchors))
    return keys


def judge(chain, host="localhost", now=NOW, purpose=1, keys=None):
    return verify(chain.chain_ders, keys or keys_for(chain.root_der), host, now, purpose)


# Why each refused certificate of vectors/x509 is refused
REFUSED = {
    "badasn1time.pem": "integer",
    "cryptography-scts-tbs-precert.der": "DER",
    "wosign-bc-invalid.pem": "constraints",
    "custom/all_key_usages.pem": "no CA",
    "custom/alternate-rsa-sha1-oid.der": "key usage",
    "custom/dsa_null_alg_params.pem": "kind of key",
    "custom/dsa_selfsigned_ca.pem": "kind of key",
    "custom/ec_no_named_curve.pem": "kind of key",
    "custom/empty-eku.pem": "extended key",
    "custom/invalid_version.pem": "version",
    "custom/malformed-ian.pem": "no issuer",
    "custom/malformed-san.pem": "no issuer",
    "custom/mismatch_inner_outer_sig_algorithm.der": "two different",
    "custom/nc_excluded.pem": "no CA",
    "custom/nc_invalid_ip4_netmask.der": "no CA",
    "custom/nc_invalid_ip_netmask.pem": "no CA",
    "custom/nc_ip_invalid_length.pem": "no CA",
    "custom/nc_permitted.pem": "no CA",
    "custom/nc_permitted_2.pem": "no CA",
    "custom/nc_permitted_excluded.pem": "no CA",
    "custom/nc_permitted_excluded_2.pem": "no CA",
    "custom/nc_single_ip_netmask.pem": "no CA",
    "custom/negative_serial.pem": "negative",
    "custom/rsa_pss.pem": "kind of key",
    "custom/rsa_pss_cert_invalid_mgf.der": "two different",
    "custom/rsa_pss_cert_no_sig_params.der": "two different",
    "custom/rsa_pss_cert_unsupported_mgf_hash.der": "two different",
    "custom/two_basic_constraints.pem": "twice",
    "custom/unsupported_subject_public_key_info.pem": "kind of key",
    "e-trust.ru.der": "kind of key",
    "san_edipartyname.der": "kind of key",
    "san_x400address.der": "kind of key",
    "v1_cert.pem": "two different",
}


def test_odd_certificates(vectors):
    folder = vectors / "x509"
    refused = {}
    c = Cert()
    for file in sorted(folder.rglob("*")):
        if file.is_dir() or file.name.startswith("crl_") or "_crl" in file.name or "key" in file.name.split(".")[0].split("_")[-1:]:
            continue
        for der in certificates(file.read_bytes()):
            try:
                c.parse(der, 0, len(der))
                key = c.public_key()
            except Error as e:
                refused[str(file.relative_to(folder))] = e.text
                continue
            try:
                other = x509.load_der_x509_certificate(der)
                public = other.public_key()
            except ValueError:  # the other one is stricter
                continue
            assert der[c.tbs : c.tbs_end] == other.tbs_certificate_bytes
            assert der[c.sig : c.end] == other.signature
            assert c.not_before == int(other.not_valid_before_utc.timestamp())
            assert c.not_after == int(other.not_valid_after_utc.timestamp())
            assert key.bits == public.key_size
            if isinstance(public, rsa.RSAPublicKey):
                assert int.from_bytes(key.n, "big") == public.public_numbers().n
            try:
                extension = other.extensions.get_extension_for_class(x509.BasicConstraints).value
                assert (bool(c.ca), c.pathlen) == (extension.ca, -1 if extension.path_length is None else extension.path_length)
            except x509.ExtensionNotFound:
                assert not c.ca
            except ValueError:  # an extension that the other one cannot read
                pass
            info = Certificate(der)
            assert info.serial_number and info.issuer.dnenc and info.subject.dnenc
    assert set(refused) == set(REFUSED)
    for file, text in refused.items():
        assert REFUSED[file] in text, (file, text)


@pytest.mark.parametrize("key", ["p256", "p384", "p521", "rsa2048", "rsa4096"])
def test_kinds_of_key(key):
    chain = pki.chain(key=key, names=["localhost"])
    assert judge(chain).alert == 0
    assert judge(chain, "elsewhere").alert == codes.ALERT_BAD_CERTIFICATE


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("key, pss", [("p256", False), ("rsa2048", False), ("rsa2048", True)])
def test_signatures(key, pss, digest):
    assert judge(pki.chain(key=key, digest=digest, pss=pss)).alert == 0


def test_weak_signature():
    chain = pki.chain(key="rsa2048")
    sha256, sha1 = (bytes.fromhex("2a864886f70d01010" + c) for c in "b5")
    chain.chain_ders[0] = chain.chain_ders[0].replace(sha256, sha1)
    path = judge(chain)
    assert path.alert == codes.ALERT_BAD_CERTIFICATE and "SHA-1" in path.text


def test_weak_keys():
    chain = pki.chain(key="rsa1024", ca_key="rsa2048")
    assert "too short" in judge(chain).text
    keys = keys_for(chain.root_der)
    keys.min_rsa_bits = 1024
    assert judge(chain, keys=keys).alert == 0
    chain = pki.chain(key="p256", ca_key="rsa1024")
    with pytest.raises(Error) as e:
        keys_for(chain.root_der)
    assert e.value.code == codes.UNSUPPORTED_FAIL
    keys = Keys()
    keys.min_rsa_bits = 1000
    with pytest.raises(Error) as e:
        keys.load_rsa_keys_mem(trusted_ca=chain.root_der)
    assert e.value.code == codes.ARG_FAIL


@pytest.mark.parametrize(
    "change, alert",
    [
        ({"expired": True}, codes.ALERT_CERTIFICATE_EXPIRED),
        ({"not_yet": True}, codes.ALERT_CERTIFICATE_EXPIRED),
        ({"eku": ("client",)}, codes.ALERT_UNSUPPORTED_CERTIFICATE),
        ({"eku": ("any",)}, codes.ALERT_UNSUPPORTED_CERTIFICATE),
        ({"eku": ()}, 0),
        ({"eku": ("client", "server")}, 0),
        ({"intermediates": 3}, 0),
        ({"intermediates": 9}, 0),
        ({"intermediates": 10}, codes.ALERT_UNKNOWN_CA),
        ({"intermediates": 3, "pathlen": 1}, codes.ALERT_BAD_CERTIFICATE),
        ({"intermediates": 3, "pathlen": 2}, 0),
        ({"intermediates": 0}, 0),
        ({"intermediate": {"ca": False, "usage": None}}, codes.ALERT_BAD_CERTIFICATE),
        ({"intermediate": {"ca": None, "usage": None}}, codes.ALERT_BAD_CERTIFICATE),
        ({"intermediate": {"usage": ("digital_signature",)}}, codes.ALERT_BAD_CERTIFICATE),
        ({"intermediate": {"usage": None}}, 0),
        ({"intermediate": {"eku": ("server",)}}, 0),
        ({"intermediate": {"eku": ("client",)}}, codes.ALERT_UNSUPPORTED_CERTIFICATE),
        ({"intermediate": {"eku": ("any",)}}, 0),
        ({"intermediate": {"extra": [(x509.InhibitAnyPolicy(0), True)]}}, 0),
        ({"intermediate": {"extra": [(x509.PolicyConstraints(0, None), True)]}}, codes.ALERT_UNSUPPORTED_CERTIFICATE),
        ({"intermediate": {"end": TODAY - DAY / 24}}, codes.ALERT_CERTIFICATE_EXPIRED),
        ({"root": {"end": TODAY - DAY / 24}}, codes.ALERT_CERTIFICATE_EXPIRED),
        ({"subject": None}, 0),
        (
            {"subject": None, "names": (), "leaf": {"extra": [(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)]}},
            codes.ALERT_BAD_CERTIFICATE,
        ),
        ({"leaf": {"ca": None}}, 0),
        (
            {"leaf": {"extra": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]}},
            codes.ALERT_UNSUPPORTED_CERTIFICATE,
        ),
        ({"leaf": {"extra": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False)]}}, 0),
        ({"constraints": ([x509.DNSName("localhost")], [])}, 0),
        ({"constraints": ([x509.DNSName("example.com")], [])}, codes.ALERT_BAD_CERTIFICATE),
        ({"constraints": ([], [x509.DNSName("localhost")])}, codes.ALERT_BAD_CERTIFICATE),
        ({"constraints": ([x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))], []), "ips": ["10.1.2.3"]}, 0),
        ({"constraints": ([x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))], []), "ips": ["11.1.2.3"]}, codes.ALERT_BAD_CERTIFICATE),
        ({"constraints": ([x509.DirectoryName(pki.name("leaf"))], [])}, 0),
        ({"constraints": ([x509.DirectoryName(pki.name("other"))], [])}, codes.ALERT_BAD_CERTIFICATE),
        ({"constraints": ([], [x509.DirectoryName(pki.name("leaf"))])}, codes.ALERT_BAD_CERTIFICATE),
        (
            {"constraints": ([], [x509.RFC822Name("example.com")]), "leaf": {"emails": ["a@example.com"], "names": ["localhost"]}},
            codes.ALERT_BAD_CERTIFICATE,
        ),
    ],
)
def test_what_a_chain_may_say(change, alert):
    path = judge(pki.chain(**change))
    assert path.alert == alert, path.text


DNS, EMAIL, DIRECTORY = x509.DNSName, x509.RFC822Name, x509.DirectoryName


def network(text):
    return x509.IPAddress(ipaddress.ip_network(text))


def address(text):
    return x509.IPAddress(ipaddress.ip_address(text))


def contents(extension):
    """What the extension's SEQUENCE holds."""
    der = extension.public_bytes()
    return der[2 if der[1] < 128 else der[1] - 126 :]


def constrained(permitted, excluded, subject=b"\x30\x00", names=()):
    """Do these constraints allow that subject and those alternative names?"""
    nc = contents(x509.NameConstraints(permitted or None, excluded or None))
    return allowed(nc, 0, len(nc), [8000, subject, contents(x509.SubjectAlternativeName(names)) if names else b""])


@pytest.mark.parametrize(
    "subtree, name, inside",
    [
        (DNS("example.com"), DNS("example.com"), True),
        (DNS("example.com"), DNS("A.EXAMPLE.com"), True),
        (DNS("EXAMPLE.com"), DNS("a.b.example.com"), True),
        (DNS("ample.com"), DNS("example.com"), False),
        (DNS("a.example.com"), DNS("example.com"), False),
        (DNS(".example.com"), DNS("a.example.com"), True),
        (DNS(".example.com"), DNS("example.com"), False),
        (DNS(""), DNS("example.com"), True),
        (DNS("example.com"), DNS("*.example.com"), True),
        (DNS("example.com"), DNS("a.example.com."), True),
        (network("10.0.0.0/8"), address("10.1.2.3"), True),
        (network("10.0.0.0/8"), address("11.1.2.3"), False),
        (network("0.0.0.0/0"), address("11.1.2.3"), True),
        (network("0.0.0.0/0"), address("::ffff:10.1.2.3"), False),
        (network("fe80::/10"), address("feb0::1"), True),
        (network("::/0"), address("10.1.2.3"), False),
        (EMAIL("example.com"), EMAIL("a@Example.com"), True),
        (EMAIL("example.com"), EMAIL("a@b.example.com"), False),
        (EMAIL(".example.com"), EMAIL("a@b.example.com"), True),
        (EMAIL(".example.com"), EMAIL("a@example.com"), False),
        (EMAIL("a@EXAMPLE.com"), EMAIL("a@example.com"), True),
        (EMAIL("A@example.com"), EMAIL("a@example.com"), False),
        (DIRECTORY(x509.Name(list(pki.name("a"))[:1])), DIRECTORY(pki.name("b")), True),
        (DIRECTORY(pki.name("a")), DIRECTORY(pki.name("A")), True),
        (DIRECTORY(pki.name("a")), DIRECTORY(pki.name("b")), False),
        (DIRECTORY(pki.name(None)), DIRECTORY(pki.name("b")), True),
    ],
)
def test_name_constraints(subtree, name, inside):
    """Permitted, excluded, both, and beside names of another kind; openssl verify agrees with each row."""
    other = x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))
    assert constrained([subtree], [], names=[other, name]) is inside
    assert constrained([], [subtree], names=[other, name]) is not inside
    assert constrained([subtree], [subtree], names=[name]) is False
    assert constrained([subtree], [subtree], names=[other]) is True
    if isinstance(name, x509.DirectoryName):
        assert constrained([subtree], [], name.value.public_bytes()) is inside
        assert constrained([], [subtree], name.value.public_bytes()) is not inside


def test_constrained_addresses_in_subjects():
    """RFC 5280 section 4.2.1.10: without alternative names, each emailAddress of the subject counts, wherever it stands in an RDN."""
    mail = x509.NameAttribute(pki.NameOID.EMAIL_ADDRESS, "a@example.com", x509.name._ASN1Type.IA5String)
    common = x509.NameAttribute(pki.NameOID.COMMON_NAME, "leaf")
    for rdns in ([[common], [mail]], [[mail], [common]], [[common, mail]]):
        subject = x509.Name([x509.RelativeDistinguishedName(rdn) for rdn in rdns]).public_bytes()
        assert not constrained([], [EMAIL("example.com")], subject)
        assert not constrained([EMAIL("example.org")], [], subject)
        assert constrained([EMAIL("example.com")], [], subject)
        assert constrained([], [EMAIL("example.com")], subject, [DNS("a.example.com")])


def test_work_for_name_constraints_is_bounded(monkeypatch):
    """A peer makes subjects, alternative names, constraints and CAs of one name and key for nothing: what they cost together has a bound."""
    from mxtls.x509 import constraints

    def mail(text):
        return x509.NameAttribute(pki.NameOID.EMAIL_ADDRESS, text, x509.name._ASN1Type.IA5String)

    key, leaf_key = pki.make_key("p256", "a"), pki.make_key("p256", "leaf")
    excluded = [DNS("%d.example.com" % i) for i in range(99)] + [EMAIL("y"), DNS("z")]
    crowd = [pki.der(pki.issue("a", key, "b", key, ca=True, constraints=([], excluded))) for _ in range(9)]
    size = len(contents(x509.NameConstraints(None, excluded)))
    permits = Mock(wraps=constraints.permits)
    monkeypatch.setattr(constraints, "permits", permits)
    for subject, names in ((x509.Name([mail("a@b")] * 20 + [mail("a@y")]), []), (pki.name("leaf"), ["x"] * 20 + ["z"])):
        permits.reset_mock()
        path = Path(keys_for(pki.chain().root_der), 1, None, NOW)
        for der in [pki.der(pki.issue(subject, leaf_key, "a", key, ca=False, names=names)), *crowd]:
            path.add(der, 0, len(der))
        assert path.finish() == codes.ALERT_BAD_CERTIFICATE and "name constraints" in path.text
        assert 20 < permits.call_count < 8000 * 16 // size + 10


def test_client_purpose():
    chain = pki.chain(eku=("client",))
    assert judge(chain, None, purpose=2).alert == 0
    assert judge(chain, None, purpose=1).alert == codes.ALERT_UNSUPPORTED_CERTIFICATE


def test_clock_never_set():
    path = judge(pki.chain(), now=0)
    assert path.code == codes.CLOCK_FAIL and "clock" in path.text and path.alert
    with pytest.raises(Error) as e:
        path.raise_failure()
    assert e.value.code == codes.CLOCK_FAIL


def test_unknown_root_outranks_the_rest():
    chain = pki.chain(expired=True)
    other = pki.chain(tag="other")
    path = verify(chain.chain_ders, keys_for(other.root_der), "elsewhere", NOW, 1)
    assert path.alert == codes.ALERT_UNKNOWN_CA


def test_forged():
    """Same names, other keys: every signature is looked at."""
    chain, other = pki.chain(intermediates=2), pki.chain(intermediates=2, key="p384")
    for i in range(3):
        mixed = list(chain.chain_ders)
        mixed[i] = other.chain_ders[i]
        path = verify(mixed, keys_for(chain.root_der), "localhost", NOW, 1)
        assert path.alert == codes.ALERT_BAD_CERTIFICATE and not path.done, i
    path = verify(chain.chain_ders, keys_for(other.root_der), "localhost", NOW, 1)
    assert path.alert == codes.ALERT_UNKNOWN_CA and "another key" in path.text and not path.done
    path = verify(chain.chain_ders[:2] + other.chain_ders[2:], keys_for(other.root_der), "localhost", NOW, 1)
    assert path.alert == codes.ALERT_BAD_CERTIFICATE and not path.done
    path = verify(chain.chain_ders, keys_for(other.root_der, chain.root_der), "localhost", NOW, 1)
    assert path.alert == 0


def test_order_and_extras():
    chain, other = pki.chain(intermediates=3), pki.chain(tag="x")
    ders = chain.chain_ders
    keys = keys_for(chain.root_der)
    assert verify([ders[0], ders[3], ders[1], ders[2]], keys, "localhost", NOW, 1).alert == 0
    path = Path(keys, 1, "localhost", NOW)
    taken = [path.add(d, 0, len(d)) for d in [ders[0], other.root_der, ders[1], ders[0], ders[2], other.chain_ders[1], ders[3], b"junk"]]
    assert taken == [True, False, True, False, True, False, True, False]
    assert path.finish() == 0 and path.done


def test_loops_and_crowds_cost_no_more_than_24_signatures(monkeypatch):
    """Two CAs that signed each other, and many of one name: a peer makes them for nothing."""
    from mxtls.crypto import sign

    keys = [pki.make_key("p256", name) for name in ("loop a", "loop b", "leaf")]
    leaf = pki.der(pki.issue("leaf", keys[2], "a", keys[0], ca=False, names=["localhost"]))
    loop = [pki.der(pki.issue("a", keys[0], "b", keys[1], ca=True)), pki.der(pki.issue("b", keys[1], "a", keys[0], ca=True))]
    crowd = [pki.der(pki.issue("a", pki.make_key("p256", "crowd %d" % (i % 3)), "b", keys[1], ca=True)) for i in range(60)]
    checked = Mock(wraps=sign.verify)
    monkeypatch.setattr(sign, "verify", checked)
    for ders, most in ((loop * 40, 10), (crowd, 24)):
        checked.reset_mock()
        path = Path(keys_for(pki.chain().root_der), 1, "localhost", NOW)
        for der in [leaf, *ders]:
            path.add(der, 0, len(der))
        assert path.finish() == codes.ALERT_BAD_CERTIFICATE and "too many" in path.text and 0 < checked.call_count <= most


def test_self_signed():
    key = pki.make_key("p256", "self")
    der = pki.der(pki.issue("device", key, names=["localhost"], ca=None))
    assert verify([der], keys_for(der), "localhost", NOW, 1).alert == 0
    assert verify([der], keys_for(pki.chain().root_der), "localhost", NOW, 1).alert == codes.ALERT_UNKNOWN_CA


PASS, BC, DN, SIG, UNTESTED = (
    getattr(codes, c) for c in ("CERT_AUTH_PASS", "CERT_AUTH_FAIL_BC", "CERT_AUTH_FAIL_DN", "CERT_AUTH_FAIL_SIG", "CERT_UNTESTED")
)


def test_status_for_a_validator():
    """Walking `next` to the first that is not PASS finds the certificate that failed; only those beyond it are untested."""

    def statuses(ders, *anchors):
        path = Path(keys_for(*anchors), 1, "localhost", NOW)
        path.certs = []
        for der in ders:
            path.add(der, 0, len(der))
        path.finish()
        found = []
        c = path.certs[0]
        while c:
            found.append(c.auth_status)
            c = c.next
        assert len(found) == len(ders)
        return path.alert, found

    chain, other = pki.chain(intermediates=2), pki.chain(key="p384", intermediates=2)
    assert statuses(chain.chain_ders, chain.root_der) == (0, [PASS] * 3)
    assert statuses(chain.chain_ders + [chain.root_der], chain.root_der) == (0, [PASS] * 3 + [UNTESTED])
    bad, unknown = codes.ALERT_BAD_CERTIFICATE, codes.ALERT_UNKNOWN_CA
    assert statuses(chain.chain_ders, pki.chain(tag="y").root_der) == (unknown, [PASS, PASS, DN])
    assert statuses(chain.chain_ders[:1], chain.root_der) == (unknown, [DN])
    assert statuses(chain.chain_ders, other.root_der) == (unknown, [PASS, PASS, SIG])
    assert statuses([chain.chain_ders[0], *other.chain_ders[1:]], chain.root_der) == (bad, [SIG, UNTESTED, UNTESTED])
    forged = [*chain.chain_ders[:2], other.chain_ders[2]]
    assert statuses(forged, other.root_der) == statuses(forged, chain.root_der) == (bad, [PASS, SIG, UNTESTED])
    no_ca = pki.chain(intermediates=2, intermediate={"ca": False, "usage": None})
    assert statuses(no_ca.chain_ders, no_ca.root_der) == (bad, [BC, UNTESTED, UNTESTED])
    narrow = pki.chain(intermediates=1, constraints=([x509.DNSName("example.com")], []))
    assert statuses(narrow.chain_ders, narrow.root_der) == (bad, [DN, UNTESTED])
    weak = pki.chain(key="rsa2048")
    sha256, sha1 = (bytes.fromhex("2a864886f70d01010" + c) for c in "b5")
    assert statuses([weak.chain_ders[0].replace(sha256, sha1), weak.chain_ders[1]], weak.root_der) == (bad, [SIG, UNTESTED])
    assert statuses([chain.chain_ders[0], b"\x30\x00", chain.chain_ders[2]], chain.root_der)[1] == [SIG, UNTESTED, UNTESTED]
    assert statuses([b"\x30\x00"], chain.root_der)[1] == [SIG]


def test_a_validator_gets_a_bounded_number():
    """What a peer sends beyond the certificates that are looked at is not kept either."""
    chain = pki.chain()
    path = Path(keys_for(chain.root_der), 1, "localhost", NOW)
    path.certs = []
    for der in chain.chain_ders + 50 * [chain.root_der]:
        path.add(der, 0, len(der))
    assert path.finish() == 0 and len(path.certs) == 24 and path.certs[-1].next is None


def test_certificate_members():
    chain = pki.chain(key="p384", names=["localhost"], ips=["127.0.0.1"], leaf={"serial": 0x1234})
    c = Certificate(chain.chain_ders[1])
    assert (c.extensions.bc.ca, c.extensions.bc.path_len_constraint, c.extensions.san) == (1, -1, [])
    c = Certificate(chain.chain_ders[0])
    other = chain.certificates[0]
    assert (c.version, c.serial_number, c.subject.common_name, c.subject.organization) == (2, b"\x12\x34", "leaf", "mxtls tests")
    assert c.subject.country is None and c.subject.common_name_type == 12
    assert c.subject.hash == hashlib.sha1(other.subject.public_bytes()).digest()
    assert c.issuer.common_name == "mxtls test CA 1" and c.issuer.dnenc == other.issuer.public_bytes()
    assert (c.time_type, c.not_before) == (23, other.not_valid_before_utc.strftime("%y%m%d%H%M%SZ"))
    assert c.public_key.curve == 24 and c.pub_key_algorithm == codes.KEY_EC and c.cert_algorithm == c.sig_algorithm == 0x0403
    assert c.signature == other.signature and c.sig_hash == hashlib.sha256(other.tbs_certificate_bytes).digest()
    san = c.extensions.san
    assert [(s.id, s.name, s.data) for s in san] == [(2, "DNS", b"localhost"), (7, "iPAddress", b"\x7f\0\0\1")]
    assert [s.next for s in san] == [san[1], None]
    assert (c.unique_issuer_id, c.unique_subject_id, c.auth_status, c.next) == (b"", b"", 0, None)
    with pytest.raises(AttributeError):
        c.no_such_member  # noqa: B018
    edwards = Certificate(pki.chain(key="ed448").chain_ders[0])
    assert (edwards.public_key, edwards.pub_key_algorithm, edwards.subject.common_name) == (None, 0, "leaf")


def test_distinguished_name_members():
    oid = pki.NameOID
    given = {
        "country": (oid.COUNTRY_NAME, "CH", 19),
        "state": (oid.STATE_OR_PROVINCE_NAME, "Zürich", 12),
        "locality": (oid.LOCALITY_NAME, "Ümikon", 30),
        "organization": (oid.ORGANIZATION_NAME, "Ours", 12),
        "org_unit": (oid.ORGANIZATIONAL_UNIT_NAME, "tests", 22),
        "common_name": (oid.COMMON_NAME, "everything", 12),
    }
    names = [x509.NameAttribute(o, text, x509.name._ASN1Type(kind)) for o, text, kind in given.values()]
    subject = Certificate(pki.der(pki.issue(x509.Name(names), pki.make_key("p256")))).subject
    for member, (_, text, kind) in given.items():
        assert (getattr(subject, member), getattr(subject, member + "_type")) == (text, kind)


# psX509Cert_t and its sub-structures as the reference names them, for the table "The certificate" of docs/api.md
STRUCTURES = {
    "psX509Cert_t": """version serialNumber serialNumberLen issuer subject timeType notBefore notAfter publicKey pubKeyAlgorithm
        certAlgorithm sigAlgorithm signature signatureLen sigHash uniqueIssuerId uniqueIssuerIdLen uniqueSubjectId
        uniqueSubjectIdLen extensions authStatus unparsedBin binLen next""",
    "x509DNattributes_t": """country state locality organization orgUnit commonName hash dnenc dnencLen countryType countryLen
        stateType stateLen localityType localityLen organizationType organizationLen orgUnitType orgUnitLen commonNameType
        commonNameLen""",
    "x509v3extensions_t": "bc san",
    "x509extBasicConstraints_t": "cA pathLenConstraint",
    "x509SubjectAltName_t": "id name data dataLen next",
}


def test_every_member_of_the_reference_has_a_name_here():
    """Every row of the table is evaluated on a certificate."""
    page = (pathlib.Path(__file__).parent.parent / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| (\w+_t)\.(\w+) \| `([^`]+)` \|", page, re.M)
    assert [(s, m) for s, m, _ in rows] == [(s, m) for s, members in STRUCTURES.items() for m in members.split()]
    full = [x509.NameAttribute(getattr(pki.NameOID, o), "CH") for o in
            "COUNTRY_NAME STATE_OR_PROVINCE_NAME LOCALITY_NAME ORGANIZATION_NAME ORGANIZATIONAL_UNIT_NAME COMMON_NAME".split()]
    c = Certificate(pki.der(pki.issue(x509.Name(full), pki.make_key("p256"), names=["a.example"])))
    here = {"certificate": c, "name": c.subject, "entry": c.extensions.san[0]}
    for structure, member, expression in rows:
        value = eval(expression, here)  # noqa: S307 it is our own page
        assert value is not None or member == "next", (structure, member)
        assert not member.endswith("Len") or isinstance(value, int)


def value(tag, data):
    return bytes([tag, 0x82]) + len(data).to_bytes(2, "big") + data


def test_issuer_key_for_pss_alone():
    """An issuer whose key is of id-RSASSA-PSS (RFC 4055): on a peer's path, and in a chain of our own."""
    for pss in (True, False):
        chain = pki.chain(key="rsa2048", pss=pss)
        leaf, der = chain.chain_ders
        c = Cert()
        c.parse(der, 0, len(der))
        key = value(0x30, b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a" + der[c.spki + 19 : c.spki_end])
        issuer = value(0x30, value(0x30, der[c.tbs + 4 : c.spki] + key + der[c.spki_end : c.tbs_end]) + der[c.tbs_end :])
        assert (verify([leaf], keys_for(issuer), "localhost", NOW, 1).alert == 0) is pss
        keys = Keys()
        if pss:
            keys.load_rsa_keys_mem(leaf + issuer, chain.key_der)
        else:
            with pytest.raises(Error) as e:
                keys.load_rsa_keys_mem(leaf + issuer, chain.key_der)
            assert e.value.code == codes.CERT_AUTH_FAIL


def test_rsa_signature_without_parameters():
    """RFC 4055 section 5: absent parameters have to be taken like NULL, in the same form in both places."""
    chain = pki.chain(key="rsa2048")
    der = chain.chain_ders[0]
    c = Cert()
    c.parse(der, 0, len(der))
    null, absent = (bytes.fromhex(h) for h in ("300d06092a864886f70d01010b0500", "300b06092a864886f70d01010b"))
    for outer, alert in ((absent, 0), (null, codes.ALERT_BAD_CERTIFICATE)):
        tbs = value(0x30, der[c.tbs + 4 : c.tbs_end].replace(null, absent))
        signature = pki.make_key("rsa2048", "ca0").sign(tbs, padding.PKCS1v15(), hashes.SHA256())
        leaf = value(0x30, tbs + outer + value(3, b"\0" + signature))
        assert verify([leaf, chain.chain_ders[1]], keys_for(chain.root_der), "localhost", NOW, 1).alert == alert


def test_unique_identifiers():
    der = pki.chain().chain_ders[0]
    c = Cert()
    c.parse(der, 0, len(der))
    ids = b"\x81\x03\x00ab\x82\x02\x00c"
    changed = value(0x30, value(0x30, der[c.tbs + 4 : c.spki_end] + ids + der[c.spki_end : c.tbs_end]) + der[c.tbs_end :])
    info = Certificate(changed)
    assert (info.unique_issuer_id, info.unique_subject_id) == (b"ab", b"c")
    assert info.signature == der[c.sig :]


# --- Fuzz

SEEDS = [
    c
    for key in ("p256", "rsa2048")
    for c in [
        *pki.chain(
            key=key, ips=["::1"], constraints=([x509.DNSName("localhost")], [x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))])
        ).chain_ders
    ]
]
PRIVATE_SEEDS = [pki.chain(key="p256").key_der, pki.chain(key="rsa2048").key_der]


def all_readings(der):
    """Everything that reads a certificate; Error is the only exception."""
    try:
        c = Cert()
        c.parse(der, 0, len(der))
        c.public_key()
        dn_match(der, c.issuer, c.issuer_end, der, c.subject, c.subject_end, True)
        if c.san:
            host_match(der, c.san, c.san_end, "localhost")
        if c.nc:
            allowed(der, c.nc, c.nc_end, [8000, der[c.subject : c.subject_end], der[c.san : c.san_end]])
        Certificate(der).version  # noqa: B018
    except Error as e:
        assert e.text and e.code < 0
    path = Path(FUZZ_KEYS, 1, "localhost", NOW)
    path.add(der, 0, len(der))
    path.finish()
    assert path.alert or (path.done and der in SEEDS)


FUZZ_KEYS = keys_for(pki.chain().root_der)
edit = st.tuples(st.integers(0, 3000), st.integers(0, 255))


@settings(max_examples=300)
@given(st.sampled_from(SEEDS), st.lists(edit, min_size=1, max_size=4), st.integers(0, 3))
def test_edited_certificates(der, edits, cut):
    buf = bytearray(der)
    for where, what in edits:
        buf[where % len(buf)] = what
    all_readings(bytes(buf[: len(buf) - cut]))


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_random_bytes(data):
    all_readings(data)
    all_readings(b"\x30" + bytes([len(data)]) + data)
    for call in (
        lambda: parse_private(data, 0, len(data)),
        lambda: pem_object(b"-----BEGIN " + data, 0),
        lambda: host_match(data, 0, len(data), "a.b"),
        lambda: allowed(data, 0, len(data), [8000, b"\x30\x00", data]),
    ):
        try:
            call()
        except Error:
            pass


@settings(max_examples=60)
@given(st.sampled_from(PRIVATE_SEEDS), edit)
def test_edited_private_keys(der, change):
    buf = bytearray(der)
    buf[change[0] % len(buf)] = change[1]
    try:
        parse_private(bytes(buf), 0, len(buf))
    except Error as e:
        assert e.alert == codes.ALERT_NONE or e.code == codes.PARSE_FAIL


def test_curve_point_is_the_key():
    chain = pki.chain(key="p521")
    c = Cert()
    c.parse(chain.chain_ders[0], 0, len(chain.chain_ders[0]))
    numbers = chain.key.public_key().public_numbers()
    assert isinstance(numbers, ec.EllipticCurvePublicNumbers)
    assert c.public_key().point == numbers.x.to_bytes(66, "big") + numbers.y.to_bytes(66, "big")
