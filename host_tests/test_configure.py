# SPDX-License-Identifier: MIT
"""Options, folding, reachability and staging: tools/configure.py without a compiler."""

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

import configure
import native_functions
import pytest
from configure import ConfigureError, fold, imports_of, resolve, stage
from options import _NOT_EVERYTHING, LATER, NEVER, OPTIONS, PROFILES

ROOT = Path(__file__).resolve().parent.parent

SUITE_128 = "USE_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
CONSTANTS = {
    "mxtls.config": {"USE_A": 0, "USE_B": 1, "USE_C": 0},
    "mxtls.codes": {"SUCCESS": 0, "ALERT_DECODE_ERROR": 50},
}
HEAD = "from mxtls.config import USE_A as _A, USE_B as _B\n"


def folded(text, host=False):
    return fold(textwrap.dedent(text), "test.py", CONSTANTS, host)


def body(text):
    """What is left of text below the constants, without blank lines."""
    lines = [line for line in folded(HEAD + textwrap.dedent(text)).splitlines() if line.strip()]
    assert lines[:2] == ["_A = const(0)", "_B = const(1)"]
    return "\n".join(lines[2:])


# --- Options


def test_config_has_the_defaults_of_the_table():
    assert configure.constants_of((ROOT / "lib/mxtls/config.py").read_text()) == resolve()


def test_the_names_of_the_reference_are_all_known():
    reference = """PS_USE_FILE_SYSTEM USE_CLIENT_SIDE_SSL USE_SERVER_SIDE_SSL USE_TLS USE_TLS_1_1 DISABLE_SSLV3
        ENABLE_SECURE_REHANDSHAKES REQUIRE_SECURE_REHANDSHAKES ENABLE_INSECURE_REHANDSHAKES HAVE_NATIVE_INT64
        USE_MULTITHREADING USE_PEERSEC_MEMORY_MANAGEMENT USE_CLIENT_AUTH SERVER_CAN_SEND_EMPTY_CERT_REQUEST
        USE_PRIVATE_KEY_PARSING USE_PKCS5 USE_PKCS8 USE_1024_KEY_SPEED_OPTIMIZATIONS
        PS_PUBKEY_OPTIMIZE_FOR_SMALLER_RAM PS_PUBKEY_OPTIMIZE_FOR_FASTER_SPEED PS_AES_IMPROVE_PERF_INCREASE_CODESIZE
        PS_3DES_IMPROVE_PERF_INCREASE_CODESIZE PS_MD5_IMPROVE_PERF_INCREASE_CODESIZE
        PS_SHA1_IMPROVE_PERF_INCREASE_CODESIZE HALT_ON_PS_ERROR USE_CORE_TRACE USE_CRYPTO_TRACE
        USE_SSL_HANDSHAKE_MSG_TRACE USE_SSL_INFORMATIONAL_TRACE USE_TLS_RSA_WITH_AES_128_CBC_SHA
        USE_SSL_RSA_WITH_3DES_EDE_CBC_SHA USE_SSL_RSA_WITH_RC4_128_SHA USE_SSL_RSA_WITH_RC4_128_MD5
        USE_TLS_DHE_RSA_WITH_AES_256_CBC_SHA USE_TLS_DHE_RSA_WITH_AES_128_CBC_SHA
        USE_SSL_DHE_RSA_WITH_3DES_EDE_CBC_SHA USE_TLS_RSA_WITH_AES_256_CBC_SHA USE_TLS_RSA_WITH_SEED_CBC_SHA
        USE_TLS_DHE_PSK_WITH_AES_256_CBC_SHA USE_TLS_DHE_PSK_WITH_AES_128_CBC_SHA USE_TLS_PSK_WITH_AES_256_CBC_SHA
        USE_TLS_PSK_WITH_AES_128_CBC_SHA USE_RSA USE_AES USE_3DES USE_ARC4 USE_DH USE_SEED USE_SHA1 USE_MD5 USE_X509
        USE_HMAC SSL_MAX_DISABLED_CIPHERS DTLS_PMTU DTLS_SEND_RECORDS_INDIVIDUALLY USE_DTLS_DEBUG_TRACE"""
    assert set(reference.split()) <= set(OPTIONS)


