# SPDX-License-Identifier: MIT
"""One DTLS session of MicroPython's built-in `tls`, over UDP: builtin_dtls.py client|server PORT FOLDER SUITE. Run by test_interop_dtls.py."""

import io
import socket
import sys

import tls

_HELLO_VERIFY_REQUIRED = -0x6A80

role, port, folder, suite = sys.argv[1:]
address = socket.getaddrinfo("127.0.0.1", int(port), 0, socket.SOCK_DGRAM)[0][-1]


def read(name):
    with open(folder + "/" + name, "rb") as f:
        return f.read()


class Wire(io.IOBase):
    """A connected socket as the stream that tls wants: a datagram for each read."""

    def __init__(self, sock, first=None):
        self.sock, self.first = sock, first

    def readinto(self, buf):
        data = self.first or self.sock.recv(len(buf))
        self.first = None
        buf[: len(data)] = data
        return len(data)

    def write(self, buf):
        return self.sock.send(buf)

    def ioctl(self, op, argument):
        return 0


sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if role == "client":
    context = tls.SSLContext(tls.PROTOCOL_DTLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    context.load_verify_locations(read("root.der"))
    context.set_ciphers([suite])
    sock.connect(address)
    stream = context.wrap_socket(Wire(sock), server_hostname="localhost")
    stream.write(b"0123456789")
    print("got", stream.read(10).decode())
else:
    context = tls.SSLContext(tls.PROTOCOL_DTLS_SERVER)
    context.load_cert_chain(read("leaf.der"), read("leaf.key"))
    context.set_ciphers([suite])
    sock.bind(address)
    print("listening")
    data, peer = sock.recvfrom(2048)
    sock.connect(peer)
    wire = Wire(sock, data)
    while True:
        try:
            stream = context.wrap_socket(wire, server_side=True)
            break
        except OSError as e:
            if e.args[0] != _HELLO_VERIFY_REQUIRED:
                raise
    stream.write(stream.read(10))
