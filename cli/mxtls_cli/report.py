# SPDX-License-Identifier: MIT
"""How a result is shown: JSON, one object a line, or text with colour where a terminal is. Used by every command."""

import json
import os
import sys
from typing import Any

GOOD, BAD, DIM, PLAIN = "32", "31", "2", ""


class Trouble(Exception):
    """What keeps a question from being asked, in one line: exit code 2."""


class Report:
    """lines(...) for people, result(...) for programs; only one of them is printed."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.live = sys.stderr.isatty() and not as_json

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colour and colour else text

    def row(self, label: str, text: object, colour: str = PLAIN) -> None:
        if not self.as_json:
            print(f"{self.paint(f'{label:<12}', DIM)} {self.paint(str(text), colour)}")

    def result(self, value: dict[str, Any]) -> None:
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False), flush=True)

    def progress(self, text: str) -> None:
        """What is going on just now; the next one takes its place, and "" wipes it away."""
        if self.live:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
