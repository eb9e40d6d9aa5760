# SPDX-License-Identifier: MIT
"""Keys: the certificates, private key, trust anchors, pre-shared keys and Diffie-Hellman group that sessions share. The
application makes it; sessions read it.

DER that the application passes in stays where it is: keys hold references into it, so it must not change while they live.
How it gets in is load_keys.py and load_dh.py, which are loaded for that and forgotten again.
"""

from mxtls.codes import (
    ALERT_NONE as _ALERT_NONE,
    ARG_FAIL as _ARG_FAIL,
)
from mxtls.config import (
    PS_USE_FILE_SYSTEM as _PS_USE_FILE_SYSTEM,
    USE_DH as _USE_DH,
    USE_MULTITHREADING as _USE_MULTITHREADING,
    USE_OCSP_STAPLING as _USE_OCSP_STAPLING,
    USE_PINNING as _USE_PINNING,
    USE_PSK as _USE_PSK,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SESSION_TICKETS as _USE_SESSION_TICKETS,
    USE_TRUST_STORE as _USE_TRUST_STORE,
    USE_X509 as _USE_X509,
)
from mxtls.errors import Error
from mxtls_port import forget

if _USE_PINNING:

    def _sha256(digest):
        """A digest as 32 bytes, from bytes or hexadecimal."""
        if isinstance(digest, str):
            from binascii import unhexlify

            try:
                digest = unhexlify(digest.replace(":", ""))
            except ValueError:
                digest = b""
        if len(digest) != 32:
            raise Error(_ARG_FAIL, _ALERT_NONE, "not a SHA-256 digest: give 32 bytes or 64 hexadecimal digits")
        return bytes(digest)


