# SPDX-License-Identifier: MIT
"""The arithmetic of port/viper/field.py in Thumb assembly, for every Arm core from the Cortex-M0 on: the same functions and programs.

A number is n words of 32 bits, below the modulus, in Montgomery form with R = 2^(32 n), n a multiple of 4; a number that
was loaded may be up to R, and only products take it. The scratch begins with n, 32, the prime by its
curve's number (0 or 1: another modulus), -1 / modulus modulo 2^32, the program and its argument, then the modulus, then the slots.
Products take slots 0 and 1. No branch or address depends on a number, and nothing allocates.
"""

import micropython
from micropython import const

FAST = 1  # whether a power by 65537 takes less time than the built-in pow
WINDOW = const(3)  # bits of a row's number in the table of keep() and pick()


def length(size, slots, table=0):
    """Bytes of a scratch of so many slots, and perhaps the table, for a modulus of so many bytes."""
    return 24 + (size + 15 >> 4 << 4) * (1 + slots + (table << WINDOW))


def begin(m, p, at, size, prime, slot):
    """From here on modulo the number at p[at:at+size], odd, above 1 and big-endian; the slot becomes R^2."""
    i = 0
    while not p[at + i]:
        i += 1
    i = 8 * (size - 1 - i)
    _begin(m, p, at, size, prime, slot, i)
    # 2^i is less than the modulus. It becomes 2^(j / 2) R, where R = 2^j, and squared R^2.
    i = 12 * (size + 15 >> 4 << 4) - i
    double = bytes((17, slot, slot, slot, 0))
    while i:
        run(m, 0, double)
        i -= 1
    run(m, 0, bytes((1, slot, slot, slot, 0)))


@micropython.viper
def _begin(scratch, p, at: int, size: int, prime: int, slot: int, bit: int):
    """The header, the modulus, and 2^bit in the slot."""
    m = ptr32(scratch)
    b = ptr8(p)
    n = size + 15 >> 4 << 2
    m[0] = n
    m[1] = 32
    m[2] = prime
    d = ptr32(uint(m) + 24)
    i = 0
    while i < n:
        d[i] = 0
        i += 1
    i = 0
    while i < size:
        d[i >> 2] = d[i >> 2] | b[at + size - 1 - i] << ((i & 3) << 3)
        i += 1
    x = d[0]
    i = 0
    while i < 4:  # each step doubles the bits of 1 / modulus that are right, from three
        x = (2 - d[0] * x) * x
        i += 1
    m[3] = 0 - x
    d = ptr32(uint(d) + ((slot + 1) * n << 2))
    i = 0
    while i < n:
        d[i] = 0
        i += 1
    d[bit >> 5] = 1 << (bit & 31)


@micropython.viper
def load(scratch, slot: int, buf, at: int, step: int, size: int):
    """The slot becomes the number of size bytes, the lowest at buf[at], the next at buf[at + step]; what is above R is cut off."""
    m = ptr32(scratch)
    p = ptr8(buf)
    n = m[0] << 2
    d = ptr32(uint(m) + 24 + (slot + 1) * n)
    i = 0
    while i < n:
        x = 0
        if i < size:
            x = p[at]
            at += step
        if i & 3:
            x = d[i >> 2] | x << ((i & 3) << 3)
        d[i >> 2] = x
        i += 1


@micropython.viper
def store(scratch, slot: int, out, at: int, step: int, size: int, prime, low: int) -> int:
    """The number of a product with 1, as load() takes it; the OR of its bytes. The prime's place is what viper asks for."""
    m = ptr32(scratch)
    o = ptr8(out)
    a = ptr8(uint(m) + 24 + ((slot + 1) * m[0] << 2))
    every = 0
    i = 0
    while i < size:
        x = a[i]
        o[at] = x
        every |= x
        at += step
        i += 1
    return every


@micropython.viper
def keep(scratch, slot: int, first: int, row: int):
    """The row of the table that begins at the slot `first` becomes the slot."""
    m = ptr32(scratch)
    n = m[0]
    a = ptr32(uint(m) + 24 + ((slot + 1) * n << 2))
    t = ptr32(uint(m) + 24 + ((first + 1 + row) * n << 2))
    i = 0
    while i < n:
        t[i] = a[i]
        i += 1


