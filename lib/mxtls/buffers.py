# SPDX-License-Identifier: MIT
"""One buffer: where bytes lie, what is free, what is pending. A session has two, `input` and `output`."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.mem import copy, wipe

if _USE_ARENA:
    import mxtls.memory as memory
    from mxtls.memory import give as wipe, take


class Buffer:
    """buf[start:end] is pending, what lies after end is free. It grows on demand, never beyond limit."""

    def __init__(self, size, limit):
        self.buf = take(size) if _USE_ARENA else bytearray(size)
        self.size = size  # of buf: looking up len takes longer
        self.start = 0
        self.end = 0
        self.limit = limit
        if _USE_ARENA:
            self.owner = memory.owner

    def room(self, n):
        """Make n bytes free after end, by moving the pending bytes to the front and, where that is not
        enough, into a larger buffer. Returns by how much they moved down, or -1: n would pass the limit."""
        buf = self.buf
        start = self.start
        size = self.end - start
        if self.end + n <= self.size:
            return 0
        if size + n > self.size:
            if size + n > self.limit:
                return -1
            if _USE_ARENA:
                memory.owner = self.owner
            buf = take(size + n) if _USE_ARENA else bytearray(size + n)
        copy(buf, 0, self.buf, start, size)
        if _USE_ARENA and buf is not self.buf:
            wipe(self.buf)
        self.buf = buf  # only now: without memory for it, all is as it was
        self.size = len(buf)
        self.start = 0
        self.end = size
        return start

    def free(self):
        """Wipe the bytes; the buffer holds nothing from now on."""
        if self.size:
            wipe(self.buf)
        self.buf = b""  # which cannot be wiped a second time
        self.start = self.end = self.size = self.limit = 0
