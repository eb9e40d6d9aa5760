# SPDX-License-Identifier: MIT
"""HMAC-DRBG: a NIST CAVP case, RFC 6979's nonces, entropy that fails, reseeding, and heap use."""

import sys
from binascii import hexlify, unhexlify

import mxtls_port
from mxtls.crypto import drbg
from mxtls.errors import Error

try:
    from mxtls.kernels import sha256
except ImportError:  # a build over C has no file for it
    sha256 = None

try:
    from micropython import heap_lock, heap_unlock, mem_total
except ImportError:
    mem_total = None

passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("drbg: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def known_answers():
    # NIST CAVP drbgvectors_no_reseed, HMAC_DRBG SHA-256, no additional input, COUNT 0: the second of two requests
    seed = "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488" + "659ba96c601dc69fc902940805ec0ca8"
    want = (
        "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89d54fbb978a15b5c443c9ec21036d2460"
        "b6f73ebad0dc2aba6e624abf07745bc107694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
        "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8"
    )
    generator = drbg.Drbg(4, unhexlify(seed))
    out = bytearray(130)
    generator.generate(out, 1, 128)
    generator.generate(out, 1, 128)
    check("CAVP", hexlify(out).decode(), "00" + want + "00")
    generator.wipe()
    # RFC 6979 appendix A.2.5: the nonce of P-256 with SHA-256 for "sample" is the first output; seed = key and hash
    x = unhexlify("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
    h = unhexlify("AF2BDBE1AA9B6EC1E2ADE1D694F41FC71A831D0268E9891562113D8A62ADD1BF")
    k = "A6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60"
    out = bytearray(32)
    drbg.Drbg(4, x + h).generate(out, 0, 32)
    check("RFC 6979 SHA-256", out, unhexlify(k))


def requests():
    """Self-test: lengths, offsets, and the interval of fresh entropy."""
    a, b = drbg.Drbg(5, b"seed"), drbg.Drbg(5, bytearray(b"seed"))
    for n in (0, 1, 47, 48, 49, 200):
        whole, part = bytearray(n), bytearray(n + 4)
        a.generate(whole, 0, n)
        b.generate(part, 3, n)
        check("%d bytes" % n, bytes(part), b"\0\0\0" + whole + b"\0")
    a.reseed(b"more")
    x, y = bytearray(16), bytearray(16)
    a.generate(x, 0, 16)
    b.generate(y, 0, 16)
    check("reseeded", x == y, False)
    drbg.random_into(x, 0, 16)
    drbg.random_into(y, 0, 16)
    check("random bytes differ", x == y, False)
    drbg._drbg.requests = 65536
    drbg.random_into(x, 0, 16)
    check("requests since fresh entropy", drbg._drbg.requests, 1)


def no_entropy():
    """Every kind of broken source is refused, at first use and when reseeding; nothing is written."""

    def raises(buf):
        buf[0] = 1
        raise OSError("the radio is off")

    def silent(buf):
        pass

    def stuck(buf):
        for i in range(len(buf)):
            buf[i] = 0x55

    good = mxtls_port.entropy
    for bad, why in ((raises, "the radio is off"), (silent, "the port's generator repeats"), (stuck, "the port's generator repeats")):
        for generator in (None, drbg.Drbg(4, b"old")):
            drbg._drbg = generator
            if generator:
                generator.requests = 65536
            mxtls_port.entropy = bad
            out = bytearray(8)
            try:
                drbg.random_into(out, 0, 8)
                check("broken entropy", "accepted", "refused")
            except Error as e:
                check("broken entropy", (e.code, e.alert, e.text[: 12 + len(why)], bytes(out)), (-7, 80, "no entropy: " + why, bytes(8)))
            mxtls_port.entropy = good
    drbg.random_into(out, 0, 8)
    check("works again", out != bytes(8), True)


def heap():
    """Over viper and C kernels nothing is allocated. (Only the pure SHA-256 unpacks its words.)"""
    if not mem_total or hasattr(sha256, "unpack_from"):
        return
    out = bytearray(48)
    heap_lock()
    before = mem_total()
    drbg.random_into(out, 0, 48)
    after = mem_total()
    heap_unlock()
    check("heap bytes", after - before, 0)


known_answers()
requests()
no_entropy()
heap()
print("drbg: %d passed" % passed)
