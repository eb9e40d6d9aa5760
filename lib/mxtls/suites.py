# SPDX-License-Identifier: MIT
"""The cipher suites, rows only, in the order of preference (RFC 5246, 5288, 5289, 4279, 5487, 5489, 6655, 7905, 8442).

Read by the handshake. The names, which only people need, are in suite_names.py.
"""

from mxtls.codes import KEY_EC as _EC, KEY_RSA as _RSA
from mxtls.codes import KX_DHE as _DHE, KX_ECDHE as _ECDHE, KX_PSK as _PSK, KX_RSA as _KX_RSA
from mxtls.codes import MODE_3DES as _3DES, MODE_CBC as _CBC, MODE_CCM_8 as _CCM_8, MODE_CHACHA as _CHACHA
from mxtls.codes import MODE_GCM as _GCM, MODE_RC4 as _RC4, MODE_SEED as _SEED
from mxtls.config import USE_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 as _USE_C02B
from mxtls.config import USE_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 as _USE_C02F
from mxtls.config import USE_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 as _USE_CCA9
from mxtls.config import USE_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 as _USE_CCA8
from mxtls.config import USE_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 as _USE_C02C
from mxtls.config import USE_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 as _USE_C030
from mxtls.config import USE_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 as _USE_C0AE
from mxtls.config import USE_TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 as _USE_009E
from mxtls.config import USE_TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 as _USE_CCAA
from mxtls.config import USE_TLS_DHE_RSA_WITH_AES_256_GCM_SHA384 as _USE_009F
from mxtls.config import USE_TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256 as _USE_D001
from mxtls.config import USE_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 as _USE_CCAC
from mxtls.config import USE_TLS_PSK_WITH_AES_128_GCM_SHA256 as _USE_00A8
from mxtls.config import USE_TLS_PSK_WITH_AES_256_GCM_SHA384 as _USE_00A9
from mxtls.config import USE_TLS_PSK_WITH_CHACHA20_POLY1305_SHA256 as _USE_CCAB
from mxtls.config import USE_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 as _USE_C023
from mxtls.config import USE_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 as _USE_C027
from mxtls.config import USE_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA as _USE_C009
from mxtls.config import USE_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA as _USE_C013
from mxtls.config import USE_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA as _USE_C00A
from mxtls.config import USE_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA as _USE_C014
from mxtls.config import USE_TLS_DHE_RSA_WITH_AES_128_CBC_SHA256 as _USE_0067
from mxtls.config import USE_TLS_DHE_RSA_WITH_AES_256_CBC_SHA256 as _USE_006B
from mxtls.config import USE_TLS_DHE_RSA_WITH_AES_128_CBC_SHA as _USE_0033
from mxtls.config import USE_TLS_DHE_RSA_WITH_AES_256_CBC_SHA as _USE_0039
from mxtls.config import USE_TLS_RSA_WITH_AES_128_GCM_SHA256 as _USE_009C
from mxtls.config import USE_TLS_RSA_WITH_AES_256_GCM_SHA384 as _USE_009D
from mxtls.config import USE_TLS_RSA_WITH_AES_128_CBC_SHA256 as _USE_003C
from mxtls.config import USE_TLS_RSA_WITH_AES_256_CBC_SHA256 as _USE_003D
from mxtls.config import USE_TLS_RSA_WITH_AES_128_CBC_SHA as _USE_002F
from mxtls.config import USE_TLS_RSA_WITH_AES_256_CBC_SHA as _USE_0035
from mxtls.config import USE_TLS_DHE_PSK_WITH_AES_128_CBC_SHA as _USE_0090
from mxtls.config import USE_TLS_DHE_PSK_WITH_AES_256_CBC_SHA as _USE_0091
from mxtls.config import USE_TLS_PSK_WITH_AES_128_CBC_SHA as _USE_008C
from mxtls.config import USE_TLS_PSK_WITH_AES_256_CBC_SHA as _USE_008D
from mxtls.config import USE_TLS_RSA_WITH_SEED_CBC_SHA as _USE_0096
from mxtls.config import USE_SSL_DHE_RSA_WITH_3DES_EDE_CBC_SHA as _USE_0016
from mxtls.config import USE_SSL_RSA_WITH_3DES_EDE_CBC_SHA as _USE_000A
from mxtls.config import USE_SSL_RSA_WITH_RC4_128_SHA as _USE_0005
from mxtls.config import USE_SSL_RSA_WITH_RC4_128_MD5 as _USE_0004

