# SPDX-License-Identifier: MIT
"""DTLS over UDP sockets: a client's session, and a server that serves many clients on one socket. Used by client.py and server.py.

What differs from mxtls.stream: a session is asked how long to wait (timeout), and get_outdata is called again when that time is over.
"""

import select

import common
from stream import Stream

import mxtls
from mxtls.codes import APP_DATA, HANDSHAKE_COMPLETE, RECEIVED_ALERT, REQUEST_CLOSE, SUCCESS
from mxtls.dtls_cookie import cookie_offset

PATIENCE = 10000  # milliseconds that a client waits for data
IDLE = 300000  # after which a server forgets a client
CLIENTS = 32  # that a server serves at once
DATAGRAM = 4096  # the longest that a server reads


def ready(sock, milliseconds):
    """Has a datagram come within that time? -1 waits for ever."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(milliseconds))


class Datagrams(Stream):
    """A client's session over a connected socket."""

    def _flush(self):
        """Send what waits, datagram by datagram."""
        s = self.session
        status = SUCCESS
        while s.want_outdata():
            status = s.sent_data(self.transport.send(s.get_outdata()))
            if status == HANDSHAKE_COMPLETE:
                self._shaking = False
        return status

    def feed(self):
        """Feed the session one datagram. While a flight waits for its answer, it is sent again in time."""
        s = self.session
        while True:
            self._flush()
            wait = s.timeout()
            if ready(self.transport, PATIENCE if wait < 0 else wait):
                data = self.transport.recv(len(s.get_readbuf()))
                s.get_readbuf()[: len(data)] = data
                return self._follow(len(data), -1)
            if wait < 0:
                self.closed = True  # nobody says goodbye over UDP
                return True


class Client:
    """A client of the server, known by its address."""

    def __init__(self, sock, address, session, hello):
        self.sock, self.address, self.session, self.hello = sock, address, session, hello
        self.started = self.seen = common.ticks_ms()
        self.request = b""
        self.bytes = 0
        self.done = False
        self.failure = False

    def flush(self):
        """Send what waits, and what was not answered in time."""
        status = SUCCESS
        while True:
            out = self.session.get_outdata()
            if not len(out):
                return status
            n = len(out)
            self.sock.sendto(out, self.address)
            status = self.session.sent_data(n)
            if status == REQUEST_CLOSE:
                self.done = True

    def take(self, data, page, verify):
        """One datagram; echo what is in it, or answer a request with a page."""
        s = self.session
        self.seen = common.ticks_ms()
        view = s.get_readbuf()
        n = min(len(view), len(data))
        view[:n] = memoryview(data)[:n]
        status = s.received_data(n)
        while status in (APP_DATA, RECEIVED_ALERT):
            if status == APP_DATA:
                part = bytes(s.plaintext)
                self.bytes += len(part)
                if page:
                    self.request = (self.request + part)[-512:]
                else:
                    s.encode_to_outdata(part)
            elif s.plaintext[0] == 2 or s.plaintext[1] == 0:
                self.failure = self.failure or s.plaintext[0] == 2
                self.done = True
            status = s.processed_data()
        if not self.done:
            sent = self.flush()
            if HANDSHAKE_COMPLETE in (status, sent):
                common.handshake_line(s, self.started, "client", verify and not s.anonymous)
            if page and (b"\r\n\r\n" in self.request or b"\n\n" in self.request):
                s.encode_to_outdata(page(s))
                s.encode_closure_alert()
                self.flush()

    def close(self):
        try:
            if self.session.closing in (0, 2):
                self.session.encode_closure_alert()
            self.flush()
        except (OSError, mxtls.Error):
            pass
        self.session.delete()


def serve(sock, new_session, count, page, verify):
    """Serve clients until `count` of them are gone (0: for ever); the exit code: 1 when the last one failed."""
    listener = mxtls.Listener()
    clients = {}
    served = failed = 0
    while not count or served < count:
        common.sample_heap()
        if ready(sock, shortest(clients)):
            data, address = sock.recvfrom(DATAGRAM)
            peer = address if isinstance(address, bytes) else repr(address).encode()
            client = clients.get(peer)
            if client is None or (client.session.established and cookie_offset(data, len(data)) and data[27:59] != client.hello):
                client = meet(sock, listener, clients, data, address, peer, new_session)
            if client:
                step(client, client.take, data, page, verify)
        for peer, client in list(clients.items()):
            if not client.done and client.session.timeout() == 0:
                step(client, client.flush)
            if (common.ticks_ms() - client.seen) & 0x3FFFFFFF > IDLE:
                client.done = True
            if client.done:
                client.close()
                del clients[peer]
                served += 1
                failed = client.failure or not client.bytes
    return int(bool(failed))


def shortest(clients):
    """The time until the first flight must be sent again, at most a second when there is anybody to forget."""
    wait = 1000 if clients else -1
    for client in clients.values():
        left = client.session.timeout()
        if left >= 0:
            wait = min(wait, left)
    return wait


def meet(sock, listener, clients, data, address, peer, new_session):
    """A datagram from an address without a session: a Client when it has shown that it receives there, else None."""
    n = listener.check(data, len(data), peer)
    if n > 0:
        sock.sendto(memoryview(listener.answer)[:n], address)
    if n >= 0 or (peer not in clients and len(clients) >= CLIENTS):
        return None
    if peer in clients:
        clients[peer].session.delete()  # it began anew
    clients[peer] = Client(sock, address, new_session(), data[27:59])
    return clients[peer]


def step(client, call, *arguments):
    """What goes wrong with one client ends that client alone, with a line."""
    try:
        call(*arguments)
        return
    except mxtls.Error as e:
        print("error code=%d alert=%s : %s" % (e.code, common.alert_name(e.alert), e.text))
    except (OSError, MemoryError) as e:
        print("error code=-7 alert=none : %r; the client is gone" % e)
    client.failure = client.done = True
