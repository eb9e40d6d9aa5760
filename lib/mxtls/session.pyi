# SPDX-License-Identifier: MIT
from collections.abc import Callable, Sequence
from typing import Any

from mxtls.hello_extension import HelloExtension
from mxtls.keys import Keys
from mxtls.resume import SessionId

_Validator = Callable[[Any, Any, int], int]
_Data = bytes | bytearray | memoryview

class Session:
    client: bool
    server_name: Any
    session_id: SessionId | None
    alpn: str | None
    exporter: Any
    hello_extensions_in: list[tuple[int, bytes]] | None
    dropped: int
    newest: bool
    peer_connection_id: bytes | None
    peer_der: bytes | None
    ocsp_response: bytes | None
    stepwise: bool
    busy: bool
    padding: int
    keys: Keys
    cert_validator: _Validator | None
    max_record: int
    max_out: int
    input: Any
    output: Any
    version: int
    cipher_suite: int
    resumed: bool
    anonymous: bool
    peer_certificate: Any
    plain_off: int
    plain_len: int
    write_off: int
    need: int
    closing: int
    established: bool
    def __init__(
        self, keys: Keys, cert_validator: _Validator | None = None, max_record: int = 16384, min_version: int = 0, max_version: int = 0, dtls: bool = False
    ) -> None: ...
    def want_input(self) -> int: ...
    def get_readbuf(self) -> memoryview: ...
    def received_data(self, n: int) -> int: ...
    def processed_data(self) -> int: ...
    @property
    def plaintext(self) -> memoryview: ...
    def received_eof(self) -> None: ...
    def get_outdata(self) -> memoryview: ...
    def sent_data(self, n: int) -> int: ...
    def want_output(self, n: int) -> int: ...
    def get_writebuf(self, n: int) -> memoryview: ...
    def encode_writebuf(self, n: int) -> int: ...
    def encode_to_outdata(self, data: _Data) -> int: ...
    def export(self, label: str | bytes, context: bytes | None = None, n: int = 32) -> bytearray: ...
    def can_close(self) -> bool: ...
    def encode_closure_alert(self) -> int: ...
    def delete(self) -> None: ...
    def timeout(self) -> int: ...
    def want_outdata(self) -> int: ...
    def encode_rehandshake(self, keys: Keys | None = None, cert_validator: _Validator | None = None, session_option: int = 0, cipher_suite: int = 0) -> int: ...
    def set_session_option(self, option: int) -> None: ...
    def __getattr__(self, name: str) -> Any: ...

class ClientSession(Session):
    def __init__(
        self,
        keys: Keys,
        session_id: SessionId | None = None,
        cipher_suite: int = 0,
        cert_validator: _Validator | None = None,
        extensions: HelloExtension | None = None,
        extension_callback: Callable[[Any, int, memoryview], int] | None = None,
        server_name: str | None = None,
        min_version: int = 0,
        max_version: int = 0,
        max_record: int = 16384,
        fallback: bool = False,
        dtls: bool = False,
        alpn: Sequence[str | bytes] = (),
        ocsp: bool = False,
        keep_peer_certificate: bool = False,
        post_handshake_auth: bool = False,
        connection_id: bytes | None = None,
        disabled: Sequence[int] = (),
    ) -> None: ...
    def set_cipher_suite_enabled_status(self, suite: int, on: bool) -> int: ...

class ServerSession(Session):
    def __init__(
        self,
        keys: Keys,
        cert_validator: _Validator | None = None,
        min_version: int = 0,
        max_version: int = 0,
        max_record: int = 16384,
        dtls: bool = False,
        alpn: Sequence[str | bytes] = (),
        sni: dict[str, Keys] | Callable[[str], Keys | None] | None = None,
        keep_peer_certificate: bool = False,
        connection_id: bytes | None = None,
    ) -> None: ...
    def set_cipher_suite_enabled_status(self, suite: int, on: bool) -> int: ...
