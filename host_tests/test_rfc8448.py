# SPDX-License-Identifier: MIT
"""RFC 8448's handshakes, byte for byte: our client in the place of the one that made them (sections 3, 5, 6 and 7), every record of both sides
from the server's keys (sections 3 to 7; section 4 resumes with early data, which we refuse), and the binder of section 4, which our server
takes. The values are in rfc8448.txt. Then the key schedule by NIST's vectors (ACVP, as OpenSSL has them too)."""

import json
from pathlib import Path

import loop
import pki
import pytest

import mxtls
import mxtls_port
from mxtls import codes as c, suites
from mxtls.crypto import ecdh
from mxtls.crypto.hash import Hash
from mxtls.crypto.hkdf import expand_label, extract
from mxtls.handshake import client_start, schedule, signed13
from mxtls.record_aead13 import Aead13Record
from mxtls.x509.certificate import Cert


def load():
    found = {}
    for line in (Path(__file__).parent / "rfc8448.txt").read_text().splitlines():
        if line and line[0] != "#":
            section, name, *parts = line.split()
            found[section, name] = b"".join(bytes(int(p[6:])) if p[:6] == "zeros:" else bytes.fromhex(p) for p in parts)
    return found


RFC = load()


def share(group, private):
    row = ecdh.find(group)
    made = ecdh.Share(row)
    made.private[:] = private
    if group == 29:
        base = bytearray(32)
        base[0] = 9
        assert ecdh_public(made.public, made.private, base)
    else:
        from mxtls.kernels.ec import ec_public

        point = bytearray(row[2] - 1)
        assert ec_public(group, point, made.private)
        made.public[1:] = point
    return made


def ecdh_public(out, private, base):
    from mxtls.kernels.x25519 import x25519

    return x25519(out, private, base)


def client(section, private):
    """Our client, whose hello is the RFC's. Any certificate will do: the RFC's has 1024 bits and no root."""
    keys = mxtls.Keys()
    keys.min_rsa_bits = 1024
    end = loop.End(mxtls.ClientSession(keys, session_id=mxtls.SessionId(), server_name="server", min_version=c.TLS1_3, cert_validator=lambda s, x, a: 0))
    end.take()
    hs, hello = end.session.hs, RFC[section, "client_hello"]
    hs.hello = hello[5:]
    hs.random[:32] = hello[11:43]
    hs.session_id = hello[44 : 44 + hello[43]]
    hs.flags |= c.EXT_RECORD_SIZE_LIMIT  # which it offers
    hs.share = share(29, private)
    assert bytes(hs.share.public) in hello
    return end


def test_simple_handshake(monkeypatch):
    """Section 3: Finished, tickets, data and alerts come out as they are printed."""
    end = client("3", RFC["3", "client_private"])
    seen = {}
    for name in ("handshake_keys", "application_secrets", "resumption_secret"):
        real = getattr(schedule, name)

        def spy(session, hs, real=real, name=name):
            if name == "handshake_keys":
                seen["early_secret"] = bytes(hs.master)
            real(session, hs)
            seen[{"handshake_keys": "handshake_secret", "application_secrets": "master_secret"}.get(name)] = bytes(hs.master)
            if name == "handshake_keys":
                seen["server_handshake_traffic"], seen["client_handshake_traffic"] = bytes(hs.rd_secret), bytes(hs.wr_secret)
            if name == "application_secrets":
                s = session.secrets
                seen["server_application_traffic"], seen["client_application_traffic"], seen["exporter_master"] = bytes(s.rd), bytes(s.wr), bytes(session.exporter)
            if name == "resumption_secret":
                seen["resumption_master"] = bytes(session.secrets.resumption)

        monkeypatch.setattr(schedule, name, spy)
    end.feed(RFC["3", "server_hello"] + RFC["3", "server_flight"])
    assert not end.error, end.error
    assert end.take() == RFC["3", "client_finished"] and end.complete
    for name, value in seen.items():
        assert name is None or value == RFC["3", name], name
    assert len(seen) == 10
    end.feed(RFC["3", "ticket"])
    sid = end.session.session_id
    assert bytes(sid.master) == RFC["3", "resumption_psk"] and len(sid.id) == 178 and sid.lifetime == 30
    end.send(bytes(range(50)))
    assert end.take() == RFC["3", "client_data"]
    end.feed(RFC["3", "server_data"])
    assert end.data == bytes(range(50))
    closes(end, "3")


class Side:
    """What the schedule needs of a session and its handshake."""

    client = False
    padding = 0
    max_out = 16384


