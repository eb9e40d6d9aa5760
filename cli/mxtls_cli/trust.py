# SPDX-License-Identifier: MIT
"""mxtls trust: the root or roots that a board needs, from a server or out of a file, and as a small file."""

import argparse
import re
from pathlib import Path

from mxtls.errors import Error
from mxtls_cli import certs, roots
from mxtls_cli.report import BAD, GOOD, Report, Trouble


def _of_server(given: argparse.Namespace, report: Report) -> list[bytes]:
    bundle = given.roots or roots.of_this_computer()
    if not bundle:
        raise Trouble("this computer has no file of roots: give one with --roots")
    report.progress(f"connecting to {given.source} …")
    try:
        return [roots.root_of(given.source, bundle)]
    except (OSError, ValueError) as e:
        reason = getattr(e, "verify_message", "") or getattr(e, "strerror", "") or e
        raise Trouble(f"{given.source} does not prove itself with a root of {bundle}: {reason}") from None
    finally:
        report.progress("")


def _of_file(given: argparse.Namespace) -> tuple[list[bytes], list[str]]:
    try:
        ders = list(roots.certificates(Path(given.source).read_bytes()))
    except (OSError, Error) as e:
        raise Trouble(f"{given.source}: {getattr(e, 'strerror', None) or e}") from None
    prints = [which for which in given.root if re.fullmatch("(?:[0-9A-Fa-f]{2}:?){32}", which)]
    return roots.choose(ders, prints, [which for which in given.root if which not in prints])


def run(given: argparse.Namespace, report: Report) -> int:
    complaints: list[str] = []
    if Path(given.source).exists():
        chosen, complaints = _of_file(given)
    else:
        chosen = _of_server(given, report)
    if not chosen:
        raise Trouble("no root is wanted and can be used: " + (complaints[0] if complaints else "choose others with --root"))
    data = roots.store(chosen) if given.out and given.out.endswith(".mxt") else b"".join(chosen)
    if given.out:
        Path(given.out).write_bytes(data)
    shown = [certs.certificate(der) for der in chosen]
    report.result({"roots": shown, "left_out": complaints, "out": given.out, "bytes": len(data)})
    for item in shown:
        report.row("root", f"{item['bytes']:5} bytes  {item['sha256'][:16]}  {item['key']:8}  {item['subject']}", BAD if item["refused"] else GOOD)
    for line in complaints:
        report.row("", line, BAD)
    report.row("all", f"{len(data)} bytes" + (f" in {given.out}" if given.out else "; --out FILE writes them"))
    return 0
