# SPDX-License-Identifier: MIT
"""Two sessions, or one and a raw peer, joined in memory. Used by the tests of the engine.

    client, server = loop.pair(chain)             two Ends, not yet connected
    loop.connect(client, server, chunk=1)         pump until both are quiet, one byte at a time
    client.send(b"...")                           plaintext in; loop.pump(client, server); server.data has it; carry() does it at any length
    client.take()                                 the bytes it wants to send; server.feed(bytes) hands them over
    loop.records(data), loop.messages(records)    a flight taken apart; loop.record, loop.message put one together
"""

import mxtls
from mxtls import codes as c

FEED_MOST = 100000  # calls of received_data for one feed: more is a hang


class End:
    """A session as an application drives it. It follows each status; what came is in data, alerts, statuses and error."""

    def __init__(self, session):
        self.session = session
        self.data = bytearray()
        self.alerts = []
        self.statuses = []  # of received_data and processed_data
        self.sent = []  # of sent_data
        self.complete = False
        self.records = 0  # how often APP_DATA was returned
        self.error = None
        self.fed = 0

    def feed(self, data, chunk=None):
        """Hand bytes to the session, at most chunk of them a call. An Error is kept, and what came after is dropped."""
        s, at, calls = self.session, 0, 0
        self.fed = 0
        data = memoryview(bytes(data))
        while at < len(data) and not self.error and not s.closing & 2:
            view = s.get_readbuf()
            assert len(view) > 0, "get_readbuf gave no room"
            n = min(len(view), len(data) - at, chunk or len(data))
            view[:n] = data[at : at + n]
            at += n
            self.fed = at  # of this call's data
            calls += 1
            assert calls < FEED_MOST, "the session takes bytes and never moves"
            self._follow(s.received_data, n)
        return self

    def _follow(self, call, *args):
        s = self.session
        try:
            status = call(*args)
            while status in (c.APP_DATA, c.RECEIVED_ALERT):
                self.statuses.append(status)
                if status == c.APP_DATA:
                    self.records += 1
                    self.complete = True
                    self.data += s.plaintext
                else:
                    self.alerts.append(tuple(s.plaintext))
                status = s.processed_data()
            self.statuses.append(status)
            self.complete = self.complete or status == c.HANDSHAKE_COMPLETE
            assert status in (c.SUCCESS, c.REQUEST_SEND, c.REQUEST_RECV, c.HANDSHAKE_COMPLETE), status
        except mxtls.Error as e:
            self.error = e

    def take(self, chunk=None):
        """All the bytes that wait to be sent, taken chunk by chunk."""
        s, out = self.session, bytearray()
        while True:
            view = s.get_outdata()
            if not len(view):
                return bytes(out)
            n = min(len(view), chunk or len(view))
            out += view[:n]
            view = None
            self.sent.append(s.sent_data(n))
            self.complete = self.complete or self.sent[-1] == c.HANDSHAKE_COMPLETE

    def send(self, data):
        """Plaintext, through get_writebuf and encode_writebuf."""
        at = 0
        while at < len(data):
            view = self.session.get_writebuf(len(data) - at)
            n = len(view)
            view[:] = data[at : at + n]
            view = None
            assert self.session.encode_writebuf(n) > n
            at += n
        return self

    def close(self):
        assert self.session.encode_closure_alert() == c.SUCCESS
        return self


def pump(a, b, chunk=None):
    """Carry bytes both ways until neither has any; returns how many went over from a and from b."""
    went = [0, 0]
    for _ in range(1000):
        ab = a.take()
        b.feed(ab, chunk)
        ba = b.take()
        a.feed(ba, chunk)
        went[0] += len(ab)
        went[1] += len(ba)
        if not ab and not ba:
            return went
    raise AssertionError("the two never come to rest")


def carry(a, b, data, chunk=None):
    """Plaintext of any length from a to b, sent whenever a record's worth is sealed."""
    before = len(b.data)
    for at in range(0, len(data), 8192):
        a.send(data[at : at + 8192])
        pump(a, b, chunk)
    assert b.data[before:] == data


def connect(client, server, chunk=None):
    """A handshake that must succeed."""
    pump(client, server, chunk)
    for end in (client, server):
        if end.error:
            raise end.error
    assert client.complete and server.complete and not client.alerts and not server.alerts
    return client, server


def keys_of(chain, min_rsa_bits=2048):
    """Keys of a pki.Chain: (what the client trusts, what the server shows)."""
    trust, own = mxtls.Keys(), mxtls.Keys()
    trust.min_rsa_bits = own.min_rsa_bits = min_rsa_bits
    trust.load_rsa_keys_mem(None, None, chain.root_der)
    own.load_rsa_keys_mem(b"".join(chain.chain_ders), chain.key_der)
    return trust, own


