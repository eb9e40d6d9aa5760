# SPDX-License-Identifier: MIT
"""MicroPython's module `tls` over this engine: SSLContext and SSLSocket with the built-in's names, numbers and ways to fail.

lib/tls.py gives it that name, mxtls/ssl.py puts CPython's names on it. docs/tls-module.md says what differs from the built-in.
Here is what sockets share; tls_socket.py has the socket.
"""

from micropython import const

import mxtls_port
from mxtls.codes import (
    ALERT_BAD_CERTIFICATE as _ALERT_BAD_CERTIFICATE,
    ALLOW_ANON_CONNECTION as _ALLOW_ANON_CONNECTION,
    ARG_FAIL as _ARG_FAIL,
    CERT_AUTH_FAIL as _CERT_AUTH_FAIL,
)
from mxtls.config import (
    USE_ALPN as _USE_ALPN,
    USE_CLIENT_SIDE_SSL as _USE_CLIENT,
    USE_DTLS as _USE_DTLS,
    USE_PEER_CERTIFICATE as _USE_PEER_CERTIFICATE,
    USE_PSK as _USE_PSK,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
    USE_SNI as _USE_SNI,
    USE_X509 as _USE_X509,
)
from mxtls.errors import Error
from mxtls.keys import Keys
from mxtls.tls_socket import SSLSocket, cipher_name

if _USE_CLIENT:
    from mxtls.session import ClientSession
if _USE_SERVER:
    from mxtls.session import ServerSession

PROTOCOL_TLS_CLIENT = 0
PROTOCOL_TLS_SERVER = 1
if _USE_DTLS:
    PROTOCOL_DTLS_CLIENT = 2
    PROTOCOL_DTLS_SERVER = 3
CERT_NONE = 0
CERT_OPTIONAL = 1
CERT_REQUIRED = 2
MBEDTLS_VERSION = "mxtls, not Mbed TLS"  # where a program asks whether the module has what axtls had not

_NONE = const(0)
_REQUIRED = const(2)
_SERVER = const(1)  # bits of a protocol
_DTLS = const(2)
_BAD_CONFIG = const(-0x5E80)  # a number of mbedtls


def _data(what):
    """Certificates or a key: bytes as they are, PEM as str too; any other str names a file."""
    if not isinstance(what, str):
        return what
    return what.encode() if "-----BEGIN" in what else mxtls_port.read_file(what)


def _accept(session, certificate, alert):
    """The validator of CERT_NONE and CERT_OPTIONAL: whoever it is, but not as somebody who was verified."""
    return _ALLOW_ANON_CONNECTION if alert or certificate is None else 0


def _require(session, certificate, alert):
    """The validator of a server with CERT_REQUIRED."""
    return alert


if _USE_PSK:

    class _SharedKeys(Keys):
        """Keys that look identities up in an application's dictionary, or whatever has get(identity)."""

        def find_psk(self, buf, off, n):
            key = self.psk.get(bytes(buf[off : off + n]))
            if key is not None and not isinstance(key, (bytes, bytearray)):
                raise Error(_ARG_FAIL, 80, "server_psk_keys gave something that is no key; return bytes, or None for an unknown identity")
            return key


if _USE_X509:

    def _common_name(keys, cert, host):
        """Does the common name say the host? Only of a certificate that is itself a trusted one, and has no subjectAltName: a device's own, made by hand.
        One that a CA has issued is judged by its subjectAltName alone (RFC 9525)."""
        if cert.san:
            return False
        whole = memoryview(cert.buf)[cert.off : cert.end]
        for anchor in keys.anchors:
            if whole == memoryview(anchor[0])[anchor[1] : anchor[2]]:
                from mxtls.x509.certinfo import DistinguishedName

                return DistinguishedName(bytes(cert.buf[cert.subject : cert.subject_end])).common_name == host
        return False


