# SPDX-License-Identifier: MIT
"""The modules tls and mxtls.ssl on every interpreter (self-test): sockets over pipes in memory, which block, dribble and fail as they
are told, and a few over the loopback, at the port that is given."""

import io
import sys

import tls
from engine_certs import CHAIN, KEY, ROOT

import mxtls
import mxtls.ssl as ssl

PSK = b"0123456789abcdef"
passed = 0


def check(what, got, wanted=True):
    global passed
    if got != wanted:
        print("tls_module: %s: got %r, wanted %r" % (what, got, wanted))
        sys.exit(1)
    passed += 1


class Pipe(io.IOBase):
    """One end of a pipe. most: bytes that a write takes at once, 0 for none; datagrams keep their borders; error: what a read raises; late: what
    one raises that has nothing to read, and a write when `left` bytes were taken."""

    def __init__(self, datagrams=False):
        self.other = None
        self.parts = []
        self.datagrams = datagrams
        self.most = 1 << 20
        self.ended = False
        self.error = self.late = 0
        self.left = 1 << 30
        self.closed_by = []
        self.polled = []

    def readinto(self, buf):
        if self.error:
            raise OSError(self.error, "as told; it is a test")
        if not self.parts:
            if self.late:
                raise OSError(self.late, "as told; it is a test")
            return 0 if self.other.ended else None
        part = self.parts[0]
        n = min(len(buf), len(part))
        buf[:n] = part[:n]
        if n == len(part) or self.datagrams:
            self.parts.pop(0)
        else:
            self.parts[0] = part[n:]
        return n

    def write(self, buf):
        if not self.most:
            return None
        n = min(len(buf), self.most, self.left)
        if not n:
            raise OSError(self.late, "as told; it is a test")
        self.left -= n
        self.other.parts.append(bytes(buf[:n]))
        return n

    def close(self):
        self.closed_by.append(4)

    def ioctl(self, request, flags):
        self.polled.append(flags)
        return (flags & 1 if self.parts or self.other.ended else 0) | (flags & 4 if self.most else 0)

    def setblocking(self, flag):
        pass


class Blocking(Pipe):
    """The same with a socket's calls; blocked: the reads that would have waited."""

    def __init__(self, datagrams=False):
        super().__init__(datagrams)
        self.blocked = []

    def recv(self, n):
        if not self.parts:
            self.blocked.append(n)
            raise OSError(11, "it would wait; it is a test")
        data = bytearray(n)
        return bytes(data[: self.readinto(data)])

    def send(self, buf):
        return self.write(buf)


def pipes(datagrams=False, kind=Pipe):
    a, b = kind(datagrams), kind(datagrams)
    a.other, b.other = b, a
    return a, b


