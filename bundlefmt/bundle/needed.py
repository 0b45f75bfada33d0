"""The release a patch needs, and where prefixes come from (rules MAN-5, REC-9 to REC-13, BDY-6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bundlefmt.errors import refuse
from bundlefmt.model.listing import Listing
from bundlefmt.model.records import THIS, Range
from bundlefmt.wire.zstd import DICTIONARY_MAGIC


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

    def read_row(self, row: int) -> bytes:
        """A whole content, checked against its digest. Raises NeededTreeError: NEEDED_CONTENT."""

    def read_range(self, row: int, offset: int, length: int) -> bytes:
        """Part of a content whose digest was checked. Raises NeededTreeError: NEEDED_CONTENT."""


def build_prefix(ranges: tuple[Range, ...], own: Callable[[int, int, int], bytes], needed: NeededTree | None) -> bytes:
    """Collect the bytes of a prefix.

    Args:
        ranges: of one record, within the limits of REC-9.
        own: reads (row, offset, length) of this bundle, verified.
        needed: the needed tree, in a patch.

    Returns:
        At most 16 MiB.

    Raises:
        BundleError: RECORD_PREFIX when they begin with the dictionary magic (REC-13), and what reading raises.
    """
    parts: list[bytes] = []
    for part in ranges:
        if part.source == THIS:
            parts.append(own(part.row, part.offset, part.length))
        elif needed is None:
            raise refuse("NEEDED_TREE", "this patch needs another release")
        else:
            parts.append(needed.read_range(part.row, part.offset, part.length))
    prefix = parts[0] if len(parts) == 1 else b"".join(parts)
    if prefix[:4] == DICTIONARY_MAGIC:
        raise refuse("RECORD_PREFIX", "a prefix begins with the magic of zstd dictionaries")
    return prefix
