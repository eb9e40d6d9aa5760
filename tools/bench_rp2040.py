#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The RP2040's part of `make bench`: handshakes, records and kernels on an emulated Pico, in processor cycles, tier by tier.

    build/venv/bin/python tools/bench_rp2040.py [--tier viper …] [--xip 60] [--profile] [--write]
The peer is the built-in `tls` (mbedtls) on the board RPI_PICO_TLS, measured by the same counter in the same run. What runs on the
boards is in tools/bench/board_*.py. Cycles do not depend on the machine that emulates; milliseconds are cycles at 125 MHz.
"""

import argparse
import sys
import time

import emulate
import firmware
from configure import TIERS
from raw_repl import BoardError

from steps import ROOT, Failed, say

sys.path.insert(0, str(ROOT / "host_tests"))
import pki  # noqa: E402

BENCH = ROOT / "tools" / "bench"
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- rp2040: begin -->", "<!-- rp2040: end -->"
PLOT = ROOT / "docs" / "bench.svg"
PEER = "built-in"
# The tiers that firmware freezes or links and whose kernels are there
OF_BOARDS = tuple(tier for tier in ("pure", "viper", "thumb", "native") if all((ROOT / "port" / name).is_dir() for name in TIERS[tier]))
XIP = 60  # cycles: an estimate of a miss of the flash cache, for the one row that has any
CAP = 60  # seconds for one measurement: what takes longer is left out, with a word
NONE = "–"

# What mxtls measures: the call on the board. It reports one or more lines of figures by name.
OURS = (
    "measure('ecdsa', 0xC02B)",
    "measure('ecdsa', 0x1301, 29, 'tls13')",
    "measure('rsa', 0xC02F)",
    "measure_psk(0x00A8, 'gcm')",
    "measure_psk(0xCCAB, 'chacha')",
    "measure_resumed()",
    "measure_steps('ecdsa', 0xC02B, 23, 'ecdsa step')",
    "measure_steps('ecdsa', 0x1301, 29, 'tls13 step')",
)
THEIRS = (
    "measure('ecdsa', 'TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256', 'gcm')",
    "measure('rsa', 'TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256')",  # its mbedtls is built without ChaCha20-Poly1305
)

# name of the figures, which of them, what it is, in what
HANDSHAKES = (
    ("ecdsa first", 0, "P-256 ECDSA, client, the first handshake since the start", "ms"),
    ("ecdsa", 0, "P-256 ECDSA, client", "ms"),
    ("ecdsa", 1, "P-256 ECDSA, server", "ms"),
    ("tls13", 0, "TLS 1.3, P-256 ECDSA and X25519, client", "ms"),
    ("tls13", 1, "TLS 1.3, P-256 ECDSA and X25519, server", "ms"),
    ("rsa", 0, "RSA-2048, client", "ms"),
    ("rsa", 1, "RSA-2048, server", "ms"),
    ("psk gcm", 0, "PSK, client", "ms"),
    ("psk gcm", 1, "PSK, server", "ms"),
    ("resumed", 0, "resumed, client", "ms"),
    ("resumed", 1, "resumed, server", "ms"),
    ("ecdsa step", 0, "longest step of a handshake that gives way, P-256 ECDSA, client", "ms"),
    ("ecdsa step", 1, "the same, server", "ms"),
    ("tls13 step", 0, "the same in TLS 1.3 over X25519, client", "ms"),
    ("tls13 step", 1, "the same, server", "ms"),
    ("gcm 1024", 0, "AES-128-GCM, sealing 1 KB records", "cycles a byte"),
    ("gcm 1024", 1, "AES-128-GCM, opening 1 KB records", "cycles a byte"),
    ("gcm 4096", 0, "AES-128-GCM, sealing 4 KB records", "cycles a byte"),
    ("chacha 1024", 0, "ChaCha20-Poly1305, sealing 1 KB records", "cycles a byte"),
    ("chacha 1024", 1, "ChaCha20-Poly1305, opening 1 KB records", "cycles a byte"),
    ("chacha 4096", 0, "ChaCha20-Poly1305, sealing 4 KB records", "cycles a byte"),
)

# what, in what, to be run before, the call, and by what its cycles are divided
_K = "from mxtls.kernels."
_EC = "p = bytearray(64); d = bytes([77]) * 32; h = bytes([99]) * 32; ec_public(23, p, d); s = bytearray(64); ecdsa_sign(23, s, h, d, bytes([55]) * 32); o = bytearray(64)"
_RSA = ("from mxtls.keys import Keys; k = Keys(); k.load_rsa_keys('rsa.crt', 'rsa.key'); k = k.private; x = bytearray(bytes([9]) * 256); o = bytearray(256)")
_PART = "try: from c_kernels import *\nexcept ImportError: from mxtls.kernels.%s import *"  # a build over C calls the AEAD alone
_BUF = "b = bytearray(1024); s = bytearray(300); c = bytearray(48)"
KERNELS = (
    ("SHA-256", "cycles a byte", _K + "hash import *", "b = bytearray(1024); s = bytearray(100); hash_load(4)", "hash_update(4, s, b, 0, 1024)", 1024),
    ("SHA-512", "cycles a byte", _K + "hash import *", "b = bytearray(1024); s = bytearray(196); hash_load(6)", "hash_update(6, s, b, 0, 1024)", 1024),
    ("AES-128 CTR", "cycles a byte", _K + "aes import *", _BUF + "; s = bytearray(AES_CTX); aes_expand(s, b, 0, 16); c = bytearray(16)", "aes_ctr(s, c, b, 0, 1024)", 1024),
    ("AES-128 key", "cycles", _K + "aes import *", _BUF + "; s = bytearray(AES_CTX)", "aes_expand(s, b, 0, 16)", 1),
    ("GHASH", "cycles a byte", _PART % "ghash", _BUF + "; s = bytearray(GHASH_CTX); c = bytearray(16); ghash_key(s, bytes(range(16)))", "ghash(s, c, b, 0, 1024)", 1024),
    ("ChaCha20", "cycles a byte", _PART % "chacha20", _BUF, "chacha20_xor(c, b, 0, 1024)", 1024),
    ("Poly1305", "cycles a byte", _PART % "poly1305", _BUF + "; s = bytearray(POLY1305_CTX); poly1305_key(s, b)", "poly1305(s, b, 0, 1024)", 1024),
    ("AES-128-GCM, 1 KB", "cycles a byte", _K + "aes import *\nfrom mxtls.kernels.gcm import *\nfrom mxtls.kernels.ghash import GHASH_CTX, ghash_key",
     "b = bytearray(1040); s = bytearray(AES_CTX); aes_expand(s, b, 0, 16); g = bytearray(GHASH_CTX); ghash_key(g, bytes(range(16))); c = bytearray(25)",
     "gcm_seal(s, g, c, b, 0, 1024)", 1024),
    ("ChaCha20-Poly1305, 1 KB", "cycles a byte", _K + "chacha20poly1305 import *", "b = bytearray(1040); s = bytearray(48); c = bytearray(25)",
     "chacha20poly1305_seal(s, c, b, 0, 1024)", 1024),
    ("X25519", "Mcycles", _K + "x25519 import *", "o = bytearray(32); k = bytes([77]) * 32; u = bytes([9]) + bytes(31)", "x25519(o, k, u)", 1e6),
    ("P-256 k·G", "Mcycles", _K + "ec import *", _EC, "ec_public(23, o, d)", 1e6),
    ("P-256 ECDH", "Mcycles", _K + "ec import *", _EC, "ec_ecdh(23, o, d, p)", 1e6),
    ("P-256 ECDSA sign", "Mcycles", _K + "ec import *", _EC, "ecdsa_sign(23, o, h, d, h)", 1e6),
    ("P-256 ECDSA verify", "Mcycles", _K + "ec import *", _EC, "ecdsa_verify(23, h, s, p)", 1e6),
    ("RSA-2048 public", "Mcycles", _K + "rsa import *", _RSA, "rsa_public(o, x, k.n, k.e)", 1e6),
    ("entropy for a seed", "Mcycles", "import mxtls_port; s = bytearray(48)", "pass", "mxtls_port.entropy(s)", 1e6),
    ("RSA-2048 private", "Mcycles", "from mxtls.crypto.rsa import private; from mxtls.crypto.drbg import random_into; random_into(bytearray(8), 0, 8)",
     _RSA, "private(k, x)", 1e6),
)
FROM_FLASH = "P-256 ECDSA, client, %d cycles a cache miss" % XIP
BUILT_IN = {  # what MicroPython itself has of these
    "SHA-256": ("import hashlib; h = hashlib.sha256(); b = bytes(1024)", "h.update(b)"),
    "AES-128 CTR": ("import cryptolib; a = cryptolib.aes(bytes(16), 1); b = bytes(1024)", "a.encrypt(b)"),
    "RSA-2048 public": ("n = int.from_bytes(bytes([0xd5]) * 256, 'big'); x = n // 3", "pow(x, 65537, n)"),
}


def files():
    """What boards read: for each kind of key a CA, a leaf right below it and the leaf's key, all in DER."""
    found = {}
    for kind, key in (("ecdsa", "p256"), ("rsa", "rsa2048")):
        flat = pki.chain(key=key, names=["localhost"], intermediates=0)
        private = flat.private_bytes(encoding=pki.serialization.Encoding.DER)
        found.update({kind + ".ca": flat.root_der, kind + ".crt": flat.chain_ders[0], kind + ".key": private})
    return found


