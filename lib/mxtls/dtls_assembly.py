# SPDX-License-Identifier: MIT
"""Handshake messages put in order again (RFC 6347 section 4.2): which fragment is due, and a bounded store of those that came too early.
Called by dtls.py.

A fragment that is due goes on at once, so that a message which arrives in order is never held here.
"""

from mxtls.buffers import Buffer
from mxtls.kernels.mem import copy

_FAR = 16  # messages ahead of the one that is due: no flight is longer


class Assembly:
    """seq: the message_seq that is due; done: the bytes of its body that have gone on. kept: fragments before their time, each behind
    its header of 12 bytes; at most `limit` bytes of them."""

    def __init__(self, limit):
        self.kept = Buffer(0, limit)
        self.restart(0)

    def restart(self, seq):
        """The message seq is due, and nothing of it has come."""
        self.seq = seq
        self.done = 0
        self.kind = self.length = -1  # of the message that is due, once a fragment of it has gone on

    def advance(self, kind, length, n):
        """n more bytes of the message that is due have gone on."""
        self.kind = kind
        self.length = length
        self.done += n
        if self.done == length:
            self.restart(self.seq + 1)

    def keep(self, buf, off, n):
        """Keep the fragment buf[off:off+n], header and all, for later. False when there is no room, or when it contradicts another."""
        seq = buf[off + 4] << 8 | buf[off + 5]
        if seq - self.seq >= _FAR or not self.agrees(buf, off):
            return False
        kept = self.kept
        at = 0
        while at < kept.end:
            size = self.size(at)
            if size == n and not differ(kept.buf, at, buf, off, 12):
                return True  # it is here already
            at += size
        if kept.room(n) < 0:
            return False
        copy(kept.buf, kept.end, buf, off, n)
        kept.end += n
        return True

    def size(self, at):
        """How long the kept fragment at `at` is."""
        buf = self.kept.buf
        return 12 + (buf[at + 9] << 16 | buf[at + 10] << 8 | buf[at + 11])

    def agrees(self, buf, off):
        """Do type and length of the fragment at buf[off:] fit what is known of its message? The first fragment fixes them."""
        if buf[off + 4] << 8 | buf[off + 5] == self.seq and self.length >= 0:
            return buf[off] == self.kind and buf[off + 1] << 16 | buf[off + 2] << 8 | buf[off + 3] == self.length
        at = 0
        while at < self.kept.end:
            if not differ(self.kept.buf, at + 4, buf, off + 4, 2):
                return not differ(self.kept.buf, at, buf, off, 4)
            at += self.size(at)
        return True

    def due(self):
        """Where in kept.buf a fragment lies whose turn has come, or -1. Those whose time is over are thrown out."""
        buf = self.kept.buf
        at = 0
        while at < self.kept.end:
            ahead = (buf[at + 4] << 8 | buf[at + 5]) - self.seq
            off = buf[at + 6] << 16 | buf[at + 7] << 8 | buf[at + 8]
            n = self.size(at)
            if ahead == 0 and off <= self.done and (off + n - 12 > self.done or n == 12):
                return at
            if ahead < 0 or (ahead == 0 and off < self.done):
                self.remove(at, n)
            else:
                at += n
        return -1

    def remove(self, at, n):
        kept = self.kept
        copy(kept.buf, at, kept.buf, at + n, kept.end - at - n)
        kept.end -= n


def differ(a, aoff, b, boff, n):
    """Is a[aoff:aoff+n] not b[boff:boff+n]? Public bytes only."""
    while n:
        n -= 1
        if a[aoff + n] != b[boff + n]:
            return True
    return False
