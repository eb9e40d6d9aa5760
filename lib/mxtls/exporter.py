# SPDX-License-Identifier: MIT
"""Keying material for the application from a session's secrets (RFC 5705; RFC 8446 section 7.5). Called by Session.export."""

from mxtls.codes import (
    ALERT_NONE as _ALERT_NONE,
    ARG_FAIL as _ARG_FAIL,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    TLS1_2 as _TLS1_2,
    TLS1_3 as _TLS1_3,
)
from mxtls.config import USE_DTLS as _USE_DTLS, USE_MD5_SHA1 as _USE_MD5_SHA1, USE_TLS_1_3 as _USE_TLS_1_3
from mxtls.errors import Error
from mxtls.kernels.mem import wipe


def export(session, label, context, n):
    """n bytes under a label (bytes) and a context (bytes, or None, which before TLS 1.3 is another thing than b"")."""
    from mxtls.suites import find

    if not session.exporter:
        raise Error(_PROTOCOL_FAIL, _ALERT_NONE, "nothing to export from: the handshake is not done, or the peer lacks the extended master secret")
    if not 0 < n <= 8160 or not 0 < len(label) < 250 or len(context or b"") > 65535:
        raise Error(_ARG_FAIL, _ALERT_NONE, "export: give a label of 1 to 249 bytes and ask for 1 to 8160 bytes")
    out = bytearray(n)
    alg = find(session.cipher_suite)[6]
    if _USE_TLS_1_3 and session.version == _TLS1_3:
        from mxtls.crypto.hash import Hash, hash_size
        from mxtls.crypto.hkdf import expand_label

        secret = bytearray(hash_size(alg))
        expand_label(alg, session.exporter, label, Hash(alg).digest(), secret)
        h = Hash(alg)
        h.update(context or b"", 0, len(context or b""))
        expand_label(alg, secret, b"exporter", h.digest(), out)
    else:
        secret = session.exporter[:48]
        seed = bytes(session.exporter[48:])
        if context is not None:
            seed += len(context).to_bytes(2, "big") + context
        version = session.version
        if _USE_DTLS:
            from mxtls.versions import level

            version = level(version)
        if version < _TLS1_2 and _USE_MD5_SHA1:
            from mxtls.crypto.prf10 import prf10

            prf10(secret, label, seed, out, 0, n)
        else:
            from mxtls.crypto.prf import prf

            prf(alg, secret, label, seed, out, 0, n)
    wipe(secret)
    return bytes(out)
