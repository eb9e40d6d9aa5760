# SPDX-License-Identifier: MIT
"""Boards whose firmware is not built here: MicroPython's manifestfile.py evaluates their manifests, mpy-cross compiles every file they freeze
for their processor, and the ESP32's port runs over a stand-in for its chip."""

import importlib
import subprocess
import sys

import firmware
import pytest

import targets
from toolchain import MPY_CROSS, Failed, micropython_source

BOARDS = {"ESP32_GENERIC": ("esp32", "xtensawin"), "ESP32_GENERIC_C3": ("esp32", "rv32imc"), "RPI_PICO_W": ("rp2", "armv6m")}
VIPER = ("mxtls/kernels/aes.py", "mxtls_board.py")


def frozen(board, **choices):
    """{name: file} of what a board's manifest freezes, and the names of micropython-lib's packages that it asks for."""
    try:
        tree = micropython_source()
    except Failed as e:
        pytest.skip(str(e))
    sys.path.insert(0, str(tree / "tools"))
    try:
        manifestfile = importlib.import_module("manifestfile")
    finally:
        sys.path.pop(0)
    folder = tree / "ports" / BOARDS[board][0]
    if not (folder / "boards" / "manifest.py").exists():
        pytest.skip("this MicroPython tree has no port %s" % BOARDS[board][0])
    asked = []

    class Manifest(manifestfile.ManifestFile):
        def require(self, name, *_, **__):  # packages of micropython-lib, which the tree does not bring
            asked.append(name)

    manifest = Manifest(manifestfile.MODE_FREEZE, {"MPY_DIR": str(tree), "PORT_DIR": str(folder), "MPY_LIB_DIR": str(tree / "lib"), "BOARD_DIR": ""})
    arguments = "".join(", %s=%r" % pair for pair in choices.items())
    manifest.execute('include("%s"%s)' % (targets.ROOT / "boards" / board / "manifest.py", arguments))
    return {file.target_path: file.full_path for file in manifest.files()}, asked


def test_c_module_links_the_c_kernels():
    """Manifests of newer MicroPythons have c_module(); one that has not says what to do."""
    text = (targets.ROOT / "manifest.py").read_text()
    linked, frozen_ = [], []

    class Options:
        _kwargs = {"tier": "native", "c_module": 1}

    def evaluate(**more):
        exec(compile(text, "manifest.py", "exec"), {"options": Options, "include": frozen_.append, **more})

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(targets.ROOT)
        evaluate(c_module=linked.append)
        assert linked == [str(targets.ROOT / "port" / "native")] and len(frozen_) == 1
        with pytest.raises(SystemExit, match="leave c_module=1 out and build with USER_C_MODULES="):
            evaluate()


@pytest.mark.parametrize("tier", ["viper", "native"])
@pytest.mark.parametrize("board", BOARDS)
def test_what_a_board_freezes_compiles_for_it(board, tier, tmp_path):
    if not MPY_CROSS.exists():
        pytest.skip("no build/bin/mpy-cross here")
    files, asked = frozen(board, profile="client", tier=tier)
    assert "mxtls/session.py" in files and "mxtls_port.py" in files and "asyncio/__init__.py" in files
    assert "bundle-networking" in asked, "the board's own packages stay"
    assert "/port/" not in files["mxtls_port.py"], "staged, not taken from its source"
    native = set()
    for name, path in files.items():
        made = tmp_path / "made.mpy"
        done = subprocess.run([MPY_CROSS, "-march=" + BOARDS[board][1], "-O3", "-o", made, path], capture_output=True, text=True)
        assert done.returncode == 0, name + ": " + done.stderr
        if made.read_bytes()[2] >> 2:
            native.add(name)
    assert "mxtls_board.py" in native and (VIPER[0] in native) == (tier == "viper")


def test_a_pico_w_needs_a_tree_with_its_radios_driver(tmp_path, monkeypatch):
    monkeypatch.setattr(firmware, "micropython_source", lambda: tmp_path)
    with pytest.raises(Failed, match="RPI_PICO_W needs lib/cyw43-driver, .*: set MICROPY_DIR"):
        firmware.build("RPI_PICO_W")


