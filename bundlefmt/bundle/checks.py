"""Judging contents as records yield them (R14)."""

from __future__ import annotations

from hashlib import sha256
from typing import Protocol

from bundlefmt.errors import refuse
from bundlefmt.model.listing import Listing


class Hash(Protocol):
    """A running SHA-256."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Hash on."""

    def digest(self) -> bytes:
        """32 bytes."""


class ContentCheck(Protocol):
    """Judges contents as records yield them."""

    def size(self, row: int) -> int:
        """Bytes of the content named by a row."""

    def whole(self, row: int, data: bytes | memoryview) -> None:
        """A content that lies whole in one record; called on worker threads, in any order."""

    def part(self, row: int, offset: int, data: memoryview) -> None:
        """A cut of a content; called in order, before the cut is handed out."""


class DigestCheck:
    """Contents must have their listed digests (BDY-5).

    Args:
        listing: of the bundle.
    """

    def __init__(self, listing: Listing) -> None:
        self._files = listing.files
        self._open: dict[int, Hash] = {}

    def size(self, row: int) -> int:
        """Bytes of a content."""
        return self._files[row].size

    def whole(self, row: int, data: bytes | memoryview) -> None:
        """Compare the digest of a whole content."""
        if sha256(data).digest() != self._files[row].digest:
            self._refuse(row)

    def part(self, row: int, offset: int, data: memoryview) -> None:
        """Hash on; compare at the end."""
        state = self._open.get(row)
        if state is None:
            state = self._open[row] = sha256()
        state.update(data)
        if offset + len(data) == self._files[row].size and self._open.pop(row).digest() != self._files[row].digest:
            self._refuse(row)

    def _refuse(self, row: int) -> None:
        raise refuse("CONTENT_DIGEST", f"the content of {self._files[row].path[:100]!a} does not have its digest")


class NoCheck(DigestCheck):
    """For reading one content by name: its reader checks it, others in the same records are not judged."""

    def whole(self, row: int, data: bytes | memoryview) -> None:
        """Nothing to judge."""
