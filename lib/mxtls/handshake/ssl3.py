# SPDX-License-Identifier: MIT
"""What SSL 3.0 derives in its own way: secrets, Finished and CertificateVerify (RFC 6101 sections 5.6.8, 5.6.9 and 6). Called by derive.py."""

from mxtls.crypto.hash import Hash
from mxtls.kernels.mem import copy, wipe


def expand(secret, seed, out):
    """Fill out with MD5(secret + SHA('A' + secret + seed)) + MD5(secret + SHA('BB' + secret + seed)) + …"""
    at = 0
    part = bytearray(20)
    while at < len(out):
        i = at // 16 + 1
        h = Hash(2)
        h.update(bytes([64 + i]) * i, 0, i)
        h.update(secret, 0, len(secret))
        h.update(seed, 0, 64)
        h.digest_into(part, 0)
        h.wipe()
        h = Hash(1)
        h.update(secret, 0, len(secret))
        h.update(part, 0, 20)
        h.digest_into(part, 0)
        h.wipe()
        copy(out, at, part, 0, min(16, len(out) - at))
        at += 16
    wipe(part)


def verify_data(hs, sender):
    """36 bytes over the transcript so far: Finished with a sender of four bytes, CertificateVerify with none."""
    out = bytearray(36)
    at = 0
    for h in (hs.transcript.md5.fork(), hs.transcript.sha1.fork()):
        pads = 48 if at == 0 else 40
        h.update(sender, 0, len(sender))
        h.update(hs.master, 0, 48)
        h.update(b"\x36" * pads, 0, pads)
        h.digest_into(out, at)
        size = h.size
        h.wipe()
        h = Hash(1 if at == 0 else 2)
        h.update(hs.master, 0, 48)
        h.update(b"\x5c" * pads, 0, pads)
        h.update(out, at, size)
        h.digest_into(out, at)
        h.wipe()
        at = 16
    return out
