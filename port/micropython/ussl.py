# SPDX-License-Identifier: MIT
"""The name that `ssl` had before MicroPython 1.21, for applications of that time."""

from ssl import *  # noqa: F403
