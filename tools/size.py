#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make size`: what each profile costs in flash on each kind of processor, where the bytes lie, and what each option saves.

    build/venv/bin/python tools/size.py [--write]        --write puts it in docs/configuration.md, docs/performance.md and docs/size.svg
Measured: the modules as a board freezes them (mpy-cross -O3 -march=…, mpy-tool --freeze), compiled for a 32-bit machine with
gcc -m32 -Os: what is frozen is data, of the same size on each of them. Code and constants of that object are counted, with the strings the
firmware does not have yet. C kernels are those that the profile calls, compiled and linked for that processor as a firmware does it.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import native_functions
import natmod
from configure import ConfigureError, for_board, resolve, staged_texts
from options import BUILT, LATER, OPTIONS, PROFILES, SECTIONS

import toolchain
from steps import Failed, digest

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "size"
PAGE = ROOT / "docs" / "configuration.md"
PERFORMANCE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "size.svg"
TOP = 8  # modules listed for a profile
THUMB = "armv6m"
# Each column of the profiles' table: processor, tier, heading
COLUMNS = (
    (THUMB, "viper", "Thumb, viper"),
    (THUMB, "thumb", "Thumb, thumb"),
    (THUMB, "native", "Thumb, native"),
    ("rv32imc", "viper", "RV32, viper"),
    ("rv32imc", "native", "RV32, native"),
    ("xtensawin", "viper", "Xtensa, viper"),
)
OF_OPTIONS = [(march, heading.partition(",")[0]) for march, tier, heading in COLUMNS if tier == "viper"]  # processors of the options' tables
# How C is compiled: what the compiler's name begins with, and for what processor. No package has a compiler for Xtensa.
C_TOOLS = {THUMB: ("arm-none-eabi-", "-mthumb", "-mcpu=cortex-m0plus"), "rv32imc": ("riscv64-unknown-elf-", "-march=rv32imac", "-mabi=ilp32", "-specs=picolibc.specs")}
C_FLAGS = ("-std=c99", "-Os", "-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables", f"-I{toolchain.NATIVE}")
BUDGETS = {"psk-client": 20, "client": 64, "everything": 200}  # KB of Thumb with viper kernels that were aimed at
# Where bytes lie: a title, and how the paths begin; what no row names is in the last but one, and what is in no module in the last
ROOMS = (
    ("kernels", ("mxtls/kernels/",)),
    ("crypto", ("mxtls/crypto/",)),
    ("certificates and keys", ("mxtls/x509/", "mxtls/keys", "mxtls/load_")),
    ("handshake, resumption", ("mxtls/handshake/", "mxtls/resume", "mxtls/tickets", "mxtls/rehandshake", "mxtls/alpn", "mxtls/hello_", "mxtls/suites", "mxtls/versions")),
    ("records, datagrams", ("mxtls/record", "mxtls/dtls")),
    ("session and the rest", ("",)),
)
NAMES = "names and their tables"


@dataclass(frozen=True)
class Size:
    total: int
    modules: dict[str, int]  # the rest of the total is names

    def rooms(self) -> dict[str, int]:
        """Bytes by the titles of ROOMS."""
        found = dict.fromkeys([title for title, _ in ROOMS], 0)
        for path, n in self.modules.items():
            found[next(title for title, starts in ROOMS if path.startswith(starts))] += n
        return {**found, NAMES: self.total - sum(self.modules.values())}


def run(*command: object) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        raise Failed((done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1])
    return done.stdout


def compiled(path: str, text: str, march: str) -> Path:
    """The module's .mpy; the same text is compiled once, and bytecode for all processors."""
    option = [f"-march={march}"] if "@micropython." in text else []
    target = CACHE / f"{hashlib.sha256(repr((path, text, option)).encode()).hexdigest()[:16]}.mpy"
    if not target.exists():
        source = target.with_suffix(f".{os.getpid()}-{threading.get_ident()}.py")
        source.write_text(text)
        made = source.with_suffix(".mpy")
        try:
            run(toolchain.MPY_CROSS, "-O3", *option, "-s", path, "-o", made, source)
        except Failed as e:
            raise Failed(f"{path} does not compile for {march}: {e}") from None
        finally:
            source.unlink()
        made.replace(target)
    return target


