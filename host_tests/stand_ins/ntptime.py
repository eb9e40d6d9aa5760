# SPDX-License-Identifier: MIT
"""A board's `ntptime` for test_docs.py: this machine's clock is right already."""


def settime():
    pass
