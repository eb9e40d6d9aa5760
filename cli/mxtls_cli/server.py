# SPDX-License-Identifier: MIT
"""mxtls server: a server to try a board against, one client at a time; a line or an object for each."""

import argparse
import socket
import time
from typing import Any

import mxtls
from mxtls.errors import Error
from mxtls.stream import Stream
from mxtls_cli import wire
from mxtls_cli.report import BAD, GOOD, Report, Trouble

PAGE = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"


def serve(given: argparse.Namespace, report: Report, sock: socket.socket, keys: Any, groups: wire.Groups) -> dict[str, Any]:
    """One client, to its end."""
    line = wire.Wire(sock, report)
    shown: dict[str, Any] = {"error": None, "data": 0}
    stream = None
    began = time.monotonic()
    try:
        session = mxtls.ServerSession(keys, cert_validator=(lambda session, certificate, alert: alert) if given.ca else None, **wire.options(given))
        line.session = session
        stream = Stream(session, line, timeout=int(given.timeout * 1000), handshake=True)
        shown |= wire.negotiated(session, groups) | {"ms": round(1000 * (time.monotonic() - began)), "client_certificate": bool(given.ca) and not session.anonymous}
        echo(given, stream, shown)
    except (Error, OSError) as e:
        shown["error"] = wire.failure(e)
    finally:
        report.progress("")
        shown |= line.numbers()
        if stream:
            stream.close()
        else:
            line.close()
    return shown


def echo(given: argparse.Namespace, stream: Stream, shown: dict[str, Any]) -> None:
    """What comes goes back; or the first request is answered."""
    while n := stream.ready():
        data = stream.read(n) or b""
        shown["data"] += len(data)
        if given.www and b"\n" in data:
            stream.write(PAGE + f"{shown['version']} {shown['suite']}\n".encode())
            return
        if not given.www:
            stream.write(data)


def run(given: argparse.Namespace, report: Report) -> int:
    if not given.cert and not given.psk:
        raise Trouble("a server needs --cert and --key, or --psk")
    host, port = wire.address(given.listen, "", 4433)
    keys = wire.keys(given, given.ca)
    groups = wire.Groups()
    try:
        mxtls.ServerSession(keys, **wire.options(given)).delete()
        listener = socket.create_server((host, port))
    except (Error, AttributeError) as e:
        raise Trouble(f"this cannot serve as the build {given.profile}: {e}") from None
    except OSError as e:
        raise Trouble(f"{given.listen}: {e.strerror}") from None
    port = listener.getsockname()[1]
    report.result({"listening": port})
    report.row("listening", f"port {port}")
    failed = served = 0
    while not given.count or served < given.count:
        sock, address = listener.accept()
        sock.settimeout(given.timeout)
        served += 1
        shown = {"client": address[0], **serve(given, report, sock, keys, groups)}
        failed = shown["error"] is not None
        report.result(shown)
        if failed:
            report.row(address[0], shown["error"]["text"], BAD)
        else:
            report.row(address[0], f"{shown['version']}  {shown['suite']}  {shown['group']}  {shown['data']} bytes", GOOD)
    return int(failed)
