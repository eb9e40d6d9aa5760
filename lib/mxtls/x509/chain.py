# SPDX-License-Identifier: MIT
"""Path validation (RFC 5280 section 6) of certificates that stream in, child to parent, each in a buffer that is reused.

What outlives a certificate is what its issuer is judged by: the issuer's name, a digest (under Ed25519 all that was signed), a
signature, and the names that constraints apply to. Called by the handshakes; verify.py feeds it whole chains in any order.
"""

from micropython import const

from mxtls.codes import (
    ALERT_BAD_CERTIFICATE as _ALERT_BAD_CERTIFICATE,
    ALERT_CERTIFICATE_EXPIRED as _ALERT_CERTIFICATE_EXPIRED,
    ALERT_CERTIFICATE_UNKNOWN as _ALERT_CERTIFICATE_UNKNOWN,
    ALERT_UNKNOWN_CA as _ALERT_UNKNOWN_CA,
    ALERT_UNSUPPORTED_CERTIFICATE as _ALERT_UNSUPPORTED_CERTIFICATE,
    CERT_AUTH_FAIL as _CERT_AUTH_FAIL,
    CERT_AUTH_FAIL_BC as _CERT_AUTH_FAIL_BC,
    CERT_AUTH_FAIL_DN as _CERT_AUTH_FAIL_DN,
    CERT_AUTH_FAIL_SIG as _CERT_AUTH_FAIL_SIG,
    CERT_AUTH_PASS as _CERT_AUTH_PASS,
    CLOCK_FAIL as _CLOCK_FAIL,
    KEY_RSA as _KEY_RSA,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.config import (
    USE_NAME_CONSTRAINTS as _USE_NAME_CONSTRAINTS,
    USE_PINNING as _USE_PINNING,
    USE_TRUST_STORE as _USE_TRUST_STORE,
)
from mxtls.errors import Error
from mxtls.x509.certificate import Cert
from mxtls.x509.names import dn_match, host_match
from mxtls_port import sweep

_MAX_CHAIN = const(10)  # certificates on a path
_MAX_SEEN = const(24)  # certificates looked at or kept for a validator, with those that are not on it
_MAX_NAMES = const(2048)  # bytes of alternative names kept for a constrained issuer further up
_MAX_WORK = const(8000)  # names compared with 16 bytes of name constraints, on a path and beside it
_SOFT = const(1)  # a failure that leaves the signatures to be checked: dates, purpose, host
_HARD = const(2)  # a failure that outranks it

if _USE_PINNING:

    def _among(digests, buf, off, end):
        """Is the SHA-256 of buf[off:end] one of these?"""
        if not digests:
            return False
        from mxtls.crypto.hash import Hash

        h = Hash(4)
        h.update(buf, off, end - off)
        return h.digest() in digests


class Path:
    """Path(keys, purpose, host, now): purpose 1 checks a server's chain, 2 a client's; host: a DNS name, an IP literal or None;
    now: seconds since 1970, 0 when the clock was never set. add() each certificate, then finish().

    Failures are kept, not raised, so that an application's validator may judge them: alert (0: the chain is good), code, text.
    An alert for dates, purpose or host name means that all the signatures up to a trust anchor were good.
    leaf: the first certificate's PublicKey; key_usage: its bits as in Cert. done: an anchor was reached.
    pinned: a key on the path is among keys.pins. by_fingerprint: the first certificate is among keys.fingerprints, which ends the path.
    certs: None, or set to [] before the first add() to collect Certificate objects with their auth_status.
    """

    def __init__(self, keys, purpose, host, now):
        self.keys = keys
        self.purpose = purpose
        self.host = host
        self.now = now
        self.cert = Cert()
        self.leaf = None
        self.key_usage = -1
        self.certs = None
        self.done = self.stopped = False
        self.later = False  # the caller calls look() after each add(): so that one long computation is made at a time
        if _USE_PINNING:
            self.pinned = self.by_fingerprint = False
        self.code = self.alert = self.rank = 0
        self.text = ""
        self.seen = self.length = self.looked = self.below = 0
        self.info = self.candidate = self.issuer = self.digest = self.signature = None
        self.scheme = 0
        self.names = [_MAX_WORK]

    def _note(self, failure):
        """Keep the first failure of the highest rank: (rank, code, alert, text, and auth_status where an issuer was judged)."""
        if failure and failure[0] > self.rank:
            self.rank, self.code, self.alert, self.text = failure[:4]

    def add(self, buf, off, end):
        """The next certificate. True when it became part of the path; it need not stay in buf."""
        info = None
        if self.certs is not None and self.seen < _MAX_SEEN:
            from mxtls.x509.certinfo import Certificate

            info = Certificate(bytes(buf[off:end]))
            if self.certs:
                self.certs[-1].next = info
            self.certs.append(info)
        c = self.cert
        self.seen += 1
        if self.done or self.stopped:
            return False
        try:
            if self.seen > _MAX_SEEN or self.length >= _MAX_CHAIN:
                raise Error(_CERT_AUTH_FAIL, _ALERT_BAD_CERTIFICATE, "the chain has too many certificates: send only the path to the root")
            c.parse(buf, off, end)
            if self.length == 0:
                self.leaf = c.public_key()
                if self.leaf.kind == _KEY_RSA and self.leaf.bits < self.keys.min_rsa_bits:
                    self._note(
                        (
                            _HARD,
                            _CERT_AUTH_FAIL,
                            _ALERT_BAD_CERTIFICATE,
                            "the peer's RSA key is too short: use 2048 bits or more, or lower keys.min_rsa_bits",
                        )
                    )
                if _USE_PINNING and _among(self.keys.fingerprints, buf, off, end):
                    self.by_fingerprint = True
                    self.length = 1
                    self.info = info
                    self._pin(c)
                    self._finished()
                    return True
                self.key_usage = c.key_usage
                if c.unknown:
                    self._note(
                        (
                            _HARD,
                            _CERT_AUTH_FAIL,
                            _ALERT_UNSUPPORTED_CERTIFICATE,
                            "the certificate has a critical extension that is not understood: use one without it",
                        )
                    )
                self._note(self._period(c, self.purpose))
                if self.host is not None and not (c.san and host_match(buf, c.san, c.san_end, self.host)) and not (
                    self.keys.names and self.keys.names(self.keys, c, self.host)
                ):
                    self._note(
                        (
                            _SOFT,
                            _CERT_AUTH_FAIL,
                            _ALERT_BAD_CERTIFICATE,
                            "the certificate is not for '%s': connect by a name that it lists" % self.host,
                        )
                    )
            else:
                if not self._same_name(c):
                    return False
                failure = self._issued(c, False)
                if failure and failure[0] == _HARD:
                    if self.candidate is None or self.candidate[2] == _ALERT_UNKNOWN_CA:
                        self.candidate = failure
                    return False
                self._note(failure)
            self.length += 1
            self.info = info
            if _USE_PINNING:
                self._pin(c)
            self._keep(c, buf)
        except Error as e:
            self._fail(e, info)
        return not self.stopped

    def _fail(self, e, info):
        self._note((_HARD, e.code, e.alert, e.text))
        self.stopped = True
        info = self.info or info
        if info:
            info.auth_status = _CERT_AUTH_FAIL_SIG

    if _USE_PINNING:

        def _pin(self, c):
            """The certificate in c is on the path: is its key pinned?"""
            if not self.pinned:
                self.pinned = _among(self.keys.pins, c.buf, c.spki, c.spki_end)

    def _keep(self, c, buf):
        """Keep of the certificate in c what its issuer is judged by."""
        sweep()  # what parsing left, before something is made that stays
        anchors = self.keys.anchors
        whole = memoryview(buf)[c.off : c.end]
        for a in anchors:
            if a[2] - a[1] == c.end - c.off and whole == memoryview(a[0])[a[1] : a[2]]:
                self._finished()
                return
        issuer = bytes(buf[c.issuer : c.issuer_end])
        self_issued = issuer == buf[c.subject : c.subject_end]
        if self.length > 1 and not self_issued:
            self.below += 1
        if _USE_NAME_CONSTRAINTS and (self.length == 1 or not self_issued):
            if c.san_end - c.san > _MAX_NAMES or c.subject_end - c.subject > _MAX_NAMES:
                self.names = None
            elif self.names is not None:
                self.names.append(bytes(buf[c.subject : c.subject_end]))
                self.names.append(bytes(buf[c.san : c.san_end]))
        if c.scheme < 0x0300:
            raise Error(
                _UNSUPPORTED_FAIL,
                _ALERT_BAD_CERTIFICATE,
                "a certificate is signed with SHA-1, MD5 or an algorithm that is not supported: use SHA-256 or better",
            )
        from mxtls.crypto.sign import digest_of

        self.digest = digest_of(c.scheme, buf, c.tbs, c.tbs_end - c.tbs)
        self.issuer = issuer
        self.scheme = c.scheme
        self.signature = bytes(buf[c.sig : c.end])
        if not self.later:
            self._look()

    def look(self):
        """Look for the last certificate's issuer among the trust anchors."""
        if self.done or self.stopped or self.digest is None or self.looked == self.length:
            return
        try:
            self._look()
        except Error as e:
            self._fail(e, None)

    def _look(self):
        c = self.cert
        self.looked = self.length
        for a in self.keys.anchors:
            c.subject = a[3]
            c.subject_end = a[4]
            c.buf = a[0]
            if self._same_name(c):
                c.parse(a[0], a[1], a[2])
                if self._anchored(c):
                    return
        if _USE_TRUST_STORE and self.keys.store:
            from mxtls.x509.store import TrustStore

            store = TrustStore(self.keys.store)
            at = store.first(self.issuer)
            while at >= 0:
                root = store.root(at)
                try:
                    c.parse(root, 0, len(root))
                    if self._same_name(c) and self._anchored(c):
                        return
                except Error:
                    pass  # a root that this build cannot read is none
                at = store.after(at)

    def _anchored(self, c):
        """Does the trusted CA in c end the path? If not, the mildest reason is kept."""
        failure = self._issued(c, True)
        if failure is None:
            if _USE_PINNING:
                self._pin(c)
            self._finished()
        elif self.candidate is None or self.candidate[0] > failure[0]:
            self.candidate = failure
        return self.done

    def _same_name(self, c):
        """Does the subject of c carry the name of the issuer that is wanted?"""
        return dn_match(c.buf, c.subject, c.subject_end, self.issuer, 0, len(self.issuer), False)

    def _issued(self, c, anchor):
        """None when the certificate in c is a good issuer of the last one kept, else the failure."""
        failure = None
        if c.unknown:
            failure = (
                _HARD,
                _CERT_AUTH_FAIL,
                _ALERT_UNSUPPORTED_CERTIFICATE,
                "a CA certificate has a critical extension that is not understood: use one without it",
                _CERT_AUTH_FAIL_BC,
            )
        elif (not c.ca and not (anchor and c.version == 1)) or (c.key_usage >= 0 and not c.key_usage & 4):
            failure = (
                _HARD,
                _CERT_AUTH_FAIL,
                _ALERT_BAD_CERTIFICATE,
                "a certificate was issued by one that is no CA: check the chain that the peer sends",
                _CERT_AUTH_FAIL_BC,
            )
        elif 0 <= c.pathlen < self.below:
            failure = (
                _HARD,
                _CERT_AUTH_FAIL,
                _ALERT_BAD_CERTIFICATE,
                "the chain is longer than one of its CAs allows: check the chain that the peer sends",
                _CERT_AUTH_FAIL_BC,
            )
        else:
            try:
                key = c.public_key()
                if key.kind == _KEY_RSA and key.bits < self.keys.min_rsa_bits:
                    failure = (
                        _HARD,
                        _CERT_AUTH_FAIL,
                        _ALERT_BAD_CERTIFICATE,
                        "a CA's RSA key is too short: use 2048 bits or more, or lower keys.min_rsa_bits",
                        _CERT_AUTH_FAIL_SIG,
                    )
                else:
                    sweep()
                    from mxtls.crypto.sign import verify

                    scheme = self.scheme
                    if key.pss and scheme >= 0x0804:
                        scheme += 5
                    if not verify(scheme, key, self.digest, self.signature):
                        failure = (
                            _HARD,
                            _CERT_AUTH_FAIL,
                            _ALERT_UNKNOWN_CA if anchor else _ALERT_BAD_CERTIFICATE,
                            "no trusted CA issued the certificate: the one of that name has another key, load the right one"
                            if anchor
                            else "a certificate's signature is wrong: the chain is damaged or forged",
                            _CERT_AUTH_FAIL_SIG,
                        )
                key = None
                if _USE_NAME_CONSTRAINTS and c.nc and failure is None:
                    from mxtls.x509.constraints import allowed

                    if self.names is None or not allowed(c.buf, c.nc, c.nc_end, self.names):
                        failure = (
                            _HARD,
                            _CERT_AUTH_FAIL,
                            _ALERT_BAD_CERTIFICATE,
                            "a CA's name constraints forbid a name in the chain: use another certificate",
                            _CERT_AUTH_FAIL_DN,
                        )
            except Error as e:
                failure = (_HARD, e.code, e.alert, e.text, _CERT_AUTH_FAIL_SIG)
        if self.info:
            self.info.auth_status = failure[4] if failure else _CERT_AUTH_PASS
        return failure or self._period(c, self.purpose | 4)

    def _period(self, c, purpose):
        """None, or the failure when now is outside the validity or the extended key usage lacks the purpose."""
        now = self.now
        if not now:
            return (
                _SOFT,
                _CLOCK_FAIL,
                _ALERT_CERTIFICATE_UNKNOWN,
                "the clock was never set, so no certificate can be judged: set it (for example ntptime.settime()) before connecting",
            )
        if now < c.not_before:
            return (
                _SOFT,
                _CERT_AUTH_FAIL,
                _ALERT_CERTIFICATE_EXPIRED,
                "a certificate is not valid yet: check this device's clock, or the certificate",
            )
        if now > c.not_after:
            return (_SOFT, _CERT_AUTH_FAIL, _ALERT_CERTIFICATE_EXPIRED, "a certificate has expired: renew it, or check this device's clock")
        if c.eku >= 0 and not c.eku & purpose:
            return (
                _SOFT,
                _CERT_AUTH_FAIL,
                _ALERT_UNSUPPORTED_CERTIFICATE,
                "a certificate is not for this purpose (extended key usage): use one for TLS servers or clients",
            )
        return None

    def _finished(self):
        self.done = True
        if self.info:
            self.info.auth_status = _CERT_AUTH_PASS
        self.info = self.issuer = self.digest = self.signature = self.candidate = None
        self.names = []

    def finish(self):
        """After the last certificate: the alert, 0 when the chain is good."""
        if not self.done and not self.stopped:
            if self.info and not self.info.auth_status:
                self.info.auth_status = _CERT_AUTH_FAIL_DN
            if self.length == 0:
                self._note((_HARD, _CERT_AUTH_FAIL, _ALERT_BAD_CERTIFICATE, "the peer sent no certificate: give it one"))
            elif self.candidate:
                self._note(self.candidate)
            else:
                self._note(
                    (
                        _HARD,
                        _CERT_AUTH_FAIL,
                        _ALERT_UNKNOWN_CA,
                        "no trusted CA issued the certificate: load the root that did, and have the peer send its intermediates",
                    )
                )
        self.candidate = None
        if _USE_PINNING and self.done and self.keys.pins and not self.pinned:
            self._note((_HARD, _CERT_AUTH_FAIL, _ALERT_BAD_CERTIFICATE, "no key of the chain is pinned: pin the new one, if the peer changed it, or suspect the peer"))
        return self.alert

    def raise_failure(self):
        """Raise the failure that finish() found, if any."""
        if self.alert:
            raise Error(self.code, self.alert, self.text)
