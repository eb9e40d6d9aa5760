# SPDX-License-Identifier: MIT
"""A network of datagrams in memory, with a clock of its own, and the two ends on it. Used by the tests of DTLS.

    clock = network.Clock(monkeypatch)                the engine's clock: it moves only when told to
    net = network.Network(clock, seed=1, loss=0.2)    what it loses, doubles, delays and damages follows from the seed
    client, server = network.pair(keys)               two Ends, not yet connected
    net.run(client, server)                             carry datagrams, and wait for timers, until both are quiet
"""

import heapq
import random

import loop

import mxtls
from mxtls import codes as c

HEADER = 13  # of a record; a fragment has another of 12 bytes


class Clock:
    """Milliseconds in the place of the port's."""

    def __init__(self, monkeypatch, start=0x3FFFF000):
        import mxtls_port

        self.now = 0
        self.start = start  # so near the end that it wraps soon
        monkeypatch.setattr(mxtls_port, "ticks_ms", lambda: (self.start + self.now) & 0x3FFFFFFF)


class End(loop.End):
    """A session as an application drives it over datagrams."""

    def datagrams(self):
        """All that wait to be sent, one by one."""
        s, found = self.session, []
        while not self.error:
            try:
                view = s.get_outdata()
                n = len(view)
                if not n:
                    return found
                assert n <= mxtls.get_pmtu(), "a datagram of %d bytes" % n
                found.append(bytes(view))
                view = None
                self.sent.append(s.sent_data(n))
                self.complete = self.complete or self.sent[-1] == c.HANDSHAKE_COMPLETE
            except mxtls.Error as e:
                self.error = e
        return found

    def put(self, datagram):
        """One datagram comes; what is longer than the read buffer is cut, as a socket does."""
        s = self.session
        if self.error or s.closing & 2:
            return self
        view = s.get_readbuf()
        n = min(len(view), len(datagram))
        view[:n] = datagram[:n]
        view = None
        self._follow(s.received_data, n)
        return self

    def send(self, data):
        """One datagram of plaintext."""
        self.session.encode_to_outdata(data)
        return self


def pair(chain, name="localhost", client=None, server=None, **both):
    """A client and a server End over a pki.Chain or a (trust, own) pair of Keys; client, server, both: arguments of the sessions."""
    trust, own = chain if isinstance(chain, tuple) else loop.keys_of(chain)
    both["dtls"] = True
    arguments = dict(both, server_name=name)
    arguments.update(client or {})
    return End(mxtls.ClientSession(trust, **arguments)), End(mxtls.ServerSession(own, **dict(both, **(server or {}))))


class Network:
    """Two directions. loss, double, reorder, damage: what share of datagrams; heal: after that many milliseconds nothing is lost any more.
    A datagram takes 10 ms, one that is reordered up to `late` ms. Damage is a changed byte in what is encrypted, and garbage beside what is not."""

    def __init__(self, clock, seed=0, loss=0.0, double=0.0, reorder=0.0, damage=0.0, late=1500, heal=20000):
        self.clock, self.random = clock, random.Random(seed)
        self.loss, self.double, self.reorder, self.damage, self.late, self.heal = loss, double, reorder, damage, late, heal
        self.waiting = []  # (when, count, end, datagram)
        self.count = 0
        self.carried = 0
        self.bytes = 0
        self.began = clock.now

    def post(self, end, datagram):
        """On its way to an End."""
        r = self.random
        self.bytes += len(datagram)
        if self.clock.now - self.began > self.heal:
            return self._deliver(end, datagram, 10)
        if r.random() < self.loss:
            return None
        if r.random() < self.damage:
            if datagram[3] or datagram[4]:
                at = r.randrange(HEADER, len(datagram))
                datagram = datagram[:at] + bytes([datagram[at] ^ r.randrange(1, 256)]) + datagram[at + 1 :]
            else:
                self._deliver(end, bytes(r.randrange(256) for _ in range(r.randrange(1, 60))), 10)
        delay = 10 + (r.randrange(self.late) if r.random() < self.reorder else 0)
        self._deliver(end, datagram, delay)
        if r.random() < self.double:
            self._deliver(end, datagram, delay + r.randrange(self.late))
        return None

    def _deliver(self, end, datagram, delay):
        self.count += 1
        heapq.heappush(self.waiting, (self.clock.now + delay, self.count, end, datagram))

    def run(self, a, b, until=None, seconds=400, look=None):
        """Until both ends are quiet, or until() holds. look(end) is called after each datagram."""
        stop = self.clock.now + 1000 * seconds
        other = {id(a): b, id(b): a}
        while self.clock.now < stop:
            for end in (a, b):
                for datagram in end.datagrams():
                    self.post(other[id(end)], datagram)
            if until and until():
                return self
            times = [end.session.timeout() for end in (a, b) if not end.error]
            times = [self.clock.now + t for t in times if t >= 0]
            if self.waiting and (not times or self.waiting[0][0] <= min(times)):
                when, _, end, datagram = heapq.heappop(self.waiting)
                self.clock.now = max(self.clock.now, when)
                self.carried += 1
                end.put(datagram)
                if look:
                    look(end)
            elif times:
                self.clock.now = min(times)
            else:
                return self
        raise AssertionError("the two never come to rest")


def connect(client, server, net):
    """A handshake that must succeed."""
    net.run(client, server)
    for end in (client, server):
        if end.error:
            raise end.error
    assert client.complete and server.complete and not client.alerts and not server.alerts
    return client, server


# Datagrams as bytes


def records(datagram, cid=b""):
    """[(content type, version, epoch, number, body)] of a datagram; a record with a connection id must have this one."""
    found, at = [], 0
    while at < len(datagram):
        body = at + HEADER
        if datagram[at] == c.TLS12_CID:
            assert datagram[at + 11 : body + len(cid) - 2] == cid, "another connection id"
            body += len(cid)
        n = datagram[body - 2] << 8 | datagram[body - 1]
        assert body + n <= len(datagram), "half a record"
        found.append((datagram[at], datagram[at + 1] << 8 | datagram[at + 2], datagram[at + 3] << 8 | datagram[at + 4],
                      int.from_bytes(datagram[at + 5 : at + 11], "big"), datagram[body : body + n]))
        at = body + n
    return found


def fragments(datagrams):
    """[(message type, length, message_seq, offset, body)] of what is in the clear."""
    found = []
    for datagram in datagrams:
        for kind, _, epoch, _, body in records(datagram):
            while kind == c.HANDSHAKE and epoch == 0 and body:
                n = int.from_bytes(body[9:12], "big")
                found.append((body[0], int.from_bytes(body[1:4], "big"), body[4] << 8 | body[5], int.from_bytes(body[6:9], "big"), body[12 : 12 + n]))
                body = body[12 + n :]
    return found


def record(body, kind=c.HANDSHAKE, number=0, epoch=0, version=c.DTLS1_2, cid=b""):
    return bytes([kind]) + version.to_bytes(2, "big") + epoch.to_bytes(2, "big") + number.to_bytes(6, "big") + cid + len(body).to_bytes(2, "big") + bytes(body)


def fragment(kind, length, seq, at, body):
    return bytes([kind]) + length.to_bytes(3, "big") + seq.to_bytes(2, "big") + at.to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes(body)
