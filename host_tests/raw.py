# SPDX-License-Identifier: MIT
"""A peer of TLS 1.1 and 1.2 that does what a test says, right or wrong. Its records, key schedule and key exchange are its own,
over hashlib and the `cryptography` package, so that it shares nothing with what it tests. Used by the tests of conformance.

    peer = raw.Client(end, 0x002F)            end: a loop.End with a server
    peer.connect(extensions=raw.STANDARD)     a handshake that must succeed; or one message after the other:
    peer.hello().exchange().change().finish()
    peer.send(23, b"data")                    any record, under the keys of the moment
    peer.alerts, peer.messages, peer.data     what came; peer.answer has the ServerHello's extensions {type: body}

    peer = raw.Server(end, chain, 0xC02F)     end: a loop.End with a client
    peer.connect()                            or flight() in parts: hello, certificate, parameters, done
"""

import functools
import hashlib
import hmac
import os
import struct

import loop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

# Key exchange, mode, bytes of a key, MAC, hash of the PRF
SUITES = {
    0x002F: ("rsa", "cbc", 16, "sha1", "sha256"),
    0x0033: ("dhe", "cbc", 16, "sha1", "sha256"),
    0x0035: ("rsa", "cbc", 32, "sha1", "sha256"),
    0x003C: ("rsa", "cbc", 16, "sha256", "sha256"),
    0x009C: ("rsa", "gcm", 16, None, "sha256"),
    0x009D: ("rsa", "gcm", 32, None, "sha384"),
    0xC02B: ("ecdhe", "gcm", 16, None, "sha256"),
    0xC02F: ("ecdhe", "gcm", 16, None, "sha256"),
    0xCCA8: ("ecdhe", "chacha", 32, None, "sha256"),
}
SALT = {"cbc": 0, "gcm": 4, "chacha": 12}
CURVES = {23: ec.SECP256R1, 24: ec.SECP384R1, 25: ec.SECP521R1}
BLOCK = 16


@functools.lru_cache
def private_key(chain):
    return serialization.load_der_private_key(chain.key_der, None)


# The encodings of RFC 5246 section 4


def vector(n, data):
    """data behind its length in n bytes."""
    return len(data).to_bytes(n, "big") + bytes(data)


def numbers(*values):
    return b"".join(v.to_bytes(2, "big") for v in values)


def extension(kind, body=b""):
    return numbers(kind) + vector(2, body)


def groups(*values):
    return extension(10, vector(2, numbers(*values)))


def schemes(*values):
    return extension(13, vector(2, numbers(*values)))


SCHEMES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0807)
STANDARD = groups(29, 23, 24) + schemes(*SCHEMES)  # what an ordinary client sends


def extensions(data):
    """{type: body} of a block of extensions without its length."""
    found = {}
    while data:
        n = data[2] << 8 | data[3]
        found[data[0] << 8 | data[1]] = data[4 : 4 + n]
        data = data[4 + n :]
    return found


def certificates(ders):
    """The body of a Certificate message."""
    return vector(3, b"".join(vector(3, der) for der in ders))


def expand(alg, secret, seed, n):
    """P_hash of RFC 5246 section 5."""
    out, a = b"", seed
    while len(out) < n:
        a = hmac.new(secret, a, alg).digest()
        out += hmac.new(secret, a + seed, alg).digest()
    return out[:n]


