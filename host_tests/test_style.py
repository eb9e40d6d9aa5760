# SPDX-License-Identifier: MIT
"""What a machine can say about the text: ruff over everything, pyright over what can be typed, and stubs that agree with the code."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import toolchain

ROOT = toolchain.ROOT
STUBS = sorted((ROOT / "lib" / "mxtls").glob("*.pyi"))


def test_ruff():
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("there is no ruff here: `make setup` installs it")
    done = subprocess.run([ruff, "check", "--no-cache", "."], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def test_pyright():
    """No error, by the rules of pyproject.toml."""
    pyright = toolchain.PYRIGHT / "node_modules" / "pyright" / "index.js"
    if not pyright.exists() or not shutil.which("node"):
        pytest.skip("there is no pyright here: `make setup` installs it")
    done = subprocess.run(["node", pyright, "--pythonpath", sys.executable, "--outputjson"], cwd=ROOT, capture_output=True, text=True, timeout=900)
    found = json.loads(done.stdout)["generalDiagnostics"]
    lines = ["%s:%d %s" % (d["file"], d["range"]["start"]["line"] + 1, d["message"]) for d in found if d["severity"] == "error"]
    assert not lines and done.returncode == 0, "\n".join(lines)


def definitions(path):
    """{name: signature} of a module: functions, classes, methods, also those under `if _USE_…`."""
    found = {}

    def walk(body, before):
        for node in body:
            if isinstance(node, ast.ClassDef):
                found[before + node.name] = "class"
                walk(node.body, before + node.name + ".")
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.decorator_list:  # a property is a name, as attributes are
                found[before + node.name] = signature(node)
            elif isinstance(node, ast.If):
                walk(node.body + node.orelse, before)

    walk(ast.parse(path.read_text()).body, "")
    return found


def signature(node):
    """The parameters, each with whether it has a default, and whether it is a coroutine."""
    a = node.args
    names = [p.arg for p in a.posonlyargs + a.args]
    defaults = [False] * (len(names) - len(a.defaults)) + [True] * len(a.defaults)
    return isinstance(node, ast.AsyncFunctionDef), list(zip(names, defaults, strict=True)), a.vararg and a.vararg.arg, a.kwarg and a.kwarg.arg, [p.arg for p in a.kwonlyargs]


@pytest.mark.parametrize("stub", STUBS, ids=lambda p: p.stem)
def test_stub_agrees(stub):
    """What the stub says is there, with these parameters; and what is public and there is in the stub."""
    typed, real = definitions(stub), definitions(stub.with_suffix(".py"))
    if stub.stem == "__init__":
        import mxtls

        names = {alias.asname for node in ast.walk(ast.parse(stub.read_text())) if isinstance(node, ast.ImportFrom) for alias in node.names} - {None}
        assert {"ClientSession", "Keys", "Error", "SessionId"} < names
        assert not [name for name in names if getattr(mxtls, name) is None]
        return
    own = {name: what for name, what in typed.items() if not name.endswith(".__getattr__")}
    assert {name: real.get(name) for name in own} == own
    internal = {name.split(".")[0] for name in typed if name.endswith(".__getattr__")}  # what else these have is the library's own affair
    missing = [name for name in real if "._" not in name and name[0] != "_" and name not in typed and name.split(".")[0] not in internal]
    assert not [name for name in missing if "." in name], missing
