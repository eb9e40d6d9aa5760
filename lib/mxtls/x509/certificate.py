# SPDX-License-Identifier: MIT
"""One X.509 certificate as offsets into the buffer where it lies (RFC 5280 section 4).

A Cert is reused for one certificate after another and holds only small integers; chain.py and keys.py call it.
What an application's validator sees is the richer class in certinfo.py.
"""

from mxtls.codes import (
    ALERT_UNSUPPORTED_CERTIFICATE as _ALERT_UNSUPPORTED_CERTIFICATE,
    KEY_EC as _KEY_EC,
    KEY_ED25519 as _KEY_ED25519,
    KEY_RSA as _KEY_RSA,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.config import (
    USE_ECC as _USE_ECC,
    USE_ED25519 as _USE_ED25519,
    USE_NAME_CONSTRAINTS as _USE_NAME_CONSTRAINTS,
    USE_RSA as _USE_RSA,
    USE_RSA_PSS as _USE_RSA_PSS,
    USE_SECP256R1 as _USE_SECP256R1,
    USE_SECP384R1 as _USE_SECP384R1,
    USE_SECP521R1 as _USE_SECP521R1,
    USE_SHA1 as _USE_SHA1,
    USE_SHA384 as _USE_SHA384,
    USE_SHA512 as _USE_SHA512,
)
from mxtls.errors import Error
from mxtls.x509.der import Der, fail

# Contents of an AlgorithmIdentifier -> TLS SignatureScheme (RFC 8017, RFC 5758, RFC 8410, RFC 4055 with the parameters that TLS allows)
_SCHEMES = (
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 0x0403, _USE_ECC),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", 0x0503, _USE_SHA384),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04", 0x0603, _USE_SHA512),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x04\x01", 0x0203, _USE_SHA1),
    (b"\x06\x03\x2b\x65\x70", 0x0807, _USE_ED25519),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00", 0x0401, _USE_RSA),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00", 0x0501, _USE_SHA384),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00", 0x0601, _USE_SHA512),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00", 0x0201, _USE_SHA1),
)
# RSASSA-PSS: OID, then {[0] hash, [1] MGF1 with the same hash, [2] salt as long as the hash}, with and without the hash's NULL.
# Written for SHA-256, whose OID ends in 1; those of SHA-384 and SHA-512 end in 2 and 3.
_PSS_OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
_PSS = (
    b"\x30\x34\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7"
    b"\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa2\x03\x02\x01\x20",
    b"\x30\x30\xa0\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\xa1\x1a\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
    b"\x01\x08\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\xa2\x03\x02\x01\x20",
)
# Contents of a SubjectPublicKeyInfo's AlgorithmIdentifier -> curve, 0 for RSA, -1 for Ed25519 (RFC 3279, RFC 5480, RFC 8410)
_KEYS = (
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 23, 32, _USE_SECP256R1),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22", 24, 48, _USE_SECP384R1),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23", 25, 66, _USE_SECP521R1),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 0, 0, _USE_RSA),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 0, 0, _USE_RSA_PSS),
    (b"\x06\x03\x2b\x65\x70", -1, 32, _USE_ED25519),
)
_MONTHS = b"\x1f\x1c\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"


def find_algorithm(buf, off, end):
    """The row of _KEYS for that AlgorithmIdentifier's contents: (contents, curve, size of a coordinate, …), or None."""
    for row in _KEYS:
        if row[-1] and row[0] == buf[off:end]:
            return row
    return None


