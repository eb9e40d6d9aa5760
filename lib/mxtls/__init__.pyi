# SPDX-License-Identifier: MIT
from mxtls import aio as aio, stream as stream
from mxtls.codes import *
from mxtls.dtls import get_pmtu as get_pmtu, set_pmtu as set_pmtu
from mxtls.dtls_cid import connection_id as connection_id
from mxtls.dtls_cookie import Listener as Listener
from mxtls.errors import Error as Error
from mxtls.hello_extension import HelloExtension as HelloExtension
from mxtls.keys import Keys as Keys
from mxtls.library import (
    close as close,
    open as open,
    set_cipher_suite_enabled_status as set_cipher_suite_enabled_status,
)
from mxtls.resume import SessionId as SessionId
from mxtls.session import ClientSession as ClientSession, ServerSession as ServerSession, Session as Session
from mxtls.version import __version__ as __version__
