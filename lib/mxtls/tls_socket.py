# SPDX-License-Identifier: MIT
"""SSLSocket of the module `tls` (tls.py): a stream over another stream, which polls, waits and fails as MicroPython's built-in one does.

What cannot go on without the transport returns None, and everything that fails is an OSError(number, text), its number that of mbedtls,
its text ours. Sockets that were made non-blocking take one step of a handshake a call.
"""

import io
from time import sleep

from micropython import const

from mxtls.codes import (
    ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE,
    ARG_FAIL as _ARG_FAIL,
    CERT_AUTH_FAIL as _CERT_AUTH_FAIL,
    CLOCK_FAIL as _CLOCK_FAIL,
    CLOSING_DEAD as _DEAD,
    RECEIVED_ALERT as _RECEIVED_ALERT,
)
from mxtls.config import (
    USE_DTLS as _USE_DTLS,
    USE_PEER_CERTIFICATE as _USE_PEER_CERTIFICATE,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
    USE_STEPS as _USE_STEPS,
)
from mxtls.errors import Error
from mxtls.kernels.mem import copy

_CHUNK = const(4096)  # plaintext of the longest record that is written
_READ = const(512)  # bytes that a transport without recv_into is asked for
_TICKETS = const(8)  # reads of what is thrown away at the end
_RD = const(1)  # MP_STREAM_POLL_…
_WR = const(4)
_NVAL = const(32)
_POLL = const(3)  # MP_STREAM_…
_CLOSE = const(4)
_EBADF = const(9)
_EINVAL = const(22)
_WAITS = (11, 35, 115, 140, 10035)  # EAGAIN and EINPROGRESS of the platforms: the transport would block

_CONN_EOF = const(-0x7280)
_FATAL_ALERT_MESSAGE = const(-0x7780)
_HELLO_VERIFY_REQUIRED = const(-0x6A80)
_BAD_CONFIG = const(-0x5E80)
_INVALID_RECORD = const(-0x7200)
_TIMEOUT = const(-0x6800)
_CERT_VERIFY_FAILED = const(-0x2700)
_INTERNAL_ERROR = const(-0x6C00)
# The number of mbedtls for what we tell the peer
_NUMBERS = {
    10: -0x7700, 20: -0x7180, 22: -0x7200, 40: -0x6E00, 47: -0x6600, 50: -0x7300, 51: -0x6E00, 70: -0x6E80, 86: -0x6E80, 109: -0x7500,
    110: -0x7500, 112: -0x7800, 115: -0x6C80, 116: -0x7480, 120: -0x7580,
}


def cipher_name(number):
    """As mbedtls writes the IANA name: hyphens, and TLS1-3 for the suites of TLS 1.3."""
    from mxtls.suite_names import name

    text = name(number).replace("_", "-")
    return text if "-WITH-" in text else text.replace("TLS-", "TLS1-3-")


