# SPDX-License-Identifier: MIT
# The C kernels as a user module of a port built with make: `make -C ports/unix USER_C_MODULES=…/mxtls/port`.
# MXTLS_FUNCTIONS=… is the path of a header that tools/native_functions.py made: link only the kernels that it names.

MXTLS_NATIVE_DIR := $(USERMOD_DIR)

SRC_USERMOD_C += $(MXTLS_NATIVE_DIR)/mxtls_native.c
SRC_USERMOD_LIB_C += $(filter-out %/mxtls_native.c, $(wildcard $(MXTLS_NATIVE_DIR)/*.c))
CFLAGS_USERMOD += -I$(MXTLS_NATIVE_DIR)
ifneq ($(MXTLS_FUNCTIONS),)
CFLAGS_USERMOD += -DMXTLS_FUNCTIONS='"$(MXTLS_FUNCTIONS)"'
endif
