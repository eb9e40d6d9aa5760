# SPDX-License-Identifier: MIT
"""Packages of one Debian release, fetched by a private view of apt; called by toolchain.py and firmware.py.

The view is a folder with its own package lists and one entry: the machine's own Debian source with another release and type.
The system's sources are read, never changed. Works for any user, not only root.
"""

import hashlib
import shutil
from pathlib import Path

from steps import Failed, run, say

RELEASE = "trixie"
# What was tested. apt checks signatures too; these also hold where the machine does not have the release's keys.
TESTED = {
    "micropython": "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea",
    "bearssl": "102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004",
    "mbedtls": "8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a",
    "pico-sdk-source": "507a3ca37636641bc90239d7c04dc9dc28c5008087a8162102ea94d2273153d3",
    "tinyusb-source": "01ce2c645df68f14a8a7dcfc8fb355713152543757955820479a87949a61154e",
}


def _entries(etc, release, kind):
    """The machine's Debian entries, each rewritten for that release and kind (deb-src, deb): pairs of file suffix and text."""
    codename = ""
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            codename = line.split("=", 1)[1].strip('"')
    suites = {codename, "stable", "oldstable", "testing", "unstable", "sid"} - {""}
    found = []
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        for stanza in path.read_text().split("\n\n"):
            lines = [line for line in stanza.splitlines() if line.strip() and not line.startswith("#")]
            fields = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines if line[0] not in " \t" and ":" in line}
            if "main" in fields.get("components", "").split() and suites & set(fields.get("suites", "").split()) and fields.get("enabled") != "no":
                new = {"types": kind, "suites": release, "components": "main"}
                kept = [line for line in lines if line.split(":", 1)[0].lower() not in set(new) | {"architectures", "enabled"}]
                found.append((".sources", "\n".join(kept + ["%s: %s" % (k.title(), v) for k, v in new.items()]) + "\n"))
    for path in [etc / "sources.list"] + sorted((etc / "sources.list.d").glob("*.list")):
        for line in path.read_text().splitlines() if path.exists() else []:
            if not line.startswith("deb ") and not line.startswith("deb\t"):
                continue
            rest, options = line[3:].strip(), ""
            if rest.startswith("["):
                options, rest = rest[1:].split("]", 1)
            kept = " ".join(o for o in options.split() if not o.startswith("arch="))
            words = rest.split()
            if len(words) > 2 and words[1] in suites and "main" in words[2:]:
                found.append((".list", "%s %s%s %s main\n" % (kind, "[%s] " % kept if kept else "", words[0], release)))
    return found


def _fetch(view, entry, packages, fetch, options=()):
    """Point the view at one entry and download the packages' files into it."""
    for name in ("parts", "lists/partial", "cache/archives/partial"):
        (view / name).mkdir(parents=True, exist_ok=True)
    suffix, text = entry
    for old in (view / "parts").iterdir():
        old.unlink()
    (view / "parts" / ("view" + suffix)).write_text(text)
    apt = ["apt-get", "-o", "Dir::Etc::SourceList=/dev/null", "-o", "Dir::Etc::SourceParts=%s" % (view / "parts"),
           "-o", "Dir::State::Lists=%s" % (view / "lists"), "-o", "Dir::Cache=%s" % (view / "cache"),
           "-o", "APT::Sandbox::User=root", "-o", "APT::Update::Error-Mode=any"]
    for option in options:
        apt += ["-o", option]
    run("apt-source", *apt, "update", cwd=view)
    run("apt-source", *apt, *fetch, *packages, cwd=view)


def unpack(view, packages, release=RELEASE):
    """Fetch source packages (name -> folder) into the folder `view` and unpack their upstream sources."""

    def extract(archive, folder):
        run("apt-source", "tar", "-x", "--strip-components=1", "-f", archive, "-C", folder)

    _unpack(view, packages, release, "deb-src", ("source", "--download-only", "--only-source"), "_*.orig.tar.*", extract)


def unpack_binary(view, packages, release=RELEASE):
    """The same for binary packages; their files keep their paths below each folder."""

    def extract(archive, folder):
        run("apt-source", "dpkg-deb", "-x", archive, folder)

    _unpack(view, packages, release, "deb", ("download",), "_*.deb", extract)


def _unpack(view, packages, release, kind, fetch, pattern, extract):
    entries = _entries(Path("/etc/apt"), release, kind)
    if not shutil.which("apt-get") or not entries:
        raise Failed("no Debian package source on this machine (for MicroPython: give a tree of it with MICROPY_DIR=)")
    unsigned = ("Acquire::AllowInsecureRepositories=1", "APT::Get::AllowUnauthenticated=1")
    problem = None
    for entry, options in [(e, ()) for e in entries] + [(e, unsigned) for e in entries]:
        try:
            _fetch(view, entry, packages, fetch, options)
        except Failed as e:
            problem = problem or e  # the first one says most
            continue
        for package, folder in packages.items():
            archive = max(view.glob(package + pattern), key=lambda f: f.stat().st_mtime)
            if hashlib.sha256(archive.read_bytes()).hexdigest() != TESTED[package]:
                if options:
                    raise Failed("%s is not the file that was tested, and its signature cannot be checked" % archive.name)
                say("\nsetup: %s is newer than the one that was tested" % archive.name)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            extract(archive, folder)
        return
    raise problem or Failed("no source package was asked for")
