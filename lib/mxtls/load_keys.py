# SPDX-License-Identifier: MIT
"""Loading certificates, a private key and trust anchors into Keys, from DER or PEM. Called by keys.py and load_dh.py.

Every certificate is parsed whole, so that what is wrong with it is said here and not in a handshake.
"""

from mxtls.codes import (
    ALERT_NONE as _ALERT_NONE,
    ARG_FAIL as _ARG_FAIL,
    CERT_AUTH_FAIL as _CERT_AUTH_FAIL,
    DISABLED_FEATURE_FAIL as _DISABLED_FEATURE_FAIL,
    KEY_RSA as _KEY_RSA,
    PARSE_FAIL as _PARSE_FAIL,
    PLATFORM_FAIL as _PLATFORM_FAIL,
    UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL,
)
from mxtls.config import (
    PS_USE_FILE_SYSTEM as _PS_USE_FILE_SYSTEM,
    USE_PEM as _USE_PEM,
    USE_PKCS5 as _USE_PKCS5,
    USE_PRIVATE_KEY_PARSING as _USE_PRIVATE_KEY_PARSING,
)
from mxtls.errors import Error

if _PS_USE_FILE_SYSTEM:

    def read_files(names):
        """The contents of the files "a;b"."""
        import mxtls_port

        texts = []
        for name in names.split(";"):
            try:
                texts.append(mxtls_port.read_file(name))
            except OSError:
                raise Error(_PLATFORM_FAIL, _ALERT_NONE, "cannot read the file '%s': check its name" % name)
        return texts


def load(keys, certs, priv, cas, files, password):
    """Fill keys from DER or PEM: from its bytes or, with files, from files of these names. What is not given is empty or None."""
    groups = []
    for given in (certs, priv, cas):
        if _PS_USE_FILE_SYSTEM and files and given:
            groups.append(read_files(given))
        else:
            groups.append([given] if given else ())
    certs, privs, cas = groups
    if len(privs) > 1 or bool(certs) != bool(privs) or not (certs or cas):
        raise Error(_ARG_FAIL, _ALERT_NONE, "give a certificate with its one private key, or trusted CAs, or both")
    if privs and not _USE_PRIVATE_KEY_PARSING:
        raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "private keys are not in this build: enable USE_PRIVATE_KEY_PARSING")
    if keys.min_rsa_bits < 1024:
        raise Error(_ARG_FAIL, _ALERT_NONE, "keys.min_rsa_bits is below 1024: raise it")
    done = False
    try:
        if certs:
            _load_private(keys, privs[0], password)
            _load_chain(keys, certs)
        if cas:
            _load_anchors(keys, cas)
        done = True
    except Error as e:
        e.alert = _ALERT_NONE
        raise e
    finally:
        if not done:
            if keys.private:
                keys.private.wipe()
            keys.private = None
            keys.chain = []
            keys.anchors = []


def objects(data):
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


def _load_private(keys, data, password):
    if _USE_PRIVATE_KEY_PARSING:
        from mxtls.x509.private import check_password, parse_private

        if password is not None and isinstance(password, str):
            password = password.encode()
        for buf, off, end, label, headers in objects(data):
            if label is not None and label[-11:] != "PRIVATE KEY":
                continue  # parameters or certificates in the same file
            if keys.private:
                raise Error(_PARSE_FAIL, _ALERT_NONE, "there is more than one private key: give only the certificate's")
            if headers.find(b"ENCRYPTED") >= 0:
                check_password(password)
                if _USE_PKCS5:
                    from mxtls.x509.pkcs5 import parse_pem

                    keys.private = parse_pem(headers, buf, password)
            else:
                keys.private = parse_private(buf, off, end, password)
            if label is not None:
                for i in range(end):
                    buf[i] = 0
    if not keys.private:
        raise Error(_PARSE_FAIL, _ALERT_NONE, "no private key in the PEM text: give the certificate's")


def _load_chain(keys, groups):
    """The own certificate, which must be the private key's, and its issuers in order, each signed by the next."""
    from mxtls.crypto.sign import digest_of, verify
    from mxtls.x509.certificate import Cert
    from mxtls.x509.names import dn_match

    c = Cert()
    child = None
    private = keys.private
    for data in groups:
        for buf, off, end, label, _headers in objects(data):
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
                if key.kind == _KEY_RSA and key.bits < keys.min_rsa_bits:
                    raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "the RSA key is too short: use 2048 bits or lower keys.min_rsa_bits")
            else:
                below, at, at_end, scheme, tbs, tbs_end, sig, sig_end = child
                if key.pss and scheme >= 0x0804:  # a key for PSS alone has schemes of its own
                    scheme += 5
                if not dn_match(buf, c.subject, c.subject_end, below, at, at_end, False) or not verify(
                    scheme, key, digest_of(scheme, below, tbs, tbs_end - tbs), bytes(below[sig:sig_end])
                ):
                    raise Error(
                        _CERT_AUTH_FAIL, _ALERT_NONE, "the chain is not in order: put each certificate before the one that signed it"
                    )
            keys.chain.append((buf, off, end))
            child = (buf, c.issuer, c.issuer_end, c.scheme, c.tbs, c.tbs_end, c.sig, end)
    if not keys.chain:
        raise Error(_PARSE_FAIL, _ALERT_NONE, "no certificate in the PEM text: give the chain, the child first")


def _load_anchors(keys, groups):
    """Trusted CAs; those of a bundle that this build cannot use are skipped one by one."""
    from mxtls.x509.certificate import Cert

    c = Cert()
    failure = None
    for data in groups:
        for buf, off, end, label, _headers in objects(data):
            if label is not None and label != "CERTIFICATE" and label != "X509 CERTIFICATE":
                continue
            try:
                c.parse(buf, off, end)
                key = c.public_key()
                if key.kind == _KEY_RSA and key.bits < keys.min_rsa_bits:
                    raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "the CA's RSA key is too short: lower keys.min_rsa_bits to use it")
                keys.anchors.append((buf, off, end, c.subject, c.subject_end))
            except Error as e:
                failure = e
                keys.skipped += 1
                keys.skip_reason = e.text
    if not keys.anchors:
        raise failure or Error(_PARSE_FAIL, _ALERT_NONE, "no certificate in the PEM text: give trusted CA certificates")
