# SPDX-License-Identifier: MIT
"""Private keys under a password in PKCS #8 (EncryptedPrivateKeyInfo, RFC 5958 section 3): PBES2 with PBKDF2 (RFC 8018), and the
older pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix B) and pbeWithMD5AndDES-CBC. Called by private.py."""

from micropython import const

from mxtls.codes import ALERT_NONE as _ALERT_NONE, PARSE_FAIL as _PARSE_FAIL, UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL
from mxtls.config import (
    USE_3DES as _USE_3DES,
    USE_AES as _USE_AES,
    USE_MD5 as _USE_MD5,
    USE_SHA1 as _USE_SHA1,
    USE_SHA384 as _USE_SHA384,
    USE_SHA512 as _USE_SHA512,
)
from mxtls.errors import Error
from mxtls.kernels.mem import copy, wipe
from mxtls.x509.der import Der
from mxtls.x509.pkcs5 import parse_locked, unsupported

_MOST = const(2000000)  # iterations: minutes on a board
_RSADSI = b"\x2a\x86\x48\x86\xf7\x0d"  # 1.2.840.113549
# HMAC's hash, the last byte of its OID 1.2.840.113549.2.x -> hash id
_PRFS = ((7, 2, _USE_SHA1), (9, 4, 1), (10, 5, _USE_SHA384), (11, 6, _USE_SHA512))
# Cipher's OID, bytes of its key and IV
_CIPHERS = (
    (_RSADSI + b"\x03\x07", 24, 8, _USE_3DES),
    (b"\x60\x86\x48\x01\x65\x03\x04\x01\x02", 16, 16, _USE_AES),
    (b"\x60\x86\x48\x01\x65\x03\x04\x01\x16", 24, 16, _USE_AES),
    (b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 32, 16, _USE_AES),
)


def _bad():
    raise Error(_PARSE_FAIL, _ALERT_NONE, "the encrypted private key is malformed")


def parse_encrypted(buf, off, end, password):
    """The PrivateKey of the EncryptedPrivateKeyInfo that fills buf[off:end]; buf stays as it is. password: bytes."""
    d = Der(buf)
    off = d.read(d.read(off, end, 0x30), end, 0x30)
    stop = d.end
    data = d.read(stop, end, 4)
    if d.end != end:
        _bad()
    off = d.read(off, stop, 6)
    oid = bytes(buf[off : d.end])
    off = d.read(d.end, stop, 0x30)
    if d.end != stop:
        _bad()
    if oid == _RSADSI + b"\x01\x05\x0d":
        key, iv = _pbes2(d, off, stop, password)
    elif _USE_3DES:
        salt, count = _salt(d, off, stop)
        if d.end != stop:
            _bad()
        if _USE_SHA1 and oid == _RSADSI + b"\x01\x0c\x01\x03":
            key = _pkcs12(1, password, salt, count, 24)
            iv = _pkcs12(2, password, salt, count, 8)
        elif _USE_MD5 and oid == _RSADSI + b"\x01\x05\x03":
            key, iv = _pbkdf1(password, salt, count)
        else:
            unsupported()
    else:
        unsupported()
    plain = bytearray(buf[data:end])
    return parse_locked(key, iv, plain, 0, len(plain))


def _salt(d, off, end):
    """The salt and the iteration count at off."""
    off = d.read(off, end, 4)
    salt = bytes(d.buf[off : d.end])
    off = d.integer(d.end, end)
    count = int.from_bytes(d.buf[off : d.end], "big")
    if not salt or not count:
        _bad()
    if count > _MOST:
        raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "the private key's password has too many iterations: 2000000 at most, use fewer")
    return salt, count


