"""The release a patch needs, and where prefixes come from (rules MAN-5, REC-9 to REC-13, BDY-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from bundlefmt.errors import refuse
from bundlefmt.model.listing import Listing
from bundlefmt.model.records import THIS, Range
from bundlefmt.wire.zstd import DICTIONARY_MAGIC

Span = tuple[int, int]  # offset and length in a content


class NeededTree(Protocol):
    """An installed or opened release that a patch can build on.

    Attributes:
        product: product id it was verified for, or None where a person vouches for the folder.
        publisher_id: 32 bytes, or None likewise.
        listing: its listing.
    """

    product: str | None
    publisher_id: bytes | None
    listing: Listing

    def chunks(self, row: int) -> Iterator[bytes | memoryview]:
        """A content from start to end, in constant memory; each chunk is valid until the next is taken.

        Raises:
            NeededTreeError: NEEDED_CONTENT, before the last chunk at the latest, for another size or digest.
        """

    def place(self, row: int) -> int:
        """Where the content lies: contents are taken fastest in ascending order of places."""

    def read_ranges(self, row: int, spans: Sequence[Span]) -> list[bytes]:
        """Parts of a content, which is read once and hashed whole.

        Raises:
            NeededTreeError: NEEDED_CONTENT.
        """


def cut(chunks: Iterable[bytes | memoryview], spans: Sequence[Span]) -> list[bytes]:
    """Cut spans out of a content that passes in chunks; all of it is consumed, so that its check runs."""
    parts = [bytearray() for _ in spans]
    waiting = sorted(range(len(spans)), key=lambda number: spans[number][0], reverse=True)
    active: list[int] = []
    start = 0
    for chunk in chunks:
        end = start + len(chunk)
        while waiting and spans[waiting[-1]][0] < end:
            active.append(waiting.pop())
        for number in active:
            offset, length = spans[number]
            parts[number] += chunk[max(offset - start, 0) : offset + length - start]
        active = [number for number in active if sum(spans[number]) > end]
        start = end
    return [bytes(part) for part in parts]


def build_prefix(
    ranges: tuple[Range, ...],
    own: Callable[[int, Sequence[Span]], list[bytes]],
    needed: NeededTree | None,
) -> bytes:
    """Collect the bytes of a prefix. A content that several ranges name is read once.

    Args:
        ranges: of one record, within the limits of REC-9.
        own: reads spans of a content of this bundle, verified.
        needed: the needed tree, in a patch.

    Returns:
        At most 16 MiB.

    Raises:
        BundleError: RECORD_PREFIX when they begin with the dictionary magic (REC-13), and what reading raises.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for number, part in enumerate(ranges):
        groups.setdefault((part.source, part.row), []).append(number)
    parts = [b""] * len(ranges)
    for (source, row), numbers in groups.items():
        spans = [(ranges[number].offset, ranges[number].length) for number in numbers]
        if source == THIS:
            found = own(row, spans)
        elif needed is None:
            raise refuse("NEEDED_TREE", "this patch needs another release")
        else:
            found = needed.read_ranges(row, spans)
        for number, data in zip(numbers, found, strict=True):
            parts[number] = data
    prefix = parts[0] if len(parts) == 1 else b"".join(parts)
    if prefix[:4] == DICTIONARY_MAGIC:
        raise refuse("RECORD_PREFIX", "a prefix begins with the magic of zstd dictionaries")
    return prefix
