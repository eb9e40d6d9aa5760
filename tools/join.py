# SPDX-License-Identifier: MIT
"""Joins modules that are loaded and forgotten together, so that a board pays for one in the place of many. Called by configure.stage()
and tools/deploy.py with what was folded; the sources stay small files of one idea each.

A frozen module still costs heap on MicroPython: 16 bytes for itself, 16 for its dictionary, 8 each for __name__ and __file__ in it, 8 in
its package's dictionary and 8 in sys.modules. Each name that it imports costs 8 more, and a dictionary grows in steps. What is joined
pays once, and what its parts imported from each other costs nothing.

A group (GROUPS) is a host and its parts. The host keeps its name and takes in the parts, each after those that it imports; the parts
are no longer there. Each import of a part, wherever it stands, becomes one of the host, or nothing within the group. The names of a part
stay too, but for those that stand for something else in the group already: these get the name of their module in front. Where a module is passed on as
a value ("role = module"), its public names are asked for by text, and must stay.

Some more is settled here, because it looks across modules or serves a compiler that is MicroPython's own:
- A public const() is a number wherever it is imported, and no name where nobody asks for it otherwise.
- A private text, or tuple of constants, that is used once is a const(): it stands where it is used, and is no name either.
- Nothing imports micropython for a decorator alone.
- Lists of modules to forget ("crypto.prf handshake.derive") name the hosts, and nothing that is not there.

What this does not understand is a JoinError of one line.
"""

import ast
import builtins
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

# Host -> parts, as far as they are there. What never goes takes in only what never goes, and what goes only what goes with it: a module is
# alive as long as one of its functions, or an instance of one of its classes. A dictionary that is full answers slowly what it has not, and every builtin
# function is looked up there first: handshake.schedule with crypto.hkdf would have 37 names in 37 places, and cost a TLS 1.3 handshake 2 percent.
GROUPS = {
    "mxtls.session": "errors buffers record_layer memory lock trace crypto.drbg crypto.hash crypto.hmac kernels.ct kernels.hash kernels.mem"
    " kernels.sha256 kernels.sha256_blocks",
    "mxtls.dtls": "dtls_assembly dtls_flight dtls_window",
    "mxtls.record_aead": "record",
    "mxtls.crypto.gcm": "kernels.gcm kernels.ghash kernels.ghash_blocks",
    "mxtls.crypto.chacha20poly1305": "kernels.chacha20 kernels.chacha20_rounds kernels.chacha20poly1305 kernels.poly1305 kernels.poly1305_blocks",
    "mxtls.kernels.aes": "kernels.aes_rounds",
    "mxtls.kernels.ec": "crypto.ecdsa",
    "mxtls.handshake.machine": "handshake.codec",
    "mxtls.handshake.derive": "crypto.prf crypto.prf10",
    "mxtls.x509.certificate": "x509.der x509.names",
}

# Parts that applications frozen beside the library import: they are there still, as names of the host's, and cost heap only where they are used.
ALIASES = ("mxtls.errors", "mxtls.kernels.mem")

Texts = Mapping[str, tuple[str, str]]  # module name -> (path, text), as configure.staged_texts() returns it
Target = tuple[str, str]  # what a name stands for: a module and a name in it, "" for the module itself
Scope = dict[str, set[Target | None]]
Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class JoinError(Exception):
    """One line: what cannot be joined."""


def joined(texts: Texts, apart: Collection[str] = ()) -> dict[str, tuple[str, str]]:
    """The texts with the groups joined. What is in `apart` stays as it is and takes nothing in."""
    plan = Plan(texts, apart)
    out = {name: (path, plan.text(name)) for name, (path, _) in texts.items() if name not in plan.home}
    _refuse_circles(out)
    return out | {name: (texts[name][0], plan.alias(name)) for name in ALIASES if name in plan.home}


# --- One module


