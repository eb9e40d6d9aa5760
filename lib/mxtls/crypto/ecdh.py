# SPDX-License-Identifier: MIT
"""Ephemeral Diffie-Hellman over the named groups (RFC 8422 section 5.4, RFC 7748). Called by the handshakes."""

from mxtls.codes import ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER, PROTOCOL_FAIL as _PROTOCOL_FAIL
from mxtls.config import (
    USE_SECP256R1 as _USE_SECP256R1,
    USE_SECP384R1 as _USE_SECP384R1,
    USE_SECP521R1 as _USE_SECP521R1,
    USE_X25519 as _USE_X25519,
)
from mxtls.crypto.drbg import random_into
from mxtls.errors import Error
from mxtls.kernels.mem import wipe
from mxtls_port import sweep

# Columns: group, bytes of a scalar and of the shared secret, bytes of a public value, built
GROUPS = (
    (29, 32, 32, _USE_X25519),
    (23, 32, 65, _USE_SECP256R1),
    (24, 48, 97, _USE_SECP384R1),
    (25, 66, 133, _USE_SECP521R1),  # servers with a P-521 certificate want to see it offered
)


def find(group):
    """The row of a group of this build, or None."""
    for row in GROUPS:
        if row[0] == group and row[3]:
            return row
    return None


class Share:
    """Our ephemeral key: `public` is what the peer gets, agree() is the shared secret."""

    def __init__(self, row):
        self.group = row[0]
        self.private = bytearray(row[1])
        self.public = bytearray(row[2])
        done = 0
        while not done:  # a scalar out of range is drawn again; it takes one draw but for one time in 2**32
            random_into(self.private, 0, row[1])
            sweep()
            if _USE_SECP521R1 and row[0] == 25:
                self.private[0] &= 1  # 521 bits in 66 bytes
            if _USE_X25519 and row[0] == 29:
                from mxtls.kernels.x25519 import x25519

                base = bytearray(32)
                base[0] = 9
                done = x25519(self.public, self.private, base)
            else:
                from mxtls.kernels.ec import ec_public

                point = bytearray(row[2] - 1)
                done = ec_public(row[0], point, self.private)
                self.public[0] = 4
                self.public[1:] = point

    def agree(self, buf, off, n):
        """The shared secret with the peer's public value at buf[off:off+n]; the caller wipes it."""
        out = bytearray(len(self.private))
        done = 0
        sweep()
        if n == len(self.public):
            if _USE_X25519 and self.group == 29:
                from mxtls.kernels.x25519 import x25519

                done = x25519(out, self.private, buf[off : off + n])
            elif buf[off] == 4:
                from mxtls.kernels.ec import ec_ecdh

                done = ec_ecdh(self.group, out, self.private, buf[off + 1 : off + n])
        if not done:
            raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the peer's key share is not a valid point; it is broken or hostile")
        return out

    def wipe(self):
        wipe(self.private)