def test_every_option_is_documented_and_names_only_options():
    page = (ROOT / "docs/configuration.md").read_text()
    for option in OPTIONS.values():
        assert option.what and "\n" not in option.what
        assert f"`{option.name}`" in page, f"make size writes {option.name} into docs/configuration.md"
        for name in "|".join(option.needs + option.uses).split("|"):
            assert not name or name in OPTIONS


@pytest.mark.parametrize("option", [o for o in OPTIONS.values() if o.state == LATER], ids=lambda o: o.name)
def test_an_option_not_built_yet_is_refused_by_name(option):
    with pytest.raises(ConfigureError, match=f"{option.name}.* is not built yet: remove it from the manifest"):
        resolve("default", {option.name: 0 if option.name.startswith("DISABLE") else 1})
    resolve("default", {option.name: option.default})  # what it is anyway may be said


@pytest.mark.parametrize("option", [o for o in OPTIONS.values() if o.state == NEVER], ids=lambda o: o.name)
def test_an_option_that_means_nothing_here_is_refused_with_the_reason(option):
    with pytest.raises(ConfigureError) as refused:
        resolve("default", {option.name: 1})
    assert option.what in str(refused.value)


@pytest.mark.parametrize(
    "profile, asked, text",
    [
        ("default", {"USE_CLIENT_SIDE_SLL": 1}, "did you mean USE_CLIENT_SIDE_SSL"),
        ("default", {"USE_CRYPT0_TRACE": 1}, "did you mean USE_CRYPTO_TRACE"),
        ("default", {"QWERTY": 1}, "there is no option QWERTY"),
        ("default", {"USE_PEM": 2}, "it is 0 or 1"),
        ("defualt", {}, "there is no profile defualt"),
        ("client", {"USE_CLIENT_SIDE_SSL": 0}, "no role is left on"),
        ("default", {"USE_TLS_1_2": 0}, "needs USE_TLS_1_2"),
        ("default", {"USE_AES": 0, "USE_CHACHA20_POLY1305": 0, "USE_TLS_1_3": 0}, "no cipher suite is left on"),
        ("default", {"USE_X509": 0}, "USE_CLIENT_AUTH needs USE_X509"),
        ("default", {"USE_TLS_1_1": 1}, "USE_TLS_1_1 needs USE_TLS"),
        ("default", {"USE_CLIENT_AUTH": 0, "SERVER_CAN_SEND_EMPTY_CERT_REQUEST": 1}, "SERVER_CAN_SEND_EMPTY_CERT_REQUEST needs USE_CLIENT_AUTH"),
        ("default", {"USE_RSA": 0, "USE_TLS_RSA_WITH_AES_128_CBC_SHA": 1}, "needs USE_RSA"),
        ("default", {"USE_RSA": 0, "USE_RSA_PSS": 1}, "USE_RSA_PSS needs USE_RSA"),
        ("default", {"USE_PRIVATE_KEY_PARSING": 0, "USE_PKCS5": 1}, "USE_PKCS5 needs USE_PRIVATE_KEY_PARSING"),
    ],
)
def test_refusals_say_what_to_do(profile, asked, text):
    with pytest.raises(ConfigureError) as refused:
        resolve(profile, asked)
    assert text in str(refused.value) and "\n" not in str(refused.value)


def off(profile="default", of="default", **asked):
    """What is on by default, or in another profile, but not here."""
    usual = resolve(of)
    return {name for name, number in resolve(profile, asked).items() if not number and usual[name]}


def test_everything_turns_every_feature_on():
    for name, number in resolve("everything").items():
        option = OPTIONS[name]
        assert number == (option.default if option.most > 1 else not option.debug and name not in _NOT_EVERYTHING), name


