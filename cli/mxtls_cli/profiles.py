# SPDX-License-Identifier: MIT
"""The builds that a board may run, as options: the installed package has them in profiles.json, a source tree asks tools/configure.py.
apply() comes before anything of mxtls but its config is imported: its modules read their options then."""

import json
import sys
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERSIONS = {"tls1.2": 0x0303, "tls1.3": 0x0304, "tls1.1": 0x0302, "tls1.0": 0x0301, "ssl3": 0x0300}


def version_name(number: int) -> str:
    return {v: k for k, v in VERSIONS.items()}.get(number, hex(number))


@cache
def _profiles() -> dict[str, dict[str, int]]:
    made = HERE / "profiles.json"
    if made.exists():
        return json.loads(made.read_text())
    sys.path.append(str(HERE.parent.parent / "tools"))
    return resolved()


def resolved() -> dict[str, dict[str, int]]:
    """Each profile with all of its options; setup.py writes them into the package."""
    import configure

    return {name: configure.resolve(name) for name in configure.PROFILES}


def names() -> list[str]:
    return sorted(_profiles())


def apply(profile: str) -> None:
    """From now on mxtls is that build. PEM, files and a trust store are the computer's, whatever the board has."""
    import mxtls
    import mxtls.config as config

    for option, value in _profiles()[profile].items():
        setattr(config, option, value)
    for option in ("PS_USE_FILE_SYSTEM", "USE_PEM"):
        setattr(config, option, 1)
    if config.USE_X509:
        config.USE_TRUST_STORE = 1
    for name in dir(mxtls):
        if name.startswith("_USE_"):
            setattr(mxtls, name, getattr(config, {"_USE_SERVER": "USE_SERVER_SIDE_SSL"}.get(name, name[1:])))
