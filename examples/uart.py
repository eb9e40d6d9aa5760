# SPDX-License-Identifier: MIT
"""A board's UART in the place of a socket, the --uart of client.py and server.py: a stream, or datagrams framed by slip.py.

At its other end is a modem, a radio, or a PC that runs tools/uart_bridge.py. A UART knows no connections, and without RTS and CTS no
waiting either: what the peer sends while the board computes must find room in ROOM.
"""

import io
import time

from machine import UART
from slip import Frames, frame

ROOM = 4096  # bytes received and not yet read
PATIENCE = 30000  # milliseconds of silence that count as the end of a connection
QUIET = 200  # milliseconds after a connection in which what comes still belongs to it
_READABLE, _POLL = 1, 3  # MicroPython's py/stream.h: MP_STREAM_POLL_RD, MP_STREAM_POLL


class Uart:
    """A stream. place: the UART's number, and after a colon its bauds if they are not 115200; pins are those of the port."""

    def __init__(self, place):
        number, _, bauds = place.partition(":")
        self.uart = UART(int(number), int(bauds or 115200), rxbuf=ROOM, txbuf=1024, timeout=1000)

    def wait(self, milliseconds=None):
        """Until there is something to read, or that time is over; False when it is."""
        began = time.ticks_ms()
        while not self.uart.any():
            if milliseconds is not None and time.ticks_diff(time.ticks_ms(), began) > milliseconds:
                return False
            time.sleep_ms(1)
        return True

    def accept(self):
        """A server's client begins with its first byte."""
        self.wait()
        return self, None

    def recv_into(self, view):
        if not self.wait(PATIENCE):
            return 0
        return self.uart.readinto(view, min(self.uart.any(), len(view)))

    def send(self, view):
        return self.uart.write(view) or 0

    def close(self):
        """Wait until all is sent, and drop what still comes."""
        self.uart.flush()
        time.sleep_ms(QUIET)
        self.uart.read()


class Datagrams(io.IOBase):
    """Datagrams, which select.poll() can wait for. There is one peer, whose address is PEER."""

    PEER = b"uart"

    def __init__(self, place):
        self.line = Uart(place)
        self.frames = Frames()
        self.waiting = []

    def ioctl(self, request, flags):
        """What poll() asks."""
        if request != _POLL:
            return 0
        n = self.line.uart.any()
        if n:
            self.waiting += self.frames.take(self.line.uart.read(n))
        return flags & _READABLE if self.waiting else 0

    def recv(self, size):
        """The next datagram, which must be there: poll first."""
        return self.waiting.pop(0)[:size]

    def send(self, datagram):
        data = memoryview(frame(datagram))
        while len(data):
            data = data[self.line.send(data) :]
        return len(datagram)

    def recvfrom(self, size):
        return self.recv(size), self.PEER

    def sendto(self, datagram, address):
        return self.send(datagram)

    def close(self):
        self.line.close()
