@ SPDX-License-Identifier: MIT
@ A stand-in for the boot ROM of the RP2040 (datasheet section 2.8), as much of it as the Pico SDK and MicroPython use:
@ it starts the flash image, and has the table of functions that programs look up by two letters.
@ What writes flash is done by the emulator, at the breakpoints 0xf1 to 0xf3 (flash.mjs).

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .section .vectors, "ax"
    .word 0x20041f00                @ the stack, at the end of RAM
    .word reset + 1
    .word stop + 1                  @ NMI
    .word stop + 1                  @ HardFault
    .byte 'M', 'u', 1, 3            @ 0x10: magic number, version 3 (RP2040 B2)
    .hword functions                @ 0x14: datasheet section 2.8.3
    .hword data
    .hword lookup + 1
    .hword 0

    .text

    .macro function name
    .thumb_func
    .global \name
\name:
    .endm

function reset                      @ no boot from USB: straight into the image's second stage, which finds lr = 0
    ldr r0, =0x20041f00
    mov sp, r0
    movs r0, #0
    mov lr, r0
    ldr r0, =0x10000001
    bx r0

function stop
    bkpt #0xff
    b stop

function lookup                     @ r0 table, r1 code: the function or datum, 0 where there is none
1:  ldrh r2, [r0]
    cmp r2, r1
    beq 2f
    adds r0, #4
    cmp r2, #0
    bne 1b
    movs r0, #0
    bx lr
2:  ldrh r0, [r0, #2]
    bx lr

function flash_nothing              @ connecting to the chip, leaving XIP, flushing the cache: nothing to do
    bx lr

function flash_erase                @ r0 offset, r1 bytes
    bkpt #0xf1
    bx lr

function flash_program              @ r0 offset, r1 data, r2 bytes
    bkpt #0xf2
    bx lr

function usb_boot
    bkpt #0xf3
    b usb_boot

function rom_memcpy                 @ r0 to, r1 from, r2 bytes: r0 stays
    push {r0, r4, r5, r6, lr}
    mov r3, r0
    orrs r3, r1
    lsls r3, #30
    bne 5f                          @ not aligned: bytes
    subs r2, #16
    blo 2f
1:  ldmia r1!, {r3-r6}
    stmia r0!, {r3-r6}
    subs r2, #16
    bhs 1b
2:  adds r2, #12
    blt 4f
3:  ldmia r1!, {r3}
    stmia r0!, {r3}
    subs r2, #4
    bge 3b
4:  adds r2, #4
5:  cmp r2, #0
    beq 7f
    movs r4, #0
6:  ldrb r3, [r1, r4]
    strb r3, [r0, r4]
    adds r4, #1
    cmp r4, r2
    bne 6b
7:  pop {r0, r4, r5, r6, pc}

function rom_memset                 @ r0 to, r1 byte, r2 bytes: r0 stays
    push {r0, r4, lr}
    uxtb r1, r1
    lsls r3, r0, #30
    bne 5f                          @ not aligned: bytes
    lsls r3, r1, #8
    orrs r1, r3
    lsls r3, r1, #16
    orrs r1, r3
    mov r3, r1
    subs r2, #8
    blo 2f
1:  stmia r0!, {r1, r3}
    subs r2, #8
    bhs 1b
2:  adds r2, #8
5:  cmp r2, #0
    beq 7f
6:  subs r2, #1
    strb r1, [r0, r2]
    bne 6b
7:  pop {r0, r4, pc}

function rom_clz32                  @ leading zeros
    movs r1, #32
    cmp r0, #0
    beq 9f
    movs r1, #0
    .irp half, 16, 8, 4, 2
    lsrs r2, r0, #(32 - \half)
    bne 1f
    adds r1, #\half
    lsls r0, #\half
1:
    .endr
    cmp r0, #0
    blt 9f
    adds r1, #1
9:  mov r0, r1
    bx lr

function rom_ctz32                  @ trailing zeros
    push {lr}
    cmp r0, #0
    bne 1f
    movs r0, #32
    pop {pc}
1:  rsbs r1, r0, #0
    ands r0, r1
    bl rom_clz32
    movs r1, #31
    subs r0, r1, r0
    pop {pc}

    .ltorg
    .align 2

    .macro entry code, what
    .ascii "\code"
    .hword \what
    .endm

functions:                          @ datasheet section 2.8.3.1
    entry P3, __popcountsi2 + 1
    entry R3, rom_reverse32 + 1
    entry L3, rom_clz32 + 1
    entry T3, rom_ctz32 + 1
    entry MS, rom_memset + 1
    entry S4, rom_memset + 1
    entry MC, rom_memcpy + 1
    entry C4, rom_memcpy + 1
    entry UB, usb_boot + 1
    entry IF, flash_nothing + 1
    entry EX, flash_nothing + 1
    entry RE, flash_erase + 1
    entry RP, flash_program + 1
    entry FC, flash_nothing + 1
    entry CX, flash_nothing + 1
    .word 0

data:                               @ datasheet section 2.8.3.2
    entry SF, float_table
    entry SD, double_table
    entry CR, copyright
    entry GR, revision
    .word 0

copyright:
    .asciz "mxtls emulator"
    .align 2
revision:
    .word 0
