"""A plain decoder of the CBOR profile, CBR-1 to CBR-9: the second opinion of the vectors."""

from __future__ import annotations

import gc
from typing import Any

MAX_DEPTH = 8
MAX_ITEMS = 4_194_304


class ProfileError(Exception):
    """The bytes break the profile; the message is the rule."""


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.items = 0

    def take(self, length: int) -> bytes:
        if length > len(self.data) - self.at:
            raise ProfileError("CBR-1")
        piece = self.data[self.at : self.at + length]
        self.at += length
        return piece

    def head(self) -> tuple[int, int]:
        """Major type and argument, the argument in its shortest form."""
        initial = self.take(1)[0]
        major, info = initial >> 5, initial & 31
        if major in (1, 6) or (major == 7 and info not in (20, 21)):
            raise ProfileError("CBR-5")
        if info < 24 or major == 7:
            return major, info
        if info == 31:
            raise ProfileError("CBR-5" if major == 0 else "CBR-3")
        if info > 27:
            raise ProfileError("CBR-5")
        width = 1 << (info - 24)
        value = int.from_bytes(self.take(width), "big")
        if value < (24 if width == 1 else 1 << (4 * width)):
            raise ProfileError("CBR-2")
        return major, value

    def item(self, depth: int) -> Any:
        self.items += 1
        if self.items > MAX_ITEMS:
            raise ProfileError("CBR-9")
        major, value = self.head()
        if major == 7:
            return {"bool": value == 21}
        if major == 0:
            if value >= 2**53:
                raise ProfileError("CBR-4")
            return {"uint": value}
        if major == 2:
            return {"bytes": self.take(value).hex()}
        if major == 3:
            try:
                return {"text": self.take(value).decode("utf-8")}
            except UnicodeDecodeError:
                raise ProfileError("CBR-7") from None
        if depth >= MAX_DEPTH:
            raise ProfileError("CBR-8")
        return self.array(value, depth) if major == 4 else self.map(value, depth)

    def array(self, count: int, depth: int) -> Any:
        if count > len(self.data) - self.at:
            raise ProfileError("CBR-1")
        return {"array": [self.item(depth + 1) for _ in range(count)]}

    def map(self, count: int, depth: int) -> Any:
        if 2 * count > len(self.data) - self.at:
            raise ProfileError("CBR-1")
        pairs = []
        last = -1
        for _ in range(count):
            key = self.item(depth + 1)
            if "uint" not in key or key["uint"] <= last:
                raise ProfileError("CBR-6")
            last = key["uint"]
            pairs.append([key, self.item(depth + 1)])
        return {"map": pairs}


def decode(data: bytes) -> tuple[Any, int]:
    """The item with its types spelled out, and the number of items in it."""
    decoder = _Decoder(data)
    gc.disable()  # millions of small objects, none of them in a cycle
    try:
        value = decoder.item(0)
    finally:
        gc.enable()
    if decoder.at != len(data):
        raise ProfileError("CBR-1")
    return value, decoder.items
