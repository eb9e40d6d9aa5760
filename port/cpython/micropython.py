# SPDX-License-Identifier: MIT
"""Stand-in for MicroPython's module `micropython`, so that lib/ runs on CPython unchanged."""


def const(value):
    return value


def native(function):
    return function


viper = native


def heap_lock():
    return 0


def heap_unlock():
    return 0


def opt_level(level=0):
    return 0
