# SPDX-License-Identifier: MIT
"""A server's sessions sealed in tickets that clients keep, so that it keeps none (RFC 5077 section 4, RFC 8446 section 4.6.1).

A ticket is the number of its key (4), which the tag covers, a nonce (12), the sealed state and the tag. The keys belong to a Keys object and live in RAM
alone; after half of keys.session_lifetime a new one seals, and the one before it still opens. A ticket opens for the host name,
application protocol, version, suite and extended master secret that it was made with. Called by the servers' handshakes.
"""

from struct import pack_into, unpack_from

from micropython import const

import mxtls_port
from mxtls.config import USE_AES_GCM as _USE_AES_GCM, USE_ALPN as _USE_ALPN, USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.crypto.drbg import random_into
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe
from mxtls.resume import SessionId

if _USE_ARENA:
    import mxtls.memory as memory
if _USE_AES_GCM:
    from mxtls.crypto.gcm import Gcm as Aead
else:
    from mxtls.crypto.chacha20poly1305 import ChaCha20Poly1305 as Aead

_FIXED = const(9)  # bytes of a state before its three strings


class TicketKey:
    """name (4 bytes), the key, and when it was made."""

    def __init__(self):
        secret = bytearray(32)
        self.name = bytearray(4)
        random_into(secret, 0, 32)
        random_into(self.name, 0, 4)
        if _USE_ARENA:
            session, memory.owner = memory.owner, None  # the key outlives the session that asks for it
        self.aead = Aead(secret)
        if _USE_ARENA:
            memory.owner = session
        self.born = mxtls_port.ticks_ms()
        wipe(secret)

    def age(self):
        return ((mxtls_port.ticks_ms() - self.born) & 0x3FFFFFFF) // 1000


def _rotate(keys):
    """Drop the keys that are too old, and make one where none may seal any more. The newest comes first."""
    found = [key for key in keys.ticket_keys if key.age() < keys.session_lifetime]
    if not found or found[0].age() * 2 >= keys.session_lifetime:
        found.insert(0, TicketKey())
    for key in keys.ticket_keys + found[2:]:
        if key not in found[:2]:
            key.aead.wipe()
    keys.ticket_keys = found[:2]


def seal(keys, entry):
    """The ticket of an entry (resume.SessionId)."""
    _rotate(keys)
    key = keys.ticket_keys[0]
    parts = (entry.master, entry.name or b"", entry.alpn.encode() if _USE_ALPN and entry.alpn else b"")
    n = _FIXED + 3 + len(parts[0]) + len(parts[1]) + len(parts[2])
    out = bytearray(16 + n + 16)
    copy(out, 0, key.name, 0, 4)
    random_into(out, 4, 12)
    pack_into(">HHBI", out, 16, entry.version, entry.suite, entry.ems | entry.anonymous << 1, entry.born)
    at = 16 + _FIXED
    for part in parts:
        out[at] = len(part)
        copy(out, at + 1, part, 0, len(part))
        at += 1 + len(part)
    key.aead.seal(out[:16], out, 16, n)
    return out


def open(session, buf, off, n):
    """The entry of the ticket buf[off:off+n], or None: not of our keys, too old, or of another name or version than the session's."""
    keys = session.keys
    _rotate(keys)
    n -= 32
    if n < _FIXED + 3 or n > 600:
        return None
    for key in keys.ticket_keys:
        if ct_equal(key.name, 0, buf, off, 4):
            text = bytearray(buf[off + 16 : off + 48 + n])
            if key.aead.open(buf[off : off + 16], text, 0, n):
                entry = _entry(text)
                wipe(text)
                if ((mxtls_port.ticks_ms() - entry.born) & 0x3FFFFFFF) // 1000 <= keys.session_lifetime and entry.fits(session):
                    return entry
                entry.clear()
    return None


def _entry(text):
    entry = SessionId()
    entry.version, entry.suite, flags, entry.born = unpack_from(">HHBI", text, 0)
    entry.ems = bool(flags & 1)
    entry.anonymous = bool(flags & 2)
    at = _FIXED
    end = at + 1 + text[at]
    entry.master = text[at + 1 : end]
    at = end
    end = at + 1 + text[at]
    entry.name = bytes(text[at + 1 : end]) or None
    if _USE_ALPN:
        entry.alpn = bytes(text[end + 1 : end + 1 + text[end]]).decode() or None
    entry.id = b"\x00"  # it is one, though it has no number
    return entry