@micropython.viper
def pick(t: ptr32, mask: int, scratch, slot: int, first: int, row: int):
    """The slot becomes the row of the table; which one is secret. t and mask, always called with 0, are working variables."""
    m = ptr32(scratch)
    n = m[0]
    a = ptr32(uint(m) + 24 + ((slot + 1) * n << 2))
    i = 0
    while i < n:
        x = 0
        j = 0
        t = ptr32(uint(m) + 24 + ((first + 1) * n + i << 2))
        while j < 1 << WINDOW:
            mask = (j ^ row) - 1 >> 31
            x |= t[0] & mask
            t = ptr32(uint(t) + (n << 2))
            j += 1
        a[i] = x
        i += 1


@micropython.asm_thumb
def run(r0, r1, r2):
    """run(scratch, arg, program) does operations of four bytes (code, d, a, b), up to a code of 0:
    1 d = a * b   2 d = a   3 exchange a and b if arg is 1   4 d = a + arg * b   16 + s: d = a + s * b"""
    mov(r4, r8)
    mov(r5, r9)
    mov(r6, r10)
    mov(r7, r11)
    push({r4, r5, r6, r7})
    mov(r11, r0)  # r11: the scratch
    str(r1, [r0, 20])
    ldr(r1, [r0, 0])
    lsl(r1, r1, 2)
    mov(r12, r1)  # r12: bytes of a number
    b(FETCH)

    label(NEXT)
    mov(r0, r11)
    ldr(r2, [r0, 16])
    label(FETCH)
    ldrb(r7, [r2, 0])
    cmp(r7, 0)
    bne(DECODE)
    pop({r4, r5, r6, r7})
    mov(r8, r4)
    mov(r9, r5)
    mov(r10, r6)
    mov(r11, r7)
    mov(r0, 0)
    b(END)

    label(DECODE)  # r2, r3, r4: d, a, b; r6: slot 0; r7: the code
    ldrb(r3, [r2, 2])
    ldrb(r4, [r2, 3])
    ldrb(r5, [r2, 1])
    add(r2, 4)
    str(r2, [r0, 16])
    mov(r1, r12)
    add(r6, r0, r1)
    add(r6, 24)
    mul(r3, r1)
    add(r3, r3, r6)
    mul(r4, r1)
    add(r4, r4, r6)
    mul(r5, r1)
    add(r2, r5, r6)
    cmp(r7, 1)
    bne(NOT_1)
    b(MULTIPLY)
    label(NOT_1)
    cmp(r7, 2)
    beq(COPY)
    cmp(r7, 3)
    beq(EXCHANGE)
    cmp(r7, 4)
    bne(NOT_4)
    ldr(r7, [r0, 20])
    add(r7, 16)
    label(NOT_4)
    sub(r7, 16)
    beq(COPY)

    # d = a + s b, for s in r7: |s| sums, all but the last into slot 0
    label(TERM)
    push({r2, r4, r6})
    cmp(r7, 0)
    blt(MINUS)
    sub(r7, 1)
    beq(LAST_PLUS)
    mov(r2, r6)
    label(LAST_PLUS)
    push({r7})
    bl(ADD)
    b(TERM_DONE)
    label(MINUS)
    add(r7, 1)
    beq(LAST_MINUS)
    mov(r2, r6)
    label(LAST_MINUS)
    push({r7})
    bl(SUBTRACT)
    label(TERM_DONE)
    pop({r7})
    pop({r2, r4, r6})
    mov(r3, r6)
    cmp(r7, 0)
    bne(TERM)
    b(NEXT)

    label(COPY)
    add(r1, r1, r3)
    label(COPY_WORD)
    ldr(r5, [r3, 0])
    str(r5, [r2, 0])
    add(r2, 4)
    add(r3, 4)
    cmp(r3, r1)
    bne(COPY_WORD)
    b(NEXT)

    label(EXCHANGE)
    ldr(r5, [r0, 20])
    neg(r5, r5)
    add(r1, r1, r3)
    label(EXCHANGE_WORD)
    ldr(r6, [r3, 0])
    ldr(r7, [r4, 0])
    mov(r2, r6)
    eor(r2, r7)
    and_(r2, r5)
    eor(r6, r2)
    eor(r7, r2)
    str(r6, [r3, 0])
    str(r7, [r4, 0])
    add(r3, 4)
    add(r4, 4)
    cmp(r3, r1)
    bne(EXCHANGE_WORD)
    b(NEXT)

    # A carry goes from four words to the next four in r7: lsr moves it into the flag, adc out.
    label(ADD)  # r2 = r3 + r4
    mov(r1, r12)
    add(r1, r1, r2)
    mov(r7, 0)
    label(ADD_WORDS)
    lsr(r7, r7, 1)
    ldr(r5, [r3, 0])
    ldr(r6, [r4, 0])
    adc(r5, r6)
    str(r5, [r2, 0])
    ldr(r5, [r3, 4])
    ldr(r6, [r4, 4])
    adc(r5, r6)
    str(r5, [r2, 4])
    ldr(r5, [r3, 8])
    ldr(r6, [r4, 8])
    adc(r5, r6)
    str(r5, [r2, 8])
    ldr(r5, [r3, 12])
    ldr(r6, [r4, 12])
    adc(r5, r6)
    str(r5, [r2, 12])
    adc(r7, r7)
    add(r2, 16)
    add(r3, 16)
    add(r4, 16)
    cmp(r2, r1)
    bne(ADD_WORDS)
    mov(r0, r7)
    mov(r5, r12)
    sub(r2, r2, r5)
    mov(r3, r2)
    label(CANONICAL)  # r2 = r3, with the carry r0 above it, less the modulus if that is not negative
    mov(r4, r11)
    add(r4, 24)
    b(DIFFERENCE)

    label(SUBTRACT)  # r2 = r3 - r4
    mov(r0, 0)
    label(DIFFERENCE)
    mov(r1, r12)
    add(r1, r1, r2)
    mov(r7, 1)
    label(SUBTRACT_WORDS)
    lsr(r7, r7, 1)
    ldr(r5, [r3, 0])
    ldr(r6, [r4, 0])
    sbc(r5, r6)
    str(r5, [r2, 0])
    ldr(r5, [r3, 4])
    ldr(r6, [r4, 4])
    sbc(r5, r6)
    str(r5, [r2, 4])
    ldr(r5, [r3, 8])
    ldr(r6, [r4, 8])
    sbc(r5, r6)
    str(r5, [r2, 8])
    ldr(r5, [r3, 12])
    ldr(r6, [r4, 12])
    sbc(r5, r6)
    str(r5, [r2, 12])
    adc(r7, r7)
    add(r2, 16)
    add(r3, 16)
    add(r4, 16)
    cmp(r2, r1)
    bne(SUBTRACT_WORDS)
    add(r0, r0, r7)
    sub(r0, 1)  # ones where the difference is negative: then the modulus goes back on
    mov(r3, r11)
    add(r3, 24)
    mov(r5, r12)
    sub(r2, r2, r5)
    mov(r7, 0)
    label(BACK_WORDS)
    lsr(r7, r7, 1)
    ldr(r5, [r2, 0])
    ldr(r6, [r3, 0])
    and_(r6, r0)
    adc(r5, r6)
    str(r5, [r2, 0])
    ldr(r5, [r2, 4])
    ldr(r6, [r3, 4])
    and_(r6, r0)
    adc(r5, r6)
    str(r5, [r2, 4])
    ldr(r5, [r2, 8])
    ldr(r6, [r3, 8])
    and_(r6, r0)
    adc(r5, r6)
    str(r5, [r2, 8])
    ldr(r5, [r2, 12])
    ldr(r6, [r3, 12])
    and_(r6, r0)
    adc(r5, r6)
    str(r5, [r2, 12])
    adc(r7, r7)
    add(r2, 16)
    add(r3, 16)
    cmp(r2, r1)
    bne(BACK_WORDS)
    bx(lr)

    # The n words at r1 += r2 times those at r0; r4 becomes the word that belongs above them, r1 its place.
    label(ROW)
    lsr(r3, r2, 16)
    mov(r9, r3)
    data(2, 0xB292)  # uxth(r2, r2)
    mov(r8, r2)
    mov(r3, r12)
    add(r3, r3, r0)
    mov(r10, r3)
    label(ROW_TO_END)  # or up to r10, for r8 and r9 the halves of r2
    mov(r4, 0)
    label(ROW_WORD)
    data(2, 0xC820)  # ldmia(r0, {r5}): the word's halves, times both halves of the factor
    data(2, 0xB2AE)  # uxth(r6, r5)
    lsr(r5, r5, 16)
    mov(r2, r8)
    mov(r3, r2)
    mul(r3, r6)
    mul(r2, r5)
    mov(r7, r9)
    mul(r6, r7)
    mul(r7, r5)
    mov(r5, 0)
    add(r3, r3, r4)
    adc(r7, r5)
    lsl(r4, r2, 16)
    lsr(r2, r2, 16)
    add(r3, r3, r4)
    adc(r7, r2)
    lsl(r4, r6, 16)
    lsr(r6, r6, 16)
    add(r3, r3, r4)
    adc(r7, r6)
    ldr(r4, [r1, 0])
    add(r3, r3, r4)
    adc(r7, r5)
    data(2, 0xC108)  # stmia(r1, {r3})
    mov(r4, r7)
    data(2, 0x4550)  # cmp(r0, r10)
    bne(ROW_WORD)
    bx(lr)

    label(MULTIPLY)
    push({r2})
    mov(r0, r6)
    add(r5, r6, r1)
    mov(r7, 0)
    label(CLEAR_WORD)
    str(r7, [r0, 0])
    add(r0, 4)
    cmp(r0, r5)
    bne(CLEAR_WORD)
    cmp(r3, r4)
    bne(PRODUCT_ROW)
    b(SQUARE)
    label(PRODUCT_ROW)  # r3: the number, r4: the next word of the other, r6: the place of its row
    push({r3, r4, r6})
    mov(r0, r3)
    mov(r1, r6)
    ldr(r2, [r4, 0])
    bl(ROW)
    str(r4, [r1, 0])
    pop({r3, r4, r6})
    add(r4, 4)
    add(r6, 4)
    bl(SLOT_1)
    cmp(r6, r5)
    bne(PRODUCT_ROW)

    label(REDUCE)  # r5: slot 1
    # Reduction: for each of the lower words, add the multiple of the modulus that clears it.
    mov(r2, r12)
    sub(r1, r5, r2)
    mov(r0, r11)
    ldr(r3, [r0, 8])
    mov(r0, 0)
    cmp(r3, 23)
    beq(P256_ROW)
    cmp(r3, 24)
    bne(MODULUS_ROW)
    b(P384_ROW)
    label(MODULUS_ROW)  # r0: the carry into the word above the row, r1: its place
    push({r0, r1})
    mov(r0, r11)
    ldr(r2, [r1, 0])
    ldr(r3, [r0, 12])
    mul(r2, r3)
    add(r0, 24)
    bl(ROW)
    ldr(r2, [r1, 0])
    mov(r3, r1)
    pop({r0, r1})
    mov(r7, 0)
    add(r2, r2, r4)
    adc(r7, r7)
    add(r2, r2, r0)
    mov(r0, 0)
    adc(r0, r7)
    str(r2, [r3, 0])
    add(r1, 4)
    bl(SLOT_1)
    cmp(r1, r5)
    bne(MODULUS_ROW)
    b(REDUCED)

    # The modulus is 2^256 - 2^224 + 2^192 + 2^96 - 1: the multiple is the word itself.
    label(P256_ROW)
    ldr(r2, [r1, 0])
    mov(r3, 0)
    neg(r4, r2)
    mov(r7, r2)
    sbc(r7, r3)
    ldr(r6, [r1, 12])
    add(r6, r6, r2)
    str(r6, [r1, 12])
    ldr(r6, [r1, 16])
    adc(r6, r3)
    str(r6, [r1, 16])
    ldr(r6, [r1, 20])
    adc(r6, r3)
    str(r6, [r1, 20])
    ldr(r6, [r1, 24])
    adc(r6, r2)
    str(r6, [r1, 24])
    ldr(r6, [r1, 28])
    adc(r6, r4)
    str(r6, [r1, 28])
    ldr(r6, [r1, 32])
    adc(r6, r7)
    mov(r7, 0)
    adc(r7, r7)
    add(r6, r6, r0)
    adc(r7, r3)
    str(r6, [r1, 32])
    mov(r0, r7)
    add(r1, 4)
    cmp(r1, r5)
    bne(P256_ROW)

    b(REDUCED)

    # The modulus is 2^384 - 2^128 - 2^96 + 2^32 - 1: the multiple is the word itself, q. What is subtracted, beside the
    # word that goes, are the words -q, -(q != 0), q - (q != 0), q, then the borrow only.
    label(P384_ROW)
    ldr(r2, [r1, 0])
    mov(r3, 0)
    neg(r4, r2)
    sbc(r7, r7)  # -(q != 0)
    ldr(r6, [r1, 4])
    sub(r6, r6, r4)
    str(r6, [r1, 4])
    ldr(r6, [r1, 8])
    sbc(r6, r7)
    str(r6, [r1, 8])
    mov(r4, 0)
    adc(r4, r4)  # the carry, while r7 becomes q - (q != 0)
    add(r7, r7, r2)
    lsr(r4, r4, 1)
    ldr(r6, [r1, 12])
    sbc(r6, r7)
    str(r6, [r1, 12])
    ldr(r6, [r1, 16])
    sbc(r6, r2)
    str(r6, [r1, 16])
    ldr(r6, [r1, 20])
    sbc(r6, r3)
    str(r6, [r1, 20])
    ldr(r6, [r1, 24])
    sbc(r6, r3)
    str(r6, [r1, 24])
    ldr(r6, [r1, 28])
    sbc(r6, r3)
    str(r6, [r1, 28])
    ldr(r6, [r1, 32])
    sbc(r6, r3)
    str(r6, [r1, 32])
    ldr(r6, [r1, 36])
    sbc(r6, r3)
    str(r6, [r1, 36])
    ldr(r6, [r1, 40])
    sbc(r6, r3)
    str(r6, [r1, 40])
    ldr(r6, [r1, 44])
    sbc(r6, r3)
    str(r6, [r1, 44])
    ldr(r6, [r1, 48])
    sbc(r6, r3)
    sbc(r7, r7)  # less one where that borrowed
    add(r6, r6, r2)
    adc(r7, r3)
    add(r6, r6, r0)
    adc(r7, r3)
    str(r6, [r1, 48])
    mov(r0, r7)
    add(r1, 4)
    cmp(r1, r5)
    bne(P384_ROW)

    label(REDUCED)
    mov(r3, r5)
    pop({r2})
    bl(CANONICAL)
    b(NEXT)

    # A square: the products of different words once, doubled, and the squares of the words.
    label(SQUARE)
    add(r1, r1, r3)
    mov(r10, r1)  # the number's end
    push({r3, r6})
    add(r6, 4)
    label(SQUARE_ROW)  # r3: a word, r6: the place of its products with the words after it
    push({r3, r6})
    ldr(r2, [r3, 0])
    mov(r0, r3)
    add(r0, 4)
    mov(r1, r6)
    lsr(r3, r2, 16)
    mov(r9, r3)
    data(2, 0xB292)  # uxth(r2, r2)
    mov(r8, r2)
    bl(ROW_TO_END)
    str(r4, [r1, 0])
    mov(r4, 0)
    str(r4, [r1, 4])
    pop({r3, r6})
    add(r6, 8)
    add(r3, 4)
    mov(r0, r3)
    add(r0, 4)
    data(2, 0x4550)  # cmp(r0, r10)
    bne(SQUARE_ROW)
    pop({r0, r1})
    mov(r4, 0)
    label(SQUARE_WORD)  # r0: a word, r1: the place of its square, r4: the carry into it
    data(2, 0xC804)  # ldmia(r0, {r2})
    lsr(r5, r2, 16)
    data(2, 0xB292)  # uxth(r2, r2)
    mov(r3, r2)
    mul(r3, r2)
    mul(r2, r5)
    mul(r5, r5)
    lsr(r6, r2, 15)
    lsl(r2, r2, 17)
    add(r3, r3, r2)
    adc(r5, r6)
    ldr(r2, [r1, 0])
    ldr(r6, [r1, 4])
    mov(r7, 0)
    add(r2, r2, r2)
    adc(r6, r6)
    adc(r7, r7)
    add(r2, r2, r3)
    mov(r3, 0)
    adc(r6, r5)
    adc(r7, r3)
    add(r2, r2, r4)
    adc(r6, r3)
    adc(r7, r3)
    mov(r4, r7)
    str(r2, [r1, 0])
    str(r6, [r1, 4])
    add(r1, 8)
    data(2, 0x4550)  # cmp(r0, r10)
    bne(SQUARE_WORD)
    bl(SLOT_1)
    b(REDUCE)

    label(SLOT_1)  # r5 becomes the place of slot 1: the modulus and slot 0 lie before it
    mov(r7, r12)
    add(r5, r7, r7)
    add(r5, 24)
    mov(r7, r11)
    add(r5, r5, r7)
    bx(lr)
    label(END)
