# SPDX-License-Identifier: MIT
"""TLS 1.3's key schedule (RFC 8446 sections 4.4.4, 7.1 to 7.5): from a pre-shared key and a shared secret to record protection,
Finished, resumption and exporters. Called by both roles of TLS 1.3.

hs.master holds the secret of the stage that the schedule is at: early, handshake, master.
"""

from mxtls.codes import (
    ALERT_DECRYPT_ERROR as _ALERT_DECRYPT_ERROR,
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_ILLEGAL_PARAMETER as _ALERT_ILLEGAL_PARAMETER,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    CHANGE_CIPHER_SPEC as _CHANGE_CIPHER_SPEC,
    CLOSING_SENT as _SENT,
    FINISHED as _FINISHED,
    KEY_UPDATE as _KEY_UPDATE,
    MEM_FAIL as _MEM_FAIL,
    MESSAGE_HASH as _MESSAGE_HASH,
    MODE_CCM as _MODE_CCM,
    MODE_CCM_8 as _MODE_CCM_8,
    MODE_CHACHA as _MODE_CHACHA,
    MODE_GCM as _MODE_GCM,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
)
from mxtls.config import (
    USE_AES_CCM as _USE_AES_CCM,
    USE_AES_GCM as _USE_AES_GCM,
    USE_CHACHA20_POLY1305 as _USE_CHACHA20_POLY1305,
    USE_EXPORTER as _USE_EXPORTER,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SSL_HANDSHAKE_MSG_TRACE as _USE_SSL_HANDSHAKE_MSG_TRACE,
)
from mxtls.crypto.hash import Hash, hash_size
from mxtls.crypto.hkdf import expand_label, extract
from mxtls.crypto.hmac import hmac_of
from mxtls.errors import Error
from mxtls.handshake.codec import Writer
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe
from mxtls.record_aead13 import Aead13Record, Secrets
from mxtls_port import sweep

if _USE_SSL_HANDSHAKE_MSG_TRACE:
    import mxtls.trace as trace

# SHA-256 of "HelloRetryRequest": the random of a ServerHello that is one (section 4.1.3)
RETRY = b"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"


def derive(alg, secret, label, digest, out):
    """Derive-Secret with the digest of the messages; b"" stands for that of none."""
    expand_label(alg, secret, label, digest or Hash(alg).digest(), out)


def restart(hs, hello):
    """After a HelloRetryRequest the transcript begins with a digest in the place of the first ClientHello (RFC 8446 section 4.4.1)."""
    h = hs.transcript or Hash(hs.alg)
    if hello:
        h.update(hello, 0, len(hello))
    digest = h.digest()
    hs.transcript = Hash(hs.alg)
    hs.transcript.update(bytes((_MESSAGE_HASH, 0, 0, len(digest))), 0, 4)
    hs.transcript.update(digest, 0, len(digest))


def begin(hs, psk):
    """The early secret; psk is None where no pre-shared key is used."""
    size = hash_size(hs.alg)
    hs.master = bytearray(size)
    extract(hs.alg, bytes(size), psk or bytes(size), hs.master)


def _next(hs, secret):
    """On to the next stage, with a shared secret or None."""
    size = hash_size(hs.alg)
    salt = bytearray(size)
    try:
        derive(hs.alg, hs.master, b"derived", b"", salt)
        extract(hs.alg, salt, secret or bytes(size), hs.master)
    finally:  # also without memory
        wipe(salt)


def finished_mac(alg, base, digest, out):
    """The contents of Finished, or a binder, under the key that grows from base."""
    key = bytearray(hash_size(alg))
    try:
        expand_label(alg, base, b"finished", b"", key)
        mac = hmac_of(alg, key)
        mac.update(digest, 0, len(digest))
        mac.digest_into(out, 0)
        mac.wipe()
    finally:
        wipe(key)


def binder(alg, psk, resumption, digest):
    """The binder of a pre-shared key over the ClientHello up to the binders (RFC 8446 section 4.2.11.2)."""
    size = hash_size(alg)
    early = bytearray(size)
    out = bytearray(size)
    try:
        extract(alg, bytes(size), psk, early)
        derive(alg, early, b"res binder" if resumption else b"ext binder", b"", early)
        finished_mac(alg, early, digest, out)
        return out
    finally:
        wipe(early)


def handshake_keys(session, hs):
    """After ServerHello: the handshake secret and both directions' traffic secrets; hs.next_rd and next_wr come of them."""
    size = hash_size(hs.alg)
    _next(hs, hs.premaster)
    if hs.premaster:
        wipe(hs.premaster)
        hs.premaster = None
    digest = hs.transcript.digest()
    hs.rd_secret = bytearray(size)
    hs.wr_secret = bytearray(size)
    derive(hs.alg, hs.master, b"s hs traffic" if session.client else b"c hs traffic", digest, hs.rd_secret)
    derive(hs.alg, hs.master, b"c hs traffic" if session.client else b"s hs traffic", digest, hs.wr_secret)
    hs.next_rd = protection(session, hs.row, hs.alg, hs.rd_secret)
    hs.next_wr = protection(session, hs.row, hs.alg, hs.wr_secret)


