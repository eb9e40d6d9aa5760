#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The C kernels as a file for boards whose firmware has none, dist/<arch>/mxtls_native.mpy: `make natmod [ARCH=…]`, and natmod().

port/native/natmod/Makefile builds it, with MicroPython's py/dynruntime.mk. Tier "natmod" of tools/configure.py is what imports it.
"""

import shutil
import sys

import toolchain
from steps import BUILD, ROOT, Failed, build_lock, digest, is_stamped, run, say, step

DIST = ROOT / "dist"
ARM = ("arm-none-eabi-gcc", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi")
# The compiler of each architecture and the packages that have it
COMPILERS = {
    "armv6m": ARM,
    "armv7m": ARM,
    "rv32imc": ("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf"),
    "x64": ("gcc", "build-essential"),
    "x86": ("gcc", "build-essential", "gcc-multilib"),
}


def compiler(arch):
    """The compiler of an architecture; raises Failed where there is none and no way to install it."""
    if arch not in COMPILERS:
        raise Failed("no mxtls_native.mpy is built for %s: choose %s" % (arch, ", ".join(COMPILERS)))
    name, *packages = COMPILERS[arch]
    if arch == "x86" and shutil.which("dpkg-query"):  # gcc alone does not tell whether it has 32-bit libraries
        toolchain.apt_install(packages)
    toolchain.tool(name, packages)


def natmod(arch):
    """Build dist/<arch>/mxtls_native.mpy, nothing when it is up to date; returns its path. Raises Failed where that cannot be done."""
    compiler(arch)
    makefile = toolchain.NATIVE / "natmod" / "Makefile"
    target, folder = DIST / arch / "mxtls_native.mpy", BUILD / "natmod" / arch
    with build_lock():
        tree = toolchain.micropython_source()
        wanted = digest(str(tree), makefile, *sorted(toolchain.NATIVE.glob("*.[ch]")))
        if target.exists() and is_stamped(folder / "stamp", wanted):
            return target
        with step("%s" % target.relative_to(ROOT)):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            run("natmod", "make", "-C", folder, "-f", makefile, "MPY_DIR=%s" % tree, "ARCH=" + arch, "PYTHON=%s" % toolchain.VENV_PYTHON)
            toolchain._install(folder / target.name, target)
        (folder / "stamp").write_text(wanted)
    return target


def main(arches):
    try:
        for arch in arches or COMPILERS:
            path = natmod(arch)
            say("%s: %d bytes" % (path.relative_to(ROOT), path.stat().st_size))
    except Failed as e:
        say("natmod: %s" % e)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
