# SPDX-License-Identifier: MIT
"""Frozen by bench_rp2040.py: kernels in C that a build calls only as parts of others, and does not bind for Python otherwise."""

from mxtls_native import GHASH_CTX, POLY1305_CTX, chacha20_xor, ghash, ghash_key, poly1305, poly1305_key, poly1305_tag  # noqa: F401
