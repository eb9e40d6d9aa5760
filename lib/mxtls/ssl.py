# SPDX-License-Identifier: MIT
"""CPython's module `ssl` over tls.py: its usual names, its defaults, its exceptions. What MicroPython's module of that name has is here too.

port/micropython/ssl.py gives it that name on MicroPython; on CPython, which has its own, it is mxtls.ssl. A client verifies, and checks the
host name, unless told otherwise; wrap_socket, the function, does as MicroPython documents it: nothing is verified without cert_reqs.
An SSLSocket returns None where it would block, as MicroPython's streams do; an SSLObject raises SSLWantReadError, as CPython's do.
"""

from micropython import const

import mxtls.tls as tls
from mxtls.codes import CLOSING_GOT as _GOT
from mxtls.config import (
    USE_ALPN as _USE_ALPN,
    USE_DTLS as _USE_DTLS,
    USE_MULTITHREADING as _USE_MULTITHREADING,
    USE_PEER_CERTIFICATE as _USE_PEER_CERTIFICATE,
    USE_PKCS5 as _USE_PKCS5,
    USE_PSK as _USE_PSK,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
    USE_TLS_1_2 as _USE_TLS_1_2,
    USE_TLS_1_3 as _USE_TLS_1_3,
    USE_TRUST_STORE as _USE_TRUST_STORE,
    USE_X509 as _USE_X509,
)
from mxtls.errors import Error
from mxtls.tls import CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED, MBEDTLS_VERSION, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER  # noqa: F401

if _USE_DTLS:
    from mxtls.tls import PROTOCOL_DTLS_CLIENT, PROTOCOL_DTLS_SERVER  # noqa: F401

HAS_SNI = True
HAS_ALPN = bool(_USE_ALPN)
HAS_PSK = bool(_USE_PSK)
HAS_TLSv1_2 = bool(_USE_TLS_1_2)
HAS_TLSv1_3 = bool(_USE_TLS_1_3)
HAS_NEVER_CHECK_COMMON_NAME = True
SSL_ERROR_WANT_READ = 2
SSL_ERROR_WANT_WRITE = 3

default_cafile = None  # what load_default_certs trusts: a file of certificates, which a board's boot.py names
default_store = None  # or a trust store, in a build with USE_TRUST_STORE

_NONE = const(0)
_REQUIRED = const(2)
_SERVER = const(1)
_CONN_EOF = const(-0x7280)
_CERT_VERIFY_FAILED = const(-0x2700)
_WR = const(4)


if _USE_RESUMPTION:

    def __getattr__(name):
        """SSLSession, which brings much along and is looked up when it is first used."""
        if name != "SSLSession":
            raise AttributeError(name)
        from mxtls.resume import SessionId

        return SessionId


class SSLError(OSError):
    """(number, text), as tls raises them."""


class SSLWantReadError(SSLError):
    """More must come from the peer first."""


class SSLWantWriteError(SSLError):
    """What waits must be sent first."""


class SSLEOFError(SSLError):
    """The peer hung up without saying goodbye."""


class SSLCertVerificationError(SSLError):
    """The peer's certificate was refused."""


CertificateError = SSLCertVerificationError


class TLSVersion:
    """For minimum_version and maximum_version."""

    MINIMUM_SUPPORTED = -2
    MAXIMUM_SUPPORTED = -1
    SSLv3 = 0x0300
    TLSv1 = 0x0301
    TLSv1_1 = 0x0302
    TLSv1_2 = 0x0303
    TLSv1_3 = 0x0304


class Purpose:
    """Whom a context authenticates: of create_default_context."""

    SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"


def _any_name(keys, cert, host):
    return True