def test_the_default_has_nothing_that_rfcs_retired():
    value = resolve()
    assert {n for n in OPTIONS if OPTIONS[n].suite and value[n]} == {
        f"USE_TLS_{kx}_WITH_{bulk}" for kx in ("ECDHE_ECDSA", "ECDHE_RSA") for bulk in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
    } | {f"USE_TLS_{suite}" for suite in (
        "ECDHE_PSK_WITH_AES_128_GCM_SHA256", "ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", "PSK_WITH_AES_128_GCM_SHA256", "PSK_WITH_AES_256_GCM_SHA384", "PSK_WITH_CHACHA20_POLY1305_SHA256",
        "AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256",
    )}
    for name in """USE_TLS USE_TLS_1_1 USE_SSL3 ENABLE_SECURE_REHANDSHAKES ENABLE_INSECURE_REHANDSHAKES USE_REHANDSHAKES USE_MD5 USE_SHA1 USE_MD5_SHA1 USE_3DES
            USE_ARC4 USE_SEED USE_DH USE_RSA_KEY_EXCHANGE USE_AES_CBC USE_ENCRYPT_THEN_MAC USE_SPLIT USE_PKCS5""".split():
        assert value[name] == 0, name
    assert value["DISABLE_SSLV3"] == value["USE_TLS_1_2"] == value["USE_RESUMPTION"] == value["USE_CLIENT_AUTH"] == 1


def test_ssl3_by_either_name():
    for asked in ({"DISABLE_SSLV3": 0}, {"USE_SSL3": 1}):
        value = resolve("default", asked)
        assert (value["USE_SSL3"], value["DISABLE_SSLV3"], value["USE_MD5_SHA1"], value["USE_SPLIT"]) == (1, 0, 1, 1)


def test_rehandshakes_of_either_kind():
    for name in ("ENABLE_SECURE_REHANDSHAKES", "ENABLE_INSECURE_REHANDSHAKES"):
        assert resolve("default", {name: 1})["USE_REHANDSHAKES"] == 1


def test_a_refused_algorithm_takes_its_suites_along():
    assert off(USE_RSA=0) == {n for n in OPTIONS if "_RSA_WITH_" in n and resolve()[n]} | {"USE_RSA", "USE_RSA_PSS"}
    taken = off("everything", "everything", USE_RSA=0)
    assert taken == {n for n in OPTIONS if "_RSA_WITH_" in n} | set("USE_RSA USE_RSA_PSS USE_RSA_KEY_EXCHANGE".split())
    for name, word in (("USE_ARC4", "RC4"), ("USE_SEED", "SEED"), ("USE_3DES", "3DES"), ("USE_DH", "_DHE_"), ("USE_PSK", "_PSK_"), ("USE_AES_CCM", "_CCM_"), ("USE_AES_GCM", "_GCM_"),
                       ("USE_CHACHA20_POLY1305", "CHACHA20"), ("USE_ECDHE", "_ECDHE_")):
        taken = off("everything", "everything", **{name: 0})
        assert {n for n in OPTIONS if OPTIONS[n].suite and word in n} | {name} <= taken, name
        assert not {n for n in taken if OPTIONS[n].suite and word not in n}, name


def test_an_algorithm_that_no_suite_needs_goes():
    gone = off("one-suite", "everything")
    assert {"USE_RSA", "USE_SHA1", "USE_SHA384", "USE_SHA512", "USE_AES_CBC", "USE_X25519", "USE_DH", "USE_PSK", "USE_CHACHA20_POLY1305", "USE_MD5", "USE_3DES"} <= gone
    assert not gone & {"USE_ECC", "USE_SECP256R1", "USE_AES_GCM", SUITE_128}


def test_an_algorithm_asked_for_stays_and_brings_what_it_uses():
    assert not off("one-suite", USE_RSA=1) & {"USE_RSA", "USE_RSA_PSS"}


def test_a_client_needs_no_private_keys_and_a_server_judges_no_name_constraints():
    servers = {"USE_SERVER_SIDE_SSL", "USE_SNI", "USE_SESSION_TICKETS"}
    assert off("client") == servers  # a client's own certificate has a private key
    assert off("client", USE_CLIENT_AUTH=0) == servers | {"USE_CLIENT_AUTH", "USE_PRIVATE_KEY_PARSING", "USE_PKCS8"}
    assert off("server") == {"USE_CLIENT_SIDE_SSL", "USE_NAME_CONSTRAINTS", "USE_HELLO_EXTENSIONS"}


