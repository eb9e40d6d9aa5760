# SPDX-License-Identifier: MIT
"""What is computed over the kernels against the package `cryptography`, on random input and on edges of limbs and carries.

    python host_tests/cross.py SEED hash=300 …
of each function check_… here so many rounds. It runs on CPython, its kernels here or on a board (remote.py). test_cross.py calls it.
"""

import hashlib
import hmac
import random
import sys
from types import SimpleNamespace

import mxtls_port

for _name in ("Hash", "Hmac"):  # the kernels instead of hashlib
    if hasattr(mxtls_port, _name):
        delattr(mxtls_port, _name)

from cryptography.exceptions import InvalidSignature  # noqa: E402
from cryptography.hazmat.decrepit.ciphers import algorithms as retired  # noqa: E402
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import dh, ec, ed25519, padding, rsa, utils, x25519  # noqa: E402
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305  # noqa: E402
from cryptography.hazmat.primitives.poly1305 import Poly1305  # noqa: E402

from mxtls.crypto import cbc, ccm, chacha20poly1305, des3, ed25519 as own_ed25519, gcm, rc4, rsa as own_rsa, seed  # noqa: E402
from mxtls.crypto.ffdhe import FFDHE2048  # noqa: E402
from mxtls.crypto.hash import BlockHash  # noqa: E402
from mxtls.crypto.hmac import BlockHmac  # noqa: E402
from mxtls.kernels import aes, dh as own_dh, ec as own_ec, poly1305, rsa as rsa_kernels, x25519 as own_x25519  # noqa: E402

HASHES = {1: "md5", 2: "sha1", 4: "sha256", 5: "sha384", 6: "sha512"}
CURVES = ((23, ec.SECP256R1()), (24, ec.SECP384R1()), (25, ec.SECP521R1()))
ORDERS = {
    23: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    24: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    25: (1 << 521) - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
}


