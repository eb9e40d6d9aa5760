#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stages the modules that a choice of options needs, with everything else folded out of them.

    tools/configure.py --profile client --tier viper --platform unix --out build/config/mine USE_PEM=0

An import of mxtls.config or mxtls.codes becomes constants, dead branches and table rows go, and
a module that nothing left imports is not staged. manifest.py and tools/size.py call stage().
"""

import argparse
import ast
import difflib
import functools
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from join import JoinError, joined  # noqa: E402
from options import AT_LEAST_ONE, LATER, NEVER, OPTIONS, PROFILES, SECTIONS  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
# The folders of port/ whose kernels take the place of the pure ones; a later one outranks those before it.
TIERS = {
    "pure": (),
    "viper": ("viper",),
    "thumb": ("viper", "thumb"),
    "native": ("native",),
    "natmod": ("viper", "native", "natmod"),
    "natmod-64": ("native", "natmod"),
}
# The tiers that choose between their kernels and those of another tier when they are first imported: see port/natmod/__init__.py
SOFT = {"natmod": "viper", "natmod-64": "pure"}


class ConfigureError(Exception):
    """One line: what cannot be built and what to do."""


# --- Which options are on


def resolve(profile: str = "default", asked: Mapping[str, int] | None = None) -> dict[str, int]:
    """The value of every built option. What is asked for outranks the profile, which outranks
    the defaults; a suite or an algorithm that only a default wants gives way to a refusal."""
    asked = dict(asked or {})
    if profile not in PROFILES:
        raise ConfigureError(f"there is no profile {profile}: choose {', '.join(PROFILES)}")
    for name, number in asked.items():
        _check(name, number)
    chosen = {**PROFILES[profile], **asked}
    if "DISABLE_SSLV3" in asked or not asked.get("USE_SSL3"):  # the reference's name and ours say the same
        chosen["USE_SSL3"] = 1 - chosen.get("DISABLE_SSLV3", 1)
    else:
        chosen["DISABLE_SSLV3"] = 0
    built = {o.name: o for o in OPTIONS.values() if o.state not in (LATER, NEVER)}
    value = {o.name: chosen.get(o.name, 1 if o.auto else o.default) for o in built.values()}

    changed = True
    while changed:
        changed = False
        for o in built.values():
            for need in o.needs if value[o.name] else ():
                if any(value.get(name) for name in need.split("|")):
                    continue
                if asked.get(o.name) or not (o.auto or o.suite):
                    raise ConfigureError(f"{o.name} needs {need.replace('|', ' or ')}: turn it on, or {o.name} off")
                value[o.name] = 0
                changed = True

    # An automatic option stays when something that stays wants it.
    wanted = [n for n, o in built.items() if value[n] and (not o.auto or chosen.get(n))]
    kept = set(wanted)
    while wanted:
        o = built[wanted.pop()]
        for name in "|".join(o.needs + o.uses).split("|"):
            if value.get(name) and name not in kept:
                kept.add(name)
                wanted.append(name)
    value = {name: number if name in kept else 0 for name, number in value.items()}

    for what, names in AT_LEAST_ONE:
        if not any(value[name] for name in names):
            raise ConfigureError(f"no {what} is left on: turn on one of {', '.join(names)}")
    return value


def _check(name: str, number: int) -> None:
    option = OPTIONS.get(name)
    if option is None:
        near = difflib.get_close_matches(name, OPTIONS, 1, 0.5)
        hint = f": did you mean {near[0]}?" if near else ": tools/configure.py --list prints them all"
        raise ConfigureError(f"there is no option {name}{hint}")
    if option.state == LATER and number != option.default:
        what = f"{name}={number}" if option.default else name
        raise ConfigureError(f"{what} is not built yet: remove it from the manifest")
    if option.state == NEVER and number:
        raise ConfigureError(f"{name} does not apply: {option.what}; remove it from the manifest")
    if not option.least <= number <= option.most and option.state != LATER:
        raise ConfigureError(f"{name}={number}: it is {option.least} {'to' if option.most > 1 else 'or'} {option.most}")


# --- Folding one module

_FOLDED = ("mxtls.config", "mxtls.codes")
# Functions whose arguments are texts, and the option without which nobody sees them
_TEXTS = {**dict.fromkeys(("Error", "fail", "illegal", "malformed", "_malformed", "_unsupported"), "USE_ERROR_TEXTS"), "_drop": "USE_DTLS_DEBUG_TRACE"}
_INTERNAL = ("KX_", "MODE_", "WAIT_", "EXT_")  # codes that only the library uses, so that folding leaves nobody who asks
_STOPS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_HARMLESS = (ast.Name, ast.Attribute, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Subscript)
_HARMLESS += (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
_cache: dict[tuple[object, ...], str] = {}


def fold(text: str, where: str, constants: Mapping[str, Mapping[str, int]], host: bool = False) -> str:
    """The module's text for these constants ({"mxtls.config": {...}, "mxtls.codes": {...}}).
    For a host, const stays importable; mpy-cross knows it by itself."""
    flags = constants["mxtls.config"]
    off = frozenset(option for name, option in _TEXTS.items() if not flags.get(option, 1) and name + "(" in text)
    key = (text, host, off, *(number for name, number in flags.items() if name in text))
    if key not in _cache:
        folded = _fold_imports(text, where, constants, host)
        folded = _edited(folded, _unused_texts(folded, off)) if off else folded
        for rewrite in (_dead_branches, _dead_choices, _dead_rows):
            while (edits := rewrite(folded, tree := ast.parse(folded), _known(tree))):
                folded = _edited(folded, edits)
        _cache[key] = folded
    return _cache[key]


Edit = tuple[int, int, str]  # from, to (byte offsets), what stands there instead


class _Places:
    """Byte offsets of the nodes of a text."""

    def __init__(self, text: str) -> None:
        self.raw = text.encode()
        self.lines = [0]
        for line in self.raw.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def start(self, node: ast.stmt | ast.expr) -> int:
        return self.lines[node.lineno - 1] + node.col_offset

    def end(self, node: ast.stmt | ast.expr) -> int:
        return self.lines[_last_line(node) - 1] + (node.end_col_offset or 0)

    def text(self, start: int, end: int) -> str:
        return self.raw[start:end].decode()


def _last_line(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno


def _edited(text: str, edits: list[Edit]) -> str:
    raw = text.encode()
    for start, end, new in sorted(edits, reverse=True):
        raw = raw[:start] + new.encode() + raw[end:]
    return raw.decode()


def _fold_imports(text: str, where: str, constants: Mapping[str, Mapping[str, int]], host: bool) -> str:
    try:
        tree = ast.parse(text)
    except SyntaxError as e:
        raise ConfigureError(f"{where} line {e.lineno}: {e.msg}") from None
    places, edits, first = _Places(text), [], True
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            raise ConfigureError(f"{where} line {node.lineno}: write the whole name of the module to import from")
        if node.module in _FOLDED:
            top = node in tree.body
            if node.module == "mxtls.config" and not top:
                raise ConfigureError(f"{where} line {node.lineno}: import from mxtls.config at the top of the module")
            lines = ["from micropython import const"] if host and top and first else []
            first = first and not top
            for alias in node.names:
                if alias.name not in constants[node.module]:
                    raise ConfigureError(f"{where} line {node.lineno}: {node.module} has no {alias.name}")
                number = constants[node.module][alias.name]
                lines.append(f"{alias.asname or alias.name} = " + (f"const({number})" if top else str(number)))
            edits.append((places.start(node), places.end(node), ("\n" if top else "; ").join(lines)))
        elif node.module == "micropython" and not host:
            names = [alias.name for alias in node.names if alias.name != "const"]
            new = f"from micropython import {', '.join(names)}" if names else "pass" if node not in tree.body else ""
            edits.append((places.start(node), places.end(node), new))
    return _edited(text, edits)


def _known(tree: ast.Module) -> dict[str, int]:
    """The module's integer constants."""
    known: dict[str, int] = {}
    for node in tree.body:
        match node:
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name("const"), [argument], [])):
                number = _number(argument, known)
                if number is not None:
                    known[name] = number
    return known


