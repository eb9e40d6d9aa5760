# SPDX-License-Identifier: MIT
"""kernels/des3.py in C: des3.c, by way of mxtls_native."""

from mxtls_native import DES3_CTX, des3_cbc_decrypt, des3_cbc_encrypt, des3_expand  # noqa: F401
