# SPDX-License-Identifier: MIT
"""What the tests of TLS 1.3 share: pairs that must connect or fail, messages taken apart and put together, and a peer that lies.
Used by test_tls13_….py.

    client, server = tls13.pair()                     two Ends with a certificate of P-256; pair("psk") with a pre-shared key
    tls13.rewrite(monkeypatch, server, kind, change)  what the server writes is changed before it is hashed and sealed
    tls13.fails(client, server, alert, "client")      the client minds, with that alert
"""

import contextlib

import loop
import pki

import mxtls
from mxtls import codes as c, suites
from mxtls.crypto import ecdh
from mxtls.handshake import codec
from mxtls.kernels.mem import record_count

SUITES = [row[0] for row in suites.SUITES if row[7] == 4]
GROUPS = {29: "x25519", 23: "p256", 24: "p384", 25: "p521"}
KINDS = ("p256", "p384", "p521", "rsa2048")
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
NAME, FRAGMENT, GROUP_LIST, SCHEME_LIST, ALPN, LIMIT, TICKET, PSK, EARLY, VERSIONS, COOKIE, MODES, SHARE = 0, 1, 10, 13, 16, 28, 35, 41, 42, 43, 44, 45, 51
_keys = {}


def name_of(value):
    """A test's name for a value, without addresses, which differ from process to process: a lambda is called by its maker, arguments by name."""
    if isinstance(value, dict):
        return " ".join(value)
    return value.__qualname__.split(".")[0] if callable(value) else str(value)


def keys(kind="p256"):
    if kind not in _keys:
        _keys[kind] = loop.psk_keys() if kind == "psk" else loop.keys_of(pki.chain(key=kind))
    return _keys[kind]


def pair(chain="p256", **arguments):
    return loop.pair(keys(chain) if isinstance(chain, str) else chain, max_version=c.TLS1_3, **arguments)


def connect(client, server, chunk=None):
    loop.connect(client, server, chunk)
    for s in (client.session, server.session):
        assert s.version == c.TLS1_3 and s.hs is None and s.rd and s.wr
    return client, server


def exchange(client, server):
    for a, b in ((client, server), (server, client)):
        loop.carry(a, b, b"x")
        loop.carry(a, b, bytes(i & 255 for i in range(1000)))
    client.close()
    server.close()
    loop.pump(client, server)
    assert client.alerts == server.alerts == [(1, 0)]


def fails(client, server, alert, by):
    """The handshake fails on that side."""
    loop.pump(client, server)
    end, other = (client, server) if by == "client" else (server, client)
    assert end.error, "nobody minded"
    assert loop.check_text(end.error).alert in (alert if isinstance(alert, tuple) else (alert,)), (end.error.alert, end.error.text)
    assert other.alerts and other.alerts[-1] == (2, end.error.alert)
    assert end.session.rd is None and end.session.wr is None and end.session.hs is None


# Messages as bytes, and a way to change them before they are hashed and sealed


def take_apart(body, answer=False):
    """A hello's body: what comes before its extensions, and [(type, data)] of these."""
    at = 34
    at += 1 + body[at]
    if answer:
        at += 3
    else:
        at += 2 + (body[at] << 8 | body[at + 1])
        at += 1 + body[at]
    return body[:at], extensions(body[at:])


def extensions(data):
    found, at = [], 2
    assert len(data) == 2 + (data[0] << 8 | data[1])
    while at < len(data):
        n = data[at + 2] << 8 | data[at + 3]
        found.append((data[at] << 8 | data[at + 1], data[at + 4 : at + 4 + n]))
        at += 4 + n
    return found


def put_together(head, items):
    data = b"".join(kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body for kind, body in items)
    return head + len(data).to_bytes(2, "big") + data


def with_extensions(change, answer=False):
    """A change of a hello that changes its list of extensions; answer: it is a server's. change gets a list of pairs and returns one."""

    def apply(body):
        head, items = take_apart(body, answer)
        return put_together(head, change(items))

    return apply


def replaced(kind, data):
    return lambda items: [(k, data if k == kind else d) for k, d in items]


