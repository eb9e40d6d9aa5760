# SPDX-License-Identifier: MIT
"""Options that change a whole build: locks, the arena, traces. Each is staged and runs a handshake in a process of its own (self-test)."""

import os
import subprocess
import sys

import configure
import pki
import pytest

PROLOGUE = """
import sys
sys.path.insert(0, {tests!r})
import loop, mxtls
made = []
def pair(suite=0, most=0x0303):
    kc, ks = mxtls.Keys(), mxtls.Keys()
    kc.load_rsa_keys({chain!r}, {key!r}, None, {root!r})
    ks.load_rsa_keys({chain!r}, {key!r}, None, {root!r})
    c = mxtls.ClientSession(kc, None, suite, server_name="localhost", max_version=most)
    made.append(c)
    s = mxtls.ServerSession(ks, max_version=most)
    made.append(s)
    return c, s
def carry(c, s):
    status = set()
    for _ in range(20):
        for a, b in ((c, s), (s, c)):
            out = bytes(a.get_outdata())
            if out:
                status.add(a.sent_data(len(out)))
            while out:
                view = b.get_readbuf()
                n = min(len(view), len(out))
                view[:n] = out[:n]
                out = out[n:]
                status.add(b.received_data(n))
    return status
def run(c, s):
    assert mxtls.HANDSHAKE_COMPLETE in carry(c, s)
def echo(a, b, data):
    a.encode_to_outdata(data)
    assert taken(a, b) == data
def taken(a, b):
    out = bytes(a.get_outdata())
    a.sent_data(len(out))
    got = b""
    while out:
        view = b.get_readbuf()
        n = min(len(view), len(out))
        view[:n] = out[:n]
        out = out[n:]
        status = b.received_data(n)
        while status == mxtls.APP_DATA:
            got += bytes(b.plaintext)
            status = b.processed_data()
    return got
"""


@pytest.fixture(scope="module")
def chain():
    return pki.chain(key="p256", names=["localhost"])