def run_scripts(board, scripts, call):
    """A board with an empty heap runs the scripts and a call; {name: figures} of what it reported."""
    board.soft_reset()
    for script in scripts:
        board.exec((BENCH / script).read_text())
    lines = [line.split(":") for line in board.exec(call, CAP).splitlines()]
    return {name: figures.split() for name, figures in lines}


def measure(tier, made, xip=0, calls=None, kernels=True):
    """{name: (figures …)} of one tier, or of the peer; a measurement that took too long or failed is missing, and named."""
    scripts = ("board_counter.py", "board_builtin.py" if tier == PEER else "board_mx.py")
    results = {}
    with emulate.Board(firmware.build("RPI_PICO_TLS") if tier == PEER else firmware.build(tier=tier), xip=xip) as board:
        board.set_clock()
        for name, data in made.items():
            board.put(name, data)
        for call in calls or (THEIRS if tier == PEER else () if tier == "pure" else OURS):  # whole handshakes in bytecode take minutes
            try:
                results.update(run_scripts(board, scripts, call))
            except BoardError as e:
                say("bench: %s, %s: %s" % (tier, call, e))
    if kernels:
        results.update(measure_kernels(tier, made, xip))
    return {name: tuple(map(float, figures)) for name, figures in results.items() if figures}


