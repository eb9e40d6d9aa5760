# SPDX-License-Identifier: MIT
"""Run on an emulated RP2040 by tools/bench_board_heap.py: a client over UART 0, and the heap that is free at each of its stages.

The host sets NAMED, what ClientSession is to know of the server, and LOAD, a text that loads Keys, before it. The least is taken between
the messages and before each computation with a curve, by the hook for watchdogs.
"""

import gc
import time

from machine import UART, Pin

uart = UART(0, 1000000, tx=Pin(0), rx=Pin(1), rxbuf=4096, txbuf=1024)
least = [1 << 30]


def free():
    gc.collect()
    return gc.mem_free()


def sample():
    least[0] = min(least[0], free())


def flush():
    """Send all that waits; the last status."""
    status = 0
    while session.get_outdata():
        status = session.sent_data(uart.write(session.get_outdata()) or 0)
    return status


def receive():
    """Take in what has come; the session's status."""
    while not uart.any():
        time.sleep_ms(1)
    return session.received_data(uart.readinto(session.get_readbuf()) or 0)


def connect():
    status = flush()
    while status != mxtls.HANDSHAKE_COMPLETE:
        sample()
        status = receive()
        if status == mxtls.REQUEST_SEND:
            status = flush()


before = free()
import mxtls  # noqa: E402
import mxtls_board  # noqa: E402

imported = free()
keys = mxtls.Keys()
exec(LOAD)
session = mxtls.ClientSession(keys, **NAMED)
created = free()
mxtls_board.pause = sample
connect()
mxtls_board.pause = None
opened = free()
session.encode_to_outdata(b"FROM A BOARD\n")
flush()
while receive() != mxtls.APP_DATA:
    pass
print(before, imported, created, least[0], opened, str(session.plaintext, "ascii"))