def _number(node: ast.expr, known: Mapping[str, int]) -> int | None:
    """What the expression is, where constants decide it."""
    match node:
        case ast.Constant(int(number)):
            return int(number)
        case ast.Name(name):
            return known.get(name)
        case ast.UnaryOp(ast.Not(), operand):
            number = _number(operand, known)
            return None if number is None else int(not number)
        case ast.UnaryOp(ast.USub(), operand):
            number = _number(operand, known)
            return None if number is None else -number
        case ast.BoolOp(op, values):
            decides = isinstance(op, ast.Or)
            for value in values:
                number = _number(value, known)
                if number is not None and bool(number) == decides:
                    return number
                if number is None and not all(isinstance(n, _HARMLESS) for n in ast.walk(value)):
                    return None
            return None if any(_number(v, known) is None for v in values) else _number(values[-1], known)
        case ast.BinOp(left, ast.BitAnd() | ast.BitOr() as op, right):
            a, b = _number(left, known), _number(right, known)
            if a is not None and b is not None:
                return a & b if isinstance(op, ast.BitAnd) else a | b
        case ast.Compare(left, [ast.Eq() | ast.NotEq() as op], [right]):
            a, b = _number(left, known), _number(right, known)
            if a is not None and b is not None:
                return int((a == b) == isinstance(op, ast.Eq))
    return None


