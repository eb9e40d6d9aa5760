# SPDX-License-Identifier: MIT
"""The IANA names of the cipher suites, for people: options and handshake lines. Not used by the engine."""

NAMES = (
    (0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
)


def name(suite):
    """The IANA name of a suite, or its number in hexadecimal."""
    for row in NAMES:
        if row[0] == suite:
            return row[1]
    return "0x%04X" % suite


def number(text):
    """The suite that a name or a number ("0xC02B") means; ValueError for neither."""
    for row in NAMES:
        if row[1] == text:
            return row[0]
    return int(text, 0)
