# SPDX-License-Identifier: MIT
"""The scripts of host_tests/portable over the kernels of emulated boards: Cortex-M0, Cortex-M3, RV32 and the RP2040, in viper and in C.

The scripts run here and their kernels there (remote.py). Of the large sets of vectors a board gets every n-th case, which the
output says; with MXTLS_ALL_VECTORS=1 (`make vectors`) it gets all of them, and more boards do.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import remote
from samples import ALL, BIG, sample, verdict

import targets

HERE = Path(__file__).resolve().parent
# Which kernels a script is there to test; what else it calls runs here.
KERNELS = {
    "aes": "aes",
    "ccm": "aes ccm",
    "chacha20poly1305": "chacha20 poly1305 chacha20poly1305",
    "ct": "ct",
    "des3": "des3",
    "dh": "dh",
    "ecdh": "ec",
    "ecdsa": "ec",
    "ed25519": "ed25519",
    "gcm": "aes ghash gcm",
    "hash": "hash sha1 sha256 sha512",
    "mac": "hash",
    "md5": "md5",
    "mem": "mem",
    "rc4": "rc4",
    "rsa": "rsa",
    "seed": "seed",
    "x25519": "x25519",
}


def step_of(script, board):
    """Every how many-th case a board gets. C computes big numbers some ten times as fast; the emulated RP2040 is slow."""
    step = (150 if board.tier in ("native", "natmod") else 900) if script in BIG else 20
    return 1 if ALL else step * (4 if isinstance(board, remote.Pico) else 1)


CASES = [
    pytest.param(script, board, id="%s-%s" % (script, board.name))
    for script, kernels in KERNELS.items()
    for board in remote.USUAL
    if set(kernels.split()) & set(board.kernels()) and (ALL or board.name != "m3-viper" or script not in BIG)  # M0's viper for the same processor's kind
]
if not ALL:  # the emulated RP2040 with the file of C kernels, which is slow: some of each kind
    CASES += [pytest.param(script, remote.BOARDS["rp2040-natmod"], id=script + "-rp2040-natmod") for script in ("mac", "gcm", "chacha20poly1305", "x25519")]


@pytest.mark.parametrize("script, board", CASES)
def test_boards(script, board):
    if board.missing():
        pytest.skip(board.missing())
    kernels = [name for name in KERNELS[script].split() if name in board.kernels()]
    step = step_of(script, board)
    command = [sys.executable, HERE / "remote.py", board.name, HERE / "portable" / (script + ".py"), sample(step), *kernels]
    done = subprocess.run(list(map(str, command)), env={**targets.CPYTHON.env(), **board.env()}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=900 if step > 1 else None)  # fmt: skip
    print("every %d-th case: " % step + done.stdout + done.stderr)
    assert done.returncode == 0, "%s\n%s" % (done.stdout[-3000:], done.stderr[-3000:])
    verdict(script, done.stdout)
