// SPDX-License-Identifier: MIT
// A faster Cortex-M0+ for rp2040js: the same registers, memory, peripherals and cycle counts, some ten times its speed.
// main.mjs installs it; the emulator runs without it too (--slow-core), which is how the counts are compared.
//
// It is fast because all instructions are cases of one switch in one function, built from the table in instructions.mjs;
// flags are local variables; memory is read through typed arrays; and time moves on in lumps: the clock is brought up to
// date before a peripheral is touched and when an alarm is due.
import { INSTRUCTIONS } from "./instructions.mjs";

// Which case of the switch each of the 65536 halfwords is; 0: none, rp2040js does it.
function decoder() {
  const table = new Uint8Array(65536);
  INSTRUCTIONS.forEach(([encoding], row) => {
    const bits = [...encoding];
    const number = (digit) => parseInt(bits.map(digit).join(""), 2);
    const mask = number((b) => (b === "0" || b === "1" ? 1 : 0));
    const value = number((b) => (b === "1" ? 1 : 0));
    for (let op = 0; op < 65536; op++) if ((op & mask) === value) table[op] = row + 1;
  });
  return table;
}

// The declarations of an encoding's operands: "const m = (op >> 3) & 7;" …
function operands(encoding) {
  return [...new Set(encoding.replace(/[01*]/g, ""))].map((name) => {
    const width = encoding.lastIndexOf(name) - encoding.indexOf(name) + 1;
    return `const ${name} = (op >> ${15 - encoding.lastIndexOf(name)}) & ${(1 << width) - 1};`;
  }).join(" ");
}

function cases() {
  return INSTRUCTIONS.map(([encoding, assembly, body], row) => `case ${row + 1}: { // ${assembly}\n${operands(encoding)} ${body}\nbreak; }`).join("\n");
}

// Give the core of `mcu` a run(cycles). missCycles: what a miss of the flash cache costs, 0: flash is as fast as RAM.
export function installCore(mcu, missCycles) {
  const text = interpreter.toString().replace("// INSTRUCTIONS", cases).replaceAll("XIP_CACHE", missCycles ? "true" : "false");
  new Function("return " + text)()(mcu, decoder(), missCycles);
}