class SSLContext(tls.SSLContext):
    """check_hostname: must the certificate carry server_hostname? Where it is False, or verify_mode CERT_NONE, the name is only sent (SNI)."""

    def __init__(self, protocol):
        super().__init__(protocol)
        self.check_hostname = not protocol & _SERVER

    @property
    def minimum_version(self):
        return self.min_version or TLSVersion.MINIMUM_SUPPORTED

    @minimum_version.setter
    def minimum_version(self, version):
        self.min_version = max(version, 0)

    @property
    def maximum_version(self):
        return self.max_version or TLSVersion.MAXIMUM_SUPPORTED

    @maximum_version.setter
    def maximum_version(self, version):
        self.max_version = max(version, 0)

    if _USE_X509:

        def load_cert_chain(self, certfile, keyfile=None, password=None):
            """Names of files, or bytes. The key may be in the file of the certificates. password: of the key's file."""
            if keyfile is None:
                keyfile = certfile
            if not _USE_PKCS5 or password is None:
                super().load_cert_chain(certfile, keyfile)
                return
            keys = tls.Keys()
            try:
                keys.load_rsa_keys(certfile, keyfile, password() if callable(password) else password)
            except Error as e:
                raise ValueError("invalid key: " + e.text)
            self._keys.chain = keys.chain
            self._keys.private = keys.private

        def load_verify_locations(self, cafile=None, capath=None, cadata=None):
            """A file's name, or DER or PEM. There are no folders of certificates."""
            if capath is not None:
                raise ValueError("capath: folders of certificates are not known here; give cafile or cadata")
            super().load_verify_locations(cadata, cafile)

        def load_default_certs(self, purpose=Purpose.SERVER_AUTH):
            """What default_cafile and default_store name; nothing where they are None, for a board has no list of its own."""
            if default_cafile is not None:
                self.load_verify_locations(default_cafile)
            if _USE_TRUST_STORE and default_store is not None:
                self._keys.load_trust_store(default_store)

        set_default_verify_paths = load_default_certs

    def set_ciphers(self, ciphers):
        """A list of IANA names, or one str with colons between them."""
        super().set_ciphers(ciphers.split(":") if isinstance(ciphers, str) else ciphers)

    if _USE_ALPN:

        def set_alpn_protocols(self, protocols):
            """Application protocols, the preferred first."""
            self.alpn = tuple(protocols)

    def check_name(self, name):
        if self.check_hostname or name is not None:
            super().check_name(name)

    def new_session(self, name, session_id):
        self._keys.names = tls._common_name if self.check_hostname else _any_name
        s = super().new_session(name, session_id)
        if name is None and not self.check_hostname and s.cert_validator is None and not self.protocol & _SERVER:
            s.cert_validator = tls._require  # which also tells the engine that nobody is asked for by name
        return s

    def wrap_socket(self, sock, server_side=False, do_handshake_on_connect=True, suppress_ragged_eofs=True, server_hostname=None, session=None):
        """An SSLSocket over a socket, or any stream. session: the `session` of an earlier one, to resume."""
        self.check_name(server_hostname)
        stream = SSLSocket(self, sock, server_hostname, None, session)
        stream._ragged_eof = suppress_ragged_eofs
        if do_handshake_on_connect:
            stream.begin()
        return stream

    def wrap_bio(self, incoming, outgoing, server_side=False, server_hostname=None, session=None):
        """An SSLObject between two MemoryBIO: what came from the peer, and what is for it."""
        self.check_name(server_hostname)
        return SSLObject(self, _Bios(incoming, outgoing), server_hostname, None, session)


