# SPDX-License-Identifier: MIT
"""Modules that are loaded together become one: tools/join.py, in small cases and over whole profiles."""

import ast
import textwrap

import configure
import join
import pytest
from configure import ConfigureError, resolve
from join import JoinError, joined


@pytest.fixture
def of(monkeypatch):
    """of(apart, **modules): the texts of mxtls.<name> and the like joined, host b taking in a, and d taking in c; without what heads each."""
    monkeypatch.setattr(join, "GROUPS", {"mxtls.b": "a", "mxtls.d": "c"})
    monkeypatch.setattr(join, "ALIASES", ())

    def texts(apart=(), **modules):
        given = {"mxtls." + name: (name + ".py", textwrap.dedent(text)) for name, text in modules.items()}
        return {name[6:]: text.split('"""\n\n', 1)[-1].rstrip() for name, (_, text) in joined(given, apart).items()}

    return texts


def lines(text):
    """As ast.unparse() writes it."""
    return ast.unparse(ast.parse(textwrap.dedent(text)))


def test_a_part_is_in_its_host_and_nowhere_else(of):
    out = of(
        a="def f():\n    return 1\n",
        b="from mxtls.a import f\n\n\ndef g():\n    return f()\n",
        e="from mxtls.a import f\nimport mxtls.a as a\n\n\ndef h():\n    from mxtls.a import f as other\n    return f() + a.f() + other()\n",
    )
    assert out == {
        "b": lines("def f():\n    return 1\n\ndef g():\n    return f()"),
        "e": lines(
            """
            from mxtls.b import f
            import mxtls.b as a
            def h():
                from mxtls.b import f as other
                return f() + a.f() + other()
            """
        ),
    }


def test_what_nothing_changes_is_as_it_was(of):
    text = "import gc  # as it was written\n\nx = ( 1, )"
    assert of(e=text)["e"] == text


def test_what_is_apart_stays_by_itself(of):
    texts = {"a": "def f():\n    return 1", "b": "from mxtls.a import f\n\ndef g():\n    return f()"}
    assert of(["mxtls.a"], **texts) == of(["mxtls.b"], **texts) == texts


def test_imports_within_a_group_are_nothing_in_functions_too(of):
    out = of(
        a="def f():\n    pass\n\n\ndef g():\n    pass\n",
        b="def h(x):\n    import mxtls.a as a\n\n    a.f()\n    if x:\n        from mxtls.a import f as one\n    else:\n        from mxtls.a import g as one\n    one()\n",
    )
    assert out["b"].endswith(lines("def h(x):\n    pass\n    f()\n    if x:\n        one = f\n    else:\n        one = g\n    one()"))


def test_a_name_that_stands_for_something_else_gets_the_parts_name(of):
    out = of(
        a="def f():\n    return len(x)\n\n\nx = _y = open = []\n",
        b="from mxtls.a import f as other\n\n_y = open('z')\n\n\ndef f(x):\n    return other() + x\n",
        e="import mxtls.a as a\n\n\ndef g():\n    a.f.z = 1\n    return a.x\n",
    )
    assert out["b"] == lines(
        "def a_f():\n    return len(x)\nx = _y = a_open = []\n_b_y = open('z')\ndef f(x):\n    return a_f() + x"
    )
    assert out["e"] == lines("import mxtls.b as a\ndef g():\n    a.a_f.z = 1\n    return a.x")


def test_imports_from_elsewhere_come_once_and_keep_apart(of):
    out = of(
        a="from time import sleep as s\nimport gc\n\n\ndef f():\n    s(1)\n    gc.collect()\n",
        b="from mxtls.a import f\nimport gc\nfrom os import stat as s\n\n\ndef g():\n    f()\n    s(gc)\n",
    )
    assert out["b"] == lines(
        "from time import sleep as s\nimport gc\ndef f():\n    s(1)\n    gc.collect()\nfrom os import stat as os_s\ndef g():\n    f()\n    os_s(gc)"
    )


def test_classes_and_arguments_have_names_of_their_own(of):
    out = of(
        a="def f():\n    pass\n",
        b="from mxtls.a import f as g\n\n\nclass C:\n    g = 1\n\n    def f(self, h=g):\n        return g, self.g\n\n\ndef k(g):\n    return g\n\n\ndef f():\n    pass\n",
    )
    assert out["b"].split("\n\n", 1)[1] == lines(
        "class C:\n    g = 1\n    def f(self, h=g):\n        return (a_f, self.g)\ndef k(g):\n    return g\ndef f():\n    pass"
    )


def test_what_is_stored_into_another_part_is_a_global(of):
    out = of(
        a="state = None\n\n\ndef f():\n    global state\n    state = 1\n",
        b="import mxtls.a as a\n\n\ndef g(x):\n    a.state = x\n\n\ndef state_of():\n    return a.state\n",
        e="import mxtls.a as a\n\n\ndef h():\n    a.state = 3\n",
    )
    assert out["b"].endswith(lines("def g(x):\n    global state\n    state = x\n\ndef state_of():\n    return state"))
    assert out["e"] == lines("import mxtls.b as a\ndef h():\n    a.state = 3")


def test_a_number_is_no_name(of):
    out = of(
        a="SIZE = const(4)\nEVER = const(5)\n",
        b="from mxtls.a import SIZE\n\n\ndef f():\n    return SIZE\n",
        e="import mxtls.a as a\nfrom mxtls.a import SIZE as n\n\n\ndef g():\n    a.EVER = 2\n    return a.SIZE + n\n",
    )
    assert out["b"] == lines("_SIZE = const(4)\nEVER = const(5)\ndef f():\n    return 4")
    assert out["e"] == lines("import mxtls.b as a\ndef g():\n    a.EVER = 2\n    return 4 + 4")


