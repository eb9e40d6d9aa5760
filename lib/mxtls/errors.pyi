# SPDX-License-Identifier: MIT
class Error(Exception):
    code: int
    alert: int
    text: str
    def __init__(self, code: int, alert: int, text: str) -> None: ...
