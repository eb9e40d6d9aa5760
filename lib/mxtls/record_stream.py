# SPDX-License-Identifier: MIT
"""Records under RC4 with HMAC (RFC 2246 section 6.2.3.1), or with the MAC of SSL 3.0 (RFC 6101). Called by session.py.

A fragment is encrypted(text || MAC).
"""

from mxtls.codes import TLS1_0 as _TLS1_0
from mxtls.config import USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA, USE_SSL3 as _USE_SSL3
from mxtls.crypto.hmac import Hmac
from mxtls.crypto.rc4 import Rc4
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, record_count, wipe
from mxtls.record import Record

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class StreamRecord(Record):
    """key is the cipher's; mac_alg a hash id."""

    pre = 0

    def __init__(self, key, mac_alg, mac_key, version):
        super().__init__()
        self._cipher = Rc4(key)
        if _USE_SSL3 and version < _TLS1_0:
            from mxtls.crypto.ssl3mac import Ssl3Mac

            self._mac = Ssl3Mac(mac_alg, mac_key)
            self._covered = 11
        else:
            self._mac = Hmac(mac_alg, mac_key)
        self.post = self._mac.size
        self._tag = take(self.post) if _USE_ARENA else bytearray(self.post)

    def seal(self, kind, version, buf, off, n):
        self._authenticate(kind, version, buf, off, n)
        copy(buf, off + n, self._tag, 0, self.post)
        n += self.post
        self._cipher.crypt(buf, off, n)
        if not record_count(self.header):
            self._used_up()
        return n

    def open(self, kind, version, buf, off, n):
        size = self.post
        if n < size:
            self._refuse()
        self._cipher.crypt(buf, off, n)
        n -= size
        self._authenticate(kind, version, buf, off, n)
        if not ct_equal(self._tag, 0, buf, off + n, size):
            self._refuse()
        if not record_count(self.header):
            self._used_up()
        return n

    def wipe(self):
        """Forget the keys."""
        self._cipher.wipe()
        self._mac.wipe()
        wipe(self.header)
        wipe(self._tag)
