#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The toolchain: everything that `make setup` installs or builds, all of it under build/, and build_unix().

Other tools import build_unix() and configure(); `make` calls the commands at the end. Needs only CPython's own library.
A step that is done leaves a stamp (a digest of what it was made from), so a second run only compares digests.
"""

import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import debian_source
from steps import BUILD, ROOT, Failed, build_lock, digest, is_stamped, run, say, step

BIN, OBJ, STAGED = BUILD / "bin", BUILD / "obj", BUILD / "staged"
VENV = BUILD / "venv"
VENV_PYTHON = VENV / "bin" / "python"
MPY_CROSS = BIN / "mpy-cross"
NATIVE = ROOT / "port" / "native"
PYRIGHT = BUILD / "pyright"
APT_PACKAGES = ("openssl", "build-essential", "pkg-config", "libffi-dev")
QEMU_PACKAGES = ("qemu-system-arm",)  # what only host_tests/test_native.py runs
TEST_PACKAGES = (  # what only tests run, which skip what is missing
    (("gnutls-bin", "libnss3-tools"), "GnuTLS or NSS to test against"),
    (("mosquitto",), "MQTT broker to test against"),
    (("libcoap3-bin",), "CoAP to test against"),
    (("nginx-light",), "nginx to test against"),
    (("valgrind",), "valgrind to check constant time with"),
)
APPLICATIONS = BUILD / "applications"  # of others, for MicroPython, run there unchanged: (project, version, its file)
APPLICATION_FILES = (
    ("micropython-umqtt.simple", "1.3.4", "umqtt/simple.py"),
    ("micropython-umqtt.robust", "1.0", "umqtt/robust.py"),
    ("micropython-urequests", "0.9.1", "urequests/__init__.py"),
)
X86_64 = platform.machine() in ("x86_64", "AMD64")
BITS = (32, 64) if X86_64 else (64,)
# Viper's integers are as wide as the machine's: its kernels are written for 32 bits, so the 64-bit port freezes the pure tier.
TIER = {32: "viper", 64: "pure"}
MARCH = {32: "x86", 64: "x64"} if X86_64 else {}

# What only applications and tests import
ON_DEMAND = ("--also", "mxtls.config", "--also", "mxtls.x509.verify", "--also", "mxtls.crypto.ed25519")

# The steps of `make setup`, in their order

def apt_packages():
    """Install what is missing of Debian's packages; needs root or sudo."""
    wanted = list(APT_PACKAGES) + (["gcc-multilib"] if X86_64 else [])
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        wanted.append("python3-venv")
    if not shutil.which("dpkg-query"):
        tools = [t for t in ("openssl", "gcc", "make", "pkg-config") if not shutil.which(t)]
        if tools:
            say("setup: this is not a Debian-like machine: please install %s yourself" % ", ".join(tools))
        return
    apt_install(wanted)


def peers():
    """What the interoperability tests talk to beside openssl: the packages of TEST_PACKAGES, and two that no package has. Tests skip what is missing."""
    for packages, what in TEST_PACKAGES:
        try:
            if shutil.which("dpkg-query"):
                apt_install(packages)
        except Failed as e:
            say("setup: no %s: %s" % (what, e))
    for build, what in ((bearssl, "BearSSL"), (mbedtls, "mbedtls with connection ids")):
        try:
            if shutil.which("gcc"):
                build()
        except Failed as e:
            say("setup: no %s to test against: %s" % (what, e))


def bearssl():
    """build/bin/brssl, BearSSL's tool."""
    target, tree = BIN / "brssl", BUILD / "bearssl"
    if target.exists():
        return
    with step("BearSSL's tool from Debian's source, build/bin/brssl"):
        debian_source.unpack(BUILD / "apt-bearssl", {"bearssl": tree}, release="bookworm")
        run("bearssl", "make", "-C", tree, "-j%d" % (os.cpu_count() or 1), "tools", "DLL=no")
        _install(tree / "build" / "brssl", target)


