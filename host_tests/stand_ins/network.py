# SPDX-License-Identifier: MIT
"""A board's `network` for test_docs.py: Wi-Fi that is there at once. The sockets are this machine's."""

STA_IF = 0


class WLAN:
    def __init__(self, _interface=STA_IF):
        self._joined = False

    def active(self, _on=None):
        return True

    def connect(self, _name, _password=None):
        self._joined = True

    def isconnected(self):
        return self._joined

    def ipconfig(self, _what):
        return ("127.0.0.1", "255.0.0.0")
