# SPDX-License-Identifier: MIT
"""The interpreters that tests run scripts on, as data, and run(). Used by test_portable.py and by every test of handshakes."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from toolchain import BIN, stage_viper  # noqa: E402


class Target:
    """An interpreter with its search path: everything it runs, it runs from source."""

    def __init__(self, name, binary, variable, path, viper=False):
        self.name, self.binary, self.variable, self.path, self.viper = name, Path(binary), variable, path, viper

    def missing(self):
        """Why it cannot run here, or None."""
        return None if self.binary.exists() else "no %s here: `make setup` could not build it" % self.binary.name

    def command(self, script, args=(), heap=None):
        """argv; heap like "64k" limits MicroPython's heap and means nothing to CPython."""
        options = ["-X", "heapsize=%s" % heap] if heap and self.variable == "MICROPYPATH" else []
        return [str(self.binary)] + options + [str(script)] + [str(a) for a in args]

    def env(self):
        path = ([str(stage_viper())] if self.viper else []) + [str(ROOT / p) for p in self.path]
        return dict(os.environ, **{self.variable: ":".join(path)})


CPYTHON = Target("cpython", sys.executable, "PYTHONPATH", ("lib", "port/cpython", "examples"))
UNIX_64 = Target("unix-64", BIN / "micropython-64", "MICROPYPATH", ("lib", "port/unix", "examples"))
UNIX_32 = Target("unix-32", BIN / "micropython-32", "MICROPYPATH", ("lib", "port/unix", "examples"))
UNIX_32_VIPER = Target("unix-32-viper", BIN / "micropython-32", "MICROPYPATH", ("port/unix", "examples"), viper=True)
TARGETS = (CPYTHON, UNIX_64, UNIX_32, UNIX_32_VIPER)


def run(target, script, args=(), timeout=600, heap=None):
    """Run a script to its end; returns CompletedProcess with stdout and stderr as text. TimeoutExpired when it hangs."""
    return subprocess.run(target.command(script, args, heap), env=target.env(), cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)


def vectors():
    """The folder of test vectors: $MXTLS_VECTORS, or shared/vectors beside the project; None where neither exists."""
    for folder in (os.environ.get("MXTLS_VECTORS"), ROOT.parent / "shared" / "vectors"):
        if folder and Path(folder).is_dir():
            return Path(folder).resolve()
    return None
