# SPDX-License-Identifier: MIT
"""Records under a block cipher in CBC mode with HMAC (RFC 5246 section 6.2.3.2; RFC 7366 with encrypt-then-MAC). Called by session.py.

A fragment is IV || encrypted(text || MAC || padding), or IV || encrypted(text || padding) || MAC. TLS 1.0 sends no
IV but carries it on from record to record. With the MAC inside, open takes the same time for every padding and
MAC: the hash blocks it compresses depend on the record's length alone, and what lies at a secret place is taken by masks.
"""

from mxtls.codes import TLS1_1 as _TLS1_1
from mxtls.crypto.cbc import AesCbc
from mxtls.crypto.drbg import random_into
from mxtls.crypto.hmac import BlockHmac
from mxtls.kernels.ct import ct_equal, ct_found, ct_hash_block, ct_padding, ct_select
from mxtls.kernels.mem import copy, wipe
from mxtls.record import Record


class CbcRecord(Record):
    """key is the cipher's; mac_alg a hash id; etm: encrypt-then-MAC; iv: the first one of TLS 1.0, from the key block;
    cipher: a class like crypto.cbc.AesCbc."""

    def __init__(self, key, mac_alg, mac_key, etm, version, iv=None, cipher=AesCbc):
        super().__init__()
        self._cipher = cipher(key)
        self._mac = BlockHmac(mac_alg, mac_key)
        self._tag = bytearray(self._mac.size)
        self._kept = None if etm else bytearray(len(self._mac.inner))
        self._iv = bytearray(cipher.block)
        self.pre = cipher.block
        if version < _TLS1_1:
            copy(self._iv, 0, iv, 0, self.pre)
            self.pre = 0
        self.post = self._mac.size + cipher.block

    def seal(self, kind, version, buf, off, n):
        pre = self.pre
        size = self._mac.size
        if self._kept:
            self._authenticate(kind, version, buf, off, n)
            copy(buf, off + n, self._tag, 0, size)
            n += size
        pad = len(self._iv) - n % len(self._iv)
        for i in range(n, n + pad):
            buf[off + i] = pad - 1
        n += pad
        if pre:
            random_into(self._iv, 0, pre)
            copy(buf, off - pre, self._iv, 0, pre)
        self._cipher.encrypt(self._iv, buf, off, n)
        n += pre
        if not self._kept:
            self._authenticate(kind, version, buf, off - pre, n)
            copy(buf, off - pre + n, self._tag, 0, size)
            n += size
        self._count()
        return n

    def open(self, kind, version, buf, off, n):
        pre = self.pre
        size = self._mac.size
        if not self._kept:
            n -= size
            if n < pre:
                self._refuse()
            self._authenticate(kind, version, buf, off, n)
            if not ct_equal(self._tag, 0, buf, off + n, size):
                self._refuse()
            size = 0
        n -= pre
        if n <= size or n % len(self._iv):
            self._refuse()
        if pre:
            copy(self._iv, 0, buf, off, pre)
            off += pre
        self._cipher.decrypt(self._iv, buf, off, n)
        text = ct_padding(buf, off, n, size)
        bad = text >> 16
        text &= 0xFFFF
        if size:
            self._describe(kind, version, text)
            bad |= self._inner(buf, off, n, text)
        if bad:
            self._refuse()
        self._count()
        return text

    def _authenticate(self, kind, version, buf, off, n):
        # The HMAC of the header and buf[off:off+n], to _tag.
        self._describe(kind, version, n)
        mac = self._mac
        mac.reset()
        mac.update(self._header, 0, 13)
        mac.update(buf, off, n)
        mac.digest_into(self._tag, 0)

    def _inner(self, buf, off, n, text):
        # Whether the MAC behind a text of secret length is wrong: 1 or 0. Lengths that are public: the text's longest.
        mac = self._mac
        most = n - mac.size - 1
        least = max(0, most - 255)
        mac.reset()
        self._compress(buf, off, most + 13, (least + 13) & -mac.hash.block, text + 13)
        hash = mac.hash
        copy(self._tag, 0, self._kept, 0, mac.size)
        copy(hash.state, 0, mac.outer, 0, len(hash.state))
        hash.count = hash.block
        hash.update(self._tag, 0, mac.size)
        hash.digest_into(self._tag, 0)
        return 1 - ct_found(self._tag, mac.size, buf, off + least, most - least, text - least)

    def _compress(self, buf, off, most, at, end):
        # The inner hash's state after `end` bytes (secret, at most `most`), to _kept. Below `at` all is text for certain.
        hash = self._mac.hash
        if at:
            hash.update(self._header, 0, 13)
            hash.update(buf, off, at - 13)
        while at <= most + (hash.block >> 3):
            last = ct_hash_block(hash.buffer, self._header, 13, buf, off, at, most, end)
            hash.blocks(hash.state, hash.buffer, 0, 1)
            ct_select(self._kept, hash.state, len(hash.state), last)
            at += hash.block

    def wipe(self):
        """Forget the keys."""
        self._cipher.wipe()
        self._mac.wipe()
        wipe(self._iv)
        wipe(self._tag)
        if self._kept:
            wipe(self._kept)
