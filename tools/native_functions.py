#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The C kernels that a profile calls, as the header that a firmware of tier native names in MXTLS_FUNCTIONS to link no others.

    tools/native_functions.py [--profile client] [--platform rp2] [--examples] [USE_X=0 …] > mxtls_functions.h
docs/configuration.md says what to do with it. tools/firmware.py and tools/size.py call header().
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from configure import ROOT, ConfigureError, asked_for, resolve, staged_texts  # noqa: E402

BINDINGS = ROOT / "port" / "native" / "mxtls_native.c"


def functions() -> dict[str, int]:
    """Every function of mxtls_native and how many arguments it takes, in the order of its table."""
    return {name: int(n) for name, n in re.findall(r"\bF\((\w+), (\d+)\)", BINDINGS.read_text())}


def imported(texts: Iterable[str]) -> set[str]:
    """What modules import from mxtls_native."""
    nodes = (node for text in texts if "mxtls_native" in text for node in ast.walk(ast.parse(text)))
    return {alias.name for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "mxtls_native" for alias in node.names}


def header(texts: Iterable[str]) -> str:
    """The header's text for a firmware whose frozen modules have these texts."""
    names = imported(texts)
    rows = "".join(" \\\n    F(%s, %d)" % row for row in functions().items() if row[0] in names)
    return "/* Made by tools/native_functions.py: the functions that these modules import from mxtls_native. */\n#define FUNCTIONS(F)%s\n" % rows


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("options", nargs="*", metavar="USE_X=0|1")
    parser.add_argument("--profile", default="default")
    parser.add_argument("--platform", default="rp2", help="a folder of port/")
    parser.add_argument("--examples", action="store_true", help="client.py and server.py are frozen too")
    given = parser.parse_intermixed_args(arguments)
    try:
        texts = staged_texts(resolve(given.profile, asked_for(given.options)), "native", given.platform, given.examples)
    except ConfigureError as e:
        print(f"native_functions: {e}", file=sys.stderr)
        return 1
    print(header(text for _, text in texts.values()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
