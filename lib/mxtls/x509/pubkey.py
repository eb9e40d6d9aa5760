# SPDX-License-Identifier: MIT
"""Public and private keys as the kernels take them: big-endian numbers without leading zeros, points as X||Y.

mxtls.x509 fills them from DER, mxtls.crypto.sign and the key exchanges use them.
"""


class PublicKey:
    """kind, bits; RSA: n, e; EC: curve, point. pss: the key may only make PSS signatures (RFC 4055)."""

    pss = False

    def __init__(self, kind):
        self.kind = kind
        self.bits = 0
        self.curve = 0
        self.point = self.n = self.e = None


class PrivateKey(PublicKey):
    """The same, and the secret in a bytearray; EC: d, the scalar; RSA: crt, p, q, d mod p-1, d mod q-1 and 1/q mod p, all as
    long as the longer prime, one after another."""

    def __init__(self, kind):
        super().__init__(kind)
        self.d = self.crt = None

    def wipe(self):
        """Overwrite every secret."""
        for secret in (self.d, self.crt):
            if secret:
                for i in range(len(secret)):
                    secret[i] = 0
