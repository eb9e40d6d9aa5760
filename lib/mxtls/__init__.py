# SPDX-License-Identifier: MIT
"""mxtls: TLS for MicroPython, buffers in, buffers out. The public names, and nothing else.

Names are looked up when they are first used, so that a client never loads what servers need.
"""

from mxtls.config import (
    USE_AIO as _USE_AIO,
    USE_CONNECTION_ID as _USE_CONNECTION_ID,
    USE_DTLS as _USE_DTLS,
    USE_HELLO_EXTENSIONS as _USE_HELLO_EXTENSIONS,
    USE_RESUMPTION as _USE_RESUMPTION,
    USE_SERVER_SIDE_SSL as _USE_SERVER,
    USE_STREAM as _USE_STREAM,
)


def __getattr__(name):
    if name in ("ClientSession", "ServerSession", "Session"):
        import mxtls.session as module
    elif name == "Keys":
        import mxtls.keys as module
    elif name == "Error":
        import mxtls.errors as module
    elif name == "__version__":
        import mxtls.version as module
    elif _USE_RESUMPTION and name == "SessionId":
        import mxtls.resume as module
    elif _USE_HELLO_EXTENSIONS and name == "HelloExtension":
        import mxtls.hello_extension as module
    elif _USE_DTLS and name in ("get_pmtu", "set_pmtu"):
        import mxtls.dtls as module
    elif _USE_DTLS and _USE_SERVER and name == "Listener":
        import mxtls.dtls_cookie as module
    elif _USE_CONNECTION_ID and name == "connection_id":
        import mxtls.dtls_cid as module
    elif name in ("open", "close", "set_cipher_suite_enabled_status"):
        import mxtls.library as module
    elif _USE_STREAM and name == "stream":
        import mxtls.stream as module

        return module
    elif _USE_AIO and name == "aio":
        import mxtls.aio as module

        return module
    elif not name.isupper():
        raise AttributeError(name)
    else:
        import mxtls.codes as module
    return getattr(module, name)
