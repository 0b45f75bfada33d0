"""Handing out verified bytes whose buffers are used again."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator


def lend(data: bytes | memoryview, start: int, length: int) -> bytes | memoryview:
    """A part of a plaintext to hand out, read-only."""
    if isinstance(data, bytes):
        return data if length == len(data) else memoryview(data)[start : start + length]
    return data[start : start + length].toreadonly()


def take_back(part: bytes | memoryview, data: bytes | memoryview) -> None:
    """End a view whose buffer is used again, so that late use is an error and never other bytes."""
    if isinstance(part, memoryview) and isinstance(data, memoryview):
        with contextlib.suppress(BufferError):  # somebody reads it in this moment, on another thread
            part.release()


class ContentFile(io.RawIOBase):
    """A content as a raw stream over its chunks."""

    def __init__(self, chunks: Iterator[bytes | memoryview]) -> None:
        self._chunks = chunks
        self._rest: memoryview = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer from the next chunk."""
        while not self._rest:
            part = next(self._chunks, None)
            if part is None:
                return 0
            self._rest = memoryview(part)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
