# SPDX-License-Identifier: MIT
"""The smallest heap with which a program passes, by bisecting `-X heapsize`. Called by bench.py."""

STEP = 256
RUNS = 3  # the smallest heap must pass so often: where the collector finds stale pointers varies with addresses


def smallest(passes, low=4096, high=65536):
    """The smallest multiple of STEP, in bytes, for which passes(heap) holds RUNS times; None when not even `high` does."""
    if not passes(high):
        return None
    while high - low > STEP:
        middle = (low + high) // 2 // STEP * STEP
        if passes(middle):
            high = middle
        else:
            low = middle
    while not all(passes(high) for _ in range(RUNS)):
        high += STEP
    return high