# --- Folding


def test_imports_become_constants():
    text = folded(
        """\
        from micropython import const
        from mxtls.config import USE_A as _A
        from mxtls.codes import (
            SUCCESS as _SUCCESS,
            ALERT_DECODE_ERROR as _ALERT_DECODE_ERROR,
        )
        import mxtls.errors
        """
    )
    assert text.split("\n", 1)[1].splitlines() == [
        "_A = const(0)",
        "_SUCCESS = const(0)",
        "_ALERT_DECODE_ERROR = const(50)",
        "import mxtls.errors",
    ]


def test_on_a_host_const_can_be_imported():
    assert folded("from mxtls.config import USE_A as _A", True) == "from micropython import const\n_A = const(0)"
    late = "def f():\n    from mxtls.codes import SUCCESS, ALERT_DECODE_ERROR as A"
    assert folded(late) == "def f():\n    SUCCESS = 0; A = 50"
    assert folded("from micropython import const, opt_level") == "from micropython import opt_level"


@pytest.mark.parametrize(
    "text, refusal",
    [
        ("from mxtls.config import USE_D as _D", "line 1: mxtls.config has no USE_D"),
        ("from mxtls.codes import *", "mxtls.codes has no *"),
        ("def f():\n    from mxtls.config import USE_A as _A", "line 2: import from mxtls.config at the top"),
        ("from . import errors", "write the whole name"),
        ("def f(:\n    pass", "test.py line 1: "),
    ],
)
def test_imports_that_cannot_fold_are_refused(text, refusal):
    with pytest.raises(ConfigureError) as refused:
        folded(text)
    assert refusal in str(refused.value)


@pytest.mark.parametrize(
    "text, left",
    [
        ("if _A:\n    import x\nf()", "f()"),
        ("if not _A:\n    import x", "import x"),
        ("if _A and f():\n    import x", ""),
        ("if _B or f():\n    import x", "import x"),
        ("if f() and _A:\n    import x", "if f() and _A:\n    import x"),  # f must still be called
        ("if a.b and _A:\n    import x", ""),
        ("if a and _B:\n    import x", "if a and _B:\n    import x"),
        ("if _A or _B:\n    # why\n    import x  # here", "import x  # here"),
        ("if _A:\n    f()\nelse:\n    g()\n    h()", "g()\nh()"),
        ("if _B:\n    f()\nelse:\n    g()", "f()"),
        ("if a:\n    f()\nelif _A:\n    g()\nelse:\n    h()", "if a:\n    f()\nelse:\n    h()"),
        ("if a:\n    f()\nelif _B:\n    g()\nelse:\n    h()", "if a:\n    f()\nelse:\n    g()"),
        ("if _A:\n    f()\nelif a:\n    g()\nelif _A:\n    h()", "if a:\n    g()"),
        ("if a:\n    f()\nelif b:\n    if _A:\n        g()", "if a:\n    f()\nelif b:\n    pass"),
        ("def f():\n    if _A:\n        g()", "def f():\n    pass"),
        ("def f():\n    if _B:\n        return 1\n    import x\n    g()", "def f():\n    return 1"),
        ("def f():\n    if _A:\n        g()\n    return 0", "def f():\n    return 0"),
        ("try:\n    f()\nexcept E:\n    if _A:\n        g()", "try:\n    f()\nexcept E:\n    pass"),
        ("for i in a:\n    if _B:\n        if _A:\n            f()\n        g()", "for i in a:\n    g()"),
        ("if _B:\n    @d\n    def f():\n        pass", "@d\ndef f():\n    pass"),
        ('if _B:\n    x = """a\n  b"""', 'if 1:\n    x = """a\n  b"""'),
        ("if _A: f()", ""),
        ("if _B: f()", "f()"),
        ("x = f(1 if _A else 2, a + b if _B else 3)", "x = f(2, (a + b))"),
        ("_C = const(_A | _B)\nif not _C:\n    f()", "_C = const(_A | _B)"),
        ("if (a and\n        b):\n    f()\nelif _A:\n    g()", "if (a and\n        b):\n    f()"),
        ("if _A:\n    pass\nx = 'é'  # ü\nif _A:\n    f()\ny = 1", "x = 'é'  # ü\ny = 1"),
    ],
)
def test_dead_branches_go(text, left):
    result = body(text)
    assert result == left
    ast.parse(result)


