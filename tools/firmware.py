#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Firmware for boards with an RP2040, `make firmware`: MicroPython, the Pico SDK and TinyUSB from Debian's packages, mxtls frozen in.

    tools/firmware.py BOARD [--profile client] [--tier viper] [--no-examples] [USE_X=0 …]
writes build/firmware/<name>.uf2, with examples/client.py and server.py frozen in. Each board has one folder of object files, build/obj/rp2-<BOARD>: another profile or tier
costs two C files and a link. build() is what tests and benchmarks call.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import native_functions
from configure import TIERS, ConfigureError, resolve, staged_texts
from options import PROFILES

import debian_source
from steps import BUILD, ROOT, Failed, build_lock, digest, ended, is_stamped, run, say, step
from toolchain import MPY_CROSS, NATIVE, OBJ, micropython_source, tool

BOARDS = ROOT / "boards"
FIRMWARE = BUILD / "firmware"
TREE = BUILD / "micropython-rp2"
COMPILER = ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "libstdc++-arm-none-eabi-newlib", "cmake")
SDK = {"lib/pico-sdk": "pico-sdk-source", "lib/tinyusb": "tinyusb-source"}  # where MicroPython wants it, who has it
OF_OWN_TREE = {"RPI_PICO_W": ("cyw43-driver", "lwip")}  # folders of lib/ that Debian's MicroPython leaves empty
FLASH, UF2_FAMILY = "0x10000000", "0xe48bff56"  # where the RP2040 maps its flash; the family id of UF2 files for it
UF2_BLOCK, UF2_PAYLOAD = 512, 256  # bytes of the file, and of flash in each


def boards():
    """The RP2040 boards there are: folders of boards/ that MicroPython's rp2 port knows or that bring their own definition."""
    return sorted(path.parent.name for path in BOARDS.glob("RPI_PICO*/manifest.py"))


def compiler():
    """The ARM compiler; raises Failed where there is none and no way to install it."""
    for name in ("arm-none-eabi-gcc", "cmake"):
        tool(name, COMPILER)


def source():
    """build/micropython-rp2: links to the MicroPython tree, with a copy of what is changed (ports/rp2) and what it lacks (the SDK)."""
    tree = micropython_source()
    wanted = digest(str(tree), str(TREE), tree / "py" / "mpconfig.h", tree / "ports" / "rp2" / "CMakeLists.txt", *SDK.values())
    if is_stamped(TREE / "stamp", wanted):
        return TREE
    with step("Pico SDK and TinyUSB from Debian's packages"):
        shutil.rmtree(TREE, ignore_errors=True)
        _link_all(tree, TREE, but=("lib", "ports", "stamp"))  # a stamp of ours is written below, not through a link
        _link_all(tree / "lib", TREE / "lib", but=[Path(name).name for name in SDK])
        shutil.copytree(tree / "ports" / "rp2", TREE / "ports" / "rp2")
        for name, package in SDK.items():
            if any((tree / name).iterdir()):
                (TREE / name).symlink_to(tree / name)
            else:
                debian_source.unpack_binary(BUILD / "apt-rp2", {package: TREE / "debian" / package})
                (TREE / name).symlink_to(TREE / "debian" / package / "usr" / "src" / Path(name).name)
        # This SDK names objects .c.o; the linker script means .c.obj, and would leave the interpreter's loop in flash.
        script = TREE / "ports" / "rp2" / "memmap_mp_rp2040.ld"
        script.write_text(script.read_text().replace(".c.obj", ".c.o*"))
        (TREE / "stamp").write_text(wanted)
    return TREE


def _link_all(source_folder, folder, but):
    folder.mkdir(parents=True)
    for path in source_folder.iterdir():
        if path.name not in but:
            (folder / path.name).symlink_to(path)


def _configure(folder, board, c_module):
    """Configure the board's folder of object files."""
    tree = source()
    own = BOARDS / board if (BOARDS / board / "mpconfigboard.cmake").exists() else tree / "ports" / "rp2" / "boards" / board
    c_sources = [NATIVE / "micropython.cmake", *sorted(path.name for path in NATIVE.glob("*.c"))] if c_module else []
    wanted = digest((tree / "stamp").read_text(), own / "mpconfigboard.h", own / "mpconfigboard.cmake", *c_sources)
    if is_stamped(folder / "stamp", wanted):
        return
    library = tree / "lib" / "micropython-lib"
    if not (library / "README.md").exists():  # CMake only asks for that; boards without a network take nothing from it
        library = BUILD / "no-micropython-lib"
        library.mkdir(exist_ok=True)
        (library / "README.md").touch()
    (folder / "stamp").unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.py").touch()
    settings = {"CMAKE_BUILD_TYPE": "MinSizeRel", "PICO_BUILD_DOCS": 0, "PICO_NO_PICOTOOL": 1, "MICROPY_BOARD": board,
                "MICROPY_BOARD_DIR": own, "MICROPY_LIB_DIR": library, "MICROPY_FROZEN_MANIFEST": folder / "manifest.py",
                "Python3_EXECUTABLE": sys.executable}
    if c_module:
        settings.update(USER_C_MODULES=NATIVE / "micropython.cmake", MXTLS_FUNCTIONS=folder / "functions.h")
    run("firmware", "cmake", "-S", tree / "ports" / "rp2", "-B", folder, *("-D%s=%s" % pair for pair in settings.items()),
        env={"MICROPY_MPYCROSS": str(MPY_CROSS)})
    (folder / "stamp").write_text(wanted)


