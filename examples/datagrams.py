# SPDX-License-Identifier: MIT
"""DTLS over UDP sockets: a client's session, and a server that serves many clients on one socket. Used by client.py and server.py.

What differs from mxtls.stream: a session is asked how long to wait (timeout), and get_outdata is called again when that time is over.
"""

import select

import common
from stream import Stream

import mxtls
from mxtls.codes import APP_DATA, HANDSHAKE_COMPLETE, RECEIVED_ALERT, REQUEST_CLOSE, SUCCESS
from mxtls.config import USE_CONNECTION_ID as _USE_CONNECTION_ID
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

    def handshake(self, sink=None):
        """The same. A HelloRequest waits in a flight, and is seen once it is sealed."""
        self.session.want_outdata()
        return super().handshake(sink)

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
                return self._follow(len(data))
            if wait < 0:
                self.closed = True  # nobody says goodbye over UDP
                return True


class Client:
    """A client of the server, known by its address, and where it carries one by the connection id that we asked it for."""

    def __init__(self, sock, address, session, hello, cid):
        self.sock, self.address, self.session, self.hello, self.cid = sock, address, session, hello, cid
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

    def take(self, data, address, page, verify):
        """One datagram; echo what is in it, or answer a request with a page. A client with a connection id may have moved to that address:
        it has, when the datagram brought the newest of its records (RFC 9146 section 6). Somebody else may have sent that on: an echo is no
        longer than what came, but who sends more asks such a client first for something that only it can know."""
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
        if _USE_CONNECTION_ID and s.newest:
            self.address = address
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


def serve(sock, new_session, count, page, verify, prefix=None):
    """Serve clients until `count` of them are gone (0: for ever); the exit code: 1 when the last one failed. new_session(connection_id) makes a
    session; with a prefix, bytes, each client has an id of its own: the prefix and a byte."""
    listener = mxtls.Listener()
    clients = []
    served = failed = 0
    while not count or served < count:
        common.sample_heap()
        if ready(sock, shortest(clients)):
            data, address = sock.recvfrom(DATAGRAM)
            cid = None
            if _USE_CONNECTION_ID and prefix is not None:
                cid = mxtls.connection_id(data, len(data), len(prefix) + 1)
            client = find(clients, address, cid)
            if client is None or (client.session.established and cookie_offset(data, len(data)) and data[27:59] != client.hello):
                try:
                    client = meet(sock, listener, clients, client, data, address, new_session, prefix)
                except (OSError, MemoryError):
                    client = None  # a forged address that nothing can be sent to, or no room for one more
            if client:
                step(client, client.take, data, address, page, verify)
        for client in list(clients):
            if not client.done and client.session.timeout() == 0:
                step(client, client.flush)
            if (common.ticks_ms() - client.seen) & 0x3FFFFFFF > IDLE:
                client.done = True
            if client.done:
                client.close()
                clients.remove(client)
                served += 1
                failed = client.failure or not client.bytes
    return int(bool(failed))


def shortest(clients):
    """The time until the first flight must be sent again, at most a second when there is anybody to forget."""
    wait = 1000 if clients else -1
    for client in clients:
        left = client.session.timeout()
        if left >= 0:
            wait = min(wait, left)
    return wait


def find(clients, address, cid):
    """The client with this connection id, or for None the one at this address; None when there is none."""
    for client in clients:
        if client.cid == cid if cid is not None else client.address == address:
            return client
    return None


def meet(sock, listener, clients, before, data, address, new_session, prefix):
    """A datagram from an address without a session, or whose client `before` begins anew: a Client when it has shown that it receives there, else None."""
    n = listener.check(data, len(data), address if isinstance(address, bytes) else repr(address).encode())
    if n > 0:
        sock.sendto(memoryview(listener.answer)[:n], address)
    if n >= 0 or (before is None and len(clients) >= CLIENTS):
        return None
    if before:
        before.session.delete()
        clients.remove(before)
    cid = None
    if prefix is not None:
        cid = prefix + b"\0"
        while find(clients, None, cid):
            cid = prefix + bytes([cid[-1] + 1])
    client = Client(sock, address, new_session(cid), data[27:59], cid)
    clients.append(client)
    return client


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
