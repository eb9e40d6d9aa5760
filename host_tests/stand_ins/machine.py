# SPDX-License-Identifier: MIT
"""A board's `machine` for test_docs.py: a UART that is a TCP connection, a clock and memory that outlive deep sleep, and nothing behind the pins."""

import os
import socket


class Pin:
    OUT = 1

    def __init__(self, *_, **__):
        pass


class SPI:
    def __init__(self, *_, **__):
        pass


class UART:
    """Connects to the port in the environment's UART<id>. Reads wait for a byte for 20 ms, as a UART with a timeout does."""

    def __init__(self, number, *_, **__):
        self._sock = socket.socket()
        self._sock.connect(socket.getaddrinfo("127.0.0.1", int(os.getenv("UART%d" % number)))[0][-1])
        self._sock.settimeout(0.02)

    def readinto(self, buf, n=-1):
        try:
            data = self._sock.recv(n if n >= 0 else len(buf))
        except OSError:
            return None
        buf[: len(data)] = data
        return len(data)

    def write(self, data):
        self._sock.settimeout(10)
        n = self._sock.send(data)
        self._sock.settimeout(0.02)
        return n


class RTC:
    """memory() is a file of the working directory; the time is this machine's."""

    def datetime(self, *_):
        pass

    def memory(self, data=None):
        if data is None:
            try:
                with open("rtc.bin", "rb") as f:
                    return f.read()
            except OSError:
                return b""
        with open("rtc.bin", "wb") as f:
            f.write(data)


def deepsleep(milliseconds):
    """The board would be off now, and begin main.py from its start afterwards."""
    raise SystemExit(0)
