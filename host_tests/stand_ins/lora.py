# SPDX-License-Identifier: MIT
"""micropython-lib's `lora` for test_docs.py: packets of 255 bytes at most, as UDP to the other end, of which one is lost. LORA in the environment is "own:other", the ports."""

import os
import select
import socket

LOST = 3  # the number of the packet that never arrives


class SX1262:
    def __init__(self, *_, **__):
        own, other = os.getenv("LORA").split(":")
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(socket.getaddrinfo("127.0.0.1", int(own))[0][-1])
        self._other = socket.getaddrinfo("127.0.0.1", int(other))[0][-1]
        self._poll = select.poll()
        self._poll.register(self._sock, select.POLLIN)
        self._sent = 0

    def send(self, packet):
        assert len(packet) <= 255, "no LoRa packet has %d bytes" % len(packet)
        self._sent += 1
        self._sock.sendto(b"" if self._sent == LOST else packet, self._other)

    def recv(self, timeout_ms=None):
        """The next packet. None at once where one was lost, on either side: nobody waits for what does not come."""
        if self._sent == LOST:
            self._sent += 1
            return None
        if self._poll.poll(-1 if timeout_ms is None else 20 * timeout_ms):
            return bytearray(self._sock.recvfrom(255)[0]) or None
