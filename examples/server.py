# SPDX-License-Identifier: MIT
"""A TLS server for the command line, on CPython and MicroPython alike: echo or a page, one client at a time, or with --dtls many at once.

    server.py --listen HOST:PORT --cert FILE --key FILE [--echo | --www] …    (--help lists them all)
On a board: import server; server.main("--uart 0 --cert cert.der --key key.der --www".split())

Prints `listening on PORT`, then one line for each handshake. It goes on after a client fails, until --count clients were served;
its exit code is that of the last one.
"""

import sys

import common

from mxtls.config import USE_DTLS as _USE_DTLS

OPTIONS = common.OPTIONS + (
    ("--listen", "HOST:PORT, port 0 for any"),
    ("--dh", "file of Diffie-Hellman parameters, PEM or DER"),
    ("--sni", "keys for other host names, NAME=CERT:KEY; a,b for several"),
    ("--staple", "file of the OCSP response for --cert, DER"),
    ("--verify", None, "ask clients for a certificate that --ca issued, and refuse those without"),
    ("--echo", None, "send back what comes (the default)"),
    ("--www", None, "answer each request with a page"),
    ("--count", "leave after that many clients; default: never"),
)


class Request:
    """What one client sent so far; the page is due when its empty line has come."""

    def __init__(self):
        self.tail = b""

    def __call__(self, view):
        self.tail = (self.tail + bytes(view))[-512:]

    def complete(self):
        return b"\r\n\r\n" in self.tail or b"\n\n" in self.tail


def page(session):
    text = "mxtls: %s, suite 0x%04X\n" % (common.lookup(common.VERSIONS, session.version), session.cipher_suite)
    head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return (head % len(text) + text).encode()


class Echo:
    """Keeps what one read brought, to be sent back."""

    def __init__(self):
        self.parts = []

    def __call__(self, view):
        self.parts.append(bytes(view))


def serve(client, www, verify):
    """Echo or answer until the client closes; the bytes that came."""
    started = common.ticks_ms()
    client.handshake()
    common.handshake_line(client.session, started, "client", verify and not client.session.anonymous)
    total = 0
    request = Request()
    while not client.closed:
        echo = Echo()
        total += client.receive(echo)
        for part in echo.parts:
            if www:
                request(part)
            else:
                client.send(part)
        if www and request.complete():
            client.send(page(client.session))
            break
    return total


def main(argv):
    options = common.parse(OPTIONS, argv)
    if options["trace"]:
        common.trace()
    import mxtls

    keys = common.load_keys(options)
    names = more_keys(options)
    if options["dh"]:
        keys.load_dh_params(options["dh"])
    if options["staple"]:
        common.built(keys, "ocsp_response", "--staple")
        with open(options["staple"], "rb") as file:
            keys.ocsp_response = file.read()
    mxtls.open()
    if options["dtls"] and not _USE_DTLS:
        raise mxtls.Error(-11, 255, "DTLS is not in this build; enable USE_DTLS")
    if _USE_DTLS and options["pmtu"]:
        mxtls.set_pmtu(int(options["pmtu"]))
    listener, where = listen(options)
    print("listening on " + where)
    count = int(options["count"] or 0)
    if _USE_DTLS and options["dtls"]:
        import datagrams

        prefix = common.connection_id(options)
        refuse = bool(options["verify"])
        sys.exit(datagrams.serve(listener, lambda cid: make_session(keys, names, options, cid), count, page if options["www"] else None, refuse, prefix))
    if options["connection_id"] is not None:
        raise mxtls.Error(-6, 255, "--connection-id is for datagrams; give --dtls too")
    served = 0
    failure = None
    while not count or served < count:
        sock = listener.accept()[0]
        served += 1
        failure = one(keys, names, sock, options)
    if failure:
        sys.exit(1)


def more_keys(options):
    """Keys by host name, of --sni; each trusts what the others do."""
    from mxtls import Error

    names = {}
    for item in common.parts(options["sni"]):
        if "=" not in item or ":" not in item:
            raise Error(-6, 255, "give --sni NAME=CERT:KEY")
        name, files = item.split("=", 1)
        own = dict(options)
        own["cert"], own["key"] = files.split(":", 1)
        names[name] = common.load_keys(own)
    return names


def listen(options):
    """What accepts clients, and what to call it."""
    if options["uart"]:
        return common.on_uart(options["uart"], options["dtls"]), "uart " + options["uart"]
    host, port = common.address(options["listen"])
    listener = common.listen(host, port, options["dtls"])
    if hasattr(listener, "getsockname"):
        port = listener.getsockname()[1]
    return listener, "%d" % port


def make_session(keys, names, options, connection_id=None):
    import mxtls

    return mxtls.ServerSession(
        keys,
        cert_validator=refuse_strangers if options["verify"] else None,
        min_version=common.version_number(options["min_version"]),
        max_version=common.version_number(options["max_version"]),
        max_record=int(options["max_record"] or 16384),
        dtls=bool(options["dtls"]),
        alpn=common.parts(options["alpn"]),
        sni=names,
        connection_id=connection_id,
    )


def one(keys, names, sock, options):
    """Serve one client; what went wrong, or None."""
    from stream import Stream

    import mxtls

    client = None
    try:
        client = Stream(make_session(keys, names, options), sock)
        if not serve(client, options["www"], bool(options["verify"])):
            return "no data"
    except mxtls.Error as e:
        print("error code=%d alert=%s : %s" % (e.code, common.alert_name(e.alert), e.text))
        return e
    except (OSError, MemoryError) as e:
        print("error code=-7 alert=none : %r; the connection is gone" % e)
        return e
    finally:
        try:
            if client:
                client.close()
            else:
                sock.close()
        except (OSError, mxtls.Error):
            pass
    return None


def refuse_strangers(session, certificate, alert):
    """--verify: the library's judgement stands."""
    return alert


if __name__ == "__main__":
    common.run(main)
