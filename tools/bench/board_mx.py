# SPDX-License-Identifier: MIT
"""Run on an emulated RP2040 by tools/bench_rp2040.py: a client and a server of mxtls joined in memory, each side's cycles counted.

A side's cycles are those of its constructor and of all its calls until both have finished, with what it imports in between.
Keys are loaded before, as the peer's are (board_builtin.py), and the random generator has its seed.
"""

from mxtls.codes import APP_DATA, HANDSHAKE_COMPLETE
from mxtls.crypto import ecdh
from mxtls.keys import Keys
from mxtls.library import open as open_library
from mxtls.resume import SessionId
from mxtls.session import ClientSession, ServerSession

_GROUPS = ecdh.GROUPS

open_library()


class Side:
    """One end: its session and what it has cost."""

    def __init__(self, make):
        gc.collect()
        self.profile = {}  # what board_profile.py finds
        self.complete = False
        running[0] = self
        began = cycles()
        self.session = make()
        self.spent = self.longest = cycles() - began - _OVERHEAD
        running[0] = None

    def take(self, other):
        """All that waits in the other's output; how many bytes."""
        a, b = other.session, self.session
        moved = 0
        while a.output.end > a.output.start:
            began = cycles()
            n = min(b.want_input(), a.output.end - a.output.start)
            self.spent += cycles() - began - _OVERHEAD
            b.input.buf[b.input.end : b.input.end + n] = a.output.buf[a.output.start : a.output.start + n]
            other.count(a.sent_data, n)
            self.count(b.received_data, n)
            moved += n
        return moved

    def count(self, call, n):
        running[0] = self
        began = cycles()
        status = call(n)
        took = cycles() - began - _OVERHEAD
        self.spent += took
        self.longest = max(self.longest, took)
        running[0] = None
        if status in (HANDSHAKE_COMPLETE, APP_DATA):
            self.complete = True
        if self.session.stepwise and self.session.busy:
            self.count(self.session.received_data, 0)


def handshake(trust, own, suite=0, again=None, group=23, stepwise=False, **options):
    """Client and server after a handshake; group: the one that they agree on, P-256 where nothing is said. stepwise: it gives way."""
    ecdh.GROUPS = [row for row in _GROUPS if row[0] == group]
    client = Side(lambda: ClientSession(trust, again, suite, **options))
    server = Side(lambda: ServerSession(own))
    client.session.stepwise = server.session.stepwise = stepwise
    while server.take(client) + client.take(server):
        pass
    if not client.complete or not server.complete:
        raise ValueError("no handshake")
    return client, server


def bulk(name, client, server, size):
    """Cycles a byte of sealing and opening records of that size by the calls that return no view; the second time round, when buffers have grown."""
    data = bytes(size)
    for _ in range(2):
        a, b = client.session, server.session
        began = cycles()
        a.want_output(size)
        sealed = cycles() - began - _OVERHEAD
        a.output.buf[a.write_off : a.write_off + size] = data
        began = cycles()
        a.encode_writebuf(size)
        sealed += cycles() - began - _OVERHEAD
        server.spent = 0
        server.take(client)
        if len(b.plaintext) != size:
            raise ValueError("a record did not arrive")
        b.processed_data()
    report(name, sealed // size, server.spent // size)


def certificates(kind):
    """Keys of client and server from the files of that kind."""
    trust, own = Keys(), Keys()
    trust.load_rsa_keys(None, None, None, kind + ".ca")
    own.load_rsa_keys(kind + ".crt", kind + ".key")
    return trust, own


def measure(kind, suite=0, group=23, called=None):
    """A full handshake with certificates, called after their kind or something else."""
    keys = certificates(kind)
    called = called or kind
    for name in (called + " first", called):  # the first one imports what the second finds
        client, server = handshake(*keys, suite=suite, group=group, server_name="localhost")
        report(name, client.spent, server.spent)
    return client, server


def measure_steps(kind, suite, group, name):
    """The longest step of a handshake that gives way."""
    for _ in range(2):
        client, server = handshake(*certificates(kind), suite=suite, group=group, stepwise=True, server_name="localhost")
    report(name, client.longest, server.longest)


def measure_resumed():
    """The third of three connections."""
    trust, own = certificates("ecdsa")
    again = SessionId()
    for _ in range(3):
        client, server = handshake(trust, own, 0xC02B, again, server_name="localhost")
    if not client.session.resumed:
        raise ValueError("not resumed")
    report("resumed", client.spent, server.spent)


def measure_psk(suite, name):
    """A PSK handshake and then records of 1 KB and 4 KB."""
    trust, own = Keys(), Keys()
    for keys in (trust, own):
        keys.load_psk(b"0123456789abcdef", "device")
    for _ in range(2):
        client, server = handshake(trust, own, suite)
    report("psk " + name, client.spent, server.spent)
    bulk(name + " 1024", client, server, 1024)
    bulk(name + " 4096", client, server, 4096)
