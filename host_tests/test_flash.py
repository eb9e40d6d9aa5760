# SPDX-License-Identifier: MIT
"""tools/flash.py: the right file to the right drive, esptool's words, and one line where either is missing. No board is needed."""

import flash
import pytest


@pytest.fixture
def image(tmp_path, monkeypatch):
    monkeypatch.setattr(flash, "FIRMWARE", tmp_path / "firmware")
    (tmp_path / "firmware").mkdir()
    for name in ("RPI_PICO_TLS.uf2", "RPI_PICO-default-viper.uf2"):
        (tmp_path / "firmware" / name).write_bytes(name.encode())
    (tmp_path / "firmware.bin").write_bytes(b"esp")
    return tmp_path / "firmware.bin"


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """A mounted bootloader beside a stick that is none."""
    monkeypatch.setattr(flash, "MOUNTS", (str(tmp_path / "media" / "*"),))
    monkeypatch.setattr(flash.drive, "__defaults__", (flash.MOUNTS,))
    (tmp_path / "media" / "stick").mkdir(parents=True)
    folder = tmp_path / "media" / "RPI-RP2"
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    return folder


def run(capsys, *arguments):
    return flash.main([str(a) for a in arguments]), capsys.readouterr().out


def test_uf2_goes_to_the_bootloaders_drive(image, drive, capsys):
    assert run(capsys, "RPI_PICO")[0] == 0
    assert [path.name for path in drive.glob("*.uf2")] == ["RPI_PICO-default-viper.uf2"], "another board's newer file is not its"
    assert (drive / "RPI_PICO-default-viper.uf2").read_bytes() == b"RPI_PICO-default-viper.uf2"


def test_a_dry_run_writes_nothing(image, drive, capsys):
    status, said = run(capsys, "RPI_PICO", "--dry-run")
    assert status == 0 and str(drive) in said and not list(drive.glob("*.uf2"))


def test_another_drive_is_refused(image, drive, capsys):
    status, said = run(capsys, "RPI_PICO", "--drive", drive.parent / "stick")
    assert status == 1 and "is not the drive of a RPI_PICO" in said


@pytest.mark.parametrize("board, chip, offset", [("ESP32_GENERIC", "esp32", "0x1000"), ("ESP32_GENERIC_C3", "esp32c3", "0x0")])
def test_esptools_words(board, chip, offset, image, capsys):
    status, said = run(capsys, board, "--port", "/dev/ttyUSB0", "--firmware", image, "--dry-run")
    assert status == 0
    assert said.split()[1:] == ["-m", "esptool", "--chip", chip, "--port", "/dev/ttyUSB0", "--baud", "460800", "write_flash", "-z", offset, str(image)]


def test_what_is_missing_is_one_line(image, capsys, monkeypatch):
    monkeypatch.setattr(flash.drive, "__defaults__", ((),))
    for arguments, line in ((("RPI_PICO",), "no drive RPI-RP2 is mounted"), (("RPI_PICO_W",), "run `make firmware BOARD=RPI_PICO_W`"),
                            (("RPI_PICO", "--firmware", "absent.uf2"), "there is no firmware file"), (("Z80",), "there is no board Z80"),
                            (("ESP32_GENERIC", "--firmware", image), "give PORT=")):
        status, said = run(capsys, *arguments)
        assert status == 1 and line in said and len(said.splitlines()) == 1, said
