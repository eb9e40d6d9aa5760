# SPDX-License-Identifier: MIT
"""The running hash over a handshake's messages. Called by both roles when the version and suite are known."""

from mxtls.config import USE_MD5_SHA1 as _USE_MD5_SHA1
from mxtls.crypto.hash import Hash


def transcript(alg):
    """A hash that can be read while it runs; alg 0 is MD5 with SHA-1, from before TLS 1.2."""
    if _USE_MD5_SHA1 and alg == 0:
        from mxtls.crypto.md5sha1 import Md5Sha1

        return Md5Sha1()
    return Hash(alg)
