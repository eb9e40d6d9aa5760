# SPDX-License-Identifier: MIT
"""kernels/aes.py in C: aes.c, by way of mxtls_native."""

from mxtls_native import AES_CTX, aes_cbc_decrypt, aes_cbc_encrypt, aes_ctr, aes_expand  # noqa: F401
