# SPDX-License-Identifier: MIT
"""Return codes, statuses, alerts and protocol numbers: the reference's names without their prefixes.

Only integers. A build folds every use inside the library into the code and turns this
module into one table in flash, so that a name costs no heap (tools/configure.py).
"""

from micropython import const

# Statuses of the buffer calls (MATRIXSSL_*).
SUCCESS = const(0)
REQUEST_SEND = const(1)
REQUEST_RECV = const(2)
REQUEST_CLOSE = const(3)
APP_DATA = const(4)
HANDSHAKE_COMPLETE = const(5)
RECEIVED_ALERT = const(6)

# Failures (PS_*), the code of an Error.
FAILURE = const(-1)
ARG_FAIL = const(-6)
PLATFORM_FAIL = const(-7)
MEM_FAIL = const(-8)
LIMIT_FAIL = const(-9)
UNSUPPORTED_FAIL = const(-10)
DISABLED_FEATURE_FAIL = const(-11)
PROTOCOL_FAIL = const(-12)
ERROR = const(-13)  # MATRIXSSL_ERROR: the session is not in the state for this call
PARSE_FAIL = const(-31)
CERT_AUTH_FAIL = const(-35)
CLOCK_FAIL = const(-40)  # ours: the wall clock was never set, so validity cannot be judged

# Certificate.auth_status
CERT_UNTESTED = const(0)
CERT_AUTH_PASS = const(1)
CERT_AUTH_FAIL_BC = const(-32)
CERT_AUTH_FAIL_DN = const(-33)
CERT_AUTH_FAIL_SIG = const(-34)

# What a certificate validator may return beside 0, a positive alert and a negative error.
ALLOW_ANON_CONNECTION = const(254)

# Session options
OPTION_FULL_HANDSHAKE = const(1)
OPTION_DISABLE_CLIENT_AUTH = const(2)
OPTION_ENABLE_CLIENT_AUTH = const(3)

# Protocol versions (the wire's numbers)
SSL3 = const(0x0300)
TLS1_0 = const(0x0301)
TLS1_1 = const(0x0302)
TLS1_2 = const(0x0303)
TLS1_3 = const(0x0304)
DTLS1_0 = const(0xFEFF)
DTLS1_2 = const(0xFEFD)

# Record content types (RFC 5246 section 6.2.1)
CHANGE_CIPHER_SPEC = const(20)
ALERT = const(21)
HANDSHAKE = const(22)
APPLICATION_DATA = const(23)
TLS12_CID = const(25)  # RFC 9146: any of them, with a connection id

# Session.closing, bits
CLOSING_SENT = const(1)  # a closure or fatal alert is on its way out: nothing more is written
CLOSING_GOT = const(2)  # the peer closed or failed: nothing more is read
CLOSING_DEAD = const(4)  # a fatal error on either side

# Handshake message types (RFC 5246 section 7.4)
HELLO_REQUEST = const(0)
CLIENT_HELLO = const(1)
SERVER_HELLO = const(2)
HELLO_VERIFY_REQUEST = const(3)
NEW_SESSION_TICKET = const(4)
END_OF_EARLY_DATA = const(5)
ENCRYPTED_EXTENSIONS = const(8)
CERTIFICATE = const(11)
SERVER_KEY_EXCHANGE = const(12)
CERTIFICATE_REQUEST = const(13)
SERVER_HELLO_DONE = const(14)
CERTIFICATE_VERIFY = const(15)
CLIENT_KEY_EXCHANGE = const(16)
FINISHED = const(20)
CERTIFICATE_STATUS = const(22)
KEY_UPDATE = const(24)
MESSAGE_HASH = const(254)  # stands for the first ClientHello in a transcript (RFC 8446 section 4.4.1)

