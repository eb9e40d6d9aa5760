# SPDX-License-Identifier: MIT
"""From the premaster secret to record protection and Finished (RFC 5246 sections 6.3, 7.4.9 and 8.1, RFC 7627).

Called by both roles.
"""

from micropython import const
from mxtls.codes import ALERT_DECRYPT_ERROR as _ALERT_DECRYPT_ERROR
from mxtls.codes import CHANGE_CIPHER_SPEC as _CHANGE_CIPHER_SPEC
from mxtls.codes import FINISHED as _FINISHED
from mxtls.codes import MODE_GCM as _MODE_GCM
from mxtls.codes import PROTOCOL_FAIL as _PROTOCOL_FAIL
from mxtls.config import USE_AES_CBC as _USE_AES_CBC
from mxtls.config import USE_AES_GCM as _USE_AES_GCM
from mxtls.config import USE_CLIENT_SIDE_SSL as _USE_CLIENT
from mxtls.config import USE_EXTENDED_MASTER_SECRET as _USE_EXTENDED_MASTER_SECRET
from mxtls.crypto.prf import prf
from mxtls.errors import Error
from mxtls.handshake.codec import Writer
from mxtls.kernels.ct import ct_equal
from mxtls.kernels.mem import wipe

_EMS = const(1)  # Handshake.flags (extensions.py)
_ETM = const(2)
_VERIFY_DATA = const(12)


def secrets(session, hs):
    """Master secret, key block, and the protection of both directions; the premaster is wiped, the ephemeral key too."""
    premaster = hs.premaster
    hs.premaster = None
    if hs.share:
        hs.share.wipe()
        hs.share = None
    alg = hs.row[6]
    if _USE_EXTENDED_MASTER_SECRET and hs.flags & _EMS:
        prf(alg, premaster, b"extended master secret", hs.transcript.digest(), hs.master, 0, 48)
    else:
        prf(alg, premaster, b"master secret", hs.random, hs.master, 0, 48)
    wipe(premaster)
    row = hs.row
    key = row[4]
    mac = 20 if row[5] == 2 else 0
    salt = 4 if row[3] == _MODE_GCM else 0
    block = bytearray(2 * (key + mac + salt))
    prf(alg, hs.master, b"key expansion", hs.random[32:] + hs.random[:32], block, 0, len(block))
    client = _protection(session, hs, block, 0)
    server = _protection(session, hs, block, 1)
    wipe(block)
    if _USE_CLIENT and session.client:
        hs.next_wr = client
        hs.next_rd = server
    else:
        hs.next_rd = client
        hs.next_wr = server


def _protection(session, hs, block, side):
    """One direction's protection; side 0 is what the client writes. The key block is MAC keys, keys, salts."""
    row = hs.row
    n = row[4]
    if _USE_AES_GCM and row[3] == _MODE_GCM:
        from mxtls.crypto.gcm import Gcm
        from mxtls.record_aead import AeadRecord

        salt = 2 * n + 4 * side
        key = block[side * n : side * n + n]
        record = AeadRecord(Gcm(key), block[salt : salt + 4])
        wipe(key)
        return record
    if _USE_AES_CBC:
        from mxtls.record_cbc import CbcRecord

        off = 40 + side * n
        key = block[off : off + n]
        mac = block[20 * side : 20 * side + 20]
        record = CbcRecord(key, row[5], mac, hs.flags & _ETM, session.version)
        wipe(key)
        wipe(mac)
        return record


def _verify_data(hs, label):
    out = bytearray(_VERIFY_DATA)
    prf(hs.row[6], hs.master, label, hs.transcript.digest(), out, 0, _VERIFY_DATA)
    return out


def send_finished(session, hs, label):
    """ChangeCipherSpec and Finished."""
    out = session.output
    out.room(6)
    off = out.end + 5
    out.buf[off] = 1
    session.seal(_CHANGE_CIPHER_SPEC, off, 1)
    session.wr = hs.next_wr
    hs.next_wr = None
    w = Writer(session)
    data = _verify_data(hs, label)
    w.begin(_FINISHED, _VERIFY_DATA)
    w.data(data, 0, _VERIFY_DATA)
    w.finish()


def check_finished(hs, reader, label):
    """The peer's Finished against the transcript so far."""
    data = _verify_data(hs, label)
    off = reader.take(_VERIFY_DATA)
    reader.done(reader.end)
    if not ct_equal(reader.buf, off, data, 0, _VERIFY_DATA):
        raise Error(_PROTOCOL_FAIL, _ALERT_DECRYPT_ERROR, "the peer's Finished does not match; somebody changed the handshake on its way")
