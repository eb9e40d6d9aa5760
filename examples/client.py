# SPDX-License-Identifier: MIT
"""A TLS client for the command line, on CPython and MicroPython alike: connects, checks the certificate, and sends or gets.

    client.py --connect HOST:PORT [--name N] [--ca FILE] [--cipher 0xC02B|NAME] [--get PATH | --send TEXT]
              [--max-record N] [--insecure]

Prints one line after the handshake and what the server sends; exits 0 only when data crossed.
The loop that an application writes is in stream.py.
"""

import common
import mxtls
from mxtls.codes import ALLOW_ANON_CONNECTION
from stream import Stream

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
    client = Stream(session, common.connect(host, port))
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


if __name__ == "__main__":
    common.run(main)