# Columns: id, key exchange, kind of key that authenticates (0: a pre-shared one), mode, key bytes, MAC hash, PRF hash from
# TLS 1.2 on, the oldest version (minor number), built
SUITES = (
    (0xC02B, _ECDHE, _EC, _GCM, 16, 0, 4, 3, _USE_C02B),
    (0xC02F, _ECDHE, _RSA, _GCM, 16, 0, 4, 3, _USE_C02F),
    (0xCCA9, _ECDHE, _EC, _CHACHA, 32, 0, 4, 3, _USE_CCA9),
    (0xCCA8, _ECDHE, _RSA, _CHACHA, 32, 0, 4, 3, _USE_CCA8),
    (0xC02C, _ECDHE, _EC, _GCM, 32, 0, 5, 3, _USE_C02C),
    (0xC030, _ECDHE, _RSA, _GCM, 32, 0, 5, 3, _USE_C030),
    (0xC0AE, _ECDHE, _EC, _CCM_8, 16, 0, 4, 3, _USE_C0AE),
    (0x009E, _DHE, _RSA, _GCM, 16, 0, 4, 3, _USE_009E),
    (0xCCAA, _DHE, _RSA, _CHACHA, 32, 0, 4, 3, _USE_CCAA),
    (0x009F, _DHE, _RSA, _GCM, 32, 0, 5, 3, _USE_009F),
    (0xD001, _ECDHE, 0, _GCM, 16, 0, 4, 3, _USE_D001),
    (0xCCAC, _ECDHE, 0, _CHACHA, 32, 0, 4, 3, _USE_CCAC),
    (0x00A8, _PSK, 0, _GCM, 16, 0, 4, 3, _USE_00A8),
    (0x00A9, _PSK, 0, _GCM, 32, 0, 5, 3, _USE_00A9),
    (0xCCAB, _PSK, 0, _CHACHA, 32, 0, 4, 3, _USE_CCAB),
    (0xC023, _ECDHE, _EC, _CBC, 16, 4, 4, 3, _USE_C023),
    (0xC027, _ECDHE, _RSA, _CBC, 16, 4, 4, 3, _USE_C027),
    (0xC009, _ECDHE, _EC, _CBC, 16, 2, 4, 1, _USE_C009),
    (0xC013, _ECDHE, _RSA, _CBC, 16, 2, 4, 1, _USE_C013),
    (0xC00A, _ECDHE, _EC, _CBC, 32, 2, 4, 1, _USE_C00A),
    (0xC014, _ECDHE, _RSA, _CBC, 32, 2, 4, 1, _USE_C014),
    (0x0067, _DHE, _RSA, _CBC, 16, 4, 4, 3, _USE_0067),
    (0x006B, _DHE, _RSA, _CBC, 32, 4, 4, 3, _USE_006B),
    (0x0033, _DHE, _RSA, _CBC, 16, 2, 4, 0, _USE_0033),
    (0x0039, _DHE, _RSA, _CBC, 32, 2, 4, 0, _USE_0039),
    (0x009C, _KX_RSA, _RSA, _GCM, 16, 0, 4, 3, _USE_009C),
    (0x009D, _KX_RSA, _RSA, _GCM, 32, 0, 5, 3, _USE_009D),
    (0x003C, _KX_RSA, _RSA, _CBC, 16, 4, 4, 3, _USE_003C),
    (0x003D, _KX_RSA, _RSA, _CBC, 32, 4, 4, 3, _USE_003D),
    (0x002F, _KX_RSA, _RSA, _CBC, 16, 2, 4, 0, _USE_002F),
    (0x0035, _KX_RSA, _RSA, _CBC, 32, 2, 4, 0, _USE_0035),
    (0x0090, _DHE, 0, _CBC, 16, 2, 4, 0, _USE_0090),
    (0x0091, _DHE, 0, _CBC, 32, 2, 4, 0, _USE_0091),
    (0x008C, _PSK, 0, _CBC, 16, 2, 4, 0, _USE_008C),
    (0x008D, _PSK, 0, _CBC, 32, 2, 4, 0, _USE_008D),
    (0x0096, _KX_RSA, _RSA, _SEED, 16, 2, 4, 0, _USE_0096),
    (0x0016, _DHE, _RSA, _3DES, 24, 2, 4, 0, _USE_0016),
    (0x000A, _KX_RSA, _RSA, _3DES, 24, 2, 4, 0, _USE_000A),
    (0x0005, _KX_RSA, _RSA, _RC4, 16, 2, 4, 0, _USE_0005),
    (0x0004, _KX_RSA, _RSA, _RC4, 16, 1, 4, 0, _USE_0004),
)


def find(suite):
    """The row of a suite of this build, or None."""
    for row in SUITES:
        if row[0] == suite and row[8]:
            return row
    return None
