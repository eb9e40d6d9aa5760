# SPDX-License-Identifier: MIT
"""Sessions over asyncio, MicroPython's and CPython's: open_connection, start_server, and a Stream over any pair of asyncio streams.

    reader, writer = await aio.open_connection("example.org", 443, keys)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    await writer.drain()
    page = await reader.read()
    writer.close()
    await writer.wait_closed()

A handshake gives way to other tasks after each of its long computations (session.stepwise). All else is stream.py, told never to
block, and awaiting here what it waits for. Called by applications.
"""

import asyncio

from mxtls.config import (
    USE_CLIENT_SIDE_SSL as _USE_CLIENT,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
    USE_STEPS as _USE_STEPS,
)
from mxtls.errors import Error
from mxtls.kernels.mem import copy
from mxtls.stream import Stream as _Blocking

_CHUNK = 4096  # bytes that a _Buffered line keeps at most
_LINE = 8192
_ALL = 0x3FFFFFFF


def _queue(enqueue, s):
    """What MicroPython's asyncio waits for: s is ready."""
    yield enqueue(s)


class _Polled:
    """The line where asyncio's streams are over an object that can be polled, which is their `s`: MicroPython's. That object is the transport."""

    def __init__(self, reader, writer):
        self.transport = reader.s
        self.queue = asyncio.core._io_queue

    async def readable(self):
        await _queue(self.queue.queue_read, self.transport)

    async def writable(self):
        await _queue(self.queue.queue_write, self.transport)

    async def drained(self):
        await asyncio.sleep(0)

    def close(self):
        if hasattr(self.transport, "close"):
            self.transport.close()

    async def wait_closed(self):
        pass


class _Buffered:
    """The line over any other streams, CPython's above all; it is its own transport."""

    def __init__(self, reader, writer):
        self.transport = self
        self.reader = reader
        self.writer = writer
        self.data = None  # what has come and was not yet taken; b"" at the end
        self.at = 0

    def recv_into(self, buf, n):
        data = self.data
        if data is None:
            return None
        n = min(n, len(data) - self.at)
        copy(buf, 0, data, self.at, n)
        self.at += n
        if n and self.at == len(data):
            self.data = None
        return n

    def write(self, buf, off, n):
        self.writer.write(bytes(memoryview(buf)[off : off + n]))
        return n

    async def readable(self):
        if self.data is None:
            data = await self.reader.read(_CHUNK)
            self.at = 0
            self.data = data

    async def writable(self):
        await self.writer.drain()

    drained = writable

    def close(self):
        self.writer.close()

    async def wait_closed(self):
        try:
            await self.writer.wait_closed()
        except OSError:
            pass


