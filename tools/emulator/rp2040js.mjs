// SPDX-License-Identifier: MIT
// The package rp2040js, which tools/emulate.py installs in build/node.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../build/node/package.json", import.meta.url));
export const { BasePeripheral, ConsoleLogger, LogLevel, RP2040, USBCDC } = require("rp2040js");
