# SPDX-License-Identifier: MIT
"""Keys: the certificates, private key and trust anchors that sessions share. The application makes it; sessions read it.

DER that the application passes in stays where it is: keys hold references into it, so it must not change while they live.
"""

from mxtls.codes import (
    ALERT_NONE as _ALERT_NONE,
)
from mxtls.codes import (
    ARG_FAIL as _ARG_FAIL,
)
from mxtls.codes import (
    CERT_AUTH_FAIL as _CERT_AUTH_FAIL,
)
from mxtls.codes import (
    DISABLED_FEATURE_FAIL as _DISABLED_FEATURE_FAIL,
)
from mxtls.codes import (
    KEY_RSA as _KEY_RSA,
)
from mxtls.codes import (
    PARSE_FAIL as _PARSE_FAIL,
)
from mxtls.codes import (
    PLATFORM_FAIL as _PLATFORM_FAIL,
)
from mxtls.codes import (
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.config import (
    PS_USE_FILE_SYSTEM as _PS_USE_FILE_SYSTEM,
)
from mxtls.config import (
    USE_PEM as _USE_PEM,
)
from mxtls.config import (
    USE_PRIVATE_KEY_PARSING as _USE_PRIVATE_KEY_PARSING,
)
from mxtls.errors import Error


class Keys:
    """chain: (buf, off, end) of each certificate to send, the child first. private: its PrivateKey or None.
    anchors: (buf, off, end, subject, subject_end) of each trusted CA. skipped, skip_reason: CAs of a bundle that could not be
    used, and why the last one could not. min_rsa_bits: RSA keys of peers and CAs that are shorter are refused; not below 1024.
    """

    def __init__(self):
        self.chain = []
        self.private = None
        self.anchors = []
        self.min_rsa_bits = 2048
        self.skipped = 0
        self.skip_reason = ""
        self.loaded = False

    if _PS_USE_FILE_SYSTEM:

        def load_rsa_keys(self, cert_files=None, priv_file=None, priv_pass=None, trusted_ca_files=None):
            """Load PEM or DER files, once for these keys. cert_files and trusted_ca_files: one name, "a;b" for several, and each
            file may hold several certificates; the chain goes from child to parent. RSA and EC keys alike."""
            import mxtls_port

            groups = []
            for names in (cert_files, priv_file, trusted_ca_files):
                group = []
                for name in names.split(";") if names else ():
                    try:
                        group.append(mxtls_port.read_file(name))
                    except OSError:
                        raise Error(_PLATFORM_FAIL, _ALERT_NONE, "cannot read the file '%s': check its name" % name)
                groups.append(group)
            self._load(groups[0], groups[1], groups[2])

    def load_rsa_keys_mem(self, cert=None, priv=None, trusted_ca=None):
        """The same from bytes, DER or PEM, certificates one after another."""
        self._load([cert] if cert else (), [priv] if priv else (), [trusted_ca] if trusted_ca else ())

    def _load(self, certs, privs, cas):
        if self.loaded:
            raise Error(_ARG_FAIL, _ALERT_NONE, "these keys are loaded already: make new Keys")
        if len(privs) > 1 or bool(certs) != bool(privs) or not (certs or cas):
            raise Error(_ARG_FAIL, _ALERT_NONE, "give a certificate with its one private key, or trusted CAs, or both")
        if privs and not _USE_PRIVATE_KEY_PARSING:
            raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "private keys are not in this build: enable USE_PRIVATE_KEY_PARSING")
        if self.min_rsa_bits < 1024:
            raise Error(_ARG_FAIL, _ALERT_NONE, "keys.min_rsa_bits is below 1024: raise it")
        try:
            if certs:
                self._load_private(privs[0])
                self._load_chain(certs)
            if cas:
                self._load_anchors(cas)
        except Error as e:
            self.delete()
            e.alert = _ALERT_NONE
            raise e
        self.loaded = True

    def _objects(self, data):
        """Each object in DER or PEM data: (buf, off, end, label, headers); label None for DER."""
        from mxtls.x509.der import Der

        pos = 0
        if data[:1] == b"\x30":
            d = Der(data)
            while pos < len(data):
                d.read(pos, len(data), 0x30)
                yield data, pos, d.end, None, b""
                pos = d.end
            return
        if not _USE_PEM:
            raise Error(_PARSE_FAIL, _ALERT_NONE, "not DER: PEM is not in this build, enable USE_PEM or convert the file")
        from mxtls.x509.pem import pem_object

        data = bytes(data)
        while True:
            found = pem_object(data, pos)
            if found is None:
                break
            pos = found[3]
            yield found[2], 0, len(found[2]), found[0], found[1]
        if not pos:
            raise Error(_PARSE_FAIL, _ALERT_NONE, "neither DER nor PEM: give certificates or a private key in one of them")

    def _load_private(self, data):
        if _USE_PRIVATE_KEY_PARSING:
            from mxtls.x509.private import parse_private

            for buf, off, end, label, headers in self._objects(data):
                if label is not None and label[-11:] != "PRIVATE KEY":
                    continue  # parameters or certificates in the same file
                if label == "ENCRYPTED PRIVATE KEY" or headers.find(b"ENCRYPTED") >= 0:
                    raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "the private key is encrypted: decrypt it first, that is not supported yet")
                if self.private:
                    raise Error(_PARSE_FAIL, _ALERT_NONE, "there is more than one private key: give only the certificate's")
                self.private = parse_private(buf, off, end)
                if label is not None:
                    for i in range(end):
                        buf[i] = 0
        if not self.private:
            raise Error(_PARSE_FAIL, _ALERT_NONE, "no private key in the PEM text: give the certificate's")

    def _load_chain(self, groups):
        """The own certificate, which must be the private key's, and its issuers in order, each signed by the next."""
        from mxtls.crypto.hash import Hash
        from mxtls.crypto.sign import hash_of, verify
        from mxtls.x509.certificate import Cert
        from mxtls.x509.names import dn_match

        c = Cert()
        child = None
        private = self.private
        for data in groups:
            for buf, off, end, label, _headers in self._objects(data):
                if label is not None and label != "CERTIFICATE" and label != "X509 CERTIFICATE":
                    continue
                c.parse(buf, off, end)
                key = c.public_key()
                if child is None:
                    if key.kind != private.kind or key.n != private.n or key.e != private.e or key.point != private.point:
                        raise Error(
                            _CERT_AUTH_FAIL,
                            _ALERT_NONE,
                            "the private key does not belong to the first certificate: give its own key, or put the child first",
                        )
                    if key.kind == _KEY_RSA and key.bits < self.min_rsa_bits:
                        raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "the RSA key is too short: use 2048 bits or lower keys.min_rsa_bits")
                else:
                    below, at, at_end, scheme, tbs, tbs_end, sig, sig_end = child
                    h = Hash(hash_of(scheme))
                    h.update(below, tbs, tbs_end - tbs)
                    if not dn_match(buf, c.subject, c.subject_end, below, at, at_end, False) or not verify(
                        scheme, key, h.digest(), bytes(below[sig:sig_end])
                    ):
                        raise Error(
                            _CERT_AUTH_FAIL, _ALERT_NONE, "the chain is not in order: put each certificate before the one that signed it"
                        )
                self.chain.append((buf, off, end))
                child = (buf, c.issuer, c.issuer_end, c.scheme, c.tbs, c.tbs_end, c.sig, end)
        if not self.chain:
            raise Error(_PARSE_FAIL, _ALERT_NONE, "no certificate in the PEM text: give the chain, the child first")

    def _load_anchors(self, groups):
        """Trusted CAs; those of a bundle that this build cannot use are skipped one by one."""
        from mxtls.x509.certificate import Cert

        c = Cert()
        failure = None
        for data in groups:
            for buf, off, end, label, _headers in self._objects(data):
                if label is not None and label != "CERTIFICATE" and label != "X509 CERTIFICATE":
                    continue
                try:
                    c.parse(buf, off, end)
                    key = c.public_key()
                    if key.kind == _KEY_RSA and key.bits < self.min_rsa_bits:
                        raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "the CA's RSA key is too short: lower keys.min_rsa_bits to use it")
                    self.anchors.append((buf, off, end, c.subject, c.subject_end))
                except Error as e:
                    failure = e
                    self.skipped += 1
                    self.skip_reason = e.text
        if not self.anchors:
            raise failure or Error(_PARSE_FAIL, _ALERT_NONE, "no certificate in the PEM text: give trusted CA certificates")

    def delete(self):
        """Overwrite the secrets and forget everything; sessions that use these keys must be gone."""
        if self.private:
            self.private.wipe()
        self.private = None
        self.chain = []
        self.anchors = []
        self.loaded = False
