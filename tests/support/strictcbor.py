"""A second strict CBOR decoder, written from CBR-1 to CBR-9 alone and sharing no code with the library.

Recursive descent over bytes; it never looks at more than one head at a time.
"""

from __future__ import annotations

from typing import Any

MAX_UINT = 2**53 - 1
MAX_DEPTH = 8
MAX_ITEMS = 4_194_304


class Refused(Exception):
    """The bytes are outside the profile."""


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.items = 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise Refused("ends early")
        part = self.data[self.at : self.at + count]
        self.at += count
        return part

    def head(self) -> tuple[int, int]:
        """Major type and argument, in shortest form (CBR-2, CBR-3)."""
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if low <= 23:
            return major, low
        if low > 27:
            raise Refused("reserved or indefinite")
        if major == 7:
            raise Refused("float or simple value of two bytes")
        width = 1 << (low - 24)
        value = int.from_bytes(self.take(width), "big")
        least = 24 if width == 1 else 1 << (4 * width)
        if value < least:
            raise Refused("not the shortest form")
        return major, value

    def item(self, depth: int) -> Any:
        self.items += 1
        if self.items > MAX_ITEMS:
            raise Refused("too many items")
        major, value = self.head()
        if major == 0:
            if value > MAX_UINT:
                raise Refused("integer too large")
            return value
        if major == 2:
            return self.take(value)
        if major == 3:
            try:
                return self.take(value).decode("utf-8", "strict")
            except UnicodeDecodeError:
                raise Refused("not UTF-8") from None
        if major in (4, 5):
            if depth == MAX_DEPTH:
                raise Refused("too deep")
            return self.array(value, depth + 1) if major == 4 else self.map(value, depth + 1)
        if major == 7 and value in (20, 21):
            return value == 21
        raise Refused("a type the profile does not have")

    def array(self, count: int, depth: int) -> list[Any]:
        found = []
        for _ in range(count):
            found.append(self.item(depth))  # noqa: PERF401 - a lying count must not build a list first
        return found

    def map(self, count: int, depth: int) -> dict[int, Any]:
        found: dict[int, Any] = {}
        last = -1
        for _ in range(count):
            start = self.at
            key = self.item(depth)
            if self.data[start] >> 5 != 0 or key <= last:
                raise Refused("map key")
            last = key
            found[key] = self.item(depth)
        return found


def decode(data: bytes) -> Any:
    """Decode one item that fills its bytes exactly (CBR-1).

    Raises:
        Refused: the bytes are outside the profile.
    """
    decoder = _Decoder(data)
    value = decoder.item(0)
    if decoder.at != len(data):
        raise Refused("bytes after the item")
    return value