def contexts(module=tls):
    client = module.SSLContext(module.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=ROOT)
    server = module.SSLContext(module.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(CHAIN, KEY)
    return client, server


def join(client, server, name="localhost", datagrams=False, blocking=True, kind=Pipe):
    """Both sockets and their pipes, the handshake not begun."""
    a, b = pipes(datagrams, kind)
    c = client.wrap_socket(a, server_hostname=name, do_handshake_on_connect=False)
    s = server.wrap_socket(b, server_side=True, do_handshake_on_connect=False)
    if not blocking:
        c.setblocking(False)
        s.setblocking(False)
    return c, s, a, b


def meet(c, s, text=b"hello", patience=200):
    """Write until the handshake is done and the text has arrived. How many calls that took."""
    calls = 0
    while c.write(text) is None:
        calls += 1
        if calls > patience:
            check("a handshake that ends", calls, patience)
        s.recv(0) if s.ioctl(3, 1) == 32 else s._plain()
    while s._plain() is None:
        calls += 1
    check("what was sent with the handshake's end", s.read(len(text)), text)
    return calls


def fails(call, *args):
    """The number and text of the OSError that a call raises; None where it raises none."""
    try:
        call(*args)
    except OSError as e:
        check("a line that says what to do", len(e.args) == 2 and isinstance(e.args[1], str) and (";" in e.args[1] or ":" in e.args[1]))
        return e.args[0]
    return None


def breaks(c, s):
    """Run a handshake that fails: the numbers that each side sees."""
    seen = [None, None]
    for _ in range(200):
        for i, end in enumerate((c, s)):
            if seen[i] is None:
                try:
                    end._plain()
                except OSError as e:
                    seen[i] = e.args[0]
                    check("a failed socket is not ready", end.ioctl(3, 5), 32)
                    check("and fails again", fails(end.read, 1), seen[i])
    return seen


def streams():
    """Reading and writing, in all ways."""
    client, server = contexts()
    c, s, a, b = join(client, server)
    check("no cipher before", c.cipher(), None)
    meet(c, s)
    name, version = c.cipher()
    check("the version", version, "TLSv1.3")
    check("the suite is one of get_ciphers()", name in client.get_ciphers())
    check("both agree", s.cipher(), (name, version))
    check("nothing to read is None", (s.read(1), s.recv(1), s.readline(), s.readinto(bytearray(1)), s.recv_into(bytearray(1))), (None,) * 5)
    check("nothing to read is not ready", s.ioctl(3, 1), 0)
    check("writing is", s.ioctl(3, 4), 4)
    check("write says how much", c.write(b"one\ntwo\nthree"), 13)
    check("part of a record is ready", (s.read(1), s.ioctl(3, 1), b.polled[-1]), (b"o", 1, 4))
    check("readline", (s.readline(), s.readline(2), s.readline()), (b"ne\n", b"tw", b"o\n"))
    check("a line that has not ended", (s.readline(), s.readline()), (b"three", None))
    check("write(buf, n)", c.write(b"0123456789", 4), 4)
    check("write(buf, off, n)", c.write(memoryview(b"0123456789"), 4, 3), 3)
    check("write(str), send, sendall", (c.write("text"), c.send(b"sent"), c.sendall(b"all")), (4, 4, 3))
    buf = bytearray(20)
    check("readinto goes on over records", (s.readinto(buf, 6), bytes(buf[:6])), (6, b"012345"))
    check("recv_into takes what is there", (s.recv_into(memoryview(buf)[1:]), bytes(buf[1:2])), (1, b"6"))
    check("read(n) goes on", s.read(9), b"textsenta")
    check("recv does not", s.recv(100), b"ll")
    check("nothing is something", (c.write(b""), s.recv(0), s.read(0)), (0, b"", b""))
    long = bytes(range(256)) * 40
    check("longer than a record", (c.write(long), s.read(len(long)) == long), (10240, True))
    check("all of it", c.write(b"the end"), 7)
    check("getpeercert", c.getpeercert(True) == CHAIN[: len(c.getpeercert(True))])
    c.close()
    check("the transport is closed", a.closed_by, [4])
    check("the end is ready", s.ioctl(3, 1) & 1, 1)
    check("read to the end", (s.read(), s.read(), s.read(5), s.recv(5), s.readline()), (b"the end", b"", b"", b"", b""))
    check("a closed socket", (c.ioctl(3, 1), fails(c.read, 1), fails(c.write, b"x"), fails(c.setblocking, False), c.close()), (32, 9, 9, 9, None))
    check("close by ioctl", (s.ioctl(4, 0), s.ioctl(4, 0), s.ioctl(10, 0), b.closed_by), (0, 0, -22, [4]))


def waiting():
    """A transport that takes a little at a time, or nothing: state is kept."""
    for blocking in (True, False):
        client, server = contexts()
        client.max_version = 0x0303
        c, s, a, b = join(client, server, blocking=blocking)
        a.most = 0
        check("the hello cannot go", (c.read(1), c.ioctl(3, 1), a.polled[-1]), (None, 0, 4))
        a.most = b.most = 50
        calls = meet(c, s)
        check("a step a call" if not blocking else "few calls", calls > 8 if not blocking else calls <= 8)
        check("the version asked for", c.cipher()[1], "TLSv1.2")
        a.most = 0
        text = b"x" * 3000 + b"y" * 3000
        check("nothing went", c.write(text), None)
        a.most = 1000
        done = 0
        for _ in range(50):
            n = c.write(text, done, len(text) - done)
            done += n or 0
            a.most = 1000 if a.most == 0 else 0
            if done == len(text):
                break
        a.most = 1000
        check("all went", done, len(text))
        check("once each", s.read(len(text) + 1) == text)


def timeouts():
    """A transport whose time is over in the middle of a call: nothing is lost, and nothing goes twice."""
    client, server = contexts()
    c, s, a, b = join(client, server)
    meet(c, s)
    a.late = b.late = 110
    long = bytes(range(250)) * 60
    for text, left in ((b"short", 0), (b"short", 9), (long, 0), (long, 4000), (long, 9000)):
        a.left = left
        check("a write in time", fails(c.write, text), 110)
        a.left = 1 << 30
        check("once more", c.write(text), len(text))
        check("it came once", s.read(len(text) + 1) == text)
    buf = bytearray(9)
    for read in (lambda: s.read(9), s.read, s.readline, lambda: bytes(buf[: s.readinto(buf)])):
        c.write(b"half")
        check("what came in time", read(), b"half")
        check("nothing came", fails(read), 110)
        c.write(b"the whole")
        check("the rest", s.read(9), b"the whole")


def again():
    """The peer negotiates again, and we write in the middle of it."""
    client, server = contexts()
    client.max_version = 0x0303
    c, s = join(client, server)[:2]
    meet(c, s)
    try:
        s._session.encode_rehandshake(session_option=mxtls.OPTION_FULL_HANDSHAKE)
    except mxtls.Error:
        return  # not in this build
    s._send()
    for _ in range(200):
        if c._session.quiet:
            break
        check("nothing to read", (c.recv(1), c._session.quiet or s.recv(1) is None), (None, True))
    check("our Finished is out", c._session.quiet)
    check("a write waits for the peer", (c.write(b"behind it"), c.ioctl(3, 4)), (None, 0))
    check("the peer goes on", s.recv(1), None)
    check("and so do we", (c.ioctl(3, 4) & 4, c.write(b"behind it"), s.recv(20)), (4, 9, b"behind it"))


def closing():
    """What lies unread when a socket closes is thrown away, and not waited for."""
    client, server = contexts()
    for unread in (b"", b"1", b"\x17\3\3", bytes(600), bytes(20000)):
        c, s, a, b = join(client, server, kind=Blocking)
        meet(c, s)
        if unread:
            a.parts.append(unread)
        del a.blocked[:]
        c.close()
        check("it does not wait for more", (a.blocked, a.closed_by), ([], [4]))
        check("goodbye", s.read(), b"")


def refusals():
    """What fails, on which side, with which number."""
    client, server = contexts()
    check("a name that is not the certificate's", breaks(*join(client, server, "example.org")[:2]), [-0x2700, -0x7780])
    stranger = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    check("no root", breaks(*join(stranger, server)[:2]), [-0x2700, -0x7780])
    stranger.verify_mode = tls.CERT_NONE
    c, s = join(stranger, server, None)[:2]
    meet(c, s)
    try:
        client.wrap_socket(Pipe())
    except ValueError as e:
        check("whom it wants", str(e), "CERT_REQUIRED requires server_hostname")
    asking = contexts()[1]
    asking.verify_mode = tls.CERT_REQUIRED
    asking.load_verify_locations(ROOT)
    client.max_version = 0x0303
    check("no client certificate", breaks(*join(client, asking)[:2]), [-0x7780, -0x2700])
    client.max_version = 0
    for data, error in ((b"HTTP/1.1 400 Bad Request\r\n", -0x7200), (b"", -0x7280)):
        c, s, a, b = join(client, server)
        c._plain()
        b.ended = True
        if data:
            b.write(data)
        check("no TLS, or nothing", fails(c.read, 1), error)
    c, s, a, b = join(client, server)
    meet(c, s)
    s.write(b"half")
    b.ended = True
    check("a hang-up is an end", (c.read(), c.read()), (b"half", b""))
    client.ragged_eof = False
    c, s, a, b = join(client, server)
    meet(c, s)
    b.ended = True
    check("or an error", fails(c.read), -0x7280)
    client.ragged_eof = True
    for number, again in ((104, 104), (110, None)):
        c, s, a, b = join(client, server)
        meet(c, s)
        a.error = number
        check("the transport's error", fails(c.read, 1), number)
        a.error = 0
        s.write(b"more")
        check("a reset is final, a timeout is not", fails(c.read, 4), again)
    c, s, a, b = join(client, server)
    meet(c, s)
    s.write(b"damaged")
    last = bytearray(a.parts[-1])
    last[-1] ^= 1
    a.parts[-1] = bytes(last)
    check("a damaged record", fails(c.read, 1), -0x7180)
    check("and its peer", fails(s.read, 1), -0x7780)
    for bad in ((b"!", KEY), (CHAIN, b"!"), (ROOT, KEY)):
        try:
            tls.SSLContext(tls.PROTOCOL_TLS_SERVER).load_cert_chain(*bad)
            check("a bad certificate or key", False)
        except ValueError as e:
            check("a bad certificate or key", str(e).startswith("invalid "))
    check("a server without keys", fails(tls.SSLContext(tls.PROTOCOL_TLS_SERVER).wrap_socket(Pipe(), do_handshake_on_connect=False).read, 1), -0x5E80)


def choices():
    """Suites, pre-shared keys, callbacks."""
    client, server = contexts()
    for name in ("TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"):
        client.set_ciphers([name])
        c, s = join(client, server)[:2]
        meet(c, s)
        check("the suite", c.cipher()[0].replace("TLS1-3", "TLS"), name.replace("_", "-"))
    server.set_ciphers(["TLS_AES_128_GCM_SHA256"])
    check("none in common", breaks(*join(client, server)[:2]), [-0x7780, -0x6E00])
    check("no such suite", fails(client.set_ciphers, ["BAR"]), -0x5E80)
    check("no suite", fails(client.set_ciphers, []), -0x5E80)
    try:
        client.set_ciphers("TLS_AES_128_GCM_SHA256")
    except TypeError as e:
        check("not a list", str(e), "object 'str' isn't a tuple or list")

    client, server = contexts()
    seen = []
    client.verify_callback = lambda certificate, depth: seen.append((depth, len(certificate))) or 0
    c, s = join(client, server)[:2]
    meet(c, s)
    check("from the top down", [depth for depth, n in seen], [1, 0])
    client.verify_callback = lambda certificate, depth: 1
    check("it refuses", breaks(*join(client, server)[:2]), [-0x2700, -0x7780])
    signed = []
    server.ecdsa_sign_callback = lambda key, digest: signed.append((len(key), len(digest)))  # None: it cannot
    client.verify_callback = None
    meet(*join(client, server)[:2])
    check("what signs", signed, [(32, 32)])

    for version in (0x0303, 0x0304):
        client = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        client.psk_identity = b"device"
        client.psk_key = PSK
        client.max_version = version
        server = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        server.server_psk_keys = {b"device": PSK}
        meet(*join(client, server, None)[:2])
        client.psk_identity = b"other"
        check("an unknown identity", breaks(*join(client, server, None)[:2])[0], -0x7780)
    certified = contexts()[1]
    client.psk_identity = b"device"
    check("a certificate in the place of the shared key", breaks(*join(client, certified, "localhost")[:2])[0], -0x2700)
    certified.server_psk_keys = {b"device": PSK}
    check("and the other way round", breaks(*join(contexts()[0], certified)[:2])[1], -0x6E00)


def datagrams():
    """DTLS: the cookie, lost flights, data."""
    client = tls.SSLContext(tls.PROTOCOL_DTLS_CLIENT)
    client.load_verify_locations(ROOT)
    server = tls.SSLContext(tls.PROTOCOL_DTLS_SERVER)
    server.load_cert_chain(CHAIN, KEY)
    a, b = pipes(True)
    c = client.wrap_socket(a, server_hostname="localhost", do_handshake_on_connect=False)
    check("the hello goes", c.read(1), None)
    check("a cookie is asked for", fails(lambda: server.wrap_socket(b, server_side=True, client_id=b"address")), -0x6A80)
    check("the client comes again", c.read(1), None)
    s = server.wrap_socket(b, server_side=True, client_id=b"address", do_handshake_on_connect=False)
    for _ in range(20):
        s.read(1)
        if c.write(b"datagram"):
            break
    check("a datagram", (s.recv(100), c.cipher()[1]), (b"datagram", "DTLSv1.2"))
    check("and back", (s.send(b"answer"), c.recv(100)), (6, b"answer"))
    c.close()
    check("goodbye", s.recv(100), b"")


def names_of_cpython():
    """mxtls.ssl: contexts that verify, application protocols, sessions, BIOs, exceptions."""
    client, server = contexts(ssl)
    server.set_alpn_protocols(["h2", "http/1.1"])
    client.set_alpn_protocols(["http/1.1"])
    c, s = join(client, server)[:2]
    check("before", (c.version(), c.selected_alpn_protocol(), c.session_reused), (None, None, None))
    meet(c, s)
    s.write(b"so that the ticket has come")
    c.recv(100)
    check("after", (c.version(), c.selected_alpn_protocol(), s.selected_alpn_protocol(), c.session_reused), ("TLSv1.3", "http/1.1", "http/1.1", False))
    check("cipher has three parts", c.cipher()[0].startswith("TLS_") and c.cipher()[1:], ("TLSv1.3", 128))
    check("getpeercert", c.getpeercert()["subjectAltName"], (("DNS", "localhost"), ("IP Address", "127.0.0.1")))
    a, b = pipes()
    again = client.wrap_socket(a, server_hostname="localhost", do_handshake_on_connect=False, session=c.session)
    s = server.wrap_socket(b, server_side=True, do_handshake_on_connect=False)
    meet(again, s)
    check("of which class", type(again.session).__name__, ssl.SSLSession.__name__)  # the class itself may have been forgotten and imported again
    check("the session again", (again.session_reused, s.session_reused), (True, True))
    for number, kind, name in ((-0x2700, ssl.SSLCertVerificationError, "example.org"), (None, None, "example.org")):
        if number is None:
            client.check_hostname = False
        c, s = join(client, server, name)[:2]
        if number is None:
            meet(c, s)
            continue
        try:
            while True:
                c._plain()
                s._plain()
        except ssl.SSLError as e:
            check("which exception", (isinstance(e, kind), isinstance(e, OSError), e.args[0], e.verify_message), (True, True, number, e.args[1]))
    c, s = join(contexts(ssl)[0], server)[:2]
    for end in (c, s):
        end.close()
        check("a closed socket", (fails(end.settimeout, 1), fails(end.setblocking, True), end.fileno(), end.version(), end.pending()), (9, 9, -1, None, 0))
    for kind in (Pipe, Blocking):
        for blocking in (True, False):
            c, s, a, b = join(contexts(ssl)[0], server, kind=kind, blocking=blocking)
            meet(c, s)
            s.write(b"unread")
            check("goodbye goes, and waits for the other", c.unwrap(), None)
            check("that has come here", s.unwrap() is b)
            b.write(b"in the clear")
            check("and there, no byte more", (c.unwrap() is a, bytes(a.parts[-1])), (True, b"in the clear"))
            check("both are closed", (fails(c.read, 1), fails(s.read, 1), len(a.parts)), (9, 9, 1))
    check("an unknown suite", fails(client.set_ciphers, "TLS_AES_128_GCM_SHA256:X"), -0x5E80)
    client.minimum_version = ssl.TLSVersion.TLSv1_2
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    check("versions", (client.minimum_version, client.maximum_version, server.minimum_version), (0x0303, 0x0303, -2))
    client.check_hostname = True
    into, out = (ssl.MemoryBIO(), ssl.MemoryBIO()), (ssl.MemoryBIO(), ssl.MemoryBIO())
    c = client.wrap_bio(into[0], into[1], server_hostname="localhost")
    s = server.wrap_bio(out[0], out[1], server_side=True)
    done = []
    for _ in range(20):
        for end, mine, its in ((c, into, out), (s, out, into)):
            if end not in done:
                try:
                    end.do_handshake()
                    done.append(end)
                except ssl.SSLWantReadError:
                    pass
            its[0].write(mine[1].read())
    check("both are done", (len(done), c.version()), (2, "TLSv1.2"))
    check("written", c.write(b"through a BIO"), 13)
    out[0].write(into[1].read())
    buf = bytearray(100)
    check("read", (s.read(7), s.pending(), s.read(100, buf), bytes(buf[:6])), (b"through", 6, 6, b" a BIO"))
    try:
        s.read(1)
        check("nothing more", False)
    except ssl.SSLWantReadError as e:
        check("nothing more", e.args[0], ssl.SSL_ERROR_WANT_READ)
    into[0].write_eof()
    try:
        c.read(1)
        check("a hang-up", False)
    except ssl.SSLEOFError as e:
        check("a hang-up", e.args[0], -0x7280)
    check("random", (len(ssl.RAND_bytes(10)), ssl.RAND_bytes(8) != ssl.RAND_bytes(8)), (10, True))


def sockets(port):
    """Real ones: a timeout, a peer that resets, and a handshake that select.poll drives."""
    import select
    import socket

    client, server = contexts()
    address = socket.getaddrinfo("127.0.0.1", port)[0][-1]
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(2)
    micropython = sys.implementation.name == "micropython"

    def pair():
        a = socket.socket()
        a.connect(address)
        return a, listener.accept()[0]

    a, b = pair()
    a.settimeout(0.2)
    c = client.wrap_socket(a, server_hostname="localhost", do_handshake_on_connect=False)
    for _ in range(2):
        try:
            c.do_handshake()
        except OSError as e:
            check("a timeout", e.args[0] == 110 if micropython else str(e), True if micropython else "timed out")
    b.close()
    try:
        c.do_handshake()
        check("a hang-up, or a reset", False)
    except OSError as e:
        check("a hang-up, or a reset", e.args[0] in (-0x7280, 104))
    c.close()
    a, b = pair()
    c = client.wrap_socket(a, server_hostname="localhost", do_handshake_on_connect=False)
    s = server.wrap_socket(b, server_side=True, do_handshake_on_connect=False)
    for end in (c, s):
        end.setblocking(False)
    poll = select.poll()
    if micropython:
        poll.register(c, select.POLLOUT)
        poll.register(s, select.POLLIN)
    text = b"through poll" * 500
    got = b""
    sent = turns = 0
    while len(got) < len(text) and turns < 5000:
        turns += 1
        ready = [end for end, events in poll.poll(5000)] if micropython else [c, s]
        check("something is ready", bool(ready))
        if c in ready:
            sent += c.write(text, sent, len(text) - sent) or 0
            if sent == len(text) and micropython:
                poll.unregister(c)
        if s in ready:
            got += s.read(1000) or b""
    check("all of it", got == text)
    c.close()
    check("and the end", s.read(), b"")
    s.close()
    listener.close()


streams()
waiting()
timeouts()
again()
closing()
refusals()
choices()
datagrams()
names_of_cpython()
sockets(int(sys.argv[1]))
print("tls_module: %d passed" % passed)
