# SPDX-License-Identifier: MIT
"""Runs a page's program as it stands, on CPython or MicroPython: run.py FILE [NAME:PORT=OURS …]. A name and port of the page lead to a port of this machine."""

import socket
import sys

resolve = socket.getaddrinfo
table = dict(pair.split("=") for pair in sys.argv[2:])


def getaddrinfo(host, port, *rest):
    own = table.get("%s:%s" % (host, port))
    assert own or host in ("0.0.0.0", "127.0.0.1"), "the test does not know %s:%s" % (host, port)
    return resolve("127.0.0.1", int(own or port), *rest)


class Socket:
    """The module, where its names cannot be changed: MicroPython's."""

    def __getattr__(self, name):
        return getattr(socket, name)


if sys.implementation.name == "micropython":
    Socket.getaddrinfo = staticmethod(getaddrinfo)
    sys.modules["socket"] = sys.modules["usocket"] = Socket()  # type: ignore
else:
    socket.getaddrinfo = getaddrinfo
name = sys.argv[1]
with open(name) as f:
    text = f.read()
exec(compile(text, name, "exec"), {"__name__": "__main__"})
