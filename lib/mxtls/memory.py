# SPDX-License-Identifier: MIT
"""USE_PEERSEC_MEMORY_MANAGEMENT: session buffers, secrets and record keys from one block that open(arena=n) sets aside, so that a
session's memory is there or is refused with MEM_FAIL, and never competes with the rest of the heap.

Called by buffers.py, the handshake, the records and the ciphers; `give` stands in the place of their wipe. Without an arena open,
memory comes from the heap.
"""

from micropython import const

from mxtls.codes import ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR, ARG_FAIL as _ARG_FAIL, MEM_FAIL as _MEM_FAIL
from mxtls.errors import Error
from mxtls.kernels.mem import wipe

_ALIGN = const(15)
_block = None
_used = []  # [offset, size, view, owner] of each piece, by offset
owner = None  # the session that works now: release() takes back all it holds, whatever became of it. None: what is taken is of the heap


def open(size):
    """Set the block aside; 0 goes back to the heap. Not while pieces of it are in use."""
    global _block
    if _used:
        raise Error(_ARG_FAIL, 255, "the arena is in use; delete all sessions before opening another")
    _block = bytearray(size) if size else None


def take(size):
    """size zero bytes, aligned to 16: the first gap that is large enough."""
    if _block is None or owner is None:
        return bytearray(size)
    at = 0
    i = 0
    while i < len(_used) and _used[i][0] - at < size:
        at = (_used[i][0] + _used[i][1] + _ALIGN) & ~_ALIGN
        i += 1
    if at + size > len(_block):
        raise Error(_MEM_FAIL, _ALERT_INTERNAL_ERROR, "the arena of %d bytes is spent; open a larger one, or fewer sessions at once" % len(_block))
    view = memoryview(_block)[at : at + size]
    _used.insert(i, [at, size, view, owner])
    return view


def give(piece):
    """Give a piece back, wiped; what is from the heap is only wiped."""
    wipe(piece)
    for i in range(len(_used)):
        if _used[i][2] is piece:
            _used.pop(i)
            return


def release(session):
    """Give back every piece of a session, which works no more."""
    global owner
    if owner is session:
        owner = None
    i = len(_used)
    while i:
        i -= 1
        if _used[i][3] is session:
            give(_used[i][2])


def owned(function):
    """A session's __init__ that leaves nothing in the arena when it fails."""

    def call(session, *args, **kwargs):
        try:
            function(session, *args, **kwargs)
        except BaseException:
            release(session)
            raise

    return call


def spent():
    """Bytes of the arena that are in use."""
    total = 0
    for piece in _used:
        total += piece[1]
    return total
