# SPDX-License-Identifier: MIT
"""The name `tls` for mxtls/tls.py, where MicroPython has no built-in of that name. Over a built-in one: docs/tls-module.md."""

from mxtls.config import USE_DTLS as _USE_DTLS
from mxtls.tls import (  # noqa: F401
    CERT_NONE,
    CERT_OPTIONAL,
    CERT_REQUIRED,
    MBEDTLS_VERSION,
    PROTOCOL_TLS_CLIENT,
    PROTOCOL_TLS_SERVER,
    SSLContext,
    SSLSocket,
)

if _USE_DTLS:
    from mxtls.tls import PROTOCOL_DTLS_CLIENT, PROTOCOL_DTLS_SERVER  # noqa: F401