@pytest.mark.parametrize(
    "table, left",
    [
        ("((1, _USE_A), (2, _USE_B))", ((2, 1),)),
        ("((1, _USE_B), (2, _USE_A))", ((1, 1),)),
        ("((1, _USE_B), (2, _USE_A),)", ((1, 1),)),
        ("(\n    (1, _USE_A),  # one\n    (2, _USE_B),\n    (3, _USE_A),\n)", ((2, 1),)),
        ("((1, _USE_A), (2, _USE_A))", ()),
        ("((1, 0), (2, _USE_B), (3, _USE_A), (4, 5))", ((1, 0), (2, 1), (4, 5))),
        ("((1, _USE_A), (2, _USE_A), (3, 7))", ((3, 7),)),
        ("((1, _USE_B & _USE_A), (2, _USE_B | _USE_A))", ((2, 1),)),
    ],
)
def test_dead_rows_go(table, left):
    text = folded("from mxtls.config import USE_A as _USE_A, USE_B as _USE_B\nT = " + table)
    space = {"const": lambda x: x}
    exec(text, space)
    assert space["T"] == left


def test_the_table_of_codes_answers_like_the_module():
    codes = configure.constants_of((ROOT / "lib/mxtls/codes.py").read_text())
    space = {}
    exec(configure._codes_text(codes), space)
    public = {name: number for name, number in codes.items() if not name.startswith(configure._INTERNAL)}
    assert {name: space["__getattr__"](name) for name in public} == public and {"SUCCESS", "ALERT_NONE", "KEY_EC", "TLS1_3"} <= set(public)
    for name in ("", "SUCCES", "UCCESS", *(codes.keys() - public.keys())):
        with pytest.raises(AttributeError):
            space["__getattr__"](name)


# --- Reachability and staging


