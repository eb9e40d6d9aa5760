# SPDX-License-Identifier: MIT
"""A server of TLS 1.1 and 1.2 that asks for a certificate, before a client made of raw bytes: Certificate and CertificateVerify
(RFC 5246 sections 7.4.6 and 7.4.8, RFC 8446 section 4.2.3 for RSASSA-PSS)."""

import hashlib

import loop
import pki
import raw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from raw import numbers, vector
from test_conformance import OK, expect, named

import mxtls
from mxtls import codes as c

CHAIN = pki.chain(key="rsa2048", eku=("server", "client"))
OTHER = pki.chain(key="p256", eku=("server", "client"))
KEY = raw.private_key(CHAIN)
_own = mxtls.Keys()
_own.load_rsa_keys_mem(b"".join(CHAIN.chain_ders), CHAIN.key_der, CHAIN.root_der)


def agree(session, certificate, alert):
    return alert


def anonymous(session, certificate, alert):
    return c.ALLOW_ANON_CONNECTION if certificate is None else alert


def client(suite=0x002F, version=0x0303, validator=agree):
    return raw.Client(loop.End(mxtls.ServerSession(_own, cert_validator=validator, max_version=c.TLS1_2)), suite, version)


def shown(body=None, **arguments):
    """A client that has sent its Certificate."""
    peer = client(**arguments).hello()
    assert 13 in [m[0] for m in peer.messages]
    return peer.message(11, raw.certificates(CHAIN.chain_ders) if body is None else body)


def sign(peer, scheme=0x0401, alg=None, salt=None, mask=None):
    """A CertificateVerify body."""
    alg = alg or hashes.SHA256()
    if scheme >> 8 == 8:
        how = padding.PSS(padding.MGF1(mask or alg), alg.digest_size if salt is None else salt)
    else:
        how = padding.PKCS1v15()
    return numbers(scheme) + vector(2, KEY.sign(peer.transcript, how, alg))


def changed(body, at, mask=1):
    return body[:at] + bytes([body[at] ^ mask]) + body[at + 1 :]


PSS = 0x0804
VERIFIES = (  # name, what is sent in place of the right body, alert; the right one has scheme, length, 256 bytes
    ("RSA PKCS #1", lambda p: sign(p), OK),
    ("RSASSA-PSS", lambda p: sign(p, PSS), OK),
    ("one byte more", lambda p: sign(p) + b"\x00", 50),
    ("one byte less", lambda p: sign(p)[:-1], 50),
    *[("%d bytes of body" % n, lambda p, n=n: (b"\x04\x01\x00\x00")[:n], 50) for n in range(4)],
    *[("a length with %02x changed" % mask, lambda p, mask=mask: changed(sign(p), 3, mask), 50) for mask in (1, 0x80, 0xFF)],
    *[("%d bytes of signature" % n, lambda p, n=n: b"\x04\x01" + vector(2, bytes(range(n))), 51) for n in range(4)],
    *[("a signature with byte %d changed" % at, lambda p, at=at: changed(sign(p), 4 + at), 51) for at in (0, 100, 255)],
    *[("a signature of %02x" % b, lambda p, b=b: b"\x04\x01" + vector(2, bytes([b]) * 256), 51) for b in (0, 0xFF)],
    ("a signature of 1", lambda p: b"\x04\x01" + vector(2, bytes(255) + b"\x01"), 51),
    ("a signature that is longer than its key", lambda p: b"\x04\x01" + vector(2, b"\x00" + sign(p)[4:]), 51),
    ("PSS under PKCS #1's number", lambda p: b"\x04\x01" + sign(p, PSS)[2:], 51),
    ("PKCS #1 under PSS's number", lambda p: numbers(PSS) + sign(p)[2:], 51),
    ("PSS with a short salt", lambda p: sign(p, PSS, salt=20), 51),
    ("PSS with the longest salt", lambda p: sign(p, PSS, salt=222), 51),
    ("PSS with MGF1 over SHA-1", lambda p: sign(p, PSS, mask=hashes.SHA1()), 51),
    *[("scheme %04x" % s, lambda p, s=s: numbers(s) + sign(p)[2:], 47) for s in (0x0000, 0x0101, 0x0201, 0x0202, 0x0301, 0x0403, 0x0404, 0x0501, 0x0805, 0x0809, 0xFFFF)],
)


@named(VERIFIES)
def test_certificate_verify(row):
    peer = shown().exchange()
    peer.message(15, row[1](peer))
    if row[2] is OK:
        peer.change().finish()
        assert peer.end.complete and not peer.end.session.anonymous
    expect(peer, row[2])


def test_the_hash_is_the_suites():
    """A suite with SHA-384 has signatures with SHA-384, as they were asked for."""
    for scheme, alg, alert in ((0x0501, hashes.SHA384(), OK), (0x0401, hashes.SHA256(), 47)):
        peer = shown(suite=0x009D).exchange()
        expect(peer.message(15, sign(peer, scheme, alg)), alert)


def test_tls_1_1_signs_two_hashes():
    for wrong, alert in ((0, OK), (1, 51)):
        peer = shown(version=0x0302).exchange()
        digest = hashlib.md5(peer.transcript).digest() + hashlib.sha1(peer.transcript).digest()
        block = b"\x00\x01" + b"\xff" * 217 + b"\x00" + digest
        n = KEY.private_numbers()
        value = pow(int.from_bytes(block, "big"), n.d, n.public_numbers.n) ^ wrong
        expect(peer.message(15, vector(2, value.to_bytes(256, "big"))), alert)


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


