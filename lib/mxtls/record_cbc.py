# SPDX-License-Identifier: MIT
"""Records under a block cipher in CBC mode with HMAC (RFC 5246 section 6.2.3.2; RFC 7366 with encrypt-then-MAC). Called by session.py.

A fragment is IV || encrypted(text || MAC || padding), or IV || encrypted(text || padding) || MAC. TLS 1.0 and SSL 3.0 send no
IV but carry it on from record to record; SSL 3.0 (RFC 6101 section 5.2.3.2) has a MAC of its own, and of the padding only the
last byte counts. With the MAC inside, open takes the same time for every padding and MAC: the hash blocks it
compresses depend on the record's length alone, and what lies at a secret place is taken by masks.
"""

from mxtls.codes import TLS1_0 as _TLS1_0, TLS1_1 as _TLS1_1
from mxtls.config import USE_AES_CBC as _USE_AES_CBC, USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA, USE_SSL3 as _USE_SSL3
from mxtls.crypto.drbg import random_into
from mxtls.crypto.hmac import BlockHmac
from mxtls.kernels.ct import ct_equal, ct_found, ct_hash_block, ct_padding, ct_select
from mxtls.kernels.hash import hash_blocks
from mxtls.kernels.mem import copy, record_count, wipe
from mxtls.record import Record

if _USE_ARENA:
    from mxtls.memory import give as wipe, take


class CbcRecord(Record):
    """key is the cipher's; mac_alg a hash id; etm: encrypt-then-MAC; iv: the first one of TLS 1.0, from the key block;
    cipher: another class like crypto.cbc.AesCbc. SSL 3.0 knows no etm and, here, no hash but SHA-1."""

    def __init__(self, key, mac_alg, mac_key, etm, version, iv=None, cipher=None):
        super().__init__()
        if _USE_AES_CBC and cipher is None:
            from mxtls.crypto.cbc import AesCbc as cipher
        self._cipher = cipher(key)
        if _USE_SSL3 and version < _TLS1_0:
            from mxtls.crypto.ssl3mac import Ssl3Mac

            self._mac = Ssl3Mac(mac_alg, mac_key)
            self._covered = 11
            self._head = memoryview(self.header)[4:11]  # behind a whole block
        else:
            self._mac = BlockHmac(mac_alg, mac_key)
        self._tag = take(self._mac.size) if _USE_ARENA else bytearray(self._mac.size)
        self._block = b"" if etm else bytearray(self._mac.block)  # one of the inner hash
        self._kept = None if etm else take(len(self._block) // 2) if _USE_ARENA else bytearray(len(self._block) // 2)
        self._iv = take(cipher.block) if _USE_ARENA else bytearray(cipher.block)
        self.pre = cipher.block
        if version < _TLS1_1:
            copy(self._iv, 0, iv, 0, self.pre)
            self.pre = 0
            self.split = (1 + (0 if etm else self._mac.size)) // cipher.block * cipher.block + cipher.block + (self._mac.size if etm else 0)
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
        if not record_count(self.header):
            self._used_up()
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
        if _USE_SSL3 and self._covered == 11:
            # The padding is shorter than a block.
            text = n - size - 1
            pad = buf[off + n - 1]
            bad = ((text - pad) | (len(self._iv) - 1 - pad)) >> 16 & 1
            text -= pad & bad - 1
        else:
            text = ct_padding(buf, off, n, size)
            bad = text >> 16
            text &= 0xFFFF
        if size:
            self._describe(kind, version, text)
            bad |= self._inner(buf, off, n, text)
        if bad:
            self._refuse()
        if not record_count(self.header):
            self._used_up()
        return text

    def _inner(self, buf, off, n, text):
        # Whether the MAC behind a text of secret length is wrong: 1 or 0. Lengths that are public: the text's longest.
        mac = self._mac
        most = n - mac.size - 1
        least = max(0, most - 255)
        mac.reset()
        if _USE_SSL3 and self._covered == 11:
            mac.update(self.header, 0, 4)  # with the key and its padding, a whole block
        head = len(self._head)
        self._compress(buf, off, most + head, (least + head) & -mac.block, text + head)
        copy(self._tag, 0, self._kept, 0, mac.size)
        mac.close(self._tag, 0)
        return 1 - ct_found(self._tag, mac.size, buf, off + least, most - least, text - least)

    def _compress(self, buf, off, most, at, end):
        # The inner hash's state after `end` bytes (secret, at most `most`), to _kept. Below `at` all is text for certain.
        hash = self._mac
        head = self._head
        block = self._block
        if at:
            hash.update(head, 0, len(head))
            hash.update(buf, off, at - len(head))
        while at <= most + (len(block) >> 3):
            last = ct_hash_block(block, head, len(head), buf, off, at, most, end)
            hash_blocks(hash.alg, hash.ctx, block, 0, 1)
            ct_select(self._kept, hash.ctx, len(block) // 2, last)
            at += len(block)

    def wipe(self):
        """Forget the keys."""
        self._cipher.wipe()
        self._mac.wipe()
        wipe(self.header)
        wipe(self._iv)
        wipe(self._tag)
        if self._kept:
            wipe(self._kept)
            wipe(self._block)
