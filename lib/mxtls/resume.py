# SPDX-License-Identifier: MIT
"""Session-id resumption (RFC 5246 sections 7.3 and F.1.4): a client's SessionId and a server's bounded cache.

A session is resumed only under the host name, version, suite and extended master secret (RFC 7627) that it was
made with. The cache belongs to a Keys object: at most keys.max_sessions entries, each for keys.session_lifetime seconds.
"""

import mxtls_port
from mxtls.codes import EXT_EXTENDED_MASTER_SECRET as _EMS
from mxtls.config import USE_ALPN as _USE_ALPN, USE_DTLS as _USE_DTLS, USE_TLS_1_3 as _USE_TLS_1_3
from mxtls.crypto.drbg import random_into
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe

if _USE_ALPN:
    from mxtls.alpn import has_protocol
if _USE_TLS_1_3:
    from mxtls.crypto.hash import hash_size
    from mxtls.crypto.hkdf import expand_label
    from mxtls.suites import find


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
        self.ticket = b""  # of RFC 5077; TLS 1.3 has its ticket in id
        if _USE_ALPN:
            self.alpn = None
        if _USE_TLS_1_3:
            self.lifetime = 0  # seconds
            self.age_add = b""

    def clear(self):
        """Forget the session: the next handshake is a full one (matrixSslInitSessionId)."""
        self.id = self.ticket = b""
        wipe(self.master)

    def to_bytes(self):
        """What from_bytes makes the same of, after deep sleep or a reset; b"" of one that resumes nothing. It holds a secret."""
        import mxtls.resume_bytes as resume_bytes

        return resume_bytes.save(self)

    def from_bytes(self, data):
        """Become what was saved; one that has grown too old resumes nothing. Returns itself. Error(PARSE_FAIL) for what was not saved."""
        import mxtls.resume_bytes as resume_bytes

        return resume_bytes.restore(self, data)

    def store(self, session, hs):
        """Take the session that was just negotiated. A ticket without a session id gets one of ours, by whose echo we know that
        the server took the ticket (RFC 5077 section 3.4)."""
        self.id = hs.session_id
        self.ticket = hs.new_ticket
        if _USE_TLS_1_3:
            self.lifetime = 0
        if self.ticket and not self.id:
            self.id = bytearray(32)
            random_into(self.id, 0, 32)
            self.id = bytes(self.id)
        if _USE_TLS_1_3 and len(self.master) != 48:
            self.master = bytearray(48)
        copy(self.master, 0, hs.master, 0, 48)
        self.suite = session.cipher_suite
        self.version = session.version
        self.ems = bool(hs.flags & _EMS)
        self.name = session.server_name
        self.anonymous = session.anonymous
        if _USE_ALPN:
            self.alpn = session.alpn
        self.born = mxtls_port.ticks_ms()

    if _USE_TLS_1_3:

        def take_ticket(self, session, nonce):
            """The pre-shared key of a NewSessionTicket with this nonce (RFC 8446 section 4.6.1); id, lifetime, age_add are the caller's."""
            alg = find(session.cipher_suite)[6]
            wipe(self.master)
            self.master = bytearray(hash_size(alg))
            expand_label(alg, session.secrets.resumption, b"resumption", nonce, self.master)
            self.suite = session.cipher_suite
            self.version = session.version
            self.ems = True
            self.name = session.server_name
            self.anonymous = session.anonymous
            if _USE_ALPN:
                self.alpn = session.alpn
            self.born = mxtls_port.ticks_ms()

        def age(self):
            """Milliseconds since it was made."""
            return (mxtls_port.ticks_ms() - self.born) & 0x3FFFFFFF

        def obfuscated_age(self):
            return (self.age() + int.from_bytes(self.age_add, "big")) & 0xFFFFFFFF

    def fits(self, session):
        """Was it made for this host name and application protocol, and may its version be offered? A client without a validator takes up none
        with a server that a validator let pass."""
        if self.anonymous and session.client and not session.cert_validator:
            return False
        if _USE_TLS_1_3 and self.lifetime and self.age() // 1000 >= self.lifetime:
            return False
        version = self.version
        if _USE_DTLS and session.dtls:
            from mxtls.versions import level

            version = level(version) if version >> 8 == 0xFE else 0  # a session of TLS is none of DTLS
        if _USE_ALPN and self.alpn != session.alpn and not (session.client and self.alpn and has_protocol(session.protocols, self.alpn.encode())):
            return False
        return bool(self.id) and self.name == session.server_name and session.min_version <= version <= session.max_version


def remember(session, hs):
    """Put a server's new session into the cache; the oldest makes room."""
    if hs.session_id and session.keys.max_sessions > 0:
        entry = SessionId()
        entry.store(session, hs)
        add(session, hs, entry)


def add(session, hs, entry):
    """Put an entry into the cache of the session's keys."""
    keys = session.keys
    while len(keys.sessions) >= keys.max_sessions:
        keys.sessions.pop(0).clear()
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
