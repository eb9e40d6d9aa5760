# SPDX-License-Identifier: MIT
"""mxtls and tlslite-ng on CPython, both in pure Python, both ends in one process and in memory. Called by bench.py.

ECDHE-RSA-AES128-GCM-SHA256 over X25519 with an RSA-2048 leaf below its root. Ours verifies the chain; tlslite-ng has no such check.
"""

import errno
import statistics
import sys
import time
from typing import Any

from steps import ROOT

sys.path[:0] = [str(ROOT / p) for p in ("lib", "port/cpython", "host_tests")]
import pki  # noqa: E402

SUITE = 0xC02F
BLOCK = bytes(16384)


class Wire:
    """One end of a connection in memory, as tlslite-ng wants its sockets."""

    def __init__(self, inbox, outbox):
        self.inbox, self.outbox = inbox, outbox

    def send(self, data):
        self.outbox.extend(data)
        return len(data)

    def sendall(self, data):
        self.outbox.extend(data)

    def recv(self, n):
        if not self.inbox:
            raise OSError(errno.EWOULDBLOCK, "nothing there")
        data = bytes(self.inbox[:n])
        del self.inbox[:n]
        return data


class Tlslite:
    """tlslite-ng, both ends."""

    def __init__(self, chain):
        from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey

        self.connection = TLSConnection
        self.certificates = X509CertChain()
        self.certificates.parsePemList(chain.chain_pem.decode())
        self.key = parsePEMKey(chain.key_pem.decode(), private=True, implementations=["python"])
        self.settings: Any = HandshakeSettings()
        self.settings.minVersion = self.settings.maxVersion = (3, 3)
        self.settings.cipherNames = ["aes128gcm"]
        self.settings.cipherImplementations = ["python"]
        self.settings.keyExchangeNames = ["ecdhe_rsa"]
        self.settings.eccCurves = ["x25519"]
        self.settings.keyShares = ["x25519"]

    def connect(self):
        a, b = bytearray(), bytearray()
        self.client, self.server = self.connection(Wire(a, b)), self.connection(Wire(b, a))
        ends = [self.client.handshakeClientCert(settings=self.settings, async_=True),
                self.server.handshakeServerAsync(certChain=self.certificates, privateKey=self.key, settings=self.settings)]
        while ends:
            ends = [end for end in ends if next(end, None) is not None]

    def transfer(self, data):
        for _ in self.client.writeAsync(data):
            pass
        got = 0
        while got < len(data):
            for piece in self.server.readAsync(max=16384):
                if isinstance(piece, (bytes, bytearray)):
                    got += len(piece)
                    break


class Mxtls:
    """mxtls, both ends."""

    def __init__(self, chain):
        import mxtls

        self.mxtls = mxtls
        self.own, self.trust = mxtls.Keys(), mxtls.Keys()
        self.own.load_rsa_keys_mem(chain.chain_pem, chain.key_pem)
        self.trust.load_rsa_keys_mem(None, None, chain.root_pem)

    def connect(self):
        self.client = self.mxtls.ClientSession(self.trust, cipher_suite=SUITE, server_name="localhost")
        self.server = self.mxtls.ServerSession(self.own)
        while self.client.hs or self.server.hs:
            self._pump(self.client, self.server)
            self._pump(self.server, self.client)

    @staticmethod
    def _pump(a, b):
        while out := a.get_outdata():
            room = b.get_readbuf()
            n = min(len(out), len(room))
            room[:n] = out[:n]
            a.sent_data(n)
            b.received_data(n)

    def transfer(self, data):
        room = self.client.get_writebuf(len(data))
        room[:] = data
        self.client.encode_writebuf(len(data))
        self._pump(self.client, self.server)
        if len(self.server.plaintext) != len(data):
            raise ValueError("the record did not arrive")
        self.server.processed_data()


def measure(end, handshakes, records):
    """(milliseconds a handshake, KiB/s) of both ends together, medians."""
    times = []
    for _ in range(handshakes):
        began = time.perf_counter()
        end.connect()
        times.append(time.perf_counter() - began)
    speeds = []
    for _ in range(records):
        began = time.perf_counter()
        end.transfer(BLOCK)
        speeds.append(len(BLOCK) / 1024 / (time.perf_counter() - began))
    return statistics.median(times) * 1000, statistics.median(speeds)


def run():
    """{"tlslite": (ms, KiB/s), "mxtls": (ms, KiB/s)}."""
    chain = pki.chain(key="rsa2048", names=["localhost"], intermediates=0)
    return {"tlslite": measure(Tlslite(chain), 15, 12), "mxtls": measure(Mxtls(chain), 15, 12)}


if __name__ == "__main__":
    print(run())
