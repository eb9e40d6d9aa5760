# SPDX-License-Identifier: MIT
"""Viper and C kernels on emulated boards take the same number of instructions whatever the secrets: equal to the instruction,
but for kernels whose parts in Python allocate.

The lengths are public and the same. Not here, for their input is public: ecdsa_verify (a peer's signature and key) and rsa_public.
"""

import random

import pytest
import remote

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # the order of P-256
G = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
RANDOM = random.Random(1)
# What stands for secrets: n bytes all zero, all ones, of low weight, and random.
SECRETS = (
    bytes,
    lambda n: b"\xff" * n,
    lambda n: b"\0" * (n - 1) + b"\1",
    lambda n: b"\x80" + b"\0" * (n - 1),
    RANDOM.randbytes,
    RANDOM.randbytes,
)
# Not 1, n - 1 and their neighbours, where the ladder would meet infinity: no random scalar is there, and they take another way.
SCALARS = [k.to_bytes(32, "big") for k in (3, 5, N // 2, N - 5, 1 << 255, RANDOM.randrange(1, N))]

LEAK = """
import sys
class leak: pass
leak.compare = lambda a, b: int(a == b)
sys.modules["mxtls.kernels.leak"] = leak
"""


def context(size, kernel, *given):
    """A kernel to prepare first, on a context of this size (a name on the board)."""
    return size, kernel, given


# kernel: its arguments for one secret. A context stands for the buffer that another kernel has prepared.
KERNELS = {
    "sha1.sha1_blocks": lambda s: (s(20), s(128), 0, 2),
    "sha256.sha256_blocks": lambda s: (s(32), s(128), 0, 2),
    "sha512.sha512_blocks": lambda s: (s(64), s(128), 0, 1),
    "md5.md5_blocks": lambda s: (s(16), s(64), 0, 1),
    "aes.aes_expand": lambda s: (context("AES_CTX", None), s(32), 0, 32),
    "aes.aes_ctr": lambda s: (context("AES_CTX", "aes_expand", s(16), 0, 16), s(16), s(70), 0, 70),
    "aes.aes_cbc_encrypt": lambda s: (context("AES_CTX", "aes_expand", s(32), 0, 32), s(16), s(48), 0, 48),
    "aes.aes_cbc_decrypt": lambda s: (context("AES_CTX", "aes_expand", s(16), 0, 16), s(16), s(48), 0, 48),
    "ghash.ghash_key": lambda s: (context("GHASH_CTX", None), s(16)),
    "ghash.ghash": lambda s: (context("GHASH_CTX", "ghash_key", s(16)), s(16), s(70), 0, 70),
    "chacha20.chacha20_xor": lambda s: (s(48), s(130), 0, 130),
    "poly1305.poly1305_key": lambda s: (context("POLY1305_CTX", None), s(32)),
    "poly1305.poly1305": lambda s: (context("POLY1305_CTX", "poly1305_key", s(32)), s(70), 0, 70),
    "poly1305.poly1305_tag": lambda s: (context("POLY1305_CTX", "poly1305_key", s(32)), bytearray(16), 0),
    "ct.ct_equal": lambda s: (s(40), 0, bytes(40), 0, 40),
    "ct.ct_select": lambda s: (s(40), bytes(40), 40, s(40)[39] & 1),
    "ct.ct_padding": lambda s: (s(300), 0, 300, 20),
    "ct.ct_hash_block": lambda s: (bytearray(64), bytes(13), 13, s(300), 0, 64, 300, 20 + s(2)[1]),
    "ct.ct_found": lambda s: (bytes(20), 20, s(300), 0, 270, s(2)[1]),
    "x25519.x25519": lambda s: (bytearray(32), s(32), b"\x09" + bytes(31)),
}
ON_SCALARS = {
    "ec.ec_public": lambda d: (23, bytearray(64), d),
    "ec.ec_ecdh": lambda d: (23, bytearray(32), d, G),
    "ec.ecdsa_sign": lambda d: (23, bytearray(64), d, d, SCALARS[-1]),
}


# Their parts in Python allocate, which takes as long as the heap's search for a place: so many instructions of millions.
ALLOCATING = {"ec": 8000, "x25519": 8000}


def counts(server, kernel, cases):
    """How many instructions the kernel takes, for each case and the first one again."""
    module = kernel.partition(".")[0]
    sizes = server.names(module)
    seen = []
    for case in [*cases, cases[0]]:
        given = []
        for a in case:
            if isinstance(a, tuple):
                size, before, rest = a
                a = bytearray(sizes[size])
                if before:
                    server.call("%s.%s" % (module, before), [a, *rest])
            given.append(bytearray(a) if isinstance(a, bytes) else a)
        tries = []
        for _ in range(3):  # what the interpreter does beside only adds
            server.call(kernel, [bytearray(a) if isinstance(a, bytearray) else a for a in given], timed=True)
            tries.append(server.ticks)
        seen.append(min(tries))
    return seen


@pytest.fixture(scope="module", params=remote.BOARDS.values(), ids=lambda board: board.name)
def board(request):
    """A board that has started, with its server."""
    if request.param.missing():
        pytest.skip(request.param.missing())
    started = request.param.start()
    started.text += LEAK
    yield request.param, remote.Server(started)
    started.close()


@pytest.mark.parametrize("kernel", [*KERNELS, *ON_SCALARS])
def test_instructions_do_not_depend_on_secrets(board, kernel):
    target, server = board
    if kernel.partition(".")[0] not in target.kernels():
        pytest.skip("%s has it in bytecode only" % target.name)
    cases = [KERNELS[kernel](s) for s in SECRETS] if kernel in KERNELS else [ON_SCALARS[kernel](d) for d in SCALARS]
    seen = counts(server, kernel, cases)
    assert max(seen) - min(seen) <= ALLOCATING.get(kernel.partition(".")[0], 0), seen


def test_the_check_sees_a_leak(board):
    _, server = board
    assert server.call("leak.compare", [b"a" * 40, b"a" * 40]) == 1
    seen = set()
    for text in (b"a" * 40, b"b" * 40, b"a" * 39 + b"b"):
        server.call("leak.compare", [b"a" * 40, text], timed=True)
        seen.add(server.ticks)
    assert len(seen) > 1