def measure_kernels(tier, made, xip):
    """The figures of the kernels, each by itself: of a firmware in which they are files of their own."""
    if tier == PEER:
        image = firmware.build("RPI_PICO_TLS")
    else:
        image = firmware.build(tier=tier, freeze=[BENCH / "c_kernels.py"] if tier == "native" else (), apart=True)
    results = {}
    with emulate.Board(image, xip=xip) as board:
        board.set_clock()
        for name, data in made.items():
            board.put(name, data)
        for row in KERNELS:
            try:
                results[row[0]] = measure_kernel(board, tier, *row)
            except BoardError as e:
                say("bench: %s, %s: %s" % (tier, row[0], e))
    return results


def measure_kernel(board, tier, name, unit, imports, prepare, call, divisor):
    """The figure of one kernel, as a tuple; None where the peer has no such thing."""
    if tier == PEER:
        if name not in BUILT_IN:
            return None
        prepare, call = BUILT_IN[name]
        imports = ""
    board.soft_reset()
    board.exec("%s\n%s" % (imports, prepare), CAP)
    return (board.cycles(call, CAP) / divisor,)


def profile(tier, made, call="measure('ecdsa', 0xC02B)"):
    """Where the cycles of a handshake go: {"client": [(what, calls, cycles), …], "server": …}, the dearest first."""
    scripts = ("board_counter.py", "board_profile.py", "board_mx.py")
    found = {}
    with emulate.Board(firmware.build(tier=tier, apart=True)) as board:
        board.set_clock()
        for name, data in made.items():
            board.put(name, data)
        for i, role in enumerate(("client", "server")):
            lines = run_scripts(board, scripts, "print_profile((%s)[%d])" % (call, i))
            rows = [(what, *map(int, numbers)) for what, numbers in lines.items() if what.split()[0] not in ("ecdsa", "rsa")]
            found[role] = sorted(rows, key=lambda row: -row[2])
    return found


