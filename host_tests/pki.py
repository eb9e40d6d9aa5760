# SPDX-License-Identifier: MIT
"""Certificate chains made to order for the tests: root -> intermediates -> leaf, with the `cryptography` package.

    c = pki.chain(key="p256", names=["localhost"], ips=["127.0.0.1"])
    c.root_pem, c.chain_pem, c.key_pem        bytes; the chain is leaf first, without the root
    c.root_der, c.chain_ders, c.key_der       the same in DER; chain_ders is a list, key_der is PKCS#8
    c.root_path, c.chain_path, c.key_path     files with the PEMs, made when first asked for

Keys: "p256" "p384" "p521" "rsa1024" "rsa2048" "rsa3072" "rsa4096" "ed25519" "ed448"; one of each kind and use is made per process.
"""

import datetime
import ipaddress
import os
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as EKU, NameOID

_DAY = datetime.timedelta(days=1)
_HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
_CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
_keys = {}
EKUS = {"server": EKU.SERVER_AUTH, "client": EKU.CLIENT_AUTH, "any": EKU.ANY_EXTENDED_KEY_USAGE, "code": EKU.CODE_SIGNING}


def make_key(kind, slot=0):
    """A private key of that kind; the same kind and slot give the same key again."""
    if (kind, slot) not in _keys:
        if kind in _CURVES:
            key = ec.generate_private_key(_CURVES[kind]())
        elif kind == "ed25519":
            key = ed25519.Ed25519PrivateKey.generate()
        elif kind == "ed448":
            key = ed448.Ed448PrivateKey.generate()
        else:
            key = rsa.generate_private_key(65537, int(kind[3:]))
        _keys[kind, slot] = key
    return _keys[kind, slot]


def name(common_name, organization="mxtls tests"):
    """A distinguished name; None gives the empty one."""
    if common_name is None:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization), x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def issue(
    subject,
    key,
    issuer=None,
    issuer_key=None,
    ca=None,
    pathlen=None,
    names=(),
    ips=(),
    emails=(),
    eku=(),
    usage=None,
    constraints=None,
    start=None,
    end=None,
    digest="sha256",
    pss=False,
    extra=(),
    serial=None,
):
    """One certificate. subject, issuer: a Name or a common name (no issuer: self-signed). key: the subject's private key.
    ca: True, False or None (no basicConstraints). usage: x509.KeyUsage keywords that are True, None for no extension.
    constraints: (permitted, excluded) lists of GeneralName. start, end: datetimes. extra: (extension, critical) pairs."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    subject = subject if isinstance(subject, x509.Name) else name(subject)
    issuer = subject if issuer is None else issuer if isinstance(issuer, x509.Name) else name(issuer)
    issuer_key = issuer_key or key
    b = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(start or now - _DAY)
        .not_valid_after(end or now + 30 * _DAY)
    )
    if ca is not None:
        b = b.add_extension(x509.BasicConstraints(ca, pathlen if ca else None), True)
    if usage is not None:
        every = (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        )
        b = b.add_extension(x509.KeyUsage(**{u: u in usage for u in every}), True)
    if eku:
        b = b.add_extension(x509.ExtendedKeyUsage([EKUS[e] for e in eku]), False)
    san = [x509.DNSName(n) for n in names] + [x509.IPAddress(ipaddress.ip_address(i)) for i in ips] + [x509.RFC822Name(e) for e in emails]
    if san:
        b = b.add_extension(x509.SubjectAlternativeName(san), len(list(subject)) == 0)
    if constraints:
        b = b.add_extension(x509.NameConstraints(constraints[0] or None, constraints[1] or None), True)
    b = b.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    b = b.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
    for extension, critical in extra:
        b = b.add_extension(extension, critical)
    if isinstance(issuer_key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)):
        return b.sign(issuer_key, None)
    algorithm = _HASHES[digest]()
    if pss:
        return b.sign(issuer_key, algorithm, rsa_padding=padding.PSS(padding.MGF1(algorithm), algorithm.digest_size))
    return b.sign(issuer_key, algorithm)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


class Chain:
    """What chain() made; see the module."""

    def __init__(self, root, certificates, key):
        self.root = root
        self.certificates = certificates
        self.key = key
        self.root_pem, self.root_der = pem(root), der(root)
        self.chain_pem = b"".join(pem(c) for c in certificates)
        self.chain_ders = [der(c) for c in certificates]
        self.key_pem = self.private_bytes(serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM)
        self.key_der = self.private_bytes(serialization.PrivateFormat.PKCS8, serialization.Encoding.DER)
        self._folder = None

    def private_bytes(self, form=serialization.PrivateFormat.TraditionalOpenSSL, encoding=serialization.Encoding.PEM, password=None):
        """The leaf's key as PKCS#1/SEC1 (the default) or PKCS#8, encrypted when there is a password."""
        lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        return self.key.private_bytes(encoding, form, lock)

    def write(self, folder):
        """Write root.pem, chain.pem and key.pem into folder and use these paths."""
        os.makedirs(folder, exist_ok=True)
        for file, data in (("root.pem", self.root_pem), ("chain.pem", self.chain_pem), ("key.pem", self.key_pem)):
            with open(os.path.join(folder, file), "wb") as f:
                f.write(data)
        self._folder = str(folder)
        return self

    def __getattr__(self, attribute):
        if attribute not in ("root_path", "chain_path", "key_path"):
            raise AttributeError(attribute)
        if self._folder is None:
            self._keep = tempfile.TemporaryDirectory(prefix="mxtls-pki-")
            self.write(self._keep.name)
        return os.path.join(self._folder, attribute[:-5] + ".pem")


