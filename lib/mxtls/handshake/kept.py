# SPDX-License-Identifier: MIT
"""A transcript that keeps the messages beside their hash, because a TLS 1.2 CertificateVerify under Ed25519 signs the messages
themselves (RFC 8422 section 5.10). Made by transcript.py, where such a signature may come or go; read by signed.py."""

from micropython import const

from mxtls.codes import ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR, LIMIT_FAIL as _LIMIT_FAIL
from mxtls.crypto.hash import Hash
from mxtls.errors import Error

_MOST = const(16384)


class Kept(Hash):
    """A Hash, and messages: all that it took in, at most 16 KB; None when that was not enough or drop() was called."""

    def __init__(self, alg):
        super().__init__(alg)
        self.messages = bytearray()

    def update(self, buf, off, n):
        super().update(buf, off, n)
        if self.messages is not None:
            if len(self.messages) + n > _MOST:
                self.messages = None
            else:
                self.messages.extend(memoryview(buf)[off : off + n])

    def whole(self):
        if self.messages is None:
            raise Error(_LIMIT_FAIL, _ALERT_INTERNAL_ERROR, "a handshake of over 16 KB is too long for an Ed25519 client key; shorten the chains or use TLS 1.3")
        return self.messages

    def drop(self):
        """No such signature comes."""
        self.messages = None