def build(board="RPI_PICO", profile="default", tier="viper", options=None, freeze=(), examples=True, apart=False):
    """Build build/firmware/<name>.uf2, where <name> says the choices; returns its path. Nothing to do costs a second.

    board    a folder of boards/
    profile, tier, options   as in tools/configure.py; options is a dict. A board without mxtls ignores them.
    freeze   further files to freeze, each as a module at the top
    examples freeze the roles' examples too
    apart    each module is a file of its own, for tests and measurements that look into the library
    Raises Failed when the machine cannot build it. Safe to call from parallel tests.
    """
    if board not in boards():
        raise Failed("there is no board %s: choose %s" % (board, ", ".join(boards())))
    if tier not in TIERS:
        raise Failed("there is no tier %s: choose %s" % (tier, ", ".join(TIERS)))
    lacking = [name for name in OF_OWN_TREE.get(board, ()) if not any((micropython_source() / "lib" / name).glob("*"))]
    if lacking:
        raise Failed("%s needs lib/%s, which this MicroPython tree lacks: set MICROPY_DIR to a tree with its submodules" % (board, lacking[0]))
    has_mxtls = "../../manifest.py" in (BOARDS / board / "manifest.py").read_text()
    choices = {"profile": profile, "tier": tier, "examples": int(examples), **({"apart": 1} if apart else {}), **(options or {})} if has_mxtls else {}
    c_module = has_mxtls and "native" in TIERS[tier] and "natmod" not in TIERS[tier]
    name = "-".join([board] + ([profile, tier] if has_mxtls else []))
    if options or freeze or not examples or apart:
        name += "-" + digest(sorted(choices.items()), *map(str, freeze))[:8]
    text = 'include("%s"%s)\n' % (BOARDS / board / "manifest.py", "".join(", %s=%r" % pair for pair in choices.items()))
    text += "".join('module("%s", base_path="%s", opt=3)\n' % (Path(f).name, Path(f).parent) for f in freeze)
    target, stamp = FIRMWARE / (name + ".uf2"), FIRMWARE / (name + ".stamp")
    with build_lock():
        compiler()
        if not MPY_CROSS.exists():
            raise Failed("there is no build/bin/mpy-cross: run `make setup`")
        source()
        wanted = digest(text, TREE / "stamp", *_inputs(board, has_mxtls, c_module), *map(Path, freeze))
        if target.exists() and is_stamped(stamp, wanted):
            return target
        folder = OBJ / ("rp2-" + board + ("-native" if c_module else ""))
        with step("firmware %s" % name), ended(folder):
            _configure(folder, board, c_module)
            (folder / "manifest.py").write_text(text)
            if c_module:
                texts = _frozen_texts(profile, tier, options, examples) + [Path(f).read_text() for f in freeze]
                _write(folder / "functions.h", native_functions.header(texts))
            shutil.rmtree(folder / "frozen_mpy", ignore_errors=True)  # makemanifest.py compares times; another profile's may be newer
            run("firmware", "make", "-C", folder, "-j%d" % (os.cpu_count() or 1), env={"MICROPY_MPYCROSS": str(MPY_CROSS)})
            FIRMWARE.mkdir(exist_ok=True)
            run("firmware", sys.executable, TREE / "tools" / "uf2conv.py", "-b", FLASH, "-f", UF2_FAMILY, "-c", "-o", target,
                folder / "firmware.bin")
            stamp.write_text(wanted)
    return target


def _frozen_texts(profile, tier, options, examples):
    """The texts of the modules that the manifest stages."""
    try:
        return [text for _, text in staged_texts(resolve(profile, options), tier, "rp2", examples).values()]
    except ConfigureError as e:
        raise Failed(str(e)) from None


def _write(path, text):
    """Write a file that make compares by time: only where it changes."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _inputs(board, has_mxtls, c_module):
    """What a firmware is made from, beside MicroPython: files to compare."""
    files = [BOARDS / board / name for name in ("manifest.py", "mpconfigboard.h", "mpconfigboard.cmake")]
    if has_mxtls:
        files += [ROOT / "lib", ROOT / "port", ROOT / "examples", ROOT / "manifest.py"]
        files += [ROOT / "tools" / name for name in ("configure.py", "join.py", "options.py")]
    if c_module:
        files += sorted(NATIVE.glob("*.[chS]")) + [NATIVE / "micropython.cmake", ROOT / "tools" / "native_functions.py"]
    return files


def add_arguments(parser):
    """The choice of a firmware, on a command line."""
    parser.add_argument("board", nargs="?", default="RPI_PICO", help=" ".join(boards()))
    parser.add_argument("--profile", default="default", help=" ".join(PROFILES))
    parser.add_argument("--tier", default="native", help=" ".join(TIERS))
    parser.add_argument("--no-examples", action="store_true", help="do not freeze examples/client.py and server.py")
    parser.add_argument("options", nargs="*", metavar="USE_X=0|1", help="of tools/configure.py")


def chosen(given):
    """The firmware of parsed arguments; build()'s path."""
    try:
        options = {name: int(number) for name, number in (pair.split("=", 1) for pair in given.options)}
    except ValueError:
        raise Failed("write options as USE_X=0 or USE_X=1") from None
    return build(given.board, given.profile, given.tier, options, examples=not given.no_examples)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_arguments(parser)
    given = parser.parse_intermixed_args(arguments)
    try:
        target = chosen(given)
    except Failed as e:
        say("error: %s" % e)
        return 1
    flash = target.stat().st_size // UF2_BLOCK * UF2_PAYLOAD
    say("%s: %d bytes of flash. Hold BOOTSEL while you plug the board in, and copy the file to the drive that appears." % (target.relative_to(ROOT), flash))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
