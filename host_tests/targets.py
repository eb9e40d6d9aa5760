# SPDX-License-Identifier: MIT
"""The interpreters that tests run scripts on, as data, and run(). Used by test_portable.py and by every test of handshakes."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import natmod  # noqa: E402

from toolchain import BIN, Failed, configure, native  # noqa: E402


class Target:
    """An interpreter with a staged library: everything that is built, over one tier of kernels, run from source."""

    def __init__(self, name, binary, variable, tier, platform):
        self.name, self.binary, self.variable, self.tier, self.platform = name, Path(binary), variable, tier, platform

    def missing(self):
        """Why it cannot run here, or None."""
        return None if self.binary.exists() else "no %s here: `make setup` could not build it" % self.binary.name

    def command(self, script, args=(), heap=None):
        """argv; heap like "64k" limits MicroPython's heap and means nothing to CPython."""
        options = ["-X", "heapsize=%s" % heap] if heap and self.variable == "MICROPYPATH" else []
        return [str(self.binary)] + options + [str(script)] + [str(a) for a in args]

    def env(self):
        folder = configure("everything", self.tier, self.platform).parent
        return dict(os.environ, **{self.variable: str(folder)})


class Native(Target):
    """A port with the C kernels, built when a test first asks for it."""

    def missing(self):
        try:
            native(64 if "64" in self.name else 32)
        except Failed as e:
            return str(e)


class Natmod(Target):
    """A port with the C kernels in a file beside it, which is built when a test first asks for it."""

    def missing(self):
        try:
            self.file = natmod.natmod("x64" if self.tier == "natmod-64" else "x86")
        except Failed as e:
            return str(e)
        return super().missing()

    def env(self):
        env = super().env()
        env[self.variable] += ":%s" % self.file.parent
        return env


CPYTHON = Target("cpython", sys.executable, "PYTHONPATH", "pure", "cpython")
UNIX_64 = Target("unix-64", BIN / "micropython-64", "MICROPYPATH", "pure", "unix")
UNIX_32 = Target("unix-32", BIN / "micropython-32", "MICROPYPATH", "pure", "unix")
UNIX_32_VIPER = Target("unix-32-viper", BIN / "micropython-32", "MICROPYPATH", "viper", "unix")
TARGETS = (CPYTHON, UNIX_64, UNIX_32, UNIX_32_VIPER)
NATIVE = (
    Native("unix-64-native", BIN / "micropython-64-native", "MICROPYPATH", "native", "unix"),
    Native("unix-32-native", BIN / "micropython-32-native", "MICROPYPATH", "native", "unix"),
)
NATMOD = (
    Natmod("unix-64-natmod", BIN / "micropython-64", "MICROPYPATH", "natmod-64", "unix"),
    Natmod("unix-32-natmod", BIN / "micropython-32", "MICROPYPATH", "natmod", "unix"),
)


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
