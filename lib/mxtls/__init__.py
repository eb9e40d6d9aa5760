# SPDX-License-Identifier: MIT
"""mxtls: TLS for MicroPython, buffers in, buffers out. The public names, and nothing else.

Names are looked up when they are first used, so that a client never loads what servers need.
"""


def __getattr__(name):
    if name in ("ClientSession", "ServerSession", "Session"):
        from mxtls import session as module
    elif name == "Keys":
        from mxtls import keys as module
    elif name == "Error":
        from mxtls import errors as module
    elif name in ("open", "close"):
        from mxtls import library as module
    elif name[0] == "_":
        raise AttributeError(name)
    else:
        from mxtls import codes as module
    return getattr(module, name)
