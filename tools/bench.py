#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmarks, `make bench`: memory and speed beside the peers, all measured in the same run, as one table.

    build/venv/bin/python tools/bench.py [--write] [--profile client] [USE_X=0 …]
--write puts the table into docs/performance.md. Peers: the built-in `tls` (mbedtls) of the same MicroPython, and tlslite-ng.
The parts: bench_peers.py (programs and whom they talk to), bench_heap.py (bisection), bench_cpython.py, bench_rp2040.py (an emulated
Pico, which it measures by itself too); tools/bench/ (what is frozen or run).
"""

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bench_heap
import bench_peers

from steps import ROOT, Failed, say

RUNS = 5
BULK = 2 << 20
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
NONE = "–"
LATER = "not measured yet"

# key of the measurement, what it is, the aim
ROWS = (
    ("heap client", "unix-32, smallest heap: verified client handshake, 1 KB echo, records to 16 KB", "16 KB"),
    ("heap client 2048", "  the same with 2 KB records negotiated", "12 KB"),
    ("heap client psk", "  the same with PSK", "8 KB"),
    ("heap dtls", "unix-32, smallest heap: verified P-256 DTLS 1.2 client, 1 KB echo, PMTU 1500", NONE),
    ("heap dtls 512", "  the same with PMTU 512", NONE),
    ("heap dtls psk", "  the same with PSK, PMTU 512", NONE),
    ("heap server", "unix-32, smallest heap: server, the same work", NONE),
    ("heap server 2048", "  the same with 2 KB records", NONE),
    ("record", "unix-32, heap allocated per application record", "0 bytes"),
    ("ms client", "unix-32, client handshake", NONE),
    ("ms server", "unix-32, server handshake", NONE),
    ("bulk get", "unix-32, receiving AES-128-GCM", NONE),
    ("bulk put", "unix-32, sending AES-128-GCM", NONE),
    ("cpython ms", "CPython, both ends: ECDHE-RSA handshake (RSA-2048)", "3× faster"),
    ("cpython bulk", "CPython, both ends: AES-128-GCM", "3× faster"),
    ("rp2040 client", "RP2040, P-256 ECDSA client handshake, C / Thumb assembly / viper", "250 / 1000 ms"),
    ("rp2040 server", "  server; server with RSA-2048, C", "150 / 1500 ms"),
    ("rp2040 tls1.3", "  TLS 1.3 client, X25519, C", "250 ms"),
    ("rp2040 resumed", "  resumed handshake, C / Thumb assembly / viper", "30 / 80 ms"),
    ("rp2040 gcm", "  AES-128-GCM, cycles a byte, C / Thumb assembly / viper", "300 / 900"),
    ("rp2040 chacha", "  ChaCha20-Poly1305, cycles a byte, C / Thumb assembly / viper", "110 / 450"),
    ("thumb", "frozen Thumb size, viper kernels included: PSK-only / modern client / everything", "20 / 64 / 200 KB"),
)
# What today's best is where we have nothing to measure yet.
KNOWN = {"rp2040 chacha": "108", "thumb": "90 KB"}


def kilobytes(size):
    return "%.1f KB" % (size / 1024) if size else "fails at 64 KB"


def measure_heap(results, folder, binaries):
    """The smallest heap of each program: results[key] = (the peer's, ours)."""
    for key, size in (("heap client", 16384), ("heap client 2048", 2048)):
        with bench_peers.echo_server(folder) as port:
            theirs, ours = (bench_heap.smallest(lambda heap: program.client(heap, port, "echo"))  # noqa: B023
                            for program in programs(binaries, "client", folder, size))
        results[key] = (kilobytes(theirs), kilobytes(ours))
    for key, size in (("heap server", 16384), ("heap server 2048", 2048)):
        theirs, ours = (bench_heap.smallest(program.server) for program in programs(binaries, "server", folder, size))
        results[key] = (kilobytes(theirs), kilobytes(ours))


def measure_own_heap(results, folder, binary, dtls_binary):
    """Where the built-in cannot be measured, as it has no pre-shared keys and its DTLS needs a stream around a socket: ours alone, against
    our own server."""
    with bench_peers.own_server(folder, "--psk", b"0123456789abcdef".hex()) as port:
        program = bench_peers.Program(binary, "mx_client", folder)
        results["heap client psk"] = (NONE, kilobytes(bench_heap.smallest(lambda heap: program.client(heap, port, "echo", root="psk"))))
    for key, root, pmtu in (("heap dtls", "ca.der", 1500), ("heap dtls 512", "ca.der", 512), ("heap dtls psk", "psk", 512)):
        shown = ("--psk", b"0123456789abcdef".hex()) if root == "psk" else ("--cert", "chain.pem", "--key", "key.pem")
        with bench_peers.own_server(folder, "--dtls", "--pmtu", str(pmtu), *shown) as port:
            program = bench_peers.Program(dtls_binary, "mx_dtls_client", folder, pmtu)
            smallest = bench_heap.smallest(lambda heap: program.client(heap, port, "echo", root=root))  # noqa: B023
            results[key] = (NONE, kilobytes(smallest))


def programs(binaries, role, folder, max_record=16384):
    """The built-in's program and ours."""
    return [bench_peers.Program(binary, name + "_" + role, folder, max_record) for name, binary in zip(("builtin", "mx"), binaries, strict=True)]


def measure_records(results, folder, binary, count=20, size=1024):
    """The most heap that one record costs, of sealing and opening by client and server."""
    files = [str(Path(folder, name)) for name in ("cert.der", "key.der", "root.der")]
    done = subprocess.run([str(binary), "-X", "heapsize=2m", "-m", "records", *files, str(count), str(size)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=bench_peers.TIMEOUT)
    if done.returncode:
        results["record"] = (NONE, "failed")
        say(done.stderr)
    else:
        figures = [int(word) / count for word in done.stdout.split()]
        results["record"] = (NONE, "%g bytes" % max(figures[:4]))
        say("bench: frames of calls that are on the heap while a record is sealed or opened: %g bytes" % max(figures[4:]))


def median(what, of):
    """The median of one number out of several runs' lines; a run that fails is an error."""
    lines = [what() for _ in range(RUNS)]
    if None in lines:
        raise Failed("a program failed with a heap of 1 MB")
    return statistics.median(line[of] for line in lines)


def measure_speed(results, folder, binaries):
    heap = 1 << 20
    clients, servers = programs(binaries, "client", folder), programs(binaries, "server", folder)
    with bench_peers.echo_server(folder) as port:
        handshake = [median(lambda: client.client(heap, port, "echo"), 0) for client in clients]  # noqa: B023
        results["ms client"] = tuple("%d ms" % ms for ms in handshake)
        for key in ("get", "put"):
            speeds = []
            for client in clients:
                ms = median(lambda: client.client(heap, port, key, BULK), 1)  # noqa: B023
                speeds.append("%d KiB/s" % (BULK / 1.024 / max(ms, 1)))
            results["bulk " + key] = tuple(speeds)
    results["ms server"] = tuple("%d ms" % median(lambda: server.server(heap), 0) for server in servers)  # noqa: B023


def measure_cpython(results):
    import bench_cpython

    figures = bench_cpython.run()
    theirs, ours = figures["tlslite"], figures["mxtls"]
    results["cpython ms"] = ("%.1f ms" % theirs[0], "%.1f ms (%.1f×)" % (ours[0], theirs[0] / ours[0]))
    results["cpython bulk"] = ("%.0f KiB/s" % theirs[1], "%.0f KiB/s (%.1f×)" % (ours[1], ours[1] / theirs[1]))


def measure_size(results):
    """Frozen bytes of the profiles that have an aim."""
    import size
    from configure import resolve

    size.CACHE.mkdir(parents=True, exist_ok=True)
    totals = [size.measure(resolve(name)).total for name in size.BUDGETS]
    results["thumb"] = (KNOWN["thumb"], "%s KB" % " / ".join(map(size.kilobytes, totals)))


def measure_rp2040(results):
    """Handshakes, records and kernels on an emulated Pico; returns all figures."""
    import bench_rp2040

    figures = bench_rp2040.run()
    results.update(bench_rp2040.budget(figures))
    for rows in bench_rp2040.tables(figures):
        print("\n" + bench_rp2040.as_text(rows))
    return figures


def table(results):
    """Rows of four texts: what, the peer, ours, the aim."""
    rows = [("", "peer", "mxtls", "aim")]
    for key, what, aim in ROWS:
        theirs, ours = results.get(key, (KNOWN.get(key, NONE), LATER))
        rows.append((what, theirs, ours, aim))
    return rows


def as_text(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = ["  ".join(text.ljust(width) if i == 0 else text.rjust(width) for i, (text, width) in enumerate(zip(row, widths, strict=True)))
             for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0])] + lines[1:])


