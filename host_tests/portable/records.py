# SPDX-License-Identifier: MIT
"""Record protection: whole CBC records with good and bad padding, and self-tests of every protection and forgery."""

import sys
from binascii import unhexlify

from micropython import heap_lock, heap_unlock

import mxtls.config

mxtls.config.DISABLE_SSLV3 = 0  # as a build with all of it; from source the modules below read it as they are imported
mxtls.config.USE_MD5 = 1
import mxtls.record_cbc as record_cbc  # noqa: E402
from mxtls.codes import ALERT_BAD_RECORD_MAC, ALERT_INTERNAL_ERROR, ALERT_UNEXPECTED_MESSAGE, LIMIT_FAIL, PROTOCOL_FAIL  # noqa: E402
from mxtls.crypto.ccm import Ccm  # noqa: E402
from mxtls.crypto.chacha20poly1305 import ChaCha20Poly1305  # noqa: E402
from mxtls.crypto.des3 import Des3Cbc  # noqa: E402
from mxtls.crypto.gcm import Gcm  # noqa: E402
from mxtls.crypto.hash import Hash  # noqa: E402
from mxtls.crypto.seed import SeedCbc  # noqa: E402
from mxtls.errors import Error  # noqa: E402
from mxtls.kernels import hash  # noqa: E402
from mxtls.kernels.aes import AES_CTX  # noqa: E402
from mxtls.record_aead import AeadRecord  # noqa: E402
from mxtls.record_aead13 import Aead13Record  # noqa: E402
from mxtls.record_cbc import CbcRecord  # noqa: E402
from mxtls.record_stream import StreamRecord  # noqa: E402

HOST = sys.implementation.name == "cpython"
QUIET = AES_CTX != 241  # the pure kernels allocate
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


def cbc_file(path, alg, size, implicit, cipher=None):
    case, count = {}, 0
    with open(path) as f:
        for line in f:
            name, colon, value = line.partition(":")
            if colon and name[0] != "#":
                case[name] = value.strip()
            elif not line.strip() and "TAG" in case:
                count += 1
                if not cipher or HOST or count % 5 == 0:  # pure 3DES is slow
                    cbc_case("%s %d" % (path, count), case, alg, size, implicit, cipher)
                case = {}


def cbc_case(what, case, alg, size, implicit, cipher):
    key, iv, text, ad, sealed = [unhexlify(case.get(name, "").strip('"')) for name in ("KEY", "NONCE", "IN", "AD", "CT")]
    sealed += unhexlify(case["TAG"])
    end = size + (24 if cipher else 16)
    mac_key, key, iv = key[:size], key[size:end], key[end:] if implicit else iv
    version = ad[9] << 8 | ad[10]
    fragment = sealed if implicit else iv + sealed
    record = CbcRecord(key, alg, mac_key, 0, 0x0301 if implicit else 0x0303, iv, cipher)
    record.header[:8] = ad[:8]
    buf = bytearray(b"<" + fragment + b">")
    n = opened(record, ad[8], version, buf, 1, len(fragment))
    if "FAILS" in case:
        check(what, n, BAD)
    else:
        at = 1 + record.pre
        check(what, (n, bytes(buf[at : at + len(text)])), (len(text), text))
    if "NO_SEAL" not in case:
        record_cbc.random_into = lambda b, off, n: record_cbc.copy(b, off, iv, 0, n)
        record = CbcRecord(key, alg, mac_key, 0, 0x0301 if implicit else 0x0303, iv, cipher)
        record.header[:8] = ad[:8]
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
    yield "gcm128 of TLS 1.3", [Aead13Record(Gcm(aes128), iv) for _ in "12"]
    yield "gcm256 of TLS 1.3, padded", [Aead13Record(Gcm(aes256), iv, 64) for _ in "12"]
    yield "ccm of TLS 1.3", [Aead13Record(Ccm(aes128), iv) for _ in "12"]
    yield "ccm_8 of TLS 1.3", [Aead13Record(Ccm(aes128, 8), iv) for _ in "12"]
    yield "chacha20poly1305 of TLS 1.3", [Aead13Record(ChaCha20Poly1305(aes256), iv) for _ in "12"]
    for etm in (0, 1):
        for alg, size in ((2, 20), (4, 32), (5, 48)):
            yield "cbc etm %d hash %d" % (etm, alg), [CbcRecord(aes128, alg, mac[:size], etm, 0x0303) for _ in "12"]
        yield "cbc etm %d aes256" % etm, [CbcRecord(aes256, 2, mac[:20], etm, 0x0302) for _ in "12"]
        yield "cbc etm %d implicit" % etm, [CbcRecord(aes128, 2, mac[:20], etm, 0x0301, iv) for _ in "12"]
    yield "cbc 3des", [CbcRecord(aes256[:24], 2, mac[:20], 0, 0x0303, None, Des3Cbc) for _ in "12"]
    yield "cbc seed", [CbcRecord(aes128, 2, mac[:20], 1, 0x0303, None, SeedCbc) for _ in "12"]
    yield "ssl3 aes", [CbcRecord(aes128, 2, mac[:20], 0, 0x0300, iv) for _ in "12"]
    yield "ssl3 3des", [CbcRecord(aes256[:24], 2, mac[:20], 0, 0x0300, iv, Des3Cbc) for _ in "12"]
    for alg, size in ((1, 16), (2, 20)):
        yield "rc4 hash %d" % alg, [StreamRecord(aes128, alg, mac[:size], 0x0301) for _ in "12"]
        yield "ssl3 rc4 hash %d" % alg, [StreamRecord(aes128, alg, mac[:size], 0x0300) for _ in "12"]


