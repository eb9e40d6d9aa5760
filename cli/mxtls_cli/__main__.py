# SPDX-License-Identifier: MIT
"""Arguments to one of the commands. A command returns its exit code; what goes wrong is one line on standard error."""

import argparse
import sys
from collections.abc import Callable
from importlib import import_module

from mxtls_cli import profiles
from mxtls_cli.report import Report, Trouble

EPILOG = "A result is text on a terminal, else JSON; --text and --json choose. NO_COLOR is honoured."


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="mxtls", description="What would a board negotiate, and what must it be given?", epilog=EPILOG)
    made.add_argument("--version", action="version", version="mxtls " + import_module("mxtls.version").__version__)
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("--json", action="store_true", help="JSON, also on a terminal")
    output.add_argument("--text", action="store_true", help="text, also where there is no terminal")
    session = argparse.ArgumentParser(add_help=False)
    session.add_argument("--as", dest="profile", default="everything", choices=profiles.names(), help="what that build has, and nothing else")
    session.add_argument("--cert", help="file of our certificate chain, PEM or DER")
    session.add_argument("--key", help="file of its private key")
    session.add_argument("--password", help="of that file")
    session.add_argument("--psk", metavar="HEX", help="a pre-shared key")
    session.add_argument("--psk-identity", default="Client_identity", help="its identity (%(default)s)")
    session.add_argument("--alpn", default="", metavar="A,B", help="application protocols, the preferred first")
    session.add_argument("--min-version", choices=profiles.VERSIONS, help="no older version than this")
    session.add_argument("--max-version", choices=profiles.VERSIONS, help="no newer version than this")
    session.add_argument("--max-record", type=int, default=16384, metavar="N", help="bytes of a record, which bound the memory: 512 to %(default)s")
    session.add_argument("--timeout", type=float, default=10, metavar="S", help="seconds that a step may take (%(default)s)")

    one = commands.add_parser("client", parents=[output, session], help="a handshake as a board would do it", epilog=EPILOG)
    one.add_argument("server", metavar="HOST[:PORT]")
    one.add_argument("--ca", help="file of trusted roots, PEM, DER or a trust store (this computer's)")
    one.add_argument("--name", help="that the certificate must carry (HOST)")
    one.add_argument("--insecure", action="store_true", help="go on whatever the certificate is, and say what is wrong with it")
    one.add_argument("--cipher", help="the one suite to offer, an IANA name or 0x…")
    one.add_argument("--get", metavar="PATH", help="get a page, too, and print it on standard error")
    one.add_argument("--no-resume", action="store_true", help="do not connect again to see whether the session resumes")
    two = commands.add_parser("server", parents=[output, session], help="a server to try a board against", epilog=EPILOG)
    two.add_argument("listen", metavar="[HOST:]PORT")
    two.add_argument("--ca", help="ask clients for a certificate that these roots issued")
    two.add_argument("--www", action="store_true", help="answer requests with a page; else it echoes")
    two.add_argument("--count", type=int, default=0, help="leave after that many clients")
    three = commands.add_parser("x509", parents=[output], help="certificates, keys and requests in a file", epilog=EPILOG)
    three.add_argument("file", nargs="+", help="PEM or DER")
    three.add_argument("--as", dest="profile", default="default", choices=profiles.names(), help="the build that judges them")
    three.add_argument("--password", help="of an encrypted private key")
    four = commands.add_parser("trust", parents=[output], help="the root or roots that a board needs", epilog=EPILOG)
    four.add_argument("source", metavar="HOST[:PORT]|FILE", help="a server to look at, or a file of roots to choose from")
    four.add_argument("--roots", help="for a server: the file to choose from (this computer's roots)")
    four.add_argument("--root", action="append", default=[], metavar="WHICH", help="of a file: a SHA-256 fingerprint or a part of the subject; may be given again (all)")
    four.add_argument("--out", help="the file to write: .mxt a trust store, else DER")
    return made


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    report = Report(given.json or not (given.text or sys.stdout.isatty()))
    try:
        if hasattr(given, "profile"):
            profiles.apply(given.profile)
        run: Callable[[argparse.Namespace, Report], int] = import_module("mxtls_cli." + given.command).run
        return run(given, report)
    except Trouble as e:
        print(f"mxtls {given.command}: {e}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
