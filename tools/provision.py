#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a board needs of keys and certificates, as small DER files: cert.der, key.der, roots.der.

    tools/provision.py --new-key p256 --name device7.example.org --out device7      a key, and a request for its certificate
    tools/provision.py --key device7/key.der --cert chain.pem --out device7         the certificate that came back
    tools/provision.py --roots ca-bundle.pem --root "ISRG Root X1" --out device7    what the board trusts
    … --port /dev/ttyACM0                                                           and onto the board
mxtls.Keys().load_rsa_keys("cert.der", "key.der", None, "roots.der") takes them. Keys are P-256 or RSA-2048; a --root is a SHA-256 or SHA-1
fingerprint, a part of the subject, or all; --server HOST[:PORT] asks a server which root it needs.
"""

import argparse
import os
import re
import sys
import warnings
from pathlib import Path

import on_board
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from steps import ROOT, Failed, say

KINDS = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
}
warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # old roots with serial numbers that RFC 5280 forbids
_DER = serialization.Encoding.DER
_PEM_CERTIFICATE = re.compile(rb"-----BEGIN (?:X509 )?CERTIFICATE-----.+?-----END (?:X509 )?CERTIFICATE-----", re.DOTALL)


def certificates(path):
    """Every certificate of a file, PEM or DER one after another."""
    data = _read(path)
    ders = []
    if data[:1] == b"\x30":
        while data:
            n = _length(data, path)
            ders.append(data[:n])
            data = data[n:]
    pems = _PEM_CERTIFICATE.findall(data)
    try:
        found = [x509.load_der_x509_certificate(der) for der in ders] + [x509.load_pem_x509_certificate(pem) for pem in pems]
    except ValueError as e:
        raise Failed("%s holds something that is no certificate: %s" % (path, e)) from None
    if not found:
        raise Failed("there is no certificate in %s: give PEM or DER" % path)
    return found


def _read(path):
    try:
        return Path(path).read_bytes()
    except OSError as e:
        raise Failed("cannot read %s: %s" % (path, e.strerror)) from None


def _length(data, path):
    """Bytes of the DER object that data begins with."""
    wide = data[1] & 0x7F if len(data) > 1 and data[1] & 0x80 else 0
    n = 2 + wide + (int.from_bytes(data[2 : 2 + wide]) if wide else data[1] if len(data) > 1 else 0)
    if data[0] != 0x30 or n > len(data):
        raise Failed("%s is cut short, or holds more than certificates: give it whole" % path)
    return n


def private_key(path, password=None):
    """The private key of a file, PEM or DER; P-256, P-384, P-521 or RSA."""
    data = _read(path)
    load = serialization.load_der_private_key if data[:1] == b"\x30" else serialization.load_pem_private_key
    try:
        key = load(data, password and password.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Failed("%s is no private key that can be read: check the file, and --password where it has one" % path) from None
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise Failed("the key in %s is neither RSA nor EC: mxtls has no other" % path)
    return key


def key_der(key):
    """The smallest form that mxtls takes, whatever its options: PKCS #1 or SEC 1."""
    return key.private_bytes(_DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def chain(key, found):
    """The key's certificate and its issuers in order, without the root, which the peer has. Failed where none is the key's."""
    own = [c for c in found if _public(c) == _public(key)]
    if not own:
        raise Failed("the private key does not belong to any of the certificates: give the key that they were asked for with")
    ordered = [own[0]]
    while parent := next((c for c in found if c not in ordered and _signed_by(ordered[-1], c)), None):
        ordered.append(parent)
    if len(ordered) > 1 and _signed_by(ordered[-1], ordered[-1]):
        ordered.pop()
    return ordered


def _public(holder):
    return holder.public_key().public_bytes(_DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _signed_by(child, parent):
    try:
        child.verify_directly_issued_by(parent)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def choose(found, choices):
    """The roots that the choices name: a fingerprint, a part of the subject, or "all". Failed for a choice that names none."""
    chosen = []
    for choice in choices:
        plain = choice.replace(":", "").replace(" ", "").lower()
        digest = {64: hashes.SHA256, 40: hashes.SHA1}.get(len(plain)) if re.fullmatch("[0-9a-f]+", plain) else None
        if choice == "all":
            named = found
        elif digest:
            named = [c for c in found if c.fingerprint(digest()).hex() == plain]
        else:
            named = [c for c in found if choice.lower() in c.subject.rfc4514_string().lower()]
        if not named:
            raise Failed("no root is %r: give a fingerprint, a part of a subject, or all" % choice)
        chosen += [c for c in named if c not in chosen]
    return chosen


def root_of(server, bundle):
    """The root of the bundle that HOST or HOST:PORT proves itself with, by connecting to it."""
    _library()
    from mxtls_cli import roots

    try:
        return x509.load_der_x509_certificate(roots.root_of(server, bundle))
    except (OSError, ValueError) as e:
        raise Failed("%s does not prove itself with a root of %s: %s" % (server, bundle, e)) from None


def request(key, name):
    """A certificate request (PKCS #10, PEM) for a host name or a device's name."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", name):
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def as_store(ders):
    """The roots as a file for keys.load_trust_store, without those that mxtls cannot use."""
    import trust_store  # it imports mxtls

    usable, complaints = trust_store.choose(ders, (), ())
    for line in complaints:
        say(line)
    if not usable:
        raise Failed("mxtls can use none of these roots: choose others")
    return trust_store.store(usable)


def _library():
    sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "port" / "cpython"), str(ROOT / "cli")]


def check(files):
    """Load the files as a board does: Failed with mxtls's own line where it refuses them."""
    if not {"cert.der", "roots.der"} & files.keys():
        return
    _library()
    import mxtls

    keys = mxtls.Keys()
    cert = files.get("cert.der")
    try:
        keys.load_rsa_keys_mem(cert, files["key.der"] if cert else None, files.get("roots.der"))
    except mxtls.Error as e:
        raise Failed("mxtls does not take these files: %s" % e) from None
    if keys.skipped:
        say("%d of the roots cannot be used by mxtls and only take room: %s" % (keys.skipped, keys.skip_reason))
    keys.delete()


def provision(given):
    """{name: bytes} of what the arguments ask for."""
    files = {}
    if given.new_key and given.key:
        raise Failed("give --new-key or --key, not both")
    if given.name and not given.new_key and not given.key:
        raise Failed("--name is for a request: give --new-key or --key with it")
    key = KINDS[given.new_key]() if given.new_key else private_key(given.key, given.password) if given.key else None
    if key:
        files["key.der"] = key_der(key)
    if given.name:
        files["request.pem"] = request(key, given.name)
    if given.cert:
        if not given.key:
            raise Failed("a certificate goes with its private key: give --key")
        files["cert.der"] = b"".join(c.public_bytes(_DER) for c in chain(key, [c for path in given.cert for c in certificates(path)]))
    if given.root or given.server:
        if not given.roots:
            raise Failed("a choice of roots needs a file to choose from: give --roots")
    if given.roots:
        choices = given.root or ([] if given.server else ["all"])
        chosen = choose(certificates(given.roots), choices)
        for server in given.server:
            found = root_of(server, given.roots)
            chosen += [found] if found not in chosen else []
        ders = [c.public_bytes(_DER) for c in chosen]
        files |= {"roots.mxt": as_store(ders)} if given.store else {"roots.der": b"".join(ders)}
        for c in chosen:
            say("root   %5d bytes  %s  %s" % (len(c.public_bytes(_DER)), c.fingerprint(hashes.SHA256()).hex()[:16], c.subject.rfc4514_string()))
    if not files:
        raise Failed("nothing to do: give --new-key, --key with --cert, or --roots")
    check(files)
    return files


def write(files, folder):
    """Write the files; a key is for its owner alone, and a new one never replaces another."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "key.der"
    if "key.der" in files and key.exists() and key.read_bytes() != files["key.der"]:
        raise Failed("%s holds another key: choose another --out, or move it away" % key)
    for name, data in files.items():
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if name == "key.der" else 0o644), "wb") as f:
            f.write(data)
        say("%-11s %5d bytes  %s" % (name, len(data), folder / name))


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--new-key", choices=KINDS, help="generate a private key")
    parser.add_argument("--key", help="a private key, PEM or DER")
    parser.add_argument("--password", help="of that key")
    parser.add_argument("--name", help="write request.pem, for a certificate of this name")
    parser.add_argument("--cert", action="append", default=[], help="the key's certificate and its issuers, PEM or DER; any order, may be given again")
    parser.add_argument("--roots", help="a file of root certificates, PEM or DER")
    parser.add_argument("--root", action="append", default=[], help="choose: a fingerprint, a part of the subject, or all (default); may be given again")
    parser.add_argument("--server", action="append", default=[], metavar="HOST[:PORT]", help="choose the root that this server needs, by connecting to it")
    parser.add_argument("--store", action="store_true", help="write roots.mxt, for keys.load_trust_store, and not roots.der")
    parser.add_argument("--out", type=Path, default=Path("device"), help="the folder for the files")
    parser.add_argument("--port", help="copy the files, but for a request, to the board at this port of mpremote")
    parser.add_argument("--folder", default="", help="of the board")
    given = parser.parse_args(arguments)
    try:
        files = provision(given)
        write(files, given.out)
        if given.port:
            on_board.copy(given.port, {name: given.out / name for name in files if name != "request.pem"}, given.folder)
            say("copied to the board at %s" % given.port)
    except Failed as e:
        say("provision: %s" % e)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
