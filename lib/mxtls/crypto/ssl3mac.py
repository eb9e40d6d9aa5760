# SPDX-License-Identifier: MIT
"""The MAC of SSL 3.0 (RFC 6101 section 5.2.3.1), with the methods of crypto.hmac.BlockHmac but for rekey. Called by record_cbc.py
and record_stream.py."""

from mxtls.crypto.hash import BlockHash
from mxtls.kernels.mem import copy, wipe


class Ssl3Mac(BlockHash):
    """size (of the tag), update(buf, off, n). alg is 1 or 2; the key is as long as the tag."""

    def __init__(self, alg, key):
        super().__init__(alg)
        n = 48 if alg == 1 else 40
        self._inner = bytearray(key) + b"6" * n
        self._outer = bytearray(key) + b"\\" * n
        self.reset()

    def _begin(self, lead):
        wipe(self.ctx)
        copy(self.ctx, 0, self.start, 0, self.size)
        self.update(lead, 0, len(lead))

    def reset(self):
        """Begin another message."""
        self._begin(self._inner)

    def digest_into(self, out, off):
        """Write the tag to out. Reset before the next message."""
        super().digest_into(out, off)
        self.close(out, off)

    def close(self, out, off):
        """Turn the inner hash, which lies in out, into the tag."""
        self._begin(self._outer)
        self.update(out, off, self.size)
        super().digest_into(out, off)

    def wipe(self):
        """Forget the key."""
        super().wipe()
        wipe(self._inner)
        wipe(self._outer)
