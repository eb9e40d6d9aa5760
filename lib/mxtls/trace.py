# SPDX-License-Identifier: MIT
"""Traces, in builds that ask for them: USE_SSL_HANDSHAKE_MSG_TRACE (handshake messages), USE_SSL_INFORMATIONAL_TRACE (records and
alerts), USE_CORE_TRACE (failures), USE_CRYPTO_TRACE (which algorithm does what). Never a secret, never a byte of data.

Lines go to print; an application may put another function in `out`.
"""

_NAMES = (
    (0, "HelloRequest"),
    (1, "ClientHello"),
    (2, "ServerHello"),
    (4, "NewSessionTicket"),
    (8, "EncryptedExtensions"),
    (11, "Certificate"),
    (12, "ServerKeyExchange"),
    (13, "CertificateRequest"),
    (14, "ServerHelloDone"),
    (15, "CertificateVerify"),
    (16, "ClientKeyExchange"),
    (20, "Finished"),
    (22, "CertificateStatus"),
    (24, "KeyUpdate"),
    (0x114, "ChangeCipherSpec"),
)

out = print


def name(kind):
    for row in _NAMES:
        if row[0] == kind:
            return row[1]
    return "message %d" % kind


def message(session, arrow, kind, n):
    """A handshake message of n bytes: <- came, -> goes."""
    sealed = session.rd if arrow == "<-" else session.wr
    out("%s %s %s (%d bytes)%s" % ("client" if session.client else "server", arrow, name(kind), n, ", encrypted" if sealed else ""))


def info(session, text):
    out("%s    %s" % ("client" if session.client else "server", text))
