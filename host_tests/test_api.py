# SPDX-License-Identifier: MIT
"""docs/api.md against the library: every name in its tables exists, and every function of the reference has a row."""

import inspect
import re
from pathlib import Path

import pki
import pytest

import mxtls

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT.parent / "shared" / "reference" / "MatrixSSL-3.2-API.txt"
TEXT = (ROOT / "docs" / "api.md").read_text()
NAME = re.compile(r"`(mxtls|keys|session|server|extension|session_id|listener)\.(\w+)(?:\((\w+)\))?`")


def rows():
    """(the reference's names, namespace, name, parameter or None) of each row of the first three tables."""
    for line in TEXT[: TEXT.index("## The certificate")].splitlines():
        cells = [c.strip() for c in line.split("|")]
        if len(cells) > 3 and (found := NAME.match(cells[2])):
            yield cells[1], *found.groups()


@pytest.fixture(scope="module")
def objects():
    chain = pki.chain(key="p256", names=["localhost"])
    keys = mxtls.Keys()
    keys.load_rsa_keys_mem(chain.chain_pem, chain.key_pem, chain.root_pem)
    return {
        "mxtls": mxtls,
        "keys": keys,
        "session": mxtls.ClientSession(keys, server_name="localhost"),
        "server": mxtls.ServerSession(keys),
        "extension": mxtls.HelloExtension(),
        "session_id": mxtls.SessionId(),
        "listener": mxtls.Listener(),
    }


@pytest.mark.parametrize("row", list(rows()), ids=lambda r: r[0])
def test_name_exists(objects, row):
    _, space, name, parameter = row
    thing = getattr(objects[space], name)
    if parameter:
        assert parameter in inspect.signature(thing).parameters


def test_tables_are_read():
    assert len(list(rows())) > 100


def test_every_function_of_the_reference_has_a_row():
    if not REFERENCE.exists():
        pytest.skip("the reference is not beside the project")
    documented = set(re.findall(r"\bmatrix(?:Ssl|Dtls)[A-Z]\w+", REFERENCE.read_text()))
    documented = {re.sub("GetWriteBuf|EncodeWriteBuf", lambda m: m[0].replace("Buf", "buf"), n) for n in documented}
    documented -= {"matrixSslNewExtension"}  # the text's own slip for matrixSslNewHelloExtension
    mine = set(re.findall(r"matrix(?:Ssl|Dtls)[A-Z]\w+", TEXT))
    assert documented - mine == set()


def test_every_code_that_is_public_is_an_integer():
    for name in re.findall(r"`mxtls\.([A-Z][A-Z_0-9]+)`", TEXT):
        assert isinstance(getattr(mxtls, name), int)
