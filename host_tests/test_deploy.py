# SPDX-License-Identifier: MIT
"""tools/deploy.py: packages for every architecture, refusals in one line, and a board whose firmware has no mxtls: the package installed by
mpremote, mended by deploy(), provisioned, and a handshake with openssl over its UART."""

import json
import subprocess
from pathlib import Path

import deploy
import emulate
import firmware
import on_board
import pki
import provision
import pytest

from steps import Failed
from toolchain import MPY_CROSS

CLIENT = Path(__file__).with_name("board_client.py")
EVERY_ARCH = [arch for arch in deploy.ARCHES if arch not in ("x86", "rv64imc")]  # one needs no board, the other is newer than the oldest mpy-cross


@pytest.fixture(autouse=True)
def compiler():
    if not MPY_CROSS.exists():
        pytest.skip("no build/bin/mpy-cross here")


@pytest.fixture
def dist(tmp_path, monkeypatch):
    """Packages go elsewhere: parallel tests make others."""
    monkeypatch.setattr(deploy.natmod, "DIST", tmp_path)
    return tmp_path


@pytest.mark.parametrize("arch", EVERY_ARCH)
def test_a_package_for_each_architecture(arch, dist):
    platform = deploy.PLATFORM.get(arch, "unix")
    files = deploy.package(arch, "one-suite", platform=platform)
    urls = json.loads((dist / (arch or "any") / "package.json").read_text())["urls"]
    assert [name for name, _ in urls] == sorted(files) and "mxtls/session.mpy" in files
    kernels = 0
    for name, url in urls:
        head = (dist / (arch or "any") / url).read_bytes()[:3]
        assert head[:2] == b"M\x06" and deploy.ARCHES[head[2] >> 2] in (None, arch), name
        kernels += head[2] >> 2 > 0
    assert (kernels > 0) == (deploy.best_tier(arch) == "viper")


def test_what_a_package_no_longer_holds_goes(dist):
    everything = deploy.package("armv6m", "default", examples=True).keys()
    assert {"client.mpy", "server.mpy", "common.mpy", "uart.mpy"} <= everything
    small = deploy.package("armv6m", "one-suite").keys()
    there = {str(path.relative_to(dist / "armv6m")) for path in (dist / "armv6m").rglob("*.mpy")}
    assert there == small and len(small) < len(everything)


@pytest.mark.parametrize("arch, tier, platform, line", [
    ("armv6m", "native", None, "choose natmod"),
    ("armv6m", "fast", None, "there is no tier fast"),
    ("x64", "viper", None, "choose pure for x64"),
    ("rv32imc", "thumb", None, "tier thumb is for ARM"),
    (None, "viper", "unix", "choose the tier pure"),
    ("armv7em", None, None, "name a folder of port/"),
    ("xtensawin", "natmod", None, "no mxtls_native.mpy is built for xtensawin"),
])
def test_what_cannot_be_packed_is_refused(arch, tier, platform, line, dist):
    with pytest.raises(Failed, match=line) as raised:
        deploy.package(arch, "one-suite", tier, platform=platform)
    assert len(str(raised.value).splitlines()) == 1


def test_another_version_of_mpy_is_refused(dist):
    files = deploy.package("armv6m", "one-suite")
    version = files["mxtls/kernels/aes.mpy"].read_bytes()[1:3]
    deploy.check_abi(files, (version[0], version[1] & 3))
    with pytest.raises(Failed, match="the board takes .mpy files of version 5.0"):
        deploy.check_abi(files, (5, 0))
    with pytest.raises(Failed, match="MICROPY_DIR"):
        deploy.check_abi(files, (version[0], version[1] & 3 ^ 1))


def test_no_board_is_one_line():
    with pytest.raises(Failed, match="mpremote at socket://127.0.0.1:1") as raised:
        deploy.deploy("socket://127.0.0.1:1")
    assert len(str(raised.value).splitlines()) == 1


def test_a_board_from_nothing_to_a_handshake(dist, tmp_path):
    try:
        emulate.setup()
        image = firmware.build("RPI_PICO_TLS")
    except Failed as e:
        pytest.skip("no emulated board here: %s" % str(e).splitlines()[0])
    chain = pki.chain(key="p256", names=["localhost"], intermediates=0).write(tmp_path)
    port = emulate.free_port()
    server = subprocess.Popen(["openssl", "s_server", "-accept", str(port), "-cert", "chain.pem", "-key", "key.pem", "-tls1_2", "-rev", "-quiet"],
                              cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    choice = {"profile": "one-suite", "options": {"USE_PEM": 0}}
    try:
        with emulate.Board(image, uart0=port) as board:
            with board.lent() as repl:
                at = "socket://127.0.0.1:%d" % repl
                deploy.package("armv6m", **choice)
                on_board.mpremote(at, ["mip", "install", dist / "armv6m" / "package.json"])
                on_board.ask(at, "for n in ('errors.py', 'codes.mpy'): open('/lib/mxtls/' + n, 'w').close()")
                further = tmp_path / "note.txt"
                further.write_text("mine")
                assert deploy.deploy(at, **choice, further=[further])[:2] == (["mxtls/codes.mpy"], ["/lib/mxtls/errors.py"])
                assert provision.main(["--roots", chain.root_path, "--out", str(tmp_path / "device"), "--port", at]) == 0
            board.set_clock()
            assert board.exec("import os; print(sorted(os.listdir('/')))") == "['lib', 'note.txt', 'roots.der']\n"
            board.exec("import mxtls_board\nfed = []\nmxtls_board.pause = lambda: fed.append(1)")
            assert board.exec(CLIENT.read_text().replace("root.der", "roots.der"), 120) == "verified\nDRAOB A MORF\n"
            assert int(board.exec("print(len(fed))")) > 8, "before each message, and before each computation with a curve"
    finally:
        server.kill()
        server.wait()