def _pbes2(d, off, end, password):
    """The key and IV of PBES2's parameters in off..end."""
    from mxtls.crypto.pbkdf2 import pbkdf2

    buf = d.buf
    off = d.read(off, end, 0x30)
    stop = d.end
    off = d.read(off, stop, 6)
    if buf[off : d.end] != _RSADSI + b"\x01\x05\x0c":
        unsupported()
    off = d.read(d.end, stop, 0x30)
    if d.end != stop:
        _bad()
    salt, count = _salt(d, off, stop)
    size = 0
    if d.end < stop and buf[d.end] == 2:
        off = d.integer(d.end, stop)
        size = buf[off] if d.end - off == 1 else 255
    prf = 7
    if d.end < stop:
        off = d.read(d.end, stop, 0x30)
        if d.end != stop:
            _bad()
        off = d.read(off, stop, 6)
        prf = buf[d.end - 1] if buf[off : d.end - 1] == _RSADSI + b"\x02" else 0
        if d.end != stop and bytes(buf[d.end : stop]) != b"\x05\x00":
            _bad()
    off = d.read(stop, end, 0x30)
    if d.end != end:
        _bad()
    off = d.read(off, end, 6)
    oid = bytes(buf[off : d.end])
    for cipher in _CIPHERS:
        if cipher[-1] and cipher[0] == oid:
            break
    else:
        unsupported()
    off = d.read(d.end, end, 4)
    if d.end != end or end - off != cipher[2] or (size and size != cipher[1]):
        _bad()
    for row in _PRFS:
        if row[-1] and row[0] == prf:
            key = bytearray(cipher[1])
            pbkdf2(row[1], password, salt, count, key)
            return key, bytearray(buf[off:end])
    return unsupported()


if _USE_3DES and _USE_MD5:

    def _pbkdf1(password, salt, count):
        """PBKDF1 with MD5 (RFC 8018 section 5.1): a key of DES, which is 3DES with thrice the same, and an IV."""
        from mxtls.crypto.hash import Hash

        digest = bytearray(16)
        h = Hash(1)
        h.update(password, 0, len(password))
        h.update(salt, 0, len(salt))
        h.digest_into(digest, 0)
        for _ in range(count - 1):
            h = Hash(1)
            h.update(digest, 0, 16)
            h.digest_into(digest, 0)
        h.wipe()
        key = bytearray(24)
        for i in range(24):
            key[i] = digest[i & 7]
        iv = bytearray(digest[8:])
        wipe(digest)
        return key, iv


if _USE_3DES and _USE_SHA1:

    def _pkcs12(purpose, password, salt, count, size):
        """The KDF of RFC 7292 appendix B.2 with SHA-1 over the password in UTF-16; purpose 1 makes a key, 2 an IV."""
        from mxtls.crypto.hash import Hash

        text = bytearray()
        try:
            for c in str(password, "utf-8"):
                n = ord(c)
                if n > 65535:  # a surrogate pair
                    text.append(0xD8 | n - 65536 >> 18)
                    text.append(n - 65536 >> 10 & 255)
                    n = 0xDC00 | n & 1023
                text.append(n >> 8)
                text.append(n & 255)
        except UnicodeError:
            raise Error(_PARSE_FAIL, _ALERT_NONE, "the password is wrong: this private key's is UTF-8 text")
        text.extend(b"\0\0")
        half = (len(salt) + 63) // 64 * 64
        mixed = bytearray(half + (len(text) + 63) // 64 * 64)
        for i in range(len(mixed)):
            mixed[i] = salt[i % len(salt)] if i < half else text[(i - half) % len(text)]
        wipe(text)
        out = bytearray(size)
        digest = bytearray(20)
        at = 0
        while True:
            h = Hash(2)
            h.update(bytes((purpose,)) * 64, 0, 64)
            h.update(mixed, 0, len(mixed))
            h.digest_into(digest, 0)
            for _ in range(count - 1):
                h = Hash(2)
                h.update(digest, 0, 20)
                h.digest_into(digest, 0)
            h.wipe()
            copy(out, at, digest, 0, min(20, size - at))
            at += 20
            if at >= size:
                wipe(digest)
                wipe(mixed)
                return out
            for block in range(0, len(mixed), 64):  # each block += the digest, repeated, + 1
                carry = 1
                for i in range(63, -1, -1):
                    carry += mixed[block + i] + digest[i % 20]
                    mixed[block + i] = carry & 255
                    carry >>= 8
