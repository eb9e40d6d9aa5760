# SPDX-License-Identifier: MIT
"""The cipher suites, rows only, in the order of preference (RFC 5288, 5289, 5246).

Read by the handshake. The names, which only people need, are in suite_names.py.
"""

from mxtls.codes import KEY_EC as _EC
from mxtls.codes import KEY_RSA as _RSA
from mxtls.codes import KX_ECDHE as _KX_ECDHE
from mxtls.codes import KX_RSA as _KX_RSA
from mxtls.codes import MODE_CBC as _CBC
from mxtls.codes import MODE_GCM as _GCM
from mxtls.config import USE_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 as _USE_C02B
from mxtls.config import USE_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 as _USE_C02C
from mxtls.config import USE_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 as _USE_C02F
from mxtls.config import USE_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 as _USE_C030
from mxtls.config import USE_TLS_RSA_WITH_AES_128_CBC_SHA as _USE_002F
from mxtls.config import USE_TLS_RSA_WITH_AES_256_CBC_SHA as _USE_0035

# Columns: id, key exchange, kind of key that authenticates, mode, key bytes, MAC hash, PRF hash, built
SUITES = (
    (0xC02B, _KX_ECDHE, _EC, _GCM, 16, 0, 4, _USE_C02B),
    (0xC02F, _KX_ECDHE, _RSA, _GCM, 16, 0, 4, _USE_C02F),
    (0xC02C, _KX_ECDHE, _EC, _GCM, 32, 0, 5, _USE_C02C),
    (0xC030, _KX_ECDHE, _RSA, _GCM, 32, 0, 5, _USE_C030),
    (0x002F, _KX_RSA, _RSA, _CBC, 16, 2, 4, _USE_002F),
    (0x0035, _KX_RSA, _RSA, _CBC, 32, 2, 4, _USE_0035),
)


def find(suite):
    """The row of a suite of this build, or None."""
    for row in SUITES:
        if row[0] == suite and row[7]:
            return row
    return None
