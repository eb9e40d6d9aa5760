#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boards that QEMU emulates, with the kernels of one tier frozen in: build(), and Board, which runs one and talks to it.

Three cores: Cortex-M0 (MICROBIT), Cortex-M3 (MPS2_AN385), RV32IMC (VIRT_RV32), from MicroPython's ports/qemu. Called by
host_tests/remote.py. Time on such a board is the number of instructions, so that a count repeats to the instruction.
"""

import atexit
import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile

import configure
from raw_repl import RawRepl

from steps import ROOT, Failed, build_lock, digest, ended, is_stamped, say, step
from toolchain import MPY_CROSS, NATIVE, OBJ, STAGED, apt_install, make, micropython_source, tree_digest

PACKAGES = ("qemu-system-arm", "qemu-system-misc", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi",
            "gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf")  # fmt: skip
TOOLS = ("qemu-system-arm", "qemu-system-riscv32", "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc")
HEAP = 96 * 1024  # bytes, of the 128 KB that the smallest board's linker script leaves
SHIFT = 8  # an instruction takes 2**SHIFT virtual nanoseconds: more than two ticks of every timer below, so that counts are exact

# The boards have no files, but QEMU serves ARM's semihosting calls: open is 1, read is 6. A byte so takes a hundredth of the
# time that it takes over the serial line. readline() stands in for sys.stdin's.
_TEXT = """
import micropython
from array import array
from uctypes import addressof

TIMER = %r
disable_irq = enable_irq = lambda *_: None

@micropython.%s
def host(%s):
    %s

_path = b"%s"
_words = array("I", (addressof(_path), 0, len(_path)))
_handle, _piece, _rest = host(1, _words), bytearray(512), b""

def readline():
    global _rest
    line = _rest
    while line.find(b"\\n") < 0:
        _words[0], _words[1], _words[2] = _handle, addressof(_piece), len(_piece)
        line += memoryview(_piece)[:len(_piece) - host(6, _words)]
    at = line.find(b"\\n") + 1
    _rest = line[at:]
    return line[:at]
"""
_THUMB = ("asm_thumb", "r0, r1", "data(2, 0xbeab)")
_RISCV = ("asm_rv32", "a0, a1", "data(4, 0x01f01013, 0x00100073, 0x40705013)")


class Kind:
    """A row of KINDS.

    tiers   what is built for it
    make    settings of ports/qemu
    run     the emulator's command
    text    MicroPython text that starts a timer, and defines TIMER, readline(), and disable_irq() and enable_irq(), which do
            nothing, for nothing interrupts. TIMER is where the timer is, and in viper, with a ptr32 t to there, a statement
            before it is read and the expression that reads it
    hertz   of the timer
    """

    def __init__(self, tiers, board, march, flags, settings, run, start, timer, hertz, trap):
        self.tiers = tiers.split()
        self.make = ["BOARD=" + board, "MPY_CROSS_FLAGS=-march=" + march, "CFLAGS_EXTRA=" + " ".join(("-Wno-error", *flags)), *settings]
        self.run = run.split()
        self.text = lambda path: start + _TEXT % (timer, *trap, path)
        self.ticks = hertz * 2**SHIFT / 1e9  # an instruction


KINDS = {
    "m0": Kind(
        "viper thumb native", "MICROBIT", "armv6m", ("-DMICROPY_EMIT_THUMB=1", "-DMICROPY_EMIT_THUMB_ARMV7M=0", "-DMICROPY_EMIT_INLINE_THUMB=1"), (),
        "qemu-system-arm -machine microbit -global nrf51-soc.flash-size=1048576 -global nrf51-soc.sram-size=262144",
        "from machine import mem32\nmem32[0x40008508] = 3\nmem32[0x40008510] = 0\nmem32[0x40008000] = 1\n",  # TIMER0: 32 bits, undivided, start
        (0x40008000, "t[16] = 1", "t[0x150]"), 16e6, _THUMB,  # capture
    ),
    "m3": Kind(
        "viper thumb native", "MPS2_AN385", "armv7m", (), (),
        "qemu-system-arm -machine mps2-an385",
        "from machine import mem32\nmem32[0x40000004] = mem32[0x40000008] = 0xffffffff\nmem32[0x40000000] = 1\n",  # TIMER0 counts down
        (0x40000000, "pass", "0 - t[1]"), 25e6, _THUMB,
    ),
    "rv32": Kind(
        "viper native", "VIRT_RV32", "rv32imc", (), ("RV32_ARCH=rv32imac -misa-spec=2.2",),
        "qemu-system-riscv32 -machine virt -bios none",
        "", (0x200BFF8, "pass", "t[0]"), 10e6, _RISCV,  # mtime
    ),
}  # fmt: skip


def kernels(tier):
    """Names of the kernels that a tier has of its own, or over what it has of its own."""
    texts = {p.stem: p.read_text() for folder in configure.TIERS[tier] for p in (ROOT / "port" / folder).glob("*.py")}
    own = {p.stem for p in (ROOT / "port" / configure.TIERS[tier][-1]).glob("*.py")} - {"__init__"}
    while True:
        over = {name for name in texts if any("from mxtls.kernels.%s import" % other in texts[name] for other in own - {"mem"})}
        if over <= own:
            return sorted(own)
        own |= over


def _stage(tier):
    """build/staged/qemu-<tier>: the tier's kernels and what they import; returns the path of its manifest."""
    texts = configure.staged_texts(configure.resolve("everything"), tier, "qemu", also=["mxtls.kernels." + name for name in kernels(tier)])
    texts["mxtls"] = ("mxtls/__init__.py", '"""Kernels only."""\n')
    waiting, files = {"mxtls.kernels." + name for name in kernels(tier)} | {"mxtls_port"}, {}
    while waiting:
        path, text = texts[name := waiting.pop()]
        files[path] = text
        waiting |= {n for n in configure.imports_of(text, name, texts) if texts[n][0] not in files}
    folder = STAGED / ("qemu-" + tier)
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    manifest = folder / "manifest.py"
    manifest.write_text('package("mxtls", opt=3)\nmodule("mxtls_port.py", opt=3)\n')
    return manifest


