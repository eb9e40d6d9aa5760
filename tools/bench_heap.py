# SPDX-License-Identifier: MIT
"""The smallest heap with which a program passes, by bisecting `-X heapsize`. Called by bench.py."""

import statistics

STEP = 256
RUNS = 3  # the smallest heap must pass so often, and is found so often


def smallest(passes, low=4096, high=65536):
    """The smallest multiple of STEP, in bytes, for which passes(heap) holds RUNS times in a row; None when not even `high` does.
    The median of RUNS bisections: where the holes in a heap lie depends on random numbers and addresses."""
    if not passes(high):
        return None
    return statistics.median(_bisect(passes, low, high) for _ in range(RUNS))


def _bisect(passes, low, high):
    while high - low > STEP:
        middle = (low + high) // 2 // STEP * STEP
        if passes(middle):
            high = middle
        else:
            low = middle
    while not all(passes(high) for _ in range(RUNS)):
        high += STEP
    return high
