# SPDX-License-Identifier: MIT
"""TLS 1.2 records under an AEAD with an explicit nonce (RFC 5288 section 3, RFC 5246 section 6.2.3.3).

A fragment is nonce(8) || ciphertext || tag(16). session.py calls seal and open on its own
buffers; over viper kernels neither allocates.
"""

from mxtls.codes import ALERT_BAD_RECORD_MAC as _ALERT_BAD_RECORD_MAC
from mxtls.codes import ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR
from mxtls.codes import LIMIT_FAIL as _LIMIT_FAIL
from mxtls.codes import PROTOCOL_FAIL as _PROTOCOL_FAIL
from mxtls.errors import Error
from mxtls.kernels.mem import copy, wipe


def count_up(seq):
    """Step the 64-bit sequence number in seq[0:8], which must never wrap; every record module calls this."""
    for i in range(7, -1, -1):
        seq[i] = (seq[i] + 1) & 255
        if seq[i]:
            return
    for i in range(8):
        seq[i] = 255
    raise Error(_LIMIT_FAIL, _ALERT_INTERNAL_ERROR, "sequence numbers are used up; connect again")


class AeadRecord:
    """One direction. aead: seal/open/wipe as crypto.gcm.Gcm; salt: the 4 bytes of the key block that open each nonce."""

    pre = 8
    post = 16

    def __init__(self, aead, salt):
        self._aead = aead
        self._nonce = bytearray(12)
        self._nonce[:4] = salt
        self._aad = bytearray(13)  # sequence number (8), type, version (2), length (2)

    def seal(self, kind, version, buf, off, n):
        """Seal buf[off:off+n]; the fragment is buf[off-8:off+n+16]. Returns its length."""
        nonce, aad = self._nonce, self._aad
        copy(nonce, 4, aad, 0, 8)
        copy(buf, off - 8, aad, 0, 8)
        self._header(kind, version, n)
        self._aead.seal(nonce, aad, 13, buf, off, n)
        count_up(aad)
        return n + 24

    def open(self, kind, version, buf, off, n):
        """Open the fragment buf[off:off+n]; the text is buf[off+8:off+8+m]. Returns m."""
        m = n - 24
        if m >= 0:
            copy(self._nonce, 4, buf, off, 8)
            self._header(kind, version, m)
            if self._aead.open(self._nonce, self._aad, 13, buf, off + 8, m):
                count_up(self._aad)
                return m
        raise Error(_PROTOCOL_FAIL, _ALERT_BAD_RECORD_MAC, "a record failed its integrity check; connect again")

    def _header(self, kind, version, n):
        aad = self._aad
        aad[8] = kind
        aad[9] = version >> 8
        aad[10] = version & 255
        aad[11] = n >> 8
        aad[12] = n & 255

    def wipe(self):
        """Forget the key."""
        self._aead.wipe()
        wipe(self._nonce)
