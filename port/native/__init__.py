# SPDX-License-Identifier: MIT
"""The kernels in C: what the module mxtls_native, a part of the firmware, has takes the place of mxtls/kernels/*.py."""

_FIX = "build the firmware with USER_C_MODULES (port/native of this mxtls), or stage mxtls with tier=viper"

try:
    from mxtls_native import VERSION
except ImportError:
    raise ImportError("this mxtls wants its kernels in C, and the firmware has no mxtls_native: " + _FIX)
if VERSION != 4:
    raise ImportError("the firmware's mxtls_native is of another mxtls: " + _FIX)
