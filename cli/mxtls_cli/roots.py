# SPDX-License-Identifier: MIT
"""Roots: which of a bundle are wanted, which one a server proves itself with, and the trust store that keys.load_trust_store opens
(lib/mxtls/x509/store.py has its format). Used by trust.py, client.py, tools/trust_store.py and tools/provision.py."""

import hashlib
import socket
import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mxtls.errors import Error
from mxtls.load_keys import objects
from mxtls.x509.certificate import Cert
from mxtls.x509.certinfo import DistinguishedName
from mxtls.x509.store import name_hash

LABELS = (None, "CERTIFICATE", "X509 CERTIFICATE")


def certificates(data: bytes) -> Iterator[bytes]:
    """The DER certificates of a PEM bundle, or of DER one after another."""
    for buf, off, end, label, _headers in objects(data):
        if label in LABELS:
            yield bytes(buf[off:end])


def subject_text(der: bytes, c: Cert) -> str:
    """The subject, for people: organization, unit and common name."""
    name: Any = DistinguishedName(der[c.subject : c.subject_end])
    return ", ".join(part for part in (name.organization, name.org_unit, name.common_name) if part)


def store(ders: Iterable[bytes]) -> bytes:
    """The file with these certificates, each once."""
    c, rows = Cert(), []
    for der in sorted(set(ders)):
        c.parse(der, 0, len(der))
        rows.append((name_hash(der, c.subject, c.subject_end), der))
    rows.sort()
    at = 8 + 12 * len(rows)
    index, body = b"", b""
    for key, der in rows:
        index += key + (at + len(body)).to_bytes(4, "big") + len(der).to_bytes(4, "big")
        body += der
    return b"MXT1" + len(rows).to_bytes(4, "big") + index + body


def unusable(der: bytes, c: Cert) -> str:
    """Why the library could not trust it, or nothing."""
    try:
        c.parse(der, 0, len(der))
        c.public_key()
    except Error as e:
        return e.text
    if c.version == 3 and not c.ca:
        return "it is no CA"
    return ""


def choose(ders: Iterable[bytes], fingerprints: Iterable[str], subjects: Iterable[str]) -> tuple[list[bytes], list[str]]:
    """Those that are wanted, each once, and a line for each that cannot be used. Fingerprints are SHA-256, colons allowed; a subject is
    any part of it, in whatever case."""
    prints = {text.replace(":", "").lower() for text in fingerprints}
    parts = [text.lower() for text in subjects]
    everything = not prints and not parts
    chosen, complaints, c = [], [], Cert()
    for der in dict.fromkeys(ders):
        digest = hashlib.sha256(der).hexdigest()
        reason = unusable(der, c)
        name = "" if reason else subject_text(der, c)
        if not (everything or digest in prints or any(part in name.lower() for part in parts)):
            continue
        if reason:
            complaints.append(f"left out {digest[:16]}: {reason}")
        else:
            chosen.append(der)
    return chosen, complaints


def host_port(text: str, port: int = 443) -> tuple[str, int]:
    """HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT. ValueError for a port that is none."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:] or port)
    host, _, rest = text.partition(":")
    return host, int(rest or port)


def root_of(server: str, bundle: str | None, timeout: float = 20) -> bytes:
    """The root, DER, of a bundle file (this computer's, if None) that HOST or HOST:PORT proves itself with, by connecting to it. OSError
    where it does not, and ValueError."""
    host, port = host_port(server)
    context = ssl.create_default_context(cafile=bundle)
    with socket.create_connection((host, port), timeout) as sock, context.wrap_socket(sock, server_hostname=host) as tls:
        known: Any = tls
        if hasattr(known, "get_verified_chain"):  # CPython 3.13
            return known.get_verified_chain()[-1]
        return ssl.PEM_cert_to_DER_cert(known._sslobj.get_verified_chain()[-1].public_bytes())


def of_this_computer() -> str | None:
    """The file with the roots that this computer trusts, where it has one."""
    paths = ssl.get_default_verify_paths()
    for file in (paths.cafile, paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"):
        if file and Path(file).is_file():
            return file
    return None