def profile_table(found, least=0.005):
    """Rows of texts of what profile() found; what costs less than that part of the whole is summed up."""
    table = [["", "client", "calls", "server", "calls"]]
    by_role = {role: {what: (calls, cycles) for what, calls, cycles in rows} for role, rows in found.items()}
    whole = {role: sum(cycles for _, cycles in rows.values()) for role, rows in by_role.items()}
    order = sorted({what for rows in by_role.values() for what in rows}, key=lambda what: -sum(by_role[role].get(what, (0, 0))[1] for role in by_role))
    for what in order:
        costs = [by_role[role].get(what, (0, 0)) for role in ("client", "server")]
        if any(cycles > least * whole[role] for (_, cycles), role in zip(costs, ("client", "server"), strict=True)):
            table.append([what, *(text for calls, cycles in costs for text in ("%.1f ms" % (cycles / emulate.CLOCK * 1000), str(calls)))])
    table.append(["together", "%.1f ms" % (whole["client"] / emulate.CLOCK * 1000), "", "%.1f ms" % (whole["server"] / emulate.CLOCK * 1000), ""])
    return table


def figure(results, tier, name, which, unit):
    """A figure as text."""
    numbers = results.get(tier, {}).get(name)
    if not numbers:
        return NONE
    number = numbers[which] / (emulate.CLOCK / 1000) if unit == "ms" else numbers[which]
    return "%.0f" % number if number >= 99.5 else "%.1f" % number


def tables(results):
    """Two tables, each a list of rows of texts."""
    tiers = [tier for tier in (PEER, *OF_BOARDS) if tier in results]
    head = ["", "", *tiers]
    handshakes = [head] + [[what, unit] + [figure(results, tier, name, which, unit) for tier in tiers] for name, which, what, unit in HANDSHAKES]
    if FROM_FLASH in results:
        handshakes.append([FROM_FLASH, "ms", *(figure(results[FROM_FLASH], tier, "ecdsa", 0, "ms") for tier in tiers)])
    kernels = [head] + [[row[0], row[1]] + [figure(results, tier, row[0], 0, row[1]) for tier in tiers] for row in KERNELS]
    return handshakes, kernels


def budget(results):
    """The rows of bench.py: key -> (the peer's, ours)."""

    def both(unit, *wanted):
        return " / ".join(figure(results, tier, name, which, "ms" if unit else "") for tier, name, which in wanted) + unit

    rows = {
        "rp2040 client": (both(" ms", (PEER, "ecdsa", 0)), both(" ms", ("native", "ecdsa", 0), ("thumb", "ecdsa", 0), ("viper", "ecdsa", 0))),
        "rp2040 server": (both(" ms", (PEER, "ecdsa", 1), (PEER, "rsa", 1)), both(" ms", ("native", "ecdsa", 1), ("native", "rsa", 1))),
        "rp2040 tls1.3": ("vendor claim 600 ms", both(" ms", ("native", "tls13", 0))),
        "rp2040 resumed": (NONE, both(" ms", ("native", "resumed", 0), ("thumb", "resumed", 0), ("viper", "resumed", 0))),
        "rp2040 gcm": (both("", (PEER, "gcm 1024", 0)), both("", ("native", "gcm 1024", 0), ("thumb", "gcm 1024", 0), ("viper", "gcm 1024", 0))),
        "rp2040 chacha": ("BearSSL 108", both("", ("native", "chacha 1024", 0), ("thumb", "chacha 1024", 0), ("viper", "chacha 1024", 0))),
    }
    return rows


