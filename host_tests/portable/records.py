# SPDX-License-Identifier: MIT
"""Record protection: whole CBC records with good and bad padding, and self-tests of every protection and forgery."""

import sys
from binascii import unhexlify

from micropython import heap_lock, heap_unlock

import mxtls.record_cbc as record_cbc
from mxtls.codes import ALERT_BAD_RECORD_MAC, ALERT_INTERNAL_ERROR, LIMIT_FAIL, PROTOCOL_FAIL
from mxtls.crypto.ccm import Ccm
from mxtls.crypto.chacha20poly1305 import ChaCha20Poly1305
from mxtls.crypto.gcm import Gcm
from mxtls.errors import Error
from mxtls.kernels.aes import AES_CTX
from mxtls.record_aead import AeadRecord
from mxtls.record_cbc import CbcRecord

VIPER = AES_CTX == 276
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("records: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def opened(record, kind, version, buf, off, n):
    """The text's length, or the code and alert of the error."""
    try:
        return record.open(kind, version, buf, off, n)
    except Error as e:
        return e.code, e.alert, e.text


BAD = (PROTOCOL_FAIL, ALERT_BAD_RECORD_MAC, "a record failed its integrity check; connect again")


def cbc_file(path, alg, size, implicit):
    case, count = {}, 0
    with open(path) as f:
        for line in f:
            name, colon, value = line.partition(":")
            if colon and name[0] != "#":
                case[name] = value.strip()
            elif not line.strip() and "TAG" in case:
                count += 1
                cbc_case("%s %d" % (path, count), case, alg, size, implicit)
                case = {}


def cbc_case(what, case, alg, size, implicit):
    key, iv, text, ad, sealed = [unhexlify(case.get(name, "").strip('"')) for name in ("KEY", "NONCE", "IN", "AD", "CT")]
    sealed += unhexlify(case["TAG"])
    mac_key, key, iv = key[:size], key[size : size + 16], key[size + 16 :] if implicit else iv
    version = ad[9] << 8 | ad[10]
    fragment = sealed if implicit else iv + sealed
    record = CbcRecord(key, alg, mac_key, 0, 0x0301 if implicit else 0x0303, iv)
    record._header[:8] = ad[:8]
    buf = bytearray(b"<" + fragment + b">")
    n = opened(record, ad[8], version, buf, 1, len(fragment))
    if "FAILS" in case:
        check(what, n, BAD)
    else:
        at = 1 + record.pre
        check(what, (n, bytes(buf[at : at + len(text)])), (len(text), text))
    if "NO_SEAL" not in case:
        record_cbc.random_into = lambda b, off, n: record_cbc.copy(b, off, iv, 0, n)
        record = CbcRecord(key, alg, mac_key, 0, 0x0301 if implicit else 0x0303, iv)
        record._header[:8] = ad[:8]
        at = 1 + record.pre
        buf = bytearray(at + len(text) + record.post + 1)
        buf[at : at + len(text)] = text
        n = record.seal(ad[8], version, buf, at, len(text))
        check(what + " sealed", bytes(buf[1 : 1 + n]), fragment)


def protections():
    """Pairs of every protection there is, with names."""
    aes128, aes256, mac = bytes(range(16)), bytes(range(32)), bytes(range(50, 98))
    iv = bytes(range(100, 116))
    yield "gcm128", [AeadRecord(Gcm(aes128), b"salt") for _ in "12"]
    yield "gcm256", [AeadRecord(Gcm(aes256), b"salt") for _ in "12"]
    yield "ccm", [AeadRecord(Ccm(aes128), b"salt") for _ in "12"]
    yield "ccm_8", [AeadRecord(Ccm(aes256, 8), b"salt") for _ in "12"]
    yield "chacha20poly1305", [AeadRecord(ChaCha20Poly1305(aes256), iv[:12]) for _ in "12"]
    for etm in (0, 1):
        for alg, size in ((2, 20), (4, 32), (5, 48)):
            yield "cbc etm %d hash %d" % (etm, alg), [CbcRecord(aes128, alg, mac[:size], etm, 0x0303) for _ in "12"]
        yield "cbc etm %d aes256" % etm, [CbcRecord(aes256, 2, mac[:20], etm, 0x0302) for _ in "12"]
        yield "cbc etm %d implicit" % etm, [CbcRecord(aes128, 2, mac[:20], etm, 0x0301, iv) for _ in "12"]


def selftest(what, ours, theirs):
    text = bytes([i * 5 + 1 & 255 for i in range(300)])
    for n in (0, 1, 11, 12, 15, 16, 43, 44, 300):
        off = ours.pre + 3
        buf = bytearray(b"." * (off + n + ours.post + 3))
        buf[off : off + n] = text[:n]
        lock = VIPER and what[:3] == "gcm"
        heap_lock() if lock else None
        m = ours.seal(23, 0x0303, buf, off, n)
        heap_unlock() if lock else None
        check(what + " bounds", n < m <= ours.pre + n + ours.post, True)
        check(what + " neighbours", (bytes(buf[:3]), bytes(buf[3 + m :])), (b"...", b"." * (len(buf) - 3 - m)))
        heap_lock() if lock else None
        m = theirs.open(23, 0x0303, buf, 3, m)
        heap_unlock() if lock else None
        check(what + " opened", (m, bytes(buf[off : off + m])), (n, text[:n]))
    # Whatever is changed, cut or repeated is refused with the same error, and the good record still opens after it.
    buf = bytearray(ours.pre + 20 + ours.post)
    buf[ours.pre : ours.pre + 20] = text[:20]
    m = ours.seal(23, 0x0303, buf, ours.pre, 20)
    iv = bytes(theirs._iv) if hasattr(theirs, "_iv") else b""

    def refused(kind, version, data):
        check(what + " refused", opened(theirs, kind, version, bytearray(data), 0, len(data)), BAD)
        if iv:
            theirs._iv[:] = iv

    for i in range(m):
        if i < ours.pre or i % 7 == 0 or i > m - 18:
            data = bytearray(buf[:m])
            data[i] ^= 0x80 >> i % 8
            refused(23, 0x0303, data)
    for n in range(m):
        if n % 16 < 2 or m - n < 18:
            refused(23, 0x0303, buf[:n])
    refused(22, 0x0303, buf[:m])
    refused(23, 0x0302, buf[:m])
    check(what + " after all", opened(theirs, 23, 0x0303, bytearray(buf), 0, m), 20)
    refused(23, 0x0303, buf[:m])  # a replay
    # The last sequence number.
    ours._header[:8] = b"\xff" * 8
    for _ in "12":
        try:
            ours.seal(23, 0x0303, buf, ours.pre, 20)
            check(what + " wrapped", 0, 1)
        except Error as e:
            check(what + " no wrap", (e.code, e.alert), (LIMIT_FAIL, ALERT_INTERNAL_ERROR))
    ours.wipe()


def counting(blocks, count):
    def counted(state, data, off, n):
        count.append(n)
        blocks(state, data, off, n)

    return counted


def blocks_compressed():
    """With the MAC inside, as many hash blocks for every padding."""
    mac = bytes(range(20))
    counts = set()
    for pad in range(0, 256, 16):
        # Seal by hand a text that leaves this much padding, good or bad, in a record of 320 bytes.
        for bad in (0, 1):
            record = CbcRecord(bytes(16), 2, mac, 0, 0x0303)
            n = 320 - 20 - 1 - (pad + 3)
            buf = bytearray(16 + 320)
            record._authenticate(23, 0x0303, buf, 16, n)
            buf[16 + n : 16 + n + 20] = record._tag
            for i in range(16 + n + 20, 336):
                buf[i] = pad + 3
            buf[16 + n + 20] ^= bad
            record._cipher.encrypt(bytearray(16), buf, 16, 320)
            count = []
            record._mac.hash.blocks = counting(record._mac.hash.blocks, count)
            check("padding %d" % pad, opened(record, 23, 0x0303, buf, 0, 336), BAD if bad else n)
            counts.add(sum(count))
    check("hash blocks the same", len(counts), 1)


def main(folder):
    for what, pair in protections():
        selftest(what, pair[0], pair[1])
    blocks_compressed()
    try:
        cbc_file(folder + "/tls_cbc_records/aes_128_cbc_sha1_tls_tests.txt", 2, 20, 0)
        cbc_file(folder + "/tls_cbc_records/aes_128_cbc_sha256_tls_tests.txt", 4, 32, 0)
        cbc_file(folder + "/tls_cbc_records/aes_128_cbc_sha1_tls_implicit_iv_tests.txt", 2, 20, 1)
    except OSError:
        print("records: no vectors, self-tests only")
    print("records: %d passed" % passed)


main(sys.argv[1])