def _dead_branches(text: str, tree: ast.Module, known: Mapping[str, int]) -> list[Edit]:
    """Edits that settle the outermost `if`s whose tests are known, and drop what follows a return."""
    places, edits = _Places(text), []

    def block(body: list[ast.stmt], module: bool = False) -> None:
        gone, first = 0, len(edits)
        for i, node in enumerate(body):
            if i and isinstance(body[i - 1], _STOPS):
                edits.append((places.end(body[i - 1]), places.end(body[-1]), ""))
                break
            new = _settled(node, places, known) if isinstance(node, ast.If) else None
            if new is not None:
                gone += not new
                start = places.start(node) - (0 if new else node.col_offset)
                edits.append((start, places.end(node), new))
                continue
            for field in ("body", "orelse", "finalbody"):
                if inner := getattr(node, field, None):
                    block(inner)
            for handler in getattr(node, "handlers", ()):
                block(handler.body)
        if gone == len(body) and not module:
            start, end, _ = edits[first]
            edits[first] = (start, end, " " * body[0].col_offset + "pass")

    block(tree.body, True)
    return edits


def _settled(node: ast.If, places: _Places, known: Mapping[str, int]) -> str | None:
    """The chain of if, elif and else without what cannot happen; None when nothing is known."""
    chain: list[tuple[ast.expr | None, list[ast.stmt], int]] = []  # test, body, the header's last line
    step, settled = node, False
    while True:
        number = _number(step.test, known)
        settled = settled or (number is not None and not isinstance(step.test, ast.Constant))
        if number is None:
            chain.append((step.test, step.body, _last_line(step.test)))
        elif number:
            chain.append((None, step.body, _last_line(step.test)))
            break
        following = step.orelse
        if len(following) == 1 and isinstance(following[0], ast.If) and _is_elif(following[0], places):
            step = following[0]
            continue
        if following:
            chain.append((None, following, _last_line(step.body[-1])))
        break
    if not settled:
        return None
    indent = " " * node.col_offset
    out = []
    for i, (test, body, header) in enumerate(chain):
        first = min([body[0].lineno] + [d.lineno for d in getattr(body[0], "decorator_list", ())])
        if first > header:
            lines = places.text(places.lines[first - 1], places.end(body[-1]))
        else:
            lines = indent + "    " + places.text(places.start(body[0]), places.end(body[-1]))
        if test is None and i == 0 and _has_long_string(body):
            out.append(f"{indent}if 1:\n{lines}")
            continue
        if test is None and i == 0:
            shift = len(lines) - len(lines.lstrip(" ")) - len(indent)
            out.append("\n".join(line[shift:] if line[:shift].isspace() else line for line in lines.split("\n")))
            continue
        if test is None:
            out.append(f"{indent}else:\n{lines}")
        else:
            condition = places.text(places.start(test), places.end(test))
            if test.lineno != test.end_lineno:
                condition = f"({condition})"
            out.append(f"{indent}{'elif' if i else 'if'} {condition}:\n{lines}")
    return "\n".join(out)[len(indent) :]


