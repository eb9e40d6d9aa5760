# SPDX-License-Identifier: MIT
"""What client.py and server.py share: options, sockets, and their one-line reports."""

import gc
import sys
from binascii import unhexlify

try:
    import socket
except ImportError:
    socket = None

import mxtls.suite_names as suite_names
import mxtls_port
from mxtls import Error
from mxtls.alert_names import name as alert_name

VERSIONS = ((0x0300, "ssl3"), (0x0301, "tls1.0"), (0x0302, "tls1.1"), (0x0303, "tls1.2"), (0x0304, "tls1.3"), (0xFEFF, "dtls1.0"), (0xFEFD, "dtls1.2"))
# What client.py and server.py both take: option, its value (None: it has none), what it does
OPTIONS = (
    ("--cert", "file or files (a;b) of our certificate chain, our own first"),
    ("--key", "file of its private key"),
    ("--password", "of the private key's file"),
    ("--ca", "file or files (a;b) of trusted roots, PEM or DER"),
    ("--psk", "pre-shared key in hexadecimal"),
    ("--psk-identity", "its identity; default: Client_identity"),
    ("--cipher", "the one cipher suite to offer, 0xC02B or its IANA name"),
    ("--dtls", None, "over datagrams, UDP"),
    ("--pmtu", "the longest datagram, bytes of UDP payload, for both sides; default: 1500"),
    ("--min-version", "ssl3, tls1.0 to tls1.3; dtls1.0 or dtls1.2"),
    ("--max-version", "the same"),
    ("--max-record", "longest record's plaintext, bounds the memory: 512 to 16384"),
    ("--trace", None, "show the handshake's messages, in a build that has traces or from source"),
)
_peak = 0


def lookup(rows, number):
    for row in rows:
        if row[0] == number:
            return row[1]
    return str(number)


def parse(options, argv):
    """argv to a dict by option name without dashes; exits on what it does not know."""
    values = {}
    for row in options:
        values[row[0][2:].replace("-", "_")] = None
    i = 0
    while i < len(argv):
        row = None
        for candidate in options:
            if candidate[0] == argv[i]:
                row = candidate
        if row is None or (row[1] and i + 1 == len(argv)):
            print("options:")
            for row in options:
                print("  %-15s %s" % (row[0], row[-1]))
            print("error code=-6 alert=none : option %s is not known or lacks its value" % argv[i])
            sys.exit(1)
        key = row[0][2:].replace("-", "_")
        if row[1]:
            i += 1
            values[key] = argv[i]
        else:
            values[key] = True
        i += 1
    return values


def address(text):
    """HOST:PORT or [HOST]:PORT."""
    if not text or ":" not in text:
        raise Error(-6, 255, "give HOST:PORT")
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def suite_number(text):
    if not text:
        return 0
    try:
        return suite_names.number(text)
    except ValueError:
        raise Error(-10, 255, "no cipher suite is called %s; give an IANA name or 0x…" % text)


def version_number(text):
    if not text:
        return 0
    for row in VERSIONS:
        if row[1] == text:
            return row[0]
    raise Error(-6, 255, "no version is called %s; give one of ssl3 tls1.0 tls1.1 tls1.2 tls1.3 dtls1.0 dtls1.2" % text)


def trace():
    """Switch the traces on: from source, before the library's modules are loaded."""
    try:
        import mxtls.config as config

        config.USE_SSL_HANDSHAKE_MSG_TRACE = 1
    except ImportError:
        print("trace: this build has none but those its manifest chose; USE_SSL_HANDSHAKE_MSG_TRACE=1 brings them")


def load_keys(options):
    """Keys from the files and the pre-shared key of the command line."""
    import mxtls

    keys = mxtls.Keys()
    if options["cert"] or options["ca"]:
        keys.load_rsa_keys(options["cert"], options["key"], options["password"], options["ca"])
    if options["psk"]:
        keys.load_psk(unhexlify(options["psk"]), options["psk_identity"] or "Client_identity")
    return keys


def connect(host, port, dtls=False):
    kind = socket.SOCK_DGRAM if dtls else socket.SOCK_STREAM
    info = socket.getaddrinfo(host, port, 0, kind)[0]
    sock = socket.socket(info[0], kind)
    sock.connect(info[-1])
    return sock


def listen(host, port, dtls=False):
    kind = socket.SOCK_DGRAM if dtls else socket.SOCK_STREAM
    info = socket.getaddrinfo(host, port, 0, kind)[0]
    sock = socket.socket(info[0], kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(info[-1])
    if not dtls:
        sock.listen(5)
    return sock


def ticks_ms():
    return mxtls_port.ticks_ms()


def print_bytes(view):
    text = bytes(view)
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.flush()
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(text.decode())


def sample_heap():
    """Note the live heap where MicroPython tells it."""
    global _peak
    if hasattr(gc, "mem_alloc"):
        gc.collect()
        _peak = max(_peak, gc.mem_alloc())


def handshake_line(session, started, peer, verified):
    print(
        "handshake version=%s suite=%s resumed=%d verified=%d peer=\"%s\" ms=%d heap_peak=%d"
        % (lookup(VERSIONS, session.version), suite_names.name(session.cipher_suite), session.resumed, verified, peer, ticks_ms() - started, _peak)
    )


def heap_line():
    if _peak:
        print("heap live_peak=%d free=%d" % (_peak, gc.mem_free()))


def run(main):
    """main(argv), with every failure as one line and exit code 1."""
    try:
        main(sys.argv[1:])
    except Error as e:
        print("error code=%d alert=%s : %s" % (e.code, alert_name(e.alert), e.text))
        sys.exit(1)
    except MemoryError as e:
        print("error code=-8 alert=none : out of memory (%s); give a smaller --max-record or a larger heap" % e)
        sys.exit(1)
    except OSError as e:
        print("error code=-7 alert=none : %s; check the address and the files" % e)
        sys.exit(1)