class SSLContext:
    """What sockets share: keys, trust and choices. protocol: one of PROTOCOL_…

    The built-in's attributes: verify_mode, verify_callback(certificate, depth), ecdsa_sign_callback(key, digest), psk_identity and psk_key,
    server_psk_keys. Ours: max_record, bytes of the longest record (512 to 16384), which bounds the memory; min_version and max_version,
    0 or a number of mxtls; keep_peer_certificate, for getpeercert; ragged_eof: False makes a hang-up without close_notify an error."""

    # What few contexts set costs nothing here
    verify_callback = ecdsa_sign_callback = None
    psk_identity = psk_key = server_psk_keys = None
    max_record = 16384
    min_version = max_version = 0
    keep_peer_certificate = bool(_USE_PEER_CERTIFICATE)
    ragged_eof = True
    alpn = ()
    sni = None
    _disabled = ()
    _shared = _listener = None

    def __init__(self, protocol):
        self.protocol = protocol
        self.verify_mode = CERT_NONE if protocol & _SERVER else CERT_REQUIRED
        self._keys = Keys()
        self._keys.names = _common_name

    if _USE_X509:

        def load_cert_chain(self, cert, key):
            """Our certificate, with what lies between it and a root behind it, and its private key: DER or PEM, or names of files."""
            keys = Keys()
            keys.min_rsa_bits = 1024
            key = _data(key)
            cert = _data(cert)
            if key is None or cert is None:
                raise TypeError("can't convert 'NoneType' object to str implicitly")
            _load(keys, cert, key, None)
            self._keys.chain = keys.chain
            self._keys.private = keys.private

        def load_verify_locations(self, cadata=None, cafile=None):
            """Certificates to trust, DER or PEM; call it again for more."""
            keys = Keys()
            keys.min_rsa_bits = 1024
            _load(keys, None, None, _data(cafile if cadata is None else cadata))
            self._keys.anchors += keys.anchors

    def get_ciphers(self):
        """The names of the suites of this build, as mbedtls writes them."""
        from mxtls.suites import SUITES

        return [cipher_name(row[0]) for row in SUITES if row[8]]

    def set_ciphers(self, ciphers):
        """Only these suites: a list of names, as get_ciphers or IANA write them."""
        from mxtls.suites import SUITES

        if not isinstance(ciphers, (list, tuple)):
            raise TypeError("object '%s' isn't a tuple or list" % type(ciphers).__name__)
        wanted = [name.replace("_", "-").replace("TLS1-3-", "TLS-") for name in ciphers]
        disabled = []
        for row in SUITES:
            name = cipher_name(row[0]).replace("TLS1-3-", "TLS-")
            if name in wanted and row[8]:
                wanted.remove(name)
            else:
                disabled.append(row[0])
        if wanted or not ciphers:
            raise OSError(_BAD_CONFIG, "cipher suite %s is not in this build; see get_ciphers()" % (wanted or "[]")[0])
        self._disabled = disabled

    def wrap_socket(self, sock, *, server_side=False, do_handshake_on_connect=True, server_hostname=None, client_id=None):
        """An SSLSocket over a stream. client_id: bytes that tell a DTLS client from others, its address: then a client that was not asked for a
        cookie is, and OSError(-0x6A80) says so; wrap again for its next datagram."""
        self.check_name(server_hostname)
        stream = SSLSocket(self, sock, server_hostname, client_id)
        if do_handshake_on_connect:
            stream.begin()
        return stream

    def check_name(self, name):
        """A client that verifies must say whom it wants."""
        if name is None and self.verify_mode == _REQUIRED and not self.protocol & _SERVER and self.psk_key is None:
            raise ValueError("CERT_REQUIRED requires server_hostname")

    def new_session(self, name, session_id):
        """A new session of the engine."""
        keys = self._keys
        validator = None
        if _USE_PSK and (self.psk_key is not None or self.server_psk_keys is not None):
            keys = self._psk_keys()
        else:
            keys.min_rsa_bits = 1024 if self.verify_mode == _NONE else 2048
            if self.ecdsa_sign_callback and keys.private:
                keys.private.signer = self.ecdsa_sign_callback
            validator = self._validator()
        if _USE_SERVER and self.protocol & _SERVER:
            s = ServerSession(keys, validator, self.min_version, self.max_version, self.max_record, bool(self.protocol & _DTLS))
            s.disabled = self._disabled
            if _USE_SNI and self.sni:
                s.sni = self.sni
        elif _USE_CLIENT:
            s = ClientSession(keys, session_id, 0, validator, None, None, name, self.min_version, self.max_version, self.max_record,
                              False, bool(self.protocol & _DTLS), self.alpn, disabled=self._disabled)
        if _USE_PEER_CERTIFICATE and self.keep_peer_certificate:
            s.keep_peer_certificate = True
        if _USE_ALPN and self.alpn and self.protocol & _SERVER:
            s._take_protocols(self.alpn)
        return s

    def _validator(self):
        """What judges the peer's certificate beside the engine, or None."""
        mode = self.verify_mode
        if self.verify_callback and mode != _NONE:
            return self._ask
        if self.protocol & _SERVER:
            return None if mode == _NONE else _require if mode == _REQUIRED else _accept
        return None if mode == _REQUIRED else _accept

    def _ask(self, session, certificate, alert):
        """verify_callback, from the root's end to the peer's own certificate."""
        chain = []
        while certificate is not None:
            chain.append(certificate)
            certificate = certificate.next
        if chain:
            for depth in range(len(chain) - 1, -1, -1):
                if self.verify_callback(memoryview(chain[depth].unparsed_bin), depth):
                    raise Error(_CERT_AUTH_FAIL, _ALERT_BAD_CERTIFICATE, "verify_callback refused the certificate at depth %d; see what it checks" % depth)
        if self.verify_mode == _REQUIRED:
            return alert
        return _ALLOW_ANON_CONNECTION if alert or not chain else 0

    if _USE_PSK:

        def _psk_keys(self):
            """Keys with pre-shared keys alone: a peer with a certificate in their place is refused."""
            given = (self.psk_identity, self.psk_key, self.server_psk_keys)
            if self._shared is None or self._shared[0] != given:
                if self.protocol & _SERVER and self.server_psk_keys is not None:
                    keys = _SharedKeys()
                    keys.psk = self.server_psk_keys
                else:
                    keys = Keys()
                    keys.load_psk(self.psk_key, self.psk_identity or b"")
                self._shared = (given, keys)
            return self._shared[1]

    if _USE_DTLS and _USE_SERVER:

        def listener(self):
            """What makes and checks the cookies of clients."""
            if self._listener is None:
                from mxtls.dtls_cookie import Listener

                self._listener = Listener()
            return self._listener


if _USE_X509:

    def _load(keys, cert, key, ca):
        """Load or say which of the two is bad, as the built-in does: with a ValueError."""
        try:
            keys.load_rsa_keys_mem(cert, key, ca)
        except Error as e:
            raise ValueError("invalid %s: %s" % ("key" if "key" in e.text and key is not None else "cert", e.text))
