# SPDX-License-Identifier: MIT
"""What the host tools share (tools/steps.py)."""

import pytest

import targets  # noqa: F401  tools/ is on the path from here on
from steps import Failed, ended


@pytest.mark.parametrize("error, kept", ((None, True), (Failed("a compiler's word"), True), (KeyboardInterrupt(), False)), ids=("ends", "fails", "is stopped"))
def test_a_build_that_was_stopped_begins_anew(tmp_path, error, kept):
    folder = tmp_path / "objects"

    def build():
        with ended(folder):
            folder.mkdir(exist_ok=True)
            (folder / "main.o").touch()
            if error:
                raise error

    if error:
        with pytest.raises(type(error)):
            build()
    else:
        build()
    with ended(folder):
        assert (folder / "main.o").exists() == kept
