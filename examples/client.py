# SPDX-License-Identifier: MIT
"""A TLS client for the command line, on CPython and MicroPython alike: connects, checks the certificate, and sends or gets.

    client.py --connect HOST:PORT [--name N] [--ca FILE] [--cipher 0xC02B|NAME] [--get PATH | --send TEXT]
              [--max-record N] [--insecure]

Prints one line after the handshake and what the server sends; exits 0 only when data crossed.
The loop in `Client` is what an application writes; see docs/architecture.md for the way of a byte.
"""

import sys

import common
import mxtls
from mxtls.codes import (
    ALLOW_ANON_CONNECTION,
    APP_DATA,
    HANDSHAKE_COMPLETE,
    RECEIVED_ALERT,
    REQUEST_CLOSE,
    REQUEST_SEND,
    SUCCESS,
)

OPTIONS = (
    ("--connect", "HOST:PORT of the server"),
    ("--name", "host name or address that the certificate must carry; default: the HOST of --connect"),
    ("--ca", "file or files (a;b) of trusted roots, PEM or DER"),
    ("--cipher", "the one cipher suite to offer, 0xC02B or its IANA name"),
    ("--get", "PATH to get over HTTP/1.0"),
    ("--send", "TEXT to send; prints what comes back"),
    ("--max-record", "longest record's plaintext, bounds the memory: 512 to 16384"),
    ("--insecure", None, "take any certificate"),
)


class Client:
    """A blocking socket and a session. send() and receive() are all that an application needs."""

    def __init__(self, session, sock):
        self.session = session
        self.sock = sock
        self.closed = False

    def flush(self):
        """Send what waits; the last status."""
        s = self.session
        status = SUCCESS
        while True:
            out = s.get_outdata()
            if not len(out):
                return status
            status = s.sent_data(common.write(self.sock, out))

    def read(self):
        """Feed the session once from the socket; its status."""
        s = self.session
        n = common.read_into(self.sock, s.get_readbuf())
        if not n:
            s.received_eof()
            self.closed = True
            return REQUEST_CLOSE
        return s.received_data(n)

    def handshake(self):
        """Run until the handshake is complete. Data that came along with its end is left to receive()."""
        status = self.flush()
        while status != HANDSHAKE_COMPLETE:
            common.sample_heap()
            status = self.read()
            if status == RECEIVED_ALERT:
                self.alert()
                status = self.session.processed_data()
            if status == REQUEST_SEND:
                status = self.flush()
            if self.closed or status == REQUEST_CLOSE:
                raise mxtls.Error(-12, 255, "the server closed the connection; look at its log")

    def send(self, data):
        at = 0
        while at < len(data):
            view = self.session.get_writebuf(len(data) - at)
            view[:] = data[at : at + len(view)]
            at += len(view)
            self.session.encode_writebuf(len(view))
            self.flush()

    def receive(self, sink):
        """Hand one read's worth of plaintext to sink(view); returns the bytes, 0 when the peer closed."""
        total = 0
        while not total and not self.closed:
            status = self.read()
            while status in (APP_DATA, RECEIVED_ALERT):
                if status == APP_DATA:
                    total += len(self.session.plaintext)
                    sink(self.session.plaintext)
                else:
                    self.alert()
                status = self.session.processed_data()
            if status == REQUEST_SEND:
                self.flush()
            common.sample_heap()
        return total

    def alert(self):
        level, number = self.session.plaintext
        if number == 0:
            self.closed = True
        elif level == 2:
            self.closed = True
            raise mxtls.Error(-12, 255, "the server refused with alert %d (%s)" % (number, common.alert_name(number)))

    def close(self):
        if self.session.closing == 0 or self.session.closing == 2:
            self.session.encode_closure_alert()
            self.flush()
        self.session.delete()
        self.sock.close()


def main(argv):
    options = common.parse(OPTIONS, argv)
    host, port = common.address(options["connect"])
    keys = mxtls.Keys()
    if options["ca"]:
        keys.load_rsa_keys(None, None, None, options["ca"])
    got = [0]
    validator = None
    if options["insecure"]:
        validator = accept_any
    mxtls.open()
    session = mxtls.ClientSession(
        keys,
        cipher_suite=common.suite_number(options["cipher"]),
        server_name=options["name"] or host,
        cert_validator=validator,
        max_record=int(options["max_record"] or 16384),
    )
    client = Client(session, common.connect(host, port))
    try:
        started = common.ticks_ms()
        client.handshake()
        common.handshake_line(session, started, host + ":%d" % port, not session.anonymous)
        if options["get"]:
            client.send(b"GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" % (options["get"].encode(), host.encode()))
        elif options["send"]:
            client.send(options["send"].encode())
        if options["get"] or options["send"]:

            def sink(view):
                got[0] += len(view)
                common.print_bytes(view)

            while client.receive(sink) and not options["send"]:
                pass
        if not got[0] and (options["get"] or options["send"]):
            raise mxtls.Error(-12, 255, "the server sent nothing; look at its log")
    finally:
        try:
            client.flush()
            client.close()
        except OSError:
            pass
    common.heap_line()


def accept_any(session, certificate, alert):
    """--insecure: whatever it is, go on, unauthenticated."""
    return ALLOW_ANON_CONNECTION if alert else 0


if __name__ in ("__main__", "client"):
    common.run(main)
