# SPDX-License-Identifier: MIT
"""A Pico's firmware on the emulated board: it boots, mxtls is in it, sessions talk to each other, without entropy nothing starts, frozen
kernels compute what the pure tier does, and the C kernels come from a file. test_board_examples.py has openssl at the other end."""

import sys
from pathlib import Path

import pki
import pytest

from targets import CPYTHON, ROOT, run

sys.path.insert(0, str(ROOT / "tools"))
import emulate  # noqa: E402
import firmware  # noqa: E402
import natmod  # noqa: E402
from raw_repl import BoardError  # noqa: E402

from steps import Failed  # noqa: E402

KERNELS = Path(__file__).with_name("board_kernels.py")
SCRIPTS = [ROOT / "tools" / "bench" / name for name in ("board_counter.py", "board_mx.py")]


def built(tier):
    """A firmware of that tier."""
    try:
        emulate.setup()
        return firmware.build("RPI_PICO", "default", tier, apart=True)
    except Failed as e:
        pytest.skip("no emulated board here: %s" % str(e).splitlines()[0])


@pytest.fixture(scope="module")
def image():
    return built("viper")


@pytest.fixture(scope="module")
def chain():
    return pki.chain(key="p256", names=["localhost"], intermediates=0)


@pytest.fixture
def board(image):
    with emulate.Board(image) as board:
        board.set_clock()
        yield board


def put_chain(board, chain):
    for name, data in (("ecdsa.ca", chain.root_der), ("ecdsa.crt", chain.chain_ders[0]),
                       ("ecdsa.key", chain.private_bytes(encoding=pki.serialization.Encoding.DER))):
        board.put(name, data)


def test_repl(board):
    assert board.exec("print(6 * 7)") == "42\n"
    with pytest.raises(BoardError, match="ZeroDivisionError") as raised:
        board.exec("print('before')\n1 / 0")
    assert raised.value.output == "before\n"
    with pytest.raises(BoardError, match="SyntaxError"):
        board.exec("1 2\n" * 500)
    with pytest.raises(BoardError, match="in time"):
        board.exec("while True: pass", timeout=0.5)


def test_firmware(board):
    assert board.exec("import sys, mxtls; print(sys.implementation._machine, mxtls.ClientSession)").startswith("Raspberry Pi Pico with RP2040 ")
    assert board.exec("import mxtls_port, time; print(abs(mxtls_port.unix_time() - time.time()) < 2)") == "True\n"