def _is_elif(node: ast.If, places: _Places) -> bool:
    return places.raw.startswith(b"elif", places.start(node))


def _has_long_string(body: list[ast.stmt]) -> bool:
    return any(
        isinstance(n, (ast.Constant, ast.JoinedStr)) and n.lineno != n.end_lineno for s in body for n in ast.walk(s)
    )


def _unused_texts(text: str, off: Set[str]) -> list[Edit]:
    """Edits that leave texts empty that nobody sees without these options. What comes with an alert in a tuple is an error's text."""
    places, edits = _Places(text), []

    def is_text(node: ast.expr) -> bool:
        if isinstance(node, ast.BinOp):
            return is_text(node.left) or is_text(node.right)
        return isinstance(node, ast.Constant) and isinstance(node.value, str)

    def drop(nodes: list[ast.expr]) -> None:
        for node in nodes:
            if is_text(node):
                edits.append((places.start(node), places.end(node), '""'))
            elif isinstance(node, ast.IfExp):
                drop([node.body, node.orelse])

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and _TEXTS.get(getattr(node.func, "id", getattr(node.func, "attr", ""))) in off:
            drop(node.args)
        elif isinstance(node, ast.Tuple) and "USE_ERROR_TEXTS" in off and any(isinstance(e, ast.Name) and e.id.startswith("_ALERT_") for e in node.elts):
            drop(node.elts)
    return edits


def _dead_choices(text: str, tree: ast.Module, known: Mapping[str, int]) -> list[Edit]:
    """One edit that settles an `a if _X else b`."""
    places = _Places(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp) and (number := _number(node.test, known)) is not None:
            taken = node.body if number else node.orelse
            new = places.text(places.start(taken), places.end(taken))
            plain = isinstance(taken, (ast.Name, ast.Constant)) and "\n" not in new
            return [(places.start(node), places.end(node), new if plain else f"({new})")]
    return []


def _dead_rows(text: str, tree: ast.Module, known: Mapping[str, int]) -> list[Edit]:
    """Edits that drop from tables of tuples the rows that end in an option that is off."""
    places, edits = _Places(text), []
    for table in ast.walk(tree):
        if not isinstance(table, ast.Tuple):
            continue
        rows = table.elts
        dead = [_is_dead_row(row, known) for row in rows]
        if not any(dead):
            continue
        for row, following, off in zip(rows, [*rows[1:], None], dead, strict=True):
            if off:
                end = places.start(following) if following else places.end(row)
                edits.append((places.start(row), end, ""))
        end = places.text(places.end(rows[-1]), places.end(table))
        if not dead[-1] and dead.count(False) == 1 and "," not in end:
            edits.append((places.end(rows[-1]), places.end(rows[-1]), ","))
        elif dead[-1] and end.lstrip().startswith(","):
            comma = places.end(rows[-1]) + end.index(",")
            edits.append((comma, comma + 1, ""))
    return edits


