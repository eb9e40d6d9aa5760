# SPDX-License-Identifier: MIT
"""mxtls.aio on CPython against CPython's own ssl, both roles; and how long a handshake keeps other tasks waiting, counted in long
computations. What every interpreter runs is portable/asyncs.py."""

import asyncio
import functools
import socket
import ssl
import threading

import loop
import peers
import pki
import pytest

import mxtls
import mxtls.crypto.dh
import mxtls.crypto.ecdsa
import mxtls.crypto.ed25519
import mxtls.crypto.rsa
import mxtls.kernels.ec
import mxtls.kernels.x25519
from mxtls import aio, codes as c

# Where a kernel that takes long is called: a point multiplication or a power with a long exponent each
LONG = (
    (mxtls.kernels.x25519, ("x25519",)),
    (mxtls.kernels.ec, ("ec_public", "ec_ecdh")),
    (mxtls.crypto.ecdsa, ("ecdsa_sign", "ecdsa_verify")),
    (mxtls.crypto.ed25519, ("ed25519_base", "ed25519_check")),
    (mxtls.crypto.rsa, ("rsa_private", "rsa_public")),
    (mxtls.crypto.dh, ("dh_power",)),
)


class Count:
    """Long computations since another task has run, and the most there were."""

    def __init__(self, monkeypatch):
        self.now = self.most = self.all = self.ticks = 0
        self.names = []
        self.worst = ()
        for module, names in LONG:
            for name in names:
                monkeypatch.setattr(module, name, self._counted(getattr(module, name), name))

    def _counted(self, function, name):
        @functools.wraps(function)
        def call(*arguments):
            if name != "rsa_public" or self.names[-1:] != ["rsa_private"]:  # a signature is checked before it leaves, with the short exponent
                self.now += 1
                self.all += 1
            self.names.append(name)
            return function(*arguments)

        return call

    def clear(self):
        if self.now > self.most:
            self.most, self.worst = self.now, tuple(self.names)
        self.now = 0
        self.names = []

    async def tick(self):
        while True:
            self.ticks += 1
            self.clear()
            await asyncio.sleep(0)


@functools.cache
def chain(key):
    return pki.chain(key=key, ips=["127.0.0.1"], eku=("server", "client"))


def own(key):
    keys = mxtls.Keys()
    keys.load_rsa_keys_mem(b"".join(chain(key).chain_ders), chain(key).key_der, chain(key).root_der)
    return keys


def context(purpose, key, version, auth, suites=None):
    """CPython's side."""
    made = ssl.SSLContext(purpose)
    made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_2 if version == c.TLS1_2 else ssl.TLSVersion.TLSv1_3
    made.load_cert_chain(chain(key).chain_path, chain(key).key_path)
    made.load_verify_locations(chain(key).root_path)
    if suites:
        made.set_ciphers(suites)
        made.load_dh_params(peers.dh_file())
    if purpose == ssl.PROTOCOL_TLS_SERVER and auth:
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def in_thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def echo(listener, made):
    """CPython's server for one client, in a thread."""
    sock = listener.accept()[0]
    sock.settimeout(8)
    with made.wrap_socket(sock, server_side=True) as peer:
        while data := peer.recv(1000):
            peer.sendall(data)


def ask(port, made, answers):
    """CPython's client, in a thread."""
    with socket.create_connection(("127.0.0.1", port), 8) as sock, made.wrap_socket(sock, server_hostname="localhost") as peer:
        peer.sendall(b"hello")
        answers.append(peer.recv(100))


async def as_client(key, version, auth, count, suites):
    listener = socket.create_server(("127.0.0.1", 0))
    thread = in_thread(echo, listener, context(ssl.PROTOCOL_TLS_SERVER, key, version, auth, suites))
    keys = own(key)
    ticker = asyncio.create_task(count.tick())
    await asyncio.sleep(0)
    count.most = 0
    reader, writer = await aio.open_connection("127.0.0.1", listener.getsockname()[1], keys, server_name="localhost")
    ticker.cancel()
    count.clear()
    assert reader.session.version == version and not reader.session.anonymous
    writer.write(b"hello")
    await writer.drain()
    assert await asyncio.wait_for(reader.readexactly(5), 8) == b"hello"
    writer.close()
    await writer.wait_closed()
    await asyncio.to_thread(thread.join, 8)
    listener.close()


async def as_server(key, version, auth, count, suites):
    done = asyncio.Event()

    async def serve(reader, writer):
        count.clear()
        writer.write(await reader.readexactly(5))
        await writer.drain()
        done.set()

    failed = []
    more = {"cert_validator": lambda session, certificate, alert: alert} if auth else {}
    server = await aio.start_server(serve, "127.0.0.1", 0, own(key), failed=failed.append, **more)
    ticker = asyncio.create_task(count.tick())
    await asyncio.sleep(0)
    count.most = 0
    answers = []
    thread = in_thread(ask, server.sockets[0].getsockname()[1], context(ssl.PROTOCOL_TLS_CLIENT, key, version, auth, suites), answers)
    await asyncio.to_thread(thread.join, 8)
    ticker.cancel()
    assert answers == [b"hello"] and not failed, failed
    await asyncio.wait_for(done.wait(), 8)
    server.close()
    await server.wait_closed()


