# SPDX-License-Identifier: MIT
"""What pip adds to pyproject.toml: the library as CPython wants it. The modules of port/cpython become mxtls._cpython, and the library's
imports of them say so, so that nothing called `micropython` lies beside other packages. tools/ gives the profiles' options as data."""

import json
import re
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PORT = ROOT / "port" / "cpython"
NAMES = "|".join(path.stem for path in PORT.glob("*.py"))


def at_home(text):
    """The text of a module with imports of the port's modules from mxtls._cpython."""
    text = re.sub(rf"^(\s*)from ({NAMES}) import ", r"\1from mxtls._cpython.\2 import ", text, flags=re.M)
    return re.sub(rf"^(\s*)import ({NAMES})$", r"\1from mxtls._cpython import \2", text, flags=re.M)


class Build(build_py):
    def run(self):
        super().run()
        if getattr(self, "editable_mode", False):
            raise SystemExit("error: an editable mxtls has no CPython port: run it from source, PYTHONPATH=lib:port/cpython:cli")
        package = Path(self.build_lib) / "mxtls"
        home = package / "_cpython"
        home.mkdir(exist_ok=True)
        (home / "__init__.py").write_text("# SPDX-License-Identifier: MIT\n")
        for path in PORT.glob("*.py"):
            (home / path.name).write_text(path.read_text())
        for path in package.rglob("*.py"):
            path.write_text(at_home(path.read_text()))
        (package / "__main__.py").write_text("# SPDX-License-Identifier: MIT\nimport sys\n\nfrom mxtls_cli.__main__ import main\n\nsys.exit(main())\n")
        sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "cli")]
        from mxtls_cli.profiles import resolved

        (Path(self.build_lib) / "mxtls_cli" / "profiles.json").write_text(json.dumps(resolved()))


setup(cmdclass={"build_py": Build})
