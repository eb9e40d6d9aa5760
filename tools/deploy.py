#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mxtls as .mpy files: a package for `mpremote mip install` (`make package`), or straight onto a running board (`make deploy`).

    tools/deploy.py PORT [--profile client] [--tier natmod] [--examples] [--files roots.der] [USE_X=0 …]
    tools/deploy.py --package --arch xtensawin [--platform esp32] …
A board says itself what it is. The package is dist/<arch>/package.json and, beside it, the modules that the profile needs, which
tools/configure.py stages and mpy-cross compiles. A board is sent what differs from what it has, and loses what no longer belongs to mxtls.
"""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path

import natmod
import on_board
from configure import TIERS, ConfigureError, for_board, resolve, staged_texts
from options import PROFILES

from steps import BUILD, ROOT, Failed, build_lock, run, say
from toolchain import MPY_CROSS

# sys.implementation._mpy >> 10 counts through these; MicroPython's docs/reference/mpyfiles.rst
ARCHES = (None, "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin", "rv32imc", "rv64imc")
WORDS_OF_64 = ("x64", "rv64imc")  # viper's kernels are written for 32 bits
PLATFORM = {"armv6m": "rp2", "xtensawin": "esp32", "rv32imc": "esp32", "x86": "unix", "x64": "unix"}  # what such a board mostly is
FOLDER = "/lib"  # of the board
OURS = ("mxtls", "mxtls_port.py", "mxtls_port.mpy", "mxtls_board.py", "mxtls_board.mpy", "mxtls_native.mpy")  # what of that folder belongs to mxtls
EXAMPLES = tuple(path.stem + ".mpy" for path in sorted((ROOT / "examples").glob("*.py")))  # its names there

_WHAT_IT_IS = """
import os, sys, hashlib, binascii
print(sys.implementation._mpy, sys.platform, "RP2350" in getattr(sys.implementation, "_machine", ""))
def _show(name):
    try:
        inner = os.listdir(name)
    except OSError:
        inner = ()
    for each in inner:
        _show(name + "/" + each)
    try:
        f = open(name, "rb")
    except OSError:
        return
    h = hashlib.sha256()
    b = bytearray(512)
    while n := f.readinto(b):
        h.update(memoryview(b)[:n])
    f.close()
    print(name, binascii.hexlify(h.digest()).decode())
for _each in %r:
    _show(%r + "/" + _each)
"""
_REMOVE = "import os\nfor _name in %r:\n    os.remove(_name)"
_TRY = "import gc, mxtls\ngc.collect()\nprint(mxtls.__file__, gc.mem_free())"


class BoardFacts:
    """arch, abi (version, sub-version of its .mpy), platform, files {path: SHA-256} of mxtls on a board."""

    def __init__(self, port, folder=FOLDER):
        first, *rest = on_board.ask(port, _WHAT_IT_IS % (OURS, folder.rstrip("/"))).split("\n")
        try:
            mpy, self.platform, newer = first.split()
            self.arch = ARCHES[int(mpy) >> 10 & 15]
        except (ValueError, IndexError):
            raise Failed("the board at %s does not say what it is: it wrote %r" % (port, first[:60])) from None
        if newer == "True":
            raise Failed("this is an RP2350, whose random generator port/rp2 does not know: it is written for the RP2040")
        self.abi = int(mpy) & 0xFF, int(mpy) >> 8 & 3
        self.files = dict(line.strip().rsplit(" ", 1) for line in rest if line.strip())


def best_tier(arch):
    """Viper where the board's MicroPython runs machine code of 32 bits."""
    return "viper" if arch and arch not in WORDS_OF_64 else "pure"


def check_tier(tier, arch):
    """Failed for a tier that files for this architecture cannot have."""
    if "native" in TIERS[tier] and "natmod" not in TIERS[tier]:
        raise Failed("tier %s is C in the firmware: choose natmod, which is the same kernels in a file, or viper" % tier)
    if tier != "pure" and arch is None:
        raise Failed("this board's MicroPython loads no machine code: choose the tier pure")
    if "viper" in TIERS[tier] and arch in WORDS_OF_64:
        raise Failed("tier %s is for 32 bits: choose %s for %s" % (tier, "natmod-64 or pure" if "natmod" in tier else "pure", arch))
    if tier == "natmod-64" and arch not in WORDS_OF_64:
        raise Failed("tier natmod-64 is for 64 bits: choose natmod for %s" % arch)
    if "thumb" in TIERS[tier] and arch[:3] != "arm":
        raise Failed("tier thumb is for ARM: choose viper for %s" % arch)


def natmod_arch(arch):
    """The architecture whose mxtls_native.mpy a board loads: an ARMv7E-M board that of ARMv7-M."""
    return "armv7m" if arch.startswith("armv7") else arch


