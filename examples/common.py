# SPDX-License-Identifier: MIT
"""What client.py and server.py share: options, sockets, and their one-line reports."""

import gc
import sys
from binascii import hexlify, unhexlify

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
    ("--store", "file of trusted roots that tools/trust_store.py made"),
    ("--pin", "SHA-256 of a public key that the peer's chain must hold; a,b for several"),
    ("--fingerprint", "SHA-256 of a certificate to trust as it is; a,b for several"),
    ("--psk", "pre-shared key in hexadecimal"),
    ("--psk-identity", "its identity; default: Client_identity"),
    ("--cipher", "the one cipher suite to offer, 0xC02B or its IANA name"),
    ("--dtls", None, "over datagrams, UDP"),
    ("--uart", "N or N:BAUDS, a board's UART instead of HOST:PORT; with --dtls its datagrams are framed by SLIP"),
    ("--pmtu", "the longest datagram, bytes of UDP payload, for both sides; default: 1500"),
    ("--connection-id", "HEX that datagrams to us carry, so that a new address is no loss; a server puts a byte behind it"),
    ("--min-version", "ssl3, tls1.0 to tls1.3; dtls1.0 or dtls1.2"),
    ("--max-version", "the same"),
    ("--max-record", "longest record's plaintext, bounds the memory: 512 to 16384"),
    ("--alpn", "application protocols, the preferred first: h2,http/1.1"),
    ("--export", "LABEL of keying material, of which 32 bytes are printed after a handshake"),
    ("--trace", None, "show the handshake's messages, in a build that has traces or from source"),
)
_peak = 0
_asked = {}  # the options


def lookup(rows, number):
    for row in rows:
        if row[0] == number:
            return row[1]
    return str(number)


def parse(options, argv):
    """argv to a dict by option name without dashes; exits on what it does not know."""
    global _asked
    values = _asked = {}
    for row in options:
        values[row[0][2:].replace("-", "_")] = None
    if not argv or "--help" in argv:
        list_options(options)
        sys.exit(0)
    i = 0
    while i < len(argv):
        row = None
        for candidate in options:
            if candidate[0] == argv[i]:
                row = candidate
        if row is None or (row[1] and i + 1 == len(argv)):
            list_options(options)
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


def list_options(options):
    print("options:")
    for row in options:
        print("  %-15s %s" % (row[0], row[-1]))


def parts(text):
    """The parts of "a,b"; none of None."""
    return text.split(",") if text else []


def built(thing, name, option):
    """An attribute that a build may lack; else a line that names its option."""
    if not hasattr(thing, name):
        raise Error(-11, 255, "%s is not in this build; enable its USE_ option" % option)
    return getattr(thing, name)


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
    """Keys from the files, digests and the pre-shared key of the command line."""
    import mxtls

    keys = mxtls.Keys()
    if options["cert"] or options["ca"]:
        keys.load_rsa_keys(options["cert"], options["key"], options["password"], options["ca"])
    if options["store"]:
        built(keys, "load_trust_store", "--store")(options["store"])
    for digest in parts(options["pin"]):
        built(keys, "pin", "--pin")(digest)
    for digest in parts(options["fingerprint"]):
        built(keys, "trust_fingerprint", "--fingerprint")(digest)
    if options["psk"]:
        keys.load_psk(unhexlify(options["psk"]), options["psk_identity"] or "Client_identity")
    return keys


def connection_id(options):
    """The bytes of --connection-id; b"" asks for none but sends the peer's, None offers nothing."""
    return None if options["connection_id"] is None else unhexlify(options["connection_id"])


def on_uart(place, dtls):
    """A UART where a socket is expected."""
    try:
        import uart
    except ImportError:
        raise Error(-6, 255, "--uart is for boards; give HOST:PORT here")
    return uart.Datagrams(place) if dtls else uart.Uart(place)


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
    out = sys.stdout
    if hasattr(out, "flush"):  # a board's has none
        out.flush()
    if hasattr(out, "buffer"):
        out.buffer.write(view)
        if hasattr(out, "flush"):
            out.flush()
    else:
        out.write(bytes(view).decode())


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
    if _asked["alpn"]:
        print("alpn %s" % (session.alpn or "none"))
    if _asked["export"]:
        material = built(session, "export", "--export")(_asked["export"].encode())
        print("export %s" % hexlify(material).decode())


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