def measure(options: Mapping[str, int], tier: str = "viper", march: str = THUMB, apart: bool = False) -> Size:
    """The frozen size of the library with these (resolved) options, without the examples and without C. apart: before modules are joined."""
    texts = staged_texts(options, tier, "unix")
    if not apart:
        texts = for_board(texts, tier, "unix")
    mpys = [compiled(path, text, march) for path, text in texts.values()]
    tree, port = toolchain.micropython_source(), toolchain.OBJ / "base-32"
    key = hashlib.sha256(" ".join([Path(__file__).read_text(), str(tree), *(m.name for m in mpys)]).encode()).hexdigest()
    kept = CACHE / f"{key[:16]}.json"
    if not kept.exists():
        names = port / "genhdr" / "qstrdefs.preprocessed.h"
        tool = (sys.executable, tree / "tools" / "mpy-tool.py")
        source = run(*tool, "-f", "-q", names, "-mlongint-impl=mpz", "-mmpz-dig-size=16", *mpys)
        stem = CACHE / f"{key[:16]}-{threading.get_ident()}"
        # Native code carries a section in the assembler's words of its own machine.
        stem.with_suffix(".c").write_text(re.sub(r"__attribute__\(\(section\(.*?\)\)\)", "", source))
        folders = [f"-I{f}" for f in (tree, tree / "ports/unix", tree / "ports/unix/variants/standard", port)]
        flags = ["-m32", "-Os", "-malign-data=abi", "-w", "-DMICROPY_FORCE_32BIT=1", "-DMICROPY_MODULE_FROZEN_MPY", "-DMPZ_DIG_SIZE=16"]
        flags.append("-DMICROPY_QSTR_EXTRA_POOL=mp_qstr_frozen_const_pool")
        flags.append(f"-DMICROPY_EMIT_INLINE_THUMB={int(tier == 'thumb')}")
        run("gcc", *flags, *folders, "-c", stem.with_suffix(".c"), "-o", stem.with_suffix(".o"))
        kept.write_text(json.dumps(_count(stem.with_suffix(".o"), source, [path for path, _ in texts.values()])))
        stem.with_suffix(".c").unlink()
        stem.with_suffix(".o").unlink()
    total, modules = json.loads(kept.read_text())
    return Size(total, modules)


def _count(obj: Path, source: str, paths: list[str]) -> tuple[int, dict[str, int]]:
    """Bytes of an object file: all that would lie in flash, and of it each module's part, by the names of what it defines."""
    total = 0
    for line in run("size", "-A", obj).splitlines():
        part = line.split()
        if part and re.match(r"\.(text|rodata|data)", part[0]):
            total += int(part[1])
    modules = dict.fromkeys(paths, 0)
    marks = {path[:-3].replace("/", "_"): path for path in paths}
    longest_first = re.compile("_(%s)(?:_|$)" % "|".join(sorted(marks, reverse=True)))

    def add(symbol: str, size: int) -> None:
        if owner := longest_first.search(symbol):
            modules[marks[owner[1]]] += size

    for line in run("nm", "-S", "--defined-only", obj).splitlines():
        part = line.split()
        if len(part) == 4:
            add(part[3], int(part[1], 16))
    for symbol, length in re.findall(r"mp_obj_str_t (const_obj_\w+) = \{\{&\w+\}, \d+, (\d+),", source):
        add(symbol, int(length) + 1)
    return total, modules


