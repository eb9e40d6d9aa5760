// SPDX-License-Identifier: MIT
// RPI_PICO with the built-in tls (mbedtls), which MicroPython leaves out where there is no network.
#define MICROPY_HW_BOARD_NAME           "Raspberry Pi Pico with the built-in tls"
#define MICROPY_HW_FLASH_STORAGE_BYTES  (1024 * 1024)
#define MICROPY_PY_SSL                  (1)
#define MICROPY_PY_WEBSOCKET            (0)
