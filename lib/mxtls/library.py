# SPDX-License-Identifier: MIT
"""matrixSslOpen and matrixSslClose: the random generator, which is all that sessions share."""

from mxtls.crypto import drbg


def open():
    """Seed the random generator. Harmless when called twice. Error(PLATFORM_FAIL) when there is no entropy."""
    drbg.random_into(bytearray(1), 0, 1)
    return 0


def close():
    """Wipe the random generator. Sessions that still live seed it again when they need it."""
    if drbg._drbg:
        drbg._drbg.wipe()
        drbg._drbg = None
