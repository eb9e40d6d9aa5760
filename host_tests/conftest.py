# SPDX-License-Identifier: MIT
"""What all host tests share: the library and the examples importable on CPython, hypothesis without deadlines, the vectors."""

import os
import sys
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / p) for p in ("lib", "port/cpython", "cli", "examples", "tools", "host_tests")]

import configure  # noqa: E402

import mxtls.config  # noqa: E402
import targets  # noqa: E402

# Host tests run from source with everything on that is built; the library's modules read these as they are imported.
for option, value in configure.resolve("everything").items():
    setattr(mxtls.config, option, value)
mxtls._USE_DTLS = mxtls._USE_CONNECTION_ID = 1  # the one module that was imported before

import loop  # noqa: E402  these import what reads the options
import network  # noqa: E402

hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def vectors():
    """The folder of test vectors; the test is skipped where there is none."""
    folder = targets.vectors()
    if folder is None:
        pytest.skip("no test vectors: set MXTLS_VECTORS to their folder")
    return folder


@pytest.fixture(params=targets.TARGETS, ids=lambda t: t.name)
def target(request):
    """Each interpreter in turn; skipped where it could not be built."""
    if request.param.missing():
        pytest.skip(request.param.missing())
    return request.param


@pytest.fixture
def datagrams():
    """The library is open, and the PMTU the default one again afterwards."""
    mxtls.open()
    yield
    mxtls.set_pmtu(-1)


@pytest.fixture
def clock(monkeypatch):
    """The library's clock, which a test moves."""
    return network.Clock(monkeypatch)


@pytest.fixture(scope="module")
def psk():
    """Keys of a client and a server that share one."""
    return loop.psk_keys()


def pytest_terminal_summary(terminalreporter, config):
    """The matrix of test_interop.py, when it ran."""
    stats = terminalreporter.stats
    records = [value for report in stats.get("passed", ()) for name, value in report.user_properties if name == "interop"]
    if records:
        import interop_table

        bad = [r for key in ("failed", "error", "skipped") for r in stats.get(key, ()) if "test_interop" in getattr(r, "nodeid", "")]
        bad = [r for r in bad if "not a case: " not in str(r.longrepr)]  # what a peer never does is no hole in the matrix
        whole = not bad and not config.option.keyword and not config.option.markexpr and "::" not in " ".join(config.args)
        interop_table.report(records, whole, terminalreporter.write_line)