class Keys:
    """chain: (buf, off, end) of each certificate to send, the child first. private: its PrivateKey or None.
    anchors: (buf, off, end, subject, subject_end) of each trusted CA. skipped, skip_reason: CAs of a bundle that could not be
    used, and why the last one could not. min_rsa_bits: RSA keys of peers and CAs that are shorter are refused; not below 1024.
    dh: (prime, generator) of a DHE server, or None; min_dh_bits: shorter primes are refused, ours and a server's; not below 1024.
    sessions: what this server can resume (resume.py); max_sessions: how many at once, 0 for none; session_lifetime: seconds.
    tickets: give the session to the client to keep, where it can, in place of sessions (tickets.py).
    pins, fingerprints: SHA-256 digests, see pin and trust_fingerprint; store: the name of a trust store or None.
    ocsp_response: bytes, what a server's OCSP responder says of its certificate, for clients that ask (RFC 6066 section 8), or None.
    names: None, or names(keys, cert, host): is a peer's certificate for the host, although its subjectAltName does not say so?
    psks: (identity, key) of each pre-shared key; psk: the first, which is a client's, or None.
    """

    # What few applications set costs nothing here
    names = None
    if _USE_PINNING:
        pins = fingerprints = ()
    if _USE_TRUST_STORE:
        store = None
    if _USE_OCSP_STAPLING:
        ocsp_response = None

    def __init__(self):
        self.chain = []
        self.private = None
        self.anchors = []
        self.min_rsa_bits = 2048
        self.skipped = 0
        self.skip_reason = ""
        self.loaded = False
        if _USE_RESUMPTION:
            self.sessions = []
            self.max_sessions = 8
            self.session_lifetime = 86400
        if _USE_SESSION_TICKETS:
            self.tickets = True
            self.ticket_keys = []
        if _USE_DH:
            self.dh = None
            self.min_dh_bits = 2048
        if _USE_PSK:
            self.psk = None
            self.psks = []

    if _PS_USE_FILE_SYSTEM and _USE_X509:

        def load_rsa_keys(self, cert_files=None, priv_file=None, priv_pass=None, trusted_ca_files=None):
            """Load PEM or DER files, once for these keys. cert_files and trusted_ca_files: one name, "a;b" for several, and each
            file may hold several certificates; the chain goes from child to parent. RSA and EC keys alike. priv_pass: the
            private key's password, str or bytes, where it has one."""
            self._load(cert_files, priv_file, trusted_ca_files, True, priv_pass)

    if _USE_X509:

        def load_rsa_keys_mem(self, cert=None, priv=None, trusted_ca=None):
            """The same from bytes, DER or PEM, certificates one after another, and no password."""
            self._load(cert, priv, trusted_ca, False, None)

        def _load(self, certs, priv, cas, files, password):
            import mxtls.load_keys as load_keys

            if self.loaded:
                raise Error(_ARG_FAIL, _ALERT_NONE, "these keys are loaded already: make new Keys")
            try:
                load_keys.load(self, certs, priv, cas, files, password)
            finally:
                load_keys = None
                forget(
                    "load_keys x509.der x509.pem x509.certificate x509.private x509.pkcs5 x509.pbes x509.names crypto.pbkdf2 crypto.cbc "
                    "crypto.des3 crypto.sign crypto.ecdsa crypto.ed25519 crypto.rsa kernels.des3 kernels.md5 kernels.ec kernels.ed25519 kernels.field kernels.rsa"
                )
            self.loaded = True

    if _USE_PINNING:

        def pin(self, digest):
            """Pin a key: the SHA-256 of its SubjectPublicKeyInfo, 32 bytes or hexadecimal. Once one is pinned, a peer's chain must not only be
            good but hold a pinned key: the peer's own, a CA's on its path or the root's. Call it once for each; pin a spare too. What
            openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 prints."""
            self.pins += (_sha256(digest),)

        def trust_fingerprint(self, digest):
            """Trust one certificate without a CA: its SHA-256, 32 bytes or hexadecimal, colons allowed. A peer that shows it and holds its
            key is trusted as it is: neither name nor dates, nor purpose, are looked at, because devices that signed their own certificate
            have them wrong more often than right, and the clock need not be set. Any other certificate must be good as ever. Call it once
            for each. What openssl x509 -fingerprint -sha256 prints."""
            self.fingerprints += (_sha256(digest),)

    if _USE_TRUST_STORE:

        def load_trust_store(self, file):
            """Trust the roots in a file that tools/trust_store.py made, beside those that are loaded. The file is read when a root is
            wanted, one root at a time, so it must stay; here only its header is. Error(PLATFORM_FAIL) where it cannot be read,
            Error(PARSE_FAIL) where it is none."""
            from mxtls.x509.store import TrustStore

            TrustStore(file)
            self.store = file
            TrustStore = None
            forget("x509.store x509.der")

    if _USE_DH:
        if _PS_USE_FILE_SYSTEM:

            def load_dh_params(self, file):
                """Load a DHE server's Diffie-Hellman group, PEM or DER (PKCS #3), once for these keys."""
                self.load_dh_params_mem(file, True)

        def load_dh_params_mem(self, params, is_file=False):
            """The same from bytes."""
            import mxtls.load_dh as load_dh

            try:
                load_dh.load(self, params, is_file)
            finally:
                load_dh = None
                forget("load_dh load_keys x509.der x509.pem crypto.dh kernels.dh")

    if _USE_PSK:

        def load_psk(self, key, identity):
            """Add a pre-shared key of 1 to 64 bytes and its identity, 1 to 128 bytes or a str. Call it once for each."""
            if isinstance(identity, str):
                identity = identity.encode()
            if isinstance(key, str) or not 0 < len(key) <= 64 or not 0 < len(identity) <= 128:
                raise Error(_ARG_FAIL, _ALERT_NONE, "a pre-shared key has 1 to 64 bytes, its identity 1 to 128: give others")
            if self.find_psk(identity, 0, len(identity)):
                raise Error(_ARG_FAIL, _ALERT_NONE, "there is a pre-shared key of that identity already: give it one")
            self.psks.append((bytes(identity), bytearray(key)))
            self.psk = self.psks[0]

        def find_psk(self, buf, off, n):
            """The key of the identity at buf[off:off+n], or None. All are looked at, whichever it is."""
            from mxtls.kernels.ct import ct_equal

            found = None
            for identity, key in self.psks:
                if len(identity) == n and ct_equal(identity, 0, buf, off, n):
                    found = key
            return found

    def delete(self):
        """Overwrite the secrets and forget everything; sessions that use these keys must be gone."""
        if self.private:
            self.private.wipe()
        self.private = None
        if _USE_RESUMPTION:
            for entry in self.sessions:
                entry.clear()
            self.sessions = []
        if _USE_SESSION_TICKETS:
            for key in self.ticket_keys:
                key.aead.wipe()
            self.ticket_keys = []
        if _USE_DH:
            self.dh = None
        if _USE_PSK:
            for _identity, key in self.psks:
                for i in range(len(key)):
                    key[i] = 0
            self.psk = None
            self.psks = []
        self.chain = []
        self.anchors = []
        if _USE_PINNING:
            self.pins = self.fingerprints = ()
        if _USE_TRUST_STORE:
            self.store = None
        if _USE_OCSP_STAPLING:
            self.ocsp_response = None
        self.loaded = False


if _USE_MULTITHREADING:
    from mxtls.lock import guard

    guard(Keys, "load_rsa_keys_mem delete" if _USE_X509 else "delete")
    if _PS_USE_FILE_SYSTEM and _USE_X509:
        guard(Keys, "load_rsa_keys")
