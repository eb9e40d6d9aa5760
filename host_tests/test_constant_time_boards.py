# SPDX-License-Identifier: MIT
"""Viper and C kernels on emulated boards take the same time whatever the secrets: equal to the instruction on QEMU's cores,
to the cycle on the RP2040.

Lengths are public and the same. Not here, for their input is public: ecdsa_verify and ed25519_check (a peer's signature and key) and
rsa_public. RC4 indexes its state by secrets, which such cores without a data cache cannot tell, and others can: port/native/rc4.c.
"""

import functools
import random

import pytest
import remote

RANDOM = random.Random(1)
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # the order of P-256
G = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
# What stands for secrets: n bytes all zero, all ones, of low weight, and random.
SECRETS = (
    bytes,
    lambda n: b"\xff" * n,
    lambda n: b"\0" * (n - 1) + b"\1",
    lambda n: b"\x80" + b"\0" * (n - 1),
    RANDOM.randbytes,
    RANDOM.randbytes,
)
# Not 1, n - 1 and n - 2, where the ladder would meet infinity: no random scalar is there, and they take another way.
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


def prime(bits):
    """A number that is prime for all that matters here, with its two top bits set, and 65537 no factor of what precedes it."""
    while True:
        p = RANDOM.getrandbits(bits) | 3 << bits - 2 | 1
        if p % 65537 != 1 and all(pow(a, p - 1, p) == 1 for a in (2, 3, 5)):
            return p


@functools.cache
def rsa_cases():
    """Arguments of rsa_private: three keys of 320 bits, then extreme inputs and blinds under the last."""
    cases = []
    for _ in range(3):
        p, q = prime(160), prime(160)
        d = pow(65537, -1, (p - 1) * (q - 1))
        n = (p * q).to_bytes(40, "big")
        crt = b"".join(i.to_bytes(20, "big") for i in (p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)))
        cases.append((bytearray(40), b"\0" + RANDOM.randbytes(39), n, b"\1\0\1", crt, RANDOM.randbytes(40)))
    for x, blind in ((bytes(39) + b"\2", b"\xff" * 40), (b"\0" + b"\xff" * 39, bytes(39) + b"\2"), (p.to_bytes(40, "big"), RANDOM.randbytes(40))):
        cases.append((bytearray(40), x, n, b"\1\0\1", crt, blind))
    return cases


@functools.cache
def dh_prime():
    return prime(256).to_bytes(32, "big")


def on_secrets(arguments, secrets=SECRETS):
    return lambda: [arguments(s) for s in secrets]


def AES_128(s):
    return context("aes.AES_CTX", "aes.aes_expand", s(16), 0, 16)


def H(s):
    return context("ghash.GHASH_CTX", "ghash.ghash_key", s(16))