@functools.cache
def build(kind, tier):
    """build/obj/qemu-<kind>-<tier>/firmware.elf; returns its path. Half a minute the first time, nothing when up to date.

    Installs the compilers and the emulators when they are missing. Raises Failed. Safe to call from parallel tests."""
    with build_lock():
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing and not shutil.which("dpkg-query"):
            raise Failed("no boards to emulate: please install " + " ".join(missing))
        if missing:
            apt_install(PACKAGES)
        if not MPY_CROSS.exists():
            raise Failed("there is no build/bin/mpy-cross: run `make setup`")
        tree, manifest = micropython_source(), _stage(tier)
        folder = OBJ / ("qemu-%s-%s" % (kind, tier))
        elf, stamp = folder / "firmware.elf", folder / "stamp"
        c_files = sorted(NATIVE.glob("*.*")) if tier == "native" else ()
        base = digest(tree_digest(tree), MPY_CROSS.stat().st_mtime_ns, *KINDS[kind].make, HEAP)
        wanted = digest(base, manifest.parent, *c_files)
        if not (elf.exists() and is_stamped(stamp, wanted)):
            with step("%s board, %s kernels" % (kind, tier)), ended(folder):
                if not is_stamped(folder / "base", base):
                    shutil.rmtree(folder, ignore_errors=True)
                    folder.mkdir(parents=True)
                    (folder / "base").write_text(base)
                shutil.rmtree(folder / "frozen_mpy", ignore_errors=True)
                make(folder.name, tree, "ports/qemu", "BUILD=%s" % folder, "FROZEN_MANIFEST=%s" % manifest, "MICROPY_HEAP_SIZE=%d" % HEAP,
                     "MICROPY_MPYCROSS=%s" % MPY_CROSS, "MICROPY_MPYCROSS_DEPENDENCY=%s" % MPY_CROSS,
                     *KINDS[kind].make, *(["USER_C_MODULES=%s" % (ROOT / "port")] if c_files else ()))  # fmt: skip
            stamp.write_text(wanted)
        return elf


class Board:
    """An emulated board that runs `elf`, until close() or the end of this process.

    port    its serial line, a TCP port of this machine for one client at a time
    text    MicroPython text that defines TIMER, readline(), disable_irq() and enable_irq(): see Kind
    input   what is written to this file comes out of that readline()
    ticks   of that timer in an instruction
    """

    def __init__(self, kind, elf):
        self._folder = tempfile.TemporaryDirectory(prefix="mxtls-")
        pipe = self._folder.name + "/input"
        os.mkfifo(pipe)
        self.input = open(pipe, "r+b", buffering=0)  # for reading too, or this would wait for the board
        self.text, self.ticks = KINDS[kind].text(pipe), KINDS[kind].ticks
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        command = [*KINDS[kind].run, "-nographic", "-monitor", "none", "-semihosting", "-icount", "shift=%d" % SHIFT,
                   "-serial", "tcp:127.0.0.1:%d,server=on,wait=off,nodelay=on" % self.port, "-kernel", str(elf)]  # fmt: skip
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        atexit.register(self.close)

    def exec(self, text, timeout=60):
        """What a text prints there; BoardError when it raises."""
        return self.repl.exec(text, timeout)

    @functools.cached_property
    def repl(self):
        return RawRepl(self.port)

    def close(self):
        """Switch it off."""
        self._process.kill()
        self._process.wait()
        self.input.close()


def main(arguments):
    """Print what a text prints on a board."""
    if len(arguments) != 3 or arguments[0] not in KINDS or arguments[1] not in KINDS[arguments[0]].tiers:
        say("usage: qemu.py %s %s 'MicroPython text'" % ("|".join(KINDS), "|".join(KINDS["m0"].tiers)))
        return 2
    try:
        say(Board(arguments[0], build(*arguments[:2])).exec(arguments[2]), end="")
    except Failed as e:
        say("error: %s" % e)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
