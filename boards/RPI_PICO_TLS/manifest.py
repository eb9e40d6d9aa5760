# SPDX-License-Identifier: MIT
# The peer of `make bench`: a Pico with MicroPython's built-in `tls` and nothing of mxtls.

freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
