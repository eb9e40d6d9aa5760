# SPDX-License-Identifier: MIT
"""A client that shows its certificate after the handshake, when the server asks for it (RFC 8446 section 4.6.2). Called by client13.py."""

from mxtls.codes import ALERT_UNEXPECTED_MESSAGE as _ALERT_UNEXPECTED_MESSAGE, PROTOCOL_FAIL as _PROTOCOL_FAIL
from mxtls.errors import Error
from mxtls.handshake import certificates, client13, extensions, schedule, signed13
from mxtls.handshake.machine import Handshake


def answer(session, r):
    """The server's CertificateRequest, whose context begins at r.off: Certificate, CertificateVerify and Finished in answer."""
    session.count_message()
    if not session.post_transcript:
        raise Error(_PROTOCOL_FAIL, _ALERT_UNEXPECTED_MESSAGE, "the server asks for a certificate after the handshake, which was not offered; it is broken")
    start = r.off - 4
    end = r.vector(1)
    if end == r.off:
        extensions.illegal("a request after the handshake without a context")
    hs = Handshake()
    hs.context = bytes(r.buf[r.off : end])
    r.off = end
    client13.read_request(session, hs, r)
    hs.alg = session.post_transcript.alg
    hs.transcript = session.post_transcript.fork()
    hs.transcript.update(r.buf, start, r.end - start)
    hs.rd_secret = bytearray(1)
    hs.wr_secret = bytearray(session.secrets.wr)
    session.hs = hs
    try:
        certificates.write(session, hs, session.keys.chain if hs.scheme else ())
        if hs.scheme:
            signed13.send(session, hs, True)
        schedule.send_finished(session, hs)
    finally:
        session.hs = None
        hs.wipe()
