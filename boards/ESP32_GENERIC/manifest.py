# SPDX-License-Identifier: MIT
# What an ESP32 freezes: all that MicroPython's own firmware for it does, and mxtls. The board is MicroPython's ESP32_GENERIC, unchanged.
# docs/boards.md shows how ESP-IDF's build takes it.

include("$(PORT_DIR)/boards/manifest.py")
include("../../manifest.py", platform="esp32", **options._kwargs)
