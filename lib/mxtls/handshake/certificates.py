# SPDX-License-Identifier: MIT
"""The Certificate message, both ways (RFC 5246 sections 7.4.2 and 7.4.6). Called by machine.py and the roles.

What arrives is verified certificate by certificate: the chain is never in memory as a whole, unless the
application's validator asks to see it.
"""

from micropython import const

from mxtls.codes import (
    ALERT_BAD_CERTIFICATE as _ALERT_BAD_CERTIFICATE,
    ALERT_CERTIFICATE_REQUIRED as _ALERT_CERTIFICATE_REQUIRED,
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    ALERT_UNKNOWN_CA as _ALERT_UNKNOWN_CA,
    ALERT_UNSUPPORTED_CERTIFICATE as _ALERT_UNSUPPORTED_CERTIFICATE,
    ALLOW_ANON_CONNECTION as _ALLOW_ANON_CONNECTION,
    ARG_FAIL as _ARG_FAIL,
    CERT_AUTH_FAIL as _CERT_AUTH_FAIL,
    CERTIFICATE as _CERTIFICATE,
    CERTIFICATE_STATUS as _CERTIFICATE_STATUS,
    EXT_STATUS_REQUEST as _STATUS,
    KX_RSA as _KX_RSA,
    LIMIT_FAIL as _LIMIT_FAIL,
    PARSE_FAIL as _PARSE_FAIL,
    TLS1_3 as _TLS1_3,
)
from mxtls.config import (
    USE_OCSP_STAPLING as _USE_OCSP_STAPLING,
    USE_PEER_CERTIFICATE as _USE_PEER_CERTIFICATE,
    USE_PINNING as _USE_PINNING,
    USE_TLS_1_3 as _USE_TLS_1_3,
)
from mxtls.errors import Error
from mxtls.handshake.codec import Reader, Writer

_SERVER_AUTH = const(1)  # purposes of x509.chain.Path
_CLIENT_AUTH = const(2)
_DIGITAL_SIGNATURE = const(0x80)  # keyUsage bits, the first byte of the BIT STRING
_KEY_ENCIPHERMENT = const(0x20)
_STATUS_REQUEST = const(5)  # the extension


def begin(session, hs, n):
    """A Certificate message of n bytes begins."""
    import mxtls_port
    from mxtls.x509.chain import Path

    if n < 3:
        raise Error(_PARSE_FAIL, _ALERT_DECODE_ERROR, "malformed Certificate message; the peer is broken")
    hs.list_left = -1
    if _USE_OCSP_STAPLING:
        session.ocsp_response = None
    host = None
    purpose = _CLIENT_AUTH
    if session.client:
        host = session.server_name
        purpose = _SERVER_AUTH
        if not (_USE_PINNING and session.keys.fingerprints):
            _check_name(session)
    hs.path = Path(session.keys, purpose, host, mxtls_port.unix_time())
    hs.path.later = True  # machine.py looks after each certificate
    if session.cert_validator:
        hs.path.certs = []


def take(session, hs, buf, off, end):
    """Take in the list's length or the next certificate from buf[off:end]; returns the bytes used, or minus
    the number that is missing."""
    have = end - off
    modern = _USE_TLS_1_3 and session.version == _TLS1_3
    head = 4 if modern and hs.list_left < 0 else 3  # TLS 1.3 has a certificate_request_context, empty here
    if 0 <= hs.list_left < head:
        _malformed()
    if have < head:
        return have - head
    n = buf[off + head - 3] << 16 | buf[off + head - 2] << 8 | buf[off + head - 1]
    if hs.list_left < 0:
        if modern and buf[off]:
            raise Error(_PARSE_FAIL, _ALERT_ILLEGAL_PARAMETER, "a certificate for a request that was not made; the peer is broken")
        if n != hs.left - head:
            _malformed()
        hs.list_left = n
        return head
    n += 3
    size = n + 2 if modern else n
    if n == 3 or size > hs.list_left:
        _malformed()
    if modern and have >= size:
        size += buf[off + n] << 8 | buf[off + n + 1]
        if size > hs.list_left:
            _malformed()
    if size > session.input.limit - 325:
        raise Error(_LIMIT_FAIL, _ALERT_BAD_CERTIFICATE, "a certificate of %d bytes is too long; raise max_record" % size)
    if have < size:
        return have - size
    first = hs.path.seen == 0
    if modern:
        _extensions(session, Reader(buf, off + n, off + size), first)
    if _USE_PEER_CERTIFICATE and first and session.keep_peer_certificate:
        session.peer_der = bytes(memoryview(buf)[off + 3 : off + n])
    hs.path.add(buf, off + 3, off + n)
    hs.list_left -= size
    return size


def _malformed():
    raise Error(_PARSE_FAIL, _ALERT_DECODE_ERROR, "a malformed Certificate message; the peer is broken")


def _check_name(session):
    """A client must say whose certificate it wants, unless an application's validator knows."""
    if session.client and session.server_name is None and session.cert_validator is None:
        raise Error(_ARG_FAIL, _ALERT_INTERNAL_ERROR, "no server_name to check the certificate against; give one, or a cert_validator")


def _extensions(session, r, first):
    """The extensions of a certificate in TLS 1.3 (RFC 8446 section 4.4.2): none that was not asked for, which is OCSP's. That of the
    first certificate is kept."""
    from mxtls.handshake import extensions as ext

    end = r.vector(2)
    seen = []
    while r.off < end:
        kind = r.get(2)
        stop = r.vector(2)
        ext.once(seen, kind)
        if _USE_OCSP_STAPLING and kind == ext.STATUS_REQUEST and session.client and session.ocsp:
            read_status(session, r, first)
        else:
            if kind != ext.STATUS_REQUEST:
                ext.placed(kind)
            ext.unasked(kind)
        r.done(stop)
    r.done(end)


