# SPDX-License-Identifier: MIT
"""Every script of host_tests/portable, the vectors and self-tests of one algorithm, on every interpreter."""

from pathlib import Path

import pytest

import targets

SCRIPTS = sorted(p for p in (Path(__file__).parent / "portable").glob("*.py") if not p.stem.endswith("_certs"))
# What runs no kernel that port/native has adds nothing there.
NOT_IN_C = "pkcs x509 streams asyncs".split()
CASES = [
    pytest.param(script, target, id="%s-%s" % (script.stem, target.name))
    for script in SCRIPTS
    for target in targets.TARGETS + (() if script.stem in NOT_IN_C else targets.NATIVE + targets.NATMOD)
]


@pytest.mark.parametrize("script, target", CASES)
def test_portable(script, target):
    if target.missing():
        pytest.skip(target.missing())
    done = targets.run(target, script, [targets.vectors() or "no-vectors"], timeout=900)
    last = (done.stdout.strip().splitlines() or [""])[-1]
    assert done.returncode == 0, "%s\n%s" % (done.stdout[-3000:], done.stderr[-3000:])
    if "skipped" in last:
        pytest.skip(last)
    assert last.endswith("passed"), last