def write(results):
    """Put the tables into docs/performance.md and the plot beside it."""
    head, rest = DOCUMENT.read_text().split(BEGIN)
    text = "\n\n".join(map(as_markdown, tables(results)))
    DOCUMENT.write_text("%s%s\n%s\n%s%s" % (head, BEGIN, text, END, rest.split(END)[1]))
    plot(results)


def plot(results):
    """docs/bench.svg: the handshakes and the records of each tier beside the peer."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "mxtls", "font.size": 9})
    from matplotlib import pyplot

    tiers = [tier for tier in (PEER, "native", "thumb", "viper") if tier in results]
    groups = (("ms at 125 MHz", [row for row in HANDSHAKES if row[3] == "ms"]), ("cycles a byte", [row for row in HANDSHAKES if row[3] != "ms"]))
    figure_, panels = pyplot.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
    for panel, (unit, rows) in zip(panels, groups, strict=True):
        for i, tier in enumerate(tiers):
            scale = 1000 / emulate.CLOCK if unit[:2] == "ms" else 1
            numbers = [results[tier].get(name, (0, 0))[which] * scale for name, which, _, _ in rows]
            panel.barh([at + i * 0.2 for at in range(len(rows))], numbers, 0.19, label=tier)
        panel.set_yticks([at + 0.2 * (len(tiers) - 1) / 2 for at in range(len(rows))], [row[2] for row in rows])
        panel.invert_yaxis()
        panel.set_xscale("log")
        panel.set_xlabel(unit)
    panels[0].legend()
    figure_.suptitle("mxtls on an emulated RP2040 beside the built-in tls")
    figure_.savefig(PLOT, metadata={"Date": None})
    pyplot.close(figure_)


def as_text(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(t.ljust(w) if i < 2 else t.rjust(w) for i, (t, w) in enumerate(zip(row, widths, strict=True))) for row in rows)


def as_markdown(rows):
    lines = ["| %s |" % " | ".join(row) for row in rows]
    return "\n".join([lines[0], "|---|---|" + "--:|" * (len(rows[0]) - 2), *lines[1:]])


def run(tiers=OF_BOARDS, xip=0, from_flash=True):
    """{tier: {name: figures}}, the peer first; under FROM_FLASH the same for one handshake with the flash cache modelled."""
    made, results = files(), {}
    for tier in (PEER, *tiers):
        began = time.time()
        try:
            results[tier] = measure(tier, made, xip)
            if from_flash and tier != "pure":
                call = (THEIRS if tier == PEER else OURS)[:1]
                results.setdefault(FROM_FLASH, {})[tier] = measure(tier, made, XIP, call, False)
        except (Failed, BoardError) as e:
            say("bench: no %s: %s" % (tier, e))
        say("bench: RP2040, %s: %.0f s" % (tier, time.time() - began))
    return results


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tier", action="append", choices=OF_BOARDS, help="all of them unless given")
    parser.add_argument("--xip", type=int, default=0, help="cycles that a miss of the flash cache costs, for all rows")
    parser.add_argument("--profile", action="store_true", help="where the cycles of a handshake go, instead")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md and plot docs/bench.svg")
    given = parser.parse_args(arguments)
    tiers = given.tier or OF_BOARDS
    if given.profile:
        for tier in tiers:
            print("\n%s\n%s" % (tier, as_text(profile_table(profile(tier, files())))))
        return 0
    results = run(tiers, given.xip)
    for rows in tables(results):
        print("\n" + as_text(rows))
    if given.write:
        write(results)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