class Module:
    """defines: its own names at the top. imports: what each imported name at the top stands for; needs: the modules that these are of.
    numbers: its public const()s."""

    def __init__(self, name: str, text: str, names: Collection[str]) -> None:
        self.name, self.names = name, names
        self.tree = ast.parse(text)
        self.defines: dict[str, None] = {}
        self.imports: dict[str, Target] = {}
        self.needs: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.scopes: dict[ast.AST, Scope] = {}
        for node in _at_top(self.tree):
            match node:
                case ast.Import() | ast.ImportFrom():
                    bound = self.bound(node)
                    self.imports.update(bound)
                    self.needs.update([alias.name for alias in node.names] if isinstance(node, ast.Import) else [target[0] for target in bound.values()])
                case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name) | ast.Name(name, ast.Store()):
                    self.defines[name] = None
        for node in self.tree.body:
            match node:
                case ast.Assign([ast.Name(name)], ast.Call(ast.Name("const"), [ast.Constant(int(number))])) if name[0] != "_":
                    self.numbers[name] = number
        self.either = self.defines.keys() & self.imports.keys()  # "except ImportError: socket = None"
        for name in self.either:
            if self.imports.pop(name)[0] in names:
                raise JoinError(f"join: {self.name} imports and defines {name}: give one of them another name")

    def bound(self, node: ast.Import | ast.ImportFrom) -> dict[str, Target]:
        """What the names stand for that an import binds."""
        if isinstance(node, ast.Import):
            return {alias.asname or alias.name.split(".")[0]: (alias.name if alias.asname else alias.name.split(".")[0], "") for alias in node.names}
        if node.names[0].name == "*":
            return {}
        whole = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        parts = {alias.asname or alias.name: (node.module or "", alias.name) for alias in node.names}
        return {name: (module, "") if (module := whole[name]) in self.names else parts[name] for name in whole}

    def scope(self, node: ast.AST) -> Scope:
        """What each local name of a function, or name of a class, is bound to; None: to something that is no import."""
        if node not in self.scopes:
            self.scopes[node] = self._scope(node)
        return self.scopes[node]

    def _scope(self, node: ast.AST) -> Scope:
        found: Scope = {}
        outer: set[str] = set()
        if isinstance(node, _FUNCTIONS):
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    found[argument.arg] = {None}
        for inner in _at_top(node):
            match inner:
                case ast.Import() | ast.ImportFrom():
                    for name, target in self.bound(inner).items():
                        found.setdefault(name, set()).add(target)
                case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name) | ast.Name(name, ast.Store() | ast.Del()):
                    found.setdefault(name, set()).add(None)
                case ast.ExceptHandler(name=str(name)):
                    found.setdefault(name, set()).add(None)
                case ast.Global(names) | ast.Nonlocal(names):
                    outer.update(names)
        return {name: targets for name, targets in found.items() if name not in outer}


