# SPDX-License-Identifier: MIT
"""The version, for pyproject.toml and people."""

__version__ = "0.9.0"
