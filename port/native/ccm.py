# SPDX-License-Identifier: MIT
"""kernels/ccm.py in C: ccm.c, by way of mxtls_native."""

from mxtls_native import ccm_open, ccm_seal  # noqa: F401
