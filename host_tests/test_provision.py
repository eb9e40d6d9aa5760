# SPDX-License-Identifier: MIT
"""tools/provision.py: what it writes is loaded by mxtls.Keys and read by openssl, in any order given; what does not fit is refused in one line."""

import socket
import ssl
import subprocess
import threading

import pki
import provision
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

import mxtls


@pytest.fixture(scope="module")
def chain():
    return pki.chain(key="p256", names=["localhost"], intermediates=2)


@pytest.fixture(scope="module")
def bundle(chain, tmp_path_factory):
    """Three roots, of which the chain's is one."""
    others = [pki.chain(key=key, tag=" of " + key, intermediates=0).root_pem for key in ("p384", "rsa2048")]
    path = tmp_path_factory.mktemp("roots") / "bundle.pem"
    path.write_bytes(b"a comment\n" + others[0] + chain.root_pem + others[1])
    return path


def run(capsys, *arguments):
    """The exit status and what was printed."""
    status = provision.main([str(a) for a in arguments])
    return status, capsys.readouterr().out


def load(folder, *, cert=True, roots=True):
    keys = mxtls.Keys()
    own = ("cert.der", "key.der") if cert else ()
    keys.load_rsa_keys(*([str(folder / name) for name in own] or (None, None)), None, str(folder / "roots.der") if roots else None)
    return keys


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048"])
def test_pem_becomes_what_keys_load(kind, bundle, tmp_path, capsys):
    chain = pki.chain(key=kind, intermediates=2)
    (tmp_path / "key.pem").write_bytes(chain.private_bytes(password=b"secret"))
    (tmp_path / "mixed.pem").write_bytes(chain.root_pem + b"".join(pki.pem(c) for c in reversed(chain.certificates)))
    status, said = run(capsys, "--key", tmp_path / "key.pem", "--password", "secret", "--cert", tmp_path / "mixed.pem", "--roots", bundle, "--out", tmp_path / "d")
    assert status == 0
    assert (tmp_path / "d" / "cert.der").read_bytes() == b"".join(chain.chain_ders), "child first, without the root"
    keys = load(tmp_path / "d")
    assert (len(keys.chain), len(keys.anchors)) == (3, 3)
    assert "cert.der    %5d bytes" % len(b"".join(chain.chain_ders)) in said
    assert (tmp_path / "d" / "key.der").stat().st_mode & 0o077 == 0


def test_der_is_taken_as_well(chain, tmp_path, capsys):
    (tmp_path / "key").write_bytes(chain.key_der)
    (tmp_path / "certs").write_bytes(b"".join(chain.chain_ders))
    assert run(capsys, "--key", tmp_path / "key", "--cert", tmp_path / "certs", "--out", tmp_path / "d")[0] == 0
    assert len(load(tmp_path / "d", roots=False).chain) == 3


@pytest.mark.parametrize("form", ["sha256", "sha1", "colons", "subject"])
def test_roots_are_chosen(form, chain, bundle, tmp_path, capsys):
    digest = chain.root.fingerprint(hashes.SHA1() if form == "sha1" else hashes.SHA256())
    choice = {"colons": digest.hex(":").upper(), "subject": "cn=mxtls test root,"}.get(form, digest.hex())
    assert run(capsys, "--roots", bundle, "--root", choice, "--out", tmp_path)[0] == 0
    assert (tmp_path / "roots.der").read_bytes() == chain.root_der
    assert len(load(tmp_path, cert=False).anchors) == 1


def test_roots_as_a_trust_store(chain, bundle, tmp_path, capsys):
    more = tmp_path / "more.pem"
    more.write_bytes(bundle.read_bytes() + chain.chain_pem)
    status, said = run(capsys, "--roots", more, "--store", "--out", tmp_path)
    assert status == 0 and "left out" in said, "a leaf is no root"
    assert not (tmp_path / "roots.der").exists()
    mxtls.Keys().load_trust_store(str(tmp_path / "roots.mxt"))
    roots = {pki.der(c) for c in provision.certificates(bundle)}
    assert all(der in (tmp_path / "roots.mxt").read_bytes() for der in roots)
    assert chain.chain_ders[0] not in (tmp_path / "roots.mxt").read_bytes()


