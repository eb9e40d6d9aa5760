# SPDX-License-Identifier: MIT
"""ECDSA (FIPS 186-4) with signatures in DER (RFC 3279 section 2.2.3) and nonces by RFC 6979. Called by mxtls.crypto.sign."""

from mxtls.codes import ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR, FAILURE as _FAILURE
from mxtls.errors import Error
from mxtls.kernels.ec import ecdsa_sign, ecdsa_verify
from mxtls.kernels.mem import copy, wipe
from mxtls_port import sweep


def raw_from_der(sig, size):
    """r||s, size bytes each, of a DER signature; None unless it is the one encoding of two positive numbers that fit."""
    raw = bytearray(2 * size)
    n = len(sig)
    at = 2
    if n > 127 + 2 and sig[1] == 0x81:
        at = 3
    if n < 8 or sig[0] != 0x30 or sig[at - 1] != n - at or at == 2 and n > 129:
        return None
    for end in (size, 2 * size):
        if at + 3 > n or sig[at] != 2:
            return None
        m = sig[at + 1]
        at += 2
        if not 0 < m <= size + 1 or at + m > n or sig[at] > 127:
            return None
        if sig[at] == 0:  # a sign byte, to be followed by a byte that needs one
            if m == 1 or sig[at + 1] < 128:
                return None
            at += 1
            m -= 1
        if m > size:
            return None
        copy(raw, end - m, sig, at, m)
        at += m
    return raw if at == n else None


def der_from_raw(raw):
    """The DER signature of r||s."""
    size = len(raw) // 2
    body = bytearray()
    for at in (0, size):
        end = at + size
        while raw[at] == 0 and at < end - 1:
            at += 1
        sign = raw[at] >> 7
        body += bytes((2, end - at + sign)) + bytes(sign) + raw[at:end]
    return (b"\x30\x81" if len(body) > 127 else b"\x30") + bytes((len(body),)) + body


def verify(key, digest, sig):
    """True where the DER signature signs the digest."""
    raw = raw_from_der(sig, len(key.point) // 2)
    sweep()
    return raw is not None and ecdsa_verify(key.curve, digest, raw, key.point) == 1


def sign(key, alg, digest, extra=b""):
    """The DER signature of a digest made with hash alg. The nonce is that of RFC 6979, but that a digest above the group
    order, one in 2^32 at P-256, is not reduced first. extra: random bytes that hedge it against faults (section 3.6)."""
    from mxtls.crypto.drbg import Drbg

    size = len(key.d)
    n = min(size, len(digest))
    seed = bytearray(2 * size + len(extra))
    copy(seed, 0, key.d, 0, size)
    copy(seed, 2 * size - n, digest, 0, n)
    copy(seed, 2 * size, extra, 0, len(extra))
    drbg = Drbg(alg, seed)
    wipe(seed)
    k = bytearray(size)
    raw = bytearray(2 * size)
    for _ in range(16):  # a nonce out of range comes once in 2^32 at the most
        drbg.generate(k, 0, size)
        if size == 66:
            n = 0  # 521 bits of 528: shift right by seven
            for i in range(66):
                n = n << 8 | k[i]
                k[i] = n >> 7 & 255
                n &= 127
        if ecdsa_sign(key.curve, raw, digest, key.d, k):
            wipe(k)
            drbg.wipe()
            return der_from_raw(raw)
    raise Error(_FAILURE, _ALERT_INTERNAL_ERROR, "ECDSA signature failed; the private key is not in range")
