# SPDX-License-Identifier: MIT
"""Ephemeral Diffie-Hellman over a prime that the server chooses (RFC 5246 section 7.4.3). Called by both roles: see kex_ecdhe.py."""

from mxtls.config import USE_CLIENT_SIDE_SSL as _USE_CLIENT, USE_SERVER_SIDE_SSL as _USE_SERVER

if _USE_CLIENT:

    def read_params(session, hs, r):
        """The server's prime, generator and ephemeral value."""
        end = r.filled(2)
        p = bytes(r.buf[r.off : end])
        r.off = end
        end = r.filled(2)
        g = bytes(r.buf[r.off : end])
        r.off = end
        hs.group = p, g
        end = r.filled(2)
        hs.public = bytes(r.buf[r.off : end])
        r.off = end

    def draw(session, hs):
        """Our ephemeral key."""
        from mxtls.crypto.dh import DhShare

        hs.share = DhShare(hs.group[0], hs.group[1], session.keys.min_dh_bits)

    def public(session, hs):
        """Our ephemeral value, as ClientKeyExchange carries it."""
        return len(hs.share.public).to_bytes(2, "big") + hs.share.public


if _USE_SERVER:

    def params(session, hs):
        """The prime, the generator and our ephemeral value, as ServerKeyExchange carries them."""
        from mxtls.crypto.dh import DhShare

        if session.keys.dh:
            p, g = session.keys.dh
        else:
            from mxtls.crypto.ffdhe import FFDHE2048 as p

            g = b"\x02"
        hs.share = DhShare(p, g, session.keys.min_dh_bits)
        out = b""
        for part in (p, g, hs.share.public):
            out += len(part).to_bytes(2, "big") + part
        return out

    def read_public(session, hs, r):
        """The client's ephemeral value."""
        end = r.filled(2)
        hs.premaster = hs.share.agree(r.buf, r.off, end - r.off)
        r.off = end
