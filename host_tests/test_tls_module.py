# SPDX-License-Identifier: MIT
"""The module tls: its self-test on three interpreters, MicroPython's own tests of ssl and tls, its type stubs."""

import ast
import os
import subprocess
from pathlib import Path

import pytest
from peers import Process

import targets
from steps import Failed
from toolchain import BUILD, micropython_source

HERE = Path(__file__).parent


def environment(target):
    env = target.env()
    env[target.variable] += ":%s" % (HERE / "portable")  # its certificates
    return env


@pytest.mark.parametrize("target", (targets.CPYTHON, *targets.NATIVE), ids=lambda t: t.name)
def test_self(target):
    """Over C kernels, which make a handshake cheap: what is tested here knows no kernels."""
    if target.missing():
        pytest.skip(target.missing())
    done = subprocess.run(target.command(HERE / "tls_module.py"), env=environment(target), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.rstrip().endswith("passed"), done.stdout[-2000:] + done.stderr[-2000:]
