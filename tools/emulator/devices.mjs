// SPDX-License-Identifier: MIT
// What rp2040js lacks or does otherwise than MicroPython needs: the ring oscillator's random bit, the cycle counter,
// registers that only have to be there, and the second core's absence.
import { BasePeripheral } from "./rp2040js.mjs";

const PAGE = 12; // rp2040js finds peripherals by address >> 12
const ROSC = 0x40060000, COUNTER = 0x40070000, VREG = 0x40064000, IO_QSPI = 0x40018000, XIP_CTRL = 0x14000000, PSM = 0x40010000;

// A register block of which a few registers answer a constant and the others 0; writes do nothing.
class Constants extends BasePeripheral {
  constructor(mcu, name, values = {}) {
    super(mcu, name);
    this.values = values;
  }
  readUint32(offset) {
    return this.values[offset] ?? 0;
  }
  writeUint32() {}
}

// xorshift128: the same seed, the same bits, the same cycle counts. --rosc stuck: what a broken oscillator reads like.
class RingOscillator extends Constants {
  constructor(mcu, seed, stuck) {
    super(mcu, "ROSC", { 0x18: 0x80001000 }); // STATUS: stable, enabled
    this.state = [seed | 1, Math.imul(seed, 0x9e3779b9) | 1, 0x2545f491, 0x6c078965];
    this.stuck = stuck;
  }
  readUint32(offset) {
    return offset === 0x1c ? this.randomBit() : super.readUint32(offset);
  }
  randomBit() {
    if (this.stuck) return 1;
    const [a, b, c, d] = this.state;
    const t = a ^ (a << 11);
    const next = d ^ (d >>> 19) ^ t ^ (t >>> 8);
    this.state = [b, c, d, next];
    return next & 1;
  }
}

// No part of a real RP2040. Read: +0 low word of the cycle count (keeps the high one), +4 the high word kept, +8 Hz, +12 misses of the
// flash cache. Write: +16 ends the emulator with that exit code.
class CycleCounter extends BasePeripheral {
  constructor(mcu, exit) {
    super(mcu, "COUNTER");
    this.mcu = mcu;
    this.exit = exit;
    this.high = 0;
  }
  readUint32(offset) {
    const { core, clkSys } = this.mcu;
    if (offset === 0) {
      this.high = Math.floor(core.cycles / 2 ** 32);
      return core.cycles >>> 0;
    }
    return { 4: this.high, 8: clkSys, 12: core.xipMisses }[offset] ?? 0;
  }
  writeUint32(offset, value) {
    if (offset === 16) this.exit(value & 0xff);
  }
}

// There is one core. Releasing the other from reset makes it send one 0 through the mailbox, which the Pico SDK waits for.
function secondCore(mcu) {
  const FIFO_STATUS = 0x50, FIFO_WRITE = 0x54, FIFO_READ = 0x58, READY = 2, VALID = 1, FORCE_OFF = 4, CORE1 = 0x10000;
  const { sio } = mcu, psm = mcu.peripherals[PSM >> PAGE];
  const read = sio.readUint32.bind(sio), write = sio.writeUint32.bind(sio), writePsm = psm.writeUint32.bind(psm);
  let waiting = 0, off = 0;
  sio.readUint32 = (offset) => {
    if (offset === FIFO_STATUS) return READY | (waiting ? VALID : 0);
    return offset === FIFO_READ ? (waiting = 0) : read(offset);
  };
  sio.writeUint32 = (offset, value) => {
    if (offset !== FIFO_STATUS && offset !== FIFO_WRITE) write(offset, value);
  };
  psm.writeUint32 = (offset, value) => {
    writePsm(offset, value);
    if (offset !== FORCE_OFF) return;
    if (off & CORE1 && !(value & CORE1)) waiting = 1;
    off = value;
  };
}

export function addDevices(mcu, { seed, stuck, exit }) {
  const put = (address, device) => (mcu.peripherals[address >> PAGE] = device);
  put(ROSC, new RingOscillator(mcu, seed, stuck));
  put(COUNTER, new CycleCounter(mcu, exit));
  put(VREG, new Constants(mcu, "VREG"));
  put(IO_QSPI, new Constants(mcu, "IO_QSPI"));
  put(XIP_CTRL, new Constants(mcu, "XIP_CTRL", { 4: 1, 8: 2 })); // FLUSH, STAT: the FIFO is empty
  secondCore(mcu);
}
