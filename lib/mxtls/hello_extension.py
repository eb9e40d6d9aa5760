# SPDX-License-Identifier: MIT
"""HelloExtension: what an application adds to its ClientHello (matrixSslNewHelloExtension; RFC 3546's mechanism)."""

from mxtls.codes import ALERT_NONE as _ALERT_NONE, ARG_FAIL as _ARG_FAIL
from mxtls.errors import Error


class HelloExtension:
    """Extensions of any type, as their standards encode them. Where the library makes one of that type itself, this one
    takes its place; only renegotiation_info cannot be replaced. The object may go as soon as the session was made."""

    def __init__(self):
        self.items = []

    def load(self, data, kind):
        """Add one extension: its body and its type."""
        if not 0 <= kind <= 0xFFFF or kind == 0xFF01 or len(data) > 0x3FFF or self.has(kind):
            raise Error(_ARG_FAIL, _ALERT_NONE, "this extension is loaded already, too long, or of a type that is not the application's; load another")
        self.items.append((kind, bytes(data)))

    def has(self, kind):
        for item in self.items:
            if item[0] == kind:
                return True
        return False

    def delete(self):
        """Forget the extensions (matrixSslDeleteHelloExtension)."""
        self.items = []
