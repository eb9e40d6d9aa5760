# SPDX-License-Identifier: MIT
"""mxtls.aio on every interpreter (self-test): clients and servers as tasks of one loop, over sockets of the loopback. Cancelled calls, slow and
hostile clients, a reader and a writer at once."""

import sys

sys.path.append(".frozen")
try:
    import asyncio
except ImportError:
    print("asyncs: skipped, this interpreter has no asyncio")
    sys.exit(0)

from engine_certs import CHAIN, KEY, ROOT

import mxtls
from mxtls import aio

PORT = [20000 + int.from_bytes(__import__("os").urandom(2), "little") % 20000]
passed = 0


def check(what, got=True, wanted=True):
    global passed
    if got != wanted:
        print("asyncs: %s: got %r, wanted %r" % (what, got, wanted))
        sys.exit(1)
    passed += 1


def own_keys():
    own = mxtls.Keys()
    own.load_rsa_keys_mem(CHAIN, KEY)
    return own


def trust():
    keys = mxtls.Keys()
    keys.load_rsa_keys_mem(None, None, ROOT)
    return keys


def psk():
    keys = mxtls.Keys()
    keys.load_psk(b"0123456789abcdef", "device")
    return keys


OWN, TRUST, PSK = own_keys(), trust(), psk()


async def serve(callback, keys=PSK, **more):
    """A server at a port of its own."""
    PORT[0] += 1
    return await aio.start_server(callback, "127.0.0.1", PORT[0], keys, **more)


async def connect(keys=PSK, **more):
    if keys is PSK and not more:
        more = {"cipher_suite": 0x00A8, "max_version": mxtls.TLS1_2}  # no long computation
    return await aio.open_connection("127.0.0.1", PORT[0], keys, server_name="localhost", **more)


async def echo(reader, writer):
    while True:
        data = await reader.read(1000)
        if not data:
            return
        writer.write(data)
        await writer.drain()


async def close(server, *writers):
    for writer in writers:
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), 20)
    server.close()
    await server.wait_closed()


