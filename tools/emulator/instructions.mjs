// SPDX-License-Identifier: MIT
// The instructions of ARMv6-M as a table (ARMv6-M Architecture Reference Manual, chapter A6.7), made into a program by core.mjs.
//
// A row: the encoding, most significant bit first, where a letter names an operand and * is any bit; the assembly; what it does.
// What it does is JavaScript over these names: R, the sixteen registers as signed words; pc, the address of the next instruction
// (a program that reads it sees pc + 2); flags: nz, a word whose sign is N and which is 0 when Z is set, c and v, 0 or 1;
// cycles, which counts one for each instruction before it is done; load32 … store8, which count their own.
// What is not in the table (MSR, MRS, barriers, CPS, BKPT, SVC, WFI, WFE, SEV, UDF) is left to rp2040js.

const add = (x, y) => `const x = ${x}, y = ${y}, r = (x + y) | 0; c = r >>> 0 < x >>> 0 ? 1 : 0; v = ((x ^ r) & (y ^ r)) >>> 31; nz = r;`;
const sub = (x, y) => `const x = ${x}, y = ${y}, r = (x - y) | 0; c = x >>> 0 >= y >>> 0 ? 1 : 0; v = ((x ^ y) & (x ^ r)) >>> 31; nz = r;`;
const jump = (target) => `pc = ${target}; cycles++;`;
const branch = (test) => `if (${test}) { ${jump("pc + 2 + ((o << 24) >> 23)")} }`;
const loop = (each) => `for (let i = 0; i < 8; i++) if (r & (1 << i)) { ${each} a += 4; }`;

const SHIFT_LEFT = "if (s < 32) { c = (x >>> (32 - s)) & 1; r = x << s; } else { c = s === 32 ? x & 1 : 0; r = 0; }";
const SHIFT_RIGHT = "if (s < 32) { c = (x >>> (s - 1)) & 1; r = (x >>> s) | 0; } else { c = s === 32 ? x >>> 31 : 0; r = 0; }";
const SHIFT_SIGNED = "if (s < 32) { c = (x >> (s - 1)) & 1; r = x >> s; } else { c = x >>> 31; r = x >> 31; }";
const ROTATE = "const k = s & 31; r = k ? (x >>> k) | (x << (32 - k)) : x; c = r >>> 31;";
const shift = (how) => `const s = R[m] & 255, x = R[d]; let r = x; if (s) { ${how} } nz = R[d] = r;`;

const high = "const d = (D << 3) | e, y = m === 15 ? pc + 2 : R[m];";  // operands among all sixteen registers
const leave = (target) => `if (${target} >>> 28 === 15) { toCore(); core.BXWritePC(${target} >>> 0); fromCore(); } else pc = ${target} & ~1;`;

