# SPDX-License-Identifier: MIT
"""The module tls: its self-test on three interpreters, MicroPython's own tests of ssl and tls, its type stubs."""

import ast
import subprocess
from pathlib import Path

import pytest
from peers import Process, free_port

import targets
from steps import Failed
from toolchain import BUILD, micropython_source

HERE = Path(__file__).parent


def environment(target):
    env = target.env()
    env[target.variable] += ":%s" % (HERE / "portable")  # its certificates
    return env


@pytest.mark.parametrize("target", (targets.CPYTHON, *targets.NATIVE), ids=lambda t: t.name)
def test_self(target):
    """Over C kernels, which make a handshake cheap: what is tested here knows no kernels."""
    if target.missing():
        pytest.skip(target.missing())
    done = subprocess.run(target.command(HERE / "tls_module.py", [free_port()]), env=environment(target), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.rstrip().endswith("passed"), done.stdout[-2000:] + done.stderr[-2000:]


# MicroPython's own tests of ssl and tls, as they are in its tree

# What differs, and why: a text of ours where mbedtls has a number's name, or what is not taken
DIFFERENT = {
    "ssl_cadata.py": "ValueError says what is wrong with the certificate",
    "ssl_ioctl.py": "an unsupported request is a negative number: MicroPython asks streams for a file descriptor so, and an exception would end the poll",
    "ssl_keycert.py": "its key is RSA-512, which is refused",
    "ssl_keycert_pkcs8.py": "the same",
    "ssl_noleak.py": "needs unittest, which is not in the tree",
    "tls_dtls.py": "its server has no certificate, which is said at once",
    "tls_sslcontext_ciphers.py": "prints ECDHE-ECDSA-AES256-SHA384, which is not built",
    "tls_sslcontext_micropython.py": "an instance of a Python class takes any attribute",
    "sslcontext_check_hostname_error.py": "text",
    "sslcontext_verify_error.py": "text, and an OSError in the place of a ValueError",
    "sslcontext_verify_time_error.py": "its key does not belong to its certificate, which is said when they are loaded",
    "asyncio_tls_server_client_cert_required_error.py": "text; a client of TLS 1.3 has written before the server looks at its certificate",
    "asyncio_tls_server_client_verify_error.py": "text, and an OSError in the place of a ValueError",
}
ALIKE = "ssl_basic ssl_poll ssl_sslcontext ssl_sslcontext_verify_mode ssl_sslcontext_verify_mode2"
ALIKE_TWO = (
    "ssl_cert_ec ssl_cert_rsa sslcontext_getpeercert sslcontext_server_client sslcontext_server_client_ciphers sslcontext_server_client_files"
    " sslcontext_verify_callback tls_dtls_server_client asyncio_tls_server_client asyncio_tls_server_client_readline"
)
TARGET = targets.NATIVE[-1]
OTHER_HALF = """
class multitest:
    @staticmethod
    def globals(**gs):
        for g in gs:
            print("SET", g, repr(gs[g]))

    @staticmethod
    def get_network_ip():
        return "127.0.0.1"

    @staticmethod
    def next():
        print("NEXT")
        sys.stdin.readline()

    @staticmethod
    def broadcast(text):
        print("BROADCAST", text)

    @staticmethod
    def wait(text):
        while sys.stdin.readline().strip() != text:
            pass
"""


def tree(folder):
    if TARGET.missing():
        pytest.skip(TARGET.missing())
    try:
        tests = micropython_source() / "tests" / folder
    except Failed as e:
        pytest.skip(str(e))
    if not tests.exists():
        pytest.skip("this MicroPython tree has no tests/%s" % folder)
    return tests


def test_every_test_of_the_tree_is_known():
    known = {name + ".py" for name in (ALIKE + " " + ALIKE_TWO).split()} | set(DIFFERENT)
    found = [p.name for folder in ("extmod", "multi_net") for p in tree(folder).glob("*.py") if p.name.startswith(("ssl", "tls", "asyncio_tls"))]
    assert found and set(found) <= known


@pytest.mark.parametrize("name", ALIKE.split())
def test_micropythons_own(name):
    script = tree("extmod") / (name + ".py")
    done = subprocess.run(TARGET.command(script, heap="1m"), env=environment(TARGET), cwd=BUILD, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    expected = script.with_suffix(".py.exp")
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected.read_text() if expected.exists() else done.stdout.split() in ([], ["True"], ["True", "True"])


@pytest.mark.parametrize("name", ALIKE_TWO.split())
def test_micropythons_own_pairs(name, tmp_path):
    """Two programs that talk to each other, as tests/run-multitests.py runs them, on a port of our own."""
    folder = tree("multi_net")
    text = (folder / (name + ".py")).read_text()
    port = "PORT = 8000"
    assert port in text
    text = text.replace(port, "PORT = %d" % free_port(), 1)
    started, variables = [], ""
    try:
        for i in range(2):
            script = tmp_path / ("%d.py" % i)
            script.write_text("import sys\n%s\n%s\n%sinstance%d()\n" % (text, OTHER_HALF, variables, i))
            env = environment(TARGET)
            env["MICROPYPATH"] += ":.frozen"
            started.append(Process(TARGET.command(script, heap="1m"), cwd=folder, env=env))
            started[i].wait_for(b"NEXT", 20)
            variables = "\n".join("%s = %s" % tuple(line.split(" ")[1:]) for line in started[i].output.decode().splitlines() if line.startswith("SET ")) + "\n"
        for process in started:
            process.write(b"go\n")
        for process in started:
            process.child.wait(30)
            process.thread.join(10)
    finally:
        for process in started:
            process.kill()
    lines = []
    for i, process in enumerate(started):
        lines.append("--- instance%d ---" % i)
        lines += [line for line in process.output.decode().splitlines() if not line.startswith(("SET ", "NEXT", "BROADCAST "))]
    assert lines == (folder / (name + ".py.exp")).read_text().splitlines()


# The name, where a firmware has a module of it already


def test_over_a_built_in_tls():
    """sys.modules decides before a built-in module does."""
    binary = targets.BIN / "micropython-32-tls"
    if not binary.exists() or targets.UNIX_32_VIPER.missing():
        pytest.skip("needs the 32-bit port with the built-in tls: run `make setup`")
    text = "import sys\nimport tls\nprint(hasattr(tls, 'SSLSocket'))\nimport mxtls.tls\nsys.modules['tls'] = mxtls.tls\nimport tls\nprint(hasattr(tls, 'SSLSocket'))\n"
    done = subprocess.run([str(binary), "-c", text], env=targets.UNIX_32_VIPER.env(), capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "True"], done.stderr


# The type stubs


def test_the_stubs():
    """Each name of MicroPython's stubs of tls is here, of the same kind, and takes what they take."""
    stubs = BUILD / "typings" / "tls.pyi"
    if not stubs.exists():
        pytest.skip("no type stubs here: `make setup` fetches them")
    import mxtls.tls as tls

    for node in ast.parse(stubs.read_text()).body:
        if isinstance(node, ast.AnnAssign):
            value = getattr(tls, node.target.id)
            assert isinstance(value, type(ast.literal_eval(node.value)))
            assert node.target.id == "MBEDTLS_VERSION" or value == ast.literal_eval(node.value)
        elif isinstance(node, ast.ClassDef):
            ours = getattr(tls, node.name)
            for method in node.body:
                assert callable(getattr(ours, method.name)), method.name
