# SPDX-License-Identifier: MIT
"""The viper kernels compile for every architecture that mpy-cross knows them on; jumps and offsets reach less far on some. On a
Cortex-M0 they have no constant that lies in the code."""

import struct
import subprocess

import pytest

from toolchain import MPY_CROSS, ROOT

KERNELS = sorted((ROOT / "port" / "viper").glob("*.py"))


@pytest.mark.parametrize("arch", "armv6m armv7m armv7em xtensa xtensawin rv32imc x86 x64".split())
def test_every_kernel_compiles(arch, tmp_path):
    if not MPY_CROSS.exists():
        pytest.skip("no build/bin/mpy-cross: run `make setup`")
    for path in KERNELS:
        done = subprocess.run([MPY_CROSS, "-march=" + arch, "-O3", "-o", tmp_path / "k.mpy", path], capture_output=True, text=True)
        assert done.returncode == 0, "%s: %s" % (path.name, done.stderr)


@pytest.mark.parametrize("path", KERNELS + sorted((ROOT / "port" / "boards").glob("*.py")), ids=lambda p: p.stem)
def test_no_constant_lies_in_the_code_of_a_cortex_m0(path, tmp_path):
    """MicroPython (1.25) freezes this code at any even address, but a constant of more than 16 bits lies in it as a word that is read
    with its address rounded to a multiple of 4: frozen, the function may compute with another number. Constants are composed instead."""
    if not MPY_CROSS.exists():
        pytest.skip("no build/bin/mpy-cross: run `make setup`")
    subprocess.run([MPY_CROSS, "-march=armv6m", "-O3", "-o", tmp_path / "k.mpy", path], check=True)
    code = (tmp_path / "k.mpy").read_bytes()
    found = []
    for i in range(len(code) - 7):
        load, branch, number = struct.unpack_from("<HHI", code, i)
        count = number >> 17  # what a function with arguments checks their number by, twice: read wrong it still lets the right one pass
        if load & 0xF8FF == 0x4800 and branch == 0xE001 and number != count << 17 | count << 1:
            found.append(hex(number))
    assert not found
