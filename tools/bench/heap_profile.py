# SPDX-License-Identifier: MIT
"""Frozen by tools/heap_profile.py: where the heap of a client goes, as mx_client.py makes it.

    -m heap_profile PORT ROOT_DER MAX_RECORD
Prints "module NAME BYTES" (what importing it kept, without what it imported itself), "live WHERE ALL IMPORTED BUFFERS" (what is
alive at that moment, after a collection, and the sum of all imports so far) and "inside FUNCTION BYTES" (the most that was alive when it was entered).
"""

import builtins
import gc
import sys

_WATCHED = (
    ("mxtls.kernels.ec", ("ecdsa_verify", "ec_public", "ec_ecdh")),
    ("mxtls.kernels.x25519", ("x25519",)),
    ("mxtls.crypto.gcm", ("ghash_key", "ghash")),  # which tools/join.py has joined with their users
    ("mxtls.kernels.aes", ("aes_expand", "aes_ctr")),
    ("mxtls.kernels.rsa", ("rsa_public",)),
    ("mxtls.handshake.derive", ("prf",)),
)
_import = builtins.__import__
_modules = []
_entered = {}
_children = [0]


def live():
    gc.collect()
    return gc.mem_alloc()


def alive():
    """(all that is alive but our own notes, what all imports so far kept)."""
    modules = 0
    for row in _modules:
        modules += row[1]
    return live() - _children[0] + modules, modules


def note(where, session=None):
    """One line: what is alive now, what was imported, and the session's buffers."""
    print("live", where, *alive(), len(session.input.buf) + len(session.output.buf) if session else 0)


def watch(name, function):
    """The function, with a note of what is alive at its entry."""
    _entered[name] = _entered.get(name, 0)

    def watched(*arguments):
        _entered[name] = max(_entered[name], alive()[0])
        return function(*arguments)

    return watched


def noted_import(*arguments):
    """__import__ with a note of what the module keeps."""
    if arguments[0] in sys.modules:
        return _import(*arguments)
    outer = _children[0]
    _children[0] = 0
    before = live()
    top = _import(*arguments)
    total = live() - before
    _modules.append((arguments[0], total - _children[0]))
    module = sys.modules.get(arguments[0])
    for where, names in _WATCHED:
        if where == arguments[0]:
            for name in names:
                setattr(module, name, watch(name, getattr(module, name)))
    _children[0] = outer + live() - before
    return top


def main(argv):
    note("interpreter")
    builtins.__import__ = noted_import
    import socket

    import mx_client

    from mxtls.codes import HANDSHAKE_COMPLETE as _HANDSHAKE_COMPLETE, REQUEST_SEND as _REQUEST_SEND
    from mxtls.keys import Keys
    from mxtls.library import open as open_library
    from mxtls.session import ClientSession

    keys = Keys()
    keys.load_rsa_keys(None, None, None, argv[2])
    note("keys-loaded")
    open_library()
    note("library-open")
    session = ClientSession(keys, server_name="localhost", max_record=int(argv[3]))
    note("session-created", session)
    sock = socket.socket()
    sock.connect(socket.getaddrinfo("127.0.0.1", int(argv[1]))[0][-1])
    status = mx_client.flush(session, sock)
    state = session.state
    while status != _HANDSHAKE_COMPLETE:
        status = mx_client.read(session, sock)
        if session.state != state:
            state = session.state
            note("state-%d" % state, session)
        if status == _REQUEST_SEND:
            status = mx_client.flush(session, sock)
    note("handshake-done", session)
    mx_client.put(session, sock, 1024, True)
    if not mx_client.get(session, sock, 1024, True):
        return 1
    note("echo-done", session)
    session.delete()
    session = keys = None
    note("session-deleted")
    for name, size in _modules:
        print("module", name, size)
    for name in _entered:
        print("inside", name, _entered[name])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
