# SPDX-License-Identifier: MIT
# `make` lists what there is. Each command sets up what it needs first; build/ holds everything that is made.
#   MICROPY_DIR=path   use this MicroPython tree instead of Debian's source package
#   ARCH=armv6m        what `make natmod` builds for, default all
#   TESTS="…"          what `make test` runs (pytest arguments), default all of host_tests
#   BOARD=RPI_PICO     what `make firmware` and `make emulate` are for; with PROFILE=default, TIER=native, OPTIONS="USE_X=0 …", EXAMPLES=0
#   UART0=PORT         what the emulated board's UART connects to, or UART0=listen:PORT; UART1 likewise
#   PORT=…             the board that `make deploy` and `make flash` talk to, as `mpremote connect` takes it; FILES="…" are copied too, with EXAMPLES=1 client.py and server.py
#   FIRMWARE=file      what `make flash` writes, default the newest of BOARD; DRIVE=folder, DRY=1 only says what it would do

.DEFAULT_GOAL := help
.PHONY: help setup demo test vectors size bench docs natmod firmware emulate flash deploy package
PYTHON ?= python3
VENV := build/venv/bin/python
BOARD ?= RPI_PICO
PROFILE ?= default
TIER ?= native
WITH_EXAMPLES = $(if $(filter 1,$(EXAMPLES)),--examples)
NO_EXAMPLES = $(if $(filter 0,$(EXAMPLES)),--no-examples)
# Of files the default tier is another than of firmware
ASKED = --profile $(PROFILE) $(if $(filter command environment,$(origin TIER)),--tier $(TIER))
export MICROPY_DIR

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14
	@sed -n 's/^#   \([A-Z_0-9]*=.*\)/     \1/p' $(firstword $(MAKEFILE_LIST))

setup: ## toolchain and Python environment, in build/ (about two minutes, then seconds)
	@command -v $(PYTHON) >/dev/null || { echo "setup: needs python3: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) tools/toolchain.py setup

demo: ## a verified page from openssl, in a 64 KB heap; sets up what that needs
	@command -v $(PYTHON) >/dev/null || { echo "demo: needs python3: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) tools/toolchain.py setup demo
	@$(VENV) tools/demo.py

test: setup ## all tests
	@$(VENV) tools/toolchain.py test $(TESTS)

vectors: setup ## every external vector on every interpreter, tier and emulated board: hours; of these `make test` runs a sample
	@MXTLS_ALL_VECTORS=1 $(VENV) tools/toolchain.py test host_tests/test_portable.py host_tests/test_boards.py host_tests/test_constant_time_boards.py

size: setup ## frozen bytes of each profile, and what each option saves
	@$(VENV) tools/size.py

bench: setup ## speed and memory beside the peers
	@$(VENV) tools/bench.py

docs: setup ## the documentation as a site, build/site; a dead link is an error
	@NO_MKDOCS_2_WARNING=1 $(VENV) -m mkdocs build --strict && echo "docs: open build/site/index.html"

natmod: setup ## the C kernels as a file for a board: dist/<arch>/mxtls_native.mpy
	@$(VENV) tools/natmod.py $(ARCH)

firmware: setup ## a UF2 file for BOARD, mxtls frozen in
	@$(VENV) tools/firmware.py $(BOARD) --profile $(PROFILE) --tier $(TIER) $(OPTIONS) $(NO_EXAMPLES)

emulate: setup ## an emulated BOARD to talk to
	@$(VENV) tools/emulate.py $(BOARD) --profile $(PROFILE) --tier $(TIER) $(OPTIONS) $(NO_EXAMPLES) $(UART0:%=--uart0 %) $(UART1:%=--uart1 %)

flash: setup ## firmware onto BOARD: a UF2 file to its bootloader's drive, or esptool at PORT
	@$(VENV) tools/flash.py $(BOARD) $(PORT:%=--port %) $(DRIVE:%=--drive %) $(FIRMWARE:%=--firmware %) $(DRY:%=--dry-run)

deploy: setup ## mxtls and FILES onto the running board at PORT, as .mpy files; TIER=viper or natmod
	@$(VENV) tools/deploy.py $(PORT) $(OPTIONS) $(ASKED) $(WITH_EXAMPLES) --files $(FILES)

package: setup ## the same as dist/<arch>/package.json for mpremote mip install, of ARCH=armv6m
	@$(VENV) tools/deploy.py --package $(OPTIONS) $(ASKED) $(WITH_EXAMPLES) $(ARCH:%=--arch %) $(PLATFORM:%=--platform %)
