# SPDX-License-Identifier: MIT
"""Kernels against the package `cryptography`, by cross.py: the pure tier on CPython, and the tiers of emulated boards."""

import subprocess
import sys
from pathlib import Path

import pytest
import remote

import targets

pytest.importorskip("cryptography.hazmat.decrepit.ciphers.algorithms")

HERE = Path(__file__).resolve().parent
SEED = "1"
# A function of cross.py: the kernels it needs; how often here, and on a board, where 0 is what takes too long there
CHECKS = {
    "hash": ("md5 sha1 sha256 sha512", 300, 12),
    "hmac": ("md5 sha1 sha256 sha512", 150, 6),
    "ctr": ("aes", 200, 12),
    "cbc": ("aes des3 seed", 120, 12),
    "rc4": ("rc4", 60, 4),
    "aead": ("aes ghash chacha20 poly1305", 150, 12),
    "poly1305": ("poly1305", 300, 16),
    "x25519": ("x25519", 60, 2),
    "ed25519": ("ed25519", 20, 2),
    "ecdh": ("ec", 40, 3),
    "ecdsa": ("ec", 40, 3),
    "rsa": ("rsa", 8, 1),
    "rsa_signature": ("rsa", 8, 0),
    "dh": ("dh", 8, 0),
}


def run(*command):
    done = subprocess.run([sys.executable, *map(str, command)], env=targets.CPYTHON.env(), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=900)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().endswith("checks passed")


@pytest.mark.parametrize("name", CHECKS)
def test_pure(name):
    run(HERE / "cross.py", SEED, "%s=%d" % (name, CHECKS[name][1]))


@pytest.mark.parametrize("board", remote.USUAL, ids=lambda board: board.name)
def test_board(board):
    if board.missing():
        pytest.skip(board.missing())
    names = [name for name, (kernels, _, times) in CHECKS.items() if times and set(kernels.split()) <= set(board.kernels())]
    kernels = {kernel for name in names for kernel in CHECKS[name][0].split()}
    run(HERE / "remote.py", board.name, HERE / "cross.py", SEED, *sorted(kernels), "--", *("%s=%d" % (name, CHECKS[name][2]) for name in names))
