# SPDX-License-Identifier: MIT
"""What a board's manifest includes to freeze mxtls, with its choices:

    include("/path/to/mxtls/manifest.py", profile="client", tier="viper", platform="unix", USE_PEM=0)

profile: default everything client server one-suite; tier: pure viper thumb native (C in the firmware) natmod natmod-64 (C from a file); platform: a folder of port/;
examples=1 freezes client.py and server.py too. apart=1 leaves each module a file of its own, for who looks into the library: it takes more heap
and flash. c_module=1 with tier="native" links the C kernels by MicroPython's own c_module(), where it has that;
otherwise name them in USER_C_MODULES. docs/configuration.md lists the options and their bytes.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.getcwd(), "tools"))
from configure import folder_for, stage  # noqa: E402

choices = dict(options._kwargs)  # noqa: F821  MicroPython hands every keyword over in it
place = {
    "tier": choices.pop("tier", "viper"),
    "platform": choices.pop("platform", "unix"),
    "profile": choices.pop("profile", "default"),
    "examples": choices.pop("examples", 0),
}
if choices.pop("c_module", 0):
    if "c_module" not in globals():
        raise SystemExit("error: this MicroPython's manifests have no c_module(): leave c_module=1 out and build with USER_C_MODULES=%s/port" % os.getcwd())
    c_module(os.path.join(os.getcwd(), "port", "native"))  # noqa: F821
apart = choices.pop("apart", 0)
folder = folder_for(choices, **place)
if apart:
    folder = folder.with_name(folder.name + "-apart")
stage(choices, out=folder, apart=apart, **place)
include(str(folder / "manifest.py"))  # noqa: F821