def test_imports_are_found_wherever_they_are():
    names = {"mxtls", "mxtls.a", "mxtls.a.b", "mxtls.c", "port"}
    text = "import port, os\ndef f():\n    from mxtls.a import b, other\n    __import__('mxtls.c')"
    assert imports_of(text, "t.py", names) == names
    with pytest.raises(ConfigureError, match="t.py imports mxtls.d, which is not there"):
        imports_of("import mxtls.d", "t.py", names)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small library in place of ours."""
    files = {
        "lib/mxtls/__init__.py": "from mxtls.config import USE_SERVER_SIDE_SSL as _S\nimport mxtls.one\n"
        "def f():\n    if _S:\n        import mxtls.two\n",
        "lib/mxtls/codes.py": "from micropython import const\nSUCCESS = const(0)\n",
        "lib/mxtls/config.py": "",
        "lib/mxtls/one.py": "from mxtls.kernels import k\n",
        "lib/mxtls/two.py": "from mxtls.kernels import q\n",
        "lib/mxtls/kernels/__init__.py": "",
        "lib/mxtls/kernels/k.py": "X = 'pure'\n",
        "lib/mxtls/kernels/q.py": "X = 'pure'\n",
        "port/viper/k.py": "X = 'viper'\n",
        "port/unix/mxtls_port.py": "",
        "examples/client.py": "import mxtls\n",
        "examples/server.py": "import mxtls\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(configure, "ROOT", tmp_path)
    return tmp_path


def test_only_what_is_reached_is_staged(tree):
    out = tree / "out"
    assert stage({}, "viper", "unix", out, examples=True) == (
        "client mxtls mxtls.codes mxtls.kernels mxtls.kernels.k mxtls.kernels.q mxtls.one mxtls.two"
        " mxtls_port server".split()
    )
    assert (out / "mxtls/kernels/k.py").read_text() == "X = 'viper'\n"
    assert (out / "mxtls/kernels/q.py").read_text() == "X = 'pure'\n"
    before = (out / "mxtls/one.py").stat().st_mtime_ns
    names = stage({"USE_SERVER_SIDE_SSL": 0}, "pure", "unix", out, examples=True)
    assert names == "client mxtls mxtls.codes mxtls.kernels mxtls.kernels.k mxtls.one mxtls_port".split()
    assert sorted(p.name for p in out.rglob("*.py")) == sorted(
        "client.py __init__.py codes.py __init__.py k.py one.py mxtls_port.py manifest.py".split()
    )
    assert (out / "mxtls/kernels/k.py").read_text() == "X = 'pure'\n"
    assert (out / "mxtls/one.py").stat().st_mtime_ns == before, "a file that stays the same is not touched"
    assert 'module("client.py", opt=3)' in (out / "manifest.py").read_text()


def test_lists_of_modules_to_forget_name_what_is_there():
    sources = {"mxtls.a.b": 0, "mxtls.c": 0, "mxtls.d": 0}
    text = 'forget("a.b c d"); forget("a.b c"); other("a.b x")'
    assert configure._only_staged(text, sources, {"mxtls.c", "mxtls.d"}) == 'forget("c d"); forget("c"); other("a.b x")'
    everything = configure.staged_texts(resolve("psk-client"))
    lists = [text for _, text in everything.values() if "crypto.prf " in text]
    assert lists and not any("x509.chain" in text for text in lists)


def test_functions_that_nothing_names_go():
    kernel = "@viper\n@other\ndef used():\n    pass\n\n\n@viper\ndef idle():\n    _helper()\n\n\ndef _helper():\n    pass\n"
    texts = {"mxtls.kernels.k": ("k.py", kernel), "mxtls.record": ("record.py", "from mxtls.kernels.k import used\ndef alone():\n    pass\n")}
    configure._drop_idle(texts)
    assert texts["mxtls.kernels.k"][1].split() == "@viper @other def used(): pass".split()
    assert "alone" in texts["mxtls.record"][1], "others may be an application's"


def test_only_cbc_has_aes_backwards():
    for profile, there in (("default", False), ("everything", True)):
        assert ("aes_cbc_decrypt" in configure.staged_texts(resolve(profile))["mxtls.kernels.aes"][1]) == there


def test_names_of_c_that_nothing_says_go():
    texts = {
        "mxtls.kernels.k": ("k.py", "from mxtls_native import idle, used, other as _other, more as _more  # noqa\n\n\ndef k():\n    return _other\n"),
        "mxtls.kernels.l": ("l.py", "from mxtls_native import alone\nX = 1\n"),
        "mxtls.record": ("record.py", "from mxtls.kernels.k import k, used\n"),
    }
    configure._drop_idle(texts)
    assert texts["mxtls.kernels.k"][1].startswith("from mxtls_native import used, other as _other  # noqa\n")
    assert texts["mxtls.kernels.l"][1] == "\nX = 1\n"
    asked_for = configure.staged_texts(resolve("psk-client"), "native", also=["mxtls.kernels.chacha20"])
    assert "import chacha20_xor" in asked_for["mxtls.kernels.chacha20"][1]


def test_a_firmware_binds_the_c_that_its_modules_import():
    texts = {p: [text for _, text in configure.staged_texts(resolve(p), "native", "rp2").values()] for p in ("psk-client", "client")}
    psk, client = (native_functions.header(texts[p]) for p in ("psk-client", "client"))
    assert psk.endswith("""#define FUNCTIONS(F) \\
    F(hash_update, 5) \\
    F(hash_digest, 5) \\
    F(hmac_rekey, 5) \\
    F(hmac_begin, 3) \\
    F(hmac_digest, 6) \\
    F(aes_expand, 4) \\
    F(aes_ctr, 5) \\
    F(ghash_key, 2) \\
    F(ghash, 5) \\
    F(gcm_seal, 6) \\
    F(gcm_open, 6) \\
    F(copy, 5) \\
    F(mix, 5) \\
    F(wipe, 1) \\
    F(record_header, 5) \\
    F(record_count, 1) \\
    F(ct_equal, 5)
