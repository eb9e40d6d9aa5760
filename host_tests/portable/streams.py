# SPDX-License-Identifier: MIT
"""mxtls.stream on every interpreter (self-test): lines that give little, give nothing yet, end, and hang; and records that cost no heap."""

import errno
import sys

import micropython

import mxtls
from mxtls.stream import Stream

NAP = []
KINDS = (
    {"most": 1000}, {"most": 99, "empty": OSError(errno.EAGAIN)}, {"most": 1}, {"most": 7, "plain": True}, {"max_record": 512},
    {"most": 300, "empty": 0, "endless": True}, {"most": 98, "empty": OSError(errno.ETIMEDOUT), "plain": True},
)
passed = 0


def check(what, got, wanted=True):
    global passed
    if got != wanted:
        print("streams: %s: got %r, wanted %r" % (what, got, wanted))
        sys.exit(1)
    passed += 1


def fails(what, call, kind, part=""):
    try:
        call()
    except kind as e:
        check(what, part in str(e))
        return e
    check(what, "nothing raised", kind)


class Line:
    """One end of a line in memory. most: bytes that one read or write moves; empty: what a read gives when there is nothing."""

    def __init__(self, most=1000, empty=None):
        self.most = most
        self.empty = empty
        self.came = bytearray(20000)
        self.start = self.end = 0
        self.other = None
        self.full = False
        self.left = 1 << 20  # bytes until it is full
        self.ended = False
        self.closed = False

    def readinto(self, buf, n):
        n = min(n, self.end - self.start, self.most)
        if n == 0:
            if self.ended:
                return 0
            if isinstance(self.empty, Exception):
                raise self.empty
            return self.empty
        for i in range(n):
            buf[i] = self.came[self.start + i]
        self.start += n
        if self.start == self.end:
            self.start = self.end = 0
        return n

    def write(self, buf, off, n):
        other = self.other
        if self.full:
            return None
        n = min(n, self.most, self.left)
        self.left -= n
        for i in range(n):
            other.came[other.end + i] = buf[off + i]
        other.end += n
        return n

    def close(self):
        self.closed = True
        self.other.ended = True


class Read:
    """The same for transports that know only read(n) and write(view)."""

    def __init__(self, line):
        self.line = line

    def read(self, n):
        data = bytearray(n)
        m = self.line.readinto(data, n)
        return None if m is None else bytes(data[:m])

    def write(self, view):
        return self.line.write(view, 0, len(view))


def keys(secret=b"0123456789abcdef"):
    k = mxtls.Keys()
    k.load_psk(secret, "device")
    return k


def pair(timeout=0, most=1000, empty=None, plain=False, endless=False, cipher_suite=0x00A8, **more):
    a, b = Line(most, empty), Line(most, empty)
    a.other, b.other = b, a
    ends = Read(a) if plain else a, Read(b) if plain else b
    client = Stream(mxtls.ClientSession(keys(), cipher_suite=cipher_suite, **more), ends[0], timeout, endless, idle=lambda: NAP.append(1))
    server = Stream(mxtls.ServerSession(keys()), ends[1], timeout, endless, idle=lambda: NAP.append(1))
    return client, server


def shake(client, server):
    for _ in range(3000):
        a = client.handshake()
        b = server.handshake()
        if a and b:
            return client, server
    check("a handshake in 3000 rounds", False)


def lines():
    """All kinds of lines carry a handshake and data both ways."""
    for suite, kinds in ((0x1301, KINDS[:2]), (0x00A8, KINDS)):
        for what in kinds:
            client, server = shake(*pair(cipher_suite=suite, **what))
            check("handshake again is nothing", client.handshake())
            check("nothing yet", client.read(5), None)
            check("nothing yet, into", client.readinto(bytearray(5)), None)
            check("no line yet", client.readline(), None)
            text = b"one line\nand two\nand a rest" + bytes(200)
            sent = 0
            got = bytearray()
            while sent < len(text):
                sent += client.write(text, sent) or 0
                got.extend(server.read(9) or b"")
            while len(got) < len(text):
                got.extend(server.read(100) or b"")
            check("what crossed over %r" % what, bytes(got), text)
            check("an echo of a part", server.write(text, 9, 8) or server.write(text, 9, 8), 8)
            check("pending", client.ready(), 8)
            check("it in parts", (client.read(2), client.pending(), client.readline(3), client.read(9)), (b"an", 6, b"d t", b"wo\n"))