# kernel: the cases, each its arguments for one secret. A context stands for the buffer that another kernel has prepared.
KERNELS = {
    "sha1.sha1_blocks": on_secrets(lambda s: (s(20), s(128), 0, 2)),
    "sha256.sha256_blocks": on_secrets(lambda s: (s(32), s(128), 0, 2)),
    "sha512.sha512_blocks": on_secrets(lambda s: (s(64), s(128), 0, 1)),
    "md5.md5_blocks": on_secrets(lambda s: (s(16), s(64), 0, 1)),
    # The numbers of bytes so far, in a context's last word, are public.
    "hash.hash_update": on_secrets(lambda s: (4, s(96) + b"\x05\0\0\0", s(128), 0, 128)),
    "hash.hash_digest": on_secrets(lambda s: (4, s(96) + b"\x45\0\0\0", bytearray(32), 0, 32)),
    "hash.hmac_rekey": on_secrets(lambda s: (4, bytearray(100), bytearray(64), bytes(32), s(32))),
    "hash.hmac_digest": on_secrets(lambda s: (5, s(192) + b"\x7a\0\0\0", s(128), bytearray(48), 0, 48)),
    "aes.aes_expand": on_secrets(lambda s: (context("AES_CTX", None), s(32), 0, 32)),
    # The counter is public, and steps with carries or without.
    "aes.aes_ctr": on_secrets(lambda s: (context("AES_CTX", "aes_expand", s(16), 0, 16), bytes(16), s(70), 0, 70)),
    "aes.aes_cbc_encrypt": on_secrets(lambda s: (context("AES_CTX", "aes_expand", s(32), 0, 32), s(16), s(48), 0, 48)),
    "aes.aes_cbc_decrypt": on_secrets(lambda s: (context("AES_CTX", "aes_expand", s(16), 0, 16), s(16), s(48), 0, 48)),
    "des3.des3_expand": on_secrets(lambda s: (context("DES3_CTX", None), s(24), 0)),
    "des3.des3_cbc_encrypt": on_secrets(lambda s: (context("DES3_CTX", "des3_expand", s(24), 0), s(8), s(24), 0, 24)),
    "des3.des3_cbc_decrypt": on_secrets(lambda s: (context("DES3_CTX", "des3_expand", s(24), 0), s(8), s(24), 0, 24)),
    "seed.seed_expand": on_secrets(lambda s: (context("SEED_CTX", None), s(16), 0)),
    "seed.seed_cbc_encrypt": on_secrets(lambda s: (context("SEED_CTX", "seed_expand", s(16), 0), s(16), s(48), 0, 48)),
    "seed.seed_cbc_decrypt": on_secrets(lambda s: (context("SEED_CTX", "seed_expand", s(16), 0), s(16), s(48), 0, 48)),
    "rc4.rc4_init": on_secrets(lambda s: (context("RC4_STATE", None), s(16), 0, 16)),
    "rc4.rc4_xor": on_secrets(lambda s: (context("RC4_STATE", "rc4_init", s(16), 0, 16), s(70), 0, 70)),
    "ghash.ghash_key": on_secrets(lambda s: (context("GHASH_CTX", None), s(16))),
    "ghash.ghash": on_secrets(lambda s: (context("GHASH_CTX", "ghash_key", s(16)), s(16), s(70), 0, 70)),
    "chacha20.chacha20_xor": on_secrets(lambda s: (s(48), s(130), 0, 130)),
    "poly1305.poly1305_key": on_secrets(lambda s: (context("POLY1305_CTX", None), s(32))),
    "poly1305.poly1305": on_secrets(lambda s: (context("POLY1305_CTX", "poly1305_key", s(32)), s(70), 0, 70)),
    "poly1305.poly1305_tag": on_secrets(lambda s: (context("POLY1305_CTX", "poly1305_key", s(32)), bytearray(16), 0)),
    # A record that was sealed under another key is refused.
    "gcm.gcm_seal": on_secrets(lambda s: (AES_128(s), H(s), bytes(25), s(70), 0, 54)),
    "gcm.gcm_open": on_secrets(lambda s: (AES_128(s), H(s), bytes(25), s(70), 0, 54)),
    "ccm.ccm_seal": on_secrets(lambda s: (AES_128(s), 8, bytes(25), s(70), 0, 54)),
    "ccm.ccm_open": on_secrets(lambda s: (AES_128(s), 8, bytes(25), s(70), 0, 54)),
    "chacha20poly1305.chacha20poly1305_seal": on_secrets(lambda s: (s(48), bytes(25), s(86), 0, 70)),
    "chacha20poly1305.chacha20poly1305_open": on_secrets(lambda s: (s(48), bytes(25), s(86), 0, 70)),
    "ct.ct_equal": on_secrets(lambda s: (s(40), 0, bytes(40), 0, 40)),
    "ct.ct_select": on_secrets(lambda s: (s(40), bytes(40), 40, s(40)[39] & 1)),
    "ct.ct_padding": on_secrets(lambda s: (s(300), 0, 300, 20)),
    "ct.ct_hash_block": on_secrets(lambda s: (bytearray(64), bytes(13), 13, s(300), 0, 64, 300, 20 + s(2)[1])),
    "ct.ct_found": on_secrets(lambda s: (bytes(20), 20, s(300), 0, 270, s(2)[1])),
    "x25519.x25519": on_secrets(lambda s: (bytearray(32), s(32), b"\x09" + bytes(31))),
    "ed25519.ed25519_base": on_secrets(lambda s: (bytearray(32), s(32))),
    "ed25519.ed25519_scalar": on_secrets(lambda s: (bytearray(32), s(64), s(64), s(32))),
    "ec.ec_public": on_secrets(lambda d: (23, bytearray(64), d), SCALARS),
    "ec.ec_ecdh": on_secrets(lambda d: (23, bytearray(32), d, G), SCALARS),
    "ec.ecdsa_sign": lambda: [(23, bytearray(64), bytes(range(32)), d, k) for d, k in zip(SCALARS, SCALARS[::-1], strict=True)],
    # Not the exponent 0: its power, 1, is refused.
    "dh.dh_power": on_secrets(lambda s: (bytearray(32), b"\x55" * 31, s(20), dh_prime()), SECRETS[1:]),
    "rsa.rsa_private": rsa_cases,
}


def buffers(server, module, sizes, case):
    """A case's arguments, its contexts prepared; sizes: names that the board's modules have, by module."""
    given = []
    for a in case:
        if isinstance(a, tuple):
            size, before, rest = a
            at, _, size = size.rpartition(".")
            at = at or module
            if at not in sizes:
                sizes[at] = server.names(at)
            a = bytearray(sizes[at][size])
            if before:
                server.call(before if "." in before else "%s.%s" % (module, before), [a, *rest])
        given.append(a)
    return given


@pytest.fixture(scope="module", params=remote.USUAL, ids=lambda board: board.name)
def board(request):
    """A board that has started, with its server."""
    if request.param.missing():
        pytest.skip(request.param.missing())
    started = request.param.start()
    started.text += LEAK
    yield request.param, remote.Server(started)
    started.close()


def counts(server, kernel, cases):
    """How long the kernel takes for each case, with the first one twice to begin with and once more at the end."""
    first = cases[:1]
    return server.time(kernel, [*first, *first, *first, *cases, *first])[2:]


@pytest.mark.parametrize("kernel", KERNELS)
def test_time_does_not_depend_on_secrets(board, kernel):
    target, server = board
    module = kernel.partition(".")[0]
    if module not in target.kernels():
        pytest.skip("%s has no such kernel of its own" % target.name)
    sizes = {module: server.names(module)}
    for alg in (4, 5) if module == "hash" else ():
        server.call("hash.hash_load", [alg])
    seen = counts(server, kernel, [buffers(server, module, sizes, case) for case in KERNELS[kernel]()])
    took = [ticks for _, ticks in seen]
    print(kernel, target.name, seen)
    assert took[0] == took[1] == took[-1], "the same call took %d, %d and %d" % (took[0], took[1], took[-1])
    assert len(set(took)) == 1, seen
    if module in ("x25519", "ec", "dh", "rsa"):
        assert {result for result, _ in seen} == {"1"}, seen  # nobody was refused early


def test_the_check_sees_a_leak(board):
    _, server = board
    assert server.call("leak.compare", [b"a" * 40, b"a" * 40]) == 1
    assert len(set(counts(server, "leak.compare", [[b"a" * 40, text] for text in (b"a" * 40, b"b" * 40, b"a" * 39 + b"b")]))) > 1
