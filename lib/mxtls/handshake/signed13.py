# SPDX-License-Identifier: MIT
"""CertificateVerify of TLS 1.3 (RFC 8446 section 4.4.3). Called by both roles.

Unlike before, a scheme of ECDSA names its curve, and RSA signs with PSS alone.
"""

from mxtls.codes import (
    ALERT_DECRYPT_ERROR as _ALERT_DECRYPT_ERROR,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    CERTIFICATE_VERIFY as _CERTIFICATE_VERIFY,
    KEY_EC as _KEY_EC,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
)
from mxtls.crypto.sign import digest_of, scheme_fits, sign, verify
from mxtls.errors import Error
from mxtls.handshake.codec import Writer

# Columns: scheme, curve
_CURVES = ((0x0403, 23), (0x0503, 24), (0x0603, 25))


def fits(scheme, key):
    """May a key of this kind, curve and size sign a TLS 1.3 handshake with the scheme?"""
    if scheme < 0x0403 or scheme >> 8 < 8 and scheme & 255 != 3 or not scheme_fits(scheme, key):
        return False
    for row in _CURVES:
        if row[0] == scheme:
            return key.kind == _KEY_EC and key.curve == row[1]
    return True


def choose(key, offered):
    """The first scheme of a peer's list that our key can sign with, 0 for none."""
    i = 0
    while offered and i < len(offered):
        scheme = offered[i] << 8 | offered[i + 1]
        if fits(scheme, key):
            return scheme
        i += 2
    return 0


def _digest(hs, scheme, client):
    """What verify and sign want of what is signed: spaces, who signs, and the transcript's digest."""
    content = b" " * 64 + (b"TLS 1.3, client CertificateVerify\x00" if client else b"TLS 1.3, server CertificateVerify\x00") + hs.transcript.digest()
    return digest_of(scheme, content, 0, len(content))


def check(hs, r, client):
    """The peer's CertificateVerify; client: did a client sign?"""
    scheme = r.get(2)
    if not fits(scheme, hs.key):
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the peer signed with scheme 0x%04X, which was not offered or does not fit its key; it is broken" % scheme)
    end = r.vector(2)
    signature = bytes(r.buf[r.off : end])
    r.off = end
    if not verify(scheme, hs.key, _digest(hs, scheme, client), signature):
        raise Error(_PROTOCOL_FAIL, _ALERT_DECRYPT_ERROR, "the peer's signature is wrong: it does not hold its certificate's key, or somebody changed the handshake")


def send(session, hs, client):
    """Our CertificateVerify."""
    signature = sign(hs.scheme, session.keys.private, _digest(hs, hs.scheme, client))
    w = Writer(session)
    w.begin(_CERTIFICATE_VERIFY, 4 + len(signature))
    w.put(hs.scheme, 2)
    w.put(len(signature), 2)
    w.data(signature, 0, len(signature))
    w.finish()