def mbedtls():
    """build/bin/mbedtls-dtls: a program of ours, host_tests/mbedtls, over the mbedtls that MicroPython's source brings."""
    tree = micropython_source()
    library, folder, target = tree / "lib" / "mbedtls", ROOT / "host_tests" / "mbedtls", BIN / "mbedtls-dtls"
    wanted = digest(tree_digest(tree), *sorted(folder.iterdir()))
    if target.exists() and is_stamped(BUILD / "mbedtls-dtls.stamp", wanted):
        return
    if not (library / "library" / "ssl_msg.c").exists():
        raise Failed("%s has no lib/mbedtls (run `git submodule update --init lib/mbedtls` in it)" % tree)
    with step("a DTLS peer over mbedtls, build/bin/mbedtls-dtls"):
        sources = [path for path in sorted((library / "library").glob("*.c")) if not path.name.startswith("psa_")]
        BIN.mkdir(parents=True, exist_ok=True)
        run("mbedtls-dtls", "gcc", "-O1", '-DMBEDTLS_CONFIG_FILE="config.h"', "-I", folder, "-I", library / "include", "-o", BUILD / "mbedtls-dtls",
            folder / "dtls_peer.c", *sources)
        _install(BUILD / "mbedtls-dtls", target)
        (BUILD / "mbedtls-dtls.stamp").write_text(wanted)


def applications():
    """Source archives of MicroPython's own packages, unpacked in build/applications. They are too old for pip to build: it keeps what it has unpacked."""
    wanted = digest(APPLICATION_FILES)
    if is_stamped(APPLICATIONS / "stamp", wanted):
        return
    folder = APPLICATIONS / "unpacked"
    try:
        with step("applications for MicroPython, build/applications"):
            for project, version, file in APPLICATION_FILES:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                try:
                    run("applications", VENV_PYTHON, "-m", "pip", "download", "--disable-pip-version-check", "--no-clean", "--no-deps", "--no-build-isolation", "--no-binary", ":all:",
                        "--dest", folder / "archives", "%s==%s" % (project, version), env={"TMPDIR": str(folder)})
                except Failed:
                    pass  # it says so when there is nothing to build with; what it unpacked is there
                found = sorted(folder.rglob(file))
                if not found:
                    raise Failed("no %s %s to be had; see build/log/applications.log" % (project, version))
                (APPLICATIONS / file).parent.mkdir(exist_ok=True)
                shutil.copy2(found[0], APPLICATIONS / file)
            shutil.rmtree(folder)
            (APPLICATIONS / "stamp").write_text(wanted)
    except Failed as e:
        say("setup: no applications to run over the module tls: %s" % e)


def type_checker():
    """npm's pyright, in build/pyright; returns the text of what failed, or nothing."""
    package = "pyright@1.1.414"
    try:
        if not is_stamped(PYRIGHT / "stamp", package):
            for name in ("node", "npm"):
                tool(name, ("nodejs", "npm"))
            with step("%s from npm, build/pyright" % package):
                PYRIGHT.mkdir(exist_ok=True)
                run("npm", "npm", "install", "--no-audit", "--no-fund", "--prefix", PYRIGHT, package, cwd=PYRIGHT)
                (PYRIGHT / "stamp").write_text(package)
    except Failed as e:
        return ["no pyright to check types with: %s" % e]
    return []


def boards():
    """What firmware, the emulated board and mxtls_native.mpy are made with, and QEMU; returns the texts of what failed."""
    import emulate  # these import this file
    import firmware
    import natmod

    problems = []
    for what, prepare, *arguments in (
        ("no firmware", firmware.source),
        ("no emulated board", emulate.setup),
        ("no mxtls_native.mpy for Arm", natmod.compiler, "armv6m"),
        ("no mxtls_native.mpy for RISC-V", natmod.compiler, "rv32imc"),
        ("no Cortex-M0 to test the C kernels on", tool, "qemu-system-arm", QEMU_PACKAGES),
    ):
        try:
            prepare(*arguments)
        except Failed as e:
            problems.append("%s: %s" % (what, e))
    return problems


def tool(name, packages):
    """A program, from these Debian packages when it is missing. Raises Failed where it cannot be had."""
    if not shutil.which(name) and shutil.which("dpkg-query"):
        apt_install(packages)
    if not shutil.which(name):
        raise Failed("there is no %s on this machine; as root run: apt-get install %s" % (name, " ".join(packages)))


def apt_install(wanted):
    """Install what is missing of these Debian packages, visibly; needs root or sudo. A server that comes along is not started (RUNLEVEL)."""
    state = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Status}\n", *wanted], capture_output=True, text=True).stdout
    have = {line.split()[0] for line in state.splitlines() if line.endswith("ok installed")}
    missing = [p for p in wanted if p not in have]
    if not missing:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    with step("installing " + " ".join(missing)):
        try:
            install = sudo + ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "install", "-y", "--no-install-recommends"] + missing
            try:
                run("apt", *install)
            except Failed:  # most often: the package lists are old or were never fetched
                run("apt", *sudo, "apt-get", "update")
                run("apt", *install)
        except Failed as e:
            raise Failed("could not install them; as root run: apt-get install %s\n%s" % (" ".join(missing), e)) from None


