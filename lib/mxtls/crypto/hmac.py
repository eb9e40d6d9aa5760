# SPDX-License-Identifier: MIT
"""HMAC (RFC 2104) over BlockHash. Called by the CBC records, the PRF and the DRBG.

A port whose hashlib is faster (CPython) offers a class `Hmac` with the same methods instead.
"""

import mxtls_port
from mxtls.crypto.hash import BlockHash
from mxtls.kernels.hash import hmac_begin, hmac_digest, hmac_rekey
from mxtls.kernels.mem import wipe


class BlockHmac(BlockHash):
    """size (of the tag), update(buf, off, n); and for code that checks a tag in constant time, what BlockHash has, reset and close.
    rekey, reset, update, digest_into and close allocate nothing themselves."""

    def __init__(self, alg, key):
        super().__init__(alg)
        self.keyed = bytearray(self.block)  # the states behind the padded key: inner and outer
        if len(key) > self.block:
            self.update(key, 0, len(key))
            key = bytearray(self.size)
            super().digest_into(key, 0)
            self.rekey(key)
            wipe(key)
        else:
            self.rekey(key)

    def rekey(self, key):
        """Take another key, of one block at most, and begin a message."""
        hmac_rekey(self.alg, self.ctx, self.keyed, self.start, key)

    def reset(self):
        """Begin another message."""
        hmac_begin(self.ctx, self.keyed, 0)

    def digest_into(self, out, off):
        """Write the tag to out, and begin another message."""
        hmac_digest(self.alg, self.ctx, self.keyed, out, off, self.size)

    def close(self, out, off):
        """Turn the inner hash, which lies in out, into the tag."""
        hmac_begin(self.ctx, self.keyed, self.block // 2)
        self.update(out, off, self.size)
        super().digest_into(out, off)

    def wipe(self):
        """Forget the key."""
        super().wipe()
        wipe(self.keyed)


Hmac = getattr(mxtls_port, "Hmac", BlockHmac)
_shared = None


def hmac_of(alg, key):
    """An Hmac for one message or some in a row, to be wiped before anyone asks for the next: making one takes ten times as long
    as another key."""
    global _shared
    if _shared is None or _shared.alg != alg or len(key) > 64:
        _shared = Hmac(alg, key)
    else:
        _shared.rekey(key)
    return _shared
