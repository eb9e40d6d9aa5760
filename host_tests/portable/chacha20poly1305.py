# SPDX-License-Identifier: MIT
"""ChaCha20, Poly1305 and their AEAD: RFC 8439, Wycheproof, BoringSSL's and OpenSSL's cases, and self-tests."""

import json
import sys
from binascii import unhexlify

from mxtls.crypto.chacha20poly1305 import ChaCha20Poly1305

try:
    from mxtls.kernels.chacha20 import chacha20_xor
    from mxtls.kernels.poly1305 import POLY1305_CTX, poly1305, poly1305_key, poly1305_tag
except ImportError:  # a build over C calls the AEAD alone
    from mxtls_native import POLY1305_CTX, chacha20_xor, poly1305, poly1305_key, poly1305_tag

passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("chacha20poly1305: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def aead(what, key, nonce, aad, msg, sealed, valid):
    n = len(sealed) - 16
    cipher = ChaCha20Poly1305(key)
    buf = bytearray(b"<" + sealed + b">")
    check(what, cipher.open(aad + nonce, buf, 1, n), int(valid))
    check(what + " opened", bytes(buf[1 : 1 + n]), msg if valid else sealed[:n])
    if valid:
        cipher.seal(aad + nonce, buf, 1, n)
        check(what + " sealed", bytes(buf), b"<" + sealed + b">")


def wycheproof(path):
    with open(path) as f:
        groups = json.load(f)["testGroups"]
    for group in groups:
        for t in group["tests"] if group["ivSize"] == 96 and group["tagSize"] == 128 else ():
            key, nonce, aad, msg, ct, tag = [unhexlify(t[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")]
            aead("wycheproof %d" % t["tcId"], key, nonce, aad, msg, ct + tag, t["result"] == "valid")


def cases(path):
    """Dicts of upper-case names and bytes."""
    case = {}
    with open(path) as f:
        for line in f:
            name, equals, value = line.partition("=")
            if line[0] == "#" or not equals:
                continue
            name, value = name.strip().upper(), value.strip()
            if name == "COUNT" and case:
                yield case
                case = {}
            if value[:1] == '"':
                case[name] = value[1:-1].encode()
            elif name not in ("COUNT", "RESULT"):
                case[name] = unhexlify(value)
            else:
                case[name] = value
    yield case


def vectors(folder):
    for name, names in (("boringssl", "NONCE AD IN CT"), ("openssl", "IV AAD PLAINTEXT CIPHERTEXT")):
        for case in cases(folder + "/%s.txt" % name):
            nonce, aad, msg, ct = [case.get(x, b"") for x in names.split()]
            if len(nonce) == 12 and len(case["TAG"]) == 16:
                aead(name + case["COUNT"], case["KEY"], nonce, aad, msg, ct + case["TAG"], "RESULT" not in case)
    for case in cases(folder + "/rfc7539.txt"):
        if len(case["MSG"]) % 16 == 0:  # the last block is padded with zeros here, and with a one there
            ctx, tag = bytearray(POLY1305_CTX), bytearray(18)
            poly1305_key(ctx, case["KEY"])
            poly1305(ctx, case["MSG"], 0, len(case["MSG"]))
            poly1305_tag(ctx, tag, 1)
            check("poly1305 " + case["COUNT"], bytes(tag), b"\0" + case["TAG"] + b"\0")


def slow_poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    h = 0
    for i in range(0, len(data), 16):
        block = (data[i : i + 16] + bytes(16))[:16] + b"\1"
        h = (h + int.from_bytes(block, "little")) * r % ((1 << 130) - 5)
    return ((h + int.from_bytes(key[16:], "little")) & (1 << 128) - 1).to_bytes(16, "little")


def selftest():
    # RFC 8439 section 2.3.2: key, counter 1, nonce
    state = bytearray(range(32)) + b"\1\0\0\0" + unhexlify("000000090000004a00000000")
    buf = bytearray(64)
    chacha20_xor(state, buf, 0, 64)
    check(
        "block function",
        bytes(buf),
        unhexlify("10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4ed2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"),
    )
    check("counter", bytes(state[32:36]), b"\2\0\0\0")
    # Any length at any place: what one block after another gives, and nothing beside it. The counter turns over.
    first = bytes(range(32)) + b"\xfd\xff\xff\xff" + bytes(12)
    stream, state = bytearray(700), bytearray(first)
    for i in range(0, 700, 64):
        chacha20_xor(state, stream, i, min(64, 700 - i))
    check("counter wrapped", bytes(state[32:37]), b"\x08\0\0\0\0")
    for n in list(range(0, 70)) + [127, 128, 129, 255, 256, 257, 511, 512, 513, 700]:
        off = n % 5
        buf, state = bytearray(off + n + 4), bytearray(first)
        chacha20_xor(state, buf, off, n)
        check("length %d" % n, bytes(buf), bytes(off) + bytes(stream[:n]) + bytes(4))
        check("count %d" % n, state[32], 0xFD + (n + 63) // 64 & 255)
    for i in range(0, 701, 64):
        buf, state = bytearray(700), bytearray(first)
        chacha20_xor(state, buf, 0, i)
        chacha20_xor(state, buf, i, 700 - i)
        check("split %d" % i, buf, stream)
    # Sums at the edges of the prime and of the limbs
    ones = b"\xff" * 16
    for key in (ones + ones, b"\2" + bytes(31), bytes(16) + ones, bytes(stream[:32])):
        for data in (ones * 9, b"\xfb" + b"\xff" * 15, bytes(33), bytes(stream[:99]), b"\xfa" + b"\xff" * 15 + ones * 3):
            for n in (0, 1, 15, 16, 17, 32, 48, 99):
                n = min(n, len(data))
                ctx, tag = bytearray(b"\xa5" * POLY1305_CTX), bytearray(16)
                poly1305_key(ctx, key)
                poly1305(ctx, b"???" + data, 3, n)
                poly1305_tag(ctx, tag, 0)
                check("poly1305", bytes(tag), slow_poly1305(key, data[:n]))
    head = bytes(range(32))
    cipher = ChaCha20Poly1305(bytes(stream[:32]))
    for n in (0, 1, 16, 63, 64, 65):
        buf = bytearray(b"<" + bytes(stream[:n]) + bytes(16) + b">")
        cipher.seal(head, buf, 1, n)
        sealed = bytes(buf)
        for i in range(1, n + 17):
            buf[i] ^= 1 << i % 8
            check("forged", (cipher.open(head, buf, 1, n), bytes(buf[:i]), bytes(buf[i + 1 :])), (0, sealed[:i], sealed[i + 1 :]))
            buf[i] ^= 1 << i % 8
        check("other header", cipher.open(head[1:], buf, 1, n), 0)
        check("opened", (cipher.open(head, buf, 1, n), bytes(buf[: 1 + n]), buf[-1]), (1, b"<" + bytes(stream[:n]), 62))
    cipher.wipe()


def main(folder):
    selftest()
    try:
        wycheproof(folder + "/wycheproof/chacha20_poly1305_test.json")
        vectors(folder + "/cavp/ChaCha20Poly1305")
    except OSError:
        print("chacha20poly1305: no vectors, self-tests only")
    print("chacha20poly1305: %d passed" % passed)


main(sys.argv[1])
