# SPDX-License-Identifier: MIT
"""The one exception that leaves the engine (beside MemoryError). Raised by every module."""


class Error(Exception):
    """code: a negative code of mxtls.codes; alert: the alert sent to the peer, 255 for none;
    text: one line, what happened and what to do. Never a secret in it."""

    def __init__(self, code, alert, text):
        super().__init__(text)
        self.code = code
        self.alert = alert
        self.text = text
