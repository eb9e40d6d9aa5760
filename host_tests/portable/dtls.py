# SPDX-License-Identifier: MIT
"""DTLS on every interpreter (self-test): our client with our server in one process, behind a cookie, with losses and fragments, and
records that cost no heap: over viper and C kernels they cross under micropython.heap_lock()."""

import sys

import micropython
from engine_certs import CHAIN, KEY, ROOT

import mxtls
import mxtls_port
from mxtls.codes import APP_DATA, DTLS1_0, DTLS1_2, HANDSHAKE_COMPLETE, REQUEST_CLOSE, REQUEST_RECV, REQUEST_SEND, SUCCESS
from mxtls.kernels.mem import copy

TEXT = bytes(range(250)) * 4
passed = 0
now = 0


def check(what, got, wanted):
    global passed
    if got != wanted:
        print("dtls: %s: got %r, wanted %r" % (what, got, wanted))
        sys.exit(1)
    passed += 1


def ticks():
    return now & 0x3FFFFFFF


def move(a, b, lost=()):
    """All that a wants to send to b, but for the datagrams whose numbers are in lost; the last status of each."""
    sent = status = SUCCESS
    i = 0
    while len(a.get_outdata()):
        out = a.get_outdata()
        if i not in lost:
            b.get_readbuf()[: len(out)] = out
            status = b.received_data(len(out))
        sent = a.sent_data(len(out))
        i += 1
    return sent, status


def record(a, b, n):
    """One record of n bytes from a to b, through the calls that make no object. True when all was as it must be."""
    if a.want_output(n) != n:
        return False
    copy(a.output.buf, a.write_off, TEXT, 0, n)
    a.encode_writebuf(n)
    status = REQUEST_RECV
    m = a.want_outdata()
    while m:
        b.want_input()
        copy(b.input.buf, b.input.end, a.output.buf, a.output.start, m)
        status = b.received_data(m)
        a.sent_data(m)
        m = a.want_outdata()
    if status != APP_DATA or b.plain_len != n or a.timeout() != -1:
        return False
    same = True
    m = b.plain_off
    for i in range(n):
        same = same and b.input.buf[m + i] == TEXT[i]
    return same and b.processed_data() == SUCCESS


def three_each_way(a, b):
    return record(a, b, 1) and record(b, a, 17) and record(a, b, 1000) and record(b, a, 999) and record(a, b, 256) and record(b, a, 16)


def keys(psk):
    trust = mxtls.Keys()
    own = mxtls.Keys()
    if psk:
        trust.load_psk(b"0123456789abcdef", "device")
        own.load_psk(b"0123456789abcdef", "device")
    else:
        trust.load_rsa_keys_mem(None, None, ROOT)
        own.load_rsa_keys_mem(CHAIN, KEY)
    return trust, own


def session(suite, version, pmtu, ours=None, theirs=None):
    """A handshake behind a cookie in which each flight is lost once, in part; then data. ours, theirs: connection ids."""
    global now
    mxtls.set_pmtu(pmtu)
    trust, own = keys(suite < 0x100)
    client = mxtls.ClientSession(
        trust, cipher_suite=suite, server_name="localhost", min_version=version, max_version=version, dtls=True, connection_id=ours
    )
    listener = mxtls.Listener()
    hello = bytes(client.get_outdata())
    n = listener.check(hello, len(hello), b"address")
    check("shorter answer", 0 < n < len(hello), True)
    client.sent_data(len(hello))
    client.get_readbuf()[:n] = memoryview(listener.answer)[:n]
    check("cookie", client.received_data(n), REQUEST_SEND)
    hello = client.get_outdata()
    check("verified", listener.check(hello, len(hello), b"address"), -1)
    server = mxtls.ServerSession(own, min_version=version, max_version=version, dtls=True, connection_id=theirs)
    check("hello", move(client, server), (SUCCESS, REQUEST_SEND))
    check("server's flight, without its first datagram", move(server, client, (0,))[0], SUCCESS)
    check("timers", (client.timeout(), server.timeout()), (1000, 1000))
    now += 1000
    check("again", move(server, client), (SUCCESS, REQUEST_SEND))
    check("client's flight, lost", move(client, server, (0, 1, 2, 3, 4)), (SUCCESS, SUCCESS))
    now += 1000
    check("again", move(client, server), (SUCCESS, REQUEST_SEND))
    check("finished, lost", move(server, client, (0, 1))[0], HANDSHAKE_COMPLETE)
    now += 2000
    check("again", move(client, server)[1], REQUEST_SEND)
    check("finished", move(server, client)[1], HANDSHAKE_COMPLETE)
    check("agreed", (client.version, server.version, client.cipher_suite), (version, version, suite))
    check("ids", (client.peer_connection_id, server.peer_connection_id), (theirs, ours))
    check("no timers", (client.timeout(), server.timeout()), (-1, -1))

    mxtls.set_pmtu(1500)
    check("records", three_each_way(client, server), True)
    if not [p for p in sys.path if "-pure" in p]:
        micropython.heap_lock()
        try:
            good = three_each_way(client, server)
        finally:
            micropython.heap_unlock()
        check("records under heap_lock", good, True)
    if theirs:
        client.encode_to_outdata(b"where am I?")
        out = client.get_outdata()
        check("id of a datagram", mxtls.connection_id(out, len(out), len(theirs)), theirs)
        server.newest = False
        move(client, server)
        check("newest", (server.newest, server.processed_data()), (True, SUCCESS))

    client.encode_closure_alert()
    check("close", move(client, server)[0], REQUEST_CLOSE)
    check("close_notify", bytes(server.plaintext), b"\x01\x00")
    client.delete()
    server.delete()


def main():
    mxtls.open()
    mxtls_port.ticks_ms = ticks
    session(0xC02B, DTLS1_2, 1500)
    session(0xC02B, DTLS1_2, 256)
    session(0xC009, DTLS1_0, 400)
    session(0x00A8, DTLS1_2, 1500)
    session(0x008C, DTLS1_0, 1500)
    session(0xC02B, DTLS1_2, 300, b"ours", b"of another length")
    session(0x008C, DTLS1_2, 1500, b"", b"\0")
    mxtls.close()
    print("dtls: %d passed" % passed)


main()
