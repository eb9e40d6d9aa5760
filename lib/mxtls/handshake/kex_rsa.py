# SPDX-License-Identifier: MIT
"""RSA key exchange (RFC 5246 section 7.4.7.1). Called by both roles.

The server's decryption fails implicitly: whatever the client sent, 48 bytes come out, and a wrong
message shows only as a wrong Finished.
"""

from mxtls.codes import CLIENT_KEY_EXCHANGE as _CLIENT_KEY_EXCHANGE
from mxtls.codes import TLS1_2 as _TLS1_2
from mxtls.config import USE_CLIENT_SIDE_SSL as _USE_CLIENT
from mxtls.config import USE_SERVER_SIDE_SSL as _USE_SERVER
from mxtls.crypto import rsa
from mxtls.handshake.codec import Writer

if _USE_CLIENT:

    def write_secret(session, hs):
        """ClientKeyExchange: a random premaster secret, encrypted to the server's key."""
        from mxtls.crypto.drbg import random_into

        hs.premaster = bytearray(48)
        random_into(hs.premaster, 0, 48)
        hs.premaster[0] = _TLS1_2 >> 8
        hs.premaster[1] = _TLS1_2 & 255
        cipher = rsa.encrypt(hs.key, hs.premaster)
        w = Writer(session)
        w.begin(_CLIENT_KEY_EXCHANGE, 2 + len(cipher))
        w.put(len(cipher), 2)
        w.data(cipher, 0, len(cipher))
        w.finish()


if _USE_SERVER:

    def read_secret(session, hs, r):
        """ClientKeyExchange: the premaster secret, or a random one that nobody shares."""
        end = r.vector(2)
        hs.premaster = bytearray(48)
        rsa.decrypt_premaster(session.keys.private, bytes(r.buf[r.off : end]), hs.client_version, hs.premaster)
        r.off = end
