# SPDX-License-Identifier: MIT
"""RSA signatures and encryption (RFC 8017): PKCS#1 v1.5 and PSS, and the premaster secret of RFC 5246 section 7.4.7.1.

Called by mxtls.crypto.sign and the RSA key exchange. Nothing in a padding is ever parsed: a signature is verified by
building the one encoding that is right, a premaster secret is taken or replaced under a mask.
"""

from mxtls.codes import (
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    FAILURE as _FAILURE,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.config import (
    USE_CLIENT_SIDE_SSL as _USE_CLIENT,
    USE_RSA_KEY_EXCHANGE as _USE_RSA_KEY_EXCHANGE,
    USE_RSA_PSS as _USE_RSA_PSS,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
)
from mxtls.crypto.drbg import random_into
from mxtls.crypto.hash import Hash, hash_size
from mxtls.errors import Error
from mxtls.kernels.mem import copy, wipe
from mxtls.kernels.rsa import rsa_private, rsa_public


def check_key(key):
    """Refuse a modulus or public exponent that no TLS peer should use."""
    n = key.n
    e = key.e
    if not (128 <= len(n) <= 512 and n[0] and n[-1] & 1 and e[-1] & 1 and (e[0] > 2 or len(e) > 1) and len(e) <= 8):
        raise Error(
            _UNSUPPORTED_FAIL,
            _ALERT_HANDSHAKE_FAILURE,
            "RSA key outside 1024 to 4096 bits, or with an unfit exponent; use another key",
        )


def private(key, buf):
    """buf, as long as the modulus, becomes buf^d mod n. Returns 0 only for a number that is not below n."""
    check_key(key)
    blind = bytearray(len(key.n))
    random_into(blind, 0, len(blind))
    done = rsa_private(buf, buf, key.n, key.e, key.crt, blind)
    wipe(blind)
    return done


def pkcs1_encode(alg, digest, size):
    """EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) with the parameters' NULL, or None where size bytes are too few."""
    if alg == 0:
        info = b""  # MD5 with SHA-1, before TLS 1.2 (RFC 2246 section 7.4.3): no DigestInfo
    elif alg == 2:
        info = b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"
    else:
        info = bytearray(b"\x30\x11\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x00\x05\x00\x04\x00")
        info[1] += len(digest)
        info[14] = alg - 3
        info[18] = len(digest)
    at = size - len(info) - len(digest)
    if len(digest) != hash_size(alg) or at < 11:
        return None
    em = bytearray(b"\xff" * size)
    em[0] = em[at - 1] = 0
    em[1] = 1
    copy(em, at, info, 0, len(info))
    copy(em, size - len(digest), digest, 0, len(digest))
    return em


def verify(key, alg, digest, sig, salt=-1):
    """True where sig signs the digest: PKCS#1 v1.5, or PSS with that many bytes of salt."""
    check_key(key)
    em = bytearray(len(key.n))
    if len(sig) != len(em) or not rsa_public(em, sig, key.n, key.e):
        return False
    if salt < 0:
        return em == pkcs1_encode(alg, digest, len(em))
    if _USE_RSA_PSS:
        return pss(em, key.n[0], alg, digest, salt, 0) == 1
    return False


def sign(key, alg, digest, salt=-1):
    """The signature of the digest: PKCS#1 v1.5, or PSS with that many bytes of salt."""
    em = None
    if salt < 0:
        em = pkcs1_encode(alg, digest, len(key.n))
    elif _USE_RSA_PSS:
        em = bytearray(len(key.n))
        em = em if pss(em, key.n[0], alg, digest, salt, 1) else None
    if not em or not private(key, em):
        raise Error(
            _FAILURE, _ALERT_INTERNAL_ERROR, "RSA signature failed; the key is too short for the hash, or damaged"
        )
    return em


if _USE_RSA_PSS:

    def pss_mask(em, start, at, alg):
        """Xor em[start:at] with MGF1 of the hash at em[at:] (RFC 8017 section B.2.1)."""
        size = hash_size(alg)
        block = bytearray(size)
        counter = bytearray(4)
        while start < at:
            h = Hash(alg)
            h.update(em, at, size)
            h.update(counter, 0, 4)
            h.digest_into(block, 0)
            for i in range(min(size, at - start)):
                em[start] ^= block[i]
                start += 1
            counter[3] += 1

    def pss(em, top, alg, digest, salt, signing):
        """EMSA-PSS (RFC 8017 section 9.1) with MGF1 of the same hash: fill em to be signed, or verify it. Returns 1 or 0.

        top is the modulus's first byte. em = (zeros, 1, salt) under the mask, H, 0xBC; the bits from the modulus's top bit
        on are zero, which is the whole first byte where top is 1.
        """
        h = Hash(alg)
        size = h.size
        at = len(em) - size - 1  # where H lies
        one = at - salt - 1
        start = 1 if top == 1 else 0
        keep = 0x7F
        while keep >= top:
            keep >>= 1
        if one < start or len(digest) != size:
            return 0
        if signing:
            em[one] = 1
            em[-1] = 0xBC
            random_into(em, one + 1, salt)
        else:
            if em[-1] != 0xBC or em[0] > keep:
                return 0
            pss_mask(em, start, at, alg)
            em[0] &= keep
            if em[one] != 1 or any(em[:one]):
                return 0
        h.update(bytes(8), 0, 8)
        h.update(digest, 0, size)
        h.update(em, one + 1, salt)
        if not signing:
            return 1 if h.digest() == em[at:-1] else 0
        h.digest_into(em, at)
        pss_mask(em, start, at, alg)
        em[0] &= keep
        return 1


if _USE_RSA_KEY_EXCHANGE:
    if _USE_CLIENT:

        def encrypt(key, data):
            """RSAES-PKCS1-v1_5 (RFC 8017 section 7.2.1) of a premaster secret."""
            check_key(key)
            em = bytearray(len(key.n))
            at = len(em) - len(data)
            random_into(em, 2, at - 3)
            for i in range(2, at - 1):
                while not em[i]:
                    random_into(em, i, 1)
            em[1] = 2
            copy(em, at, data, 0, len(data))
            rsa_public(em, em, key.n, key.e)
            return em

    if _USE_SERVER:

        def decrypt_premaster(key, cipher, version, out):
            """out = the 48 bytes in the cipher if they are well padded and begin with the version, else 48 random bytes.

            One course of operations for both: the caller, and whoever times it, must not learn which it was.
            """
            size = len(key.n)
            em = bytearray(size)
            bad = 1
            if len(cipher) == size:
                copy(em, 0, cipher, 0, size)
                bad = private(key, em) ^ 1
            bad |= em[0] | em[1] ^ 2 | em[size - 49] | em[size - 48] ^ version >> 8 | em[size - 47] ^ version & 255
            for i in range(2, size - 49):
                bad |= (em[i] - 1) >> 8 & 1
            bad = (bad - 1) >> 8 & 255  # 255 where all is well
            random_into(out, 0, 48)
            for i in range(48):
                out[i] ^= (out[i] ^ em[size - 48 + i]) & bad
            wipe(em)