def package(arch, profile="default", tier=None, options=None, platform=None, examples=False):
    """Make dist/<arch>/package.json and its files; returns {name below the board's folder: path}.

    arch     of ARCHES; None compiles bytecode alone, into dist/any
    platform a folder of port/
    examples the roles' examples too, client.mpy and server.mpy
    Raises Failed or ConfigureError with what cannot be built.
    """
    tier = tier or best_tier(arch)
    platform = platform or PLATFORM.get(arch)
    if tier not in TIERS or arch not in ARCHES:
        raise Failed("there is no tier %s for %s" % (tier, arch))
    if not platform:
        raise Failed("boards with %s differ: name a folder of port/ with --platform" % arch)
    check_tier(tier, arch)
    if not MPY_CROSS.exists():
        raise Failed("there is no build/bin/mpy-cross: run `make setup`")
    texts = dict(for_board(staged_texts(resolve(profile, options), tier, platform, examples), tier, platform).values())
    kernels = natmod.natmod(natmod_arch(arch)) if "natmod" in TIERS[tier] else None
    out = natmod.DIST / (arch or "any")
    with build_lock():
        for stale in OURS[:-1] + EXAMPLES:  # mxtls_native.mpy is natmod.py's
            path = out / stale
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        files = {name[:-2] + "mpy": _compiled(arch, name, text, out) for name, text in texts.items()}
        if kernels:
            files[kernels.name] = out / kernels.name
            if kernels != files[kernels.name]:
                shutil.copyfile(kernels, files[kernels.name])
        urls = [[name, name] for name in sorted(files)]
        (out / "package.json").write_text(json.dumps({"urls": urls, "version": "0"}, indent=1) + "\n")
    return files


def _compiled(arch, name, text, out):
    """The module as out/<name>.mpy. What was compiled before is kept by content, in build/mpy."""
    march = ["-march=" + arch] if arch else []
    kept = BUILD / "mpy" / (hashlib.sha256(repr((march, name, text, MPY_CROSS.stat().st_mtime_ns)).encode()).hexdigest()[:32] + ".mpy")
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        source = kept.with_suffix(".py")
        source.write_text(text)
        run("deploy", MPY_CROSS, "-O3", *march, "-s", name, "-o", kept.with_suffix(".new"), source)
        source.unlink()
        kept.with_suffix(".new").rename(kept)
    path = (out / name).with_suffix(".mpy")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, path)
    return path


def check_abi(files, abi):
    """Failed where the board takes other .mpy files than mpy-cross makes; bytecode alone does not depend on the sub-version."""
    for path in files.values():
        head = path.read_bytes()[:3]
        if head[1] != abi[0] or head[2] >> 2 and head[2] & 3 != abi[1]:
            raise Failed("the board takes .mpy files of version %d.%d, and mpy-cross made %d.%d: build it from the board's MicroPython, MICROPY_DIR=…"
                         % (*abi, head[1], head[2] & 3))


def deploy(port, profile="default", tier=None, options=None, further=(), folder=FOLDER, examples=False):
    """Bring mxtls on the board at port up to date, copy further files to its top folder, and import it there.

    Returns (names copied, names removed, bytes of heap that are free after `import mxtls`). Raises Failed or ConfigureError.
    """
    for path in further:
        if not Path(path).is_file():
            raise Failed("there is no file %s to copy" % path)
    board = BoardFacts(port, folder)
    files = package(board.arch, profile, tier, options, board.platform, examples)
    check_abi(files, board.abi)
    folder = folder.rstrip("/")
    stale = sorted(name for name in board.files if name[len(folder) + 1 :] not in files)
    changed = {name: path for name, path in files.items()
               if board.files.get(folder + "/" + name) != hashlib.sha256(path.read_bytes()).hexdigest()}
    if stale:
        on_board.ask(port, _REMOVE % stale)
    on_board.copy(port, changed, folder or "/")
    on_board.copy(port, {Path(path).name: path for path in further}, "/")
    where, free = on_board.ask(port, _TRY).split()[-2:]
    if not where.startswith(folder + "/mxtls/"):
        raise Failed("the board imports mxtls from %s, not from %s: its firmware has mxtls frozen in, or sys.path names another first" % (where, folder))
    return sorted(changed), stale, int(free)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", nargs="?", help="of the board, as `mpremote connect` takes it: /dev/ttyACM0, auto, socket://HOST:PORT")
    parser.add_argument("options", nargs="*", metavar="USE_X=0|1", help="of tools/configure.py")
    parser.add_argument("--profile", default="default", help=" ".join(PROFILES))
    parser.add_argument("--tier", help="pure, viper (default), thumb, natmod or natmod-64")
    parser.add_argument("--examples", action="store_true", help="client.py and server.py too")
    parser.add_argument("--files", nargs="*", default=[], help="further files, copied as they are")
    parser.add_argument("--folder", default=FOLDER, help="of the board, default /lib")
    parser.add_argument("--package", action="store_true", help="only make dist/<arch>/package.json")
    parser.add_argument("--arch", default="armv6m", help="for --package: " + " ".join(ARCHES[1:]))
    parser.add_argument("--platform", help="for --package: a folder of port/")
    given = parser.parse_args(arguments)
    try:
        words = ([given.port] if given.package and given.port else []) + given.options
        options = dict((name, int(number)) for name, number in (pair.split("=", 1) for pair in words))
    except ValueError:
        say("deploy: write options as USE_X=0 or USE_X=1")
        return 2
    try:
        if given.package:
            files = package(given.arch, given.profile, given.tier, options, given.platform, given.examples)
            size = sum(path.stat().st_size for path in files.values())
            say("%d files, %d bytes. Install them with: mpremote mip install dist/%s/package.json" % (len(files), size, given.arch))
        elif not given.port:
            raise Failed("name the board's port: make deploy PORT=/dev/ttyACM0")
        else:
            copied, removed, free = deploy(given.port, given.profile, given.tier, options, given.files, given.folder, given.examples)
            say("%d files copied, %d removed; mxtls is imported there, with %d bytes of heap free" % (len(copied), len(removed), free))
    except (Failed, ConfigureError) as e:
        say("deploy: %s" % e)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
