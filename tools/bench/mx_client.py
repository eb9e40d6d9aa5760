# SPDX-License-Identifier: MIT
"""Frozen by tools/bench_heap.py and bench_speed.py: the leanest verified client over mxtls. builtin_client.py is the same over `tls`.

    -m mx_client PORT ROOT_DER|psk MAX_RECORD echo   1 KB there and back, compared
    -m mx_client PORT ROOT_DER MAX_RECORD get BYTES  so many bytes from the peer; `put` sends them
Prints the milliseconds of the handshake and of what followed.
"""

import socket
import sys
import time

from mxtls.codes import APP_DATA as _APP_DATA, HANDSHAKE_COMPLETE as _HANDSHAKE_COMPLETE, REQUEST_SEND as _REQUEST_SEND
from mxtls.keys import Keys
from mxtls.library import open as open_library
from mxtls.session import ClientSession


def flush(session, sock):
    """Send what waits; the last status."""
    status = 0
    while session.output.end > session.output.start:
        status = session.sent_data(sock.write(session.get_outdata()))
    return status


def read(session, sock):
    """Take in the bytes that the session needs to go on; its status."""
    session.want_input()
    inp = session.input
    n = sock.readinto(memoryview(inp.buf)[inp.end : inp.end + session.need])
    if not n:
        raise OSError("the peer hung up")
    return session.received_data(n)


def put(session, sock, n, pattern):
    """Send n bytes, which count up or are zero."""
    while n:
        m = session.want_output(n)
        buf = session.output.buf
        off = session.write_off
        if pattern:
            for i in range(m):
                buf[off + i] = i & 255
        session.encode_writebuf(m)
        flush(session, sock)
        n -= m


def get(session, sock, n, pattern):
    """Take n bytes; whether they are what put sends."""
    at = 0
    status = 0
    while True:
        while status == _APP_DATA:
            buf = session.input.buf
            off = session.plain_off
            if pattern:
                for i in range(session.plain_len):
                    if buf[off + i] != at + i & 255:
                        return False
            at += session.plain_len
            status = session.processed_data()
        if at >= n:
            return at == n
        status = read(session, sock)


def main(argv):
    keys = Keys()
    if argv[2] == "psk":
        keys.load_psk(b"0123456789abcdef", "Client_identity")
    else:
        keys.load_rsa_keys(None, None, None, argv[2])
    open_library()
    session = ClientSession(keys, server_name="localhost", max_record=int(argv[3]))
    sock = socket.socket()
    sock.connect(socket.getaddrinfo("127.0.0.1", int(argv[1]))[0][-1])
    began = time.ticks_ms()
    status = flush(session, sock)
    while status != _HANDSHAKE_COMPLETE:
        status = read(session, sock)
        if status == _REQUEST_SEND:
            status = flush(session, sock)
    done = time.ticks_ms()
    if argv[4] == "echo":
        put(session, sock, 1024, True)
        good = get(session, sock, 1024, True)
    else:
        n = int(argv[5])
        session.encode_to_outdata(b"%s %d\n" % (argv[4], n))
        flush(session, sock)
        if argv[4] == "put":
            put(session, sock, n, False)
            n = 2
        good = get(session, sock, n, False)
    print(time.ticks_diff(done, began), time.ticks_diff(time.ticks_ms(), done))
    session.encode_closure_alert()
    flush(session, sock)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
