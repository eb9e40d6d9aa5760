# SPDX-License-Identifier: MIT
"""The name `ssl` for mxtls/ssl.py on MicroPython. It stands apart from lib/, which would hide CPython's own module."""

from mxtls.ssl import *  # noqa: F403
from mxtls.ssl import _create_unverified_context  # noqa: F401


def __getattr__(name):
    """What mxtls/ssl.py looks up when it is first used."""
    import mxtls.ssl

    return getattr(mxtls.ssl, name)
