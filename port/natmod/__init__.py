# SPDX-License-Identifier: MIT
"""The kernels in C from the file mxtls_native.mpy beside the firmware. Where that is missing or of another kind, one line says so
and the kernels below soft/, which have the same names, serve instead: this package's path is chosen here, once."""

try:
    from mxtls_native import VERSION

    _wrong = "is of another mxtls" if VERSION != 4 else ""
except ImportError:
    _wrong = "is not there"
except ValueError:  # "incompatible .mpy": MicroPython's word for both
    _wrong = "is for another processor or another MicroPython"
except MemoryError:
    _wrong = "does not fit the heap"
if _wrong:
    print("mxtls: mxtls_native.mpy %s, so the slower kernels serve: copy dist/<arch>/mxtls_native.mpy of this mxtls to the board" % _wrong)
    __path__ += "/soft"  # noqa: F821  MicroPython's is a string
