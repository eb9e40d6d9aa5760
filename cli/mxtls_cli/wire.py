# SPDX-License-Identifier: MIT
"""What client.py and server.py share: keys from arguments, a transport that counts, and what a session has negotiated."""

import argparse
import binascii
import socket
from pathlib import Path
from typing import Any

import mxtls
from mxtls import alert_names, suite_names
from mxtls.errors import Error
from mxtls_cli import profiles, roots
from mxtls_cli.report import Report, Trouble

GROUPS = {29: "x25519", 23: "secp256r1", 24: "secp384r1", 25: "secp521r1"}


class Wire:
    """A socket that counts its bytes and notes how large the session's buffers grow."""

    def __init__(self, sock: socket.socket, report: Report) -> None:
        self.sock, self.report = sock, report
        self.session: Any = None
        self.came = self.went = self.input = self.output = 0

    def recv_into(self, buf: memoryview, n: int) -> int:
        got = self.sock.recv_into(buf, n)
        self.came += got
        self._note()
        return got

    def send(self, view: memoryview) -> int:
        sent = self.sock.send(view)
        self.went += sent
        self._note()
        return sent

    def close(self) -> None:
        self.sock.close()

    def _note(self) -> None:
        if self.session:
            self.input = max(self.input, len(self.session.input.buf))
            self.output = max(self.output, len(self.session.output.buf))
            self.report.progress(f"handshake … {self.went} bytes out, {self.came} in")

    def numbers(self) -> dict[str, Any]:
        return {"bytes": {"sent": self.went, "received": self.came}, "memory": {"input": self.input, "output": self.output}}


class Groups:
    """The group of the last key exchange: a session forgets it with its handshake."""

    def __init__(self) -> None:
        self.last = ""
        for module, name, text in (("mxtls.crypto.ecdh", "Share", lambda s: GROUPS[s.group]), ("mxtls.crypto.dh", "DhShare", lambda s: "dh%d" % (8 * len(s.public)))):
            try:
                cls = getattr(__import__(module, fromlist=[name]), name)
            except ImportError:
                continue
            cls.agree = self._watched(cls.agree, text)

    def _watched(self, agree: Any, text: Any) -> Any:
        def watched(share: Any, *arguments: Any) -> Any:
            self.last = text(share)
            return agree(share, *arguments)

        return watched


def keys(given: argparse.Namespace, ca: str | None) -> Any:
    """mxtls.Keys of the arguments; Trouble for what cannot be loaded. ca may be a trust store."""
    made = mxtls.Keys()
    try:
        store = False
        if ca and Path(ca).is_file():
            with open(ca, "rb") as f:
                store = f.read(4) == b"MXT1"
        if given.cert or (ca and not store):
            made.load_rsa_keys(given.cert, given.key, given.password, None if store else ca)
        if ca and store:
            made.load_trust_store(ca)
        if given.psk:
            made.load_psk(binascii.unhexlify(given.psk), given.psk_identity)
    except Error as e:
        raise Trouble(e.text) from None
    except AttributeError as e:
        raise Trouble(f"the build {given.profile} has no such keys ({e}): choose another --as") from None
    except binascii.Error:
        raise Trouble("--psk is not hexadecimal") from None
    return made


def address(text: str, host: str = "", port: int = 443) -> tuple[str, int]:
    try:
        if text.isdigit():
            return host, int(text)
        return roots.host_port(text, port)
    except ValueError:
        raise Trouble(f"{text}: give HOST:PORT") from None


def options(given: argparse.Namespace) -> dict[str, Any]:
    """What both sessions take."""
    return {
        "min_version": profiles.VERSIONS.get(given.min_version, 0),
        "max_version": profiles.VERSIONS.get(given.max_version, 0),
        "max_record": given.max_record,
        "alpn": [name for name in given.alpn.split(",") if name],
    }


def negotiated(session: Any, groups: Groups) -> dict[str, Any]:
    return {
        "version": profiles.version_name(session.version),
        "suite": suite_names.name(session.cipher_suite),
        "group": groups.last,
        "alpn": session.alpn,
        "resumed": session.resumed,
    }


def failure(e: BaseException) -> dict[str, Any]:
    """Why it failed, as a result."""
    if isinstance(e, Error):
        return {"code": e.code, "alert": alert_names.name(e.alert), "text": e.text}
    return {"code": -7, "alert": "none", "text": str(getattr(e, "strerror", None) or e)}
