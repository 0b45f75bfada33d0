"""Vectors for Padmé sizes."""

from __future__ import annotations

from .primitives_form import Family, accept, require

COMMENT = """
Padme sizes (section 1). Input: length. Output: padded. Both are at most 2^53, which every
language counts exactly; a logarithm in floating point does not survive the largest ones.
"""


def padme(length: int) -> int:
    """The definition, in integers."""
    if length < 2:
        return length
    e = length.bit_length() - 1
    s = e.bit_length()
    step = 1 << (e - s)
    return -(-length // step) * step


def _lengths() -> list[int]:
    lengths = set(range(65))
    for power in range(6, 54):
        lengths |= {2**power - 1, 2**power, 2**power + 1}
    # The first length after a step of each size class, and the worst overhead known.
    for power in (8, 12, 16, 20, 24, 32, 40, 52):
        step = padme(2**power + 1) - 2**power
        lengths |= {2**power + step, 2**power + step + 1, 2**power + 3 * step - 1}
    lengths |= {73, 100, 129, 1000, 10_000, 65_573, 123_456_789, 67_108_864 - 56, 2**40 - 1}
    return sorted(length for length in lengths if length <= 2**53)


def build() -> Family:
    """The family padme."""
    cases = []
    for length in _lengths():
        padded = padme(length)
        require(length <= padded <= length * 1.12 + 1, f"{length}: padded to {padded}")
        require(padme(padded) == padded, f"{length}: {padded} is no size of its own")
        cases.append(
            accept(
                f"length-{length}",
                "a size class",
                "MAN-3 REC-14",
                {"length": length},
                {"padded": padded},
            )
        )
    return Family("padme", COMMENT, cases)
