# SPDX-License-Identifier: MIT
"""Whole chains in any order, for code that has all the certificates at once. Sessions use chain.Path, which streams."""

from mxtls.x509.chain import Path


def verify(chain, keys, host, now, purpose):
    """chain: DER certificates, the leaf first, intermediates in any order. Returns the Path that reached a trust anchor with
    the mildest failure, or none; where no order reaches one, the Path of the first attempt. Bounded by 100 attempts."""
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
        if best is None or (path.done and (not best.done or path.rank < best.rank)):
            best = path
        if not best.alert:
            break
    return best
