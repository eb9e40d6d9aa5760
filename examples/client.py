# SPDX-License-Identifier: MIT
"""A TLS client for the command line, on CPython and MicroPython alike: connects, checks the certificate, and sends or gets.

    client.py --connect HOST:PORT --ca FILE [--name N] [--get PATH | --send TEXT] …    (--help lists them all)
On a board: import client; client.main("--uart 0 --ca root.der --name N --send hello".split())

Prints one line after each handshake and what the server sends; exits 0 only when data crossed.
The loop that an application writes is in stream.py.
"""

import common

from mxtls.config import USE_DTLS as _USE_DTLS

OPTIONS = common.OPTIONS + (
    ("--connect", "HOST:PORT of the server"),
    ("--name", "host name or address that the certificate must carry; default: the HOST of --connect"),
    ("--get", "PATH to get over HTTP/1.0"),
    ("--send", "TEXT to send; prints what comes back"),
    ("--resume", "connect that many times again, with the session of the first"),
    ("--session", "FILE that keeps the session from one run to the next; it holds a secret"),
    ("--ocsp", None, "ask for a stapled OCSP response, and print its length"),
    ("--later", None, "show --cert also when the server asks after the handshake"),
    ("--rehandshake", None, "negotiate again before sending"),
    ("--fallback", None, "say that an older --max-version is a second try (RFC 7507)"),
    ("--insecure", None, "take any certificate"),
)


class Sink:
    """Prints what comes, and counts it."""

    def __init__(self):
        self.bytes = 0

    def __call__(self, view):
        self.bytes += len(view)
        common.print_bytes(view)


def main(argv):
    options = common.parse(OPTIONS, argv)
    if options["trace"]:
        common.trace()
    import mxtls

    host, port = (None, 0) if options["uart"] else common.address(options["connect"])
    keys = common.load_keys(options)
    mxtls.open()
    if _USE_DTLS and options["pmtu"]:
        mxtls.set_pmtu(int(options["pmtu"]))
    session_id = None
    if options["resume"] or options["rehandshake"] or options["session"]:
        session_id = mxtls.SessionId()
    if options["session"]:
        session_id.from_bytes(saved(options["session"]))
    for _ in range(1 + int(options["resume"] or 0)):
        connection(options, keys, session_id, host, port)
    if options["session"]:
        with open(options["session"], "wb") as file:
            file.write(session_id.to_bytes())
    common.heap_line()


def saved(name):
    """What the last run left in the file, b"" where there was none."""
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        return b""


def connection(options, keys, session_id, host, port):
    """One connection, from the handshake to the closure alert."""
    from stream import Stream

    import mxtls

    name = options["name"] or host
    session = mxtls.ClientSession(
        keys,
        session_id=session_id,
        cipher_suite=common.suite_number(options["cipher"]),
        server_name=name,
        cert_validator=accept_any if options["insecure"] else None,
        min_version=common.version_number(options["min_version"]),
        max_version=common.version_number(options["max_version"]),
        max_record=int(options["max_record"] or 16384),
        fallback=bool(options["fallback"]),
        dtls=bool(options["dtls"]),
        alpn=common.parts(options["alpn"]),
        ocsp=bool(options["ocsp"]),
        post_handshake_auth=bool(options["later"]),
        connection_id=common.connection_id(options),
    )
    sock = common.on_uart(options["uart"], options["dtls"]) if options["uart"] else common.connect(host, port, options["dtls"])
    if _USE_DTLS and options["dtls"]:
        from datagrams import Datagrams

        client = Datagrams(session, sock)
    else:
        client = Stream(session, sock)
    sink = Sink()
    peer = "%s:%d" % (host, port) if host else "uart " + options["uart"]
    try:
        for i in range(2 if options["rehandshake"] else 1):
            if i:
                session.encode_rehandshake()
            started = common.ticks_ms()
            client.handshake(sink)
            common.handshake_line(session, started, peer, not session.anonymous)
            if options["ocsp"]:
                print("ocsp %d bytes" % len(session.ocsp_response or b""))
        if options["get"]:
            client.send(b"GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" % (options["get"].encode(), (name or "localhost").encode()))
            while client.receive(sink):
                pass
        elif options["send"]:
            client.send(options["send"].encode())
            client.receive(sink)
        if not sink.bytes and (options["get"] or options["send"]):
            raise mxtls.Error(-12, 255, "the server sent nothing; look at its log")
    finally:
        try:
            client.close()
        except OSError:
            pass


def accept_any(session, certificate, alert):
    """--insecure: whatever it is, go on, unauthenticated."""
    from mxtls.codes import ALLOW_ANON_CONNECTION

    return ALLOW_ANON_CONNECTION if alert else 0


if __name__ == "__main__":
    common.run(main)
