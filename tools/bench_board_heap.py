#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A part of `make bench`: the heap that is free on an emulated Pico before mxtls is imported, after it, and in a client's session with openssl.

    build/venv/bin/python tools/bench_board_heap.py [--profile client …] [--write]        --write puts the table into docs/performance.md
Each profile is frozen over kernels in C and in viper, and installed as .mpy files. What runs on the board is tools/bench/board_heap.py.
"""

import argparse
import subprocess
import sys
import tempfile

import deploy
import emulate
import firmware
from configure import ConfigureError
from raw_repl import BoardError

from steps import ROOT, Failed, say

sys.path.insert(0, str(ROOT / "host_tests"))
import pki  # noqa: E402

SCRIPT = ROOT / "tools" / "bench" / "board_heap.py"
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- board heap: begin -->", "<!-- board heap: end -->"
PROFILES = ("default", "client", "psk-client")
FILES = "files, viper"
HOW = {"frozen, C": "native", "frozen, viper": "viper", FILES: "viper"}
HEAD = ("KB free of heap", "", "before import", "after import", "session made", "handshake, at least", "session open")
PSK = "000102030405060708090a0b0c0d0e0f"


def peer(profile, chain, port):
    """openssl's server for a profile, and what the board is told of it: (process, LOAD and NAMED as a text)."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-rev", "-quiet"]
    if profile == "psk-client":
        command += ["-nocert", "-psk", PSK, "-psk_identity", "device", "-tls1_2"]
        text = "LOAD, NAMED = %r, {}" % ("keys.load_psk(bytes(range(16)), 'device')")
    else:
        command += ["-cert", chain.chain_path, "-key", chain.key_path]
        text = "LOAD, NAMED = %r, %r" % ("keys.load_rsa_keys(None, None, None, 'root.der')", {"server_name": "localhost"})
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), text


def measure(profile, how, chain):
    """Bytes free at each stage, a list. Raises Failed, ConfigureError or BoardError."""
    image = firmware.build("RPI_PICO_TLS") if how == FILES else firmware.build("RPI_PICO", profile, HOW[how])
    port = emulate.free_port()
    server, text = peer(profile, chain, port)
    try:
        with emulate.Board(image, uart0=port) as board:
            if how == FILES:
                with board.lent() as repl:
                    deploy.deploy("socket://127.0.0.1:%d" % repl, profile, HOW[how])
            board.put("root.der", chain.root_der)
            board.soft_reset()
            board.set_clock()
            return [int(word) for word in board.exec(text + "\n" + SCRIPT.read_text(), 300).split()[:5]]
    finally:
        server.kill()
        server.wait()


def run(profiles=PROFILES):
    """Rows of texts, the head first."""
    rows: list[tuple[str, ...]] = [HEAD]
    with tempfile.TemporaryDirectory(prefix="mxtls-heap-") as folder:
        chain = pki.chain(key="p256", names=["localhost"], intermediates=0).write(folder)
        for profile in profiles:
            for how in HOW:
                try:
                    figures = ["%.0f" % (free / 1024) for free in measure(profile, how, chain)]
                except (Failed, ConfigureError, BoardError) as e:
                    say("bench: heap of %s, %s: %s" % (profile, how, e))
                    continue
                rows.append(("`%s`" % profile, how, *figures))
                say("bench: heap of %s, %s: %s" % (profile, how, " ".join(figures)))
    return rows


def write(rows):
    """Put the table into docs/performance.md."""
    lines = ["| %s |" % " | ".join(row) for row in rows]
    lines.insert(1, "|---|---|" + "--:|" * (len(HEAD) - 2))
    head, rest = DOCUMENT.read_text().split(BEGIN)
    DOCUMENT.write_text("%s%s\n%s\n%s%s" % (head, BEGIN, "\n".join(lines), END, rest.split(END)[1]))


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--profile", action="append", help="%s unless given" % " ".join(PROFILES))
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    given = parser.parse_args(arguments)
    rows = run(given.profile or PROFILES)
    for row in rows:
        print("  ".join(text.strip("`").rjust(19) for text in row))
    if given.write:
        write(rows)
    return 0 if len(rows) > 1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
