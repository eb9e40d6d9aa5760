# SPDX-License-Identifier: MIT
"""Lists of application protocols as ALPN writes them (RFC 7301 section 3.1): each name behind its length. Called by sessions and hellos."""

from mxtls.codes import ALERT_NONE as _ALERT_NONE, ARG_FAIL as _ARG_FAIL
from mxtls.errors import Error


def protocol_list(names):
    """The list of these names, str or bytes."""
    out = b""
    for name in names:
        if isinstance(name, str):
            name = name.encode()
        if not 0 < len(name) < 256:
            raise Error(_ARG_FAIL, _ALERT_NONE, "an application protocol has 1 to 255 bytes: give another")
        out += bytes((len(name),)) + name
    return out


def has_protocol(protocols, name):
    """Is the name in the list?"""
    at = 0
    while at < len(protocols):
        n = protocols[at]
        if protocols[at + 1 : at + 1 + n] == name:
            return True
        at += 1 + n
    return False
