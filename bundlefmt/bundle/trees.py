"""Releases a patch can build on: an opened complete bundle, or a folder a person vouches for."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import BinaryIO

from bundlefmt.bundle.needed import Span, cut
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.errors import BundleError, refuse
from bundlefmt.limits import LIMITS
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
        self._whole: set[int] = set()  # rows whose digest was checked

    def chunks(self, row: int) -> Iterator[bytes | memoryview]:
        """A content from start to end."""
        path = self.listing.files[row].path
        try:
            yield from self._reader.chunks(path)
        except BundleError as exc:
            raise refuse("NEEDED_CONTENT", f"{path[:100]!a} of the needed release: {exc}") from exc

    def read_ranges(self, row: int, spans: Sequence[Span]) -> list[bytes]:
        """Parts of a content. Its digest is checked at the first use; its records are authenticated at every one."""
        if row not in self._whole:
            parts = cut(self.chunks(row), spans)
            self._whole.add(row)
            return parts
        try:
            return self._reader.ranges(row, spans)
        except BundleError as exc:
            raise refuse("NEEDED_CONTENT", f"row {row} of the needed release: {exc}") from exc

    def place(self, row: int) -> int:
        """The first record that yields the content."""
        return self._reader.place(row)


class FolderTree:
    """A folder as needed tree: its listing is computed from its files.

    A folder does not say of which product it is; whoever names it vouches for that. It must be the
    needed tree byte for byte, modes included. Its files are hashed once, in blocks, and every block
    that is used is compared with its hash before it is handed out (RDG-3).

    Args:
        path: the folder.

    Raises:
        BundleError: NEEDED_TREE, when the folder cannot be a tree.
    """

    product: str | None = None
    publisher_id: bytes | None = None

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._blocks: dict[str, list[bytes]] = {}  # of files of more than one block
        try:
            self.listing = parse_listing(encode_listing(self._entries()))
        except UnicodeEncodeError:
            raise refuse("NEEDED_TREE", f"{self._path} holds a name that is not UTF-8") from None
        except OSError as exc:
            raise refuse("NEEDED_TREE", f"{self._path}: {exc.strerror}") from exc
        except BundleError as exc:
            raise refuse("NEEDED_TREE", f"{self._path} is not the tree of a release: {exc.detail}") from exc

    def _entries(self) -> list[FileEntry]:
        found: list[FileEntry] = []
        pending = [(self._path, "")]
        while pending:
            folder, prefix = pending.pop()
            if len(prefix) > LIMITS.path_len:
                raise refuse("NEEDED_TREE", "folders are nested too deeply")
            with os.scandir(folder) as items:
                for item in items:
                    name = prefix + item.name
                    if item.is_dir(follow_symlinks=False):
                        pending.append((item.path, name + "/"))
                    else:
                        found.append(self._entry(name, item))
        return found

    def _entry(self, name: str, item: os.DirEntry[str]) -> FileEntry:
        info = item.stat(follow_symlinks=False)
        if not stat.S_ISREG(info.st_mode):
            raise refuse("NEEDED_TREE", f"{name[:100]!a} is not a regular file")
        state = sha256()
        size = 0
        blocks: list[bytes] = []
        with _open_plain(item.path) as file:
            while block := file.read(_BLOCK):
                state.update(block)
                size += len(block)
                blocks.append(sha256(block).digest())
        if len(blocks) > 1:
            self._blocks[name] = blocks
        return FileEntry(name, EXECUTABLE if info.st_mode & stat.S_IXUSR else REGULAR, size, state.digest())

    def chunks(self, row: int) -> Iterator[bytes | memoryview]:
        """A content from start to end, each block compared before it is handed out."""
        entry = self.listing.files[row]
        return self._read(entry, range(-(-entry.size // _BLOCK)))

    def read_ranges(self, row: int, spans: Sequence[Span]) -> list[bytes]:
        """Parts of a content; only the blocks they lie in are read."""
        entry = self.listing.files[row]
        numbers = {number for at, length in spans for number in range(at // _BLOCK, (at + length - 1) // _BLOCK + 1)}
        parts: list[bytes] = []
        blocks = dict(zip(sorted(numbers), self._read(entry, sorted(numbers)), strict=True))
        for at, length in spans:
            first = at // _BLOCK
            joined = b"".join(blocks[number] for number in range(first, (at + length - 1) // _BLOCK + 1))
            parts.append(joined[at - first * _BLOCK : at - first * _BLOCK + length])
        return parts

    def place(self, row: int) -> int:
        """Files are read in any order."""
        return row

    def _read(self, entry: FileEntry, numbers: Sequence[int]) -> Iterator[bytes]:
        digests = self._blocks.get(entry.path, [entry.digest])
        try:
            with _open_plain(os.path.join(self._path, *entry.path.split("/"))) as file:
                if os.fstat(file.fileno()).st_size != entry.size:
                    raise refuse("NEEDED_CONTENT", f"{entry.path[:100]!a} changed")
                for number in numbers:
                    file.seek(number * _BLOCK)
                    block = file.read(_BLOCK)
                    if sha256(block).digest() != digests[number]:
                        raise refuse("NEEDED_CONTENT", f"{entry.path[:100]!a} changed")
                    yield block
        except OSError as exc:
            raise refuse("NEEDED_CONTENT", f"{entry.path[:100]!a}: {exc.strerror}") from exc


def _open_plain(path: str) -> BinaryIO:
    """Open a regular file; never waits for a pipe that stands in its place, never follows a link."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(22, "not a regular file")
    return os.fdopen(handle, "rb")
