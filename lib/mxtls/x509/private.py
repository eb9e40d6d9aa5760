# SPDX-License-Identifier: MIT
"""Private keys from DER: PKCS#1 (RFC 8017 A.1.2), SEC1 (RFC 5915) and PKCS#8 (RFC 5958, RFC 8410). Called by load_keys.py.

The consistency checks of RSA keys use big integers, which stay on the heap until it is reused; the key's own bytes are wiped.
"""

from mxtls.codes import (
    ALERT_NONE as _ALERT_NONE,
    ARG_FAIL as _ARG_FAIL,
    KEY_EC as _KEY_EC,
    KEY_ED25519 as _KEY_ED25519,
    KEY_RSA as _KEY_RSA,
    PARSE_FAIL as _PARSE_FAIL,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.config import (
    USE_ECC as _USE_ECC,
    USE_ED25519 as _USE_ED25519,
    USE_PKCS5 as _USE_PKCS5,
    USE_PKCS8 as _USE_PKCS8,
    USE_RSA as _USE_RSA,
)
from mxtls.errors import Error
from mxtls.kernels.mem import copy
from mxtls.x509.certificate import find_algorithm
from mxtls.x509.der import Der

_NO_PKCS8 = "PKCS#8 private keys are not in this build: enable USE_PKCS8 or convert the key"
_EC_OID = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"


def _bad():
    raise Error(_PARSE_FAIL, _ALERT_NONE, "the private key is malformed: use an RSA, EC or Ed25519 key in PKCS#1, SEC1 or PKCS#8")


def _unsupported(text):
    raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, text)


def check_password(password):
    """Raise for an encrypted key, unless there is a password and the build can use it."""
    if not _USE_PKCS5:
        _unsupported("the private key is encrypted: enable USE_PKCS5, or decrypt it first")
    if password is None:
        raise Error(_ARG_FAIL, _ALERT_NONE, "the private key is encrypted: give load_rsa_keys its password, or decrypt it first")


def parse_private(buf, off, end, password=None):
    """The PrivateKey in buf[off:end]; Error(PARSE_FAIL) for what is no key, Error(UNSUPPORTED_FAIL) for other kinds of key.
    password: bytes, for PKCS#8 that is encrypted."""
    d = Der(buf)
    p = d.read(off, end, 0x30)
    if d.end != end:
        _bad()
    d.read(p, end, 0)
    if d.tag == 0x30:
        p = d.end
        if p < end and buf[p] == 4:
            if not _USE_PKCS8:
                _unsupported(_NO_PKCS8)
            check_password(password)
            if _USE_PKCS5 and _USE_PKCS8:
                from mxtls.x509.pbes import parse_encrypted

                return parse_encrypted(buf, off, end, password)
        _bad()
    v = d.integer(p, end)
    if d.end - v != 1:
        _bad()
    v = buf[v]
    p = d.end
    d.read(p, end, 0)
    if d.tag == 2 and _USE_RSA:
        return _rsa(d, v, p, end)
    if d.tag == 4 and _USE_ECC:
        return _ec(d, v, p, end, None)
    if d.tag != 0x30 or v > 1:
        _bad()
    if not _USE_PKCS8:
        _unsupported(_NO_PKCS8)
    p = d.off
    a_end = d.end
    row = find_algorithm(buf, p, a_end)
    if row is None:
        _unsupported("the private key's algorithm is not supported: use RSA, Ed25519 or a named NIST curve, as far as they are enabled")
    p = d.read(a_end, end, 4)
    a_end = d.end
    point = 0
    while d.end < end:  # attributes [0], public key [1]
        v = d.read(d.end, end, 0)
        if d.tag == 0x81:
            point = v
        elif d.tag != 0xA0:
            _bad()
    if _USE_ED25519 and row[1] < 0:
        return _ed25519(d, p, a_end, point)
    p = d.read(p, a_end, 0x30)
    if d.end != a_end:
        _bad()
    v = d.integer(p, a_end)
    if d.end - v != 1:
        _bad()
    if row[1] and _USE_ECC:
        return _ec(d, buf[v], d.end, a_end, row)
    if not row[1] and _USE_RSA:
        key = _rsa(d, buf[v], d.end, a_end)
        key.pss = len(row[0]) == 11
        return key
    return _bad()


