# SPDX-License-Identifier: MIT
"""From the premaster secret to record protection and Finished (RFC 5246 sections 6.3, 7.4.9 and 8.1, RFC 7627).

Called by both roles. hs.alg is the hash of the PRF: 0 before TLS 1.2, where it is MD5 with SHA-1.
"""

from micropython import const

from mxtls.codes import (
    ALERT_DECRYPT_ERROR as _ALERT_DECRYPT_ERROR,
    ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE,
    ALERT_INTERNAL_ERROR as _ALERT_INTERNAL_ERROR,
    CHANGE_CIPHER_SPEC as _CHANGE_CIPHER_SPEC,
    EXT_CONNECTION_ID as _CID,
    EXT_ENCRYPT_THEN_MAC as _ETM,
    EXT_EXTENDED_MASTER_SECRET as _EMS,
    FINISHED as _FINISHED,
    MEM_FAIL as _MEM_FAIL,
    MODE_3DES as _MODE_3DES,
    MODE_CCM_8 as _MODE_CCM_8,
    MODE_CHACHA as _MODE_CHACHA,
    MODE_GCM as _MODE_GCM,
    MODE_RC4 as _MODE_RC4,
    MODE_SEED as _MODE_SEED,
    PROTOCOL_FAIL as _PROTOCOL_FAIL,
    SSL3 as _SSL3,
    TLS1_1 as _TLS1_1,
)
from mxtls.config import (
    USE_3DES as _USE_3DES,
    USE_AES_CBC as _USE_AES_CBC,
    USE_AES_CCM as _USE_AES_CCM,
    USE_AES_GCM as _USE_AES_GCM,
    USE_ARC4 as _USE_ARC4,
    USE_CHACHA20_POLY1305 as _USE_CHACHA20_POLY1305,
    USE_CLIENT_SIDE_SSL as _USE_CLIENT,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_CRYPTO_TRACE as _USE_CRYPTO_TRACE,
    USE_DTLS as _USE_DTLS,
    USE_EXTENDED_MASTER_SECRET as _USE_EXTENDED_MASTER_SECRET,
    USE_MD5_SHA1 as _USE_MD5_SHA1,
    USE_REHANDSHAKES as _USE_REHANDSHAKES,
    USE_SEED as _USE_SEED,
    USE_SPLIT as _USE_SPLIT,
    USE_SSL3 as _USE_SSL3,
    USE_SSL_HANDSHAKE_MSG_TRACE as _USE_SSL_HANDSHAKE_MSG_TRACE,
)
from mxtls.crypto.hash import hash_size
from mxtls.errors import Error
from mxtls.handshake.codec import Writer
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import copy, wipe
from mxtls_port import sweep

if _USE_SSL_HANDSHAKE_MSG_TRACE:
    import mxtls.trace as trace

_VERIFY_DATA = const(12)


def _prf(hs, secret, label, seed, out):
    if _USE_MD5_SHA1 and hs.alg == 0:
        from mxtls.crypto.prf10 import prf10

        prf10(secret, label, seed, out, 0, len(out))
    else:
        from mxtls.crypto.prf import prf

        prf(hs.alg, secret, label, seed, out, 0, len(out))


def secrets(session, hs):
    """The master secret, then the keys; the premaster is wiped, the ephemeral key too."""
    premaster = hs.premaster
    if hs.share:
        hs.share.wipe()
        hs.share = None
    if _USE_SSL3 and session.version == _SSL3:
        from mxtls.handshake.ssl3 import expand

        expand(premaster, hs.random, hs.master)
    elif _USE_EXTENDED_MASTER_SECRET and hs.flags & _EMS:
        _prf(hs, premaster, b"extended master secret", hs.transcript.digest(), hs.master)
    else:
        _prf(hs, premaster, b"master secret", hs.random, hs.master)
    wipe(premaster)
    hs.premaster = None
    keys(session, hs)


def _iv_size(session, row):
    """Bytes of the key block that a direction's IV or salt takes."""
    mode = row[3]
    if mode == _MODE_GCM or mode == _MODE_CCM_8:
        return 4
    if mode == _MODE_CHACHA:
        return 12
    if mode == _MODE_RC4 or session.version >= _TLS1_1:
        return 0
    return 8 if mode == _MODE_3DES else 16


def keys(session, hs):
    """The key block, and the protection of both directions from it."""
    row = hs.row
    if _USE_CRYPTO_TRACE:
        import mxtls.trace as trace

        trace.out("crypto  keys of %d bits for mode %d, MAC hash %d, PRF hash %d" % (8 * row[4], row[3], row[5], hs.alg))
    mac = hash_size(row[5]) if row[5] else 0
    block = bytearray(2 * (mac + row[4] + _iv_size(session, row)))
    seed = bytes(hs.random[32:]) + bytes(hs.random[:32])
    try:
        if _USE_SSL3 and session.version == _SSL3:
            from mxtls.handshake.ssl3 import expand

            expand(hs.master, seed, block)
        else:
            _prf(hs, hs.master, b"key expansion", seed, block)
        sweep()
        client = _protection(session, hs, block, mac, 0)
        sweep()
        server = _protection(session, hs, block, mac, 1)
    finally:  # also without memory
        wipe(block)
    if _USE_CLIENT and session.client:
        hs.next_wr = client
        hs.next_rd = server
    else:
        hs.next_rd = client
        hs.next_wr = server
    if _USE_CONNECTION_ID and session.dtls:
        session.peer_connection_id = hs.cid if hs.flags & _CID else None
        if hs.flags & _CID:  # in either direction, where its receiver wants one
            hs.next_wr.carry(hs.cid)
            hs.next_rd.carry(session.dtls.cid)


