# SPDX-License-Identifier: MIT
"""The server of TLS 1.2: its table and what it reads and writes (RFC 5246 section 7.3). Called by session.py and machine.py."""

from mxtls.codes import ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR
from mxtls.codes import ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE
from mxtls.codes import ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER
from mxtls.codes import ALERT_LEVEL_WARNING as _WARNING
from mxtls.codes import ALERT_NO_RENEGOTIATION as _ALERT_NO_RENEGOTIATION
from mxtls.codes import ALERT_NONE as _ALERT_NONE
from mxtls.codes import ALERT_PROTOCOL_VERSION as _ALERT_PROTOCOL_VERSION
from mxtls.codes import ARG_FAIL as _ARG_FAIL
from mxtls.codes import KX_ECDHE as _KX_ECDHE
from mxtls.codes import PARSE_FAIL as _PARSE_FAIL
from mxtls.codes import PROTOCOL_FAIL as _PROTOCOL_FAIL
from mxtls.codes import SERVER_HELLO as _SERVER_HELLO
from mxtls.codes import SERVER_HELLO_DONE as _SERVER_HELLO_DONE
from mxtls.codes import TLS1_2 as _TLS1_2
from mxtls.codes import WAIT_CLIENT_HELLO as _WAIT_CLIENT_HELLO
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
    (10, 1, "client_hello", "send_flight", 12, "handshake.extensions handshake.certificates suites crypto.sign crypto.ecdsa"),
    (12, 16, "client_key_exchange", "take_secret", 14, ""),
    (14, 0x114, "change_cipher_spec", "", 15, ""),
    (15, 20, "finished", "send_finished", 20, "handshake.derive handshake.server handshake.machine handshake.codec crypto.prf"),
    (20, 1, "refuse_rehandshake", "", 20, "handshake.server handshake.machine handshake.codec"),
)


def start(session):
    """Wait for a ClientHello."""
    if not session.keys.private:
        raise Error(_ARG_FAIL, _ALERT_NONE, "a server needs a certificate and its private key; load them into its Keys")
    session.client = False
    session.server_name = None  # what the client asks for
    session.hs = Handshake()
    session.state = _WAIT_CLIENT_HELLO


def client_hello(session, hs, r):
    from mxtls.handshake import extensions

    hs.client_version = r.get(2)
    if hs.client_version < _TLS1_2 or hs.client_version >> 8 != 3:
        raise Error(_PROTOCOL_FAIL, _ALERT_PROTOCOL_VERSION, "the client offers no more than version 0x%04X; it does not speak TLS 1.2" % hs.client_version)
    session.version = _TLS1_2
    off = r.take(32)
    hs.random[:32] = r.buf[off : off + 32]
    end = r.vector(1)
    if end - r.off > 32:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the client's session id is too long; it is broken")
    r.off = end
    end = r.vector(2)
    suites = r.off
    if end == suites or (end - suites) & 1:
        raise Error(_PARSE_FAIL, _ALERT_DECODE_ERROR, "a malformed list of cipher suites; the client is broken")
    r.off = end
    stop = r.vector(1)
    if 0 not in bytes(r.buf[r.off : stop]):
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "the client does not offer null compression; it is broken")
    r.off = stop
    extensions.read_client(session, hs, r)
    if _offers(r.buf, suites, end, 0x00FF):  # TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746)
        hs.flags |= extensions.RENEGOTIATION
    hs.row = _choose(session, hs, r.buf, suites, end)
    session.cipher_suite = hs.row[0]
    hs.transcript = Hash(hs.row[6])


def _offers(buf, off, end, number):
    while off < end:
        if buf[off] << 8 | buf[off + 1] == number:
            return True
        off += 2
    return False


def _choose(session, hs, buf, off, end):
    """The first suite of ours that the client offers and our key, a group and a signature scheme fit."""
    from mxtls.suites import SUITES

    kind = session.keys.private.kind
    for row in SUITES:
        if row[7] and row[2] == kind and _offers(buf, off, end, row[0]):
            if row[1] != _KX_ECDHE or (_USE_ECC and _agree(session, hs)):
                return row
    raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "no cipher suite, group and signature in common with the client; enable more on one side")


if _USE_ECC:

    def _agree(session, hs):
        """Choose the group and the signature scheme, by the client's preference; False if there is none."""
        from mxtls.crypto import ecdh, sign

        groups = hs.groups
        if groups is None:
            groups = b"\x00\x17"  # a client that does not say takes P-256 (RFC 8422 section 4)
        i = 0
        while i < len(groups) and not hs.group:
            hs.group = ecdh.find(groups[i] << 8 | groups[i + 1])
            i += 2
        i = 0
        while hs.schemes and i < len(hs.schemes) and not hs.scheme:
            scheme = hs.schemes[i] << 8 | hs.schemes[i + 1]
            if scheme >> 8 != 2 and sign.scheme_fits(scheme, session.keys.private):
                hs.scheme = scheme
            i += 2
        return hs.group and hs.scheme


def send_flight(session, hs):
    """ServerHello, Certificate, ServerKeyExchange, ServerHelloDone."""
    from mxtls.handshake import certificates, extensions

    random_into(hs.random, 32, 32)
    w = Writer(session)
    w.begin(_SERVER_HELLO, 100)
    w.put(_TLS1_2, 2)
    w.data(hs.random, 32, 32)
    w.put(0, 1)
    w.put(hs.row[0], 2)
    w.put(0, 1)
    extensions.write_server(session, hs, w)
    w.finish()
    certificates.write(session, hs, session.keys.chain)
    if _USE_ECC and hs.row[1] == _KX_ECDHE:
        from mxtls.handshake import kex_ecdhe

        kex_ecdhe.write_params(session, hs)
    w.begin(_SERVER_HELLO_DONE, 0)
    w.finish()


def client_key_exchange(session, hs, r):
    if _USE_ECC and hs.row[1] == _KX_ECDHE:
        from mxtls.handshake import kex_ecdhe

        kex_ecdhe.read_public(session, hs, r)
    elif _USE_RSA_KEY_EXCHANGE:
        from mxtls.handshake import kex_rsa

        kex_rsa.read_secret(session, hs, r)


def take_secret(session, hs):
    from mxtls.handshake import derive

    forget("handshake.kex_ecdhe handshake.kex_rsa crypto.ecdh crypto.rsa kernels.ec kernels.field kernels.rsa kernels.x25519")
    derive.secrets(session, hs)


def change_cipher_spec(session, hs, r):
    session.rd = hs.next_rd
    hs.next_rd = None


def finished(session, hs, r):
    from mxtls.handshake import derive

    derive.check_finished(hs, r, b"client finished")


def send_finished(session, hs):
    from mxtls.handshake import derive

    derive.send_finished(session, hs, b"server finished")


def refuse_rehandshake(session, hs, r):
    r.off = r.end
    session.send_alert(_WARNING, _ALERT_NO_RENEGOTIATION)
