# SPDX-License-Identifier: MIT
"""RC4, a stream that goes on from record to record. Called by record_stream.py. Prohibited by RFC 7465."""

from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.kernels.mem import wipe
from mxtls.kernels.rc4 import RC4_STATE, rc4_init, rc4_xor

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class Rc4:
    """One key of 5 to 256 bytes; encrypting and decrypting are the same."""

    def __init__(self, key):
        self._state = take(RC4_STATE) if _USE_ARENA else bytearray(RC4_STATE)
        rc4_init(self._state, key, 0, len(key))

    def crypt(self, buf, off, n):
        """The next n bytes, in place."""
        rc4_xor(self._state, buf, off, n)

    def wipe(self):
        """Forget the key."""
        wipe(self._state)