export const INSTRUCTIONS = [
  ["00000iiiiimmmddd", "LSLS Rd, Rm, #i", "const x = R[m]; if (i) c = (x >>> (32 - i)) & 1; nz = R[d] = x << i;"],
  ["00001iiiiimmmddd", "LSRS Rd, Rm, #i", "const x = R[m]; c = (x >>> (i ? i - 1 : 31)) & 1; nz = R[d] = i ? (x >>> i) | 0 : 0;"],
  ["00010iiiiimmmddd", "ASRS Rd, Rm, #i", "const x = R[m]; c = (x >> (i ? i - 1 : 31)) & 1; nz = R[d] = x >> (i ? i : 31);"],
  ["0001100mmmnnnddd", "ADDS Rd, Rn, Rm", add("R[n]", "R[m]") + "R[d] = r;"],
  ["0001101mmmnnnddd", "SUBS Rd, Rn, Rm", sub("R[n]", "R[m]") + "R[d] = r;"],
  ["0001110iiinnnddd", "ADDS Rd, Rn, #i", add("R[n]", "i") + "R[d] = r;"],
  ["0001111iiinnnddd", "SUBS Rd, Rn, #i", sub("R[n]", "i") + "R[d] = r;"],
  ["00100dddiiiiiiii", "MOVS Rd, #i", "nz = R[d] = i;"],
  ["00101nnniiiiiiii", "CMP Rn, #i", sub("R[n]", "i")],
  ["00110dddiiiiiiii", "ADDS Rd, #i", add("R[d]", "i") + "R[d] = r;"],
  ["00111dddiiiiiiii", "SUBS Rd, #i", sub("R[d]", "i") + "R[d] = r;"],

  ["0100000000mmmddd", "ANDS Rd, Rm", "nz = R[d] &= R[m];"],
  ["0100000001mmmddd", "EORS Rd, Rm", "nz = R[d] ^= R[m];"],
  ["0100000010mmmddd", "LSLS Rd, Rm", shift(SHIFT_LEFT)],
  ["0100000011mmmddd", "LSRS Rd, Rm", shift(SHIFT_RIGHT)],
  ["0100000100mmmddd", "ASRS Rd, Rm", shift(SHIFT_SIGNED)],
  ["0100000101mmmddd", "ADCS Rd, Rm", "const x = R[d], y = R[m], r = (x + y + c) | 0; c = (x >>> 0) + (y >>> 0) + c > 0xffffffff ? 1 : 0;" +
    "v = ((x ^ r) & (y ^ r)) >>> 31; nz = R[d] = r;"],
  ["0100000110mmmddd", "SBCS Rd, Rm", "const x = R[d], y = R[m], k = 1 - c, r = (x - y - k) | 0; c = x >>> 0 >= (y >>> 0) + k ? 1 : 0;" +
    "v = ((x ^ y) & (x ^ r)) >>> 31; nz = R[d] = r;"],
  ["0100000111mmmddd", "RORS Rd, Rm", shift(ROTATE)],
  ["0100001000mmmnnn", "TST Rn, Rm", "nz = R[n] & R[m];"],
  ["0100001001nnnddd", "RSBS Rd, Rn, #0", sub("0", "R[n]") + "R[d] = r;"],
  ["0100001010mmmnnn", "CMP Rn, Rm", sub("R[n]", "R[m]")],
  ["0100001011mmmnnn", "CMN Rn, Rm", add("R[n]", "R[m]")],
  ["0100001100mmmddd", "ORRS Rd, Rm", "nz = R[d] |= R[m];"],
  ["0100001101mmmddd", "MULS Rd, Rm", "nz = R[d] = Math.imul(R[d], R[m]);"],
  ["0100001110mmmddd", "BICS Rd, Rm", "nz = R[d] &= ~R[m];"],
  ["0100001111mmmddd", "MVNS Rd, Rm", "nz = R[d] = ~R[m];"],

  ["01000100Dmmmmeee", "ADD Rd, Rm", high + `if (d === 15) { ${jump("(pc + 2 + y) & ~1")} } else R[d] = d === 13 ? (R[d] + y) & ~3 : R[d] + y;`],
  ["01000101Nmmmmeee", "CMP Rn, Rm", sub("R[(N << 3) | e]", "R[m]")],
  ["01000110Dmmmmeee", "MOV Rd, Rm", high + `if (d === 15) { ${jump("y & ~1")} } else R[d] = d === 13 ? y & ~3 : y;`],
  ["010001110mmmm***", "BX Rm", "const a = R[m]; cycles++;" + leave("a")],
  ["010001111mmmm***", "BLX Rm", "const a = R[m]; R[14] = pc | 1;" + jump("a & ~1")],

  ["01001dddiiiiiiii", "LDR Rd, [PC, #i]", "R[d] = load32(((pc + 2) & ~3) + (i << 2));"],
  ["0101000mmmnnnddd", "STR Rd, [Rn, Rm]", "store32((R[n] + R[m]) | 0, R[d]);"],
  ["0101001mmmnnnddd", "STRH Rd, [Rn, Rm]", "store16((R[n] + R[m]) | 0, R[d]);"],
  ["0101010mmmnnnddd", "STRB Rd, [Rn, Rm]", "store8((R[n] + R[m]) | 0, R[d]);"],
  ["0101011mmmnnnddd", "LDRSB Rd, [Rn, Rm]", "R[d] = (load8((R[n] + R[m]) | 0) << 24) >> 24;"],
  ["0101100mmmnnnddd", "LDR Rd, [Rn, Rm]", "R[d] = load32((R[n] + R[m]) | 0);"],
  ["0101101mmmnnnddd", "LDRH Rd, [Rn, Rm]", "R[d] = load16((R[n] + R[m]) | 0);"],
  ["0101110mmmnnnddd", "LDRB Rd, [Rn, Rm]", "R[d] = load8((R[n] + R[m]) | 0);"],
  ["0101111mmmnnnddd", "LDRSH Rd, [Rn, Rm]", "R[d] = (load16((R[n] + R[m]) | 0) << 16) >> 16;"],
  ["01100iiiiinnnddd", "STR Rd, [Rn, #i]", "store32((R[n] + (i << 2)) | 0, R[d]);"],
  ["01101iiiiinnnddd", "LDR Rd, [Rn, #i]", "R[d] = load32((R[n] + (i << 2)) | 0);"],
  ["01110iiiiinnnddd", "STRB Rd, [Rn, #i]", "store8((R[n] + i) | 0, R[d]);"],
  ["01111iiiiinnnddd", "LDRB Rd, [Rn, #i]", "R[d] = load8((R[n] + i) | 0);"],
  ["10000iiiiinnnddd", "STRH Rd, [Rn, #i]", "store16((R[n] + (i << 1)) | 0, R[d]);"],
  ["10001iiiiinnnddd", "LDRH Rd, [Rn, #i]", "R[d] = load16((R[n] + (i << 1)) | 0);"],
  ["10010dddiiiiiiii", "STR Rd, [SP, #i]", "store32((R[13] + (i << 2)) | 0, R[d]);"],
  ["10011dddiiiiiiii", "LDR Rd, [SP, #i]", "R[d] = load32((R[13] + (i << 2)) | 0);"],
  ["10100dddiiiiiiii", "ADR Rd, #i", "R[d] = ((pc + 2) & ~3) + (i << 2);"],
  ["10101dddiiiiiiii", "ADD Rd, SP, #i", "R[d] = R[13] + (i << 2);"],

  ["101100000iiiiiii", "ADD SP, #i", "R[13] = (R[13] + (i << 2)) & ~3;"],
  ["101100001iiiiiii", "SUB SP, #i", "R[13] = (R[13] - (i << 2)) & ~3;"],
  ["1011001000mmmddd", "SXTH Rd, Rm", "R[d] = (R[m] << 16) >> 16;"],
  ["1011001001mmmddd", "SXTB Rd, Rm", "R[d] = (R[m] << 24) >> 24;"],
  ["1011001010mmmddd", "UXTH Rd, Rm", "R[d] = R[m] & 0xffff;"],
  ["1011001011mmmddd", "UXTB Rd, Rm", "R[d] = R[m] & 0xff;"],
  ["1011010lrrrrrrrr", "PUSH {r, LR}", "let count = l; for (let i = 0; i < 8; i++) count += (r >> i) & 1; let a = (R[13] - 4 * count) | 0; R[13] = a & ~3;" +
    loop("store32(a, R[i]);") + "if (l) { store32(a, R[14]); cycles--; }"],
  ["1011110prrrrrrrr", "POP {r, PC}", "let a = R[13];" + loop("R[i] = load32(a);") +
    `if (p) { const t = load32(a); R[13] = a + 4; cycles++; ${leave("t")} } else R[13] = a;`],
  ["1011101000mmmddd", "REV Rd, Rm", "const x = R[m]; R[d] = (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);"],
  ["1011101001mmmddd", "REV16 Rd, Rm", "const x = R[m]; R[d] = ((x & 0x00ff00ff) << 8) | ((x >>> 8) & 0x00ff00ff);"],
  ["1011101011mmmddd", "REVSH Rd, Rm", "const x = R[m]; R[d] = ((((x & 0xff) << 8) | ((x >> 8) & 0xff)) << 16) >> 16;"],
  ["1011111100000000", "NOP", ""],
  ["11000nnnrrrrrrrr", "STM Rn!, {r}", "let a = R[n];" + loop("store32(a, R[i]);") + "R[n] = a;"],
  ["11001nnnrrrrrrrr", "LDM Rn!, {r}", "let a = R[n];" + loop("R[i] = load32(a);") + "if (!(r & (1 << n))) R[n] = a;"],

  ["11010000oooooooo", "BEQ", branch("nz === 0")],
  ["11010001oooooooo", "BNE", branch("nz !== 0")],
  ["11010010oooooooo", "BCS", branch("c === 1")],
  ["11010011oooooooo", "BCC", branch("c === 0")],
  ["11010100oooooooo", "BMI", branch("nz < 0")],
  ["11010101oooooooo", "BPL", branch("nz >= 0")],
  ["11010110oooooooo", "BVS", branch("v === 1")],
  ["11010111oooooooo", "BVC", branch("v === 0")],
  ["11011000oooooooo", "BHI", branch("c === 1 && nz !== 0")],
  ["11011001oooooooo", "BLS", branch("c === 0 || nz === 0")],
  ["11011010oooooooo", "BGE", branch("nz < 0 === (v === 1)")],
  ["11011011oooooooo", "BLT", branch("nz < 0 !== (v === 1)")],
  ["11011100oooooooo", "BGT", branch("nz !== 0 && nz < 0 === (v === 1)")],
  ["11011101oooooooo", "BLE", branch("nz === 0 || nz < 0 !== (v === 1)")],
  ["11100ooooooooooo", "B", jump("pc + 2 + ((o << 21) >> 20)")],
  ["11110Shhhhhhhhhh", "BL (its second half is 11J1Klllllllllll; any other is left to rp2040js)", `
    const low = fetch(pc);
    if ((low & 0xd000) !== 0xd000) { byRp2040js(); break; }
    const J = 1 ^ S ^ ((low >> 13) & 1), K = 1 ^ S ^ ((low >> 11) & 1);
    const offset = (S ? 0xff000000 : 0) | (J << 23) | (K << 22) | (h << 12) | ((low & 0x7ff) << 1);
    R[14] = (pc + 2) | 1; pc = (pc + 2 + offset) | 0; cycles += 2;`],
];
