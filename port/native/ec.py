# SPDX-License-Identifier: MIT
"""kernels/ec.py in C: ec.c, by way of mxtls_native.

A call takes one scratch, which C wipes: 1316 bytes for P-256, 1972 for P-384, 2792 for P-521.
"""

from mxtls_native import ec_ecdh as _ecdh, ec_public as _public, ec_scratch as _ec_scratch, ecdsa_sign as _sign, ecdsa_verify as _verify

from mxtls.codes import ALERT_HANDSHAKE_FAILURE as _ALERT_HANDSHAKE_FAILURE, UNSUPPORTED_FAIL as _UNSUPPORTED_FAIL
from mxtls.config import USE_SECP256R1 as _USE_SECP256R1, USE_SECP384R1 as _USE_SECP384R1, USE_SECP521R1 as _USE_SECP521R1
from mxtls.errors import Error


def _scratch(curve):
    n = 0
    if curve == 23 and _USE_SECP256R1 or curve == 24 and _USE_SECP384R1 or curve == 25 and _USE_SECP521R1:
        n = _ec_scratch(curve)  # 0 where the firmware was built without the curve
    if not n:
        raise Error(_UNSUPPORTED_FAIL, _ALERT_HANDSHAKE_FAILURE, "curve %d is not in this build; switch on its USE_SECP" % curve)
    return bytearray(n)


def ec_public(curve, out, d):
    return _public(curve, out, d, _scratch(curve))


def ec_ecdh(curve, out_x, d, point):
    return _ecdh(curve, out_x, d, point, _scratch(curve))


def ecdsa_sign(curve, sig, digest, d, k):
    return _sign(curve, sig, digest, d, k, _scratch(curve))


def ecdsa_verify(curve, digest, sig, point):
    return _verify(curve, digest, sig, point, _scratch(curve))
