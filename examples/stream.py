# SPDX-License-Identifier: MIT
"""A session over a blocking socket: the loop that an application writes around the engine. Used by client.py and server.py."""

import common

import mxtls
from mxtls.codes import APP_DATA, HANDSHAKE_COMPLETE, RECEIVED_ALERT, REQUEST_CLOSE, REQUEST_SEND, SUCCESS


class Stream:
    """handshake() first, then send() and receive(), then close()."""

    def __init__(self, session, sock):
        self.session = session
        self.sock = sock
        self.closed = False
        self.waiting = False  # plaintext came with the end of the handshake

    def flush(self):
        """Send what waits; the last status."""
        s = self.session
        status = SUCCESS
        while True:
            out = s.get_outdata()
            if not len(out):
                return status
            status = s.sent_data(common.write(self.sock, out))

    def read(self):
        """Feed the session once from the socket; its status."""
        s = self.session
        n = common.read_into(self.sock, s.get_readbuf())
        if not n:
            s.received_eof()
            self.closed = True
            return REQUEST_CLOSE
        return s.received_data(n)

    def handshake(self, sink=None):
        """Run until the handshake is complete. Data that comes while one is negotiated again goes to sink(view); data
        that came along with the end is left to receive()."""
        status = self.flush()
        while status != HANDSHAKE_COMPLETE and not self.waiting:
            common.sample_heap()
            status = self.read()
            while status in (APP_DATA, RECEIVED_ALERT) and not self.waiting:
                if status == RECEIVED_ALERT:
                    self.alert()
                elif self.session.hs is None:
                    self.waiting = True
                    break
                elif sink:
                    sink(self.session.plaintext)
                status = self.session.processed_data()
            if status == REQUEST_SEND:
                status = self.flush()
            if self.closed and self.session.established and self.session.hs is None:
                return  # it was complete before the peer closed
            if self.closed or status == REQUEST_CLOSE:
                raise mxtls.Error(-12, 255, "the peer closed the connection; look at its log")

    def send(self, data):
        at = 0
        while at < len(data):
            view = self.session.get_writebuf(len(data) - at)
            view[:] = data[at : at + len(view)]
            at += len(view)
            self.session.encode_writebuf(len(view))
            self.flush()

    def receive(self, sink):
        """Hand one read's worth of plaintext to sink(view); returns the bytes, 0 when the peer closed."""
        total = 0
        while not total and not self.closed:
            status = APP_DATA if self.waiting else self.read()
            self.waiting = False
            while status in (APP_DATA, RECEIVED_ALERT):
                if status == APP_DATA:
                    total += len(self.session.plaintext)
                    sink(self.session.plaintext)
                else:
                    self.alert()
                status = self.session.processed_data()
            if status == REQUEST_SEND:
                self.flush()
            common.sample_heap()
        return total

    def alert(self):
        level, number = self.session.plaintext
        if number == 0:
            self.closed = True
        elif level == 2:
            self.closed = True
            raise mxtls.Error(-12, 255, "the peer refused with alert %d (%s); look at its log" % (number, common.alert_name(number)))

    def close(self):
        if self.session.closing == 0 or self.session.closing == 2:
            self.session.encode_closure_alert()
            self.flush()
        self.session.delete()
        self.sock.close()
