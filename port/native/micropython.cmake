# SPDX-License-Identifier: MIT
# The C kernels as a user module of a port built with CMake (rp2, esp32): -DUSER_C_MODULES=…/mxtls/port/native/micropython.cmake

file(GLOB MXTLS_NATIVE_SOURCES ${CMAKE_CURRENT_LIST_DIR}/*.c)

add_library(usermod_mxtls_native INTERFACE)
target_sources(usermod_mxtls_native INTERFACE ${MXTLS_NATIVE_SOURCES})
target_include_directories(usermod_mxtls_native INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(usermod INTERFACE usermod_mxtls_native)
