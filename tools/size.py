#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make size`: what each profile costs in flash, and what each option saves. --write puts it in docs/configuration.md.

Measured: the modules as a board freezes them (mpy-cross -O3 -march=armv6m, mpy-tool --freeze), compiled for a
32-bit machine with gcc -m32 -Os; code and constants of that object, with the strings the firmware does not have yet.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from configure import ConfigureError, resolve, staged_texts
from options import BUILT, LATER, OPTIONS, PROFILES, SECTIONS

import toolchain
from steps import Failed

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "size"
PAGE = ROOT / "docs" / "configuration.md"
MARCH = "armv6m"
TOP = 8  # modules listed for a profile


@dataclass(frozen=True)
class Size:
    total: int
    modules: dict[str, int]  # the rest of the total is strings


def run(*command: object) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        raise Failed((done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1])
    return done.stdout


def compiled(path: str, text: str) -> Path:
    """The module's .mpy; the same text is compiled once."""
    target = CACHE / f"{hashlib.sha256((path + text).encode()).hexdigest()[:16]}.mpy"
    if not target.exists():
        source = target.with_suffix(f".{os.getpid()}-{threading.get_ident()}.py")
        source.write_text(text)
        made = source.with_suffix(".mpy")
        try:
            run(toolchain.MPY_CROSS, "-O3", f"-march={MARCH}", "-s", path, "-o", made, source)
        except Failed as e:
            raise Failed(f"{path} does not compile for {MARCH}: {e}") from None
        finally:
            source.unlink()
        made.replace(target)
    return target


def measure(options: Mapping[str, int], tier: str = "viper") -> Size:
    """The frozen size of the library with these (resolved) options, without the examples."""
    texts = staged_texts(options, tier, "unix")
    mpys = [compiled(path, text) for path, text in texts.values()]
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
    marks = sorted(((path[:-3].replace("/", "_"), path) for path in paths), reverse=True)  # longest first

    def add(symbol: str, size: int) -> None:
        owner = next((path for mark, path in marks if re.search(rf"_{mark}(_|$)", symbol)), None)
        if owner:
            modules[owner] += size

    for line in run("nm", "-S", "--defined-only", obj).splitlines():
        part = line.split()
        if len(part) == 4:
            add(part[3], int(part[1], 16))
    for symbol, length in re.findall(r"mp_obj_str_t (const_obj_\w+) = \{\{&\w+\}, \d+, (\d+),", source):
        add(symbol, int(length) + 1)
    return total, modules


def saved(name: str, everything: Size) -> tuple[str, int]:
    """What turning one option off in `everything` saves (for a trace: what on costs), and how to say it."""
    option = OPTIONS[name]
    asked = {name: int(option.debug or name.startswith("DISABLE_"))}
    if not asked[name]:  # and of those that cannot do without it
        asked.update({o.name: 0 for o in OPTIONS.values() if name in o.needs and o.state == BUILT and not o.auto and not o.suite})
    try:
        other = measure(resolve("everything", asked)).total
    except ConfigureError:
        return "required", 0
    return ("costs", other - everything.total) if option.debug else ("saves", everything.total - other)


def number(n: int) -> str:
    return f"{n:,}".replace(",", " ")


def report(profiles: Mapping[str, Size], options: Mapping[str, tuple[str, int]]) -> str:
    lines = [f"Frozen bytes, {MARCH}, viper kernels, without the examples:\n"]
    for i, (name, size) in enumerate(profiles.items()):
        lines.append(f"{name:12}{number(size.total):>9}   {len(size.modules)} modules")
        if same := [other for other in list(profiles)[:i] if profiles[other] == size]:
            lines[-1] += f", the same as {same[0]}\n"
            continue
        ranked = sorted(size.modules.items(), key=lambda item: -item[1])
        lines += [f"            {number(n):>9}   {path}" for path, n in ranked[:TOP]]
        rest = sum(n for _, n in ranked[TOP:])
        lines.append(f"            {number(rest):>9}   {max(0, len(ranked) - TOP)} others")
        lines.append(f"            {number(size.total - sum(size.modules.values())):>9}   names\n")
    lines.append("What each option saves when it is off, of everything:\n")
    lines += [f"{name:46}{number(n) if how != 'required' else how:>9}{'  (cost of on)' * (how == 'costs')}" for name, (how, n) in options.items()]
    return "\n".join(lines)


def page(profiles: Mapping[str, Size], options: Mapping[str, tuple[str, int]]) -> str:
    """The measured part of docs/configuration.md."""
    lines = ["| Profile | Modules | Frozen bytes |", "|---|---:|---:|"]
    lines += [f"| `{name}` | {len(size.modules)} | {number(size.total)} |" for name, size in profiles.items()]
    for title, section in SECTIONS:
        lines += ["", f"### {title}", "", "| Option | Default | What it brings | Needs | Off saves |", "|---|---|---|---|---:|"]
        for o in section:
            how, n = options.get(o.name, ("", 0))
            default = {BUILT: "auto" if o.auto else str(o.default) if o.most > 1 else "on" if o.default else "off", LATER: "not built yet"}.get(o.state, "does not apply")
            needs = ", ".join(f"`{need}`".replace("|", "` or `") for need in o.needs)
            bytes_ = {"saves": number(n), "costs": f"(on costs {number(n)})", "required": "needed"}.get(how, "")
            lines.append(f"| `{o.name}` | {default} | {o.what} | {needs} | {bytes_} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--write"]):
        print("usage: size.py [--write]", file=sys.stderr)
        return 2
    if not (toolchain.OBJ / "base-32").exists():
        print("size: there is no 32-bit MicroPython to measure with: run `make setup`", file=sys.stderr)
        return 1
    CACHE.mkdir(parents=True, exist_ok=True)
    names = [o.name for o in OPTIONS.values() if o.state == BUILT and o.most == 1]
    try:
        with ThreadPoolExecutor(2) as pool:
            profiles = dict(zip(PROFILES, pool.map(lambda name: measure(resolve(name)), PROFILES), strict=True))
            everything = profiles["everything"]
            options = dict(zip(names, pool.map(lambda name: saved(name, everything), names), strict=True))
    except (ConfigureError, Failed) as e:
        print(f"size: {e}", file=sys.stderr)
        return 1
    print(report(profiles, options))
    if arguments:
        begin, end = "<!-- measured: make size -->", "<!-- end of measured -->"
        before, _, rest = PAGE.read_text().partition(begin)
        PAGE.write_text(f"{before}{begin}\n{page(profiles, options)}\n{end}{rest.partition(end)[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