def messages_of(section):
    """The hellos up to the ServerHello, as the transcript takes them in; after a retry it begins anew."""
    names = ("second_hello", "server_hello") if (section, "retry") in RFC else ("client_hello", "server_hello")
    return [RFC[section, name][5:] for name in names]


def opened(made, record):
    """The text of a record of the RFC under that protection; sealed again it must be the same bytes."""
    buf = bytearray(record[5:])
    n = made.open(23, 0x0304, buf, 0, len(buf))
    text, kind = bytes(buf[:n]), made.kind
    made.header[7] -= 1
    assert made.seal(kind, 0x0304, buf, 0, n) == len(buf) and bytes(buf) == record[5:]
    return text


def from_the_servers_key(section):
    """A session and its handshake behind the ServerHello, from the server's private key; and the early traffic secret."""
    session, hs = Side(), Side()
    hs.row = suites.find(0x1301)
    hs.alg = hs.row[6]
    hs.transcript = Hash(hs.alg)
    if (section, "retry") in RFC:
        first, retry = RFC[section, "client_hello"][5:], RFC[section, "retry"][5:]
        schedule.restart(hs, first)
        hs.transcript.update(retry, 0, len(retry))
    hello, answer = messages_of(section)
    hs.transcript.update(hello, 0, len(hello))
    group, n = (23, 65) if section == "5" else (29, 32)
    at = hello.index(bytes((0, group, 0, n))) + 4
    hs.premaster = share(group, RFC[section, "server_private"]).agree(hello, at, n)
    schedule.begin(hs, RFC["3", "resumption_psk"] if section == "4" else None)
    early = bytearray(32)
    schedule.derive(hs.alg, hs.master, b"c e traffic", hs.transcript.digest(), early)
    hs.transcript.update(answer, 0, len(answer))
    schedule.handshake_keys(session, hs)
    return session, hs, early


@pytest.mark.parametrize("section, kinds", (("3", [8, 11, 15, 20]), ("4", [8, 20]), ("5", [8, 11, 15, 20]), ("6", [8, 13, 11, 15, 20]), ("7", [8, 11, 15, 20])))
def test_the_servers_side(section, kinds):
    """From the server's private key: shared secret, keys, and every record of both sides opened and sealed as it is printed."""
    session, hs, early = from_the_servers_key(section)
    names = {name for at, name in RFC if at == section}
    if section == "3":
        assert bytes(hs.wr_secret) == RFC["3", "server_handshake_traffic"]
        for label, name, n in ((b"key", "server_handshake_key", 16), (b"iv", "server_handshake_iv", 12)):
            out = bytearray(n)
            expand_label(hs.alg, hs.wr_secret, label, b"", out)
            assert out == RFC["3", name]
    text = opened(hs.next_wr, RFC[section, "server_flight"])
    assert [m[0] for m in loop.messages(loop.record(text))] == kinds
    finished(hs, hs.wr_secret, text)
    schedule.application_secrets(session, hs)
    if section == "4":
        made = schedule.protection(session, hs.row, hs.alg, early)
        assert opened(made, RFC["4", "early_data"]) == b"ABCDEF"
        assert opened(made, RFC["4", "end_of_early_data"]) == b"\x05\x00\x00\x00"
        hs.transcript.update(b"\x05\x00\x00\x00", 0, 4)
    finished(hs, hs.rd_secret, opened(hs.next_rd, RFC[section, "client_finished"]))
    for side, secret in (("client", session.secrets.rd), ("server", session.secrets.wr)):
        made = schedule.protection(session, hs.row, hs.alg, secret)
        if side == "server" and "ticket" in names:
            assert opened(made, RFC[section, "ticket"])[0] == c.NEW_SESSION_TICKET
        if side + "_data" in names:
            assert opened(made, RFC[section, side + "_data"]) == bytes(range(50))
        assert opened(made, RFC[section, side + "_close"]) == b"\x01\x00"


def finished(hs, secret, text):
    """A flight ends with the Finished that fits; the transcript takes it in."""
    out = bytearray(32)
    hs.transcript.update(text, 0, len(text) - 36)
    schedule.finished_mac(hs.alg, secret, hs.transcript.digest(), out)
    assert text[-36:] == b"\x14\x00\x00\x20" + out
    hs.transcript.update(text, len(text) - 36, 36)


def test_compatibility_mode():
    """Section 7: a session id, ChangeCipherSpec of both sides, Finished and alerts come out as they are printed."""
    end = client("7", RFC["7", "client_private"])
    end.feed(RFC["7", "server_hello"] + RFC["7", "change_cipher_spec"] + RFC["7", "server_flight"])
    assert not end.error, end.error
    assert end.take() == RFC["7", "change_cipher_spec"] + RFC["7", "client_finished"] and end.complete
    closes(end, "7")


