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
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "port" / "cpython"), str(ROOT / "cli")]

from mxtls.errors import Error  # noqa: E402
from mxtls_cli.roots import certificates, choose, store  # noqa: E402


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
