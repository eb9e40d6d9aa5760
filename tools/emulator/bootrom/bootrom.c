// SPDX-License-Identifier: MIT
// The boot ROM's floating point (RP2040 datasheet section 2.8.3.2), by way of the compiler's own library: two tables of functions whose
// order the Pico SDK knows (pico/bootrom/sf_table.h). What MicroPython does not use stops the emulator.

#include <stdint.h>

uint32_t rom_reverse32(uint32_t x)
{
    x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
    x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
    x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4;
    x = (x >> 8 & 0x00ff00ff) | (x & 0x00ff00ff) << 8;
    return x >> 16 | x << 16;
}

#define FLOATING_POINT(type, prefix)                                          \
    static type prefix##_add(type a, type b) { return a + b; }                \
    static type prefix##_sub(type a, type b) { return a - b; }                \
    static type prefix##_mul(type a, type b) { return a * b; }                \
    static type prefix##_div(type a, type b) { return a / b; }                \
    static int32_t prefix##_to_int(type a) { return (int32_t)a; }             \
    static uint32_t prefix##_to_uint(type a) { return (uint32_t)a; }          \
    static int64_t prefix##_to_int64(type a) { return (int64_t)a; }           \
    static uint64_t prefix##_to_uint64(type a) { return (uint64_t)a; }        \
    static type prefix##_from_int(int32_t a) { return (type)a; }              \
    static type prefix##_from_uint(uint32_t a) { return (type)a; }            \
    static type prefix##_from_int64(int64_t a) { return (type)a; }            \
    static type prefix##_from_uint64(uint64_t a) { return (type)a; }

FLOATING_POINT(float, f)
FLOATING_POINT(double, d)
static double f_to_double(float a) { return a; }
static float d_to_float(double a) { return (float)a; }

static void missing(void)
{
    __asm volatile("bkpt #0xfe");
}

#define IS(function) (const void *)(function)
#define TABLE(prefix, other)                                                                                         \
    {                                                                                                                \
        [0 ... 31] = IS(missing), [0] = IS(prefix##_add), [1] = IS(prefix##_sub), [2] = IS(prefix##_mul),            \
        [3] = IS(prefix##_div), [7] = IS(prefix##_to_int), [9] = IS(prefix##_to_uint), [11] = IS(prefix##_from_int), \
        [13] = IS(prefix##_from_uint), [23] = IS(prefix##_from_int64), [25] = IS(prefix##_from_uint64),              \
        [27] = IS(prefix##_to_int64), [29] = IS(prefix##_to_uint64), [31] = IS(other),                               \
    }

// The SDK reads the tables' size from the halfword two bytes before them.
const uint16_t tables_size[2] __attribute__((used, section(".rodata.table_size"))) = {0, 32};
const void *const float_table[32] __attribute__((used, section(".rodata.table_float"))) = TABLE(f, f_to_double);
const void *const double_table[32] __attribute__((used, section(".rodata.table_double"))) = TABLE(d, d_to_float);
