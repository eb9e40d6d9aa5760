// SPDX-License-Identifier: MIT
// An emulated Raspberry Pi Pico that runs a MicroPython firmware. tools/emulate.py starts it.
//
//   node main.mjs --rom bootrom.bin --firmware FILE.uf2 --port PORT [--flash FILE] [--uart0 PORT] [--uart1 listen:PORT]
//                 [--seed N] [--rosc stuck] [--xip CYCLES] [--slow-core]
import fs from "node:fs";
import { parseArgs } from "node:util";
import { addDevices } from "./devices.mjs";
import { Flash } from "./flash.mjs";
import { installCore } from "./core.mjs";
import { ConsoleLogger, LogLevel, RP2040 } from "./rp2040js.mjs";
import { UsbSerial } from "./serial.mjs";
import { bridgeUart, correctUart } from "./uart.mjs";

const text = { type: "string" };
const { values: options } = parseArgs({
  options: { rom: text, firmware: text, port: text, flash: text, uart0: text, uart1: text, seed: { ...text, default: "1" }, rosc: text,
             xip: { ...text, default: "0" }, "slow-core": { type: "boolean", default: false } },
});

const ROM_WORDS = 4096, WATCHDOG = 0x40058000 >> 12;
const USB_BOOT = 0xf3, FAULT = 0xff; // breakpoints of the boot ROM
const EXIT = { usbBoot: 3, fault: 4, watchdog: 5 };

const mcu = new RP2040();
const { core, clock } = mcu;
mcu.logger = new ConsoleLogger(LogLevel.Error, false);
const rom = new Uint32Array(ROM_WORDS);
new Uint8Array(rom.buffer).set(fs.readFileSync(options.rom));
mcu.loadBootrom(rom);
const flash = new Flash(mcu, options.firmware, options.flash);

function exit(code, why) {
  if (why) console.error("emulator: " + why);
  flash.save();
  process.exit(code);
}
process.on("SIGTERM", () => exit(0));
process.on("SIGINT", () => exit(0));

addDevices(mcu, { seed: Number(options.seed), stuck: options.rosc === "stuck", exit });
mcu.peripherals[WATCHDOG].onWatchdogTrigger = () => exit(EXIT.watchdog, "reset by the watchdog");
mcu.onBreak = (code) => {
  const where = "pc " + core.PC.toString(16) + ", lr " + core.LR.toString(16);
  if (flash.trap(code, core.registers)) return;
  if (code === USB_BOOT) exit(EXIT.usbBoot, "reset into the USB boot loader");
  else if (code === FAULT) exit(EXIT.fault, "hard fault, " + where);
  else console.error("emulator: breakpoint " + code.toString(16) + ", " + where);
};

new UsbSerial(mcu, Number(options.port), wake, () => flash.save());
mcu.uart.forEach((uart, i) => {
  correctUart(mcu, uart);
  if (options["uart" + i]) bridgeUart(mcu, uart, options["uart" + i], wake);
});

core.VTOR = 0;
core.SP = rom[0];
core.PC = rom[1] & ~1;
core.LR = 0;
if (!options["slow-core"]) installCore(mcu, Number(options.xip));

// The board computes as fast as it can, in slices between which Node looks at its sockets. When it sleeps, its time goes no faster
// than ours; when it was slow, the time lost is forgotten.
const SLICE = 8, AHEAD = 2, LATE = 5, NAP = 50; // ms
let offset = 0; // ms of the board's clock that do not count
let nap = null;
const wall = () => performance.now();
const ahead = () => clock.nanos / 1e6 - offset - wall();

function wake() {
  if (!nap) return;
  clearTimeout(nap);
  nap = null;
  setImmediate(slice);
}

function slice() {
  nap = null;
  const end = wall() + SLICE;
  do {
    if (core.waiting) {
      const sleep = clock.nanosToNextAlarm / 1e6, early = ahead() + sleep;
      if (early > AHEAD) {
        nap = setTimeout(slice, Math.min(early, NAP));
        return;
      }
      clock.tick(sleep > 0 ? sleep * 1e6 : 1000);
    } else if (core.run) core.run(200000);
    else for (let i = 0; i < 1000 && !core.waiting; i++) clock.tick((core.executeInstruction() * 1e9) / mcu.clkSys);
  } while (wall() < end);
  if (ahead() < -LATE) offset += ahead();
  setImmediate(slice);
}
offset = -wall();
slice();