def reads():
    """read, readinto, readline and receive, over records of all kinds."""
    client, server = shake(*pair())
    for part in (b"first ", b"line\nsecond\n", b"third"):
        client.write(part)
    check("readline over records", server.readline(), b"first line\n")
    check("readline again", server.readline(), b"second\n")
    check("a line without its end", server.readline(), b"third")
    client.write(b"abcdefgh")
    check("readline with a limit", server.readline(3), b"abc")
    got = []
    client.write(b"ij")
    check("receive what is there", server.receive(lambda view: got.append(bytes(view))), 5)
    check("receive what comes", server.receive(lambda view: got.append(bytes(view))), 2)
    check("in views", got, [b"defgh", b"ij"])
    buf = bytearray(6)
    client.write(b"xyz")
    check("readinto what is there", (server.readinto(buf), bytes(buf)), (3, b"xyz\0\0\0"))
    client.write(b"xyzxyz")
    check("readinto n", (server.readinto(buf, 2), server.read_some(buf, 4, 2), bytes(buf)), (2, 2, b"xyz\0zx"))
    check("read of none", server.read(0), b"")
    client.close()
    client.close()
    check("its line is closed", client.transport.closed)
    check("the rest, to the end", server.read(), b"yz")
    check("then nothing", (server.read(), server.read(4), server.readline(), server.readinto(buf), server.receive(None)), (b"", b"", b"", 0, 0))
    check("it knows", server.closed)
    server.close()


def bounds():
    """Lengths that are beyond a buffer's end mean its end, as MicroPython's streams have it."""
    client, server = shake(*pair())
    check("written", (client.write(b"0123456", 2, 99), client.write(b"", 0, 9), client.write(b"x", 2, 1), client.write(b"x", 2)), (5, 0, 0, 0))
    buf = bytearray(3)
    check("read", (server.readinto(buf, 99), bytes(buf), server.read(9)), (3, b"234", b"56"))


def again():
    """A server asks to negotiate again while data is on its way: that goes to the sink. A client that leaves instead has not negotiated."""
    client, server = shake(*pair())
    before = server.session.client_verify
    client.write(b"read, not read")
    check("a part", server.read(6), b"read, ")
    client.write(b"on its way")
    server.session.encode_rehandshake()
    got = []
    for _ in range(3000):
        if server.handshake(lambda view: got.append(bytes(view))):
            break
        client.feed()
    check("data that came first", got, [b"not read", b"on its way"])
    check("new keys", server.session.client_verify != before)
    check("the client too", (client.handshake(), client.read(1)), (True, None))
    client.write(b"after")
    check("data after it", server.read(5), b"after")
    server.session.encode_rehandshake(session_option=mxtls.OPTION_FULL_HANDSHAKE)
    server.flush()
    for _ in range(3000):
        if client.session.quiet:
            break
        check("nothing to read", (client.read(1), client.session.quiet or server.read(1) is None), (None, True))
    check("its Finished is out", client.session.quiet)
    check("a write would block", client.write(b"then"), None)
    for _ in range(3000):
        if client.write(b"then"):
            break
        check("nor yet", server.read(1), None)
    check("and goes behind the handshake", server.read(4), b"then")
    server.session.encode_rehandshake()
    client.close()
    fails("nobody negotiates", server.handshake, mxtls.Error, "closed the connection")


