# SPDX-License-Identifier: MIT
"""The C kernels beside the pure ones, on random input and on edges of limbs and lengths, built so that undefined behaviour traps;
and the module's refusal of what lies out of a buffer's bounds. The vectors run on them in test_portable.py."""

import ctypes
import importlib
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import targets

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parent / "port" / "native"
SIZES = {"aes": 244, "des3": 384, "seed": 128, "rc4": 258, "ghash": 48, "poly1305": 52}  # contexts in C


def pure(name):
    return importlib.import_module("mxtls.kernels." + name)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Calls a C kernel: bytearrays and (bytearray, offset) become pointers."""
    if not shutil.which("gcc"):
        pytest.skip("no gcc here")
    path = tmp_path_factory.mktemp("native") / "kernels.so"
    sources = [p for p in NATIVE.glob("*.c") if p.name != "mxtls_native.c"]
    flags = "-shared -fPIC -O1 -fsanitize=undefined -fsanitize-undefined-trap-on-error".split()
    subprocess.run(["gcc", *flags, *sources, "-o", path], check=True)
    loaded = ctypes.CDLL(str(path))

    def call(name, *arguments):
        given = []
        for a in arguments:
            if isinstance(a, ctypes.c_void_p):
                given.append(a)
                continue
            buf, off = a if isinstance(a, tuple) else (a, 0)
            given.append(ctypes.c_size_t(buf) if isinstance(buf, int) else ctypes.byref((ctypes.c_ubyte * len(buf)).from_buffer(buf), off))
        function = getattr(loaded, "mxtls_" + name)
        function.restype = ctypes.c_uint32
        return function(*given)

    call.address = loaded.mxtls_curve_of
    return call


def some(rng, n):
    """n bytes: random, all ones, zeros, or a mixture that carries far."""
    kind = rng.randrange(4)
    return bytearray(rng.randbytes(n) if kind == 0 else rng.choices((0, 255, 254, 1), k=n) if kind == 1 else bytes([255 * (kind - 2)]) * n)


@pytest.fixture
def rng(request):
    return random.Random(request.node.name)


@pytest.mark.parametrize("name, state, block", [("sha1", 20, 64), ("sha256", 32, 64), ("sha512", 64, 128), ("md5", 16, 64)])
def test_hashes(library, rng, name, state, block):
    for count in (0, 1, 2, 5) * 10:
        a, buf = some(rng, state), some(rng, block * count + 3)
        b = bytearray(a)
        getattr(pure(name), name + "_blocks")(a, buf, 3, count)
        library(name + "_blocks", b, (buf, 3), count)
        assert a == b


@pytest.mark.parametrize("alg, size", [(1, 16), (2, 20), (4, 32), (5, 48), (6, 64)])
def test_running_hashes(library, rng, alg, size):
    """HMAC over messages in pieces: the context is the same after each call."""
    kernel = pure("hash")
    kernel.hash_load(alg)
    half = 64 if alg > 4 else 32
    a, k = bytearray(3 * half + 4), bytearray(2 * half)
    b, m = bytearray(a), bytearray(k)
    for n in list(range(0, 70)) + [112, 119, 120, 127, 128, 129, 256, 300]:
        if n % 7 == 0:
            key, start = some(rng, rng.randrange(2 * half + 1)), some(rng, half if alg > 2 else size)
            kernel.hmac_rekey(alg, a, k, start, key)
            library("hmac_rekey", alg, b, m, start, len(start), key, len(key))
            assert (a, k) == (b, m)
        for _ in range(rng.randrange(3)):
            buf = some(rng, n + 1)
            kernel.hash_update(alg, a, buf, 1, n)
            library("hash_update", alg, b, (buf, 1), n)
            assert a == b
        out, other = bytearray(size + 1), bytearray(size + 1)
        kernel.hash_digest(alg, a, out, 1, size)
        library("hash_digest", alg, b, (other, 1), size)
        assert (a, out) == (b, other)
        kernel.hmac_digest(alg, a, k, out, 1, size)
        library("hmac_digest", alg, b, m, (other, 1), size)
        assert (a, out) == (b, other)


@pytest.mark.parametrize("size", [16, 24, 32])
def test_aes(library, rng, size):
    aes = pure("aes")
    for n in list(range(0, 70)) + [256, 300]:
        key, iv, buf = some(rng, size), some(rng, 16), some(rng, n + 2)
        ctx, words = bytearray(aes.AES_CTX), bytearray(SIZES["aes"])
        aes.aes_expand(ctx, key, 0, size)
        library("aes_expand", words, key, size)
        for mode in ("ctr", "cbc_encrypt", "cbc_decrypt"):
            m = n if mode == "ctr" else n & ~15
            iv2, buf2 = bytearray(iv), bytearray(buf)
            getattr(aes, "aes_" + mode)(ctx, iv, buf, 1, m)
            library("aes_" + mode, words, iv2, (buf2, 1), m)
            assert (iv, buf) == (iv2, buf2), (mode, n)


@pytest.mark.parametrize("name, block, size", [("des3", 8, 24), ("seed", 16, 16)])
def test_older_block_ciphers(library, rng, name, block, size):
    kernel = pure(name)
    for n in list(range(0, 12 * block, block)) * 3:
        key, iv, buf = some(rng, size + 1), some(rng, block), some(rng, n + 2)
        ctx, words = bytearray(SIZES[name]), bytearray(SIZES[name])
        getattr(kernel, name + "_expand")(ctx, key, 1)
        library(name + "_expand", words, (key, 1))
        for way in ("_cbc_encrypt", "_cbc_decrypt"):
            iv2, buf2 = bytearray(iv), bytearray(buf)
            getattr(kernel, name + way)(ctx, iv, buf, 1, n)
            library(name + way, words, iv2, (buf2, 1), n)
            assert (iv, buf) == (iv2, buf2), (way, n)


def test_rc4(library, rng):
    rc4 = pure("rc4")
    for size in (5, 13, 16, 255, 256):
        key, buf, state, state2 = some(rng, size), some(rng, 600), bytearray(SIZES["rc4"]), bytearray(SIZES["rc4"])
        rc4.rc4_init(state, key, 0, size)
        library("rc4_init", state2, key, size)
        buf2 = bytearray(buf)
        for at, n in ((1, 0), (1, 3), (4, 500)):
            rc4.rc4_xor(state, buf, at, n)
            library("rc4_xor", state2, (buf2, at), n)
        assert (state, buf) == (state2, buf2), size


def test_ghash(library, rng):
    for n in list(range(0, 50)) + [64, 100] * 20:
        h, y, buf = some(rng, 16), some(rng, 16), some(rng, n + 1)
        ctx, words, y2 = bytearray(16), bytearray(SIZES["ghash"]), bytearray(y)
        pure("ghash").ghash_key(ctx, h)
        library("ghash_expand", words, h)
        pure("ghash").ghash(ctx, y, buf, 1, n)
        library("ghash", words, y2, (buf, 1), n)
        assert y == y2, (h, n)


def test_chacha20(library, rng):
    for n in list(range(0, 200, 7)) + [63, 64, 65, 128, 256, 300]:
        state, buf = some(rng, 48), some(rng, n + 1)
        state2, buf2 = bytearray(state), bytearray(buf)
        pure("chacha20").chacha20_xor(state, buf, 1, n)
        library("chacha20_xor", state2, (buf2, 1), n)
        assert (state, buf) == (state2, buf2), n


def test_poly1305(library, rng):
    poly = pure("poly1305")
    for i in range(2000):
        n, m = rng.randrange(130), rng.randrange(40)
        key, buf, tag, tag2 = some(rng, 32), some(rng, n + m + 1), bytearray(16), bytearray(16)
        if i % 4 == 0:  # r = 1: the sum itself, and with these blocks close to the prime, above and below
            key[:16] = (1).to_bytes(16, "little")
            n, m = 64, 0
            buf = bytearray(1) + ((1 << 128) - 1 - rng.randrange(3)).to_bytes(16, "little") * 3 + (rng.randrange(12)).to_bytes(16, "little")
        ctx, words = bytearray(poly.POLY1305_CTX), bytearray(SIZES["poly1305"])
        poly.poly1305_key(ctx, key)
        library("poly1305_key", words, key)
        for at, k in ((1, n), (1 + n, m)):
            poly.poly1305(ctx, buf, at, k)
            library("poly1305", words, (buf, at), k)
        poly.poly1305_tag(ctx, tag, 0)
        library("poly1305_tag", words, tag2)
        assert tag == tag2, (key, buf)


@pytest.mark.parametrize("name", ["gcm", "ccm", "chacha20poly1305"])
def test_aeads(library, rng, name):
    """Also that a wrong tag leaves the text as it was."""
    aes, ghash, kernel = pure("aes"), pure("ghash"), pure(name)
    for n in list(range(0, 50)) + [63, 64, 65, 300]:
        key, size = some(rng, 32), 16
        ours, theirs = [bytearray(key + bytes(16))], [bytearray(key + bytes(16))]
        if name != "chacha20poly1305":
            ours, theirs = [bytearray(aes.AES_CTX)], [bytearray(SIZES["aes"])]
            aes.aes_expand(ours[0], key, 0, 32)
            library("aes_expand", theirs[0], key, 32)
        if name == "gcm":
            ours, theirs = [*ours, bytearray(ghash.GHASH_CTX)], [*theirs, bytearray(SIZES["ghash"])]
            key[15] |= 1  # under zero each tag is right
            ghash.ghash_key(ours[1], key[:16])
            library("ghash_expand", theirs[1], key)
        if name == "ccm":
            size = rng.choice((8, 16))
            ours, theirs = [*ours, size], [*theirs, size]
        head, buf = some(rng, 12 + rng.choice((0, 1, 5, 13, 14, 16, 40))), some(rng, n + size + 2)
        text = bytearray(buf)
        getattr(kernel, name + "_seal")(*ours, head, buf, 1, n)
        library(name + "_seal", *theirs, head, len(head) - 12, (text, 1), n)
        assert text == buf
        wrong = bytearray(buf)
        wrong[rng.randrange(n + size) + 1] ^= 1 << rng.randrange(8)
        for given in (wrong, buf):
            a, b = bytearray(given), bytearray(given)
            good = getattr(kernel, name + "_open")(*ours, head, a, 1, n)
            assert good == library(name + "_open", *theirs, head, len(head) - 12, (b, 1), n) == (given is buf)
            assert a == b and (good or a == wrong)


def test_ct(library, rng):
    ct = pure("ct")
    for _ in range(1000):
        n, size = rng.randrange(22, 300), rng.choice((16, 20))
        buf, mac = some(rng, n), some(rng, size)
        pad = rng.randrange(n)
        if rng.random() < 0.7:
            buf[-min(pad + 1, n) :] = bytes([pad & 255]) * min(pad + 1, n)
        assert ct.ct_padding(buf, 0, n, size) == library("ct_padding", buf, n, size)
        most = n - size
        at = rng.randrange(most + 1)
        if rng.random() < 0.5:
            buf[at : at + size] = mac
        assert ct.ct_found(mac, size, buf, 0, most, at) == library("ct_found", mac, size, buf, most, at)
        other = bytearray(buf)
        other[rng.randrange(n)] ^= rng.choice((0, 1, 128))
        assert ct.ct_equal(buf, 0, other, 0, n) == library("ct_equal", buf, other, n) == int(buf == other)
        block = rng.choice((64, 128))
        a, b, head, at, end = bytearray(block), bytearray(block), some(rng, 13), block * rng.randrange(4), rng.randrange(13, n + 14)
        last = ct.ct_hash_block(a, head, 13, buf, 0, at, n + 13, end)
        assert (last, a) == (library("ct_hash_block", b, block, head, 13, buf, at, n + 13, end), b)
        for take in (0, 1):
            a, b = bytearray(buf), bytearray(buf)
            ct.ct_select(a, other, n, take)
            library("ct_select", b, other, n, take)
            assert a == b


def odd(rng, n):
    """A modulus of n bytes: one of some(), odd and with its top bit set."""
    buf = some(rng, n)
    buf[0] |= 128
    buf[-1] |= 1
    return buf


def work(words):
    """Words of scratch, as nothing left them."""
    return bytearray(b"\x55" * 4 * words)


def test_rsa_public(library, rng):
    for size in list(range(5, 40)) * 4 + [128, 129, 192, 256, 384, 512]:
        n, x, e = odd(rng, size), some(rng, size), bytearray(rng.choice((b"\3", b"\1\0\1", b"\0\5", b"\x80\0\0\1", b"\1", b"\0")))
        if rng.random() < 0.2:
            n[:3] = bytes(3)
        if rng.random() < 0.1:
            x = bytearray((int.from_bytes(n, "big") - rng.randrange(2)).to_bytes(size, "big"))
        if rng.random() < 0.1:
            n[-1] &= 254
        a, b = bytearray(size), bytearray(size)
        done = pure("rsa").rsa_public(a, x, n, e)
        assert done == library("rsa_public", b, x, size, n, size, e, len(e), work(6 * (size + 3) // 4 + 7))
        assert a == b, (n, x, e)


@pytest.fixture(scope="module")
def rsa_key():
    """Makes keys of two primes: (n, e, crt)."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    primes = {}

    def prime(bits):
        if bits not in primes:
            numbers = rsa.generate_private_key(65537, 2 * bits).private_numbers()
            primes[bits] = [numbers.p, numbers.q]
        primes[bits].append(primes[bits].pop(0))
        return primes[bits][0]

    def key(p_bits, q_bits, e=65537):
        p = prime(p_bits)
        q = prime(q_bits)
        while e == 3 and (p % 3 == 1 or q % 3 == 1):
            primes.clear()
            p, q = prime(p_bits), prime(q_bits)
        half = (max(p_bits, q_bits) + 7) // 8
        numbers = (p, q, pow(e, -1, p - 1), pow(e, -1, q - 1), pow(q, -1, p))
        n = p * q
        crt = b"".join(number.to_bytes(half, "big") for number in numbers)
        return bytearray(n.to_bytes((n.bit_length() + 7) // 8, "big")), bytearray(e.to_bytes((e.bit_length() + 7) // 8, "big")), bytearray(crt)

    return key


def both_private(library, x, n, e, crt, blind):
    """What the two tiers make of it, which must be the same; None for nothing."""
    size, half = len(n), len(crt) // 5
    a, b = bytearray(size), bytearray(size)
    done = pure("rsa").rsa_private(a, x, n, e, crt, blind)
    assert done == library("rsa_private", b, x, len(x), n, size, e, len(e), crt, half, blind, work(28 * ((half + 3) // 4) + 16))
    assert a == b
    return a if done else None


@pytest.mark.parametrize("p_bits, q_bits, e", [
    (512, 512, 65537), (512, 512, 3), (520, 520, 65537), (768, 768, 65537), (1024, 1024, 65537), (1536, 1536, 65537),
    (2048, 2048, 65537), (512, 1024, 65537), (1024, 512, 65537), (1023, 1023, 65537),
])  # fmt: skip
def test_rsa_private(library, rng, rsa_key, p_bits, q_bits, e):
    n, e, crt = rsa_key(p_bits, q_bits, e)
    size, half = len(n), len(crt) // 5
    top = int.from_bytes(n, "big")
    for x in (0, 1, 2, top - 1, int.from_bytes(crt[:half], "big"), rng.randrange(top), rng.randrange(top)):
        x = bytearray(x.to_bytes(size, "big"))
        done = both_private(library, x, n, e, crt, bytearray(rng.randbytes(size)))
        assert pow(int.from_bytes(done, "big"), int.from_bytes(e, "big"), top) == int.from_bytes(x, "big")
    blind = bytearray(rng.randbytes(size))
    for bad in (n, bytearray(b"\xff" * size), bytearray(b"\1" + bytes(size))):
        assert both_private(library, bad, n, e, crt, blind) is None
    for bad in (bytearray(size), bytearray(size - 1) + b"\1", n, bytearray(size - half) + crt[:half]):
        assert both_private(library, x, n, e, crt, bad) is None
    for at in rng.sample(range(len(crt)), 5) + [half - 1, 2 * half - 1]:
        crt[at] ^= 1
        assert both_private(library, x, n, e, crt, blind) is None, at
        crt[at] ^= 1
    n[-1] ^= 1
    assert both_private(library, x, n, e, crt, blind) is None


def test_dh(library, rng):
    for size in list(range(5, 30)) * 4 + [128, 192, 256, 512]:
        p, base, x = odd(rng, size), some(rng, size - rng.randrange(3)), some(rng, rng.randrange(1, 5) if size < 512 else 2)
        kind = rng.randrange(10)
        if kind == 0:
            p[-1] &= 254
        elif kind < 4:
            base = bytearray((int.from_bytes(p, "big") - rng.randrange(4)).to_bytes(size, "big"))
        elif kind < 6:
            base = bytearray([rng.randrange(4)])
        elif kind == 6:
            base = bytearray(rng.randrange(2) for _ in range(3)) + base
        a, b = bytearray(size), bytearray(size)
        done = pure("dh").dh_power(a, base, x, p)
        assert done == library("dh_power", b, base, len(base), x, len(x), p, size, work(22 * ((size + 3) // 4) + 1))
        assert a == b, (p, base, x)


# Around 0 and the order, where sums meet their special cases, and single digits
SCALARS = [k for i in range(40) for k in (i, -i)] + [1 << i for i in range(0, 521, 47)]


def curve_of(library, curve):
    """How C's functions see a curve: its address, its row in the pure tier, and their scratch."""
    row = pure("ec")._curve(curve)
    library.address.restype = ctypes.c_void_p
    return ctypes.c_void_p(library.address(curve)), row, bytearray(4 * (41 * ((row[1] + 3) // 4) + 1))


@pytest.mark.parametrize("curve", [23, 24, 25])
def test_curves(library, rng, curve):
    c, row, w = curve_of(library, curve)
    size, n, ec = row[1], row[3], pure("ec")
    scalar = lambda k: bytearray(k.to_bytes(size, "big"))  # noqa: E731
    point, old = bytearray(2 * size), bytearray(b"\x55" * (2 * size))
    ec.ec_public(curve, point, scalar(rng.randrange(1, n)))
    scalars = [k % n if k else n for k in SCALARS] + [0, n + 1, (1 << 8 * size) - 1, n // 2] + [rng.randrange(n) for _ in range(10)]
    for k in scalars:
        a, b = bytearray(old), bytearray(old)
        assert ec.ec_public(curve, a, scalar(k)) == library("ec_public", c, b, scalar(k), w), k
        assert a == b and not any(w), k
        a, b = bytearray(old), bytearray(old)
        assert ec.ec_ecdh(curve, a, scalar(k), point) == library("ec_ecdh", c, b, scalar(k), point, w), k
        assert a == b and not any(w), k
    for k in scalars:
        d, digest = scalar(rng.choice(scalars)), some(rng, rng.choice((0, 20, 32, 48, 64, 80)))
        a, b = bytearray(old), bytearray(old)
        done = ec.ecdsa_sign(curve, a, digest, d, scalar(k))
        assert done == library("ecdsa_sign", c, b, digest, len(digest), d, scalar(k), w), (d, k)
        assert a == b and not any(w), (d, k)
        ec.ec_public(curve, point, d)
        assert library("ecdsa_verify", c, digest, len(digest), b, point, w) == done, (d, k)
        b[rng.randrange(2 * size)] ^= 1 << rng.randrange(8)
        assert library("ecdsa_verify", c, digest, len(digest), b, point, w) == 0


@pytest.mark.parametrize("curve, teeth, tables, columns", [(23, 5, 2, 26), (24, 4, 1, 96), (25, 4, 1, 131)])
def test_the_numbers_of_a_curve(curve, teeth, tables, columns):
    row = pure("ec")._curve(curve)
    _, size, p, n, b, gx, gy, _ = row
    bits = 32 * ((size + 3) // 4)
    want = [p, (1 << 2 * bits) % p, n, (1 << 2 * bits) % n, (b << bits) % p]
    for s in range(tables):
        for i in range(1 << (teeth - 1)):
            signs = [1 if j == teeth - 1 or i >> j & 1 else -1 for j in range(teeth)]
            k = sum(sign << columns * (tables * j + s) for j, sign in enumerate(signs))
            want += [(x << bits) % p for x in pure("ec")._multiply(row, k % n, gx, gy)]
    text = (NATIVE / "ec_curves.c").read_text()
    found = ""
    for name in ("NUMBERS_%d", "COMB_%d"):
        found += text.split("%s[] = {" % (name % min(8 * size, 521)))[1].split("};")[0]
    words = [int(word, 0) for word in re.sub(r"/\*.*?\*/", "", found).replace(",", " ").split()]
    assert words == [x >> at & 0xFFFFFFFF for x in want for at in range(0, bits, 32)]


@pytest.mark.parametrize("curve", [23, 24, 25])
def test_points_that_are_none(library, rng, curve):
    c, row, w = curve_of(library, curve)
    size, p, ec = row[1], row[2], pure("ec")
    good = bytearray(row[5].to_bytes(size, "big") + row[6].to_bytes(size, "big"))
    digest, sig = bytearray(32), bytearray((1).to_bytes(size, "big") * 2)
    for x, y in ((0, 0), (row[5], row[6] ^ 1), (row[5] ^ 1, row[6]), (row[5], p), (p, row[6]), (row[5], p - row[6])):
        point, out, d = bytearray(x.to_bytes(size, "big") + y.to_bytes(size, "big")), bytearray(size), bytearray((5).to_bytes(size, "big"))
        assert library("ec_ecdh", c, out, d, point, w) == ec.ec_ecdh(curve, bytearray(size), d, point) == (y == p - row[6])
        assert library("ecdsa_verify", c, digest, 32, sig, point, w) == ec.ecdsa_verify(curve, digest, sig, point)
    assert library("ecdsa_verify", c, digest, 32, sig, good, w) == ec.ecdsa_verify(curve, digest, sig, good)


def test_x25519(library, rng):
    x25519 = pure("x25519").x25519
    for i in range(300):
        k, u = some(rng, 32), some(rng, 32)
        if i % 3 == 0:  # around 0, p, 2p, 2**255 and 2**256
            u = bytearray(((rng.choice((0, (1 << 255) - 19, (1 << 256) - 38, 1 << 255)) + rng.randrange(-3, 4)) % (1 << 256)).to_bytes(32, "little"))
        a, b = bytearray(32), bytearray(32)
        assert (x25519(a, k, u), a) == (library("x25519", b, k, u), b), (k, u)


def test_ed25519(library, rng):
    ed = pure("ed25519")
    order = ed._L
    for i in range(60):
        n = rng.choice((32, 64))
        k = some(rng, n) if i % 3 else bytearray((order * rng.randrange(16) + rng.randrange(-2, 3) & (1 << 256) - 1).to_bytes(n, "little"))
        a, b = bytearray(32), bytearray(32)
        ed.ed25519_base(a, k)
        library("ed25519_base", b, k, n)
        assert a == b, k
        r, k, s, sig = some(rng, 64), some(rng, 64), some(rng, 32), bytearray(64)
        s[31] &= 127
        ed.ed25519_scalar(a, r, k, s)
        library("ed25519_scalar", b, r, k, s)
        assert a == b, (r, k, s)
        sig[32:] = b
        library("ed25519_base", sig, r, 64)
        library("ed25519_base", b, s, 32)
        assert library("ed25519_check", sig, k, b) == 1, (r, k, s)
        sig[rng.randrange(64)] ^= 1 << rng.randrange(8)
        assert library("ed25519_check", sig, k, b) == 0 == ed.ed25519_check(sig, k, b)
        key = some(rng, 32)
        if i % 3 == 0:  # close to 0 and to p, with either sign
            key = bytearray((rng.choice((0, (1 << 255) - 19)) + rng.randrange(4) | rng.choice((0, 1 << 255))).to_bytes(32, "little"))
        assert library("ed25519_check", sig, k, key) == ed.ed25519_check(sig, k, key), key


@pytest.mark.parametrize("name, call", [
    ("aes", "void mxtls_aes_ctr(const mxtls_aes *ctx, uint8_t ctr[16], uint8_t *buf, size_t n) { (void)ctx, (void)ctr; buf[n - 1] = 77; }"
            "void mxtls_aes_cbc_encrypt(const mxtls_aes *ctx, uint8_t iv[16], uint8_t *buf, size_t n) { mxtls_aes_ctr(ctx, iv, buf, n); }"),
    ("sha1", "void mxtls_sha1_blocks(uint8_t state[20], const uint8_t *buf, size_t n) { state[0] = (uint8_t)(buf[0] + n); }"),
    ("sha256", "void mxtls_sha256_blocks(uint8_t state[32], const uint8_t *buf, size_t n) { state[0] = (uint8_t)(buf[0] + n); }"),
    ("sha512", "void mxtls_sha512_blocks(uint8_t state[64], const uint8_t *buf, size_t n) { state[0] = (uint8_t)(buf[0] + n); }"),
])
def test_a_chip_s_own_engine_takes_the_place_of_a_file(tmp_path, name, call):
    if not shutil.which("gcc"):
        pytest.skip("no gcc here")
    chip = tmp_path / "chip.c"
    chip.write_text('#include "mxtls_native.h"\n' + call)
    sources = [p for p in NATIVE.glob("*.c") if p.name != "mxtls_native.c"]
    built = tmp_path / "kernels.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-DMXTLS_HARDWARE_" + name.upper(), "-I", NATIVE, *sources, chip, "-o", built], check=True)
    a, b, c = bytearray(244), bytearray(64), bytearray([70] * 128)
    pointers = [ctypes.byref((ctypes.c_ubyte * len(x)).from_buffer(x)) for x in (a, b, c)]
    loaded = ctypes.CDLL(str(built))
    if name == "aes":
        loaded.mxtls_aes_ctr(*pointers, ctypes.c_size_t(16))
        assert c[15] == 77
        assert not hasattr(loaded, "mxtls_aes_expand")  # nothing of the file is left
    else:
        getattr(loaded, "mxtls_%s_blocks" % name)(*pointers[1:], ctypes.c_size_t(7))
        assert b[0] == 77


def test_the_assembly_for_a_cortex_m0_computes_what_the_c_does(tmp_path):
    """On QEMU's, the kernels as a Cortex-M0 has them beside the same files without their assembly."""
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if not shutil.which(tool):
            pytest.skip("no %s here" % tool)

    def run(*arguments, **options):
        return subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True, **options).stdout

    names = ("aes", "sbox", "seed", "ghash", "poly1305", "chacha20", "sha1", "sha256", "mont")
    flags = "-mcpu=cortex-m0 -mthumb -Os -std=c99 -ffreestanding".split()
    objects = []
    for name in names:
        objects += [tmp_path / (name + ".o"), tmp_path / (name + "_plain.o")]
        run("arm-none-eabi-gcc", *flags, "-c", NATIVE / (name + ".c"), "-o", objects[-2])
        run("arm-none-eabi-gcc", *flags, "-DMXTLS_THUMB1=0", "-c", NATIVE / (name + ".c"), "-o", objects[-1])
        run("arm-none-eabi-objcopy", *sum((["--redefine-sym", "%s=plain_%s" % (s, s)] for s in set(re.findall(
            r"\b(?:mxtls_\w+)", run("arm-none-eabi-nm", objects[-1])))), []), objects[-1])
    image = tmp_path / "check.elf"
    run("arm-none-eabi-gcc", *flags, "-I", NATIVE, "-nostdlib", "-Wl,--section-start=.vectors=0", "-Wl,-Ttext=0x100", "-Wl,-Tbss=0x20000000",
        "-Wl,-Tdata=0x20003000", HERE / "native" / "thumb_check.c", NATIVE / "ct.c", *objects, "-lc", "-lgcc", "-o", image)
    said = subprocess.run(["qemu-system-arm", "-M", "microbit", "-nographic", "-semihosting", "-kernel", str(image)], capture_output=True,
                          text=True, timeout=300, stdin=subprocess.DEVNULL)
    assert "thumb: the same" in said.stdout + said.stderr, said.stdout + said.stderr


def test_the_kernels_keep_to_their_memory_and_to_what_c_defines(tmp_path):
    """Under gcc's sanitizers, on random numbers of random lengths; what they find ends the program."""
    if not shutil.which("gcc"):
        pytest.skip("no gcc here")
    sources = [HERE / "native" / "edges.c", *(p for p in NATIVE.glob("*.c") if p.name != "mxtls_native.c")]
    flags = ("-g", "-O1", "-std=c99", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I", NATIVE)
    if subprocess.run(["gcc", *flags, *sources, "-o", tmp_path / "edges"], capture_output=True).returncode:
        pytest.skip("this gcc has no sanitizers")
    done = subprocess.run([tmp_path / "edges"], capture_output=True, text=True, timeout=300)
    assert done.stdout == "edges: kept\n", done.stdout + done.stderr[-4000:]


@pytest.mark.parametrize("target", targets.NATIVE + targets.NATMOD, ids=lambda t: t.name)
def test_the_module_refuses_what_is_out_of_bounds(target):
    if target.missing():
        pytest.skip(target.missing())
    done = targets.run(target, HERE / "native" / "bounds.py", heap="4m")
    assert done.returncode == 0 and done.stdout.strip() == "bounds: refused", done.stdout + done.stderr
