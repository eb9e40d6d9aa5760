# SPDX-License-Identifier: MIT
"""Run on a board by test_deploy.py: a TLS client whose transport is UART 0."""

import time

from machine import UART, Pin

import mxtls

uart = UART(0, 1000000, tx=Pin(0), rx=Pin(1), rxbuf=4096, txbuf=1024)
keys = mxtls.Keys()
keys.load_rsa_keys(None, None, None, "root.der")
session = mxtls.ClientSession(keys, server_name="localhost")


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


status = flush()
while status != mxtls.HANDSHAKE_COMPLETE:
    status = receive()
    if status == mxtls.REQUEST_SEND:
        status = flush()
print("anonymous" if session.anonymous else "verified")
session.encode_to_outdata(b"FROM A BOARD\n")
flush()
while receive() != mxtls.APP_DATA:
    pass
print(str(session.plaintext, "ascii"), end="")
session.encode_closure_alert()
flush()