def python_environment():
    """build/venv from requirements-dev.txt; MicroPython's stubs for editors in build/typings."""
    wanted = digest(ROOT / "requirements-dev.txt", sys.version)
    if is_stamped(VENV / "stamp", wanted):
        return
    with step("Python environment, build/venv"):
        if not VENV_PYTHON.exists() or not is_stamped(VENV / "python", sys.version):
            shutil.rmtree(VENV, ignore_errors=True)
            run("venv", sys.executable, "-m", "venv", VENV)
            (VENV / "python").write_text(sys.version)
        run("venv", VENV_PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "-r", ROOT / "requirements-dev.txt")
        (VENV / "stamp").write_text(wanted)
    try:
        with step("MicroPython's type stubs, build/typings"):
            run("venv", VENV_PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--upgrade", "--target", BUILD / "typings",
                "micropython-unix-stubs")
    except Failed as e:
        say("setup: no type stubs (only editors use them): %s" % e)


def micropython_source():
    """The MicroPython tree: the user's MICROPY_DIR, or Debian's source package unpacked in build/micropython."""
    if os.environ.get("MICROPY_DIR"):
        tree = Path(os.environ["MICROPY_DIR"]).expanduser().resolve()
        if not (tree / "ports" / "unix" / "Makefile").exists():
            raise SystemExit("error: MICROPY_DIR=%s is not a MicroPython source tree" % tree)
        return tree
    tree = BUILD / "micropython"
    if not (tree / "stamp").exists():
        with step("MicroPython and mbedtls sources from Debian's packages"):
            debian_source.unpack(BUILD / "apt", {"micropython": tree, "mbedtls": tree / "lib" / "mbedtls"})
            (tree / "stamp").touch()
    align_frozen_code(tree)
    return tree


def align_frozen_code(tree):
    """MicroPython's mpy-tool places frozen machine code for ARMv6-M at multiples of two. A constant that lies in the code is read at a multiple
    of four, so that a function which lands between gets another: wrong results, not a fault. Our own viper composes its constants."""
    tool = tree / "tools" / "mpy-tool.py"
    text = tool.read_text()
    fixed = text.replace("__attribute__ ((aligned (2)))", "__attribute__ ((aligned (4)))")
    if fixed != text:
        tool.write_text(fixed)


def tree_digest(tree):
    """Names the tree well enough to notice another one, or another version of it."""
    return digest(str(tree), tree / "py" / "mpconfig.h", tree / "ports" / "unix" / "mpconfigport.h")


def make(log, tree, folder, *settings):
    """make in a folder of the tree. Everything is written to BUILD=, nothing to the tree."""
    stand_in = BUILD / "no-micropython-lib"  # mkrules.mk only asks whether its README exists
    stand_in.mkdir(exist_ok=True)
    (stand_in / "README.md").touch()
    run(log, "make", "-C", tree / folder, "-j%d" % (os.cpu_count() or 1), "PYTHON=" + sys.executable, "MPY_LIB_DIR=%s" % stand_in, *settings)


def mpy_cross(tree):
    with step("mpy-cross"):
        make("mpy-cross", tree, "mpy-cross", "BUILD=%s" % (OBJ / "mpy-cross"), "CFLAGS_EXTRA=-Wno-error")
    _install(OBJ / "mpy-cross" / "mpy-cross", MPY_CROSS)