def ends():
    """An end without close_notify, a refusal, a line that ends in the handshake."""
    client, server = shake(*pair())
    client.write(b"half")
    client.transport.close()
    check("what came before", server.read(4), b"half")
    fails("a cut", lambda: server.read(4), mxtls.Error, "cut short")
    check("nothing after it", server.read(4), b"")
    client, server = pair()
    client.handshake()
    client.transport.close()
    fails("a cut handshake", lambda: server.handshake() or server.handshake(), mxtls.Error, "hung up")
    client, server = pair()
    server.session.keys = keys(b"another key, 16!")
    e = fails("another key", lambda: shake(client, server), mxtls.Error)
    e = e if "refused" in str(e) else fails("its peer hears", client.handshake, mxtls.Error, "refused with alert")
    check("no alert for an alert", e.alert, 255)


def waits():
    """Timeouts by an injected clock; after one, the session is as it was."""
    clock = [0]

    def idle():
        clock[0] += 10

    client, server = shake(*pair())
    for stream in (client, server):
        stream.ticks_ms = lambda: clock[0] & 0x3FFFFFFF
        stream.idle = idle
    clock[0] = 0x3FFFFFFF - 20
    server.timeout = 100
    began = clock[0]
    e = fails("a read that waits", lambda: server.read(4), OSError)
    check("by its errno", e.args[0], errno.ETIMEDOUT)
    check("in its time", clock[0] - began, 100)
    client.write(b"late")
    check("and goes on", server.read(4), b"late")
    client.timeout = 50
    client.transport.full = True
    fails("a write that waits", lambda: client.write(b"stuck"), OSError)
    client.transport.full = False
    check("it can be repeated", client.write(b"stuck"), 5)
    check("and was sent once", server.read(5), b"stuck")
    text = bytes(range(250)) * 10
    for taken in (0, 300, 1300):  # of two records and a half
        client.transport.left = taken
        client.session.max_out = 1024
        fails("a write that ends in the middle", lambda: client.write(text), OSError)
        client.transport.left = 1 << 20
        check("it can be repeated, too", client.write(text), len(text))
        check("and nothing went twice", server.read(len(text)) == text)
    buf = bytearray(9)
    for read in (lambda: server.read(9), server.read, server.readline, lambda: bytes(buf[: server.readinto(buf)])):
        client.write(b"half")
        check("what came in time", read(), b"half")
        e = fails("nothing came", read, OSError)
        client.write(b"the whole")
        check("the rest", server.read(9), b"the whole")
    client.timeout = 0
    client.transport.full = True
    check("it would block", client.write(b"later"), None)
    client.transport.full = False
    check("not any more", client.write(b"later"), 5)
    check("once, too", server.read(5), b"later")
    slow, server = pair()
    server.ticks_ms = lambda: clock[0]
    server.idle = idle
    server.timeout = 1000
    server.transport.most = 1
    slow.handshake()

    def byte_by_byte():
        clock[0] += 10
        return 1

    real = server.transport.readinto
    server._reader = lambda buf, n: byte_by_byte() and real(buf, n)
    fails("a handshake that comes byte by byte", server.handshake, OSError)
    server._reader = real
    server.timeout = 10
    while True:
        try:
            server.handshake()
            break
        except OSError:
            check("it can be repeated", len(NAP) < 3000)
            NAP.append(slow.handshake())


def heap():
    """Records over a line that gives itself to the buffer cost nothing, where kernels do not."""
    client, server = shake(*pair())
    buf = bytearray(300)
    text = bytes(range(250))

    def cross(n):
        for _ in range(3):
            if client.write(text, 0, n) != n or server.readinto(buf, n) != n:
                return False
            if server.write(text, 0, n) != n or client.readinto(buf, n) != n:
                return False
        return True

    check("records", cross(250) and cross(100))
    if not [p for p in sys.path if "-pure" in p or "-natmod-64" in p and mxtls.kernels.__path__.endswith("/soft")]:
        micropython.heap_lock()
        try:
            good = cross(250) and cross(1)
        finally:
            micropython.heap_unlock()
        check("records under heap_lock", good)


for test in (lines, reads, bounds, again, ends, waits, heap):
    test()
print("streams: %d passed" % passed)
