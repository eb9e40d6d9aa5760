# SPDX-License-Identifier: MIT
"""Pre-shared keys, alone or mixed with a Diffie-Hellman secret (RFC 4279, RFC 5489). Called by both roles."""

from mxtls.codes import (
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_UNKNOWN_PSK_IDENTITY as _ALERT_UNKNOWN_PSK_IDENTITY,
    ARG_FAIL as _ARG_FAIL,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
)
from mxtls.config import USE_CLIENT_SIDE_SSL as _USE_CLIENT, USE_SERVER_SIDE_SSL as _USE_SERVER
from mxtls.errors import Error
from mxtls.kernels.mem import copy, wipe


def mix(hs, key):
    """The premaster secret: the other secret (zeros as long as the key where there is none), then the key."""
    other = hs.premaster
    if other is None:
        other = bytearray(len(key))
    n = len(other)
    out = bytearray(4 + n + len(key))
    out[0] = n >> 8
    out[1] = n & 255
    copy(out, 2, other, 0, n)
    out[2 + n] = len(key) >> 8
    out[3 + n] = len(key) & 255
    copy(out, 4 + n, key, 0, len(key))
    wipe(other)
    hs.premaster = out


if _USE_CLIENT:

    def identity(session):
        """(identity, key) to use."""
        found = session.keys.psk
        if not found:
            raise Error(_ARG_FAIL, _ALERT_HANDSHAKE_FAILURE, "the server wants a pre-shared key and none is loaded; call keys.load_psk")
        return found


if _USE_SERVER:

    def read_identity(session, hs, r):
        """The client's identity; its key."""
        end = r.vector(2)
        key = session.keys.find_psk(r.buf, r.off, end - r.off)
        if key is None:
            raise Error(_PROTOCOL_FAIL, _ALERT_UNKNOWN_PSK_IDENTITY, "the client's pre-shared key identity is unknown; load its key")
        r.off = end
        return key