def saved(name: str, everything: Sequence[Size]) -> tuple[str, *tuple[int, ...]]:
    """How to say what turning one option off in `everything` saves (for a trace: what on costs), and that for each of OF_OPTIONS."""
    option = OPTIONS[name]
    asked = {name: int(option.debug or name.startswith("DISABLE_"))}
    if not asked[name]:  # and of those that cannot do without it
        asked.update({o.name: 0 for o in OPTIONS.values() if name in o.needs and o.state == BUILT and not o.auto and not o.suite})
    try:
        options = resolve("everything", asked)
    except ConfigureError:
        return ("required",)
    more = [measure(options, march=march, apart=True).total - whole.total for (march, _), whole in zip(OF_OPTIONS, everything, strict=True)]
    return ("costs", *more) if option.debug else ("saves", *(-n for n in more))


def c_objects(march: str) -> list[Path]:
    """The C kernels, compiled for a processor but for their bindings."""
    prefix, *processor = C_TOOLS[march]
    folder = CACHE / f"c-{march}-{digest(*sorted(toolchain.NATIVE.glob('*.[ch]')), str(C_FLAGS))[:16]}"
    folder.mkdir(exist_ok=True)
    sources = {path: folder / (path.stem + ".o") for path in toolchain.NATIVE.glob("*.c") if path.stem != "mxtls_native"}
    for source, target in sources.items():
        if not target.exists():
            run(prefix + "gcc", *processor, *C_FLAGS, "-c", source, "-o", target)
    return list(sources.values())


def c_kernels(march: str, options: Mapping[str, int]) -> int:
    """Bytes of the C kernels that a firmware with these (resolved) options links, with their bindings as mxtls_native.mpy has them."""
    natmod.natmod(march)
    prefix, *processor = C_TOOLS[march]
    objects = c_objects(march)
    stem = objects[0].parent / "mxtls_native"
    stem.with_suffix(".h").write_text(native_functions.header(text for _, text in staged_texts(options, "native", "unix").values()))
    dynamic = ["-DMICROPY_ENABLE_DYNRUNTIME", "-DNO_QSTR", "-DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_NONE"]
    dynamic.append(f"-DMP_CONFIGFILE=<{toolchain.BUILD / 'natmod' / march / 'build' / 'mxtls_native.config.h'}>")
    run(prefix + "gcc", *processor, *C_FLAGS, *dynamic, f"-I{toolchain.micropython_source()}", f'-DMXTLS_FUNCTIONS="{stem.with_suffix(".h")}"',
        "-c", toolchain.NATIVE / "mxtls_native.c", "-o", stem.with_suffix(".o"))  # fmt: skip
    run(prefix + "gcc", *processor, "-nostdlib", "-Wl,--gc-sections,--entry=mpy_init,--unresolved-symbols=ignore-all", stem.with_suffix(".o"), *objects,
        "-o", stem.with_suffix(".elf"))  # fmt: skip
    return sum(map(int, run(prefix + "size", stem.with_suffix(".elf")).splitlines()[1].split()[:2]))


def number(n: int) -> str:
    return f"{n:,}".replace(",", " ")


def kilobytes(n: int) -> str:
    return f"{n / 1024:.0f}"


