#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a trust store (lib/mxtls/x509/store.py has the format) of PEM bundles or DER certificates, for keys.load_trust_store.

    tools/trust_store.py /etc/ssl/certs/ca-certificates.crt --out roots.mxt
    tools/trust_store.py bundle.pem --subject "ISRG Root" --subject "GTS Root R1" --out few.mxt
    tools/trust_store.py bundle.pem --fingerprint 96:BC:EC:06:... --out one.mxt

Without --subject and --fingerprint every certificate goes in. One that comes twice goes in once; one that the library cannot use, as it
is no CA or has another kind of key, is left out and named.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "port" / "cpython")]

from mxtls.errors import Error  # noqa: E402
from mxtls.load_keys import objects  # noqa: E402
from mxtls.x509.certificate import Cert  # noqa: E402
from mxtls.x509.certinfo import DistinguishedName  # noqa: E402
from mxtls.x509.store import name_hash  # noqa: E402

LABELS = (None, "CERTIFICATE", "X509 CERTIFICATE")


def certificates(data: bytes) -> Iterator[bytes]:
    """The DER certificates of a PEM bundle, or of DER one after another."""
    for buf, off, end, label, _headers in objects(data):
        if label in LABELS:
            yield bytes(buf[off:end])


def subject_text(der: bytes, c: Cert) -> str:
    """The subject, for people: organization, unit and common name."""
    name = DistinguishedName(der[c.subject : c.subject_end])
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


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", help="PEM bundles or DER certificates")
    parser.add_argument("--out", required=True, help="the file to write")
    parser.add_argument("--fingerprint", action="append", default=[], metavar="SHA256", help="only this certificate; may be repeated")
    parser.add_argument("--subject", action="append", default=[], metavar="TEXT", help="only those whose subject holds this text; may be repeated")
    given = parser.parse_args(arguments)
    try:
        ders = [der for file in given.files for der in certificates(Path(file).read_bytes())]
    except (Error, OSError) as e:
        print(f"trust_store: {e}", file=sys.stderr)
        return 2
    chosen, complaints = choose(ders, given.fingerprint, given.subject)
    for line in complaints:
        print(f"trust_store: {line}", file=sys.stderr)
    if not chosen:
        print("trust_store: nothing to write: no certificate was found, or none that is wanted and can be used", file=sys.stderr)
        return 2
    data = store(chosen)
    Path(given.out).write_bytes(data)
    print(f"{len(chosen)} roots, {len(data)} bytes in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
