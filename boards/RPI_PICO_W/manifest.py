# SPDX-License-Identifier: MIT
# What a Raspberry Pi Pico W freezes: all that MicroPython's own firmware for it does, and mxtls. The board is MicroPython's RPI_PICO_W,
# unchanged. docs/boards.md says what its firmware is built from.

include("$(PORT_DIR)/boards/RPI_PICO_W/manifest.py")
include("../../manifest.py", platform="rp2", **options._kwargs)