def closes(end, section):
    end.close()
    assert end.take() == RFC[section, "client_close"]
    end.feed(RFC[section, "server_close"])
    assert end.alerts == [(1, 0)] and not end.error


def test_client_authentication(monkeypatch):
    """Section 6: the certificate and the signature are the RFC's, whose key is not printed; what is signed, Finished and the alerts are ours. The RFC
    has the three messages in one record."""
    side, hs, _ = from_the_servers_key("6")
    flight = opened(hs.next_rd, RFC["6", "client_finished"])
    shown, signed, _ = loop.messages(loop.record(flight))
    certificate, signature = shown[11 : 11 + int.from_bytes(shown[8:11], "big")], signed[8:]
    end = client("6", RFC["6", "client_private"])
    parsed = Cert()
    parsed.parse(certificate, 0, len(certificate))
    public = parsed.public_key()
    end.session.keys.chain, end.session.keys.private = ((certificate, 0, len(certificate)),), public

    def sign(scheme, key, digest):
        assert scheme == 0x0804 and key is public and signed13.verify(scheme, public, digest, signature)
        return signature

    monkeypatch.setattr(signed13, "sign", sign)
    end.feed(RFC["6", "server_hello"] + RFC["6", "server_flight"])
    assert not end.error, end.error
    made = schedule.protection(side, hs.row, hs.alg, hs.rd_secret)
    text = b"".join(opened(made, loop.record(body, 23)) for _, _, body in loop.records(end.take()))
    assert text == flight and end.complete
    closes(end, "6")


@pytest.mark.parametrize("right", (True, False), ids=("right binder", "wrong binder"))
def test_our_server_takes_the_resumed_hello(right):
    """Section 4: with the key of section 3's ticket the binder is right. The early data is passed over, and nothing says that it was taken."""
    hello = bytearray(RFC["4", "client_hello"])
    hello[-1] ^= not right
    keys = loop.keys_of(pki.chain())[1]
    entry = mxtls.SessionId()
    entry.id, entry.name, entry.suite, entry.version, entry.born = bytes(hello[-217:-39]), b"server", 0x1301, c.TLS1_3, mxtls_port.ticks_ms()
    entry.master = bytearray(RFC["3", "resumption_psk"])
    keys.tickets = False
    keys.sessions.append(entry)
    end = loop.End(mxtls.ServerSession(keys, min_version=c.TLS1_3))
    end.feed(bytes(hello) + RFC["4", "early_data"])
    if not right:
        loop.check_failed(end, c.ALERT_DECRYPT_ERROR)
        return
    assert not end.error, end.error
    answer = loop.messages(end.take())[0]
    assert b"\x00\x29\x00\x02\x00\x00" in answer and end.session.hs.resumed and end.session.early > 0


def test_binder():
    """Section 4: the early secret of the resumption's key, and its binder."""
    out = bytearray(32)
    extract(4, bytes(32), RFC["3", "resumption_psk"], out)
    assert out == RFC["4", "early_secret"]
    assert schedule.binder(4, RFC["3", "resumption_psk"], True, RFC["4", "binder_hash"]) == RFC["4", "binder"]
    assert schedule.binder(4, RFC["3", "resumption_psk"], False, RFC["4", "binder_hash"]) != RFC["4", "binder"]


def test_retry(monkeypatch):
    """Section 5: the cookie and the group of the HelloRetryRequest are taken; with the RFC's second hello all that follows fits."""
    end = client("5", RFC["5", "client_private_x25519"])
    second = RFC["5", "second_hello"]
    written = []

    def write(session, hs):
        written.append((bytes(hs.cookie), hs.share.group))
        hs.share = share(23, RFC["5", "client_private"])
        assert bytes(hs.share.public) in second
        hs.transcript.update(second, 5, len(second) - 5)
        session.state, session.role = c.WAIT_SERVER_HELLO, None

    monkeypatch.setattr(client_start, "write", write)
    end.feed(RFC["5", "retry"])
    assert not end.error, end.error
    assert written[0][1] == 23 and written[0][0] in RFC["5", "retry"] and len(written[0][0]) == 114
    end.take()
    end.feed(RFC["5", "server_hello"] + RFC["5", "server_flight"])
    assert not end.error, end.error
    assert end.take() == RFC["5", "client_finished"] and end.complete
    closes(end, "5")


