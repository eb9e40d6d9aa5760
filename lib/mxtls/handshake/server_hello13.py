# SPDX-License-Identifier: MIT
"""The extensions of TLS 1.3 in a ClientHello (RFC 8446 sections 4.2.2, 4.2.8 to 4.2.11), and those of our ServerHello,
HelloRetryRequest and EncryptedExtensions. Called by server_hello.py and server13.py."""

from mxtls.codes import (
    ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    TLS1_3 as _TLS1_3,
)
from mxtls.errors import Error
from mxtls.handshake import extensions as ext, server_hello


def _malformed(text):
    raise Error(_PROTOCOL_FAIL, _ALERT_DECODE_ERROR, "malformed " + text + "; the client is broken")


def read(hs, kind, r, stop, end):
    """One extension, up to stop; end: where all of them end. What is looked at later is left where it lies."""
    if kind == ext.KEY_SHARE:
        if r.vector(2) != stop:
            _malformed("key_share")
        hs.shares = (r.off, stop)
        while r.off < stop:
            r.get(2)
            n = r.vector(2)
            if n == r.off:
                _malformed("key_share")
            r.off = n
    elif kind == ext.PRE_SHARED_KEY:
        if stop != end:
            ext.illegal("pre_shared_key is not the last extension")
        hs.offers = (r.off, stop)
    elif kind == ext.PSK_KEY_EXCHANGE_MODES:
        if r.vector(1) != stop or r.off == stop:
            _malformed("psk_key_exchange_modes")
        hs.modes = bytes(r.buf[r.off : stop])
    elif kind == ext.EARLY_DATA:
        if r.off != stop:
            _malformed("early_data")
        hs.early = True
    r.off = stop


def write_hello(hs, w):
    """The ServerHello's extensions."""
    w.put(0, 2)
    mark = w.at
    w.put(ext.SUPPORTED_VERSIONS, 2)
    w.put(2, 2)
    w.put(_TLS1_3, 2)
    if hs.share:
        n = len(hs.share.public)
        w.put(ext.KEY_SHARE, 2)
        w.put(n + 4, 2)
        w.put(hs.share.group, 2)
        w.put(n, 2)
        w.data(hs.share.public, 0, n)
    if hs.psk:
        w.put(ext.PRE_SHARED_KEY, 2)
        w.put(2, 2)
        w.put(hs.psk_index, 2)
    w.close(mark, 2)


def write_retry(hs, w):
    """The HelloRetryRequest's extensions: the group that the client should send a share of."""
    w.put(12, 2)
    w.put(ext.SUPPORTED_VERSIONS, 2)
    w.put(2, 2)
    w.put(_TLS1_3, 2)
    w.put(ext.KEY_SHARE, 2)
    w.put(2, 2)
    w.put(hs.group[0], 2)


def size(session):
    """The most bytes that EncryptedExtensions take."""
    return 300


def write_encrypted(session, hs, w):
    """EncryptedExtensions: the answers in hs.flags."""
    w.put(0, 2)
    mark = w.at
    server_hello.write_common(session, hs, w)
    w.close(mark, 2)


def request_size(session):
    """The most bytes that a CertificateRequest takes."""
    from mxtls.crypto.sign import SCHEMES

    size = 20 + 2 * len(SCHEMES)
    for anchor in session.keys.anchors:
        size += 2 + anchor[4] - anchor[3]
    return size


def write_request(session, w):
    """CertificateRequest (section 4.3.2): the schemes that we verify, and the names of our CAs where we have any."""
    from mxtls.crypto.sign import SCHEMES

    w.put(0, 3)
    mark = w.at
    w.put(ext.SIGNATURE_ALGORITHMS, 2)
    w.put(0, 4)
    inner = w.at
    for row in SCHEMES:
        if row[-1] and row[0] >= 0x0400:
            w.put(row[0], 2)
    w.close(inner, 2)
    w.close(inner - 2, 2)
    if session.keys.anchors:
        w.put(ext.CERTIFICATE_AUTHORITIES, 2)
        w.put(0, 4)
        inner = w.at
        for buf, _, _, off, end in session.keys.anchors:
            w.put(end - off, 2)
            w.data(buf, off, end - off)
        w.close(inner, 2)
        w.close(inner - 2, 2)
    w.close(mark, 2)
