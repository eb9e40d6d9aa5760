# SPDX-License-Identifier: MIT
"""The client of TLS 1.2: its table and what it reads and writes (RFC 5246 section 7.3). Called by session.py and machine.py."""

from mxtls.codes import ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER
from mxtls.codes import ALERT_LEVEL_WARNING as _WARNING
from mxtls.codes import ALERT_NO_RENEGOTIATION as _ALERT_NO_RENEGOTIATION
from mxtls.codes import ALERT_NONE as _ALERT_NONE
from mxtls.codes import ALERT_PROTOCOL_VERSION as _ALERT_PROTOCOL_VERSION
from mxtls.codes import ARG_FAIL as _ARG_FAIL
from mxtls.codes import CLIENT_HELLO as _CLIENT_HELLO
from mxtls.codes import KX_ECDHE as _KX_ECDHE
from mxtls.codes import PROTOCOL_FAIL as _PROTOCOL_FAIL
from mxtls.codes import TLS1_2 as _TLS1_2
from mxtls.codes import UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL
from mxtls.codes import WAIT_SERVER_HELLO as _WAIT_SERVER_HELLO
from mxtls.codes import WAIT_CERTIFICATE_REQUEST as _WAIT_CERTIFICATE_REQUEST
from mxtls.codes import WAIT_SERVER_KEY_EXCHANGE as _WAIT_SERVER_KEY_EXCHANGE
from mxtls.config import USE_ECC as _USE_ECC
from mxtls.config import USE_RSA_KEY_EXCHANGE as _USE_RSA_KEY_EXCHANGE
from mxtls.crypto.drbg import random_into
from mxtls.crypto.hash import Hash
from mxtls.errors import Error
from mxtls.handshake.codec import Writer
from mxtls.handshake.machine import Handshake
from mxtls_port import forget

# State, message, read, reply, next state, done: the numbers are WAIT_… and handshake types of mxtls.codes
# (0x114 is ChangeCipherSpec). See machine.py.
TABLE = (
    (1, 0, "nothing", "", 1, ""),  # HelloRequest is ignored while a handshake runs
    (1, 2, "server_hello", "", 2, "handshake.extensions suites crypto.sign crypto.ecdh"),
    (2, 11, "certificate", "certified", 0, "handshake.certificates x509.chain x509.certificate x509.names x509.der x509.constraints"),
    (3, 12, "server_key_exchange", "", 4, "crypto.sign crypto.ecdsa crypto.rsa kernels.ec kernels.field kernels.rsa kernels.x25519"),
    (4, 13, "certificate_request", "", 5, ""),
    (4, 14, "nothing", "send_flight", 14, ""),
    (5, 14, "nothing", "send_flight", 14, ""),
    (14, 0x114, "change_cipher_spec", "", 15, ""),
    (15, 20, "finished", "", 20, "handshake.derive handshake.client handshake.machine handshake.codec crypto.prf"),
    (20, 0, "refuse_rehandshake", "", 20, "handshake.client handshake.machine handshake.codec"),
)


def start(session, cipher_suite):
    """Write the ClientHello."""
    from mxtls.handshake import extensions
    from mxtls.suites import SUITES, find

    if cipher_suite and not find(cipher_suite):
        raise Error(_UNSUPPORTED_FAIL, _ALERT_NONE, "cipher suite 0x%04X is not in this build; choose another or enable its USE_ option" % cipher_suite)
    name = session.server_name
    if name is not None and (not 0 < len(name) < 254 or len(name.encode()) != len(name)):
        raise Error(_ARG_FAIL, _ALERT_NONE, "server_name is not a host name; give 1 to 253 ASCII characters")
    session.client = True
    session.hs = hs = Handshake()
    session.state = _WAIT_SERVER_HELLO
    hs.suite = cipher_suite
    random_into(hs.random, 0, 32)
    w = Writer(session)
    w.begin(_CLIENT_HELLO, 200 + 2 * len(SUITES) + len(name or ""))
    w.put(_TLS1_2, 2)
    w.data(hs.random, 0, 32)
    w.put(0, 1)
    w.put(0, 2)
    mark = w.at
    ecc = False
    for row in SUITES:
        if row[7] and cipher_suite in (0, row[0]):
            w.put(row[0], 2)
            ecc = ecc or row[1] == _KX_ECDHE
    w.close(mark, 2)
    w.put(0x0100, 2)
    extensions.write_client(session, hs, w, ecc)
    w.finish()


def nothing(session, hs, r):
    """HelloRequest and ServerHelloDone: no body."""


def server_hello(session, hs, r):
    from mxtls.handshake import extensions
    from mxtls.suites import find

    version = r.get(2)
    if version != _TLS1_2:
        raise Error(_PROTOCOL_FAIL, _ALERT_PROTOCOL_VERSION, "the server chose version 0x%04X; it does not speak TLS 1.2" % version)
    session.version = version
    off = r.take(32)
    hs.random[32:] = r.buf[off : off + 32]
    end = r.vector(1)
    if end - r.off > 32:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server's session id is too long; it is broken")
    r.off = end
    suite = r.get(2)
    hs.row = find(suite)
    if not hs.row or hs.suite not in (0, suite) or r.get(1) != 0:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the server chose a suite or compression that was not offered; it is broken")
    session.cipher_suite = suite
    extensions.read_server(session, hs, r)
    hs.transcript = Hash(hs.row[6])
    hs.transcript.update(hs.hello, 0, len(hs.hello))
    hs.hello = None


def certificate(session, hs, n):
    from mxtls.handshake import certificates

    certificates.begin(session, hs, n)


def certified(session, hs):
    """The chain is good; static RSA needs no ServerKeyExchange."""
    session.state = _WAIT_SERVER_KEY_EXCHANGE if hs.row[1] == _KX_ECDHE else _WAIT_CERTIFICATE_REQUEST


def server_key_exchange(session, hs, r):
    if _USE_ECC:
        from mxtls.handshake import kex_ecdhe

        kex_ecdhe.read_params(session, hs, r)


def certificate_request(session, hs, r):
    """We have no certificate to show: an empty Certificate will say so (RFC 5246 section 7.4.6)."""
    hs.cert_wanted = True
    end = r.vector(1)
    r.off = end
    r.off = r.vector(2)
    r.off = r.vector(2)


def send_flight(session, hs):
    """Certificate when asked for, ClientKeyExchange, ChangeCipherSpec, Finished."""
    if hs.cert_wanted:
        from mxtls.handshake import certificates

        certificates.write(session, hs, ())
    if _USE_ECC and hs.row[1] == _KX_ECDHE:
        from mxtls.handshake import kex_ecdhe

        kex_ecdhe.write_public(session, hs)
    elif _USE_RSA_KEY_EXCHANGE:
        from mxtls.handshake import kex_rsa

        kex_rsa.write_secret(session, hs)
    forget("handshake.certificates handshake.kex_ecdhe handshake.kex_rsa crypto.ecdh crypto.rsa kernels.rsa")
    from mxtls.handshake import derive

    derive.secrets(session, hs)
    derive.send_finished(session, hs, b"client finished")


def change_cipher_spec(session, hs, r):
    session.rd = hs.next_rd
    hs.next_rd = None


def finished(session, hs, r):
    from mxtls.handshake import derive

    derive.check_finished(hs, r, b"server finished")


def refuse_rehandshake(session, hs, r):
    session.send_alert(_WARNING, _ALERT_NO_RENEGOTIATION)
