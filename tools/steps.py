# SPDX-License-Identifier: MIT
"""What the host tools share: progress lines, quiet commands with a log, digests for stamps, the lock on build/."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LOGS = BUILD / "log"


class Failed(Exception):
    """A step could not be done; the text says what happened and what to do."""


def say(text, end="\n"):
    print(text, end=end, flush=True)


@contextlib.contextmanager
def step(title):
    """One line of progress: the title when it begins, the seconds when it ends."""
    began = time.time()
    say("setup: %-58s" % title, end=" ")
    try:
        yield
    except BaseException:
        say("failed after %.1f s" % (time.time() - began))
        raise
    say("%5.1f s" % (time.time() - began))


def run(log, *command, **options):
    """Run a command quietly; its output goes to build/log/<log>.log, whose end is shown if it fails."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / (log + ".log")
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MICROPY_DIR")}
    env.update(options.pop("env", {}))
    with path.open("ab") as out:
        begin = out.tell()
        out.write(("$ %s\n" % " ".join(map(str, command))).encode())
        out.flush()
        try:
            code = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, **options).returncode
        except FileNotFoundError:
            raise Failed("there is no `%s` on this machine" % command[0]) from None
    if code:
        tail = path.read_bytes()[begin:].decode(errors="replace").splitlines()[1:][-15:]
        raise Failed("%s failed; the end of %s:\n    %s" % (command[0], path.relative_to(ROOT), "\n    ".join(tail)))


@contextlib.contextmanager
def ended(folder):
    """Around a build in a folder: where the last one was stopped in its middle, what it left is removed first. MicroPython collects the names in its
    sources file by file, and objects compiled before the collection's end do not fit it."""
    mark = folder.with_name(folder.name + ".unfinished")
    if mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield
    except Failed:
        mark.unlink()  # make itself has ended
        raise
    mark.unlink()


def digest(*parts):
    """A digest of texts, files and folders (their .py files), by content."""
    h = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for f in sorted(part.rglob("*.py")) if part.is_dir() else [part] if part.exists() else []:
                h.update(str(f).encode() + b"\0" + f.read_bytes() + b"\0")
        else:
            h.update(str(part).encode() + b"\0")
    return h.hexdigest()


def is_stamped(stamp, value):
    return stamp.exists() and stamp.read_text() == value


_lock_depth = 0


@contextlib.contextmanager
def build_lock():
    """One process at a time writes in build/ (parallel tests may ask for binaries); nests."""
    global _lock_depth
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as f:
        if not _lock_depth:
            fcntl.flock(f, fcntl.LOCK_EX)
        _lock_depth += 1
        try:
            yield
        finally:
            _lock_depth -= 1