def test_a_text_that_is_used_once_stands_where_it_is_used(of):
    text = "_A = b'a'\n_B = ((1, b'b'), (2, None))\n_C = b'c'\n_D = [1]\nE = b'e'\n\n\ndef f():\n    return _A + _C + _C + E, _B, _D\n"
    assert of(e=text)["e"] == lines(text.replace("b'a'", "const(b'a')").replace("((1, b'b'), (2, None))", "const(((1, b'b'), (2, None)))"))


def test_nobody_imports_micropython_for_a_decorator(of):
    assert of(e="import micropython\n\n@micropython.viper\ndef f():\n    pass")["e"] == "@micropython.viper\ndef f():\n    pass"
    text = "import micropython\n\n\ndef f():\n    micropython.heap_lock()"
    assert of(e=text)["e"] == text


def test_lists_to_forget_name_the_host(of):
    out = of(a="x = 1", b="from mxtls.a import x\n", c="y = 1", d="y = 2\n", e="z = ('d.x a b', 'a.b c', 'say a b')")
    assert out["e"] == "z = ('d.x a b', 'a.b c', 'say a b')", "none of these lists a module below a package"
    join.GROUPS = {"mxtls.p.b": "p.a"}
    texts = {"mxtls.p.a": ("", "x = 1"), "mxtls.p.b": ("", ""), "mxtls.e": ("", "z = 'p.a e gone p.b'"), "mxtls.p": ("", "")}
    assert joined(texts)["mxtls.e"][1].endswith("z = 'p.b e'\n")
    texts["mxtls.e"] = "", "z = 'p.a e'"
    with pytest.raises(JoinError, match="mxtls.e forgets mxtls.p.a, which is joined with mxtls.p.b, which stays"):
        joined(texts)


def test_a_module_that_is_passed_on_keeps_its_public_names(of):
    e = "def role():\n    import mxtls.a as module\n    return module\n"
    out = of(a="TABLE = ()\nN = const(1)\n\n\ndef _f():\n    pass\n", b="def _f():\n    pass\n", e=e)
    assert out["b"] == lines("TABLE = ()\nN = const(1)\ndef _f():\n    pass\ndef _b_f():\n    pass")
    assert out["e"] == lines("def role():\n    import mxtls.b as module\n    return module")
    with pytest.raises(JoinError, match="mxtls.a is passed on as a value, and its TABLE is called so in mxtls.b already"):
        of(a="TABLE = ()\n", b="TABLE = ()\n", e=e)


@pytest.mark.parametrize(
    "why, modules",
    [
        ("mxtls.b passes on module, a module that is joined with it, as a value", {"a": "", "b": "def f():\n    import mxtls.a as module\n    return module"}),
        ("mxtls.b has a local name f, which hides that of mxtls.a", {"a": "def f():\n    pass", "b": "import mxtls.a as a\ndef g(f):\n    a.f(f)"}),
        ("mxtls.b imports all of mxtls.a: name what it needs", {"a": "", "b": "from mxtls.a import *"}),
        ("mxtls.e imports mxtls.a without a name for it", {"a": "", "b": "", "e": "import mxtls.a"}),
        ("mxtls.b imports and defines gc", {"a": "", "b": "try:\n    import gc\nexcept ImportError:\n    gc = None"}),
        ("mxtls.a -> mxtls.b -> mxtls.a is a circle of imports", {"a": "from mxtls.b import g\ndef f(): pass", "b": "from mxtls.a import f\ndef g(): pass"}),
        ("mxtls.b -> mxtls.e -> mxtls.b is a circle of imports: change GROUPS",
         {"a": "def f(): pass", "b": "from mxtls.e import g", "e": "from mxtls.a import f\ndef g(): pass"}),
    ],
)
def test_what_is_not_understood_is_refused(of, why, modules):
    with pytest.raises(JoinError, match="join: " + why):
        of(**modules)


def test_a_refusal_is_a_line_of_configure(monkeypatch):
    monkeypatch.setattr(join, "GROUPS", {"mxtls.session": "crypto.prf"})
    with pytest.raises(ConfigureError, match="^join: .* forgets mxtls.crypto.prf, which is joined with mxtls.session, which stays$"):
        configure.for_board(configure.staged_texts(resolve("psk-client")), "viper", "unix")


@pytest.mark.parametrize(
    "profile, tier, platform",
    [("everything", "viper", "unix"), ("psk-client", "viper", "unix"), ("tls13-client", "thumb", "rp2"), ("psk-client", "natmod", "rp2"), ("server", "native", "esp32")],
)
def test_every_profile_joins(profile, tier, platform):
    texts = configure.staged_texts(resolve(profile), tier, platform, examples=True)
    out = configure.for_board(texts, tier, platform)
    parts = {"mxtls." + part for host, group in join.GROUPS.items() if host in texts for part in group.split()}
    for name, (path, text) in out.items():
        ast.parse(text, path)
        assert path == texts[name][0]
    if tier == "natmod":
        assert {name for name in out if "kernels" in name} == {name for name in texts if "kernels" in name}, "these are chosen when they are first imported"
    else:
        assert not out.keys() & parts - set(join.ALIASES)
    public = {"mxtls", "mxtls.session", "mxtls.keys", "mxtls.library", "mxtls.stream", "mxtls.aio", "mxtls.errors", "mxtls.codes", "mxtls.kernels.mem", "ssl", "tls"}
    assert public & texts.keys() <= out.keys()
    assert configure.for_board(texts, "pure", "cpython") == texts, "a host gets them as they are"


def test_two_times_the_same():
    texts = configure.staged_texts(resolve("psk-client"), "thumb", "rp2")
    assert joined(texts) == joined(dict(reversed(texts.items())))
