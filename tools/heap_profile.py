#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where the heap of a verified P-256 TLS 1.2 client goes on 32-bit MicroPython: a table for whoever makes mxtls smaller.

    build/venv/bin/python tools/heap_profile.py [--max-record N] [--profile client] [USE_X=0 …]
Frozen code, viper kernels. The scripts are tools/bench/heap_profile.py and kernel_heap.py.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import bench_heap
import bench_peers

KERNELS = ("ecdsa_verify", "ecdsa_sign", "ec_public", "ec_ecdh", "x25519", "rsa_public", "ghash", "aes", "sha256", "sha384", "drbg", "prf")


def kernel_need(binary, name):
    """Bytes of heap that one call needs beyond what its caller has; None when it does not run."""

    def passes(heap, call):
        command = [str(binary), "-X", "heapsize=%d" % heap, "-m", "kernel_heap", name, call]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    small, large = [bench_heap.smallest(lambda heap: passes(heap, call), low=1024) for call in "01"]  # noqa: B023
    return None if small is None or large is None else large - small


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--max-record", default="16384")
    bench_peers.add_arguments(parser)
    given = parser.parse_args()
    binary = bench_peers.build("heap-profile-32", ["heap_profile.py", "mx_client.py"], **bench_peers.choices(given))
    kernels = bench_peers.build("kernel-heap-32", ["kernel_heap.py"], apart=True, **bench_peers.choices(given))
    with tempfile.TemporaryDirectory(prefix="mxtls-heap-") as folder:
        bench_peers.write_files(folder)
        with bench_peers.echo_server(folder) as port:
            done = subprocess.run([str(binary), "-X", "heapsize=256k", "-m", "heap_profile", str(port), os.path.join(folder, "ca.der"), given.max_record],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode:
        print(done.stdout + done.stderr)
        return 1
    rows = [line.split() for line in done.stdout.splitlines()]
    print("%-36s %8s %8s %8s" % ("Alive after a collection, in bytes", "all", "imports", "buffers"))
    for row in rows:
        if row[0] == "live":
            print("  %-34s %8s %8s %8s" % tuple(row[1:]))
    print("\nAlive at the entry of a kernel, and the heap that a call needs on top")
    entered = {row[1]: row[2] for row in rows if row[0] == "inside"}
    for name in KERNELS:
        print("  %-34s %6s %6s" % (name, entered.pop(name, "-"), kernel_need(kernels, name)))
    for name, size in entered.items():
        print("  %-34s %6s" % (name, size))
    print("\nKept by each import, in bytes (some are dropped again; one that comes twice was imported twice)")
    modules = sorted(((int(row[2]), row[1]) for row in rows if row[0] == "module"), reverse=True)
    for size, name in modules:
        print("  %-34s %6d" % (name, size))
    print("  %-34s %6d" % ("all", sum(size for size, _ in modules)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
