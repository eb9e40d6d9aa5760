# SPDX-License-Identifier: MIT
"""Run on an emulated RP2040 by tools/bench_rp2040.py: what board_mx.py measures, for MicroPython's built-in `tls` (mbedtls)."""

import errno
import io

import tls


class Pipe(io.IOBase):
    """One end of a connection in memory."""

    def __init__(self):
        self.waiting = bytearray()
        self.other = None

    def readinto(self, buf):
        n = min(len(buf), len(self.waiting))
        if not n:
            return None
        buf[:n] = self.waiting[:n]
        self.waiting = self.waiting[n:]
        return n

    def write(self, data):
        self.other.waiting.extend(data)
        return len(data)

    def ioctl(self, request, argument):
        return argument & (5 if self.waiting else 4) if request == 3 else 0  # poll: readable, writable

    def setblocking(self, flag):
        pass


def handshake(kind, suite):
    """(client, server, cycles of the client, cycles of the server), after a few bytes came through."""
    a, b = Pipe(), Pipe()
    a.other, b.other = b, a
    trust, own = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT), tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(read(kind + ".crt"), read(kind + ".key"))
    trust.verify_mode = tls.CERT_REQUIRED
    trust.load_verify_locations(read(kind + ".ca"))
    trust.set_ciphers([suite])
    gc.collect()
    began = cycles()
    client = trust.wrap_socket(a, server_hostname="localhost", do_handshake_on_connect=False)
    spent_client = cycles() - began
    began = cycles()
    server = own.wrap_socket(b, server_side=True, do_handshake_on_connect=False)
    spent_server = cycles() - began
    written = None
    for _ in range(100):
        if written is None:
            began = cycles()
            try:
                written = client.write(b"hello")
            except OSError as e:
                if e.errno != errno.EAGAIN:
                    raise
            spent_client += cycles() - began - _OVERHEAD
        began = cycles()
        got = server.read(64)
        spent_server += cycles() - began - _OVERHEAD
        if got:
            return client, server, spent_client, spent_server
    raise ValueError("no handshake")


def bulk(name, client, server, size):
    """Cycles a byte of sealing and opening, a record at a time."""
    data, buf = bytes(size), bytearray(size)
    began = cycles()
    client.write(data)
    sealed = cycles() - began - _OVERHEAD
    began = cycles()
    n = 0
    while n < size:
        n += server.readinto(buf) or 0
    report(name, sealed // size, (cycles() - began - _OVERHEAD) // size)


def measure(kind, suite, name=None):
    """A full handshake with certificates, and where there is a name, records of 1 KB and of 4 KB."""
    client, server, spent_client, spent_server = handshake(kind, suite)
    report(kind, spent_client, spent_server)
    if name:
        bulk(name + " 1024", client, server, 1024)
        bulk(name + " 4096", client, server, 4096)
    client.close()
    server.close()