def _install(built, target):
    """Put a binary in its place in one move, so that a running one is not disturbed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".new")
    shutil.copy2(built, fresh)
    fresh.replace(target)


def _unix_make(tree, name, manifest, bits, tls, c_module=False):
    flags = ["-Wno-error"]  # warnings of compilers newer than the tree
    settings = ["BUILD=%s" % (OBJ / name), "FROZEN_MANIFEST=%s" % manifest, "MICROPY_PY_BTREE=0",
                "MICROPY_MPYCROSS=%s" % MPY_CROSS, "MICROPY_MPYCROSS_DEPENDENCY=%s" % MPY_CROSS]
    if bits in MARCH:
        settings.append("MPY_CROSS_FLAGS=-march=" + MARCH[bits])
    if bits == 32:
        settings += ["MICROPY_FORCE_32BIT=1", "MICROPY_PY_FFI=0"]
    if c_module:
        settings.append("USER_C_MODULES=%s" % (ROOT / "port"))
    if tls:
        flags += ["-include", str(ROOT / "tools" / "tls_on_heap.h")]
    else:
        settings += ["MICROPY_PY_SSL=0", "MICROPY_SSL_MBEDTLS=0"]
    make(name, tree, "ports/unix", "CFLAGS_EXTRA=" + " ".join(flags), *settings)
    return OBJ / name / "micropython"


def _base(tree, bits, tls, c_module=False):
    """The object files that all binaries of one width share: the port with nothing frozen but asyncio. Returns their folder's name."""
    name = "base-%d%s%s" % (bits, "-tls" if tls else "", "-native" if c_module else "")
    wanted = digest(tree_digest(tree), MPY_CROSS.stat().st_mtime_ns, (ROOT / "tools" / "tls_on_heap.h").read_text(),
                    *(sorted(NATIVE.glob("*.*")) if c_module else ()))
    if not is_stamped(OBJ / name / "stamp", wanted):
        if tls and not (tree / "lib" / "mbedtls" / "library").exists():
            raise Failed("%s has no lib/mbedtls (run `git submodule update --init lib/mbedtls` in it)" % tree)
        with step("unix port, %d-bit%s%s" % (bits, ", with the built-in tls" if tls else "", ", with the C kernels" if c_module else "")):
            shutil.rmtree(OBJ / name, ignore_errors=True)
            manifest = OBJ / "base_manifest.py"
            manifest.write_text('include("$(MPY_DIR)/extmod/asyncio")\n')
            _unix_make(tree, name, manifest, bits, tls, c_module)
            (OBJ / name / "stamp").write_text(wanted)
    return name


def build_unix(bits, manifest, name, tls=False, inputs=(), c_module=False):
    """Build build/bin/<name>: a unix port with what `manifest` freezes; returns its path. Costs some seconds, nothing when up to date.

    bits      32 or 64: 32 is the faithful model of a board and the one to measure
    manifest  a MicroPython manifest, for example the manifest.py that tools/configure.py writes into the tree it stages
    name      of the binary; also of its folder of object files, build/obj/<name>, copied once from those that all binaries share
    tls       True: with the built-in `tls` (mbedtls, its memory on the MicroPython heap, as on boards) beside what is frozen
    c_module  True: with the module mxtls_native, the kernels in C of port/native, which tier="native" wants
    inputs    files and folders that the manifest freezes from, when they do not lie beside it; a change in one rebuilds
    The heap is chosen when it is run: `build/bin/<name> -X heapsize=24k …`. asyncio is frozen only if the manifest says so.
    Raises Failed when the machine cannot build it. Safe to call from parallel tests.
    """
    manifest = Path(manifest).resolve()
    with build_lock():
        if bits not in BITS:
            raise Failed("a %d-bit port cannot be built on this kind of machine (%s)" % (bits, platform.machine()))
        tree = micropython_source()
        if not MPY_CROSS.exists():
            raise Failed("there is no build/bin/mpy-cross: run `make setup`")
        base = _base(tree, bits, tls, c_module)
        folder, target = OBJ / name, BIN / name
        same_base = (OBJ / base / "stamp").read_text()
        wanted = digest(same_base, manifest, manifest.parent, *map(Path, inputs))
        if target.exists() and is_stamped(folder / "stamp", wanted):
            return target
        if not is_stamped(folder / "base", same_base):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(OBJ / base, folder, ignore=shutil.ignore_patterns("stamp", "frozen*", "micropython*"))
            (folder / "base").write_text(same_base)
        shutil.rmtree(folder / "frozen_mpy", ignore_errors=True)  # make compares times; staged files may be older than what they replace
        _install(_unix_make(tree, name, manifest, bits, tls, c_module), target)
        (folder / "stamp").write_text(wanted)
        return target


def native(bits):
    """build/bin/micropython-<bits>-native, built on demand: the port with the C kernels, to run the library's source on."""
    with build_lock():
        target = BIN / ("micropython-%d-native" % bits)
        if bits not in BITS or not MPY_CROSS.exists():
            raise Failed("no %s here: `make setup` could not build the %d-bit port" % (target.name, bits))
        binary = OBJ / _base(micropython_source(), bits, False, c_module=True) / "micropython"
        if not target.exists() or target.stat().st_mtime_ns != binary.stat().st_mtime_ns:
            _install(binary, target)
    return target


def configure(profile, tier, platform_name="unix"):
    """Stage a profile and the examples with tools/configure.py in build/staged/<profile>-<tier>, each module a file of its own where it is
    everything, for tests that look into it; returns the path of its manifest.py."""
    target = STAGED / ("%s-%s" % (profile, tier) + ("" if platform_name == "unix" else "-" + platform_name))
    tool = ROOT / "tools" / "configure.py"
    wanted = digest(ROOT / "lib", ROOT / "port", ROOT / "examples", tool, ROOT / "tools" / "join.py", ROOT / "tools" / "options.py")
    with build_lock():
        if not is_stamped(target / "stamp", wanted):
            apart = ["--apart"] if profile == "everything" else []
            run("configure", sys.executable, tool, "--profile", profile, "--tier", tier, "--platform", platform_name, "--examples", *apart, *ON_DEMAND, "--out", target,
                cwd=ROOT)
            (target / "stamp").write_text(wanted)
    return target / "manifest.py"


