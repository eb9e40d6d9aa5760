# SPDX-License-Identifier: MIT
"""The options of a build, as data: every name of the reference's tables, then ours.

tools/configure.py resolves a choice of them; docs/configuration.md is written from them.
"""

from dataclasses import dataclass

BUILT = "built"
LATER = "later"  # will exist: asking for it is refused by name
NEVER = "never"  # means nothing here: asking for it is refused with the reason


@dataclass(frozen=True)
class Option:
    name: str
    what: str  # one line
    needs: tuple[str, ...] = ()  # must be on; "A|B" is met by either
    uses: tuple[str, ...] = ()  # comes along where it is not refused, but is not required
    default: int = 1
    auto: bool = False  # on exactly when another option needs or uses it, unless asked for
    debug: bool = False
    state: str = BUILT
    least: int = 0  # the values it may have
    most: int = 1

    @property
    def suite(self) -> bool:
        return self.what.startswith("0x")


def _later(name: str, what: str, needs: tuple[str, ...] = (), default: int = 0) -> Option:
    return Option(name, what, needs, default=default, state=LATER)


def _never(name: str, why: str) -> Option:
    return Option(name, why, default=0, state=NEVER)


_ANY_TLS = "USE_TLS_1_2|USE_TLS_1_1|USE_TLS"
_GROUP = "USE_X25519|USE_SECP256R1|USE_SECP384R1"
_CURVE = "USE_SECP256R1|USE_SECP384R1|USE_SECP521R1"
_ANY_13 = "USE_TLS_AES_128_GCM_SHA256|USE_TLS_CHACHA20_POLY1305_SHA256|USE_TLS_AES_256_GCM_SHA384|USE_TLS_AES_128_CCM_SHA256|USE_TLS_AES_128_CCM_8_SHA256"
_13_USES = ("USE_ECDHE", "USE_X25519", "USE_ECC", "USE_SECP256R1", "USE_SECP384R1", "USE_SECP521R1", "USE_RSA", "USE_ED25519", "USE_PSK")
_TIER = "the tier of the kernels (pure, viper, native) is this choice"

