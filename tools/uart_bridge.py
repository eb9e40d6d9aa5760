#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The other end of a board's UART, on a PC: carries its bytes over TCP, or its datagrams, framed by examples/slip.py, over UDP.

    tools/uart_bridge.py LINE udp HOST:PORT       the board is a client      tools/uart_bridge.py LINE udp-listen PORT     the board is a server
    tools/uart_bridge.py LINE tcp HOST:PORT                                   tools/uart_bridge.py LINE tcp-listen PORT
LINE is a serial port, /dev/ttyUSB0, or that of an emulated board, socket://127.0.0.1:PORT. One peer at a time; Control-C ends it.
"""

import argparse
import contextlib
import select
import socket
import sys

import serial

from steps import ROOT, say

sys.path.insert(0, str(ROOT / "examples"))
from slip import Frames, frame  # noqa: E402

PIECE = 65536


class Udp:
    """The far end of datagrams. here: the port to listen on, or None; peer: (host, port), or None until somebody has written."""

    def __init__(self, here, peer):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if here is not None:
            self.socket.bind(("127.0.0.1", here))
        self.peer, self.frames = peer, Frames()

    def sources(self):
        return [self.socket]

    def send(self, data):
        """What the board wrote, in any pieces."""
        for datagram in self.frames.take(data):
            if self.peer:
                self.socket.sendto(datagram, self.peer)

    def receive(self, _):
        """What the board is to read."""
        try:
            datagram, self.peer = self.socket.recvfrom(PIECE)
        except ConnectionError:  # nobody listens at the peer: datagrams are lost
            return b""
        return frame(datagram)


class Tcp:
    """The far end of a stream, which connects when the board writes, or listens. What is written to nobody is dropped."""

    def __init__(self, here, peer):
        self.listener = socket.create_server(("127.0.0.1", here)) if here is not None else None
        self.peer, self.socket = peer, None

    def sources(self):
        return [s for s in (self.socket, self.listener) if s]

    def send(self, data):
        if not self.socket and self.peer:
            self.socket = socket.create_connection(self.peer)
        if self.socket:
            with contextlib.suppress(ConnectionError):
                self.socket.sendall(data)

    def receive(self, source):
        if source is self.listener:
            self.socket = self.listener.accept()[0]
            return b""
        try:
            data = self.socket.recv(PIECE)
        except ConnectionError:
            data = b""
        if not data:
            self.socket.close()
            self.socket = None
        return data


def carry(line, far):
    """Both ways, until the line ends."""
    while True:
        for source in select.select([line, *far.sources()], [], [])[0]:
            if source is line:
                far.send(line.read(PIECE))
            else:
                line.write(far.receive(source))


def address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("line")
    parser.add_argument("kind", choices=("udp", "udp-listen", "tcp", "tcp-listen"))
    parser.add_argument("place", help="HOST:PORT, or PORT to listen on")
    parser.add_argument("--bauds", type=int, default=115200)
    given = parser.parse_args(arguments)
    listens = given.kind.endswith("-listen")
    try:
        far = (Udp if given.kind[:3] == "udp" else Tcp)(int(given.place) if listens else None, None if listens else address(given.place))
        with serial.serial_for_url(given.line, given.bauds, timeout=0) as line, contextlib.suppress(KeyboardInterrupt):
            say("%s and %s %s are connected" % (given.line, given.kind, given.place))
            carry(line, far)
    except (OSError, ValueError) as e:  # serial.SerialException is an OSError
        say("uart_bridge: %s" % e)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
