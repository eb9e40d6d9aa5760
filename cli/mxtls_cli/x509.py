# SPDX-License-Identifier: MIT
"""mxtls x509: what is in a file, and why a board would refuse it."""

import argparse
from pathlib import Path
from typing import Any

from mxtls.errors import Error
from mxtls.load_keys import objects
from mxtls_cli import certs
from mxtls_cli.report import BAD, GOOD, Report, Trouble


def contents(data: bytes, password: bytes | None) -> list[dict[str, Any]]:
    """Each object of a file."""
    found = []
    for buf, off, end, label, headers in objects(data):
        der = bytes(buf[off:end])
        if label is None:
            found.append(_guess(der, password))
        elif label.endswith("PRIVATE KEY"):
            if b"ENCRYPTED" in headers:
                found.append({"kind": "private key", "bytes": len(der), "refused": ["it is encrypted in the traditional way: decrypt it, or make it PKCS #8"]})
            else:
                found.append(certs.private_key(der, password))
        elif label in ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"):
            found.append(certs.request(der))
        elif label in ("CERTIFICATE", "X509 CERTIFICATE"):
            found.append(certs.certificate(der))
        else:
            found.append({"kind": label.lower(), "bytes": len(der), "refused": []})
    return found


def _guess(der: bytes, password: bytes | None) -> dict[str, Any]:
    """DER does not say what it is: the first of these that reads it, else what a certificate it is not."""
    tried = [certs.certificate(der), certs.private_key(der, password), certs.request(der)]
    return next((t for t in tried if "key" in t), tried[0])


def show(report: Report, item: dict[str, Any]) -> None:
    labels = ("subject", "issuer", "serial", "not_before", "not_after", "key", "signature", "names", "key_usage", "purposes", "sha256", "key_sha256")
    report.row(item["kind"], f"{item['bytes']} bytes" + (", a CA" if item.get("ca") else ""))
    for label in labels:
        value = item.get(label)
        if value:
            report.row("  " + label.replace("_", " "), ", ".join(value) if isinstance(value, list) else value)
    for reason in item["refused"]:
        report.row("  refused", reason, BAD)
    if not item["refused"]:
        report.row("  board", "takes it", GOOD)


def run(given: argparse.Namespace, report: Report) -> int:
    bad = False
    for file in given.file:
        try:
            found = contents(Path(file).read_bytes(), given.password.encode() if given.password else None)
        except (OSError, Error) as e:
            raise Trouble(f"{file}: {getattr(e, 'strerror', None) or e}") from None
        bad = bad or any(item["refused"] for item in found)
        report.result({"file": str(file), "objects": found})
        for item in found:
            show(report, item)
    return int(bad)