class Protection:
    """One direction's records (RFC 5246 section 6.2.3, RFC 7366, RFC 7905)."""

    def __init__(self, mode, key, mac_key, salt, alg, version, etm):
        self.mode, self.key, self.mac_key, self.salt, self.alg, self.version, self.etm = mode, key, mac_key, salt, alg, version, etm
        self.sequence = 0

    def _header(self, kind, n):
        return struct.pack(">QBHH", self.sequence, kind, self.version, n)

    def _mac(self, kind, data):
        return hmac.new(self.mac_key, self._header(kind, len(data)) + data, self.alg).digest()

    def _aead(self, explicit):
        if self.mode == "gcm":
            return AESGCM(self.key), self.salt + explicit
        return ChaCha20Poly1305(self.key), bytes(a ^ b for a, b in zip(self.salt, struct.pack(">IQ", 0, self.sequence), strict=True))

    def encrypt(self, text):
        """An IV, and whole blocks under CBC."""
        iv = os.urandom(BLOCK)
        return iv + Cipher(algorithms.AES(self.key), modes.CBC(iv)).encryptor().update(text)

    def seal(self, kind, text, pad=None, mac=None):
        """pad: the padding in place of the right one; mac: what becomes of the MAC."""
        if self.mode != "cbc":
            explicit = struct.pack(">Q", self.sequence) if self.mode == "gcm" else b""
            aead, nonce = self._aead(explicit)
            sealed = explicit + aead.encrypt(nonce, text, self._header(kind, len(text)))
        else:
            mac = mac or (lambda tag: tag)
            body = text if self.etm else text + mac(self._mac(kind, text))
            n = BLOCK - 1 - len(body) % BLOCK
            sealed = self.encrypt(body + (bytes([n]) * (n + 1) if pad is None else pad))
            if self.etm:
                sealed += mac(self._mac(kind, sealed))
        self.sequence += 1
        return sealed

    def open(self, kind, data):
        if self.mode != "cbc":
            cut = 8 if self.mode == "gcm" else 0
            aead, nonce = self._aead(data[:cut])
            text = aead.decrypt(nonce, data[cut:], self._header(kind, len(data) - cut - 16))
        else:
            size = hashlib.new(self.alg).digest_size
            if self.etm:
                data, tag = data[:-size], data[-size:]
                assert tag == self._mac(kind, data)
            text = Cipher(algorithms.AES(self.key), modes.CBC(data[:BLOCK])).decryptor().update(data[BLOCK:])
            assert text.endswith(bytes([text[-1]]) * (text[-1] + 1))
            text = text[: -text[-1] - 1]
            if not self.etm:
                text, tag = text[:-size], text[-size:]
                assert tag == self._mac(kind, text)
        self.sequence += 1
        return text


class Peer:
    """What both roles share."""

    client = True

    def __init__(self, end, suite, version):
        self.end, self.suite, self.version = end, suite, version
        self.record_version = 0x0301 if self.client else version
        self.transcript = b""
        self.rd = self.wr = self.next_rd = self.next_wr = None
        self.ems = self.etm = False
        self.offered = None  # the master secret of a session that is offered again
        self.session_id = b""
        self.own_verify = self.peer_verify = b""  # of the last Finished each way
        self.messages, self.alerts, self.records, self.data = [], [], [], b""  # what came; records are (type, plaintext)
        self._wire = self._stream = b""

    # Records and messages

    def send(self, kind, body, split=16384, **how):
        """A record of any type and body, or several of at most split bytes; how: see Protection.seal."""
        for at in range(0, len(body) or 1, split):
            part = bytes(body[at : at + split])
            if self.wr:
                part = self.wr.seal(kind, part, **how)
            self.end.feed(loop.record(part, kind, self.record_version))
        return self.pull()

    def message(self, kind, body, split=16384, **how):
        """A handshake message, which joins the transcript."""
        whole = loop.message(kind, body)
        self.transcript += whole
        return self.send(22, whole, split, **how)

    def pull(self):
        """Take what the end has to send."""
        self._wire += self.end.take()
        while len(self._wire) >= 5:
            kind, n = self._wire[0], 5 + (self._wire[3] << 8 | self._wire[4])
            body, self._wire = self._wire[5:n], self._wire[n:]
            if self.rd:
                body = self.rd.open(kind, body)
            self.records.append((kind, body))
            if kind == 20:
                if self.offered:
                    self.derive(master=self.offered)
                self.rd = self.next_rd
            elif kind == 21:
                self.alerts.append(tuple(body))
            elif kind == 22:
                self._stream += body
                self._split()
            else:
                self.data += body
        return self

    def _split(self):
        while len(self._stream) >= 4:
            n = 4 + int.from_bytes(self._stream[1:4], "big")
            if len(self._stream) < n:
                return
            whole, self._stream = self._stream[:n], self._stream[n:]
            self.messages.append(whole)
            if whole[0] == 20:
                assert whole[4:] == self.verify_data(not self.client), "the Finished that came"
                self.peer_verify = whole[4:]
            if whole[0]:
                self.transcript += whole
            self.read(whole[0], whole[4:])

    def last(self):
        """The type of the last message that came, 0 before any."""
        return self.messages[-1][0] if self.messages else 0

    # Keys

    def _prf(self, secret, label, seed, n):
        if self.version >= 0x0303:
            return expand(SUITES[self.suite][4], secret, label + seed, n)
        half = (len(secret) + 1) // 2
        return bytes(a ^ b for a, b in zip(expand("md5", secret[:half], label + seed, n), expand("sha1", secret[-half:], label + seed, n), strict=True))

    def _digest(self):
        if self.version >= 0x0303:
            return hashlib.new(SUITES[self.suite][4], self.transcript).digest()
        return hashlib.md5(self.transcript).digest() + hashlib.sha1(self.transcript).digest()

    def derive(self, premaster=None, master=None, ems=None):
        """The keys of both directions; ems in place of what was agreed on."""
        if self.ems if ems is None else ems:
            self.master = master or self._prf(premaster, b"extended master secret", self._digest(), 48)
        else:
            self.master = master or self._prf(premaster, b"master secret", self.client_random + self.server_random, 48)
        _, mode, key, mac, _ = SUITES[self.suite]
        sizes = (hashlib.new(mac).digest_size if mac else 0, key, SALT[mode])
        block = self._prf(self.master, b"key expansion", self.server_random + self.client_random, 2 * sum(sizes))
        parts = []
        for n in sizes:
            parts.append((block[:n], block[n : 2 * n]))
            block = block[2 * n :]
        sides = [Protection(mode, parts[1][i], parts[0][i], parts[2][i], mac, self.version, self.etm) for i in (0, 1)]
        self.next_wr, self.next_rd = sides if self.client else sides[::-1]

    def verify_data(self, client=None):
        client = self.client if client is None else client
        return self._prf(self.master, b"client finished" if client else b"server finished", self._digest(), 12)

    def change(self, body=b"\x01"):
        """ChangeCipherSpec."""
        self.send(20, body)
        self.wr = self.next_wr
        return self

    def finish(self, body=None, **how):
        """Finished."""
        self.own_verify = self.verify_data() if body is None else body
        return self.message(20, self.own_verify, **how)