async def talk():
    """Every call, under certificates and pre-shared keys, in both versions."""
    for keys, version in ((TRUST, mxtls.TLS1_3), (PSK, mxtls.TLS1_2), (PSK, mxtls.TLS1_3)) if QUICK else ((PSK, mxtls.TLS1_2),):
        server = await serve(echo, OWN if keys is TRUST else PSK)
        reader, writer = await (connect(keys, max_version=version) if QUICK else connect())
        session = writer.get_extra_info("session")
        check("version", session.version, version)
        check("no such info", writer.get_extra_info("no such", 7), 7)
        writer.write(b"one\ntwo\nabcdefgh")
        await writer.drain()
        check("readline", await reader.readline(), b"one\n")
        check("readexactly", await reader.readexactly(6), b"two\nab")
        buf = bytearray(4)
        check("readinto", (await reader.readinto(buf), bytes(buf)), (4, b"cdef"))
        check("read", await reader.read(100), b"gh")
        for n in (5000, 20000):  # more than a record
            writer.write(bytes(range(250)) * (n // 250))
            await writer.drain()
            check("a long echo", await reader.readexactly(n), bytes(range(250)) * (n // 250))
        check("open", writer.is_closing(), False)
        await close(server, writer)
        check("closed", writer.is_closing())
        check("wiped", len(session.input.buf), 0)


async def ends():
    """A peer that closes, and one that is cut off."""

    async def short(reader, writer):
        writer.write(b"abc")
        await writer.drain()

    server = await serve(short)
    reader, writer = await connect()
    try:
        await reader.readexactly(4)
        check("too few bytes", False)
    except EOFError:
        check("too few bytes")
    check("the end", await reader.read(), b"")
    await close(server, writer)

    async def cut(reader, writer):
        writer.write(b"abc")
        await writer.drain()
        writer.abort()

    server = await serve(cut)
    reader, writer = await connect()
    try:
        await reader.read()
        check("a cut", False)
    except (mxtls.Error, OSError):
        check("a cut")
    await close(server, writer)


async def whole(reader, n):
    """n bytes, by read and readinto in turn."""
    data = b""
    while len(data) < n:
        buf = bytearray(2)
        data += bytes(buf[: await reader.readinto(buf)])
        data += await reader.read(min(3, n - len(data))) if len(data) < n else b""
    return data


async def cancelled():
    """A read that is cancelled loses nothing; a handshake that is cancelled leaves nothing."""
    go = asyncio.Event()

    async def later(reader, writer):
        await go.wait()
        writer.write(b"at last\n")
        await writer.drain()
        await reader.read(1)

    server = await serve(later)
    reader, writer = await connect()
    for call in (reader.readline, reader.read, lambda: reader.readexactly(3), lambda: reader.readinto(bytearray(9))):
        try:
            await asyncio.wait_for(call(), 0.02)
            check("it does not wait", False)
        except asyncio.TimeoutError:
            check("cancelled")
    go.set()
    check("nothing is lost", await reader.readline(), b"at last\n")
    await close(server, writer)

    async def halves(reader, writer):
        """The first half of what is asked for at once, the second when the call was cancelled."""
        while await reader.read(1):
            writer.write(b"first, ")
            await writer.drain()
            await reader.read(1)
            writer.write(b"second\n")
            await writer.drain()
        await go.wait()

    server = await serve(halves)
    reader, writer = await connect()
    for call in (reader.readline, lambda: reader.readexactly(14), reader.read):
        for again in (reader.readline, lambda: reader.readexactly(14), lambda: whole(reader, 14)):
            writer.write(b"1")
            await writer.drain()
            try:
                await asyncio.wait_for(call(), 0.05)
                check("it does not wait", False)
            except asyncio.TimeoutError:
                pass
            writer.write(b"2")
            await writer.drain()
            check("nor half of it", await asyncio.wait_for(again(), 5), b"first, second\n")
    await close(server, writer)

    async def dumb(reader, writer):
        await asyncio.sleep(0.2)
        writer.close()
        await writer.wait_closed()

    PORT[0] += 1
    server = await asyncio.start_server(dumb, "127.0.0.1", PORT[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT[0])
    session = mxtls.ClientSession(PSK)
    stream = aio.Stream(session, reader, writer)
    try:
        await stream.handshake(0.05)
        check("nobody answers", False)
    except asyncio.TimeoutError:
        check("a handshake in time")
    check("nothing is left", (len(session.input.buf), stream.is_closing()), (0, True))
    await asyncio.sleep(0.2)
    await close(server)


async def slow():
    """Clients that never finish a handshake are gone in time, and those beyond max_clients at once; the others are served."""
    errors = []
    server = await serve(echo, handshake_timeout=1 if sys.implementation.name == "cpython" else 4, max_clients=3, failed=errors.append)
    lame = []
    for _ in range(2):
        lame.append(await asyncio.open_connection("127.0.0.1", PORT[0]))
    lame[0][1].write(b"\x16\x03\x01")
    await lame[0][1].drain()
    reader, writer = await connect()
    one_more = await asyncio.open_connection("127.0.0.1", PORT[0])
    check("one too many", await one_more[0].read(1), b"")
    for r, _ in lame:
        await r.read(99)
    check("they heard why", [isinstance(e, asyncio.TimeoutError) for e in errors], [True, True])
    writer.write(b"still here")
    await writer.drain()
    check("served", await reader.readexactly(10), b"still here")
    reader2, writer2 = await connect()
    writer2.write(b"me too")
    await writer2.drain()
    check("served, too", await reader2.readexactly(6), b"me too")
    for _, w in lame + [one_more]:
        w.close()
        await w.wait_closed()
    await close(server, writer, writer2)


async def both_ways():
    """A reader task and a writer task on one connection, with more than the line holds; and several clients at once."""
    part = bytes(range(256)) * 16

    async def send(writer, n):
        for _ in range(n):
            writer.write(part)
            await writer.drain()

    async def receive(reader, n, out):
        good = 0
        for _ in range(n):
            good += await reader.readexactly(len(part)) == part
        out.append(good)

    async def flood(reader, writer):
        out = []
        await asyncio.gather(send(writer, N), receive(reader, N, out))
        served.append(out[0])

    served = []
    server = await serve(flood)
    out = []
    tasks = []
    ends = []
    for _ in range(2):
        ends.append(await connect())
    for reader, writer in ends:
        tasks += [asyncio.create_task(send(writer, N)), asyncio.create_task(receive(reader, N, out))]
    for task in tasks:
        await task
    check("all came", out, [N, N])
    for _, writer in ends:
        writer.close()
        await writer.wait_closed()
    for _ in range(200):
        if len(served) == 2:
            break
        await asyncio.sleep(0.01)
    check("at the server, too", served, [N, N])
    await close(server)


async def again():
    """The server negotiates again while a task writes and another reads: writes wait for the Finished, and nothing is lost."""
    took = []

    async def asks(reader, writer):
        await reader.readexactly(5)
        before = writer.session.client_verify
        writer.session.encode_rehandshake(session_option=mxtls.OPTION_FULL_HANDSHAKE)
        await writer.drain()
        n = 5
        data = b""
        while data[-1:] != b"!":
            data = await reader.read(100)
            n += len(data)
        took.append((n, writer.session.client_verify != before))
        writer.write(b"y" * 100)
        await writer.drain()

    server = await serve(asks)
    for reads in (True, False):
        reader, writer = await connect()
        task = asyncio.create_task(reader.readexactly(100))
        n = quiet = 0
        while n < 20000 and (quiet == 0 or n < quiet + 20):
            writer.write(b"x")
            n += 1
            if writer.session.quiet and not quiet:
                quiet = n
                if not reads:
                    task.cancel()  # from now on only a write can bring the Finished
            await asyncio.wait_for(writer.drain(), 10)
            await asyncio.sleep(0)
        writer.write(b"!")
        await writer.drain()
        if not reads:
            task = asyncio.create_task(reader.readexactly(100))
        check("all of it", await asyncio.wait_for(task, 10), b"y" * 100)
        check("a write in the middle", quiet > 0)
        check("its bytes, and new keys", took.pop(), (n + 1, True))
        writer.close()
        await writer.wait_closed()
    await close(server)


async def ticks():
    """Other tasks run while two handshakes do."""
    count = [0]
    done = [False]

    async def ticker():
        while not done[0]:
            count[0] += 1
            await asyncio.sleep(0)

    server = await serve(echo, OWN)
    task = asyncio.create_task(ticker())
    await asyncio.sleep(0)
    before = count[0]
    reader, writer = await connect(TRUST)
    done[0] = True
    check("the other task ran", count[0] - before > 10)
    await task
    await close(server, writer)


QUICK = sys.implementation.name == "cpython" or "-viper" in "".join(sys.path)  # pure kernels on MicroPython take long
N = 20 if QUICK else 2


async def main():
    for test in (talk, ends, cancelled, slow, both_ways, again, ticks):
        await test()


asyncio.run(main())
print("asyncs: %d passed" % passed)
