# SPDX-License-Identifier: MIT
"""mxtls client: a handshake as a board would do it, and once more to see whether the session resumes."""

import argparse
import socket
import sys
import time
from typing import Any

import mxtls
from mxtls import codes, suite_names
from mxtls.errors import Error
from mxtls.stream import Stream
from mxtls_cli import certs, roots, wire
from mxtls_cli.report import BAD, GOOD, Report, Trouble

VERDICTS = {
    codes.CERT_UNTESTED: "not looked at",
    codes.CERT_AUTH_PASS: "good",
    codes.CERT_AUTH_FAIL_BC: "its issuer may not issue it",
    codes.CERT_AUTH_FAIL_DN: "no issuer of it was sent or is trusted, or a name is not allowed",
    codes.CERT_AUTH_FAIL_SIG: "its issuer's key does not fit its signature",
}
REFUSED = "the certificate validator refused the peer: "


class Judge:
    """The cert_validator: keeps the chain and the library's judgement, which stands unless all is taken."""

    def __init__(self, insecure: bool) -> None:
        self.insecure = insecure
        self.chain: list[dict[str, Any]] = []
        self.alert = 0

    def __call__(self, session: Any, certificate: Any, alert: int) -> int:
        self.alert = alert
        self.chain = []
        while certificate:
            self.chain.append({**certs.certificate(bytes(certificate.unparsed_bin)), "verdict": VERDICTS.get(certificate.auth_status, "?")})
            certificate = certificate.next
        return codes.ALLOW_ANON_CONNECTION if alert and self.insecure else alert


def connect(given: argparse.Namespace, report: Report, keys: Any, sid: Any, judge: Judge, groups: wire.Groups) -> dict[str, Any]:
    """One connection and what came of it; "error" is None when it worked."""
    host, port = wire.address(given.server)
    shown: dict[str, Any] = {"error": None}
    report.progress(f"connecting to {host} port {port} …")
    stream = None
    line = None
    began = time.monotonic()
    try:
        line = wire.Wire(socket.create_connection((host, port), given.timeout), report)
        session = mxtls.ClientSession(
            keys, session_id=sid, cipher_suite=suite(given.cipher), server_name=given.name or host,
            cert_validator=judge if _has_certificates() else None, **wire.options(given)
        )
        line.session = session
        stream = Stream(session, line, timeout=int(given.timeout * 1000), handshake=True)
        shown |= wire.negotiated(session, groups) | {"ms": round(1000 * (time.monotonic() - began))}
        if given.get:
            stream.write(f"GET {given.get} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            shown["page_bytes"] = stream_page(stream)
        elif session.version == codes.TLS1_3 and sid is not None:
            _tickets(stream)
    except (Error, OSError) as e:
        shown["error"] = wire.failure(e)
        if shown["error"]["text"].startswith(REFUSED):
            shown["error"]["text"] = shown["error"]["text"][len(REFUSED) :]
    finally:
        report.progress("")
        if line:
            shown |= line.numbers()
        if stream:
            stream.close()
        elif line:
            line.close()
    return shown


def _has_certificates() -> bool:
    import mxtls.config as config

    return bool(config.USE_X509)


def stream_page(stream: Stream) -> int:
    total = 0
    try:
        while data := stream.read(4096):
            total += len(data)
            sys.stderr.buffer.write(data)
    except Error:
        if not total:
            raise
    return total


def _tickets(stream: Stream) -> None:
    """TLS 1.3 sends them behind the handshake: wait a little for the first."""
    patience, stream.timeout = stream.timeout, 300
    stream.transport.sock.settimeout(0.3)
    sid = stream.session.session_id
    try:
        while not (sid and sid.id):
            if not stream.feed():
                break
    except (OSError, Error):
        pass
    stream.timeout = patience


def suite(text: str | None) -> int:
    try:
        return suite_names.number(text) if text else 0
    except ValueError:
        raise Trouble(f"no cipher suite is called {text}: give an IANA name or 0x…") from None


def run(given: argparse.Namespace, report: Report) -> int:
    ca = given.ca or (None if given.psk else roots.of_this_computer())
    keys = wire.keys(given, ca if _has_certificates() else None)
    groups, judge = wire.Groups(), Judge(given.insecure)
    suite(given.cipher)
    sid = None
    if not given.no_resume and hasattr(mxtls, "SessionId"):
        sid = mxtls.SessionId()
    try:
        first = connect(given, report, keys, sid, judge, groups)
    except Error as e:
        raise Trouble(e.text) from None
    ok = first["error"] is None
    resumption: dict[str, Any] | None = None
    if ok and sid is not None:
        resumption = {"offered": bool(sid.id or sid.ticket), "ticket": bool(sid.ticket or first["version"] == "tls1.3" and sid.id), "resumed": False}
        resumption["lifetime"] = getattr(sid, "lifetime", 0) if first["version"] == "tls1.3" else 0
        if resumption["offered"]:
            again = connect(given, report, keys, sid, Judge(given.insecure), groups)
            resumption["resumed"] = bool(again.get("resumed"))
            resumption["bytes"] = again.get("bytes")
    verdict = "pre-shared key" if ok and not judge.chain else "trusted" if not judge.alert else wire.alert_names.name(judge.alert)
    if not ok:
        verdict = "none" if not judge.chain else verdict
    host, port = wire.address(given.server)
    result = {"host": host, "port": port, "profile": given.profile, "ok": ok, **first, "verdict": verdict, "chain": judge.chain, "resumption": resumption}
    report.result(result)
    show(report, result)
    return 0 if ok and (not judge.alert or given.insecure) else 1


def show(report: Report, r: dict[str, Any]) -> None:
    report.row("server", f"{r['host']} port {r['port']}, as the build {r['profile']}")
    if r["error"]:
        report.row("failed", r["error"]["text"] + (f" (alert {r['error']['alert']})" if r["error"]["alert"] != "none" else ""), BAD)
    else:
        report.row("handshake", f"{r['version']}  {r['suite']}" + (f"  {r['group']}" if r["group"] else "") + f"  {r['ms']} ms", GOOD)
        if r["alpn"]:
            report.row("alpn", r["alpn"])
    for i, item in enumerate(r["chain"]):
        good = item["verdict"] == "good" and not item["refused"]
        report.row(f"chain {i}", f"{item.get('subject', '?')}  {item.get('key', '?')}, {item['bytes']} bytes, until {item.get('not_after', '?')[:10]}")
        report.row("", "issued by " + item.get("issuer", "?"))
        report.row("", "; ".join([item["verdict"], *item["refused"]]), GOOD if good else BAD)
    if not r["error"]:
        report.row("verdict", r["verdict"], GOOD if r["verdict"] in ("trusted", "pre-shared key") else BAD)
    if r["resumption"]:
        how = "with a ticket" if r["resumption"]["ticket"] else "by its id"
        report.row("resumption", f"yes, {how}" if r["resumption"]["resumed"] else "no: offered, not taken" if r["resumption"]["offered"] else "no: not offered")
    if "bytes" in r:
        report.row("on the wire", f"{r['bytes']['sent']} bytes out, {r['bytes']['received']} in")
        report.row("memory", f"input buffer {r['memory']['input']} bytes, output buffer {r['memory']['output']}")
