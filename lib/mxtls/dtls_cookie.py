# SPDX-License-Identifier: MIT
"""HelloVerifyRequest (RFC 6347 section 4.2.1): a client proves that it receives at its address before a server keeps anything for it.
For an application that serves many clients on one socket; examples/server.py shows the loop.

    n = listener.check(buf, n, peer)      a datagram from an address that has no session
    n > 0   send listener.answer[:n] back to it        n == 0   drop the datagram
    n < 0   a ServerSession(keys, dtls=True) is due: put the same datagram into it
"""

from micropython import const

import mxtls_port
from mxtls.codes import CLIENT_HELLO as _CLIENT_HELLO, HANDSHAKE as _HANDSHAKE, HELLO_VERIFY_REQUEST as _HELLO_VERIFY_REQUEST
from mxtls.config import USE_MULTITHREADING as _USE_MULTITHREADING
from mxtls.crypto.drbg import random_into
from mxtls.crypto.hmac import Hmac
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe

_SHA256 = const(4)
_COOKIE = const(32)
_LIFETIME = const(60000)  # milliseconds until the secret changes; a cookie holds for one to two of them
_HELLO = const(25)  # where the ClientHello's body begins, behind the headers of its record and fragment
_ANSWER = const(60)


class Listener:
    """Knows no client: a cookie is a MAC over the client's address and the beginning of its ClientHello. The answer is shorter than any
    ClientHello, so nobody is flooded through us."""

    def __init__(self):
        self.answer = bytearray(_ANSWER)
        self._secrets = bytearray(64)  # today's, then the one before
        self._cookie = bytearray(_COOKIE)
        random_into(self._secrets, 0, 64)
        self._since = mxtls_port.ticks_ms()

    def check(self, buf, n, peer):
        """What to do with the datagram buf[:n] from peer, the bytes of an address that has no session. See above."""
        at = cookie_offset(buf, n)
        if at == 0:
            return 0
        age = mxtls_port.ticks_ms() - self._since & 0x3FFFFFFF
        if age > _LIFETIME:
            self._since = mxtls_port.ticks_ms()
            copy(self._secrets, 32, self._secrets, 0, 32)
            random_into(self._secrets, 0, 32 if age <= 2 * _LIFETIME else 64)
        if buf[at] == _COOKIE:
            for i in (0, 32):
                self._make(i, buf, at, peer)
                if ct_equal(self._cookie, 0, buf, at + 1, _COOKIE):
                    return -1
        self._make(0, buf, at, peer)
        return self._write(buf)

    def _make(self, i, buf, at, peer):
        # The cookie under one secret: version, random and session id are what the client must repeat (the rest may be in another fragment).
        mac = Hmac(_SHA256, self._secrets[i : i + 32])
        mac.update(peer, 0, len(peer))
        mac.update(buf, _HELLO, at - _HELLO)
        mac.digest_into(self._cookie, 0)

    def _write(self, buf):
        # The answer, with the number of the client's own record: there is no state to count in.
        answer = self.answer
        for i in range(_HELLO):
            answer[i] = 0
        answer[0] = _HANDSHAKE
        answer[1] = answer[25] = 0xFE
        answer[2] = answer[26] = 0xFF  # DTLS 1.0, whatever is negotiated
        copy(answer, 5, buf, 5, 6)
        answer[12] = _ANSWER - 13
        answer[13] = _HELLO_VERIFY_REQUEST
        answer[16] = answer[24] = _ANSWER - _HELLO
        copy(answer, 17, buf, 17, 2)  # and of its message
        answer[27] = _COOKIE
        copy(answer, 28, self._cookie, 0, _COOKIE)
        return _ANSWER

    def delete(self):
        """Wipe the secrets."""
        wipe(self._secrets)


def cookie_offset(buf, n):
    """Where the cookie of the ClientHello in the datagram buf[:n] lies; 0 when it is none, or its beginning is not whole."""
    if n < _HELLO + 36 or buf[0] != _HANDSHAKE or buf[1] != 0xFE or buf[3] or buf[4] or buf[13] != _CLIENT_HELLO:
        return 0
    end = 13 + (buf[11] << 8 | buf[12])
    part = buf[22] << 16 | buf[23] << 8 | buf[24]
    if end > n or buf[19] or buf[20] or buf[21] or part > (buf[14] << 16 | buf[15] << 8 | buf[16]) or _HELLO + part > end:
        return 0
    end = _HELLO + part
    at = _HELLO + 35 + buf[_HELLO + 34]
    if buf[_HELLO] != 0xFE or buf[_HELLO + 34] > 32 or at >= end or at + 1 + buf[at] > end:
        return 0
    return at


if _USE_MULTITHREADING:
    from mxtls.lock import guard

    guard(Listener, "__init__ check")
