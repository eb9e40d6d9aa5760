# SPDX-License-Identifier: MIT
"""What sessions share beside their keys: the random generator (matrixSslOpen and matrixSslClose) and the suites that a server
has switched off for all sessions."""

from mxtls.codes import ALERT_NONE as _ALERT_NONE, DISABLED_FEATURE_FAIL as _DISABLED_FEATURE_FAIL, ERROR as _ERROR
from mxtls.config import USE_MULTITHREADING as _USE_MULTITHREADING, USE_PEERSEC_MEMORY_MANAGEMENT as _USE_ARENA
from mxtls.crypto import drbg
from mxtls.errors import Error

disabled = []


def open(arena=0):
    """Seed the random generator. Harmless when called twice. Error(PLATFORM_FAIL) when there is no entropy.

    arena: bytes to set aside for session buffers and record keys, in a build with USE_PEERSEC_MEMORY_MANAGEMENT."""
    if arena and not _USE_ARENA:
        raise Error(_DISABLED_FEATURE_FAIL, _ALERT_NONE, "an arena is not in this build; enable USE_PEERSEC_MEMORY_MANAGEMENT")
    if _USE_ARENA and arena:
        import mxtls.memory as memory

        memory.open(arena)
    drbg.random_into(bytearray(1), 0, 1)
    return 0


def close():
    """Wipe the random generator. Sessions that still live seed it again when they need it."""
    if _USE_ARENA:
        import mxtls.memory as memory

        if not memory.spent():
            memory.open(0)
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


if _USE_MULTITHREADING:
    from mxtls.lock import locked

    open = locked(open)
    close = locked(close)
    set_cipher_suite_enabled_status = locked(set_cipher_suite_enabled_status)
