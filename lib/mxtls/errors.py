# SPDX-License-Identifier: MIT
"""The one exception that leaves the engine (beside MemoryError). Raised by every module."""

from mxtls.config import HALT_ON_PS_ERROR as _HALT_ON_PS_ERROR, USE_CORE_TRACE as _USE_CORE_TRACE, USE_ERROR_TEXTS as _USE_ERROR_TEXTS


class Error(Exception):
    """code: a negative code of mxtls.codes; alert: the alert sent to the peer, 255 for none;
    text: one line, what happened and what to do. Never a secret in it."""

    def __init__(self, code, alert, text):
        if not _USE_ERROR_TEXTS:  # a build without them has empty ones: tools/configure.py
            text = "error %d, alert %d" % (code, alert)
        super().__init__(text)
        self.code = code
        self.alert = alert
        self.text = text
        if _USE_CORE_TRACE:
            import mxtls.trace as trace

            trace.out("error code=%d alert=%d : %s" % (code, alert, text))
        if _HALT_ON_PS_ERROR:
            import mxtls_port

            mxtls_port.halt(text)