def selftest(what, ours, theirs):
    text = bytes([i * 5 + 1 & 255 for i in range(300)])
    for n in (0, 1, 11, 12, 15, 16, 43, 44, 300):
        off = ours.pre + 3
        buf = bytearray(b"." * (off + n + ours.post + 3))
        buf[off : off + n] = text[:n]
        lock = QUIET and what[:3] == "gcm"
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
    buf = bytearray(ours.pre + 21 + ours.post)
    buf[ours.pre : ours.pre + 21] = text[:21]
    m = ours.seal(23, 0x0303, buf, ours.pre, 21)
    chain = getattr(theirs, "_iv", None) or (theirs._cipher._state if hasattr(theirs, "_cipher") else None)
    kept = bytes(chain or b"")

    def refused(kind, version, data):
        check(what + " refused", opened(theirs, kind, version, bytearray(data), 0, len(data)), BAD)
        if kept:
            chain[:] = kept

    for i in range(m):
        if i < ours.pre or i % 7 == 0 or i > m - 18:
            data = bytearray(buf[:m])
            data[i] ^= 0x80 >> i % 8
            refused(23, 0x0303, data)
    for n in range(m):
        if n % 16 < 2 or m - n < 18:
            refused(23, 0x0303, buf[:n])
    modern = "TLS 1.3" in what
    if modern:  # its type and version are inside, or not looked at
        check(what + " in the clear", opened(theirs, 22, 0x0303, bytearray(buf[:m]), 0, m)[:2], (PROTOCOL_FAIL, ALERT_UNEXPECTED_MESSAGE))
    else:
        refused(22, 0x0303, buf[:m])
    if what[:4] != "ssl3" and not modern:  # its MAC does not cover the version
        refused(23, 0x0302, buf[:m])
    check(what + " after all", opened(theirs, 23, 0x0303, bytearray(buf), 0, m), 21)
    if modern:
        check(what + " type", theirs.kind, 23)
    refused(23, 0x0303, buf[:m])  # a replay
    # The last sequence number.
    ours.header[:8] = b"\xff" * 8
    for _ in "12":
        try:
            ours.seal(23, 0x0303, buf, ours.pre, 21)
            check(what + " wrapped", 0, 1)
        except Error as e:
            check(what + " no wrap", (e.code, e.alert), (LIMIT_FAIL, ALERT_INTERNAL_ERROR))
    ours.wipe()


def counting(blocks, count):
    def counted(state, data, off, n):
        count.append(n)
        blocks(state, data, off, n)

    return counted