def psk_keys(*more):
    """Keys of a client and a server that share a secret; more: (key, identity) pairs that the server has too."""
    ours, theirs = mxtls.Keys(), mxtls.Keys()
    for key, identity in more:
        theirs.load_psk(key, identity)
    for keys in (ours, theirs):
        keys.load_psk(b"0123456789abcdef", "device")
    return ours, theirs


def pair(chain, name="localhost", client=None, server=None, **both):
    """A client and a server End over a pki.Chain or a (trust, own) pair of Keys; client, server, both: arguments of the sessions.
    TLS 1.2 at most, unless a version is given."""
    trust, own = chain if isinstance(chain, tuple) else keys_of(chain)
    if not any("max_version" in given for given in (both, client or {}, server or {})):
        both["max_version"] = c.TLS1_2
    arguments = dict(both, server_name=name)
    arguments.update(client or {})
    return End(mxtls.ClientSession(trust, **arguments)), End(mxtls.ServerSession(own, **dict(both, **(server or {}))))


# Flights as bytes


def records(data):
    """[(content type, version, body)] of a flight of whole records."""
    found, at = [], 0
    while at < len(data):
        n = data[at + 3] << 8 | data[at + 4]
        assert at + 5 + n <= len(data), "half a record"
        found.append((data[at], data[at + 1] << 8 | data[at + 2], bytes(data[at + 5 : at + 5 + n])))
        at += 5 + n
    return found


def messages(data):
    """The handshake messages, each with its header, of a flight in the clear; stops at another content type."""
    stream = bytearray()
    for kind, _, body in records(data):
        if kind != c.HANDSHAKE:
            break
        stream += body
    found = []
    while stream:
        n = 4 + int.from_bytes(stream[1:4], "big")
        found.append(bytes(stream[:n]))
        del stream[:n]
    return found


def record(body, kind=c.HANDSHAKE, version=0x0303):
    return bytes([kind, version >> 8, version & 255, len(body) >> 8, len(body) & 255]) + bytes(body)


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + bytes(body)


def send_record(end, kind, body, split=16384):
    """Any record at all, under the keys that the session has at the moment; what a broken peer would send."""
    s = end.session
    for at in range(0, len(body) or 1, split):
        part = bytes(body[at : at + split])
        n = len(part)
        out = s.output
        out.limit = 1 << 20
        assert out.room(n + 400) >= 0
        off = out.end + s.head()
        out.buf[off : off + n] = part
        s.seal(kind, off, n)


def last_alert(data):
    """(level, description) of the alert in the clear at the end of a flight, or None."""
    found = records(data)
    if found and found[-1][0] == c.ALERT and len(found[-1][2]) == 2:
        return tuple(found[-1][2])
    return None


def check_text(error, *secrets):
    """What every Error promises: one line of printable text, no bytes in it, never an internal error."""
    text = error.text
    assert text == str(error) and text.isprintable() and 10 < len(text) <= 250, text
    assert "internal error" not in text, text
    assert "b'" not in text and "\\x" not in text and "bytearray" not in text, text
    assert ";" in text or ":" in text, "no advice: " + text
    for secret in secrets:
        for form in (bytes(secret).hex(), repr(bytes(secret))[2:-1]):
            assert len(form) < 8 or form not in text, "a secret in the text"
    return error


def check_failed(end, alert=None, code=None, wire=None):
    """The End failed as it must: an Error, its alert on the wire, the session closed and deletable. wire: what it had sent."""
    e = end.error
    assert e is not None, "no Error; statuses %r" % end.statuses
    check_text(e)
    assert e.code < 0
    if alert is not None:
        assert e.alert in (alert if isinstance(alert, tuple) else (alert,)), (e.alert, e.text)
    if code is not None:
        assert e.code == code, (e.code, e.text)
    s = end.session
    flight = end.take() if wire is None else wire
    if e.alert != c.ALERT_NONE:
        assert flight, "no alert on the wire: " + e.text
        if s.wr is None and flight[-7] == c.ALERT and flight[-3] == 2 and flight[-4] == 0:
            assert last_alert(flight[-7:]) == (c.ALERT_LEVEL_FATAL, e.alert)
        assert end.sent and end.sent[-1] == c.REQUEST_CLOSE
    assert s.rd is None and s.wr is None and s.hs is None, "keys outlive the failure"
    for call in (lambda: s.received_data(0), lambda: s.get_writebuf(1), lambda: s.encode_to_outdata(b"x"), s.encode_closure_alert):
        try:
            call()
        except mxtls.Error:
            continue
        raise AssertionError("a failed session still works")
    s.delete()
    s.delete()
    return e