def some(rng, n):
    """n bytes: random, all alike, of a kind that carries far, or a power of two and its neighbours."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(n)
    if kind == 1:
        return bytes([rng.choice((0, 255))]) * n
    if kind == 2:
        return bytes(rng.choices((0, 255, 254, 1, 128, 127), k=n))
    return (((1 << rng.randrange(8 * n + 1)) + rng.choice((-1, 0, 1))) % (1 << 8 * n)).to_bytes(n, rng.choice(("big", "little")))


def text(rng):
    """A message of a length that blocks of 8, 16, 64 and 128 bytes divide badly."""
    return some(rng, rng.choice((1, 7, 8, 15, 16, 17, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, rng.randrange(1, 400))))


def number(rng, n, below):
    """A number above 0 as n big-endian bytes: an edge of the range, or some."""
    edges = (1, 2, 3, below - 1, below - 2, below // 2, below // 2 + 1, below >> 1 << 1)
    x = rng.choice(edges) if rng.randrange(3) == 0 else int.from_bytes(some(rng, n), "big")
    return (x % (below - 1) + 1).to_bytes(n, "big")


def crypt(algorithm, mode, data, decrypt=False):
    cipher = Cipher(algorithm, mode)
    context = cipher.decryptor() if decrypt else cipher.encryptor()
    return context.update(data) + context.finalize()


def check_hash(rng):
    alg, data = rng.choice(list(HASHES)), text(rng)
    cut = rng.randrange(len(data) + 1)
    running = BlockHash(alg)
    running.update(data, 0, cut)
    running.update(data, cut, len(data) - cut)
    assert running.digest() == hashlib.new(HASHES[alg], data).digest(), (HASHES[alg], data, cut)


def check_hmac(rng):
    alg, key, data = rng.choice(list(HASHES)), text(rng), text(rng)
    mac = BlockHmac(alg, key)
    mac.update(data, 0, len(data))
    out = bytearray(mac.size)
    mac.digest_into(out, 0)
    assert out == hmac.digest(key, data, HASHES[alg]), (HASHES[alg], key, data)


def check_ctr(rng):
    key, counter, data = some(rng, rng.choice((16, 24, 32))), some(rng, 16), text(rng)
    ctx, buf = bytearray(aes.AES_CTX), bytearray(data)
    aes.aes_expand(ctx, key, 0, len(key))
    aes.aes_ctr(ctx, bytearray(counter), buf, 0, len(buf))
    # The last 32 bits count, as in GCM: the others are as they were where those wrap.
    first = int.from_bytes(counter[12:], "big")
    blocks = (counter[:12] + (first + i & 0xFFFFFFFF).to_bytes(4, "big") for i in range(len(data) + 15 >> 4))
    stream = crypt(algorithms.AES(key), modes.ECB(), b"".join(blocks))
    assert buf == bytes(a ^ b for a, b in zip(data, stream, strict=False)), (key, counter, data)


def check_cbc(rng):
    own, peer, size, block = rng.choice(CBC)
    key, iv, data = some(rng, rng.choice(size)), some(rng, block), some(rng, block * rng.randrange(1, 9))
    buf = bytearray(b"?" + data)
    for decrypt in (False, True):
        kept = bytes(buf[1:])
        chain = bytearray(iv)
        cipher = own(key)
        (cipher.decrypt if decrypt else cipher.encrypt)(chain, buf, 1, len(data))
        assert buf == b"?" + crypt(peer(key), modes.CBC(iv), kept, decrypt), (peer, decrypt, key, iv, kept)
        iv = some(rng, block)


CBC = (
    (cbc.AesCbc, algorithms.AES, (16, 24, 32), 16),
    (des3.Des3Cbc, retired.TripleDES, (24,), 8),
    (seed.SeedCbc, retired.SEED, (16,), 16),
)


def check_rc4(rng):
    key, data = some(rng, 16), text(rng)
    buf = bytearray(data)
    cipher = rc4.Rc4(key)
    cut = rng.randrange(len(data) + 1)
    cipher.crypt(buf, 0, cut)
    cipher.crypt(buf, cut, len(data) - cut)
    assert buf == crypt(retired.ARC4(key), None, data), (key, data)


def check_aead(rng):
    own, peer, sizes = rng.choice(AEADS)
    key, nonce, aad, data = some(rng, rng.choice(sizes)), some(rng, 12), some(rng, rng.choice((0, 5, 13, 16, 31))), text(rng)
    n = len(data)
    buf = bytearray(data + bytes(16))
    cipher = own(key)
    cipher.seal(aad + nonce, buf, 0, n)
    assert buf == peer(key).encrypt(nonce, data, aad), (own, key, nonce, aad, data)
    i = rng.randrange(8 * len(buf))
    buf[i >> 3] ^= 1 << (i & 7)
    assert not cipher.open(aad + nonce, buf, 0, n), (own, key, nonce, aad, data, i)
    buf[i >> 3] ^= 1 << (i & 7)
    assert cipher.open(aad + nonce, buf, 0, n) and buf[:n] == data, (own, key, nonce, aad, data)


AEADS = (
    (gcm.Gcm, AESGCM, (16, 32)),
    (ccm.Ccm, AESCCM, (16, 32)),
    (chacha20poly1305.ChaCha20Poly1305, ChaCha20Poly1305, (32,)),
)


def check_poly1305(rng):
    key, data = some(rng, 32), text(rng)
    ctx, out = bytearray(poly1305.POLY1305_CTX), bytearray(16)
    poly1305.poly1305_key(ctx, key)
    # What is behind the last whole block counts as one padded with zeros, as RFC 8439 section 2.8 pads.
    poly1305.poly1305(ctx, data, 0, len(data))
    poly1305.poly1305_tag(ctx, out, 0)
    assert out == Poly1305.generate_tag(key, data + bytes(-len(data) % 16)), (key, data)


def check_x25519(rng):
    k, u, out = some(rng, 32), some(rng, 32), bytearray(32)
    done = own_x25519.x25519(out, k, u)
    try:
        want = x25519.X25519PrivateKey.from_private_bytes(k).exchange(x25519.X25519PublicKey.from_public_bytes(u))
    except ValueError:  # all zero
        want = None
    assert out == want if done else want is None, (k, u)


def check_ed25519(rng):
    secret, data = some(rng, 32), text(rng)
    key, sig = bytearray(32), bytearray(64)
    own_ed25519.public(key, secret)
    own_ed25519.sign(sig, secret, key, data)
    peer = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
    assert key == peer.public_key().public_bytes_raw() and sig == peer.sign(data), (secret, data)
    assert own_ed25519.verify(key, data, sig)
    sig[rng.randrange(64)] ^= 1 << rng.randrange(8)
    assert not own_ed25519.verify(key, data, sig), (secret, data, sig)


def point(key):
    """X||Y of a peer's public key."""
    numbers, size = key.public_numbers(), (key.curve.key_size + 7) // 8
    return numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")


def check_ecdh(rng):
    curve, named = rng.choice(CURVES)
    size = (named.key_size + 7) // 8
    d, e = number(rng, size, ORDERS[curve]), number(rng, size, ORDERS[curve])
    ours, theirs = (ec.derive_private_key(int.from_bytes(x, "big"), named) for x in (d, e))
    out, shared = bytearray(2 * size), bytearray(size)
    assert own_ec.ec_public(curve, out, d) == 1 and out == point(ours.public_key()), (curve, d)
    assert own_ec.ec_ecdh(curve, shared, d, point(theirs.public_key())) == 1, (curve, d, e)
    assert shared == ours.exchange(ec.ECDH(), theirs.public_key()), (curve, d, e)
    out[rng.randrange(2 * size)] ^= 1
    assert not own_ec.ec_ecdh(curve, shared, d, out), (curve, d)  # not on the curve


