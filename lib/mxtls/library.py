# SPDX-License-Identifier: MIT
"""What sessions share beside their keys: the random generator (matrixSslOpen and matrixSslClose) and the suites that a server
has switched off for all sessions."""

from mxtls.codes import ALERT_NONE as _ALERT_NONE, ERROR as _ERROR
from mxtls.crypto import drbg
from mxtls.errors import Error

disabled = []


def open():
    """Seed the random generator. Harmless when called twice. Error(PLATFORM_FAIL) when there is no entropy."""
    drbg.random_into(bytearray(1), 0, 1)
    return 0


def close():
    """Wipe the random generator. Sessions that still live seed it again when they need it."""
    if drbg._drbg:
        drbg._drbg.wipe()
        drbg._drbg = None


def set_cipher_suite_enabled_status(suite, on):
    """Disable a suite for all server sessions, or enable it again. Returns SUCCESS; Error(ERROR) for a suite that is not in this build."""
    from mxtls.suites import find

    if not find(suite):
        raise Error(_ERROR, _ALERT_NONE, "cipher suite 0x%04X is not in this build; nothing to switch" % suite)
    if on and suite in disabled:
        disabled.remove(suite)
    elif not on and suite not in disabled:
        disabled.append(suite)
    return 0
