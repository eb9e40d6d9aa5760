# SPDX-License-Identifier: MIT
"""MD5 and HMAC-MD5: RFC 1321, RFC 2202, and self-tests of lengths, splits and forks."""

import sys
from binascii import hexlify, unhexlify

import mxtls.config

mxtls.config.USE_MD5 = 1  # off by default; from source the modules below read it as they are imported
from mxtls.crypto.hash import BlockHash, Hash, hash_size  # noqa: E402
from mxtls.crypto.hmac import BlockHmac, Hmac  # noqa: E402

HASHES = (Hash,) if Hash is BlockHash else (Hash, BlockHash)
MACS = (Hmac,) if Hmac is BlockHmac else (Hmac, BlockHmac)
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("md5: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def digest(make, data):
    h = make(1)
    h.update(data, 0, len(data))
    return h.digest()


def tag(make, key, data):
    mac = make(1, key)
    out = bytearray(18)
    for _ in "12":  # the second time after reset
        mac.update(data, 0, len(data))
        mac.digest_into(out, 1)
        mac.reset()
    check("hmac bounds", (out[0], out[17]), (0, 0))
    return bytes(out[1:17])


def vectors(path):
    fields = {}
    with open(path) as f:
        for line in f:
            if " = " in line and line[0] != "#":
                name, value = line.strip().split(" = ")
                fields[name] = value
                if name == "MD":
                    data, want = unhexlify(fields["Msg"])[: int(fields["Len"]) // 8], unhexlify(value)
                    if "Key" in fields:
                        for make in MACS:
                            check(path, tag(make, unhexlify(fields["Key"]), data)[: len(want)], want)
                    else:
                        for make in HASHES:
                            check(path, digest(make, data), want)


def selftest():
    # The hash of the hashes of a pattern in every length to 300; expected value from OpenSSL.
    pattern = bytes((i * 7 + (i >> 8) * 3 + 1) & 255 for i in range(600))
    for make in HASHES:
        outer, inner = make(1), make(1)
        check("size", (inner.size, inner.block), (hash_size(1), 64))
        out = bytearray(18)
        for i in range(301):
            inner.digest_into(out, 1)
            outer.update(out, 1, 16)
            inner.update(pattern, i, 1)
        check("every length", hexlify(outer.digest()).decode(), "c843d47d0146fc9be2095748b37910da")
        check("nothing written outside", (out[0], out[17]), (0, 0))
        want = digest(make, pattern)
        for cut in (0, 1, 55, 56, 63, 64, 65, 128, 599, 600):
            h = make(1)
            h.update(bytearray(b"??") + pattern, 2, cut)
            other = h.fork()
            h.update(b"x", 0, 1)
            other.update(memoryview(pattern), cut, 600 - cut)
            check("cut %d" % cut, other.digest(), want)
            check("fork %d" % cut, h.digest(), digest(make, pattern[:cut] + b"x"))


def main(folder):
    selftest()
    try:
        vectors(folder + "/cavp/MD5/rfc-1321.txt")
        vectors(folder + "/cavp/HMAC/rfc-2202-md5.txt")
    except OSError:
        print("md5: no vectors, self-tests only")
    print("md5: %d passed" % passed)


main(sys.argv[1])