@pytest.mark.parametrize("tier", ["viper", "thumb", "native"])
def test_kernels_are_frozen_right(image, tier):
    """The GCM specification's second case and RFC 7748's first: machine code that is frozen at an odd place computes something else."""
    with emulate.Board(firmware.build("RPI_PICO", "default", tier, apart=True)) as board:
        said = board.exec("""
from binascii import hexlify, unhexlify
from mxtls.crypto.gcm import Gcm
from mxtls.kernels.x25519 import x25519
buf = bytearray(32)
Gcm(bytes(16)).seal(bytes(12), buf, 0, 16)
print(hexlify(buf).decode())
x25519(buf, unhexlify("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
       unhexlify("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))
print(hexlify(buf).decode())
""", timeout=60)
    assert said.split() == ["0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf",
                            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"]


def test_clock_never_set(image):
    with emulate.Board(image) as board:
        assert board.exec("import mxtls_port; print(mxtls_port.unix_time())") == "0\n"


def test_files_outlive_the_emulator(image, tmp_path):
    data = bytes(range(256)) * 5
    with emulate.Board(image, flash=tmp_path / "flash") as board:
        board.put("/data.bin", data)
    with emulate.Board(image, flash=tmp_path / "flash") as board:
        assert board.exec("import hashlib; print(open('/data.bin', 'rb').read() == bytes(range(256)) * 5)") == "True\n"


def test_cycles_are_those_of_rp2040js(image):
    """Our processor counts as the package's own does: over bytecode, a viper kernel, C, and interrupts of the USB port."""
    counts = []
    for slow in (False, True):
        with emulate.Board(image, slow=slow) as board:
            board.exec("from mxtls.kernels.sha256 import sha256_blocks\nimport hashlib\nb = bytearray(256); s = bytearray(96)\n"
                       "def f():\n for i in range(300): b[i & 255] ^= i * i & 255")
            counts.append([board.cycles(call) for call in ("f()", "sha256_blocks(s, b, 0, 4)", "hashlib.sha256(b).digest()", "pow(3, 1001, 2**127 - 1)")])
    assert counts[0] == counts[1]


def test_handshake_between_two_sessions(board, chain):
    put_chain(board, chain)
    for script in SCRIPTS:
        board.exec(script.read_text())
    board.exec("client, server = handshake(*certificates('ecdsa'), suite=0xC02B, server_name='localhost')", 120)
    board.exec("c = client.session; s = server.session")
    assert board.exec("print(hex(c.cipher_suite), hex(s.version), c.anonymous)") == "0xc02b 0x303 False\n"
    board.exec("c.encode_to_outdata(b'from the client'); server.take(client)")
    assert board.exec("print(bytes(s.plaintext)); s.processed_data()") == "b'from the client'\n"
    board.exec("s.encode_to_outdata(b'from the server'); client.take(server)")
    assert board.exec("print(bytes(c.plaintext))") == "b'from the server'\n"


def test_no_entropy_no_session(image):
    with emulate.Board(image, rosc="stuck") as board:
        with pytest.raises(BoardError, match="no entropy"):
            board.exec("import mxtls.crypto.drbg as drbg\ndrbg.random_into(bytearray(32), 0, 32)")


def test_entropy(board):
    """Every call gives other bytes, of any length, and the health tests refuse what is not random."""
    board.exec("import mxtls_port as port, os\na, b = bytearray(48), bytearray(33)\nport.entropy(a); port.entropy(b)")
    assert board.exec("print(a[:33] != b, len(set(a)) > 20, len(set(b)) > 15)") == "True True True\n"
    health = {
        "os.urandom(256)": 1,
        "bytes(256)": 0,  # stuck
        "bytes(16) + os.urandom(240)": 0,  # stuck for 128 samples
        "os.urandom(100) + bytes(14) + os.urandom(142)": 1,  # 112 samples, which may be chance
        "bytes([85]) * 256": 1,  # alternates: neither test of SP 800-90B sees it; the conditioning of 2048 samples is for that
        "bytes([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4]) * 18 + bytes(4)": 0,  # biased beyond the entropy that is claimed
    }
    for data, good in health.items():
        assert board.exec("print(port._healthy(%s, 256))" % data) == "%d\n" % good, data


@pytest.mark.parametrize("tier", ["viper", "thumb"])
def test_frozen_kernels_compute_what_the_pure_tier_does(tier):
    wanted = run(CPYTHON, KERNELS).stdout
    assert len(wanted.splitlines()) == 5
    with emulate.Board(built(tier)) as board:
        assert board.exec(KERNELS.read_text(), 120) == wanted


def test_c_kernels_from_a_file():
    """Without the file one line says so and viper serves; with it that line is absent, and the kernels are C."""
    image = built("natmod")
    try:
        file = natmod.natmod("armv6m").read_bytes()
    except Failed as e:
        pytest.skip(str(e))
    line = "mxtls: mxtls_native.mpy is not there, so the slower kernels serve: copy dist/<arch>/mxtls_native.mpy of this mxtls to the board\n"
    with emulate.Board(image) as board:
        for said, native in ((line, False), ("", True)):
            assert board.exec("import sys, mxtls.kernels.aes") == said
            assert board.exec("print('mxtls_native' in sys.modules)") == "%s\n" % native
            for script in SCRIPTS:
                board.exec(script.read_text())
            figures = board.exec("measure_psk(0x00A8, 'gcm')", 120)
            assert figures.split()[:2] == ["psk", "gcm:"]
            board.put("mxtls_native.mpy", file)
            board.soft_reset()
