# SPDX-License-Identifier: MIT
"""Loading Diffie-Hellman parameters (PKCS #3, DER or PEM) into Keys. Called by keys.py."""

from mxtls.codes import ALERT_NONE as _ALERT_NONE, ARG_FAIL as _ARG_FAIL, PARSE_FAIL as _PARSE_FAIL
from mxtls.config import PS_USE_FILE_SYSTEM as _PS_USE_FILE_SYSTEM
from mxtls.crypto.dh import check_group
from mxtls.errors import Error
from mxtls.load_keys import objects
from mxtls.x509.der import Der, fail


def load(keys, data, is_file):
    """keys.dh = (prime, generator), big-endian; the one DHParameter in data: both, and perhaps a length, which is not needed."""
    if keys.dh or not data or keys.min_dh_bits < 1024:
        raise Error(_ARG_FAIL, _ALERT_NONE, "give DH parameters, once for these keys, with keys.min_dh_bits of 1024 or more")
    if _PS_USE_FILE_SYSTEM and is_file:
        from mxtls.load_keys import read_files

        data = read_files(data)[0]
    group = None
    try:
        for buf, off, end, label, _headers in objects(data):
            if label is not None and label != "DH PARAMETERS":
                continue
            if group:
                fail("there are two groups of DH parameters: give one")
            d = Der(buf)
            off = d.read(off, end, 0x30)
            if d.end == end:
                off = d.integer(off, end)
                p = bytes(buf[off : d.end])
                off = d.integer(d.end, end)
                group = (p, bytes(buf[off : d.end]))
                if d.end < end:
                    d.integer(d.end, end)
            if d.end != end:
                fail("bytes follow the DH parameters")
        if not group:
            raise Error(_PARSE_FAIL, _ALERT_NONE, "no DH PARAMETERS in the PEM text: make them with openssl dhparam 2048")
        check_group(group[0], group[1], keys.min_dh_bits)
    except Error as e:
        e.alert = _ALERT_NONE
        raise e
    keys.dh = group