""")
    assert "F(ecdsa_verify, 5)" in client and "F(rsa_public, 5)" in client and "ccm" not in client and "cbc" not in client
    assert native_functions.header([]).endswith("#define FUNCTIONS(F)\n")


def test_every_function_that_python_takes_from_c_is_there():
    """And the numbers, which every build has; and each function is some kernel's."""
    asked = native_functions.imported(path.read_text() for path in (configure.ROOT / "port/native").glob("*.py"))
    functions = native_functions.functions()
    numbers = {name for name in asked if name.isupper()}
    assert asked - numbers == functions.keys()
    assert all(f"N({name}, " in native_functions.BINDINGS.read_text() for name in numbers)


def test_a_profiles_functions_on_a_command_line(capsys):
    assert native_functions.main(["--profile", "psk-client", "--platform", "esp32", "USE_PEM=0"]) == 0
    assert "F(gcm_seal, 6)" in capsys.readouterr().out
    assert native_functions.main(["USE_NOTHING=1"]) == 1 and "there is no option USE_NOTHING" in capsys.readouterr().err


def test_a_kernel_is_taken_from_c_then_pure(tree):
    (tree / "port/native").mkdir()
    (tree / "port/native/__init__.py").write_text("import mxtls_native\n")
    (tree / "port/native/q.py").write_text("X = 'C'\n")
    stage({}, "native", "unix", tree / "native")
    texts = [(tree / "native/mxtls/kernels" / name).read_text() for name in ("__init__.py", "k.py", "q.py")]
    assert texts == ["import mxtls_native\n", "X = 'pure'\n", "X = 'C'\n"]


def test_c_has_every_kernel():
    names = {p.name for p in (configure.ROOT / "lib/mxtls/kernels").glob("*.py")}
    assert names - {p.name for p in (configure.ROOT / "port/native").glob("*.py")} == set()


def test_c_kernels_without_their_module_say_what_to_do(tmp_path):
    stage({}, "native", "cpython", tmp_path)
    done = subprocess.run([sys.executable, "-c", "import mxtls.kernels"], cwd=tmp_path, capture_output=True, text=True)
    assert "the firmware has no mxtls_native: build the firmware with USER_C_MODULES" in done.stderr
    (tmp_path / "mxtls_native.py").write_text("VERSION = 0\n")
    done = subprocess.run([sys.executable, "-c", "import mxtls.kernels"], cwd=tmp_path, capture_output=True, text=True)
    assert "the firmware's mxtls_native is of another mxtls" in done.stderr


def test_a_folder_with_something_else_in_it_is_not_written_over(tree):
    with pytest.raises(ConfigureError, match="holds something else"):
        stage({}, "viper", "unix", tree / "lib")


@pytest.mark.parametrize("place, text", [(("fast", "unix"), "no tier fast"), (("pure", "mars"), "no port mars")])
def test_a_place_that_is_not_there_is_refused(tree, place, text):
    with pytest.raises(ConfigureError, match=text):
        stage({}, *place, tree / "out")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("tier, platform", [("viper", "unix"), ("native", "unix"), ("pure", "cpython")])
def test_every_profile_of_ours_stages(profile, tier, platform):
    texts = configure.staged_texts(resolve(profile), tier, platform, examples=True)
    for path, text in texts.values():
        ast.parse(text, path)
        assert "mxtls.config" not in text or "from mxtls.config" not in text


def test_the_default_freezes_nothing_that_is_retired():
    retired = "kernels.md5 kernels.rc4 kernels.des3 kernels.seed crypto.rc4 crypto.des3 crypto.seed crypto.ssl3mac record_stream".split()
    assert not {"mxtls." + name for name in retired} & set(configure.staged_texts(resolve()))


def test_a_staged_library_runs_on_cpython(tmp_path):
    stage({}, "pure", "cpython", tmp_path / "out")
    done = subprocess.run(
        [sys.executable, "-c", "import mxtls; from mxtls import codes; print(codes.ALERT_DECODE_ERROR)"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "out")},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "50\n", done.stderr