def chain(
    key="p256",
    names=("localhost",),
    ips=(),
    ca_key=None,
    intermediates=1,
    eku=("server",),
    usage=None,
    expired=False,
    not_yet=False,
    digest="sha256",
    pss=False,
    pathlen=None,
    constraints=None,
    subject="leaf",
    tag="",
    leaf=None,
    intermediate=None,
    root=None,
):
    """root -> `intermediates` CAs -> leaf. ca_key: the CAs' kind of key (default the leaf's; p256 for those of Edwards).
    expired, not_yet: the leaf's period. constraints, pathlen: of the intermediate nearest to the root. tag: a different tag gives
    different CAs with different keys. leaf, intermediate, root: dicts that override arguments of issue()."""
    ca_key = ca_key or ("p256" if key[:2] == "ed" else key)
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    sign = {"digest": digest, "pss": pss}
    ca_usage = ("key_cert_sign", "crl_sign")
    up_name, up_key = name("mxtls test root" + tag), make_key(ca_key, "root" + tag)
    args = dict(sign, ca=True, usage=ca_usage, end=now + 3650 * _DAY)
    args.update(root or {})
    top = issue(up_name, up_key, **args)
    made = []
    for i in range(intermediates):
        own_name, own_key = name("mxtls test CA %d%s" % (i + 1, tag)), make_key(ca_key, "ca%d%s" % (i, tag))
        args = dict(sign, ca=True, usage=ca_usage, end=now + 1000 * _DAY)
        if i == 0:
            args.update(pathlen=pathlen, constraints=constraints)
        args.update(intermediate or {})
        made.insert(0, issue(own_name, own_key, up_name, up_key, **args))
        up_name, up_key = own_name, own_key
    leaf_key = make_key(key, "leaf")
    if usage is None:
        usage = ("digital_signature", "key_encipherment") if key[:3] == "rsa" else ("digital_signature",)
    args = dict(sign, ca=False, usage=usage, names=names, ips=ips, eku=eku)
    if expired:
        args.update(start=now - 30 * _DAY, end=now - _DAY)
    if not_yet:
        args.update(start=now + _DAY, end=now + 30 * _DAY)
    args.update(leaf or {})
    made.insert(0, issue(subject, leaf_key, up_name, up_key, **args))
    return Chain(top, made, leaf_key)
