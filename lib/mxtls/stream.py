# SPDX-License-Identifier: MIT
"""A session over anything that moves bytes: socket, UART, modem driver. The loop around the engine that applications share.

    stream = Stream(mxtls.ClientSession(keys, server_name="example.org"), sock)
    stream.write(b"GET / HTTP/1.0\r\n\r\n")          the handshake comes first, by itself
    page = stream.read()
    stream.close()

Calls block, or wait a time, or with timeout 0 return None where they would. One record is read, opened in place and copied once,
to where the caller wants it; nothing is allocated for it. Called by applications; aio.py is its like for asyncio, and tls.py for MicroPython's poll, which also carries datagrams.
"""

from errno import EAGAIN as _EAGAIN, ETIMEDOUT as _ETIMEDOUT

from micropython import const

import mxtls_port
from mxtls.codes import (
    ALERT_NONE as _ALERT_NONE,
    APP_DATA as _APP_DATA,
    CLOSING_GOT as _GOT,
    HANDSHAKE_COMPLETE as _HANDSHAKE_COMPLETE,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    RECEIVED_ALERT as _RECEIVED_ALERT,
    REQUEST_SEND as _REQUEST_SEND,
    SUCCESS as _SUCCESS,
    TLS1_3 as _TLS1_3,
)
from mxtls.config import USE_REHANDSHAKES as _USE_REHANDSHAKES, USE_STEPS as _USE_STEPS
from mxtls.errors import Error
from mxtls.kernels.mem import copy

_OVERDUE = (_ETIMEDOUT, "timed out")  # the first argument of an OSError that says so; the second is CPython's
_HEADER = const(5)  # of a record
_LINE = const(8192)


def refused(session):
    """The alert that lies in the session as an Error, where it ended the session; None for close_notify and for warnings."""
    number = session.input.buf[session.plain_off + 1]
    if number == 0 or not session.closing & _GOT:
        return None
    from mxtls.alert_names import name

    return Error(_PROTOCOL_FAIL, _ALERT_NONE, "the peer refused with alert %d (%s); look at its log" % (number, name(number)))


def nap():
    """What a stream does while nothing comes and the transport does not wait by itself: sleep for a millisecond."""
    import time

    if hasattr(time, "sleep_ms"):
        time.sleep_ms(1)
    else:
        time.sleep(0.001)