def run(tmp_path, chain, options, script):
    """Stage everything with these options for CPython and run the script; what it printed."""
    folder = tmp_path / "staged"
    configure.stage(options, "pure", "cpython", folder, profile="everything")
    text = PROLOGUE.format(tests=os.path.dirname(__file__), chain=str(chain.chain_path), key=str(chain.key_path), root=str(chain.root_path)) + script
    done = subprocess.run([sys.executable, "-c", text], env=dict(os.environ, PYTHONPATH=str(folder)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_arena(tmp_path, chain):
    """Session buffers and record keys come from the block, and all of it comes back."""
    run(tmp_path, chain, {"USE_PEERSEC_MEMORY_MANAGEMENT": 1}, """
import mxtls.memory as memory
mxtls.open(arena=24000)
for suite in (0, 0xC02B, 0xC009, 0xC0AE, 0xCCA9, 0x1301, 0x1302, 0x1303, 0x1304):
    c, s = pair(suite, 0x0304 if suite >> 8 == 0x13 else 0x0303)
    run(c, s)
    before = memory.spent()
    assert before > 2000
    echo(c, s, b"hello")
    echo(s, c, bytes(3000))
    assert memory.spent() >= before
    spent = []
    for i in range(4):
        c.encode_rehandshake(session_option=i & 1 if suite >> 8 != 0x13 else 0)  # a KeyUpdate in TLS 1.3
        carry(c, s)
        echo(c, s, b"again")
        spent.append(memory.spent())
    assert spent[3] - spent[1] < 300, spent  # both are full; signatures differ in length, and buffers grow to the longest
    c.delete()
    s.delete()
    assert memory.spent() == 0
mxtls.close()
""")


def test_arena_of_two_sessions(tmp_path, chain):
    """What a session takes while another was the last to work is its own all the same: it outlives the other."""
    run(tmp_path, chain, {"USE_PEERSEC_MEMORY_MANAGEMENT": 1}, """
import mxtls.memory as memory
mxtls.open(arena=60000)
text = bytes(range(250)) * 20
for version in (0x0303, 0x0304):
    (c, s), other = pair(most=version), pair(most=version)
    run(c, s)
    for part in range(3):
        other = pair(most=version)
        run(*other)
        if part == 0:
            c.encode_to_outdata(text)
        elif part == 1:
            c.get_readbuf()
        else:
            c.encode_rehandshake()
        for session in other:
            session.delete()
        more = pair()
        run(*more)
        for session in more:
            session.delete()
        if part == 0:
            s.get_readbuf()
            assert taken(c, s) == text
        carry(c, s)
        echo(c, s, b"still there")
    for session in made:
        session.delete()
    assert memory.spent() == 0
""")


def test_arena_and_tickets(tmp_path, chain):
    """The key that seals tickets is of the Keys: it outlives the session that asked for it first."""
    run(tmp_path, chain, {"USE_PEERSEC_MEMORY_MANAGEMENT": 1}, """
import mxtls.memory as memory
mxtls.open(arena=30000)
kc, ks = mxtls.Keys(), mxtls.Keys()
kc.load_rsa_keys(None, None, None, %r)
ks.load_rsa_keys(%r, %r)
for version in (0x0303, 0x0304):
    sid = mxtls.SessionId()
    for again in range(3):
        c = mxtls.ClientSession(kc, sid, server_name="localhost", max_version=version)
        s = mxtls.ServerSession(ks, max_version=version)
        run(c, s)
        echo(s, c, b"so that the tickets have come")
        assert c.resumed == s.resumed == (again > 0), again
        c.delete()
        s.delete()
        assert memory.spent() == 0 and memory.owner is None
        assert ks.ticket_keys and all(any(key.aead._aes) for key in ks.ticket_keys)
""" % tuple(str(p) for p in (chain.root_path, chain.chain_path, chain.key_path)))


def test_arena_and_a_socket_that_fails(tmp_path, chain):
    """wrap_socket raises, and nobody has the socket: nothing of its session is left."""
    run(tmp_path, chain, {"USE_PEERSEC_MEMORY_MANAGEMENT": 1}, """
import socket
import mxtls.memory as memory, mxtls.ssl as ssl, mxtls.tls as tls
mxtls.open(arena=30000)
for module in (tls, ssl):
    ours, theirs = socket.socketpair()
    theirs.send(b"HTTP/1.0 400 Bad Request")
    context = module.SSLContext(module.PROTOCOL_TLS_CLIENT)
    try:
        context.wrap_socket(ours, server_hostname="localhost")
        raise SystemExit("wrapped")
    except OSError as e:
        assert e.args[0] == -0x7200 and memory.spent() == 0, e  # before CPython's collector closes the socket
""")


@pytest.mark.parametrize("size", (500, 800, 1500, 2500, 3300))
def test_arena_spent(tmp_path, chain, size):
    """A block that is too small: MEM_FAIL, and nothing stays in it."""
    run(tmp_path, chain, {"USE_PEERSEC_MEMORY_MANAGEMENT": 1}, f"""
import mxtls.memory as memory
mxtls.open(arena={size})
try:
    c, s = pair()
    run(c, s)
    raise SystemExit("the arena sufficed")
except mxtls.Error as e:
    assert e.code == mxtls.MEM_FAIL and "arena" in e.text, e.text
for x in made:
    x.delete()
assert memory.spent() == 0
""")


def test_arena_needs_its_option(tmp_path, chain):
    run(tmp_path, chain, {}, """
try:
    mxtls.open(arena=1000)
    raise SystemExit("taken")
except mxtls.Error as e:
    assert e.code == mxtls.DISABLED_FEATURE_FAIL
""")


def test_threads(tmp_path, chain):
    """Sessions in several threads at once, over scratch that they share."""
    run(tmp_path, chain, {"USE_MULTITHREADING": 1}, """
import sys, threading
sys.setswitchinterval(1e-6)
failed = []
def work(n):
    try:
        for i in range(2):
            c, s = pair()
            run(c, s)
            for size in (1, 100, 5000):
                echo(c, s, bytes([n]) * size)
                echo(s, c, bytes([n + 1]) * size)
    except BaseException as e:
        failed.append(e)
threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
for t in threads: t.start()
for t in threads: t.join()
assert not failed, failed
""")


def test_every_call_that_computes_takes_the_lock(tmp_path, chain):
    """Random bytes, records that get_writebuf has to seal first, cookies, exported keys, and the arena."""
    run_dtls(tmp_path, chain, {"USE_MULTITHREADING": 1, "USE_PEERSEC_MEMORY_MANAGEMENT": 1}, """
from _thread import get_ident
import mxtls.exporter, mxtls.buffers, mxtls.crypto.drbg, mxtls.lock as lock, mxtls.record_aead, mxtls.record_aead13, mxtls.ssl as ssl
seen = []
def watch(where, name):
    was = getattr(where, name)
    def call(*a):
        assert lock._owner == get_ident(), name
        seen.append(name)
        return was(*a)
    setattr(where, name, call)
mxtls.open(arena=60000)
watch(mxtls.crypto.drbg.Drbg, "generate")
watch(mxtls.record_aead.AeadRecord, "seal")
watch(mxtls.record_aead13.Aead13Record, "seal")
watch(mxtls.exporter, "export")
watch(mxtls.buffers, "take")
ssl.RAND_bytes(8)
listener = mxtls.Listener()
c, s, sent = datagrams()
listener.check(sent[0], len(sent[0]), b"address")
assert c.export(b"EXPORTER-test") == s.export(b"EXPORTER-test")
c.encode_rehandshake()
del seen[:]
c.get_writebuf(10)
assert "seal" in seen
c, s = pair(0, 0x0304)
run(c, s)
c.wr.spent = lambda: True
del seen[:]
c.get_writebuf(5000)
assert "seal" in seen and "take" in seen
c.need = 5000
del seen[:]
c.get_readbuf()
assert "take" in seen
""")


def test_threads_without_what_is_optional(tmp_path, chain):
    run(tmp_path, chain, {"USE_MULTITHREADING": 1, "USE_TLS_1_3": 0, "USE_POST_HANDSHAKE_AUTH": 0, "ENABLE_SECURE_REHANDSHAKES": 0, "ENABLE_INSECURE_REHANDSHAKES": 0, "USE_REHANDSHAKES": 0}, """
run(*pair())
""")


def test_validator_may_call_under_the_lock(tmp_path, chain):
    run(tmp_path, chain, {"USE_MULTITHREADING": 1}, """
def validator(session, certificate, alert):
    mxtls.set_cipher_suite_enabled_status(0xC02B, True)
    return alert
c, s = pair()
c.cert_validator = validator
run(c, s)
""")


TRACES = ("USE_SSL_HANDSHAKE_MSG_TRACE", "USE_SSL_INFORMATIONAL_TRACE", "USE_CORE_TRACE", "USE_CRYPTO_TRACE")


def test_traces_read_as_a_handshake_and_show_no_secret(tmp_path, chain):
    printed = run(tmp_path, chain, dict.fromkeys(TRACES, 1), """
c, s = pair()
secrets = []
import mxtls.handshake.derive as derive
keys = derive.keys
def spy(session, hs):
    secrets.append(bytes(hs.master))
    keys(session, hs)
derive.keys = spy
run(c, s)
assert secrets and secrets[0] == secrets[1]
print("secret", secrets[0].hex())
try:
    c.received_data(10**6)
except mxtls.Error:
    pass
""")
    text, _, secret = printed.partition("secret ")
    secret, _, rest = secret.partition("\n")
    messages = [line.split()[2] for line in text.splitlines() if line.startswith("client ") and line.split()[1] in ("->", "<-") and line.split()[2][0].isupper()]
    assert messages == [
        "ClientHello", "ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone", "ClientKeyExchange",
        "ChangeCipherSpec", "Finished", "NewSessionTicket", "ChangeCipherSpec", "Finished",
    ]
    assert "crypto  verify scheme 0x0403" in text and "error code=-6" in rest and "record type 22" in text
    for i in range(0, len(secret) - 8, 2):
        assert secret[i : i + 8] not in text


def test_traces_are_gone_when_off(tmp_path, chain):
    assert run(tmp_path, chain, {}, "c, s = pair()\nrun(c, s)\n") == ""
    assert not (tmp_path / "staged" / "mxtls" / "trace.py").exists()


def test_halt(tmp_path, chain):
    """The port's halt is called where the failure is noticed, before it is raised."""
    run(tmp_path, chain, {"HALT_ON_PS_ERROR": 1}, """
import mxtls_port
seen = []
mxtls_port.halt = seen.append
c, s = pair()
try:
    c.received_data(10**6)
except mxtls.Error as e:
    assert seen == [e.text]
""")


DTLS_PAIR = """
def datagrams(trace=None, lose=None):
    import mxtls_port
    now = [0]
    mxtls_port.ticks_ms = lambda: now[0]
    kc, ks = mxtls.Keys(), mxtls.Keys()
    kc.load_rsa_keys(None, None, None, {root!r})
    ks.load_rsa_keys({chain!r}, {key!r})
    c = mxtls.ClientSession(kc, server_name="localhost", dtls=True)
    s = mxtls.ServerSession(ks, dtls=True)
    sent = []
    for _ in range(6):
        for a, b in ((c, s), (s, c)):
            while len(a.get_outdata()):
                out = bytes(a.get_outdata())
                a.sent_data(len(out))
                sent.append(out)
                if len(sent) == lose:
                    continue
                view = b.get_readbuf()
                view[: len(out)] = out
                b.received_data(len(out))
        if not (c.established and s.established):
            now[0] += 1000
    assert c.established and s.established
    return c, s, sent
"""


def run_dtls(tmp_path, chain, options, script):
    return run(tmp_path, chain, options, DTLS_PAIR.format(chain=str(chain.chain_path), key=str(chain.key_path), root=str(chain.root_path)) + script)


def test_dtls_records_individually(tmp_path, chain):
    """DTLS_SEND_RECORDS_INDIVIDUALLY: a record a datagram; without it, as much as fits."""
    script = """
c, s, sent = datagrams()
def count(d):
    n = 0
    while d:
        d = d[13 + (d[11] << 8 | d[12]):]
        n += 1
    return n
print(sum(map(count, sent)), len(sent), max(map(count, sent)))
"""
    packed = list(map(int, run_dtls(tmp_path, chain, {}, script).split()))
    alone = list(map(int, run_dtls(tmp_path, chain, {"DTLS_SEND_RECORDS_INDIVIDUALLY": 1}, script).split()))
    assert packed[2] > 1 and packed[1] < packed[0]
    assert alone[2] == 1 and alone[0] == alone[1] >= packed[0]


def test_dtls_pmtu_of_the_build(tmp_path, chain):
    run_dtls(tmp_path, chain, {"DTLS_PMTU": 300}, """
assert mxtls.get_pmtu() == 300
c, s, sent = datagrams()
assert 250 < max(map(len, sent)) <= 300
assert mxtls.set_pmtu(900) == 900 and mxtls.set_pmtu(-1) == 300
""")


def test_dtls_trace(tmp_path, chain):
    """USE_DTLS_DEBUG_TRACE tells what is dropped and what goes again; without it not a word."""
    script = """
c, s, sent = datagrams(lose=2)
view = c.get_readbuf()
view[:3] = b"bad"
c.received_data(3)
assert c.dropped == 1
"""
    said = run_dtls(tmp_path, chain, {"USE_DTLS_DEBUG_TRACE": 1}, script)
    assert "dtls: no answer, the flight goes again" in said and "client    dtls: dropped half a record" in said
    assert run_dtls(tmp_path, chain, {}, script) == ""


def test_dtls_in_an_arena(tmp_path, chain):
    """All of a session's buffers are in the block, and come back."""
    run_dtls(tmp_path, chain, {"USE_PEERSEC_MEMORY_MANAGEMENT": 1, "USE_MULTITHREADING": 1}, """
import mxtls.memory as memory
mxtls.open(arena=32000)
c, s, sent = datagrams(lose=3)
assert memory.spent() > 4000
c.encode_to_outdata(b"hello")
out = bytes(c.get_outdata())
view = s.get_readbuf()
view[: len(out)] = out
assert s.received_data(len(out)) == mxtls.APP_DATA and bytes(s.plaintext) == b"hello"
view = None
c.delete()
s.delete()
assert memory.spent() == 0, memory.spent()
""")


def test_dtls_is_gone_when_off(tmp_path, chain):
    run(tmp_path, chain, {"USE_DTLS": 0, "USE_CONNECTION_ID": 0}, """
c, s = pair()
run(c, s)
assert not hasattr(c, "dtls") and not hasattr(c, "timeout") and not hasattr(c, "dropped")
try:
    mxtls.get_pmtu()
    raise SystemExit("there")
except AttributeError:
    pass
try:
    mxtls.ClientSession(mxtls.Keys(), dtls=True)
    raise SystemExit("taken")
except mxtls.Error as e:
    assert e.code == mxtls.DISABLED_FEATURE_FAIL
""")
    assert not list((tmp_path / "staged" / "mxtls").glob("dtls*"))


TRUST = ("USE_ED25519", "USE_PINNING", "USE_PEER_CERTIFICATE", "USE_OCSP_STAPLING", "USE_TRUST_STORE")


@pytest.mark.parametrize("options", [{o: 0} for o in TRUST] + [dict.fromkeys(TRUST, 0)], ids=lambda options: "+".join(options) if len(options) == 1 else "all")
def test_what_judges_certificates_without_an_option(tmp_path, options):
    """Handshakes of both versions, with and without a client's certificate, and a refusal of the feature by name."""
    both = pki.chain(key="p256", names=["localhost"], eku=("server", "client"))
    printed = run(tmp_path, both, options, """
for version in (0x0303, 0x0304):
    for validator in (None, lambda s, certificate, alert: alert):
        c, s = pair()
        c = loop.End(mxtls.ClientSession(c.keys, server_name="localhost", max_version=version))
        s = loop.End(mxtls.ServerSession(s.keys, validator, max_version=version))
        loop.connect(c, s)
        loop.carry(c, s, bytes(3000))
for option in ("ocsp", "keep_peer_certificate"):
    try:
        mxtls.ClientSession(c.session.keys, server_name="localhost", **{option: True})
    except mxtls.Error as e:
        assert e.code == mxtls.DISABLED_FEATURE_FAIL
        print(e.text)
for name in ("pin", "trust_fingerprint", "load_trust_store"):
    if not hasattr(c.session.keys, name):
        print("no keys." + name)
""")
    for option, text in (("USE_PEER_CERTIFICATE", "enable USE_PEER_CERTIFICATE"), ("USE_OCSP_STAPLING", "enable USE_OCSP_STAPLING"), ("USE_PINNING", "no keys.pin"),
                         ("USE_TRUST_STORE", "no keys.load_trust_store")):
        assert (text in printed) == (option in options), printed
    staged = {path.name for path in (tmp_path / "staged" / "mxtls").rglob("*.py")}
    assert ("ed25519.py" in staged) == ("kept.py" in staged) == ("USE_ED25519" not in options)
    assert ("store.py" in staged) == ("USE_TRUST_STORE" not in options)
