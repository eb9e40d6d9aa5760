# SPDX-License-Identifier: MIT
"""`make demo` does what it promises, on MicroPython and on CPython alone, and says so when it does not."""

import subprocess
import sys

import demo
import pytest


def test_demo_passes():
    done = subprocess.run([sys.executable, demo.__file__], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All as it should be" in done.stdout
    assert demo.PAGE.split("\n")[0] in done.stdout
    if demo.BINARY.exists():
        assert "32-bit MicroPython with a heap of 64 KB" in done.stdout
        assert "live_peak=" in done.stdout


@pytest.fixture
def no_micropython(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "BINARY", tmp_path / "micropython-32")


def test_without_micropython_it_runs_on_cpython_and_says_so(no_micropython, capsys):
    assert demo.main() == 0
    shown = capsys.readouterr().out
    assert "by CPython" in shown and "there is no MicroPython" in shown


def test_a_client_that_trusts_everything_fails_the_demo(no_micropython, monkeypatch):
    monkeypatch.setattr(demo, "CPYTHON", (demo.CPYTHON[0] + ["--insecure"], demo.CPYTHON[1]))
    with pytest.raises(demo.NotAsItShould):
        demo.main()


def test_no_server_is_left_behind(no_micropython, monkeypatch, tmp_path):
    servers = []
    start = subprocess.Popen

    def noted(command, **options):
        servers.append(start(command, **options))
        return servers[-1]

    monkeypatch.setattr(demo.subprocess, "Popen", noted)
    demo.pki.chain(names=["localhost"]).write(tmp_path)
    with pytest.raises(KeyError):
        with demo.openssl_server(tmp_path):
            raise KeyError("whatever goes wrong")
    assert len(servers) == 1 and servers[0].poll() is not None
