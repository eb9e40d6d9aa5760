# SPDX-License-Identifier: MIT
"""Which protocol versions this build speaks (USE_TLS_1_3 to USE_SSL3). Read when a session begins."""

from mxtls.codes import ALERT_NONE as _ALERT_NONE, ARG_FAIL as _ARG_FAIL
from mxtls.config import (
    USE_DTLS as _USE_DTLS,
    USE_SSL3 as _USE_SSL3,
    USE_TLS as _USE_TLS,
    USE_TLS_1_1 as _USE_TLS_1_1,
    USE_TLS_1_2 as _USE_TLS_1_2,
    USE_TLS_1_3 as _USE_TLS_1_3,
)
from mxtls.errors import Error

# Columns: version, built. The newest first
VERSIONS = (
    (0x0304, _USE_TLS_1_3),
    (0x0303, _USE_TLS_1_2),
    (0x0302, _USE_TLS_1_1),
    (0x0301, _USE_TLS),
    (0x0300, _USE_SSL3),
)


if _USE_DTLS:

    def level(version):
        """The TLS version whose rules a version follows: DTLS 1.0 is TLS 1.1 and DTLS 1.2 is TLS 1.2 (RFC 6347 section 1)."""
        if version >> 8 != 0xFE:
            return version
        return 0x0302 if version >= 0xFEFE else 0x10200 - version

    def wire(session, version):
        """The number that a session sends for a TLS version."""
        if not session.dtls:
            return version
        return 0xFEFF if version == 0x0302 else 0x10200 - version


def bound(session, least, most, dtls):
    """Set the session's range of versions, as TLS numbers them: what is built, between least and most (0: no bound of yours)."""
    if _USE_DTLS and dtls:
        least = max(level(least), 0x0302)
        most = min(level(most) or 0x0303, 0x0303)  # there is no DTLS 1.3 here
    session.min_version = session.max_version = 0
    for row in VERSIONS:
        if row[1] and row[0] >= least and (not most or row[0] <= most):
            session.max_version = session.max_version or row[0]
            session.min_version = row[0]
    if not session.max_version:
        raise Error(_ARG_FAIL, _ALERT_NONE, "no version between min_version and max_version is in this build; widen them")


def choose(session, offered):
    """The newest version of the session's range, as TLS numbers them, that is not above what the client offers, or 0."""
    if _USE_DTLS and session.dtls:
        offered = level(offered) if offered >> 8 == 0xFE else 0
    for row in VERSIONS:
        if row[1] and session.min_version <= row[0] <= session.max_version and row[0] <= offered:
            return row[0]
    return 0
