# SPDX-License-Identifier: MIT
"""mxtls_native.mpy, the C kernels as a file: built for each architecture; missing or of another kind, the kernels below soft/ serve.
The vectors run over it in test_portable.py."""

import subprocess
from pathlib import Path

import natmod
import pytest

import targets
from toolchain import Failed

ENGINE = Path(__file__).parent / "portable" / "engine.py"
NATIVE_ARCH = {"x86": 1, "x64": 2, "armv6m": 4, "armv7m": 5, "rv32imc": 11}  # py/persistentcode.h
THE_FIX = "so the slower kernels serve: copy dist/<arch>/mxtls_native.mpy of this mxtls to the board"


def built(arch):
    try:
        return natmod.natmod(arch)
    except Failed as e:
        pytest.skip(str(e))


@pytest.mark.parametrize("arch", natmod.COMPILERS)
def test_each_architecture_is_built(arch):
    text = built(arch).read_bytes()
    assert text[:2] == b"M\x06" and text[2] >> 2 == NATIVE_ARCH[arch]
    assert len(text) < 64 << 10, "a board keeps it on its heap"


def test_an_unknown_architecture_is_refused_by_name():
    with pytest.raises(Failed, match="no mxtls_native.mpy is built for z80: choose armv6m"):
        natmod.natmod("z80")


@pytest.fixture(params=targets.NATMOD, ids=lambda t: t.name)
def target(request):
    if request.param.missing():
        pytest.skip(request.param.missing())
    return request.param


def handshakes(target, folder):
    """What portable/engine.py prints with mxtls_native looked for in folder: its handshakes and records must pass."""
    env = dict(target.env(), MICROPYPATH="%s:%s" % (target.env()["MICROPYPATH"].split(":")[0], folder))
    done = subprocess.run(target.command(ENGINE), env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 and done.stdout.strip().endswith("passed"), done.stdout + done.stderr
    return done.stdout.splitlines()[:-1]


def test_the_right_file_serves_silently(target):
    assert handshakes(target, target.file.parent) == []


def test_a_missing_file_is_named_once(target, tmp_path):
    assert handshakes(target, tmp_path) == ["mxtls: mxtls_native.mpy is not there, " + THE_FIX]


def test_another_version_is_named_once(target, tmp_path):
    (tmp_path / "mxtls_native.py").write_text("VERSION = 0\n")
    assert handshakes(target, tmp_path) == ["mxtls: mxtls_native.mpy is of another mxtls, " + THE_FIX]


def test_a_file_for_another_processor_is_named_once(target):
    other = built("x86" if target.tier == "natmod-64" else "x64")
    assert handshakes(target, other.parent) == ["mxtls: mxtls_native.mpy is for another processor or another MicroPython, " + THE_FIX]


def test_a_heap_that_is_too_small_for_it_is_named_once(target, tmp_path):
    (tmp_path / "mxtls_native.py").write_text("bytearray(1 << 28)\n")
    assert handshakes(target, tmp_path) == ["mxtls: mxtls_native.mpy does not fit the heap, " + THE_FIX]
