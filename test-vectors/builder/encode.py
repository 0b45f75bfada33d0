"""Bytes of spec section 1: big-endian integers, deterministic CBOR, Padmé.

The CBOR encoder is written here, not taken from a library, because the vectors need items that
no library agrees to write: `Raw` puts any bytes at any place of an otherwise correct item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

UINT, BYTES, TEXT, ARRAY, MAP = 0, 2, 3, 4, 5


@dataclass(frozen=True)
class Raw:
    """Bytes that stand in a CBOR item as they are."""

    data: bytes


def u16(value: int) -> bytes:
    """Two bytes, big-endian."""
    return value.to_bytes(2, "big")


def u32(value: int) -> bytes:
    """Four bytes, big-endian."""
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    """Eight bytes, big-endian."""
    return value.to_bytes(8, "big")


def head(major: int, value: int) -> bytes:
    """The shortest CBOR head of a major type and its argument."""
    if value < 24:
        return bytes([major << 5 | value])
    for width in (1, 2, 4, 8):
        if value < 1 << 8 * width:
            return wide_head(major, value, width)
    raise ValueError(value)


def wide_head(major: int, value: int, width: int) -> bytes:
    """A CBOR head whose argument takes `width` bytes, needed or not."""
    info = {1: 24, 2: 25, 4: 26, 8: 27}[width]
    return bytes([major << 5 | info]) + value.to_bytes(width, "big")


def cbor(value: Any) -> bytes:
    """Encode a value of the profile deterministically; `Raw` is copied."""
    if isinstance(value, Raw):
        return value.data
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(UINT, value)
    if isinstance(value, bytes):
        return head(BYTES, len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return head(TEXT, len(data)) + data
    if isinstance(value, (list, tuple)):
        return head(ARRAY, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        rows = (cbor(key) + cbor(value[key]) for key in sorted(value))
        return head(MAP, len(value)) + b"".join(rows)
    raise TypeError(type(value))


def nested(levels: int) -> list[Any]:
    """Arrays inside arrays, `levels` of them, the innermost empty."""
    item: list[Any] = []
    for _ in range(levels - 1):
        item = [item]
    return item


def padme(length: int) -> int:
    """The Padmé size of a length."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    step = 1 << exponent - exponent.bit_length()
    return -(-length // step) * step
