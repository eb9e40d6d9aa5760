# SPDX-License-Identifier: MIT
"""The `mxtls` command for people at a computer: what would a board negotiate, and what must it be given? Host only, never frozen.

    mxtls client HOST:PORT    a handshake as a board would do it: version, suite, chain and verdict, bytes and memory
    mxtls server PORT         a server to try a board against
    mxtls x509 FILE           certificates, keys and requests in a file, and why a board would refuse them
    mxtls trust HOST|FILE     the root or roots that a board needs, as a small file

Exit codes: 0 all is well, 1 the answer is no (a handshake failed, a certificate is refused), 2 the question cannot be asked.
"""
