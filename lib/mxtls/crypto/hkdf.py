# SPDX-License-Identifier: MIT
"""HKDF (RFC 5869) with TLS 1.3's labels (RFC 8446 section 7.1). Called by the key schedule of TLS 1.3 and its records."""

from mxtls.crypto.hmac import hmac_of
from mxtls.kernels.mem import copy, wipe


def extract(alg, salt, secret, out):
    """HKDF-Extract: the pseudorandom key, as long as the hash's digest, to out, which may be salt or secret."""
    mac = hmac_of(alg, salt)
    mac.update(secret, 0, len(secret))
    mac.digest_into(out, 0)
    mac.wipe()


def expand(alg, secret, info, out):
    """HKDF-Expand: fill out, 255 digests long at most."""
    mac = hmac_of(alg, secret)
    part = bytearray(mac.size)
    count = bytearray(1)
    off = 0
    while off < len(out):
        if off:
            mac.update(part, 0, len(part))
        count[0] += 1
        mac.update(info, 0, len(info))
        mac.update(count, 0, 1)
        mac.digest_into(part, 0)
        copy(out, off, part, 0, min(len(part), len(out) - off))
        off += len(part)
    wipe(part)
    mac.wipe()


def expand_label(alg, secret, label, context, out):
    """HKDF-Expand-Label: fill out. label is without its "tls13 "; context: a digest, or b""."""
    n = len(label) + 6
    info = bytearray(4 + n + len(context))
    info[0] = len(out) >> 8
    info[1] = len(out) & 255
    info[2] = n
    copy(info, 3, b"tls13 ", 0, 6)
    copy(info, 9, label, 0, n - 6)
    info[3 + n] = len(context)
    copy(info, 4 + n, context, 0, len(context))
    expand(alg, secret, info, out)
