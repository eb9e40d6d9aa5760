# SPDX-License-Identifier: MIT
"""Public and private keys as the kernels take them: big-endian numbers without leading zeros, points as X||Y; of Ed25519 as RFC 8032 encodes them.

mxtls.x509 fills them from DER, mxtls.crypto.sign and the key exchanges use them.
"""

from mxtls.codes import KEY_EC as _KEY_EC, KEY_ED25519 as _KEY_ED25519
from mxtls.config import USE_ED25519 as _USE_ED25519


class PublicKey:
    """kind, bits; RSA: n, e; EC: curve, point; Ed25519: point. pss: the key may only make PSS signatures (RFC 4055)."""

    pss = False

    def __init__(self, kind):
        self.kind = kind
        self.bits = 0
        self.curve = 0
        self.point = self.n = self.e = None

    def suits(self, kind, encrypt=False):
        """May it serve a cipher suite of that kind of key, where encrypt says by encryption? Ed25519 goes with those of ECDSA (RFC 8422 section 5.5)."""
        if _USE_ED25519 and self.kind == _KEY_ED25519:
            return kind == _KEY_EC
        return self.kind == kind and not (encrypt and self.pss)


class PrivateKey(PublicKey):
    """The same, and the secret in a bytearray; EC: d, the scalar; Ed25519: d, the seed; RSA: crt, p, q, d mod p-1, d mod q-1 and 1/q mod p, all as
    long as the longer prime, one after another. signer: None, or signer(d, digest), which signs for an EC key: DER, or None to have it done here."""

    signer = None

    def __init__(self, kind):
        super().__init__(kind)
        self.d = self.crt = None

    def wipe(self):
        """Overwrite every secret."""
        for secret in (self.d, self.crt):
            if secret:
                for i in range(len(secret)):
                    secret[i] = 0
