# SPDX-License-Identifier: MIT
"""A running board through mpremote: run a text there, make folders, copy and remove files. Called by deploy.py and provision.py.

A port is what `mpremote connect` takes: /dev/ttyACM0, COM3, auto, or socket://127.0.0.1:5000 for an emulated board.
"""

import subprocess
import sys

from steps import Failed

_TIMEOUT = 600  # seconds: an emulated board on a busy machine is slow


def mpremote(port, *words):
    """Run mpremote's commands, each a list of words, in one connection; what they printed. Failed, with its last line, when one fails."""
    command = [sys.executable, "-m", "mpremote", "connect", port]
    for i, word in enumerate(words):
        command += ["+"] * (i > 0) + [str(w) for w in word]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failed("the board at %s does not answer: reset it, or name its port" % port) from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        raise Failed("mpremote at %s: %s" % (port, lines[-1]))
    return done.stdout


def ask(port, text):
    """Run a text on the board; what it printed."""
    return mpremote(port, ["exec", text])


def copy(port, files, folder=""):
    """Copy files, {name on the board: path here}, below a folder of the board; folders are made."""
    prefix = folder.rstrip("/") + "/" if folder else ""
    if not files:
        return
    names = sorted(prefix + name for name in files)
    ask(port, _MAKE_FOLDERS % sorted({name[:at] for name in names for at in range(1, len(name)) if name[at] == "/"}))
    mpremote(port, *(["fs", "cp", "-f", files[name[len(prefix):]], ":" + name] for name in names))


_MAKE_FOLDERS = """
import os
for name in %r:
    try:
        os.mkdir(name)
    except OSError:
        os.stat(name)
"""
