"""Mutations of byte strings that know about lengths and runs."""

from __future__ import annotations

from random import Random

_NUMBERS = (
    0,
    1,
    2,
    4,
    5,
    16,
    31,
    32,
    36,
    37,
    54,
    63,
    64,
    65,
    72,
    73,
    80,
    84,
    127,
    128,
    255,
    256,
    1024,
    1025,
    65535,
    2**31,
    2**32 - 1,
)


def mutate(data: bytes, rng: Random, others: tuple[bytes, ...] = ()) -> bytes:
    """One to four changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = _once(data, rng, others)
    return data


def _once(data: bytes, rng: Random, others: tuple[bytes, ...]) -> bytes:
    if not data:
        return rng.randbytes(rng.randrange(1, 50))
    size = len(data)
    at = rng.randrange(size)
    choice = rng.randrange(9)
    if choice == 0:
        return data[:at] + bytes((data[at] ^ 1 << rng.randrange(8),)) + data[at + 1 :]
    if choice == 1:
        return data[:at] + bytes((rng.randrange(256),)) + data[at + 1 :]
    if choice == 2:
        return data[:at]
    if choice == 3:
        end = min(size, at + rng.choice((1, 2, 4, 8, 36, 100)))
        return data[:at] + data[end:]
    if choice == 4:
        end = min(size, at + rng.choice((1, 2, 4, 34, 100)))
        return data[:end] + data[at:end] + data[end:]
    if choice in (5, 6):  # a length field, most often near a boundary that matters
        width = rng.choice((1, 2, 4, 8))
        number = rng.choice(
            (*_NUMBERS, size, size - at, int.from_bytes(data[at : at + width], "big") + rng.choice((-1, 1)))
        )
        return data[:at] + (number % (1 << 8 * width)).to_bytes(width, "big") + data[at + width :]
    if choice == 7 and others:
        other = rng.choice(others)
        start = rng.randrange(len(other) + 1)
        return data[:at] + other[start : start + rng.choice((4, 32, len(other)))] + data[at:]
    return data[:at] + rng.randbytes(rng.choice((1, 3, 16))) + data[at:]
