# SPDX-License-Identifier: MIT
"""Every line that lib/ and port/ can say, found in their source: what has three words and is no docstring is one. Used by test_docs.py.

    lines()     {"a record of … bytes is too long; …": "lib/mxtls/session.py"}; … stands for what is put in

Not lines: traces; tables of names; public constants; and what is handed to a function that makes a line of it, whose own line has the gap.
"""

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GAP = "…"
_QUIET = ("forget", "guard", "trace", "_drop")
_WORD = re.compile(r"(?<![\w.])[A-Za-z]\w*")
_TABLE = re.compile(r" ?[\w.=]+( [\w.=]+)* ?")  # names of modules, or name=value: no other punctuation


@functools.cache
def lines():
    trees = {path: ast.parse(path.read_text()) for folder in ("lib", "port") for path in sorted((ROOT / folder).rglob("*.py"))}
    makers = {function.name for tree in trees.values() for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) and _makes(function)}
    found = {}
    for path, tree in trees.items():
        for text in _said(tree, (*_QUIET, *makers)):
            found.setdefault(text, str(path.relative_to(ROOT)))
    return found


def _makes(function):
    """Does it raise an Error whose line has an argument of its own between words?"""
    own = {a.arg for a in function.args.args}
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and _name(call.func) == "Error" and isinstance(call.args[-1], ast.BinOp):
            if own & {n.id for n in ast.walk(call.args[-1]) if isinstance(n, ast.Name)}:
                return True
    return False


def _said(node, quiet):
    """The lines under a node of the syntax tree."""
    if isinstance(node, ast.Call):
        if _name(node.func) in quiet or (isinstance(node.func, ast.Attribute) and _name(node.func.value) in quiet):
            return
    if isinstance(node, ast.Assign) and _name(node.targets[0])[:1].isupper():
        return
    texts = _texts(node)
    if texts is not None:
        yield from (t for t in texts if _is_line(t))
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):  # a docstring
            yield from _said(child, quiet)


def _name(node):
    """The name, or the attribute's."""
    return getattr(node, "id", getattr(node, "attr", ""))


def _is_line(text):
    words = len(_WORD.findall(text))
    table = _TABLE.fullmatch(text) and re.search(r"[a-z]\.[a-z]|\d=", text)
    return words > 1 and words + text.count(GAP) > 2 and not table


def _texts(node):
    """What an expression of text can be, with gaps; None where it is no text."""
    if isinstance(node, ast.Constant):
        return [re.sub("%[0-9]*[a-zA-Z]", GAP, node.value)] if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return ["".join(part.value if isinstance(part, ast.Constant) else GAP for part in node.values)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _texts(node.left)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _texts(node.left), _texts(node.right)
        if left is None and right is None:
            return None
        return [re.sub(GAP + "+", GAP, a + b) for a in left or [GAP] for b in right or [GAP]]
    if isinstance(node, ast.IfExp):
        body, other = _texts(node.body), _texts(node.orelse)
        return None if body is None and other is None else (body or []) + (other or [])
    return None
