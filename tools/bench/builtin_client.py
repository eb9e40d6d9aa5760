# SPDX-License-Identifier: MIT
"""Frozen by tools/bench_heap.py and bench_speed.py: mx_client.py over MicroPython's built-in `tls`; the same arguments, MAX_RECORD unused."""

import socket
import sys
import time

import tls


def put(sock, n):
    """Send n bytes, which count up."""
    data = bytearray(1024)
    for i in range(1024):
        data[i] = i & 255
    while n > 0:
        n -= sock.write(data)


def get(sock, n, pattern):
    """Take n bytes; whether they are what put sends."""
    data = bytearray(1024)
    while n:
        m = sock.readinto(data, min(n, 1024))
        if not m:
            return False
        n -= m
        if pattern:
            for i in range(m):
                if data[i] != i & 255:
                    return False
    return True


def main(argv):
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    with open(argv[2], "rb") as f:
        context.load_verify_locations(f.read())
    sock = socket.socket()
    sock.connect(socket.getaddrinfo("127.0.0.1", int(argv[1]))[0][-1])
    began = time.ticks_ms()
    sock = context.wrap_socket(sock, server_hostname="localhost")
    done = time.ticks_ms()
    if argv[4] == "echo":
        put(sock, 1024)
        good = get(sock, 1024, True)
    else:
        n = int(argv[5])
        sock.write(b"%s %d\n" % (argv[4], n))
        if argv[4] == "put":
            put(sock, n)
            n = 2
        good = get(sock, n, False)
    print(time.ticks_diff(done, began), time.ticks_diff(time.ticks_ms(), done))
    sock.close()
    return 0 if good else 1


sys.exit(main(sys.argv))