CASES = [
    ("rsa2048", c.TLS1_3, True, None), ("p384", c.TLS1_3, True, None), ("p256", c.TLS1_3, False, None), ("ed25519", c.TLS1_3, False, None),
    ("rsa2048", c.TLS1_2, True, "DHE+AESGCM"), ("rsa2048", c.TLS1_2, False, "AES128-GCM-SHA256"), ("p256", c.TLS1_2, True, None),
]


@pytest.mark.parametrize("role, key, version, auth, suites", [(as_client, *case) for case in CASES] + [(as_server, *case) for case in CASES[::2]], ids=lambda v: getattr(v, "__name__", str(v)))
def test_one_long_computation_at_a_time(role, key, version, auth, suites, monkeypatch):
    """Between two of them another task runs, whatever arrives in one piece."""
    count = Count(monkeypatch)
    asyncio.run(role(key, version, auth, count, suites))
    assert count.all >= (2 if suites == "AES128-GCM-SHA256" else 3) or role is as_server
    assert count.most == 1, count.worst
    assert count.ticks > 5


def feed_in_steps(end, data):
    """What arrives in one piece, taken in by steps; how many there were."""
    s, steps = end.session, 0
    view = s.get_readbuf()
    while data and not s.closing & 2:
        n = min(len(view), len(data))
        view[:n] = data[:n]
        data = data[n:]
        end._follow(s.received_data, n)
        while s.busy and not end.error:
            steps += 1
            end._follow(s.received_data, 0)
        if end.error or not data:
            break
        view = s.get_readbuf()
    return steps


@pytest.mark.parametrize("version", [c.TLS1_3, c.TLS1_2, c.TLS1_1], ids=hex)
@pytest.mark.parametrize("auth", [False, True])
def test_steps_come_to_the_same(version, auth):
    """Both sides in steps, with resumption, data behind the last message, and a certificate that is refused in the middle."""
    keys = own("p256") if version != c.TLS1_1 else own("rsa2048")
    server = {"cert_validator": lambda session, certificate, alert: alert} if auth else {}
    sid = mxtls.SessionId()
    for again in range(3):
        name = "elsewhere.test" if again == 2 else "localhost"
        ours, theirs = loop.pair((keys, keys), name=name, client={"session_id": sid if again < 2 else None}, server=server, max_version=version)
        ours.session.stepwise = theirs.session.stepwise = True
        steps = 0
        for turn in range(6):
            steps += feed_in_steps(theirs, ours.take())
            if turn == 3 and again < 2:
                theirs.send(b"behind it")
            steps += feed_in_steps(ours, theirs.take())
        if again == 2:
            assert ours.error and ours.error.alert == c.ALERT_BAD_CERTIFICATE and theirs.alerts == [(2, c.ALERT_BAD_CERTIFICATE)]
            assert not ours.session.established and steps > 4
            continue
        assert not ours.error and not theirs.error and ours.complete and theirs.complete
        assert ours.data == b"behind it" and ours.session.version == version and ours.session.resumed == bool(again)
        assert not ours.session.anonymous and not (auth and theirs.session.anonymous)
        assert steps > (3 if again else 8), steps


class Silent:
    """A reader and writer whose peer never answers."""

    closed = False

    async def read(self, n):
        await asyncio.sleep(60)

    def write(self, data):
        pass

    async def drain(self):
        await asyncio.sleep(0)

    def close(self):
        self.closed = True

    async def wait_closed(self):
        await asyncio.sleep(0)


def test_cancelled_wherever_it_waits(monkeypatch):
    """open_connection, cancelled after each number of turns of the loop: the line is closed and the session wiped."""
    made = []

    async def connect(host, port):
        await asyncio.sleep(0)
        line = Silent()
        made.append(line)
        return line, line

    start = mxtls.ClientSession.__init__
    monkeypatch.setattr(asyncio, "open_connection", connect)
    monkeypatch.setattr(mxtls.ClientSession, "__init__", lambda session, *a, **b: (made.append(session), start(session, *a, **b))[1])

    async def cancel(turns):
        task = asyncio.create_task(aio.open_connection("localhost", 1, own("p256")))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    reached = set()
    for turns in range(12):
        made.clear()
        asyncio.run(cancel(turns))
        reached.add(len(made))
        if made:
            assert made[0].closed, turns
        if made[1:]:
            assert not made[1].input.buf, turns
    assert reached == {0, 2}