def write(rows):
    """Replace the table in docs/performance.md."""
    lines = ["| %s |" % " | ".join(text.replace("  ", "&nbsp; ", 1) for text in row) for row in rows]
    lines.insert(1, "|---|--:|--:|--:|")
    where = "Measured on %s with CPython %s." % (platform.machine(), platform.python_version())
    head, rest = DOCUMENT.read_text().split(BEGIN)
    DOCUMENT.write_text("%s%s\n%s\n\n%s\n%s%s" % (head, BEGIN, "\n".join(lines), where, END, rest.split(END)[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--no-board", action="store_true", help="without the emulated Pico")
    bench_peers.add_arguments(parser)
    given = parser.parse_args()
    began = time.time()
    results, problem = {}, ""
    try:
        binaries = (bench_peers.build("bench-32-tls", ("builtin_client.py", "builtin_server.py"), tls=True),
                    bench_peers.build("bench-32", ("mx_client.py", "mx_server.py", "records.py"), **bench_peers.choices(given)))
        with tempfile.TemporaryDirectory(prefix="mxtls-bench-") as folder:
            bench_peers.write_files(folder)
            say("bench: heap")
            measure_heap(results, folder, binaries)
            dtls = bench_peers.choices(given)
            dtls["options"]["USE_DTLS"] = 1
            measure_own_heap(results, folder, binaries[1], bench_peers.build("bench-32-dtls", ("mx_dtls_client.py",), **dtls))
            measure_records(results, folder, binaries[1])
            measure_size(results)
            say("bench: speed on unix-32")
            measure_speed(results, folder, binaries)
    except Failed as e:
        problem = str(e)
    say("bench: CPython")
    measure_cpython(results)
    figures = {}
    if not given.no_board:
        say("bench: RP2040")
        figures = measure_rp2040(results)
    rows = table(results)
    print("\n%s\n\n%.0f s. Peers: the built-in tls (mbedtls) on unix-32, tlslite-ng on CPython, the built-in tls on RP2040." % (as_text(rows), time.time() - began))
    if problem:
        print("error: no figures of 32-bit MicroPython: " + problem)
        return 1
    if given.write:
        write(rows)
        if figures:
            import bench_rp2040

            bench_rp2040.write(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