def _protection(session, hs, block, mac, side):
    """One direction's protection; side 0 is what the client writes. The key block is MAC keys, keys, IVs."""
    row = hs.row
    key = _cut(block, 0, mac, side)
    iv = 2 * (mac + row[4])
    iv = block[iv + side * (len(block) - iv) // 2 : len(block) if side else (iv + len(block)) // 2]
    mac_key = key
    key = _cut(block, 2 * mac, row[4], side)
    try:
        return _record(session, hs, key, mac_key, iv)
    finally:
        wipe(key)
        wipe(mac_key)
        wipe(iv)


def _cut(block, off, n, side):
    off += side * n
    return block[off : off + n]


def _record(session, hs, key, mac_key, iv):
    row = hs.row
    mode = row[3]
    if _USE_AES_GCM and mode == _MODE_GCM:
        from mxtls.crypto.gcm import Gcm
        from mxtls.record_aead import AeadRecord

        return AeadRecord(Gcm(key), iv)
    if _USE_CHACHA20_POLY1305 and mode == _MODE_CHACHA:
        from mxtls.crypto.chacha20poly1305 import ChaCha20Poly1305
        from mxtls.record_aead import AeadRecord

        return AeadRecord(ChaCha20Poly1305(key), iv)
    if _USE_AES_CCM and mode == _MODE_CCM_8:
        from mxtls.crypto.ccm import Ccm
        from mxtls.record_aead import AeadRecord

        return AeadRecord(Ccm(key, 8), iv)
    if _USE_ARC4 and mode == _MODE_RC4:
        from mxtls.record_stream import StreamRecord

        return StreamRecord(key, row[5], mac_key, session.version)
    if _USE_AES_CBC or _USE_3DES or _USE_SEED:
        from mxtls.record_cbc import CbcRecord

        if _USE_3DES and mode == _MODE_3DES:
            from mxtls.crypto.des3 import Des3Cbc as cipher
        elif _USE_SEED and mode == _MODE_SEED:
            from mxtls.crypto.seed import SeedCbc as cipher
        elif _USE_AES_CBC:
            from mxtls.crypto.cbc import AesCbc as cipher
        etm = bool(hs.flags & _ETM)
        if _USE_REHANDSHAKES:
            if session.etm and not etm:  # RFC 7366 section 3.1
                raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "encrypt_then_mac came in an earlier handshake and not in this one; somebody spliced connections")
            session.etm = etm
        return CbcRecord(key, row[5], mac_key, etm, session.version, iv, cipher)
    raise Error(_PROTOCOL_FAIL, _ALERT_HANDSHAKE_FAILURE, "the cipher suite's mode is not in this build; enable its USE_ option")


def _verify_data(session, hs, client):
    """Finished's contents for one side."""
    if _USE_SSL3 and session.version == _SSL3:
        from mxtls.handshake.ssl3 import verify_data

        return verify_data(hs, b"CLNT" if client else b"SRVR")
    out = bytearray(_VERIFY_DATA)
    _prf(hs, hs.master, b"client finished" if client else b"server finished", hs.transcript.digest(), out)
    return out


def _keep(session, data, client):
    """Verify data binds the next handshake on this connection to this one (RFC 5746)."""
    if _USE_REHANDSHAKES:
        if client:
            session.client_verify = bytes(data)
        else:
            session.server_verify = bytes(data)


def change_read(session, hs):
    """Records that come are under the new keys from now on."""
    if session.rd:
        session.rd.wipe()
    session.rd = hs.next_rd
    hs.next_rd = None


def _change_write(session, hs):
    """ChangeCipherSpec: records that go are under the new keys from now on."""
    if _USE_DTLS and session.dtls:
        session.dtls.change_write(session, hs.next_wr)
        session.wr = hs.next_wr
        hs.next_wr = None
        return
    out = session.output
    if out.room(1 + session.overhead()) < 0:
        raise Error(_MEM_FAIL, _ALERT_INTERNAL_ERROR, "the output buffer is full; send what get_outdata returns first")
    off = out.end + session.head()
    out.buf[off] = 1
    if _USE_SSL_HANDSHAKE_MSG_TRACE:
        trace.message(session, "->", 0x114, 1)
    session.seal(_CHANGE_CIPHER_SPEC, off, 1)
    if session.wr:
        session.wr.wipe()
    session.wr = wr = hs.next_wr
    hs.next_wr = None
    if _USE_SPLIT:
        session.split = wr.split and 4 + wr.split  # the header, and less the byte that moves into the first record


def send_finished(session, hs):
    """ChangeCipherSpec and Finished."""
    _change_write(session, hs)
    data = _verify_data(session, hs, session.client)
    w = Writer(session)
    w.begin(_FINISHED, len(data))
    w.data(data, 0, len(data))
    w.finish()
    _keep(session, data, session.client)


def check_finished(session, hs, reader):
    """The peer's Finished against the transcript so far."""
    data = _verify_data(session, hs, not session.client)
    n = len(data)
    off = reader.take(n)
    reader.done(reader.end)
    if not ct_equal(reader.buf, off, data, 0, n):
        raise Error(_PROTOCOL_FAIL, _ALERT_DECRYPT_ERROR, "the peer's Finished does not match; somebody changed the handshake on its way")
    _keep(session, data, not session.client)


def copy_master(hs, sid):
    """Resume: take the master secret of an earlier session."""
    copy(hs.master, 0, sid.master, 0, 48)