def _is_dead_row(row: ast.expr, known: Mapping[str, int]) -> bool:
    if not isinstance(row, ast.Tuple) or not row.elts:
        return False
    last = row.elts[-1]
    names = [n.id for n in ast.walk(last) if isinstance(n, ast.Name)]
    return any(n.startswith(("_USE_", "_PS_USE_")) for n in names) and _number(last, known) == 0


# --- Staging a configuration


def module_names(folder: Path, package: str = "") -> dict[str, Path]:
    """Dotted name -> file of every module below folder."""
    names = {}
    for path in sorted(folder.rglob("*.py")):
        parts = [package] * bool(package) + list(path.relative_to(folder).with_suffix("").parts)
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def constants_of(text: str) -> dict[str, int]:
    return _known(ast.parse(text))


@functools.cache
def _imported(text: str) -> tuple[set[str], set[str]]:
    """The modules that a text imports, and what it imports from them, which may be modules as well."""
    modules, parts = set(), set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import():
                modules.update(alias.name for alias in node.names)
            case ast.ImportFrom():
                modules.add(node.module or "")
                parts.update(f"{node.module}.{alias.name}" for alias in node.names)
            case ast.Call(ast.Name("__import__"), [ast.Constant(str(name)), *_]):
                modules.add(name)
    return modules, parts


def imports_of(text: str, where: str, names: Iterable[str]) -> set[str]:
    """Which of these modules a folded text imports."""
    modules, parts = _imported(text)
    found = {name for name in parts if name in names}
    for name in modules:
        if name.split(".")[0] == "mxtls" and name not in names:
            raise ConfigureError(f"{where} imports {name}, which is not there")
        steps = name.split(".")
        found.update(n for i in range(len(steps)) if (n := ".".join(steps[: i + 1])) in names)
    return found


def _codes_text(codes: Mapping[str, int]) -> str:
    table = " ".join(f"{name}={number}" for name, number in codes.items() if not name.startswith(_INTERNAL))
    return f'''# SPDX-License-Identifier: MIT
"""Made by tools/configure.py of mxtls/codes.py: one text in flash, so that a name costs no heap."""


def __getattr__(name):
    table = " {table} "
    at = table.find(" " + name + "=")
    if at < 0:
        raise AttributeError(name)
    at += len(name) + 2
    return int(table[at : table.find(" ", at)])
'''


def _only_staged(text: str, sources: Iterable[str], staged: Iterable[str]) -> str:
    """The text with its lists of modules to forget, "crypto.prf resume", shortened to those that this build has."""

    def shorten(match: re.Match[str]) -> str:
        names = ["mxtls." + word for word in match[1].split()]
        if any(name not in sources for name in names):
            return match[0]
        return '"%s"' % " ".join(name.removeprefix("mxtls.") for name in names if name in staged)

    return re.sub(r'"([a-z0-9_.]+(?: [a-z0-9_.]+)+)"', shorten, text)


def _drop_idle(texts: dict[str, tuple[str, str]], also: Iterable[str] = ()) -> None:
    """Take out the functions of kernels and of the handshake that nothing staged names, those of C among them, and then what only they named.
    The modules of `also` were asked for as they are."""
    idle = True
    while idle:
        named = Counter(word for _, text in texts.values() for word in re.findall(r"\w+", text))
        idle = False
        for name, (path, text) in texts.items():
            if name in also or not name.startswith(("mxtls.kernels.", "mxtls.handshake.")):
                continue
            if "mxtls_native" not in text and all(named[f] > 1 for f in re.findall(r"^def (\w+)", text, re.M)):
                continue
            places = _Places(text)
            edits: list[Edit] = []
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef) and named[node.name] == 1 and not node.name.startswith("__"):
                    first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
                    edits.append((places.lines[first - 1], places.end(node), ""))
                elif isinstance(node, ast.ImportFrom) and node.module == "mxtls_native":
                    kept = [alias for alias in node.names if named[alias.asname or alias.name] > 1]
                    if len(kept) < len(node.names):
                        names = ", ".join(map(ast.unparse, kept))
                        edits.append((places.start(node), places.end(node), names and f"from mxtls_native import {names}"))
            if edits:
                texts[name] = path, _edited(text, edits)
                idle = True


