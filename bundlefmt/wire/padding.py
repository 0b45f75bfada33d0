"""Padmé sizes (specification section 1)."""

from __future__ import annotations


def padme(length: int) -> int:
    """Round a length up to its Padmé size.

    Args:
        length: 0 or more.

    Returns:
        The smallest Padmé size that is at least `length`; at most 12 % larger.
    """
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    keep = exponent.bit_length()
    mask = (1 << (exponent - keep)) - 1
    return (length + mask) & ~mask
