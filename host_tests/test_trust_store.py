# SPDX-License-Identifier: MIT
"""tools/trust_store.py and the store that keys.load_trust_store opens: the roots of the public web and chains made to order, on each
interpreter; what a look-up costs in heap."""

import hashlib
import subprocess
import sys

import loop
import pki
import pytest
import trust_store
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from test_x509 import NOW

import targets
from mxtls import codes as c
from mxtls.errors import Error
from mxtls.keys import Keys
from mxtls.x509.certificate import Cert
from mxtls.x509.names import dn_match
from mxtls.x509.store import TrustStore, name_hash
from mxtls.x509.verify import verify

CHAIN = pki.chain(key="p256", intermediates=2)
TOOL = targets.ROOT / "tools" / "trust_store.py"


@pytest.fixture(scope="module")
def roots():
    """The roots of the vectors, DER."""
    folder = targets.vectors()
    if folder is None:
        pytest.skip("no test vectors: set MXTLS_VECTORS to their folder")
    return list(trust_store.certificates((folder / "roots" / "ca-certificates.pem").read_bytes()))


def opened(tmp_path, ders):
    path = tmp_path / "roots.mxt"
    path.write_bytes(trust_store.store(ders))
    keys = Keys()
    keys.load_trust_store(str(path))
    return keys


def found(store, der):
    """The certificates that a look-up of the subject of this one gives."""
    cert = Cert()
    cert.parse(der, 0, len(der))
    at, got = store.first(der[cert.subject : cert.subject_end]), []
    while at >= 0:
        got.append(store.root(at))
        at = store.after(at)
    return got


def test_every_root_is_found(tmp_path, roots):
    store = TrustStore(opened(tmp_path, roots).store)
    assert store.count == len(set(roots)) == 148
    for der in roots:
        assert der in found(store, der)
        assert len(found(store, der)) <= 2
    assert found(store, CHAIN.root_der) == []


def test_a_look_up_reads_little(tmp_path, roots, monkeypatch):
    import mxtls_port

    store = TrustStore(opened(tmp_path, roots).store)
    reads, read_at = [], mxtls_port.read_at
    monkeypatch.setattr(mxtls_port, "read_at", lambda name, off, n: reads.append(n) or read_at(name, off, n))
    assert found(store, roots[77]) == [roots[77]]
    assert len(reads) <= 13 and sorted(reads)[-2] <= 12


@pytest.mark.parametrize("count", (1, 2, 3, 8))
def test_small_stores(tmp_path, count):
    ders = [pki.der(pki.issue("root %d" % i, pki.make_key("p256", "store%d" % i), ca=True)) for i in range(9)]
    store = TrustStore(opened(tmp_path, ders[:count]).store)
    for i, der in enumerate(ders):
        assert found(store, der) == ([der] if i < count else [])


def test_chains_end_in_the_store(tmp_path, roots):
    keys = opened(tmp_path, [*roots, CHAIN.root_der])
    assert verify(CHAIN.chain_ders, keys, "localhost", NOW, 1).alert == 0
    assert verify(CHAIN.chain_ders[:1], keys, "localhost", NOW, 1).alert == c.ALERT_UNKNOWN_CA
    assert verify(pki.chain(key="p256", tag="x").chain_ders, keys, "localhost", NOW, 1).alert == c.ALERT_UNKNOWN_CA
    keys.pin(hashlib.sha256(b"another").digest())
    assert "pinned" in verify(CHAIN.chain_ders, keys, "localhost", NOW, 1).text
    cert = Cert()
    cert.parse(CHAIN.root_der, 0, len(CHAIN.root_der))
    keys.pin(hashlib.sha256(CHAIN.root_der[cert.spki : cert.spki_end]).digest())
    assert verify(CHAIN.chain_ders, keys, "localhost", NOW, 1).alert == 0
    keys.delete()
    assert keys.store is None


