# SPDX-License-Identifier: MIT
from typing import Any

_Bytes = bytes | bytearray

class Keys:
    pins: tuple[bytes, ...]
    fingerprints: tuple[bytes, ...]
    store: str | None
    ocsp_response: bytes | None
    chain: list[tuple[_Bytes, int, int]]
    private: Any
    anchors: list[tuple[_Bytes, int, int, int, int]]
    min_rsa_bits: int
    skipped: int
    skip_reason: str
    loaded: bool
    sessions: list[Any]
    max_sessions: int
    session_lifetime: int
    tickets: bool
    ticket_keys: list[Any]
    dh: tuple[bytes, bytes] | None
    min_dh_bits: int
    psk: tuple[bytes, bytearray] | None
    psks: list[tuple[bytes, bytearray]]
    def __init__(self) -> None: ...
    def load_rsa_keys(
        self, cert_files: str | None = None, priv_file: str | None = None, priv_pass: str | bytes | None = None, trusted_ca_files: str | None = None
    ) -> None: ...
    def load_rsa_keys_mem(self, cert: _Bytes | None = None, priv: _Bytes | None = None, trusted_ca: _Bytes | None = None) -> None: ...
    def pin(self, digest: bytes | str) -> None: ...
    def trust_fingerprint(self, digest: bytes | str) -> None: ...
    def load_trust_store(self, file: str) -> None: ...
    def load_dh_params(self, file: str) -> None: ...
    def load_dh_params_mem(self, params: _Bytes, is_file: bool = False) -> None: ...
    def load_psk(self, key: _Bytes, identity: bytes | str) -> None: ...
    def find_psk(self, buf: _Bytes, off: int, n: int) -> bytearray | None: ...
    def delete(self) -> None: ...
