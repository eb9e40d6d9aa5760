# SPDX-License-Identifier: MIT
"""The viper kernels compile for every architecture that mpy-cross knows them on; jumps and offsets reach less far on some."""

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