# The reference, "Configurable Features"
FEATURES = (
    Option("PS_USE_FILE_SYSTEM", "Keys.load_rsa_keys and load_dh_params: certificates and keys from files"),
    Option("USE_CLIENT_SIDE_SSL", "ClientSession", (), ("USE_NAME_CONSTRAINTS", "USE_HELLO_EXTENSIONS", "USE_PINNING", "USE_PEER_CERTIFICATE")),
    Option("USE_SERVER_SIDE_SSL", "ServerSession", (), ("USE_PRIVATE_KEY_PARSING", "USE_SNI")),
    Option("USE_TLS_1_2", "TLS 1.2, RFC 5246 (the reference's table ends at 1.1)"),
    Option("USE_TLS", "TLS 1.0, RFC 2246; retired", (), ("USE_MD5_SHA1", "USE_SPLIT"), default=0),
    Option("USE_TLS_1_1", "TLS 1.1, RFC 4346; retired", ("USE_TLS",), ("USE_MD5_SHA1",), default=0),
    Option("USE_TLS_1_3", "TLS 1.3, RFC 8446", (_ANY_13,)),
    Option("DISABLE_SSLV3", "0 brings SSL 3.0, RFC 6101; retired"),
    Option("USE_SSL3", "the opposite of DISABLE_SSLV3, which sets it", (), ("USE_MD5_SHA1", "USE_SPLIT"), default=0),
    Option("ENABLE_SECURE_REHANDSHAKES", "renegotiation as RFC 5746 secures it", (), ("USE_REHANDSHAKES",), default=0),
    Option("REQUIRE_SECURE_REHANDSHAKES", "refuse a peer without RFC 5746", default=0),
    Option("ENABLE_INSECURE_REHANDSHAKES", "renegotiation without RFC 5746; not recommended", (), ("USE_REHANDSHAKES",), default=0),
    Option("USE_REHANDSHAKES", "renegotiation, of either kind", auto=True),
    Option("USE_POST_HANDSHAKE_AUTH", "a client shows its certificate after the handshake, RFC 8446 4.6.2", ("USE_TLS_1_3", "USE_CLIENT_AUTH", "USE_CLIENT_SIDE_SSL"), default=0),
    Option("USE_EXPORTER", "session.export: keying material for the application, RFC 5705 and RFC 8446 7.5", default=0),
    Option("USE_RESUMPTION", "SessionId, and a server's cache in its Keys", (), ("USE_SESSION_TICKETS",)),
    Option("USE_STREAM", "mxtls.stream: a session over a socket, a UART or a modem driver", (), ("USE_STEPS",)),
    Option("USE_AIO", "mxtls.aio: sessions over asyncio", ("USE_STREAM", "USE_STEPS")),
    Option("USE_STEPS", "session.stepwise: a handshake that gives way to other tasks between its long computations", auto=True),
    _never("HAVE_NATIVE_INT64", "Python's integers have no width to choose"),
    Option("USE_MULTITHREADING", "a lock of the port around what sessions share", default=0),
    Option("USE_PEERSEC_MEMORY_MANAGEMENT", "open(arena=n): session buffers and record keys from one block", default=0),
    Option("USE_TLS_MODULE", "the module tls: a drop-in for MicroPython's built-in one", (), ("USE_STEPS",), default=0),
    Option("USE_SSL_MODULE", "the modules ssl, with CPython's names over it, and ussl", ("USE_TLS_MODULE",), default=0),
    Option("USE_CLIENT_AUTH", "mutual authentication: a client's certificate, and a server that asks for one", ("USE_X509",), ("USE_PRIVATE_KEY_PARSING", "USE_PINNING", "USE_PEER_CERTIFICATE")),
    Option("SERVER_CAN_SEND_EMPTY_CERT_REQUEST", "ask for a client's certificate with no CA loaded", ("USE_CLIENT_AUTH",), default=0),
    Option("USE_PRIVATE_KEY_PARSING", "private keys, PKCS#1 and SEC1", ("USE_X509",), ("USE_PKCS8",), auto=True),
    Option(
        "USE_PKCS5",
        "private keys under a password; with USE_MD5=0 and USE_3DES=0 only PBES2 with AES",
        ("USE_PRIVATE_KEY_PARSING",),
        ("USE_PKCS8", "USE_AES", "USE_SHA1", "USE_MD5", "USE_3DES"),
        default=0,
    ),
    Option("USE_PKCS8", "private keys in PKCS#8", ("USE_PRIVATE_KEY_PARSING",), auto=True),
    _never("USE_1024_KEY_SPEED_OPTIMIZATIONS", "keys below 2048 bits are refused unless asked for; " + _TIER),
    _never("PS_PUBKEY_OPTIMIZE_FOR_SMALLER_RAM", _TIER),
    _never("PS_PUBKEY_OPTIMIZE_FOR_FASTER_SPEED", _TIER),
    _never("PS_AES_IMPROVE_PERF_INCREASE_CODESIZE", _TIER),
    _never("PS_3DES_IMPROVE_PERF_INCREASE_CODESIZE", _TIER),
    _never("PS_MD5_IMPROVE_PERF_INCREASE_CODESIZE", _TIER),
    _never("PS_SHA1_IMPROVE_PERF_INCREASE_CODESIZE", _TIER),
    Option("USE_ERROR_TEXTS", "an error says what happened and what to do; without it, its code and alert alone"),
    _later("SSL_MAX_DISABLED_CIPHERS", "how many suites one session may disable", default=8),
)

# The reference, "Debug Configuration"
DEBUG = (
    Option("USE_SSL_HANDSHAKE_MSG_TRACE", "print each handshake message as it passes", default=0, debug=True),
    Option("USE_SSL_INFORMATIONAL_TRACE", "print what the record layer does", default=0, debug=True),
    Option("HALT_ON_PS_ERROR", "call the port's halt(text) at every failure, before it is raised", default=0, debug=True),
    Option("USE_CORE_TRACE", "print every failure where it is noticed", default=0, debug=True),
    Option("USE_CRYPTO_TRACE", "print which algorithm does what", default=0, debug=True),
)

