# SPDX-License-Identifier: MIT
"""ECDHE key exchange signed with the certificate's key (RFC 8422 section 5.4, RFC 5246 section 7.4.3). Called by both roles."""

from mxtls.codes import ALERT_DECRYPT_ERROR as _ALERT_DECRYPT_ERROR
from mxtls.codes import ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER
from mxtls.codes import CLIENT_KEY_EXCHANGE as _CLIENT_KEY_EXCHANGE
from mxtls.codes import PROTOCOL_FAIL as _PROTOCOL_FAIL
from mxtls.codes import SERVER_KEY_EXCHANGE as _SERVER_KEY_EXCHANGE
from mxtls.config import USE_CLIENT_SIDE_SSL as _USE_CLIENT
from mxtls.config import USE_SERVER_SIDE_SSL as _USE_SERVER
from mxtls.crypto.hash import Hash
from mxtls.errors import Error
from mxtls.handshake.codec import Writer


def _digest(hs, scheme, buf, off, n):
    """What ServerKeyExchange signs: both randoms and the parameters at buf[off:off+n]."""
    from mxtls.crypto.sign import hash_of

    h = Hash(hash_of(scheme))
    h.update(hs.random, 0, 64)
    h.update(buf, off, n)
    return h.digest()


if _USE_CLIENT:

    def read_params(session, hs, r):
        """ServerKeyExchange: the server's ephemeral point, signed."""
        from mxtls.crypto import sign
        from mxtls.crypto.ecdh import Share, find

        start = r.off
        if r.get(1) != 3:
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server does not use a named group; it is broken or too old")
        hs.group = find(r.get(2))
        if not hs.group:
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server chose a group that was not offered; it is broken")
        end = r.vector(1)
        point = r.off
        r.off = end
        scheme = r.get(2)
        stop = r.vector(2)
        signature = bytes(r.buf[r.off : stop])
        r.off = stop
        if scheme >> 8 == 2 or not sign.scheme_fits(scheme, hs.key):
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server signed with scheme 0x%04X, which was not offered or does not fit its key; it is broken" % scheme)
        if not sign.verify(scheme, hs.key, _digest(hs, scheme, r.buf, start, end - start), signature):
            raise Error(_PROTOCOL_FAIL, _ALERT_DECRYPT_ERROR, "the server's signature is wrong: it does not hold the certificate's key, or somebody changed the handshake")
        hs.share = Share(hs.group)
        hs.premaster = hs.share.agree(r.buf, point, end - point)

    def write_public(session, hs):
        """ClientKeyExchange: our ephemeral point."""
        w = Writer(session)
        n = len(hs.share.public)
        w.begin(_CLIENT_KEY_EXCHANGE, 1 + n)
        w.put(n, 1)
        w.data(hs.share.public, 0, n)
        w.finish()


if _USE_SERVER:

    def write_params(session, hs):
        """ServerKeyExchange: our ephemeral point, signed."""
        from mxtls.crypto.ecdh import Share
        from mxtls.crypto.sign import sign

        hs.share = Share(hs.group)
        public = hs.share.public
        n = len(public)
        key = session.keys.private
        w = Writer(session)
        w.begin(_SERVER_KEY_EXCHANGE, 4 + n + 4 + 512 + 32)
        start = w.at
        w.put(3, 1)
        w.put(hs.group[0], 2)
        w.put(n, 1)
        w.data(public, 0, n)
        signature = sign(hs.scheme, key, _digest(hs, hs.scheme, session.output.buf, start, w.at - start))
        w.put(hs.scheme, 2)
        w.put(len(signature), 2)
        w.data(signature, 0, len(signature))
        w.finish()

    def read_public(session, hs, r):
        """ClientKeyExchange: the client's ephemeral point."""
        end = r.vector(1)
        hs.premaster = hs.share.agree(r.buf, r.off, end - r.off)
        r.off = end