class SSLSocket(tls.SSLSocket):
    """What SSLContext.wrap_socket makes."""

    def __init__(self, context, sock, server_hostname, client_id=None, session_id=None):
        if _USE_RESUMPTION and session_id is None and not context.protocol & _SERVER:
            from mxtls.resume import SessionId

            session_id = SessionId()
        super().__init__(context, sock, server_hostname, client_id, session_id)
        self.context = context
        self.server_side = bool(context.protocol & _SERVER)
        self.server_hostname = server_hostname

    def _exception(self, number, text):
        if number == _CERT_VERIFY_FAILED:
            e = SSLCertVerificationError(number, text)
            e.verify_message = text
            return e
        return SSLEOFError(number, text) if number == _CONN_EOF else SSLError(number, text) if number < -255 else OSError(number, text)

    if _USE_RESUMPTION:

        @property
        def session(self):
            """What resumes this session: give it to the next wrap_socket. It is filled by the handshake and, in TLS 1.3, by what comes after it."""
            return self._session_id

        @property
        def session_reused(self):
            s = self._session
            return s.resumed if s else None

    def selected_alpn_protocol(self):
        """The application protocol that was agreed on, or None."""
        return self._session.alpn if _USE_ALPN and self._session else None

    def version(self):
        """"TLSv1.3" and so on; None before the handshake."""
        found = tls.SSLSocket.cipher(self)
        return found and found[1]

    def cipher(self):
        """(suite's IANA name, version, bits of its key); None before the handshake."""
        found = tls.SSLSocket.cipher(self)
        if found is None:
            return None
        from mxtls.suite_names import name
        from mxtls.suites import find

        suite = self._session.cipher_suite
        return name(suite), found[1], 8 * find(suite)[4]

    def getpeercert(self, binary_form=False):
        """The peer's own certificate: DER, or what of it people read, empty where it was not verified. None where it has shown none."""
        s = self._session
        der = s.peer_der if _USE_PEER_CERTIFICATE and s else None
        if binary_form or der is None:
            return der
        if s.anonymous:
            return {}
        from mxtls.x509.certinfo import Certificate

        c = Certificate(der)
        found = {"version": c.version + 1, "serialNumber": "".join(["%02X" % b for b in c.serial_number]), "notBefore": c.not_before, "notAfter": c.not_after}
        for side in ("subject", "issuer"):
            dn = getattr(c, side)
            names = (("countryName", dn.country), ("stateOrProvinceName", dn.state), ("localityName", dn.locality), ("organizationName", dn.organization),
                     ("organizationalUnitName", dn.org_unit), ("commonName", dn.common_name))
            found[side] = tuple(((key, value),) for key, value in names if value)
        alternative = []
        for entry in c.extensions.san or ():
            if entry.id == 2:
                alternative.append(("DNS", entry.data.decode()))
            elif entry.id == 7:
                alternative.append(("IP Address", ".".join([str(b) for b in entry.data]) if len(entry.data) == 4 else entry.data.hex()))
        found["subjectAltName"] = tuple(alternative)
        return found

    def pending(self):
        """Bytes that read returns without asking the peer."""
        s = self._session
        return s.plain_len - self._at if s and s.plain_len >= 0 else 0

    def unwrap(self):
        """Say goodbye, and wait for the peer's, dropping data that comes before it; the socket beneath, which goes on in the clear. None: it would block."""
        self._check()
        sock = self._sock
        s = self._session
        if s and s.established:
            if s.can_close():
                s.encode_closure_alert()
            self._exact = True
            if not self._send():
                return None
            n = self._plain()
            while n:
                self._taken(n)
                n = self._plain()
            if n is None:
                return None
            s.delete()
        self._sock = self._session = None
        return sock

    def fileno(self):
        return self._sock.fileno() if self._sock else -1

    def settimeout(self, seconds):
        self._open().settimeout(seconds)
        self._patient = seconds != 0
        self._pace()

    def makefile(self, mode="rb", buffering=0):
        """Itself: it is a stream already."""
        return self

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()


class MemoryBIO:
    """Bytes that wait between a transport of yours and an SSLObject."""

    def __init__(self):
        self._data = bytearray()
        self._ended = False

    @property
    def pending(self):
        return len(self._data)

    @property
    def eof(self):
        return self._ended and not self._data

    def write(self, buf):
        self._data.extend(buf)
        return len(buf)

    def write_eof(self):
        self._ended = True

    def read(self, n=-1):
        if n < 0 or n > len(self._data):
            n = len(self._data)
        data = bytes(self._data[:n])
        self._data = self._data[n:]
        return data


