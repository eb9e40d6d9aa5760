# SPDX-License-Identifier: MIT
"""Whole chains in any order, for code that has all the certificates at once. Sessions use chain.Path, which streams."""

from mxtls.codes import ALERT_UNKNOWN_CA as _ALERT_UNKNOWN_CA
from mxtls.x509.chain import Path


def verify(chain, keys, host, now, purpose):
    """chain: DER certificates, the leaf first, intermediates in any order. Returns the Path that went best: it
    reached a trust anchor, its failure is the mildest, and it is known. Bounded by 100 attempts."""
    best = None
    orders = [[0]]
    attempts = 0
    while orders and attempts < 100:
        order = orders.pop()
        attempts += 1
        path = Path(keys, purpose, host, now)
        for i in order:
            path.add(chain[i], 0, len(chain[i]))
        if path.length == len(order) and not path.done and not path.stopped and path.length < 10:
            for i in range(len(chain) - 1, 0, -1):
                if i not in order:
                    orders.append(order + [i])
        path.finish()
        if best is None or (path.done, -path.rank, path.alert != _ALERT_UNKNOWN_CA, path.length) > (
            best.done,
            -best.rank,
            best.alert != _ALERT_UNKNOWN_CA,
            best.length,
        ):
            best = path
        if not best.alert:
            break
    return best
