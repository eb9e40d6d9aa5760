# SPDX-License-Identifier: MIT
"""Datagrams over a serial line, framed as RFC 1055 (SLIP) says: each stands between two bytes END, and what looks like END or ESC in it is
sent as two bytes. Used by uart.py on a board and by tools/uart_bridge.py at the other end.
"""

END, ESC = b"\xc0", b"\xdb"
_ESC_END, _ESC_ESC = b"\xdb\xdc", b"\xdb\xdd"
LONGEST = 4096  # bytes without an END: more is noise


def frame(datagram):
    """The bytes that a datagram travels as."""
    return END + bytes(datagram).replace(ESC, _ESC_ESC).replace(END, _ESC_END) + END


class Frames:
    """Takes bytes in any pieces."""

    def __init__(self):
        self.rest = b""

    def take(self, data):
        """The datagrams, a list of bytes, that end in these bytes."""
        *whole, self.rest = (self.rest + data).split(END)
        if len(self.rest) > LONGEST:
            self.rest = b""
        return [each.replace(_ESC_END, END).replace(_ESC_ESC, ESC) for each in whole if each]
