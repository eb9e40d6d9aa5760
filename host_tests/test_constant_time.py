# SPDX-License-Identifier: MIT
"""The C kernels take time and touch memory independently of secrets: under valgrind, keys and data count as undefined, and a
branch or an address that depends on them is an error. Checked is what the compiler made of them, at each optimization."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parent / "port" / "native"
SOURCES = sorted(p for p in NATIVE.glob("*.c") if p.name != "mxtls_native.c")
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wno-sign-conversion", "-Werror")


def compile_with(compiler, *arguments):
    done = subprocess.run([compiler, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module", params=["-m32 -Os", "-m32 -O2", "-m64 -O2", "-m64 -O3"])
def check(request, tmp_path_factory):
    """Runs the driver, built so. It is linked statically, as valgrind wants a debugger's libc to trace a 32-bit loader."""
    if not shutil.which("valgrind") or not shutil.which("gcc"):
        pytest.skip("no valgrind or no gcc here: apt-get install valgrind gcc")
    machine = request.param.split()[0]
    if machine == "-m32" and subprocess.run(["gcc", "-m32", "-print-file-name=libc.a"], capture_output=True, text=True).stdout.strip() == "libc.a":
        pytest.skip("no 32-bit libc here: apt-get install gcc-multilib")
    binary = tmp_path_factory.mktemp("constant-time") / "ct_check"
    compile_with("gcc", "-g", "-static", *request.param.split(), "-I", NATIVE, HERE / "native" / "ct_check.c", *SOURCES, "-Wl,--wrap=mxtls_ct_equal", "-o", binary)
    return lambda *kernel: subprocess.run(["valgrind", "-q", str(binary), *kernel], capture_output=True, text=True)


def test_no_branch_and_no_address_depends_on_a_secret(check):
    done = check()
    assert done.returncode == 0, "%s\n%s" % (done.stdout, done.stderr[-4000:])
    assert [line.split(": ") for line in done.stdout.splitlines()] == [
        [name, "constant time"]
        for name in "hashes aes des3 seed ghash chacha20 poly1305 aeads mem ct rsa dh x25519 ec ed25519".split()
    ]


def test_the_check_sees_a_leak(check):
    done = check("leak")
    assert done.returncode != 0 and "depends on secrets" in done.stdout


@pytest.mark.parametrize("machine", ["-m64", "-m32"])
def test_the_kernels_compile_without_a_warning(machine, tmp_path):
    if not shutil.which("gcc"):
        pytest.skip("no gcc here")
    for source in SOURCES:
        compile_with("gcc", machine, "-Os", *STRICT, "-c", source, "-o", tmp_path / "kernel.o")


def test_the_kernels_need_nothing_of_libc_but_memcpy_and_memset_on_a_cortex_m0(tmp_path):
    compiler = shutil.which("arm-none-eabi-gcc")
    if not compiler:
        pytest.skip("no arm-none-eabi-gcc here")
    for source in SOURCES:
        compile_with(compiler, "-mcpu=cortex-m0plus", "-mthumb", "-Os", "-ffreestanding", *STRICT, "-c", source, "-o", tmp_path / "kernel.o")
        undefined = subprocess.run(["arm-none-eabi-nm", "-u", tmp_path / "kernel.o"], capture_output=True, text=True).stdout.split()
        # Shifts of 64 bits and copies are the compiler's own; a division would be __aeabi_*div*, a product of 64 bits __aeabi_lmul.
        foreign = {name for name in undefined if name != "U" and not name.startswith("mxtls_")}
        assert foreign <= {"memcpy", "__aeabi_memcpy", "memset", "__aeabi_llsl", "__aeabi_llsr", "__aeabi_lmul"}