def blocks_compressed(version):
    """With the MAC inside, as many hash blocks for every padding."""
    mac = bytes(range(20))
    counts = set()
    blocks = getattr(hash, "_blocks", None)  # C shows none
    hash.hash_load(2)
    sha1 = blocks and blocks[2]
    for pad in range(3, 256 if version > 0x0300 else 16, 16 if version > 0x0300 else 1):
        # Seal by hand a text that leaves this much padding, good or bad, in a record of 320 bytes.
        for bad in (0, 1, 2):
            record = CbcRecord(bytes(16), 2, mac, 0, version, bytes(16))
            n = 320 - 20 - 1 - pad
            buf = bytearray(record.pre + 320)
            at = record.pre
            record._authenticate(23, version, buf, at, n)
            buf[at + n : at + n + 20] = record._tag
            for i in range(at + n + 20, at + 320):
                buf[i] = pad
            if bad == 1:
                buf[at + n + 20] ^= 1  # the first byte of padding
            elif bad == 2:
                buf[at + n] ^= 1
            record._cipher.encrypt(bytearray(16), buf, at, 320)
            count = []
            if blocks:
                blocks[2] = counting(sha1, count)
            fine = not bad or version == 0x0300 and bad == 1 and pad > 0
            check("padding %d %d" % (pad, bad), opened(record, 23, version, buf, 0, at + 320), n if fine else BAD)
            counts.add(sum(count))
            if blocks:
                blocks[2] = sha1
    check("hash blocks the same", len(counts), 1)


def ssl3():
    """The definition of SSL 3.0's MAC; texts of every length, and padding of a block or more, which is refused."""
    key, mac, text = bytes(16), bytes(range(20)), bytes([i * 5 + 1 & 255 for i in range(150)])
    ours, theirs = [StreamRecord(key, 2, mac, 0x0300) for _ in "12"]
    for seq, n in ((0, 0), (1, 150)):
        inner, outer = Hash(2), Hash(2)
        data = mac + b"\x36" * 40 + bytes([0, 0, 0, 0, 0, 0, 0, seq, 23, 0, n]) + text[:n]
        inner.update(data, 0, len(data))
        data = mac + b"\x5c" * 40 + inner.digest()
        outer.update(data, 0, len(data))
        buf = bytearray(text[:n]) + bytes(20)
        ours.seal(23, 0x0300, buf, 0, n)
        theirs._cipher.crypt(buf, 0, n + 20)
        check("ssl3 mac", bytes(buf[n:]), outer.digest())
    ours, theirs = [CbcRecord(key, 2, mac, 0, 0x0300, bytes(16)) for _ in "12"]
    for n in range(0, 151, 1 if HOST else 7):
        buf = bytearray(text[:n] + bytes(40))
        m = ours.seal(23, 0x0300, buf, 0, n)
        check("ssl3 length %d" % n, (opened(theirs, 23, 0x0300, buf, 0, m), bytes(buf[:n])), (n, text[:n]))
    for pad in (11, 16, 27, 255):
        record = CbcRecord(key, 2, mac, 0, 0x0300, bytes(16))
        n = 288 - 21 - (pad if pad < 255 else 11)
        buf = bytearray(288)
        record._authenticate(23, 0x0300, buf, 0, n)
        buf[n : n + 20] = record._tag
        buf[287] = pad
        record._cipher.encrypt(bytearray(16), buf, 0, 288)
        check("ssl3 padding %d" % pad, opened(record, 23, 0x0300, buf, 0, 288), n if pad == 11 else BAD)


def main(folder):
    for what, pair in protections():
        selftest(what, pair[0], pair[1])
    blocks_compressed(0x0303)
    blocks_compressed(0x0300)
    ssl3()
    try:
        cbc_file(folder + "/tls_cbc_records/aes_128_cbc_sha1_tls_tests.txt", 2, 20, 0)
        cbc_file(folder + "/tls_cbc_records/aes_128_cbc_sha256_tls_tests.txt", 4, 32, 0)
        cbc_file(folder + "/tls_cbc_records/aes_128_cbc_sha1_tls_implicit_iv_tests.txt", 2, 20, 1)
        cbc_file(folder + "/tls_cbc_records/des_ede3_cbc_sha1_tls_implicit_iv_tests.txt", 2, 20, 1, Des3Cbc)
    except OSError:
        print("records: no vectors, self-tests only")
    print("records: %d passed" % passed)


main(sys.argv[1])
