# SPDX-License-Identifier: MIT
"""A trust store: roots in a file, found by a hash of their subject and read one at a time. Made by tools/trust_store.py. Called by
keys.py, which looks whether it is one, and by chain.py.

The file: "MXT1", the number of roots, then for each root, sorted, a hash of its subject, where its DER certificate begins and how long
it is; then the certificates. Every field is of 4 bytes, numbers are big-endian.
"""

from mxtls.codes import (
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    PARSE_FAIL as _PARSE_FAIL,
    PLATFORM_FAIL as _PLATFORM_FAIL,
)
from mxtls.crypto.hash import Hash
from mxtls.errors import Error
from mxtls.x509.der import Der


def name_hash(buf, off, end):
    """The first 4 bytes of a SHA-256 over the distinguished name (whole value) at buf[off:end]: names that names.dn_match takes for equal
    have one hash."""
    h = Hash(4)
    d = Der(buf)
    p = d.read(off, end, 0x30)
    end = d.end
    while p < end:
        q = d.read(p, end, 0x31)
        p = d.end
        while q < p:
            q = d.read(d.read(q, p, 0x30), p, 6)
            h.update(buf, q, d.end - q)
            q = d.read(d.end, p, 0)
            text = bytes(buf[q : d.end])
            q = d.end
            if d.tag in (12, 19, 22):
                text = b" ".join(text.lower().split())
            h.update(text, 0, len(text))
    return h.digest()[:4]


class TrustStore:
    """TrustStore(file): Error(PLATFORM_FAIL) where it cannot be read, Error(PARSE_FAIL) where it is none. count: how many roots it has.
    It holds neither roots nor index: a look-up reads 12 bytes some log2(count) times."""

    def __init__(self, file):
        self.file = file
        self.wanted = b""
        head = self._read(0, 8)
        self.count = int.from_bytes(head[4:], "big")
        if head[:4] != b"MXT1" or self.count > 65535:
            self._damaged()

    def _damaged(self):
        raise Error(_PARSE_FAIL, _ALERT_INTERNAL_ERROR, "the trust store '%s' is damaged or something else: make it anew with tools/trust_store.py" % self.file)

    def _read(self, off, n):
        import mxtls_port

        try:
            data = mxtls_port.read_at(self.file, off, n)
        except OSError:
            raise Error(_PLATFORM_FAIL, _ALERT_INTERNAL_ERROR, "cannot read the trust store '%s': check its name" % self.file)
        if len(data) != n:
            self._damaged()
        return data

    def first(self, name):
        """The number of the first root that may have this distinguished name, bytes, as its subject; -1 for none."""
        self.wanted = name_hash(name, 0, len(name))
        low = 0
        high = self.count
        while low < high:
            at = (low + high) // 2
            if self._read(8 + 12 * at, 4) < self.wanted:
                low = at + 1
            else:
                high = at
        return self.after(low - 1)

    def after(self, at):
        """The number of the next such root, -1 for none."""
        at += 1
        if at < self.count and self._read(8 + 12 * at, 4) == self.wanted:
            return at
        return -1

    def root(self, at):
        """The DER certificate of that number."""
        entry = self._read(8 + 12 * at, 12)
        n = int.from_bytes(entry[8:], "big")
        if n > 8192:
            self._damaged()
        return self._read(int.from_bytes(entry[4:8], "big"), n)
