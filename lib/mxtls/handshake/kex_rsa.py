# SPDX-License-Identifier: MIT
"""RSA key exchange (RFC 5246 section 7.4.7.1). Called by both roles: see kex_ecdhe.py. It has no ServerKeyExchange.

The server's decryption fails implicitly: whatever the client sent, 48 bytes come out, and a wrong
message shows only as a wrong Finished.
"""

from mxtls.codes import SSL3 as _SSL3
from mxtls.config import USE_CLIENT_SIDE_SSL as _USE_CLIENT, USE_SERVER_SIDE_SSL as _USE_SERVER, USE_SSL3 as _USE_SSL3
from mxtls.crypto import rsa

if _USE_CLIENT:

    def public(session, hs):
        """A random premaster secret, encrypted to the server's key, as ClientKeyExchange carries it."""
        from mxtls.crypto.drbg import random_into

        hs.premaster = bytearray(48)
        random_into(hs.premaster, 0, 48)
        hs.premaster[0] = hs.client_version >> 8
        hs.premaster[1] = hs.client_version & 255
        cipher = rsa.encrypt(hs.key, hs.premaster)
        if _USE_SSL3 and session.version == _SSL3:
            return cipher
        return len(cipher).to_bytes(2, "big") + cipher


if _USE_SERVER:

    def read_public(session, hs, r):
        """The premaster secret, or a random one that nobody shares."""
        end = r.end
        if not (_USE_SSL3 and session.version == _SSL3):
            end = r.vector(2)
        hs.premaster = bytearray(48)
        rsa.decrypt_premaster(session.keys.private, bytes(r.buf[r.off : end]), hs.client_version, hs.premaster)
        r.off = end
