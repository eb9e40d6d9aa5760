#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Emulated boards with an RP2040, `make emulate`: builds the emulator of tools/emulator and runs firmware on it.

    tools/emulate.py BOARD [--profile client] [--tier viper] [--port 5000] [--uart0 PORT] [--uart1 listen:PORT]
Tests and benchmarks use Board, which has the calls of raw_repl.RawRepl and a board of its own behind them.
"""

import argparse
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import firmware
from raw_repl import BoardError, RawRepl

from steps import BUILD, ROOT, Failed, build_lock, digest, is_stamped, run, say, step
from toolchain import tool

EMULATOR = ROOT / "tools" / "emulator"
PACKAGE = "rp2040js@1.4.1"
NODE_MODULES = BUILD / "node"
ROM = BUILD / "emulator" / "bootrom.bin"
ROM_SOURCES = [EMULATOR / "bootrom" / name for name in ("bootrom.S", "bootrom.c", "bootrom.ld")]
CLOCK = 125_000_000  # Hz, of the emulated board
# The cycle counter, a device of the emulator alone: reading its low word keeps the high one.
READ_CYCLES = "def _cycles():\n low = machine.mem32[0x40070000]\n return machine.mem32[0x40070004] << 32 | low & 0xffffffff\n"


def setup():
    """Node's package and the boot ROM, in build/. Raises Failed where node, npm or the compiler cannot be had."""
    with build_lock():
        for name in ("node", "npm"):
            tool(name, ("nodejs", "npm"))
        if not is_stamped(NODE_MODULES / "stamp", PACKAGE):
            with step("%s from npm, build/node" % PACKAGE):
                NODE_MODULES.mkdir(exist_ok=True)
                run("npm", "npm", "install", "--no-audit", "--no-fund", "--prefix", NODE_MODULES, PACKAGE, cwd=NODE_MODULES)
                (NODE_MODULES / "stamp").write_text(PACKAGE)
        wanted = digest(*ROM_SOURCES)
        if not is_stamped(ROM.with_name("stamp"), wanted):
            firmware.compiler()
            with step("the emulator's boot ROM"):
                ROM.parent.mkdir(exist_ok=True)
                elf = ROM.with_suffix(".elf")
                run("emulator", "arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb", "-Os", "-Wall", "-ffreestanding", "-nostdlib",
                    "-fno-tree-loop-distribute-patterns", "-T", ROM_SOURCES[2], *ROM_SOURCES[:2], "-lgcc", "-o", elf)
                run("emulator", "arm-none-eabi-objcopy", "-O", "binary", elf, ROM)
                ROM.with_name("stamp").write_text(wanted)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def command(firmware_file, port, flash=None, uart0=None, uart1=None, xip=0, seed=1, rosc=None, slow=False):
    """The emulator's command line; see tools/emulator/README.md for the options."""
    words = ["node", EMULATOR / "main.mjs", "--rom", ROM, "--firmware", firmware_file, "--port", port, "--seed", seed, "--xip", xip]
    for name, value in (("--flash", flash), ("--uart0", uart0), ("--uart1", uart1), ("--rosc", rosc)):
        words += [name, value] if value else []
    return [str(word) for word in words] + ["--slow-core"] * slow


class Board:
    """A running board. `with Board(firmware.build()) as board: board.exec("import mxtls")`.

    options are those of command(): flash is a file that keeps the board's file system, uart0 the port of this machine that UART 0 is
    connected to, or "listen:PORT" for one that a program may connect to, uart1 likewise. exec(text, timeout) returns what the text printed,
    start() and finish() are its halves; put(name, data) writes a file; soft_reset() empties the heap.
    """

    def __init__(self, firmware_file, timeout=60, port=None, **options):
        setup()
        self.port = port or free_port()
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed in close()
        self._process = subprocess.Popen(command(firmware_file, self.port, **options), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        try:
            self._repl = RawRepl(self.port, timeout=timeout)
        except BaseException as e:
            self.close()
            raise BoardError("%s\n%s" % (e, self.log)) from None

    def exec(self, text, timeout=60):
        return self._repl.exec(text, timeout)

    def start(self, text, shown="", timeout=60):
        self._repl.start(text, shown, timeout)

    def finish(self, timeout=60):
        return self._repl.finish(timeout)

    def put(self, name, data, timeout=60):
        self._repl.put(name, data, timeout)

    def soft_reset(self, timeout=30):
        self._repl.soft_reset(timeout)

    @contextlib.contextmanager
    def lent(self):
        """The REPL's port, for another program such as mpremote; afterwards it is this object's again."""
        self._repl.close()
        try:
            yield self.port
        finally:
            self._repl = RawRepl(self.port)

    def set_clock(self):
        """The board's clock as this machine's, which certificates are verified by."""
        now = time.gmtime()
        self.exec("import machine; machine.RTC().datetime(%r)" % ((*now[:3], now.tm_wday, *now[3:6], 0),))

    def cycles(self, call, timeout=60):
        """The processor cycles that an expression takes, without those of reading the counter."""
        text = "import machine\n%s_0 = _1 = _2 = 0\n_0 = _cycles()\n_1 = _cycles()\n%s\n_2 = _cycles()\nprint(2 * _1 - _0, _2)" % (READ_CYCLES, call)
        before, after = map(int, self.exec(text, timeout).split()[-2:])
        return after - before

    def hang_up(self):
        """Leave the REPL to another client; exec() and what needs it end here."""
        if getattr(self, "_repl", None):
            self._repl.close()
        self._repl = None

    def close(self):
        self.hang_up()
        self._process.terminate()
        self._process.wait(10)
        self._log.seek(0)
        self.log = self._log.read()
        self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def place(text):
    """What a UART is connected to: PORT or listen:PORT."""
    int(text.removeprefix("listen:"))
    return text


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    firmware.add_arguments(parser)
    parser.add_argument("--port", type=int, default=5000, help="of the REPL")
    for name in ("--uart0", "--uart1"):
        parser.add_argument(name, type=place, help="a port of this machine that this UART connects to, or listen:PORT")
    given = parser.parse_intermixed_args(arguments)
    try:
        setup()
        image = firmware.chosen(given)
    except Failed as e:
        say("error: %s" % e)
        return 1
    flash = BUILD / "emulator" / (given.board + ".flash")
    mpremote = Path(BUILD / "venv" / "bin" / "mpremote").relative_to(ROOT)
    say("%s runs; its flash is %s. Control-C ends it. In another window:" % (given.board, flash.relative_to(ROOT)))
    example = "exec 'import client; client.main(\"--uart 0 --name NAME --ca root.der --get /\".split())'"
    for what in ("exec 'import mxtls; print(mxtls)'", "rtc --set", "fs cp root.der :", *([example] if given.uart0 else [])):
        say("    %s connect socket://127.0.0.1:%d %s" % (mpremote, given.port, what))
    say("and for a prompt, which control-] leaves:\n    %s socket://127.0.0.1:%d" % (mpremote.with_name("pyserial-miniterm"), given.port))
    with contextlib.suppress(KeyboardInterrupt):
        return subprocess.call(command(image, given.port, flash=flash, uart0=given.uart0, uart1=given.uart1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
