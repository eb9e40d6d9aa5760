# SPDX-License-Identifier: MIT
"""Ephemeral elliptic curve Diffie-Hellman (RFC 8422 sections 5.4 and 5.7). Called by both roles, with or without a pre-shared key.

Each key exchange module has the same four functions: read_params and public for a client, params and read_public
for a server. They leave the shared secret in hs.premaster.
"""

from mxtls.codes import ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER, PROTOCOL_FAIL as _PROTOCOL_FAIL
from mxtls.config import USE_CLIENT_SIDE_SSL as _USE_CLIENT, USE_SERVER_SIDE_SSL as _USE_SERVER
from mxtls.errors import Error

if _USE_CLIENT:

    def read_params(session, hs, r):
        """The server's group and ephemeral point."""
        from mxtls.crypto.ecdh import Share, find

        if r.get(1) != 3:
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server does not use a named group; it is broken or too old")
        group = find(r.get(2))
        if not group:
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server chose a group that was not offered; it is broken")
        end = r.vector(1)
        hs.share = Share(group)
        hs.premaster = hs.share.agree(r.buf, r.off, end - r.off)
        r.off = end

    def public(session, hs):
        """Our ephemeral point, as ClientKeyExchange carries it."""
        return bytes([len(hs.share.public)]) + hs.share.public


if _USE_SERVER:

    def params(session, hs):
        """Our group and ephemeral point, as ServerKeyExchange carries them."""
        from mxtls.crypto.ecdh import Share

        hs.share = Share(hs.group)
        return bytes([3, 0, hs.group[0], len(hs.share.public)]) + hs.share.public

    def read_public(session, hs, r):
        """The client's ephemeral point."""
        end = r.vector(1)
        hs.premaster = hs.share.agree(r.buf, r.off, end - r.off)
        r.off = end
