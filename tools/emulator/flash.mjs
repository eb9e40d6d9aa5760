// SPDX-License-Identifier: MIT
// The flash of a Pico, 2 MB: the firmware from a UF2 file, the rest (the file system) from a file that outlives the emulator.
import fs from "node:fs";

const SIZE = 2 * 1024 * 1024;
const ADDRESS = 0x10000000;
const UF2_BLOCK = 512, UF2_MAGIC = 0x0a324655, UF2_ADDRESS = 12, UF2_LENGTH = 16, UF2_DATA = 32;
const ERASE = 0xf1, PROGRAM = 0xf2; // breakpoints of the boot ROM

export class Flash {
  // file: where the content is kept, or undefined
  constructor(mcu, firmware, file) {
    this.mcu = mcu;
    this.file = file;
    this.changed = false;
    if (file && fs.existsSync(file)) mcu.flash.set(fs.readFileSync(file).subarray(0, SIZE));
    this.load(fs.readFileSync(firmware), firmware);
  }

  load(image, name) {
    if (image.readUInt32LE(0) !== UF2_MAGIC) throw new Error(name + " is not a UF2 file");
    for (let at = 0; at < image.length; at += UF2_BLOCK) {
      const data = at + UF2_DATA;
      this.mcu.flash.set(image.subarray(data, data + image.readUInt32LE(at + UF2_LENGTH)), image.readUInt32LE(at + UF2_ADDRESS) - ADDRESS);
    }
  }

  // What the boot ROM's functions do; true when the breakpoint was one of theirs. Arguments are in r0, r1, r2.
  trap(code, [r0, r1, r2]) {
    if (code === ERASE) this.mcu.flash.fill(0xff, r0, r0 + r1);
    else if (code === PROGRAM) for (let i = 0; i < r2; i++) this.mcu.flash[r0 + i] &= this.mcu.readUint8(r1 + i);
    else return false;
    this.changed = true;
    return true;
  }

  save() {
    if (this.file && this.changed) fs.writeFileSync(this.file, this.mcu.flash.subarray(0, SIZE));
    this.changed = false;
  }
}