@dataclass(frozen=True)
class Report:
    """All that was measured. profiles: with Thumb and viper, module by module, before they are joined; columns: bytes of each of COLUMNS, joined, 0 where they
    cannot be had; c: by processor, of the C that each profile calls; options: of modules that are not joined."""

    profiles: dict[str, Size]
    columns: dict[str, list[int]]
    c: dict[str, dict[str, int]]
    options: dict[str, tuple[str, *tuple[int, ...]]]

    def text(self) -> str:
        lines = ["Frozen bytes, Thumb, viper kernels, without the examples:\n"]
        for i, (name, size) in enumerate(self.profiles.items()):
            lines.append(f"{name:12}{number(self.columns[name][0]):>9}   {len(size.modules)} modules, {number(size.total)} before they are joined")
            if same := [other for other in list(self.profiles)[:i] if self.profiles[other] == size]:
                lines[-1] += f", the same as {same[0]}\n"
                continue
            ranked = sorted(size.modules.items(), key=lambda item: -item[1])
            lines += [f"            {number(n):>9}   {path}" for path, n in ranked[:TOP]]
            rest = sum(n for _, n in ranked[TOP:])
            lines.append(f"            {number(rest):>9}   {max(0, len(ranked) - TOP)} others")
            lines.append(f"            {number(size.rooms()[NAMES]):>9}   {NAMES}\n")
        lines += [row.replace("|", " ") for row in self.table()[1:] if "---" not in row]
        lines.append("\nWhat each option saves when it is off, of everything, on %s:\n" % ", ".join(heading for _, heading in OF_OPTIONS))
        for name, (how, *numbers) in self.options.items():
            lines.append(f"{name:46}{''.join(f'{number(n):>9}' for n in numbers) or how}{'  (cost of on)' * (how == 'costs')}")
        return "\n".join(lines)

    def table(self) -> list[str]:
        """Profiles by processors and tiers, as Markdown."""
        c = ", ".join(f"{number(min(n.values()))} to {number(max(n.values()))} on {'Thumb' if march == THUMB else 'RV32'}" for march, n in self.c.items())
        lines = [f"Bytes of flash. `native` holds the kernels in C that the profile calls, and their bindings: {c}." if c else "Bytes of flash.", ""]
        lines.append("| Profile | Modules | " + " | ".join(heading for _, _, heading in COLUMNS) + " |")
        lines.append("|---|---:|" + "---:|" * len(COLUMNS))
        for name, size in self.profiles.items():
            lines.append(f"| `{name}` | {len(size.modules)} | " + " | ".join(number(n) if n else "–" for n in self.columns[name]) + " |")
        return lines

    def page(self) -> str:
        """The measured part of docs/configuration.md."""
        lines = self.table()
        for title, section in SECTIONS:
            headings = " | ".join(heading for _, heading in OF_OPTIONS)
            lines += ["", f"### {title}", "", f"| Option | Default | What it brings | Needs | Off saves, {headings} |", "|---|---|---|---|" + "---:|" * len(OF_OPTIONS)]
            for o in section:
                how, *numbers = self.options.get(o.name, ("",))
                default = {BUILT: "auto" if o.auto else str(o.default) if o.most > 1 else "on" if o.default else "off", LATER: "not built yet"}.get(o.state, "does not apply")
                needs = ", ".join(f"`{need}`".replace("|", "` or `") for need in o.needs)
                said = {"saves": "{}", "costs": "(on costs {})"}.get(how)
                bytes_ = [said.format(number(n)) for n in numbers] if said else ["needed" if how else ""]
                lines.append(f"| `{o.name}` | {default} | {o.what} | {needs} | " + " | ".join(bytes_) + " |")
        return "\n".join(lines)

    def rooms(self) -> str:
        """Where the bytes lie, with what was aimed at: the measured part of docs/performance.md."""
        names = list(self.profiles)
        lines = ["| KB, Thumb, viper | " + " | ".join(f"`{name}`" for name in names) + " |", "|---|" + "--:|" * len(names)]
        parts = {name: size.rooms() for name, size in self.profiles.items()}
        for title in [*(title for title, _ in ROOMS), NAMES]:
            lines.append(f"| {title} | " + " | ".join(kilobytes(parts[name][title]) for name in names) + " |")
        lines.append("| modules joined | " + " | ".join(kilobytes(self.columns[name][0] - self.profiles[name].total) for name in names) + " |")
        lines.append("| together | " + " | ".join(kilobytes(self.columns[name][0]) for name in names) + " |")
        lines.append("| aim | " + " | ".join(str(BUDGETS.get(name, "–")) for name in names) + " |")
        return "\n".join(lines)

    def plot(self) -> None:
        """docs/size.svg: on the left where the bytes lie, on the right each processor and tier."""
        import matplotlib

        matplotlib.use("svg")
        matplotlib.rcParams.update({"svg.hashsalt": "mxtls", "font.size": 9})
        from matplotlib import pyplot

        names = list(self.profiles)
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.5), layout="constrained", sharey=True)
        begin = [0.0] * len(names)
        for title in [*(title for title, _ in ROOMS), NAMES]:
            parts = [self.profiles[name].rooms()[title] / 1024 for name in names]
            left.barh(range(len(names)), parts, 0.7, begin, label=title)
            begin = [a + b for a, b in zip(begin, parts, strict=True)]
        for name, aim in BUDGETS.items():
            at = names.index(name)
            left.plot([aim, aim], [at - 0.45, at + 0.45], "k", label="aim" if name == "client" else None)
        for i, (_, _, heading) in enumerate(COLUMNS):
            right.barh([at + (i - 2.5) * 0.14 for at in range(len(names))], [self.columns[name][i] / 1024 for name in names], 0.13, label=heading)
        left.set_yticks(range(len(names)), names)
        left.invert_yaxis()
        for panel, title in ((left, "where the bytes lie: Thumb, viper, before modules are joined"), (right, "processors and tiers")):
            panel.set_title(title, fontsize=9)
            panel.set_xlabel("KB of flash")
            panel.legend(fontsize=7)
        figure.suptitle("mxtls frozen into a firmware")
        figure.savefig(PLOT, metadata={"Date": None})
        pyplot.close(figure)


