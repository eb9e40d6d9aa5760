# SPDX-License-Identifier: MIT
"""Frozen by tools/bench_heap.py and bench_speed.py: the leanest server over mxtls, for one client, which gets back what it sends.

    -m mx_server CERT_DER KEY_DER MAX_RECORD PORT
Prints "listening", then the milliseconds of the handshake. builtin_server.py is the same over `tls`.
"""

import socket
import sys
import time

from mxtls.codes import APP_DATA as _APP_DATA, HANDSHAKE_COMPLETE as _HANDSHAKE_COMPLETE, REQUEST_SEND as _REQUEST_SEND
from mxtls.keys import Keys
from mxtls.library import open as open_library
from mxtls.session import ServerSession


def flush(session, sock):
    """Send what waits; the last status."""
    status = 0
    while session.output.end > session.output.start:
        status = session.sent_data(sock.write(session.get_outdata()))
    return status


def read(session, sock):
    """Take in the bytes that the session needs to go on; its status, -1 when the client is gone."""
    session.want_input()
    inp = session.input
    n = sock.readinto(memoryview(inp.buf)[inp.end : inp.end + session.need])
    return session.received_data(n) if n else -1


def echo(session, sock):
    """One record back, in as many as it takes."""
    off = session.plain_off
    end = off + session.plain_len
    while off < end:
        n = session.want_output(end - off)
        given, at = session.input.buf, session.write_off
        for i in range(n):
            session.output.buf[at + i] = given[off + i]
        session.encode_writebuf(n)
        flush(session, sock)
        off += n


def main(argv):
    keys = Keys()
    keys.load_rsa_keys(argv[1], argv[2])
    open_library()
    listener = socket.socket()
    listener.bind(socket.getaddrinfo("127.0.0.1", int(argv[4]))[0][-1])
    listener.listen(1)
    print("listening")
    sock = listener.accept()[0]
    session = ServerSession(keys, max_record=int(argv[3]))
    began = time.ticks_ms()
    status = 0
    while status != _HANDSHAKE_COMPLETE:
        status = read(session, sock)
        if status == _REQUEST_SEND:
            status = flush(session, sock)
        if status < 0 or status == _APP_DATA:
            return 1
    print(time.ticks_diff(time.ticks_ms(), began))
    while True:
        status = read(session, sock)
        while status == _APP_DATA:
            echo(session, sock)
            status = session.processed_data()
        if status < 0 or session.closing:
            return 0


sys.exit(main(sys.argv))
