# SPDX-License-Identifier: MIT
"""Every script of host_tests/portable, the vectors and self-tests of one algorithm, on every interpreter. The pure tier has all vectors on
CPython and, where it takes long, some on MicroPython: every fifth, or all with MXTLS_ALL_VECTORS=1."""

import os
from pathlib import Path

import pytest
from samples import sample, verdict

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
    step = 5 if target in (targets.UNIX_64, targets.UNIX_32) and not os.environ.get("MXTLS_ALL_VECTORS") else 1
    done = targets.run(target, script, [sample(step)], timeout=900)
    assert done.returncode == 0, "%s\n%s" % (done.stdout[-3000:], done.stderr[-3000:])
    verdict(script.stem, done.stdout)