def test_a_root_is_taken_once(bundle, tmp_path, capsys):
    assert run(capsys, "--roots", bundle, "--root", "test root", "--root", "of p384", "--out", tmp_path)[0] == 0
    assert len(load(tmp_path, cert=False).anchors) == 3


def test_a_server_names_its_root(chain, bundle, tmp_path, capsys):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain.chain_path, chain.key_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with listener.accept()[0] as sock, context.wrap_socket(sock, server_side=True) as tls:
                tls.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        status, said = run(capsys, "--roots", bundle, "--server", "localhost:%d" % listener.getsockname()[1], "--out", tmp_path)
        thread.join(10)
    assert status == 0, said
    assert (tmp_path / "roots.der").read_bytes() == chain.root_der


@pytest.mark.parametrize("kind", provision.KINDS)
def test_a_new_key_and_its_request(kind, tmp_path, capsys):
    assert run(capsys, "--new-key", kind, "--name", "device7.example.org", "--out", tmp_path)[0] == 0
    text = (tmp_path / "request.pem").read_bytes()
    assert subprocess.run(["openssl", "req", "-verify", "-noout"], input=text, capture_output=True).returncode == 0
    csr = x509.load_pem_x509_csr(text)
    ca = pki.chain(key="p256", intermediates=0)
    cert = pki.issue(csr.subject, csr, issuer=ca.root.subject, issuer_key=pki.make_key("p256", "root"))
    (tmp_path / "came-back.pem").write_bytes(pki.pem(cert))
    key = (tmp_path / "key.der").read_bytes()
    assert run(capsys, "--key", tmp_path / "key.der", "--cert", tmp_path / "came-back.pem", "--out", tmp_path)[0] == 0
    assert (tmp_path / "key.der").read_bytes() == key
    assert len(load(tmp_path, roots=False).chain) == 1
    status, said = run(capsys, "--new-key", kind, "--out", tmp_path)
    assert status == 1 and "holds another key" in said and (tmp_path / "key.der").read_bytes() == key


def refusals(chain, bundle, folder):
    other = folder / "other.pem"
    other.write_bytes(pki.chain(key="p384").key_pem)
    ed = folder / "ed.pem"
    ed.write_bytes(pki.chain(key="ed25519").key_pem)
    cut = folder / "cut.der"
    cut.write_bytes(chain.root_der[:-1])
    yield ("--key", other, "--cert", chain.chain_path), "the private key does not belong to any of the certificates"
    yield ("--key", ed), "neither RSA nor EC"
    yield ("--key", chain.chain_path), "is no private key"
    yield ("--key", folder / "absent"), "cannot read"
    yield ("--cert", chain.chain_path), "a certificate goes with its private key"
    yield ("--roots", cut), "is cut short"
    yield ("--roots", chain.key_path), "there is no certificate in"
    yield ("--roots", bundle, "--root", "Another CA"), "no root is 'Another CA'"
    yield ("--roots", bundle, "--root", "00" * 32), "no root is"
    yield ("--root", "all"), "give --roots"
    yield ("--name", "x"), "give --new-key or --key"
    yield (), "nothing to do"


def test_refusals_are_one_line_and_write_nothing(chain, bundle, tmp_path, capsys):
    for arguments, line in refusals(chain, bundle, tmp_path):
        status, said = run(capsys, *arguments, "--out", tmp_path / "d")
        assert status == 1 and line in said and len(said.splitlines()) == 1, (arguments, said)
        assert not (tmp_path / "d").exists(), arguments


def test_a_root_that_mxtls_cannot_use_is_said(tmp_path, capsys):
    chain = pki.chain(key="rsa1024", tag=" short", intermediates=0)
    good = pki.chain(key="p256", intermediates=0)
    (tmp_path / "roots.pem").write_bytes(chain.root_pem + good.root_pem)
    status, said = run(capsys, "--roots", tmp_path / "roots.pem", "--out", tmp_path)
    assert status == 0 and "1 of the roots cannot be used by mxtls" in said