def sentences(texts):
    """The texts of three words and more in staged modules, without docstrings."""
    for path, text in texts.values():
        tree = ast.parse(text, path)
        docs = {id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and n.body and isinstance(n.body[0], ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                if node.value.count(" ") > 2 and all(part.isalpha() or part[:-1].isalpha() for part in node.value.split()[:2]):
                    yield node.value


def test_without_texts_errors_have_numbers(tmp_path):
    """The few sentences that are left do not stand where the error is raised."""
    with_texts = list(sentences(configure.staged_texts(resolve("everything"))))
    without = list(sentences(configure.staged_texts(resolve("everything", {"USE_ERROR_TEXTS": 0}))))
    assert len(with_texts) > 200 and len(without) < 20, without
    assert "data before its time" not in with_texts, "what a trace would print"
    stage({"USE_ERROR_TEXTS": 0}, "pure", "cpython", tmp_path / "out")
    code = "import mxtls\ntry:\n    mxtls.Keys().load_rsa_keys_mem(b'x', b'y', None)\nexcept mxtls.Error as e:\n    print(e.text, e.code, e.alert)"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path / "out")}, capture_output=True, text=True)
    assert done.stdout == "error -31, alert 255 -31 255\n", done.stdout + done.stderr


def frozen_by(manifest, place):
    """The modules that MicroPython's own tool finds in a manifest, or its error."""
    code = f"""if 1:
        import sys
        sys.path.insert(0, {str(ROOT / "build/micropython/tools")!r})
        import manifestfile
        m = manifestfile.ManifestFile(manifestfile.MODE_FREEZE, {{"MPY_LIB_DIR": ""}})
        m.execute({str(manifest)!r})
        print(*sorted(f.target_path + ":" + str(f.opt) for f in m.files()))
        """
    return subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True)


@pytest.mark.skipif(not (ROOT / "build/micropython/tools").exists(), reason="no MicroPython source: run `make setup`")
def test_a_board_includes_the_manifest_with_its_choices(tree):
    for name in ("manifest.py", "tools/configure.py", "tools/join.py", "tools/options.py"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text((ROOT / name).read_text())
    board = tree / "boards/MINE/manifest.py"
    board.parent.mkdir(parents=True)
    include = f"include({str(tree / 'manifest.py')!r}, profile='client', platform='unix'"
    board.write_text(include + ", USE_DTLS=0, USE_PEM=0)\n")
    done = frozen_by(board, tree)
    assert done.stdout.split() == (
        "mxtls/__init__.py:3 mxtls/codes.py:3 mxtls/kernels/__init__.py:3 mxtls/kernels/k.py:3 mxtls/one.py:3 mxtls_port.py:3".split()
    ), done.stderr
    board.write_text(include + ", examples=1)\n")
    assert "client.py:3" in frozen_by(board, tree).stdout
    for choice, refusal in (("USE_PME=0", "did you mean USE_PEM?"), ("tire='pure'", "no option tire")):
        board.write_text(f"{include}, {choice})\n")
        done = frozen_by(board, tree)
        assert done.returncode and refusal in done.stderr


def test_the_command_refuses_in_one_line(tmp_path):
    command = [sys.executable, str(ROOT / "tools/configure.py"), "--out", str(tmp_path / "x"), "USE_PME=0"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "configure: there is no option USE_PME: did you mean USE_PEM?\n"
    assert not (tmp_path / "x").exists()


def test_a_tier_that_falls_back_brings_both_kernels(tree):
    for folder in ("native", "natmod"):
        (tree / "port" / folder).mkdir()
        (tree / "port" / folder / "__init__.py").write_text(f"F = '{folder}'\n")
    (tree / "port/native/q.py").write_text("X = 'C'\n")
    for tier, k in (("natmod", "viper"), ("natmod-64", "pure")):
        stage({}, tier, "unix", tree / tier)
        kernels = tree / tier / "mxtls/kernels"
        texts = [(kernels / name).read_text() for name in ("__init__.py", "k.py", "q.py", "soft/k.py", "soft/q.py")]
        assert texts == ["F = 'natmod'\n", f"X = '{k}'\n", "X = 'C'\n", f"X = '{k}'\n", "X = 'pure'\n"]