def measured() -> Report:
    """Measure everything. Raises Failed or ConfigureError."""
    CACHE.mkdir(parents=True, exist_ok=True)
    c: dict[str, dict[str, int]] = {}
    for march in C_TOOLS:
        try:
            c[march] = {name: c_kernels(march, resolve(name)) for name in PROFILES}
        except Failed as e:
            print(f"size: the kernels in C are not measured for {march}: {e}", file=sys.stderr)
    names = [o.name for o in OPTIONS.values() if o.state == BUILT and o.most == 1]
    cells = [(name, march, tier) for name in PROFILES for march, tier, _ in COLUMNS]

    def cell(asked: tuple[str, str, str]) -> Size | None:
        name, march, tier = asked
        return None if tier == "native" and march not in c else measure(resolve(name), tier, march)

    with ThreadPoolExecutor(2) as pool:
        sizes = dict(zip(cells, pool.map(cell, cells), strict=True))
        profiles = dict(zip(PROFILES, pool.map(lambda name: measure(resolve(name), apart=True), PROFILES), strict=True))
        everything = [measure(resolve("everything"), march=march, apart=True) for march, _ in OF_OPTIONS]
        options = dict(zip(names, pool.map(lambda name: saved(name, everything), names), strict=True))
    columns: dict[str, list[int]] = {name: [] for name in PROFILES}
    for (name, march, tier), size in sizes.items():
        columns[name].append(size.total + (c[march][name] if tier == "native" else 0) if size else 0)
    return Report(profiles, columns, c, options)


def put(page: Path, begin: str, end: str, text: str) -> None:
    """Replace what stands between two marks of a page."""
    before, _, rest = page.read_text().partition(begin)
    page.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}")


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--write"]):
        print("usage: size.py [--write]", file=sys.stderr)
        return 2
    if not (toolchain.OBJ / "base-32").exists():
        print("size: there is no 32-bit MicroPython to measure with: run `make setup`", file=sys.stderr)
        return 1
    try:
        report = measured()
    except (ConfigureError, Failed) as e:
        print(f"size: {e}", file=sys.stderr)
        return 1
    print(report.text())
    if arguments:
        put(PAGE, "<!-- measured: make size -->", "<!-- end of measured -->", report.page())
        put(PERFORMANCE, "<!-- size: begin -->", "<!-- size: end -->", report.rooms())
        report.plot()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
