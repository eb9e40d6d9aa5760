# SPDX-License-Identifier: MIT
# The C kernels as a user module of a port built with CMake (rp2, esp32): -DUSER_C_MODULES=…/mxtls/port/native/micropython.cmake
# -DMXTLS_FUNCTIONS=… is the path of a header that tools/native_functions.py made: link only the kernels that it names.

file(GLOB MXTLS_NATIVE_SOURCES ${CMAKE_CURRENT_LIST_DIR}/*.c)

add_library(usermod_mxtls_native INTERFACE)
target_sources(usermod_mxtls_native INTERFACE ${MXTLS_NATIVE_SOURCES})
target_include_directories(usermod_mxtls_native INTERFACE ${CMAKE_CURRENT_LIST_DIR})
if(MXTLS_FUNCTIONS)
    set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/mxtls_native.c PROPERTIES COMPILE_DEFINITIONS MXTLS_FUNCTIONS="${MXTLS_FUNCTIONS}")
endif()
target_link_libraries(usermod INTERFACE usermod_mxtls_native)
