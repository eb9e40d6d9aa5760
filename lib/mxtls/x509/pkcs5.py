# SPDX-License-Identifier: MIT
"""Private keys under a password, as OpenSSL's traditional PEM has them: RFC 1421 headers, a key that MD5 makes of the password
and the salt (PKCS #5's PBKDF1, extended). Called by load_keys.py; pbes.py is the same for PKCS #8."""

from binascii import unhexlify

from mxtls.codes import ALERT_NONE as _ALERT_NONE, PARSE_FAIL as _PARSE_FAIL, UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL
from mxtls.config import USE_3DES as _USE_3DES, USE_AES as _USE_AES, USE_MD5 as _USE_MD5
from mxtls.errors import Error
from mxtls.kernels.mem import copy, wipe

# Columns: name in DEK-Info, bytes of the key, of the IV, built
_CIPHERS = (
    (b"DES-EDE3-CBC", 24, 8, _USE_3DES),
    (b"AES-128-CBC", 16, 16, _USE_AES),
    (b"AES-192-CBC", 24, 16, _USE_AES),
    (b"AES-256-CBC", 32, 16, _USE_AES),
)


def unsupported():
    raise Error(
        _UNSUPPORTED_FAIL,
        _ALERT_NONE,
        "the private key's encryption is not in this build: encrypt it anew with openssl pkcs8 -topk8 -v2 aes-256-cbc, or decrypt it",
    )


def parse_locked(key, iv, buf, off, end):
    """The PrivateKey under PKCS #7 padding in buf[off:end], 3DES in CBC mode where the iv, a bytearray, has 8 bytes, else AES. The
    key and what was decrypted are wiped. All that a wrong password can lead to is one failure."""
    from mxtls.x509.private import parse_private

    if _USE_3DES and len(iv) == 8:
        from mxtls.crypto.des3 import Des3Cbc as Cbc
    elif _USE_AES:
        from mxtls.crypto.cbc import AesCbc as Cbc
    try:
        n = end - off
        if n and n % Cbc.block == 0:
            cbc = Cbc(key)
            cbc.decrypt(iv, buf, off, n)
            cbc.wipe()
            n = buf[end - 1]
            if 0 < n <= Cbc.block and bytes(buf[end - n : end]) == bytes((n,)) * n:
                return parse_private(buf, off, end - n)
    except Error as e:
        if e.code == _UNSUPPORTED_FAIL:
            raise e
    finally:
        wipe(key)
        wipe(buf)
    raise Error(_PARSE_FAIL, _ALERT_NONE, "the password is wrong, or the encrypted private key is damaged: try another password")


def parse_pem(headers, buf, password):
    """The PrivateKey of a PEM object with these header lines; buf, a bytearray, is wiped."""
    from mxtls.crypto.hash import Hash

    if not _USE_MD5:
        unsupported()
    at = headers.find(b"DEK-Info:")
    fields = headers[at + 9 :].split(b"\n")[0].strip().split(b",")
    salt = b""
    try:
        if at >= 0 and len(fields) == 2:
            salt = unhexlify(fields[1])
    except ValueError:
        pass
    if len(salt) < 8:
        raise Error(_PARSE_FAIL, _ALERT_NONE, "the encrypted private key's DEK-Info line is malformed")
    for cipher in _CIPHERS:
        if cipher[-1] and cipher[0] == fields[0]:
            break
    else:
        unsupported()
    size = cipher[1]
    if len(salt) != cipher[2]:
        raise Error(_PARSE_FAIL, _ALERT_NONE, "the encrypted private key's DEK-Info line is malformed")
    key = bytearray(size)
    part = bytearray(16)
    at = 0
    while at < size:
        h = Hash(1)
        h.update(part, 0, 16 if at else 0)
        h.update(password, 0, len(password))
        h.update(salt, 0, 8)
        h.digest_into(part, 0)
        h.wipe()
        copy(key, at, part, 0, min(16, size - at))
        at += 16
    wipe(part)
    return parse_locked(key, bytearray(salt), buf, 0, len(buf))
