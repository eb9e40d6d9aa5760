/* SPDX-License-Identifier: MIT
 * Moving, mixing and wiping bytes. */

#include "mxtls_native.h"

void mxtls_copy(uint8_t *dst, const uint8_t *src, size_t n) {
    if ((uintptr_t)dst - (uintptr_t)src >= n) { /* dst lies before src, or behind its end */
        for (size_t i = 0; i < n; i++) {
            dst[i] = src[i];
        }
    } else {
        while (n--) {
            dst[n] = src[n];
        }
    }
}

void mxtls_mix(uint8_t *dst, const uint8_t *src, size_t n) {
    for (size_t i = 0; i < n; i++) {
        dst[i] ^= src[i];
    }
}

void mxtls_wipe(uint8_t *buf, size_t n) {
    volatile uint8_t *p = buf; /* stores that the compiler must not drop */
    while (n--) {
        *p++ = 0;
    }
}
