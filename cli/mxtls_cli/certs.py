# SPDX-License-Identifier: MIT
"""Certificates, keys and requests for people, read by the library's own parser: what is in them, and why a board would refuse them."""

import hashlib
import time
from typing import Any

from mxtls.crypto.sign import SCHEMES
from mxtls.errors import Error
from mxtls.x509.certificate import Cert
from mxtls.x509.certinfo import Certificate, DistinguishedName
from mxtls.x509.der import Der

CURVES = {23: "P-256", 24: "P-384", 25: "P-521"}
SCHEME_NAMES = {
    0x0403: "ECDSA with SHA-256", 0x0503: "ECDSA with SHA-384", 0x0603: "ECDSA with SHA-512", 0x0203: "ECDSA with SHA-1", 0x0807: "Ed25519",
    0x0401: "RSA with SHA-256", 0x0501: "RSA with SHA-384", 0x0601: "RSA with SHA-512", 0x0201: "RSA with SHA-1",
    0x0804: "RSA-PSS with SHA-256", 0x0805: "RSA-PSS with SHA-384", 0x0806: "RSA-PSS with SHA-512",
}
USAGES = ((0x80, "digitalSignature"), (0x40, "nonRepudiation"), (0x20, "keyEncipherment"), (0x08, "keyAgreement"), (4, "keyCertSign"), (2, "cRLSign"))
PURPOSES = ((1, "serverAuth"), (2, "clientAuth"), (4, "any"))


def name_text(name: Any) -> str:
    parts = (("CN", name.common_name), ("OU", name.org_unit), ("O", name.organization), ("L", name.locality), ("ST", name.state), ("C", name.country))
    return ", ".join(f"{label}={text}" for label, text in parts if text) or "(empty)"


def key_text(key: Any) -> str:
    if key is None:
        return "a kind that this build has not"
    if key.n:
        return f"RSA-{key.bits}" + (" (PSS only)" if key.pss else "")
    return CURVES.get(key.curve, "Ed25519")


def day(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + " UTC"


def names_of(info: Any) -> list[str]:
    """The host names and addresses that it is for."""
    found = []
    for entry in info.extensions.san:
        data = bytes(entry.data)
        if entry.id == 7:
            found.append(".".join(map(str, data)) if len(data) == 4 else data.hex(":", 2))
        elif entry.id == 2:
            found.append(data.decode("latin-1"))
    return found


def certificate(der: bytes) -> dict[str, Any]:
    """What a certificate says, and in "refused" why a board would not take it as a peer's; a CA's list is empty where it may serve as a root."""
    shown: dict[str, Any] = {"kind": "certificate", "bytes": len(der), "sha256": hashlib.sha256(der).hexdigest(), "refused": []}
    c, info = Cert(), Certificate(der)
    try:
        c.parse(der, 0, len(der))
        shown |= {
            "subject": name_text(info.subject), "issuer": name_text(info.issuer), "serial": bytes(info.serial_number).hex(),
            "not_before": day(c.not_before), "not_after": day(c.not_after), "key": key_text(info.public_key),
            "signature": SCHEME_NAMES.get(c.scheme, "an algorithm that this build has not"), "ca": bool(c.ca), "names": names_of(info),
            "key_usage": [text for bit, text in USAGES if c.key_usage >= 0 and c.key_usage & bit],
            "purposes": [text for bit, text in PURPOSES if c.eku >= 0 and c.eku & bit],
            "key_sha256": hashlib.sha256(der[c.spki : c.spki_end]).hexdigest(),
        }
        shown["refused"] = list(_faults(c, shown, info))
    except Error as e:
        shown["refused"] = [e.text]
    return shown


def _faults(c: Cert, shown: dict[str, Any], info: Certificate) -> Any:
    now = int(time.time())
    try:
        key = c.public_key()
        if key.n and key.bits < 2048:
            yield "its RSA key has %d bits: use 2048 or more" % key.bits
    except Error as e:
        yield e.text
    if now < c.not_before:
        yield "it is not valid yet"
    if now > c.not_after:
        yield "it has expired"
    if c.unknown:
        yield "it has a critical extension that is not understood"
    own = info.issuer.dnenc == info.subject.dnenc
    if c.scheme not in [row[0] for row in SCHEMES] + [0x0804, 0x0805, 0x0806] and not own:  # nobody looks at how a root signed itself
        yield f"it is signed by {shown['signature']}: use SHA-256 or better"
    if not c.ca and not c.san:
        yield "it carries no name as subjectAltName: clients look at no other"


def private_key(buf: bytes, password: bytes | None) -> dict[str, Any]:
    from mxtls.x509.private import parse_private

    shown: dict[str, Any] = {"kind": "private key", "bytes": len(buf), "refused": []}
    try:
        key = parse_private(buf, 0, len(buf), password)
        shown["key"] = key_text(key)
        if key.n and key.bits < 2048:
            shown["refused"].append("its RSA key has %d bits: use 2048 or more" % key.bits)
        key.wipe()
    except Error as e:
        shown["refused"].append(e.text)
    return shown


def request(der: bytes) -> dict[str, Any]:
    """A certificate request (PKCS #10, RFC 2986)."""
    shown: dict[str, Any] = {"kind": "request", "bytes": len(der), "refused": []}
    try:
        d = Der(der)
        p = d.read(d.read(0, len(der), 0x30), len(der), 0x30)
        d.integer(p, len(der))
        at = d.end
        d.read(at, len(der), 0x30)
        shown["subject"] = name_text(DistinguishedName(der[at : d.end]))
        c = Cert()
        c.buf, c.spki = der, d.end
        d.read(d.end, len(der), 0x30)
        c.spki_end = d.end
        c.der.buf = der
        key = c.public_key()
        shown["key"] = key_text(key)
        if key.n and key.bits < 2048:
            shown["refused"].append("its RSA key has %d bits: use 2048 or more" % key.bits)
    except Error as e:
        shown["refused"].append(e.text)
    return shown