// In its text, the line "// INSTRUCTIONS" and the name XIP_CACHE are replaced above.
function interpreter(mcu, decoded, missCycles) {
  const RAM = 0x20000000, FLASH = 0x10000000, FLASH_MASK = 0xffffff;
  const core = mcu.core, clock = mcu.clock;
  const R = new Int32Array(core.registers.buffer);
  const ram8 = mcu.sram, ram16 = new Uint16Array(ram8.buffer), ram32 = new Int32Array(ram8.buffer), RAM_SIZE = ram8.length;
  const flash8 = mcu.flash, flash16 = new Uint16Array(flash8.buffer), flash32 = new Int32Array(flash8.buffer);
  const rom16 = new Uint16Array(mcu.bootrom.buffer), rom32 = new Int32Array(mcu.bootrom.buffer);
  let pc = 0, nz = 0, c = 0, v = 0;
  let cycles = 0; // since the clock was last brought up to date
  let limit = 0; // leave the inner loop at so many

  // The flash cache: 16 KB, 2 ways, lines of 8 bytes, the least recently used is replaced. newer, older: the lines of each set.
  const newer = new Int32Array(1024).fill(-1), older = new Int32Array(1024).fill(-1);
  let lastLine = -1;
  core.xipMisses = 0;
  function touch(line) {
    const set = line & 1023;
    if (newer[set] === line) return;
    if (older[set] !== line) {
      cycles += missCycles;
      core.xipMisses++;
    }
    older[set] = newer[set];
    newer[set] = line;
  }
  function fetchFlash(a) {
    const line = (a & FLASH_MASK) >> 3;
    if (line !== lastLine) touch((lastLine = line));
  }
  function readFlash(a) {
    if (a >>> 24 !== 0x10) cycles += missCycles; // an uncached alias
    else touch((a & FLASH_MASK) >> 3);
    lastLine = -1;
  }

  function fetch(a) {
    if (a >= RAM) return ram16[(a - RAM) >> 1];
    if (a < FLASH) return rom16[a >> 1];
    if (XIP_CACHE) fetchFlash(a);
    return flash16[(a & FLASH_MASK) >> 1];
  }

  // Anything but RAM, flash and ROM: the clock first, and then the loop is left, since an interrupt may be pending.
  function catchUp() {
    if (cycles) {
      const lump = cycles;
      cycles = 0;
      core.cycles += lump;
      clock.tick((lump * 1e9) / mcu.clkSys);
    }
    limit = 0;
  }
  // What a load or store costs there beyond the one cycle of the instruction: the single-cycle IO block none, peripherals behind APB more.
  function beginPeripheral(a, apbCycles) {
    const region = a >>> 28;
    cycles += region === 0xd ? 0 : region === 4 ? apbCycles : 1;
    catchUp();
    R[15] = pc;
  }

  function load32(a) {
    const at = a - RAM;
    if (at >= 0 && at < RAM_SIZE && !(a & 3)) {
      cycles++;
      return ram32[at >> 2];
    }
    if (a >>> 26 === 4 && !(a & 3)) {
      cycles++;
      if (XIP_CACHE) readFlash(a);
      return flash32[(a & FLASH_MASK) >> 2];
    }
    if (a >>> 14 === 0 && !(a & 3)) {
      cycles++;
      return rom32[a >> 2];
    }
    beginPeripheral(a, 3);
    return mcu.readUint32(a >>> 0) | 0;
  }
  function load16(a) {
    const at = a - RAM;
    if (at >= 0 && at < RAM_SIZE && !(a & 1)) {
      cycles++;
      return ram16[at >> 1];
    }
    if (a >>> 26 === 4 && !(a & 1)) {
      cycles++;
      if (XIP_CACHE) readFlash(a);
      return flash16[(a & FLASH_MASK) >> 1];
    }
    beginPeripheral(a, 3);
    return mcu.readUint16(a >>> 0);
  }
  function load8(a) {
    const at = a - RAM;
    if (at >= 0 && at < RAM_SIZE) {
      cycles++;
      return ram8[at];
    }
    if (a >>> 26 === 4) {
      cycles++;
      if (XIP_CACHE) readFlash(a);
      return flash8[a & FLASH_MASK];
    }
    beginPeripheral(a, 3);
    return mcu.readUint8(a >>> 0);
  }
  function store32(a, x) {
    const at = a - RAM;
    if (at >= 0 && at < RAM_SIZE && !(a & 3)) {
      cycles++;
      ram32[at >> 2] = x;
      return;
    }
    beginPeripheral(a, 4);
    mcu.writeUint32(a >>> 0, x >>> 0);
  }
  function store16(a, x) {
    const at = a - RAM;
    if (at >= 0 && at < RAM_SIZE && !(a & 1)) {
      cycles++;
      ram16[at >> 1] = x;
      return;
    }
    beginPeripheral(a, 4);
    mcu.writeUint16(a >>> 0, x & 0xffff);
  }
  function store8(a, x) {
    const at = a - RAM;
    if (at >= 0 && at < RAM_SIZE) {
      cycles++;
      ram8[at] = x;
      return;
    }
    beginPeripheral(a, 4);
    mcu.writeUint8(a >>> 0, x & 0xff);
  }

  function toCore() {
    core.N = nz < 0;
    core.Z = nz === 0;
    core.C = !!c;
    core.V = !!v;
    R[15] = pc;
    catchUp();
  }
  function fromCore() {
    nz = core.N ? -1 : core.Z ? 0 : 1;
    c = core.C ? 1 : 0;
    v = core.V ? 1 : 0;
    pc = R[15] & ~1;
  }
  // The instruction before pc, which is not in the table.
  function byRp2040js() {
    cycles--;
    pc -= 2;
    toCore();
    const pending = core.interruptsUpdated;
    core.interruptsUpdated = false; // interrupts are taken between inner loops only
    const spent = core.executeInstruction();
    clock.tick((spent * 1e9) / mcu.clkSys);
    core.interruptsUpdated ||= pending;
    fromCore();
  }

  // How many cycles until the next alarm, `most` at most.
  function untilAlarm(most) {
    const alarm = clock.nextAlarm;
    const until = alarm ? Math.ceil(((alarm.nanos - clock.nanosCounter) * mcu.clkSys) / 1e9) : most;
    return Math.max(Math.min(most, until), 1);
  }

  // Run until the core sleeps or has spent so many cycles.
  core.run = function run(budget) {
    const end = core.cycles + budget;
    for (;;) {
      if (core.interruptsUpdated && core.checkForInterrupts()) core.waiting = false;
      if (core.waiting || core.cycles >= end) return;
      fromCore();
      limit = untilAlarm(end - core.cycles);
      do {
        const op = fetch(pc);
        pc += 2;
        cycles++;
        switch (decoded[op]) {
          // INSTRUCTIONS
          default:
            byRp2040js();
        }
      } while (cycles < limit);
      toCore();
    }
  };
}