def freeze(tree, bits):
    """build/bin/micropython-<bits>: the default profile and the examples frozen in, run as `micropython-32 -m client …`."""
    name, tier = "micropython-%d" % bits, TIER[bits]
    staged = configure("default", tier)
    text = 'include("$(MPY_DIR)/extmod/asyncio")\ninclude("%s")\n' % staged
    manifest = STAGED / name / "manifest.py"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    if not is_stamped(manifest, text):
        manifest.write_text(text)
    began = time.time()
    before = (BIN / name).stat().st_mtime_ns
    build_unix(bits, manifest, name, inputs=[staged.parent])
    if (BIN / name).stat().st_mtime_ns != before:
        say("setup: %-58s %5.1f s" % ("build/bin/%s, mxtls frozen in (%s kernels)" % (name, tier), time.time() - began))


def micropython():
    """All that needs a C compiler; returns the texts of what failed. Parts fail one by one (a machine may lack 32-bit libraries)."""
    problems = []
    try:
        if not shutil.which("gcc"):
            raise Failed("there is no gcc on this machine")
        tree = micropython_source()
        if not is_stamped(OBJ / "tree", tree_digest(tree)) or not MPY_CROSS.exists():
            shutil.rmtree(OBJ, ignore_errors=True)
            OBJ.mkdir(parents=True)
            mpy_cross(tree)
            (OBJ / "tree").write_text(tree_digest(tree))
    except Failed as e:
        return ["no MicroPython could be built, CPython alone is used: %s" % e]
    built = []
    for bits in BITS:
        try:
            binary, target = OBJ / _base(tree, bits, False) / "micropython", BIN / ("micropython-%d" % bits)
            if not target.exists():  # something to run the source with, should freezing fail
                _install(binary, target)
            built.append(bits)
        except Failed as e:
            problems.append("no %d-bit MicroPython: %s" % (bits, e))
    for bits in built:
        peer = BIN / ("micropython-%d-tls" % bits)
        try:
            binary = OBJ / _base(tree, bits, True) / "micropython"
            if not peer.exists() or peer.stat().st_mtime_ns != binary.stat().st_mtime_ns:
                _install(binary, peer)
        except Failed as e:
            problems.append("no %s to compare with: %s" % (peer.name, e))
    for bits in built:
        freeze(tree, bits)
    return problems


def setup(everything=True):
    """Returns 0 when tests and demo can run: with MicroPython, or without it after one line that says so. The demo needs neither peers
    nor what is for boards."""
    began = time.time()
    with build_lock():
        try:
            apt_packages()
        except Failed as e:
            say("setup: %s" % e)
        try:
            python_environment()
        except Failed as e:
            say("setup: no Python environment: %s" % e)
            return 1
        if everything:
            peers()
            applications()
        try:
            problems = micropython()
        except Failed as e:
            say("setup: mxtls could not be frozen: %s" % e)
            return 1
        if everything:
            problems += type_checker()
        if everything and MPY_CROSS.exists():
            problems += boards()
    for problem in problems:
        say("setup: " + problem)
    if problems and os.environ.get("MXTLS_REQUIRE_MICROPYTHON"):
        return 1
    say("setup: ready (%.1f s)" % (time.time() - began))
    return 0


def test(arguments):
    """Run pytest over host_tests, or over what `make test TESTS=…` names, on all processors; the last line sums up."""
    command = [VENV_PYTHON, "-m", "pytest", "-n", str(os.cpu_count() or 1)] + (arguments or ["host_tests"])
    return subprocess.call([str(c) for c in command], cwd=ROOT, stdin=subprocess.DEVNULL)


COMMANDS = "usage: toolchain.py setup [demo] | test [pytest arguments] | unix BITS MANIFEST NAME [tls]"


def main(argv):
    command, rest = (argv + [""])[0], argv[1:]
    try:
        if command == "setup":
            return setup(rest != ["demo"])
        if command == "test":
            return test(rest)
        if command == "unix" and len(rest) in (3, 4):
            say(build_unix(int(rest[0]), rest[1], rest[2], tls=rest[3:] == ["tls"]))
            return 0
    except Failed as e:
        say("error: %s" % e)
        return 1
    say(COMMANDS)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
