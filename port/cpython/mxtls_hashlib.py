# SPDX-License-Identifier: MIT
"""Hash and Hmac over hashlib, which on CPython can fork: mxtls/crypto takes them from mxtls_port in place of its own."""

import hashlib
import hmac

_NAMES = {1: "md5", 2: "sha1", 4: "sha256", 5: "sha384", 6: "sha512"}


class Hash:
    def __init__(self, alg):
        if alg not in _NAMES:
            from mxtls.codes import ALERT_INTERNAL_ERROR, DISABLED_FEATURE_FAIL  # late: mxtls imports this module
            from mxtls.errors import Error

            raise Error(DISABLED_FEATURE_FAIL, ALERT_INTERNAL_ERROR, f"hash {alg} is unknown; use 1, 2, 4, 5 or 6")
        self.alg = alg
        self._hash = hashlib.new(_NAMES[alg])
        self.size = self._hash.digest_size
        self.block = self._hash.block_size

    def update(self, buf, off, n):
        self._hash.update(memoryview(buf)[off : off + n])

    def digest_into(self, out, off):
        out[off : off + self.size] = self._hash.digest()

    def digest(self):
        return self._hash.digest()

    def fork(self):
        other = Hash.__new__(Hash)
        other.alg = self.alg
        other.size = self.size
        other.block = self.block
        other._hash = self._hash.copy()
        return other

    def wipe(self):
        self._hash = None


class Hmac:
    def __init__(self, alg, key):
        self.alg = alg
        self.size = Hash(alg).size
        self.rekey(key)

    def rekey(self, key):
        self._keyed = hmac.new(bytes(key), None, _NAMES[self.alg])
        self.reset()

    def reset(self):
        self._mac = self._keyed.copy()

    def update(self, buf, off, n):
        self._mac.update(memoryview(buf)[off : off + n])

    def digest_into(self, out, off):
        out[off : off + self.size] = self._mac.digest()
        self.reset()

    def wipe(self):
        self._keyed = self._mac = None