def _config_text(values: Mapping[str, int]) -> str:
    lines = "".join(f"{name} = {number}\n" for name, number in values.items())
    return f'# SPDX-License-Identifier: MIT\n"""Made by tools/configure.py: the options of this build."""\n\n{lines}'


def staged_texts(
    options: Mapping[str, int],
    tier: str = "viper",
    platform: str = "unix",
    examples: bool = False,
    also: Iterable[str] = (),
) -> dict[str, tuple[str, str]]:
    """Module name -> (path, text) of all that these resolved options need."""
    if tier not in TIERS:
        raise ConfigureError(f"there is no tier {tier}: choose {', '.join(TIERS)}")
    if not (ROOT / "port" / platform / "mxtls_port.py").exists():
        ports = sorted(p.parent.name for p in (ROOT / "port").glob("*/mxtls_port.py"))
        raise ConfigureError(f"there is no port {platform}: choose {', '.join(ports)}")
    sources = module_names(ROOT / "lib") | module_names(ROOT / "examples")
    sources |= module_names(ROOT / "port" / "boards") | module_names(ROOT / "port" / platform)
    if platform != "cpython":  # which has an ssl of its own
        sources |= module_names(ROOT / "port" / "micropython")
    for folder in TIERS[tier]:
        sources |= module_names(ROOT / "port" / folder, "mxtls.kernels")  # also those that only such kernels share
    codes = constants_of(sources["mxtls.codes"].read_text())
    constants = {"mxtls.config": options, "mxtls.codes": codes}

    waiting = ["mxtls", "mxtls.codes", "mxtls_port", *also]
    for option, names in (("USE_TLS_MODULE", ("tls",)), ("USE_SSL_MODULE", ("mxtls.ssl", "ssl", "ussl"))):
        waiting += [name for name in names if options[option] and name in sources]
    if examples:
        roles = (("client", "USE_CLIENT_SIDE_SSL"), ("server", "USE_SERVER_SIDE_SSL"))
        waiting += [name for name, role in roles if name in sources and options[role]]
    staged: dict[str, tuple[str, str]] = {}
    while waiting:
        name = waiting.pop()
        if name in staged:
            continue
        if name not in sources:
            raise ConfigureError(f"there is no module {name} to stage")
        path = sources[name]
        if name == "mxtls.codes":
            text = _codes_text(codes)
        elif name == "mxtls.config":
            text = _config_text(options)
        else:
            text = fold(path.read_text(), str(path.relative_to(ROOT)), constants, platform == "cpython")
        below = name.replace(".", "/")
        staged[name] = (f"{below}/__init__.py" if path.name == "__init__.py" else f"{below}.py", text)
        waiting += imports_of(text, str(path.relative_to(ROOT)), sources)
    staged = {name: (below, _only_staged(text, sources, staged)) for name, (below, text) in staged.items()}
    _drop_idle(staged, also)
    if tier in SOFT:
        kernels = "mxtls.kernels."
        for name, (below, text) in staged_texts(options, SOFT[tier], platform, examples, also).items():
            if name.startswith(kernels):
                staged[kernels + "soft." + name[len(kernels) :]] = (below.replace("kernels/", "kernels/soft/"), text)
    return dict(sorted(staged.items()))


def for_board(
    texts: dict[str, tuple[str, str]], tier: str, platform: str, also: Iterable[str] = ()
) -> dict[str, tuple[str, str]]:
    """What staged_texts() returns, as a board gets it: modules that are loaded together are one (join.py). A host gets them as they are;
    modules of `also` keep their names, as do kernels that are chosen when they are first imported."""
    if platform == "cpython":
        return texts
    try:
        return joined(texts, {*also, *(name for name in texts if tier in SOFT and name.startswith("mxtls.kernels."))})
    except JoinError as e:
        raise ConfigureError(str(e)) from None