class Stream:
    """session: a ClientSession or ServerSession over TLS, which is the stream's own from now on. transport: has recv_into, readinto, recv or
    read (the first of them is taken), and write or send. A read that returns None, or raises OSError with EAGAIN or, within timeout, ETIMEDOUT, means
    that nothing has come yet, and so does one of 0 bytes if the line is endless, as a UART is; else that is the end.

    timeout: milliseconds that a call waits for the peer, then OSError(ETIMEDOUT), after which it may be called again; for a handshake all of it counts,
    for data the time since the last of it. None waits for ever, or until the transport raises ETIMEDOUT itself; 0 not at all: calls then return None.
    A transport that blocks must not block longer than that: give it a timeout of its own. ticks_ms: the clock, which may go round at 2**30. idle: called while nothing comes.
    handshake: True runs the handshake now, else the first read or write does.

    Every call may raise mxtls.Error, the alert is sent then; OSError of the transport; and MemoryError."""

    def __init__(self, session, transport, timeout=None, endless=False, handshake=False, ticks_ms=mxtls_port.ticks_ms, idle=nap):
        self.session = session
        self.transport = transport
        self.timeout = timeout
        self.endless = endless
        self.ticks_ms = ticks_ms
        self.idle = idle
        self.closed = False  # the peer has closed: what is read from now on is nothing
        for name in ("recv_into", "readinto", "recv", "read"):
            if hasattr(transport, name):
                break
        self._reader = getattr(transport, name)
        self._copied = name == "recv" or name == "read"
        self._exact = name == "readinto"  # it may wait for all that is asked for: ask for no more than is sure to come
        self._writer = transport.write if hasattr(transport, "write") else transport.send
        self._counted = True  # it may take readinto(buf, n), and write(buf, off, n) as in MicroPython: that saves a view
        self._offset = hasattr(transport, "write")
        self._buf = None  # the input buffer that these are views of
        self._whole = None  # where a record's header goes
        self._body = None  # and the rest of it
        self._at = 0  # what was taken of the plaintext
        self._owed = 0  # bytes that are sealed and not yet sent: what the next write need not seal
        self._shaking = False
        self._asked = False  # a server's HelloRequest goes out: no ClientHello has come yet
        self._began = 0
        if handshake:
            self.handshake()

    # Bytes

    def _free(self, buf, end):
        """A view of buf[end:], kept from record to record."""
        if buf is not self._buf:
            self._buf = buf
            self._whole = memoryview(buf)
            self._body = None
        if end == 0:
            return self._whole
        if end != _HEADER:
            return self._whole[end:]
        if self._body is None:
            self._body = self._whole[_HEADER:]
        return self._body

    def _fetch(self):
        """Read once into the session; how many bytes have come, None when none have yet."""
        s = self.session
        room = s.want_input()
        buf = s.input.buf
        end = s.input.end
        if self._exact:
            room = min(room, s.need)
        try:
            if self._copied:
                data = self._reader(room)
                n = None if data is None else len(data)
                if n:
                    copy(buf, end, data, 0, n)
            elif self._counted:
                try:
                    n = self._reader(self._free(buf, end), room)
                except TypeError:
                    self._counted = False
                    return self._fetch()
            else:
                n = self._reader(self._free(buf, end)[:room])
        except OSError as e:
            if self._refuses(e):
                raise
            return None
        return None if n == 0 and self.endless else n

    def _push(self, buf, off, n):
        """Write once; how many bytes have gone, None when none can now."""
        try:
            if self._offset:
                try:
                    return self._writer(buf, off, n)
                except TypeError:
                    self._offset = False
            return self._writer(memoryview(buf)[off : off + n])
        except OSError as e:
            if self._refuses(e):
                raise
            return None

    def _refuses(self, e):
        """Is that more than: no bytes now? Who gave the stream no time has given the transport one, and hears of it."""
        e = e.args[0] if e.args else 0
        return e != _EAGAIN and (self.timeout is None or e not in _OVERDUE)

    def _wait(self):
        """Nothing moves: try again (True), or not (False); OSError when the time is over."""
        if self.timeout == 0:
            return False
        self._late()
        self.idle()
        return True

    def _late(self):
        t = self.timeout
        if t and (self.ticks_ms() - self._began) & 0x3FFFFFFF >= t:
            raise OSError(_ETIMEDOUT)

    # The session

    def flush(self):
        """Send what waits. Returns sent_data's last status, or None when the transport takes no more now."""
        self._began = self.ticks_ms()
        return self._flush()

    def _flush(self):
        s = self.session
        out = s.output
        status = _SUCCESS
        while out.end > out.start:
            n = self._push(out.buf, out.start, out.end - out.start)
            if n:
                status = s.sent_data(n)
                if status == _HANDSHAKE_COMPLETE:
                    self._shaking = False
            elif not self._wait():
                return None
        return status

    def feed(self):
        """Let the session have what comes next, and answer it. False: it would block. What moves no streams of bytes replaces this."""
        s = self.session
        self._flush()  # what does not go now can wait: the peer may be busy sending, too
        if _USE_STEPS and s.busy:
            return self._follow(0)
        if not s.established:
            self._late()
        n = self._fetch()
        if n is None:
            return self._wait()
        if n == 0:
            self.closed = True
            s.received_eof()
            return True
        return self._follow(n)

    def _follow(self, n):
        """n bytes have come, or with n < 0 the plaintext was dealt with: go on until data waits or more must come. False: what is to be
        sent first would block, or this was one step."""
        s = self.session
        try:
            status = s.received_data(n) if n >= 0 else s.processed_data()
            while status == _RECEIVED_ALERT:
                e = refused(s)
                if s.closing & _GOT:
                    self.closed = True
                status = s.processed_data()
                if e:
                    raise e
        except Error:
            self.closed = True
            try:
                self._flush()
            except OSError:
                pass
            raise
        if s.hs:
            self._asked = False
        if status == _APP_DATA:
            self._at = 0
            self._began = self.ticks_ms()
            if s.hs is None and not self._asked:
                self._shaking = False
        elif status == _HANDSHAKE_COMPLETE:
            self._shaking = False
        elif status == _REQUEST_SEND and self._flush() is None:
            return False
        return not (_USE_STEPS and s.busy and self.timeout == 0)

    def handshake(self, sink=None):
        """Run until the handshake is complete: True; None: it would block, call again. When nothing is to be negotiated that is at once; to
        negotiate again, call session.encode_rehandshake first. Data that comes meanwhile goes to sink(view)."""
        s = self.session
        if not self._shaking:
            if s.established and s.hs is None and s.output.end == s.output.start:
                return True
            self._shaking = True
            self._asked = s.established and s.hs is None and s.version != _TLS1_3
        self._began = self.ticks_ms()
        if self._flush() is None:
            return None
        while self._shaking:
            n = self.pending()
            if n and self._shaking:
                if not sink:
                    raise Error(_PROTOCOL_FAIL, _ALERT_NONE, "data came while the session is negotiated again; give handshake a sink, or read it first")
                at = s.plain_off + self._at
                sink(memoryview(s.input.buf)[at : at + n])
                self._at += n
            elif self._shaking and not self.feed():
                return None
            if self.closed and s.established and s.hs is None and not self._asked:
                self._shaking = False  # it was complete before the peer closed
            if self.closed and self._shaking:
                raise Error(_PROTOCOL_FAIL, _ALERT_NONE, "the peer closed the connection; look at its log")
        return True

    def pending(self):
        """Bytes of plaintext that can be read without the transport."""
        s = self.session
        while s.plain_len >= 0:
            if self._at < s.plain_len:
                return s.plain_len - self._at
            self._follow(-1)
        return 0

    def ready(self, got=0):
        """Wait for plaintext: how many bytes of it can be read at once; 0 at the end, None: it would block. Whoever has got some already
        does not lose them: a time that is over then is None, too, and an error of the next call."""
        s = self.session
        self._began = self.ticks_ms()
        try:
            if not s.established and not self.closed and not self.handshake():
                return None
            while True:
                n = self.pending()
                if n or self.closed:
                    return n
                if not self.feed():
                    return None
        except OSError:
            if not got:
                raise
            return None

    # Reading

    def read_some(self, buf, off, n, got=0):
        """Put what has come into buf[off:off+n], waiting for it: returns how many bytes, at least one; 0 at the end, which the peer announced; None: it would block."""
        m = self.ready(got) if n else 0
        if m:
            s = self.session
            m = min(m, n)
            copy(buf, off, s.input.buf, s.plain_off + self._at, m)
            self._at += m
        return m

    def readinto(self, buf, n=-1):
        """Fill buf, or its first n bytes. Returns how many there are: fewer only at the end, or what is there when it would block or the time is over; None for nothing."""
        if n < 0 or n > len(buf):
            n = len(buf)
        at = 0
        while at < n:
            m = self.read_some(buf, at, n - at, at)
            if not m:
                return at if at or m == 0 else None
            at += m
        return at

    def read(self, n=-1):
        """n bytes, or all until the peer closes; bytes. Fewer only at the end, or what is there when it would block or the time is over; None for nothing."""
        if n >= 0:
            data = bytearray(n)
            m = self.readinto(data)
            return None if m is None else bytes(data) if m == n else bytes(memoryview(data)[:m])
        data = bytearray()
        while True:
            m = self.ready(len(data))
            if not m:
                return bytes(data) if len(data) or m == 0 else None
            at = self.session.plain_off + self._at
            data.extend(memoryview(self.session.input.buf)[at : at + m])
            self._at += m

    def readline(self, n=-1):
        """A line with its end, at most n bytes of it or 8192; bytes. Less at the end, or when it would block or the time is over; None for nothing."""
        line = bytearray()
        left = n if n >= 0 else _LINE
        while left:
            m = self.ready(len(line))
            if not m:
                return bytes(line) if len(line) or m == 0 else None
            buf = self.session.input.buf
            at = start = self.session.plain_off + self._at
            m = at + min(m, left)
            while at < m and buf[at] != 10:
                at += 1
            m = min(m, at + 1)
            line.extend(memoryview(buf)[start:m])
            self._at += m - start
            left -= m - start
            if at < m:
                break
        return bytes(line)

    def receive(self, sink):
        """Hand what has come to sink(view), record by record, without a copy. Returns how many bytes that were, at least one; 0 at the end, None: it would block."""
        total = 0
        s = self.session
        n = self.ready()
        while n:
            at = s.plain_off + self._at
            sink(memoryview(s.input.buf)[at : at + n])
            self._at += n
            total += n
            n = self.pending()
        return total if total or n == 0 else None

    # Writing

    def write(self, data, off=0, n=-1):
        """Send data, or its n bytes from off on. Returns how many were sent: all; with timeout 0 fewer, or None, and then call again with what is left."""
        if n < 0 or n > len(data) - off:
            n = len(data) - off
        s = self.session
        out = s.output
        self._began = self.ticks_ms()
        if not s.established and not self.handshake():
            return None
        at = 0
        while at < n or self._owed:
            try:
                if self._flush() is None:
                    return at or None
            except OSError:
                self._owed += at  # who comes again comes with all of it
                raise
            self._began = self.ticks_ms()
            at += min(self._owed, n - at)
            self._owed = 0
            while _USE_REHANDSHAKES and s.quiet and (self.timeout == 0 or not self.pending()):  # it is negotiated again, and the peer's Finished comes first
                if self.pending() or not self.feed():
                    return at or None
            if at < n:
                m = s.want_output(n - at)
                copy(out.buf, s.write_off, data, off + at, m)
                s.encode_writebuf(m)
                self._owed = m
        return at

    send = write

    # Closing

    def close(self):
        """Say goodbye if that is still possible, wipe the session, close the transport if it can be. Harmless when called twice."""
        s = self.session
        try:
            if s.can_close():
                s.encode_closure_alert()
            self.flush()
        except (OSError, Error):
            pass
        finally:
            self.closed = True
            s.delete()
            if hasattr(self.transport, "close"):
                self.transport.close()
