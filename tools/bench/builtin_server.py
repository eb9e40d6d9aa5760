# SPDX-License-Identifier: MIT
"""Frozen by tools/bench_heap.py and bench_speed.py: mx_server.py over MicroPython's built-in `tls`; the same arguments, MAX_RECORD unused."""

import socket
import sys
import time

import tls


def load(name):
    with open(name, "rb") as f:
        return f.read()


def main(argv):
    context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(load(argv[1]), load(argv[2]))
    listener = socket.socket()
    listener.bind(socket.getaddrinfo("127.0.0.1", int(argv[4]))[0][-1])
    listener.listen(1)
    print("listening")
    sock = listener.accept()[0]
    began = time.ticks_ms()
    sock = context.wrap_socket(sock, server_side=True)
    print(time.ticks_diff(time.ticks_ms(), began))
    data = bytearray(1024)
    while True:
        n = sock.readinto(data)
        if not n:
            return 0
        sock.write(data)


sys.exit(main(sys.argv))
