# SPDX-License-Identifier: MIT
"""Certificate: what an application's validator sees, the members of the reference's psX509Cert_t in Python names.

Built from a certificate's DER when a member is first read; chain.py makes one for each certificate, and only where a validator
wants them.
"""

from mxtls.codes import CERT_UNTESTED as _CERT_UNTESTED, PARSE_FAIL as _PARSE_FAIL
from mxtls.config import USE_SHA1 as _USE_SHA1
from mxtls.crypto.hash import Hash
from mxtls.errors import Error
from mxtls.x509.certificate import Cert
from mxtls.x509.der import Der

_ATTRIBUTES = ("common_name", 3, "country", 6, "locality", 7, "state", 8, "organization", 10, "org_unit", 11)
_SAN_NAMES = ("other", "email", "DNS", "x400Address", "directoryName", "ediPartyName", "URI", "iPAddress", "registeredID")


class DistinguishedName:
    """country, state, locality, organization, org_unit, common_name: str or None, and for each a …_type with its ASN.1 type
    (12 UTF8String, 19 PrintableString, 22 IA5String, 30 BMPString); dnenc: the encoding; hash: its SHA-1 (SHA-256 in a build
    without SHA-1)."""

    def __init__(self, dnenc):
        self.dnenc = dnenc
        h = Hash(2 if _USE_SHA1 else 4)
        h.update(dnenc, 0, len(dnenc))
        self.hash = h.digest()
        for i in range(0, len(_ATTRIBUTES), 2):
            setattr(self, _ATTRIBUTES[i], None)
            setattr(self, _ATTRIBUTES[i] + "_type", 0)
        try:
            self._read(Der(dnenc), dnenc)
        except Error:
            pass  # what cannot be read stays None; dnenc has it all

    def _read(self, d, buf):
        p = d.read(0, len(buf), 0x30)
        while p < len(buf):
            q = d.read(p, len(buf), 0x31)
            p = d.end
            while q < p:
                q = d.read(q, p, 0x30)
                end = d.end
                q = d.read(q, end, 6)
                oid = buf[q : d.end]
                q = d.read(d.end, end, 0)
                value = buf[q : d.end]
                q = end
                for i in range(0, len(_ATTRIBUTES), 2):
                    if len(oid) == 3 and oid[:2] == b"\x55\x04" and oid[2] == _ATTRIBUTES[i + 1]:
                        try:
                            if d.tag == 30:
                                text = "".join([chr(value[k] << 8 | value[k + 1]) for k in range(0, len(value) - 1, 2)])
                            else:
                                text = str(value, "utf-8")
                        except UnicodeError:
                            text = "".join([chr(c) for c in value])
                        setattr(self, _ATTRIBUTES[i], text)
                        setattr(self, _ATTRIBUTES[i] + "_type", d.tag)


class SubjectAltName:
    """id and name say what kind data (bytes) is: 0 other, 1 email, 2 DNS, 4 directoryName, 6 URI, 7 iPAddress, 8 registeredID.
    next: the one after it in the extension, or None."""

    def __init__(self, kind, data):
        self.next = None
        self.id = kind
        self.name = _SAN_NAMES[kind] if kind < 9 else "unknown"
        self.data = data


class Extensions:
    """ca, path_len_constraint (-1: none) of basicConstraints, also as bc.ca and bc.path_len_constraint; san: a list of
    SubjectAltName; key_usage and extended_key_usage: bits as in Cert, -1 where absent."""

    @property
    def bc(self):
        return self


class Certificate:
    """unparsed_bin: the DER; next: the certificate after it, or None; auth_status: CERT_AUTH_PASS, or why its issuer was not
    found good: CERT_AUTH_FAIL_BC (it may not issue), …_DN (names: no issuer has the name, or a name is not allowed), …_SIG (its
    key does not fit the signature); CERT_UNTESTED beyond the first that failed, and for what the path did not need.

    The rest is parsed on first use: version (0-2), serial_number, issuer, subject, time_type (23 UTCTime, 24 GeneralizedTime),
    not_before, not_after, public_key (None where this build has no such kind), pub_key_algorithm (its kind, or 0),
    cert_algorithm, sig_algorithm (TLS SignatureScheme), signature, sig_hash, unique_issuer_id, unique_subject_id, extensions."""

    def __init__(self, der):
        self.unparsed_bin = der
        self.auth_status = _CERT_UNTESTED
        self.next = None

    def __getattr__(self, member):
        if "version" in self.__dict__ or member[:1] == "_":
            raise AttributeError(member)
        buf = self.unparsed_bin
        c = Cert()
        c.parse(buf, 0, len(buf))
        self.serial_number = buf[c.serial : c.serial_end]
        self.issuer = DistinguishedName(buf[c.issuer : c.issuer_end])
        self.subject = DistinguishedName(buf[c.subject : c.subject_end])
        d = Der(buf)
        p = d.read(c.issuer_end, c.subject, 0x30)
        p = d.read(p, c.subject, 0)
        self.time_type = d.tag
        self.not_before = str(buf[p : d.end], "ascii")
        p = d.read(d.end, c.subject, 0)
        self.not_after = str(buf[p : d.end], "ascii")
        self.public_key = None
        self.pub_key_algorithm = 0
        try:
            self.public_key = c.public_key()
            self.pub_key_algorithm = self.public_key.kind
        except Error as e:
            if e.code == _PARSE_FAIL:
                raise e
        self.cert_algorithm = self.sig_algorithm = c.scheme
        self.signature = buf[c.sig :]
        self.sig_hash = b""
        if c.scheme:
            from mxtls.crypto.sign import digest_of

            self.sig_hash = digest_of(c.scheme, buf, c.tbs, c.tbs_end - c.tbs)
        ids = [b"", b""]
        p = c.spki_end
        while p < c.tbs_end:
            off = d.read(p, c.tbs_end, 0)
            p = d.end
            if d.tag < 0x83:
                ids[d.tag - 0x81] = buf[off + 1 : p]
        self.unique_issuer_id, self.unique_subject_id = ids
        e = self.extensions = Extensions()
        e.ca = c.ca
        e.path_len_constraint = c.pathlen
        e.key_usage = c.key_usage
        e.extended_key_usage = c.eku
        e.san = []
        p = c.san
        while p < c.san_end:
            off = d.read(p, c.san_end, 0)
            p = d.end
            name = SubjectAltName(d.tag & 31, buf[off:p])
            if e.san:
                e.san[-1].next = name
            e.san.append(name)
        self.version = c.version - 1
        return getattr(self, member)
