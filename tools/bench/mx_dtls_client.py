# SPDX-License-Identifier: MIT
"""Frozen by tools/bench.py: the leanest client over DTLS.

    -m mx_dtls_client PORT ROOT_DER|psk PMTU echo       1 KB there and back, compared
Prints the milliseconds of the handshake and of what followed. Nothing is lost on loopback, so it waits in read() alone.
"""

import socket
import sys
import time

from mxtls.codes import APP_DATA as _APP_DATA, HANDSHAKE_COMPLETE as _HANDSHAKE_COMPLETE, REQUEST_SEND as _REQUEST_SEND
from mxtls.dtls import set_pmtu
from mxtls.keys import Keys
from mxtls.library import open as open_library
from mxtls.session import ClientSession


def flush(session, sock):
    """Send what waits, datagram by datagram; the last status."""
    status = 0
    while session.want_outdata():
        status = session.sent_data(sock.write(session.get_outdata()))
    return status


def read(session, sock):
    """Take in one datagram; the session's status. (A socket's readinto would wait for more until the buffer is full.)"""
    data = sock.recv(session.want_input())
    session.input.buf[session.input.end : session.input.end + len(data)] = data
    return session.received_data(len(data))


def main(argv):
    set_pmtu(int(argv[3]))
    keys = Keys()
    if argv[2] == "psk":
        keys.load_psk(b"0123456789abcdef", "Client_identity")
    else:
        keys.load_rsa_keys(None, None, None, argv[2])
    open_library()
    session = ClientSession(keys, server_name="localhost", dtls=True)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(5)
    sock.connect(socket.getaddrinfo("127.0.0.1", int(argv[1]))[0][-1])
    began = time.ticks_ms()
    status = flush(session, sock)
    while status != _HANDSHAKE_COMPLETE:
        status = read(session, sock)
        if status == _REQUEST_SEND:
            status = flush(session, sock)
    done = time.ticks_ms()
    at = 0
    good = True
    while at < 1024:
        m = session.want_output(min(256, 1024 - at))
        for i in range(m):
            session.output.buf[session.write_off + i] = at + i & 255
        session.encode_writebuf(m)
        flush(session, sock)
        if read(session, sock) != _APP_DATA or session.plain_len != m:
            return 1
        for i in range(m):
            good = good and session.input.buf[session.plain_off + i] == at + i & 255
        session.processed_data()
        at += m
    print(time.ticks_diff(done, began), time.ticks_diff(time.ticks_ms(), done))
    session.encode_closure_alert()
    flush(session, sock)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
