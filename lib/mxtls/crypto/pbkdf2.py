# SPDX-License-Identifier: MIT
"""PBKDF2 (RFC 8018 section 5.2): a key from a password. Called by x509/pbes.py."""

from mxtls.crypto.hmac import Hmac
from mxtls.kernels.mem import copy, mix, wipe


def pbkdf2(alg, password, salt, count, out):
    """Fill out with the key that count iterations of HMAC with the hash `alg` make of the password and salt."""
    mac = Hmac(alg, password)
    size = mac.size
    last = bytearray(size)
    total = bytearray(size)
    number = bytearray(4)
    at = 0
    while at < len(out):
        number[3] += 1
        mac.update(salt, 0, len(salt))
        mac.update(number, 0, 4)
        mac.digest_into(last, 0)
        copy(total, 0, last, 0, size)
        for _ in range(count - 1):
            mac.update(last, 0, size)
            mac.digest_into(last, 0)
            mix(total, 0, last, 0, size)
        copy(out, at, total, 0, min(size, len(out) - at))
        at += size
    mac.wipe()
    wipe(last)
    wipe(total)
