# SPDX-License-Identifier: MIT
"""Connection ids (RFC 9146): records that say which session they are for, so that it outlives a change of the peer's address. What a
session offers, called by session.py; and connection_id(), for an application that serves many clients on one socket.

The rest is where it belongs: the extension in handshake/client_hello.py and server_hello.py, the record in dtls.py and record.py.
"""

from micropython import const

from mxtls.codes import ALERT_NONE as _ALERT_NONE, ARG_FAIL as _ARG_FAIL, TLS12_CID as _TLS12_CID
from mxtls.errors import Error

MOST = const(32)  # bytes of an id, ours or the peer's

_ID = const(11)  # where in a record it is


def offer(session, cid):
    """The peer's records are to carry cid, bytes of at most 32; none of them for b"", but ours carry what the peer asks for."""
    if not session.dtls:
        raise Error(_ARG_FAIL, _ALERT_NONE, "connection ids are for datagrams; give dtls=True too")
    if len(cid) > MOST:
        raise Error(_ARG_FAIL, _ALERT_NONE, "the connection id has %d bytes; give at most %d" % (len(cid), MOST))
    session.dtls.cid = bytes(cid)


def connection_id(buf, n, size):
    """The connection id, bytes, with which the datagram buf[:n] begins, where all ids have `size` bytes; None when it has none. Nothing
    about it is authentic before a session has taken the datagram."""
    if size == 0 or n < _ID + size + 2 or buf[0] != _TLS12_CID or buf[1] != 0xFE:
        return None
    return bytes(memoryview(buf)[_ID : _ID + size])