def _at_top(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a module, class or function, but not in the functions and classes in it."""
    if isinstance(node, (ast.Module, ast.ClassDef, *_FUNCTIONS)):
        children = [node.body] if isinstance(node, ast.Lambda) else node.body
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield child
        if not isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            yield from _at_top(child)


# --- All of them


class Plan:
    """home: part -> host. final: what each name of a module is called in its group. numbers: the const()s of all modules."""

    def __init__(self, texts: Texts, apart: Collection[str]) -> None:
        self.texts = texts
        self.modules = {name: Module(name, text, texts.keys()) for name, (_, text) in texts.items()}
        self.home: dict[str, str] = {}
        for host, parts in GROUPS.items():
            if host in texts and host not in apart:
                names = ["mxtls." + part for part in parts.split()]
                self.home.update({name: host for name in names if name in texts and name not in apart})
        self.numbers = {(m.name, name): number for m in self.modules.values() if m.name not in apart for name, number in m.numbers.items()}
        self.passed_on: set[str] = set()  # modules that leave as values
        self.stored: set[Target] = set()  # names of modules that others store into
        self.forgotten: set[str] = set()
        for module in self.modules.values():
            Look(self, module).visit(module.tree)
        for target in list(self.numbers):
            if target in self.stored:
                del self.numbers[target]
        self.final: dict[str, dict[Target, str]] = {}
        for name in sorted(self.modules.keys() - self.home.keys()):
            self.final[name] = self._names(name)

    def host(self, module: str) -> str:
        return self.home.get(module, module)

    def group(self, host: str) -> list[Module]:
        """The host and its parts, each after those that it imports."""
        members = sorted([part for part, its in self.home.items() if its == host] + [host])
        order: list[Module] = []

        def add(name: str, way: tuple[str, ...]) -> None:
            if name in way:
                raise JoinError(f"join: {' -> '.join((*way, name))} is a circle of imports")
            if self.modules[name] not in order:
                for needed in sorted(self.modules[name].needs & set(members)):
                    add(needed, (*way, name))
                order.append(self.modules[name])

        for name in members:
            add(name, ())
        return order

    def _names(self, host: str) -> dict[Target, str]:
        """What the names at the top of a group are called: of what its modules define, and of what they import from elsewhere."""
        group = self.group(host)
        final: dict[Target, str] = {}
        taken = set().union(*(_builtins(module) for module in group)) if len(group) > 1 else set()

        def call(target: Target, name: str, fixed: bool = False) -> None:
            if target in final:
                return
            if name in taken:
                if fixed:
                    raise JoinError(f"join: {target[0]} is passed on as a value, and its {name} is called so in {host} already")
                tail = target[0].rpartition(".")[2]
                name = f"_{tail}{name}" if name[0] == "_" else f"{tail}_{name}"
            if name in taken:
                raise JoinError(f"join: no name is left for {target[1]} of {target[0]} in {host}")
            final[target] = name
            taken.add(name)

        for module in [self.modules[host], *(module for module in group if module.name in self.passed_on)]:
            for name in module.defines:
                if name[0] != "_" and self._is_name(module.name, name):
                    call((module.name, name), name, True)
        for module in group:
            for name in module.defines:
                call((module.name, name), name if self._is_name(module.name, name) else "_" + name)
        for module in group:
            for name, target in module.imports.items():
                if self.host(target[0]) != host and target not in self.numbers:
                    call(target, name)
        return final

    def _is_name(self, module: str, name: str) -> bool:
        """Must it be found by its name, or is it a number wherever it is used?"""
        return (module, name) not in self.numbers or module in self.passed_on

    def called(self, target: Target) -> str:
        """What a name of some module is called in its group."""
        module, name = target
        if module not in self.modules:
            return name
        passed = self.modules[module].imports.get(name)  # by a module that only passes it on
        if passed and self.host(passed[0]) == self.host(module):
            return self.called(passed)
        return self.final[self.host(module)].get(passed or target, name)

    def alias(self, part: str) -> str:
        """The text of a module that has the public names of a part."""
        module = self.modules[part]
        names = sorted(name for name in {*module.defines, *module.imports} if name[0] != "_" and name != "micropython")
        given = ", ".join(f"{self.called((part, name))} as {name}" for name in names)
        return f'# SPDX-License-Identifier: MIT\n"""Made by tools/join.py: {part} by its name."""\n\nfrom {self.host(part)} import {given}\n'

    def text(self, host: str) -> str:
        """The text of a group."""
        group = self.group(host)
        before = ast.unparse(_undocumented(group[0].tree)) if len(group) == 1 else ""
        body: list[ast.stmt] = []
        seen: set[str] = set()
        for module in group:
            if module.either and len(group) > 1:
                raise JoinError(f"join: {module.name} imports and defines {min(module.either)}: give one of them another name")
            for node in _undocumented(Rewrite(self, module).visit(module.tree)).body:
                line = ast.unparse(node) if isinstance(node, (ast.Import, ast.ImportFrom)) else ""
                if not line or line not in seen:
                    body.append(node)
                seen.add(line)
        after = ast.unparse(_used_once(_without_micropython(ast.Module(body, []))))
        if after == before:
            return self.texts[host][1]
        names = " ".join(module.name for module in group)
        return f'# SPDX-License-Identifier: MIT\n"""Made by tools/join.py of {names}."""\n\n{after}\n'


def _undocumented(tree: ast.Module) -> ast.Module:
    """The module without its docstring."""
    match tree.body:
        case [ast.Expr(ast.Constant(str())), *rest]:
            return ast.Module(rest, [])
    return tree


def _builtins(module: Module) -> set[str]:
    """The names of builtin functions, and of a viper or assembly function's own words, that a module uses."""
    words = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name)}
    return {word for word in words - module.defines.keys() - module.imports.keys() if hasattr(builtins, word) or word.startswith(("ptr", "uint"))}


def _without_micropython(tree: ast.Module) -> ast.Module:
    """Leave out `import micropython` where only decorators name it: the compiler knows these by itself."""
    decorators = {node.value for function in tree.body if isinstance(function, ast.FunctionDef) for node in function.decorator_list if isinstance(node, ast.Attribute)}
    if not any(isinstance(node, ast.Name) and node.id == "micropython" and node not in decorators for node in ast.walk(tree)):
        tree.body = [node for node in tree.body if not (isinstance(node, ast.Import) and [alias.name for alias in node.names] == ["micropython"])]
    return tree


