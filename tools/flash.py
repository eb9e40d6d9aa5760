#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Firmware onto a board, `make flash BOARD=…`: a UF2 file to the drive that an RP2040's bootloader shows, or an ESP32's image by esptool.

    tools/flash.py RPI_PICO [--port /dev/ttyACM0] [--drive FOLDER]         build/firmware's newest for that board, or --firmware FILE
    tools/flash.py ESP32_GENERIC --port /dev/ttyUSB0 --firmware firmware.bin
--dry-run only says what would be done.
"""

import argparse
import glob
import importlib.util
import shutil
import subprocess
import sys
import time
from pathlib import Path

import on_board

from steps import BUILD, Failed, say

FIRMWARE = BUILD / "firmware"
UF2_BOARDS = {"RPI_PICO": "RPI-RP2", "RPI_PICO_TLS": "RPI-RP2", "RPI_PICO_W": "RPI-RP2"}  # what INFO_UF2.TXT calls them
ESP_BOARDS = {"ESP32_GENERIC": ("esp32", "0x1000"), "ESP32_GENERIC_C3": ("esp32c3", "0x0")}  # the chip, where its flash begins to boot
MOUNTS = ("/media/*", "/media/*/*", "/run/media/*/*", "/mnt/*", "/Volumes/*")
_WAIT = 20  # seconds until the drive of a board that was sent to its bootloader appears


def image_of(board, given=None):
    """The firmware file: what is given, or the newest that was built for that board."""
    if given:
        if not Path(given).is_file():
            raise Failed("there is no firmware file %s" % given)
        return Path(given)
    made = [path for path in FIRMWARE.glob(board + "*.uf2") if path.stem.removeprefix(board)[:1] in ("", "-")]
    if not made:
        raise Failed("there is no firmware for %s in build/firmware: run `make firmware BOARD=%s`, or give FIRMWARE=file" % (board, board))
    return max(made, key=lambda path: path.stat().st_mtime)


def drive(name, mounts=MOUNTS):
    """The folder of a bootloader's drive whose INFO_UF2.TXT has that name, or None."""
    for pattern in mounts:
        for folder in glob.glob(pattern):
            info = Path(folder) / "INFO_UF2.TXT"
            try:
                if name in info.read_text():
                    return Path(folder)
            except OSError:
                continue
    return None


def esptool(board, port, image):
    """The words of esptool's command line."""
    chip, offset = ESP_BOARDS[board]
    return [sys.executable, "-m", "esptool", "--chip", chip, "--port", port, "--baud", "460800", "write_flash", "-z", offset, str(image)]


def flash_esp(board, port, image, dry_run):
    if not port:
        raise Failed("esptool needs the board's port: give PORT=/dev/ttyUSB0")
    command = esptool(board, port, image)
    say(" ".join(command))
    if dry_run:
        return
    if not importlib.util.find_spec("esptool"):
        raise Failed("there is no esptool: install it with build/venv/bin/python -m pip install esptool")
    if subprocess.run(command).returncode:
        raise Failed("esptool failed: hold BOOT while you press EN, and try again")


def flash_uf2(board, port, image, folder, dry_run):
    name = UF2_BOARDS[board]
    if folder and name not in _info(folder):
        raise Failed("%s is not the drive of a %s in its bootloader: INFO_UF2.TXT does not say %s" % (folder, board, name))
    if port and not dry_run:
        on_board.mpremote(port, ["bootloader"])
    until = time.monotonic() + (_WAIT if port and not dry_run else 0)
    folder = folder or drive(name)
    while not folder and time.monotonic() < until:
        time.sleep(0.5)
        folder = drive(name)
    if not folder and not dry_run:
        raise Failed("no drive %s is mounted: hold BOOTSEL while you plug the board in, or give DRIVE=folder" % name)
    say("%s -> %s" % (image, folder or "the drive %s, when it is mounted" % name))
    if folder and not dry_run:
        shutil.copyfile(image, Path(folder) / image.name)


def _info(folder):
    try:
        return (Path(folder) / "INFO_UF2.TXT").read_text()
    except OSError:
        return ""


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("board", help=" ".join([*UF2_BOARDS, *ESP_BOARDS]))
    parser.add_argument("--port", help="of the board, for esptool; an RP2040 at it is sent to its bootloader")
    parser.add_argument("--drive", help="where the bootloader's drive is mounted")
    parser.add_argument("--firmware", help="a .uf2 or .bin file")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    given = parser.parse_args(arguments)
    try:
        if given.board not in UF2_BOARDS and given.board not in ESP_BOARDS:
            raise Failed("there is no board %s: choose %s" % (given.board, ", ".join([*UF2_BOARDS, *ESP_BOARDS])))
        image = image_of(given.board, given.firmware)
        if given.board in ESP_BOARDS:
            flash_esp(given.board, given.port, image, given.dry_run)
        else:
            flash_uf2(given.board, given.port, image, given.drive, given.dry_run)
    except Failed as e:
        say("flash: %s" % e)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
