# SPDX-License-Identifier: MIT
"""Signatures in a handshake: ServerKeyExchange and CertificateVerify of every version before TLS 1.3
(RFC 5246 sections 7.4.3 and 7.4.8). Called by both roles.

Before TLS 1.2 a signature carries no scheme: RSA signs MD5 with SHA-1 (scheme 1, ours), ECDSA signs SHA-1.
"""

from micropython import const

from mxtls.codes import (
    ALERT_DECRYPT_ERROR as _ALERT_DECRYPT_ERROR,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    DTLS1_0 as _DTLS1_0,
    KEY_RSA as _KEY_RSA,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SSL3 as _SSL3,
    TLS1_2 as _TLS1_2,
)
from mxtls.config import USE_DTLS as _USE_DTLS, USE_ED25519 as _USE_ED25519, USE_MD5_SHA1 as _USE_MD5_SHA1, USE_SSL3 as _USE_SSL3
from mxtls.crypto.sign import hash_of, scheme_fits, sign, verify
from mxtls.errors import Error
from mxtls.handshake.transcript import transcript

_RSA_MD5_SHA1 = const(1)
_ECDSA_SHA1 = const(0x0203)
_ED25519 = const(0x0807)
_NO_HASH = const(8)  # of Ed25519, in hash_of


def old_scheme(key):
    """What a key signs with before TLS 1.2."""
    return _RSA_MD5_SHA1 if key.kind == _KEY_RSA else _ECDSA_SHA1


def params_digest(hs, scheme, buf, off, n):
    """What ServerKeyExchange signs: both randoms and the parameters at buf[off:off+n]."""
    if _USE_ED25519 and scheme == _ED25519:
        return bytes(hs.random) + bytes(memoryview(buf)[off : off + n])
    h = transcript(hash_of(scheme))
    h.update(hs.random, 0, 64)
    h.update(buf, off, n)
    return h.digest()


def messages_digest(session, hs, scheme):
    """What CertificateVerify signs: all messages so far. At TLS 1.2 the scheme's hash is the transcript's, and Ed25519 signs
    the messages themselves (RFC 8422 section 5.10)."""
    if _USE_ED25519 and scheme == _ED25519:
        return hs.transcript.whole()
    if _USE_SSL3 and session.version == _SSL3:
        from mxtls.handshake.ssl3 import verify_data

        digest = bytes(verify_data(hs, b""))
    else:
        digest = hs.transcript.digest()
    if _USE_MD5_SHA1 and scheme == _ECDSA_SHA1 and not hs.alg:
        return digest[16:]
    return digest


def read(session, hs, r):
    """A signature as it is sent: (scheme, signature)."""
    scheme = old_scheme(hs.key)
    if hs.alg:
        scheme = r.get(2)
        if scheme < 0x0400:
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the peer signed with scheme 0x%04X, which was not offered; it is broken" % scheme)
    if not scheme_fits(scheme, hs.key):
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the peer signed with scheme 0x%04X, which does not fit its key; it is broken" % scheme)
    end = r.vector(2)
    signature = bytes(r.buf[r.off : end])
    r.off = end
    return scheme, signature


def check(hs, scheme, digest, signature):
    if not verify(scheme, hs.key, digest, signature):
        raise Error(_PROTOCOL_FAIL, _ALERT_DECRYPT_ERROR, "the peer's signature is wrong: it does not hold its certificate's key, or somebody changed the handshake")


def make(session, scheme, digest):
    """A signature of ours as it is sent."""
    signature = sign(scheme, session.keys.private, digest)
    head = len(signature).to_bytes(2, "big")
    if scheme >= 0x0400:
        head = scheme.to_bytes(2, "big") + head
    return head + signature


def choose(session, key, offered, alg):
    """The first scheme of a peer's list that our key can sign with, 0 for none; alg: the one hash that will do, or 0."""
    if _USE_MD5_SHA1 and (session.version < _TLS1_2 or (_USE_DTLS and session.version == _DTLS1_0)):
        scheme = old_scheme(key)
        return scheme if scheme_fits(scheme, key) else 0
    i = 0
    while offered and i < len(offered):
        scheme = offered[i] << 8 | offered[i + 1]
        if scheme >= 0x0400 and scheme_fits(scheme, key) and (not alg or hash_of(scheme) in (alg, _NO_HASH)):
            return scheme
        i += 2
    return 0
