# SPDX-License-Identifier: MIT
"""Frozen by tools/bench.py: the heap that application records cost, client and server in one heap, no sockets.

    -m records CERT_DER KEY_DER ROOT_DER COUNT BYTES
Prints the bytes that COUNT records leave on the heap while nothing is collected: while the client seals them, while the server
opens them, and then the other way. Then the same again, with the frames of calls, which MicroPython frees when they end.
Only the calls that allocate nothing by contract are used: want_output, encode_writebuf, sent_data, want_input, received_data.
"""

import gc
import sys

from micropython import mem_total

from mxtls.kernels.mem import copy
from mxtls.keys import Keys
from mxtls.session import ClientSession, ServerSession

_spent = [0, 0]


def pump(a, b):
    """Everything that waits in a goes into b; b's last status."""
    status = 0
    while a.output.end > a.output.start:
        n = min(b.want_input(), a.output.end - a.output.start)
        copy(b.input.buf, b.input.end, a.output.buf, a.output.start, n)
        a.sent_data(n)
        status = b.received_data(n)
    return status


def records(a, b, count, size, used):
    """count records from a to b; notes what sealing and opening allocated by used()."""
    seal = 0
    opened = 0
    while count:
        before = used()
        n = a.want_output(size)
        buf = a.output.buf
        buf[a.write_off] = count & 255
        a.encode_writebuf(n)
        middle = used()
        pump(a, b)
        if b.plain_len != n or b.input.buf[b.plain_off] != count & 255:
            raise ValueError("a record did not arrive")
        b.processed_data()
        seal += middle - before
        opened += used() - middle
        count -= 1
    _spent[0] = seal
    _spent[1] = opened


def main(argv):
    keys = Keys()
    keys.load_rsa_keys(argv[1], argv[2])
    trust = Keys()
    trust.load_rsa_keys(None, None, None, argv[3])
    client = ClientSession(trust, server_name="localhost", max_record=4096)
    server = ServerSession(keys, max_record=4096)
    while client.state != server.state or client.hs or server.hs:
        pump(client, server)
        pump(server, client)
    gc.collect()
    gc.disable()
    for used in (gc.mem_alloc, mem_total):
        for a, b in ((client, server), (server, client)):
            records(a, b, 2, int(argv[5]), used)  # buffers grow to their size
            records(a, b, int(argv[4]), int(argv[5]), used)
            print(_spent[0], _spent[1])


main(sys.argv)
