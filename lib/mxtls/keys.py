# SPDX-License-Identifier: MIT
"""Keys: the certificates, private key and trust anchors that sessions share. The application makes it; sessions read it.

DER that the application passes in stays where it is: keys hold references into it, so it must not change while they live.
How it gets in is load_keys.py, which is loaded for that and forgotten again.
"""

from mxtls.codes import (
    ALERT_NONE as _ALERT_NONE,
)
from mxtls.codes import (
    ARG_FAIL as _ARG_FAIL,
)
from mxtls.codes import (
    PLATFORM_FAIL as _PLATFORM_FAIL,
)
from mxtls.config import PS_USE_FILE_SYSTEM as _PS_USE_FILE_SYSTEM
from mxtls.errors import Error
from mxtls_port import forget


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
        import mxtls.load_keys as load_keys

        if self.loaded:
            raise Error(_ARG_FAIL, _ALERT_NONE, "these keys are loaded already: make new Keys")
        try:
            load_keys.load(self, certs, privs, cas)
        except Error as e:
            self.delete()
            e.alert = _ALERT_NONE
            raise e
        finally:
            load_keys = None
            forget("load_keys x509.der x509.pem x509.certificate x509.private x509.names crypto.sign crypto.ecdsa crypto.rsa kernels.ec kernels.rsa")
        self.loaded = True

    def delete(self):
        """Overwrite the secrets and forget everything; sessions that use these keys must be gone."""
        if self.private:
            self.private.wipe()
        self.private = None
        self.chain = []
        self.anchors = []
        self.loaded = False
