# SPDX-License-Identifier: MIT
"""Session-id resumption (RFC 5246 sections 7.3 and F.1.4): a client's SessionId and a server's bounded cache.

A session is resumed only under the host name, version, suite and extended master secret (RFC 7627) that it was
made with. The cache belongs to a Keys object: at most keys.max_sessions entries, each for keys.session_lifetime seconds.
"""

import mxtls_port
from mxtls.codes import EXT_EXTENDED_MASTER_SECRET as _EMS
from mxtls.config import USE_DTLS as _USE_DTLS
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe


class SessionId:
    """What resumes a session. The application makes one for each server and keeps it as long as it likes."""

    def __init__(self):
        self.id = b""
        self.master = bytearray(48)
        self.suite = 0
        self.version = 0
        self.ems = False
        self.name = None
        self.anonymous = False
        self.born = 0

    def clear(self):
        """Forget the session: the next handshake is a full one (matrixSslInitSessionId)."""
        self.id = b""
        wipe(self.master)

    def store(self, session, hs):
        """Take the session that was just negotiated."""
        self.id = hs.session_id
        copy(self.master, 0, hs.master, 0, 48)
        self.suite = session.cipher_suite
        self.version = session.version
        self.ems = bool(hs.flags & _EMS)
        self.name = session.server_name
        self.anonymous = session.anonymous
        self.born = mxtls_port.ticks_ms()

    def fits(self, session):
        """Was it made for this host name, and may its version be offered?"""
        version = self.version
        if _USE_DTLS and session.dtls:
            from mxtls.versions import level

            version = level(version) if version >> 8 == 0xFE else 0  # a session of TLS is none of DTLS
        return bool(self.id) and self.name == session.server_name and session.min_version <= version <= session.max_version


def remember(session, hs):
    """Put a server's new session into the cache; the oldest makes room."""
    keys = session.keys
    if hs.session_id and keys.max_sessions > 0:
        while len(keys.sessions) >= keys.max_sessions:
            keys.sessions.pop(0).clear()
        entry = SessionId()
        entry.store(session, hs)
        entry.anonymous = hs.key is None or hs.anonymous  # only who has shown a certificate may skip it the next time
        keys.sessions.append(entry)
        session.session_id = entry  # a fatal error clears it (RFC 5246 section 7.2.2)


def recall(session, buf, off, n):
    """The server's entry for a session id, or None. Those that are too old are dropped."""
    keys = session.keys
    now = mxtls_port.ticks_ms()
    i = len(keys.sessions)
    while i:
        i -= 1
        entry = keys.sessions[i]
        if ((now - entry.born) & 0x3FFFFFFF) // 1000 > keys.session_lifetime:
            keys.sessions.pop(i).clear()
        elif n and n == len(entry.id) and ct_equal(buf, off, entry.id, 0, n):
            return entry if entry.fits(session) else None
    return None
