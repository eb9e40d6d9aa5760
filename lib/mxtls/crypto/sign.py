# SPDX-License-Identifier: MIT
"""Signature schemes by their TLS number (RFC 8446 section 4.2.3; RFC 5246 section 7.4.1.4.1 for the older ones).

Called by certificate chains and handshakes of every version. Only the algorithm that a key needs is imported.
"""

from mxtls.codes import (
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    KEY_EC as _KEY_EC,
    KEY_ED25519 as _KEY_ED25519,
    KEY_RSA as _KEY_RSA,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.config import (
    USE_CRYPTO_TRACE as _USE_CRYPTO_TRACE,
    USE_ECC as _USE_ECC,
    USE_ED25519 as _USE_ED25519,
    USE_MD5_SHA1 as _USE_MD5_SHA1,
    USE_RSA as _USE_RSA,
    USE_RSA_PSS as _USE_RSA_PSS,
    USE_SHA1 as _USE_SHA1,
    USE_SHA384 as _USE_SHA384,
    USE_SHA512 as _USE_SHA512,
)
from mxtls.crypto.hash import Hash, hash_size
from mxtls.errors import Error

# Columns: scheme, kind of key, hash (8: none, Ed25519 signs the message itself), padding (PSS: 1 for any RSA key, 2 for keys that may do only PSS), built. In order of preference.
SCHEMES = (
    (0x0403, _KEY_EC, 4, 0, _USE_ECC),
    (0x0503, _KEY_EC, 5, 0, _USE_ECC & _USE_SHA384),
    (0x0603, _KEY_EC, 6, 0, _USE_ECC & _USE_SHA512),
    (0x0807, _KEY_ED25519, 8, 0, _USE_ED25519),
    (0x0804, _KEY_RSA, 4, 1, _USE_RSA & _USE_RSA_PSS),
    (0x0805, _KEY_RSA, 5, 1, _USE_RSA & _USE_RSA_PSS & _USE_SHA384),
    (0x0806, _KEY_RSA, 6, 1, _USE_RSA & _USE_RSA_PSS & _USE_SHA512),
    (0x0809, _KEY_RSA, 4, 2, _USE_RSA & _USE_RSA_PSS),
    (0x080A, _KEY_RSA, 5, 2, _USE_RSA & _USE_RSA_PSS & _USE_SHA384),
    (0x080B, _KEY_RSA, 6, 2, _USE_RSA & _USE_RSA_PSS & _USE_SHA512),
    (0x0401, _KEY_RSA, 4, 0, _USE_RSA),
    (0x0501, _KEY_RSA, 5, 0, _USE_RSA & _USE_SHA384),
    (0x0601, _KEY_RSA, 6, 0, _USE_RSA & _USE_SHA512),
    (0x0203, _KEY_EC, 2, 0, _USE_ECC & _USE_SHA1),
    (0x0201, _KEY_RSA, 2, 0, _USE_RSA & _USE_SHA1),
    (0x0001, _KEY_RSA, 0, 0, _USE_RSA & _USE_MD5_SHA1),  # ours: before TLS 1.2 no scheme had a number
)


def _row(scheme):
    for row in SCHEMES:
        if row[0] == scheme and row[4]:
            return row
    raise Error(
        _UNSUPPORTED_FAIL,
        _ALERT_ILLEGAL_PARAMETER,
        "signature scheme 0x%04x is not in this build; use a certificate with another or switch on its USE_ options" % scheme,
    )


def hash_of(scheme):
    """The id of the hash that the scheme signs, 8 where it signs the message itself; Error where this build does not have the scheme."""
    return _row(scheme)[2]


def digest_of(scheme, buf, off, n):
    """What verify and sign want of the message buf[off:off+n]: its digest, or a copy under Ed25519."""
    alg = _row(scheme)[2]
    if _USE_ED25519 and alg == 8:
        return bytes(memoryview(buf)[off : off + n])
    h = Hash(alg)
    h.update(buf, off, n)
    return h.digest()


def scheme_fits(scheme, key):
    """Whether this build has the scheme and a key of that kind and size can sign with it."""
    for row in SCHEMES:
        if row[0] == scheme and row[4] and row[1] == key.kind:
            return key.kind != _KEY_RSA or (row[3] == 2) == key.pss and (not row[3] or key.bits >= 16 * hash_size(row[2]) + 16)
    return False


def verify(scheme, key, digest, sig):
    """True where sig signs the digest (see digest_of) under a PublicKey that fits the scheme. At TLS 1.2 a curve goes with any hash."""
    row = _row(scheme)
    if _USE_CRYPTO_TRACE:
        import mxtls.trace as trace

        trace.out("crypto  verify scheme 0x%04X with a key of %d bits" % (scheme, key.bits))
    if not scheme_fits(scheme, key):
        return False
    if _USE_ED25519 and row[1] == _KEY_ED25519:
        from mxtls.crypto.ed25519 import verify

        return verify(key.point, digest, sig)
    if len(digest) != hash_size(row[2]):
        return False
    if _USE_ECC and row[1] == _KEY_EC:
        from mxtls.crypto.ecdsa import verify

        return verify(key, digest, sig)
    if _USE_RSA:
        from mxtls.crypto.rsa import verify

        return verify(key, row[2], digest, sig, len(digest) if row[3] else -1)
    return False


def sign(scheme, key, digest):
    """The signature of the digest with a PrivateKey. ECDSA nonces are hedged: equal digests get different signatures."""
    row = _row(scheme)
    if not scheme_fits(scheme, key) or (row[2] != 8 and len(digest) != hash_size(row[2])):
        raise Error(_UNSUPPORTED_FAIL, _ALERT_ILLEGAL_PARAMETER, "the key cannot sign with this scheme; choose one that fits it")
    if _USE_ED25519 and row[1] == _KEY_ED25519:
        from mxtls.crypto.ed25519 import sign

        sig = bytearray(64)
        sign(sig, key.d, key.point, digest)
        return bytes(sig)
    if _USE_ECC and row[1] == _KEY_EC:
        if key.signer:
            sig = key.signer(bytearray(key.d), bytearray(digest))
            if sig is not None:
                return bytes(sig)
        from mxtls.crypto.drbg import random_into
        from mxtls.crypto.ecdsa import sign

        extra = bytearray(32)
        random_into(extra, 0, 32)
        return sign(key, row[2], digest, extra)
    if _USE_RSA:
        from mxtls.crypto.rsa import sign

        return sign(key, row[2], digest, len(digest) if row[3] else -1)
