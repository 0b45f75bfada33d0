"""Leaf sizes (specification section 9). Arithmetic alone, so that a tool that hashes nothing loads no hashes."""

from __future__ import annotations

from bundlefmt.limits import LIMITS


def leaf_size(body_len: int) -> int:
    """Bytes of a leaf, a function of the body's length alone."""
    size = LIMITS.leaf_min
    while size < LIMITS.leaf_max and -(-body_len // size) > LIMITS.leaf_count:
        size *= 2
    return size


def leaf_count(body_len: int) -> int:
    """Number of leaves of a body."""
    return -(-body_len // leaf_size(body_len))
