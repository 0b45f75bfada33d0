"""Releases a patch can build on: an opened complete bundle, or a folder a person vouches for."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from hashlib import sha256

from bundlefmt.bundle.needed import Span, cut
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.errors import BundleError, refuse
from bundlefmt.model.listing import EXECUTABLE, REGULAR, FileEntry, Listing, encode_listing, parse_listing

_BLOCK = 1 << 20


class BundleTree:
    """An opened complete bundle as needed tree.

    Args:
        reader: of the needed release; the caller keeps it open.
    """

    def __init__(self, reader: BundleReader) -> None:
        self._reader = reader
        self.product: str | None = reader.release.product
        self.publisher_id: bytes | None = reader.header.publisher_id
        self.listing: Listing = reader.listing

    def chunks(self, row: int) -> Iterator[bytes | memoryview]:
        """A content from start to end."""
        path = self.listing.files[row].path
        try:
            yield from self._reader.chunks(path)
        except BundleError as exc:
            raise refuse("NEEDED_CONTENT", f"{path[:100]!a} of the needed release: {exc}") from exc

    def read_ranges(self, row: int, spans: Sequence[Span]) -> list[bytes]:
        """Parts of a content."""
        return cut(self.chunks(row), spans)


class FolderTree:
    """A folder as needed tree: its listing is computed from its files.

    A folder does not say of which product it is; whoever names it vouches for that. It must be the
    needed tree byte for byte, modes included, and its files are hashed again when used.

    Args:
        path: the folder.

    Raises:
        BundleError: NEEDED_TREE, when the folder cannot be a tree.
    """

    product: str | None = None
    publisher_id: bytes | None = None

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        try:
            self.listing = parse_listing(encode_listing(list(self._entries(self._path, ""))))
        except UnicodeEncodeError:
            raise refuse("NEEDED_TREE", f"{self._path} holds a name that is not UTF-8") from None
        except OSError as exc:
            raise refuse("NEEDED_TREE", f"{self._path}: {exc.strerror}") from exc
        except BundleError as exc:
            raise refuse("NEEDED_TREE", f"{self._path} is not the tree of a release: {exc.detail}") from exc

    def _entries(self, folder: str, prefix: str) -> list[FileEntry]:
        found: list[FileEntry] = []
        with os.scandir(folder) as items:
            for item in items:
                name = prefix + item.name
                if item.is_dir(follow_symlinks=False):
                    found += self._entries(item.path, name + "/")
                    continue
                info = item.stat(follow_symlinks=False)
                if not stat.S_ISREG(info.st_mode):
                    raise refuse("NEEDED_TREE", f"{name[:100]!a} is not a regular file")
                size, digest = _hash_file(item.path)
                found.append(FileEntry(name, EXECUTABLE if info.st_mode & stat.S_IXUSR else REGULAR, size, digest))
        return found

    def chunks(self, row: int) -> Iterator[bytes | memoryview]:
        """A content from start to end, hashed from the bytes that are handed out (RDG-3)."""
        entry = self.listing.files[row]
        state = sha256()
        size = 0
        try:
            with open(os.path.join(self._path, *entry.path.split("/")), "rb") as file:
                while size <= entry.size and (block := file.read(_BLOCK)):
                    state.update(block)
                    size += len(block)
                    yield block
        except OSError as exc:
            raise refuse("NEEDED_CONTENT", f"{entry.path[:100]!a}: {exc.strerror}") from exc
        if size != entry.size or state.digest() != entry.digest:
            raise refuse("NEEDED_CONTENT", f"{entry.path[:100]!a} changed")

    def read_ranges(self, row: int, spans: Sequence[Span]) -> list[bytes]:
        """Parts of a content."""
        return cut(self.chunks(row), spans)


def _hash_file(path: str) -> tuple[int, bytes]:
    state = sha256()
    size = 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
            size += len(block)
    return size, state.digest()
