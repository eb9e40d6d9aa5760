# SPDX-License-Identifier: MIT
"""Kernels that run on a board while the rest runs here: the scripts of host_tests/portable over any tier on any board.

    python host_tests/remote.py m0-viper host_tests/portable/aes.py build/vectors aes [more kernels] [-- more arguments of the script]

The modules mxtls.kernels.* become proxies. A call ships its arguments to host_tests/board/server.py,
which calls the kernel that the board has, and ships back the result and the buffers that changed. test_boards.py, test_cross.py and
test_constant_time_boards.py call it.
"""

import base64
import builtins
import inspect
import os
import runpy
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tools"))

import configure  # noqa: E402
import emulate  # noqa: E402
import firmware  # noqa: E402
import natmod  # noqa: E402
import qemu  # noqa: E402
from raw_repl import BoardError, RawRepl  # noqa: E402
from samples import ALL  # noqa: E402

from steps import Failed  # noqa: E402

PATIENCE = 120  # seconds for one call
PIECE = 384  # bytes of a buffer in one line


class Qemu:
    """A board to start, with the kernels of one tier."""

    def __init__(self, kind, tier):
        self.kind, self.tier, self.name = kind, tier, "%s-%s" % (kind, tier)

    def missing(self):
        """Why it cannot be started here, or None."""
        try:
            qemu.build(self.kind, self.tier)
        except qemu.Failed as e:
            return str(e)
        return None

    def env(self):
        """For a process that is to start what this one has built, without a look whether that is up to date."""
        return {"MXTLS_BOARD_IMAGE": str(qemu.build(self.kind, self.tier))}

    def start(self):
        return qemu.Board(self.kind, os.environ.get("MXTLS_BOARD_IMAGE") or qemu.build(self.kind, self.tier))

    def kernels(self):
        return qemu.kernels(self.tier)


class Pico:
    """The emulated RP2040, whose timer counts cycles: its firmware has everything; the C kernels are a file of its flash."""

    text = """
from sys import stdin
from machine import disable_irq, enable_irq

TIMER = 0x40070000, "pass", "t[0]"
readline = stdin.buffer.readline
"""
    ticks, input = 1, None

    def __init__(self, tier):
        self.tier, self.name = tier, "rp2040-%s" % tier

    def _build(self):
        emulate.setup()
        return firmware.build("RPI_PICO", "everything", self.tier, apart=True), natmod.natmod("armv6m") if self.tier == "natmod" else None

    def missing(self):
        try:
            self._build()
        except Failed as e:
            return str(e)
        return None

    def env(self):
        return {}

    def start(self):
        image, file = self._build()
        board = emulate.Board(image)
        if file:
            board.put(file.name, file.read_bytes())
        board.hang_up()
        for name in ("text", "ticks", "input"):
            setattr(board, name, getattr(self, name))
        return board

    def kernels(self):
        """Those that its firmware reaches; what it has for a board without the file lies below soft/."""
        texts = configure.staged_texts(configure.resolve("everything"), self.tier, "rp2")
        return [name for name in qemu.kernels("native" if self.tier == "natmod" else self.tier) if "mxtls.kernels." + name in texts]


BOARDS = [Qemu(kind, tier) for kind in qemu.KINDS for tier in qemu.KINDS[kind].tiers] + [Pico("viper"), Pico("natmod")]
BOARDS = {target.name: target for target in BOARDS}
# The boards of an ordinary test run: M3 runs thumb's code as M0 does, and the emulated RP2040, which is slow, has tests of its own (test_emulator.py).
USUAL = [target for name, target in BOARDS.items() if ALL or name not in ("m3-thumb", "rp2040-viper", "rp2040-natmod")]


