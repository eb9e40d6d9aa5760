# SPDX-License-Identifier: MIT
"""docs/interop.md from what test_interop.py's tests recorded: which implementations were talked to in which cell of the matrix. Called by
conftest.py at the end of a run. Nothing in it changes from run to run unless a peer or a cell does."""

from pathlib import Path

import peers

from mxtls import suite_names

PAGE = Path(__file__).resolve().parent.parent / "docs" / "interop.md"
LETTERS = {"openssl": "O", "gnutls": "G", "nss": "N", "tlslite": "T", "bearssl": "B", "mbedtls": "M", "self": "self"}
HEAD = """# Interoperability

Written by `make test TESTS="host_tests/test_interop.py host_tests/test_interop_dtls.py"` when all of it passes: a handshake and data both ways,
against implementations that others wrote, for every version, suite and role. Over DTLS our servers ask for a cookie first.

**O** OpenSSL, **G** GnuTLS, **N** NSS, **T** tlslite-ng, **B** BearSSL, **M** MicroPython's built-in `tls` (mbedtls). Where the roles differ, C is our client
and S our server. **self**: no peer here speaks it, our client met our server. The last column is MicroPython: 32-bit, viper kernels, `examples/client.py` and `server.py` under
TLS 1.2 or, where it has the suite, TLS 1.3.

"""


def planned():
    """(version, suite, role, peer's name) of every cell that must be recorded before the page is written."""
    cells = set()
    for key in peers.every_case() + peers.every_dtls_case():
        names = [peer.name for peer in peers.PEERS if peer.speaks(peers.Case(*key))]
        cells.update(key + (name,) for name in names or ["self"])
    return cells


def _row(cells):
    return "| " + " | ".join(cells) + " |\n"


def _cell(records, **wanted):
    """Letters of the peers, by role where the roles differ."""
    found = {}
    for role in peers.ROLES:
        names = {r["peer"] for r in records if r["role"] == role and all(r[k] == v for k, v in wanted.items())}
        found[role] = "".join(letter for name, letter in LETTERS.items() if name in names)
    if found["client"] == found["server"]:
        return found["client"]
    return ", ".join("%s %s" % (role[0].upper(), letters) for role, letters in found.items() if letters)


def text(records):
    """The page. records: dicts with kind ("matrix", "micropython" or a feature's name), version, suite, role, peer."""
    matrix = [r for r in records if r["kind"] == "matrix"]
    board = [r for r in records if r["kind"] == "micropython"]
    out = HEAD + _row(["suite", *peers.NAMES.values(), "MicroPython"]) + _row(["---"] * (len(peers.NAMES) + 2))
    for suite in peers.OLDEST:
        cells = [_cell(matrix, suite=suite, version=version) for version in peers.NAMES]
        out += _row(["%04X %s" % (suite, suite_names.name(suite)), *cells, _cell(board, suite=suite)])
    out += "\n## Features\n\n" + _row(["feature", "our client with", "our server with"]) + _row(["---"] * 3)
    for kind in sorted({r["kind"] for r in records} - {"matrix", "micropython"}):
        out += _row([kind] + [_where([r for r in records if r["kind"] == kind and r["role"] == role]) for role in peers.ROLES])
    return out


def _where(records):
    """The peers of one feature and role, each with its versions."""
    found = []
    for name in LETTERS:
        versions = sorted({r["version"] for r in records if r["peer"] == name})
        if versions:
            found.append("%s %s" % (name, " ".join(peers.NAMES[v].replace(" ", "").removeprefix("TLS") for v in versions)))
    return ", ".join(found)


def report(records, whole, write):
    """Print the page; keep it when the whole plan was recorded and nothing failed."""
    page = text(records)
    write(page)
    matrix = {(r["version"], r["suite"], r["role"], r["peer"]) for r in records if r["kind"] == "matrix"}
    if not whole or planned() - matrix:
        write("docs/interop.md is left as it is: not every test of test_interop.py ran and passed")
    elif not PAGE.exists() or PAGE.read_text() != page:
        PAGE.write_text(page)
        write("docs/interop.md was written")
