# SPDX-License-Identifier: MIT
"""Every script of host_tests/portable, the vectors and self-tests of one algorithm, on every interpreter. All tiers have all vectors: C and, but
for RSA, viper on MicroPython, the pure one on CPython; on MicroPython that has some of them, or all with MXTLS_ALL_VECTORS=1."""

from pathlib import Path

import pytest
from samples import ALL, BIG, sample, verdict

import targets

SCRIPTS = sorted(p for p in (Path(__file__).parent / "portable").glob("*.py") if not p.stem.endswith("_certs"))
# What runs no kernel that port/native has adds nothing there.
NOT_IN_C = "pkcs x509 streams asyncs".split()
CASES = [
    pytest.param(script, target, id="%s-%s" % (script.stem, target.name))
    for script in SCRIPTS
    for target in targets.TARGETS + (() if script.stem in NOT_IN_C else targets.NATIVE + targets.NATMOD)
]


def step_of(script, target):
    """Every how many-th case a target gets."""
    if ALL or target not in targets.TARGETS or target is targets.CPYTHON:
        return 1
    if target is targets.UNIX_32_VIPER:
        return 5 if script == "rsa" else 1
    return 45 if script in BIG else 5


@pytest.mark.parametrize("script, target", CASES)
def test_portable(script, target):
    if target.missing():
        pytest.skip(target.missing())
    done = targets.run(target, script, [sample(step_of(script.stem, target))], timeout=900)
    assert done.returncode == 0, "%s\n%s" % (done.stdout[-3000:], done.stderr[-3000:])
    verdict(script.stem, done.stdout)