def application_secrets(session, hs):
    """After the server's Finished: what the open session keeps, in session.secrets."""
    _next(hs, None)
    digest = hs.transcript.digest()
    session.secrets = secrets = Secrets(hash_size(hs.alg))
    derive(hs.alg, hs.master, b"s ap traffic" if session.client else b"c ap traffic", digest, secrets.rd)
    derive(hs.alg, hs.master, b"c ap traffic" if session.client else b"s ap traffic", digest, secrets.wr)
    if _USE_EXPORTER:
        session.exporter = bytearray(hash_size(hs.alg))
        derive(hs.alg, hs.master, b"exp master", digest, session.exporter)


def resumption_secret(session, hs):
    """After the client's Finished: what tickets grow from."""
    if _USE_RESUMPTION:
        derive(hs.alg, hs.master, b"res master", hs.transcript.digest(), session.secrets.resumption)


def protection(session, row, alg, secret):
    """One direction's record protection under a traffic secret."""
    key = bytearray(row[4])
    iv = bytearray(12)
    try:
        expand_label(alg, secret, b"key", b"", key)
        expand_label(alg, secret, b"iv", b"", iv)
        sweep()
        return Aead13Record(_aead(row[3], key), iv, session.padding)
    finally:
        wipe(key)
        wipe(iv)


def _aead(mode, key):
    if _USE_AES_GCM and mode == _MODE_GCM:
        from mxtls.crypto.gcm import Gcm

        return Gcm(key)
    if _USE_CHACHA20_POLY1305 and mode == _MODE_CHACHA:
        from mxtls.crypto.chacha20poly1305 import ChaCha20Poly1305

        return ChaCha20Poly1305(key)
    if _USE_AES_CCM and (mode == _MODE_CCM or mode == _MODE_CCM_8):
        from mxtls.crypto.ccm import Ccm

        return Ccm(key, 16 if mode == _MODE_CCM else 8)
    raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "the cipher suite's mode is not in this build; enable its USE_ option")


def change_read(session, record):
    """Records that come are under another key from now on; what was read before must end here (RFC 8446 section 5.1)."""
    if session.rd:
        session.rd.wipe()
    session.rd = record
    session.key_changed = True


def change_write(session, record):
    """Records that go are under another key from now on."""
    if session.wr:
        session.wr.wipe()
    record.most = session.max_out + 1
    session.wr = record


def change_cipher_spec(session):
    """A record that means nothing and makes middleboxes think of TLS 1.2 (RFC 8446 section D.4). Never encrypted."""
    out = session.output
    if out.room(6) < 0:
        raise Error(_MEM_FAIL, _ALERT_INTERNAL_ERROR, "the output buffer is full; send what get_outdata returns first")
    if _USE_SSL_HANDSHAKE_MSG_TRACE:
        trace.message(session, "->", 0x114, 1)
    out.buf[out.end + 5] = 1
    session.seal(_CHANGE_CIPHER_SPEC, out.end + 5, 1)


def begin_write(session, hs):
    """Our first encrypted record is next."""
    if hs.session_id and not hs.retried:
        change_cipher_spec(session)
    change_write(session, hs.next_wr)
    hs.next_wr = None


def send_finished(session, hs):
    data = bytearray(hash_size(hs.alg))
    finished_mac(hs.alg, hs.wr_secret, hs.transcript.digest(), data)
    w = Writer(session)
    w.begin(_FINISHED, len(data))
    w.data(data, 0, len(data))
    w.finish()


def check_finished(hs, reader):
    """The peer's Finished against the transcript so far."""
    data = bytearray(hash_size(hs.alg))
    finished_mac(hs.alg, hs.rd_secret, hs.transcript.digest(), data)
    off = reader.take(len(data))
    reader.done(reader.end)
    if not ct_equal(reader.buf, off, data, 0, len(data)):
        raise Error(_PROTOCOL_FAIL, _ALERT_DECRYPT_ERROR, "the peer's Finished does not match; somebody changed the handshake on its way")


def update(session, secret):
    """Grow the next traffic secret in place; its record protection (RFC 8446 section 7.2)."""
    from mxtls.suites import find

    row = find(session.cipher_suite)
    expand_label(row[6], secret, b"traffic upd", b"", secret)
    return protection(session, row, row[6], secret)


def send_update(session, answer):
    """KeyUpdate, then another key for what we write; answer: 1 asks the peer to do the same (RFC 8446 section 4.6.3). Without memory for
    it all is as it was."""
    w = Writer(session)
    w.begin(_KEY_UPDATE, 1)
    secret = bytearray(session.secrets.wr)
    try:
        record = update(session, secret)
        w.put(answer, 1)
        w.finish()
        copy(session.secrets.wr, 0, secret, 0, len(secret))
    finally:
        wipe(secret)
    change_write(session, record)


def take_update(session, reader):
    """The peer's KeyUpdate: another key for what we read, and the answer where it asks for one."""
    session.count_message()
    answer = reader.get(1)
    if answer > 1:
        raise Error(_PROTOCOL_FAIL, _ALERT_ILLEGAL_PARAMETER, "a malformed KeyUpdate; the peer is broken")
    change_read(session, update(session, session.secrets.rd))
    if answer and not session.closing & _SENT:
        send_update(session, 0)