class Cert:
    """After parse(): offsets into buf. Ranges are x..x_end; a name's range holds the whole value, an extension's its contents.

    version 1-3 · serial · scheme (TLS SignatureScheme, 0: not supported) · issuer · subject · not_before, not_after (seconds
    since 1970) · spki · ca (0, 1) · pathlen, key_usage, eku: -1 where absent ·
    san, nc: 0 where absent · unknown: 1 when a critical extension is not understood · tbs..tbs_end is what sig..end signs.
    key_usage is the BIT STRING's first byte (0x80 digitalSignature, 0x20 keyEncipherment, 0x08 keyAgreement, 0x04 keyCertSign);
    eku has 1 for serverAuth, 2 for clientAuth, 4 for any.
    """

    def __init__(self):
        self.der = Der(b"")

    def parse(self, buf, off, end):
        """Take over the certificate that fills buf[off:end]; Error(PARSE_FAIL) when it is not one."""
        d = self.der
        d.buf = self.buf = buf
        self.off = off
        self.end = end
        p = self.tbs = d.read(off, end, 0x30)
        if d.end != end:
            fail("bytes follow the certificate")
        p = d.read(p, end, 0x30)
        tbs_end = self.tbs_end = d.end
        d.read(tbs_end, end, 0x30)
        q = d.end
        self.sig = d.read(q, end, 3) + 1
        if d.end != end or end - self.sig < 8 or buf[self.sig - 1]:
            fail("the certificate's signature is malformed")
        self.version = 1
        if buf[p] == 0xA0:
            off = d.read(p, tbs_end, 0xA0)
            p = d.end
            off = d.integer(off, p)
            self.version = buf[off] + 1
            if d.end != p or p - off != 1 or self.version < 2 or self.version > 3:
                fail("the certificate's version is not 1, 2 or 3")
        self.serial = d.integer(p, tbs_end)
        self.serial_end = d.end
        if d.end - self.serial > 20:
            fail("the certificate's serial number has more than 20 bytes")
        p = d.end
        off = d.read(p, tbs_end, 0x30)
        if buf[p : d.end] != buf[tbs_end:q]:
            fail("the certificate names two different signature algorithms")
        self.scheme = self._scheme(off, d.end)
        self.issuer = d.end
        if d.read(d.end, tbs_end, 0x30) == d.end:
            fail("the certificate names no issuer")
        p = self.issuer_end = d.end
        off = d.read(p, tbs_end, 0x30)
        self.subject = q = d.end
        self.not_before = self._time(off, q)
        self.not_after = self._time(d.end, q)
        if d.end != q:
            fail("the certificate's validity is malformed")
        d.read(q, tbs_end, 0x30)
        self.subject_end = self.spki = d.end
        d.read(d.end, tbs_end, 0x30)
        p = self.spki_end = d.end
        for tag in (0x81, 0x82):
            if p < tbs_end and buf[p] == tag and self.version > 1:
                off = d.read(p, tbs_end, tag)
                p = d.end
                if off == p or buf[off] > 7:
                    fail("the certificate's unique identifier is malformed")
        self.ca = self.unknown = self.san = self.san_end = self.nc = self.nc_end = 0
        self.pathlen = self.key_usage = self.eku = -1
        if p < tbs_end and self.version == 3:
            off = d.read(p, tbs_end, 0xA3)
            p = d.end
            off = d.read(off, p, 0x30)
            if d.end != p or off == p:
                fail("the certificate's extensions are malformed")
            self._extensions(off, p)
        if p != tbs_end:
            fail("the certificate has fields that its version does not allow")

    def _scheme(self, off, end):
        buf = self.der.buf
        name = bytes(buf[off:end])
        for row in _SCHEMES:
            if row[-1] and (row[0] == name or row[0] == name + b"\x05\x00"):  # RFC 4055 section 5: RSA's NULL may be absent
                return row[1]
        if _USE_RSA_PSS and buf[off : off + 11] == _PSS_OID:
            for form in _PSS:
                h = buf[off + 27]  # the hash: 1, 2 or 3
                if 0 < h < 4 and buf[off + 11 : end] == form[:-1].replace(b"\x04\x02\x01", bytes((4, 2, h))) + bytes((16 + 16 * h,)):
                    return 0x0803 + h
        return 0

    def _time(self, pos, end):
        """Seconds since 1970 of the UTCTime or GeneralizedTime at pos (RFC 5280 section 4.1.2.5)."""
        d = self.der
        p = d.read(pos, end, 0)
        text = bytes(d.buf[p : d.end])
        if d.tag == 0x17 and len(text) == 13:
            text = (b"19" if text[0] > 52 else b"20") + text
        if (d.tag != 0x17 and d.tag != 0x18) or len(text) != 15 or text[14] != 90 or not text[:14].isdigit():
            fail("the certificate's validity is not a UTC time")
        y = int(text[:4])
        m = int(text[4:6])
        day = int(text[6:8])
        leap = m == 2 and y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)
        hour = int(text[8:10])
        p = int(text[10:12])
        s = int(text[12:14])
        if m < 1 or m > 12 or day < 1 or day > _MONTHS[m - 1] + leap or hour > 23 or p > 59 or s > 59:
            fail("the certificate's validity is no date")
        if m < 3:
            y -= 1
            m += 12
        day += 365 * y + y // 4 - y // 100 + y // 400 + (153 * m - 457) // 5 - 719469
        return ((day * 24 + hour) * 60 + p) * 60 + s

    def _extensions(self, p, end):
        """The extensions (RFC 5280 section 4.2): each at most once; what is critical and not understood sets unknown."""
        d = self.der
        buf = d.buf
        seen = []
        while p < end:
            q = d.read(p, end, 0x30)
            p = d.end
            off = d.read(q, p, 6)
            oid = bytes(buf[off : d.end])
            if oid in seen or len(seen) == 32:
                fail("the certificate has an extension twice, or more than 32")
            seen.append(oid)
            critical = 0
            if d.end < p and buf[d.end] == 1:
                off = d.read(d.end, p, 1)
                critical = buf[off]
                if d.end - off != 1 or (critical != 0 and critical != 255):
                    fail("an extension's critical flag is malformed")
            off = d.read(d.end, p, 4)
            if d.end != p:
                fail("an extension is malformed")
            kind = oid[2] if len(oid) == 3 and oid[:2] == b"\x55\x1d" else 0
            if kind == 19:  # basicConstraints
                off = d.read(off, p, 0x30)
                q = d.end
                if off < q and buf[off] == 1:
                    d.read(off, q, 1)
                    off = d.end
                    if buf[off - 1] == 255 and d.off == off - 1:
                        self.ca = 1
                    elif buf[off - 1] or d.off != off - 1:
                        fail("the certificate's basic constraints are malformed")
                if off < q:
                    off = d.integer(off, q)
                    self.pathlen = buf[off] if d.end - off == 1 else 255
                    off = d.end
                if off != q or q != p or (self.pathlen >= 0 and not self.ca):
                    fail("the certificate's basic constraints are malformed")
            elif kind == 15:  # keyUsage
                off = d.read(off, p, 3)
                if d.end != p or p - off < 2 or p - off > 3 or buf[off] > 7:
                    fail("the certificate's key usage is malformed")
                self.key_usage = buf[off + 1]
            elif kind == 37:  # extKeyUsage
                off = d.read(off, p, 0x30)
                if d.end != p or off == p:
                    fail("the certificate's extended key usage is malformed")
                self.eku = 0
                while off < p:
                    off = d.read(off, p, 6)
                    oid = bytes(buf[off : d.end])
                    off = d.end
                    if oid == b"\x55\x1d\x25\x00":
                        self.eku |= 4
                    elif len(oid) == 8 and oid[:7] == b"\x2b\x06\x01\x05\x05\x07\x03" and 0 < oid[7] < 3:
                        self.eku |= oid[7]
            elif kind == 17:  # subjectAltName
                self.san = d.read(off, p, 0x30)
                self.san_end = d.end
                if d.end != p or self.san == p or (self.subject_end - self.subject == 2 and not critical):
                    fail("the certificate's alternative names are malformed, or not critical without a subject")
            elif kind == 30 and _USE_NAME_CONSTRAINTS:
                self.nc = d.read(off, p, 0x30)
                self.nc_end = d.end
                if d.end != p or self.nc == p or not critical:
                    fail("the certificate's name constraints are malformed or not critical")
            elif kind == 14 or kind == 35:  # key identifiers: hints for finding an issuer, which names and signatures find as well
                if critical:
                    fail("a key identifier is marked critical")
            elif kind == 36 or (critical and kind != 32 and kind != 54):  # policyConstraints is always critical; where no policy is asked
                self.unknown = 1  # for, certificatePolicies and inhibitAnyPolicy restrict nothing
        if not self.ca and (self.nc or (self.key_usage >= 0 and self.key_usage & 4)):
            fail("the certificate may sign others but is no CA")

    def public_key(self):
        """A new PublicKey of the subject; Error(UNSUPPORTED_FAIL) for kinds, curves and sizes that this build does not have."""
        from mxtls.x509.pubkey import PublicKey

        d = self.der
        buf = d.buf
        end = self.spki_end
        p = d.read(self.spki, end, 0x30)
        p = d.read(p, end, 0x30)
        row = find_algorithm(buf, p, d.end)
        p = d.read(d.end, end, 3) + 1
        if d.end != end or p > end or buf[p - 1]:
            fail("the certificate's public key is malformed")
        if row is None:
            raise Error(
                _UNSUPPORTED_FAIL,
                _ALERT_UNSUPPORTED_CERTIFICATE,
                "the certificate's kind of key is not supported: use RSA, Ed25519 or a named NIST curve, as far as they are enabled",
            )
        if _USE_ED25519 and row[1] < 0:
            if end - p != 32:
                fail("the certificate's public key is malformed")
            key = PublicKey(_KEY_ED25519)
            key.bits = 256
            key.point = bytes(buf[p:end])
            return key
        if row[1]:
            if end - p != 2 * row[2] + 1 or buf[p] != 4:
                fail("the certificate's public key is not an uncompressed point")
            key = PublicKey(_KEY_EC)
            key.curve = row[1]
            key.bits = row[2] * 8 if row[1] != 25 else 521
            key.point = bytes(buf[p + 1 : end])
            return key
        p = d.read(p, end, 0x30)
        if d.end != end:
            fail("the certificate's public key is malformed")
        p = d.integer(p, end)
        n = bytes(buf[p : d.end])
        p = d.integer(d.end, end)
        if d.end != end or len(n) < 64 or not n[-1] & 1 or not buf[end - 1] & 1 or buf[p:end] == b"\x01":
            fail("the certificate's public key is malformed")
        if len(n) > 512 or n[0] < 128 or end - p > 4:
            raise Error(
                _UNSUPPORTED_FAIL,
                _ALERT_UNSUPPORTED_CERTIFICATE,
                "the certificate's RSA key is not supported: use 1024 to 4096 bits, a multiple of 8, and a common exponent",
            )
        key = PublicKey(_KEY_RSA)
        key.bits = len(n) * 8
        key.n = n
        key.e = bytes(buf[p:end])
        if len(row[0]) == 11:
            key.pss = True
        return key