class Server(RawRepl):
    """The server on one board. Counts its calls."""

    def __init__(self, board):
        super().__init__(board.port)
        self.calls, self._held, self._scale = 0, [], board.ticks
        self._input = board.input
        self._paste((board.text + (HERE / "board" / "server.py").read_text()).encode(), time.monotonic() + PATIENCE)
        line = self._line()
        if line != "ready":
            raise BoardError("the board's server does not start", self._plain(line.encode() + self._left))

    def _line(self):
        return self._until(b"\r\n", time.monotonic() + PATIENCE).decode()

    def ask(self, lines):
        """The server's one line of answer; what it raised is raised here."""
        (self._input.write if self._input else self._socket.sendall)(lines.encode() + b"\n")
        answer = self._line()
        if answer[0] == "!":
            raise self._exception(*answer[1:].partition(" ")[::2])
        return answer

    @staticmethod
    def _exception(name, text):
        if name == "Error":
            from mxtls.errors import Error

            code, alert, text = text.split(" ", 2)
            return Error(int(code), int(alert), text)
        return getattr(builtins, name, RuntimeError)(text)

    def call(self, name, given):
        """Call a kernel, "aes.aes_ctr"; changes the buffers of `given` as the kernel does there. Returns its result."""
        self.calls += 1
        words, held = ["%s %d" % (name, len(given))], list(self._held)
        for i, a in enumerate(given):
            same = next((j for j in range(i) if given[j] is a and not isinstance(a, int)), None)
            value = None if isinstance(a, int) else bytes(a)
            if same is not None:
                words.append("*%d" % same)
            elif value is not None and value in held:
                words.append("=%d" % held.index(value))
                held[held.index(value)] = None  # one argument has it now
            else:
                words += self._lines(a)
        self._held = []
        result, *changed = self.ask("\n".join(words)).split()
        for text in changed:
            i, _, value = text.partition(":")
            given[int(i)][:] = base64.b64decode(value)  # a TypeError: the kernel wrote to what is constant
        self._held = [None if isinstance(a, int) or any(a is b for b in given[:i]) else bytes(a) for i, a in enumerate(given)]
        return None if result == "None" else int(result)

    @staticmethod
    def _lines(a):
        """An argument as the board is told it."""
        if isinstance(a, int):
            return ["%d" % a]
        value = bytes(a)
        return ["+%d" % len(value), *(base64.b64encode(value[at : at + PIECE]).decode() for at in range(0, len(value), PIECE))]

    def time(self, name, cases):
        """Call a kernel on copies of each case's arguments; returns for each its result, as text, and how many instructions it took.
        The first two counts may be off: the heap and the interpreter's caches are then not yet as later calls find them."""
        self._held = []
        lines = ["%s %d %d" % (name, len(cases[0]), len(cases))]
        for a in (a for given in cases for a in given):
            lines += self._lines(a)
        pairs = [word.split(",") for word in self.ask("\n".join(lines)).split()]
        return [(result, round((int(ticks) & 0xFFFFFFFF) / self._scale)) for result, ticks in pairs]

    def names(self, module):
        """The public names of a kernel module on the board, constants with their values: {"AES_CTX": 244, "aes_ctr": None}."""
        pairs = [word.partition("=") for word in self.ask("?" + module).split()]
        return {name: int(value) if value else None for name, _, value in pairs}


def proxy(server, module):
    """Replace what mxtls.kernels.<module> has of its own by what the board has."""
    pure = __import__("mxtls.kernels." + module, fromlist="*")
    there = server.names(module)
    for name, value in vars(pure).copy().items():
        if name.startswith("_") or not (isinstance(value, int) or inspect.isfunction(value) and value.__module__ == pure.__name__):
            continue
        if isinstance(value, int):
            setattr(pure, name, there.get(name, value))  # what the pure kernel has of others, C need not know
        else:
            there[name]  # a KeyError: the board's module has no such kernel
            setattr(pure, name, lambda *given, _name="%s.%s" % (module, name): server.call(_name, given))


def main(board, script, folder, *modules):
    import mxtls_port

    for name in ("Hash", "Hmac", "CHUNK"):  # kernels instead of hashlib, in the pieces that a board takes
        delattr(mxtls_port, name)
    at = modules.index("--") if "--" in modules else len(modules)
    modules, more = modules[:at], modules[at + 1 :]
    sys.path.insert(0, str(Path(script).parent))
    started = BOARDS[board].start()
    server = Server(started)
    for module in modules:
        proxy(server, module)
    if not ALL:
        sys.implementation.name = "remote"  # so that the longest of self-tests is shorter
    sys.argv = [script, folder, *more]
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        started.close()
    print("%d calls of %s on %s" % (server.calls, " ".join(modules), board), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