# The reference, "Cipher Suites"; then those it does not know
SUITES = (
    Option("USE_TLS_AES_128_GCM_SHA256", "0x1301", ("USE_TLS_1_3", "USE_X509|USE_PSK", "USE_AES_GCM"), _13_USES),
    Option("USE_TLS_CHACHA20_POLY1305_SHA256", "0x1303", ("USE_TLS_1_3", "USE_X509|USE_PSK", "USE_CHACHA20_POLY1305"), _13_USES),
    Option("USE_TLS_AES_256_GCM_SHA384", "0x1302", ("USE_TLS_1_3", "USE_X509|USE_PSK", "USE_AES_GCM", "USE_SHA384"), _13_USES),
    Option("USE_TLS_AES_128_CCM_SHA256", "0x1304", ("USE_TLS_1_3", "USE_X509|USE_PSK", "USE_AES_CCM"), _13_USES, default=0),
    Option("USE_TLS_AES_128_CCM_8_SHA256", "0x1305", ("USE_TLS_1_3", "USE_X509|USE_PSK", "USE_AES_CCM"), _13_USES, default=0),
    Option("USE_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "0xC02B", ("USE_TLS_1_2", "USE_X509", "USE_ECC", _CURVE, _GROUP, "USE_ECDHE", "USE_AES_GCM",)),
    Option("USE_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "0xC02F", ("USE_TLS_1_2", "USE_X509", "USE_RSA", _GROUP, "USE_ECDHE", "USE_AES_GCM",)),
    Option("USE_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "0xCCA9", ("USE_TLS_1_2", "USE_X509", "USE_ECC", _CURVE, _GROUP, "USE_ECDHE", "USE_CHACHA20_POLY1305",)),
    Option("USE_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "0xCCA8", ("USE_TLS_1_2", "USE_X509", "USE_RSA", _GROUP, "USE_ECDHE", "USE_CHACHA20_POLY1305",)),
    Option("USE_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "0xC02C", ("USE_TLS_1_2", "USE_X509", "USE_ECC", _CURVE, _GROUP, "USE_ECDHE", "USE_AES_GCM", "USE_SHA384",)),
    Option("USE_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "0xC030", ("USE_TLS_1_2", "USE_X509", "USE_RSA", _GROUP, "USE_ECDHE", "USE_AES_GCM", "USE_SHA384",)),
    Option("USE_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "0xC0AE", ("USE_TLS_1_2", "USE_X509", "USE_ECC", _CURVE, _GROUP, "USE_ECDHE", "USE_AES_CCM",), default=0),
    Option("USE_TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "0x009E", ("USE_TLS_1_2", "USE_X509", "USE_RSA", "USE_DH", "USE_AES_GCM",), default=0),
    Option("USE_TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "0xCCAA", ("USE_TLS_1_2", "USE_X509", "USE_RSA", "USE_DH", "USE_CHACHA20_POLY1305",), default=0),
    Option("USE_TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "0x009F", ("USE_TLS_1_2", "USE_X509", "USE_RSA", "USE_DH", "USE_AES_GCM", "USE_SHA384",), default=0),
    Option("USE_TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", "0xD001", ("USE_TLS_1_2", "USE_PSK", _GROUP, "USE_ECDHE", "USE_AES_GCM",)),
    Option("USE_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", "0xCCAC", ("USE_TLS_1_2", "USE_PSK", _GROUP, "USE_ECDHE", "USE_CHACHA20_POLY1305",)),
    Option("USE_TLS_PSK_WITH_AES_128_GCM_SHA256", "0x00A8", ("USE_TLS_1_2", "USE_PSK", "USE_AES_GCM",)),
    Option("USE_TLS_PSK_WITH_AES_256_GCM_SHA384", "0x00A9", ("USE_TLS_1_2", "USE_PSK", "USE_AES_GCM", "USE_SHA384",)),
    Option("USE_TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", "0xCCAB", ("USE_TLS_1_2", "USE_PSK", "USE_CHACHA20_POLY1305",)),
    Option("USE_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "0xC023", ("USE_TLS_1_2", "USE_X509", "USE_ECC", _CURVE, _GROUP, "USE_ECDHE", "USE_AES_CBC",), default=0),
    Option("USE_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "0xC027", ("USE_TLS_1_2", "USE_X509", "USE_RSA", _GROUP, "USE_ECDHE", "USE_AES_CBC",), default=0),
    Option("USE_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "0xC009", (_ANY_TLS, "USE_X509", "USE_ECC", _CURVE, _GROUP, "USE_ECDHE", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "0xC013", (_ANY_TLS, "USE_X509", "USE_RSA", _GROUP, "USE_ECDHE", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "0xC00A", (_ANY_TLS, "USE_X509", "USE_ECC", _CURVE, _GROUP, "USE_ECDHE", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "0xC014", (_ANY_TLS, "USE_X509", "USE_RSA", _GROUP, "USE_ECDHE", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "0x0067", ("USE_TLS_1_2", "USE_X509", "USE_RSA", "USE_DH", "USE_AES_CBC",), default=0),
    Option("USE_TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "0x006B", ("USE_TLS_1_2", "USE_X509", "USE_RSA", "USE_DH", "USE_AES_CBC",), default=0),
    Option("USE_TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "0x0033", ("USE_X509", "USE_RSA", "USE_DH", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "0x0039", ("USE_X509", "USE_RSA", "USE_DH", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_RSA_WITH_AES_128_GCM_SHA256", "0x009C", ("USE_TLS_1_2", "USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_AES_GCM",), default=0),
    Option("USE_TLS_RSA_WITH_AES_256_GCM_SHA384", "0x009D", ("USE_TLS_1_2", "USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_AES_GCM", "USE_SHA384",), default=0),
    Option("USE_TLS_RSA_WITH_AES_128_CBC_SHA256", "0x003C", ("USE_TLS_1_2", "USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_AES_CBC",), default=0),
    Option("USE_TLS_RSA_WITH_AES_256_CBC_SHA256", "0x003D", ("USE_TLS_1_2", "USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_AES_CBC",), default=0),
    Option("USE_TLS_RSA_WITH_AES_128_CBC_SHA", "0x002F", ("USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_RSA_WITH_AES_256_CBC_SHA", "0x0035", ("USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_DHE_PSK_WITH_AES_128_CBC_SHA", "0x0090", ("USE_PSK", "USE_DH", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_DHE_PSK_WITH_AES_256_CBC_SHA", "0x0091", ("USE_PSK", "USE_DH", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_PSK_WITH_AES_128_CBC_SHA", "0x008C", ("USE_PSK", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_PSK_WITH_AES_256_CBC_SHA", "0x008D", ("USE_PSK", "USE_AES_CBC", "USE_SHA1",), default=0),
    Option("USE_TLS_RSA_WITH_SEED_CBC_SHA", "0x0096", ("USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_SEED", "USE_SHA1",), default=0),
    Option("USE_SSL_DHE_RSA_WITH_3DES_EDE_CBC_SHA", "0x0016", ("USE_X509", "USE_RSA", "USE_DH", "USE_3DES", "USE_SHA1",), default=0),
    Option("USE_SSL_RSA_WITH_3DES_EDE_CBC_SHA", "0x000A", ("USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_3DES", "USE_SHA1",), default=0),
    Option("USE_SSL_RSA_WITH_RC4_128_SHA", "0x0005", ("USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_ARC4", "USE_SHA1",), default=0),
    Option("USE_SSL_RSA_WITH_RC4_128_MD5", "0x0004", ("USE_X509", "USE_RSA", "USE_RSA_KEY_EXCHANGE", "USE_ARC4", "USE_MD5",), default=0),
)

# The reference's cryptoConfig.h, and the curves
ALGORITHMS = (
    Option("USE_X509", "certificates", ()),
    Option("USE_RSA", "RSA certificates and signatures", (), ("USE_RSA_PSS",), auto=True),
    Option("USE_RSA_PSS", "RSA-PSS signatures, RFC 8017", ("USE_RSA",), auto=True),
    Option("USE_RSA_KEY_EXCHANGE", "the premaster secret under the server's RSA key", ("USE_RSA",), auto=True),
    Option("USE_ECC", "ECDSA, and ECDHE over the curves below", (_CURVE,), auto=True),
    Option("USE_SECP256R1", "P-256", ("USE_ECC",), auto=True),
    Option("USE_SECP384R1", "P-384", ("USE_ECC",), ("USE_SHA384",), auto=True),
    Option("USE_SECP521R1", "P-521, in certificates and for ECDHE", ("USE_ECC",), ("USE_SHA512",), auto=True),
    Option("USE_X25519", "ECDHE over Curve25519, RFC 7748", auto=True),
    Option("USE_ED25519", "Ed25519 certificates and signatures, RFC 8032 and 8410", ("USE_X509", "USE_SHA512"), auto=True),
    Option("USE_AES", "AES", auto=True),
    Option("USE_AES_GCM", "AES-GCM records, RFC 5288", ("USE_AES",), auto=True),
    Option("USE_AES_CCM", "AES-CCM records, RFC 6655 and 7251", ("USE_AES",), auto=True),
    Option("USE_CHACHA20_POLY1305", "ChaCha20-Poly1305 records, RFC 7905", auto=True),
    Option("USE_AES_CBC", "AES-CBC records", ("USE_AES",), ("USE_ENCRYPT_THEN_MAC",), auto=True),
    Option("USE_SHA1", "SHA-1: the MAC of CBC suites", auto=True),
    Option("USE_SHA384", "SHA-384: the 256-bit GCM suites, and signatures", auto=True),
    Option("USE_SHA512", "SHA-512: signatures", auto=True),
    Option("USE_ECDHE", "ephemeral elliptic curve Diffie-Hellman", auto=True),
    Option("USE_MD5_SHA1", "the pair of hashes of the versions before TLS 1.2", ("USE_MD5", "USE_SHA1"), auto=True),
    Option("USE_SPLIT", "1/n-1 record splitting under CBC, before TLS 1.1", auto=True),
    Option("USE_MD5", "MD5, RFC 1321: before TLS 1.2, and a MAC of RC4; retired", auto=True),
    _never("USE_HMAC", "every suite needs it: it is always there"),
    Option("USE_3DES", "3DES; retired, RFC 8429", auto=True),
    Option("USE_ARC4", "RC4; retired, RFC 7465", auto=True),
    Option("USE_SEED", "SEED, RFC 4162; retired", auto=True),
    Option("USE_DH", "ephemeral Diffie-Hellman modulo a prime, and Keys.load_dh_params", auto=True),
    Option("USE_PSK", "pre-shared keys, and Keys.load_psk", auto=True),
)

# Ours
EXTENSIONS = (
    Option("USE_PEM", "PEM beside DER", ("USE_X509",)),
    Option("USE_NAME_CONSTRAINTS", "name constraints of CA certificates, RFC 5280 4.2.1.10", ("USE_X509",), auto=True),
    Option("USE_PINNING", "keys.pin and keys.trust_fingerprint: trust in certain keys and certificates", ("USE_X509",), auto=True),
    Option("USE_PEER_CERTIFICATE", "keep_peer_certificate: the peer's own certificate, DER, without a validator", ("USE_X509",), auto=True),
    Option("USE_OCSP_STAPLING", "session.ocsp_response, keys.ocsp_response: RFC 6066 8 and RFC 8446 4.4.2.1", ("USE_X509",), default=0),
    Option("USE_TRUST_STORE", "keys.load_trust_store: roots in a file, read when one is wanted (tools/trust_store.py)", ("USE_X509", "PS_USE_FILE_SYSTEM"), default=0),
    Option("USE_EXTENDED_MASTER_SECRET", "RFC 7627", (_ANY_TLS,)),
    Option("USE_ENCRYPT_THEN_MAC", "RFC 7366, for CBC suites", ("USE_AES_CBC",), auto=True),
    Option("USE_HELLO_EXTENSIONS", "HelloExtension, its callback and hello_extensions_in", ("USE_CLIENT_SIDE_SSL",), auto=True),
    Option("USE_MAX_FRAGMENT_LENGTH", "smaller records by agreement, RFC 6066 4"),
    Option("USE_RECORD_SIZE_LIMIT", "smaller records by agreement, RFC 8449"),
    Option("USE_ALPN", "application protocols by agreement, RFC 7301"),
    Option("USE_SNI", "a server chooses its Keys by the name that the client asks for, RFC 6066 3", ("USE_SERVER_SIDE_SSL",), auto=True),
    Option("USE_SESSION_TICKETS", "a server's sessions sealed in tickets that the client keeps, RFC 5077 and RFC 8446", ("USE_RESUMPTION", "USE_SERVER_SIDE_SSL", "USE_AES_GCM|USE_CHACHA20_POLY1305"), auto=True),
)

# The reference, appendix A
DTLS = (
    Option("USE_DTLS", "DTLS 1.2, and 1.0 where USE_TLS_1_1 is on, RFC 6347", ("USE_TLS_1_2|USE_TLS_1_1",), default=0),
    Option("USE_CONNECTION_ID", "sessions that outlive a change of the peer's address, RFC 9146", ("USE_DTLS", "USE_TLS_1_2"), default=0),
    Option("DTLS_SEND_RECORDS_INDIVIDUALLY", "one handshake message a datagram", ("USE_DTLS",), default=0, debug=True),
    Option("USE_DTLS_DEBUG_TRACE", "print what DTLS drops and sends again", ("USE_DTLS",), default=0, debug=True),
    Option("DTLS_PMTU", "the largest datagram until set_pmtu, 128 to 65507", default=1500, most=65507, least=128),
)

SECTIONS = (
    ("Features", FEATURES),
    ("Cipher suites", SUITES),
    ("Algorithms", ALGORITHMS),
    ("Certificates and hello extensions", EXTENSIONS),
    ("Debugging", DEBUG),
    ("DTLS", DTLS),
)
OPTIONS: dict[str, Option] = {o.name: o for _, section in SECTIONS for o in section}

# Of each line at least one must be on.
AT_LEAST_ONE = (
    ("role", ("USE_CLIENT_SIDE_SSL", "USE_SERVER_SIDE_SSL")),
    ("protocol version", ("USE_TLS_1_3", "USE_TLS_1_2", "USE_TLS", "USE_SSL3")),
    ("cipher suite", tuple(o.name for o in SUITES if o.state == BUILT)),
)


def _only(suite: str) -> dict[str, int]:
    return {o.name: int(o.name == suite) for o in SUITES if o.state == BUILT}


# What even a build of everything leaves as it is: two refuse something, two wrap every call
_NOT_EVERYTHING = ("DISABLE_SSLV3", "REQUIRE_SECURE_REHANDSHAKES", "USE_MULTITHREADING", "USE_PEERSEC_MEMORY_MANAGEMENT")

# What a profile asks for; everything else keeps its default.
PROFILES: dict[str, dict[str, int]] = {
    "default": {},
    "everything": {o.name: o.default if o.most > 1 else int(o.name not in _NOT_EVERYTHING) for o in OPTIONS.values() if o.state == BUILT and not o.debug},
    "client": {"USE_SERVER_SIDE_SSL": 0},
    "server": {"USE_CLIENT_SIDE_SSL": 0},
    "one-suite": {
        "USE_SERVER_SIDE_SSL": 0,
        "USE_TLS_1_3": 0,
        **_only("USE_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        "USE_X25519": 0,
        "USE_SECP384R1": 0,
        "USE_SECP521R1": 0,
        "USE_PINNING": 0,
        "USE_PEER_CERTIFICATE": 0,
        "USE_AIO": 0,
    },
    "psk-client": {
        "USE_SERVER_SIDE_SSL": 0,
        "USE_X509": 0,
        "USE_CLIENT_AUTH": 0,
        "USE_PEM": 0,
        "USE_TLS_1_3": 0,
        "USE_HELLO_EXTENSIONS": 0,
        "USE_RESUMPTION": 0,
        "USE_ALPN": 0,
        "USE_AIO": 0,
        **_only("USE_TLS_PSK_WITH_AES_128_GCM_SHA256"),
    },
    "tls13-client": {
        "USE_SERVER_SIDE_SSL": 0,
        "USE_TLS_1_2": 0,
        "USE_EXTENDED_MASTER_SECRET": 0,
        **{o.name: int(o.name in ("USE_TLS_AES_128_GCM_SHA256", "USE_TLS_CHACHA20_POLY1305_SHA256", "USE_TLS_AES_256_GCM_SHA384")) for o in SUITES},
    },
}
