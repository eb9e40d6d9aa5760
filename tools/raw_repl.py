# SPDX-License-Identifier: MIT
"""MicroPython's raw REPL over a TCP port: run a text on a board, have what it printed. Emulators offer such a port
(tools/emulate.py, QEMU's -serial tcp:…); the protocol is in MicroPython's docs/reference/repl.rst, "Raw-paste mode".
"""

import contextlib
import socket
import time

_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_INTERRUPT, _RAW, _FRIENDLY, _END = b"\x03", b"\x01", b"\x02", b"\x04"
_PASTE, _PASTE_ANSWER, _MORE = b"\x05A\x01", b"R\x01", b"\x01"
_CHUNK = 256  # bytes of a file that travel in one line of text


class BoardError(Exception):
    """What ran on the board raised (`traceback` is the board's text), or the board did not answer in time."""

    def __init__(self, text, traceback="", output=""):
        super().__init__(text)
        self.traceback = traceback
        self.output = output


class RawRepl:
    """One board's REPL at host:port. Connects and interrupts what runs there; `timeout` seconds for both together.

    exec() is all that a test needs. Every call takes a timeout in seconds, for the whole call, and raises BoardError.
    """

    def __init__(self, port, host="127.0.0.1", timeout=30):
        self._left = b""
        until = time.monotonic() + timeout
        while True:
            try:
                self._socket = socket.create_connection((host, port), timeout=timeout)
                break
            except OSError as e:
                if time.monotonic() > until:
                    raise BoardError("no board at %s:%d: %s" % (host, port, e)) from None
                time.sleep(0.05)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._enter(until)
        except BaseException:
            self._socket.close()
            raise

    def exec(self, text, timeout: float = 60):
        """Run the text at the top level, as `__main__`; returns what it printed, lines ended by "\\n"."""
        self.start(text, timeout=timeout)
        return self.finish(timeout)

    def start(self, text, shown="", timeout: float = 60):
        """Begin to run the text, and wait until it has printed `shown`. finish() must follow."""
        until = time.monotonic() + timeout
        self._paste(text.encode(), until)
        if not shown:
            return
        while shown.encode() not in self._left and _END not in self._left:
            self._receive(until)
        if _END in self._left.partition(shown.encode())[0]:
            raise BoardError("the text ended without %r, with %r" % (shown, self.finish(timeout)))
        self._until(shown.encode(), until)

    def finish(self, timeout: float = 60):
        """Wait for the end of what start() began; returns what it printed after `shown`."""
        until = time.monotonic() + timeout
        output = self._plain(self._until(_END, until))
        traceback = self._plain(self._until(_END, until))
        self._until(b">", until)
        if traceback:
            raise BoardError(traceback.strip().splitlines()[-1], traceback, output)
        return output

    def put(self, name, data, timeout=60):
        """Write a file of the board's file system."""
        until = time.monotonic() + timeout
        self.exec("_f = open(%r, 'wb')" % name, timeout)
        for at in range(0, len(data), _CHUNK):
            self.exec("_f.write(%r)" % bytes(data[at : at + _CHUNK]), until - time.monotonic())
        self.exec("_f.close(); del _f", until - time.monotonic())

    def soft_reset(self, timeout=30):
        """Forget all that was imported and run: an empty heap. Files stay."""
        until = time.monotonic() + timeout
        self._socket.sendall(_END)
        self._until(b"soft reboot\r\n", until)
        self._until(_BANNER, until)

    def close(self):
        """Back to the friendly REPL, for the next who connects."""
        with contextlib.suppress(OSError):
            self._socket.sendall(_FRIENDLY)
        self._socket.close()

    def _enter(self, until):
        """Ask for the raw REPL until it is there (a board that still boots drops what it is sent), then drop what else is waiting."""
        while True:
            self._socket.sendall(b"\r" + _INTERRUPT + _INTERRUPT + _RAW)
            try:
                self._until(_BANNER, min(until, time.monotonic() + 2))
                break
            except BoardError:
                if time.monotonic() >= until:
                    raise BoardError("the board shows no REPL; it last wrote %r" % self._left[-80:]) from None
        mark = "ready %d" % time.monotonic_ns()
        self._socket.sendall(b"print(%r)" % mark + _END)
        self._until(b"OK" + mark.encode() + b"\r\n" + _END + _END + b">", until)

    def _paste(self, text, until):
        """Send a text, no faster than the board takes it."""
        self._socket.sendall(_PASTE)
        answer = self._take(4, until)
        if answer[:2] != _PASTE_ANSWER:
            raise BoardError("the board has no raw-paste mode: it answered %r" % answer)
        window = room = answer[2] | answer[3] << 8
        while text:
            while not room or self._left:
                if self._take(1, until) != _MORE:  # a syntax error: the traceback follows
                    self._socket.sendall(_END)
                    return
                room += window
            self._socket.sendall(text[:room])
            text, room = text[room:], max(room - len(text), 0)
        self._socket.sendall(_END)
        self._until(_END, until)

    def _receive(self, until):
        seconds = until - time.monotonic()
        try:
            self._socket.settimeout(max(seconds, 0.001))
            data = self._socket.recv(65536)
        except TimeoutError:
            raise BoardError("the board did not answer in time", output=self._plain(self._left)) from None
        if not data:
            raise BoardError("the board is gone", output=self._plain(self._left))
        self._left += data

    def _take(self, n, until):
        while len(self._left) < n:
            self._receive(until)
        taken, self._left = self._left[:n], self._left[n:]
        return taken

    def _until(self, ending, until):
        while (at := self._left.find(ending)) < 0:
            self._receive(until)
        taken, self._left = self._left[:at], self._left[at + len(ending) :]
        return taken

    @staticmethod
    def _plain(data):
        return data.decode(errors="replace").replace("\r\n", "\n")
