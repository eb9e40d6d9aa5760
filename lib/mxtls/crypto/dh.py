# SPDX-License-Identifier: MIT
"""Ephemeral Diffie-Hellman modulo a prime (RFC 5246 sections 7.4.3 and 8.1.2). Called by load_dh.py and the DHE key exchanges."""

from mxtls.codes import (
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_INSUFFICIENT_SECURITY as _ALERT_INSUFFICIENT_SECURITY,
    PARSE_FAIL as _PARSE_FAIL,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.crypto.drbg import random_into
from mxtls.errors import Error
from mxtls.kernels.dh import dh_power
from mxtls.kernels.mem import wipe


def _unfit():
    raise Error(_PARSE_FAIL, _ALERT_ILLEGAL_PARAMETER, "the Diffie-Hellman group is unfit: its modulus is no odd prime, or its generator out of range")


def check_group(p, g, min_bits):
    """Refuse a group, big-endian and p without leading zeros, that no peer should use. min_bits counts where it is above 1024.

    That p is prime is not tested: it would take minutes on a board, and cannot tell how p was made.
    """
    bits = len(p) * 8
    top = p[0] if p else 0
    while 0 < top < 128:
        top += top
        bits -= 1
    if bits < 1024 or bits < min_bits:
        raise Error(
            _UNSUPPORTED_FAIL,
            _ALERT_INSUFFICIENT_SECURITY,
            "a Diffie-Hellman prime of %d bits is too short: use 2048 bits, or lower keys.min_dh_bits to what it has (1024 at least)" % bits,
        )
    if bits > 4096:
        raise Error(
            _UNSUPPORTED_FAIL, _ALERT_ILLEGAL_PARAMETER, "a Diffie-Hellman prime of %d bits is too long: use 2048 to 4096 bits" % bits
        )
    n = int.from_bytes(p, "big")
    if not n & 1 or not 1 < int.from_bytes(g, "big") < n - 1:
        _unfit()


class DhShare:
    """Our ephemeral key in the group (p, g): `public`, as long as p, is what the peer gets, agree() is the shared secret.

    The exponent has 256 bits, or 384 for primes above 2048 bits: twice the group's strength and more (RFC 7919 section 5.2).
    """

    def __init__(self, p, g, min_bits):
        zeros = 0
        while zeros < len(p) and not p[zeros]:
            zeros += 1
        self.p = p = bytes(p[zeros:])
        check_group(p, g, min_bits)
        self.private = bytearray(32 if len(p) <= 256 else 48)
        self.public = bytearray(len(p))
        random_into(self.private, 0, len(self.private))
        self.private[0] |= 128
        if not dh_power(self.public, g, self.private, p):  # no chance: in a group such as 3 modulo 3^1293 it would fail again and again
            _unfit()

    def agree(self, buf, off, n):
        """The shared secret with the peer's public value at buf[off:off+n], without its leading zeros; the caller wipes it.

        That its length varies is RFC 5246's; it betrays nothing of use as long as no exponent serves twice.
        """
        while n and not buf[off]:
            off += 1
            n -= 1
        out = bytearray(len(self.p))
        if n > len(out) or not dh_power(out, buf[off : off + n], self.private, self.p):
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the peer's Diffie-Hellman value is out of range; it is broken or hostile")
        n = 0
        while not out[n]:
            n += 1
        secret = out[n:]
        wipe(out)
        return secret

    def wipe(self):
        wipe(self.private)