def test_acvp(vectors):
    """KDF of TLS 1.3 in all of its modes: with and without a pre-shared key and (EC)DHE."""
    folder = vectors / "tls_prf"
    asked, known = [json.loads((folder / name).read_text()) for name in ("acvp_vectors_TLS13.json", "acvp_expected_TLS13.json")]
    asked, known = [x[-1] if isinstance(x, list) else x for x in (asked, known)]
    answers = {t["tcId"]: t for g in known["testGroups"] for t in g["tests"]}
    done = 0
    for group in asked["testGroups"]:
        alg = {"SHA2-256": 4, "SHA2-384": 5}[group["hmacAlg"]]
        size = len(Hash(alg).digest())
        for t in group["tests"]:
            psk = bytes.fromhex(t.get("psk") or "") or bytes(size)
            dhe = bytes.fromhex(t.get("dhe") or "") or bytes(size)
            randoms = [bytes.fromhex(t[k]) for k in ("helloClientRandom", "helloServerRandom", "finishedServerRandom", "finishedClientRandom")]

            def digest(n, alg=alg, randoms=randoms):
                h = Hash(alg)
                for r in randoms[:n]:
                    h.update(r, 0, len(r))
                return h.digest()

            def grow(secret, label, n, alg=alg, size=size, digest=digest):
                out = bytearray(size)
                schedule.derive(alg, secret, label, digest(n), out)
                return out

            expected = answers[t["tcId"]]
            hs = Side()
            hs.alg = alg
            schedule.begin(hs, psk)
            got = {"clientEarlyTrafficSecret": grow(hs.master, b"c e traffic", 1), "earlyExporterMasterSecret": grow(hs.master, b"e exp master", 1)}
            schedule._next(hs, dhe)
            got["clientHandshakeTrafficSecret"] = grow(hs.master, b"c hs traffic", 2)
            got["serverHandshakeTrafficSecret"] = grow(hs.master, b"s hs traffic", 2)
            schedule._next(hs, None)
            got["clientApplicationTrafficSecret"] = grow(hs.master, b"c ap traffic", 3)
            got["serverApplicationTrafficSecret"] = grow(hs.master, b"s ap traffic", 3)
            got["exporterMasterSecret"] = grow(hs.master, b"exp master", 3)
            got["resumptionMasterSecret"] = grow(hs.master, b"res master", 4)
            for name, value in got.items():
                if name in expected:
                    assert value.hex() == expected[name].lower(), (t["tcId"], name)
                    done += 1
    assert done == 80


def test_evpkdf(vectors):
    """Each step by itself."""
    done = 0
    for block in (vectors / "tls_prf" / "evpkdf_tls13_kdf.txt").read_text().split("\n\n"):
        rows = [line.split(" = ", 1) for line in block.splitlines() if " = " in line and line[0] != "#"]
        fields = {k if k[:4] != "Ctrl" else k[5:]: v.split(":", 1)[-1] for k, v in rows}
        if fields.get("KDF") != "TLS13-KDF" or "Output" not in fields or "Result" in fields:
            continue
        alg = {"SHA2-256": 4, "SHA256": 4, "SHA2-384": 5, "SHA384": 5}[fields["digest"]]
        size = len(Hash(alg).digest())
        get = lambda name, f=fields: bytes.fromhex(f.get(name, ""))  # noqa: E731
        out = bytearray(len(get("Output")))
        if fields["mode"] == "EXTRACT_ONLY":
            salt = bytearray(size)
            if get("salt"):
                schedule.derive(alg, get("salt"), get("label"), b"", salt)
            extract(alg, salt, get("key") or bytes(size), out)
        else:
            expand_label(alg, get("key"), get("label"), get("data"), out)
        assert out == get("Output"), block
        done += 1
    assert done > 100


def test_the_record_is_what_it_was():
    """A record's nonce is the IV and its number: the second record of a key is another one."""
    assert Aead13Record.pre == 0
    session, row = Side(), suites.find(0x1301)
    made = schedule.protection(session, row, 4, RFC["3", "client_application_traffic"])
    buf = bytearray(range(50)) + bytes(17)
    assert made.seal(23, 0x0304, buf, 0, 50) == 67 and bytes(buf) == RFC["3", "client_data"][5:]
    buf = bytearray(b"\x01\x00") + bytes(17)
    assert made.seal(21, 0x0304, buf, 0, 2) == 19 and bytes(buf) == RFC["3", "client_close"][5:]
    with pytest.raises(mxtls.Error) as caught:
        made.open(23, 0x0304, buf, 0, 19)
    assert caught.value.alert == c.ALERT_BAD_RECORD_MAC
