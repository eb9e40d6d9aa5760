/* SPDX-License-Identifier: MIT
 * Moving, mixing and wiping bytes, and the few that each record has. */

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

void mxtls_record_header(uint8_t header[5], uint32_t kind, uint32_t version, uint32_t n) {
    header[0] = (uint8_t)kind;
    header[1] = (uint8_t)(version >> 8);
    header[2] = (uint8_t)version;
    header[3] = (uint8_t)(n >> 8);
    header[4] = (uint8_t)n;
}

int mxtls_record_count(uint8_t number[8]) {
    int i = 7;
    while (number[i] == 255) {
        if (i == 0) {
            return 0;
        }
        i--;
    }
    number[i]++;
    while (i < 7) {
        number[++i] = 0;
    }
    return 1;
}