class Client(Peer):
    """A client. suite: the one that it offers unless told otherwise."""

    def __init__(self, end, suite=0x002F, version=0x0303):
        super().__init__(end, suite, version)
        self.answer = {}

    def hello_body(self, suites=None, version=None, session_id=b"", extensions=STANDARD, compressions=b"\x00", scsv=True):
        """extensions: a block without its length, None for no block at all; scsv: TLS_EMPTY_RENEGOTIATION_INFO_SCSV too."""
        self.client_random = os.urandom(32)
        self.hello_version = self.version if version is None else version
        suites = list(suites or [self.suite]) + [0x00FF] * scsv
        body = numbers(self.hello_version) + self.client_random + vector(1, session_id) + vector(2, numbers(*suites)) + vector(1, compressions)
        return body if extensions is None else body + vector(2, extensions)

    def hello(self, split=16384, **fields):
        body = self.hello_body(**fields)
        self.transcript = b""
        return self.message(1, body, split)

    def again(self, other, **fields):
        """A hello that offers the session of another handshake."""
        self.offered = other.master
        return self.hello(**dict({"session_id": other.session_id}, **fields))

    def read(self, kind, body):
        if kind == 2:
            n = 35 + body[34]
            self.server_random, self.session_id = body[2:34], body[35:n]
            self.version = self.record_version = body[0] << 8 | body[1]
            self.suite = body[n] << 8 | body[n + 1]
            self.answer = extensions(body[n + 5 :])
            self.ems, self.etm = 23 in self.answer, 22 in self.answer
        elif kind == 4:
            self.ticket = body[6:]
        elif kind == 11:
            self.key = x509.load_der_x509_certificate(body[6 : 6 + int.from_bytes(body[3:6], "big")]).public_key()
        elif kind == 12:
            self.parameters = body

    def shared(self):
        """(premaster secret, body of a ClientKeyExchange)."""
        kx = SUITES[self.suite][0]
        if kx == "rsa":
            premaster = numbers(self.hello_version) + os.urandom(46)
            return premaster, vector(2, self.key.encrypt(premaster, padding.PKCS1v15()))
        if kx == "dhe":
            fields, at = [], 0
            for _ in range(3):
                n = self.parameters[at] << 8 | self.parameters[at + 1]
                fields.append(int.from_bytes(self.parameters[at + 2 : at + 2 + n], "big"))
                at += 2 + n
            self.prime, g, public = fields
            private, n = int.from_bytes(os.urandom(32), "big"), (self.prime.bit_length() + 7) // 8
            return pow(public, private, self.prime).to_bytes(n, "big").lstrip(b"\x00"), vector(2, pow(g, private, self.prime).to_bytes(n, "big"))
        premaster, point = agree(self.parameters[2], self.parameters[4 : 4 + self.parameters[3]])
        return premaster, vector(1, point)

    def exchange(self, split=16384, **how):
        """ClientKeyExchange; how: see derive."""
        premaster, body = self.shared()
        self.message(16, body, split)
        self.derive(premaster, **how)
        return self

    def connect(self, **fields):
        self.hello(**fields)
        assert self.last() == 14, (self.alerts, self.end.error)
        self.exchange().change().finish()
        assert self.end.complete and self.last() == 20, (self.alerts, self.end.error)
        return self


