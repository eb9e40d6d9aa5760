# SPDX-License-Identifier: MIT
"""The running hash over a handshake's messages. Called by both roles when the version and suite are known."""

from mxtls.config import USE_ED25519 as _USE_ED25519, USE_MD5_SHA1 as _USE_MD5_SHA1
from mxtls.crypto.hash import Hash


def transcript(alg, keep=False):
    """A hash that can be read while it runs; alg 0 is MD5 with SHA-1, from before TLS 1.2. keep: the messages too (kept.py)."""
    if _USE_MD5_SHA1 and alg == 0:
        from mxtls.crypto.md5sha1 import Md5Sha1

        return Md5Sha1()
    if _USE_ED25519 and keep:
        from mxtls.handshake.kept import Kept

        return Kept(alg)
    return Hash(alg)
