# SPDX-License-Identifier: MIT
"""The tier for Arm: its assembly is accepted for every Thumb core, takes the place of viper's and keeps viper's functions."""

import ast
import subprocess

import pytest

from targets import BIN, ROOT, configure

THUMB = ROOT / "port" / "thumb"
FILES = sorted(THUMB.glob("*.py"))


def functions(path):
    """Name -> number of parameters of what a module defines for others."""
    return {f.name: len(f.args.args) for f in ast.parse(path.read_text()).body if isinstance(f, ast.FunctionDef) and f.name[0] != "_"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
@pytest.mark.parametrize("core", ["armv6m", "armv7m", "armv7em"])
def test_it_compiles_for_every_core(core, path, tmp_path):
    compiler = BIN / "mpy-cross"
    if not compiler.exists():
        pytest.skip("no mpy-cross here: `make setup` could not build it")
    done = subprocess.run([str(compiler), "-march=" + core, "-o", str(tmp_path / "out.mpy"), str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_it_has_the_functions_of_viper(path):
    assert functions(path) == functions(ROOT / "port" / "viper" / path.name)


def test_it_lies_over_viper():
    folder = configure("everything", "thumb", "unix").parent / "mxtls" / "kernels"
    for name, port in (("field", "thumb"), ("mont", "viper"), ("ec", "viper"), ("aes", "viper")):
        docstring = ast.get_docstring(ast.parse((ROOT / "port" / port / (name + ".py")).read_text()))
        assert ast.get_docstring(ast.parse((folder / (name + ".py")).read_text())) == docstring
