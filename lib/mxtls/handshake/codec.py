# SPDX-License-Identifier: MIT
"""Reading and writing handshake messages in place (RFC 5246 section 4). Used by every handshake module.

A Reader walks over a message where it lies in the input buffer; a Writer writes one where it will be
sealed in the output buffer. Neither copies.
"""

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    HANDSHAKE as _HANDSHAKE,
    LIMIT_FAIL as _LIMIT_FAIL,
    PARSE_FAIL as _PARSE_FAIL,
)
from mxtls.config import USE_DTLS as _USE_DTLS, USE_SSL_HANDSHAKE_MSG_TRACE as _USE_SSL_HANDSHAKE_MSG_TRACE
from mxtls.errors import Error
from mxtls.kernels.mem import copy

if _USE_SSL_HANDSHAKE_MSG_TRACE:
    import mxtls.trace as trace


def contains(buf, off, end, number):
    """Is the number in the list of 16-bit numbers at buf[off:end]?"""
    while off < end:
        if buf[off] << 8 | buf[off + 1] == number:
            return True
        off += 2
    return False


class Reader:
    """A cursor `off` over buf[off:end]. Everything that would pass the end is a decode_error."""

    def __init__(self, buf, off, end):
        self.buf = buf
        self.off = off
        self.end = end

    def take(self, n):
        """Step over n bytes; where they begin."""
        off = self.off
        if n > self.end - off:
            raise Error(_PARSE_FAIL, _ALERT_DECODE_ERROR, "handshake message ends too early; the peer is broken")
        self.off = off + n
        return off

    def get(self, n):
        """The next n bytes (1 to 3) as a number."""
        off = self.take(n)
        v = 0
        while n:
            v = v << 8 | self.buf[off]
            off += 1
            n -= 1
        return v

    def vector(self, n):
        """Step into a vector with an n-byte length; where it ends."""
        n = self.get(n)
        off = self.take(n)
        self.off = off
        return off + n

    def filled(self, n):
        """A vector that may not be empty."""
        end = self.vector(n)
        if end == self.off:
            raise Error(_PARSE_FAIL, _ALERT_DECODE_ERROR, "an empty field in a handshake message; the peer is broken")
        return end

    def done(self, end):
        """Nothing may be left before end, nor have been read beyond it."""
        if self.off != end:
            raise Error(_PARSE_FAIL, _ALERT_DECODE_ERROR, "handshake message has a wrong length; the peer is broken")


class Writer:
    """Writes one handshake message into the session's output buffer, or over DTLS into its flight: begin, put and data, finish."""

    def __init__(self, session):
        self.session = session
        self.out = session.dtls.flight.messages if _USE_DTLS and session.dtls else session.output
        self.base = 0
        self.at = 0

    def begin(self, kind, most):
        """Start a message of at most `most` body bytes."""
        s = self.session
        out = self.out
        if _USE_DTLS and s.dtls:
            self.base = s.dtls.begin(s, kind, most)
            self.at = self.base + 12
            return
        most += 4
        if out.room(most + s.overhead() * (1 + most // s.max_out)) < 0:
            raise Error(_LIMIT_FAIL, _ALERT_INTERNAL_ERROR, "a handshake message does not fit the output buffer; send what is pending or raise max_record")
        self.base = out.end + s.head()
        self.at = self.base + 4
        out.buf[self.base] = kind

    def put(self, v, n):
        """v as n bytes, big-endian."""
        buf = self.out.buf
        at = self.at
        self.at = at + n
        while n:
            n -= 1
            buf[at + n] = v & 255
            v >>= 8

    def data(self, src, off, n):
        copy(self.out.buf, self.at, src, off, n)
        self.at += n

    def close(self, mark, n):
        """The n-byte length before mark becomes the count of what was written since."""
        at = self.at
        self.at = mark - n
        self.put(at - mark, n)
        self.at = at

    def finish(self):
        """Add the message to the transcript and seal it, in as many records as it needs."""
        s = self.session
        out = self.out
        base = self.base
        n = self.at - base
        if _USE_DTLS and s.dtls:
            s.dtls.finish(base, self.at)
        else:
            self.close(base + 4, 3)
        hs = s.hs
        if hs and hs.transcript:
            hs.transcript.update(out.buf, base, n)
        elif hs:
            hs.hello = bytes(out.buf[base : self.at])  # the transcript's hash is not known before ServerHello
        if _USE_SSL_HANDSHAKE_MSG_TRACE:
            trace.message(s, "->", out.buf[base], n - (12 if _USE_DTLS and s.dtls else 4))
        if _USE_DTLS and s.dtls:
            return
        most = s.max_out
        if n > most:  # make a gap for each further record's header and trailer, the last first
            gap = s.overhead()
            i = (n - 1) // most
            while i:
                part = i * most
                copy(out.buf, base + part + i * gap, out.buf, base + part, min(most, n - part))
                i -= 1
            i = base
            while n > most:
                s.seal(_HANDSHAKE, base, most)
                n -= most
                i += most + gap
                base = out.end + s.head()  # a padded record may have come out shorter than its gap
                copy(out.buf, base, out.buf, i, min(most, n))
        s.seal(_HANDSHAKE, base, n)
