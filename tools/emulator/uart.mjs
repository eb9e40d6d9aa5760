// SPDX-License-Identifier: MIT
// The board's UARTs: a correction of rp2040js's, and a pipe to a TCP port, so that a board without a network reaches a TLS peer, or is one.
import net from "node:net";

const DATA = 0, TX_INTERRUPT = 0x20; // UARTDR; UARTTXINTR of the interrupt registers (datasheet section 4.2.8)
const FIFO_ROOM = 16; // the receive FIFO is not fed beyond so many bytes
const FEED_EVERY = 20000; // ns between looks at a full FIFO

// rp2040js raises the transmit interrupt without end, which hangs machine.UART: raise it once for each byte, when the byte has gone.
export function correctUart(mcu, uart) {
  const write = uart.writeUint32.bind(uart);
  uart.checkInterrupts = () => mcu.setInterrupt(uart.irq, !!(uart.interruptStatus & uart.interruptMask));
  const sent = mcu.clock.createAlarm(() => {
    uart.interruptStatus |= TX_INTERRUPT;
    uart.checkInterrupts();
  });
  uart.writeUint32 = (offset, value) => {
    write(offset, value);
    if (offset === DATA) sent.schedule(uart.baudRate ? 1e10 / uart.baudRate : 10000); // ten bits
  };
}

// Carry bytes both ways. place: a port of 127.0.0.1, to which it connects when the board writes, or "listen:PORT", where it takes one
// connection at a time and drops what the board writes to nobody. wake: as in serial.mjs.
export function bridgeUart(mcu, uart, place, wake) {
  const [, listens, port] = place.match(/^(listen:)?(\d+)$/);
  let socket = null, toBoard = Buffer.alloc(0), fromBoard = [], feeding = false;
  const feeder = mcu.clock.createAlarm(() => {
    let n = 0;
    while (n < toBoard.length && uart.rxFIFO.itemCount < FIFO_ROOM) uart.feedByte(toBoard[n++]);
    toBoard = toBoard.subarray(n);
    feeding = toBoard.length > 0;
    if (feeding) feeder.schedule(FEED_EVERY);
  });
  const attach = (peer) => {
    if (socket) socket.destroy();
    socket = peer;
    socket.setNoDelay(true);
    socket.on("data", (data) => {
      toBoard = Buffer.concat([toBoard, data]);
      if (!feeding) feeder.schedule(FEED_EVERY);
      feeding = true;
      wake();
    });
    socket.on("error", (e) => console.error("emulator: UART: " + e.message));
    socket.on("close", () => {
      if (socket === peer) socket = null;
    });
  };
  if (listens) net.createServer(attach).listen(Number(port), "127.0.0.1");
  uart.onByte = (byte) => {
    if (!socket && !listens) attach(net.connect(Number(port), "127.0.0.1"));
    fromBoard.push(byte);
    if (fromBoard.length > 1) return;
    setImmediate(() => { // all that was written meanwhile, in one piece
      if (socket) socket.write(Buffer.from(fromBoard));
      fromBoard = [];
    });
  };
}