class _Bios:
    """Two MemoryBIO as the transport of an SSLSocket."""

    def __init__(self, incoming, outgoing):
        self.incoming, self.outgoing = incoming, outgoing

    def readinto(self, buf):
        if not self.incoming.pending:
            return 0 if self.incoming.eof else None
        data = self.incoming.read(len(buf))
        buf[: len(data)] = data
        return len(data)

    def write(self, buf):
        return self.outgoing.write(buf)

    def ioctl(self, request, flags):
        return _WR

    def close(self):
        pass


class SSLObject(SSLSocket):
    """A session between two MemoryBIO. What cannot go on raises SSLWantReadError: carry bytes, and call again."""

    def __init__(self, context, bios, server_hostname, client_id=None, session_id=None):
        super().__init__(context, bios, server_hostname, client_id, session_id)
        self._ragged_eof = False

    def _want(self, value):
        if value is None:
            raise SSLWantReadError(SSL_ERROR_WANT_READ, "more must come from the peer first; read from it, and call again")
        return value

    def do_handshake(self):
        self._check()
        try:
            done = self._handshake()
        except Error as e:
            raise self._failure(e)
        if not done:
            self._want(None)

    def read(self, n=1024, buffer=None):
        return self._want(self.recv(n) if buffer is None else self.recv_into(buffer, n))

    def write(self, buf):
        return self._want(tls.SSLSocket.write(self, buf))

    def unwrap(self):
        """Say goodbye, and wait for the peer's."""
        s = self._session
        if s.can_close():
            s.encode_closure_alert()
            self._send()
        if not s.closing & _GOT:
            self._want(self._plain())


def create_default_context(purpose=Purpose.SERVER_AUTH, *, cafile=None, capath=None, cadata=None):
    """A context that verifies servers (SERVER_AUTH), or one for a server, which asks clients for nothing."""
    context = SSLContext(PROTOCOL_TLS_CLIENT if purpose == Purpose.SERVER_AUTH else PROTOCOL_TLS_SERVER)
    if _USE_X509:
        if cafile or capath or cadata:
            context.load_verify_locations(cafile, capath, cadata)
        elif purpose == Purpose.SERVER_AUTH:
            context.load_default_certs()
    return context


def _create_unverified_context(protocol=PROTOCOL_TLS_CLIENT):
    context = SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = _NONE
    return context


def wrap_socket(
    sock, server_side=False, key=None, cert=None, cert_reqs=CERT_NONE, cadata=None, server_hostname=None, do_handshake=True, psk_identity=None, psk_key=None, ciphers=None
):
    """MicroPython's function, with a context of its own. Nothing is verified without cert_reqs=CERT_REQUIRED, cadata and server_hostname.
    psk_identity, psk_key: the pre-shared key of a client; ciphers: a list of suites' names."""
    context = SSLContext(PROTOCOL_TLS_SERVER if _USE_SERVER and server_side else PROTOCOL_TLS_CLIENT)
    context.verify_mode = cert_reqs
    if _USE_X509 and (cert or key):
        tls.SSLContext.load_cert_chain(context, cert, key)
    if _USE_X509 and cadata:
        context.load_verify_locations(cadata=cadata)
    if psk_key is not None:
        context.psk_identity = psk_identity
        context.psk_key = psk_key
    if ciphers:
        context.set_ciphers(ciphers)
    return context.wrap_socket(sock, server_side, do_handshake, True, server_hostname)


def RAND_bytes(n):
    """n random bytes, fit for keys."""
    from mxtls.crypto.drbg import random_into

    data = bytearray(n)
    random_into(data, 0, n)
    return bytes(data)


if _USE_MULTITHREADING:
    from mxtls.lock import locked

    RAND_bytes = locked(RAND_bytes)