def without(*kinds):
    return lambda items: [(k, d) for k, d in items if k not in kinds]


def added(kind, data, first=True):
    return lambda items: [(kind, data)] + items if first else items + [(kind, data)]


def rewrite(monkeypatch, end, kind, change, number=1):
    """From now on the number-th message of that type which end writes is change(body): another body, None for nothing at all, or a list of
    whole messages. What its transcript takes in is what goes out."""
    real = codec.Writer.finish
    seen = []

    def finish(w):
        if w.session is not end.session or w.out.buf[w.base] != kind:
            return real(w)
        seen.append(1)
        if len(seen) != number:
            return real(w)
        body = bytes(w.out.buf[w.base + 4 : w.at])
        new = change(body)
        if new is None:
            return None
        for i, message in enumerate([loop.message(kind, new)] if isinstance(new, bytes) else new):
            w.out.limit = 1 << 20
            if i:
                w.base = w.out.end + w.session.head()
            w.base -= w.out.room(len(message) + 400)
            w.out.buf[w.base : w.base + len(message)] = message
            w.at = w.base + len(message)
            real(w)
        return None

    monkeypatch.setattr(codec.Writer, "finish", finish)


def hello_of(monkeypatch, change, chain="p256", **arguments):
    """A client whose first ClientHello was changed, and a server."""
    kept = []
    real = codec.Writer.finish

    def finish(w):
        if w.out.buf[w.base] == c.CLIENT_HELLO and not kept:
            kept.append(1)
            message = loop.message(c.CLIENT_HELLO, change(bytes(w.out.buf[w.base + 4 : w.at])))
            w.out.limit = 1 << 20
            w.base -= w.out.room(len(message) + 400)
            w.out.buf[w.base : w.base + len(message)] = message
            w.at = w.base + len(message)
        real(w)

    with monkeypatch.context() as m:
        m.setattr(codec.Writer, "finish", finish)
        return pair(chain, **arguments)


@contextlib.contextmanager
def groups(*wanted):
    """The build has these groups only, in the order of GROUPS."""
    before = ecdh.GROUPS
    ecdh.GROUPS = tuple(row for row in before if row[0] in wanted)
    try:
        yield
    finally:
        ecdh.GROUPS = before


def pump_with(client, server, *wanted, chunk=None):
    """loop.pump, and the server has these groups only."""
    for _ in range(20):
        data = client.take()
        with groups(*wanted):
            server.feed(data, chunk)
        back = server.take()
        client.feed(back, chunk)
        if not data and not back:
            return
    raise AssertionError("no end")


# Keys and records


def client_keys(own=True, kind="p256", trusted=True):
    """Keys of a client, with a certificate or without, and of a server that trusts its CA."""
    theirs, ours = mxtls.Keys(), mxtls.Keys()
    at = pki.chain(key="p256")
    mine = pki.chain(key=kind, tag="client " + kind, eku=("client",), names=(), subject="device")
    other = pki.chain(key=kind, tag="stranger", eku=("client",), names=())
    if own:
        theirs.load_rsa_keys_mem(b"".join(mine.chain_ders), mine.key_der, at.root_der)
    else:
        theirs.load_rsa_keys_mem(None, None, at.root_der)
    ours.load_rsa_keys_mem(b"".join(at.chain_ders), at.key_der, (mine if trusted else other).root_der)
    return theirs, ours


def judge(session, certificate, alert):
    return alert


def own_keys(tickets, kind="p256"):
    """Fresh keys: what others have left in their cache does not matter."""
    found = loop.keys_of(pki.chain(key=kind))
    found[1].tickets = tickets
    return found


def seal(end, kind, body, pad=0, data=None):
    """A record under the keys of end, with any inner type and padding; data: the whole inner text."""
    wr = end.session.wr
    text = bytes(body) + bytes([kind]) + bytes(pad) if data is None else data
    buf = bytearray(text + bytes(16))
    wr._begin(len(text) + wr._aead.tag)
    wr._aead.seal(wr._head, buf, 0, len(text))
    record_count(wr.header)
    return loop.record(buf[: len(text) + wr._aead.tag], 23)
