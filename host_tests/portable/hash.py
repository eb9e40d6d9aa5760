# SPDX-License-Identifier: MIT
"""SHA-1, SHA-256, SHA-384 and SHA-512: NIST CAVP, the examples of FIPS 180, forks, splits and heap use."""

import sys
from binascii import hexlify, unhexlify

from mxtls.crypto.hash import BlockHash, Hash, hash_size
from mxtls.errors import Error

try:
    from mxtls.kernels import sha256
except ImportError:  # a build over C has no file for it
    sha256 = None

try:
    from micropython import heap_lock, heap_unlock, mem_total
except ImportError:
    mem_total = None

CLASSES = (Hash,) if Hash is BlockHash else (Hash, BlockHash)
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("hash: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def digest(make, alg, data):
    h = make(alg)
    h.update(data, 0, len(data))
    return h.digest()


def cavp(path):
    """The records of a CAVP file, each a list of (name, value)."""
    record = []
    with open(path) as f:
        for line in f:
            if " = " in line and line[0] not in "#[":
                record.append(line.strip().split(" = "))
            elif record:
                yield record
                record = []
    if record:
        yield record


def vectors(folder):
    for name in ("SHA1ShortMsg", "SHA1LongMsg"):
        for (_, bits), (_, msg), (_, md) in cavp(folder + "/cavp/SHA1/" + name + ".rsp"):
            msg = unhexlify(msg)[: int(bits) // 8]
            for make in CLASSES:
                check(name + " " + bits, digest(make, 2, msg), unhexlify(md))
    monte = cavp(folder + "/cavp/SHA1/SHA1Monte.rsp")
    seed = unhexlify(next(monte)[0][1])
    for _ in range(20 if sys.implementation.name == "cpython" else 1):
        a = b = c = seed
        for _ in range(1000):
            a, b, c = b, c, digest(BlockHash, 2, a + b + c)
        seed = c
        check("SHA1Monte", seed, unhexlify(next(monte)[1][1]))


def examples():
    """FIPS 180-2 appendices A to D, and RFC 6234's empty messages."""
    two = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
    four = b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
    for alg, data, md in (
        (2, b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (2, b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (2, two, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
        (4, b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (4, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (4, two, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        (5, b"", "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"),
        (5, b"abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"),
        (5, four, "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039"),
        (
            6,
            b"",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        ),
        (
            6,
            b"abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (
            6,
            four,
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
            "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
        ),
    ):
        for make in CLASSES:
            check("example %d" % alg, hexlify(digest(make, alg, data)).decode(), md)


def self_tests():
    # The hash of the hashes of a pattern in every length to 300; expected values from OpenSSL.
    pattern = bytes((i * 7 + (i >> 8) * 3 + 1) & 255 for i in range(600))
    for alg, md in (
        (2, "68d1e56c4cd02baa0334a80cfd32370ba4411756"),
        (4, "dd5f0ad87d9ca5c069b637daf4b323a184151592bee7b2dc83fad49c2319e438"),
        (5, "9ef6c9e5bb65e418f50a5322133a11af685d54f8aed114eca5dc5cd09ad98f8c07a2cabd809d3ef8b146f8f7a2dbc826"),
        (
            6,
            "0e53f62ed5f71ba294667355e8d7faf99b4fd2c0b4440e3846e186a7e3393215"
            "3579691e416e5999b769eff81cc339069d6134aaee0f4a1ffb6c1549ea3f8051",
        ),
    ):
        for make in CLASSES:
            # A running hash that gives a digest after every byte, in place in a larger buffer
            outer, inner = make(alg), make(alg)
            size = hash_size(alg)
            check("size", (inner.size, inner.block), (size, 64 if alg < 5 else 128))
            out = bytearray(size + 2)
            for i in range(301):
                inner.digest_into(out, 1)
                outer.update(out, 1, size)
                inner.update(pattern, i, 1)
            check("every length %d" % alg, hexlify(outer.digest()).decode(), md)
            check("nothing written outside", (out[0], out[size + 1]), (0, 0))
            # Two pieces, the second through a memoryview, with a fork in between
            want = digest(make, alg, pattern)
            for cut in (0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 256, 599, 600):
                h = make(alg)
                h.update(bytearray(b"??") + pattern, 2, cut)
                other = h.fork()
                h.update(b"x", 0, 1)
                other.update(memoryview(pattern), cut, 600 - cut)
                check("cut %d" % cut, other.digest(), want)
                check("fork %d" % cut, h.digest(), digest(make, alg, pattern[:cut] + b"x"))
            h.wipe()
    for make in CLASSES:
        try:
            make(3)
            check("unknown hash", "accepted", "refused")
        except Error as e:
            check("unknown hash", e.code, -11)


def heap():
    """Over viper and C kernels nothing is allocated. (Only the pure SHA-256 unpacks its words.)"""
    if not mem_total or hasattr(sha256, "unpack_from"):
        return
    h = BlockHash(4)
    data, out = bytearray(200), bytearray(32)
    heap_lock()
    before = mem_total()
    h.update(data, 3, 40)
    h.update(data, 0, 200)
    h.digest_into(out, 0)
    after = mem_total()
    heap_unlock()
    check("heap bytes", after - before, 0)


def main(folder):
    try:
        vectors(folder)
    except OSError:
        print("hash: skipped, no vectors")
        return
    examples()
    self_tests()
    heap()
    print("hash: %d passed" % passed)


main(sys.argv[1])
