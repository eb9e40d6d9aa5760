# SPDX-License-Identifier: MIT
# What a Raspberry Pi Pico freezes: the port's own modules, asyncio, and mxtls. The board is MicroPython's RPI_PICO, unchanged.
# tools/firmware.py includes this with the choices of `make firmware`.

freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
include("../../manifest.py", platform="rp2", **options._kwargs)
