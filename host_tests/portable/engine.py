# SPDX-License-Identifier: MIT
"""The engine on every interpreter (self-test): our client with our server in one process, whole buffers and single bytes, and
records that cost no heap: over viper and C kernels they cross under micropython.heap_lock()."""

import sys

import micropython
from engine_certs import CHAIN, KEY, ROOT

import mxtls
from mxtls.codes import APP_DATA, HANDSHAKE_COMPLETE, RECEIVED_ALERT, REQUEST_CLOSE, REQUEST_RECV, REQUEST_SEND, SUCCESS
from mxtls.kernels.mem import copy

TEXT = bytes(range(250)) * 4
passed = 0


def check(what, got, wanted):
    global passed
    if got != wanted:
        print("engine: %s: got %r, wanted %r" % (what, got, wanted))
        sys.exit(1)
    passed += 1


def move(a, b, chunk):
    """All that a wants to send to b; the last status of each."""
    sent = status = SUCCESS
    while len(a.get_outdata()):
        out = a.get_outdata()
        view = b.get_readbuf()
        n = min(len(out), len(view), chunk)
        view[:n] = out[:n]
        status = b.received_data(n)
        sent = a.sent_data(n)
        if status in (APP_DATA, RECEIVED_ALERT):
            break
    return sent, status


def record(a, b, n):
    """One record of n bytes from a to b, through the calls that make no object. True when all was as it must be."""
    if a.want_output(n) != n:
        return False
    copy(a.output.buf, a.write_off, TEXT, 0, n)
    a.encode_writebuf(n)
    status = REQUEST_RECV
    while a.output.start < a.output.end:
        m = min(a.output.end - a.output.start, b.want_input())
        copy(b.input.buf, b.input.end, a.output.buf, a.output.start, m)
        status = b.received_data(m)
        a.sent_data(m)
    if status != APP_DATA or b.plain_len != n:
        return False
    same = True
    m = b.plain_off
    for i in range(n):
        same = same and b.input.buf[m + i] == TEXT[i]
    return same and b.processed_data() == SUCCESS


def three_each_way(a, b):
    return record(a, b, 1) and record(b, a, 17) and record(a, b, 1000) and record(b, a, 999) and record(a, b, 256) and record(b, a, 16)


def session(suite, chunk, most):
    trust = mxtls.Keys()
    trust.load_rsa_keys_mem(None, None, ROOT)
    own = mxtls.Keys()
    own.load_rsa_keys_mem(CHAIN, KEY)
    client = mxtls.ClientSession(trust, cipher_suite=suite, server_name="localhost", max_record=most)
    server = mxtls.ServerSession(own)
    check("hello", move(client, server, chunk), (SUCCESS, REQUEST_SEND))
    check("server's flight", move(server, client, chunk), (SUCCESS, REQUEST_SEND))
    check("client's flight", move(client, server, chunk), (SUCCESS, REQUEST_SEND))
    check("finished", move(server, client, chunk), (HANDSHAKE_COMPLETE, HANDSHAKE_COMPLETE))
    check("suite", (client.cipher_suite, server.cipher_suite), (suite, suite))
    check("record limit", (client.max_out, server.max_out), (most, most))

    for a, b in ((client, server), (server, client)):
        a.encode_to_outdata(TEXT[: min(most, 1000)])
        check("data", move(a, b, chunk)[1], APP_DATA)
        check("plaintext", bytes(b.plaintext), TEXT[: min(most, 1000)])
        check("processed", b.processed_data(), SUCCESS)

    if most >= 1000:
        check("records", three_each_way(client, server), True)
        if not [p for p in sys.path if "-pure" in p or "-natmod-64" in p and mxtls.kernels.__path__.endswith("/soft")]:
            micropython.heap_lock()
            try:
                good = three_each_way(client, server)
            finally:
                micropython.heap_unlock()
            check("records under heap_lock", good, True)

    client.encode_closure_alert()
    check("close", move(client, server, chunk), (REQUEST_CLOSE, RECEIVED_ALERT))
    check("close_notify", bytes(server.plaintext), b"\x01\x00")
    check("closed", server.processed_data(), SUCCESS)
    for _ in range(2):  # harmless when called twice
        client.delete()
        server.delete()
        trust.delete()
        own.delete()


def refusal():
    """The wrong host: one Error, its alert to the peer."""
    trust = mxtls.Keys()
    trust.load_rsa_keys_mem(None, None, ROOT)
    own = mxtls.Keys()
    own.load_rsa_keys_mem(CHAIN, KEY)
    client = mxtls.ClientSession(trust, server_name="elsewhere")
    server = mxtls.ServerSession(own)
    move(client, server, 4096)
    alert = 0
    try:
        move(server, client, 4096)
    except mxtls.Error as e:
        alert = e.alert
    check("wrong host", alert, 42)
    check("alert", move(client, server, 4096), (REQUEST_CLOSE, RECEIVED_ALERT))
    check("alert", bytes(server.plaintext), b"\x02\x2a")


def main():
    mxtls.open()
    session(0xC02B, 4096, 16384)
    session(0xC02C, 1, 16384)
    session(0xC02B, 3, 512)
    refusal()
    mxtls.close()
    print("engine: %d passed" % passed)


main()