def check_ecdsa(rng):
    curve, named = rng.choice(CURVES)
    size = (named.key_size + 7) // 8
    d, k = number(rng, size, ORDERS[curve]), number(rng, size, ORDERS[curve])
    hash_ = rng.choice((hashes.SHA256(), hashes.SHA384(), hashes.SHA512()))
    digest, sig = some(rng, hash_.digest_size), bytearray(2 * size)
    peer, how = ec.derive_private_key(int.from_bytes(d, "big"), named), ec.ECDSA(utils.Prehashed(hash_))
    case = curve, d, k, digest
    assert own_ec.ecdsa_sign(curve, sig, digest, d, k) == 1, case
    peer.public_key().verify(utils.encode_dss_signature(int.from_bytes(sig[:size], "big"), int.from_bytes(sig[size:], "big")), digest, how)
    q = point(peer.public_key())
    for n in utils.decode_dss_signature(peer.sign(digest, how)), (int.from_bytes(sig[:size], "big"), int.from_bytes(sig[size:], "big")):
        sig[:] = n[0].to_bytes(size, "big") + n[1].to_bytes(size, "big")
        assert own_ec.ecdsa_verify(curve, digest, sig, q) == 1, (case, sig)
    sig[rng.randrange(2 * size)] ^= 1 << rng.randrange(8)
    assert own_ec.ecdsa_verify(curve, digest, sig, q) == 0, (case, sig)


def rsa_pair(bits=1024):
    """A peer's private key, and the same key for mxtls."""
    peer = rsa.generate_private_key(65537, bits)
    n = peer.private_numbers()
    size = bits // 16
    crt = b"".join(x.to_bytes(size, "big") for x in (n.p, n.q, n.dmp1, n.dmq1, n.iqmp))
    return peer, SimpleNamespace(n=n.public_numbers.n.to_bytes(2 * size, "big"), e=b"\1\0\1", crt=crt, bits=bits)


def check_rsa(rng):
    peer, key = rsa_pair()
    numbers, size = peer.private_numbers(), len(key.n)
    n = numbers.public_numbers.n
    for x in (0, 1, 2, n - 1, n - 2, numbers.p, numbers.q * 2, 1 << 1000, int.from_bytes(some(rng, size), "big") % n)[rng.randrange(3) :: 3]:
        base, out = x.to_bytes(size, "big"), bytearray(size)
        assert rsa_kernels.rsa_private(out, base, key.n, key.e, key.crt, rng.randbytes(size)) == 1, (numbers, x)
        assert int.from_bytes(out, "big") == pow(x, numbers.d, n), (numbers, x)
        assert rsa_kernels.rsa_public(out, bytes(out), key.n, key.e) == 1 and out == base, (numbers, x)
    assert not rsa_kernels.rsa_private(bytearray(size), n.to_bytes(size, "big"), key.n, key.e, key.crt, rng.randbytes(size))


def check_rsa_signature(rng):
    peer, key = rsa_pair()
    alg, hash_ = rng.choice(((2, hashes.SHA1()), (4, hashes.SHA256()), (5, hashes.SHA384())))
    digest, how = some(rng, hash_.digest_size), utils.Prehashed(hash_)
    sig = own_rsa.sign(key, alg, digest)
    assert sig == peer.sign(digest, padding.PKCS1v15(), how), (peer.private_numbers(), digest)
    assert own_rsa.verify(key, alg, digest, sig)
    pss = padding.PSS(padding.MGF1(hash_), len(digest))
    peer.public_key().verify(bytes(own_rsa.sign(key, alg, digest, len(digest))), digest, pss, how)
    sig = bytearray(peer.sign(digest, pss, how))
    assert own_rsa.verify(key, alg, digest, sig, len(digest))
    sig[rng.randrange(len(sig))] ^= 1 << rng.randrange(8)
    assert not own_rsa.verify(key, alg, digest, sig, len(digest))
    try:
        peer.public_key().verify(bytes(sig), digest, pss, how)
        raise AssertionError(sig)
    except InvalidSignature:
        pass


def check_dh(rng):
    p = int.from_bytes(FFDHE2048, "big")
    x, y = number(rng, 32, 1 << 255), number(rng, 32, 1 << 255)
    parameters, out = dh.DHParameterNumbers(p, 2), bytearray(256)
    theirs = dh.DHPublicNumbers(pow(2, int.from_bytes(y, "big"), p), parameters)
    base = theirs.y.to_bytes(256, "big")
    if own_dh.dh_power(out, base, x, FFDHE2048):
        assert int.from_bytes(out, "big") == pow(theirs.y, int.from_bytes(x, "big"), p), (x, y)
        ours = dh.DHPrivateNumbers(int.from_bytes(x, "big"), dh.DHPublicNumbers(pow(2, int.from_bytes(x, "big"), p), parameters))
        if x[0]:  # openssl refuses short exponents
            assert ours.private_key().exchange(theirs.public_key()) == out, (x, y)
    else:
        assert not 1 < pow(theirs.y, int.from_bytes(x, "big"), p) < p - 1, (x, y)
    for base in (0, 1, p - 1, p):
        assert not own_dh.dh_power(out, base.to_bytes(256, "big"), x, FFDHE2048), base


def main(seed_, *wanted):
    count = 0
    for name, _, times in (word.partition("=") for word in wanted):
        for i in range(int(times)):
            globals()["check_" + name](random.Random("%s %s %d" % (seed_, name, i)))
        count += int(times)
    print("%d checks passed" % count)


if __name__ == "__main__":
    main(*sys.argv[1:])
