# SPDX-License-Identifier: MIT
"""HMAC-DRBG (NIST SP 800-90A section 10.1.2) over the port's entropy. Called for every random byte of a session;
RFC 6979 signatures call Drbg with their own seed.

One generator serves the whole program, without a lock: call it from one thread, never from an interrupt.
"""

from micropython import const

import mxtls_port
from mxtls.codes import ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR, PLATFORM_FAIL as _PLATFORM_FAIL
from mxtls.crypto.hmac import Hmac
from mxtls.errors import Error
from mxtls.kernels.mem import copy, wipe

_RESEED_INTERVAL = const(65536)  # requests
_SEED = const(48)  # bytes of entropy: 256 bits of strength and half of that again as the nonce

_drbg = None


class Drbg:
    """alg is a hash id, seed any bytes-like object. generate allocates nothing itself."""

    def __init__(self, alg, seed):
        self.mac = Hmac(alg, b"")  # always under the key, which is zero to begin with
        self.key = bytearray(self.mac.size)
        self.v = bytearray(b"\x01" * self.mac.size)
        self.requests = 0
        self.reseed(seed)

    def reseed(self, seed):
        """Mix seed in. An empty seed (no bytes) only steps the generator on."""
        self._step(b"\x00", seed)
        if seed:
            self._step(b"\x01", seed)
            self.requests = 0

    def _step(self, mark, seed):
        mac = self.mac
        mac.update(self.v, 0, mac.size)
        mac.update(mark, 0, 1)
        if seed:
            mac.update(seed, 0, len(seed))
        mac.digest_into(self.key, 0)
        mac.rekey(self.key)
        mac.update(self.v, 0, mac.size)
        mac.digest_into(self.v, 0)

    def generate(self, buf, off, n):
        """Fill buf[off:off+n], 65536 bytes at most."""
        self.requests += 1
        while n > 0:
            self.mac.update(self.v, 0, self.mac.size)
            self.mac.digest_into(self.v, 0)
            m = min(n, self.mac.size)
            copy(buf, off, self.v, 0, m)
            off += m
            n -= m
        self.reseed(b"")

    def wipe(self):
        self.mac.wipe()
        wipe(self.key)
        wipe(self.v)


def random_into(buf, off, n):
    """Fill buf[off:off+n] with random bytes. Seeds itself at the first call, and every 65536 calls mixes in fresh entropy."""
    global _drbg
    if _drbg is None:
        seed = _entropy()
        _drbg = Drbg(4, seed)
        wipe(seed)
    elif _drbg.requests >= _RESEED_INTERVAL:
        seed = _entropy()
        _drbg.reseed(seed)
        wipe(seed)
    _drbg.generate(buf, off, n)


def _entropy():
    seed = bytearray(_SEED)
    why = "the port's generator repeats one byte; check entropy() in mxtls_port.py"
    try:
        mxtls_port.entropy(seed)
    except OSError as e:
        wipe(seed)
        why = str(e)
    if max(seed) == min(seed):
        raise Error(_PLATFORM_FAIL, _ALERT_INTERNAL_ERROR, "no entropy: " + why)
    return seed