CHIP = """
import sys, os
sys.path[:0] = [%r, %r, %r]

class Stand:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])

radio = {"ble": False, "wifi": False}
class BLE:
    def active(self):
        return radio["ble"]
class WLAN:
    def __init__(self, which):
        pass
    def active(self):
        return radio["wifi"]
sys.modules["bluetooth"] = Stand(BLE=BLE)
sys.modules["network"] = Stand(WLAN=WLAN, STA_IF=0, AP_IF=1)
sys.modules["machine"] = Stand(unique_id=lambda: b"chip")
noise = [os.urandom]
sys.modules["os"] = Stand(urandom=lambda n: noise[0](n))
import mxtls_port as port

def entropy(n):
    b = bytearray(n)
    try:
        port.entropy(b)
    except OSError as e:
        assert not any(b)
        return e.args[0]
    assert n < 16 or len(set(b)) > n // 2
    return bytes(b)

"""


@pytest.fixture
def chip():
    """Runs a text on MicroPython after the ESP32's port was imported there; what it printed."""
    target = targets.UNIX_32_VIPER
    if target.missing():
        pytest.skip(target.missing())

    def run(text):
        paths = [str(targets.ROOT / "port" / name) for name in ("esp32", "boards")]
        script = CHIP % (*paths, str(targets.ROOT / "lib")) + text
        done = subprocess.run([target.binary, "-c", script], capture_output=True, text=True, timeout=60)
        assert not done.stderr, done.stderr
        return done.stdout.splitlines()

    return run


def test_the_esp32_is_seeded_with_a_radio_on(chip):
    said = chip("""
print(entropy(48))
radio["wifi"] = True
a = entropy(48)
radio["wifi"] = False
b = entropy(33)
print(len(a), len(b), a[:33] != b)
""")
    assert said == ["Wi-Fi and Bluetooth are off, so the chip's generator has no noise: turn one on before the first session", "48 33 True"]
    assert chip("radio['ble'] = True\nprint(len(entropy(7)))") == ["7"]


@pytest.mark.parametrize("broken", [
    "lambda n: bytes(n)",
    "lambda n: b'\\xde\\xad\\xbe\\xef' * (n // 4)",
    "lambda n, was=os.urandom(256): was[:n]",  # a block that comes again
    "lambda n, real=noise[0]: real(n - 12) + b'twice so far' [:4] * 3",  # one word three times
])
def test_a_generator_that_repeats_itself_seeds_nothing(broken, chip):
    said = chip("radio['ble'] = True\nnoise[0] = %s\nfirst = entropy(32)\nprint(entropy(32) if len(first) == 32 else first)" % broken)
    assert said == ["the chip's random generator repeats itself"]


def test_the_esp32s_clock_counts_from_2000_or_1970(chip):
    said = chip("""
import time
for epoch, now in ((2000, 0), (2000, 820454400), (1970, 1767139200), (1970, 30)):
    port.time = Stand(time=lambda: now, gmtime=lambda at: (epoch,))
    print(port.unix_time())
""")
    assert said == ["0", "1767139200", "1767139200", "0"]


def test_the_firmwares_tree_leaves_micropythons_as_it_is(tmp_path, monkeypatch):
    tree = tmp_path / "micropython"
    for name in ("py/mpconfig.h", "lib/pico-sdk/README.md", "lib/tinyusb/README.md", "ports/rp2/CMakeLists.txt", "ports/rp2/memmap_mp_rp2040.ld", "stamp"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("*.c.obj\n")
    monkeypatch.setattr(firmware, "micropython_source", lambda: tree)
    monkeypatch.setattr(firmware, "TREE", tmp_path / "rp2")
    assert firmware.source() == tmp_path / "rp2"
    assert (tmp_path / "rp2/ports/rp2/memmap_mp_rp2040.ld").read_text() == "*.c.o*\n"
    assert (tree / "ports/rp2/memmap_mp_rp2040.ld").read_text() == (tree / "stamp").read_text() == "*.c.obj\n"
    stamp = (tmp_path / "rp2" / "stamp").read_text()
    assert firmware.source() and (tmp_path / "rp2" / "stamp").read_text() == stamp


def test_the_command_line_of_make(monkeypatch):
    """What `make firmware` passes on: options come last."""
    asked = []

    def build(*arguments, **more):
        asked.append((arguments, more))
        raise Failed("enough")

    monkeypatch.setattr(firmware, "build", build)
    assert firmware.main("RPI_PICO --profile client --tier viper USE_PEM=0 USE_DTLS=1 --no-examples".split()) == 1
    assert firmware.main("--tier thumb".split()) == 1
    assert asked == [(("RPI_PICO", "client", "viper", {"USE_PEM": 0, "USE_DTLS": 1}), {"examples": False}),
                     (("RPI_PICO", "default", "thumb", {}), {"examples": True})]
