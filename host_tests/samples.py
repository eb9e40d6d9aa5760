# SPDX-License-Identifier: MIT
"""Every step-th case of the external vectors, for what is too slow for all of them: the scripts themselves leave nothing out. Called by
test_boards.py and test_portable.py. With MXTLS_ALL_VECTORS=1 nothing is too slow."""

import atexit
import functools
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

import targets

ALL = bool(os.environ.get("MXTLS_ALL_VECTORS"))
BIG = ("dh", "ecdh", "ecdsa", "ed25519", "rsa", "x25519")  # scripts one call of whose kernels takes a million instructions and more


def thinned_rsp(text, step):
    """Every step-th record of a CAVP file, which blank lines separate; headings stay."""
    records = re.split(r"\n\s*\n", text.replace("\r\n", "\n"))
    kept, n = [], 0
    for record in records:
        plain = " = " not in record or record[0] in "[#"
        if plain or n % step == 0:
            kept.append(record)
        n += not plain
    return "\n\n".join(kept) + "\n\n"


def thinned_json(text, step):
    """Every step-th case of a Wycheproof file, counted through its groups, of which there are many with one case."""
    whole = json.loads(text)
    n = 0
    for group in whole["testGroups"]:
        group["tests"], n = group["tests"][-n % step :: step], n + len(group["tests"])
    return json.dumps(whole)


@functools.cache
def sample(step):
    """The path of a folder of vectors like the whole one with every step-th case of Wycheproof and CAVP; chains of digests are whole."""
    whole = targets.vectors()
    if whole is None or step == 1:
        return str(whole or "no-vectors")
    folder = Path(tempfile.mkdtemp(prefix="vectors-"))
    atexit.register(shutil.rmtree, folder)
    for path in whole.iterdir():
        if path.name not in ("wycheproof", "cavp"):
            (folder / path.name).symlink_to(path)
    for path in (*whole.glob("wycheproof/*.json"), *whole.glob("cavp/*/*")):
        target = folder / path.relative_to(whole)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text()
        target.write_text(thinned_json(text, step) if path.suffix == ".json" else text if "Monte" in path.name else thinned_rsp(text, step))
    return str(folder)


def verdict(name, lines):
    """A script's last line must say "passed". A script skips for want of vectors where there are none, and only there."""
    last = (lines.strip().splitlines() or [""])[-1]
    if "skipped" in last and ("no vectors" not in last or targets.vectors() is None):
        pytest.skip(last)
    assert last.endswith("passed"), name + ": " + last