# Alert levels and descriptions (RFC 5246 section 7.2, RFC 8446 section 6)
ALERT_LEVEL_WARNING = const(1)
ALERT_LEVEL_FATAL = const(2)
ALERT_CLOSE_NOTIFY = const(0)
ALERT_UNEXPECTED_MESSAGE = const(10)
ALERT_BAD_RECORD_MAC = const(20)
ALERT_DECRYPTION_FAILED = const(21)
ALERT_RECORD_OVERFLOW = const(22)
ALERT_DECOMPRESSION_FAILURE = const(30)
ALERT_HANDSHAKE_FAILURE = const(40)
ALERT_NO_CERTIFICATE = const(41)
ALERT_BAD_CERTIFICATE = const(42)
ALERT_UNSUPPORTED_CERTIFICATE = const(43)
ALERT_CERTIFICATE_REVOKED = const(44)
ALERT_CERTIFICATE_EXPIRED = const(45)
ALERT_CERTIFICATE_UNKNOWN = const(46)
ALERT_ILLEGAL_PARAMETER = const(47)
ALERT_UNKNOWN_CA = const(48)
ALERT_ACCESS_DENIED = const(49)
ALERT_DECODE_ERROR = const(50)
ALERT_DECRYPT_ERROR = const(51)
ALERT_PROTOCOL_VERSION = const(70)
ALERT_INSUFFICIENT_SECURITY = const(71)
ALERT_INTERNAL_ERROR = const(80)
ALERT_INAPPROPRIATE_FALLBACK = const(86)
ALERT_USER_CANCELED = const(90)
ALERT_NO_RENEGOTIATION = const(100)
ALERT_MISSING_EXTENSION = const(109)
ALERT_UNSUPPORTED_EXTENSION = const(110)
ALERT_UNRECOGNIZED_NAME = const(112)
ALERT_BAD_CERTIFICATE_STATUS_RESPONSE = const(113)
ALERT_UNKNOWN_PSK_IDENTITY = const(115)
ALERT_CERTIFICATE_REQUIRED = const(116)
ALERT_NO_APPLICATION_PROTOCOL = const(120)
ALERT_NONE = const(255)

# Kinds of key
KEY_RSA = const(1)
KEY_EC = const(3)
KEY_ED25519 = const(4)

# Key exchanges and bulk modes of the cipher suites
KX_RSA = const(1)
KX_ECDHE = const(2)
KX_DHE = const(3)
KX_PSK = const(4)
KX_TLS_1_3 = const(5)  # what TLS 1.3 has in extensions
MODE_GCM = const(1)
MODE_CBC = const(2)
MODE_RC4 = const(3)
MODE_CHACHA = const(4)
MODE_CCM_8 = const(5)
MODE_3DES = const(6)
MODE_SEED = const(7)
MODE_CCM = const(8)

# Handshake states: what a role waits for (the tables in mxtls/handshake)
WAIT_SERVER_HELLO = const(1)
WAIT_CERTIFICATE = const(2)
WAIT_SERVER_KEY_EXCHANGE = const(3)
WAIT_CERTIFICATE_REQUEST = const(4)
WAIT_SERVER_HELLO_DONE = const(5)
WAIT_PSK_HINT = const(6)
WAIT_RESUMED_CHANGE_CIPHER_SPEC = const(7)
WAIT_RESUMED_FINISHED = const(8)
WAIT_CLIENT_HELLO = const(10)
WAIT_CLIENT_CERTIFICATE = const(11)
WAIT_CLIENT_KEY_EXCHANGE = const(12)
WAIT_CERTIFICATE_VERIFY = const(13)
WAIT_CHANGE_CIPHER_SPEC = const(14)
WAIT_FINISHED = const(15)
WAIT_CERTIFICATE_STATUS = const(16)
OPEN = const(20)
# of TLS 1.3
WAIT_ENCRYPTED_EXTENSIONS = const(21)
WAIT_CERTIFICATE_OR_REQUEST = const(22)
WAIT_SERVER_CERTIFICATE = const(23)
WAIT_SERVER_VERIFY = const(24)
WAIT_SERVER_FINISHED = const(25)
WAIT_CLIENT_CERTIFICATE_13 = const(26)
WAIT_CLIENT_VERIFY = const(27)
WAIT_CLIENT_FINISHED = const(28)

# Bits of Handshake.flags: the extensions that were offered, then those that are agreed on
EXT_EXTENDED_MASTER_SECRET = const(1)
EXT_ENCRYPT_THEN_MAC = const(2)
EXT_RENEGOTIATION_INFO = const(4)
EXT_MAX_FRAGMENT_LENGTH = const(8)
EXT_RECORD_SIZE_LIMIT = const(16)
EXT_SERVER_NAME = const(32)
EXT_EC_POINT_FORMATS = const(64)
EXT_ALPN = const(128)
EXT_SESSION_TICKET = const(256)
EXT_STATUS_REQUEST = const(512)
EXT_CONNECTION_ID = const(1024)