if _USE_ED25519:

    def _ed25519(d, p, end, point):
        """The seed in an OCTET STRING (RFC 8410 section 7). The public key is computed and must agree with one that is given."""
        from mxtls.crypto.ed25519 import public
        from mxtls.x509.pubkey import PrivateKey

        p = d.read(p, end, 4)
        if d.end != end or end - p != 32:
            _bad()
        key = PrivateKey(_KEY_ED25519)
        key.bits = 256
        key.d = bytearray(d.buf[p:end])
        made = bytearray(32)
        public(made, key.d)
        if point and bytes(d.buf[point : point + 33]) != b"\x00" + made:
            key.wipe()
            _bad()
        key.point = bytes(made)
        return key


def _rsa(d, version, p, end):
    """The eight numbers of an RSAPrivateKey, which must fit together."""
    from mxtls.x509.pubkey import PrivateKey

    key = PrivateKey(_KEY_RSA)
    view = memoryview(d.buf)
    places = []
    numbers = []
    for _i in range(8):
        off = d.integer(p, end)
        p = d.end
        places.append((off, p - off))
        numbers.append(int.from_bytes(view[off:p], "big"))
    if version or p != end:
        _bad()
    n, e, x, p, q, dp, dq, qinv = numbers
    if n != p * q or not n & 1 or p < 3 or q < 3 or e < 3 or not e & 1 or not 1 < x < n:
        _bad()
    if not (x * e % (p - 1) == 1 == x * e % (q - 1) and dp == x % (p - 1) and dq == x % (q - 1) and qinv * q % p == 1 and qinv < p):
        _bad()
    off, size = places[0]
    half = places[3][1]
    if size < 128 or size > 512 or d.buf[off] < 128 or places[1][1] > 4 or half != places[4][1]:
        _unsupported("the RSA private key's size is not supported: use 1024 to 4096 bits, a multiple of 8, and two primes of one size")
    key.bits = size * 8
    key.n = bytes(view[off : off + size])
    off, size = places[1]
    key.e = bytes(view[off : off + size])
    key.crt = bytearray(5 * half)
    end = 0
    for off, size in places[3:]:
        end += half
        copy(key.crt, end - size, d.buf, off, size)
    return key


def _ec(d, version, p, end, row):
    """An ECPrivateKey; row: what the PKCS#8 around it says of the curve. The point is computed and must agree with the given one."""
    from mxtls.kernels.ec import ec_public
    from mxtls.x509.pubkey import PrivateKey

    buf = d.buf
    off = d.read(p, end, 4)
    p = d.end
    secret = bytearray(buf[off:p])
    point = None
    if version != 1:
        _bad()
    while p < end:
        off = d.read(p, end, 0)
        p = d.end
        if d.tag == 0xA0 and point is None:
            d.read(off, p, 0)
            if d.tag != 6:
                _unsupported("the private key gives its curve explicitly: convert it to a named curve")
            own = find_algorithm(_EC_OID + bytes(buf[off:p]), 0, 9 + p - off)
            if own is None:
                _unsupported("the private key's curve is not supported: use a named NIST curve that is enabled")
            if row is not None and own is not row:
                _bad()
            row = own
        elif d.tag == 0xA1 and point is None:
            off = d.read(off, p, 3)
            if d.end != p or p - off < 2 or buf[off]:
                _bad()
            point = bytes(buf[off + 1 : p])
        else:
            _bad()
    if row is None:
        _unsupported("the private key does not name its curve: convert it to PKCS#8")
    size = row[2]
    if len(secret) != size:
        _bad()
    key = PrivateKey(_KEY_EC)
    key.curve = row[1]
    key.bits = 521 if size == 66 else size * 8
    key.d = secret
    made = bytearray(2 * size)
    if not ec_public(key.curve, made, key.d) or (point is not None and point[:1] == b"\x04" and point[1:] != made):
        key.wipe()
        _bad()
    key.point = bytes(made)
    return key
