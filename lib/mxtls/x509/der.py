# SPDX-License-Identifier: MIT
"""Strict DER (X.690 section 10): one cursor over a buffer, definite minimal lengths, no recursion, no copies.

Called by certificate.py, names.py, constraints.py, private.py and keys.py.
"""

from mxtls.codes import ALERT_BAD_CERTIFICATE as _ALERT_BAD_CERTIFICATE, PARSE_FAIL as _PARSE_FAIL
from mxtls.config import USE_ERROR_TEXTS as _USE_ERROR_TEXTS
from mxtls.errors import Error


def fail(text):
    if _USE_ERROR_TEXTS and ":" not in text:
        text += ": use another certificate or key"
    raise Error(_PARSE_FAIL, _ALERT_BAD_CERTIFICATE, text)


class Der:
    """A cursor: read() leaves the value's tag, and the range off..end of its contents; the next value starts at end."""

    def __init__(self, buf):
        self.buf = buf
        self.tag = 0
        self.off = 0
        self.end = 0

    def read(self, pos, end, tag):
        """The value at pos, which must lie within end and carry tag (0: any). Returns where its contents begin."""
        buf = self.buf
        if pos + 2 > end:
            fail("truncated DER: ask for a complete file or certificate")
        n = buf[pos + 1]
        kind = buf[pos]
        pos += 2
        if n > 127:
            count = n & 127
            if count == 0 or count > 3 or pos + count > end:
                fail("not DER: a length is indefinite, truncated or too large")
            n = buf[pos]
            if count > 1:
                n = n << 8 | buf[pos + 1]
            if count > 2:
                n = n << 8 | buf[pos + 2]
            if buf[pos] == 0 or n < 128:
                fail("not DER: a length is not in its shortest form")
            pos += count
        if kind & 31 == 31 or (tag and kind != tag):
            fail("unexpected DER type %d, wanted %d" % (kind, tag))
        if n > end - pos:
            fail("truncated DER: a value is longer than what holds it")
        self.tag = kind
        self.off = pos
        self.end = pos + n
        return pos

    def integer(self, pos, end):
        """A non-negative INTEGER in its shortest form: read(), and off is past the sign byte, so 0 is empty or one zero byte."""
        off = self.read(pos, end, 2)
        buf = self.buf
        n = self.end - off
        if n == 0 or buf[off] & 128 or (n > 1 and buf[off] == 0 and buf[off + 1] < 128):
            fail("not DER: an integer is empty, negative or not in its shortest form")
        if n > 1 and buf[off] == 0:
            off += 1
            self.off = off
        return off
