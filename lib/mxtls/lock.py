# SPDX-License-Identifier: MIT
"""USE_MULTITHREADING: one lock around every call into the library, for programs with more than one thread.

The library keeps scratch and the random generator at module level, so that sessions in two threads would meet there.
A thread that holds the lock may call again, as a validator does. Sessions, keys and library functions guard themselves.
"""

from _thread import get_ident

import mxtls_port

_lock = mxtls_port.lock()
_owner = None


def locked(function):
    """The function, under the lock."""

    def call(*args, **kwargs):
        global _owner
        me = get_ident()
        if _owner == me:
            return function(*args, **kwargs)
        _lock.acquire()
        _owner = me
        try:
            return function(*args, **kwargs)
        finally:
            _owner = None
            _lock.release()

    return call


def guard(cls, names):
    """Put these methods of a class under the lock, as far as the build has them."""
    for name in names.split():
        if hasattr(cls, name):
            setattr(cls, name, locked(getattr(cls, name)))
