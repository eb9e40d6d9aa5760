# SPDX-License-Identifier: MIT
"""mxtls.stream over a socket, as client.py and server.py use it: they want to know how much heap a session takes at most."""

import common

from mxtls.stream import Stream as _Stream


class Stream(_Stream):
    """The same, and the heap is looked at whenever something comes."""

    def feed(self):
        common.sample_heap()
        return super().feed()