def stage(
    options: Mapping[str, int],
    tier: str = "viper",
    platform: str = "unix",
    out: Path | str = "",
    profile: str = "default",
    examples: bool = False,
    also: Iterable[str] = (),
    apart: bool = False,
) -> list[str]:
    """Write the folder `out`: the modules and a manifest.py that freezes them. options: what is asked for
    beside the profile; examples: client.py and server.py too, as far as the roles go; also: further modules; apart: what a board
    loads together is not joined (join.py). Returns the modules' names. Files that stay the same are not touched."""
    values = resolve(profile, options)
    texts = staged_texts(values, tier, platform, examples, also)
    if not apart:
        texts = for_board(texts, tier, platform, also)
    files = {path: text for path, text in texts.values()}
    on = " ".join(name for name, number in values.items() if number)
    tops = sorted(path for path in files if "/" not in path)
    files["manifest.py"] = f"# Made by tools/configure.py: {tier}, {platform}, {on}\n" + "".join(
        ['package("mxtls", opt=3)\n'] + [f'module("{path}", opt=3)\n' for path in tops]
    )
    out = Path(out or folder_for(options, tier, platform, profile, examples, also))
    if out.exists() and any(out.iterdir()) and not (out / "manifest.py").exists():
        raise ConfigureError(f"{out} holds something else: choose another folder")
    for path in out.rglob("*.py") if out.exists() else ():
        if str(path.relative_to(out)) not in files:
            path.unlink()
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    return list(texts)


def folder_for(
    options: Mapping[str, int],
    tier: str,
    platform: str,
    profile: str = "default",
    examples: bool = False,
    also: Iterable[str] = (),
) -> Path:
    """Where this configuration is staged when no folder is given."""
    name = f"{profile}-{tier}-{platform}"
    if options or also or examples:
        choice = repr((sorted(options.items()), sorted(also), bool(examples)))
        name += "-" + hashlib.sha256(choice.encode()).hexdigest()[:8]
    return ROOT / "build" / "config" / name


def print_options() -> None:
    for title, section in SECTIONS:
        print(f"\n{title}")
        for o in section:
            state = {LATER: "not built yet", NEVER: "does not apply"}.get(o.state, "on" if o.default else "off")
            print(f"  {o.name:44} {'auto' if o.auto else state:14} {o.what}")


def asked_for(pairs: Iterable[str]) -> dict[str, int]:
    """The options of a command line's USE_X=0 and USE_X=1."""
    asked = {}
    for pair in pairs:
        name, _, number = pair.partition("=")
        if not number.isdigit():
            raise ConfigureError(f"{pair}: write {name}=0 or {name}=1")
        asked[name] = int(number)
    return asked


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("options", nargs="*", metavar="USE_X=0|1")
    parser.add_argument("--profile", default="default", help=" ".join(PROFILES))
    parser.add_argument("--tier", default="viper", help=" ".join(TIERS))
    parser.add_argument("--platform", default="unix", help="a folder of port/")
    parser.add_argument("--out", help="where to stage (default: a folder of build/config)")
    parser.add_argument("--examples", action="store_true", help="client.py and server.py too")
    parser.add_argument("--also", action="append", default=[], metavar="MODULE", help="stage this module too")
    parser.add_argument("--apart", action="store_true", help="leave each module a file of its own")
    parser.add_argument("--list", action="store_true", help="print every option")
    given = parser.parse_args(arguments)
    if given.list:
        print_options()
        return 0
    try:
        place = (asked_for(given.options), given.tier, given.platform)
        rest = (given.profile, given.examples, given.also)
        out = given.out or folder_for(*place, *rest)
        modules = stage(*place, out, *rest, given.apart)
    except ConfigureError as e:
        print(f"configure: {e}", file=sys.stderr)
        return 2
    print(f"{len(modules)} modules in {out}: {' '.join(modules)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