def integer(value):
    data = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(data)]) + data


def sequence(*parts):
    body = b"".join(parts)
    return b"\x30" + bytes([len(body)]) + body


ECDSA = (  # name, what becomes of the signature (r, s), which is of the DER d, alert
    ("as it is", lambda r, s, d: d, OK), ("(r, n - s)", lambda r, s, d: sequence(integer(r), integer(ORDER - s)), OK), ("(0, s)", lambda r, s, d: sequence(integer(0), integer(s)), 51),
    ("(r, 0)", lambda r, s, d: sequence(integer(r), integer(0)), 51), ("(r + n, s)", lambda r, s, d: sequence(integer(r + ORDER), integer(s)), 51), ("(1, 1)", lambda r, s, d: sequence(integer(1), integer(1)), 51),
    ("(r of 900 bits, s)", lambda r, s, d: sequence(integer((1 << 900) - 1), integer(s)), 51), ("nothing", lambda r, s, d: b"", 51), ("noise", lambda r, s, d: b"\xff" * 70, 51),
    ("a byte more", lambda r, s, d: d + b"\x00", 51), ("a byte less", lambda r, s, d: d[:-1], 51), ("a length in long form", lambda r, s, d: b"\x30\x81" + d[1:], 51),
    ("a zero before r", lambda r, s, d: sequence(b"\x02\x22\x00\x00" + r.to_bytes(32, "big"), integer(s)), 51), ("a negative r", lambda r, s, d: sequence(b"\x02\x01\xff", integer(s)), 51),
    ("no integers", lambda r, s, d: sequence(), 51), ("integers of no length", lambda r, s, d: sequence(b"\x02\x00", b"\x02\x00"), 51), ("a sequence in a sequence", lambda r, s, d: sequence(d), 51),
)


@named(ECDSA)
def test_ecdsa_signatures(row):
    """Strict DER, and numbers that are in range; whatever is wrong with it is decrypt_error."""
    keys = mxtls.Keys()
    keys.load_rsa_keys_mem(b"".join(OTHER.chain_ders), OTHER.key_der, OTHER.root_der)
    peer = raw.Client(loop.End(mxtls.ServerSession(keys, cert_validator=agree, max_version=c.TLS1_2)), 0xC02B).hello()
    peer.message(11, raw.certificates(OTHER.chain_ders)).exchange()
    der = raw.private_key(OTHER).sign(peer.transcript, ec.ECDSA(hashes.SHA256()))
    expect(peer.message(15, b"\x04\x03" + vector(2, row[1](*decode_dss_signature(der), der))), row[2])


LEAF = raw.certificates(CHAIN.chain_ders[:1])
LISTS = (  # name, body, alert
    *[("a list's length with %02x changed" % mask, changed(LEAF, 2, mask), 50) for mask in (1, 2, 0x80, 0xFF)],
    *[("a certificate's length with %02x changed" % mask, changed(LEAF, 5, mask), 50) for mask in (1, 2, 0x80, 0xFF)],
    *[("a body of %d bytes" % n, bytes(n), 50) for n in range(3)],
    ("an empty certificate", b"\x00\x00\x03\x00\x00\x00", 50),
    ("more behind the list", LEAF + b"\x00", 50),
    ("more behind no list", b"\x00\x00\x00\x00", 50),
    ("zeros for a certificate", raw.certificates([bytes(4)]), 42),
    ("noise for a certificate", raw.certificates([b"\x30\x03abc"]), 42),
    ("of a CA that is not trusted", raw.certificates(OTHER.chain_ders), 48),
    ("none", raw.certificates(()), 40),
)


@named(LISTS)
def test_certificate_lists(row):
    expect(shown(row[1]), row[2])


def test_lists_of_every_length():
    """The list says i bytes, the certificate j, and there are k."""
    for i in range(8):
        for j in range(8):
            for k in range(6):
                body = bytearray(3 + k)
                body[2] = i
                if k >= 3:
                    body[5] = j
                if k or i:
                    expect(shown(bytes(body)), 42 if i == k == j + 3 and j else 50)


STEPS = (
    ("no Certificate", lambda: client().hello().exchange(), 10),
    ("two", lambda: shown().message(11, LEAF), 10),
    ("no CertificateVerify", lambda: shown().exchange().change(), 10),
    ("CertificateVerify too early", lambda: shown().message(15, b"\x04\x01" + vector(2, bytes(256))), 10),
    ("CertificateVerify without a certificate", lambda: shown(b"\x00\x00\x00", validator=anonymous).exchange().message(15, b"\x04\x01" + vector(2, bytes(256))), 10),
    ("none, but that is allowed", lambda: shown(b"\x00\x00\x00", validator=anonymous).exchange().change().finish(), OK),
)


@named(STEPS)
def test_order(row):
    expect(row[1](), row[2])


def test_a_certificate_that_was_not_asked_for():
    expect(raw.Client(loop.End(mxtls.ServerSession(_own, max_version=c.TLS1_2))).hello().message(11, LEAF), 10)