def _used_once(tree: ast.Module) -> ast.Module:
    """Make const()s of the private texts, and tuples of constants, that are used once."""
    texts: dict[str, ast.Assign] = {}
    for node in tree.body:
        match node:
            case ast.Assign([ast.Name(name)], value) if name[0] == "_" and _is_constant(value):
                texts[name] = node
    count = Counter(re.findall(r"\w+", ast.unparse(tree)) if texts else ())
    for name, node in texts.items():
        if count[name] == 2:
            node.value = ast.Call(ast.Name("const", ast.Load()), [node.value], [])
    return tree


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return all(isinstance(item, ast.Constant) or _is_constant(item) for item in node.elts)
    return isinstance(node, ast.Constant) and isinstance(node.value, (bytes, str))


def _refuse_circles(texts: Texts) -> None:
    """Modules that import each other while they are loaded."""
    modules = {name: Module(name, text, texts.keys()) for name, (_, text) in texts.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            raise JoinError(f"join: {' -> '.join((*way[way.index(name) :], name))} is a circle of imports: change GROUPS in tools/join.py")
        if name not in done:
            for needed in sorted(modules[name].needs & modules.keys()):
                visit(needed, (*way, name))
            done.add(name)

    for name in sorted(modules):
        visit(name, ())


# --- Names in their scopes


class Walk(ast.NodeTransformer):
    """Knows what a name stands for where it is used. A class's names are not seen by the functions in it."""

    def __init__(self, plan: Plan, module: Module) -> None:
        self.plan, self.module = plan, module
        self.host = plan.host(module.name)
        self.scopes: list[tuple[ast.AST, Scope]] = []

    def generic_visit(self, node: ast.AST) -> ast.AST:
        return node if isinstance(node, ast.expr_context) else super().generic_visit(node)

    def within(self, node: Named) -> ast.AST:
        """A function or class: what it begins with belongs to the scope around it."""
        kept, inner = self.scopes, self.entered(node)
        body, node.body = ast.Module(node.body, []), []
        self.generic_visit(node)
        self.scopes = inner
        self.generic_visit(body)
        node.body, self.scopes = body.body, kept
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = within

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.visit(node.args)
        kept, self.scopes = self.scopes, self.entered(node)
        node.body = self.visit(node.body)
        self.scopes = kept
        return node

    def entered(self, node: Named | ast.Lambda) -> list[tuple[ast.AST, Scope]]:
        """The scopes within it."""
        if isinstance(node, ast.ClassDef):
            return [*self.scopes, (node, self.module.scope(node))]
        return [*(outer for outer in self.scopes if not isinstance(outer[0], ast.ClassDef)), (node, self.module.scope(node))]

    def local(self, name: str) -> set[Target | None] | None:
        """What it is bound to in the function or class around; None: it is a name of the module, or builtin."""
        for _, names in reversed(self.scopes):
            if name in names:
                return names[name]
        return None

    def target(self, name: str) -> Target | None:
        """The one thing that an imported name stands for."""
        bound = self.local(name)
        if bound is None:
            return self.module.imports.get(name)
        return next(iter(bound)) if len(bound) == 1 else None

    def targets(self, name: str) -> set[Target | None]:
        bound = self.local(name)
        return {self.module.imports.get(name)} if bound is None else bound

    def forget_list(self, text: object) -> list[str]:
        """The modules that a text lists, as far as they are there."""
        if not isinstance(text, str) or not re.fullmatch(r"[a-z0-9_.]*( [a-z0-9_.]+)*", text):
            return []
        names = [name for word in text.split() if (name := "mxtls." + word) in self.plan.modules]
        return names if any(name.count(".") > 1 for name in names) else []


class Look(Walk):
    """Finds the modules that are passed on as values, what is stored into them, and what is forgotten."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load):
            self.plan.passed_on.update(target[0] for target in self.targets(node.id) if target and not target[1])
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        target = self.target(node.value.id) if isinstance(node.value, ast.Name) else None
        if not target or target[1]:
            return self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            self.plan.stored.add((target[0], node.attr))
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if node.names[0].name == "*":
            self.plan.passed_on.add(node.module or "")
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        self.plan.forgotten.update(self.forget_list(node.value))
        return node


class Rewrite(Walk):
    """Writes a module as a part of its group. stored: the names of other parts that the function around stores into."""

    stored: set[str] = set()

    def within(self, node: Named) -> ast.AST:
        super().within(node)
        if self.local(node.name) is None:
            node.name = self.plan.called((self.module.name, node.name))
        if not isinstance(node, ast.ClassDef) and self.stored:
            node.body.insert(0, ast.Global(sorted(self.stored)))
            self.stored.clear()
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = within

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if self.local(node.id) is None and node.id in self.module.defines:
            return ast.Name(self.plan.called((self.module.name, node.id)), node.ctx)
        target = self.target(node.id)
        if target and target in self.plan.numbers:
            return ast.Constant(self.plan.numbers[target])
        if any(t and not t[1] and self.here(t) for t in self.targets(node.id)):
            raise JoinError(f"join: {self.module.name} passes on {node.id}, a module that is joined with it, as a value")
        if target and self.here(target):
            return self.own(target, node.ctx)
        if target and self.local(node.id) is None:
            return ast.Name(self.plan.final[self.host].get(target, node.id), node.ctx)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        target = self.target(node.value.id) if isinstance(node.value, ast.Name) else None
        if not target or target[1] or target[0] not in self.plan.modules:
            return self.generic_visit(node)
        inner = (target[0], node.attr)
        if inner in self.plan.numbers:
            return ast.Constant(self.plan.numbers[inner])
        if self.here(target):
            return self.own(inner, node.ctx)
        return ast.Attribute(self.visit(node.value), self.plan.called(inner), node.ctx)

    def visit_Global(self, node: ast.Global) -> ast.Global:
        return ast.Global([self.plan.called((self.module.name, name)) for name in node.names])

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        hosts = {}
        for name in self.forget_list(node.value):
            hosts[self.plan.host(name)] = None
            if name in self.plan.home and self.plan.host(name) not in self.plan.forgotten:
                raise JoinError(f"join: {self.module.name} forgets {name}, which is joined with {self.plan.host(name)}, which stays")
        return ast.Constant(" ".join(name.removeprefix("mxtls.") for name in hosts)) if hosts else node

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> ast.stmt | list[ast.stmt] | None:
        source = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if node.names[0].name == "*":
            if source in self.plan.home or len(self.plan.group(self.host)) > 1:
                raise JoinError(f"join: {self.module.name} imports all of {source}: name what it needs")
            return node
        out: list[ast.stmt] = []
        bound = self.module.bound(node)
        for alias, (name, target) in zip(node.names, bound.items(), strict=True):
            if target in self.plan.numbers or self.here(target):
                if not self.target(name):  # it stands for something else too, in another branch
                    value = ast.Constant(self.plan.numbers[target]) if target in self.plan.numbers else self.own(target, ast.Load())
                    out.append(ast.Assign([ast.Name(name, ast.Store())], value, lineno=node.lineno))
                continue
            if isinstance(node, ast.Import) and not alias.asname and alias.name in self.plan.home:
                raise JoinError(f"join: {self.module.name} imports {alias.name} without a name for it")
            module, inner = target
            if not self.scopes and name not in self.module.either:
                name = self.plan.final[self.host].get(target, name)
            if module in self.plan.home and not inner:
                out.append(ast.Import([ast.alias(self.plan.host(module), name)]))
            elif isinstance(node, ast.Import):
                out.append(ast.Import([ast.alias(alias.name, name if alias.asname else None)]))
            else:
                called = self.plan.called(target) if inner else alias.name
                out.append(ast.ImportFrom(self.plan.host(source) if inner else source, [ast.alias(called, name if name != called else None)], 0))
        return out or (ast.Pass() if self.scopes else None)

    visit_ImportFrom = visit_Import

    def here(self, target: Target) -> bool:
        """Is it in the group that this module is in?"""
        return self.plan.host(target[0]) == self.host and target[0] in self.plan.modules and bool(target[0] != self.module.name)

    def own(self, target: Target, context: ast.expr_context) -> ast.Name:
        """A name of another part of the group."""
        name = self.plan.called(target)
        if self.local(name) is not None and target not in self.targets(name):
            raise JoinError(f"join: {self.module.name} has a local name {name}, which hides that of {target[0]}")
        if not isinstance(context, ast.Load) and self.scopes:
            self.stored.add(name)
        return ast.Name(name, context)