if _USE_OCSP_STAPLING:

    def read_status(session, r, keep):
        """A CertificateStatus (RFC 6066 section 8), the body of a message or of an extension."""
        kind = r.get(1)
        end = r.vector(3)
        if kind != 1 or end == r.off:
            _malformed()
        if keep:
            session.ocsp_response = bytes(memoryview(r.buf)[r.off : end])
        r.off = end


def finish(session, hs, wait):
    """The list is complete: judge it, ask the validator, keep the leaf's public key. wait: before TLS 1.3 a stapled response may still come, and
    client.py calls again when it has come, or was left out."""
    if _USE_OCSP_STAPLING and wait and session.client and hs.flags & _STATUS and hs.path and session.version != _TLS1_3:
        return
    path = hs.path
    hs.path = None
    if path is None or (path.leaf is None and not path.alert):
        _without(session, hs)
        return
    path.finish()
    if session.cert_validator:
        alert = path.alert
        if alert and alert != _ALERT_UNKNOWN_CA:
            alert = _ALERT_BAD_CERTIFICATE  # the reference's callback knows these two
        session.peer_certificate = path.certs[0]
        _ask(session, hs, path.certs[0], alert, path.text)
    elif path.alert:
        raise Error(path.code, path.alert, path.text)
    else:
        if _USE_PINNING and not path.by_fingerprint:
            _check_name(session)
        hs.anonymous = False
    hs.key = path.leaf
    usage = path.key_usage
    if hs.key is None or (session.client and hs.row[2] and not hs.key.suits(hs.row[2], hs.row[1] == _KX_RSA)):
        raise Error(_CERT_AUTH_FAIL, _ALERT_UNSUPPORTED_CERTIFICATE, "the certificate's key does not fit the cipher suite; the peer is broken")
    wanted = _KEY_ENCIPHERMENT if session.client and hs.row[1] == _KX_RSA else _DIGITAL_SIGNATURE
    if usage >= 0 and not usage & wanted:
        raise Error(_CERT_AUTH_FAIL, _ALERT_UNSUPPORTED_CERTIFICATE, "the certificate's keyUsage forbids this key exchange; issue another or choose other suites")


def _ask(session, hs, certificate, alert, text):
    """The application's validator has the last word (the reference's callback)."""
    try:
        answer = session.cert_validator(session, certificate, alert) or 0
    except (Error, MemoryError):
        raise
    except Exception as e:
        raise Error(_CERT_AUTH_FAIL, _ALERT_INTERNAL_ERROR, "the certificate validator raised %r; mend it" % e)
    hs.anonymous = answer == _ALLOW_ANON_CONNECTION
    if answer > 0 and not hs.anonymous:
        if certificate is None and answer == _ALERT_BAD_CERTIFICATE:
            answer = _ALERT_HANDSHAKE_FAILURE  # the peer is told what RFC 5246 section 7.4.6 says
        raise Error(_CERT_AUTH_FAIL, answer, "the certificate validator refused the peer" + (": " + text if text else "; see what it checks"))
    if answer < 0:
        raise Error(_CERT_AUTH_FAIL, _ALERT_INTERNAL_ERROR, "the certificate validator failed with %d; see what it checks" % answer)


def _without(session, hs):
    """The list is empty. A server leaves it to its validator, which may allow an anonymous client."""
    if session.client:
        raise Error(_CERT_AUTH_FAIL, _ALERT_DECODE_ERROR, "the server sent no certificate; configure one there")
    alert = _ALERT_CERTIFICATE_REQUIRED if _USE_TLS_1_3 and session.version == _TLS1_3 else _ALERT_BAD_CERTIFICATE
    _ask(session, hs, None, alert, "the client sent no certificate; give it one")
    if not hs.anonymous:
        if alert == _ALERT_BAD_CERTIFICATE:
            alert = _ALERT_HANDSHAKE_FAILURE
        raise Error(_CERT_AUTH_FAIL, alert, "the client sent no certificate; give it one, or have the validator return ALLOW_ANON_CONNECTION")


def write(session, hs, chain):
    """Our Certificate message: chain is a sequence of (buf, off, end), the leaf first; empty for none. A server that was asked staples
    its OCSP response: to the leaf in TLS 1.3, else in a message of its own."""
    modern = _USE_TLS_1_3 and session.version == _TLS1_3
    size = 0
    if _USE_OCSP_STAPLING:
        staple = b""
        if not session.client and hs.flags & _STATUS:
            staple = session.keys.ocsp_response or b""
        if modern and staple:
            size = len(staple) + 8
    for _buf, off, end in chain:
        size += end - off + (5 if modern else 3)
    w = Writer(session)
    context = hs.context if modern else b""
    w.begin(_CERTIFICATE, size + 4 + len(context))
    if modern:
        w.put(len(context), 1)
        w.data(context, 0, len(context))
    w.put(size, 3)
    for buf, off, end in chain:
        w.put(end - off, 3)
        w.data(buf, off, end - off)
        if _USE_OCSP_STAPLING and modern and staple:
            w.put(len(staple) + 8, 2)
            w.put(_STATUS_REQUEST, 2)
            w.put(len(staple) + 4, 2)
            _put_status(w, staple)
            staple = b""
        elif modern:
            w.put(0, 2)  # no extensions
    w.finish()
    if _USE_OCSP_STAPLING and staple:
        w.begin(_CERTIFICATE_STATUS, len(staple) + 4)
        _put_status(w, staple)
        w.finish()


if _USE_OCSP_STAPLING:

    def _put_status(w, response):
        w.put(1, 1)
        w.put(len(response), 3)
        w.data(response, 0, len(response))