class Server(Peer):
    """A server. chain: a pki.Chain, whose key it has."""

    client = False

    def __init__(self, end, chain, suite=0xC02F, version=0x0303):
        super().__init__(end, suite, version)
        self.chain = chain
        self.key = private_key(chain)
        self.server_random = os.urandom(32)
        self.private = None
        self.pull()

    def read(self, kind, body):
        if kind == 1:
            self.client_random, at = body[2:34], 35 + body[34]
            self.offered_id = body[35:at]
            at += 2 + (body[at] << 8 | body[at + 1])
            self.asked = extensions(body[at + 1 + body[at] + 2 :])
            self.ems = 23 in self.asked
        elif kind == 16 and self.private:
            self.derive(self.private.exchange(x25519.X25519PublicKey.from_public_bytes(body[1:])))
        elif kind == 16 and SUITES[self.suite][0] == "rsa":
            self.derive(self.key.decrypt(body[2:], padding.PKCS1v15()))

    def hello_body(self, version=None, session_id=b"", suite=None, compression=0, answer=None):
        """answer: a block of extensions without its length, None for no block; what an ordinary server says unless given."""
        body = numbers(self.version if version is None else version) + self.server_random + vector(1, session_id)
        body += numbers(self.suite if suite is None else suite) + bytes([compression])
        return body if answer is None else body + vector(2, answer)

    def standard(self):
        return extension(0xFF01, vector(1, self.peer_verify + self.own_verify)) + (extension(23) if self.ems else b"")

    def hello(self, **fields):
        return self.message(2, self.hello_body(**dict({"answer": self.standard()}, **fields)))

    def certificate(self):
        return self.message(11, certificates(self.chain.chain_ders))

    def sign(self, data, scheme=None):
        """A scheme and a signature; RSA's is PKCS #1 v1.5, ECDSA's is of any scheme named."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return numbers(scheme or 0x0401) + vector(2, self.key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
        return numbers(scheme or 0x0403) + vector(2, self.key.sign(data, ec.ECDSA(hashes.SHA256())))

    def parameters_body(self, head=b"\x03\x00\x1d", point=None, scheme=None):
        """A ServerKeyExchange: by default an X25519 share."""
        self.private = x25519.X25519PrivateKey.generate()
        parameters = head + vector(1, self.private.public_key().public_bytes_raw() if point is None else point)
        return parameters + self.sign(self.client_random + self.server_random + parameters, scheme)

    def flight(self, **fields):
        """ServerHello to ServerHelloDone."""
        self.hello(**fields).certificate()
        if SUITES[self.suite][0] == "ecdhe":
            self.message(12, self.parameters_body())
        return self.message(14, b"")

    def connect(self, **fields):
        self.flight(**fields)
        assert self.last() == 20, (self.alerts, self.end.error)
        self.change().finish()
        assert self.end.complete, (self.alerts, self.end.error)
        return self


def agree(group, point):
    """(shared secret, our point) with the point of a peer."""
    if group == 29:
        private = x25519.X25519PrivateKey.generate()
        return private.exchange(x25519.X25519PublicKey.from_public_bytes(point)), private.public_key().public_bytes_raw()
    private = ec.generate_private_key(CURVES[group]())
    form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    return private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVES[group](), point)), private.public_key().public_bytes(*form)
