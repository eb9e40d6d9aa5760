# SPDX-License-Identifier: MIT
"""kernels/gcm.py in C: gcm.c, by way of mxtls_native."""

from mxtls_native import gcm_open, gcm_seal  # noqa: F401