class Stream:
    """Reader and writer of one session over a pair of asyncio streams, or one that is both; the session is its own from now on. endless: the line has
    no end, as a UART has none. Two tasks may use it at once, one to read and one to write.

    A call that is cancelled, by asyncio.wait_for say, leaves the session as it was: call again. Only a handshake that is cancelled ends it.
    Calls raise mxtls.Error, OSError of the line, and MemoryError."""

    def __init__(self, session, reader, writer=None, endless=False):
        if writer is None:
            writer = reader
        self.session = session
        self._writer = writer
        self._line = (_Polled if hasattr(reader, "s") and hasattr(asyncio, "core") else _Buffered)(reader, writer)
        self._stream = _Blocking(session, self._line.transport, timeout=0, endless=endless)
        self._reading = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._got = bytearray()  # what a call was given before it was cancelled: the next one's
        self._rest = bytearray()  # what write() has taken and could not send
        self._at = 0
        self._closing = False
        if _USE_STEPS:
            session.stepwise = True

    async def _moved(self, shaking=False):
        """Nothing goes on: until something may."""
        s = self.session
        if _USE_STEPS and s.busy:
            await asyncio.sleep(0)
        elif s.output.end > s.output.start and (shaking or s.hs):
            async with self._writing:
                await self._line.writable()
        else:
            await self._line.readable()

    async def _ready(self):
        """Plaintext is there: how many bytes; 0 at the end."""
        while True:
            n = self._stream.ready()
            if n is not None:
                return n
            await self._moved()

    async def handshake(self, timeout=None):
        """Run until the handshake is complete, at most that many seconds. When it fails, or is cancelled, the session and the line are closed."""
        try:
            if timeout is None:
                await self._shake()
            else:
                await asyncio.wait_for(self._shake(), timeout)
        except BaseException:
            self.abort()
            raise

    async def _shake(self):
        await asyncio.sleep(0)  # the session's key was a long computation
        async with self._reading:
            while not self._stream.handshake():
                await self._moved(True)
        await self.drain()

    # Reading

    async def readinto(self, buf):
        """Put what has come into buf, waiting for it; returns how many bytes, 0 at the end."""
        async with self._reading:
            if self._got:
                data = self._given(len(buf))
                copy(buf, 0, data, 0, len(data))
                return len(data)
            await self._ready()
            return self._stream.read_some(buf, 0, len(buf))

    async def read(self, n=-1):
        """What has come, at most n bytes of it, waiting for the first; b"" at the end. All until the end with n < 0."""
        async with self._reading:
            if n < 0:
                return await self._collect(_ALL)
            return self._given(n) if self._got else self._stream.read(min(n, await self._ready()))

    async def readexactly(self, n):
        """n bytes. When the peer closes before: EOFError, on CPython its kind that has them in `partial`."""
        async with self._reading:
            data = await self._collect(n)
        if len(data) < n:
            if hasattr(asyncio, "IncompleteReadError"):
                raise asyncio.IncompleteReadError(data, n)
            raise EOFError
        return data

    async def readline(self):
        """A line with its end, or 8192 bytes of one that is longer; less at the end of all."""
        async with self._reading:
            return await self._collect(_LINE, True)

    async def _collect(self, n, line=False):
        """n bytes, or a line of no more; fewer at the end. They gather in _got, which outlives a call that is cancelled."""
        got = self._got
        while len(got) < n and not (line and b"\n" in got):
            m = await self._ready()
            if not m:
                break
            m = min(m, n - len(got))
            got.extend(self._stream.readline(m) if line else self._stream.read(m))
        if line:
            n = min(n, got.find(b"\n") + 1 or n)
        return self._given(n)

    def _given(self, n):
        """The first n bytes of _got, or all."""
        data = bytes(memoryview(self._got)[:n])
        self._got = self._got[n:]
        return data

    # Writing

    def write(self, data):
        """Take data to be sent. What the line does not take at once is kept, however much: drain() sends it, so call that between large parts."""
        at = 0
        if self._at == len(self._rest):
            at = self._stream.write(data) or 0
        if at < len(data):
            self._rest.extend(memoryview(data)[at:])

    async def drain(self):
        """Until all is with the line; gives way to other tasks in any case."""
        async with self._writing:
            while not self._send_rest():
                await self._writable()
            await self._line.drained()

    async def _writable(self):
        """Nothing more goes: until it may. Where the peer negotiates again that is when its Finished has come."""
        s = self.session
        if _USE_STEPS and s.busy:
            await asyncio.sleep(0)  # what has come is not dealt with yet
        elif not _USE_REHANDSHAKES or not s.quiet or s.output.end > s.output.start:
            await self._line.writable()
        elif self._reading.locked() or s.plain_len >= 0:
            await asyncio.sleep(0.01)  # whoever reads brings it
        else:
            async with self._reading:
                await self._line.readable()

    def _send_rest(self):
        """Send what the line takes: was that all?"""
        rest = self._rest
        while self._at < len(rest):
            n = self._stream.write(rest, self._at)
            if not n:
                return False
            self._at += n
        if self._at:
            self._rest = bytearray()
            self._at = 0
        return self._stream.flush() is not None

    # The rest

    def close(self):
        """Say goodbye and close the line, once all is sent; wait_closed waits for that."""
        self._closing = True
        try:
            if self._send_rest():
                self._end()
        except (OSError, Error):
            self.abort()

    def _end(self):
        s = self.session
        if s.can_close():
            s.encode_closure_alert()
            if self._stream.flush() is None:
                return
        self.abort()

    async def wait_closed(self):
        """Send what close() could not, and close; whoever waits for a peer that does not read bounds it with asyncio.wait_for."""
        try:
            if len(self.session.input.buf):
                await self.drain()
                self._end()
                await self.drain()
        except (OSError, Error):
            pass
        finally:
            self.abort()
        await self._line.wait_closed()

    def abort(self):
        """Wipe the session and close the line now. Harmless when called twice."""
        self._stream.closed = True
        if len(self.session.input.buf):
            self.session.delete()
            self._line.close()

    def is_closing(self):
        return self._closing or self._stream.closed

    def get_extra_info(self, name, default=None):
        """"session", or what the asyncio stream below knows: "peername" and so on."""
        if name == "session":
            return self.session
        try:
            value = self._writer.get_extra_info(name)
        except KeyError:
            value = None
        return default if value is None else value


if _USE_CLIENT:

    async def open_connection(host, port, keys, server_name=None, handshake_timeout=30, **options):
        """Connect and shake hands: (reader, writer), one Stream. server_name: whose certificate it must be, host if None; handshake_timeout: seconds, then
        asyncio.TimeoutError; options: of ClientSession."""
        from mxtls.session import ClientSession

        reader, writer = await asyncio.open_connection(host, port)
        try:
            session = ClientSession(keys, server_name=server_name or host, **options)
        except BaseException:
            writer.close()
            await writer.wait_closed()
            raise
        stream = Stream(session, reader, writer)
        await stream.handshake(handshake_timeout)
        return stream, stream


class _Service:
    """The clients of one server."""

    def __init__(self, callback, keys, timeout, most, failed, options):
        self.callback = callback
        self.keys = keys
        self.timeout = timeout
        self.most = most
        self.failed = failed
        self.options = options
        self.clients = 0

    async def serve(self, reader, writer):
        """One client, from the handshake on; what goes wrong with it ends it alone."""
        from mxtls.session import ServerSession

        stream = None
        self.clients += 1
        try:
            if self.clients <= self.most:
                stream = Stream(ServerSession(self.keys, **self.options), reader, writer)
                await stream.handshake(self.timeout)
                answer = self.callback(stream, stream)
                if answer is not None:
                    await answer
        except (Error, OSError, EOFError, MemoryError, asyncio.TimeoutError) as e:
            if self.failed:
                self.failed(e)
        finally:
            self.clients -= 1
            (stream or writer).close()
            try:
                await asyncio.wait_for((stream or writer).wait_closed(), self.timeout)
            except (OSError, asyncio.TimeoutError):
                pass


if _USE_SERVER:

    async def start_server(callback, host, port, keys, backlog=5, handshake_timeout=30, max_clients=8, failed=None, **options):
        """Serve: callback(reader, writer), a coroutine function, runs as a task for each client whose handshake is done, and the connection closes when it
        returns. Returns asyncio's Server. handshake_timeout: seconds, also for sending the last bytes; max_clients: who comes beyond them is hung up on;
        failed(error) hears of each client that failed; options: of ServerSession."""
        service = _Service(callback, keys, handshake_timeout, max_clients, failed, options)
        return await asyncio.start_server(service.serve, host, port, backlog=backlog)