class SSLSocket(io.IOBase):
    """A TLS stream over another stream. SSLContext.wrap_socket makes them."""

    _exact = False  # what follows the record that is due is not for this session

    def __init__(self, context, sock, server_hostname, client_id=None, session_id=None):
        self._context = context
        self._sock = sock
        self._name = server_hostname
        self._client_id = client_id
        self._session_id = session_id
        self._session = None
        self._ragged_eof = context.ragged_eof
        self._error = None  # (number, text): what ended the session
        self._eof = False
        self._at = 0  # bytes that were read of the plaintext that waits
        self._owed = 0  # bytes of plaintext that are sealed, not yet sent, and not yet said to be written
        self._mask = 0  # the direction of the transport that the last call waits for, where it is not the call's own
        self._patient = True  # a call may take more than one step of a handshake
        self._poller = None
        self._reads = 2 if hasattr(sock, "recv_into") else 1 if hasattr(sock, "recv") else 0

    # Failing

    def _fail(self, number, text):
        """Remember what ended the session, and raise it."""
        self._error = (number, text)
        raise self._exception(number, text)

    def _exception(self, number, text):
        return OSError(number, text)

    def _note(self, e):
        """An Error of the engine: send its alert, as far as that goes without waiting, and remember it. Returns (number, text)."""
        number = _NUMBERS.get(e.alert, _INTERNAL_ERROR)
        s = self._session
        if s is None or e.code == _ARG_FAIL:
            number = _BAD_CONFIG
        elif e.code == _CERT_AUTH_FAIL or e.code == _CLOCK_FAIL or 42 <= e.alert <= 49 and e.alert != 47:
            number = -0x7480 if e.alert == 116 else _CERT_VERIFY_FAILED
        elif e.alert == _ALERT_UNEXPECTED_MESSAGE and not s.version:
            number = _INVALID_RECORD
        elif e.alert == 255:
            number = _TIMEOUT if _USE_DTLS and s.dtls else _CONN_EOF
        self._error = (number, e.text)
        if s:
            try:
                self._send()
            except (OSError, Error):
                pass
        return self._error

    def _failure(self, e):
        """An Error of the engine, which ends the session, as what is raised in its place."""
        number, text = self._note(e)
        return self._exception(number, text)

    def _open(self):
        """The transport, which a closed socket has no more."""
        if self._sock is None:
            raise self._exception(_EBADF, "the socket is closed; open another")
        return self._sock

    def _check(self):
        self._open()
        if self._error:
            raise self._exception(self._error[0], self._error[1])
        self._mask = 0

    # The transport

    def _waits(self, e):
        """Does a transport's OSError mean that it would block? Those that end the connection are remembered."""
        number = e.args[0] if e.args else 0
        if number in _WAITS:
            return True
        if number in (32, 103, 104, 113):  # broken pipe, aborted, reset, no route
            self._error = (number, str(e))
        return False

    def _put(self, view):
        """One write to the transport: the bytes that went, 0 when it would block."""
        sock = self._sock
        try:
            return (sock.send(view) if self._reads else sock.write(view)) or 0
        except OSError as e:
            if self._waits(e):
                return 0
            raise

    def _get(self, n):
        """One read from the transport into the session's input buffer: bytes, 0 at the end, None when it would block."""
        s = self._session
        inp = s.input
        datagrams = _USE_DTLS and s.dtls
        try:
            if not datagrams and (self._reads == 0 or self._exact):
                n = min(n, s.need)  # a stream's readinto waits until all have come
            if self._reads == 1 and (datagrams or self._patient):
                return self._get_some(n, datagrams)
            view = memoryview(inp.buf)[inp.end : inp.end + n]
            return self._sock.recv_into(view) if self._reads == 2 else self._sock.readinto(view)
        except OSError as e:
            if self._waits(e):
                return None
            raise

    def _get_some(self, n, datagrams):
        """The same over a socket of MicroPython that may block. Its readinto would wait until all have come, and a timeout would lose
        those that have; its recv does not everywhere tell a timeout from a socket that does not block. So the first byte comes by the one,
        and what has come with it by the other."""
        s = self._session
        inp = s.input
        sock = self._sock
        first = 0
        if not datagrams:
            first = sock.readinto(memoryview(inp.buf)[inp.end : inp.end + 1])
            n = min(n - 1, _READ)
            if not first or s.need == 1 or not n:
                return first
        try:
            data = sock.recv(n)
        except OSError:
            if first:
                return first  # the next call hears of it
            raise
        copy(inp.buf, inp.end + first, data, 0, len(data))
        return first + len(data)

    def _ready(self, flags, milliseconds=0):
        """What the transport is ready for, of flags."""
        sock = self._sock
        if hasattr(sock, "ioctl"):
            return sock.ioctl(_POLL, flags)
        if self._poller is None:
            import select

            self._poller = select.poll()
            self._poller.register(sock, flags)
        else:
            self._poller.modify(sock, flags)
        for _sock, got in self._poller.poll(milliseconds):
            return got
        return 0

    def _send(self):
        """Send what waits. False when the transport would block."""
        s = self._session
        out = s.output
        while True:
            n = s.want_outdata() if _USE_DTLS and s.dtls else out.end - out.start
            if not n:
                return True
            n = self._put(memoryview(out.buf)[out.start : out.start + n])
            if not n:
                return False
            s.sent_data(n)

    def _receive(self):
        """One read of the transport goes through the session. False when the transport would block."""
        s = self._session
        if _USE_STEPS and s.busy:
            self._follow(s.received_data(0))
            return True
        if _USE_DTLS and s.dtls and self._reads and self._patient:
            wait = s.timeout()
            if wait >= 0 and not self._ready(_RD, wait):
                return True  # a flight is overdue, and goes again
        n = self._get(s.want_input())
        if n is None:
            return False
        if n == 0 and not (_USE_DTLS and s.dtls):
            if not s.established or not self._ragged_eof:
                s.received_eof()
            self._eof = True
            return True
        if _USE_DTLS and _USE_SERVER and self._client_id is not None:
            self._meet(n)
        self._follow(s.received_data(n))
        return True

    def _follow(self, status):
        """Alerts are taken in; plaintext waits where it is."""
        s = self._session
        while status == _RECEIVED_ALERT:
            number = s.input.buf[s.plain_off + 1]
            if number == 0:
                self._eof = True
            elif s.closing & _DEAD:
                from mxtls.alert_names import name

                self._fail(_FATAL_ALERT_MESSAGE, "the peer refused with alert %d (%s); look at its log" % (number, name(number)))
            status = s.processed_data()

    if _USE_DTLS and _USE_SERVER:

        def _meet(self, n):
            """A server's first datagram: has its client shown that it receives at its address (RFC 6347 section 4.2.1)?"""
            s = self._session
            listener = self._context.listener()
            n = listener.check(s.input.buf, n, self._client_id)
            if n > 0:
                self._put(memoryview(listener.answer)[:n])
            if n >= 0:
                s.delete()
                self._fail(_HELLO_VERIFY_REQUIRED, "the client was sent a cookie; wrap the socket again for its next datagram")
            self._client_id = None

    # The handshake

    def _handshake(self):
        """Go on with it. True when it is done, False when the transport would block, or one step was taken for a caller who cannot wait."""
        s = self._session
        if s is None:
            s = self._session = self._context.new_session(self._name, self._session_id)
            self._pace()
            if not self._patient:  # the client's key was a step
                self._mask = _WR
                return False
        stepped = False
        while True:
            if not self._send():
                self._mask = _WR
                return False
            if s.established:
                s.peer_certificate = None  # the validator has seen it
                return True
            if self._eof:
                s.received_eof()
                self._fail(_CONN_EOF, "the peer closed during the handshake; look at its log")
            if stepped and not self._patient or not self._receive():
                self._mask = _RD
                return False
            stepped = True

    def _pace(self):
        s = self._session
        if _USE_STEPS and s:
            s.stepwise = not self._patient and not (_USE_DTLS and s.dtls)

    def do_handshake(self):
        """Finish the handshake, however long that takes."""
        self._check()
        try:
            while not self._handshake():
                sleep(0.001)
        except Error as e:
            raise self._failure(e)

    def begin(self):
        """do_handshake, for wrap_socket: where that fails nobody has the socket, and its session is no more."""
        try:
            self.do_handshake()
        except BaseException:
            if self._session:
                self._session.delete()
            raise

    # Reading

    def _plain(self):
        """Bytes of plaintext that wait; 0 at the end of the stream, None when the transport would block."""
        self._check()
        s = self._session
        try:
            if s is None or not s.established or s.hs is not None and s.plain_len < 0:
                if not self._handshake():
                    self._mask &= _WR
                    return None
                s = self._session
            while s.plain_len < 0:
                if self._eof:
                    return 0
                if not self._send():
                    self._mask = _WR
                    return None
                if not self._receive():
                    return None
            return s.plain_len - self._at
        except Error as e:
            raise self._failure(e)

    def _taken(self, n):
        """n bytes of plaintext were read. What is wrong with the records behind them is told at the next call."""
        s = self._session
        self._at += n
        if self._at == s.plain_len:
            self._at = 0
            try:
                self._follow(s.processed_data())
            except Error as e:
                self._note(e)
            except OSError:
                pass  # _fail has remembered it

    def recv_into(self, buf, n=0):
        """Read once into buf, n bytes at most (0: all of it). Bytes, 0 at the end, None when it would block."""
        n = min(n or len(buf), len(buf))
        have = self._plain() if n else 0
        if not have:
            return have
        n = min(n, have)
        s = self._session
        copy(buf, 0, s.input.buf, s.plain_off + self._at, n)
        self._taken(n)
        return n

    def readinto(self, buf, n=-1):
        """Read until buf is full, or n bytes are in it; fewer at the end, or where the rest would block. None for nothing yet."""
        n = len(buf) if n < 0 else min(n, len(buf))
        got = 0
        while got < n:
            have = self._again(got)
            if not have:
                return got if got or have == 0 else None
            have = min(have, n - got)
            s = self._session
            copy(buf, got, s.input.buf, s.plain_off + self._at, have)
            got += have
            self._taken(have)
        return got

    def _again(self, got):
        """_plain(), and where bytes were read already what fails waits for the next call."""
        try:
            return self._plain()
        except OSError:
            if got:
                return None
            raise

    def recv(self, n):
        """Read once, n bytes at most: bytes, b"" at the end, None when it would block."""
        have = self._plain() if n else 0
        if have is None:
            return None
        n = min(n, have)
        s = self._session
        data = b""
        if n:
            off = s.plain_off + self._at
            data = bytes(memoryview(s.input.buf)[off : off + n])
            self._taken(n)
        return data

    def read(self, n=-1):
        """Read n bytes, or all to the end; fewer at the end, or where the rest would block. None for nothing yet."""
        parts = []
        got = 0
        while got != n:
            have = self._again(got)
            if not have:
                if have is None and not got:
                    return None
                break
            part = self.recv(have if n < 0 else min(have, n - got))
            got += len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readline(self, n=-1):
        """Read to the end of a line, n bytes at most; less where the rest would block. None for nothing yet."""
        line = b""
        while len(line) != n:
            have = self._again(len(line))
            if not have:
                if have is None and not line:
                    return None
                break
            if n >= 0:
                have = min(have, n - len(line))
            s = self._session
            buf = s.input.buf
            off = s.plain_off + self._at
            m = 0
            while m < have:
                m += 1
                if buf[off + m - 1] == 10:
                    have = m
            part = self.recv(m)
            line = line + part if line else part
            if line[-1] == 10:
                break
        return line

    # Writing

    def _write(self, buf, off, n):
        """Seal and send the beginning of buf[off:off+n], one record; its bytes, None when the transport would block: then, and when its time
        was over, come again with the same bytes, for it is sealed already."""
        self._check()
        s = self._session
        try:
            if s is None or not s.established:
                if not self._handshake():
                    self._mask &= _RD
                    return None
                s = self._session
            if not self._send():
                return None
            if self._owed:
                n = min(self._owed, n)
                self._owed = 0
                return n
            while _USE_REHANDSHAKES and s.quiet:  # it is negotiated again, and the peer's Finished comes first
                if s.plain_len >= 0 or not self._receive():
                    self._mask = _RD
                    return None
            n = s.want_output(min(n, _CHUNK))
            copy(s.output.buf, s.write_off, buf, off, n)
            s.encode_writebuf(n)
            self._owed = n
            if not self._send():
                return None
            self._owed = 0
            return n
        except Error as e:
            raise self._failure(e)

    def write(self, buf, off=None, n=None):
        """write(buf), write(buf, n) or write(buf, off, n): the bytes that were written, fewer or None where the rest would block."""
        if isinstance(buf, str):
            buf = buf.encode()
        if n is None:
            n = off
            off = 0
        left = len(buf) - off
        n = left if n is None else min(n, left)
        done = 0
        while done < n:
            try:
                m = self._write(buf, off + done, n - done)
            except OSError:
                self._owed += done  # who comes again comes with all of it
                raise
            if m is None:
                return done or None
            done += m
        return done

    def send(self, buf):
        """Write once: the bytes that went, None when it would block."""
        if isinstance(buf, str):
            buf = buf.encode()
        return self._write(buf, 0, len(buf)) if len(buf) else 0

    def sendall(self, buf):
        """Write all of it."""
        return self.write(buf)

    # The rest of a stream

    def ioctl(self, request, arg):
        """MP_STREAM_POLL and MP_STREAM_CLOSE, what MicroPython's select asks of a stream. While a handshake goes the other way, both
        directions are ready when that one is."""
        if request == _CLOSE:
            self.close()
            return 0
        if request != _POLL:
            return -_EINVAL
        if self._sock is None or self._error:
            return _NVAL
        wanted = arg & (_RD | _WR)
        s = self._session
        got = 0
        if s and (_USE_STEPS and s.busy or _USE_DTLS and s.dtls and s.hs and s.timeout() == 0):
            return wanted  # the next step of a handshake, or a flight that is overdue
        if self._mask and wanted:
            arg = arg & ~wanted | self._mask
        if arg & _RD and (self._eof or s and s.plain_len >= 0):
            got = _RD
            if arg == _RD:
                return got
        got |= self._ready(arg)
        if got & self._mask:
            got |= wanted
        return got

    def setblocking(self, flag):
        """Non-blocking sockets return None where others wait, and take one step of a handshake a call."""
        self._open().setblocking(flag)
        self._patient = bool(flag)
        self._pace()

    def cipher(self):
        """(suite, version), as mbedtls names them; None before the handshake is done."""
        s = self._session
        if s is None or not s.cipher_suite:
            return None
        version = s.version
        return cipher_name(s.cipher_suite), "DTLSv1.2" if version == 0xFEFD else "DTLSv1.0" if version == 0xFEFF else "TLSv1.%d" % (version - 0x0301)

    def getpeercert(self, binary_form=False):
        """The peer's own certificate, DER; None where it has shown none."""
        if not binary_form:
            raise NotImplementedError
        return self._session.peer_der if _USE_PEER_CERTIFICATE and self._session else None

    def close(self):
        """Say goodbye, if that goes without waiting, wipe the keys and close the transport. Harmless when called twice."""
        sock = self._sock
        if sock is None:
            return
        s = self._session
        if s:
            try:
                if s.can_close() and self._ready(_WR) & _WR:
                    s.encode_closure_alert()
                    self._send()
                    for _ in range(_TICKETS):  # what lies unread, as tickets do, would have TCP reset the connection, and the peer lose what it has
                        if not self._ready(_RD) & _RD or not (sock.recv(_READ) if self._reads == 1 else self._get(s.want_input())):
                            break
            except (OSError, Error):
                pass
            s.delete()
        self._sock = self._session = self._poller = None
        if hasattr(sock, "close"):
            sock.close()
        else:
            sock.ioctl(_CLOSE, 0)

    def __repr__(self):
        return "<SSLSocket>"
