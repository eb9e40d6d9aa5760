// SPDX-License-Identifier: MIT
// The board's USB serial port, which carries the REPL, on a TCP port of this machine.
import net from "node:net";
import { USBCDC } from "./rp2040js.mjs";

const KEPT = 4096; // bytes that the board writes while nobody is connected

export class UsbSerial {
  // wake: called when there is something for the board to read; closed: when a client has gone
  constructor(mcu, port, wake, closed) {
    this.usb = mcu.usbCtrl;
    this.cdc = new USBCDC(this.usb);
    this.wake = wake;
    this.closed = closed;
    this.toBoard = Buffer.alloc(0);
    this.room = 0; // bytes that the board is ready to take; 0: it is not, and the transfer waits
    this.kept = Buffer.alloc(0);
    this.client = null;
    this.usb.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.cdc.outEndpoint) return;
      this.room = size;
      this.feed();
    };
    this.cdc.onSerialData = (data) => this.fromBoard(Buffer.from(data));
    net.createServer((client) => this.connected(client)).listen(port, "127.0.0.1");
  }

  feed() {
    const n = Math.min(this.room, this.toBoard.length);
    if (!n) return;
    const data = this.toBoard.subarray(0, n);
    this.toBoard = this.toBoard.subarray(n);
    this.room = 0;
    this.usb.endpointReadDone(this.cdc.outEndpoint, data);
  }

  fromBoard(data) {
    if (this.client) this.client.write(data);
    else this.kept = Buffer.concat([this.kept, data]).subarray(-KEPT);
  }

  connected(client) {
    this.client = client;
    client.setNoDelay(true);
    client.write(this.kept);
    this.kept = Buffer.alloc(0);
    client.on("data", (data) => {
      this.toBoard = Buffer.concat([this.toBoard, data]);
      this.feed();
      this.wake();
    });
    client.on("error", () => {});
    client.on("close", () => {
      if (this.client === client) this.client = null;
      this.closed();
    });
  }
}