def test_several_roots_of_one_name(tmp_path):
    """A CA that changed its key, a stranger of that name, a root that is no CA: the one that signed is found."""
    name = pki.name("mxtls test root")
    others = [pki.der(pki.issue(name, pki.make_key("p256", "n%d" % i), ca=i != 2)) for i in range(4)]
    keys = opened(tmp_path, [*others, CHAIN.root_der])
    assert len(found(TrustStore(keys.store), CHAIN.root_der)) == 5
    assert verify(CHAIN.chain_ders, keys, "localhost", NOW, 1).alert == 0
    path = verify(CHAIN.chain_ders, opened(tmp_path, others), "localhost", NOW, 1)
    assert path.alert and not path.done


def test_loaded_anchors_and_the_store_together(tmp_path):
    other = pki.chain(key="p256", tag="both")
    keys = opened(tmp_path, [other.root_der])
    keys.load_rsa_keys_mem(None, None, CHAIN.root_der)
    for chain in (CHAIN, other):
        assert verify(chain.chain_ders, keys, "localhost", NOW, 1).alert == 0


def test_names_that_differ_in_writing_have_one_hash():
    oid = pki.NameOID
    from cryptography.x509.name import _ASN1Type as kind

    def name(text, tag):
        return x509.Name([x509.NameAttribute(oid.COUNTRY_NAME, "CH"), x509.NameAttribute(oid.COMMON_NAME, text, tag)]).public_bytes()

    names = [name("Some  Root ", kind.UTF8String), name("some root", kind.PrintableString), name("SOME ROOT", kind.IA5String), name("Some Root", kind.T61String), name("Other", kind.UTF8String)]
    for a in names:
        for b in names:
            if dn_match(a, 0, len(a), b, 0, len(b), False):
                assert name_hash(a, 0, len(a)) == name_hash(b, 0, len(b))
    hashes = [name_hash(n, 0, len(n)) for n in names]
    assert hashes[0] == hashes[1] == hashes[2] != hashes[4]


def test_damage(tmp_path):
    path = tmp_path / "store"
    good = trust_store.store([CHAIN.root_der])
    for bad in (b"", b"MXT1", b"junk" + good[4:], good[:4] + b"\xff" + good[5:]):
        path.write_bytes(bad)
        with pytest.raises(Error) as e:
            Keys().load_trust_store(str(path))
        assert loop.check_text(e.value).code == c.PARSE_FAIL
    with pytest.raises(Error) as e:
        Keys().load_trust_store(str(tmp_path / "nowhere"))
    assert loop.check_text(e.value).code == c.PLATFORM_FAIL
    for bad, trusted in ((good[:20] + b"\x31" + good[21:], 0), (good[:-1], 0), (good[:10], 0), (good[:16] + b"\x00\x00\xff\xff" + good[20:], 0), (good, 1)):
        path.write_bytes(good)
        keys = Keys()
        keys.load_trust_store(str(path))
        path.write_bytes(bad)
        result = verify(CHAIN.chain_ders, keys, "localhost", NOW, 1)
        assert (result.alert == 0) == bool(trusted), result.text
    path.unlink()
    result = verify(CHAIN.chain_ders, keys, "localhost", NOW, 1)
    assert (result.code, result.alert) == (c.PLATFORM_FAIL, c.ALERT_INTERNAL_ERROR)


@pytest.mark.parametrize("version", (c.TLS1_2, c.TLS1_3))
def test_handshakes(tmp_path, version):
    keys = opened(tmp_path, [CHAIN.root_der])
    own = Keys()
    own.load_rsa_keys_mem(b"".join(CHAIN.chain_ders), CHAIN.key_der)
    loop.connect(*loop.pair((keys, own), max_version=version))
    client, server = loop.pair((opened(tmp_path, [pki.chain(key="p256", tag="z").root_der]), own), max_version=version)
    loop.pump(client, server)
    assert client.error.alert == c.ALERT_UNKNOWN_CA
    mutual = opened(tmp_path, [CHAIN.root_der])
    mutual.load_rsa_keys_mem(b"".join(CHAIN.chain_ders), CHAIN.key_der)
    both = pki.chain(key="p256", intermediates=2, eku=("client",))
    mine = opened(tmp_path, [CHAIN.root_der])
    mine.load_rsa_keys_mem(b"".join(both.chain_ders), both.key_der)
    client, server = loop.pair((mine, mutual), server={"cert_validator": lambda s, cert, alert: alert}, max_version=version)
    loop.connect(client, server)
    assert not server.session.anonymous


