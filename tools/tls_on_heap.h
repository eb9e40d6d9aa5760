// SPDX-License-Identifier: MIT
// Puts the memory of MicroPython's built-in `tls` (mbedtls) on the garbage-collected heap, as boards have it;
// the unix port would use malloc, and `-X heapsize` would then say nothing about it.
// tools/toolchain.py forces this file into every unit of the peers micropython-*-tls (gcc -include).
#include <stddef.h>

#define MICROPY_TRACKED_ALLOC (1)
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_STD_CALLOC m_tracked_calloc
#define MBEDTLS_PLATFORM_STD_FREE m_tracked_free

void *m_tracked_calloc(size_t nmemb, size_t size);
void m_tracked_free(void *ptr);
