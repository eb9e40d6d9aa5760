# SPDX-License-Identifier: MIT
"""The USE_* options of this build: the defaults, when run from source.

tools/options.py documents each option; tools/configure.py folds a build's choices into
the code, so that nothing of this module is frozen.
"""

from micropython import const

# Roles and services
USE_CLIENT_SIDE_SSL = const(1)
USE_SERVER_SIDE_SSL = const(1)
USE_TLS_1_2 = const(1)
DISABLE_SSLV3 = const(1)
PS_USE_FILE_SYSTEM = const(1)
USE_PRIVATE_KEY_PARSING = const(1)
USE_PKCS5 = const(0)
USE_PKCS8 = const(1)
USE_PEM = const(1)
USE_X509 = const(1)

# Cipher suites
USE_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = const(1)
USE_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = const(1)
USE_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = const(1)
USE_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 = const(1)
USE_TLS_RSA_WITH_AES_128_CBC_SHA = const(1)
USE_TLS_RSA_WITH_AES_256_CBC_SHA = const(1)

# What the suites need; tools/configure.py switches off what no suite that is on uses
USE_ECC = const(1)
USE_RSA = const(1)
USE_AES = const(1)
USE_AES_GCM = const(1)
USE_AES_CCM = const(0)
USE_CHACHA20_POLY1305 = const(0)
USE_AES_CBC = const(1)
USE_SHA1 = const(1)
USE_SHA384 = const(1)
USE_SHA512 = const(1)
USE_MD5 = const(0)
USE_3DES = const(0)
USE_ARC4 = const(0)
USE_SEED = const(0)
USE_DH = const(0)
USE_PSK = const(0)
USE_RSA_KEY_EXCHANGE = const(1)

# Groups and key types
USE_X25519 = const(1)
USE_SECP256R1 = const(1)
USE_SECP384R1 = const(1)
USE_SECP521R1 = const(1)
USE_RSA_PSS = const(1)

# Hello extensions
USE_EXTENDED_MASTER_SECRET = const(1)
USE_ENCRYPT_THEN_MAC = const(1)
USE_MAX_FRAGMENT_LENGTH = const(1)
USE_RECORD_SIZE_LIMIT = const(1)
USE_NAME_CONSTRAINTS = const(1)

# Traces
USE_SSL_HANDSHAKE_MSG_TRACE = const(0)