SCRIPT = """
import sys
import mxtls_port
from mxtls.keys import Keys
from mxtls.x509.chain import Path
from mxtls.x509.store import TrustStore
file, now = sys.argv[1], int(sys.argv[2])
chain = []
for name in sys.argv[3:]:
    chain.append(mxtls_port.read_file(name))
def used():
    return 0
if sys.implementation.name == "micropython":
    import gc
    def used():
        gc.collect()
        return gc.mem_alloc()
keys = Keys()
before = used()
keys.load_trust_store(file)
print("loaded", used() - before)
def judge(host):
    path = Path(keys, 1, host, now)
    for der in chain:
        path.add(der, 0, len(der))
    return path.finish()
assert judge("localhost") == 0
assert judge("elsewhere") == 42
before = used()
assert judge("localhost") == 0
print("left", used() - before)
print("count", TrustStore(keys.store).count)
"""


def test_on_each_interpreter(target, tmp_path, roots):
    """Opening the store takes its object and nothing of the roots, of which one at a time is in memory."""
    store, script = tmp_path / "roots.mxt", tmp_path / "script.py"
    store.write_bytes(trust_store.store([*roots, CHAIN.root_der]))
    script.write_text(SCRIPT)
    files = []
    for i, der in enumerate(CHAIN.chain_ders):
        files.append(tmp_path / str(i))
        files[-1].write_bytes(der)
    done = targets.run(target, script, [store, NOW, *files], heap="140k")  # the library's source is compiled in it; the store has 160 KB
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(line.split() for line in done.stdout.splitlines())
    assert said["count"] == "149"
    assert int(said["loaded"]) <= 64, said
    assert int(said["left"]) <= 128, said


# --- The tool


def run_tool(*args):
    return subprocess.run([sys.executable, str(TOOL), *map(str, args)], capture_output=True, text=True)


def test_the_tool(tmp_path, roots):
    bundle, out = tmp_path / "bundle.pem", tmp_path / "out"
    bundle.write_bytes(b"".join(b"# of no interest\n" + pki.pem(x509.load_der_x509_certificate(r)) for r in roots[:5] + roots[:2]) + pki.pem(CHAIN.certificates[0]))
    single = tmp_path / "root.der"
    single.write_bytes(CHAIN.root_der)
    done = run_tool(bundle, single, "--out", out)
    assert done.returncode == 0 and done.stdout.startswith("6 roots, ") and "no CA" in done.stderr, done
    assert out.read_bytes() == trust_store.store([*roots[:5], CHAIN.root_der])
    third = x509.load_der_x509_certificate(roots[2])
    done = run_tool(bundle, single, "--out", out, "--fingerprint", third.fingerprint(hashes.SHA256()).hex(":").upper(), "--subject", "MXTLS test ROOT")
    assert done.returncode == 0 and not done.stderr and out.read_bytes() == trust_store.store([roots[2], CHAIN.root_der]), done
    out.unlink()
    for args in ((bundle, "--subject", "nobody of that name"), (tmp_path / "nowhere",), (TOOL,)):
        done = run_tool(*args, "--out", out)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "Traceback" not in done.stderr and not out.exists()


def test_a_certificate_of_another_kind_of_key_is_left_out():
    edwards = pki.der(pki.issue("edwards", pki.make_key("ed448"), ca=True))
    chosen, complaints = trust_store.choose([edwards, CHAIN.root_der, CHAIN.root_der], (), ())
    assert chosen == [CHAIN.root_der] and len(complaints) == 1 and "kind of key" in complaints[0]
