# SPDX-License-Identifier: MIT
"""The anti-replay window over an epoch's last 64 records (RFC 6347 section 4.1.2.6). Called by dtls.py."""


class Window:
    """A record's number has 48 bits: it is handled in halves of 24, which are small ints everywhere. Neither call allocates."""

    def __init__(self):
        self.bits = bytearray(8)  # a ring: bit i is for the number of the last 64 that is i modulo 64
        self.reset()

    def reset(self):
        """A new epoch: no record has come."""
        self.high = 0  # the highest number that has come
        self.low = -1
        for i in range(8):
            self.bits[i] = 0

    def ahead(self, buf, off):
        """By how much the number at buf[off:off+6] is above the highest that has come; 64 stands for more, -64 for what is too old to tell."""
        steps = (buf[off] << 16 | buf[off + 1] << 8 | buf[off + 2]) - self.high
        if steps > 1:
            return 64
        if steps < -1:
            return -64
        steps = (steps << 24) + (buf[off + 3] << 16 | buf[off + 4] << 8 | buf[off + 5]) - self.low
        return max(-64, min(64, steps))

    def is_new(self, buf, off):
        """May the record with this number be opened? False when it has come before or is too old to tell."""
        steps = self.ahead(buf, off)
        return steps > 0 or (steps > -64 and not self.bits[buf[off + 5] >> 3 & 7] >> (buf[off + 5] & 7) & 1)

    def mark(self, buf, off):
        """The record with this number has come, and it was authentic. Is it newer than all before it?"""
        steps = self.ahead(buf, off)
        new = steps > 0
        if new:
            low = self.low
            while steps:  # what leaves the window makes room in the ring
                steps -= 1
                low += 1
                self.bits[low >> 3 & 7] &= ~(1 << (low & 7))
            self.high = buf[off] << 16 | buf[off + 1] << 8 | buf[off + 2]
            self.low = buf[off + 3] << 16 | buf[off + 4] << 8 | buf[off + 5]
        self.bits[buf[off + 5] >> 3 & 7] |= 1 << (buf[off + 5] & 7)
        return new
