# SPDX-License-Identifier: MIT
"""A page of the documentation and a desk to run it on. Used by test_docs.py.

    python title="main.py"          a part of that file, run as it stands (stand_ins/run.py leads its host names to this machine)
    text title="main.py prints"     what it prints; … stands for anything
    sh title="once"                 commands, run in the desk's folder; those without a title are only looked at

A page's build is what its `make firmware` asks for: PROFILE and OPTIONS, else the default profile.
"""

import functools
import os
import re
import shutil
import socket
import subprocess
import sys

import configure
import pytest
from peers import Process

import targets
from steps import build_lock

ROOT = targets.ROOT
STAND_INS = ROOT / "host_tests" / "stand_ins"
SECONDS = 90  # the longest that a program may take
_FENCE = re.compile(r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


class Page:
    """blocks: (language, title or None, text) of each; files, prints, commands: texts by title."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text()
        self.blocks = [(language, title or None, text) for language, title, text in _FENCE.findall(self.text)]
        self.files, self.prints, self.commands = {}, {}, {}
        for language, title, text in self.blocks:
            if title:
                kind, name = {"python": (self.files, title), "sh": (self.commands, title)}.get(language, (self.prints, title.removesuffix(" prints")))
                kind[name] = kind.get(name, "") + text

    def build(self):
        """The profile, then (name, number) of each option, of the firmware that the page asks for."""
        line = next((line for line in self.text.splitlines() if line.startswith("make firmware")), "")
        profile = re.search(r"PROFILE=(\S+)", line)
        options = re.search(r'OPTIONS="([^"]+)"', line)
        pairs = (pair.split("=") for pair in options[1].split()) if options else ()
        return profile[1] if profile else "default", *((name, int(number)) for name, number in pairs)


@functools.cache
def stage(tier, platform, profile, *options):
    """The folder of a page's build. options: pairs."""
    options = dict(options)
    out = configure.folder_for(options, tier, platform, profile)
    with build_lock():
        configure.stage(options, tier, platform, out, profile)
    return out


class Desk:
    """A folder with the page's files, and where its programs run: on a board (the 32-bit unix port) or on this computer (CPython)."""

    def __init__(self, page, folder):
        self.page, self.folder = page, folder
        self.processes = []
        for name in ("tools", "build"):
            (folder / name).symlink_to(ROOT / name)
        for name, text in page.files.items():
            (folder / name).write_text(text)

    def put(self, **files):
        """Files beside the programs: root_pem=bytes is root.pem."""
        for name, data in files.items():
            (self.folder / name.replace("_", ".")).write_bytes(data)

    def set(self, name, **values):
        """What a reader puts in the place of a constant, NAME = "…"."""
        path = self.folder / name
        text = path.read_text()
        for constant, value in values.items():
            text, n = re.subn("^%s = .*$" % constant, "%s = %r" % (constant, value), text, flags=re.MULTILINE)
            assert n == 1
        path.write_text(text)

    def command(self, name, table, host=False):
        program = [STAND_INS / "run.py", name, *("%s=%d" % pair for pair in table.items())]
        return [sys.executable if host else targets.UNIX_32.binary, *program]

    def environment(self, host=False, **more):
        profile, *options = self.page.build()
        if host:
            folder, variable = stage("pure", "cpython", "default", *options), "PYTHONPATH"
        else:
            folder, variable = stage("viper", "unix", profile, *options), "MICROPYPATH"
        return {**os.environ, variable: "%s:%s:%s%s" % (folder, self.folder, STAND_INS, "" if host else ":.frozen"), "PYTHONUNBUFFERED": "1", **more}

    def run(self, name, table=None, host=False, **environment):
        """What a program of the page prints."""
        done = subprocess.run([str(c) for c in self.command(name, table or {}, host)], cwd=self.folder, env=self.environment(host, **environment),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name, table=None, host=False, **environment):
        """A program that goes on, as a peers.Process."""
        return self._begin(self.command(name, table or {}, host), self.environment(host, **environment))

    def install(self, command, module, table, *more):
        """A command of Python's for sh(), as pip would install it: `module`'s main, with `more` arguments; the table's names lead to this machine."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        arguments = [str(STAND_INS / "run.py"), os.devnull, *("%s=%d" % pair for pair in table.items())]
        path = ":".join(str(ROOT / name) for name in ("lib", "port/cpython", "cli"))
        (folder / command).write_text(
            "#!/bin/sh\nPYTHONPATH=%s exec %s - \"$@\" <<'END'\nimport runpy, sys\ngiven = sys.argv[1:]\nsys.argv = %r\nrunpy.run_path(sys.argv[0])\n"
            "sys.argv = [%r, *given, *%r]\nfrom %s import main\nsys.exit(main())\nEND\n" % (path, sys.executable, arguments, command, more, module)
        )
        (folder / command).chmod(0o755)

    def sh(self, title, **replaced):
        """What the commands under a title print; p4433=PORT puts another number in the place of 4433."""
        environment = {**os.environ, "PATH": "%s:%s" % (self.folder / "bin", os.environ["PATH"])}
        done = subprocess.run(["sh", "-e", "-c", self._command(title, replaced)], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=SECONDS)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serve(self, title, **replaced):
        """The same of a command that goes on."""
        return self._begin(["sh", "-c", "exec " + self._command(title, replaced)])

    def _command(self, title, replaced):
        text = self.page.commands[title]
        for old, new in replaced.items():
            assert old[1:] in text
            text = text.replace(old[1:], str(new))
        return text

    def _begin(self, command, environment=None):
        self.processes.append(Process(command, cwd=self.folder, env=environment))
        return self.processes[-1]

    def close(self):
        for process in self.processes:
            process.kill()

    def printed(self, name, text):
        """The text is what the page says that the program prints."""
        wanted = re.escape(self.page.prints[name].strip()).replace("…", ".*")
        assert re.fullmatch(wanted, text.strip()), "%s printed\n%s" % (name, text)


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            pytest.skip("there is no %s on this machine: `make setup` installs it" % program)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
